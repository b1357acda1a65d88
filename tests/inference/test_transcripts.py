"""Transcripts from tables and from text files beside recordings."""

from pathlib import Path

import pytest

from paraverbal.errors import TextError
from paraverbal.inference.transcripts import read_transcripts, texts_of


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "day").mkdir()
    paths = [tmp_path / "a.wav", tmp_path / "day" / "b.wav", tmp_path / "day" / "c.wav"]
    for path in paths:
        path.touch()
    return [str(path) for path in paths]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "file,transcript\na.wav,one\nday/b.wav,two\n"),
        ("t.csv", "File;Text;speaker\na.wav;one;x\nb.wav;two;y\n"),
        ("t.tsv", "\ufeffpath\ttranscription\na.wav\tone\nday/b.wav\ttwo\n"),
        ("t.csv", 'file,transcript\na.wav,one\nday/b.wav,two\nday/c.wav,\n,"nobody\'s"\n'),
    ],
)
def test_a_table_is_read_whatever_its_separator_and_names(
    files: list[str], tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_transcripts(tmp_path / name, files) == {files[0]: "one", files[1]: "two"}


def test_a_name_that_two_rows_share_needs_its_path(files: list[str], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    table = tmp_path / "other" / "t.csv"
    table.write_text("file,transcript\nx/b.wav,one\ny/b.wav,two\na.wav,three\n")
    assert read_transcripts(table, files) == {files[0]: "three"}


def test_a_transcript_of_several_lines_stays_whole(files: list[str], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('file,transcript\na.wav,"one\ntwo, three"\n')
    assert read_transcripts(tmp_path / "t.csv", files) == {files[0]: "one\ntwo, three"}


def test_text_files_stand_beside_the_recordings_or_in_a_folder_of_their_own(files: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n", encoding="utf-8")
    (tmp_path / "day" / "b.txt").write_text("two")
    assert read_transcripts(tmp_path, files) == {files[0]: "one", files[1]: "two"}
    own = tmp_path / "texts"
    own.mkdir()
    (own / "c.txt").write_text("three")
    assert read_transcripts(own, files) == {files[2]: "three"}


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("t.csv", b"file,words\na.wav,one\n", "has no column 'transcript'; it has file, words"),
        ("t.csv", b"transcripts,file\n", r"did you mean 'transcripts'\?"),
        ("t.csv", b"", "has no column 'file'; it has none"),
        ("t.csv", b"file,transcript\n\xff\xfe,one\n", "not a text in UTF-8"),
        ("t.csv", b"file,transcript\nother.wav,one\n", r"of none of the 3 recordings .*a\.wav"),
        ("t.json", b"{}", "no table .* and no folder of text files"),
    ],
)
def test_what_is_no_table_is_told(files: list[str], tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TextError, match=problem):
        read_transcripts(tmp_path / name, files)


def test_texts_go_with_their_files() -> None:
    assert texts_of(["a", "b"], None) == [None, None]
    assert texts_of(["a"], "one") == ["one"]
    assert texts_of(["a", "b"], ["one", None]) == ["one", None]
    assert texts_of(["a", "b"], {"b": "two"}) == [None, "two"]
    with pytest.raises(TextError, match="3 texts for 1 recordings"):
        texts_of(["a"], ["one", "two", "three"])
