"""A model's probabilities for the utterances of a corpus, with what is true of them.

This is the road of `paraverbal predict`: the exported graph, through onnxruntime; torch is not needed.
"""

import csv
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.read import read
from paraverbal.bundle.load import Model
from paraverbal.bundle.temperature import tempered
from paraverbal.corpora.corpus import Corpus
from paraverbal.errors import AudioError, CorpusError

Row = dict[str, Any]


@dataclass(frozen=True)
class Predictions:
    """What a model said of each utterance that could be read.

    Attributes:
        rows: The corpus's rows, in the order given.
        truth: Index of each row's emotion in `labels`, `[clip]`.
        probabilities: float64 `[clip, label]`.
        labels: Emotions in the order of the model.
        failed: `{file, error}` of each utterance that could not be read.
    """

    rows: tuple[Row, ...]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]
    failed: tuple[dict[str, str], ...]

    def only(self, chosen: NDArray[np.bool_]) -> "Predictions":
        """Return the predictions of some rows, those where `chosen [clip]` is true; failures are left aside."""
        rows = tuple(row for row, keep in zip(self.rows, chosen, strict=True) if keep)
        return Predictions(rows, self.truth[chosen], self.probabilities[chosen], self.labels, ())

    def tempered(self, temperature: float) -> "Predictions":
        """Return them as a model with this temperature gives them, in float32 as it does."""
        probabilities = tempered(self.probabilities, temperature).astype(np.float32).astype(np.float64)
        return replace(self, probabilities=probabilities)


def predict_rows(model: Model, corpus: Corpus, rows: Sequence[Row], *, workers: int = 2) -> Predictions:
    """Predict rows of a corpus, several at a time.

    Raises:
        CorpusError: A row's emotion is none of the model's labels.
    """
    unknown = sorted({row["emotion"] for row in rows} - set(model.labels))
    if unknown:
        shared = ",".join(sorted(set(corpus.emotions) & set(model.labels)))
        remedy = f"evaluate on the emotions it knows: --emotions {shared}" if shared else "they have none in common"
        raise CorpusError(
            f"{corpus.name}: the model does not know {', '.join(unknown)} (it knows {', '.join(model.labels)}); {remedy}"
        )

    def attempt(row: Row) -> NDArray[np.float32] | AudioError:
        start, end = row["start"] or 0.0, row["end"]
        try:
            waveform, rate = read(corpus.path(row["file"]), offset=start, duration=None if end is None else end - start)
            return model(waveform, rate)
        except AudioError as error:
            return error

    with ThreadPoolExecutor(workers) as pool:
        outcomes = list(pool.map(attempt, rows))
    good = [(row, outcome) for row, outcome in zip(rows, outcomes, strict=True) if not isinstance(outcome, AudioError)]
    failed = tuple(
        {"file": row["file"], "error": str(outcome)}
        for row, outcome in zip(rows, outcomes, strict=True)
        if isinstance(outcome, AudioError)
    )
    truth = np.array([model.labels.index(row["emotion"]) for row, _ in good], dtype=np.int64)
    probabilities = np.array([outcome for _, outcome in good], dtype=np.float64).reshape(-1, len(model.labels))
    return Predictions(tuple(row for row, _ in good), truth, probabilities, tuple(model.labels), failed)


def write_predictions(parts: dict[str, Predictions], path: Path) -> None:
    """Write `predictions.csv`: file, split, emotion, predicted, confidence, and `p_<label>` for each label."""
    labels = next(iter(parts.values())).labels
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "split", "emotion", "predicted", "confidence", *(f"p_{label}" for label in labels)])
        for part, predictions in parts.items():
            for row, values in zip(predictions.rows, predictions.probabilities, strict=True):
                best = int(values.argmax())
                numbers = [f"{value:.6f}" for value in (values[best], *values)]
                writer.writerow([row["file"], part, row["emotion"], labels[best], *numbers])
