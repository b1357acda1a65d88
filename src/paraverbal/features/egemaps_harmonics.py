"""Harmonics of the eGeMAPS: harmonics-to-noise ratio, H1-H2, H1-A3, and the levels of formants relative to F0.

openSMILE 3 counts the harmonics of its two differences from 0, so that its H1-H2 is the second harmonic less the third, and its
H1-A3 begins with the second. Its levels of formants begin with the first, as they should, but unvoiced frames have -201 dB
and enter the mean: that mean tells the share of voiced frames more than anything else.

Sources: Eyben et al. 2016, The Geneva minimalistic acoustic parameter set, section 3.1; values of openSMILE's eGeMAPSv02.
"""

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.egemaps_pitch import parabola

Series = NDArray[np.float32]

# openSMILE's level of formants in unvoiced frames.
UNVOICED_LEVEL_DB = np.float32(-201)

# The period is looked for within so many seconds (4 samples at 16 kHz) of F0's.
_PERIOD_REACH_SECONDS = 0.00025

# A formant's level is that of its strongest harmonic within this share of its frequency.
_FORMANT_REACH = 0.2

# A frame that repeats itself exactly has no noise; 60 dB is the most that is told.
_LEAST_NOISE = 1e-6

_TINY = float(np.finfo(np.float32).tiny)


def harmonicity(power: Series, bin_hz: float, f0: Series) -> Series:
    """Return the harmonics-to-noise ratio of voiced frames in dB, `[frame]`.

    A share `r` of a frame's energy repeats itself after a period: the ratio is `10 log10(r / (1 - r))`, where `r` is the highest
    autocorrelation near F0's period over that at 0 (Boersma 1993, eq. 4, without his correction for the window).

    Args:
        power: `[frame, bin]`.
        bin_hz: Width of a bin in hertz.
        f0: `[frame]` in hertz.
    """
    correlation = np.fft.irfft(power.astype(np.float64))
    sampling_rate = 2 * (power.shape[1] - 1) * bin_hz
    reach = max(1, round(_PERIOD_REACH_SECONDS * sampling_rate))
    middles = np.clip(np.rint(sampling_rate / f0).astype(np.intp), 2, correlation.shape[1] // 2 - reach - 1)
    near = np.take_along_axis(correlation, middles[:, np.newaxis] + np.arange(-reach - 1, reach + 2), axis=1)
    rows = np.arange(len(near))
    best = near[:, 1:-1].argmax(axis=1)
    _, highest = parabola(near[rows, best], near[rows, best + 1], near[rows, best + 2])
    share = np.clip(highest / np.maximum(correlation[:, 0], _TINY), _LEAST_NOISE, 1 - _LEAST_NOISE)
    return np.asarray(10 * np.log10(share / (1 - share)), dtype=np.float32)


def levels(
    magnitudes: Series,
    peaks: NDArray[np.bool_],
    bin_hz: float,
    f0: Series,
    formants: NDArray[np.floating],
    *,
    as_opensmile: bool,
) -> tuple[Series, Series]:
    """Return differences of harmonics, and levels of formants, of voiced frames.

    Args:
        magnitudes: `[frame, bin]`.
        peaks: `[frame, bin]`, true where `magnitudes` has a local maximum.
        bin_hz: Width of a bin in hertz.
        f0: `[frame]` in hertz.
        formants: `[frame, formant]` in hertz, of three; NaN where there is none.
        as_opensmile: With the second harmonic for the first and the third for the second, in the differences.

    Returns:
        H1-H2 and H1-A3, `[2, frame]`, and level of each formant's strongest harmonic relative to the first harmonic,
        `[frame, formant]`, all in dB.
    """
    highest = float(np.nanmax(formants, initial=0)) * (1 + _FORMANT_REACH)
    count = max(4, int(highest / float(f0.min())) + 1)
    decibels = _harmonic_levels(magnitudes, peaks, f0 / np.float32(bin_hz), count)
    first = decibels[:, 0]
    harmonics = np.arange(1, count + 1, dtype=np.float32) * f0[:, np.newaxis]
    amplitudes = np.stack([_strongest(decibels, harmonics, formant) for formant in formants.T], axis=1)
    fundamental = int(as_opensmile)
    h1 = decibels[:, fundamental]
    differences = np.stack([h1 - decibels[:, fundamental + 1], h1 - amplitudes[:, 2]])
    return differences, amplitudes - first[:, np.newaxis]


def _strongest(decibels: Series, harmonics: Series, formant: NDArray[np.floating]) -> Series:
    """Return the highest level near a formant `[frame]`, or that of the nearest harmonic; NaN without a formant."""
    distance = np.abs(harmonics - formant[:, np.newaxis].astype(np.float32))
    known = ~np.isnan(formant)
    near = np.where(distance <= _FORMANT_REACH * formant[:, np.newaxis], decibels, -np.inf).max(axis=1)
    nearest = np.where(known[:, np.newaxis], distance, 0).argmin(axis=1)
    alone = decibels[np.arange(len(decibels)), nearest]
    return np.where(known, np.where(np.isfinite(near), near, alone), np.nan).astype(np.float32)


def _harmonic_levels(magnitudes: Series, peaks: NDArray[np.bool_], f0_bins: Series, count: int) -> Series:
    """Return the level in dB of the spectral peak nearest to each harmonic, `[frame, harmonic]`."""
    bins = magnitudes.shape[1]
    ramp = np.arange(bins, dtype=np.int32)
    below = np.maximum.accumulate(np.where(peaks, ramp, 0), axis=1)
    above = np.minimum.accumulate(np.where(peaks, ramp, bins - 1)[:, ::-1], axis=1)[:, ::-1]
    wanted = np.minimum(f0_bins[:, np.newaxis] * np.arange(1, count + 1, dtype=np.float32), bins - 2)
    low = np.take_along_axis(below, wanted.astype(np.intp), axis=1)
    high = np.take_along_axis(above, np.ceil(wanted).astype(np.intp), axis=1)
    place = np.clip(np.where(wanted - low <= high - wanted, low, high), 1, bins - 2)
    around = (np.take_along_axis(magnitudes, place + step, axis=1) for step in (-1, 0, 1))
    _, height = parabola(*around)
    return 20 * np.log10(np.maximum(height, np.float32(_TINY)))
