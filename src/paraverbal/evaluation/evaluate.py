"""A model on a corpus -> Result."""

from pathlib import Path
from typing import Any

from paraverbal.audit import audit
from paraverbal.bundle.load import Model, load_model
from paraverbal.corpora import read_corpus
from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.split import Split, official, reject_lone_fold
from paraverbal.corpora.split import read as read_split
from paraverbal.errors import CorpusError
from paraverbal.evaluation.predictions import Predictions, predict_rows
from paraverbal.evaluation.protocol import Result


def evaluate(
    model: Model | str | Path | None,
    corpus: Corpus | str | Path,
    *,
    split: Split | str | Path | None = None,
    fold: int | None = None,
) -> Result:
    """Score a model on the test part of a split, or on a whole corpus.

    Args:
        model: A model, its name, its bundle or its run folder; None takes the bundled default.
        corpus: A corpus, or where to read one.
        split: Which clips are the test part; None takes all clips of the corpus.
        fold: Which fold of `split`; may be left out if it has one.

    Returns:
        The scores; `audit` says whether the model may have been trained on what it was asked.

    Raises:
        BundleError, CorpusError, LabelError, SplitError: The request is wrong, or the corpus has emotions that the model
            does not know.
    """
    return evaluate_predictions(model, corpus, split=split, fold=fold)[0]


def evaluate_predictions(
    model: Model | str | Path | None,
    corpus: Corpus | str | Path,
    *,
    split: Split | str | Path | None = None,
    fold: int | None = None,
) -> tuple[Result, Predictions]:
    """Do as `evaluate`, and return the predictions of the clips too."""
    model = model if isinstance(model, Model) else load_model(model)
    corpus = corpus if isinstance(corpus, Corpus) else read_corpus(corpus)
    selected_on = model.manifest.scores.get("selected_on", "valid")
    rows = list(corpus.table.iter_rows(named=True))
    findings: dict[str, Any] = {}
    if split is None:
        reject_lone_fold(fold)
    else:
        split = official(corpus, split if isinstance(split, Split) else read_split(split), fold=fold)
        findings = audit(corpus, split, selected_on=selected_on, listen=True)
        test = set(split.files("test"))
        rows = [row for row in rows if row["file"] in test]
    predictions = predict_rows(model, corpus, rows)
    if not len(predictions.truth):
        raise CorpusError(f"{corpus.name}: none of the {len(rows)} recordings can be used")
    result = Result.from_predictions(
        predictions.truth,
        predictions.probabilities,
        labels=predictions.labels,
        protocol="all clips" if split is None else "official",
        selected_on=selected_on,
        speakers=predictions.speakers,
        audit={**findings, **_trained_on(model, corpus, whole=split is None)},
    )
    return result, predictions


def _trained_on(model: Model, corpus: Corpus, *, whole: bool) -> dict[str, Any]:
    """Return the finding whether the model was trained on this corpus."""
    trained_on = {str(data.get("name")) for data in model.manifest.training_data}
    shared = sorted(trained_on & {one.name for one in corpus.origins})
    if not trained_on:
        detail = "the bundle does not say what the model was trained on, so whether it has heard these clips is unknown"
        return {"training_data": _finding("notice", detail, [])}
    if not shared:
        detail = (
            "no corpus of this name was trained on; recordings are not compared, so a copy by another name is not seen"
        )
        return {"training_data": _finding("notice", detail, [])}
    detail = f"the model was trained on clips of {', '.join(shared)}: " + (
        "these scores hold clips it has seen; give --split with the split.csv of its training"
        if whole
        else "the scores are fair only if this is the split that it was trained with"
    )
    return {"training_data": _finding("leak" if whole else "notice", detail, shared)}


def _finding(verdict: str, detail: str, items: list[str]) -> dict[str, Any]:
    return {"check": "training_data", "verdict": verdict, "detail": detail, "items": items}
