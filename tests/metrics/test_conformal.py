import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.errors import MetricError
from paraverbal.metrics.conformal import conformal_quantile, mean_size, measured_coverage, prediction_sets


def drawn(rng, clips, labels=5):
    """Probabilities that are too sure of themselves, and truth."""
    honest = rng.dirichlet(np.ones(labels), clips)
    truth = (honest.cumsum(axis=1) < rng.random((clips, 1))).sum(axis=1).clip(0, labels - 1)
    return honest**2 / (honest**2).sum(axis=1, keepdims=True), truth


@pytest.mark.parametrize("coverage", [0.7, 0.9])
def test_sets_from_few_clips_hold_the_truth_as_often_as_promised(coverage):
    rng, clips = np.random.default_rng(0), 19
    plain, sets = [], []
    for _ in range(600):
        quantile = conformal_quantile(*drawn(rng, clips), coverage)
        probabilities, truth = drawn(rng, 200)
        plain.append(np.mean(1 - probabilities[np.arange(200), truth] <= quantile))
        sets.append(measured_coverage(prediction_sets(probabilities, quantile), truth))
    # Without ties the coverage is k / (clips + 1), here exactly what was asked for; the label always in adds to it.
    assert np.mean(plain) == pytest.approx(coverage, abs=0.012)
    assert np.mean(sets) >= np.mean(plain)


def test_on_the_clips_it_was_taken_from_the_sets_hold_at_least_the_coverage():
    probabilities, truth = drawn(np.random.default_rng(1), 300)
    for coverage in (0.5, 0.8, 0.9, 0.99):
        sets = prediction_sets(probabilities, conformal_quantile(probabilities, truth, coverage))
        assert measured_coverage(sets, truth) >= coverage


@given(st.integers(1, 200), st.sampled_from([0.5, 0.8, 0.9, 0.95]), st.integers(0, 1000))
def test_the_quantile_is_that_of_numpy_with_one_clip_more(clips, coverage, seed):
    probabilities, truth = drawn(np.random.default_rng(seed), clips)
    # One clip more, whose score is above all: the correction in its second form.
    scores = np.append(1 - probabilities[np.arange(clips), truth], 1.0)
    expected = np.quantile(scores, coverage, method="inverted_cdf")
    assert conformal_quantile(probabilities, truth, coverage) == pytest.approx(expected)


def test_nine_clips_are_the_fewest_that_can_promise_nine_in_ten():
    probabilities, truth = np.tile([0.7, 0.2, 0.1], (9, 1)), np.zeros(9, dtype=int)
    assert conformal_quantile(probabilities, truth) == pytest.approx(0.3)
    assert conformal_quantile(probabilities[:8], truth[:8]) == 1
    assert prediction_sets(probabilities, 1.0).all()


@given(st.integers(1, 50), st.floats(0, 1), st.integers(0, 1000))
def test_no_set_is_empty_and_each_holds_what_is_at_least_as_probable(clips, quantile, seed):
    probabilities, _ = drawn(np.random.default_rng(seed), clips)
    sets = prediction_sets(probabilities, quantile)
    assert sets[np.arange(clips), probabilities.argmax(axis=1)].all()
    assert 1 <= mean_size(sets) <= 5
    for row, held in zip(probabilities, sets, strict=True):
        assert held.all() or row[held].min() >= row[~held].max()


def test_a_higher_coverage_makes_larger_sets():
    probabilities, truth = drawn(np.random.default_rng(0), 500)
    sizes = [
        mean_size(prediction_sets(probabilities, conformal_quantile(probabilities, truth, c))) for c in (0.6, 0.8, 0.95)
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_of_equal_greatest_probabilities_the_first_is_in():
    assert prediction_sets([[0.4, 0.4, 0.2]], 0.1).tolist() == [[True, False, False]]


def test_coverage_and_size_are_counted():
    sets = np.array([[True, False, False], [True, True, False], [True, True, True]])
    assert measured_coverage(sets, [0, 2, 2]) == pytest.approx(2 / 3)
    assert mean_size(sets) == 2


@pytest.mark.parametrize("coverage", [0, 1, 90, math.nan])
def test_a_coverage_that_is_no_share_is_an_error(coverage):
    with pytest.raises(MetricError, match="coverage is"):
        conformal_quantile([[1.0, 0.0]], [0], coverage)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conformal_quantile([], []), "empty"),
        (lambda: conformal_quantile([[0.5, math.nan]], [0]), "finite"),
        (lambda: conformal_quantile([[0.5, 0.5]], [2]), "class indices 2 to 2"),
        (lambda: prediction_sets([], 0.5), "empty"),
        (lambda: prediction_sets([0.5, 0.5], 0.5), "shape"),
        (lambda: prediction_sets([[0.5, 0.5]], math.nan), "quantile is nan"),
        (lambda: prediction_sets([[0.5, 0.5]], 1.5), "quantile is 1.5"),
        (lambda: measured_coverage([[True, False]], [0, 1]), "truth has 2 clips and sets 1"),
        (lambda: measured_coverage([[True, False]], [2]), "class indices 2 to 2"),
        (lambda: measured_coverage([[0.5, 0.5]], [0]), "expected bool"),
        (lambda: mean_size(np.zeros((0, 3), dtype=bool)), "at least one clip"),
    ],
)
def test_what_makes_no_sets_is_an_error(call, message):
    with pytest.raises(MetricError, match=message):
        call()
