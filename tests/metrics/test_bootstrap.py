import json
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, ks_2samp

from paraverbal.errors import MetricError
from paraverbal.metrics import classes as scores
from paraverbal.metrics.bootstrap import (
    cluster_indices,
    draw_confusions,
    intervals,
    score_draws,
    spread,
)

KEYS = "uar wa macro_f1 recall level draws clips clusters warning"
LABELS = 4
# Recall of each class over all speakers there could be, before the ability of one moves it.
RECALLS = np.array([0.8, 0.6, 0.5, 0.3])


def simulated(rng, speakers=30, clips=3):
    """Truth, prediction and speakers; a speaker is easy or hard in all classes. The UAR over all speakers is known."""
    truth = np.tile(np.repeat(np.arange(LABELS), clips), speakers)
    speaker = np.repeat(np.arange(speakers), LABELS * clips)
    ability = rng.uniform(-0.2, 0.2, speakers)  # mean 0, so that the UAR is the mean of RECALLS
    right = rng.random(len(truth)) < RECALLS[truth] + ability[speaker]
    prediction = np.where(right, truth, (truth + rng.integers(1, LABELS, len(truth))) % LABELS)
    return truth, prediction, speaker.tolist()


def unbalanced(seed=0, speakers=12):
    """Truth, prediction and speakers of unequal numbers of clips; the last class has few."""
    rng = np.random.default_rng(seed)
    speaker = np.repeat(np.arange(speakers), rng.integers(1, 15, speakers))
    truth = rng.choice(3, len(speaker), p=[0.6, 0.35, 0.05])
    prediction = np.where(rng.random(len(truth)) < 0.6, truth, rng.integers(0, 3, len(truth)))
    return truth, prediction, speaker.tolist()


def looped(truth, prediction, groups, draws, seed):
    """UAR, accuracy and F1 of draws, made one by one from the clips themselves."""
    rng, known = np.random.default_rng(seed), sorted(set(groups))
    clips = {group: [clip for clip, other in enumerate(groups) if other == group] for group in known}
    drawn = []
    for _ in range(draws):
        chosen = [clip for index in rng.integers(0, len(known), len(known)) for clip in clips[known[index]]]
        pair = truth[chosen], prediction[chosen]
        drawn.append((scores.uar(*pair, 3), scores.accuracy(*pair), scores.macro_f1(*pair, 3)))
    return np.array(drawn).T


@pytest.mark.parametrize("by_clip", [False, True])
def test_draws_have_the_distribution_of_a_loop_over_clips(by_clip):
    truth, prediction, groups = unbalanced()
    groups = list(range(len(truth))) if by_clip else groups
    confusions, _ = draw_confusions(truth, [prediction], 3, groups=groups, draws=3000, seed=0)
    drawn = score_draws(confusions[:, 0])
    for ours, theirs in zip(
        (drawn.uar, drawn.wa, drawn.macro_f1), looped(truth, prediction, groups, 1500, 1), strict=True
    ):
        assert ks_2samp(ours, theirs).pvalue > 0.01
        assert ours.mean() == pytest.approx(theirs.mean(), abs=4 * theirs.std() / 1500**0.5)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_the_scores_of_a_draw_are_those_of_its_clips(pairs):
    truth, prediction = np.array(pairs).T
    counts = scores.confusion_matrix(truth, prediction, 4)
    drawn = score_draws(np.stack([counts, 3 * counts]).astype(float))
    for row in (0, 1):
        assert drawn.uar[row] == pytest.approx(scores.uar(truth, prediction, 4))
        assert drawn.wa[row] == pytest.approx(scores.accuracy(truth, prediction))
        assert drawn.macro_f1[row] == pytest.approx(scores.macro_f1(truth, prediction, 4))
        np.testing.assert_allclose(drawn.recall[row], scores.recall_per_class(truth, prediction, 4))


