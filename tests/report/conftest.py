"""A made-up run folder, complete enough for every section of the report."""

import copy
import csv
import json

import numpy as np
import pytest

from paraverbal.evaluation.calibration import calibrate, calibration_document
from paraverbal.evaluation.groups import group_scores
from paraverbal.evaluation.predictions import Predictions
from paraverbal.evaluation.protocol import Result, Training, read_document, run_document, write_document
from paraverbal.evaluation.robustness import ConditionScores, RobustnessTable

LABELS = ("anger", "disgust", "fear", "happiness", "sadness")
RECIPE = {
    "name": "cnn-lstm",
    "title": "CNN + BiLSTM on a 48 kHz log-mel spectrogram",
    "audio": {"sampling_rate": 48000, "seconds": 3.0},
    "model": {"family": "cnn-lstm", "channels": [32, 64, 128]},
    "training": {"epochs": 200, "select_on": "valid"},
}
AUDIT = {
    "shared_speakers": {
        "check": "shared_speakers",
        "verdict": "leak",
        "detail": "speakers are in two parts, so the score does not hold for new speakers",
        "items": {"train/test": ["03", "05"]},
    },
    "small_classes": {
        "check": "small_classes",
        "verdict": "notice",
        "detail": "fewer than 5 test clips of fear (3), so their recall says little",
        "items": {"fear": 3},
    },
    "selection": {"check": "selection", "verdict": "ok", "detail": "chosen on validation clips", "items": {}},
}

COUNTED = {
    **AUDIT,
    "speakers_and_classes": {
        "check": "speakers_and_classes",
        "verdict": "notice",
        "detail": "1 of 6 speakers lack an emotion, so a voice may tell the emotion",
        "items": {"03": {"anger": 12, "fear": 0}},
    },
}


def scored(clips, sharpness, seed, audit=None, selected_on="valid", labels=LABELS):
    """A Result of random predictions that lean to the truth."""
    truth, probabilities = drawn(clips, sharpness, seed, labels)
    return Result.from_predictions(
        truth, probabilities, labels=labels, protocol="holdout", selected_on=selected_on, audit=audit
    )


def drawn(clips, sharpness, seed, labels=LABELS):
    generator = np.random.default_rng(seed)
    truth = np.arange(clips) % len(labels)
    logits = generator.normal(0, 1.6, (clips, len(labels)))
    logits[np.arange(clips), truth] += sharpness
    powers = np.exp(logits)
    return truth, powers / powers.sum(axis=1, keepdims=True)


@pytest.fixture(scope="session")
def result():
    return scored(149, 3.2, 0, AUDIT)


@pytest.fixture
def make_run(tmp_path):
    """Writes a run folder: make_run(audit=..., selected_on=...)."""
    return lambda **changes: write_run(tmp_path / "a run", **changes)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """A run folder as it is, for tests that change nothing in it."""
    return write_run(tmp_path_factory.mktemp("runs") / "a run")


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory):
    """A run folder that tells all that can be told of scores, for tests that change nothing in it."""
    folder = write_run(tmp_path_factory.mktemp("evaluated") / "run", COUNTED)
    document = read_document(folder / "result.json")
    write_document({**document, **worth()}, folder / "result.json")
    return folder


@pytest.fixture(scope="session")
def make_history():
    """Rows of history.jsonl: make_history(epochs)."""
    return history


@pytest.fixture(scope="session")
def svm_history():
    return costs()


@pytest.fixture
def manifest():
    return copy.deepcopy(MANIFEST)


def write_run(folder, audit=AUDIT, selected_on="valid"):
    (folder / "bundle").mkdir(parents=True)
    parts = {
        "train": scored(420, 6, 1),
        "valid": scored(75, 3.4, 2),
        "test": scored(149, 3.2, 0, audit, selected_on),
    }
    training = Training(
        recipe=RECIPE,
        epochs=40,
        best_epoch=31,
        minutes=12.3,
        parameters=2_752_197,
        failed=[{"file": "fear/f08 (1).wav", "error": "no samples <empty>"}],
    )
    write_document(run_document(parts, training), folder / "result.json")
    write_document(MANIFEST, folder / "bundle" / "bundle.json")
    (folder / "recipe.toml").write_text('title = "CNN + BiLSTM"\n')
    (folder / "history.jsonl").write_text("\n".join(json.dumps(row) for row in history(40)) + "\n")
    write_rows(folder / "predictions.csv", prediction_rows())
    write_rows(folder / "split.csv", split_rows())
    return folder


