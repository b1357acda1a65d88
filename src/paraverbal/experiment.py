"""The whole road: recipe + corpus -> split -> features -> training -> bundle -> evaluation -> report.

A run folder holds `recipe.toml` (complete), `split.csv`, `history.jsonl`, `checkpoint/`, `bundle/`, `result.json`,
`predictions.csv` and `report.html`. Scores are computed with the exported bundle, so that what is reported is what predicts.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from paraverbal.audit import audit
from paraverbal.batches import Clip, ClipFeatures, compute_features
from paraverbal.bundle.format import Manifest
from paraverbal.bundle.load import Model, load_model
from paraverbal.bundle.save import save_bundle
from paraverbal.config import Recipe, read_recipe, recipe_toml
from paraverbal.corpora import read_corpus
from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.split import LEAST_SPEAKERS, Split, make, official, reject_lone_fold, shared_speakers
from paraverbal.corpora.split import read as read_split
from paraverbal.corpora.split import write as write_split
from paraverbal.errors import CorpusError, RunError, SplitError
from paraverbal.evaluation.predictions import Predictions, predict_rows, write_predictions
from paraverbal.evaluation.protocol import PARTS, Result, Training, run_document, write_document
from paraverbal.metrics.calibration import fit_temperature
from paraverbal.models.model import SpeechModel, summary
from paraverbal.report.card import model_card
from paraverbal.report.page import write_report
from paraverbal.training.loop import Epoch, Fit, Trainer

BUNDLE = "bundle"
RECIPE = "recipe.toml"
SPLIT = "split.csv"
RESULT = "result.json"
PREDICTIONS = "predictions.csv"


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes:
        folder: The run folder.
        document: What its `result.json` holds.
    """

    folder: Path
    document: dict[str, Any]

    @property
    def result(self) -> Result:
        """The scores on the test part."""
        return Result.from_dict(self.document)

    @property
    def model(self) -> Model:
        """The trained model, ready to predict."""
        return load_model(self.folder)

    def __repr__(self) -> str:
        result = self.result
        return f"Run({self.folder}: test UAR {result.uar:.3f}, WA {result.wa:.3f}, {result.clips} clips, {result.protocol})"


