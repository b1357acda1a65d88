"""Scores by group, on clips whose scores can be counted by hand."""

import json
import math

import numpy as np
import pytest

from paraverbal.errors import MetricError
from paraverbal.evaluation.groups import group_scores, to_draw
from paraverbal.evaluation.predictions import Predictions
from paraverbal.metrics import classes as scores
from paraverbal.metrics.bootstrap import intervals

LABELS = ("anger", "joy", "sadness")
ROW = dict.fromkeys(("speaker", "sex", "language", "intensity", "sentence", "corpus"))


def predictions(clips):
    """Predictions of clips given as (truth, predicted, values of the row)."""
    truth = np.array([LABELS.index(clip[0]) for clip in clips], dtype=np.int64)
    probabilities = np.full((len(clips), 3), 0.1)
    probabilities[np.arange(len(clips)), [LABELS.index(clip[1]) for clip in clips]] = 0.8
    rows = tuple(ROW | {"file": f"{index}.wav"} | clip[2] for index, clip in enumerate(clips))
    return Predictions(rows, truth, probabilities, LABELS, ())


def clips(count, right, **values):
    """Return `count` clips of anger and joy in turn, of which the first `right` are right, the others called sadness."""
    return [(truth := LABELS[index % 2], truth if index < right else "sadness", values) for index in range(count)]


def by_name(table):
    return {group.group: group for group in table.groups}


def test_each_group_has_the_scores_of_its_own_clips():
    given = [
        ("anger", "anger", {"sex": "female"}),
        ("anger", "joy", {"sex": "female"}),
        ("joy", "joy", {"sex": "female"}),
        ("anger", "joy", {"sex": "male"}),
        ("sadness", "sadness", {"sex": "male"}),
        ("sadness", "sadness", {"sex": "male"}),
        ("joy", "joy", {}),
    ]
    table = group_scores(predictions(given), draws=50)["sex"]
    groups = by_name(table)
    assert list(groups) == ["female", "male"]
    assert (groups["female"].uar, groups["female"].wa) == pytest.approx((0.75, 2 / 3))
    assert (groups["male"].uar, groups["male"].wa) == pytest.approx((0.5, 2 / 3))
    assert [group.clips for group in table.groups] == [3, 3]
    assert groups["male"].emotions == ("anger", "sadness")
    assert table.unknown == 1
    assert table.uar == pytest.approx(np.mean([1 / 3, 1, 1]))


def test_the_intervals_are_drawn_from_the_speakers_of_the_group():
    rng = np.random.default_rng(0)
    given = [
        (
            LABELS[index % 3],
            LABELS[rng.integers(3)],
            {"speaker": f"s{index % 8}", "language": "en" if index % 2 else "de"},
        )
        for index in range(96)
    ]
    found = predictions(given)
    group = by_name(group_scores(found, draws=300, seed=5)["language"])["en"]
    own = np.arange(96) % 2 == 1
    predicted = found.probabilities.argmax(axis=1)
    speakers = [row["speaker"] for row, keep in zip(found.rows, own, strict=True) if keep]
    expected = intervals(found.truth[own], predicted[own], 3, groups=speakers, draws=300, seed=5)
    assert (group.uar_interval, group.wa_interval) == (expected.uar, expected.wa)
    assert (group.drawn, group.speakers) == ("speakers", 4)
    assert "4 groups (speakers)" in group.warning


def test_within_one_speaker_clips_are_drawn_and_the_table_says_so():
    given = clips(30, 20, speaker="a") + clips(30, 25, speaker="b")
    found = predictions(given)
    table = group_scores(found, draws=200)["speaker"]
    predicted = found.probabilities.argmax(axis=1)
    for number, group in enumerate(table.groups):
        own = slice(30 * number, 30 * number + 30)
        expected = intervals(found.truth[own], predicted[own], 3, draws=200)
        assert (group.uar_interval, group.drawn, group.speakers) == (expected.uar, "clips", 1)


def test_one_clip_alone_has_no_interval():
    (group, _) = group_scores(predictions([*clips(1, 1, sex="male"), *clips(5, 3, sex="other")]))["sex"].groups
    assert group.uar_interval is None
    assert "no interval" in group.warning
    json.dumps(group_scores(predictions(clips(1, 1, sex="male")))["sex"].to_dict())


