"""Each format read back, or compared with what it should be, written by hand."""

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from paraverbal.errors import RecipeError
from paraverbal.inference.predict import Failure, Prediction
from paraverbal.inference.stream import Estimate
from paraverbal.inference.timeline import Timeline
from paraverbal.inference.timeline_formats import (
    SUFFIXES,
    check_format,
    document,
    estimate_document,
    format_of,
    timeline_text,
)

LABELS = ("anger", "sadness")
FAILED = Failure("broken.wav", "cannot be read; convert it")


def segment(start, end, emotion, confidence, uncertain=False):
    probabilities = {label: confidence if label == emotion else 1 - confidence for label in LABELS}
    return Prediction("a talk.wav", start, end, emotion, confidence, probabilities, [], uncertain)


FOUND = Timeline(
    file="a talk.wav",
    seconds=3700.5,
    labels=LABELS,
    dimensions=(),
    segments=(
        segment(0.0, 1.25, "anger", 0.75),
        segment(1.25, 4.0, "sadness", 0.6, True),
        segment(3661.0005, 3700.5, "anger", 1.0),
    ),
    speech=((0.0, 4.0), (3661.0005, 3700.5)),
    starts=np.array([0.0, 1.0]),
    ends=np.array([3.0, 4.0]),
    answers=np.float32([[0.75, 0.25], [0.5, 0.5]]),
    window=3.0,
    hop=1.0,
    smooth=3,
)
SILENT = replace(FOUND, segments=(), speech=(), warnings=("no speech was found",))


def text(form, found=FOUND):
    return timeline_text(found, form, LABELS)


def test_json_is_one_line_that_holds_all():
    assert text("json").count("\n") == 1
    read = json.loads(text("json"))
    assert list(read) == [
        "file",
        "seconds",
        "labels",
        "window",
        "hop",
        "smooth",
        "speech",
        "segments",
        "windows",
        "warnings",
    ]
    assert read["segments"][1] == {
        "start": 1.25,
        "end": 4.0,
        "emotion": "sadness",
        "confidence": 0.6,
        "probabilities": {"anger": 0.4, "sadness": 0.6},
        "uncertain": True,
    }
    assert read["windows"][0] == {"start": 0.0, "end": 3.0, "probabilities": {"anger": 0.75, "sadness": 0.25}}
    assert read["speech"] == [[0.0, 4.0], [3661.0005, 3700.5]]


def test_dimensions_are_in_segments_and_windows():
    told = replace(
        FOUND,
        dimensions=("valence",),
        answers=np.float32([[0.75, 0.25, 2.5], [0.5, 0.5, 3.5]]),
        segments=(replace(FOUND.segments[0], dimensions={"valence": 3.0}),),
    )
    read = document(told)
    assert read["segments"][0]["dimensions"] == {"valence": 3.0}
    assert [window["dimensions"] for window in read["windows"]] == [{"valence": 2.5}, {"valence": 3.5}]
    assert "3.0" in timeline_text(told, "csv", LABELS, ("valence",)).splitlines()[1]


def test_csv_has_a_row_for_each_segment_and_a_header_once():
    rows = list(csv.DictReader(io.StringIO(text("csv") + timeline_text(FAILED, "csv", LABELS, first=False))))
    assert [(row["start"], row["end"], row["emotion"], row["uncertain"]) for row in rows[:2]] == [
        ("0.0", "1.25", "anger", "false"),
        ("1.25", "4.0", "sadness", "true"),
    ]
    assert rows[1]["anger"] == "0.4"
    assert (rows[3]["file"], rows[3]["error"]) == ("broken.wav", "cannot be read; convert it")


def test_rttm_has_ten_fields_a_line():
    assert text("rttm") == (
        "SPEAKER a_talk 1 0.000 1.250 <NA> <NA> anger 0.750 <NA>\n"
        "SPEAKER a_talk 1 1.250 2.750 <NA> <NA> sadness 0.600 <NA>\n"
        "SPEAKER a_talk 1 3661.001 39.499 <NA> <NA> anger 1.000 <NA>\n"
    )
    assert {len(line.split()) for line in text("rttm").splitlines()} == {10}


