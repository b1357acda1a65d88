"""Clips that differ from the others of their corpus: in length, level, clipping, silence, or in how they sound.

How far is told by the modified z score, the distance from the median in units that are a standard deviation where values are
normal, but that a few wild values do not move. Source: Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993, which
also has the limit of 3.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paraverbal.audio.read import Waveform
from paraverbal.features.frames import frame_count
from paraverbal.inference.warn import CLIPPED_SHARE, SILENCE_DB, clipped_share
from paraverbal.metrics.classes import Floats

HOP_SECONDS = 0.010
LIMIT = 3.5
# Standard deviations of a normal distribution in its median, and in its mean, absolute deviation.
_MEDIAN_DEVIATIONS = 1.4826
_MEAN_DEVIATIONS = 1.2533
# Further than this a functional does not count for more, so that one wild value is not the whole distance.
FURTHEST = 10.0
# A block of 10 ms that lies so far below the loudest one is silent.
SILENT_DB = 40.0
# Less than these an outlier is not worth a look, however alike the others are.
LEAST_DB = 6.0
LEAST_DURATION_RATIO = 1.5
LEAST_SILENT_SHARE = 0.2
NAMED = 3  # functionals that stick out most
QUIETEST_DB = -120.0  # told of digital silence


@dataclass(frozen=True)
class Signal:
    """What a waveform tells without descriptors.

    Attributes:
        seconds: Duration.
        frames: Of 10 ms hops, centred: `1 + samples // hop`.
        level_db: Root mean square, dB of full scale; -120 at least.
        clipped: Share of samples at full scale, 0..1.
        silent: Share of 10 ms blocks more than 40 dB below the loudest, 0..1; 1 for digital silence.
    """

    seconds: float
    frames: int
    level_db: float
    clipped: float
    silent: float


@dataclass(frozen=True)
class Outlier:
    """A clip, by its index, that differs, and in what; `score` is the largest modified z score, or 3.5 for clipping alone."""

    clip: int
    score: float
    reasons: tuple[str, ...]


def signal_of(waveform: Waveform, sampling_rate: int) -> Signal:
    """Return duration, frames, level, clipping and silence of a waveform `[sample]`."""
    hop = max(1, round(HOP_SECONDS * sampling_rate))
    power = np.square(waveform, dtype=np.float64)
    blocks = np.add.reduceat(power, np.arange(0, len(power), hop)) / hop
    floor = blocks.max() * 10 ** (-SILENT_DB / 10)
    mean = max(float(power.mean()), 10 ** (QUIETEST_DB / 10))
    return Signal(
        seconds=len(waveform) / sampling_rate,
        frames=frame_count(len(waveform), hop),
        level_db=float(10 * np.log10(mean)),
        clipped=clipped_share(waveform),
        silent=float(np.mean(blocks <= floor)),
    )


def modified_z(values: ArrayLike) -> Floats:
    """Return the modified z score of each value in its column; 0 for NaN, and where all values are the same.

    Where more than half of the values are the same, the mean absolute deviation takes the place of the median one.

    Example:
        >>> modified_z([1.0, 2.0, 3.0, 4.0, 50.0]).round(2).tolist()
        [-1.35, -0.67, 0.0, 0.67, 31.7]
    """
    numbers = np.asarray(values, dtype=np.float64)
    columns = numbers if numbers.ndim == 2 else numbers[:, np.newaxis]
    known = np.isfinite(columns)
    distance, scale = np.zeros(columns.shape), np.zeros(columns.shape[1])
    for index in np.flatnonzero(known.any(axis=0)):
        inside = columns[known[:, index], index]
        distance[known[:, index], index] = inside - np.median(inside)
        far = np.abs(inside - np.median(inside))
        scale[index] = _MEDIAN_DEVIATIONS * np.median(far) or _MEAN_DEVIATIONS * far.mean()
    return np.divide(distance, scale, out=np.zeros(columns.shape), where=scale > 0).reshape(numbers.shape)


def outliers(signals: Sequence[Signal], values: ArrayLike, names: Sequence[str]) -> list[Outlier]:
    """Return the clips that differ from the others, the furthest first.

    Args:
        signals: Of each clip.
        values: Functionals `[clip, quantity]`, NaN where one does not exist. Of each the modified z score is taken, at most
            10; the distance of a clip is their root mean square, and its logarithm is judged like the rest.
        names: Of the quantities.
    """
    if not signals:
        return []
    told = [_of_durations, _of_levels, _of_silence, _of_clipping]
    found = [pair for tell in told for pair in tell(signals)] + _of_functionals(values, names)
    clips: dict[int, list[tuple[float, str]]] = {}
    for clip, score, reason in found:
        clips.setdefault(clip, []).append((score, reason))
    listed = [
        Outlier(clip, max(score for score, _ in pairs), tuple(reason for _, reason in pairs))
        for clip, pairs in clips.items()
    ]
    return sorted(listed, key=lambda one: (-one.score, one.clip))


_Found = list[tuple[int, float, str]]


def _of_durations(signals: Sequence[Signal]) -> _Found:
    seconds = np.maximum([one.seconds for one in signals], HOP_SECONDS)
    scores, middle = modified_z(np.log(seconds)), float(np.median(seconds))
    far = (np.abs(scores) > LIMIT) & (np.abs(np.log(seconds / middle)) > np.log(LEAST_DURATION_RATIO))
    return [
        (clip, abs(scores[clip]), f"lasts {signals[clip].seconds:.2f} s, the middle clip {middle:.2f} s")
        for clip in np.flatnonzero(far).tolist()
    ]


def _of_levels(signals: Sequence[Signal]) -> _Found:
    levels = np.array([one.level_db for one in signals])
    scores, middle = modified_z(levels), float(np.median(levels))
    far = (np.abs(scores) > LIMIT) & (np.abs(levels - middle) > LEAST_DB) & (levels >= SILENCE_DB)
    return [
        (clip, abs(scores[clip]), f"has a level of {levels[clip]:.0f} dB, the middle clip {middle:.0f} dB")
        for clip in np.flatnonzero(far).tolist()
    ]


def _of_silence(signals: Sequence[Signal]) -> _Found:
    shares = np.array([one.silent for one in signals])
    scores, middle = modified_z(shares), float(np.median(shares))
    found = []
    for clip, one in enumerate(signals):
        if one.level_db < SILENCE_DB:
            found.append((clip, FURTHEST, f"is silent: its level is below {SILENCE_DB:g} dB of full scale"))
        elif scores[clip] > LIMIT and one.silent - middle > LEAST_SILENT_SHARE:
            found.append(
                (
                    clip,
                    scores[clip],
                    f"is silent for {100 * one.silent:.0f} % of its time, the middle clip {100 * middle:.0f} %",
                )
            )
    return found


def _of_clipping(signals: Sequence[Signal]) -> _Found:
    return [
        (clip, LIMIT, f"is clipped: {100 * one.clipped:.1f} % of its samples stand at full scale")
        for clip, one in enumerate(signals)
        if one.clipped >= CLIPPED_SHARE
    ]


def _of_functionals(values: ArrayLike, names: Sequence[str]) -> _Found:
    numbers = np.asarray(values, dtype=np.float64)
    if not numbers.size:
        return []
    scores = modified_z(numbers)
    distances = np.sqrt(np.square(np.clip(scores, -FURTHEST, FURTHEST)).mean(axis=1))
    known = distances > 0
    far: NDArray[np.float64] = np.zeros(len(distances))
    far[known] = modified_z(np.log(distances[known]))
    return [
        (clip, float(far[clip]), f"sounds unlike the others: {_strongest(scores[clip], names)}")
        for clip in np.flatnonzero(far > LIMIT).tolist()
    ]


def _strongest(scores: Floats, names: Sequence[str]) -> str:
    """Return the names that stick out most, with how many deviations above or below the median."""
    order = np.argsort(-np.abs(scores), kind="stable")[:NAMED]
    return ", ".join(f"{names[index]} {scores[index]:+.1f}" for index in order)
