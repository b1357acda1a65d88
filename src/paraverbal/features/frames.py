"""Cutting a waveform into overlapping frames.

Frames are centred: frame `t` has its middle at sample `t * hop_length`, and zeros stand where it reaches over an end. A
waveform of `n` samples has `1 + n // hop_length` frames. This is librosa's convention (`center=True, pad_mode="constant"`).
"""

import numpy as np
from numpy.typing import NDArray


def frame_count(samples: int, hop_length: int) -> int:
    """Return the number of centred frames of a waveform of `samples` samples."""
    return 1 + samples // hop_length


def frame(waveform: NDArray[np.floating], size: int, hop_length: int) -> NDArray[np.floating]:
    """Return centred frames `[frame, sample]` of `waveform [sample]`, a read-only view of a padded copy."""
    padded = np.pad(waveform, size // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop_length][
        : frame_count(len(waveform), hop_length)
    ]


def hann(size: int) -> NDArray[np.float64]:
    """Return the periodic Hann window `[sample]`, as spectral analysis uses it (Harris 1978, eq. 27)."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
