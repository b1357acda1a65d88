"""Glottal pulses, and how much one period differs from the next: jitter (length) and shimmer (amplitude).

The contour of F0 predicts where pulses stand. Around each, one period of the waveform is laid over what follows and moved
until the two are most alike: that move is the period, to a fraction of a sample. Pulses are counted from the sample farthest
from zero near the middle of their voiced stretch. All pulses are measured at once.

Sources: Boersma 1993, Proceedings of the Institute of Phonetic Sciences 17; Boersma 2009, Should jitter be measured by peak
picking or by waveform matching?, Folia Phoniatrica et Logopaedica 61, 305-308 (why by matching); Titze and Liang 1993,
Comparison of F0 extraction methods for high-precision voice perturbation measurements, JSHR 36, 1120-1133.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from paraverbal.features.frames import require_finite
from paraverbal.features.pitch import Pitch

Series = NDArray[np.float32]
Values = NDArray[np.float64]

# How far from F0's period the true one is looked for, as a share of it.
_TOLERANCE = 0.22

# Less alike than this, two periods are no neighbours, and F0's period stands in for the one measured.
_LEAST_CORRELATION = 0.3

# Neighbours whose lengths (amplitudes) differ by a greater factor do not count: a pulse was missed, or a syllable ended.
_PERIOD_FACTOR, _AMPLITUDE_FACTOR = 1.3, 1.6

# Between samples, a correlation is that of Lagrange's polynomial through this many samples on each side of its highest, in
# eighths of a sample, and then of a parabola: that alone takes 2 dB from a harmonics-to-noise ratio of 30 dB.
_TAPS, _FINENESS = 4, 8
_FINE_STEPS = np.arange(-_FINENESS, _FINENESS + 1) / _FINENESS
_NODES = np.arange(-_TAPS, _TAPS + 1)
_INTERPOLATION = np.array(
    [np.prod([(_FINE_STEPS - other) / (node - other) for other in _NODES if other != node], axis=0) for node in _NODES]
)

# Pulses that are measured at once, so that their samples stay in the cache.
_BLOCK = 256

# Frames of jitter and shimmer see this much: some ten periods, as the F0 frames of eGeMAPS.
_FRAME_SECONDS = 0.060

# The amplitude of a pulse is that of a fifth of a period on each side of it, as in Praat.
_HALF_WIDTH = 0.2

_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False)
class Pulses:
    """Glottal pulses of a recording, in order of time.

    Attributes:
        times: float64 `[pulse]` in seconds.
        periods: float64 `[pulse]` in seconds: from a pulse to the next; NaN for the last of a stretch, or where what
            follows is not like it.
        amplitudes: float64 `[pulse]`: the root mean square of the period around a pulse, weighted by a Hann window.
        stretches: int64 `[pulse]`: the voiced stretch that a pulse belongs to, from 0 on.
    """

    times: Values
    periods: Values
    amplitudes: Values
    stretches: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Perturbation:
    """Irregularity of a voice.

    Attributes:
        jitter_local: Mean absolute difference of neighbouring periods as a share of the mean period; NaN without two.
            0.01 is usual, more than 0.0104 called pathological by MDVP for a sustained vowel.
        shimmer_local: The same of amplitudes; usual is 0.04.
        shimmer_local_db: Mean absolute difference of neighbouring amplitudes in dB.
        jitter: float32 `[frame]`: `jitter_local` of the pulses within 30 ms; NaN in unvoiced frames and without two.
        shimmer_db: float32 `[frame]`: `shimmer_local_db` of the pulses within 30 ms, NaN likewise.
    """

    jitter_local: float
    shimmer_local: float
    shimmer_local_db: float
    jitter: Series
    shimmer_db: Series


@dataclass(frozen=True, eq=False)
class _Samples:
    """A waveform and its mean, which is taken from what is cut out: a copy of an hour would be too large."""

    values: Series
    mean: np.float32

    @classmethod
    def of(cls, waveform: NDArray[np.floating]) -> "_Samples":
        return cls(np.asarray(waveform, dtype=np.float32), np.float32(waveform.mean(dtype=np.float64)))

    def cut(self, starts: NDArray[np.int64], size: int) -> Series:
        """Return `[start, sample]` less the mean; zeros stand before and behind the waveform."""
        values, low, high = self.values, int(starts.min()), int(starts.max()) + size
        if low < 0 or high > len(values):
            outside = (max(-low, 0), max(high - len(values), 0))
            values = np.pad(values[max(low, 0) : max(high, 0)], outside, constant_values=self.mean)
            starts = starts - low
        return sliding_window_view(values, size)[starts] - self.mean


def jitter_shimmer(waveform: NDArray[np.floating], sampling_rate: float, pitch: Pitch) -> Perturbation:
    """Return jitter and shimmer of a recording and of each frame of `pitch`.

    Args:
        waveform: `[sample]`; neither level nor DC offset matters.
        sampling_rate: In hertz.
        pitch: F0 of the same waveform.

    Returns:
        NaN wherever there are no two neighbouring periods, as in silence, noise and whispered speech.

    Raises:
        NonFiniteAudioError: The waveform holds NaN or infinite samples.
    """
    pulses = find_pulses(waveform, sampling_rate, pitch)
    periods, amplitudes, times = pulses.periods, pulses.amplitudes, pulses.times
    joined = pulses.stretches[1:] == pulses.stretches[:-1]
    alike = joined & (_ratio(periods) <= _PERIOD_FACTOR)
    level = alike & (_ratio(amplitudes) <= _AMPLITUDE_FACTOR)
    length_steps, level_steps = np.abs(np.diff(periods))[alike], np.abs(np.diff(amplitudes))[level]
    decibels = 20 * np.log10(_ratio(amplitudes)[level])
    mean_length = (periods[1:] + periods[:-1])[alike] / 2
    mean_level = (amplitudes[1:] + amplitudes[:-1])[alike] / 2
    steps_at, levels_at = times[1:][alike], times[1:][level]
    jitter = _around(pitch, steps_at, length_steps) / _around(pitch, steps_at, mean_length)
    return Perturbation(
        jitter_local=_share(length_steps, mean_length),
        shimmer_local=_share(level_steps, mean_level),
        shimmer_local_db=float(decibels.mean()) if len(decibels) else np.nan,
        jitter=jitter.astype(np.float32),
        shimmer_db=_around(pitch, levels_at, decibels).astype(np.float32),
    )


def find_pulses(waveform: NDArray[np.floating], sampling_rate: float, pitch: Pitch) -> Pulses:
    """Return the glottal pulses of all voiced stretches; arguments as for `jitter_shimmer`."""
    require_finite(waveform)
    if not pitch.voiced.any():
        return Pulses(np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.int64))
    samples = _Samples.of(waveform)
    times, stretches, anchors = _predict(samples, sampling_rate, pitch)
    voiced = pitch.voiced
    expected = 1 / np.interp(times, pitch.times[voiced], pitch.f0[voiced])
    lags, correlation = _match(samples, times * sampling_rate, expected * sampling_rate, tolerance=_TOLERANCE)
    unlike = correlation < _LEAST_CORRELATION
    periods = np.where(unlike, expected, lags / sampling_rate)
    times = _laid_end_to_end(periods, stretches, anchors, times)
    amplitudes = _amplitudes(samples, times * sampling_rate, periods * sampling_rate)
    last = np.append(stretches[1:] != stretches[:-1], True)
    periods[last | unlike] = np.nan
    return Pulses(times, periods, amplitudes, stretches)


def match(
    waveform: NDArray[np.floating],
    at: Values,
    expected: Values,
    *,
    window: float | None = None,
    tolerance: float,
) -> tuple[Values, Values]:
    """Return the lag at which the waveform is most like itself, and how much so.

    Args:
        waveform: `[sample]`; its mean does not matter.
        at: `[place]`: middles of the first segments, in samples.
        expected: `[place]`: about the lag, in samples.
        window: Length of the segments in samples; that of each lag if None.
        tolerance: How far from `expected` to look, as a share of it.

    Returns:
        Lags in samples and normalised correlations, -1..1, each float64 `[place]`, found between samples; the correlation
        is 0 in silence.
    """
    return _match(_Samples.of(waveform), at, expected, window=window, tolerance=tolerance)


def _match(
    samples: _Samples, at: Values, expected: Values, *, window: float | None = None, tolerance: float
) -> tuple[Values, Values]:
    lags, heights = np.empty(len(at)), np.empty(len(at))
    for first in range(0, len(at), _BLOCK):
        rows = slice(first, first + _BLOCK)
        lengths = expected[rows] if window is None else np.full(len(expected[rows]), window)
        correlation, lag = _correlations(
            samples, np.rint(at[rows]).astype(np.int64), expected[rows], lengths, tolerance
        )
        distance = np.abs(lag - expected[rows, np.newaxis])
        lags[rows], heights[rows] = _highest(correlation, lag, distance <= tolerance * expected[rows, np.newaxis])
    return lags, heights


def _correlations(
    samples: _Samples, at: NDArray[np.int64], expected: Values, lengths: Values, tolerance: float
) -> tuple[Series, NDArray[np.int64]]:
    """Return normalised correlations `[place, step]` and their lags in samples."""
    rounded = np.rint(expected).astype(np.int64)
    halves = (lengths / 2).astype(np.int64)
    half, reach = int(halves.max()), int(tolerance * expected.max()) + 1 + _TAPS
    size, steps = 2 * half + 1, 2 * reach + 1
    first = samples.cut(at - half, size)
    first *= np.abs(np.arange(-half, half + 1)) <= halves[:, np.newaxis]
    second = samples.cut(at + rounded - half - reach, size + 2 * reach)
    product = np.stack([np.einsum("ij,ij->i", first, second[:, step : step + size]) for step in range(steps)], axis=1)
    squares = np.zeros((len(at), size + 2 * reach + 1), np.float32)
    np.cumsum(np.square(second), axis=1, out=squares[:, 1:])
    begins = (half - halves)[:, np.newaxis] + np.arange(steps)
    energy = np.take_along_axis(squares, begins + 2 * halves[:, np.newaxis] + 1, axis=1)
    energy -= np.take_along_axis(squares, begins, axis=1)
    energy *= np.einsum("ij,ij->i", first, first)[:, np.newaxis]
    product /= np.sqrt(np.maximum(energy, _TINY))
    return product, rounded[:, np.newaxis] + np.arange(-reach, reach + 1)


def _highest(correlation: Series, lag: NDArray[np.int64], allowed: NDArray[np.bool_]) -> tuple[Values, Values]:
    """Return lag and height of the maximum at each row's highest allowed place, found between samples."""
    rows = np.arange(len(correlation))
    best = np.where(allowed, correlation, -np.inf)[:, _TAPS:-_TAPS].argmax(axis=1) + _TAPS
    near = correlation[rows[:, np.newaxis], best[:, np.newaxis] + np.arange(-_TAPS, _TAPS + 1)]
    fine = near.astype(np.float64) @ _INTERPOLATION
    finest = fine[:, 1:-1].argmax(axis=1) + 1
    before, top, after = (fine[rows, finest + step] for step in (-1, 0, 1))
    slope, bend = (after - before) / 2, 2 * top - before - after
    maximum = (top >= before) & (top >= after)
    shift = np.where(maximum, slope / np.maximum(bend, _TINY), 0)
    return lag[rows, best] + _FINE_STEPS[finest] + shift / _FINENESS, np.clip(top + slope * shift / 2, -1, 1)


