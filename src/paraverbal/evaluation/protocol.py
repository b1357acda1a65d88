"""Scores of a model on clips, with the protocol that makes them readable.

A `Result` is what `result.json` holds: fractions, label names, no NaN (a score that does not exist is null). A score
says nothing without how the clips were split (`protocol`), what the model was chosen on (`selected_on`) and what leaks
from training to test (`audit`), so these travel with it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from paraverbal.errors import MetricError, RunError
from paraverbal.metrics import classes as scores
from paraverbal.metrics.bootstrap import intervals
from paraverbal.metrics.calibration import brier_score, expected_calibration_error

PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Result:
    """Scores of one model on one set of clips.

    Attributes:
        uar: Unweighted average recall, over the classes that occur.
        wa: Accuracy.
        macro_f1: Mean F1 over the classes that occur.
        loss: Mean cross-entropy in nats.
        labels: Class names in the order of the probabilities.
        per_class: Label -> precision, recall, f1 (None for a label without clips) and support (clips).
        confusion: Clips `[truth][prediction]`, in the order of `labels`.
        clips: Number of clips.
        protocol: How the clips were split, e.g. "speakers", "holdout", "official".
        selected_on: The part that chose the weights: "valid", or "test", which makes the scores optimistic.
        ece: Expected calibration error, 15 bins; None where it was not computed.
        brier: Brier score, summed over labels, 0..2; None where it was not computed.
        intervals: `uar`, `wa`, `macro_f1` -> [low, high] of 95 %, or null; `recall`: label -> the same; `level`, `draws`,
            `clips`, `clusters` (speakers that were drawn), `warning`. Empty where none was computed.
        audit: What leaks from training to test, finding -> what was found.
    """

    uar: float
    wa: float
    macro_f1: float
    loss: float
    labels: tuple[str, ...]
    per_class: dict[str, dict[str, float | None]]
    confusion: list[list[int]]
    clips: int
    protocol: str
    selected_on: str
    ece: float | None = None
    brier: float | None = None
    intervals: dict[str, Any] = field(default_factory=dict)
    audit: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_predictions(
        cls,
        truth: ArrayLike,
        probabilities: ArrayLike,
        *,
        labels: Sequence[str],
        protocol: str,
        selected_on: str,
        speakers: Sequence[str | None] | None = None,
        audit: Mapping[str, Any] | None = None,
    ) -> Self:
        """Score probabilities against truth.

        Args:
            truth: Indices into `labels`, integers `[clip]`.
            probabilities: `[clip, label]`, each row summing to 1; its greatest is the prediction, the first on a tie.
            labels: Class names.
            protocol: How the clips were split.
            selected_on: The part that chose the weights, "valid" or "test".
            speakers: Who is heard in each clip, for the intervals: speakers are drawn whole; clips where None.
            audit: Findings about leaks; must be fit for JSON.

        Raises:
            MetricError: No clips, shapes that do not fit, an index outside `labels`, or rows that are no probabilities.
        """
        true = np.asarray(truth)
        loss = scores.cross_entropy(true, probabilities)
        values = scores.checked_probabilities(probabilities, len(true))
        if values.shape[1] != len(labels):
            raise MetricError(f"probabilities have {values.shape[1]} classes, expected {len(labels)} {list(labels)}")
        predicted, count = values.argmax(axis=1), len(labels)
        return cls(
            uar=scores.uar(true, predicted, count),
            wa=scores.accuracy(true, predicted),
            macro_f1=scores.macro_f1(true, predicted, count),
            loss=loss,
            labels=tuple(labels),
            per_class=_per_class(true, predicted, labels),
            confusion=scores.confusion_matrix(true, predicted, count).tolist(),
            clips=len(true),
            protocol=protocol,
            selected_on=selected_on,
            ece=expected_calibration_error(values, true),
            brier=brier_score(values, true),
            intervals=_intervals(true, predicted, labels, speakers),
            audit=dict(audit or {}),
        )

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the Result that `to_dict` described; further keys, such as those of a run, are left aside.

        Raises:
            RunError: A key is missing; it is named.
        """
        known = {entry.name: document[entry.name] for entry in fields(cls) if entry.name in document}
        optional = ("ece", "brier", "intervals", "audit")
        missing = [entry.name for entry in fields(cls) if entry.name not in (*known, *optional)]
        if missing:
            raise RunError(f"this is no result: it lacks {', '.join(missing)}")
        return cls(**{**known, "labels": tuple(known["labels"])})

    def to_dict(self) -> dict[str, Any]:
        """Return the Result as JSON types, keys as in `result.json`."""
        return {**asdict(self), "labels": list(self.labels)}

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a Result from JSON: a file that `write` made, or a run's `result.json`.

        Raises:
            RunError: No such file, not JSON, or not a result.
        """
        document = read_document(path)
        try:
            return cls.from_dict(document)
        except RunError as error:
            raise RunError(f"{path}: {error}") from error

    def write(self, path: str | Path) -> None:
        """Write the Result as JSON; the file is whole or not there."""
        write_document(self.to_dict(), path)


@dataclass(frozen=True)
class Training:
    """What a run tells about its training, beside the scores.

    Attributes:
        recipe: The complete recipe.
        epochs: Epochs trained.
        best_epoch: The epoch whose weights were kept, counted from 1.
        minutes: Wall time of the training.
        parameters: Trained numbers in the model.
        failed: Recordings left out, each with `file` and `error`.
    """

    recipe: Mapping[str, Any]
    epochs: int
    best_epoch: int
    minutes: float
    parameters: int
    failed: Sequence[Mapping[str, str]] = ()


def run_document(parts: Mapping[str, Result], training: Training) -> dict[str, Any]:
    """Return a run's `result.json`: the test Result, then `parts` (without their audit) and the keys of `training`.

    Args:
        parts: Results by part, of "train", "valid" and "test"; "test" must be there.
        training: What is known about the training.

    Raises:
        RunError: There is no result for "test".
    """
    if "test" not in parts:
        raise RunError(f"a run's result needs the part 'test', got {', '.join(parts) or 'none'}")
    scored = {part: parts[part].to_dict() for part in PARTS if part in parts}
    return {
        **scored["test"],
        "parts": {
            part: {key: value for key, value in document.items() if key != "audit"} for part, document in scored.items()
        },
        **asdict(training),
        "recipe": dict(training.recipe),
        "failed": [dict(entry) for entry in training.failed],
    }


def read_document(path: str | Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        RunError: No such file, or not a JSON object.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunError(f"{path}: no such file; expected the result.json of a finished run") from error
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(document, dict):
        raise RunError(f"{path}: holds a JSON {type(document).__name__}, expected an object")
    return document


def write_document(document: Mapping[str, Any], path: str | Path) -> None:
    """Write a JSON object, indented; the file is whole or not there.

    Raises:
        RunError: A value is NaN, infinite or of a type that JSON does not have, or the file cannot be written.
    """
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    try:
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(target)
    except (OSError, TypeError, ValueError) as error:
        raise RunError(f"{path}: cannot be written: {error}") from error


def _intervals(
    truth: Any, prediction: Any, labels: Sequence[str], speakers: Sequence[str | None] | None
) -> dict[str, Any]:
    found = intervals(truth, prediction, len(labels), groups=speakers).to_dict()
    return {**found, "recall": dict(zip(labels, found["recall"], strict=True))}


def _per_class(truth: Any, prediction: Any, labels: Sequence[str]) -> dict[str, dict[str, float | None]]:
    count = len(labels)
    columns = {
        "precision": scores.precision_per_class(truth, prediction, count),
        "recall": scores.recall_per_class(truth, prediction, count),
        "f1": scores.f1_per_class(truth, prediction, count),
    }
    support = scores.support(truth, count)
    return {
        label: {
            **{name: None if np.isnan(column[index]) else float(column[index]) for name, column in columns.items()},
            "support": int(support[index]),
        }
        for index, label in enumerate(labels)
    }
