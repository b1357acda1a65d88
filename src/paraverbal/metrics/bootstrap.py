"""How far a score would move with other speakers: intervals by the bootstrap, and the spread over seeds and folds.

Clips of one speaker are right and wrong together, so whole groups are drawn, not clips: as many groups as there are, with
replacement, each with all its clips. An interval tells what another sample of such speakers would have given for this one
model; how much another seed, or other training data, would change is not in it, which is what `spread` is for. With fewer
than about twenty groups it is somewhat too narrow, with fewer than five it means little.

Sources: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13 (percentile interval); Field and Welsh,
"Bootstrapping clustered data", Journal of the Royal Statistical Society B, 2007 (groups drawn whole).
"""

import math
from collections.abc import Hashable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from paraverbal.errors import MetricError
from paraverbal.metrics.classes import Floats, Integers, confusion_matrix

Interval = tuple[float, float]

# Below these, what was drawn from says too little of what else there could be.
FEW_CLUSTERS = 5
FEW_CLIPS = 20
# Groups drawn at a time, over all draws of a chunk: 16 MB of indices.
CHUNK = 2_000_000
# What one number of NumPy's multinomial costs, in single indices drawn and counted.
MULTINOMIAL_COST = 8


@dataclass(frozen=True)
class Intervals:
    """Intervals of the scores of one model; each is (low, high) as fractions, None where there is none.

    Attributes:
        uar: Of the unweighted average recall.
        wa: Of the accuracy.
        macro_f1: Of the mean F1.
        recall: Of the recall of each class, `[class]`; None for a class without clips.
        level: Share of the draws between low and high.
        draws: How often the groups were drawn.
        clips: Number of clips.
        clusters: Number of groups that were drawn from.
        warning: Why the intervals are not to be relied on, or why there are none; None if nothing speaks against them.
    """

    uar: Interval | None
    wa: Interval | None
    macro_f1: Interval | None
    recall: tuple[Interval | None, ...]
    level: float
    draws: int
    clips: int
    clusters: int
    warning: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes as JSON types, an interval as `[low, high]`."""
        single = {name: _listed(getattr(self, name)) for name in ("uar", "wa", "macro_f1")}
        return {**asdict(self), **single, "recall": [_listed(interval) for interval in self.recall]}


@dataclass(frozen=True)
class Spread:
    """How a score varies over seeds or folds.

    Attributes:
        mean: Mean of the values.
        deviation: Standard deviation with n - 1; None for a single value, which shows no spread.
        least: Smallest value.
        greatest: Largest value.
        count: Number of values.
    """

    mean: float
    deviation: float | None
    least: float
    greatest: float
    count: int


@dataclass(frozen=True)
class DrawnScores:
    """Scores of each draw: `uar`, `wa` and `macro_f1` are `[draw]`, `recall` is `[draw, class]` with NaN as in `classes`."""

    uar: Floats
    wa: Floats
    macro_f1: Floats
    recall: Floats


def intervals(
    truth: ArrayLike,
    prediction: ArrayLike,
    classes: int,
    *,
    groups: Iterable[Hashable] | None = None,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Intervals:
    """Return percentile intervals of UAR, accuracy, macro F1 and the recall of each class.

    A draw's means are over the classes that occur in it, the recall of a class over the draws in which it occurs. A score of
    0 or 1 gets an interval without width, since no draw holds a clip that says otherwise.

    Args:
        truth: Class indices `[clip]`.
        prediction: Class indices `[clip]`.
        classes: Number of classes.
        groups: Group of each clip, mostly its speaker; a clip whose group is None is a group of its own. Without
            groups every clip is one, and intervals are too narrow where speakers have several clips.
        draws: How often the groups are drawn.
        seed: Seed of the draws. The same clips give the same intervals, in any order and by any names of the groups.
        level: Share of the draws inside, between 0 and 1.

    Raises:
        MetricError: As `confusion_matrix`, not one group for each clip, or a `draws` or `level` out of range.

    Example:
        >>> intervals([0, 0, 1, 1], [0, 1, 1, 1], 2, groups=["a", "a", "b", "b"]).clusters
        2
    """
    if not 0 < level < 1:
        raise MetricError(f"level is {level}, expected a share between 0 and 1, such as 0.95")
    confusions, clusters = draw_confusions(truth, [prediction], classes, groups=groups, draws=draws, seed=seed)
    drawn = score_draws(confusions[:, 0])
    clips, known = len(np.asarray(truth)), clusters > 1
    return Intervals(
        uar=percentiles(drawn.uar, level) if known else None,
        wa=percentiles(drawn.wa, level) if known else None,
        macro_f1=percentiles(drawn.macro_f1, level) if known else None,
        recall=tuple(percentiles(column, level) if known else None for column in drawn.recall.T),
        level=level,
        draws=draws,
        clips=clips,
        clusters=clusters,
        warning=doubt(clips, clusters) or _without_width(drawn),
    )


def spread(values: ArrayLike) -> Spread:
    """Return mean, standard deviation (n - 1), least and greatest of a score over seeds or folds.

    Raises:
        MetricError: No values, or one that is not a finite number.

    Example:
        >>> spread([0.5, 0.7]).mean
        0.6
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not numbers.size:
        raise MetricError(f"values have shape {list(numbers.shape)}, expected one score for each seed or fold, [run]")
    if not np.isfinite(numbers).all():
        raise MetricError(f"value {int(np.argmin(np.isfinite(numbers)))} is not finite; leave out runs without a score")
    deviation = float(numbers.std(ddof=1)) if len(numbers) > 1 else None
    return Spread(float(numbers.mean()), deviation, float(numbers.min()), float(numbers.max()), len(numbers))