def train(
    recipe: Recipe | str | Path,
    corpus: Corpus | str | Path | Sequence[str | Path],
    *,
    output: str | Path,
    split: Split | str | Path | None = None,
    fold: int | None = None,
    resume: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Run:
    """Train a recipe on a corpus, export the model, evaluate it and write a report.

    Args:
        recipe: A recipe, its name, or the path of its TOML file.
        corpus: A corpus, or where to read one.
        output: The run folder.
        split: Which clips are train, valid and test; None makes one as the recipe's section `split` says. If it has no
            `valid`, that is cut from train by the rule that keeps train and test apart.
        fold: Which fold of `split`; may be left out if it has one.
        resume: Go on with the run in `output`, with the split it was begun with.
        progress: Told each step and epoch as a line of text.

    Returns:
        The run. Clips that cannot be read are left out and listed under `failed` in its document.

    Raises:
        RecipeError, LabelError, SplitError: The request is wrong; nothing was written.
        CorpusError: As before; or no recording of a part can be read, which is found out after the plan was written.
        RunError: `output` holds something already and `resume` is false, or holds another recipe's run.
        ExportError: The exported graph disagrees with the network; the checkpoint is kept.
    """
    tell = progress or (lambda line: None)
    recipe = recipe if isinstance(recipe, Recipe) else read_recipe(recipe)
    corpus = _wanted(corpus if isinstance(corpus, Corpus) else read_corpus(corpus), recipe)
    folder = Path(output)
    begun = resume and (folder / RECIPE).is_file()
    if not begun:
        _reject_occupied(folder)
    recipe, split = _begun(folder, recipe, corpus) if begun else _planned(recipe, corpus, split, fold)
    labels = _labels(corpus, split)
    if not begun:
        _write_plan(folder, recipe, split)
    unlisted = len(corpus) - sum(len(_rows(corpus, split, part)) for part in PARTS)
    if unlisted:
        tell(f"notice: {unlisted} of {len(corpus)} clips of the corpus are not in the split and are left out")
    findings = audit(corpus, split, selected_on=recipe.training.select_on)
    for finding in findings.values():
        if finding["verdict"] != "ok":
            tell(f"{finding['verdict']}: {finding['detail']}")

    torch.manual_seed(recipe.training.seed)
    model = SpeechModel(recipe, labels)
    fit = _fit(model, corpus, split, folder, tell)
    tell(f"epoch {fit.best_epoch} was the best of {len(fit.history)}; exporting and comparing with the network")
    manifest = _manifest(model, corpus)
    save_bundle(model, manifest, folder / BUNDLE)
    tell("evaluating the exported model")
    chosen_on = predict_rows(load_model(folder), corpus, _rows(corpus, split, recipe.training.select_on))
    manifest = replace(manifest, temperature=fit_temperature(chosen_on.truth, chosen_on.probabilities))
    manifest.write(folder / BUNDLE)
    trained = load_model(folder)
    predictions = {part: predict_rows(trained, corpus, _rows(corpus, split, part)) for part in PARTS}
    results = {part: _result(found, recipe, findings) for part, found in predictions.items()}
    document = run_document(results, _training(model, fit, predictions))
    document["corpora"] = _scores_by_corpus(predictions["test"], recipe)
    write_predictions(predictions, folder / PREDICTIONS)
    write_document(document, folder / RESULT)
    manifest = replace(manifest, training_data=_training_data(corpus, predictions["train"]))
    _describe(folder / BUNDLE, manifest, results, document["corpora"])
    write_report(folder)
    return Run(folder, document)


def _wanted(corpus: Corpus, recipe: Recipe) -> Corpus:
    return corpus.filter(emotions=recipe.split.emotions) if recipe.split.emotions else corpus


def _planned(
    recipe: Recipe, corpus: Corpus, split: Split | str | Path | None, fold: int | None
) -> tuple[Recipe, Split]:
    """Return the split, and the recipe with the protocol that it came from."""
    seed = recipe.training.seed
    if split is None:
        reject_lone_fold(fold)
        if recipe.split.protocol == "official":
            raise SplitError("protocol official takes the parts from a split file; give it with --split")
        made = make(corpus, recipe.split, seed)
        several = corpus.table["speaker"].drop_nulls().n_unique() >= LEAST_SPEAKERS
        apart = several and not any(shared_speakers(corpus, made).values())
        return _with_protocol(recipe, "speakers" if apart else "holdout"), made
    if recipe.split.protocol in ("speakers", "holdout"):
        raise SplitError(
            f"protocol {recipe.split.protocol} and a split file were given; the file says it all: give one"
        )
    split = split if isinstance(split, Split) else read_split(split)
    matched = official(corpus, split, fold=fold, valid=recipe.split.valid, seed=seed)
    missing = [part for part in PARTS if not matched.files(part)]
    if missing:
        raise SplitError(f"the split has no clips for {' and '.join(missing)}; train, valid and test need some each")
    return _with_protocol(recipe, "official"), matched


def _labels(corpus: Corpus, split: Split) -> tuple[str, ...]:
    """Return the emotions that are trained, sorted; those of the other parts must be among them."""
    emotions = {part: {row["emotion"] for row in _rows(corpus, split, part)} for part in PARTS}
    untrained = sorted((emotions["valid"] | emotions["test"]) - emotions["train"])
    if untrained:
        raise SplitError(
            f"the split has no training clip of {', '.join(untrained)}; leave them out: "
            f"--emotions {','.join(sorted(emotions['train']))}"
        )
    if len(emotions["train"]) < 2:
        raise SplitError(f"there is only {', '.join(emotions['train'])} to train; a model needs two emotions at least")
    return tuple(sorted(emotions["train"]))


def _with_protocol(recipe: Recipe, protocol: str) -> Recipe:
    return recipe.model_copy(update={"split": recipe.split.model_copy(update={"protocol": protocol})})


def _begun(folder: Path, recipe: Recipe, corpus: Corpus) -> tuple[Recipe, Split]:
    """Return recipe and split of the run to go on with."""
    kept = read_recipe(folder / RECIPE)
    given = _with_protocol(recipe, kept.split.protocol)
    if given != kept:
        changed = ", ".join(sorted(set(recipe_toml(kept).splitlines()) - set(recipe_toml(given).splitlines())))
        raise RunError(
            f"{folder}: was begun with other settings, see its {RECIPE}: {changed}; give those, or another --output"
        )
    return kept, official(corpus, read_split(folder / SPLIT))  # an error if it is another corpus


def _reject_occupied(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: is a file, a folder was expected; give another --output")
    if folder.is_dir() and any(folder.iterdir()):
        raise RunError(f"{folder}: is not empty; give another --output, or --resume to go on with the run in it")


def _write_plan(folder: Path, recipe: Recipe, split: Split) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_split(split, folder / SPLIT)
    (folder / RECIPE).write_text(recipe_toml(recipe), encoding="utf-8")


def _rows(corpus: Corpus, split: Split, part: str) -> list[dict[str, Any]]:
    files = set(split.files(part))
    return [row for row in corpus.table.iter_rows(named=True) if row["file"] in files]


def _fit(model: SpeechModel, corpus: Corpus, split: Split, folder: Path, tell: Callable[[str], None]) -> Fit:
    recipe = model.recipe
    tell("reading the recordings and computing their features")
    train_features = _features(model, corpus, split, "train")
    chosen_on = _features(model, corpus, split, recipe.training.select_on)
    model.scaling.fit(train_features.features)
    trainer = Trainer(model, recipe.training, recipe.augment, folder)
    begun = len(trainer.history)
    tell(
        f"training {recipe.name}: {model.parameters_count:,} parameters, {len(train_features)} clips x "
        f"{1 + recipe.augment.copies} an epoch, {len(chosen_on)} to validate, {trainer.precision}"
        + (f"; going on after epoch {begun}" if begun else "")
    )
    return trainer.fit(train_features, chosen_on, lambda epoch: tell(_progress(epoch, trainer)))


def _features(model: SpeechModel, corpus: Corpus, split: Split, part: str) -> ClipFeatures:
    clips = [
        Clip(corpus.path(row["file"]), model.labels.index(row["emotion"]), row["start"], row["end"])
        for row in _rows(corpus, split, part)
    ]
    features, failed = compute_features(clips, model)
    if not len(features):
        reason = f"; the first: {failed[0][1]}" if failed else ""
        raise CorpusError(f"{corpus.name}: none of the {len(clips)} recordings of part {part} can be used{reason}")
    return features


def _progress(epoch: Epoch, trainer: Trainer) -> str:
    settings = trainer.settings
    left = min(settings.epochs, trainer.best_epoch + settings.stop_patience) - epoch.epoch
    return (
        f"epoch {epoch.epoch}/{settings.epochs}  loss {epoch.train_loss:.3f}  valid loss {epoch.valid_loss:.3f} "
        f"WA {epoch.valid_wa:.3f} UAR {epoch.valid_uar:.3f}  best {trainer.best_epoch}  "
        f"{epoch.samples_per_second:.0f} samples/s  {_minutes(left * epoch.seconds)} left unless it improves"
    )


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _manifest(model: SpeechModel, corpus: Corpus) -> Manifest:
    audio = model.recipe.audio
    return Manifest(
        name=model.recipe.name,
        labels=model.labels,
        sampling_rate=audio.sampling_rate,
        seconds=audio.seconds,
        hop_seconds=audio.hop_seconds,
        level=audio.level,
        minimum_samples=model.minimum_samples,
        parameters=model.parameters_count,
        layers=tuple(asdict(layer) for layer in summary(model)),
        recipe=model.recipe.model_dump(mode="json"),
        licence=corpus.licence,
    )


def _result(found: Predictions, recipe: Recipe, findings: dict[str, Any]) -> Result:
    return Result.from_predictions(
        found.truth,
        found.probabilities,
        labels=found.labels,
        protocol=recipe.split.protocol,
        selected_on=recipe.training.select_on,
        audit=findings,
    )


def _training(model: SpeechModel, fit: Fit, predictions: dict[str, Predictions]) -> Training:
    return Training(
        recipe=model.recipe.model_dump(mode="json"),
        epochs=len(fit.history),
        best_epoch=fit.best_epoch,
        minutes=round(sum(epoch.seconds for epoch in fit.history) / 60, 2),
        parameters=model.parameters_count,
        failed=[failure for found in predictions.values() for failure in found.failed],
    )


def _scores_by_corpus(found: Predictions, recipe: Recipe) -> dict[str, dict[str, float]]:
    """Return the test scores of each corpus, over the emotions that it has."""
    names = np.array([row["corpus"] for row in found.rows])
    return {name: _scores(_result(found.only(names == name), recipe, {})) for name in sorted(set(names.tolist()))}


def _scores(result: Result) -> dict[str, float]:
    return {key: getattr(result, key) for key in ("uar", "wa", "macro_f1", "loss", "clips")}


def _training_data(corpus: Corpus, found: Predictions) -> tuple[dict[str, Any], ...]:
    """Return where the clips that trained come from, and how many of each corpus there are."""
    counts = Counter(row["corpus"] for row in found.rows)
    return tuple(
        {"name": origin.name, "licence": origin.licence, "source": origin.source, "clips": counts[origin.name]}
        for origin in corpus.origins
    )


def _describe(bundle: Path, manifest: Manifest, results: dict[str, Result], corpora: dict[str, Any]) -> None:
    """Put the scores into the bundle's manifest, and its card beside it."""
    test = results["test"]
    parts = {part: _scores(result) for part, result in results.items() if part != "train"}
    scores = {"protocol": test.protocol, "selected_on": test.selected_on, **parts, "test_by_corpus": corpora}
    manifest = replace(manifest, scores=scores)
    manifest.write(bundle)
    (bundle / "README.md").write_text(model_card(asdict(manifest)), encoding="utf-8")
