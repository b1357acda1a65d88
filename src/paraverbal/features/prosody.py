"""Prosody of an utterance: how pitch and level move, and where it is voiced, unvoiced and silent.

Everything comes from two contours on one grid of frames: F0 (`pitch.track`) and intensity (`time_domain.intensity`). Intervals of
pitch are in semitones, 12 to the octave, because equal ratios are heard as equal intervals. What does not exist, such as the
mean F0 of a whisper, is NaN, and None in `to_dict`.
"""

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import RecipeError
from paraverbal.features.pitch import Pitch

Values = NDArray[np.floating]
Kind = Literal["voiced", "unvoiced", "silent"]
Direction = Literal["rise", "fall", "level"]

_KINDS: tuple[Kind, ...] = ("voiced", "unvoiced", "silent")

# A recording whose loud parts are quieter than this (dB of full scale) holds no sound: 16 bits have a step of -90 dB.
SILENT_DB = -80.0

# The loud parts of a recording: a fiftieth of it, half a second at most. A click is shorter.
_LOUD_SHARE = 1 / 50
_LOUD_SECONDS = 0.5

# A range is taken between these quantiles: single frames an octave off do not count.
_RANGE = (0.05, 0.95)


@dataclass(frozen=True)
class ProsodySettings:
    """Where silence begins, what counts as a pause, and how closely the stylised F0 contour follows the real one.

    Attributes:
        silence_db: A frame that is neither voiced nor within this many dB of the loud parts is silent (Praat's default).
        least_silence_seconds: A shorter silence, such as the closure of a stop, belongs to the unvoiced sound around it.
        least_sound_seconds: A shorter unvoiced sound between silences, such as a click, belongs to the silence.
        least_pause_seconds: A silence between sounds is a pause from here on: de Jong and Bosker 2013, Choosing a threshold
            for silent pauses to measure second language fluency, DiSS.
        tolerance_semitones: How far the stylised contour may lie from the real one.
        glissando: A straight piece of contour that lasts `T` seconds is heard as a glide if it moves by more than
            `glissando / T^2` semitones per second: 't Hart, Collier and Cohen 1990, A perceptual study of intonation, chapter 2.

    Raises:
        RecipeError: A number is not above 0.
    """

    silence_db: float = 25.0
    least_silence_seconds: float = 0.100
    least_sound_seconds: float = 0.030
    least_pause_seconds: float = 0.250
    tolerance_semitones: float = 1.0
    glissando: float = 0.16

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 < value < math.inf:
                raise RecipeError(f"{name} {value}: give a number above 0")


@dataclass(frozen=True)
class Stretch:
    """A part of a recording of one kind; times are in seconds from its beginning."""

    start_seconds: float
    end_seconds: float
    kind: Kind

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end_seconds - self.start_seconds


@dataclass(frozen=True)
class Movement:
    """A straight piece of the stylised F0 contour, straight in semitones.

    Attributes:
        start_seconds: Middle of its first frame.
        end_seconds: Middle of its last frame, which is the first of the next piece of the same voiced stretch.
        start_hz: F0 of the first frame.
        end_hz: F0 of the last frame.
        direction: `rise` or `fall` if it is heard as a glide, else `level`.
    """

    start_seconds: float
    end_seconds: float
    start_hz: float
    end_hz: float
    direction: Direction

    @property
    def semitones(self) -> float:
        """How far F0 moves; falls are negative."""
        return 12 * math.log2(self.end_hz / self.start_hz)


