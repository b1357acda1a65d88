"""Texts that go with recordings: given one by one, in a table, or in a text file beside each.

| given | read as |
|---|---|
| a `.csv` or `.tsv` | a table with a column `file` and one `transcript` (or `transcription`, `text`); others are left alone |
| a folder | in it `clip.txt` for `clip.wav`, wherever below it; UTF-8 |
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from paraverbal.errors import TextError, nearest

TABLES = (".csv", ".tsv")
FILE_COLUMNS = ("file", "path", "filename", "file_name", "filepath")
TEXT_COLUMNS = ("transcript", "transcription", "text")

# How many missing recordings a message names.
_NAMED = 3


def texts_of(files: Sequence[str], text: str | Sequence[str | None] | Mapping[str, str] | None) -> list[str | None]:
    """Return the text of each file, None where it is not known.

    Raises:
        TextError: One text for several files, or another number of texts than of files.
    """
    if text is None:
        return [None] * len(files)
    if isinstance(text, Mapping):
        return [text.get(file) for file in files]
    texts: list[str | None] = [text] if isinstance(text, str) else list(text)
    if len(texts) != len(files):
        raise TextError(
            f"{len(texts)} texts for {len(files)} recordings; give one for each, None where it is not known"
        )
    return texts


def read_transcripts(path: str | Path, files: Sequence[str]) -> dict[str, str]:
    """Return the transcripts of recordings, file -> text; those without one are not in it.

    A row of a table belongs to the recording of that path, relative to the table, or to the only one of that name.

    Args:
        path: A table, or a folder of text files.
        files: The recordings.

    Raises:
        TextError: No such file or folder, not UTF-8, no such columns, or no recording has a text.
    """
    place = Path(path)
    if place.is_dir():
        found = _beside(place, files)
    elif place.is_file() and place.suffix.lower() in TABLES:
        found = _in_table(place, files)
    else:
        raise TextError(
            f"{path}: no table (.csv, .tsv) with the columns file and transcript, and no folder of text files"
        )
    if files and not found:
        named = ", ".join(files[:_NAMED])
        raise TextError(
            f"{path}: has a transcript of none of the {len(files)} recordings ({named}); check the names in it"
        )
    return found


def _beside(folder: Path, files: Sequence[str]) -> dict[str, str]:
    texts: dict[str, list[Path]] = {}
    for text in sorted(folder.rglob("*.txt")):
        texts.setdefault(text.stem, []).append(text)
    found = {}
    for file in files:
        own = Path(file).with_suffix(".txt")
        named = texts.get(Path(file).stem, [])
        chosen = own if own in named else named[0] if len(named) == 1 else None
        if chosen is not None:
            found[file] = _content(chosen).strip()
    return found


def _in_table(table: Path, files: Sequence[str]) -> dict[str, str]:
    lines = _content(table).splitlines(keepends=True)
    separator = "\t" if table.suffix.lower() == ".tsv" else max(",;\t", key=(lines or [""])[0].count)
    rows = csv.DictReader(lines, delimiter=separator)
    columns = {name.strip().lower(): name for name in rows.fieldnames or []}
    file_column, text_column = (_column(table, columns, names) for names in (FILE_COLUMNS, TEXT_COLUMNS))
    texts = {str(row[file_column]): row[text_column] for row in rows if row[file_column] and row[text_column]}
    by_place = {(table.parent / name).resolve(): text for name, text in texts.items()}
    by_name: dict[str, list[str]] = {}
    for name, text in texts.items():
        by_name.setdefault(PurePosixPath(name.replace("\\", "/")).name, []).append(text)
    found = {}
    for file in files:
        named = by_name.get(Path(file).name, [])
        text = by_place.get(Path(file).resolve(), named[0] if len(named) == 1 else None)
        if text is not None:
            found[file] = text
    return found


def _column(table: Path, columns: Mapping[str, str], names: Sequence[str]) -> str:
    for name in names:
        if name in columns:
            return columns[name]
    has = ", ".join(columns.values()) or "none"
    raise TextError(f"{table}: has no column {names[0]!r}{nearest(names[0], columns)}; it has {has}")


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(f"{file}: not a text in UTF-8; save it as one") from error
