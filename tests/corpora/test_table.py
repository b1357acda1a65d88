from pathlib import Path

import pytest
from tests.corpora.making import touch

from paraverbal.corpora import read_corpus
from paraverbal.errors import CorpusError, LabelError


def table(folder: Path, text: str, name: str = "labels.csv") -> Path:
    touch(folder, ["wav/1.wav", "wav/2.wav"])
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_usual_names_of_columns_are_found(tmp_path: Path) -> None:
    text = "Path,Label,Speaker_ID,Gender,age,text\nwav/1.wav,Angry,03,F,31,Guten Tag\nwav/2.wav,sad,3,other,,\n"
    corpus = read_corpus(table(tmp_path, text))
    assert corpus.name == "labels"
    first, second = corpus.table.rows(named=True)
    assert (first["file"], first["emotion"], first["label"]) == ("wav/1.wav", "anger", "Angry")
    assert (first["speaker"], second["speaker"]) == ("03", "3")
    assert (first["sex"], first["age"], first["transcript"]) == ("female", 31.0, "Guten Tag")
    assert (second["sex"], second["age"], second["transcript"]) == (None, None, None)
    assert Path(corpus.path("wav/1.wav")).is_file()


def test_columns_of_any_name_can_be_mapped(tmp_path: Path) -> None:
    path = table(tmp_path, "clip;feeling;label;who\nwav/1.wav;Wut;x;01\n")
    columns = {"file": "clip", "emotion": "feeling", "speaker": "who"}
    row = read_corpus(path, columns=columns, labels={"Wut": "anger"}).sample()
    assert (row["emotion"], row["label"], row["speaker"]) == ("anger", "Wut", "01")


def test_a_tsv_has_tabs(tmp_path: Path) -> None:
    path = table(tmp_path, "file\temotion\tvalence\nwav/1.wav\tanger\t0.5\n", "labels.tsv")
    assert read_corpus(path).sample()["valence"] == 0.5


def test_utterances_of_one_file_have_start_and_end(tmp_path: Path) -> None:
    path = table(tmp_path, "file,start,end,emotion\nwav/1.wav,0,1.5,anger\nwav/1.wav,1.5,3,fear\n")
    assert read_corpus(path).table.select("start", "end").rows() == [(0.0, 1.5), (1.5, 3.0)]


def test_backslashes_and_a_byte_order_mark_are_understood(tmp_path: Path) -> None:
    path = table(tmp_path, "\ufefffile,emotion\nwav\\1.wav,anger\n")
    assert read_corpus(path).table["file"].to_list() == ["wav/1.wav"]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("clip,emotion\nwav/1.wav,anger\n", None, r"no column for 'file' \(file, path, .*among clip, emotion"),
        ("file,mood\nwav/1.wav,anger\n", None, "no column for 'emotion'.*--columns emotion=COLUMN"),
        ("file,mood\n1.wav,anger\n", {"emotion": "moood"}, r"no column 'moood' \(did you mean 'mood'\?\)"),
        ("file,mood\n1.wav,anger\n", {"emotoin": "mood"}, r"column 'emotoin' is unknown \(did you mean 'emotion'\?\)"),
        (
            "file,emotion\nwav/1.wav,anger\nwav/9.wav,fear\n",
            None,
            r"1 of 2 files are not there, for example wav/9\.wav",
        ),
        ("file,emotion,age\nwav/1.wav,anger,old\n", None, "age in line 2 is 'old'; expected a number"),
        ("file,emotion\n,anger\n", None, "line 2 names no file"),
        ("file,emotion,start,end\nwav/1.wav,anger,2,1\n", None, r"line 2 \(wav/1\.wav\) goes from 2\.0 to 1\.0 s"),
        ("file,emotion,start,end\nwav/1.wav,anger,1,1\n", None, "start must be 0 or more and before end"),
        ("file,emotion,start\nwav/1.wav,anger,-1\n", None, r"goes from -1\.0 to None s"),
        ("file,emotion,end\nwav/1.wav,anger,nan\n", None, "goes from None to nan s"),
        ("file,emotion\n", None, "has no utterances"),
        ("", None, "not a table"),
        ("file,emotion\nwav/1.wav,anger,x,y\n", None, "not a table"),
    ],
)
def test_a_wrong_table_is_an_error_that_names_it(
    tmp_path: Path, text: str, columns: dict[str, str] | None, message: str
) -> None:
    with pytest.raises(CorpusError, match=message):
        read_corpus(table(tmp_path, text), columns=columns)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,emotion\nwav/1.wav,wrath\n", r"labels\.csv: line 2 \(wav/1\.wav\): label 'wrath' is no emotion"),
        ("file,emotion\nwav/1.wav,\n", r"line 2 \(wav/1\.wav\) has no emotion"),
    ],
)
def test_a_wrong_label_is_an_error_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        read_corpus(table(tmp_path, text))
