"""Levels: decibels of power and of amplitude, and back.

A level compares with a reference that must be said with it: `10 log10(power / reference)`, or, as power goes with the square
of amplitude, `20 log10(amplitude / reference)`. References in use here:

- `1.0`: full scale (dBFS). A sine that fills -1..1 has an RMS of -3.01 dB and a peak of 0 dB.
- the maximum of the clip: 0 dB is the loudest cell of its spectrogram.
- `SOUND_PRESSURE`: 20 micropascal, the threshold of hearing at 1 kHz (ISO 1683). It means something only for samples in
  pascal; Praat takes samples of -1..1 for pascal, so its levels lie 93.98 dB above those of full scale.

Zero has no level. Values under `least` count as `least`, so that silence has a finite one.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

SOUND_PRESSURE = 2e-5

# -200 dB of full scale: far under the rounding of 24 bits (-144 dB), and a normal float32.
LEAST_POWER = 1e-20
LEAST_AMPLITUDE = 1e-10


def power_to_decibels(
    power: ArrayLike, *, reference: float = 1.0, floor_db: float | None = None, least: float = LEAST_POWER
) -> NDArray[np.floating]:
    """Return `10 log10(power / reference)` of each element, in the type of `power` (float64 if it is no float).

    Args:
        power: Of any shape; NaN stays NaN.
        reference: The power of 0 dB; under `least` it counts as `least` too.
        floor_db: If given, no level is lower than this many dB under the highest.
        least: Smallest power that counts as more than silence.

    Returns:
        Levels in dB, in the shape of `power`.
    """
    levels: NDArray[np.floating] = 10 * np.log10(np.maximum(power, least))
    levels = levels - 10 * float(np.log10(max(reference, least)))
    if floor_db is None:
        return levels
    highest = float(np.fmax.reduce(levels, axis=None, initial=-np.inf))
    floored: NDArray[np.floating] = np.maximum(levels, highest - floor_db)
    return floored


def amplitude_to_decibels(
    amplitude: ArrayLike, *, reference: float = 1.0, floor_db: float | None = None, least: float = LEAST_AMPLITUDE
) -> NDArray[np.floating]:
    """Return `20 log10(|amplitude| / reference)` of each element; arguments as for `power_to_decibels`, as amplitudes."""
    return 2 * power_to_decibels(
        np.abs(amplitude), reference=reference, floor_db=None if floor_db is None else floor_db / 2, least=least
    )


def decibels_to_power(levels: ArrayLike, *, reference: float = 1.0) -> NDArray[np.floating]:
    """Return `reference * 10 ** (level / 10)` of each element; the inverse of `power_to_decibels`."""
    return reference * np.power(10.0, np.divide(levels, 10))


def decibels_to_amplitude(levels: ArrayLike, *, reference: float = 1.0) -> NDArray[np.floating]:
    """Return `reference * 10 ** (level / 20)` of each element; the inverse of `amplitude_to_decibels`."""
    return reference * np.power(10.0, np.divide(levels, 20))
