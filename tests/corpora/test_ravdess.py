from pathlib import Path, PurePosixPath

import pytest

from paraverbal.corpora import ravdess, read_corpus


@pytest.mark.corpus
def test_the_corpus_has_60_clips_of_each_of_24_actors(corpora: Path) -> None:
    table = read_corpus(corpora / "ravdess").table
    counts = dict(table["speaker"].value_counts().iter_rows())
    assert len(table) == ravdess.CLIPS
    assert counts == {f"{actor:02d}": 60 for actor in range(1, 25)}
    assert table["sex"].value_counts()["count"].to_list() == [720, 720]
    assert table["transcript"].n_unique() == 2


@pytest.mark.corpus
def test_neutral_has_half_as_many_clips_and_no_strong_intensity(corpora: Path) -> None:
    table = read_corpus(corpora / "ravdess").table
    counts = dict(table["emotion"].value_counts().iter_rows())
    assert counts.pop("neutral") == 96
    assert set(counts.values()) == {192}
    assert set(table.filter(emotion="neutral")["intensity"]) == {"normal"}


def test_songs_are_not_read() -> None:
    assert ravdess.parse(PurePosixPath("03-02-06-01-02-01-12.wav")) is None


def test_there_is_no_actor_25_and_no_emotion_09() -> None:
    assert ravdess.parse(PurePosixPath("03-01-06-01-02-01-25.wav")) is None
    assert ravdess.parse(PurePosixPath("03-01-09-01-02-01-12.wav")) is None
