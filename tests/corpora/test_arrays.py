from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paraverbal.audio.read import read
from paraverbal.corpora import read_corpus
from paraverbal.errors import CorpusError, LabelError

RECORDINGS = np.linspace(-1, 1, 3 * 800, dtype=np.float32).reshape(3, 800)
NUMBERS = np.array([1, 2, 1])
EMOTIONS = {"1": "anger", "2": "fear"}


def save(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


def test_rows_are_addresses_with_index_and_rate(tmp_path: Path) -> None:
    corpus = read_corpus(save(tmp_path, train_X=RECORDINGS, train_t=NUMBERS), labels=EMOTIONS, sampling_rate=8000)
    assert corpus.table["file"].to_list() == ["data.npz::0@8000", "data.npz::1@8000", "data.npz::2@8000"]
    assert corpus.table["emotion"].to_list() == ["anger", "fear", "anger"]
    assert corpus.table["label"].to_list() == ["1", "2", "1"]


def test_the_audio_stage_reads_what_an_address_names(tmp_path: Path) -> None:
    corpus = read_corpus(save(tmp_path, train_X=RECORDINGS, train_t=NUMBERS), labels=EMOTIONS, sampling_rate=8000)
    waveform, rate = read(corpus.path("data.npz::2@8000"))
    assert rate == 8000
    assert np.array_equal(waveform, RECORDINGS[2])


@pytest.mark.parametrize("labels", [np.array(["anger", "Fear", "anger"]), np.array([b"anger", b"Fear", b"anger"])])
def test_any_pair_of_recordings_and_words_is_found(tmp_path: Path, labels: Any) -> None:
    corpus = read_corpus(save(tmp_path, waves=RECORDINGS, words=labels, sr=np.array(16000)))
    assert corpus.table["label"].to_list() == ["anger", "Fear", "anger"]
    assert corpus.table["file"][0] == "data.npz::0@16000"


def test_among_several_arrays_the_usual_names_are_taken(tmp_path: Path) -> None:
    arrays = {"X": RECORDINGS, "test_X": RECORDINGS[:2], "y": NUMBERS.astype(float), "other": NUMBERS}
    corpus = read_corpus(save(tmp_path, **arrays, sampling_rate=8000), labels=EMOTIONS)
    assert corpus.table["label"].to_list() == ["1", "2", "1"]


def test_the_only_npz_of_a_folder_is_read(tmp_path: Path) -> None:
    save(tmp_path, X=RECORDINGS, y=NUMBERS, sr=8000)
    assert len(read_corpus(tmp_path, labels=EMOTIONS)) == 3


def test_a_number_without_emotion_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    path = save(tmp_path, X=RECORDINGS, y=NUMBERS, sr=8000)
    with pytest.raises(LabelError, match=r"data\.npz: label 1 is a number.*--labels 1=EMOTION"):
        read_corpus(path)
    with pytest.raises(LabelError, match="label 2 is a number"):
        read_corpus(path, labels={"1": "anger"})


def test_a_word_that_is_no_emotion_is_an_error_with_its_row(tmp_path: Path) -> None:
    path = save(tmp_path, X=RECORDINGS, y=np.array(["anger", "wrath", "fear"]), sr=8000)
    with pytest.raises(LabelError, match=r"data\.npz: row 1: label 'wrath'"):
        read_corpus(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": RECORDINGS, "y": NUMBERS}, "does not state its sampling rate; give it"),
        ({"X": RECORDINGS, "y": NUMBERS, "sr": "fast"}, "sampling_rate is 'fast'; expected one number"),
        ({"X": RECORDINGS, "y": NUMBERS[:2], "sr": 8000}, "no array of 3 labels"),
        ({"y": NUMBERS, "sr": 8000}, r"no array of recordings among y \[3\] int64"),
        ({"a": RECORDINGS, "b": RECORDINGS, "y": NUMBERS, "sr": 8000}, "no array of recordings among"),
        ({"X": RECORDINGS, "y": np.array([{}, {}, {}]), "sr": 8000}, "cannot be read as .npz"),
    ],
)
def test_wrong_arrays_are_an_error(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read_corpus(save(tmp_path, **arrays), labels=EMOTIONS)


def test_a_file_that_is_no_npz_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data.npz").write_text("not arrays")
    with pytest.raises(CorpusError, match=r"data\.npz: cannot be read as \.npz"):
        read_corpus(tmp_path / "data.npz")