def test_intervals_of_speakers_hold_the_true_uar_about_as_often_as_they_say_and_those_of_clips_less_often():
    rng, held = np.random.default_rng(0), {"speakers": 0, "clips": 0}
    for data_set in range(400):
        truth, prediction, speaker = simulated(rng, clips=6)
        for unit, groups in (("speakers", speaker), ("clips", None)):
            low, high = intervals(truth, prediction, LABELS, groups=groups, draws=400, seed=data_set).uar
            held[unit] += low <= RECALLS.mean() <= high
    assert 0.90 <= held["speakers"] / 400 <= 0.99
    assert held["clips"] / 400 < 0.85


def test_intervals_of_few_speakers_are_somewhat_too_narrow():
    rng, held = np.random.default_rng(0), 0
    for data_set in range(300):
        truth, prediction, speaker = simulated(rng, speakers=6)
        low, high = intervals(truth, prediction, LABELS, groups=speaker, draws=400, seed=data_set).uar
        held += low <= RECALLS.mean() <= high
    assert 0.75 < held / 300 < 0.92


def test_the_interval_of_accuracy_by_clip_is_that_of_a_binomial():
    truth = np.zeros(200, dtype=int)
    prediction = np.arange(200) % 4 == 0
    low, high = intervals(truth, prediction.astype(int), 2, draws=20_000).wa
    expected = binom.ppf([0.025, 0.975], 200, 0.75) / 200
    assert [low, high] == pytest.approx(expected, abs=1 / 200)


def test_draws_of_groups_of_one_size_have_as_many_clips_as_there_are():
    truth, prediction, speaker = simulated(np.random.default_rng(0))
    confusions, clusters = draw_confusions(truth, [prediction, truth], LABELS, groups=speaker, draws=50, seed=0)
    assert clusters == 30
    assert (confusions.sum(axis=(2, 3)) == len(truth)).all()
    # The same clips were drawn for both, so each class occurs as often.
    assert (confusions[:, 0].sum(axis=2) == confusions[:, 1].sum(axis=2)).all()


@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_depend_on_the_seed_alone_not_on_the_order_or_the_names(grouped):
    truth, prediction, groups = unbalanced()
    order = np.random.default_rng(3).permutation(len(truth))
    named = [f"speaker {groups[clip]}" for clip in order] if grouped else None
    found = intervals(truth, prediction, 3, groups=groups if grouped else None)
    assert intervals(truth[order], prediction[order], 3, groups=named) == found
    assert intervals(truth, prediction, 3, groups=groups if grouped else None, seed=1).uar != found.uar


def test_a_clip_of_no_speaker_is_a_group_of_its_own():
    assert cluster_indices(["a", None, "b", "a", None, float("nan"), float("nan")], 7).tolist() == [0, 1, 2, 0, 3, 4, 5]
    truth, prediction, _ = unbalanced()
    assert intervals(truth, prediction, 3, groups=[None] * len(truth)) == intervals(truth, prediction, 3)


def test_groups_may_be_anything_hashable():
    assert cluster_indices([("x", 1), "x", 1, ("x", 1), 0], 5).tolist() == [0, 1, 2, 0, 3]


def test_a_class_without_clips_has_no_interval_and_the_others_hold_their_recall():
    truth, prediction, groups = unbalanced()
    found = intervals(truth, prediction, 5, groups=groups)
    assert found.recall[3:] == (None, None)
    for (low, high), recall in zip(found.recall[:3], scores.recall_per_class(truth, prediction, 3), strict=True):
        assert low <= recall <= high
    for name, score in (("uar", scores.uar), ("macro_f1", scores.macro_f1)):
        low, high = getattr(found, name)
        assert low < score(truth, prediction, 5) < high


def test_a_class_that_few_draws_hold_has_an_interval_over_those_draws():
    truth, prediction = np.array([0] * 29 + [1]), np.array([0, 1] * 15)
    assert intervals(truth, prediction, 2, draws=200).recall[1] == (1, 1)