def draw_confusions(
    truth: ArrayLike,
    predictions: Iterable[ArrayLike],
    classes: int,
    *,
    groups: Iterable[Hashable] | None,
    draws: int,
    seed: int,
) -> tuple[Floats, int]:
    """Return the confusion counts of each draw, `[draw, prediction, truth, predicted]`, and the number of groups.

    All predictions are counted on the same draws, so that their scores can be compared draw by draw.

    Raises:
        MetricError: As `confusion_matrix`, not one group for each clip, or fewer than 1 draw.
    """
    if draws < 1:
        raise MetricError(f"draws is {draws}, expected at least 1 (2000 for an interval)")
    answers = list(predictions)
    for answer in answers:
        confusion_matrix(truth, answer, classes)  # it refuses what cannot be counted
    true = np.asarray(truth, dtype=np.int64)
    cluster = cluster_indices(groups, len(true))
    clusters = int(cluster.max()) + 1
    cells = classes * classes
    counts = np.concatenate(
        [
            np.bincount(cluster * cells + true * classes + np.asarray(answer), minlength=clusters * cells).reshape(
                clusters, cells
            )
            for answer in answers
        ],
        axis=1,
    )
    return draw_sums(counts, draws, seed).reshape(draws, len(answers), classes, classes), clusters


def cluster_indices(groups: Iterable[Hashable] | None, clips: int) -> Integers:
    """Return the index of each clip's group, 0 to groups - 1, `[clip]`; a clip of no group (None, NaN) gets its own.

    Raises:
        MetricError: Not one group for each clip.
    """
    if groups is None:
        return np.arange(clips)
    listed = list(groups)
    if len(listed) != clips:
        raise MetricError(
            f"groups has {len(listed)} entries for {clips} clips; give one for each clip, None if unknown"
        )
    keys = [(None, clip) if _is_missing(group) else (group, None) for clip, group in enumerate(listed)]
    index = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([index[key] for key in keys], dtype=np.int64)


def score_draws(confusions: Floats) -> DrawnScores:
    """Return the scores of confusion counts `[draw, truth, predicted]`; every draw holds at least one clip."""
    hits = np.diagonal(confusions, axis1=1, axis2=2)
    clips, predicted = confusions.sum(axis=2), confusions.sum(axis=1)
    recall, f1 = _ratio(hits, clips, clips > 0), _ratio(2 * hits, clips + predicted, clips > 0)
    return DrawnScores(
        uar=np.nanmean(recall, axis=1),
        wa=hits.sum(axis=1) / clips.sum(axis=1),
        macro_f1=np.nanmean(f1, axis=1),
        recall=recall,
    )


def percentiles(values: Floats, level: float) -> Interval | None:
    """Return the bounds of the middle `level` of the values that are not NaN; None if there are none."""
    numbers = values[~np.isnan(values)]
    if not numbers.size:
        return None
    low, high = np.quantile(numbers, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def doubt(clips: int, clusters: int) -> str | None:
    """Return the sentence that says why intervals over so few clips or groups cannot be relied on, or None."""
    if clusters < 2:
        found = f"{clips} clips of a single group" if clips > 1 else "a single clip"
        return f"There is no interval: {found} cannot tell how other groups would score."
    counted = [f"{clips} clips"] if clips < FEW_CLIPS else []
    if clusters < FEW_CLUSTERS:
        counted.append(f"{clusters} groups (speakers)")
    if not counted:
        return None
    return f"The interval is not to be relied on: it rests on only {' and '.join(counted)}."


def _without_width(drawn: DrawnScores) -> str | None:
    """Return the sentence that all clips were right, or all wrong, or None."""
    if drawn.wa.min() < drawn.wa.max() or drawn.wa[0] not in (0, 1):
        return None
    found = "right" if drawn.wa[0] else "wrong"
    return (
        f"The interval is not to be relied on: every clip is {found}, so no draw can show that one could be otherwise."
    )


def draw_sums(counts: Integers | Floats, draws: int, seed: int) -> Floats:
    """Return the sum of as many rows `[row, column]` as there are, drawn with replacement, `[draw, column]`.

    Equal rows count as one row with a weight, which leaves a handful of them where every clip is a group of its own.
    """
    rows, multiplicity = np.unique(counts, axis=0, return_counts=True)
    generator, values = np.random.default_rng(seed), rows.astype(np.float64)
    sums = np.empty((draws, counts.shape[1]))
    step = max(1, CHUNK // len(counts))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        sums[start : start + size] = _draw_weights(generator, multiplicity, size) @ values
    return sums


def _draw_weights(generator: np.random.Generator, multiplicity: Integers, draws: int) -> Floats:
    """Return how often each row was drawn, `[draw, row]`: each draw takes as many as `multiplicity` sums to."""
    rows, total = len(multiplicity), int(multiplicity.sum())
    if rows * MULTINOMIAL_COST < total:
        return generator.multinomial(total, multiplicity / total, size=draws).astype(np.float64)
    row_of = np.repeat(np.arange(rows), multiplicity)
    drawn = row_of[generator.integers(0, total, (draws, total))] + rows * np.arange(draws)[:, None]
    return np.bincount(drawn.ravel(), minlength=draws * rows).reshape(draws, rows).astype(np.float64)


def _is_missing(group: Hashable) -> bool:
    """Return whether it is None, or NaN, which is how tables of numbers say None."""
    return group is None or (isinstance(group, float) and math.isnan(group))


def _listed(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _ratio(part: Floats, whole: Floats, defined: np.ndarray[Any, np.dtype[np.bool_]]) -> Floats:
    """Return part / whole, NaN where it is not defined."""
    ratio = np.full(part.shape, np.nan)
    np.divide(part, whole, out=ratio, where=defined)
    return ratio
