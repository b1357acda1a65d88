from pathlib import Path, PurePosixPath

import pytest
from tests.corpora.making import balanced, corpus_of, touch

from paraverbal.audio.read import AUDIO_SUFFIXES as READABLE
from paraverbal.corpora.corpus import AUDIO_SUFFIXES, COLUMNS, Corpus, Origin, audio_files
from paraverbal.errors import CorpusError, LabelError


def test_a_corpus_has_all_columns_and_absent_ones_are_null() -> None:
    corpus = corpus_of([("anger", "03")])
    assert corpus.table.columns == list(COLUMNS)
    row = corpus.table.row(0, named=True)
    assert row["speaker"] == "03"
    assert row["corpus"] == "made"
    assert row["age"] is row["transcript"] is None


def test_a_corpus_without_rows_is_an_error() -> None:
    with pytest.raises(CorpusError, match="no utterances"):
        corpus_of([])


def test_the_same_utterance_twice_is_an_error() -> None:
    rows = [{"file": "a.wav", "emotion": "anger"}] * 2
    with pytest.raises(CorpusError, match=r"more than once, for example a\.wav"):
        Corpus.from_rows(Path("made"), rows, Origin("made"))


def test_utterances_of_one_file_differ_in_start_and_end() -> None:
    rows = [{"file": "a.wav", "emotion": "anger", "start": start, "end": start + 1.0} for start in (0.0, 1.0)]
    assert len(Corpus.from_rows(Path("made"), rows, Origin("made"))) == 2


def test_a_file_is_below_the_root_and_an_array_address_stays_text() -> None:
    corpus = corpus_of([("anger", None)])
    assert corpus.path("0000.wav") == Path("made/0000.wav")
    assert corpus.path("data.npz::12@48000") == str(Path("made/data.npz::12@48000"))


def test_filtering_keeps_only_the_wanted_emotions() -> None:
    corpus = balanced(3).filter(emotions=["Angry", "neutral"])
    assert corpus.emotions == ("anger", "neutral")
    assert len(corpus) == 24


@pytest.mark.parametrize("use", [lambda c: c.filter(emotions=["calm"]), lambda c: c.sample("calm")])
def test_an_emotion_that_the_corpus_lacks_is_an_error_that_lists_what_it_has(use: object) -> None:
    with pytest.raises(CorpusError, match=r"no clip of 'calm'.*anger, fear, neutral"):
        use(balanced(3))  # type: ignore[operator]


def test_a_word_that_is_no_emotion_is_an_error() -> None:
    with pytest.raises(LabelError, match="did you mean 'anger'"):
        balanced(3).sample("angerr")


def test_the_same_seed_draws_the_same_row_and_other_seeds_others() -> None:
    corpus = balanced(10)
    assert corpus.sample("fear", seed=3) == corpus.sample("fear", seed=3)
    assert corpus.sample("fear", seed=3)["emotion"] == "fear"
    assert len({corpus.sample(seed=seed)["file"] for seed in range(20)}) > 10


def test_repr_tells_clips_emotions_and_speakers() -> None:
    assert repr(balanced(3)).startswith("Corpus(made: 36 clips, 3 speakers; anger 12, fear 12, neutral 12; ")
    assert "speakers unknown" in repr(corpus_of([("anger", None)]))


def test_audio_files_are_found_by_suffix_sorted_and_without_hidden_ones(tmp_path: Path) -> None:
    touch(tmp_path, ["b/2.WAV", "b/1.flac", "a.mp3", "notes.txt", "b/._1.flac", ".cache/3.wav"])
    assert audio_files(tmp_path) == [PurePosixPath(name) for name in ("a.mp3", "b/1.flac", "b/2.WAV")]


def test_a_folder_that_is_a_link_is_followed_once(tmp_path: Path) -> None:
    touch(tmp_path / "there", ["1.wav"])
    touch(tmp_path / "here", ["0.wav"])
    (tmp_path / "here" / "linked").symlink_to(tmp_path / "there")
    (tmp_path / "here" / "round").symlink_to(tmp_path / "here")
    assert audio_files(tmp_path / "here") == [PurePosixPath("0.wav"), PurePosixPath("linked/1.wav")]


def test_what_is_listed_as_audio_is_what_the_audio_stage_reads() -> None:
    assert AUDIO_SUFFIXES == READABLE