def read_textgrid(grid):
    """Read a TextGrid by its numbers and quoted texts alone, as Praat does: the words between them are for people."""
    tokens = re.findall(r'"((?:[^"]|"")*)"|(?<![\w\[])(-?\d+(?:\.\d+)?)(?![\w\]])|(<exists>)', grid)
    values = [word.replace('""', '"') if not number and not flag else number or flag for word, number, flag in tokens]
    assert values[:2] == ["ooTextFile", "TextGrid"]
    assert values[4] == "<exists>"
    tiers, place = {}, 6
    for _ in range(int(values[5])):
        assert values[place] == "IntervalTier"
        name, count = values[place + 1], int(values[place + 4])
        rest = values[place + 5 : place + 5 + 3 * count]
        tiers[name] = [(float(rest[i]), float(rest[i + 1]), rest[i + 2]) for i in range(0, 3 * count, 3)]
        place += 5 + 3 * count
    assert place == len(values)
    return (float(values[2]), float(values[3])), tiers


def test_a_textgrid_covers_the_recording_without_gap():
    limits, tiers = read_textgrid(text("textgrid"))
    assert limits == (0, 3700.5)
    assert tiers["emotion"] == [
        (0, 1.25, "anger"),
        (1.25, 4, "sadness"),
        (4, 3661.0005, ""),
        (3661.0005, 3700.5, "anger"),
    ]
    assert [label for *_, label in tiers["confidence"]] == ["0.750", "0.600", "", "1.000"]
    assert [label for *_, label in tiers["sure"]] == ["yes", "no", "", "yes"]
    for tier in tiers.values():
        assert [end for _, end, _ in tier[:-1]] == [start for start, *_ in tier[1:]]


def test_a_textgrid_of_silence_has_one_empty_interval():
    assert read_textgrid(text("textgrid", SILENT))[1]["emotion"] == [(0, 3700.5, "")]


def test_a_quote_in_a_label_is_doubled_in_a_textgrid():
    odd = replace(FOUND, segments=(replace(FOUND.segments[0], emotion='so "so"'),))
    assert 'text = "so ""so"""' in text("textgrid", odd)
    assert read_textgrid(text("textgrid", odd))[1]["emotion"][0][2] == 'so "so"'


def test_audacity_labels_are_start_end_and_text_apart_by_tabs():
    assert text("audacity") == (
        "0.000000\t1.250000\tanger 0.75\n"
        "1.250000\t4.000000\tuncertain: sadness 0.60\n"
        "3661.000500\t3700.500000\tanger 1.00\n"
    )


def test_subtitles_are_numbered_and_timed_to_the_millisecond():
    assert text("srt") == (
        "1\n00:00:00,000 --> 00:00:01,250\nanger 0.75\n\n"
        "2\n00:00:01,250 --> 00:00:04,000\nuncertain: sadness 0.60\n\n"
        "3\n01:01:01,000 --> 01:01:40,500\nanger 1.00\n\n"
    )


def test_the_table_is_for_people():
    assert text("table").splitlines()[:3] == [
        "a talk.wav  3700.5 s",
        "       0.00      1.25  anger 0.75",
        "       1.25      4.00  uncertain: sadness 0.60",
    ]
    assert text("table", SILENT).splitlines() == ["a talk.wav  3700.5 s", "  warning: no speech was found"]


@pytest.mark.parametrize("form", ["rttm", "audacity", "srt"])
def test_silence_is_an_empty_file_where_only_segments_are_told(form):
    assert text(form, SILENT) == ""


def test_a_failure_is_told_where_there_is_room_for_it():
    assert json.loads(text("json", FAILED)) == {"file": "broken.wav", "error": "cannot be read; convert it"}
    assert text("table", FAILED) == "broken.wav\n  error: cannot be read; convert it\n"
    assert text("rttm", FAILED) == ""


def test_an_estimate_of_a_stream_is_told_as_a_segment_is():
    one = Estimate(1.0, 4.0, "anger", 0.75, {"anger": 0.75, "sadness": 0.25}, False, 2.5, {"valence": 3.0})
    assert estimate_document(one) == {
        "start": 1.0,
        "end": 4.0,
        "emotion": "anger",
        "confidence": 0.75,
        "probabilities": {"anger": 0.75, "sadness": 0.25},
        "uncertain": False,
        "dimensions": {"valence": 3.0},
        "speech_seconds": 2.5,
    }


def test_the_ending_of_a_file_tells_its_format():
    for form, suffix in SUFFIXES.items():
        assert not suffix or format_of(f"a.b{suffix.upper()}") == form
    assert format_of("talk.TextGrid") == "textgrid"
    with pytest.raises(RecipeError, match=r"\.srt, or give --format"):
        format_of("talk.docx")
    with pytest.raises(RecipeError, match="did you mean 'rttm'"):
        check_format("rtm")
