"""Whether classes differ in a quantity by more than chance, and what that means where many quantities are tested.

Quantities, classes and groups are those of `effects`. A p value is how often a difference at least this large would be seen if
there were none; it says nothing of its size, and among 88 quantities four are below 0.05 by chance.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paraverbal.errors import MetricError
from paraverbal.metrics.classes import Floats, Integers
from paraverbal.metrics.effects import CHUNK, ROUNDING, Layout, Moments, checked, inverse_of, sums_by, without_groups

# Of sums in single precision, in which permutations are counted for speed.
SINGLE_ROUNDING = 1e-5


def permutation_test(values: ArrayLike, layout: Layout, *, permutations: int = 9999, seed: int = 0) -> Floats:
    """Return the p value of each quantity, 1 / (permutations + 1) to 1, `[quantity]`: how often chance explains as much.

    The classes of a group's clips are dealt out anew among them. What is asked is whether classes matter in any group; clips
    of a group are taken to be exchangeable. NaN where nothing varies or no group has two classes. Source: Good, "Permutation,
    Parametric, and Bootstrap Tests of Hypotheses", 3rd edition, 2005, chapter 6; the added 1: Phipson and Smyth, "Permutation
    p-values should never be zero", Statistical Applications in Genetics and Molecular Biology, 2010.

    Raises:
        MetricError: As `class_effects`, or fewer than 1 permutation.
    """
    numbers = without_groups(values, layout)
    if permutations < 1:
        raise MetricError(f"permutations is {permutations}, expected at least 1 (9999 for a test)")
    total = np.square(numbers).sum(axis=0)
    varies = total > 0
    inverse = inverse_of(Moments.of(numbers, layout).spread.sum(axis=0))
    if not inverse.any() or not varies.any():
        return np.full(numbers.shape[1], np.nan)
    scale = np.sqrt(np.where(varies, total, 1.0))
    order = np.argsort(layout.groups, kind="stable")
    scaled, classes = (numbers / scale)[order].astype(np.float32), layout.classes[order]
    blocks = np.split(np.arange(len(classes)), np.cumsum(np.bincount(layout.groups))[:-1])
    root = _root(inverse)
    observed = _explained_share(classes[np.newaxis], scaled, root)[0]
    generator, beyond = np.random.default_rng(seed), np.zeros(numbers.shape[1])
    for start in range(0, permutations, CHUNK):
        dealt = np.repeat(classes[np.newaxis], min(CHUNK, permutations - start), axis=0)
        for block in blocks:
            first, end = block[0], block[-1] + 1
            dealt[:, first:end] = generator.permuted(dealt[:, first:end], axis=1)
        beyond += (_explained_share(dealt, scaled, root) >= observed - SINGLE_ROUNDING).sum(axis=0)
    return np.where(varies, (beyond + 1) / (permutations + 1), np.nan)


def kruskal_wallis(values: ArrayLike, layout: Layout) -> Floats:
    """Return the p value of Kruskal and Wallis's rank test of each quantity, `[quantity]`; groups are not looked at.

    It takes clips to be independent. NaN with fewer than two classes, or where nothing varies. Source: Kruskal and Wallis, "Use
    of ranks in one-criterion variance analysis", Journal of the American Statistical Association, 1952.

    Raises:
        MetricError: As `class_effects`.
    """
    numbers = checked(values, layout)
    clips = len(numbers)
    sizes = np.bincount(layout.classes)
    there = sizes > 0
    ranks, ties = _ranks(numbers)
    freedom = int(there.sum()) - 1
    whole = 1 - ties / max(clips**3 - clips, 1)
    sums = sums_by(ranks, layout.classes, len(sizes))[there]
    raw = 12 / (clips * (clips + 1)) * (np.square(sums) / sizes[there, np.newaxis]).sum(axis=0) - 3 * (clips + 1)
    return np.array(
        [
            chi_squared_tail(max(h, 0.0) / kept, freedom) if freedom and kept > ROUNDING else np.nan
            for h, kept in zip(raw.tolist(), whole.tolist(), strict=True)
        ]
    )


def chi_squared_tail(statistic: float, freedom: int) -> float:
    """Return the chance that a chi-squared number of so many degrees of freedom (1 or more) is `statistic` or more.

    The finite series of whole and half degrees. Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964,
    26.4.4 and 26.4.5.

    Example:
        >>> round(chi_squared_tail(3.841459, 1), 6)
        0.05
    """
    half = statistic / 2
    if half <= 0:
        return 1.0
    odd = freedom % 2
    terms = [math.exp(j * math.log(half) - half - math.lgamma(j + 1)) for j in np.arange(odd / 2, freedom / 2)]
    return min(1.0, sum(terms)) if not odd else min(1.0, math.erfc(math.sqrt(half)) + sum(terms[: freedom // 2]))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted so that, of those below 0.05, less than 5 % are false in the long run.

    The k-th smallest of m is multiplied by m / k; none is larger than the one after it. Milder than `comparison.holm`, which
    guards against a single false one. Source: Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the
    Royal Statistical Society B, 1995.

    Args:
        p_values: 0 to 1, in any order.

    Returns:
        The adjusted values, in the order given.

    Raises:
        MetricError: No values, or one that is NaN or outside 0 to 1.

    Example:
        >>> benjamini_hochberg([0.01, 0.5, 0.02])
        [0.03, 0.5, 0.03]
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise MetricError(f"p values have shape {list(values.shape)}, expected at least one, [test]")
    if not ((values >= 0) & (values <= 1)).all():
        raise MetricError(f"p values are {list(p_values)}, expected numbers from 0 to 1")
    order = np.argsort(values, kind="stable")
    raised = values[order] * len(values) / np.arange(1, len(values) + 1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1)
    return [float(value) for value in adjusted]


def _explained_share(dealt: Integers, scaled: NDArray[np.float32], root: Floats) -> NDArray[np.float32]:
    """Return the share that each deal of classes `[deal, clip]` explains of `scaled [clip, quantity]`, whose squares sum to 1."""
    count = len(root)
    members = (dealt[:, np.newaxis] == np.arange(count)[:, np.newaxis]).astype(np.float32)
    sums = (members.reshape(-1, dealt.shape[1]) @ scaled).reshape(len(dealt), count, -1)
    result: NDArray[np.float32] = np.square(root.astype(np.float32) @ sums).sum(axis=1)
    return result


def _root(inverse: Floats) -> Floats:
    """Return the R of which R' R is the given matrix."""
    powers, axes = np.linalg.eigh(inverse)
    result: Floats = np.sqrt(np.maximum(powers, 0))[:, np.newaxis] * axes.T
    return result


def _ranks(values: Floats) -> tuple[Floats, Floats]:
    """Return the ranks in each column from 1 on, equal values sharing their mean, and the sum of t^3 - t over ties."""
    ranks, ties = np.empty(values.shape), np.empty(values.shape[1])
    for column in range(values.shape[1]):
        _, index, counts = np.unique(values[:, column], return_inverse=True, return_counts=True)
        ranks[:, column] = (np.cumsum(counts) - (counts - 1) / 2)[index]
        ties[column] = (counts.astype(np.float64) ** 3 - counts).sum()
    return ranks, ties
