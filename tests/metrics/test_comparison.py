import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control

from paraverbal.errors import MetricError
from paraverbal.metrics import classes as scores
from paraverbal.metrics.comparison import holm, mcnemar, paired_bootstrap

CLASSES = 3
RECALL = 0.6
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def simulated(rng, speakers=30, clips=4, better=0.0):
    """Truth, two predictions and speakers; the first is right more often by `better`, and both miss the same speakers."""
    truth = np.tile(np.repeat(np.arange(CLASSES), clips), speakers)
    speaker = np.repeat(np.arange(speakers), CLASSES * clips)
    ability, taste = rng.uniform(-0.2, 0.2, speakers), rng.uniform(-0.1, 0.1, (2, speakers))

    def predicted(which, gain):
        right = rng.random(len(truth)) < RECALL + gain + ability[speaker] + taste[which, speaker]
        return np.where(right, truth, (truth + rng.integers(1, CLASSES, len(truth))) % CLASSES)

    return truth, predicted(0, better), predicted(1, 0.0), speaker.tolist()


def test_the_difference_is_that_of_the_scores_first_minus_second():
    truth, first, second, groups = simulated(np.random.default_rng(0), better=0.1)
    found = paired_bootstrap(truth, first, second, CLASSES, groups=groups, draws=500)
    assert found.uar.value == scores.uar(truth, first, CLASSES) - scores.uar(truth, second, CLASSES)
    assert found.wa.value == scores.accuracy(truth, first) - scores.accuracy(truth, second)
    assert found.uar.interval[0] < found.uar.value < found.uar.interval[1]
    assert (found.clips, found.clusters, found.warning) == (360, 30, None)


def test_the_other_way_round_it_is_the_other_way_round():
    truth, first, second, groups = simulated(np.random.default_rng(0), better=0.05)
    one = paired_bootstrap(truth, first, second, CLASSES, groups=groups)
    other = paired_bootstrap(truth, second, first, CLASSES, groups=groups, seed=1)
    assert other.uar.value == -one.uar.value
    assert other.uar.p == pytest.approx(one.uar.p, abs=0.03)
    assert other.uar.interval == pytest.approx((-one.uar.interval[1], -one.uar.interval[0]), abs=0.01)


def test_interval_and_p_value_agree_with_a_loop_over_draws_of_speakers():
    truth, first, second, groups = simulated(np.random.default_rng(4), speakers=12, better=0.06)
    rng, speaker = np.random.default_rng(9), np.array(groups)
    clips = [np.flatnonzero(speaker == which) for which in range(12)]
    differences = []
    for _ in range(3000):
        chosen = np.concatenate([clips[which] for which in rng.integers(0, 12, 12)])
        pair = [scores.uar(truth[chosen], answer[chosen], CLASSES) for answer in (first, second)]
        differences.append(pair[0] - pair[1])
    found = paired_bootstrap(truth, first, second, CLASSES, groups=groups).uar
    assert found.interval == pytest.approx(np.quantile(differences, [0.025, 0.975]), abs=0.01)
    assert 0.02 < found.p < 0.9  # a p value that could be missed
    assert found.p == pytest.approx(2 * np.mean(np.array(differences) <= 0), abs=0.03)


def test_models_that_do_not_differ_are_found_different_about_as_rarely_as_the_p_value_says():
    rng = np.random.default_rng(0)
    p_values = []
    for data_set in range(300):
        truth, first, second, groups = simulated(rng)
        p_values.append(paired_bootstrap(truth, first, second, CLASSES, groups=groups, draws=400, seed=data_set).uar.p)
    assert 0.01 <= np.mean(np.array(p_values) <= 0.05) <= 0.10
    assert 0.4 <= np.mean(np.array(p_values) <= 0.5) <= 0.6


def test_a_model_that_is_clearly_better_is_found_so():
    truth, first, second, groups = simulated(np.random.default_rng(0), better=0.2)
    found = paired_bootstrap(truth, first, second, CLASSES, groups=groups, draws=999)
    assert found.uar.p == found.wa.p == pytest.approx(2 / 1000)  # the least that 999 draws can say
    assert found.uar.interval[0] > 0


def test_drawing_both_on_the_same_clips_is_sharper_than_two_intervals():
    truth, first, _, groups = simulated(np.random.default_rng(0))
    second = first.copy()
    missed = np.flatnonzero(first == truth)[::25]
    second[missed] = (truth[missed] + 1) % CLASSES
    found = paired_bootstrap(truth, first, second, CLASSES, groups=groups, draws=999)
    assert found.uar.p < 0.01
    assert found.uar.value < 0.05


