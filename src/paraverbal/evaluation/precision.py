"""What weights of 8 bits cost: a model and its quantized copy on the same clips."""

from collections.abc import Callable
from typing import Any

import numpy as np

from paraverbal.bundle.load import Model
from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.split import Split, official
from paraverbal.errors import CorpusError
from paraverbal.evaluation.predictions import Predictions, predict_rows
from paraverbal.metrics import classes as scores
from paraverbal.metrics.comparison import paired_bootstrap

PARTS = ("valid", "test")


def precision_loss(
    full: Model, quantized: Model, corpus: Corpus, split: Split, progress: Callable[[str], None] | None = None
) -> dict[str, dict[str, Any]]:
    """Return what is lost on the clips that neither model was trained on.

    Args:
        full: The model with weights as trained.
        quantized: The same with rounded weights.
        corpus: The recordings.
        split: Which of them are the validation and the test part of the training.
        progress: Told of each part before it is heard.

    Returns:
        For `valid` and `test`: `clips`, `uar`, `wa`, `loss` of the quantized model; `uar_fp32`, `wa_fp32`, `loss_fp32`; `lost`,
        the UAR of the full less that of the quantized, with `interval` (95 %, speakers drawn whole; None with fewer than two)
        and `p`; `same`, the share of clips that get the same answer. A part without clips is left out.

    Raises:
        SplitError: The split does not fit the corpus.
        CorpusError: No clip of these parts can be used.
    """
    parts = official(corpus, split)
    found = {}
    for part in PARTS:
        files = set(parts.files(part))
        rows = [row for row in corpus.table.iter_rows(named=True) if row["file"] in files]
        if progress is not None:
            progress(f"{part}: {len(rows)} clips with both precisions")
        first, second = (predict_rows(model, corpus, rows) for model in (full, quantized))
        if len(first.truth):
            found[part] = _lost(first, second)
    if not found:
        raise CorpusError(
            f"{corpus.name}: none of the validation and test clips can be used; give the corpora of the training"
        )
    return found


def _lost(full: Predictions, quantized: Predictions) -> dict[str, Any]:
    truth, classes = full.truth, len(full.labels)
    before, after = (found.probabilities.argmax(axis=1) for found in (full, quantized))
    difference = paired_bootstrap(truth, before, after, classes, groups=full.speakers).uar
    document: dict[str, Any] = {"clips": len(truth)}
    for suffix, found, told in (("", quantized, after), ("_fp32", full, before)):
        document[f"uar{suffix}"] = float(scores.uar(truth, told, classes))
        document[f"wa{suffix}"] = float(scores.accuracy(truth, told))
        document[f"loss{suffix}"] = float(scores.cross_entropy(truth, found.probabilities))
    return document | {
        "lost": difference.value,
        "interval": None if difference.interval is None else list(difference.interval),
        "p": difference.p,
        "same": float(np.mean(before == after)),
    }
