"""What voice and text each are worth to a model: the same test clips without the one, without the other, with others' texts.

A model that reads text is asked again with the voice alone, the text alone, and the texts shuffled among the clips. If shuffled
texts serve as well as the right ones, the model does not use what they say; if the voice alone does, it need not have read them.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.read import read
from paraverbal.bundle.load import Model
from paraverbal.corpora.corpus import Corpus
from paraverbal.evaluation.compare import PredictionTable, compare
from paraverbal.evaluation.predictions import Predictions, Row, clip_name, write_predictions
from paraverbal.inference.shares import two_shares

BOTH, AUDIO_ONLY, TEXT_ONLY, TEXT, SHUFFLED = "both", "audio only", "text only", "text", "shuffled text"
CONDITIONS = (BOTH, AUDIO_ONLY, TEXT_ONLY, TEXT, SHUFFLED)
# Of a run: the predictions of each condition, as `paraverbal compare` reads them.
FOLDER = "ablation"
SEED = 0


def ablate(model: Model, corpus: Corpus, found: Predictions, *, workers: int = 2) -> dict[str, Predictions]:
    """Return the predictions of the same clips under each condition; those that were given come first.

    Args:
        model: A model that reads text; of another nothing is returned.
        corpus: Where the clips are.
        found: What the model said of the clips with all it takes. Clips without a text that it can read are left out.
        workers: Clips that are asked at once.
    """
    chosen = np.array([_is_readable(model, row) for row in found.rows], dtype=bool)
    if not chosen.any():
        return {}
    full = found.only(chosen)
    places = np.random.default_rng(SEED).permutation(len(full.rows))
    others = [full.rows[place]["transcript"] for place in places]
    names = (AUDIO_ONLY, TEXT_ONLY, SHUFFLED) if len(model.modalities) > 1 else (SHUFFLED,)
    with ThreadPoolExecutor(workers) as pool:
        answers = np.array(list(pool.map(lambda row, other: _answers(model, corpus, row, other), full.rows, others)))
    first = BOTH if len(model.modalities) > 1 else TEXT
    return {first: full} | {
        name: replace(full, probabilities=answers[:, place], dimensions={}) for place, name in enumerate(names)
    }


def ablation_document(found: Mapping[str, Predictions]) -> dict[str, Any]:
    """Return scores of each condition, paired tests of each two, and shares, as JSON types; empty without conditions.

    The shares are what voice and text add to the probability of what was decided (`inference/shares.py`), the mean over all
    clips under `all`, and over those of each emotion.
    """
    if not found:
        return {}
    tables = [_table(name, one) for name, one in found.items()]
    return {"clips": len(tables[0].files), **compare(tables).to_dict(), "shares": _shares(found)}


def write_ablation(found: Mapping[str, Predictions], folder: Path) -> None:
    """Write the predictions of each condition into a run folder, as `ablation/audio-only.csv`."""
    for name, one in found.items():
        path = folder / FOLDER / f"{file_name(name)}.csv"
        path.parent.mkdir(exist_ok=True)
        write_predictions({"test": one}, path)


def file_name(condition: str) -> str:
    """Return how the file of a condition is called, without its ending."""
    return condition.replace(" ", "-")


def _is_readable(model: Model, row: Row) -> bool:
    return model.reads_text and row["transcript"] is not None and len(model.token_ids(row["transcript"])) > 0


def _answers(model: Model, corpus: Corpus, row: Row, other: str) -> NDArray[np.float32]:
    """Return the probabilities of a clip under each condition but the full one, `[condition, label]`."""
    if len(model.modalities) < 2:
        return model.answer(None, model.sampling_rate, text=other).probabilities[np.newaxis]
    start, end = row["start"] or 0.0, row["end"]
    waveform, rate = read(corpus.path(row["file"]), offset=start, duration=None if end is None else end - start)
    alone = model.answer(waveform, rate)
    read_alone = model.answer(None, rate, text=row["transcript"])
    return np.stack([one.probabilities for one in (alone, read_alone, model.answer(waveform, rate, text=other))])


def _table(name: str, found: Predictions) -> PredictionTable:
    return PredictionTable(
        name=name,
        files=tuple(clip_name(row) for row in found.rows),
        truth=found.truth,
        predicted=found.probabilities.argmax(axis=1),
        probabilities=found.probabilities,
        labels=found.labels,
        speakers=tuple(found.speakers) if any(found.speakers) else None,
    )


def _shares(found: Mapping[str, Predictions]) -> dict[str, dict[str, float]]:
    if BOTH not in found:
        return {}
    both = found[BOTH]
    parts = two_shares(both.probabilities, found[AUDIO_ONLY].probabilities, found[TEXT_ONLY].probabilities)
    groups = {"all": np.ones(len(both.truth), dtype=bool)}
    groups |= {label: both.truth == place for place, label in enumerate(both.labels)}
    return {
        name: {kind: float(part[chosen].mean()) for kind, part in zip(("audio", "text"), parts, strict=True)}
        for name, chosen in groups.items()
        if chosen.any()
    }