def test_a_model_does_not_differ_from_itself():
    truth, first, _, groups = simulated(np.random.default_rng(0))
    found = paired_bootstrap(truth, first, first, CLASSES, groups=groups, draws=200)
    assert found.uar.value == found.wa.value == 0
    assert found.uar.interval == (0, 0)
    assert found.uar.p == found.wa.p == 1


def test_equal_recalls_by_other_clips_are_no_difference_however_they_round():
    truth = np.repeat([0, 1, 2], 10)
    groups = np.tile([0, 0, 0, 1, 1, 1, 2, 2, 2, 3], 3)
    # In every group the first has one clip of class 0 more, the second one of class 1: the mean is the same.
    first, second = np.full(30, 2), np.full(30, 2)
    first[[0, 3, 6, 9]] = 0
    second[[10, 13, 16, 19]] = 1
    found = paired_bootstrap(truth, first, second, CLASSES, groups=groups.tolist(), draws=300)
    assert found.uar.value == 0
    assert found.uar.p == 1
    assert "only 4 groups" in found.warning


def test_one_group_gives_the_difference_without_interval_or_p_value():
    found = paired_bootstrap([0, 1, 1], [0, 1, 1], [0, 1, 0], 2, groups=["a"] * 3)
    assert (found.wa.value, found.wa.interval, found.wa.p) == (pytest.approx(1 / 3), None, None)
    assert "single group" in found.warning


def test_the_same_seed_gives_the_same_comparison_and_another_seed_another():
    case = simulated(np.random.default_rng(0), better=0.03)
    found = [paired_bootstrap(*case[:3], CLASSES, groups=case[3], draws=300, seed=seed) for seed in (0, 0, 1)]
    assert found[0] == found[1]
    assert found[0].uar.interval != found[2].uar.interval


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [([0], [0, 1], "truth has 2 clips"), ([0, 1], [0, 2], "class indices 0 to 2"), ([0, 1], [], "empty")],
)
def test_predictions_that_do_not_fit_the_truth_cannot_be_compared(first, second, message):
    with pytest.raises(MetricError, match=message):
        paired_bootstrap([0, 1], first, second, 2)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_agrees_with_the_binomial_test_of_scipy(b, c):
    truth = np.zeros(b + c + 2, dtype=int)
    first, second = np.zeros_like(truth), np.zeros_like(truth)
    second[:b], first[b : b + c] = 1, 1
    first[-1] = second[-1] = 1  # one clip that both have wrong, and one that both have right
    found = mcnemar(truth, first, second)
    assert (found.b, found.c) == (b, c)
    expected = binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert found.p == pytest.approx(expected, rel=1e-9)


def test_mcnemar_holds_for_large_counts():
    truth = np.zeros(60_000, dtype=int)
    first, second = np.zeros_like(truth), np.zeros_like(truth)
    second[:30_300], first[30_300:] = 1, 1
    assert mcnemar(truth, first, second).p == pytest.approx(binomtest(30_300, 60_000, 0.5).pvalue, rel=1e-6)


def test_mcnemar_of_nothing_is_an_error():
    with pytest.raises(MetricError, match="empty"):
        mcnemar([], [], [])
    with pytest.raises(MetricError, match="2 clips and prediction 1"):
        mcnemar([0, 1], [0, 1], [0])


def test_holm_agrees_with_the_steps_of_its_definition():
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1; the last is raised to the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(P_VALUES, st.floats(0.001, 0.999))
def test_holm_rejects_what_its_stepwise_procedure_rejects(p_values, level):
    adjusted = holm(p_values)
    rejected = set()
    for step, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        if p_values[index] * (len(p_values) - step) > level:
            break
        rejected.add(index)
    assert {index for index, p in enumerate(adjusted) if p <= level} == rejected


@given(P_VALUES)
def test_holm_lies_between_the_plain_and_the_bonferroni_values_and_keeps_their_order(p_values):
    adjusted = np.array(holm(p_values))
    plain = np.array(p_values)
    assert (adjusted >= plain).all()
    assert (adjusted <= np.minimum(plain * len(plain), 1)).all()
    assert (np.diff(adjusted[np.argsort(plain, kind="stable")]) >= 0).all()
    assert (adjusted >= false_discovery_control(plain) - 1e-12).all()  # the weaker promise asks less


def test_holm_of_one_value_leaves_it():
    assert holm([0.04]) == [0.04]


@pytest.mark.parametrize("p_values", [[], [0.5, math.nan], [1.5], [-0.1]])
def test_what_is_no_p_value_cannot_be_adjusted(p_values):
    with pytest.raises(MetricError, match="p values"):
        holm(p_values)