@dataclass(frozen=True)
class Prosody:
    """Prosody of an utterance in numbers.

    Attributes:
        duration_seconds: Of the whole recording.
        speech_seconds: From the first sound to the last, pauses included; 0 without sound.
        f0_mean_hz: Mean over voiced frames, and so on for the other `f0` values.
        f0_deviation_semitones: Standard deviation.
        f0_range_semitones: From the 5th to the 95th percentile.
        f0_slope_semitones_per_second: Of the line of least squares over the whole utterance; declination is negative.
        f0_rises: Pieces of the stylised contour that are heard as rises.
        f0_falls: Those heard as falls.
        intensity_mean_db: Mean over frames that are not silent, and so on for the other `intensity` values; of full scale.
        intensity_deviation_db: Standard deviation.
        intensity_range_db: From the 5th to the 95th percentile.
        intensity_slope_db_per_second: Of the line of least squares.
        voiced_seconds: Sum of the voiced stretches.
        unvoiced_seconds: Sum of the unvoiced stretches.
        silent_seconds: Sum of the silent stretches; the three add up to `duration_seconds`.
        pauses: Silences of at least `ProsodySettings.least_pause_seconds` between sounds.
        pause_seconds: Their sum.
        pause_share: Their share of `speech_seconds`.
        stretches: Voiced, unvoiced and silent parts, without gaps from 0 to `duration_seconds`.
        movements: The stylised F0 contour.
    """

    duration_seconds: float
    speech_seconds: float
    f0_mean_hz: float
    f0_deviation_semitones: float
    f0_range_semitones: float
    f0_slope_semitones_per_second: float
    f0_rises: int
    f0_falls: int
    intensity_mean_db: float
    intensity_deviation_db: float
    intensity_range_db: float
    intensity_slope_db_per_second: float
    voiced_seconds: float
    unvoiced_seconds: float
    silent_seconds: float
    pauses: int
    pause_seconds: float
    pause_share: float
    stretches: tuple[Stretch, ...]
    movements: tuple[Movement, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON types; what does not exist is None."""
        return {name: none_for_nan(value) for name, value in asdict(self).items()}


def prosody(
    pitch: Pitch,
    intensity_db: Values,
    duration_seconds: float,
    settings: ProsodySettings = ProsodySettings(),
) -> Prosody:
    """Return the prosody of an utterance.

    Args:
        pitch: F0 of each frame.
        intensity_db: Level of each frame in dB of full scale, `[frame]`, on the grid of `pitch`.
        duration_seconds: Of the recording.
        settings: Silence, pauses, stylisation.
    """
    parts = stretches(pitch, intensity_db, duration_seconds, settings)
    seconds = {kind: sum((part.seconds for part in parts if part.kind == kind), 0.0) for kind in _KINDS}
    start, end = speech_span(parts)
    breaks = pauses(parts, settings.least_pause_seconds)
    silence = sum((pause.seconds for pause in breaks), 0.0)
    moves = stylise(pitch, settings)
    voiced = pitch.voiced
    loud = _within(pitch.times, parts)
    semitones = 12 * np.log2(pitch.f0[voiced].astype(np.float64))
    f0_deviation, f0_range, f0_slope = _shape(semitones, pitch.times[voiced])
    deviation_db, range_db, slope_db = _shape(intensity_db[loud], pitch.times[loud])
    return Prosody(
        duration_seconds=duration_seconds,
        speech_seconds=end - start,
        f0_mean_hz=_mean(pitch.f0[voiced]),
        f0_deviation_semitones=f0_deviation,
        f0_range_semitones=f0_range,
        f0_slope_semitones_per_second=f0_slope,
        f0_rises=sum(move.direction == "rise" for move in moves),
        f0_falls=sum(move.direction == "fall" for move in moves),
        intensity_mean_db=_mean(intensity_db[loud]),
        intensity_deviation_db=deviation_db,
        intensity_range_db=range_db,
        intensity_slope_db_per_second=slope_db,
        voiced_seconds=seconds["voiced"],
        unvoiced_seconds=seconds["unvoiced"],
        silent_seconds=seconds["silent"],
        pauses=len(breaks),
        pause_seconds=silence,
        pause_share=ratio(silence, end - start),
        stretches=parts,
        movements=moves,
    )


def stretches(
    pitch: Pitch,
    intensity_db: Values,
    duration_seconds: float,
    settings: ProsodySettings = ProsodySettings(),
) -> tuple[Stretch, ...]:
    """Return the voiced, unvoiced and silent parts of a recording, in order and without gaps; arguments as for `prosody`.

    A frame reaches half a hop to each side of its middle. Steady noise is unvoiced, not silent: only level tells silence here.
    """
    hop_seconds = _hop_seconds(pitch, duration_seconds)
    silent = ~pitch.voiced & (intensity_db < loud_level(intensity_db, hop_seconds) - settings.silence_db)
    silent = _without_short(silent, settings.least_silence_seconds / hop_seconds, between=~silent, ends=False)
    unvoiced = ~pitch.voiced & ~silent
    unvoiced = _without_short(unvoiced, settings.least_sound_seconds / hop_seconds, between=silent, ends=True)
    kinds = np.where(pitch.voiced, 0, np.where(unvoiced, 1, 2))
    starts, _ = _runs(kinds)
    edges = np.concatenate([[0], (pitch.times[starts[1:]] + pitch.times[starts[1:] - 1]) / 2, [duration_seconds]])
    return tuple(
        Stretch(float(start), float(end), _KINDS[kinds[first]])
        for (start, end), first in zip(pairwise(edges), starts, strict=True)
        if end > start
    )


def loud_level(intensity_db: Values, hop_seconds: float) -> float:
    """Return the level that the loud parts of a recording exceed, in dB; infinite where there is no sound at all."""
    frames = len(intensity_db)
    place = frames - max(1, min(int(_LOUD_SHARE * frames), round(_LOUD_SECONDS / hop_seconds)))
    level = float(np.partition(intensity_db, place)[place])
    return level if level > SILENT_DB else math.inf


def speech_span(parts: tuple[Stretch, ...]) -> tuple[float, float]:
    """Return where the first sound begins and where the last ends, in seconds; 0 and 0 without sound."""
    sounding = [part for part in parts if part.kind != "silent"]
    return (sounding[0].start_seconds, sounding[-1].end_seconds) if sounding else (0.0, 0.0)


def pauses(parts: tuple[Stretch, ...], least_seconds: float) -> tuple[Stretch, ...]:
    """Return the silences of at least `least_seconds` between sounds; those before the first and after the last are none."""
    return tuple(part for part in parts[1:-1] if part.kind == "silent" and part.seconds >= least_seconds)


def stylise(pitch: Pitch, settings: ProsodySettings = ProsodySettings()) -> tuple[Movement, ...]:
    """Return the F0 contour as straight pieces, none further from it than `settings.tolerance_semitones`.

    Each voiced stretch is split where it lies furthest from the line between its ends, and its parts again, until all lie
    within the tolerance: Ramer 1972, An iterative procedure for the polygonal approximation of plane curves, with distances
    along the axis of pitch. A stretch of one frame has no piece.
    """
    starts, lengths = _runs(pitch.voiced)
    moves: list[Movement] = []
    for start, length in zip(starts, lengths, strict=True):
        if pitch.voiced[start] and length > 1:
            corners = start + _corners(12 * np.log2(pitch.f0[start : start + length]), settings.tolerance_semitones)
            moves += [_movement(pitch, first, last, settings.glissando) for first, last in pairwise(corners)]
    return tuple(moves)


def none_for_nan(value: Any) -> Any:
    """Return None for NaN, which JSON does not know, and anything else as it is."""
    return None if isinstance(value, float) and math.isnan(value) else value


def ratio(dividend: float, divisor: float) -> float:
    """Return the quotient; NaN of nothing."""
    return dividend / divisor if divisor > 0 else math.nan


def _corners(contour: Values, tolerance: float) -> NDArray[np.intp]:
    found = [0, len(contour) - 1]
    waiting = [(0, len(contour) - 1)]
    while waiting:
        first, last = waiting.pop()
        line = np.linspace(contour[first], contour[last], last - first + 1)
        distance = np.abs(contour[first : last + 1] - line)
        worst = first + int(distance.argmax())
        if distance[worst - first] > tolerance:
            found.append(worst)
            waiting += [(first, worst), (worst, last)]
    return np.array(sorted(found))


def _movement(pitch: Pitch, first: int, last: int, glissando: float) -> Movement:
    seconds = float(pitch.times[last] - pitch.times[first])
    start_hz, end_hz = float(pitch.f0[first]), float(pitch.f0[last])
    semitones = 12 * math.log2(end_hz / start_hz)
    direction: Direction = "level"
    if abs(semitones) > glissando / seconds:
        direction = "rise" if semitones > 0 else "fall"
    return Movement(float(pitch.times[first]), float(pitch.times[last]), start_hz, end_hz, direction)


def _hop_seconds(pitch: Pitch, duration_seconds: float) -> float:
    return float(pitch.times[1]) if len(pitch.times) > 1 else max(duration_seconds, 1e-3)


def _runs(values: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first place and the length of each run of equal values."""
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    return starts, np.diff(starts, append=len(values))


def _without_short(
    mask: NDArray[np.bool_], least_frames: float, *, between: NDArray[np.bool_], ends: bool
) -> NDArray[np.bool_]:
    """Return the mask without runs of True that are shorter than `least_frames` and lie between frames of `between`.

    `ends` says whether an end of the recording counts as one of them.
    """
    starts, lengths = _runs(mask)
    padded = np.pad(between, 1, constant_values=ends)
    short = (lengths < least_frames - 1e-9) & padded[starts] & padded[starts + lengths + 1]
    return np.repeat(mask[starts] & ~short, lengths)


def _within(times: NDArray[np.float64], parts: tuple[Stretch, ...]) -> NDArray[np.bool_]:
    """Return which frames lie in stretches that are not silent."""
    if not parts:
        return np.zeros(len(times), dtype=bool)
    place = np.searchsorted([part.end_seconds for part in parts], times, side="right")
    sounding = np.array([part.kind != "silent" for part in parts])
    return np.asarray(sounding[np.minimum(place, len(parts) - 1)])


def _mean(values: Values) -> float:
    return float(values.mean(dtype=np.float64)) if len(values) else math.nan


def _shape(values: Values, times: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the standard deviation, the range and the slope per second of a contour; NaN of no frames."""
    if len(values) == 0:
        return math.nan, math.nan, math.nan
    low, high = np.quantile(values, _RANGE)
    centred = times - times.mean()
    slope = ratio(float(centred @ values.astype(np.float64)), float(centred @ centred))
    return float(values.std(dtype=np.float64)), float(high - low), slope
