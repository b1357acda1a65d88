"""Loudness of a waveform brought to a fixed level.

Levels are in dB relative to full scale: a square wave of amplitude 1 has 0 dB, a sine of amplitude 1 has -3 dB.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import nearest

Waveform = NDArray[np.float32]

KINDS = ("none", "peak", "rms")


def peak_normalise(waveform: Waveform, peak: float = 1.0) -> Waveform:
    """Scale a waveform so that its greatest absolute value is `peak`.

    Args:
        waveform: Float, any shape; one factor for all of it, so that the balance of channels stays.
        peak: The wanted greatest absolute value; 1 is full scale.

    Returns:
        Float32 of the same shape. Silence stays silence, and no samples stay no samples.
    """
    samples = np.asarray(waveform, dtype=np.float32)
    return _scaled(samples, peak, float(np.max(np.abs(samples), initial=0.0)))


def rms_normalise(waveform: Waveform, level_db: float = -20.0) -> Waveform:
    """Scale a waveform so that its root mean square is `level_db`.

    Args:
        waveform: Float, any shape; one factor for all of it.
        level_db: The wanted level in dB relative to full scale.

    Returns:
        Float32 of the same shape, not limited: peaks may lie above 1. Silence stays silence.
    """
    samples = np.asarray(waveform, dtype=np.float32)
    if samples.size == 0:
        return samples
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return _scaled(samples, float(10 ** (level_db / 20)), rms)


def level(waveform: Waveform, kind: Literal["none", "peak", "rms"]) -> Waveform:
    """Bring a waveform to the level that a recipe asks for with `audio.level`.

    Args:
        waveform: Float, any shape.
        kind: `none` (as it is), `peak` (greatest absolute value 1) or `rms` (root mean square -20 dB).

    Raises:
        ValueError: Another kind.

    Example:
        >>> level(np.float32([0.25, -0.5]), "peak")
        array([ 0.5, -1. ], dtype=float32)
    """
    if kind == "none":
        return np.asarray(waveform, dtype=np.float32)
    if kind == "peak":
        return peak_normalise(waveform)
    if kind == "rms":
        return rms_normalise(waveform)
    raise ValueError(f"level {kind!r} is unknown{nearest(kind, KINDS)}; known: {', '.join(KINDS)}")


def _scaled(samples: Waveform, wanted: float, measured: float) -> Waveform:
    if measured == 0:
        return samples
    # In float64: the factor of a waveform of subnormal numbers is more than float32 holds.
    return (samples * np.float64(wanted / measured)).astype(np.float32)
