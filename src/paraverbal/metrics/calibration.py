"""How sure a model may be: temperature, what its confidences are worth, and below which it should rather not answer.

The confidence of a clip is its greatest probability, and its prediction the label that has it, the first on a tie.
`probabilities` are `[clip, label]` with rows that sum to 1, `truth` is class indices `[clip]`. What is fitted or chosen here
(`fit_temperature`, `choose_threshold`) is chosen on validation clips, and measured on others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paraverbal.bundle.temperature import tempered
from paraverbal.errors import MetricError
from paraverbal.metrics.classes import Floats, Integers, cross_entropy

# Temperatures that are tried, 2 % apart: fewer than a hundred clips do not tell nearer ones apart.
CANDIDATES = np.geomspace(0.5, 20, 187)
# Accuracies are quotients of counts: what misses a target by less is rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class ReliabilityBin:
    """Clips whose confidence is above `low` and at most `high`.

    Attributes:
        low: Lower edge, 0 to 1; a confidence of exactly 0 is in the first bin.
        high: Upper edge.
        confidence: Mean confidence of the clips; None if there are none.
        accuracy: Share of them that is right; None if there are none.
        clips: How many there are.
    """

    low: float
    high: float
    confidence: float | None
    accuracy: float | None
    clips: int


@dataclass(frozen=True)
class CoveragePoint:
    """What comes of answering only where the confidence is at least `threshold`.

    Attributes:
        threshold: Least confidence that is answered, 0 to 1.
        answered: Share of the clips that are answered, above 0.
        accuracy: Share of the answered clips that is right.
        clips: How many are answered.
    """

    threshold: float
    answered: float
    accuracy: float
    clips: int


def fit_temperature(truth: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the temperature, 0.5 to 20, at which the probabilities of validation clips have the least cross-entropy.

    Args:
        truth: Class of each clip, integers `[clip]`.
        probabilities: `[clip, label]`, before any temperature.

    Raises:
        MetricError: As `cross_entropy`.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    losses = [cross_entropy(truth, tempered(values, float(candidate))) for candidate in CANDIDATES]
    return round(float(CANDIDATES[int(np.argmin(losses))]), 3)


def expected_calibration_error(probabilities: ArrayLike, truth: ArrayLike, bins: int = 15) -> float:
    """Return the expected calibration error, 0 to 1: how far confidence and accuracy are apart.

    The mean over bins of equal width of |mean confidence - accuracy|, weighted by clips; of the confidence alone, not of all
    labels. Few clips make it too large, since bins of a few clips miss their confidence by chance. Source: Guo, Pleiss, Sun
    and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equation 3, whose 15 bins are the default.

    Raises:
        MetricError: As `reliability`.
    """
    rows = reliability(probabilities, truth, bins)
    gaps = [
        row.clips * abs(row.confidence - row.accuracy)
        for row in rows
        if row.confidence is not None and row.accuracy is not None
    ]
    return sum(gaps) / sum(row.clips for row in rows)


def brier_score(probabilities: ArrayLike, truth: ArrayLike) -> float:
    """Return the Brier score, 0 (sure and right) to 2 (sure and wrong).

    The mean over clips of the squared differences from 1 for the true label and 0 for the others, summed over labels; for
    two labels that is twice the form that looks at one of them. Uniform probabilities over n labels give 1 - 1 / n. Source:
    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review, 1950.

    Raises:
        MetricError: As `checked_pair`.

    Example:
        >>> brier_score([[0.5, 0.5], [1.0, 0.0]], [0, 0])
        0.25
    """
    values, true = checked_pair(probabilities, truth)
    return float(np.mean(np.sum((values - np.eye(values.shape[1])[true]) ** 2, axis=1)))


def reliability(probabilities: ArrayLike, truth: ArrayLike, bins: int = 15) -> list[ReliabilityBin]:
    """Return the rows of a reliability diagram: bins of equal width of the confidence, from 0 to 1, the empty ones too.

    Raises:
        MetricError: As `checked_pair`, or fewer than 1 bin.
    """
    if bins < 1:
        raise MetricError(f"bins is {bins}, expected at least 1 (15 as a rule)")
    confidence, right = _confidence_and_right(probabilities, truth)
    edges = np.linspace(0, 1, bins + 1)
    index = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    return [
        ReliabilityBin(
            low=float(edges[number]),
            high=float(edges[number + 1]),
            confidence=_mean(confidence[index == number]),
            accuracy=_mean(right[index == number]),
            clips=int(np.sum(index == number)),
        )
        for number in range(bins)
    ]


def coverage_curve(probabilities: ArrayLike, truth: ArrayLike) -> list[CoveragePoint]:
    """Return what share is answered, and how well, at every threshold that makes a difference.

    The first point answers all clips (threshold 0), then one point for each further confidence that occurs, rising: each
    answers the clips of that confidence and above.

    Raises:
        MetricError: As `checked_pair`.
    """
    confidence, right = _confidence_and_right(probabilities, truth)
    order = np.argsort(confidence)
    thresholds, first = np.unique(confidence[order], return_index=True)
    thresholds[0] = 0
    answered = len(order) - first
    hits = np.cumsum(right[order][::-1])[answered - 1]
    return [
        CoveragePoint(float(threshold), count / len(order), float(hit) / count, count)
        for threshold, count, hit in zip(thresholds, answered.tolist(), hits, strict=True)
    ]


def choose_threshold(
    probabilities: ArrayLike, truth: ArrayLike, target_accuracy: float | None = None, *, least_clips: int = 1
) -> float | None:
    """Return the lowest confidence threshold at which the answered clips reach an accuracy, chosen on validation clips.

    On other clips the accuracy will be somewhat lower, the more so the fewer clips the threshold was chosen on.

    Args:
        probabilities: `[clip, label]` of validation clips, after any temperature.
        truth: Their class indices `[clip]`.
        target_accuracy: Accuracy to reach, 0 to 1; None takes the one with half as many errors as answering all clips has,
            and where no threshold reaches that, the highest accuracy there is.
        least_clips: How many clips must be answered, so that a handful that is right by chance is no proof; 20 is sensible.

    Returns:
        The threshold, 0 if all clips together reach the accuracy, None if no threshold does.

    Raises:
        MetricError: As `checked_pair`, or a target outside 0 to 1.
    """
    if target_accuracy is not None and not 0 <= target_accuracy <= 1:
        raise MetricError(f"target_accuracy is {target_accuracy}, expected a share from 0 to 1, such as 0.9")
    curve = coverage_curve(probabilities, truth)
    target = (1 + curve[0].accuracy) / 2 if target_accuracy is None else target_accuracy
    enough = [point for point in curve if point.clips >= least_clips]
    if target_accuracy is None and enough:
        target = min(target, max(point.accuracy for point in enough))
    return next((point.threshold for point in enough if point.accuracy >= target - ROUNDING), None)


def checked_pair(probabilities: ArrayLike, truth: ArrayLike) -> tuple[Floats, Integers]:
    """Return the probabilities as float64 within 0 to 1, `[clip, label]`, and truth as integers `[clip]`.

    Raises:
        MetricError: As `cross_entropy`: no clips, shapes that do not fit, an index outside the labels, or rows that are no
            probabilities.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if not values.size:
        raise MetricError("probabilities are empty; a score needs at least one clip and one label")
    cross_entropy(truth, values)
    return np.clip(values, 0, 1), np.asarray(truth, dtype=np.int64)


def _confidence_and_right(probabilities: ArrayLike, truth: ArrayLike) -> tuple[Floats, Floats]:
    """Return the confidence of each clip, and 1 where its prediction is right and 0 where not, both `[clip]`."""
    values, true = checked_pair(probabilities, truth)
    return values.max(axis=1), (values.argmax(axis=1) == true).astype(np.float64)


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if values.size else None