def test_a_higher_level_and_fewer_speakers_make_a_wider_interval():
    rng = np.random.default_rng(0)
    truth, prediction, groups = simulated(rng)

    def width(level, clips):
        low, high = intervals(truth[:clips], prediction[:clips], LABELS, groups=groups[:clips], level=level).uar
        return high - low

    assert width(0.5, 360) < width(0.95, 360) < width(0.99, 360)
    assert width(0.95, 360) < width(0.95, 120)


def test_few_groups_or_clips_are_warned_of():
    truth, prediction, groups = simulated(np.random.default_rng(0))
    assert intervals(truth, prediction, LABELS, groups=groups, draws=50).warning is None
    four = intervals(truth[:48], prediction[:48], LABELS, groups=groups[:48], draws=50)
    assert four.uar is not None
    assert "only 4 groups" in four.warning
    few = intervals([0, 0, 1], [0, 1, 1], 2, draws=50)
    assert "3 clips and 3 groups" in few.warning
    assert "only 19 clips." in intervals([0] * 19, [0, *[1] * 18], 2, draws=50).warning
    assert intervals([0] * 20, [0, *[1] * 19], 2, draws=50).warning is None


@pytest.mark.parametrize(("clips", "found"), [(30, "30 clips of a single group"), (1, "a single clip")])
def test_a_single_group_gives_no_interval_but_the_reason(clips, found):
    answer = intervals([0] * clips, [1] * clips, 2, groups=["a"] * clips)
    assert answer.uar is answer.wa is answer.macro_f1 is None
    assert answer.recall == (None, None)
    assert answer.warning.startswith(f"There is no interval: {found}")


@pytest.mark.parametrize(("prediction", "found"), [(0, "right"), (1, "wrong")])
def test_an_interval_without_width_is_warned_of(prediction, found):
    answer = intervals([0] * 30, [prediction] * 30, 2, draws=50)
    assert answer.wa == (1 - prediction, 1 - prediction)
    assert f"every clip is {found}" in answer.warning


def test_intervals_are_fit_for_json():
    truth, prediction, groups = unbalanced()
    found = intervals(truth, prediction, 4, groups=groups, draws=50)
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert document["uar"] == list(found.uar)
    assert document["recall"][3] is None
    assert sorted(document) == sorted(KEYS.split())


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_the_spread_agrees_with_the_statistics_of_the_standard_library(values):
    found = spread(values)
    assert found.mean == pytest.approx(statistics.mean(values))
    assert found.deviation == pytest.approx(statistics.stdev(values), abs=1e-9)
    assert (found.least, found.greatest, found.count) == (min(values), max(values), len(values))


def test_one_value_has_no_deviation():
    assert (spread([0.4]).mean, spread([0.4]).deviation) == (0.4, None)


@pytest.mark.parametrize(("values", "message"), [([], "shape"), ([0.5, np.nan], "value 1"), ([[0.5]], "shape")])
def test_no_values_and_values_that_are_no_numbers_have_no_spread(values, message):
    with pytest.raises(MetricError, match=message):
        spread(values)


@pytest.mark.parametrize(
    ("truth", "prediction", "options", "message"),
    [
        ([], [], {}, "truth is empty"),
        ([0, 1], [0], {}, "truth has 2 clips and prediction 1"),
        ([0, 1], [0, 2], {}, "prediction holds class indices 0 to 2"),
        ([0, 1], [0.0, np.nan], {}, "expected integer class indices"),
        ([0, 1], [0, 1], {"groups": ["a"]}, "groups has 1 entries for 2 clips"),
        ([0, 1], [0, 1], {"draws": 0}, "draws is 0"),
        ([0, 1], [0, 1], {"level": 95}, "level is 95"),
    ],
)
def test_what_has_no_interval_is_an_error_that_says_why(truth, prediction, options, message):
    with pytest.raises(MetricError, match=message):
        intervals(truth, prediction, 2, **options)
