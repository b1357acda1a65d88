import math

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.errors import MetricError, ParaverbalError
from paraverbal.metrics import classes as scores

CLASSES = 5


@st.composite
def answers(draw):
    """Truth and prediction of 1 to 40 clips; classes may be absent from either."""
    pairs = draw(st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1, max_size=40))
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


@given(answers())
def test_accuracy_and_confusion_agree_with_scikit_learn(pair):
    truth, prediction = pair
    assert scores.accuracy(truth, prediction) == pytest.approx(reference.accuracy_score(truth, prediction))
    expected = reference.confusion_matrix(truth, prediction, labels=range(CLASSES))
    assert (scores.confusion_matrix(truth, prediction, CLASSES) == expected).all()


@given(answers())
def test_scores_per_class_agree_with_scikit_learn_where_the_class_occurs(pair):
    truth, prediction = pair
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        truth, prediction, labels=range(CLASSES), zero_division=0
    )
    occurs = support > 0
    assert (scores.support(truth, CLASSES) == support).all()
    for ours, theirs in (
        (scores.precision_per_class(truth, prediction, CLASSES), precision),
        (scores.recall_per_class(truth, prediction, CLASSES), recall),
        (scores.f1_per_class(truth, prediction, CLASSES), f1),
    ):
        assert ours[occurs] == pytest.approx(theirs[occurs])
        assert np.isnan(ours[~occurs]).all()


@given(answers())
def test_means_over_classes_agree_with_scikit_learn_over_the_classes_of_truth(pair):
    truth, prediction = pair
    occurring = np.unique(truth)
    kwargs = {"labels": occurring, "average": "macro", "zero_division": 0}
    assert scores.uar(truth, prediction, CLASSES) == pytest.approx(reference.recall_score(truth, prediction, **kwargs))
    assert scores.macro_f1(truth, prediction, CLASSES) == pytest.approx(reference.f1_score(truth, prediction, **kwargs))


@given(answers())
def test_scores_agree_with_a_second_formula_that_counts_in_sets(pair):
    truth, prediction = pair
    recalls, f1s = [], []
    for label in set(truth.tolist()):
        is_truth = {clip for clip, value in enumerate(truth) if value == label}
        is_predicted = {clip for clip, value in enumerate(prediction) if value == label}
        hits = len(is_truth & is_predicted)
        recalls.append(hits / len(is_truth))
        f1s.append(2 * hits / (len(is_truth) + len(is_predicted)))
    assert scores.uar(truth, prediction, CLASSES) == pytest.approx(sum(recalls) / len(recalls))
    assert scores.macro_f1(truth, prediction, CLASSES) == pytest.approx(sum(f1s) / len(f1s))


@given(answers())
def test_the_confusion_matrix_holds_every_clip_and_every_score(pair):
    truth, prediction = pair
    counts = scores.confusion_matrix(truth, prediction, CLASSES)
    assert counts.sum() == len(truth)
    assert np.trace(counts) / len(truth) == pytest.approx(scores.accuracy(truth, prediction))
    assert (counts.sum(axis=1) == scores.support(truth, CLASSES)).all()


@given(answers(), st.permutations(range(CLASSES)))
def test_scores_do_not_depend_on_the_order_of_classes_or_clips(pair, order):
    truth, prediction = pair
    renamed = np.array(order)
    for score in (scores.uar, scores.macro_f1):
        expected = pytest.approx(score(truth, prediction, CLASSES))
        assert score(renamed[truth], renamed[prediction], CLASSES) == expected
        assert score(truth[::-1], prediction[::-1], CLASSES) == expected


def test_uar_equals_accuracy_where_all_classes_have_as_many_clips():
    truth, prediction = np.repeat(np.arange(3), 4), np.array([0, 0, 1, 2, 1, 1, 1, 1, 2, 0, 2, 2])
    assert scores.uar(truth, prediction, 3) == pytest.approx(scores.accuracy(truth, prediction))


def test_a_class_absent_from_truth_is_nan_and_left_out_of_means():
    truth, prediction = [0, 0, 1, 1], [0, 2, 1, 1]
    assert np.isnan(scores.recall_per_class(truth, prediction, 3)[2])
    assert scores.uar(truth, prediction, 3) == pytest.approx(0.75)
    assert scores.macro_f1(truth, prediction, 3) == pytest.approx((2 / 3 + 1) / 2)


def test_a_class_that_is_never_predicted_has_precision_zero():
    assert scores.precision_per_class([0, 1], [0, 0], 2).tolist() == [0.5, 0.0]
    assert scores.f1_per_class([0, 1], [0, 0], 2)[1] == 0


def test_one_class_always_right_scores_one():
    assert scores.uar([0, 0], [0, 0], 1) == scores.macro_f1([0, 0], [0, 0], 1) == scores.accuracy([0], [0]) == 1
    assert scores.cross_entropy([0, 0], [[1.0], [1.0]]) == 0


@given(answers(), st.integers(0, 2**32 - 1))
def test_cross_entropy_agrees_with_scikit_learn(pair, seed):
    truth, _ = pair
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(CLASSES), len(truth))
    probabilities = 0.999 * probabilities + 0.001 / CLASSES  # above the floor of either library
    expected = reference.log_loss(truth, probabilities, labels=range(CLASSES))
    assert scores.cross_entropy(truth, probabilities) == pytest.approx(expected)


def test_cross_entropy_of_chance_is_the_logarithm_of_the_classes():
    assert scores.cross_entropy([0, 3, 4], np.full((3, 5), 0.2)) == pytest.approx(math.log(5))


def test_a_probability_of_zero_for_the_truth_costs_a_bounded_amount():
    assert scores.cross_entropy([1], [[1.0, 0.0]]) == pytest.approx(-math.log(scores.PROBABILITY_FLOOR))


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([], [], "truth is empty"),
        ([0, 1], [0], "truth has 2 clips and prediction 1"),
        ([0.0, 1.0], [0, 1], "expected integer class indices"),
        ([[0], [1]], [0, 1], r"int64 \[2, 1\]"),
        ([0, 2], [0, 1], "truth holds class indices 0 to 2, expected 0 to 1"),
        ([0, 1], [-1, 1], "prediction holds class indices -1 to 1"),
    ],
)
def test_what_cannot_be_scored_is_an_error_that_says_what_was_given(truth, prediction, message):
    with pytest.raises(MetricError, match=message):
        scores.confusion_matrix(truth, prediction, 2)


def test_every_score_of_no_clips_is_an_error():
    for score in (
        scores.uar,
        scores.macro_f1,
        scores.recall_per_class,
        scores.precision_per_class,
        scores.f1_per_class,
    ):
        with pytest.raises(ValueError, match="empty"):
            score([], [], 2)
    for call in (lambda: scores.accuracy([], []), lambda: scores.support([], 2), lambda: scores.cross_entropy([], [])):
        with pytest.raises(ParaverbalError, match="empty"):
            call()


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        ([[0.5, 0.5]], "expected .* 2 clips"),
        ([0.5, 0.5], "shape"),
        ([[3.0, -1.0], [0.5, 0.5]], "softmax"),
        ([[math.nan, 1.0], [0.5, 0.5]], "finite"),
        ([[0.5, 0.5], [0.5, 0.2]], "clip 1 sum to 0.7"),
    ],
)
def test_values_that_are_no_probabilities_are_an_error(probabilities, message):
    with pytest.raises(MetricError, match=message):
        scores.cross_entropy([0, 1], probabilities)
