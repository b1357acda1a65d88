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

from paraverbal.audit import Twins, audit
from paraverbal.bundle.format import Graph, Manifest
from paraverbal.bundle.load import Model, load_model
from paraverbal.bundle.save import input_of, save_bundle
from paraverbal.config import read_recipe
from paraverbal.corpora import read_corpus
from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.split import Split, official
from paraverbal.corpora.split import read as read_split
from paraverbal.evaluation.ablation import ablate, ablation_document, write_ablation
from paraverbal.evaluation.calibration import calibrate, calibration_document
from paraverbal.evaluation.dimensions import dimensions_document
from paraverbal.evaluation.groups import groups_document
from paraverbal.evaluation.predictions import Predictions, predict_rows, write_predictions
from paraverbal.evaluation.protocol import PARTS, Result, Training, run_document, write_document
from paraverbal.evaluation.robustness import robustness
from paraverbal.experiment.fitting import fit_model, with_longest
from paraverbal.experiment.lineage import lineage_finding, started_with, with_lineage
from paraverbal.experiment.plan import SPLIT, Plan, corpora_notice, make_plan, rows, wanted
from paraverbal.experiment.texts import tokenizer_of
from paraverbal.models.model import SpeechModel, summary
from paraverbal.report.card import model_card
from paraverbal.report.page import write_report
from paraverbal.report.text import label_map_text
from paraverbal.settings import Recipe
from paraverbal.training.loop import Fit
from paraverbal.training.notices import chance_notice, divergence_notice
from paraverbal.training.support_vectors import CostTried

BUNDLE = "bundle"
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
    recipe = recipe if isinstance(recipe, Recipe) else read_recipe(recipe)
    corpus = wanted(corpus if isinstance(corpus, Corpus) else read_corpus(corpus), recipe)
    plan = make_plan(recipe, corpus, output=Path(output), split=split, fold=fold, resume=resume)
    return carry_out(plan, tell=progress or (lambda line: None))


def add_robustness(
    run: Run, corpus: Corpus | str | Path | Sequence[str | Path], progress: Callable[[int, int], None] | None = None
) -> Run:
    """Score a run's test part again under noise, telephone, coding, gain, reverberation and cut to a second.

    What is lost goes into its `result.json`, as `robustness`, and its report.

    Args:
        run: A finished training.
        corpus: The corpus that it was trained on.
        progress: Told how many clips are done, and how many there are.

    Raises:
        SplitError: The corpus is another one.
    """
    corpus = corpus if isinstance(corpus, Corpus) else read_corpus(corpus)
    parts = official(corpus, read_split(run.folder / SPLIT))
    found = robustness(run.model, corpus, rows(corpus, parts, "test"), progress=progress)
    document = {**run.document, "robustness": found.to_dict()}
    write_document(document, run.folder / RESULT)
    manifest = Manifest.read(run.folder / BUNDLE)
    rows_told = [{"what": row.what, "uar": row.uar, "lost": row.lost} for row in found.rows]
    _write_described(run.folder / BUNDLE, replace(manifest, scores={**manifest.scores, "robustness": rows_told}))
    write_report(run.folder, corpus.paths())
    return Run(run.folder, document)


def carry_out(plan: Plan, *, tell: Callable[[str], None], twins: Twins | None = None) -> Run:
    """Do what a plan says.

    Args:
        plan: Recipe, clips, parts, folder.
        tell: Told each step and epoch as a line of text.
        twins: Recordings of the corpus that are the same, if they were looked for before; None looks for them.

    Raises:
        CorpusError, RunError, ExportError: As `train`.
    """
    recipe, corpus, split, folder, labels = plan.recipe, plan.corpus, plan.split, plan.folder, plan.labels
    unlisted = len(corpus) - sum(len(rows(corpus, split, part)) for part in PARTS)
    if unlisted:
        tell(f"notice: {unlisted} of {len(corpus)} clips of the corpus are not in the split and are left out")
    shared = corpora_notice(corpus, split)
    if shared:
        tell(f"notice: {shared}")
    findings = audit(corpus, split, selected_on=recipe.training.select_on, listen=twins is None, twins=twins)
    start = started_with(recipe)
    findings |= {} if start is None else {"lineage": lineage_finding(start, corpus)}
    for finding in findings.values():
        if finding["verdict"] != "ok":
            tell(f"{finding['verdict']}: {finding['detail']}")

    tokenizer = tokenizer_of(recipe, corpus, split, tell)
    torch.manual_seed(recipe.training.seed)
    model = SpeechModel(with_longest(recipe, corpus, split), labels, tokenizer)
    tell(f"labels, as the network numbers them:\n{label_map_text(labels)}")
    fit = fit_model(model, corpus, split, folder, tell)
    notice = divergence_notice(fit.history, len(labels)) or chance_notice(fit.history, len(labels))
    if notice:
        tell(f"notice: {notice}")
    tell(f"{_kept(fit, recipe)}; exporting and comparing with the network")
    manifest = _manifest(model, corpus)
    save_bundle(model, manifest, folder / BUNDLE)
    tell("evaluating the exported model")
    trained = load_model(folder)
    untempered = {part: predict_rows(trained, corpus, rows(corpus, split, part)) for part in PARTS}
    chosen_on = untempered[recipe.training.select_on]
    chosen = calibrate(chosen_on)
    manifest = replace(manifest, **asdict(chosen))
    predictions = {part: found.tempered(manifest.temperature) for part, found in untempered.items()}
    results = {part: _result(found, recipe, findings) for part, found in predictions.items()}
    document = run_document(results, _training(model, fit, predictions))
    document["corpora"] = _scores_by_corpus(predictions["test"], recipe)
    document["groups"] = groups_document(corpus, predictions["test"])
    document["dimensions"] = dimensions_document(predictions["test"])
    document["calibration"] = calibration_document(chosen, untempered["test"])
    if trained.reads_text:
        tell("asking the model without the voice, without the text, and with the texts of other clips")
        conditions = ablate(trained, corpus, untempered["test"])
        conditions = {name: found.tempered(manifest.temperature) for name, found in conditions.items()}
        write_ablation(conditions, folder)
        document["ablation"] = ablation_document(conditions)
    document["notices"] = [one for one in (shared, notice) if one]
    write_predictions(predictions, folder / PREDICTIONS)
    write_document(document, folder / RESULT)
    manifest = with_lineage(replace(manifest, training_data=_training_data(corpus, predictions["train"])), start)
    _describe(folder / BUNDLE, manifest, results, document)
    write_report(folder, corpus.paths())
    return Run(folder, document)


