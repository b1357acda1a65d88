"""Which of several models is better on the same test clips, from their `predictions.csv`."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import MetricError, RunError
from paraverbal.metrics import classes as scores
from paraverbal.metrics.comparison import PairedDifference, holm, mcnemar, paired_bootstrap

COLUMNS = ("file", "split", "emotion", "predicted")
PART = "test"
# How many clips a message names.
NAMED = 3
# Probabilities in the file are rounded to six decimals: what is below the greatest by less may have been the greatest.
ROUNDING = 2e-6


@dataclass(frozen=True)
class PredictionTable:
    """What one model said of the clips of a test part.

    Attributes:
        name: What the comparison calls it.
        files: Clips, each once.
        truth: Index of each clip's emotion in `labels`, `[clip]`.
        predicted: Index of what was predicted, `[clip]`; it has the greatest probability.
        probabilities: `[clip, label]`.
        labels: Emotions in the order of the probabilities.
        speakers: Speaker of each clip, None where unknown; None as a whole if the table does not say.
        dimensions: What was told of arousal and the like, name -> `[clip]`; not compared.

    Raises:
        MetricError: No clips, a clip twice, columns of other lengths, indices outside `labels`, rows that are no probabilities,
            or a prediction that is not the most probable label.
    """

    name: str
    files: tuple[str, ...]
    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]
    speakers: tuple[str | None, ...] | None = None
    dimensions: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scores.confusion_matrix(self.truth, self.predicted, len(self.labels))
        values = scores.checked_probabilities(self.probabilities, len(self.truth))
        columns = {"files": self.files, "speakers": self.files if self.speakers is None else self.speakers}
        for name, column in columns.items():
            if len(column) != len(self.truth):
                raise MetricError(f"{name} has {len(column)} entries for {len(self.truth)} clips")
        if values.shape[1] != len(self.labels):
            raise MetricError(f"probabilities have {values.shape[1]} labels, expected {len(self.labels)}")
        _reject_twice(self.files, "clips are there more than once")
        short = values.max(axis=1) - values[np.arange(len(values)), self.predicted]
        if short.max() > ROUNDING:
            worst = int(short.argmax())
            label = self.labels[self.predicted[worst]]
            raise MetricError(f"{self.files[worst]}: predicted is {label}, which is not its most probable label")

    def arranged(self, files: Sequence[str], labels: Sequence[str]) -> "PredictionTable":
        """Return the same table with clips and labels in another order."""
        place = {file: index for index, file in enumerate(self.files)}
        rows = np.array([place[file] for file in files])
        number = np.array([labels.index(label) for label in self.labels])
        return PredictionTable(
            name=self.name,
            files=tuple(files),
            truth=number[self.truth[rows]],
            predicted=number[self.predicted[rows]],
            probabilities=self.probabilities[rows][:, np.argsort(number)],
            labels=tuple(labels),
            speakers=None if self.speakers is None else tuple(self.speakers[row] for row in rows),
            dimensions={name: values[rows] for name, values in self.dimensions.items()},
        )


@dataclass(frozen=True)
class Pair:
    """How two models differ; differences are first minus second, as fractions.

    Attributes:
        first: Name of one.
        second: Name of the other.
        difference: UAR and accuracy, by paired bootstrap.
        p_mcnemar: McNemar's exact test of the accuracies, which takes clips to be independent.
        p_adjusted: p value of the UAR, adjusted by Holm for the number of pairs; None where there is none.
    """

    first: str
    second: str
    difference: PairedDifference
    p_mcnemar: float
    p_adjusted: float | None
    warning: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the pair as JSON types."""
        uar, wa = self.difference.uar, self.difference.wa
        return {
            "first": self.first,
            "second": self.second,
            "uar_difference": uar.value,
            "uar_interval": None if uar.interval is None else list(uar.interval),
            "wa_difference": wa.value,
            "wa_interval": None if wa.interval is None else list(wa.interval),
            "p_uar": uar.p,
            "p_wa": wa.p,
            "p_mcnemar": self.p_mcnemar,
            "p_adjusted": self.p_adjusted,
            "clips": self.difference.clips,
            "clusters": self.difference.clusters,
            "warning": self.warning,
        }


