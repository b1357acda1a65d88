from pathlib import Path

import polars as pl
import pytest

from paraverbal.corpora import aesdd, read_corpus


@pytest.mark.corpus
def test_the_corpus_has_605_rows_with_the_broken_file(corpora: Path) -> None:
    corpus = read_corpus(corpora / "aesdd")
    assert corpus.name == "aesdd"
    assert len(corpus) == aesdd.CLIPS == 605
    assert corpus.table["speaker"].unique().sort().to_list() == ["1", "2", "3", "4", "5", "6"]
    assert corpus.emotions == ("anger", "disgust", "fear", "happiness", "sadness")
    assert "sadness/s05 (3).wav" in corpus.table["file"]
    assert corpus.skipped == ()


@pytest.mark.corpus
def test_letter_and_folder_agree(corpora: Path) -> None:
    table = read_corpus(corpora / "aesdd").table
    assert table["file"].str.split("/").list.first().equals(table["emotion"], check_names=False)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("file", "speaker", "sentence"),
    [
        ("anger/a06 (5)b.flac", "5", "06"),
        ("disgust/d03 (01).flac", "1", "03"),
        ("sadness/s01 (5)a.flac", "5", "01"),
    ],
)
def test_odd_names_have_speaker_and_sentence(corpora: Path, file: str, speaker: str, sentence: str) -> None:
    row = read_corpus(corpora / "aesdd").table.row(by_predicate=pl.col("file") == file, named=True)
    assert (row["speaker"], row["sentence"], row["language"]) == (speaker, sentence, "el")
