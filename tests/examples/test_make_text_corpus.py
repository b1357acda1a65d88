"""The made corpus that needs both words and voice."""

import csv
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "examples"))
        from make_text_corpus import make_text_corpus

        folder = make_text_corpus(tmp_path_factory.mktemp("corpus"), speakers=2, repeats=6)
    with (folder / "clips.csv").open(encoding="utf-8", newline="") as table:
        found = list(csv.DictReader(table))
    assert all((folder / row["file"]).is_file() for row in found)
    return found


def words_of(rows, emotions):
    return Counter(word for row in rows if row["emotion"] in emotions for word in row["transcript"].lower().split())


def test_there_are_as_many_clips_of_each_emotion(rows):
    assert Counter(row["emotion"] for row in rows) == dict.fromkeys(
        ["anger", "calm", "disgust", "happiness", "sadness", "surprise"], 12
    )


def test_every_clip_has_a_transcript_and_no_two_speakers_say_all_the_same(rows):
    assert all(row["transcript"] for row in rows)
    said = {name: [row["transcript"] for row in rows if row["speaker"] == name] for name in ("s1", "s2")}
    assert said["s1"] != said["s2"]


def test_words_tell_half_of_the_emotions_and_nothing_of_the_others(rows):
    sentences = {
        emotion: {" ".join(row["transcript"].split()[:2]) for row in rows if row["emotion"] == emotion}
        for emotion in ("anger", "happiness", "sadness", "calm", "disgust", "surprise")
    }
    neutral = sentences["anger"] | sentences["happiness"] | sentences["sadness"]
    assert len(neutral) <= 24
    assert not neutral & (sentences["calm"] | sentences["surprise"])
    assert not sentences["calm"] & sentences["surprise"]
    assert "rotten" not in words_of(rows, ("anger", "happiness", "sadness", "calm", "surprise"))
