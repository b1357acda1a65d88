"""Which quantities differ between classes: effect sizes with intervals. `significance` holds the tests.

A quantity is a column of `values [clip, quantity]`; nothing in it is NaN. The model is a two-way layout without interaction,
clip = group + class + error, where a group is mostly a speaker: who has a high voice has it in all emotions, so the group's mean
is taken out of the values, and of the classes too, which keeps the answer right where a group has more clips of one class than
another has. Without groups it is the one-way layout.

The effect size is epsilon squared, the share of what is left beside the groups that the classes explain, less what they would
explain by chance: `(SS_class - df_class MS_error) / (SS_class + SS_error)`. 0 where classes tell nothing (slightly below is
chance), 1 where they tell all. It is the adjusted R squared of the layout.

Sources: Kelley, "An unbiased correlation ratio measure", Proceedings of the National Academy of Sciences, 1935 (epsilon squared);
Frisch and Waugh, "Partial time regressions as compared with individual trends", Econometrica, 1933 (means out of both sides).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paraverbal.errors import MetricError
from paraverbal.metrics.bootstrap import Interval
from paraverbal.metrics.classes import Floats, Integers

# Less than this share of a sum of squares is rounding.
ROUNDING = 1e-10
# A quantity whose deviation is a smaller share of its root mean square than float32 resolves does not vary.
RESOLUTION = 1e-7
# Draws of which sums are made at a time: some 10 MB.
CHUNK = 256
LEVEL = 0.95


@dataclass(frozen=True)
class Layout:
    """Class and group of each clip.

    Attributes:
        classes: Indices from 0 on, `[clip]`.
        groups: Indices 0 to groups - 1, each of them there, `[clip]`; all 0 where there are no groups.
        count: Number of classes.
    """

    classes: Integers
    groups: Integers
    count: int

    @classmethod
    def of(cls, classes: ArrayLike, groups: ArrayLike | None = None) -> "Layout":
        """Return the layout of class indices and of groups, of any names; None for no groups.

        Raises:
            MetricError: No clips, classes that are not indices, or not one group for each clip.
        """
        known = np.asarray(classes)
        if known.ndim != 1 or not known.size or known.dtype.kind not in "iu" or known.min() < 0:
            raise MetricError(
                f"classes have shape {list(known.shape)} and type {known.dtype}, expected indices, [clip]"
            )
        named = np.zeros(len(known)) if groups is None else np.asarray(groups)
        if named.shape != known.shape:
            raise MetricError(f"groups have shape {list(named.shape)} for {len(known)} clips; give one for each clip")
        index = np.unique(named, return_inverse=True)[1]
        return cls(known.astype(np.int64), index.astype(np.int64), int(known.max()) + 1)

    @property
    def group_count(self) -> int:
        """Number of groups."""
        return int(self.groups.max()) + 1


@dataclass(frozen=True)
class Effects:
    """How much classes explain of each quantity, `[quantity]` or `[draw, quantity]`.

    Attributes:
        epsilon_squared: The effect size; NaN where nothing varies, or no clips are left to tell error by.
        f: F statistic of the classes; infinite where nothing but them varies, NaN as above.
        df_classes: Degrees of freedom of the classes, `[]` or `[draw, 1]`; 0 where every group has one class.
        df_error: Degrees of freedom of the error.
    """

    epsilon_squared: Floats
    f: Floats
    df_classes: Integers
    df_error: Integers


def class_effects(values: ArrayLike, layout: Layout) -> Effects:
    """Return how much the classes explain of each quantity.

    Args:
        values: `[clip, quantity]`.
        layout: Class and group of each clip.

    Raises:
        MetricError: Not one row for each clip, or NaN.

    Example:
        >>> class_effects([[0.0], [2.0], [4.0], [4.0]], Layout.of([0, 0, 1, 1])).epsilon_squared.round(3).tolist()
        [0.727]
    """
    found = _effects(np.ones((1, layout.group_count)), Moments.of(without_groups(values, layout), layout))
    return Effects(found.epsilon_squared[0], found.f[0], found.df_classes[0, 0], found.df_error[0, 0])


def without_groups(values: ArrayLike, layout: Layout) -> Floats:
    """Return values `[clip, quantity]` less the mean of their group; exactly 0 where only rounding is left.

    Raises:
        MetricError: Not one row for each clip, or NaN.
    """
    numbers = checked(values, layout)
    sizes = np.bincount(layout.groups)[:, np.newaxis]
    centred: Floats = numbers - (sums_by(numbers, layout.groups, len(sizes)) / sizes)[layout.groups]
    varies = np.square(centred).sum(axis=0) > RESOLUTION**2 * np.square(numbers).sum(axis=0)
    return np.where(varies, centred, 0.0)


def class_levels(values: ArrayLike, layout: Layout) -> Floats:
    """Return how far each class lies above the mean of the classes in a group, `[class, quantity]`, by least squares.

    0 for a class that no group has beside another.

    Raises:
        MetricError: As `class_effects`.
    """
    moments = Moments.of(without_groups(values, layout), layout)
    levels: Floats = inverse_of(moments.spread.sum(axis=0)) @ moments.sums.sum(axis=0)
    return levels


def effect_draws(values: ArrayLike, layout: Layout, *, draws: int = 2000, seed: int = 0) -> Floats:
    """Return the effect sizes of bootstrap draws, `[draw, quantity]`.

    Whole groups are drawn, as many as there are, with replacement; a group drawn twice counts as two. With a single group
    single clips are drawn, which tells nothing of other speakers.

    Raises:
        MetricError: As `class_effects`, or fewer than 1 draw.
    """
    numbers = without_groups(values, layout)
    if draws < 1:
        raise MetricError(f"draws is {draws}, expected at least 1 (2000 for an interval)")
    generator = np.random.default_rng(seed)
    found = np.empty((draws, numbers.shape[1]))
    moments = Moments.of(numbers, layout) if layout.group_count > 1 else None
    for start in range(0, draws, CHUNK):
        size = min(CHUNK, draws - start)
        drawn = (
            _effects(_weights(generator, layout.group_count, size), moments)
            if moments
            else _clip_effects(_weights(generator, len(numbers), size), numbers, layout)
        )
        found[start : start + size] = drawn.epsilon_squared
    return found


def effect_intervals(found: Effects, drawn: Floats, level: float = LEVEL) -> list[Interval | None]:
    """Return an interval of each effect size: the middle of the draws, moved by how far their mean lies above the effect.

    A square can only grow by what is drawn, so draws lie too high, the more the smaller the effect is; unmoved, the interval of
    a quantity that tells nothing would mostly exclude 0. Bounds stay within 0 to 1. None where the effect is NaN. Source:
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 10 (bias) and 13 (percentiles).

    Of 400 simulated quantities each, with 8 classes and effects of 0 to 0.48, intervals of 95 % held the true effect of 89 to
    99 % with 24 groups, unmoved ones of 65 to 92 %; of 85 % at least with 6 groups: few groups make them too narrow.
    """
    intervals: list[Interval | None] = []
    for effect, column in zip(found.epsilon_squared, drawn.T, strict=True):
        numbers = column[np.isfinite(column)]
        if not numbers.size or not np.isfinite(effect):
            intervals.append(None)
            continue
        moved = numbers - (numbers.mean() - effect)
        low, high = np.clip(np.quantile(moved, [(1 - level) / 2, (1 + level) / 2]), 0, 1)
        intervals.append((float(low), float(high)))
    return intervals


@dataclass(frozen=True)
class Moments:
    """Sums within each group, from which the layout of any draw of groups follows.

    `spread [group, class, class]` and `sums [group, class, quantity]` are the products of the centred classes with themselves and
    with the centred values, `squares [group, quantity]` of these with themselves; `sizes [group]` are clips.
    """

    spread: Floats
    sums: Floats
    squares: Floats
    sizes: Integers
    least: Floats  # [quantity]: a sum of squares below it is rounding

    @classmethod
    def of(cls, centred: Floats, layout: Layout) -> "Moments":
        """Return the sums of values that are less the mean of their group."""
        groups, count = layout.group_count, layout.count
        cells = layout.groups * count + layout.classes
        counts = np.bincount(cells, minlength=groups * count).reshape(groups, count)
        sizes = counts.sum(axis=1)
        spread = np.eye(count) * counts[:, np.newaxis] - (
            counts[:, :, np.newaxis] * counts[:, np.newaxis] / sizes[:, np.newaxis, np.newaxis]
        )
        sums = sums_by(centred, cells, groups * count).reshape(groups, count, -1)
        squares = sums_by(np.square(centred), layout.groups, groups)
        return cls(spread, sums, squares, sizes, ROUNDING * squares.sum(axis=0))


def _effects(weights: Floats, moments: Moments) -> Effects:
    """Return the effects of draws in which each group counts `weights [draw, group]` times."""
    draws, groups = weights.shape
    spread = np.tensordot(weights, moments.spread, 1)
    sums = (weights @ moments.sums.reshape(groups, -1)).reshape(draws, *moments.sums.shape[1:])
    inverse = inverse_of(spread)
    explained = np.einsum("dcq,dcq->dq", sums, inverse @ sums)
    classes = np.rint(np.einsum("dcc->d", inverse @ spread)).astype(np.int64)[:, np.newaxis]
    clips = np.rint(weights @ moments.sizes).astype(np.int64)[:, np.newaxis]
    drawn = np.rint(weights.sum(axis=1)).astype(np.int64)[:, np.newaxis]
    return _told(explained, weights @ moments.squares, moments.least, (classes, clips - drawn - classes))


def _clip_effects(weights: Floats, values: Floats, layout: Layout) -> Effects:
    """Return the effects of draws in which each clip counts `weights [draw, clip]` times, without groups."""
    clips = weights.sum(axis=1, keepdims=True)
    sums, explained, there = np.zeros((len(weights), values.shape[1])), 0.0, np.zeros((len(weights), 1), np.int64)
    for one in range(layout.count):
        inside = layout.classes == one
        size = weights[:, inside].sum(axis=1, keepdims=True)
        own = weights[:, inside] @ values[inside]
        sums, explained, there = sums + own, explained + np.square(own) / np.maximum(size, 1), there + (size > 0)
    mean = np.square(sums) / clips
    squares = weights @ np.square(values) - mean
    error = np.rint(clips).astype(np.int64) - there
    return _told(explained - mean, squares, ROUNDING * np.square(values).sum(axis=0), (there - 1, error))


def _told(explained: Floats, squares: Floats, least: Floats, freedom: tuple[Integers, Integers]) -> Effects:
    """Return the effects of sums of squares `[draw, quantity]`, explained and in all."""
    classes, error = freedom
    known = (squares > least) & (least > 0) & (classes > 0) & (error > 0)
    left = np.maximum(squares - explained, 0)
    left[left <= ROUNDING * squares] = 0
    mean_error = left / np.maximum(error, 1)
    whole = np.where(known, squares, 1.0)
    epsilon = np.where(known, (explained - classes * mean_error) / whole, np.nan)
    ratio = np.full(squares.shape, np.inf)
    np.divide(explained, classes * mean_error, out=ratio, where=known & (mean_error > 0))
    return Effects(epsilon, np.where(known, ratio, np.nan), classes, error)


def inverse_of(spread: Floats) -> Floats:
    """Return the pseudo-inverse of `[..., class, class]`: classes that cannot be told from groups fall out."""
    result: Floats = np.linalg.pinv(spread, rcond=ROUNDING, hermitian=True).astype(np.float64)
    return result


def _weights(generator: np.random.Generator, units: int, draws: int) -> Floats:
    """Return how often each of the units is drawn, `[draw, unit]`, when as many are drawn as there are."""
    drawn = generator.integers(0, units, (draws, units)) + units * np.arange(draws)[:, np.newaxis]
    return np.bincount(drawn.ravel(), minlength=draws * units).reshape(draws, units).astype(np.float64)


def sums_by(values: Floats, index: Integers, count: int) -> Floats:
    """Return the sum of the rows of each index, `[index, quantity]`, 0 where there are none."""
    order = np.argsort(index, kind="stable")
    there, starts = np.unique(index[order], return_index=True)
    sums = np.zeros((count, values.shape[1]))
    sums[there] = np.add.reduceat(values[order], starts, axis=0)
    return sums


def checked(values: ArrayLike, layout: Layout) -> Floats:
    """Return values as float64 `[clip, quantity]`.

    Raises:
        MetricError: Not one row for each clip, or NaN.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 2 or len(numbers) != len(layout.classes):
        raise MetricError(
            f"values have shape {list(numbers.shape)} for {len(layout.classes)} clips, expected [clip, quantity]"
        )
    if not np.isfinite(numbers).all():
        raise MetricError("a value is NaN or infinite; leave out clips without a value, or the quantity")
    return numbers
