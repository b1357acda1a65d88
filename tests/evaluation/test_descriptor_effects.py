"""Rankings of made-up descriptors, of which it is known what they tell."""

from dataclasses import asdict

import numpy as np
import pytest
from scipy.stats import f_oneway, kruskal

from paraverbal.evaluation import descriptor_effects as module
from paraverbal.evaluation.descriptor_effects import descriptor_effects, speaker_groups, without_speakers
from paraverbal.metrics.comparison import holm
from paraverbal.metrics.significance import benjamini_hochberg

NAMES = ("strong", "weak", "speaker", "noise")
SPEAKERS = 6


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(module, "DRAWS", 200)
    monkeypatch.setattr(module, "PERMUTATIONS", 999)


def corpus(seed=0):
    """Values, emotions and speakers: 6 speakers, 3 emotions, 8 clips each."""
    rng = np.random.default_rng(seed)
    emotion = np.tile(np.repeat(np.arange(3), 8), SPEAKERS)
    speaker = np.repeat(np.arange(SPEAKERS), 24)
    values = rng.normal(0, 1, (len(emotion), 4))
    values[:, 0] += 2.0 * emotion
    values[:, 1] += 0.5 * emotion
    values[:, 2] += 10 * speaker
    return values, [("anger", "calm", "fear")[one] for one in emotion], [f"s{one}" for one in speaker]


def test_descriptors_are_ranked_by_what_emotions_explain_beside_speakers():
    found = descriptor_effects(corpus()[0], NAMES, *corpus()[1:])
    assert [one.name for one in found.ranked][:2] == ["strong", "weak"]
    strong, weak, *others = found.ranked
    # Emotions at 0, 2, 4 have a variance of 8 / 3 beside an error of 1; at 0, 0.5, 1 of 1 / 6.
    assert (strong.epsilon_squared, weak.epsilon_squared) == pytest.approx((8 / 11, 1 / 7), abs=0.06)
    assert strong.interval[0] > weak.interval[1]
    assert strong.p == weak.p == 0.001
    assert all(one.p > 0.01 and one.epsilon_squared < 0.05 for one in others)
    assert (strong.highest[0], strong.lowest[0]) == ("fear", "anger")
    assert strong.highest[1] == pytest.approx(-strong.lowest[1], abs=0.15)
    assert (found.test, found.drawn, found.speakers, found.clips, found.warning) == (
        "permutation",
        "speakers",
        SPEAKERS,
        144,
        None,
    )


def test_p_values_are_corrected_over_all_that_were_tested():
    found = descriptor_effects(corpus()[0], NAMES, *corpus()[1:]).ranked
    p = [one.p for one in found]
    assert [one.p_holm for one in found] == holm(p)
    assert [one.p_bh for one in found] == benjamini_hochberg(p)


def test_without_speakers_it_is_the_one_way_layout_with_kruskal_and_wallis():
    values, emotions, _ = corpus()
    found = descriptor_effects(values, NAMES, emotions, [None] * len(emotions))
    assert (found.test, found.drawn, found.speakers) == ("kruskal-wallis", "clips", 0)
    groups = [values[np.array(emotions) == one] for one in ("anger", "calm", "fear")]
    for one in found.ranked:
        columns = [group[:, NAMES.index(one.name)] for group in groups]
        assert one.p == pytest.approx(kruskal(*columns).pvalue)
        f = f_oneway(*columns).statistic
        assert one.epsilon_squared == pytest.approx((2 * f - 2) / (2 * f + 141))


def test_a_single_speaker_gets_intervals_from_clips_and_says_so():
    values, emotions, _ = corpus()
    found = descriptor_effects(values, NAMES, emotions, ["s1"] * len(emotions))
    assert (found.test, found.drawn) == ("permutation", "clips")
    assert "single group" in found.warning
    assert found.ranked[0].interval is not None


def test_clips_without_a_value_are_left_out_for_it():
    values, emotions, speakers = corpus()
    holes = values.copy()
    holes[::5, 0] = np.nan
    kept = np.arange(len(values)) % 5 > 0
    found = {one.name: one for one in descriptor_effects(holes, NAMES, emotions, speakers).ranked}
    alone = descriptor_effects(
        values[kept][:, :1],
        NAMES[:1],
        [emotion for emotion, keep in zip(emotions, kept, strict=True) if keep],
        [speaker for speaker, keep in zip(speakers, kept, strict=True) if keep],
    )
    assert found["strong"].clips == kept.sum()
    assert found["noise"].clips == len(values)
    assert found["strong"].epsilon_squared == pytest.approx(alone.ranked[0].epsilon_squared)


def test_constants_and_what_nobody_has_are_named_and_not_tested():
    values, emotions, speakers = corpus()
    values[:, 1], values[:, 3] = 0.1, np.nan
    found = descriptor_effects(values, NAMES, emotions, speakers)
    assert found.skipped == {"weak": "it does not vary", "noise": "fewer than two emotions have it"}
    assert {one.name for one in found.ranked} == {"strong", "speaker"}


@pytest.mark.parametrize(
    ("emotions", "speakers", "words"),
    [
        (["anger"] * 6, ["a", "b"] * 3, "all clips are of one emotion, anger"),
        (["anger", "fear"] * 3, ["a", "b"] * 3, "every speaker who has it has one emotion"),
        (["anger", "boredom", "calm", "disgust", "fear", "sadness"], [None] * 6, "too few clips"),
        ([], [], "there is no clip"),
    ],
)
def test_what_cannot_be_told_is_said(emotions, speakers, words):
    values = np.random.default_rng(0).normal(0, 1, (len(emotions), 2))
    found = descriptor_effects(values, ("a", "b"), emotions, speakers)
    assert found.ranked == ()
    assert words in found.warning


def test_speakers_count_where_at_least_half_are_known_and_the_others_are_one():
    assert speaker_groups(["b", None, "a", None]).tolist() == [2, 0, 1, 0]
    assert speaker_groups(["a", None, None]) is None
    assert speaker_groups([]) is None
    values, emotions, speakers = corpus()
    assert descriptor_effects(values, NAMES, emotions, [None, *speakers[1:]]).unknown == 1


def test_without_speakers_each_has_the_mean_of_all():
    values, _, speakers = corpus()
    values[0, 0] = np.nan
    found = without_speakers(values, speakers)
    means = [np.nanmean(found[np.array(speakers) == one], axis=0) for one in sorted(set(speakers))]
    assert np.array(means) == pytest.approx(np.tile(np.nanmean(values, axis=0), (SPEAKERS, 1)))
    assert np.isnan(found).sum() == 1
    assert without_speakers(values, [None] * len(values))[1:] == pytest.approx(values[1:])


def test_a_table_is_json_and_the_same_each_time():
    first, second = (asdict(descriptor_effects(corpus()[0], NAMES, *corpus()[1:])) for _ in range(2))
    assert first == second
