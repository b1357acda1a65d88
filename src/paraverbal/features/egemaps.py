"""The 88 functionals of the eGeMAPS: one row of numbers for a clip of any length, by the names of openSMILE's eGeMAPSv02.

Descriptors of every 10 ms (`egemaps_levels`) are averaged over three frames (`sma3`; `sma3nz` where only frames that have a
value count), and then over the clip: mean and variation of most, percentiles and slopes of F0 and loudness, spectra apart
for voiced and unvoiced frames, and how long voiced and unvoiced stretches last.

`EgemapsSettings.as_opensmile` (the default) gives the numbers of openSMILE, with its faults, because models are trained on them:
samples cut to 16 bits, formants (`egemaps_formants`), H1-H2 and H1-A3 (`egemaps_harmonics`), spectral slopes
(`spectral_shape.slope`), the alpha ratio from 0 Hz, the Hammarberg index with 2000 Hz in its upper band only, mel bands from
their second bin on, levels of -201 dB in unvoiced frames, and the slope from the last turning point to the end, which enters
the mean with its own sign and the deviation not at all. Without it, the quantities are those of the paper.

Sources: Eyben et al. 2016, The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective computing,
IEEE Transactions on Affective Computing 7, 190-202, section 3; values of openSMILE's eGeMAPSv02.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import EmptyAudioError, RecipeError
from paraverbal.features.egemaps_levels import HOP_SECONDS, SPECTRAL, VOICE, Levels, measure
from paraverbal.features.egemaps_pitch import stretches
from paraverbal.features.frames import require_finite
from paraverbal.features.statistics import turning_points

Series = NDArray[np.float32]
Values = NDArray[np.float64]
Turns = tuple[NDArray[np.intp], NDArray[np.bool_]]

_CONTOUR = (
    "amean",
    "stddevNorm",
    "percentile20.0",
    "percentile50.0",
    "percentile80.0",
    "pctlrange0-2",
    "meanRisingSlope",
    "stddevRisingSlope",
    "meanFallingSlope",
    "stddevFallingSlope",
)
_MOMENTS = ("amean", "stddevNorm")
_WHOLE = SPECTRAL[5:]  # flux and cepstrum: over all frames, then over voiced ones


def _apart(name: str, kind: str) -> str:
    """Return a descriptor's name over voiced (`V`) or unvoiced (`UV`) frames: `slope0-500` becomes `slopeV0-500`."""
    return name.replace("slope", f"slope{kind}") if name.startswith("slope") else name + kind


NAMES: tuple[str, ...] = (
    *(f"F0semitoneFrom27.5Hz_sma3nz_{name}" for name in _CONTOUR),
    *(f"loudness_sma3_{name}" for name in _CONTOUR),
    *(f"{name}_sma3_{moment}" for name in _WHOLE for moment in _MOMENTS),
    *(f"{name}_sma3nz_{moment}" for name in VOICE for moment in _MOMENTS),
    *(f"{_apart(name, 'V')}_sma3nz_{moment}" for name in SPECTRAL[1:] for moment in _MOMENTS),
    *(f"{_apart(name, 'UV')}_sma3nz_amean" for name in SPECTRAL[1:6]),
    "loudnessPeaksPerSec",
    "VoicedSegmentsPerSec",
    "MeanVoicedSegmentLengthSec",
    "StddevVoicedSegmentLengthSec",
    "MeanUnvoicedSegmentLength",
    "StddevUnvoicedSegmentLength",
    "equivalentSoundLevel_dBp",
)
"""The 88 names in openSMILE's order."""

# Semitones are counted from A0, four octaves below 440 Hz.
_REFERENCE_HZ = 27.5

# A gap of one frame does not end a stretch, and a stretch of two frames is too short to count.
_LONGEST_GAP, _SHORTEST_STRETCH = 1, 3

# So that the copies of hours of series need little memory.
_VALUES_AT_ONCE = 1_000_000

# A clip of digital silence has this level in dB.
_LEAST_MEAN_SQUARE = 1e-20


