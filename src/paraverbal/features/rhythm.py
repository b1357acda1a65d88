"""Rhythm of an utterance: how fast syllables follow each other, and how evenly.

A syllable has one nucleus, nearly always a vowel: voiced, and louder than what lies around it. So peaks of the intensity
contour that stand out from the dips beside them, are not far below the loud parts, and are voiced, are counted as syllables (de
Jong and Wempe 2009, Praat script to detect syllable nuclei and measure speech rate automatically, Behavior Research Methods 41).
No transcript is needed; the price is that single syllables are missed where vowels meet, or found where one trembles.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import RecipeError
from paraverbal.features.pitch import Pitch
from paraverbal.features.prosody import Stretch, Values, loud_level, none_for_nan, pauses, ratio, speech_span


@dataclass(frozen=True)
class RhythmSettings:
    """What counts as the nucleus of a syllable.

    Attributes:
        dip_db: How far the level falls on both sides of a nucleus before it rises again; 2 dB in the paper, 4 dB for speech
            in noise.
        below_loud_db: How far below the loud parts a nucleus may lie. The paper asked for the median level instead, which
            depends on how much silence there is; 25 dB is that of the script's second version, of 2010.
        smoothing_seconds: The contour is averaged over this time, which hides the beat of single periods.
        least_pause_seconds: A longer silence parts two intervals between nuclei, which then are not compared.

    Raises:
        RecipeError: A number is not above 0.
    """

    dip_db: float = 2.0
    below_loud_db: float = 25.0
    smoothing_seconds: float = 0.030
    least_pause_seconds: float = 0.250

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 < value < math.inf:
                raise RecipeError(f"{name} {value}: give a number above 0")


@dataclass(frozen=True)
class Rhythm:
    """Rhythm of an utterance in numbers; NaN where there is too little to measure.

    Attributes:
        syllables: How many nuclei were found.
        speech_rate_syllables_per_second: Over the time from the first sound to the last, pauses included.
        articulation_rate_syllables_per_second: Over the same time without its pauses.
        interval_mean_seconds: Mean interval from a nucleus to the next, none across a pause.
        interval_varco: Standard deviation of these intervals as a share of their mean, times 100 (Dellwo 2006, Rhythm and
            speech rate: a variation coefficient for deltaC).
        interval_npvi: Normalised pairwise variability index: mean difference of neighbouring intervals as a share of their
            mean, times 100; 0 to 200 (Grabe and Low 2002, Durational variability in speech and the rhythm class hypothesis).
        voiced_share: Voiced share of the time from the first sound to the last, without pauses. It stands for %V, the share
            of vowels, which needs a transcript (Dellwo, Fourcin and Abberton 2007, Rhythmical classification of languages
            based on voice parameters, ICPhS).
        nuclei_seconds: Where the nuclei are.
    """

    syllables: int
    speech_rate_syllables_per_second: float
    articulation_rate_syllables_per_second: float
    interval_mean_seconds: float
    interval_varco: float
    interval_npvi: float
    voiced_share: float
    nuclei_seconds: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON types; what does not exist is None."""
        return {name: none_for_nan(value) for name, value in asdict(self).items()}


def rhythm(
    pitch: Pitch,
    intensity_db: Values,
    parts: tuple[Stretch, ...],
    settings: RhythmSettings = RhythmSettings(),
) -> Rhythm:
    """Return the rhythm of an utterance.

    Args:
        pitch: F0 of each frame.
        intensity_db: Level of each frame in dB, `[frame]`, on the grid of `pitch`.
        parts: Voiced, unvoiced and silent parts, as `prosody.stretches` gives them.
        settings: What counts as a nucleus.
    """
    nuclei = syllable_nuclei(pitch, intensity_db, settings)
    start, end = speech_span(parts)
    breaks = pauses(parts, settings.least_pause_seconds)
    spoken = end - start - sum(pause.seconds for pause in breaks)
    runs = np.split(nuclei, np.searchsorted(nuclei, [pause.start_seconds for pause in breaks]))
    intervals = [np.diff(run) for run in runs]
    every = np.concatenate(intervals)
    mean = float(every.mean()) if len(every) else math.nan
    return Rhythm(
        syllables=len(nuclei),
        speech_rate_syllables_per_second=ratio(len(nuclei), end - start),
        articulation_rate_syllables_per_second=ratio(len(nuclei), spoken),
        interval_mean_seconds=mean,
        interval_varco=100 * float(every.std()) / mean if len(every) > 1 else math.nan,
        interval_npvi=_npvi(intervals),
        voiced_share=ratio(sum(part.seconds for part in parts if part.kind == "voiced"), spoken),
        nuclei_seconds=tuple(nuclei.tolist()),
    )


def syllable_nuclei(
    pitch: Pitch, intensity_db: Values, settings: RhythmSettings = RhythmSettings()
) -> NDArray[np.float64]:
    """Return the times of the nuclei of syllables in seconds, float64 `[syllable]`; arguments as for `rhythm`."""
    hop_seconds = float(pitch.times[1]) if len(pitch.times) > 1 else settings.smoothing_seconds
    level = _smooth(intensity_db, round(settings.smoothing_seconds / hop_seconds))
    peaks = prominent_peaks(level, settings.dip_db)
    least = loud_level(intensity_db, hop_seconds) - settings.below_loud_db
    return np.asarray(pitch.times[peaks[(level[peaks] >= least) & pitch.voiced[peaks]]])


def prominent_peaks(contour: Values, prominence: float) -> NDArray[np.intp]:
    """Return the maxima from which the contour falls by at least `prominence` on both sides before it rises above them.

    Args:
        contour: `[frame]`, finite. Its ends are no maxima.
        prominence: In the contour's unit, above 0.

    Returns:
        Places in rising order; of a level top the first.
    """
    turns = _turns(contour)
    peaks: list[int] = []
    top, bottom, rising = -1, turns[0], False
    for place in turns[1:]:
        height = contour[place]
        if rising and height > contour[top]:
            top = place
        elif rising and height <= contour[top] - prominence:
            peaks.append(top)
            bottom, rising = place, False
        elif not rising and height < contour[bottom]:
            bottom = place
        elif not rising and height >= contour[bottom] + prominence:
            top, rising = place, True
    return np.array(peaks, dtype=np.intp)


def _turns(contour: Values) -> list[int]:
    """Return the ends of a contour and the places where it turns from rising to falling or back."""
    places = np.concatenate([[0], 1 + np.flatnonzero(np.diff(contour))])  # the first of equal neighbours
    ways = np.sign(np.diff(contour[places]))
    turning = places[1:-1][ways[1:] != ways[:-1]]
    return [0, *turning.tolist(), len(contour) - 1]


def _smooth(contour: Values, frames: int) -> Values:
    """Return the moving average over an odd number of frames, the ends repeated."""
    half = frames // 2
    if half == 0:
        return contour
    padded = np.pad(contour.astype(np.float64), half, mode="edge")
    return np.convolve(padded, np.full(2 * half + 1, 1 / (2 * half + 1)), mode="valid")


def _npvi(intervals: list[NDArray[np.float64]]) -> float:
    differences = [2 * np.abs(np.diff(run)) / (run[1:] + run[:-1]) for run in intervals]
    every = np.concatenate(differences)
    return 100 * float(every.mean()) if len(every) else math.nan
