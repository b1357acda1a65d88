"""Predictions as a plain-text table, JSON lines or CSV. Fractions, not percent; seconds; label names."""

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from paraverbal.inference.predict import Failure, Prediction

Outcome = Prediction | Failure

# Digits behind the point: more than the models' precision, and lines stay readable.
DIGITS = 6

# Emotions beside the most probable one that the table shows.
_OTHERS = 2


def json_line(outcome: Outcome) -> str:
    """Return one outcome as one line of JSON, without the line's end.

    Keys are `file start end emotion confidence probabilities warnings uncertain`, and `dimensions` of a model that tells
    some, and `shares` of one that takes voice and text; of a failed input `file error`.
    """
    return json.dumps(_document(outcome), ensure_ascii=False)


def csv_text(
    outcomes: Iterable[Outcome],
    labels: Sequence[str],
    *,
    dimensions: Sequence[str] = (),
    shares: Sequence[str] = (),
    header: bool = True,
) -> str:
    """Return outcomes as CSV: `file, start, end, emotion, confidence`, a column a label, `warnings, error, uncertain`.

    A column for each dimension follows, for a model that tells some, and `share_audio, share_text` of one that takes both.

    Args:
        outcomes: Predictions and failures; a failure has only `file` and `error`.
        labels: The model's labels.
        dimensions: The model's dimensions.
        shares: What the model takes, if it is more than one kind of input.
        header: Whether the first line names the columns.
    """
    columns = ["file", "start", "end", "emotion", "confidence", *labels, "warnings", "error", "uncertain", *dimensions]
    columns += [f"share_{name}" for name in shares]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    if header:
        writer.writeheader()
    for outcome in outcomes:
        row = _document(outcome)
        row |= row.pop("probabilities", {}) | row.pop("dimensions", {})
        row |= {f"share_{name}": share for name, share in row.pop("shares", {}).items()}
        row["warnings"] = "; ".join(row.get("warnings", []))
        row["uncertain"] = str(row.get("uncertain", "")).lower()
        writer.writerow(row)
    return buffer.getvalue()


def texts(
    outcomes: Iterable[Outcome],
    labels: Sequence[str],
    form: str,
    *,
    dimensions: Sequence[str] = (),
    shares: Sequence[str] = (),
) -> Iterator[str]:
    """Yield outcomes as text in pieces: JSON and CSV as soon as each is there, the table when all are.

    Args:
        outcomes: Predictions and failures.
        labels: The model's labels.
        form: `json`, `csv` or `table`.
        dimensions: The model's dimensions, columns of the CSV.
        shares: What the model takes, if it is more than one kind of input: columns of the CSV too.
    """
    if form == "json":
        yield from (json_line(outcome) + "\n" for outcome in outcomes)
    elif form == "csv":
        yield csv_text([], labels, dimensions=dimensions, shares=shares)
        yield from (csv_text([one], labels, dimensions=dimensions, shares=shares, header=False) for one in outcomes)
    else:
        yield table(outcomes)


def table(outcomes: Iterable[Outcome]) -> str:
    """Return outcomes as aligned columns for a person to read, with warnings and failures beneath their recording."""
    outcomes = list(outcomes)
    rows = [("file", "emotion", "confidence", "next")] + [_row(outcome) for outcome in outcomes]
    widths = [max(_width(row[column]) for row in rows) for column in range(3)]
    lines = []
    for row, outcome in zip(rows, [None, *outcomes], strict=True):
        cells = [_padded(cell, width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[3]]).rstrip())
        lines += [f"  {remark}" for remark in _remarks(outcome)]
    return "\n".join(lines) + "\n"


def _document(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Failure):
        return {"file": printable(outcome.file), "error": outcome.error}
    told = {name: round(value, DIGITS) for name, value in outcome.dimensions.items()}
    document: dict[str, Any] = {
        "file": printable(outcome.file),
        "start": round(outcome.start, DIGITS),
        "end": round(outcome.end, DIGITS),
        "emotion": outcome.emotion,
        "confidence": round(outcome.confidence, DIGITS),
        "probabilities": {label: round(value, DIGITS) for label, value in outcome.probabilities.items()},
        "warnings": list(outcome.warnings),
        "uncertain": outcome.uncertain,
    }
    shares = {name: round(share, DIGITS) for name, share in outcome.shares.items()}
    return document | ({"dimensions": told} if told else {}) | ({"shares": shares} if shares else {})


def _row(outcome: Outcome) -> tuple[str, str, str, str]:
    if isinstance(outcome, Failure):
        return printable(outcome.file), "failed", "", ""
    others = sorted(outcome.probabilities.items(), key=lambda item: -item[1])[1 : 1 + _OTHERS]
    shown = ", ".join(f"{label} {value:.2f}" for label, value in others)
    shown += "".join(f"; {name} {value:.2f}" for name, value in outcome.dimensions.items())
    shown += "".join(f"; {name} {share:+.2f}" for name, share in outcome.shares.items())
    emotion = f"uncertain: {outcome.emotion}" if outcome.uncertain else outcome.emotion
    return printable(outcome.file), emotion, f"{outcome.confidence:.2f}", shown


def _remarks(outcome: Outcome | None) -> list[str]:
    if outcome is None:
        return []
    if isinstance(outcome, Failure):
        return [f"error: {outcome.error}"]
    return [f"warning: {sentence}" for sentence in outcome.warnings]


def printable(file: str) -> str:
    """Return a path that any UTF-8 stream takes: bytes of a name that are no UTF-8 become question marks."""
    return file.encode("utf-8", "replace").decode("utf-8")


def _width(text: str) -> int:
    """Return the columns that a text takes on a terminal: wide characters take two, combining ones none."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
