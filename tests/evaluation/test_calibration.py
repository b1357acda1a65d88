"""Temperature, threshold and quantile come from validation clips; test clips tell what they are worth."""

import numpy as np
import pytest

from paraverbal.evaluation.calibration import COVERAGE, calibrate, calibration_document
from paraverbal.evaluation.predictions import Predictions
from paraverbal.metrics.calibration import expected_calibration_error, fit_temperature

LABELS = ("anger", "neutral", "sadness")


def made(clips, seed, sharpness=4.0, shift=1.0):
    """Return predictions that are too sure: the logits of a model that is often right, times a number."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, clips)
    logits = rng.normal(0, 1, (clips, 3))
    logits[np.arange(clips), truth] += shift
    powers = np.exp(sharpness * (logits - logits.max(axis=1, keepdims=True)))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    rows = tuple({"file": f"{clip}.wav", "speaker": None, "corpus": "made"} for clip in range(clips))
    return Predictions(rows, truth, probabilities, LABELS, ())


VALID, TEST = made(600, 0), made(2000, 1)


@pytest.fixture(scope="module")
def chosen():
    return calibrate(VALID)


def test_the_temperature_is_the_one_that_fits_validation(chosen):
    assert chosen.temperature == fit_temperature(VALID.truth, VALID.probabilities) > 1.5


def test_the_test_clips_choose_nothing(chosen):
    document = calibration_document(chosen, TEST)
    other = calibration_document(chosen, made(50, 2))
    for key in ("temperature", "threshold", "quantile"):
        assert document[key] == other[key] == getattr(chosen, key)


def test_probabilities_that_are_too_sure_are_mended(chosen):
    document = calibration_document(chosen, TEST)
    assert document["before"]["ece"] == expected_calibration_error(TEST.probabilities, TEST.truth)
    assert document["after"]["ece"] < 0.4 * document["before"]["ece"]
    assert document["after"]["brier"] < document["before"]["brier"]
    assert sum(entry["clips"] for entry in document["after"]["reliability"]) == len(TEST.truth)


def test_answers_above_the_threshold_have_about_half_the_errors(chosen):
    document = calibration_document(chosen, TEST)
    errors = np.mean(TEST.probabilities.argmax(axis=1) != TEST.truth)
    assert 0.2 < document["answered"] < 0.9
    assert 1 - document["answered_accuracy"] == pytest.approx(errors / 2, abs=0.05)


def test_sets_hold_the_truth_as_often_as_promised(chosen):
    document = calibration_document(chosen, TEST)
    assert document["set_coverage"] == pytest.approx(COVERAGE, abs=0.03)
    assert 1 <= document["set_size"] <= 3


def test_too_few_validation_clips_give_no_threshold_and_all_labels():
    few = calibrate(made(5, 3))
    assert (few.threshold, few.quantile) == (0.0, 1.0)
    document = calibration_document(few, TEST)
    assert (document["answered"], document["set_size"]) == (1.0, 3.0)


def test_the_curve_is_thinned_but_keeps_its_ends(chosen):
    curve = calibration_document(chosen, TEST)["coverage_curve"]
    assert len(curve) == 100
    assert curve[0]["answered"] == 1.0
    assert curve[-1]["answered"] == pytest.approx(1 / len(TEST.truth))
