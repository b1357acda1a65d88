import csv
import dataclasses
import itertools
import json

import numpy as np
import pytest

from paraverbal.corpora.corpus import COLUMNS
from paraverbal.errors import MetricError, RunError
from paraverbal.evaluation.compare import PredictionTable, compare, read_predictions
from paraverbal.evaluation.predictions import Predictions, write_predictions
from paraverbal.metrics import classes as scores
from paraverbal.metrics.comparison import holm, mcnemar, paired_bootstrap

LABELS = ("anger", "joy", "sadness")
KEYS = """first second uar_difference uar_interval wa_difference wa_interval p_uar p_wa p_mcnemar p_adjusted clips clusters
warning"""
SPEAKERS = 10
CLIPS = 90


def table(name="one", seed=0, right=0.6, speakers=True):
    """Predictions of 90 clips of ten speakers; the clips and their truth are the same for every seed."""
    rng, truth = np.random.default_rng(seed), np.arange(CLIPS) % 3
    predicted = np.where(rng.random(CLIPS) < right, truth, rng.integers(0, 3, CLIPS))
    probabilities = rng.dirichlet(np.ones(3), CLIPS) * 0.4 + 0.6 * np.eye(3)[predicted]
    return PredictionTable(
        name=name,
        files=tuple(f"clip_{clip:02}.wav" for clip in range(CLIPS)),
        truth=truth,
        predicted=predicted,
        probabilities=probabilities,
        labels=LABELS,
        speakers=tuple(f"s{clip // 9}" for clip in range(CLIPS)) if speakers else None,
    )


def write(table, path, *, split="test", **changes):
    """Write a table as predictions.csv; `changes` maps a column to what its first clip shall have."""
    rows = []
    for index, file in enumerate(table.files):
        values = table.probabilities[index]
        row = {"file": file, "split": split, "emotion": LABELS[table.truth[index]]}
        row |= {"predicted": LABELS[table.predicted[index]], "confidence": f"{values.max():.6f}"}
        row |= {f"p_{label}": f"{value:.6f}" for label, value in zip(LABELS, values, strict=True)}
        row |= {} if table.speakers is None else {"speaker": table.speakers[index] or ""}
        rows.append(row)
    rows[0] |= changes
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[-1]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_two_results_differ_by_what_the_metrics_say_of_speakers():
    one, other = table("one", 0, 0.7), table("other", 1, 0.5)
    (pair,) = compare([one, other], draws=500, seed=3).pairs
    expected = paired_bootstrap(one.truth, one.predicted, other.predicted, 3, groups=one.speakers, draws=500, seed=3)
    assert pair.difference == expected
    assert pair.difference.clusters == SPEAKERS
    assert pair.p_mcnemar == mcnemar(one.truth, one.predicted, other.predicted).p
    assert pair.p_adjusted == pair.difference.uar.p
    assert pair.warning is None


def test_more_results_are_compared_pair_by_pair_with_adjusted_p_values():
    tables = [table(str(seed), seed, right) for seed, right in enumerate((0.4, 0.5, 0.7, 0.7))]
    found = compare(tables, draws=300)
    assert [(pair.first, pair.second) for pair in found.pairs] == list(itertools.combinations("0123", 2))
    plain = [pair.difference.uar.p for pair in found.pairs]
    assert [pair.p_adjusted for pair in found.pairs] == holm(plain)
    assert plain != holm(plain)


def test_each_result_comes_with_its_scores():
    one, other = table("one"), table("other", 1)
    found = compare([one, other], draws=50)
    assert [result["name"] for result in found.results] == ["one", "other"]
    assert found.results[0]["uar"] == scores.uar(one.truth, one.predicted, 3)
    assert found.results[1]["wa"] == scores.accuracy(other.truth, other.predicted)
    assert found.results[1]["loss"] == scores.cross_entropy(other.truth, other.probabilities)
    difference = found.results[0]["uar"] - found.results[1]["uar"]
    assert found.pairs[0].difference.uar.value == pytest.approx(difference)


