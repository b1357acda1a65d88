"""What validation clips say of a model's probabilities, and how that holds on test clips.

Temperature, threshold and quantile are chosen on validation clips alone; test clips only tell what they are worth.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from paraverbal.evaluation.predictions import Predictions
from paraverbal.metrics.calibration import (
    brier_score,
    choose_threshold,
    coverage_curve,
    expected_calibration_error,
    fit_temperature,
    reliability,
)
from paraverbal.metrics.conformal import conformal_quantile, mean_size, measured_coverage, prediction_sets

# A threshold is only believed if so many validation clips were answered above it.
LEAST_ANSWERED = 20
# Share of clips whose emotion is to be in the set of labels that a model does not rule out.
COVERAGE = 0.9


@dataclass(frozen=True)
class Calibration:
    """Numbers chosen on validation clips, kept in the bundle.

    Attributes:
        temperature: Probabilities are raised to 1 / temperature.
        threshold: Below this confidence the answer is "uncertain"; 0 if none leaves fewer errors.
        quantile: Labels of probability 1 - quantile or more form the set that holds the truth in 90 % of clips.
    """

    temperature: float
    threshold: float
    quantile: float


def calibrate(valid: Predictions) -> Calibration:
    """Choose temperature, threshold and quantile on validation clips.

    The threshold leaves half the errors of answering always, or where none does, the fewest.
    """
    temperature = fit_temperature(valid.truth, valid.probabilities)
    tempered = valid.tempered(temperature)
    threshold = choose_threshold(tempered.probabilities, tempered.truth, least_clips=LEAST_ANSWERED)
    quantile = conformal_quantile(tempered.probabilities, tempered.truth, COVERAGE)
    return Calibration(temperature, threshold or 0.0, quantile)


def calibration_document(chosen: Calibration, untempered: Predictions) -> dict[str, Any]:
    """Return what the calibration is worth on other clips, as JSON types.

    Args:
        chosen: What was chosen on validation clips.
        untempered: Predictions of test clips before the temperature.
    """
    tempered = untempered.tempered(chosen.temperature)
    probabilities, truth = tempered.probabilities, tempered.truth
    confidence = probabilities.max(axis=1)
    answered = confidence >= chosen.threshold
    right = probabilities.argmax(axis=1) == truth
    sets = prediction_sets(probabilities, chosen.quantile)
    return {
        **asdict(chosen),
        "before": _scores(untempered),
        "after": _scores(tempered),
        "answered": float(answered.mean()),
        "answered_accuracy": float(right[answered].mean()) if answered.any() else None,
        "coverage_curve": [asdict(point) for point in _thinned(coverage_curve(probabilities, truth))],
        "set_coverage": measured_coverage(sets, truth),
        "set_size": mean_size(sets),
    }


def _scores(found: Predictions) -> dict[str, Any]:
    bins = reliability(found.probabilities, found.truth)
    return {
        "ece": expected_calibration_error(found.probabilities, found.truth),
        "brier": brier_score(found.probabilities, found.truth),
        "reliability": [asdict(entry) for entry in bins],
    }


def _thinned(points: list[Any], most: int = 100) -> list[Any]:
    """Return at most so many of the points, evenly spread, first and last included."""
    if len(points) <= most:
        return points
    return [points[index] for index in np.linspace(0, len(points) - 1, most).round().astype(int)]
