"""A run as one HTML page that needs nothing beside it: its figures are embedded, one light, one dark."""

import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from paraverbal.errors import RunError
from paraverbal.evaluation.protocol import Result
from paraverbal.report import sections, tables
from paraverbal.report.ablation import ablation_section
from paraverbal.report.embedding import Drawn, drawn, template
from paraverbal.report.evaluation_figures import (
    coverage_figure,
    dimensions_figure,
    groups_figure,
    reliability_figure,
    robustness_figure,
)
from paraverbal.report.figures import confusion_figure, curves_figure
from paraverbal.report.listening import Excerpt, Recordings, excerpts
from paraverbal.report.run import RunFolder, confident_mistakes, read_run, told_dimensions
from paraverbal.report.tables import confusion_table, per_class_table, percent

PART_NAMES = {"train": "Training", "valid": "Validation", "test": "Test"}
PROTOCOLS = {
    "speakers": "no speaker in two parts",
    "holdout": "random, stratified by emotion; speakers may be in several parts",
    "kfold": "random, stratified by emotion; every clip is tested once, speakers may be in several parts",
    "loso": "a speaker, or a group of them, is left out",
    "sentences": "no sentence in two parts; speakers may be",
    "corpora": "a corpus is left out",
    "official": "the folds of a given split file",
}


def write_report(folder: str | Path, corpus: Recordings | None = None) -> Path:
    """Write `report.html` into a run folder, beside it its figures as PNG, and return the path of the page.

    Args:
        folder: A finished run: `result.json`, and as far as they are there `history.jsonl`, `predictions.csv`,
            `split.csv`, `recipe.toml` and `bundle/bundle.json`.
        corpus: File, as the corpus names it, -> where the recording is; the worst mistakes can then be heard on the page,
            which holds some seconds of each. None writes a page without sound.

    Raises:
        RunError: The run has not finished, a file in it is damaged, or the page cannot be written.
    """
    run = read_run(folder)
    figures = _figures(run)
    heard = excerpts(confident_mistakes(run.predictions), corpus) if corpus else []
    page = _page(run, figures, heard)
    path = run.folder / "report.html"
    draft = path.with_name("report.html.partial")
    try:
        draft.write_text(page, encoding="utf-8")
        draft.replace(path)
        for name, one in figures.items():
            (run.folder / f"{name}.png").write_bytes(one.light)
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error}") from error
    return path


def _figures(run: RunFolder) -> dict[str, Drawn]:
    figures = {
        f"confusion-{part}": drawn(
            partial(confusion_figure, result), _confusion_words(result, PART_NAMES[part].lower())
        )
        for part, result in run.parts.items()
    }
    if run.history:
        best = run.document.get("best_epoch")
        figures["curves"] = drawn(partial(curves_figure, run.history, best), _curves_words(run.history, best))
    return figures | _evaluation_figures(run)


def _evaluation_figures(run: RunFolder) -> dict[str, Drawn]:
    """Return the figures of what a run tells of its scores beside the scores."""
    figures = {}
    if found := sections.calibration(run.document):
        _, answering, _ = found["sentences"]
        reliability = partial(reliability_figure, found["before"], found["after"])
        figures["reliability"] = drawn(reliability, sections.reliability_words(found))
        coverage = partial(coverage_figure, found["points"], found["threshold"])
        figures["coverage"] = drawn(coverage, f"Accuracy over the share of clips that are answered. {answering}")
    for name, table in sections.groups(run.document).items():
        figures[f"groups-{name}"] = drawn(partial(groups_figure, table), sections.groups_words(table))
    if values := told_dimensions(run.predictions):
        scores = ", ".join(
            f"{name} CCC {tables.decimals(found['ccc'])}" for name, found in run.document.get("dimensions", {}).items()
        )
        figures["dimensions"] = drawn(
            partial(dimensions_figure, values), f"Told over true values of test clips: {scores}."
        )
    if conditions := sections.robustness(run.document):
        figures["robustness"] = drawn(partial(robustness_figure, conditions), sections.robustness_words(conditions))
    return figures


def _page(run: RunFolder, figures: Mapping[str, Drawn], heard: Sequence[Excerpt]) -> str:
    """Return the page of a run as HTML."""
    pictures = {name: one.element(name) for name, one in figures.items()}
    widths = {name: one.width for name, one in figures.items()}
    described = {**_scores(run), **_training(run), **_data(run), **_worth(run), "heard": [_sound(one) for one in heard]}
    return template("page.html").render(pictures=pictures, widths=widths, **described) + "\n"


def _scores(run: RunFolder) -> dict[str, Any]:
    result = run.result
    occurring = sum(1 for scores in result.per_class.values() if scores["support"])
    return {
        "result": result,
        "parts": run.parts,
        "part_names": PART_NAMES,
        "chance": 1 / occurring,
        "tables": {
            part: f"{per_class_table(scores)}\n\n{confusion_table(scores)}" for part, scores in run.parts.items()
        },
        "mistakes": confident_mistakes(run.predictions),
        "has_predictions": bool(run.predictions),
        "intervals_note": sections.intervals_note(result),
        "has_intervals": any(scores.intervals for scores in run.parts.values()),
        "recall_intervals": result.intervals.get("recall", {}),
    }


