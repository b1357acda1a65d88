"""Loudness and zero crossings of frames, straight from the waveform.

Frames are centred, as in `features.frames`; where a frame reaches over an end of the waveform it holds zeros. Zero counts as
positive, so a waveform that begins or ends below zero crosses once more at that end.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.frames import frame

if TYPE_CHECKING:
    from paraverbal.settings import ZcrRmsSettings


def zero_crossing_rate(waveform: NDArray[np.floating], size: int, hop_length: int) -> NDArray[np.float32]:
    """Return how often the sign changes within each frame, as a share of the frame's samples.

    Args:
        waveform: `[sample]`.
        size: Samples of a frame; even.
        hop_length: Samples from one frame's middle to the next.

    Returns:
        float32 `[frame]`, 0 to `(size - 1) / size`: a frame has one pair of neighbours fewer than samples.
    """
    negative = frame(waveform, size, hop_length) < 0
    crossings: NDArray[np.int64] = np.count_nonzero(negative[:, 1:] != negative[:, :-1], axis=1)
    return (crossings / size).astype(np.float32)


def rms(waveform: NDArray[np.floating], size: int, hop_length: int) -> NDArray[np.float32]:
    """Return the root mean square of each frame, float32 `[frame]`, in the waveform's unit; arguments as above."""
    squares = np.square(waveform, dtype=np.float64)
    return np.asarray(np.sqrt(frame(squares, size, hop_length).mean(axis=1)), dtype=np.float32)


def zcr_rms(waveform: NDArray[np.floating], settings: "ZcrRmsSettings") -> NDArray[np.float32]:
    """Return the zero-crossing rates of all frames, then their root mean squares, float32 `[1, 2 * frame]`."""
    size, hop_length = settings.fft_size, settings.hop_length
    return np.concatenate(
        [zero_crossing_rate(waveform, size, hop_length), rms(waveform, size, hop_length)], dtype=np.float32
    )[np.newaxis]
