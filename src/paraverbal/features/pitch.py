"""Fundamental frequency (F0) of each frame, and the voiced, unvoiced and silent stretches of a recording.

A voiced sound repeats itself after one period, so the autocorrelation of a frame has a maximum there; its height tells how
periodic the frame is. Each frame offers a few such maxima as candidates, and "unvoiced" as one more; the path through all
frames that is strong, and seldom jumps, is the answer.

Source: Boersma 1993, Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
sound, Proceedings of the Institute of Phonetic Sciences Amsterdam 17, 97-110. Equation numbers below are those of the paper.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.resample import resample
from paraverbal.errors import AudioError, RecipeError
from paraverbal.features.frames import frame_blocks, frame_count, frame_times, hann, require_finite

Series = NDArray[np.float32]

# Above 4 kHz voices have little that repeats itself. A lower rate would leave too few samples to a period of 800 Hz.
_ANALYSIS_RATE = 8000.0
_SAMPLES_PER_PERIOD = 10

# Lags stand half a sample apart, so that a parabola through three of them finds a peak's place and height.
_LAGS_PER_SAMPLE = 2

# Candidates of a frame besides "unvoiced": Boersma's path seldom leaves the strongest three.
_CANDIDATES = 6

# Costs of the path are stated for this hop (Boersma 1993, section 3) and grow as frames come closer.
_REFERENCE_HOP_SECONDS = 0.010

# Frames that are worked on at once.
_BLOCK = 1024

# Frames that lose more of their energy than a twentieth at the low rate (fricatives) are correlated at the full one.
_ENERGY_KEPT = 0.95

_KINDS: tuple[Literal["voiced", "unvoiced", "silent"], ...] = ("voiced", "unvoiced", "silent")

# Keeps the division of nothing by nothing at nothing.
_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class PitchSettings:
    """How F0 is looked for; the defaults are Boersma's, for adult speech.

    Attributes:
        low_hz: Lowest F0, in hertz; 40 for a creaky voice. A window is `periods` of its periods long.
        high_hz: Highest F0, in hertz; 800 for a child.
        hop_seconds: From one frame's middle to the next.
        periods: Longest periods within a window; 3 for F0.
        silence_threshold: A frame whose peak is lower than this share of the recording's is silent.
        voicing_threshold: Autocorrelation from which a frame is rather voiced than not.
        octave_cost: What favours the higher of two equal candidates, per octave.
        octave_jump_cost: What a jump of one octave from a frame to the next costs.
        voicing_cost: What a change between voiced and unvoiced costs.

    Raises:
        RecipeError: A frequency or length is not above 0, or `low_hz` is not below `high_hz`.
    """

    low_hz: float = 75.0
    high_hz: float = 600.0
    hop_seconds: float = 0.010
    periods: float = 3.0
    silence_threshold: float = 0.03
    voicing_threshold: float = 0.45
    octave_cost: float = 0.01
    octave_jump_cost: float = 0.35
    voicing_cost: float = 0.14

    def __post_init__(self) -> None:
        if not 0 < self.low_hz < self.high_hz:
            raise RecipeError(f"F0 from {self.low_hz} to {self.high_hz} Hz: low_hz must be above 0 and below high_hz")
        if not (self.hop_seconds > 0 and self.periods >= 2):
            raise RecipeError(
                f"hop_seconds {self.hop_seconds} and periods {self.periods}: give a hop above 0, and at least 2 periods"
            )


@dataclass(frozen=True, eq=False)
class Pitch:
    """F0 of a recording.

    Attributes:
        f0: float32 `[frame]` in hertz; NaN where a frame is unvoiced.
        strength: float32 `[frame]`, 0..1: the normalised autocorrelation at the period of `f0`; in an unvoiced frame at
            its highest maximum, 0 without one.
        peak: float32 `[frame]`, 0..1: the highest sample near the frame's middle as a share of the recording's highest.
        times: float64 `[frame]`: the frames' middles in seconds.
    """

    f0: Series
    strength: Series
    peak: Series
    times: NDArray[np.float64]

    @property
    def voiced(self) -> NDArray[np.bool_]:
        """Whether each frame is voiced, `[frame]`."""
        return ~np.isnan(self.f0)


@dataclass(frozen=True)
class Stretch:
    """A part of a recording whose frames are all of one kind; it begins and ends halfway between frames, in seconds."""

    kind: Literal["voiced", "unvoiced", "silent"]
    start_seconds: float
    end_seconds: float


def track(waveform: NDArray[np.floating], sampling_rate: float, settings: PitchSettings = PitchSettings()) -> Pitch:
    """Return F0 of each centred frame.

    Silence, noise and whispered speech have no F0: all of their frames are unvoiced. So is the one frame of an empty
    waveform.

    Args:
        waveform: `[sample]`; neither level nor DC offset matters.
        sampling_rate: In hertz.
        settings: Range of F0, hop, thresholds and costs.

    Returns:
        Series of `1 + samples // hop` frames, the hop rounded to samples.

    Raises:
        NonFiniteAudioError: The waveform holds NaN or infinite samples.
        AudioError: The sampling rate is below 4 times `settings.high_hz`.
    """
    require_finite(waveform)
    if sampling_rate < 4 * settings.high_hz:
        raise AudioError(
            None,
            f"F0 up to {settings.high_hz} Hz needs a sampling rate of {4 * settings.high_hz} Hz, "
            f"not {sampling_rate}; lower high_hz or use the original recording",
        )
    hop_length = max(1, round(settings.hop_seconds * sampling_rate))
    frames = frame_count(len(waveform), hop_length)
    candidates = _candidates(waveform, sampling_rate, hop_length, settings)
    chosen = _best_path(candidates, settings)
    rows = np.arange(frames)
    f0 = candidates.f0[rows, chosen]
    heights = np.where(chosen > 0, candidates.height[rows, chosen], candidates.height.max(axis=1))
    return Pitch(
        np.where(chosen > 0, f0, np.float32(np.nan)),
        np.clip(heights, 0, 1),
        candidates.peak,
        frame_times(frames, hop_length, sampling_rate),
    )


def stretches(pitch: Pitch, silence_threshold: float = 0.03) -> list[Stretch]:
    """Return the voiced, unvoiced and silent stretches of a recording, in order, without gaps.

    Args:
        pitch: F0 of the recording.
        silence_threshold: An unvoiced frame whose peak is lower than this share of the recording's is silent.

    Returns:
        Stretches from the first frame's middle to the last one's; neighbours are of different kinds.
    """
    kinds = np.where(pitch.voiced, 0, np.where(pitch.peak < silence_threshold, 2, 1))
    changes = np.flatnonzero(np.diff(kinds)) + 1
    borders = [pitch.times[0], *(pitch.times[changes - 1] + pitch.times[changes]) / 2, pitch.times[-1]]
    names = [_KINDS[kinds[place]] for place in (0, *changes)]
    return [Stretch(name, float(a), float(b)) for name, a, b in zip(names, borders[:-1], borders[1:], strict=True)]


@dataclass(frozen=True, eq=False)
class _Candidates:
    """What each frame offers; column 0 is "unvoiced", columns without a candidate have a score of -inf.

    Attributes:
        f0: float32 `[frame, candidate]` in hertz; 1 where there is none, so that its logarithm is 0.
        height: float32 `[frame, candidate]`: the autocorrelation at the maximum, 0 where there is none.
        score: float32 `[frame, candidate]`: what the path gathers.
        peak: float32 `[frame]`, as in `Pitch`.
    """

    f0: Series
    height: Series
    score: Series
    peak: Series


@dataclass(frozen=True, eq=False)
class _Correlator:
    """Turns the power spectra of windowed frames into their autocorrelations by one matrix product.

    Attributes:
        window: float32 `[sample]`.
        fft_size: Long enough that no lag reaches around.
        lags_seconds: float64 `[lag]`, half a sample of the low rate apart.
        matrix: float32 `[bin, lag]`, with one column more, which gives the energy.
        middle: The samples within half a longest period of the frame's middle.
    """

    window: Series
    fft_size: int
    lags_seconds: NDArray[np.float64]
    matrix: Series
    middle: slice

    def __call__(self, centred: Series) -> Series:
        """Return the correlations of frames, `[frame, lag]`: 1 at lag 0 (eq. 9), zeros in silence."""
        # In float64, in which NumPy's transform takes a quarter of the time.
        spectrum = np.fft.rfft(np.multiply(centred, self.window, dtype=np.float64), self.fft_size)
        power = np.asarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float32)
        correlation: Series = power @ self.matrix
        correlation[:, :-1] /= np.maximum(correlation[:, -1:], _TINY)
        return correlation[:, :-1]


def _at_low_rate(
    waveform: NDArray[np.floating], sampling_rate: float, hop_length: int, settings: PitchSettings
) -> tuple[Series, float, int]:
    """Return the waveform without its mean at a low rate, that rate, and the hop in samples, which is a whole number."""
    wanted = max(_ANALYSIS_RATE, _SAMPLES_PER_PERIOD * settings.high_hz)
    hop = max(1, round(hop_length * min(1.0, wanted / sampling_rate)))
    rate = sampling_rate * hop / hop_length
    low = resample(np.asarray(waveform, dtype=np.float32), sampling_rate, rate)
    if len(low):
        low = low - np.float32(low.mean(dtype=np.float64))
    # Resampling may round the length down by a sample, or a frame away.
    return np.pad(low, (0, max(0, len(waveform) // hop_length * hop - len(low)))), rate, hop


@lru_cache(maxsize=16)
def _correlator(sampling_rate: float, low_rate: float, settings: PitchSettings) -> _Correlator:
    """Return the correlator of frames at `sampling_rate`; its lags are those of `low_rate`."""
    longest_half = int(sampling_rate / settings.low_hz / 2)
    half = round(settings.periods * sampling_rate / settings.low_hz / 2)
    first = int(_LAGS_PER_SAMPLE * low_rate / settings.high_hz) - 1
    last = int(np.ceil(_LAGS_PER_SAMPLE * low_rate / settings.low_hz)) + 1
    lags_seconds = np.arange(first, last + 1) / (_LAGS_PER_SAMPLE * low_rate)
    window = hann(2 * half)
    fft_size = _fast_size(2 * half + int(np.ceil(lags_seconds[-1] * sampling_rate)))
    frequencies = np.fft.rfftfreq(fft_size, 1 / sampling_rate)
    matrix = np.cos(2 * np.pi * np.outer(frequencies, np.append(lags_seconds, 0.0))) * (2 / fft_size)
    matrix[[0, -1]] /= 2
    # Dividing by the window's own autocorrelation undoes what windowing does to that of the sound (eq. 9).
    own = np.abs(np.fft.rfft(window, fft_size)) ** 2 @ matrix
    matrix[:, :-1] *= own[-1] / own[:-1]
    middle = slice(half - longest_half, half + longest_half + 1)
    return _Correlator(window.astype(np.float32), fft_size, lags_seconds, matrix.astype(np.float32), middle)


def _fast_size(least: int) -> int:
    """Return the smallest even product of 2, 3 and 5 from `least` on, which Fourier transforms are fast with."""
    sizes = np.array([2**a * 3**b * 5**c for a in range(1, 24) for b in range(5) for c in range(3)])
    return int(sizes[sizes >= least].min())


def _candidates(
    waveform: NDArray[np.floating], sampling_rate: float, hop_length: int, settings: PitchSettings
) -> _Candidates:
    low, low_rate, low_hop = _at_low_rate(waveform, sampling_rate, hop_length, settings)
    at_low = _correlator(low_rate, low_rate, settings)
    at_full = _correlator(sampling_rate, low_rate, settings)
    frames = frame_count(len(waveform), hop_length)
    reach = max(1, round(len(at_full.window) / hop_length / 2))
    kept = _energies(low, low_hop, frames, reach) * (sampling_rate / low_rate)
    lossy = kept < _ENERGY_KEPT * _energies(waveform, hop_length, frames, reach)
    loudest = max(float(np.abs(low).max(initial=0)), _TINY)
    found = _no_candidates(frames)
    full_blocks = frame_blocks(waveform, len(at_full.window), hop_length, _BLOCK)
    low_blocks = frame_blocks(low, len(at_low.window), low_hop, _BLOCK)
    for (first, full_block), (_, low_block) in zip(full_blocks, low_blocks, strict=False):
        peak = found.peak[first : first + len(full_block)]
        centred = _centred(low_block[: len(full_block)])
        np.minimum(np.abs(centred[:, at_low.middle]).max(axis=1) / loudest, 1, out=peak)
        correlation = at_low(centred)
        rows = np.flatnonzero(lossy[first : first + len(peak)] & (peak >= settings.silence_threshold))
        rows = rows[correlation[rows].max(axis=1) > settings.voicing_threshold / 2]
        correlation[rows] = at_full(_centred(full_block[rows]))
        _find_maxima(correlation, at_low.lags_seconds, first, found, settings)
    silence = settings.silence_threshold / (1 + settings.voicing_threshold)
    found.score[:, 0] = settings.voicing_threshold + np.maximum(0, 2 - found.peak / max(silence, _TINY))  # eq. 23
    return found


def _energies(waveform: NDArray[np.floating], hop_length: int, frames: int, reach: int) -> NDArray[np.float64]:
    """Return the energy of `reach` hops to each side of each frame's middle, without that of a constant, `[frame]`."""
    hops = waveform[: len(waveform) // hop_length * hop_length].reshape(-1, hop_length)
    mean = float(hops.mean(dtype=np.float64)) if len(hops) else 0.0
    of_hops = np.einsum("ij,ij->i", hops, hops) - 2 * mean * hops.sum(axis=1) + hop_length * mean**2
    sums = np.concatenate([[0.0], np.cumsum(of_hops, dtype=np.float64)])
    places = np.arange(frames)
    energies: NDArray[np.float64] = sums[np.minimum(places + reach, len(hops))] - sums[np.maximum(places - reach, 0)]
    return energies


def _centred(frames: NDArray[np.floating]) -> Series:
    return np.asarray(frames - frames.mean(axis=1, keepdims=True), dtype=np.float32)


def _no_candidates(frames: int) -> _Candidates:
    shape = (frames, 1 + _CANDIDATES)
    return _Candidates(
        f0=np.ones(shape, np.float32),
        height=np.zeros(shape, np.float32),
        score=np.full(shape, -np.inf, np.float32),
        peak=np.zeros(frames, np.float32),
    )


def _find_maxima(
    correlation: Series, lags_seconds: NDArray[np.float64], first: int, found: _Candidates, settings: PitchSettings
) -> None:
    """Write the strongest maxima of each frame into `found`, from row `first` on."""
    inner = correlation[:, 1:-1]
    maxima = (inner > correlation[:, :-2]) & (inner >= correlation[:, 2:]) & (inner > settings.voicing_threshold / 2)
    frame, place = np.nonzero(maxima)
    before, top, after = (correlation[frame, place + step] for step in (0, 1, 2))
    slope, bend = (after - before) / 2, 2 * top - before - after
    shift = slope / np.maximum(bend, _TINY)
    step_seconds = lags_seconds[1] - lags_seconds[0]
    f0 = (1 / (lags_seconds[place + 1] + step_seconds * shift)).astype(np.float32)
    height = np.minimum(top + slope * shift / 2, 1).astype(np.float32)
    score = height + np.float32(settings.octave_cost) * np.log2(f0 / np.float32(settings.low_hz))  # eq. 24
    inside = (f0 >= settings.low_hz) & (f0 <= settings.high_hz)
    frame, f0, height, score = frame[inside], f0[inside], height[inside], score[inside]
    order = np.lexsort((-score, frame))
    frame = frame[order]
    rank = np.arange(len(frame)) - np.searchsorted(frame, frame)
    kept = rank < _CANDIDATES
    order, row, column = order[kept], first + frame[kept], 1 + rank[kept]
    found.f0[row, column], found.height[row, column], found.score[row, column] = f0[order], height[order], score[order]


def _best_path(candidates: _Candidates, settings: PitchSettings) -> NDArray[np.int64]:
    """Return the candidate of each frame, `[frame]`, on the path of the greatest sum of scores less costs (eq. 25-27)."""
    score = candidates.score
    frames = len(score)
    before = np.zeros(score.shape, np.int64)
    totals = score.astype(np.float64)  # float32 would round away the differences after some thousand frames
    for first in range(1, frames, _BLOCK):
        rows, earlier = slice(first, first + _BLOCK), slice(first - 1, min(first + _BLOCK, frames) - 1)
        gains = score[rows, :, np.newaxis] - _transition_costs(candidates.f0[first - 1 : first + _BLOCK], settings)
        for frame, gain in enumerate(gains, first):
            np.maximum.reduce(gain + totals[frame - 1], axis=1, out=totals[frame])
        before[rows] = (gains + totals[earlier, np.newaxis, :]).argmax(axis=2)
    path = [int(totals[-1].argmax())]
    for origins in reversed(before[1:].tolist()):
        path.append(origins[path[-1]])
    return np.array(path[::-1])


def _transition_costs(f0: Series, settings: PitchSettings) -> Series:
    """Return what the way from each candidate to each of the next frame costs, `[frame - 1, to, from]`."""
    octaves = np.log2(f0)
    costs = settings.octave_jump_cost * np.abs(octaves[1:, :, np.newaxis] - octaves[:-1, np.newaxis, :])
    costs[:, 0, :] = costs[:, :, 0] = settings.voicing_cost
    costs[:, 0, 0] = 0
    return np.asarray(costs * np.float32(_REFERENCE_HOP_SECONDS / settings.hop_seconds), dtype=np.float32)
