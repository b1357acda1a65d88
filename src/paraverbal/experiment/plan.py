"""What a run is going to do, decided and written before any work: which clips, which parts, which labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paraverbal.config import read_recipe, recipe_toml
from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.protocols import PROTOCOLS, make_folds, shared_emotions
from paraverbal.corpora.split import LEAST_SPEAKERS, Split, make, official, shared_speakers
from paraverbal.corpora.split import read as read_split
from paraverbal.corpora.split import write as write_split
from paraverbal.errors import RunError, SplitError
from paraverbal.evaluation.protocol import PARTS
from paraverbal.experiment.lineage import started_with
from paraverbal.settings import Recipe

RECIPE = "recipe.toml"
SPLIT = "split.csv"
# Protocols that are always folds, of which a training takes one.
FOLDED = ("kfold", "loso", "sentences", "corpora")
_MOST_NAMED = 5


@dataclass(frozen=True)
class Plan:
    """What a run is going to do.

    Attributes:
        recipe: With the protocol that the split came from.
        corpus: The clips of the wanted emotions.
        split: Their parts, one fold.
        folder: The run folder, in which recipe and split are written.
        labels: Emotions that are trained, in the order of the logits.
    """

    recipe: Recipe
    corpus: Corpus
    split: Split
    folder: Path
    labels: tuple[str, ...]


def make_plan(
    recipe: Recipe, corpus: Corpus, *, output: Path, split: Split | str | Path | None, fold: int | None, resume: bool
) -> Plan:
    """Decide what a run is going to do, and write it down; or read it, if a begun run is to go on.

    Raises:
        SplitError: The parts cannot be made; nothing was written.
        RunError: `output` holds something already and `resume` is false, or holds another recipe's run; or training cannot
            begin with the model that the recipe names.
        BundleError: There is no such model.
    """
    goes_on = resume and (output / RECIPE).is_file()
    if not goes_on:
        reject_occupied(output)
    recipe, parts = begun(output, recipe, corpus) if goes_on else planned(recipe, corpus, split, fold)
    labels = labels_of(corpus, parts)
    check_dimensions(recipe, corpus, parts)
    check_label_sets(recipe, corpus, parts)
    started_with(recipe)
    if not goes_on:
        write_plan(output, recipe, parts)
    return Plan(recipe, corpus, parts, output, labels)


def wanted(corpus: Corpus, recipe: Recipe) -> Corpus:
    """Return the clips of the emotions that the recipe wants, or that all corpora share where one is left out."""
    if recipe.split.emotions:
        corpus = corpus.filter(emotions=recipe.split.emotions)
    shared = shared_emotions(corpus) if recipe.split.protocol == "corpora" else ()
    return corpus.filter(emotions=shared) if shared else corpus


def planned(recipe: Recipe, corpus: Corpus, split: Split | str | Path | None, fold: int | None) -> tuple[Recipe, Split]:
    """Return the split, and the recipe with the protocol that it came from."""
    seed = recipe.training.seed
    if split is None and (fold is not None or recipe.split.protocol in FOLDED):
        return recipe, folds_of(recipe, corpus).one_fold(fold)
    if split is None:
        if recipe.split.protocol == "official":
            raise SplitError("protocol official takes the parts from a split file; give it with --split")
        made = make(corpus, recipe.split, seed)
        several = corpus.table["speaker"].drop_nulls().n_unique() >= LEAST_SPEAKERS
        apart = several and not any(shared_speakers(corpus, made).values())
        return _with_protocol(recipe, "speakers" if apart else "holdout"), made
    if recipe.split.protocol not in ("auto", "official"):
        raise SplitError(
            f"protocol {recipe.split.protocol} and a split file were given; the file says it all: give one"
        )
    split = split if isinstance(split, Split) else read_split(split)
    matched = official(corpus, split, fold=fold, valid=recipe.split.valid, seed=seed)
    missing = [part for part in PARTS if not matched.files(part)]
    if missing:
        raise SplitError(f"the split has no clips for {' and '.join(missing)}; train, valid and test need some each")
    return _with_protocol(recipe, "official"), matched


def folds_of(recipe: Recipe, corpus: Corpus) -> Split:
    """Return all folds of the recipe's protocol, each with train, valid and test.

    Raises:
        SplitError: The protocol has no folds of its own, or the corpus cannot be cut so.
    """
    settings = recipe.split
    if settings.protocol in ("auto", "official"):
        raise SplitError(
            f"folds were asked for, but protocol {settings.protocol} makes none; give the split file that has them "
            f"(--split FILE), or one of --protocol {', '.join(PROTOCOLS)}"
        )
    if settings.protocol == "holdout" and not settings.folds:
        return make(corpus, settings, recipe.training.seed)
    return make_folds(
        corpus,
        settings.protocol,
        folds=settings.folds or None,
        valid=settings.valid,
        test=settings.test,
        seed=recipe.training.seed,
    )


def labels_of(corpus: Corpus, split: Split) -> tuple[str, ...]:
    """Return the emotions that are trained, sorted; those of the other parts must be among them."""
    emotions = {part: {row["emotion"] for row in rows(corpus, split, part)} for part in PARTS}
    untrained = sorted((emotions["valid"] | emotions["test"]) - emotions["train"])
    if untrained:
        raise SplitError(
            f"the split has no training clip of {', '.join(untrained)}; leave them out: "
            f"--emotions {','.join(sorted(emotions['train']))}"
        )
    if len(emotions["train"]) < 2:
        raise SplitError(f"there is only {', '.join(emotions['train'])} to train; a model needs two emotions at least")
    return tuple(sorted(emotions["train"]))


def check_dimensions(recipe: Recipe, corpus: Corpus, split: Split) -> None:
    """Raise a SplitError if a dimension has not two values where it is learnt, and where the best epoch is chosen."""
    for name in recipe.training.dimensions:
        for part in ("train", recipe.training.select_on):
            values = {row[name] for row in rows(corpus, split, part)} - {None}
            if len(values) < 2:
                had = "no value" if not values else "one value only"
                raise SplitError(
                    f"training.dimensions: the clips of part {part} of {corpus.name} have {had} of {name}; give a table "
                    f"with a column {name} (or --columns {name}=COLUMN), or leave it out of training.dimensions"
                )


def check_label_sets(recipe: Recipe, corpus: Corpus, split: Split) -> None:
    """Raise a SplitError if each corpus keeps its own emotions and one has a single one, from which nothing is learnt."""
    if recipe.training.label_sets != "own":
        return
    for name, emotions in _emotions_of_corpora(corpus, split).items():
        if len(emotions) < 2:
            raise SplitError(
                f"training.label_sets is own, and {name} has only {', '.join(emotions)} to train; leave that corpus out, or set "
                "training.label_sets to united"
            )


def corpora_notice(corpus: Corpus, split: Split) -> str:
    """Return what to tell of emotions that only one of several corpora has; mostly empty."""
    found = _emotions_of_corpora(corpus, split)
    if len(found) < 2:
        return ""
    alone = {
        name: sorted(own - set().union(*(found[other] for other in found if other != name)))
        for name, own in found.items()
    }
    told = "; ".join(f"{', '.join(emotions)} only from {name}" for name, emotions in alone.items() if emotions)
    return told and f"{told}: a model can tell these by how that corpus sounds"


def _emotions_of_corpora(corpus: Corpus, split: Split) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows(corpus, split, "train"):
        found.setdefault(row["corpus"], set()).add(row["emotion"])
    return found


def _with_protocol(recipe: Recipe, protocol: str) -> Recipe:
    return recipe.model_copy(update={"split": recipe.split.model_copy(update={"protocol": protocol})})


def begun(folder: Path, recipe: Recipe, corpus: Corpus) -> tuple[Recipe, Split]:
    """Return recipe and split of the run to go on with."""
    kept = read_recipe(folder / RECIPE)
    given = _with_protocol(recipe, kept.split.protocol)
    if given != kept:
        changed = sorted(set(recipe_toml(kept).splitlines()) - set(recipe_toml(given).splitlines()))
        more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
        raise RunError(
            f"{folder}: was begun with other settings, see its {RECIPE}: {', '.join(changed[:_MOST_NAMED])}{more}; give those, "
            "or another --output"
        )
    return kept, official(corpus, read_split(folder / SPLIT))  # an error if it is another corpus


def reject_occupied(folder: Path) -> None:
    """Raise a RunError if something is there already."""
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: is a file, a folder was expected; give another --output")
    if folder.is_dir() and any(folder.iterdir()):
        raise RunError(f"{folder}: is not empty; give another --output, or --resume to go on with the run in it")


def write_plan(folder: Path, recipe: Recipe, split: Split) -> None:
    """Write recipe and split into the run folder; the recipe last, as it marks a run that can be resumed."""
    folder.mkdir(parents=True, exist_ok=True)
    write_split(split, folder / SPLIT)
    (folder / RECIPE).write_text(recipe_toml(recipe), encoding="utf-8")


def rows(corpus: Corpus, split: Split, part: str) -> list[dict[str, Any]]:
    """Return the corpus's rows that are in a part, in the corpus's order."""
    files = set(split.files(part))
    return [row for row in corpus.table.iter_rows(named=True) if row["file"] in files]
