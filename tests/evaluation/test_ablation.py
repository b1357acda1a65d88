"""Ablation: the same clips under each condition, by a stand-in whose answers are known."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from paraverbal.corpora import Corpus, read_corpus
from paraverbal.evaluation.ablation import ablate, ablation_document, file_name, write_ablation
from paraverbal.evaluation.compare import read_predictions
from paraverbal.evaluation.predictions import Predictions

LABELS = ("anger", "calm", "sadness")
SPOKEN = {"anger": 0.9, "calm": 0.1, "sadness": 0.1}  # loudness: the voice knows anger alone
WORDS = {"anger": "words", "calm": "rest", "sadness": "tears"}  # the text knows the others


class Model:
    """Hears loudness, reads one word; each gives half of a probability."""

    modalities: tuple[str, ...] = ("audio", "text")
    reads_text = True
    sampling_rate = 8000

    def token_ids(self, text: str) -> Any:
        return np.arange(len(text.split()))

    def answer(self, waveform: Any, rate: float, *, text: str | None = None) -> Any:
        votes = np.ones(3) / 30
        if waveform is not None:
            votes += np.array([1, 0, 0]) if np.abs(waveform).max() > 0.5 else np.array([0, 0.5, 0.5])
        if text is not None and text != "words":
            votes += np.array([0, 1, 0]) if text == "rest" else np.array([0, 0, 1])
        return SimpleNamespace(probabilities=(votes / votes.sum()).astype(np.float32))


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    lines = ["file,emotion,speaker,transcript"]
    for number in range(24):
        emotion = LABELS[number % 3]
        soundfile.write(tmp_path / f"{number}.wav", np.full(800, SPOKEN[emotion], np.float32), 8000)
        words = "" if number == 21 else WORDS[emotion]
        lines.append(f"{number}.wav,{emotion},s{number % 4},{words}")
    (tmp_path / "clips.csv").write_text("\n".join(lines))
    return read_corpus(tmp_path / "clips.csv")


def predictions(model: Any, corpus: Corpus) -> Predictions:
    rows = tuple(corpus.table.iter_rows(named=True))
    answers = [
        model.answer(np.full(9, SPOKEN[row["emotion"]]), 8000, text=row["transcript"]).probabilities for row in rows
    ]
    truth = np.array([LABELS.index(row["emotion"]) for row in rows])
    return Predictions(rows, truth, np.array(answers, dtype=np.float64), LABELS, ())


def test_each_condition_is_scored_on_the_same_clips(corpus: Corpus) -> None:
    found = ablate(Model(), corpus, predictions(Model(), corpus))  # type: ignore[arg-type]
    document = ablation_document(found)
    scores = {row["name"]: row["uar"] for row in document["results"]}
    assert document["clips"] == 23  # one has no transcript
    assert scores["both"] == 1
    # The voice knows anger and guesses calm for the two others; the text knows the others and guesses anger for the rest.
    assert scores["audio only"] == pytest.approx(2 / 3)
    assert scores["text only"] == 1
    assert scores["shuffled text"] < 0.9
    first = document["pairs"][0]
    assert (first["first"], first["second"]) == ("both", "audio only")
    assert first["uar_difference"] == pytest.approx(1 / 3)


def test_shares_say_who_decided_what(corpus: Corpus) -> None:
    shares = ablation_document(ablate(Model(), corpus, predictions(Model(), corpus)))["shares"]  # type: ignore[arg-type]
    assert shares["anger"]["audio"] > 0.5
    assert abs(shares["anger"]["text"]) < 0.1
    assert shares["calm"]["text"] > shares["calm"]["audio"]
    assert shares.keys() == {"all", *LABELS}


def test_shuffled_texts_are_those_of_the_clips_and_the_same_each_time(corpus: Corpus) -> None:
    given = predictions(Model(), corpus)
    first, again = (ablate(Model(), corpus, given)["shuffled text"] for _ in range(2))  # type: ignore[arg-type]
    assert np.array_equal(first.probabilities, again.probabilities)


def test_a_model_of_text_alone_is_asked_with_shuffled_texts(corpus: Corpus) -> None:
    class Words(Model):
        modalities = ("text",)

    found = ablate(Words(), corpus, predictions(Words(), corpus))  # type: ignore[arg-type]
    assert list(found) == ["text", "shuffled text"]
    assert ablation_document(found)["shares"] == {}


def test_a_model_of_the_voice_alone_has_none(corpus: Corpus) -> None:
    class Voice(Model):
        reads_text = False

    assert ablate(Voice(), corpus, predictions(Model(), corpus)) == {}  # type: ignore[arg-type]
    assert ablation_document({}) == {}


def test_what_is_written_can_be_read_again(corpus: Corpus, tmp_path: Path) -> None:
    found = ablate(Model(), corpus, predictions(Model(), corpus))  # type: ignore[arg-type]
    write_ablation(found, tmp_path)
    for name, one in found.items():
        kept = read_predictions(tmp_path / "ablation" / f"{file_name(name)}.csv")
        np.testing.assert_allclose(kept.probabilities, one.probabilities, atol=1e-6)