@dataclass(frozen=True)
class Comparison:
    """How several models do on the same clips.

    Attributes:
        results: `{name, uar, wa, loss}` of each model, in the order given.
        pairs: Every pair, in that order.
    """

    results: tuple[Mapping[str, Any], ...]
    pairs: tuple[Pair, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON types: `results`, and `pairs` with the keys of `Pair.to_dict`."""
        return {"results": [dict(result) for result in self.results], "pairs": [pair.to_dict() for pair in self.pairs]}


def compare(results: Sequence[PredictionTable], *, draws: int = 10_000, seed: int = 0) -> Comparison:
    """Compare models pair by pair on the clips that all of them predicted.

    Speakers are drawn where a table names them, else single clips, which the warning says. Clips and labels may be in
    another order in each table.

    Args:
        results: At least two tables.
        draws: Draws of the bootstrap.
        seed: Seed of the draws.

    Raises:
        MetricError: Fewer than two tables, a name twice, or tables that differ in clips, labels, truth or speakers.
    """
    if len(results) < 2:
        raise MetricError(f"a comparison needs the predictions of at least two models, got {len(results)}")
    _reject_twice([table.name for table in results], "results are given more than once")
    first = results[0]
    tables = [first, *(_aligned(first, other) for other in results[1:])]
    speakers = _speakers(tables)
    couples = list(combinations(tables, 2))
    found = [_difference(one, other, speakers, draws, seed) for one, other in couples]
    p_values = [difference.uar.p for difference in found]
    known = [p for p in p_values if p is not None]
    adjusted = holm(known) if len(known) == len(found) else [None] * len(found)
    return Comparison(
        results=tuple(_scored(table) for table in tables),
        pairs=tuple(
            Pair(
                first=one.name,
                second=other.name,
                difference=difference,
                p_mcnemar=mcnemar(one.truth, one.predicted, other.predicted).p,
                p_adjusted=p,
                warning=_warning(difference.warning, speakers, len(one.files)),
            )
            for (one, other), difference, p in zip(couples, found, adjusted, strict=True)
        ),
    )


def read_predictions(path: str | Path, *, name: str | None = None) -> PredictionTable:
    """Read the test clips of a `predictions.csv`, as `paraverbal train` and `evaluate` write it.

    Args:
        path: The file, or the folder it is in.
        name: What a comparison calls it; None takes `path` as it was given.

    Raises:
        RunError: No such file, no CSV of that form, no test clips, or values that `PredictionTable` refuses.
    """
    file = Path(path) / "predictions.csv" if Path(path).is_dir() else Path(path)
    columns, rows = _read_rows(file)
    labels = tuple(column.removeprefix("p_") for column in columns if column.startswith("p_"))
    told = [column for column in columns if column.startswith("d_")]
    missing = [column for column in COLUMNS if column not in columns] or ([] if labels else ["p_<label>"])
    if missing:
        raise RunError(f"{file}: lacks the columns {', '.join(missing)}; expected the predictions.csv of a run")
    test = {line: row for line, row in rows.items() if row["split"] == PART}
    if not test:
        splits = ", ".join(sorted({row["split"] for row in rows.values()})) or "no clips at all"
        raise RunError(f"{file}: has no clips of the split {PART!r}, only {splits}")
    try:
        return PredictionTable(
            name=str(path) if name is None else name,
            files=tuple(row["file"] for row in test.values()),
            truth=_indices(test, "emotion", labels),
            predicted=_indices(test, "predicted", labels),
            probabilities=_numbers(test, [f"p_{label}" for label in labels]),
            labels=labels,
            speakers=tuple(row["speaker"] or None for row in test.values()) if "speaker" in columns else None,
            dimensions={name.removeprefix("d_"): _numbers(test, [name])[:, 0] for name in told},
        )
    except MetricError as error:
        raise RunError(f"{file}: {error}") from error


def _read_rows(file: Path) -> tuple[list[str], dict[int, dict[str, str]]]:
    """Return the columns, and the rows by their line in the file."""
    rows = {}
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns = list(reader.fieldnames or ())
            for row in reader:
                rows[reader.line_num] = row
    except FileNotFoundError as error:
        raise RunError(f"{file}: no such file; expected the predictions.csv of a run or an evaluation") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{file}: cannot be read as CSV: {error}") from error
    for line, row in rows.items():
        if None in row or None in row.values():
            raise RunError(f"{file}: line {line} does not have the {len(columns)} values that the first line names")
    return columns, rows


def _indices(rows: Mapping[int, Mapping[str, str]], column: str, labels: Sequence[str]) -> NDArray[np.int64]:
    for line, row in rows.items():
        if row[column] not in labels:
            raise MetricError(f"line {line}: {column} is {row[column]!r}, expected one of {', '.join(labels)}")
    return np.array([labels.index(row[column]) for row in rows.values()], dtype=np.int64)


def _numbers(rows: Mapping[int, Mapping[str, str]], columns: Sequence[str]) -> NDArray[np.float64]:
    values = np.empty((len(rows), len(columns)))
    for index, (line, row) in enumerate(rows.items()):
        try:
            values[index] = [float(row[column]) for column in columns]
        except ValueError as error:
            raise MetricError(f"line {line}: a probability or dimension is not a number: {error}") from error
    return values


def _aligned(first: PredictionTable, other: PredictionTable) -> PredictionTable:
    """Return `other` in the order of `first`, or say how the two differ."""
    both = f"{first.name} and {other.name}"
    if set(first.labels) != set(other.labels):
        raise MetricError(f"{both} have other labels: {', '.join(first.labels)}; {', '.join(other.labels)}")
    apart = sorted(set(first.files) ^ set(other.files))
    if apart:
        raise MetricError(
            f"{both} are about other clips: {_some(apart)} in one of them only; compare the same test part"
        )
    arranged = other.arranged(first.files, first.labels)
    untrue = [file for file, same in zip(first.files, first.truth == arranged.truth, strict=True) if not same]
    if untrue:
        raise MetricError(f"{both} do not agree on the emotion of {_some(untrue)}")
    return arranged


def _speakers(tables: Sequence[PredictionTable]) -> tuple[str | None, ...] | None:
    """Return the speakers of the first table that names them, or say which table names others."""
    naming = [table for table in tables if table.speakers is not None]
    for table in naming[1:]:
        if table.speakers != naming[0].speakers:
            raise MetricError(f"{naming[0].name} and {table.name} do not agree on the speakers of the clips")
    return naming[0].speakers if naming else None


def _difference(
    one: PredictionTable, other: PredictionTable, speakers: Sequence[str | None] | None, draws: int, seed: int
) -> PairedDifference:
    count, answers = len(one.labels), (one.predicted, other.predicted)
    return paired_bootstrap(one.truth, *answers, count, groups=speakers, draws=draws, seed=seed)


def _scored(table: PredictionTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "uar": scores.uar(table.truth, table.predicted, len(table.labels)),
        "wa": scores.accuracy(table.truth, table.predicted),
        "loss": scores.cross_entropy(table.truth, table.probabilities),
    }


def _warning(doubt: str | None, speakers: Sequence[str | None] | None, clips: int) -> str | None:
    unknown = clips if speakers is None else speakers.count(None)
    if not unknown:
        return doubt
    of_all = "no clip is known" if unknown == clips else f"{unknown} of {clips} clips is not known"
    alone = f"The speaker of {of_all}, so clips were drawn one by one: intervals are too narrow if speakers recur."
    return alone if doubt is None else f"{doubt} {alone}"


def _reject_twice(names: Sequence[str], problem: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise MetricError(f"{problem}: {_some(twice)}")


def _some(names: Sequence[str]) -> str:
    """Return how many clips there are, and the first of them."""
    more = "" if len(names) <= NAMED else ", ..."
    return f"{len(names)} ({', '.join(names[:NAMED])}{more})"
