"""Harmonics of the eGeMAPS: harmonics-to-noise ratio, H1-H2, H1-A3, and the levels of formants relative to F0.

openSMILE 3 counts the harmonics of its two differences from 0, so that its H1-H2 is the second harmonic less the third, and its
H1-A3 begins with the second. Its levels of formants begin with the first, as they should, but do not exist where the first is
itself the strongest, and unvoiced frames have -201 dB and enter the mean: that mean tells the share of voiced frames more than
anything else. It takes the height of a peak between bins, but the level of the first harmonic in these levels at its bin.

Sources: Eyben et al. 2016, The Geneva minimalistic acoustic parameter set, section 3.1; openSMILE 3's levels, taken apart.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.egemaps_pitch import parabola

Series = NDArray[np.float32]

# openSMILE's level of formants in unvoiced frames.
UNVOICED_LEVEL_DB = np.float32(-201)

# The maximum nearest to F0's period is looked for within so many seconds (10 samples at 16 kHz).
_PERIOD_REACH_SECONDS = 0.000625

# A formant's level is that of its strongest harmonic within this share of its frequency.
_FORMANT_REACH = 0.2

# A frame that repeats itself exactly has no noise; 60 dB is the most that is told.
_LEAST_NOISE = 1e-6

_TINY = float(np.finfo(np.float32).tiny)


def harmonicity(power: Series, bin_hz: float, f0: Series) -> Series:
    """Return the harmonics-to-noise ratio of voiced frames in dB, `[frame]`.

    A share `r` of a frame's energy repeats itself after a period: the ratio is `10 log10(r / (1 - r))`, where `r` is the
    autocorrelation at its maximum nearest to F0's period, over that at 0 (Boersma 1993, eq. 4, without his correction for the
    window and without interpolation, as in openSMILE).

    Args:
        power: `[frame, bin]`.
        bin_hz: Width of a bin in hertz.
        f0: `[frame]` in hertz.
    """
    sampling_rate = 2 * (power.shape[1] - 1) * bin_hz
    reach = max(1, round(_PERIOD_REACH_SECONDS * sampling_rate))
    middles = np.clip((sampling_rate / f0).astype(np.intp), reach + 2, power.shape[1] - reach - 2)
    near = _autocorrelation(power, middles, reach + 1)
    inner = near[:, 1:-1]
    maxima = (inner > near[:, :-2]) & (inner >= near[:, 2:]) & (inner > 0)
    distance = np.abs(np.arange(-reach, reach + 1))
    best = np.where(maxima, distance, reach + 1).argmin(axis=1)
    best = np.where(maxima.any(axis=1), best, inner.argmax(axis=1))
    total = 2 * power.sum(axis=1) - power[:, 0] - power[:, -1]
    share = inner[np.arange(len(inner)), best] / np.maximum(total, _TINY)
    share = np.clip(share.astype(np.float64), _LEAST_NOISE, 1 - _LEAST_NOISE)
    return np.asarray(10 * np.log10(share / (1 - share)), dtype=np.float32)


def _autocorrelation(power: Series, middles: NDArray[np.intp], reach: int) -> Series:
    """Return the autocorrelation of spectra at lags `middle - reach` to `middle + reach`, `[frame, 2 reach + 1]`.

    With `cos(a + b) = cos a cos b - sin a sin b`, where `a` belongs to the middle and `b` to the distance from it, two matrix
    products give the few lags that are wanted of each frame.
    """
    cosines, sines = _waves(power.shape[1])
    even, odd = cosines[middles], sines[middles]
    even *= power
    odd *= power
    apart = np.arange(-reach, reach + 1)
    once = _counts(power.shape[1])
    near_even = once * cosines[np.abs(apart)]
    near_odd = once * np.sign(apart).astype(np.float32)[:, np.newaxis] * sines[np.abs(apart)]
    return np.asarray(even @ near_even.T - odd @ near_odd.T)


@lru_cache(maxsize=4)
def _waves(bins: int) -> tuple[Series, Series]:
    """Return cosines and sines `[lag, bin]` of lags 0 to `bins - 1`."""
    turns = np.pi / (bins - 1) * (np.outer(np.arange(bins), np.arange(bins)) % (2 * (bins - 1)))
    return np.cos(turns).astype(np.float32), np.sin(turns).astype(np.float32)


def _counts(bins: int) -> Series:
    """Return how often each bin counts, `[bin]`: twice, for its negative frequency too, but for the first and the last."""
    counts = np.full(bins, 2, np.float32)
    counts[[0, -1]] = 1
    return counts


def levels(
    power: Series,
    peaks: NDArray[np.bool_],
    bin_hz: float,
    f0: Series,
    formants: NDArray[np.floating],
    *,
    as_opensmile: bool,
) -> tuple[Series, Series]:
    """Return differences of harmonics, and levels of formants, of voiced frames.

    Args:
        power: `[frame, bin]`.
        peaks: `[frame, bin]`, true where `power` has a local maximum.
        bin_hz: Width of a bin in hertz.
        f0: `[frame]` in hertz.
        formants: `[frame, formant]` in hertz, of three; NaN where there is none.
        as_opensmile: With the second harmonic for the first and the third for the second, in the differences, and without a
            level of a formant whose strongest harmonic is the first.

    Returns:
        H1-H2 and H1-A3, `[2, frame]`, and level of each formant's strongest harmonic relative to the first harmonic,
        `[frame, formant]`, all in dB.
    """
    highest = (1 + _FORMANT_REACH) * np.nan_to_num(formants).max(axis=1)
    counts = np.maximum(highest / f0, 3).astype(np.intp) + 1
    firsts = np.cumsum(counts) - counts
    frame = np.repeat(np.arange(len(f0)), counts)
    harmonic = np.arange(len(frame)) - firsts[frame] + 1
    places, offsets, decibels = _harmonics(power, peaks, frame, harmonic * f0[frame] / np.float32(bin_hz))
    frequencies = (places + offsets) * np.float32(bin_hz)
    h1, h2, h3 = (decibels[firsts + number] for number in range(3))
    at_bins = power[np.arange(len(f0)), places[firsts]]
    first = 10 * np.log10(np.maximum(at_bins, np.float32(_TINY))) if as_opensmile else h1
    amplitudes = np.empty((len(f0), formants.shape[1]), np.float32)
    for number, formant in enumerate(formants.T.astype(np.float32)):
        amplitudes[:, number], near = _strongest(decibels, frequencies, formant, firsts, frame)
        if number == 2:
            h1_a3 = (h2 if as_opensmile else h1) - amplitudes[:, 2]
        if as_opensmile:
            amplitudes[~near | (amplitudes[:, number] == h1), number] = np.nan
    differences = np.stack([h2 - h3 if as_opensmile else h1 - h2, h1_a3])
    return differences, amplitudes - first[:, np.newaxis]


def _strongest(
    decibels: Series, frequencies: Series, formant: Series, firsts: NDArray[np.intp], frame: NDArray[np.intp]
) -> tuple[Series, NDArray[np.bool_]]:
    """Return the level of the strongest harmonic near a formant, else of the nearest, and whether one is near, `[frame]`.

    Args:
        decibels: Levels of the harmonics of all frames, `[harmonic]`.
        frequencies: Their frequencies in hertz.
        formant: `[frame]` in hertz, NaN where there is none.
        firsts: Where each frame's harmonics begin, `[frame]`.
        frame: The frame of each harmonic.
    """
    distance = np.abs(frequencies - formant[frame])
    near = np.where(distance <= np.float32(_FORMANT_REACH) * formant[frame], decibels, np.float32(-np.inf))
    strongest = np.maximum.reduceat(near, firsts)
    found = np.isfinite(strongest)
    if not found.all():
        nearest = np.minimum.reduceat(distance, firsts)
        of_nearest = np.where(distance == nearest[frame], decibels, np.float32(-np.inf))
        strongest = np.where(found, strongest, np.maximum.reduceat(of_nearest, firsts))
        strongest[np.isnan(formant)] = np.nan
    return strongest, found


def _harmonics(
    power: Series, peaks: NDArray[np.bool_], frame: NDArray[np.intp], wanted: NDArray[np.floating]
) -> tuple[NDArray[np.intp], Series, Series]:
    """Return the spectral peaks nearest to harmonics: bin, how far the peak lies from it in bins, and level in dB.

    Args:
        power: `[frame, bin]`.
        peaks: `[frame, bin]`, true where there is a local maximum.
        frame: The frame of each harmonic, `[harmonic]`.
        wanted: Place of each harmonic, counted in bins, `[harmonic]`.
    """
    bins = power.shape[1]
    wanted = np.minimum(wanted, bins - 2)
    starts = frame * bins
    every = np.concatenate([[-1], np.flatnonzero(peaks), [peaks.size]])
    above = np.searchsorted(every, starts + np.ceil(wanted).astype(np.intp))
    high = np.minimum(every[above] - starts, bins - 1)
    # A peak at the very place is the nearest on either side.
    low = np.where(high == wanted, high, np.maximum(every[above - 1] - starts, 0))
    places = np.clip(np.where(wanted - low <= high - wanted, low, high), 1, bins - 2)
    magnitudes = np.sqrt(power.ravel()[starts + places + np.arange(-1, 2)[:, np.newaxis]])
    offset, height = parabola(*magnitudes)
    return places, offset, 20 * np.log10(np.maximum(height, np.float32(_TINY)))
