"""Prediction sets: so many labels for a clip that the true one is among them as often as was asked for.

Split conformal prediction with the score 1 - (probability of the true label): the quantile is taken on validation clips, and
a set holds every label whose score is not above it. The promise holds on average over clips like those of the validation
part; with speakers apart, clips of a test speaker are not quite like them, so the coverage is measured, never assumed.

Sources: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005; Angelopoulos and Bates, "A Gentle
Introduction to Conformal Prediction and Distribution-Free Uncertainty Quantification", 2021, section 1.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paraverbal.errors import MetricError
from paraverbal.metrics.calibration import checked_pair
from paraverbal.metrics.classes import support

Sets = NDArray[np.bool_]

# (clips + 1) * coverage may come out this far above the whole number that it is.
ROUNDING = 1e-9


def conformal_quantile(probabilities: ArrayLike, truth: ArrayLike, coverage: float = 0.9) -> float:
    """Return the score, 0 to 1, up to which labels are to be in a set, from validation clips.

    The k-th smallest score with k = ceil((clips + 1) * coverage): the one added clip is the correction for few clips. Fewer
    than coverage / (1 - coverage) clips (9 at 0.9) cannot promise the coverage but by sets of all labels: that is 1.

    Args:
        probabilities: `[clip, label]` of validation clips, after any temperature.
        truth: Their class indices `[clip]`.
        coverage: Share of clips whose true label is to be in the set, between 0 and 1.

    Raises:
        MetricError: As `checked_pair`, or a coverage that is not between 0 and 1.
    """
    if not 0 < coverage < 1:
        raise MetricError(f"coverage is {coverage}, expected a share between 0 and 1, such as 0.9")
    values, true = checked_pair(probabilities, truth)
    scores = np.sort(1 - values[np.arange(len(true)), true])
    rank = math.ceil((len(scores) + 1) * coverage - ROUNDING)
    return float(scores[rank - 1]) if rank <= len(scores) else 1.0


def prediction_sets(probabilities: ArrayLike, quantile: float) -> Sets:
    """Return which labels are in the set of each clip, bool `[clip, label]`.

    The most probable label is always in, the first on a tie, so that no set is empty.

    Args:
        probabilities: `[clip, label]`.
        quantile: What `conformal_quantile` returned, 0 to 1.

    Raises:
        MetricError: No clips, rows that are no probabilities, or a quantile outside 0 to 1.

    Example:
        >>> prediction_sets([[0.6, 0.3, 0.1]], 0.75).tolist()
        [[True, True, False]]
    """
    if not 0 <= quantile <= 1:
        raise MetricError(f"quantile is {quantile}, expected the number from 0 to 1 that conformal_quantile returned")
    values, _ = checked_pair(probabilities, np.zeros(len(np.atleast_1d(probabilities)), dtype=np.int64))
    sets = 1 - values <= quantile
    sets[np.arange(len(values)), values.argmax(axis=1)] = True
    return sets


def measured_coverage(sets: ArrayLike, truth: ArrayLike) -> float:
    """Return the share of clips whose true label is in their set, 0 to 1.

    Raises:
        MetricError: No clips, sets that are not bool `[clip, label]`, another number of clips, or an index outside the labels.
    """
    held = _checked_sets(sets)
    true = np.asarray(truth)
    support(true, held.shape[1])  # it refuses what are no class indices
    if len(true) != len(held):
        raise MetricError(f"truth has {len(true)} clips and sets {len(held)}; they must be the same clips")
    return float(held[np.arange(len(true)), true].mean())


def mean_size(sets: ArrayLike) -> float:
    """Return the mean number of labels in a set, 1 to labels; 1 is a model that is as sure as it has to be.

    Raises:
        MetricError: No clips, or sets that are not bool `[clip, label]`.
    """
    return float(_checked_sets(sets).sum(axis=1).mean())


def _checked_sets(sets: ArrayLike) -> Sets:
    held = np.asarray(sets)
    if held.ndim != 2 or not held.size or held.dtype != np.bool_:
        raise MetricError(
            f"sets are {held.dtype} {list(held.shape)}, expected bool [clip, label] with at least one clip"
        )
    return held
