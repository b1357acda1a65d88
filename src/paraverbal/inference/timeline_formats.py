"""A timeline as JSON, CSV, RTTM, Praat TextGrid, Audacity labels, SRT, or as a table to read.

JSON, CSV, RTTM and the table hold several recordings; a TextGrid, labels and subtitles belong to one.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from paraverbal.errors import RecipeError, nearest
from paraverbal.inference.formats import DIGITS, csv_text, json_line, printable
from paraverbal.inference.predict import Failure, Prediction
from paraverbal.inference.stream import Estimate
from paraverbal.inference.timeline import Timeline

# Format -> how the name of a file of it ends. Audacity calls its label files .txt.
SUFFIXES = {
    "json": ".json",
    "csv": ".csv",
    "rttm": ".rttm",
    "textgrid": ".textgrid",
    "audacity": ".txt",
    "srt": ".srt",
    "table": "",
}
OF_ONE_RECORDING = ("textgrid", "audacity", "srt")


def format_of(output: str | Path) -> str:
    """Return the format that the name of a file asks for.

    Raises:
        RecipeError: None has that ending.
    """
    suffix = Path(output).suffix.lower()
    for form, known in SUFFIXES.items():
        if known and known == suffix:
            return form
    endings = ", ".join(known for known in SUFFIXES.values() if known)
    raise RecipeError(f"{output}: no format of a timeline ends in {suffix!r}; known: {endings}, or give --format")


def check_format(form: str) -> str:
    """Return a format's name.

    Raises:
        RecipeError: There is none of this name.
    """
    if form not in SUFFIXES:
        raise RecipeError(f"format {form!r}{nearest(form, SUFFIXES)}; known: {', '.join(SUFFIXES)}")
    return form


def timeline_text(
    outcome: Timeline | Failure, form: str, labels: Sequence[str], dimensions: Sequence[str] = (), *, first: bool = True
) -> str:
    """Return a timeline in one of the formats, lines ended.

    Args:
        outcome: A timeline; of a recording without one, JSON, CSV and the table hold the error, the others nothing.
        form: One of `SUFFIXES`.
        labels: The model's labels, columns of the CSV.
        dimensions: The model's dimensions, columns of the CSV.
        first: Whether a CSV begins with the names of its columns.

    Raises:
        RecipeError: There is no such format.
    """
    check_format(form)
    if form == "csv":
        rows = [outcome] if isinstance(outcome, Failure) else outcome.segments
        return csv_text(rows, labels, dimensions=dimensions, header=first)
    if isinstance(outcome, Failure):
        return {
            "json": json_line(outcome) + "\n",
            "table": f"{printable(outcome.file)}\n  error: {outcome.error}\n",
        }.get(form, "")
    return _WRITERS[form](outcome)


def document(found: Timeline) -> dict[str, Any]:
    """Return a timeline as what its JSON holds.

    Keys are `file seconds labels window hop smooth speech segments windows warnings`; a segment has `start end emotion
    confidence probabilities uncertain`, a window `start end probabilities`, both `dimensions` where the model tells some.
    """
    return {
        "file": printable(found.file),
        "seconds": round(found.seconds, DIGITS),
        "labels": list(found.labels),
        "window": found.window,
        "hop": found.hop,
        "smooth": found.smooth,
        "speech": [[round(start, DIGITS), round(end, DIGITS)] for start, end in found.speech],
        "segments": [_judgement(one) for one in found.segments],
        "windows": list(_windows(found)),
        "warnings": list(found.warnings),
    }


def estimate_document(one: Estimate) -> dict[str, Any]:
    """Return an estimate of a stream as what its JSON holds.

    Keys are `start end emotion confidence probabilities uncertain speech_seconds`, and `dimensions` where the model tells some.
    """
    return _judgement(one) | {"speech_seconds": round(one.speech_seconds, DIGITS)}


def _judgement(one: Prediction | Estimate) -> dict[str, Any]:
    return (
        _span(one.start, one.end)
        | {
            "emotion": one.emotion,
            "confidence": round(one.confidence, DIGITS),
            "probabilities": _rounded(one.probabilities),
            "uncertain": one.uncertain,
        }
        | ({"dimensions": _rounded(one.dimensions)} if one.dimensions else {})
    )


def _windows(found: Timeline) -> Iterable[dict[str, Any]]:
    count = len(found.labels)
    for start, end, row in zip(found.starts.tolist(), found.ends.tolist(), found.answers.tolist(), strict=True):
        values = {"probabilities": _rounded(dict(zip(found.labels, row[:count], strict=True)))}
        if found.dimensions:
            values["dimensions"] = _rounded(dict(zip(found.dimensions, row[count:], strict=True)))
        yield _span(start, end) | values


def _span(start: float, end: float) -> dict[str, Any]:
    return {"start": round(start, DIGITS), "end": round(end, DIGITS)}


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in values.items()}


def _json(found: Timeline) -> str:
    return json.dumps(document(found), ensure_ascii=False) + "\n"


def _rttm(found: Timeline) -> str:
    """Return lines of `SPEAKER file 1 start duration <NA> <NA> emotion confidence <NA>` (NIST, Rich Transcription 2009).

    The emotion stands where the speaker does; a field holds no blank.
    """
    name = "_".join(printable(Path(found.file).stem).split()) or "recording"
    return "".join(
        f"SPEAKER {name} 1 {one.start:.3f} {one.end - one.start:.3f} <NA> <NA> {'_'.join(one.emotion.split())} "
        f"{one.confidence:.3f} <NA>\n"
        for one in found.segments
    )


def _textgrid(found: Timeline) -> str:
    """Return a TextGrid (Praat manual, "TextGrid file formats") of three tiers: emotion, confidence, and whether it is sure."""
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {found.seconds:.6f}",
        "tiers? <exists>",
        "size = 3",
        "item []:",
    ]
    tiers = (
        ("emotion", [one.emotion for one in found.segments]),
        ("confidence", [f"{one.confidence:.3f}" for one in found.segments]),
        ("sure", ["no" if one.uncertain else "yes" for one in found.segments]),
    )
    for number, (name, texts) in enumerate(tiers, 1):
        lines += [f"    item [{number}]:", *(f"        {line}" for line in _tier(name, found, texts))]
    return "\n".join(lines) + "\n"


def _tier(name: str, found: Timeline, texts: Sequence[str]) -> list[str]:
    """Return the lines of a tier, whose intervals cover the recording: between segments they are empty."""
    intervals: list[tuple[float, float, str]] = []
    done = 0.0
    for one, text in zip(found.segments, texts, strict=True):
        if one.start > done:
            intervals.append((done, one.start, ""))
        intervals.append((one.start, one.end, text))
        done = one.end
    if done < found.seconds:
        intervals.append((done, found.seconds, ""))
    lines = ['class = "IntervalTier"', f'name = "{name}"', "xmin = 0", f"xmax = {found.seconds:.6f}"]
    lines.append(f"intervals: size = {len(intervals)}")
    for number, (start, end, text) in enumerate(intervals, 1):
        quoted = text.replace('"', '""')
        lines += [
            f"intervals [{number}]:",
            f"    xmin = {start:.6f}",
            f"    xmax = {end:.6f}",
            f'    text = "{quoted}"',
        ]
    return lines


def _audacity(found: Timeline) -> str:
    """Return a line for each segment: start, end, emotion and confidence, apart by tabs (Audacity manual, "Label tracks")."""
    return "".join(f"{one.start:.6f}\t{one.end:.6f}\t{_told(one)}\n" for one in found.segments)


def _srt(found: Timeline) -> str:
    """Return subtitles: number, times to the millisecond, emotion and confidence, and an empty line."""
    return "".join(
        f"{number}\n{_clock(one.start)} --> {_clock(one.end)}\n{_told(one)}\n\n"
        for number, one in enumerate(found.segments, 1)
    )


def _table(found: Timeline) -> str:
    lines = [f"{printable(found.file)}  {found.seconds:.1f} s"]
    lines += [f"  {judgement_text(one)}" for one in found.segments]
    lines += [f"  warning: {sentence}" for sentence in found.warnings]
    return "\n".join(lines) + "\n"


def judgement_text(one: Prediction | Estimate) -> str:
    """Return a segment or an estimate as a line to read, without its end."""
    return f"{one.start:9.2f} {one.end:9.2f}  {_told(one)}"


def _told(one: Prediction | Estimate) -> str:
    return f"{'uncertain: ' if one.uncertain else ''}{one.emotion} {one.confidence:.2f}"


def _clock(seconds: float) -> str:
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d},{rest % 1000:03d}"


_WRITERS = {
    "json": _json,
    "rttm": _rttm,
    "textgrid": _textgrid,
    "audacity": _audacity,
    "srt": _srt,
    "table": _table,
}
