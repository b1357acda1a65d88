import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr
from sklearn.metrics import root_mean_squared_error

from paraverbal.errors import MetricError
from paraverbal.metrics.dimensions import concordance_cc, concordance_interval, mean_ccc, pearson_cc, rmse

SCORES = [concordance_cc, pearson_cc, rmse]


@st.composite
def ratings(draw):
    """Two series of 3 to 50 clips that are related, on a scale anywhere."""
    rng, clips = np.random.default_rng(draw(st.integers(0, 2**32 - 1))), draw(st.integers(3, 50))
    truth = rng.normal(draw(st.floats(-5, 5)), draw(st.floats(0.1, 3)), clips)
    return truth, draw(st.floats(-2, 2)) * truth + rng.normal(0, 1, clips)


@given(ratings())
def test_pearson_and_error_agree_with_scipy_and_scikit_learn(pair):
    assert pearson_cc(*pair) == pytest.approx(pearsonr(*pair).statistic, abs=1e-9)
    assert rmse(*pair) == pytest.approx(root_mean_squared_error(*pair))


@given(ratings())
def test_concordance_is_one_minus_the_squared_distance_relative_to_that_of_unrelated_pairs(pair):
    truth, prediction = pair
    # Lin's first form: all truths against all predictions is what pairs would be apart if they were unrelated.
    unrelated = np.mean((truth[:, None] - prediction[None, :]) ** 2)
    expected = 1 - np.mean((truth - prediction) ** 2) / unrelated
    assert concordance_cc(truth, prediction) == pytest.approx(expected, abs=1e-9)


@given(ratings())
def test_concordance_is_pearson_lowered_by_shift_and_scale(pair):
    truth, prediction = pair
    scale, shift = (
        truth.std() / prediction.std(),
        (truth.mean() - prediction.mean()) / np.sqrt(truth.std() * prediction.std()),
    )
    bias = 2 / (scale + 1 / scale + shift**2)
    assert concordance_cc(truth, prediction) == pytest.approx(pearson_cc(truth, prediction) * bias, abs=1e-9)
    assert abs(concordance_cc(truth, prediction)) <= abs(pearson_cc(truth, prediction)) + 1e-12


@given(ratings())
def test_correlations_are_the_same_with_truth_and_prediction_exchanged(pair):
    for score in SCORES:
        assert score(*pair) == pytest.approx(score(*pair[::-1]))


def test_the_line_of_equality_has_one_and_its_mirror_minus_one():
    values = [1.0, 2.0, 4.0]
    assert concordance_cc(values, values) == pytest.approx(1)
    assert concordance_cc(values, [3.7, 2.7, 0.7]) < -0.9
    assert concordance_cc([-1.0, 0.0, 1.0], [1.0, 0.0, -1.0]) == pytest.approx(-1)
    assert pearson_cc(values, [10, 20, 40]) == pytest.approx(1)
    assert rmse(values, values) == 0


def test_small_differences_far_from_zero_are_seen():
    truth = 1e6 + np.arange(10) * 1e-3
    assert concordance_cc(truth, truth) == pytest.approx(1)
    assert pearson_cc(truth, -truth) == pytest.approx(-1)


def test_a_constant_side_has_no_correlation_and_no_concordance():
    assert math.isnan(pearson_cc([0.1, 0.1, 0.1], [1, 2, 3]))
    assert concordance_cc([0.1, 0.1, 0.1], [1, 2, 3]) == concordance_cc([1, 2, 3], [0.1] * 3) == 0
    assert concordance_cc([0.1, 0.1], [0.2, 0.2]) == 0
    assert math.isnan(concordance_cc([0.1, 0.1, 0.1], [0.1, 0.1, 0.1]))


def test_one_clip_has_an_error_but_no_correlation():
    assert math.isnan(concordance_cc([1], [2]))
    assert math.isnan(pearson_cc([1], [2]))
    assert rmse([1], [3]) == 2


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([], [], "truth is empty"),
        ([1.0, 2.0], [1.0], "truth has 2 clips and prediction 1"),
        ([1.0, 2.0], [1.0, math.nan], "prediction of clip 1 is nan"),
        ([1.0, None], [1.0, 2.0], "truth of clip 1 is nan"),
        ([math.inf, 1.0], [1.0, 2.0], "truth of clip 0 is inf"),
        ([[1.0]], [1.0], "shape"),
        (["calm"], [1.0], "not an array of numbers"),
    ],
)
def test_what_cannot_be_scored_is_an_error_that_says_where(score, truth, prediction, message):
    with pytest.raises(MetricError, match=message):
        score(truth, prediction)


