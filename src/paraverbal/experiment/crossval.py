"""Cross-validation: a recipe trained once for each fold of a protocol, the test clips of all folds scored together.

A folder holds `split.csv` with all folds, a run folder `fold-N` for each, `predictions.csv` of the test clips of all folds,
`report.html`, and `result.json`: the scores of all these clips together, `folds` with those of each, and `spread` over them.
Speakers are in one test part each (but with `holdout`, `kfold` and some published folds), so intervals over all folds rest
on all speakers. With several seeds there is such a folder `seed-S` for each, and the one above tells the first, `seeds`
with the scores of each, and `seed_spread` over them.
"""

import shutil
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
from paraverbal.evaluation.ablation import CONDITIONS, ablation_document, file_name
from paraverbal.evaluation.ablation import FOLDER as ABLATION
from paraverbal.evaluation.compare import PredictionTable, read_predictions
from paraverbal.evaluation.dimensions import dimensions_document
from paraverbal.evaluation.groups import groups_document
from paraverbal.evaluation.predictions import Predictions, clip_name, write_predictions
from paraverbal.evaluation.protocol import Result, read_document, write_document
from paraverbal.experiment.lineage import started_with
from paraverbal.experiment.plan import (
    RECIPE,
    SPLIT,
    Plan,
    begun,
    check_dimensions,
    folds_of,
    labels_of,
    planned,
    reject_occupied,
    wanted,
    write_plan,
)
from paraverbal.experiment.run import PREDICTIONS, RESULT, carry_out
from paraverbal.metrics.bootstrap import spread
from paraverbal.report.page import write_report
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
        """The scores on the test clips of all folds together; of the first seed, if there are several."""
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
    seeds: int = 1,
    resume: bool = False,
    progress: Callable[[str], None] | None = None,
) -> CrossValidation:
    """Train a recipe once for each fold, and score the test clips of all folds together.

    Args:
        recipe: A recipe, its name, or its TOML file; `split.protocol` says how the folds are made.
        corpus: A corpus, or where to read one.
        output: Folder of the cross-validation.
        split: Published folds, for the protocol `official`; None makes them.
        seeds: How often all is trained, on the same folds: with `training.seed`, then with the next numbers.
        resume: Go on in `output`: finished folds are kept, a begun one goes on.
        progress: Told each step as a line of text.

    Raises:
        RecipeError, LabelError, SplitError: The request is wrong, in whichever fold; nothing was written.
        RunError: `output` holds something and `resume` is false, or other folds, or folds with other settings; or it was
            begun with one seed and is to go on with several, or the reverse.
        CorpusError, ExportError: As `train`.
        ValueError: `seeds` is below 1.
    """
    if seeds < 1:
        raise ValueError(f"seeds is {seeds}; train with one at least")
    tell = progress or (lambda line: None)
    recipe = recipe if isinstance(recipe, Recipe) else read_recipe(recipe)
    whole = corpus if isinstance(corpus, Corpus) else read_corpus(corpus)
    used, folder = wanted(whole, recipe), Path(output)
    started_with(recipe)
    folds = _begin(folder, _folds(recipe, used, split), resume=resume, seeds=seeds)
    seeded = {
        number: _with_seed(recipe, number) for number in range(recipe.training.seed, recipe.training.seed + seeds)
    }
    homes = {number: folder / f"seed-{number}" if seeds > 1 else folder for number in seeded}
    plans = {
        number: {fold: _plan(one, used, folds, fold, run=homes[number] / f"fold-{fold}") for fold in folds.folds}
        for number, one in seeded.items()
    }
    if recipe.split.protocol == "corpora":
        for emotion, clips in left_out(whole).items():
            tell(f"notice: {clips} clips of {emotion} are left out, as not all corpora have it")
    folder.mkdir(parents=True, exist_ok=True)
    write_split(folds, folder / SPLIT)
    protocol = next(iter(plans[recipe.training.seed].values())).recipe.split.protocol
    tell(f"{protocol}: {len(folds.folds)} folds; comparing the recordings with each other")
    twins = twins_of(used)
    documents = {number: _train_seed(homes[number], plans[number], used, twins, tell) for number in seeded}
    document = documents[recipe.training.seed]
    if seeds > 1:
        document = {**document, **_over_seeds(documents)}
        shutil.copyfile(homes[recipe.training.seed] / PREDICTIONS, folder / PREDICTIONS)
        write_document(document, folder / RESULT)
        write_report(folder, used.paths())
    return CrossValidation(folder, document)


def _begin(folder: Path, folds: Split, *, resume: bool, seeds: int) -> Split:
    """Return the folds, or raise if the folder is not free for them."""
    if not (resume and (folder / SPLIT).is_file() and not (folder / RECIPE).is_file()):
        reject_occupied(folder)
    elif not read_split(folder / SPLIT).table.equals(folds.table):
        raise RunError(f"{folder}: was begun with other folds, see its {SPLIT}; give the same, or another --output")
    elif any(folder.glob("fold-*" if seeds > 1 else "seed-*")):
        before = "one seed" if seeds > 1 else "several seeds"
        raise RunError(f"{folder}: was begun with {before}; give --seeds as then, or another --output")
    return folds


