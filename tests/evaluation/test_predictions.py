import csv
from dataclasses import replace

import numpy as np
import pytest

from paraverbal.corpora.corpus import COLUMNS
from paraverbal.errors import RunError
from paraverbal.evaluation.compare import read_predictions
from paraverbal.evaluation.predictions import Predictions, write_predictions

LABELS = ("anger", "fear", "neutral")
PROBABILITIES = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [1 / 3, 1 / 3, 1 / 3], [0.1, 0.1, 0.8]])


def predictions(*, joined=False, **changes):
    """Predictions of four clips; `changes` maps a column to its four values."""
    rows = [dict.fromkeys(COLUMNS) | {"file": f"{clip}.wav", "corpus": "a", "emotion": "anger"} for clip in range(4)]
    for column, values in changes.items():
        rows = [row | {column: value} for row, value in zip(rows, values, strict=True)]
    truth = np.array([LABELS.index(row["emotion"]) for row in rows])
    return Predictions(tuple(rows), truth, PROBABILITIES, LABELS, (), joined)


def written(parts, path):
    write_predictions(parts, path)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_speakers_are_named_as_the_corpus_names_them():
    assert predictions(speaker=("1", "2", None, "1")).speakers == ["1", "2", None, "1"]


def test_speakers_of_joined_corpora_are_named_with_the_corpus_in_every_part():
    found = predictions(joined=True, speaker=("1", "1", None, "2"), corpus=("a", "b", "a", "b"))
    assert found.speakers == ["a/1", "b/1", None, "b/2"]
    assert found.only(np.array([True, False, True, False])).speakers == ["a/1", None]


def test_some_of_them_keep_truth_and_probabilities():
    chosen = np.array([False, True, False, True])
    found = predictions(emotion=("anger", "fear", "fear", "neutral")).only(chosen)
    assert [row["file"] for row in found.rows] == ["1.wav", "3.wav"]
    assert found.truth.tolist() == [1, 2]
    assert np.array_equal(found.probabilities, PROBABILITIES[chosen])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_a_temperature_keeps_the_order_and_divides_the_log_odds(temperature):
    found = predictions().tempered(temperature).probabilities
    odds = np.log(PROBABILITIES[:, 0] / PROBABILITIES[:, 2])
    np.testing.assert_allclose(np.log(found[:, 0] / found[:, 2]), odds / temperature, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_a_row_tells_clip_part_truth_prediction_and_speaker(tmp_path):
    parts = {"train": predictions(speaker="1234"), "test": predictions(emotion=("fear",) * 4)}
    rows = written(parts, tmp_path / "predictions.csv")
    assert list(rows[0]) == [
        "file",
        "split",
        "emotion",
        "predicted",
        "confidence",
        "speaker",
        "p_anger",
        "p_fear",
        "p_neutral",
    ]
    assert list(rows[0].values()) == [
        "0.wav",
        "train",
        "anger",
        "anger",
        "0.600000",
        "1",
        "0.600000",
        "0.300000",
        "0.100000",
    ]
    assert [row["split"] for row in rows] == ["train"] * 4 + ["test"] * 4
    assert {(row["emotion"], row["speaker"]) for row in rows[4:]} == {("fear", "")}
    assert [row["predicted"] for row in rows[4:]] == ["anger", "fear", "anger", "neutral"]


def test_parts_of_a_file_are_named_with_their_seconds(tmp_path):
    times = {"start": (None, 1.5, 12345.678, None), "end": (1.5, None, 12346.0, None)}
    found = predictions(file=("talk, 1.wav",) * 3 + ("whole.wav",), **times)
    rows = written({"test": found}, tmp_path / "predictions.csv")
    assert [row["file"] for row in rows] == [
        "talk, 1.wav#t=0,1.5",
        "talk, 1.wav#t=1.5",
        "talk, 1.wav#t=12345.678,12346",
        "whole.wav",
    ]
    assert len(read_predictions(tmp_path).files) == 4


VALENCE = (1.25, None, 3.0, 4.0)


def rated():
    told = {"valence": np.array([1.5, 2.0, 1 / 3, 4.25])}
    return replace(predictions(valence=VALENCE, speaker="aabb"), dimensions=told)


def test_dimensions_are_written_as_what_is_true_then_what_was_told(tmp_path):
    rows = written({"test": rated()}, tmp_path / "predictions.csv")
    assert list(rows[0])[-3:] == ["p_neutral", "valence", "d_valence"]
    assert [(row["valence"], row["d_valence"]) for row in rows] == [
        ("1.25", "1.5"),
        ("", "2"),
        ("3", "0.333333"),
        ("4", "4.25"),
    ]
    table = read_predictions(tmp_path)
    np.testing.assert_allclose(table.dimensions["valence"], [1.5, 2, 1 / 3, 4.25], atol=1e-6)
    assert table.labels == LABELS


def test_the_fold_is_the_last_column(tmp_path):
    write_predictions({"test": rated()}, tmp_path / "predictions.csv", [1, 1, 2, 3])
    with (tmp_path / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[-1] == "fold"
    assert [row["fold"] for row in rows] == ["1", "1", "2", "3"]
    assert len(read_predictions(tmp_path).files) == 4


def test_some_of_them_and_a_temperature_keep_what_was_told():
    chosen = np.array([False, True, False, True])
    assert rated().only(chosen).dimensions["valence"].tolist() == [2.0, 4.25]
    assert rated().tempered(2.0).dimensions["valence"].tolist() == rated().dimensions["valence"].tolist()


def test_a_told_dimension_that_is_no_number_is_refused_with_its_line(tmp_path):
    write_predictions({"test": rated()}, tmp_path / "predictions.csv")
    text = (tmp_path / "predictions.csv").read_text()
    (tmp_path / "predictions.csv").write_text(text.replace("4.25", "much"))
    with pytest.raises(RunError, match="line 5: a probability or dimension is not a number"):
        read_predictions(tmp_path)
