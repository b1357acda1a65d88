from pathlib import Path

import pytest
from tests.corpora.making import touch

from paraverbal.corpora import read_corpus
from paraverbal.errors import LabelError


def test_the_folder_names_the_emotion(tmp_path: Path) -> None:
    touch(tmp_path / "mine", ["angry/1.wav", "Joy/1.wav"])
    corpus = read_corpus(tmp_path / "mine")
    assert corpus.name == "mine"
    assert corpus.table.select("file", "emotion", "label").rows() == [
        ("Joy/1.wav", "happiness", "Joy"),
        ("angry/1.wav", "anger", "angry"),
    ]
    assert corpus.table["speaker"].null_count() == 2
    assert corpus.licence == "unknown"


def test_the_emotion_folder_nearest_to_the_file_counts(tmp_path: Path) -> None:
    touch(tmp_path, ["happy/anna/1.wav", "calm/day 2/Pleasant-Surprise/take 1/2.wav"])
    emotions = dict(read_corpus(tmp_path).table.select("file", "emotion").iter_rows())
    assert list(emotions.values()) == ["surprise", "happiness"]


def test_folders_in_another_language_can_be_mapped(tmp_path: Path) -> None:
    touch(tmp_path, ["Wut/1.wav", "Freude/1.wav"])
    corpus = read_corpus(tmp_path, labels={"wut": "anger", "Freude": "happiness"})
    assert corpus.emotions == ("anger", "happiness")


def test_a_label_that_is_not_known_is_an_error_with_the_nearest_and_the_remedy(tmp_path: Path) -> None:
    touch(tmp_path, ["anger/1.wav", "fear/1.wav", "sadnes/1.wav"])
    with pytest.raises(LabelError, match=r"sadnes \(did you mean 'sadness'\?\).*--labels 'sadnes=EMOTION'"):
        read_corpus(tmp_path)


def test_a_recording_beside_the_emotion_folders_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path, ["anger/1.wav", "fear/1.wav", "stray.wav"])
    with pytest.raises(LabelError, match="1 files lie in no emotion folder"):
        read_corpus(tmp_path)