@given(ratings(), ratings())
def test_the_mean_over_dimensions_is_that_of_each_over_the_clips_that_have_it(first, second):
    clips = min(len(first[0]), len(second[0]))
    truth, prediction = (np.stack([one[part][:clips] for one in (first, second)], axis=1) for part in (0, 1))
    both = (concordance_cc(*first_of(first, clips)) + concordance_cc(*first_of(second, clips))) / 2
    assert mean_ccc(truth, prediction) == pytest.approx(both)
    gap, more = np.full((4, 2), np.nan), np.ones((4, 2))
    assert mean_ccc(np.vstack([truth, gap]), np.vstack([prediction, more])) == pytest.approx(both)


def first_of(pair, clips):
    return pair[0][:clips], pair[1][:clips]


def test_a_dimension_that_no_clip_has_has_no_mean():
    with pytest.raises(MetricError, match="truth is empty"):
        mean_ccc([[1, math.nan], [2, math.nan]], [[1, 1], [2, 2]])


def rated(clips, deviation, seed=0, speakers=10):
    """Truth, answer and speaker of clips; the answers of a speaker are all too high or too low alike."""
    rng = np.random.default_rng(seed)
    speaker = np.arange(clips) % speakers
    truth = rng.normal(3, 1, clips)
    return truth, truth + rng.normal(0, 0.5, speakers)[speaker] + rng.normal(0, deviation, clips), speaker


@pytest.mark.parametrize("speakers", [2, 10, 60])
def test_the_interval_is_that_of_speakers_drawn_one_by_one(speakers):
    truth, answer, speaker = rated(60, 0.5, speakers=speakers)
    found = concordance_interval(truth, answer, groups=speaker.tolist(), draws=3000, seed=1)
    rng, drawn = np.random.default_rng(2), []
    members = [np.flatnonzero(speaker == one) for one in range(speakers)]
    for _ in range(3000):
        chosen = np.concatenate([members[one] for one in rng.integers(0, speakers, speakers)])
        drawn.append(concordance_cc(truth[chosen], answer[chosen]))
    assert found == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.03)
    assert found[0] < concordance_cc(truth, answer) < found[1] or speakers == 2


def test_clips_that_are_their_own_groups_are_drawn_one_by_one():
    truth, answer, _ = rated(50, 0.5)
    assert concordance_interval(truth, answer) == concordance_interval(truth, answer, groups=range(50))


def test_speakers_who_are_misjudged_as_a_whole_widen_the_interval():
    truth, answer, speaker = rated(400, 0.1)
    low, high = concordance_interval(truth, answer)
    wide = concordance_interval(truth, answer, groups=speaker.tolist())
    assert wide[1] - wide[0] > 2 * (high - low)


def test_the_same_seed_draws_the_same_interval_whatever_the_names_and_far_from_zero():
    truth, answer, speaker = rated(60, 0.5)
    found = concordance_interval(truth, answer, groups=speaker.tolist(), seed=4)
    assert found == concordance_interval(truth, answer, groups=[f"s{one}" for one in speaker], seed=4)
    assert found != concordance_interval(truth, answer, groups=speaker.tolist(), seed=5)
    shifted = concordance_interval(1e6 + truth, 1e6 + answer, groups=speaker.tolist(), seed=4)
    assert shifted == pytest.approx(found, abs=1e-6)


def test_full_agreement_has_an_interval_without_width_and_one_group_or_constants_none():
    truth, _, speaker = rated(30, 0.5)
    assert concordance_interval(truth, truth, groups=speaker.tolist()) == pytest.approx((1, 1))
    assert concordance_interval(truth, truth, groups=["s1"] * 30) is None
    assert concordance_interval([0.1] * 4, [0.1] * 4) is None


def test_groups_that_are_too_few_or_truths_that_are_unknown_are_errors():
    with pytest.raises(MetricError):
        concordance_interval([1, 2, 3], [1, 2, 3], groups=["a", "b"])
    with pytest.raises(MetricError, match="truth of clip 1 is nan"):
        concordance_interval([1, math.nan], [1, 2])