def _predict(
    samples: _Samples, sampling_rate: float, pitch: Pitch
) -> tuple[Values, NDArray[np.int64], NDArray[np.int64]]:
    """Return times of pulses by F0 alone, their stretches `[pulse]`, and the index of each stretch's first-found pulse."""
    voiced = pitch.voiced
    hop = pitch.times[1] - pitch.times[0] if len(pitch.times) > 1 else 0.01
    edges = np.diff(np.concatenate([[False], voiced, [False]]).astype(np.int8))
    begins = pitch.times[np.flatnonzero(edges == 1)] - hop / 2
    ends = pitch.times[np.flatnonzero(edges == -1) - 1] + hop / 2
    duration = len(samples.values) / sampling_rate
    begins, ends = np.clip(begins, 0, duration), np.clip(ends, 0, duration)
    nodes = np.concatenate([[pitch.times[0] - hop], pitch.times, [pitch.times[-1] + hop]])
    f0 = np.interp(nodes, pitch.times[voiced], pitch.f0[voiced])
    phase = np.concatenate([[0.0], np.cumsum((f0[1:] + f0[:-1]) / 2 * np.diff(nodes))])
    middles = (begins + ends) / 2
    middles = _farthest(samples, middles * sampling_rate, sampling_rate / np.interp(middles, nodes, f0)) / sampling_rate
    origin = np.interp(middles, nodes, phase)
    lowest = np.ceil(np.interp(begins, nodes, phase) - origin).astype(np.int64)
    highest = np.floor(np.interp(ends, nodes, phase) - origin).astype(np.int64)
    lowest, highest = np.minimum(lowest, 0), np.maximum(highest, 0)
    counts = highest - lowest + 1
    stretches = np.repeat(np.arange(len(counts)), counts)
    offsets = np.cumsum(counts) - counts
    turns = np.arange(len(stretches)) - np.repeat(offsets - lowest, counts)
    return np.interp(np.repeat(origin, counts) + turns, phase, nodes), stretches, offsets - lowest


