from pathlib import Path

import pytest

from paraverbal.corpora.corpus import Corpus, Origin
from paraverbal.corpora.match import match_files
from paraverbal.errors import SplitError

FILES = {"a/1.flac": "anger", "a/2.flac": "fear", "b/1.flac": "anger", "b/3.flac": "fear"}


@pytest.fixture
def corpus() -> Corpus:
    return Corpus.from_rows(
        Path("made"), [{"file": file, "emotion": emotion} for file, emotion in FILES.items()], Origin("made")
    )


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("a/1.flac", "a/1.flac"),
        ("a/1.wav", "a/1.flac"),
        ("b\\1.wav", "b/1.flac"),
        ("./b/3.flac", "b/3.flac"),
        ("elsewhere/2.flac", "a/2.flac"),
        ("elsewhere/3.mp3", "b/3.flac"),
    ],
)
def test_a_file_is_found_by_path_then_without_extension_then_by_name(corpus: Corpus, given: str, found: str) -> None:
    assert match_files(corpus, [given], [None]) == [found]


@pytest.mark.parametrize("given", ["elsewhere/1.flac", "a/9.flac"])
def test_a_file_that_is_missing_or_not_unique_is_an_error_that_names_it(corpus: Corpus, given: str) -> None:
    with pytest.raises(SplitError, match=f"1 of 2 files of the split are not in the corpus made, for example {given}"):
        match_files(corpus, ["a/2.flac", given], [None, None])


def test_rows_of_emotions_that_the_corpus_does_not_hold_have_no_file(corpus: Corpus) -> None:
    assert match_files(corpus, ["a/1.wav", "c/7.wav"], ["angry", "calm"]) == ["a/1.flac", None]


def test_another_emotion_than_the_corpus_says_is_an_error(corpus: Corpus) -> None:
    with pytest.raises(SplitError, match=r"a/1\.flac: the split says fear, the corpus anger"):
        match_files(corpus, ["a/1.wav"], ["fearful"])


def test_a_word_of_the_split_that_is_no_emotion_is_not_compared(corpus: Corpus) -> None:
    assert match_files(corpus, ["a/1.wav"], ["class 3"]) == ["a/1.flac"]
