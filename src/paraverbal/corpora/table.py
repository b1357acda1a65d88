"""A CSV or TSV table: one row for each utterance, with columns of any name.

Columns are found by name without regard to case (`OTHER_NAMES`), or given. Files are relative to the table's folder.
All ids stay strings.
"""

import math
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import polars as pl

from paraverbal.corpora.corpus import COLUMNS, Corpus, Origin, Row
from paraverbal.emotions import canonical
from paraverbal.errors import CorpusError, LabelError, nearest

NAME = "table"
SUFFIXES = frozenset({".csv", ".tsv"})

# Our column -> names by which it is found, the first that the table has; each column is also found by its own name.
OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "file": ("path", "filename", "file_name", "filepath", "file_path", "wav", "audio"),
    "start": ("start_seconds", "onset"),
    "end": ("end_seconds", "offset"),
    "emotion": ("label", "class", "category", "target"),
    "speaker": ("speaker_id", "actor", "actor_id", "subject", "subject_id"),
    "sex": ("gender",),
    "language": ("lang",),
    "sentence": ("sentence_id", "statement"),
    "transcript": ("transcription", "text"),
    "arousal": ("activation",),
}
NUMBERS = tuple(column for column, kind in COLUMNS.items() if kind == pl.Float64)
GIVEN_BY_READER = ("label", "corpus")  # the table's own word for the emotion, and the name of the corpus

# A table of these alone is a split, which may lie beside the recordings.
SPLIT_COLUMNS = frozenset({"file", "emotion", "fold", "split"})

_SEXES = {"f": "female", "female": "female", "woman": "female", "m": "male", "male": "male", "man": "male"}


def read(
    path: Path,
    *,
    name: str | None = None,
    columns: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Corpus:
    """Read a table of utterances. A sex other than female or male becomes null, and so does an empty cell.

    Args:
        path: The table; its suffix is .csv (comma, semicolon or tab) or .tsv.
        name: What to call the corpus; by default the file's name without suffix.
        columns: Our column -> the table's.
        labels: The table's own words -> canonical emotions; asked first.

    Raises:
        CorpusError: Not a table, a column is missing or unknown, a number is none, or recordings are missing.
        LabelError: A label is empty or has no known emotion.
    """
    cells = _cells(path)
    chosen = _choose(path, cells.columns, columns or {})
    cells = cells.select(pl.col(own).str.strip_chars().replace("", None).alias(ours) for ours, own in chosen.items())
    cells = _with_numbers(path, cells)
    rows = [_row(path, number, row, labels) for number, row in enumerate(cells.iter_rows(named=True), start=2)]
    _reject_missing(path, [str(row["file"]) for row in rows])
    return Corpus.from_rows(path.parent, rows, Origin(name or path.stem))


def holds_utterances(path: Path) -> bool:
    """Return whether a table has columns for file and emotion, found by name, and is no split of a corpus."""
    try:
        columns = _cells(path).columns
        _choose(path, columns, {})
    except CorpusError:
        return False
    return not ("split" in columns and set(columns) <= SPLIT_COLUMNS)


def _cells(path: Path) -> pl.DataFrame:
    try:
        head = path.read_text(encoding="utf-8-sig").partition("\n")[0]
        separator = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=head.count)
        return pl.read_csv(path, separator=separator, infer_schema_length=0)
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        raise CorpusError(f"{path}: not a table of UTF-8 text with a line of column names: {error}") from error


def _choose(path: Path, own: list[str], columns: Mapping[str, str]) -> dict[str, str]:
    """Return our column -> the table's, of those that are there."""
    ours = [column for column in COLUMNS if column not in GIVEN_BY_READER]
    for column, wanted in columns.items():
        if column not in ours:
            raise CorpusError(f"column {column!r} is unknown{nearest(column, ours)}; known: {', '.join(ours)}")
        if wanted not in own:
            raise CorpusError(f"{path}: has no column {wanted!r}{nearest(wanted, own)}; it has {', '.join(own)}")
    by_name = {name.strip().lower(): name for name in reversed(own)}
    chosen = {column: _found(column, by_name) for column in ours} | dict(columns)
    for column in ("file", "emotion"):
        if chosen[column] is None:
            known = ", ".join((column, *OTHER_NAMES[column]))
            raise CorpusError(
                f"{path}: no column for {column!r} ({known}) among {', '.join(own)}; "
                f"name it: --columns {column}=COLUMN, or columns={{{column!r}: COLUMN}} in Python"
            )
    return {column: name for column, name in chosen.items() if name is not None}


def _found(column: str, by_name: Mapping[str, str]) -> str | None:
    return next((by_name[name] for name in (column, *OTHER_NAMES.get(column, ())) if name in by_name), None)


def _with_numbers(path: Path, cells: pl.DataFrame) -> pl.DataFrame:
    for column in NUMBERS:
        if column not in cells.columns:
            continue
        numbers = cells[column].cast(pl.Float64, strict=False)
        wrong = (numbers.is_null() & cells[column].is_not_null()).arg_true()
        if len(wrong):
            line = wrong[0] + 2
            raise CorpusError(f"{path}: {column} in line {line} is {cells[column][wrong[0]]!r}; expected a number")
        cells = cells.with_columns(numbers)
    return cells


def _row(path: Path, line: int, cells: Row, labels: Mapping[str, str] | None) -> Row:
    file, label = cells["file"], cells["emotion"]
    if file is None:
        raise CorpusError(f"{path}: line {line} names no file; give it one or remove the line")
    if label is None:
        raise LabelError(f"{path}: line {line} ({file}) has no emotion; give it one or remove the line")
    try:
        emotion = canonical(str(label), labels)
    except LabelError as error:
        raise LabelError(f"{path}: line {line} ({file}): {error}") from error
    place = PurePosixPath(str(file).replace("\\", "/")).as_posix()
    _check_times(path, line, cells)
    sex = _SEXES.get(str(cells.get("sex")).lower())
    return {**cells, "file": place, "label": label, "emotion": emotion, "sex": sex}


def _check_times(path: Path, line: int, cells: Row) -> None:
    """Raise if the part of the file that a row names cannot be: it starts before 0, or does not end after its start."""
    start, end = cells.get("start"), cells.get("end")
    first = 0.0 if start is None else float(start)
    last = math.inf if end is None else float(end)
    if not 0 <= first < last:
        raise CorpusError(
            f"{path}: line {line} ({cells['file']}) goes from {start} to {end} s; start must be 0 or more and before end"
        )


def _reject_missing(path: Path, files: list[str]) -> None:
    missing = [file for file in dict.fromkeys(files) if not (path.parent / file).is_file()]
    if missing:
        raise CorpusError(
            f"{path}: {len(missing)} of {len(set(files))} files are not there, for example {', '.join(missing[:3])}; "
            f"they are looked for relative to {path.parent}"
        )