@dataclass(frozen=True)
class EgemapsSettings:
    """What can be chosen.

    Attributes:
        low_hz: Lowest F0 in hertz; 25 at least. Creaky voices need less than 55.
        high_hz: Highest F0 in hertz. Screaming children need all of 1000; for adults 500 avoids octave errors.
        voicing: Voicing (0..1) above which a frame is voiced; 0.7 in openSMILE.
        missing: What stands for functionals of voiced (unvoiced) frames in a clip without them: `zero`, as in openSMILE,
            because models need numbers, or `nan`.
        as_opensmile: With openSMILE's faults, or by the paper.
    """

    low_hz: float = 55.0
    high_hz: float = 1000.0
    voicing: float = 0.7
    missing: Literal["zero", "nan"] = "zero"
    as_opensmile: bool = True

    def __post_init__(self) -> None:
        if not 25 <= self.low_hz < self.high_hz <= 2000:
            raise RecipeError(
                f"F0 from {self.low_hz} to {self.high_hz} Hz: give low_hz from 25 Hz on, below high_hz, and that up to 2000 Hz"
            )
        if not 0 < self.voicing < 1:
            raise RecipeError(f"voicing is {self.voicing}; give a number between 0 and 1, typically 0.7")
        if self.missing not in ("zero", "nan"):
            raise RecipeError(f"missing is {self.missing!r}; give 'zero' or 'nan'")


def functionals(
    waveform: NDArray[np.floating], sampling_rate: float, settings: EgemapsSettings = EgemapsSettings()
) -> Series:
    """Return the eGeMAPS of a clip.

    Args:
        waveform: `[sample]` in -1..1. Less than 60 ms are filled up with zeros.
        sampling_rate: In hertz, at least 8000; nothing is resampled. The numbers are defined at 16000, to which a caller brings
            other recordings first. At 8000 Hz what lies over 4000 Hz counts as silent: the alpha ratio and the Hammarberg
            index end there, and the last 6 of 26 mel bands stand at their floor, which moves the cepstrum.
        settings: F0 range, voicing, what stands for missing values.

    Returns:
        float32 `[88]` in the order of `NAMES`. A clip without voiced frames (whisper, noise, silence) has no F0, formants and
        voice quality: 0 stands for them, or NaN by `settings.missing`.

    Raises:
        EmptyAudioError: There are no samples.
        NonFiniteAudioError: A sample is NaN or infinite.
        RecipeError: The sampling rate is under 8000 Hz.

    Example:
        >>> clip = np.sin(2 * np.pi * 220 * np.arange(16000) / 16000).astype(np.float32)
        >>> round(float(functionals(clip, 16000)[NAMES.index("F0semitoneFrom27.5Hz_sma3nz_amean")]))
        36
    """
    if len(waveform) == 0:
        raise EmptyAudioError(None, "the waveform holds no samples; leave it out")
    if not sampling_rate >= 8000:
        raise RecipeError(
            f"the sampling rate is {sampling_rate} Hz; the eGeMAPS need 8000 Hz or more, and mean 16000 Hz"
        )
    require_finite(waveform)
    levels = measure(
        waveform,
        sampling_rate,
        f0_range=(settings.low_hz, settings.high_hz),
        voicing=settings.voicing,
        as_opensmile=settings.as_opensmile,
    )
    found = summarise(levels, as_opensmile=settings.as_opensmile)
    return np.nan_to_num(found, nan=0.0) if settings.missing == "zero" else found


def summarise(levels: Levels, *, as_opensmile: bool = True) -> Series:
    """Return the 88 functionals of descriptors, float32, NaN where there are no frames to take them from."""
    frames = len(levels.f0)
    voiced = levels.f0 > 0
    semitones = np.full(frames, np.nan)
    semitones[voiced] = 12 * np.log2(levels.f0[voiced] / _REFERENCE_HZ)
    semitones = _smooth(semitones).astype(np.float64)
    smooth = _smooth(levels.spectral)
    loudness, whole = smooth[0].astype(np.float64), smooth[5:]
    loudness_turns = turning_points(loudness)
    spectral = levels.spectral[1:, :frames]
    # A frame of digital silence has ratios of exactly 0, which openSMILE takes for missing.
    spectral = np.where(spectral != 0, spectral, np.float32(np.nan))
    apart = _smooth_moments(
        np.concatenate(
            [np.where(voiced, spectral, np.float32(np.nan)), np.where(voiced, np.float32(np.nan), spectral[:5])]
        )
    )
    parts: list[Values | list[float]] = [
        _contour(semitones[voiced], turning_points(semitones[voiced]), as_opensmile),
        _contour(loudness, loudness_turns, as_opensmile),
        _moments(whole),
        _smooth_moments(levels.voice),
        apart[: 2 * len(spectral)],
        apart[2 * len(spectral) :: 2],
        [loudness_turns[1].sum() / (len(loudness) * HOP_SECONDS)],
        _durations(voiced),
        [10 * np.log10(max(levels.mean_square, _LEAST_MEAN_SQUARE))],
    ]
    return np.concatenate(parts).astype(np.float32)


