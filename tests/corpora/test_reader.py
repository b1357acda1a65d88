from pathlib import Path

import pytest
from tests.corpora.making import touch

from paraverbal.corpora import LOADERS, read_corpus
from paraverbal.errors import CorpusError, LabelError

AESDD = ["anger/a01 (1).wav", "fear/f01 (2).wav", "sadness/s01 (3).wav"]
URDU = ["Angry/SM1_F1_A01.wav", "Happy/SF1_F2_H02.wav"]


def test_a_known_corpus_goes_before_a_folder_per_emotion(tmp_path: Path) -> None:
    assert read_corpus(touch(tmp_path, AESDD)).name == "aesdd"


def test_nine_tenths_of_the_names_are_enough_and_the_others_are_listed_as_skipped(tmp_path: Path) -> None:
    touch(tmp_path, [f"anger/a{number:02d} (1).wav" for number in range(9)] + ["anger/mine.wav"])
    corpus = read_corpus(tmp_path)
    assert (corpus.name, len(corpus), corpus.skipped) == ("aesdd", 9, ("anger/mine.wav",))
    assert "1 files skipped" in repr(corpus)


def test_fewer_are_not_enough(tmp_path: Path) -> None:
    touch(tmp_path, [f"anger/a{number:02d} (1).wav" for number in range(8)] + ["anger/mine.wav"])
    assert read_corpus(tmp_path).name == tmp_path.name


def test_a_missing_path_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    touch(tmp_path / "ravdess", AESDD)
    with pytest.raises(CorpusError, match=r"ravdes: no such folder or file \(did you mean 'ravdess'\?\)"):
        read_corpus(tmp_path / "ravdes")
    with pytest.raises(CorpusError, match=r"no such folder or file$"):
        read_corpus(tmp_path / "nowhere" / "ravdess")


def test_an_unknown_folder_is_an_error_that_says_what_was_looked_for(tmp_path: Path) -> None:
    touch(tmp_path, ["one.wav", "two.wav"])
    with pytest.raises(CorpusError) as caught:
        read_corpus(tmp_path)
    message = str(caught.value)
    assert str(tmp_path) in message
    assert "2 recordings, but no known corpus (for example one.wav)" in message
    for word in (*(loader.NAME for loader in LOADERS), "folder per emotion", "anger", ".csv", ".npz", "--labels"):
        assert word in message


def test_a_folder_of_several_corpora_is_an_error_that_names_the_nearest_one(tmp_path: Path) -> None:
    touch(tmp_path, ["x/03-01-06-01-02-01-12.wav", "x/03-01-05-01-02-01-12.wav", "y/1.wav"])
    with pytest.raises(CorpusError, match="ravdess fits 2 of them"):
        read_corpus(tmp_path)


def test_a_folder_without_audio_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path, ["notes.txt"])
    with pytest.raises(CorpusError, match=r"no recordings \(.*\.wav.*\) in this folder"):
        read_corpus(tmp_path)


def test_a_recording_is_no_corpus(tmp_path: Path) -> None:
    touch(tmp_path, ["one.wav"])
    with pytest.raises(CorpusError, match=r"one\.wav: is not a corpus; give a folder"):
        read_corpus(tmp_path / "one.wav")


def test_no_path_is_an_error() -> None:
    with pytest.raises(CorpusError, match="no corpus was given"):
        read_corpus([])


def test_labels_that_map_to_no_emotion_are_an_error_before_anything_is_read() -> None:
    with pytest.raises(LabelError, match="'wrath', which is no emotion"):
        read_corpus("nowhere", labels={"Wut": "wrath"})


def test_given_labels_go_before_those_of_the_corpus(tmp_path: Path) -> None:
    corpus = read_corpus(touch(tmp_path, URDU), labels={"angry": "disgust"})
    assert sorted(corpus.emotions) == ["disgust", "happiness"]


def test_a_name_may_be_given(tmp_path: Path) -> None:
    corpus = read_corpus(touch(tmp_path, AESDD), name="mine")
    assert corpus.name == "mine"
    assert set(corpus.table["corpus"]) == {"mine"}


def test_a_table_in_a_folder_is_used_when_nothing_else_fits(tmp_path: Path) -> None:
    touch(tmp_path, ["one.wav"])
    (tmp_path / "labels.csv").write_text("file,emotion\none.wav,anger\n")
    assert read_corpus(tmp_path).table["file"].to_list() == ["one.wav"]


def test_a_table_with_file_and_emotion_goes_before_a_folder_per_emotion_and_tells_speakers(synthetic: Path) -> None:
    corpus = read_corpus(synthetic)
    assert corpus.name == "synthetic"
    assert sorted(corpus.table["speaker"].unique()) == ["s1", "s2", "s3", "s4"]
    assert len(corpus) == 40
    assert read_corpus(synthetic, name="mine").table["corpus"].unique().to_list() == ["mine"]