@pytest.mark.parametrize(
    ("speakers", "drawn"),
    [
        (["a", "b", "a"], ("a", "b", "a")),
        (["a", None], ("a", None)),
        (["a", "a"], None),
        ([None, None], None),
    ],
)
def test_clips_are_drawn_where_one_speaker_or_none_is_known(speakers, drawn):
    assert to_draw(speakers) == drawn


def test_the_gap_is_between_the_best_and_the_worst_of_the_groups_that_are_large_enough():
    given = [
        *clips(10, 10, sentence="one"),
        *clips(20, 10, sentence="two"),
        *clips(12, 6, sentence="three"),
        *clips(9, 0, sentence="too few"),
    ]
    gap = group_scores(predictions(given), draws=20)["sentence"].gap
    assert (gap.best, gap.worst, gap.warning) == ("one", "three", None)
    assert gap.value == pytest.approx(0.5)


def test_groups_that_are_equal_have_a_gap_of_0_between_two_of_them():
    gap = group_scores(predictions(clips(10, 5, sex="female") + clips(10, 5, sex="male")), draws=20)["sex"].gap
    assert (gap.value, {gap.best, gap.worst}) == (0, {"female", "male"})


def test_there_is_no_gap_with_one_large_group():
    given = clips(40, 5, sex="female") + clips(9, 5, sex="male")
    assert group_scores(predictions(given), draws=20)["sex"].gap is None


def test_a_gap_between_groups_of_other_emotions_is_doubted():
    strong = [("anger", "anger", {"intensity": "strong"})] * 10
    normal = [("anger", "joy", {"intensity": "normal"})] * 9 + [("sadness", "sadness", {"intensity": "normal"})]
    gap = group_scores(predictions(strong + normal), draws=20)["intensity"].gap
    assert (gap.best, gap.worst, gap.value) == ("strong", "normal", 0.5)
    assert "clips of sadness" in gap.warning


def test_a_column_that_is_unknown_everywhere_gives_no_table():
    tables = group_scores(predictions(clips(4, 2, sex="male", corpus="savee")), draws=20)
    assert list(tables) == ["sex", "corpus"]


def test_speakers_and_sentences_of_several_corpora_are_told_apart_and_intensities_are_not():
    shared = {"speaker": "03", "sentence": "1", "intensity": "strong"}
    given = clips(4, 2, corpus="one", **shared) + clips(6, 2, corpus="two", **shared)
    tables = group_scores(predictions(given), draws=20)
    assert list(by_name(tables["speaker"])) == ["one/03", "two/03"]
    assert list(by_name(tables["sentence"])) == ["one/1", "two/1"]
    assert [(group.group, group.clips, group.speakers) for group in tables["intensity"].groups] == [("strong", 10, 2)]


def test_durations_are_cut_into_thirds():
    seconds = [3.0, 1.0, 2.0, 1.5, 2.5, 3.5]
    table = group_scores(predictions(clips(6, 3)), seconds=seconds, draws=20)["duration"]
    assert [group.group for group in table.groups] == ["up to 1.83 s", "1.83 to 2.67 s", "above 2.67 s"]
    assert [group.clips for group in table.groups] == [2, 2, 2]
    shortest = [1, 3]
    found = predictions(clips(6, 3))
    expected = scores.accuracy(found.truth[shortest], found.probabilities.argmax(axis=1)[shortest])
    assert table.groups[0].wa == expected


def test_durations_that_are_unknown_or_equal_make_no_group_of_their_own():
    table = group_scores(predictions(clips(5, 3)), seconds=[2.0, None, 2.0, math.nan, 2.0], draws=20)["duration"]
    assert [(group.group, group.clips) for group in table.groups] == [("up to 2.00 s", 3)]
    assert table.unknown == 2
    assert "duration" not in group_scores(predictions(clips(2, 1, sex="male")), seconds=[None, None], draws=20)


def test_the_tables_are_json():
    tables = group_scores(predictions(clips(20, 11, speaker="a", sex="male")), seconds=[1.0] * 20, draws=20)
    documents = {name: table.to_dict() for name, table in tables.items()}
    assert json.loads(json.dumps(documents, allow_nan=False)) == documents
    assert set(documents["speaker"]) == {"column", "uar", "groups", "unknown", "gap"}


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(MetricError, match="there are no predictions"):
        group_scores(predictions([]))
    with pytest.raises(MetricError, match="seconds has 2 entries for 3 clips"):
        group_scores(predictions(clips(3, 1)), seconds=[1.0, 2.0])
