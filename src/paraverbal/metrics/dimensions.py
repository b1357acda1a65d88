"""Scores of numbers predicted on a scale, such as arousal, valence and dominance.

`truth` and `prediction` are real arrays `[clip]` on the same scale. No clips, or a value that is NaN or infinite, is an error;
a correlation that does not exist is NaN, never 0.
"""

from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from paraverbal.errors import MetricError
from paraverbal.metrics.bootstrap import Interval, cluster_indices, draw_sums, percentiles
from paraverbal.metrics.classes import Floats


def concordance_cc(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the concordance correlation coefficient, -1 to 1: how near the pairs are to the line of equality.

    2 cov / (var + var + (difference of means)^2), with the moments over n. It is the Pearson correlation, lowered where mean or
    scale differ; so it is 0 if one side is constant. Source: Lin, "A concordance correlation coefficient to evaluate
    reproducibility", Biometrics, 1989.

    Returns:
        NaN with fewer than 2 clips, and where both sides are the same constant.

    Raises:
        MetricError: No clips, different lengths, or a value that is not a finite number.

    Example:
        >>> round(concordance_cc([1, 2, 3], [2, 3, 4]), 3)
        0.571
    """
    true, predicted = _pair(truth, prediction)
    if len(true) < 2 or (_is_constant(true) and _is_constant(predicted) and true[0] == predicted[0]):
        return float("nan")
    if _is_constant(true) or _is_constant(predicted):
        return 0.0
    apart = true.mean() - predicted.mean()
    covariance = np.mean((true - true.mean()) * (predicted - predicted.mean()))
    return float(2 * covariance / (true.var() + predicted.var() + apart**2))


def pearson_cc(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the Pearson correlation coefficient, -1 to 1: how near the pairs are to any rising line.

    Returns:
        NaN with fewer than 2 clips, and where a side is constant.

    Raises:
        MetricError: As `concordance_cc`.
    """
    true, predicted = _pair(truth, prediction)
    if len(true) < 2 or _is_constant(true) or _is_constant(predicted):
        return float("nan")
    # Each divided by its own length first: the product of two small variances could vanish.
    first, second = (values / np.linalg.norm(values) for values in (true - true.mean(), predicted - predicted.mean()))
    return float(np.clip(first @ second, -1, 1))


def rmse(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the root of the mean squared error, in the unit of the scale; one clip is enough.

    Raises:
        MetricError: As `concordance_cc`.

    Example:
        >>> rmse([0.0, 0.0], [3.0, -3.0])
        3.0
    """
    true, predicted = _pair(truth, prediction)
    return float(np.sqrt(np.mean((true - predicted) ** 2)))


def mean_ccc(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the mean CCC over dimensions of `truth` and `prediction` `[clip, dimension]`; NaN truths are left out.

    Raises:
        MetricError: As `concordance_cc`, or a dimension without any value.
    """
    columns = zip(np.asarray(truth, dtype=np.float64).T, np.asarray(prediction, dtype=np.float64).T, strict=True)
    found = [concordance_cc(true[np.isfinite(true)], given[np.isfinite(true)]) for true, given in columns]
    return float(np.mean(found))


def concordance_interval(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    groups: Iterable[Hashable] | None = None,
    draws: int = 2000,
    seed: int = 0,
) -> Interval | None:
    """Return the 95 % interval of the CCC, by drawing whole groups as `bootstrap.intervals` does; None for one group.

    Args:
        truth: `[clip]`.
        prediction: `[clip]`.
        groups: Group of each clip, mostly its speaker; None: every clip is one.
        draws: How often the groups are drawn.
        seed: Of the draws.

    Raises:
        MetricError: As `concordance_cc`, or not one group for each clip.
    """
    true, given = _pair(truth, prediction)
    cluster = cluster_indices(groups, len(true))
    clusters = int(cluster.max()) + 1
    if clusters < 2:
        return None
    middle = true.mean()  # moments about it, not about 0, keep their digits
    x, y = true - middle, given - middle
    sums = np.stack(
        [np.bincount(cluster, one, clusters) for one in (np.ones_like(x), x, y, x * x, y * y, x * y)], axis=1
    )
    count, *moments = draw_sums(sums, draws, seed).T
    mean_x, mean_y, xx, yy, xy = (moment / count for moment in moments)
    spread = xx + yy - 2 * mean_x * mean_y
    drawn = np.full(draws, np.nan)
    np.divide(2 * (xy - mean_x * mean_y), spread, out=drawn, where=spread > np.finfo(np.float64).eps * (xx + yy))
    return percentiles(drawn, 0.95)


def _pair(truth: ArrayLike, prediction: ArrayLike) -> tuple[Floats, Floats]:
    true, predicted = _numbers(truth, "truth"), _numbers(prediction, "prediction")
    if len(true) != len(predicted):
        raise MetricError(f"truth has {len(true)} clips and prediction {len(predicted)}; they must be the same clips")
    return true, predicted


def _numbers(values: ArrayLike, name: str) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MetricError(f"{name} is not an array of numbers [clip]: {error}") from error
    if array.size == 0:
        raise MetricError(f"{name} is empty; a score needs at least one clip")
    if array.ndim != 1:
        raise MetricError(f"{name} has shape {list(array.shape)}, expected one number for each clip, [clip]")
    finite = np.isfinite(array)
    if not finite.all():
        worst = int(np.argmin(finite))
        raise MetricError(f"{name} of clip {worst} is {array[worst]}; leave out clips without a value")
    return array


def _is_constant(values: Floats) -> bool:
    return bool(values.min() == values.max())