def test_a_known_corpus_goes_before_a_table_beside_it(tmp_path: Path) -> None:
    touch(tmp_path, AESDD)
    (tmp_path / "clips.csv").write_text("file,emotion\nanger/a01 (1).wav,joy\n")
    assert read_corpus(tmp_path).name == "aesdd"


@pytest.mark.parametrize(
    "text",
    [
        "file,emotion,fold,split\nanger/x.wav,anger,1,train\n",
        "file,split,emotion\nanger/x.wav,train,anger\n",
        "name,age\nx,3\n",
        "",
    ],
)
def test_a_split_or_another_table_beside_emotion_folders_is_left_alone(tmp_path: Path, text: str) -> None:
    touch(tmp_path, ["anger/x.wav", "fear/y.wav"])
    (tmp_path / "split.csv").write_text(text)
    assert len(read_corpus(tmp_path)) == 2


def test_of_two_tables_beside_emotion_folders_none_is_chosen(tmp_path: Path) -> None:
    touch(tmp_path, ["anger/x.wav", "fear/y.wav"])
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("file,emotion\nanger/x.wav,anger\n")
    assert len(read_corpus(tmp_path)) == 2


@pytest.mark.parametrize("count", [0, 2])
def test_given_columns_without_one_table_are_an_error_also_for_a_known_corpus(tmp_path: Path, count: int) -> None:
    touch(tmp_path, [*AESDD, *(f"{number}.csv" for number in range(count))])
    with pytest.raises(
        CorpusError, match=rf"columns were given, so one \.csv or \.tsv .* it has {count}; give the path"
    ):
        read_corpus(tmp_path, columns={"emotion": "feeling"})


def test_given_columns_ask_for_the_table_of_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, AESDD)
    (tmp_path / "labels.csv").write_text("file,feeling\nanger/a01 (1).wav,joy\n")
    assert read_corpus(tmp_path, columns={"emotion": "feeling"}).emotions == ("happiness",)


def test_several_corpora_are_joined_with_unique_files(tmp_path: Path) -> None:
    first, second = touch(tmp_path / "aesdd", AESDD), touch(tmp_path / "x" / "urdu", URDU)
    corpus = read_corpus([first, second])
    assert corpus.name == "aesdd+urdu"
    assert set(corpus.table["corpus"]) == {"aesdd", "urdu"}
    assert corpus.emotions == ("anger", "fear", "happiness", "sadness")
    assert all(Path(corpus.path(file)).is_file() for file in corpus.table["file"])
    assert "aesdd/anger/a01 (1).wav" in corpus.table["file"]
    assert [origin.name for origin in corpus.origins] == ["aesdd", "urdu"]
    assert corpus.licence.startswith("aesdd: research use")
    assert read_corpus([first, second], name="both").name == "both"


def test_the_same_folder_twice_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path, AESDD)
    with pytest.raises(CorpusError, match="listed more than once"):
        read_corpus([tmp_path, tmp_path])


def test_corpora_without_a_folder_in_common_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_drives(_: object) -> str:
        raise ValueError("Paths don't have the same drive")

    folders = [touch(tmp_path / "one", AESDD), touch(tmp_path / "two", URDU)]
    monkeypatch.setattr("os.path.commonpath", other_drives)
    with pytest.raises(CorpusError, match="have no folder in common"):
        read_corpus(folders)


def test_two_parts_of_a_known_corpus_stay_one_corpus(tmp_path: Path) -> None:
    parts = [touch(tmp_path / part, AESDD) for part in ("one", "two")]
    corpus = read_corpus(parts)
    assert set(corpus.table["corpus"]) == {"aesdd"}
    assert len(corpus.origins) == 1


def test_two_unknown_corpora_of_one_name_are_told_apart(tmp_path: Path) -> None:
    parts = [touch(tmp_path / part / "data", ["anger/x.wav"]) for part in ("one", "two")]
    assert read_corpus(parts).table["corpus"].to_list() == ["data", "data-2"]


@pytest.mark.corpus
def test_the_folder_above_real_corpora_is_an_error_that_says_so(corpora: Path) -> None:
    with pytest.raises(CorpusError, match="no known corpus"):
        read_corpus(corpora)


@pytest.mark.corpus
def test_three_real_corpora_are_one(corpora: Path) -> None:
    corpus = read_corpus([corpora / name for name in ("aesdd", "ravdess", "urdu")])
    assert len(corpus) == 605 + 1440 + 400
    assert len(corpus.emotions) == 8
    assert all(Path(corpus.path(file)).is_file() for file in corpus.table["file"].sample(20, seed=0))
