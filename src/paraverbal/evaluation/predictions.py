"""A model's probabilities for the utterances of a corpus, with what is true of them.

This is the road of `paraverbal predict`: the exported graph, through onnxruntime; torch is not needed.
"""

import csv
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.read import info, read
from paraverbal.bundle.load import Answer, Model
from paraverbal.bundle.temperature import tempered
from paraverbal.corpora.corpus import Corpus
from paraverbal.errors import AudioError, CorpusError, TextError

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
        joined: Whether the rows are out of several joined corpora, even if these are all of one.
        dimensions: Arousal and the like that the model tells, name -> float64 `[clip]`; mostly none.
    """

    rows: tuple[Row, ...]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]
    failed: tuple[dict[str, str], ...]
    joined: bool = False
    dimensions: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def speakers(self) -> list[str | None]:
        """Who is heard in each clip, named with the corpus where there are several; None where it is not known."""
        return [_speaker(row, self.joined) for row in self.rows]

    def only(self, chosen: NDArray[np.bool_]) -> "Predictions":
        """Return the predictions of some rows, those where `chosen [clip]` is true; failures are left aside."""
        rows = tuple(row for row, keep in zip(self.rows, chosen, strict=True) if keep)
        dimensions = {name: values[chosen] for name, values in self.dimensions.items()}
        return Predictions(
            rows, self.truth[chosen], self.probabilities[chosen], self.labels, (), self.joined, dimensions
        )

    def tempered(self, temperature: float) -> "Predictions":
        """Return them as a model with this temperature gives them, in float32 as it does."""
        probabilities = tempered(self.probabilities, temperature).astype(np.float32).astype(np.float64)
        return replace(self, probabilities=probabilities)


def duration(corpus: Corpus, row: Row) -> float | None:
    """Return the seconds of an utterance, from the header of its file; None if that cannot be read."""
    start: float = row["start"] or 0.0
    try:
        end: float = row["end"] or info(corpus.path(row["file"])).seconds
    except AudioError:
        return None
    return end - start


def _speaker(row: Row, joined: bool) -> str | None:
    speaker: str | None = row["speaker"]
    return f"{row['corpus']}/{speaker}" if joined and speaker is not None else speaker


def clip_name(row: Row) -> str:
    """Return what names the utterance: its file, and its seconds where it is a part of that, as media fragments do."""
    if row["start"] is None and row["end"] is None:
        return str(row["file"])
    end = "" if row["end"] is None else f",{row['end']:.9g}"
    return f"{row['file']}#t={row['start'] or 0:.9g}{end}"


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

    def attempt(row: Row) -> Answer | AudioError | TextError:
        start, end = row["start"] or 0.0, row["end"]
        try:
            waveform, rate = read(corpus.path(row["file"]), offset=start, duration=None if end is None else end - start)
            return model.answer(waveform, rate, text=row["transcript"] if model.reads_text else None)
        except (AudioError, TextError) as error:
            return error

    with ThreadPoolExecutor(workers) as pool:
        outcomes = list(pool.map(attempt, rows))
    good = [(row, outcome) for row, outcome in zip(rows, outcomes, strict=True) if isinstance(outcome, Answer)]
    failed = tuple(
        {"file": row["file"], "error": str(outcome)}
        for row, outcome in zip(rows, outcomes, strict=True)
        if not isinstance(outcome, Answer)
    )
    truth = np.array([model.labels.index(row["emotion"]) for row, _ in good], dtype=np.int64)
    # The shape is written out: no clip and no dimension leave nothing to tell it from.
    probabilities = np.array([found.probabilities for _, found in good], dtype=np.float64)
    probabilities = probabilities.reshape(len(good), len(model.labels))
    told = np.array([found.dimensions for _, found in good], dtype=np.float64)
    told = told.reshape(len(good), len(model.dimensions))
    joined = corpus.table["corpus"].n_unique() > 1
    dimensions = dict(zip(model.dimensions, told.T, strict=True))
    return Predictions(
        tuple(row for row, _ in good), truth, probabilities, tuple(model.labels), failed, joined, dimensions
    )


def write_predictions(parts: dict[str, Predictions], path: Path, folds: Sequence[int] = ()) -> None:
    """Write `predictions.csv`: file, split, emotion, predicted, confidence, speaker, and `p_<label>` for each label.

    Then, for each dimension that the model tells, its name with what is true and `d_<dimension>` with what was told. An
    utterance that is a part of its file is named with its seconds, as `talk.wav#t=1.5,3`: each name is there once. `folds`
    says, for the one part of a cross-validation, in which fold each was tested; it becomes the last column.
    """
    first = next(iter(parts.values()))
    labels, dimensions = first.labels, list(first.dimensions)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        head = ["file", "split", "emotion", "predicted", "confidence", "speaker", *(f"p_{label}" for label in labels)]
        writer.writerow([*head, *dimensions, *(f"d_{name}" for name in dimensions), *(["fold"] if folds else [])])
        for part, predictions in parts.items():
            described = zip(predictions.rows, predictions.speakers, predictions.probabilities, strict=True)
            for place, (row, speaker, values) in enumerate(described):
                best = int(values.argmax())
                numbers = [f"{value:.6f}" for value in values]
                head = [clip_name(row), part, row["emotion"], labels[best], numbers[best], speaker or ""]
                true = ["" if row[name] is None else f"{row[name]:g}" for name in dimensions]
                told = [f"{predictions.dimensions[name][place]:.6g}" for name in dimensions]
                writer.writerow([*head, *numbers, *true, *told, *folds[place : place + 1]])