def test_a_comparison_is_json_with_stable_keys():
    document = compare([table("one"), table("other", 1)], draws=50).to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert sorted(document) == ["pairs", "results"]
    assert list(document["pairs"][0]) == KEYS.split()
    assert len(document["pairs"][0]["uar_interval"]) == 2


def test_clips_and_labels_may_come_in_any_order():
    one, other = table("one"), table("other", 1)
    order = np.random.default_rng(0).permutation(CLIPS)
    turned = other.arranged([other.files[clip] for clip in order], LABELS[::-1])
    assert turned.labels != one.labels
    assert turned.probabilities[0].tolist() == other.probabilities[order[0]][::-1].tolist()
    assert compare([one, turned], draws=100).to_dict() == compare([one, other], draws=100).to_dict()


def test_without_speakers_clips_are_drawn_and_the_warning_says_so():
    (pair,) = compare([table("one", speakers=False), table("other", 1, speakers=False)], draws=50).pairs
    assert pair.difference.clusters == CLIPS
    assert "The speaker of no clip is known" in pair.warning


def test_one_table_that_names_the_speakers_is_enough():
    for named in ("one", "other"):
        tables = [table(name, seed, speakers=name == named) for seed, name in enumerate(("one", "other"))]
        (pair,) = compare(tables, draws=50).pairs
        assert (pair.difference.clusters, pair.warning) == (SPEAKERS, None)


def test_clips_of_unknown_speakers_are_counted_in_the_warning():
    speakers = (None, *table().speakers[1:])
    tables = [dataclasses.replace(table(name, seed), speakers=speakers) for seed, name in enumerate(("one", "other"))]
    (pair,) = compare(tables, draws=50).pairs
    assert "The speaker of 1 of 90 clips is not known" in pair.warning
    assert pair.difference.clusters == SPEAKERS + 1


def test_one_speaker_gives_differences_without_intervals_or_p_values():
    tables = [
        dataclasses.replace(table(name, seed), speakers=("s0",) * CLIPS) for seed, name in enumerate(("one", "other"))
    ]
    document = compare(tables, draws=50).to_dict()["pairs"][0]
    assert document["uar_interval"] is document["p_uar"] is document["p_adjusted"] is None
    assert 0 < document["p_mcnemar"] <= 1
    assert "single group" in document["warning"]


def test_results_of_other_clips_are_not_compared_and_some_are_named():
    one, other = table("one"), table("other", 1)
    fewer = other.arranged(other.files[5:], LABELS)
    with pytest.raises(MetricError, match=r"other clips: 5 \(clip_00.wav, clip_01.wav, clip_02.wav, \.\.\.\)"):
        compare([one, fewer])
    with pytest.raises(MetricError, match=r"1 \(clip_00.wav\)"):
        compare([one, other.arranged(other.files[1:], LABELS)])


def test_results_of_another_truth_labels_or_speakers_are_not_compared():
    one, other = table("one"), table("other", 1)
    truth = other.truth.copy()
    truth[4] = 0
    with pytest.raises(MetricError, match=r"emotion of 1 \(clip_04.wav\)"):
        compare([one, dataclasses.replace(other, truth=truth)])
    with pytest.raises(MetricError, match="other labels: anger, joy, sadness; anger, fear, joy"):
        compare([one, dataclasses.replace(other, labels=("anger", "fear", "joy"))])
    with pytest.raises(MetricError, match="do not agree on the speakers"):
        compare([one, dataclasses.replace(other, speakers=other.speakers[::-1])])


def test_one_result_or_the_same_twice_is_no_comparison():
    with pytest.raises(MetricError, match="at least two models, got 1"):
        compare([table()])
    with pytest.raises(MetricError, match=r"more than once: 1 \(one\)"):
        compare([table("one"), table("one", 1)])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"files": ("clip_00.wav",) * CLIPS}, r"more than once: 1 \(clip_00.wav\)"),
        ({"files": ("a.wav",)}, "files has 1 entries for 90 clips"),
        ({"speakers": ("s",)}, "speakers has 1 entries"),
        ({"probabilities": np.full((CLIPS, 3), np.nan)}, "finite"),
        ({"probabilities": np.full((CLIPS, 3), 0.5)}, "sum to 1.5"),
        ({"probabilities": np.full((CLIPS, 2), 0.5)}, "have 2 labels, expected 3"),
        ({"predicted": (table().predicted + 1) % 3}, r"clip_\d\d.wav: predicted is .* not its most probable label"),
        ({"truth": np.full(CLIPS, 3)}, "class indices 3 to 3"),
        ({"truth": np.zeros(0, dtype=int)}, "empty"),
    ],
)
def test_a_table_that_contradicts_itself_cannot_be_made(changes, message):
    with pytest.raises(MetricError, match=message):
        dataclasses.replace(table(), **changes)