def _farthest(samples: _Samples, middles: Values, periods: Values) -> Values:
    """Return the place of the sample farthest from zero within half a period of each middle."""
    half = int(periods.max() / 2) + 1
    steps = np.arange(-half, half + 1)
    starts = np.rint(middles).astype(np.int64)
    levels = np.abs(samples.cut(starts - half, 2 * half + 1))
    levels[np.abs(steps) > periods[:, np.newaxis] / 2] = -1
    return np.asarray(starts + steps[levels.argmax(axis=1)], dtype=np.float64)


def _laid_end_to_end(
    periods: Values, stretches: NDArray[np.int64], anchors: NDArray[np.int64], times: Values
) -> Values:
    """Return times of pulses a period apart each, from their stretch's anchor on in both directions."""
    reached = np.cumsum(periods) - periods
    return np.asarray(times[anchors][stretches] + reached - reached[anchors][stretches])


def _amplitudes(samples: _Samples, at: Values, periods: Values) -> Values:
    amplitudes = np.empty(len(at))
    for first in range(0, len(at), _BLOCK):
        rows = slice(first, first + _BLOCK)
        widths = _HALF_WIDTH * periods[rows, np.newaxis]
        half = int(widths.max()) + 1
        centres = np.rint(at[rows]).astype(np.int64)
        distance = np.arange(-half, half + 1) + (centres - at[rows])[:, np.newaxis]
        weights = (1 + np.cos(np.pi * np.minimum(np.abs(distance) / widths, 1))) ** 2
        squares = np.square(samples.cut(centres - half, 2 * half + 1))
        amplitudes[rows] = np.sqrt((squares * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), _TINY))
    return amplitudes


def _ratio(values: Values) -> Values:
    """Return by which factor neighbours differ, 1 or more, `[value - 1]`; infinite beside 0."""
    low, high = np.minimum(values[1:], values[:-1]), np.maximum(values[1:], values[:-1])
    ratios: Values = np.divide(high, low, out=np.full(len(low), np.inf), where=low > 0)
    return ratios


def _share(steps: Values, means: Values) -> float:
    return float(steps.mean() / means.mean()) if len(steps) else np.nan


def _around(pitch: Pitch, times: Values, values: Values) -> Values:
    """Return the mean of what lies within half a frame's length of each voiced frame of `pitch`, else NaN."""
    first = np.searchsorted(times, pitch.times - _FRAME_SECONDS / 2)
    last = np.searchsorted(times, pitch.times + _FRAME_SECONDS / 2)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    known = pitch.voiced & (last > first)
    means: Values = np.divide(sums[last] - sums[first], last - first, out=np.full(len(first), np.nan), where=known)
    return means