def _with_seed(recipe: Recipe, seed: int) -> Recipe:
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": seed})})


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
    labels = labels_of(corpus, parts)
    check_dimensions(settled, corpus, parts)
    return Plan(settled, corpus, parts, run, labels)


def _train_seed(
    folder: Path, plans: dict[int, Plan], corpus: Corpus, twins: Twins, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Train each fold that is not done, and return the scores over all of them."""
    for fold, plan in plans.items():
        _train_fold(plan, fold, twins, tell)
    document = _pooled(folder, sorted(plans), corpus)
    write_document(document, folder / RESULT)
    write_report(folder, corpus.paths())
    return document


def _train_fold(plan: Plan, fold: int, twins: Twins, tell: Callable[[str], None]) -> None:
    seed = f"seed {plan.recipe.training.seed}, " if plan.folder.parent.name.startswith("seed-") else ""
    if (plan.folder / RESULT).is_file():
        tell(f"{seed}fold {fold}: done before")
        return
    tell(f"{seed}fold {fold}")
    if not (plan.folder / RECIPE).is_file():
        write_plan(plan.folder, plan.recipe, plan.split)
    carry_out(plan, tell=tell, twins=twins)


def _pooled(folder: Path, folds: Sequence[int], corpus: Corpus) -> dict[str, Any]:
    """Return the scores over all folds, and write their predictions."""
    documents = {fold: read_document(folder / f"fold-{fold}" / RESULT) for fold in folds}
    tables = {fold: read_predictions(folder / f"fold-{fold}") for fold in folds}
    found = _together(list(tables.values()), corpus)
    tested_in = [fold for fold, table in tables.items() for _ in table.files]
    write_predictions({"test": found}, folder / PREDICTIONS, tested_in)
    first = documents[folds[0]]
    conditions = _ablation(folder, folds, corpus)
    result = Result.from_predictions(
        found.truth,
        found.probabilities,
        labels=found.labels,
        protocol=first["protocol"],
        selected_on=first["selected_on"],
        speakers=found.speakers,
    )
    rows = [{"fold": fold, **{key: documents[fold][key] for key in SCORES}} for fold in folds]
    return {
        **result.to_dict(),
        "audit": {f"fold {fold}": document["audit"] for fold, document in documents.items()},
        "folds": rows,
        "spread": _spreads(rows),
        "groups": groups_document(corpus, found),
        "dimensions": dimensions_document(found),
        **({"ablation": ablation_document(conditions)} if conditions else {}),
        "recipe": first["recipe"],
        "minutes": round(sum(document["minutes"] for document in documents.values()), 2),
        "failed": [failure for document in documents.values() for failure in document["failed"]],
    }


def _ablation(folder: Path, folds: Sequence[int], corpus: Corpus) -> dict[str, Predictions]:
    """Return the predictions of all folds under each condition of models that read text; none of others."""
    places = [folder / f"fold-{fold}" / ABLATION for fold in folds]
    names = [name for name in CONDITIONS if all((place / f"{file_name(name)}.csv").is_file() for place in places)]
    return {
        name: _together([read_predictions(place / f"{file_name(name)}.csv") for place in places], corpus)
        for name in names
    }


def _together(tables: Sequence[PredictionTable], corpus: Corpus) -> Predictions:
    """Return the test clips of all folds; a label that a fold did not train has the probability 0 there."""
    labels = tuple(sorted({label for table in tables for label in table.labels}))
    rows = {clip_name(row): row for row in corpus.table.iter_rows(named=True)}
    return Predictions(
        rows=tuple(rows[file] for table in tables for file in table.files),
        truth=np.concatenate([_numbers(table, labels)[table.truth] for table in tables]),
        probabilities=np.concatenate([_widened(table, labels) for table in tables]),
        labels=labels,
        failed=(),
        joined=corpus.table["corpus"].n_unique() > 1,
        dimensions={
            name: np.concatenate([table.dimensions[name] for table in tables]) for name in tables[0].dimensions
        },
    )


def _numbers(table: PredictionTable, labels: Sequence[str]) -> Any:
    return np.array([labels.index(label) for label in table.labels])


def _widened(table: PredictionTable, labels: Sequence[str]) -> Any:
    """Return probabilities `[clip, label]` over all labels."""
    wide = np.zeros((len(table.files), len(labels)))
    wide[:, _numbers(table, labels)] = table.probabilities
    return wide / wide.sum(axis=1, keepdims=True)


def _over_seeds(documents: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Return the scores of each seed over all its folds, and their spread."""
    rows = [{"seed": seed, **{key: document[key] for key in SCORES}} for seed, document in documents.items()]
    minutes = round(sum(document["minutes"] for document in documents.values()), 2)
    return {"seeds": rows, "seed_spread": _spreads(rows), "minutes": minutes}


def _spreads(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {key: asdict(spread([row[key] for row in rows])) for key in SCORES[:-1]}
