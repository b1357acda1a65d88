"""Waveform -> pieces of one length: nothing is random, and no sample is lost where the hop is at most the length."""

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]


def pad_or_trim(waveform: Waveform, samples: int) -> Waveform:
    """Bring the last axis to `samples`: zeros are added at the end, or the end is cut off.

    Args:
        waveform: `[..., sample]`.
        samples: The wanted number of samples.

    Returns:
        `[..., sample]` of the same type; a view where nothing had to be added.
    """
    missing = samples - waveform.shape[-1]
    if missing <= 0:
        return waveform[..., :samples]
    return np.pad(waveform, [(0, 0)] * (waveform.ndim - 1) + [(0, missing)])


def window_starts(length: int, samples: int, hop: int) -> NDArray[np.int64]:
    """Return the first sample of each window of a waveform.

    The first window starts at 0, the last one ends with the waveform, and they are evenly spaced between: `hop` is the
    greatest distance of two starts, so windows may overlap a little more than asked for, and none is padded.

    Args:
        length: Samples of the waveform; at most `samples` gives the one window that starts at 0.
        samples: Samples of a window, at least 1.
        hop: Greatest distance of two starts in samples, at least 1.

    Raises:
        ValueError: `samples` or `hop` is below 1.

    Example:
        >>> window_starts(100, 40, 40)
        array([ 0, 30, 60])
    """
    if samples < 1 or hop < 1:
        raise ValueError(f"windows of {samples} samples every {hop} samples are impossible; both must be at least 1")
    last = max(0, length - samples)
    steps = -(-last // hop)
    # Integers throughout: rounding down keeps each distance at most `hop`, and the last start exact.
    return np.arange(steps + 1, dtype=np.int64) * last // max(1, steps)


def windows(waveform: Waveform, samples: int, hop: int) -> Waveform:
    """Cut a waveform into windows of one length.

    Args:
        waveform: `[sample]`.
        samples: Samples of a window.
        hop: Greatest distance of two windows in samples; see `window_starts`.

    Returns:
        `[window, sample]`, a copy. A waveform shorter than a window gives one window, with zeros at its end.

    Raises:
        ValueError: `samples` or `hop` is below 1.
    """
    starts = window_starts(len(waveform), samples, hop)
    padded = pad_or_trim(waveform, max(samples, len(waveform)))
    return np.lib.stride_tricks.sliding_window_view(padded, samples)[starts]
