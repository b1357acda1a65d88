"""Cross-validation: a recipe trained once for each fold of a protocol, the test clips of all folds scored together.

A folder holds `split.csv` with all folds, a run folder `fold-N` for each, `predictions.csv` of the test clips of all folds,
and `result.json`: the scores of all these clips together, `folds` with those of each, and `spread` over them. Speakers are in
one test part each (but with `holdout`, `kfold` and some published folds), so intervals over all folds rest on all speakers.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paraverbal.audit import Twins, twins_of
from paraverbal.config import read_recipe
from paraverbal.corpora import read_corpus
from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.protocols import left_out
from paraverbal.corpora.split import Split
from paraverbal.corpora.split import read as read_split
from paraverbal.corpora.split import write as write_split
from paraverbal.errors import RunError, SplitError
from paraverbal.evaluation.compare import PredictionTable, read_predictions
from paraverbal.evaluation.protocol import Result, read_document, write_document
from paraverbal.experiment.plan import (
    RECIPE,
    SPLIT,
    Plan,
    begun,
    folds_of,
    labels_of,
    planned,
    reject_occupied,
    wanted,
    write_plan,
)
from paraverbal.experiment.run import PREDICTIONS, RESULT, carry_out
from paraverbal.metrics.bootstrap import spread
from paraverbal.settings import Recipe

SCORES = ("uar", "wa", "macro_f1", "loss", "clips")


@dataclass(frozen=True)
class CrossValidation:
    """A finished cross-validation.

    Attributes:
        folder: Where its runs are.
        document: What its `result.json` holds.
    """

    folder: Path
    document: dict[str, Any]

    @property
    def result(self) -> Result:
        """The scores on the test clips of all folds together."""
        return Result.from_dict(self.document)

    def __repr__(self) -> str:
        result, folds = self.result, len(self.document["folds"])
        return f"CrossValidation({self.folder}: UAR {result.uar:.3f}, {folds} folds, {result.clips} clips, {result.protocol})"


def crossval(
    recipe: Recipe | str | Path,
    corpus: Corpus | str | Path | Sequence[str | Path],
    *,
    output: str | Path,
    split: Split | str | Path | None = None,
    resume: bool = False,
    progress: Callable[[str], None] | None = None,
) -> CrossValidation:
    """Train a recipe once for each fold, and score the test clips of all folds together.

    Args:
        recipe: A recipe, its name, or its TOML file; `split.protocol` says how the folds are made.
        corpus: A corpus, or where to read one.
        output: Folder of the cross-validation.
        split: Published folds, for the protocol `official`; None makes them.
        resume: Go on in `output`: finished folds are kept, a begun one goes on.
        progress: Told each step as a line of text.

    Raises:
        RecipeError, LabelError, SplitError: The request is wrong, in whichever fold; nothing was written.
        RunError: `output` holds something and `resume` is false, or other folds, or folds with other settings.
        CorpusError, ExportError: As `train`.
    """
    tell = progress or (lambda line: None)
    recipe = recipe if isinstance(recipe, Recipe) else read_recipe(recipe)
    whole = corpus if isinstance(corpus, Corpus) else read_corpus(corpus)
    used = wanted(whole, recipe)
    folder = Path(output)
    goes_on = resume and (folder / SPLIT).is_file() and not (folder / RECIPE).is_file()
    if not goes_on:
        reject_occupied(folder)
    folds = _folds(recipe, used, split)
    if goes_on and not read_split(folder / SPLIT).table.equals(folds.table):
        raise RunError(f"{folder}: was begun with other folds, see its {SPLIT}; give the same, or another --output")
    plans = {fold: _plan(recipe, used, folds, fold, run=folder / f"fold-{fold}") for fold in folds.folds}
    if recipe.split.protocol == "corpora":
        for emotion, clips in left_out(whole).items():
            tell(f"notice: {clips} clips of {emotion} are left out, as not all corpora have it")
    folder.mkdir(parents=True, exist_ok=True)
    write_split(folds, folder / SPLIT)
    tell(f"{plans[folds.folds[0]].recipe.split.protocol}: {len(plans)} folds; comparing the recordings with each other")
    twins = twins_of(used)
    for fold, plan in plans.items():
        _train_fold(plan, fold, twins, tell)
    document = _pooled(folder, folds.folds)
    write_document(document, folder / RESULT)
    return CrossValidation(folder, document)


def _folds(recipe: Recipe, corpus: Corpus, split: Split | str | Path | None) -> Split:
    if split is None:
        return folds_of(recipe, corpus)
    if recipe.split.protocol not in ("auto", "official"):
        raise SplitError(
            f"protocol {recipe.split.protocol} and a split file were given; the file says it all: give one"
        )
    return split if isinstance(split, Split) else read_split(split)


def _plan(recipe: Recipe, corpus: Corpus, folds: Split, fold: int, *, run: Path) -> Plan:
    """Decide what the run of a fold is going to do, or read it where it was begun; nothing is written."""
    if (run / RECIPE).is_file():
        settled, parts = begun(run, recipe, corpus)
    elif recipe.split.protocol in ("auto", "official"):
        settled, parts = planned(recipe, corpus, folds, fold)
    else:
        settled, parts = recipe, folds.one_fold(fold)
    return Plan(settled, corpus, parts, run, labels_of(corpus, parts))


def _train_fold(plan: Plan, fold: int, twins: Twins, tell: Callable[[str], None]) -> None:
    if (plan.folder / RESULT).is_file():
        tell(f"fold {fold}: done before")
        return
    tell(f"fold {fold}")
    if not (plan.folder / RECIPE).is_file():
        write_plan(plan.folder, plan.recipe, plan.split)
    carry_out(plan, tell=tell, twins=twins)


def _pooled(folder: Path, folds: Sequence[int]) -> dict[str, Any]:
    """Return the scores over all folds, and write their predictions."""
    documents = {fold: read_document(folder / f"fold-{fold}" / RESULT) for fold in folds}
    tables = {fold: read_predictions(folder / f"fold-{fold}") for fold in folds}
    labels = sorted({label for table in tables.values() for label in table.labels})
    _write_predictions(tables, labels, folder / PREDICTIONS)
    first = documents[folds[0]]
    result = Result.from_predictions(
        np.concatenate([_numbers(table, labels)[table.truth] for table in tables.values()]),
        np.concatenate([_widened(table, labels) for table in tables.values()]),
        labels=labels,
        protocol=first["protocol"],
        selected_on=first["selected_on"],
        speakers=[speaker for table in tables.values() for speaker in table.speakers or [None] * len(table.files)],
    )
    rows = [{"fold": fold, **{key: documents[fold][key] for key in SCORES}} for fold in folds]
    return {
        **result.to_dict(),
        "audit": {f"fold {fold}": document["audit"] for fold, document in documents.items()},
        "folds": rows,
        "spread": {key: asdict(spread([row[key] for row in rows])) for key in SCORES[:-1]},
        "recipe": first["recipe"],
        "minutes": round(sum(document["minutes"] for document in documents.values()), 2),
        "failed": [failure for document in documents.values() for failure in document["failed"]],
    }


def _numbers(table: PredictionTable, labels: Sequence[str]) -> Any:
    return np.array([labels.index(label) for label in table.labels])


def _widened(table: PredictionTable, labels: Sequence[str]) -> Any:
    """Return probabilities `[clip, label]` over all labels; 0 for those that the fold did not train."""
    wide = np.zeros((len(table.files), len(labels)))
    wide[:, _numbers(table, labels)] = table.probabilities
    return wide / wide.sum(axis=1, keepdims=True)


def _write_predictions(tables: dict[int, PredictionTable], labels: Sequence[str], path: Path) -> None:
    """Write the test clips of all folds as `train` writes those of one, with the fold as last column."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        head = ["file", "split", "emotion", "predicted", "confidence", "speaker"]
        writer.writerow([*head, *(f"p_{label}" for label in labels), "fold"])
        for fold, table in tables.items():
            for index, values in enumerate(_widened(table, labels)):
                truth, best = table.labels[table.truth[index]], table.labels[table.predicted[index]]
                speaker = (table.speakers[index] if table.speakers else None) or ""
                confidence = f"{values.max():.6f}"
                numbers = [f"{value:.6f}" for value in values]
                writer.writerow([table.files[index], "test", truth, best, confidence, speaker, *numbers, fold])