def _kept(fit: Fit, recipe: Recipe) -> str:
    if recipe.training.select_by == "last":
        return f"epoch {fit.best_epoch}, the last, is kept"
    kept = fit.history[fit.best_epoch - 1]
    if isinstance(kept, CostTried):
        return f"cost {kept.cost:g} was the best of the {len(fit.history)} tried"
    return f"epoch {fit.best_epoch} was the best of {len(fit.history)}"


def _manifest(model: SpeechModel, corpus: Corpus) -> Manifest:
    audio = model.recipe.audio
    return Manifest(
        name=model.recipe.name,
        labels=model.labels,
        dimensions=model.recipe.training.dimensions,
        modalities=model.modalities,
        sampling_rate=audio.sampling_rate,
        seconds=audio.samples / audio.sampling_rate,
        hop_seconds=audio.hop_seconds,
        short=audio.short,
        denoise=audio.denoise,
        level=audio.level,
        extractor=model.extractor,
        graph=Graph(input=input_of(model)),
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
        speakers=found.speakers,
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


def _scores_by_corpus(found: Predictions, recipe: Recipe) -> dict[str, dict[str, Any]]:
    """Return the test scores of each corpus, over the emotions that it has."""
    names = np.array([row["corpus"] for row in found.rows])
    return {name: _scores(_result(found.only(names == name), recipe, {})) for name in sorted(set(names.tolist()))}


def _scores(result: Result) -> dict[str, Any]:
    scores = {key: getattr(result, key) for key in ("uar", "wa", "macro_f1", "loss", "clips")}
    return {**scores, "uar_interval": result.intervals.get("uar"), "speakers": result.intervals.get("clusters")}


def _training_data(corpus: Corpus, found: Predictions) -> tuple[dict[str, Any], ...]:
    """Return where the clips that trained come from, and how many of each corpus there are."""
    counts = Counter(row["corpus"] for row in found.rows)
    emotions = Counter((row["corpus"], found.labels[label]) for row, label in zip(found.rows, found.truth, strict=True))
    spoken = corpus.table.select("corpus", "language").drop_nulls().unique().rows()
    return tuple(
        {
            "name": origin.name,
            "licence": origin.licence,
            "source": origin.source,
            "clips": counts[origin.name],
            "languages": sorted(language for name, language in spoken if name == origin.name),
            "emotions": {emotion: clips for (name, emotion), clips in sorted(emotions.items()) if name == origin.name},
        }
        for origin in corpus.origins
    )


def _describe(bundle: Path, manifest: Manifest, results: dict[str, Result], document: dict[str, Any]) -> None:
    """Put the scores into the bundle's manifest, and its card beside it."""
    test, calibration = results["test"], document["calibration"]
    scores = {
        "protocol": test.protocol,
        "selected_on": test.selected_on,
        **{part: _scores(result) for part, result in results.items() if part != "train"},
        "test_by_corpus": document["corpora"],
        "test_per_class": test.per_class,
        "test_answered": {"share": calibration["answered"], "accuracy": calibration["answered_accuracy"]},
    }
    _write_described(bundle, replace(manifest, scores=scores))


def _write_described(bundle: Path, manifest: Manifest) -> None:
    manifest.write(bundle)
    (bundle / "README.md").write_text(model_card(asdict(manifest)), encoding="utf-8")