def worth():
    """What a run tells of its scores beside the scores; half of the speakers are understood worse."""
    valid, test = predictions(100, 3.4, 2), predictions(149, 3.2, 0)
    tables = group_scores(test, draws=50)
    rows = [
        ConditionScores("clean", "as it was recorded", 0.8, 0.81, 0.6, (0.7, 0.9), 0.0, None, None),
        ConditionScores("noise_0_db", "white noise", 0.5, 0.52, 1.4, (0.4, 0.6), 0.3, (0.2, 0.4), 0.0004),
    ]
    left_out = {"mp3": "this libsndfile writes no MP3"}
    return {
        **{key: value for key, value in scored_by_speaker(test).items() if key != "audit"},
        "calibration": calibration_document(calibrate(valid), test),
        "groups": {name: table.to_dict() for name, table in tables.items()},
        "robustness": RobustnessTable(tuple(rows), 149, 6, 0, left_out, (), None).to_dict(),
    }


def scored_by_speaker(found):
    return Result.from_predictions(
        found.truth,
        found.probabilities,
        labels=LABELS,
        protocol="loso",
        selected_on="valid",
        speakers=found.speakers,
    ).to_dict()


def predictions(clips, sharpness, seed):
    truth, probabilities = drawn(clips, sharpness, seed)
    rows = tuple(
        {"file": f"{clip}.wav", "speaker": f"s{clip % 6}", "sex": "female" if clip % 2 else "male", "corpus": "made-up"}
        for clip in range(clips)
    )
    return Predictions(rows, truth, probabilities, LABELS, ())


def history(epochs):
    decay = [np.exp(-epoch / 9) for epoch in range(epochs)]
    return [
        {
            "epoch": epoch + 1,
            "train_loss": 0.1 + 1.5 * left,
            "train_wa": 0.95 - 0.7 * left,
            "train_uar": 0.94 - 0.7 * left,
            "valid_loss": 0.62 + left + 0.06 * np.sin(epoch * 1.7) + 0.004 * epoch,
            "valid_wa": 0.86 - 0.6 * left + 0.02 * np.cos(epoch * 2.3),
            "valid_uar": 0.84 - 0.6 * left + 0.02 * np.sin(epoch * 2.9),
            "learning_rate": 1e-3 * 0.5 ** (epoch // 12),
            "seconds": 18.0,
        }
        for epoch, left in enumerate(decay)
    ]


def costs():
    """Rows of the history.jsonl of an svm."""
    tried = ((0.01, 0.3, 0.28), (0.1, 0.6, 0.5), (1.0, 0.9, 0.6), (10.0, 1.0, 0.58))
    return [
        {
            "cost": cost,
            "train_wa": train,
            "train_uar": train,
            "valid_loss": 1.2,
            "valid_wa": valid,
            "valid_uar": valid,
            "seconds": 2.0,
        }
        for cost, train, valid in tried
    ]


def prediction_rows():
    truth, probabilities = drawn(149, 3.2, 0)
    return [
        {
            "file": f"{LABELS[true]}/clip_{index:03d}.wav",
            "split": "test",
            "emotion": LABELS[true],
            "predicted": LABELS[row.argmax()],
            "confidence": f"{row.max():.4f}",
            **{f"p_{label}": f"{value:.4f}" for label, value in zip(LABELS, row, strict=True)},
        }
        for index, (true, row) in enumerate(zip(truth, probabilities, strict=True))
    ]


def split_rows():
    return [
        {"file": f"{label}/{part}_{clip}.wav", "emotion": label, "fold": 1, "split": part}
        for label in LABELS
        for part, clips in (("train", 84), ("valid", 15), ("test", 30))
        for clip in range(clips)
    ]


def write_rows(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


SCORES = {"uar": 0.842, "wa": 0.846, "macro_f1": 0.841, "loss": 0.61, "clips": 149}
MANIFEST = {
    "format": 1,
    "name": "cnn-lstm",
    "labels": list(LABELS),
    "sampling_rate": 48000,
    "seconds": 3.0,
    "hop_seconds": 3.0,
    "level": "none",
    "minimum_samples": 48000,
    "parameters": 2_752_197,
    "layers": [],
    "recipe": RECIPE,
    "training_data": [
        {"name": "AESDD", "licence": "research only", "source": "https://m3c.web.auth.gr/research/aesdd", "clips": 604}
    ],
    "licence": "CC BY-NC-SA 4.0",
    "scores": {"protocol": "holdout", "selected_on": "valid", "valid": SCORES, "test": SCORES},
    "temperature": 1.0,
    "graph": {"file": "model.onnx", "input": "waveform", "output": "probabilities"},
}