def _worth(run: RunFolder) -> dict[str, Any]:
    """Return what tells how far the scores can be relied on."""
    tables, conditions = sections.groups(run.document), sections.robustness(run.document)
    return {
        "calibration": sections.calibration(run.document),
        "dimensions": run.document.get("dimensions", {}),
        "repeats": sections.repeats(run.document),
        "groups": [sections.group_section(table) for table in tables.values()],
        "widest": sections.widest(tables),
        "ablation": ablation_section(run.document),
        "robustness": conditions,
        "robustness_notes": sections.robustness_notes(conditions) if conditions else [],
    }


def _sound(excerpt: Excerpt) -> dict[str, Any]:
    """Return an excerpt for the page."""
    words = f"Spectrogram of {excerpt.mistake.file}, {excerpt.seconds:.1f} s, 0 to 8 kHz on a mel scale."
    return {
        "mistake": excerpt.mistake,
        "address": excerpt.address,
        "seconds": excerpt.seconds,
        "cut": excerpt.cut,
        "picture": Drawn(excerpt.light, excerpt.dark, words).element("spectrogram"),
    }


def _training(run: RunFolder) -> dict[str, Any]:
    recipe = run.document.get("recipe", {})
    return {
        "title": recipe.get("title") or recipe.get("name") or run.folder.resolve().name,
        "subtitle": _subtitle(run),
        "training": _training_sentence(run),
        "settings": _settings(recipe),
        "recipe_text": run.recipe,
        "run_name": shlex.quote(run.folder.as_posix()),
    }


def _data(run: RunFolder) -> dict[str, Any]:
    audit = sections.audit_of_all(run.document)
    findings = [sections.finding(check, found) for check, found in audit.items()]
    return {
        "corpora": run.manifest.get("training_data", []),
        "clips": run.clips,
        "protocol_meaning": PROTOCOLS.get(run.result.protocol, ""),
        "findings": findings,
        "leaks": [found for found in findings if found["verdict"] == "leak" and found["check"] != "selection"],
        "cautions": [found for found in findings if found["verdict"] == "notice"],
        "notices": run.document.get("notices", []),
        "failed": run.document.get("failed", []),
    }


def _subtitle(run: RunFolder) -> str:
    labels = run.result.labels
    corpora = ", ".join(str(corpus["name"]) for corpus in run.manifest.get("training_data", []))
    return f"{len(labels)} emotions: {', '.join(labels)}" + (f" · {corpora}" if corpora else "")


def _training_sentence(run: RunFolder) -> str:
    document = run.document
    words = []
    if document.get("parameters") is not None:
        words.append(f"{document['parameters']:,} parameters".replace(",", " "))
    if document.get("epochs") is not None:
        words.append(f"{document['epochs']} {_rows_name(run.history)}s, {_kept(run)} kept")
    if document.get("minutes") is not None:
        words.append(f"{document['minutes']:.1f} minutes")
    return "; ".join(words) + "." if words else ""


def _kept(run: RunFolder) -> str:
    """Return what the weights that were kept come from: an epoch, or a cost of an svm."""
    best, name = run.document.get("best_epoch"), _rows_name(run.history)
    return f"cost {run.history[best - 1]['cost']:g}" if best and name == "cost" else f"epoch {best}"


def _rows_name(history: Sequence[Mapping[str, float]]) -> str:
    return "cost" if history and "cost" in history[0] else "epoch"


def _settings(recipe: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the recipe's sections; lists as text, an empty one as a dash."""
    sections = {name: values for name, values in recipe.items() if isinstance(values, Mapping)}
    return {name: {key: _setting(value) for key, value in values.items()} for name, values in sections.items()}


def _setting(value: Any) -> Any:
    return (", ".join(map(str, value)) or "–") if isinstance(value, list | tuple) else value


def _confusion_words(result: Result, part: str) -> str:
    """Return the confusion matrix in words, for readers who cannot see it."""
    recalls = ", ".join(
        f"{label} {percent(scores['recall'])} %" for label, scores in result.per_class.items() if scores["support"]
    )
    return f"Confusion matrix of {result.clips} {part} clips. Recognised: {recalls}."


def _curves_words(history: Sequence[Mapping[str, float]], best: int | None) -> str:
    """Return the curves in words: what they show, and the scores of the row that was kept, or else of the last."""
    name = _rows_name(history)
    row = history[best - 1] if best else history[-1]
    losses = [
        f"{part} loss {row[key]:.3f}"
        for part, key in (("training", "train_loss"), ("validation", "valid_loss"))
        if key in row
    ]
    uars = [
        f"{part} UAR {percent(row[key])} %"
        for part, key in (("training", "train_uar"), ("validation", "valid_uar"))
        if key in row
    ]
    curves = "Loss and UAR" if name == "cost" else "Loss, UAR and learning rate"
    kept = "Kept" if best else "Last"
    return f"{curves} over {len(history)} {name}s. {kept} was {name} {row[name]:g}: {', '.join(losses + uars)}."
