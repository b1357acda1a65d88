"""Change of sampling rate, by soxr at its quality HQ (linear phase, pass band up to 91 % of the lower half rate)."""

import math

import numpy as np
import soxr
from numpy.typing import NDArray

Waveform = NDArray[np.float32]


def resample(waveform: Waveform, source_rate: float, target_rate: float) -> Waveform:
    """Bring a waveform to another sampling rate.

    Args:
        waveform: Float `[..., sample]`; each row is resampled on its own.
        source_rate: Its rate in hertz.
        target_rate: The wanted rate in hertz; if it is `source_rate`, the samples stay as they are.

    Returns:
        Float32 `[..., sample]` with `samples * target_rate / source_rate` samples, rounded; that can be none where the
        waveform is shorter than one sample at the new rate.

    Raises:
        ValueError: A rate is not a finite number above 0.

    Example:
        >>> resample(np.zeros(441, np.float32), 44100, 16000).shape
        (160,)
    """
    for rate in (source_rate, target_rate):
        if not (math.isfinite(rate) and rate > 0):
            raise ValueError(f"a sampling rate of {rate} Hz is impossible; give a number above 0")
    samples = np.asarray(waveform, dtype=np.float32)
    if source_rate == target_rate or samples.size == 0:
        return samples
    if samples.ndim == 1:
        return np.asarray(soxr.resample(samples, source_rate, target_rate), dtype=np.float32)
    rows = samples.reshape(-1, samples.shape[-1])
    resampled = np.stack([soxr.resample(row, source_rate, target_rate) for row in rows])
    return resampled.reshape(*samples.shape[:-1], -1).astype(np.float32, copy=False)