@pytest.mark.parametrize("speakers", [False, True])
def test_what_was_written_is_read_again(tmp_path, speakers):
    expected = table(speakers=speakers)
    found = read_predictions(write(expected, tmp_path / "predictions.csv"), name="one")
    for field in ("name", "files", "labels", "speakers"):
        assert getattr(found, field) == getattr(expected, field)
    assert found.truth.tolist() == expected.truth.tolist()
    assert found.predicted.tolist() == expected.predicted.tolist()
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-6)


def test_the_predictions_of_a_run_are_read_and_only_its_test_clips(tmp_path):
    rows = tuple(dict.fromkeys(COLUMNS) | {"file": f"{clip}, a.wav", "emotion": LABELS[clip]} for clip in range(3))
    probabilities = np.array([[0.5, 0.5, 0.0], [0.2, 0.7, 0.1], [1 / 3, 1 / 3, 1 / 3]])
    predictions = Predictions(rows, np.arange(3), probabilities, LABELS, ())
    parts = {"train": predictions.only(np.array([True, False, False])), "test": predictions.only(np.arange(3) > 0)}
    write_predictions(parts, tmp_path / "predictions.csv")
    found = read_predictions(tmp_path)
    assert found.files == ("1, a.wav", "2, a.wav")
    assert (found.truth.tolist(), found.predicted.tolist()) == ([1, 2], [1, 0])
    assert found.name == str(tmp_path)


def test_an_empty_speaker_is_an_unknown_one(tmp_path):
    found = read_predictions(write(table(), tmp_path / "predictions.csv", speaker=""))
    assert found.speakers[:2] == (None, "s0")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"emotion": "calm"}, "line 2: emotion is 'calm', expected one of anger, joy, sadness"),
        ({"predicted": ""}, "line 2: predicted is ''"),
        ({"p_joy": "much"}, "line 2: a probability or dimension is not a number"),
        ({"p_joy": "nan"}, "finite"),
        ({"p_joy": "7"}, "finite and within 0 to 1"),
        ({"p_anger": "0", "p_joy": "0", "p_sadness": "0"}, "clip 0 sum to 0"),
        ({"file": "clip_01.wav"}, r"more than once: 1 \(clip_01.wav\)"),
    ],
)
def test_a_file_with_an_impossible_value_is_refused_by_name(tmp_path, changes, message):
    path = write(table(), tmp_path / "predictions.csv", **changes)
    with pytest.raises(RunError, match=f"predictions.csv: .*{message}"):
        read_predictions(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "lacks the columns file, split, emotion, predicted"),
        (b"file,split,emotion,predicted\n", "lacks the columns p_<label>"),
        (b"file,split,emotion,predicted,p_joy\n", "only no clips at all"),
        (b"file,split,emotion,predicted,p_joy\na.wav,valid,joy,joy,1\n", "no clips of the split 'test', only valid"),
        (b"file,split,emotion,predicted,p_joy\na.wav,test,joy\n", "line 2 does not have the 5 values"),
        (b"file,split,emotion,predicted,p_joy\na.wav,test,joy,joy,1,1\n", "line 2 does not have the 5 values"),
        (b"\xff\xfe\x00", "cannot be read as CSV"),
    ],
)
def test_a_file_that_is_no_table_of_predictions_is_refused(tmp_path, text, message):
    path = tmp_path / "predictions.csv"
    path.write_bytes(text)
    with pytest.raises(RunError, match=message):
        read_predictions(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RunError, match=r"predictions.csv: no such file"):
        read_predictions(tmp_path)
