"""Energy, level and zero crossings of frames, straight from the waveform.

Frames are centred, as in `features.frames`; where a frame reaches over an end of the waveform it holds zeros. Zero counts as
positive, so a waveform that begins or ends below zero crosses once more at that end. All functions go through the waveform
in blocks, and refuse one with NaN or infinite samples (`NonFiniteAudioError`).
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.decibels import power_to_decibels
from paraverbal.features.frames import frame_blocks

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
    crossings = [
        np.count_nonzero(negative[:, 1:] != negative[:, :-1], axis=1)
        for negative in (frames < 0 for _, frames in frame_blocks(waveform, size, hop_length))
    ]
    return (np.concatenate(crossings) / size).astype(np.float32)


def energy(waveform: NDArray[np.floating], size: int, hop_length: int) -> NDArray[np.float32]:
    """Return the sum of the squared samples of each frame, float32 `[frame]`, 0 to `size`; arguments as above.

    It grows with the frame's length; `rms` and `intensity` do not.
    """
    return _energy(waveform, size, hop_length).astype(np.float32)


def rms(waveform: NDArray[np.floating], size: int, hop_length: int) -> NDArray[np.float32]:
    """Return the root mean square of each frame, float32 `[frame]`, in the waveform's unit; arguments as above."""
    return np.sqrt(_energy(waveform, size, hop_length) / size).astype(np.float32)


def intensity(
    waveform: NDArray[np.floating], size: int, hop_length: int, *, reference: float = 1.0
) -> NDArray[np.float32]:
    """Return the mean power of each frame in dB, `10 log10(mean(x^2) / reference^2)`, float32 `[frame]`.

    Args:
        waveform: `[sample]`, in -1..1.
        size: Samples of a frame; at least two periods of the lowest voice, or the level beats with the period.
        hop_length: Samples from one frame's middle to the next.
        reference: Root mean square of 0 dB. 1.0: full scale, so that a full sine has -3.01 dB and speech about -40 to -15.
            `decibels.SOUND_PRESSURE`, 2e-5: Praat's convention, which takes the samples for pascal. Praat also takes the
            mean off each frame and weighs it with a Kaiser window: over 20 clips frames of 25 ms lay 0.2 dB (median) from its
            default, more at steep rises and falls.

    Returns:
        In dB of the reference; silence has -200 dB of full scale.
    """
    power = _energy(waveform, size, hop_length) / size
    return power_to_decibels(power).astype(np.float32) - np.float32(20 * np.log10(reference))


def zcr_rms(waveform: NDArray[np.floating], settings: "ZcrRmsSettings") -> NDArray[np.float32]:
    """Return the zero-crossing rates of all frames, then their root mean squares, float32 `[1, 2 * frame]`."""
    size, hop_length = settings.fft_size, settings.hop_length
    return np.concatenate(
        [zero_crossing_rate(waveform, size, hop_length), rms(waveform, size, hop_length)], dtype=np.float32
    )[np.newaxis]


def _energy(waveform: NDArray[np.floating], size: int, hop_length: int) -> NDArray[np.float64]:
    return np.concatenate(
        [
            np.einsum("fs,fs->f", frames, frames, dtype=np.float64)
            for _, frames in frame_blocks(waveform, size, hop_length)
        ]
    )
