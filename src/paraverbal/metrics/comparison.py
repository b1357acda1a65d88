"""Whether one model is better than another on the same clips: paired bootstrap, McNemar's test, and Holm's correction.

A p value is how often a difference at least this large, in either direction, would be seen if there were none. It is about
other speakers or clips for these two trained models; it says nothing of other seeds, nor whether a difference matters.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paraverbal.errors import MetricError
from paraverbal.metrics import classes as scores
from paraverbal.metrics.bootstrap import Interval, doubt, draw_confusions, percentiles, score_draws
from paraverbal.metrics.classes import Floats

LEVEL = 0.95
# Differences this small are rounding: a difference of means of recalls that are equal need not come out as 0.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Difference:
    """A difference of two scores, first minus second, as a fraction.

    Attributes:
        value: The difference on all clips.
        interval: 95 % percentile interval (low, high); None with fewer than two groups.
        p: Two-sided p value, 2 / (draws + 1) to 1; None with fewer than two groups.
    """

    value: float
    interval: Interval | None
    p: float | None


@dataclass(frozen=True)
class PairedDifference:
    """How two models differ on the same clips.

    Attributes:
        uar: Difference of the unweighted average recalls.
        wa: Difference of the accuracies.
        clips: Number of clips.
        clusters: Number of groups that were drawn from.
        warning: Why intervals and p values are not to be relied on, or why there are none; None if nothing speaks against.
    """

    uar: Difference
    wa: Difference
    clips: int
    clusters: int
    warning: str | None


@dataclass(frozen=True)
class McNemar:
    """McNemar's test of two models.

    Attributes:
        b: Clips that the first has right and the second wrong.
        c: Clips that the first has wrong and the second right.
        p: Exact two-sided p value.
    """

    b: int
    c: int
    p: float


def paired_bootstrap(
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    classes: int,
    *,
    groups: Iterable[Hashable] | None = None,
    draws: int = 10_000,
    seed: int = 0,
) -> PairedDifference:
    """Return the differences of UAR and accuracy, first minus second, with interval and p value.

    Both are scored on the same draws of the same groups (see `bootstrap`). The p value is twice the share of draws whose
    difference is 0 or on the other side of it, with 1 added to both counts, so that it is never 0. Source: Efron and
    Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 15.4; the added 1: Davison and Hinkley, "Bootstrap Methods
    and their Application", 1997, section 4.2.

    Args:
        truth: Class indices `[clip]`.
        first: What the first model predicted, class indices `[clip]`.
        second: What the second model predicted for the same clips.
        classes: Number of classes.
        groups: Group of each clip, mostly its speaker, as in `bootstrap.intervals`.
        draws: How often the groups are drawn.
        seed: Seed of the draws.

    Raises:
        MetricError: As `bootstrap.intervals`.
    """
    confusions, clusters = draw_confusions(truth, [first, second], classes, groups=groups, draws=draws, seed=seed)
    drawn = [score_draws(confusions[:, which]) for which in (0, 1)]
    clips, known = len(np.asarray(truth)), clusters > 1
    uar = scores.uar(truth, first, classes) - scores.uar(truth, second, classes)
    wa = scores.accuracy(truth, first) - scores.accuracy(truth, second)
    return PairedDifference(
        uar=_difference(uar, drawn[0].uar - drawn[1].uar, known),
        wa=_difference(wa, drawn[0].wa - drawn[1].wa, known),
        clips=clips,
        clusters=clusters,
        warning=doubt(clips, clusters),
    )


def mcnemar(truth: ArrayLike, first: ArrayLike, second: ArrayLike) -> McNemar:
    """Return McNemar's exact test of whether two models are right equally often.

    Only clips that one of them has right count. It takes clips to be independent, which those of one speaker are not: with
    speakers of many clips its p value is too small, and the paired bootstrap is to be believed. No such clip: p is 1.
    Source: McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika, 1947; the exact form is the binomial test of b among b + c.

    Args:
        truth: Class indices `[clip]`.
        first: What the first model predicted, class indices `[clip]`.
        second: What the second model predicted for the same clips.

    Raises:
        MetricError: No clips, different lengths, or values that are not class indices.

    Example:
        >>> mcnemar([0, 0, 1], [0, 0, 0], [0, 1, 1])
        McNemar(b=1, c=1, p=1.0)
    """
    for prediction in (first, second):
        scores.accuracy(truth, prediction)  # it refuses what cannot be compared
    right, also = np.asarray(first) == np.asarray(truth), np.asarray(second) == np.asarray(truth)
    b, c = int(np.sum(right & ~also)), int(np.sum(~right & also))
    return McNemar(b, c, _sign_test(b, c))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for their number: below 0.05, the chance of any false finding among all is below 0.05.

    The k-th smallest of m is multiplied by m - k + 1; none becomes smaller than one before it, or larger than 1. Source: Holm,
    "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics, 1979.

    Args:
        p_values: 0 to 1, in any order.

    Returns:
        The adjusted values, in the order given.

    Raises:
        MetricError: No values, or one that is NaN or outside 0 to 1.

    Example:
        >>> holm([0.01, 0.5, 0.02])
        [0.03, 0.5, 0.04]
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise MetricError(f"p values have shape {list(values.shape)}, expected at least one, [test]")
    if not ((values >= 0) & (values <= 1)).all():
        raise MetricError(f"p values are {list(p_values)}, expected numbers from 0 to 1")
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1)
    return [float(value) for value in adjusted]


def _difference(value: float, drawn: Floats, known: bool) -> Difference:
    exact = np.where(np.abs(drawn) < ROUNDING, 0, drawn)
    value = 0.0 if abs(value) < ROUNDING else value
    return Difference(value, percentiles(exact, LEVEL), _two_sided(exact)) if known else Difference(value, None, None)


def _two_sided(drawn: Floats) -> float:
    beyond = min(int(np.sum(drawn <= 0)), int(np.sum(drawn >= 0)))
    return min(1.0, 2 * (beyond + 1) / (len(drawn) + 1))


def _sign_test(b: int, c: int) -> float:
    """Return the exact two-sided p value of b heads and c tails of a fair coin.

    Summed from the largest term down, relative to it, so that counts of any size neither overflow nor vanish.
    """
    total, fewer = b + c, min(b, c)
    if 2 * fewer >= total - 1:
        return 1.0
    largest = math.lgamma(total + 1) - math.lgamma(fewer + 1) - math.lgamma(total - fewer + 1) - total * math.log(2)
    # C(n, k - 1) / C(n, k) = k / (n - k + 1)
    steps = np.arange(fewer, 0, -1, dtype=np.float64)
    terms = np.cumprod(steps / (total - steps + 1))
    return min(1.0, 2 * math.exp(largest) * (1 + float(terms.sum())))
