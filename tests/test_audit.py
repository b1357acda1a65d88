"""What is in a corpus is counted by decoding it, and what leaks from train to test is said."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile

from paraverbal.audit import audit, inventory
from paraverbal.corpora import read_corpus
from paraverbal.corpora.corpus import Corpus, Origin, join
from paraverbal.corpora.split import Split, holdout, speakers_apart


@pytest.fixture
def corpus(tmp_path):
    """Make 4 speakers with 2 emotions and 3 clips each of 0.5 s and more; one clip is broken, one is not there."""
    rows = []
    for number in range(24):
        speaker, emotion = f"0{number % 4}", ("anger", "fear")[number // 4 % 2]
        soundfile.write(tmp_path / f"{number:02}.wav", np.zeros(8000 + number, np.float32), 16000)
        rows.append({"file": f"{number:02}.wav", "emotion": emotion, "label": emotion[:3], "speaker": speaker})
    (tmp_path / "05.wav").write_text("no audio")
    (tmp_path / "23.wav").unlink()
    return Corpus.from_rows(tmp_path, rows, Origin("made", "CC0-1.0", "this test"))


def test_only_clips_that_can_be_read_are_counted(corpus):
    found = inventory(corpus)
    assert (found.name, found.clips, found.licence, found.source) == ("made", 22, "CC0-1.0", "this test")
    assert found.seconds == pytest.approx(sum(8000 + number for number in range(24) if number not in (5, 23)) / 16000)
    assert found.shortest == {"file": "00.wav", "seconds": 0.5}
    assert found.longest == {"file": "22.wav", "seconds": 8022 / 16000}
    assert found.emotions == {"anger": 12, "fear": 10}
    assert found.labels == {"ang": 12, "fea": 10}
    assert found.speakers == {"00": 6, "01": 5, "02": 6, "03": 5}


def test_broken_files_are_listed_with_what_is_wrong(corpus):
    broken = inventory(corpus).broken
    assert [item["file"] for item in broken] == ["05.wav", "23.wav"]
    assert broken[0]["error"].startswith("cannot be read as audio")
    assert broken[1]["error"].startswith("there is no such file")


def test_an_inventory_is_json_with_stable_keys(corpus):
    document = json.loads(json.dumps(inventory(corpus).to_dict(audit={"selection": {}})))
    assert {"name", "clips", "seconds", "emotions", "speakers", "broken", "audit"} <= set(document)
    assert document["audit"] == {"selection": {}}
    assert inventory(corpus).to_dict()["audit"] is None


def test_parts_of_a_file_count_with_their_own_length(tmp_path):
    soundfile.write(tmp_path / "long.wav", np.zeros(32000, np.float32), 16000)
    parts = [(0.0, 0.5), (0.5, None), (1.5, 9.0)]
    rows = [{"file": "long.wav", "start": start, "end": end, "emotion": "fear"} for start, end in parts]
    found = inventory(Corpus.from_rows(tmp_path, rows, Origin("parts")))
    assert (found.clips, found.seconds, found.speakers, found.labels) == (3, 2.5, {}, {})


def test_a_corpus_without_one_good_file_has_no_shortest_clip(tmp_path):
    rows = [{"file": "gone.wav", "emotion": "fear"}]
    found = inventory(Corpus.from_rows(tmp_path, rows, Origin("gone")))
    assert (found.clips, found.seconds, found.shortest, found.longest, found.emotions) == (0, 0, None, None, {})


def test_shared_speakers_are_a_leak_and_named(corpus):
    finding = audit(corpus, holdout(corpus))["shared_speakers"]
    assert finding["verdict"] == "leak"
    assert finding["detail"].startswith("speakers are in two parts (")
    assert set(finding["items"]["train/test"]) <= {"00", "01", "02", "03"}


def test_speakers_apart_are_no_leak(corpus):
    assert audit(corpus, speakers_apart(corpus))["shared_speakers"]["verdict"] == "ok"


def test_unknown_speakers_are_to_be_known(corpus):
    nobody = Corpus("made", corpus.root, corpus.table.with_columns(speaker=pl.lit(None, pl.String)), corpus.origins)
    finding = audit(nobody, holdout(nobody))["shared_speakers"]
    assert (finding["verdict"], finding["items"]) == ("notice", {})
    some = corpus.table.with_columns(
        speaker=pl.when(pl.col("file") == "00.wav").then(pl.lit(None, pl.String)).otherwise("speaker")
    )
    finding = audit(Corpus("made", corpus.root, some, corpus.origins), speakers_apart(corpus))["shared_speakers"]
    assert finding["detail"] == "no known speaker is in two parts, but 1 clips have no speaker"


def test_an_emotion_with_few_test_clips_is_to_be_known(corpus):
    finding = audit(corpus, holdout(corpus, test=0.2))["small_classes"]
    assert finding["verdict"] == "notice"
    assert set(finding["items"]) == {"anger", "fear"}
    assert all(clips < 5 for clips in finding["items"].values())
    assert audit(corpus, holdout(corpus, test=0.5))["small_classes"]["verdict"] == "ok"


def test_of_several_folds_the_one_with_the_fewest_test_clips_counts(corpus):
    first, second = holdout(corpus, test=0.5).table, holdout(corpus, test=0.1, seed=1).table
    split = Split(pl.concat([first, second.with_columns(fold=pl.lit(2, pl.Int64))]))
    assert audit(corpus, split)["small_classes"]["items"] == audit(corpus, Split(second))["small_classes"]["items"]


def test_choosing_on_test_clips_is_a_leak(corpus):
    assert audit(corpus, holdout(corpus))["selection"]["verdict"] == "ok"
    assert audit(corpus, holdout(corpus), selected_on="test")["selection"]["verdict"] == "leak"


def rows_of(*, speakers, emotions, **columns):
    """Make as many rows as `speakers` says for each speaker and emotion; further columns are by speaker."""
    return [
        {"file": f"{speaker}/{emotion}{number}.wav", "emotion": emotion, "speaker": speaker}
        | {name: values[speaker] for name, values in columns.items()}
        for speaker, counts in speakers.items()
        for emotion, count in zip(emotions, counts, strict=True)
        for number in range(count)
    ]


def audited(rows, test=()):
    """Return the findings where the listed files are the test part and all others train."""
    made = Corpus.from_rows(Path("nowhere"), rows, Origin("made"))
    table = made.table.select("file", "emotion").with_columns(
        fold=pl.lit(1, pl.Int64),
        split=pl.when(pl.col("file").is_in(list(test))).then(pl.lit("test")).otherwise(pl.lit("train")),
    )
    return audit(made, Split(table))


def test_sentences_in_two_parts_are_to_be_known_but_no_leak():
    rows = [{"file": f"{number}.wav", "emotion": "fear", "sentence": f"{number % 3}"} for number in range(6)]
    finding = audited(rows, test=["0.wav", "1.wav"])["shared_sentences"]
    assert (finding["verdict"], finding["items"]) == ("notice", {"train/test": ["0", "1"]})
    assert finding["detail"].startswith("2 of 3 sentences are in two parts (2 in train and test)")
    finding = audited(rows, test=["0.wav", "3.wav"])["shared_sentences"]
    assert (finding["verdict"], finding["detail"]) == ("ok", "no sentence is in two parts")
    unknown = [{"file": row["file"], "emotion": "fear"} for row in rows]
    assert audited(unknown, test=["0.wav"])["shared_sentences"]["detail"] == "no sentence is known"


def test_sentences_of_two_corpora_are_different_ones(tmp_path):
    corpora = [
        Corpus.from_rows(tmp_path / name, [{"file": "x.wav", "emotion": "fear", "sentence": "1"}], Origin(name))
        for name in ("a", "b")
    ]
    both = join(corpora)
    table = both.table.select("file", "emotion").with_columns(
        fold=pl.lit(1, pl.Int64), split=pl.Series(["train", "test"])
    )
    assert audit(both, Split(table))["shared_sentences"]["verdict"] == "ok"


def test_a_speaker_without_an_emotion_is_to_be_known():
    even = {"a": (3, 3), "b": (2, 4), "c": (3, 2)}
    assert audited(rows_of(speakers=even, emotions=("anger", "fear")))["speakers_and_classes"]["verdict"] == "ok"
    finding = audited(rows_of(speakers=even | {"d": (5, 0)}, emotions=("anger", "fear")))["speakers_and_classes"]
    assert (finding["verdict"], finding["items"]) == ("notice", {"d": {"anger": 5, "fear": 0}})
    assert finding["detail"].startswith("1 of 4 speakers lack an emotion")


def test_a_speaker_with_over_three_times_the_median_is_to_be_known():
    three = {"a": (2, 2), "b": (2, 2), "c": (6, 6)}
    assert audited(rows_of(speakers=three, emotions=("anger", "fear")))["speakers_and_classes"]["verdict"] == "ok"
    finding = audited(rows_of(speakers=three | {"c": (6, 7)}, emotions=("anger", "fear")))["speakers_and_classes"]
    assert (finding["verdict"], finding["items"]) == ("notice", {"c": {"anger": 6, "fear": 7}})
    assert "1 have over 3 times the median of 4 clips" in finding["detail"]


def test_an_emotion_that_one_sex_has_twice_as_often_is_to_be_known():
    sex = {"a": "female", "b": "male"}
    even = rows_of(speakers={"a": (10, 20), "b": (20, 10)}, emotions=("anger", "fear"), sex=sex)
    assert audited(even)["balance"]["verdict"] == "ok"
    uneven = rows_of(speakers={"a": (10, 21), "b": (21, 10)}, emotions=("anger", "fear"), sex=sex)
    finding = audited(uneven)["balance"]
    assert finding["verdict"] == "notice"
    assert "by sex of anger, fear" in finding["detail"]
    assert finding["items"] == {"sex female": {"anger": 10, "fear": 21}, "sex male": {"anger": 21, "fear": 10}}


def test_an_emotion_that_one_language_lacks_is_to_be_known():
    language = {"a": "el", "b": "en", "c": "ur"}
    counts = {"a": (20, 10), "b": (20, 0), "c": (20, 5)}
    finding = audited(rows_of(speakers=counts, emotions=("anger", "fear"), language=language))["balance"]
    assert finding["verdict"] == "notice"
    assert finding["items"]["language en"] == {"anger": 20, "fear": 0}
    assert "language of fear" in finding["detail"]


def test_shares_of_few_clips_say_nothing():
    sex = {"a": "female", "b": "male"}
    counts = {"a": (50, 9), "b": (50, 0)}
    assert audited(rows_of(speakers=counts, emotions=("anger", "fear"), sex=sex))["balance"]["verdict"] == "ok"


def test_without_two_sexes_or_languages_there_is_nothing_to_compare(corpus):
    assert audit(corpus, holdout(corpus))["balance"]["detail"] == "fewer than two sexes or languages are known"


def test_an_utterance_in_several_folds_is_counted_once(corpus):
    table = holdout(corpus).table
    folds = pl.concat([table, table.with_columns(fold=pl.lit(2, pl.Int64))])
    one, several = audit(corpus, Split(table)), audit(corpus, Split(folds))
    assert several["speakers_and_classes"] == one["speakers_and_classes"]
    assert several["shared_speakers"] == one["shared_speakers"]


def test_every_finding_has_the_same_keys_and_is_json(corpus):
    findings = json.loads(json.dumps(audit(corpus, holdout(corpus), selected_on="test")))
    for check, finding in findings.items():
        assert list(finding) == ["check", "verdict", "detail", "items"]
        assert finding["check"] == check
        assert finding["verdict"] in ("ok", "notice", "leak")
        assert isinstance(finding["items"], dict)


@pytest.mark.corpus
def test_aesdd_has_604_good_clips_and_a_broken_one(corpora):
    found = inventory(read_corpus(corpora / "aesdd"))
    assert (found.clips, [item["file"] for item in found.broken]) == (604, ["sadness/s05 (3).wav"])
    assert found.emotions == {"anger": 121, "disgust": 122, "fear": 120, "happiness": 119, "sadness": 122}
    assert found.seconds / 3600 == pytest.approx(0.69, abs=0.01)
