"""A finished run folder, read for a report: only `result.json` must be there, the rest is shown where it is."""

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paraverbal.errors import RunError
from paraverbal.evaluation.protocol import PARTS, Result, read_document


@dataclass(frozen=True)
class RunFolder:
    """What a run left behind.

    Attributes:
        folder: The run folder.
        document: `result.json`, as it is.
        parts: Results by part.
        history: Rows of `history.jsonl`, one an epoch, or of an svm one a cost; empty where there is none.
        predictions: Rows of `predictions.csv`, as text; empty where there is none.
        clips: Emotion -> part -> clips, from `split.csv`; empty where there is none, or several folds.
        manifest: The bundle's `bundle.json`; empty where there is none.
        recipe: Text of `recipe.toml`; empty where there is none.
    """

    folder: Path
    document: dict[str, Any]
    parts: dict[str, Result]
    history: list[dict[str, float]]
    predictions: list[dict[str, str]]
    clips: dict[str, dict[str, int]]
    manifest: dict[str, Any]
    recipe: str

    @property
    def result(self) -> Result:
        """The scores on the test set."""
        return self.parts["test"]


@dataclass(frozen=True)
class Mistake:
    """A clip whose prediction is wrong.

    Attributes:
        file: The recording.
        truth: Its emotion.
        predicted: The model's.
        confidence: Probability of `predicted`.
        truth_probability: Probability of `truth`, or None where the model does not know that label.
    """

    file: str
    truth: str
    predicted: str
    confidence: float
    truth_probability: float | None


def read_run(folder: str | Path) -> RunFolder:
    """Read a run folder.

    Raises:
        RunError: The folder has no `result.json` (the run has not finished), or a file in it is damaged.
    """
    root = Path(folder)
    document = read_document(root / "result.json")
    result = Result.read(root / "result.json")
    parts = {part: Result.from_dict(scores) for part, scores in document.get("parts", {}).items()}
    manifest = root / "bundle" / "bundle.json"
    recipe = root / "recipe.toml"
    return RunFolder(
        folder=root,
        document=document,
        parts={part: parts[part] for part in PARTS if part in parts} | {"test": result},
        history=_history(root / "history.jsonl"),
        predictions=_rows(root / "predictions.csv"),
        clips={} if "folds" in document else _clips(_rows(root / "split.csv")),
        manifest=read_document(manifest) if manifest.is_file() else {},
        recipe=recipe.read_text(encoding="utf-8") if recipe.is_file() else "",
    )


def confident_mistakes(predictions: Sequence[dict[str, str]], count: int = 20, part: str = "test") -> list[Mistake]:
    """Return the wrong predictions of a part, the most confident first.

    Args:
        predictions: Rows with `file`, `split`, `emotion`, `predicted`, `confidence` and `p_<label>` for each label.
        count: At most so many.
        part: "train", "valid" or "test".

    Raises:
        RunError: A column is missing or holds no number where one is expected.
    """
    try:
        wrong = [_mistake(row) for row in predictions if row["split"] == part and row["emotion"] != row["predicted"]]
    except (KeyError, ValueError) as error:
        raise RunError(f"predictions.csv: expected file, split, emotion, predicted, confidence; got {error}") from error
    return sorted(wrong, key=lambda mistake: (-mistake.confidence, mistake.file))[:count]


def told_dimensions(predictions: Sequence[dict[str, str]], part: str = "test") -> dict[str, list[tuple[float, float]]]:
    """Return, for each dimension that a model tells, truth and answer of the clips of a part that have a value.

    Raises:
        RunError: A column is missing or holds no number where one is expected.
    """
    names = [column.removeprefix("d_") for column in (predictions[0] if predictions else {}) if column.startswith("d_")]
    try:
        rows = [row for row in predictions if row["split"] == part]
        pairs = {name: [(float(row[name]), float(row[f"d_{name}"])) for row in rows if row[name]] for name in names}
    except (KeyError, ValueError) as error:
        raise RunError(f"predictions.csv: expected split, and a number in each d_<dimension>; got {error}") from error
    return {name: found for name, found in pairs.items() if found}


def _mistake(row: dict[str, str]) -> Mistake:
    of_truth = row.get(f"p_{row['emotion']}")
    return Mistake(
        file=row["file"],
        truth=row["emotion"],
        predicted=row["predicted"],
        confidence=float(row["confidence"]),
        truth_probability=None if of_truth is None else float(of_truth),
    )


def _history(path: Path) -> list[dict[str, float]]:
    if not path.is_file():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except ValueError as error:
        raise RunError(f"{path}: cannot be read as JSON lines: {error}") from error


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _clips(split: Sequence[dict[str, str]]) -> dict[str, dict[str, int]]:
    counts = Counter((row.get("emotion", ""), row.get("split", "")) for row in split)
    emotions = sorted({emotion for emotion, _ in counts})
    return {emotion: {part: counts[emotion, part] for part in PARTS} for emotion in emotions}
