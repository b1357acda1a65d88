"""Predictions as a table, JSON lines and CSV."""

import csv
import io
import json
from dataclasses import replace

from paraverbal.inference.formats import csv_text, json_line, table, texts
from paraverbal.inference.predict import Failure, Prediction

LABELS = ("anger", "neutral", "sadness")
GOOD = Prediction("a.wav", 0.0, 2.5, "anger", 0.7, {"anger": 0.7, "neutral": 0.1, "sadness": 0.2})
WARNED = Prediction(
    "声音, 1.wav", 0.0, 1 / 3, "neutral", 2 / 3, {"anger": 0.0, "neutral": 2 / 3, "sadness": 1 / 3}, ["short: x"]
)
FAILED = Failure("broken.wav", "cannot be read; convert it")


def test_a_json_line_has_the_stable_keys():
    line = json_line(GOOD)
    assert "\n" not in line
    assert json.loads(line) == {
        "file": "a.wav",
        "start": 0.0,
        "end": 2.5,
        "emotion": "anger",
        "confidence": 0.7,
        "probabilities": {"anger": 0.7, "neutral": 0.1, "sadness": 0.2},
        "warnings": [],
        "uncertain": False,
    }
    assert list(json.loads(line)) == [
        "file",
        "start",
        "end",
        "emotion",
        "confidence",
        "probabilities",
        "warnings",
        "uncertain",
    ]
    assert json.loads(json_line(FAILED)) == {"file": "broken.wav", "error": "cannot be read; convert it"}
    assert json.loads(json_line(WARNED))["confidence"] == 0.666667


def test_csv_has_a_column_for_each_label_and_a_row_for_each_input():
    rows = list(csv.DictReader(io.StringIO(csv_text([GOOD, WARNED, FAILED], LABELS))))
    assert list(rows[0]) == ["file", "start", "end", "emotion", "confidence", *LABELS, "warnings", "error", "uncertain"]
    assert (rows[0]["emotion"], rows[0]["sadness"], rows[0]["error"]) == ("anger", "0.2", "")
    assert (rows[1]["file"], rows[1]["warnings"]) == ("声音, 1.wav", "short: x")
    assert (rows[2]["file"], rows[2]["emotion"], rows[2]["error"]) == ("broken.wav", "", "cannot be read; convert it")


def test_csv_can_be_written_piece_by_piece():
    whole = csv_text([GOOD, FAILED], LABELS)
    assert csv_text([GOOD], LABELS) + csv_text([FAILED], LABELS, header=False) == whole


def test_the_table_has_aligned_columns_and_says_warnings_and_errors_beneath():
    assert table([GOOD, WARNED, FAILED]) == (
        "file         emotion  confidence  next\n"
        "a.wav        anger    0.70        sadness 0.20, neutral 0.10\n"
        "声音, 1.wav  neutral  0.67        sadness 0.33, anger 0.00\n"
        "  warning: short: x\n"
        "broken.wav   failed\n"
        "  error: cannot be read; convert it\n"
    )


def test_an_uncertain_answer_says_so_in_every_form():
    doubtful = replace(GOOD, uncertain=True)
    assert json.loads(json_line(doubtful))["uncertain"] is True
    rows = list(csv.DictReader(io.StringIO(csv_text([doubtful, GOOD, FAILED], LABELS))))
    assert [row["uncertain"] for row in rows] == ["true", "false", ""]
    assert table([doubtful]).splitlines()[1].startswith("a.wav  uncertain: anger  0.70")


def test_combining_accents_take_no_column():
    accented = Failure("cafe\u0301.wav", "x")
    lines = table([accented, GOOD]).splitlines()
    assert lines[1].index("failed") == lines[3].index("anger") + 1


def test_no_outcomes_are_a_heading():
    assert table([]) == "file  emotion  confidence  next\n"
    assert csv_text([], LABELS).count("\n") == 1


def test_a_file_name_that_is_no_utf_8_can_be_written():
    odd = Failure(b"caf\xe9.wav".decode("utf-8", "surrogateescape"), "x")
    for text in (json_line(odd), csv_text([odd], LABELS), table([odd])):
        assert "caf?.wav" in text.encode("utf-8").decode("utf-8")


RATED = replace(GOOD, dimensions={"arousal": 3.14159265, "valence": -0.5})


def test_dimensions_are_the_last_key_of_json_columns_of_csv_and_behind_the_next_labels_in_the_table():
    line = json.loads(json_line(RATED))
    assert list(line)[-1] == "dimensions"
    assert line["dimensions"] == {"arousal": 3.141593, "valence": -0.5}
    names = ("arousal", "valence")
    rows = list(csv.DictReader(io.StringIO(csv_text([RATED, FAILED], LABELS, dimensions=names))))
    assert list(rows[0])[-3:] == ["uncertain", *names]
    assert [(row["arousal"], row["valence"]) for row in rows] == [("3.141593", "-0.5"), ("", "")]
    assert table([RATED]).splitlines()[1].endswith("sadness 0.20, neutral 0.10; arousal 3.14; valence -0.50")


def test_texts_piece_by_piece_have_the_dimensions_of_the_whole():
    names = ("arousal", "valence")
    whole = csv_text([RATED, FAILED], LABELS, dimensions=names)
    assert "".join(texts([RATED, FAILED], LABELS, "csv", dimensions=names)) == whole
    assert "".join(texts([RATED], LABELS, "json")) == json_line(RATED) + "\n"