def _smooth(series: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return means of three neighbours `[..., frame]`, of those that are not NaN; NaN stays. Ends count twice."""
    padded = np.concatenate([series[..., :1], series, series[..., -1:]], axis=-1)
    missing = np.isnan(padded)
    if not missing.any():
        return np.asarray((padded[..., :-2] + padded[..., 1:-1] + padded[..., 2:]) / padded.dtype.type(3))
    values = np.where(missing, padded.dtype.type(0), padded)
    counts = 3 - (missing[..., :-2].astype(np.int8) + missing[..., 1:-1] + missing[..., 2:])
    sums = values[..., :-2] + values[..., 1:-1] + values[..., 2:]
    means = sums / np.maximum(counts, 1).astype(padded.dtype)
    return np.asarray(np.where(missing[..., 1:-1], padded.dtype.type(np.nan), means))


def _smooth_moments(series: Series) -> Values:
    """Return `_moments` of the smoothed rows of `series [feature, frame]`, a few rows at a time."""
    rows = max(1, _VALUES_AT_ONCE // series.shape[1])
    return np.concatenate([_moments(_smooth(series[first : first + rows])) for first in range(0, len(series), rows)])


def _moments(series: NDArray[np.floating]) -> Values:
    """Return mean and variation (deviation over mean) of `series [feature, frame]` in turn, without NaN, `[2 feature]`."""
    present = ~np.isnan(series)
    counts = present.sum(axis=1)
    values = np.where(present, series, 0).astype(np.float64)
    divisors = np.maximum(counts, 1)
    means = values.sum(axis=1) / divisors
    deviations = np.sqrt((np.where(present, values - means[:, np.newaxis], 0) ** 2).sum(axis=1) / divisors)
    variations = np.divide(deviations, means, out=np.zeros(len(means)), where=means != 0)
    return np.where(counts > 0, np.stack([means, variations]), np.nan).T.ravel()


def _contour(series: Values, turns: Turns, as_opensmile: bool) -> Values:
    """Return the ten functionals of F0 and of loudness, of `series [frame]` without NaN and its turning points."""
    if len(series) == 0:
        return np.full(len(_CONTOUR), np.nan)
    ranked = np.sort(series)
    low, middle, high = np.interp(np.array([0.2, 0.5, 0.8]) * (len(series) - 1), np.arange(len(series)), ranked)
    slopes = _slopes(series, turns, as_opensmile)
    return np.concatenate([_moments(series[np.newaxis]), [low, middle, high, high - low], slopes])


def _slopes(series: Values, turns: Turns, as_opensmile: bool) -> Values:
    """Return mean and deviation of rises, then of falls, per second; 0 without any."""
    places, peaks = turns
    corners = np.concatenate([[0], places, [len(series) - 1]])
    seconds = np.maximum(np.diff(corners), 1) * HOP_SECONDS
    steepness = np.diff(series[corners]) / seconds
    falling, heights = steepness < 0, np.abs(steepness)
    if as_opensmile and len(places):
        # The last stretch counts as what should follow the last turn, with its sign if it goes the other way.
        falling[-1], heights[-1] = peaks[-1], steepness[-1]
    return np.concatenate([_mean_deviation(heights, falling == fall, as_opensmile) for fall in (False, True)])


def _mean_deviation(values: Values, chosen: NDArray[np.bool_], as_opensmile: bool) -> list[float]:
    if not chosen.any():
        return [0.0, 0.0]
    mean = values[chosen].mean()
    squares = np.where(chosen, (values - mean) ** 2, 0)
    if as_opensmile:
        squares[-1] = 0
    return [float(mean), float(np.sqrt(squares.sum() / chosen.sum()))]


def _durations(voiced: NDArray[np.bool_]) -> list[float]:
    """Return voiced stretches per second, mean and deviation of their lengths in seconds, and those of unvoiced ones.

    As in openSMILE, a stretch of `n` frames lasts `n - 1` hops.
    """
    voiced_lengths, unvoiced_lengths = _lengths(voiced), _lengths(~voiced)
    return [
        len(voiced_lengths) / (len(voiced) * HOP_SECONDS),
        *_mean_length(voiced_lengths),
        *_mean_length(unvoiced_lengths),
    ]


def _lengths(true: NDArray[np.bool_]) -> NDArray[np.intp]:
    starts, ends = stretches(true)
    apart = starts[1:] - ends[:-1] > _LONGEST_GAP
    starts = starts[np.concatenate([[True], apart])[: len(starts)]]
    ends = ends[np.concatenate([apart, [True]])[-len(ends) :]] if len(ends) else ends
    lengths: NDArray[np.intp] = ends - starts
    return (lengths - 1)[lengths >= _SHORTEST_STRETCH]


def _mean_length(lengths: NDArray[np.intp]) -> tuple[float, float]:
    return (HOP_SECONDS * lengths.mean(), HOP_SECONDS * lengths.std()) if len(lengths) else (0.0, 0.0)
