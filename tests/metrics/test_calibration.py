import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from paraverbal.bundle.temperature import tempered
from paraverbal.errors import MetricError
from paraverbal.metrics.calibration import (
    brier_score,
    choose_threshold,
    coverage_curve,
    expected_calibration_error,
    fit_temperature,
    reliability,
)
from paraverbal.metrics.classes import cross_entropy


def drawn(clips: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and truth drawn from them: they are calibrated by construction."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (clips, 4))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.array([rng.choice(4, p=row) for row in probabilities]), probabilities


def test_calibrated_probabilities_keep_a_temperature_near_1() -> None:
    assert fit_temperature(*drawn()) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("temperature", [0.7, 2.0, 5.0])
def test_a_known_temperature_is_found_again(temperature: float) -> None:
    truth, probabilities = drawn()
    oversure = tempered(probabilities, 1 / temperature)
    assert fit_temperature(truth, oversure) == pytest.approx(temperature, rel=0.1)
    found = tempered(oversure, fit_temperature(truth, oversure))
    assert cross_entropy(truth, found) < cross_entropy(truth, oversure)


@given(temperature=st.floats(0.5, 20))
def test_a_temperature_changes_neither_the_order_of_the_labels_nor_their_sum(temperature: float) -> None:
    probabilities = np.array([[0.1, 0.6, 0.3], [1.0, 0.0, 0.0], [1e-30, 1.0, 1e-12]])
    changed = tempered(probabilities, temperature)
    np.testing.assert_allclose(changed.sum(axis=1), 1)
    assert (changed.argmax(axis=1) == probabilities.argmax(axis=1)).all()


def test_it_is_the_softmax_of_logits_divided_by_the_temperature() -> None:
    logits = np.array([2.0, -1.0, 0.5])
    probabilities = np.exp(logits) / np.exp(logits).sum()
    expected = np.exp(logits / 3) / np.exp(logits / 3).sum()
    np.testing.assert_allclose(tempered(probabilities, 3.0), expected)


@st.composite
def answers(draw):
    """Probabilities of 1 to 60 clips over 2 to 5 labels, some of them round, and truth."""
    clips, labels = draw(st.integers(1, 60)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    probabilities = rng.dirichlet(np.full(labels, draw(st.sampled_from([0.1, 1.0]))), clips)
    round_ones = rng.multinomial(10, np.full(labels, 1 / labels), clips) / 10
    return np.where(rng.random((clips, 1)) < 0.5, probabilities, round_ones), rng.integers(0, labels, clips)


def confidence_and_right(probabilities, truth):
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == truth


@given(answers(), st.integers(1, 20))
def test_filled_bins_agree_with_scikit_learn(pair, bins):
    confidence, right = confidence_and_right(*pair)
    # Equal floats at an edge may be told apart by the last bit of the edges of either library.
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    if edges.size and np.abs(confidence[:, None] - edges).min() < 1e-9:
        return
    accuracy, mean = calibration_curve(right, confidence, n_bins=bins, strategy="uniform")
    filled = [row for row in reliability(*pair, bins) if row.clips]
    np.testing.assert_allclose([row.accuracy for row in filled], accuracy)
    np.testing.assert_allclose([row.confidence for row in filled], mean)


@given(answers(), st.integers(1, 20))
def test_bins_hold_every_clip_between_their_edges(pair, bins):
    rows = reliability(*pair, bins)
    assert sum(row.clips for row in rows) == len(pair[1])
    assert [row.low for row in rows[1:]] == [row.high for row in rows[:-1]]
    assert (rows[0].low, rows[-1].high) == (0, 1)
    for row in rows:
        assert (row.confidence is None) == (row.accuracy is None) == (row.clips == 0)
        assert row.confidence is None or row.low - 1e-12 <= row.confidence <= row.high + 1e-12


@given(answers())
def test_the_calibration_error_is_the_gap_summed_over_clips_of_a_bin(pair):
    confidence, right = confidence_and_right(*pair)
    edges = np.linspace(0, 1, 16)
    gap = 0.0
    for low, high in itertools.pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        gap += abs(float((confidence[inside] - right[inside]).sum()))
    assert expected_calibration_error(*pair) == pytest.approx(gap / len(confidence), abs=1e-12)


def test_a_confidence_on_an_edge_is_in_the_bin_below_it():
    rows = reliability([[0.5, 0.5], [1.0, 0.0]], [0, 0], bins=2)
    assert [row.clips for row in rows] == [1, 1]


def test_calibrated_probabilities_have_a_small_error_and_oversure_ones_a_large_one():
    truth, probabilities = drawn()
    assert expected_calibration_error(probabilities, truth) < 0.03
    assert expected_calibration_error(tempered(probabilities, 0.3), truth) > 0.15


def test_always_sure_and_half_right_has_an_error_of_one_half():
    assert expected_calibration_error([[1.0, 0.0]] * 4, [0, 0, 1, 1]) == 0.5


@given(answers())
def test_the_brier_score_agrees_with_a_sum_clip_by_clip(pair):
    probabilities, truth = pair
    total = 0.0
    for row, label in zip(probabilities, truth, strict=True):
        total += sum((p - (index == label)) ** 2 for index, p in enumerate(row))
    assert brier_score(probabilities, truth) == pytest.approx(total / len(truth))


def test_the_brier_score_of_two_labels_is_twice_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    probability, truth = rng.random(50), rng.integers(0, 2, 50)
    ours = brier_score(np.column_stack([1 - probability, probability]), truth)
    assert ours == pytest.approx(2 * brier_score_loss(truth, probability))


def test_the_brier_score_goes_from_0_over_chance_to_2():
    assert brier_score([[1.0, 0.0, 0.0]], [0]) == 0
    assert brier_score(np.full((3, 5), 0.2), [0, 1, 4]) == pytest.approx(1 - 1 / 5)
    assert brier_score([[1.0, 0.0, 0.0]], [2]) == 2


@given(answers())
def test_each_point_of_the_coverage_curve_is_what_its_threshold_answers(pair):
    confidence, right = confidence_and_right(*pair)
    curve = coverage_curve(*pair)
    assert (curve[0].threshold, curve[0].answered) == (0, 1)
    assert len(curve) == len(np.unique(confidence))
    for point in curve:
        answered = confidence >= point.threshold
        assert point.clips == answered.sum()
        assert point.answered == pytest.approx(answered.mean())
        assert point.accuracy == pytest.approx(right[answered].mean())


@given(answers(), st.floats(0, 1))
def test_the_chosen_threshold_is_the_lowest_that_reaches_the_target(pair, target):
    confidence, right = confidence_and_right(*pair)
    reaching = [t for t in (0.0, *np.unique(confidence)) if right[confidence >= t].mean() >= target - 1e-9]
    assert choose_threshold(*pair, target) == (min(reaching) if reaching else None)


def test_without_a_target_half_of_the_errors_are_to_go():
    confidence = np.array([0.6, 0.7, 0.8, 0.9, 0.95])
    probabilities = np.column_stack([confidence, 1 - confidence])
    truth = np.array([1, 1, 0, 0, 0])  # accuracy 3/5, target 4/5: reached without both errors only
    assert choose_threshold(probabilities, truth) == 0.8
    assert choose_threshold(probabilities, truth, 0.75) == 0.7


def test_where_no_threshold_leaves_half_of_the_errors_the_one_with_the_fewest_is_taken():
    confidence = np.array([0.6, 0.7, 0.8, 0.9, 0.95])
    probabilities = np.column_stack([confidence, 1 - confidence])
    truth = np.array([1, 0, 1, 0, 1])  # accuracies 2/5, 2/4, 1/3, 1/2, 0: none is 7/10
    assert choose_threshold(probabilities, truth) == 0.7
    assert choose_threshold(probabilities, truth, least_clips=5) == 0
    assert choose_threshold(probabilities, truth, least_clips=6) is None
    assert choose_threshold(probabilities, truth, 0.7) is None


def test_a_threshold_may_be_zero_unreachable_or_ask_for_more_clips():
    probabilities = [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]]
    assert choose_threshold(probabilities, [0, 0, 0]) == 0
    assert choose_threshold(probabilities, [1, 0, 0], 0.9) is None
    assert choose_threshold(probabilities, [0, 0, 1], 1.0) == 0.8
    assert choose_threshold(probabilities, [0, 0, 1], 1.0, least_clips=3) is None


@pytest.mark.parametrize("measure", [expected_calibration_error, brier_score, reliability, coverage_curve])
@pytest.mark.parametrize(
    ("probabilities", "truth", "message"),
    [
        ([], [], "empty"),
        ([[0.5, 0.5]], [], "empty"),
        ([[]], [0], "empty"),
        ([[0.5, np.nan]], [0], "finite"),
        ([[0.5, 0.5]], [2], "0 to 1 for 2 classes"),
        ([[0.5, 0.2]], [0], "sum to 0.7"),
        ([[0.5, 0.5]], [0, 1], "with 2 clips"),
    ],
)
def test_what_cannot_be_measured_is_an_error(measure, probabilities, truth, message):
    with pytest.raises(MetricError, match=message):
        measure(probabilities, truth)


def test_bins_and_targets_out_of_range_are_errors():
    with pytest.raises(MetricError, match="bins is 0"):
        reliability([[1.0, 0.0]], [0], 0)
    with pytest.raises(MetricError, match="target_accuracy is 90"):
        choose_threshold([[1.0, 0.0]], [0], 90)
