"""Saliency as a table for people, JSON or CSV. Nats, seconds, hertz."""

import csv
import io
import json
from itertools import product
from pathlib import Path

from paraverbal.errors import ParaverbalError, nearest
from paraverbal.inference.formats import DIGITS, printable
from paraverbal.inference.saliency import Saliency

FORMATS = ("table", "json", "csv")

# Columns that a bar of the table is long at most.
_BAR = 24


def form_of(output: Path | None, *, as_json: bool, as_csv: bool) -> str:
    """Return the format asked for: by `--json` or `--csv`, by the ending of `--output`, else `table`.

    Raises:
        ParaverbalError: Both flags were given.
    """
    if as_json and as_csv:
        raise ParaverbalError("--json and --csv were both given; give one of them")
    if as_json or as_csv:
        return "json" if as_json else "csv"
    ending = "" if output is None else output.suffix.lower().removeprefix(".")
    return ending if ending in FORMATS else "table"


def saliency_text(found: Saliency, file: str, model: str, form: str) -> str:
    """Return a saliency as text.

    Args:
        found: What was found.
        file: The recording, as it was given.
        model: Name of the model.
        form: `table`; `json`, one line with the keys of `Saliency.to_dict` behind `file` and `model`; `csv`, a row for each
            patch: `file, emotion, start, end, low_hz, high_hz, value`.

    Raises:
        ParaverbalError: There is no such format.
    """
    if form == "json":
        return json.dumps({"file": printable(file), "model": model} | found.to_dict(), ensure_ascii=False) + "\n"
    if form == "csv":
        return _csv(found, file)
    if form == "table":
        return _table(found, file)
    raise ParaverbalError(f"format {form!r} is unknown{nearest(form, FORMATS)}; known: {', '.join(FORMATS)}")


def _csv(found: Saliency, file: str) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["file", "emotion", "start", "end", "low_hz", "high_hz", "value"])
    for time, band in product(range(found.values.shape[1]), range(found.values.shape[0])):
        place = (found.start_seconds[time], found.end_seconds[time], found.low_hz[band], found.high_hz[band])
        numbers = [round(float(number), DIGITS) for number in (*place, found.values[band, time])]
        writer.writerow([printable(file), found.emotion, *numbers])
    return buffer.getvalue()


def _table(found: Saliency, file: str) -> str:
    seconds = [f"{second:g} s" for second in range(len(found.per_second))]
    bands = [f"{low:.0f}-{high:.0f} Hz" for low, high in zip(found.low_hz, found.high_hz, strict=True)]
    rows = [
        *zip(seconds, found.per_second.tolist(), strict=True),
        ("", None),
        *list(zip(bands, found.per_band.tolist(), strict=True))[::-1],
    ]
    longest = max(1e-9, *(abs(value) for _, value in rows if value is not None))
    width = max(len(name) for name, _ in rows)
    head = (
        f"{printable(file)}: {found.emotion} {found.probability:.2f}; how far its log-odds fall without a part, summed"
    )
    return "\n".join([head, *(_line(name, value, width, longest) for name, value in rows)]) + "\n"


def _line(name: str, value: float | None, width: int, longest: float) -> str:
    if value is None:
        return ""
    bar = ("#" if value > 0 else "-") * round(_BAR * abs(value) / longest)
    return f"  {name:>{width}}  {value:+7.2f}  {bar}".rstrip()
