"""Scores of predicted classes.

`truth` and `prediction` are integer arrays `[clip]` of class indices, 0 to `classes - 1`. Scores are fractions, 0 to 1.

No clips at all is an error, never a score. A class that does not occur in `truth` has no recall, precision or F1: these
are NaN there, and means over classes leave them out. A class that occurs but is never predicted has precision 0.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paraverbal.errors import MetricError

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# Least probability whose logarithm is taken: the resolution of float32 at 1, which bounds the loss of a clip to 15.9.
PROBABILITY_FLOOR = float(np.finfo(np.float32).eps)
# How far the probabilities of a clip may sum from 1: float32 sums stay far below, logits and percent far above.
SUM_TOLERANCE = 1e-3


def accuracy(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the share of clips whose class is predicted right (the field's WA, weighted accuracy).

    Raises:
        MetricError: No clips, different lengths, or values that are not class indices.

    Example:
        >>> accuracy([0, 0, 0, 1], [0, 0, 1, 1])
        0.75
    """
    true, predicted = _pair(truth, prediction)
    return float(np.mean(true == predicted))


def uar(truth: ArrayLike, prediction: ArrayLike, classes: int) -> float:
    """Return the unweighted average recall: the mean of recall over the classes that occur in `truth`.

    Every class counts the same, however many clips it has; chance is 1 / classes. Source: Schuller et al., "The
    INTERSPEECH 2009 Emotion Challenge", 2009.

    Raises:
        MetricError: As `confusion_matrix`.

    Example:
        >>> uar([0, 0, 0, 0, 1], [0, 0, 0, 0, 0], 2)
        0.5
    """
    return float(np.nanmean(recall_per_class(truth, prediction, classes)))


def macro_f1(truth: ArrayLike, prediction: ArrayLike, classes: int) -> float:
    """Return the mean of F1 over the classes that occur in `truth`.

    Clips put into a class that does not occur lower the recall of their own class, and count nowhere else.

    Raises:
        MetricError: As `confusion_matrix`.
    """
    return float(np.nanmean(f1_per_class(truth, prediction, classes)))


def confusion_matrix(truth: ArrayLike, prediction: ArrayLike, classes: int) -> Integers:
    """Return how many clips of each class were predicted as each class, `[truth, prediction]`.

    Raises:
        MetricError: No clips, different lengths, values that are not integers, or an index outside 0 to `classes - 1`.

    Example:
        >>> confusion_matrix([0, 0, 1], [0, 1, 1], 2).tolist()
        [[1, 1], [0, 1]]
    """
    true, predicted = _pair(truth, prediction)
    _check_range(true, classes, "truth")
    _check_range(predicted, classes, "prediction")
    counts = np.bincount(true * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def support(truth: ArrayLike, classes: int) -> Integers:
    """Return the number of clips of each class, `[class]`.

    Raises:
        MetricError: No clips, or a value that is not a class index.
    """
    true = _indices(truth, "truth")
    _check_range(true, classes, "truth")
    return np.bincount(true, minlength=classes).astype(np.int64)


def recall_per_class(truth: ArrayLike, prediction: ArrayLike, classes: int) -> Floats:
    """Return the share of each class's clips that were predicted as it, `[class]`; NaN for a class without clips.

    Raises:
        MetricError: As `confusion_matrix`.
    """
    counts = confusion_matrix(truth, prediction, classes)
    return _ratio(np.diagonal(counts), counts.sum(axis=1))


def precision_per_class(truth: ArrayLike, prediction: ArrayLike, classes: int) -> Floats:
    """Return the share of each class's predictions that were right, `[class]`.

    NaN for a class without clips, 0 for one that has clips and is never predicted.

    Raises:
        MetricError: As `confusion_matrix`.
    """
    counts = confusion_matrix(truth, prediction, classes)
    precision = _ratio(np.diagonal(counts), np.maximum(counts.sum(axis=0), 1))
    return np.where(counts.sum(axis=1) > 0, precision, np.nan)


def f1_per_class(truth: ArrayLike, prediction: ArrayLike, classes: int) -> Floats:
    """Return the harmonic mean of precision and recall, `[class]`; NaN for a class without clips.

    Computed as 2 TP / (clips + predictions), which also holds where precision and recall are both 0.

    Raises:
        MetricError: As `confusion_matrix`.
    """
    counts = confusion_matrix(truth, prediction, classes)
    clips, predictions = counts.sum(axis=1), counts.sum(axis=0)
    return _ratio(2 * np.diagonal(counts), np.where(clips > 0, clips + predictions, 0))


def cross_entropy(truth: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean over clips of minus the natural logarithm of the probability given to the true class.

    A probability below `PROBABILITY_FLOOR` counts as the floor. Uniform probabilities over n classes give ln n.

    Args:
        truth: Class indices `[clip]`.
        probabilities: `[clip, class]`, each row summing to 1.

    Raises:
        MetricError: No clips, a shape that does not fit, an index outside the classes, or rows that are no
            probabilities.

    Example:
        >>> round(cross_entropy([0, 1], [[0.5, 0.5], [0.5, 0.5]]), 4)
        0.6931
    """
    true = _indices(truth, "truth")
    values = checked_probabilities(probabilities, len(true))
    _check_range(true, values.shape[1], "truth")
    chosen = values[np.arange(len(true)), true]
    return float(-np.mean(np.log(np.maximum(chosen, PROBABILITY_FLOOR))))


def checked_probabilities(probabilities: ArrayLike, clips: int) -> Floats:
    """Return `probabilities` as float64 `[clip, class]`.

    Raises:
        MetricError: Not `clips` rows, values that are not finite or outside 0 to 1, or a row that does not sum to 1.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if values.ndim != 2 or len(values) != clips:
        raise MetricError(f"probabilities have shape {list(values.shape)}, expected [clip, class] with {clips} clips")
    if not np.isfinite(values).all() or values.min() < -SUM_TOLERANCE or values.max() > 1 + SUM_TOLERANCE:
        raise MetricError("probabilities must be finite and within 0 to 1; apply softmax to logits first")
    sums = values.sum(axis=1)
    worst = int(np.argmax(np.abs(sums - 1)))
    if abs(sums[worst] - 1) > SUM_TOLERANCE:
        raise MetricError(f"the probabilities of clip {worst} sum to {sums[worst]:g}, expected 1")
    return values


def _pair(truth: ArrayLike, prediction: ArrayLike) -> tuple[Integers, Integers]:
    true, predicted = _indices(truth, "truth"), _indices(prediction, "prediction")
    if len(true) != len(predicted):
        raise MetricError(f"truth has {len(true)} clips and prediction {len(predicted)}; they must be the same clips")
    return true, predicted


def _indices(values: ArrayLike, name: str) -> Integers:
    array = np.asarray(values)
    if array.size == 0:
        raise MetricError(f"{name} is empty; a score needs at least one clip")
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise MetricError(f"{name} is {array.dtype} {list(array.shape)}, expected integer class indices [clip]")
    return array.astype(np.int64)


def _check_range(indices: Integers, classes: int, name: str) -> None:
    if indices.min() < 0 or indices.max() >= classes:
        raise MetricError(
            f"{name} holds class indices {indices.min()} to {indices.max()}, "
            f"expected 0 to {classes - 1} for {classes} classes"
        )


def _ratio(part: Integers, whole: Integers) -> Floats:
    """Return part / whole, NaN where whole is 0."""
    ratio = np.full(len(part), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
