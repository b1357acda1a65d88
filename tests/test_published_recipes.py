"""Every recipe that comes with paraverbal goes the whole road, made small: recordings, training, bundle, report."""

import csv
import dataclasses
import json
import sys

import numpy as np
import polars as pl
import pytest
import soundfile
import torch
from safetensors.torch import load_file

import paraverbal as pv
from paraverbal.audio.denoise import denoise
from paraverbal.audio.level import level
from paraverbal.audio.read import read
from paraverbal.bundle.load import Model, load_model
from paraverbal.config import parse_recipe, read_recipe, recipe_names
from paraverbal.corpora import read_corpus
from paraverbal.corpora.split import Split
from paraverbal.errors import MissingExtraError
from paraverbal.experiment import run
from paraverbal.models.model import SpeechModel

EMOTIONS = ["anger", "neutral", "sadness"]
RATE = 8000
EVERY = (
    f"audio.sampling_rate={RATE}",
    'split.emotions=["anger", "neutral", "sadness"]',
    "training.seed=3",
)
EPOCHS = 3
GRADIENTS = (f"training.epochs={EPOCHS}", "training.batch_size=6", "training.learning_rate=0.01", "model.dropout=0")
FRAMES = ("frontend.fft_size=256", "frontend.hop_length=128")
MEL = (*FRAMES, "frontend.bands=16", "frontend.fmax=4000")
CNN_LSTM = (*GRADIENTS, *MEL, "model.channels=[4, 8]", "model.lstm_units=8", "model.hidden_units=8", "augment.copies=1")
BLOCKS = (*GRADIENTS, "model.channels=[4, 4]", "model.pools=[2, 4]", "model.lstm_units=8")
SMALL = {
    "adaptive-cnn-3": (*GRADIENTS, *MEL, "model.channels=[4, 8, 8]"),
    "adaptive-cnn-4": (*GRADIENTS, *MEL, "model.channels=[4, 4, 8, 8]", "audio.denoise=none"),
    "baseline-cnn": (*GRADIENTS, *MEL, "model.channels=[4, 8]", "audio.seconds=1.0", "audio.hop_seconds=1.0"),
    "baseline-lstm": (*GRADIENTS, *MEL, "frontend.coefficients=8", "model.units=8"),
    "cnn-lstm": (*CNN_LSTM, "audio.seconds=1.0", "audio.hop_seconds=1.0"),
    "cnn-lstm-16khz": (*CNN_LSTM, "audio.seconds=1.5", "audio.hop_seconds=1.0"),
    "functionals-mlp": (*GRADIENTS, "model.widths=[8]"),
    "functionals-svm": ("model.costs=[0.3, 3.0]",),
    "mel-cnn-lstm": (*BLOCKS, *MEL),
    "mel-cnn-lstm-attention": (*BLOCKS, *MEL),
    "paraverbal-small": (
        *(*GRADIENTS, *MEL, "model.channels=[4, 8]", "model.units=8", "model.attention_units=4"),
        *("augment.crop_seconds=0.5", "augment.frequency_mask=[0, 2]", "training.select_by=wa"),
    ),
    "paraverbal-tiny": (
        *(*GRADIENTS, *MEL, "model.channels=[8]", "model.units=8", "model.attention_units=4"),
        *("augment.crop_seconds=0.5", "augment.frequency_mask=[0, 2]", "augment.mixup=0"),
    ),
    "paraverbal-robust": (
        *(*GRADIENTS, *MEL, "model.channels=[8]", "model.units=8", "model.attention_units=4"),
        *("augment.crop_seconds=0.5", "augment.frequency_mask=[0, 2]", "augment.mixup=0"),
    ),
    "resized-cnn-3": (*GRADIENTS, *MEL, "model.channels=[4, 4, 8]", "frontend.frames=32", "audio.denoise=adaptive"),
    "resized-cnn-4": (*GRADIENTS, *MEL, "model.channels=[4, 4, 8, 8]", "frontend.frames=48", "audio.denoise=none"),
    "spectral-svm": (*FRAMES, "frontend.bands=12", "frontend.coefficients=6", "model.costs=[0.3, 3.0]"),
    "time-cnn-lstm": (*FRAMES, *BLOCKS),
}
WHOLE_CLIPS = sorted(set(SMALL) - {"baseline-cnn", "cnn-lstm", "cnn-lstm-16khz"})  # the others cut windows
RESULT_KEYS = {
    "uar",
    "wa",
    "macro_f1",
    "loss",
    "labels",
    "per_class",
    "confusion",
    "intervals",
    "clips",
    "protocol",
    "selected_on",
    "audit",
    "parts",
    "recipe",
    "epochs",
    "best_epoch",
    "minutes",
    "parameters",
    "failed",
    "corpora",
    "notices",
}
COST_KEYS = ["cost", "train_wa", "train_uar", "valid_loss", "valid_wa", "valid_uar", "seconds"]
EPOCH_KEYS = ["epoch", "train_loss", *COST_KEYS[1:-1], "learning_rate", "seconds", "samples_per_second"]

every_recipe = pytest.mark.parametrize("name", sorted(SMALL))


def rows_of(path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def history_of(run) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run.folder / "history.jsonl").read_text().splitlines()]


class Lively(SpeechModel):
    """Begins with large weights in the last layer: after so few steps, answers would hardly differ from clip to clip."""

    def __init__(self, recipe, labels, tokenizer=None) -> None:
        super().__init__(recipe, labels, tokenizer)
        if hasattr(self.network, "output"):
            with torch.no_grad():
                self.network.output.weight.mul_(20)


@pytest.fixture(scope="module")
def trained(synthetic, tmp_path_factory):
    """Give the run of a recipe, trained when it is first asked for."""
    folder, runs = tmp_path_factory.mktemp("recipes"), {}

    def run_of(name):
        if name not in runs:
            recipe = read_recipe(name, [*EVERY, *SMALL[name]])
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(run, "SpeechModel", Lively)
                runs[name] = pv.train(recipe, synthetic, output=folder / name)
        return runs[name]

    return run_of


def test_every_recipe_is_tried_here() -> None:
    # Those that read text are tried in test_text_run.py: this corpus has no transcripts.
    assert sorted(SMALL) == [name for name in recipe_names() if not read_recipe(name).text.is_read]


@every_recipe
def test_a_recipe_goes_from_recordings_to_a_result(trained, name) -> None:
    run = trained(name)
    document = json.loads((run.folder / "result.json").read_text())
    assert document == run.document
    assert document.keys() >= RESULT_KEYS
    assert document["labels"] == EMOTIONS
    assert document["failed"] == []
    assert document["protocol"] == "speakers"
    assert list(document["parts"]) == ["train", "valid", "test"]
    for part in document["parts"].values():
        assert np.sum(part["confusion"]) == part["clips"] > 0
        assert np.isfinite([part["uar"], part["wa"], part["loss"]]).all()
    kept = read_recipe(run.folder / "recipe.toml")
    assert parse_recipe(document["recipe"]).frontend == kept.frontend
    assert "<html" in (run.folder / "report.html").read_text()


@every_recipe
def test_its_history_has_a_row_of_the_documented_keys_for_each_epoch_or_cost(trained, name) -> None:
    run = trained(name)
    rows = history_of(run)
    svm = name.endswith("-svm")
    assert all(list(row) == (COST_KEYS if svm else EPOCH_KEYS) for row in rows)
    assert len(rows) == run.document["epochs"] == (2 if svm else EPOCHS)
    best = rows[run.document["best_epoch"] - 1]
    select_by = run.document["recipe"]["training"]["select_by"]
    score = {"wa": "valid_wa", "uar": "valid_uar", "loss": "valid_loss", "last": "valid_wa"}[select_by]
    values = [row[score] for row in rows]
    if select_by == "last":
        assert best is rows[-1]
    else:
        assert best[score] == (min(values) if score == "valid_loss" else max(values))
    if score != "valid_loss":
        assert run.document["parts"]["valid"][score.removeprefix("valid_")] == pytest.approx(best[score])


@every_recipe
def test_its_bundle_predicts_what_the_run_wrote_down(trained, name, synthetic) -> None:
    run = trained(name)
    rows = rows_of(run.folder / "predictions.csv")
    assert len(rows) == 3 * 4 * 2  # emotions, speakers, repeats
    for row in (rows[0], rows[-1]):
        prediction = pv.predict(synthetic / row["file"], model=run.folder)
        assert prediction.emotion == row["predicted"]
        expected = [float(row[f"p_{label}"]) for label in EMOTIONS]
        assert list(prediction.probabilities.values()) == pytest.approx(expected, abs=2e-6)
        assert sum(expected) == pytest.approx(1, abs=1e-5)


def untempered(run, **changes) -> Model:
    """Return the bundle of a run with the probabilities of its network; a temperature may make them all alike."""
    model = load_model(run.folder)
    model.manifest = dataclasses.replace(model.manifest, temperature=1.0, **changes)
    return model


def reloaded(run) -> SpeechModel:
    """Return the network of a run, built from its manifest and weights."""
    manifest = load_model(run.folder).manifest
    model = SpeechModel(parse_recipe(manifest.recipe), manifest.labels)
    weights = load_file(run.folder / "bundle" / "model.safetensors")
    model.load_state_dict(weights)
    return model.eval()


@pytest.mark.parametrize("name", WHOLE_CLIPS)
def test_a_bundle_of_whole_clips_answers_as_the_network_does_on_the_whole_clip(trained, name, synthetic) -> None:
    bundle, model = untempered(trained(name)), reloaded(trained(name))
    manifest, answers, expected = bundle.manifest, [], []
    assert manifest.short == "keep"
    for file in ("anger/s1_01.flac", "sadness/s4_02.flac", "neutral/s2_01.flac"):
        waveform, _ = read(synthetic / file, sampling_rate=RATE)
        assert len(waveform) / RATE <= manifest.seconds
        heard = level(denoise(waveform, RATE, manifest.denoise), manifest.level)
        with torch.inference_mode():
            expected.append(model(torch.from_numpy(heard).unsqueeze(0)).softmax(1).numpy()[0])
        answers.append(bundle(waveform, RATE))
    np.testing.assert_allclose(answers, expected, atol=1e-4)
    spread = np.ptp(expected, axis=0).max()
    assert spread > 2e-4  # it listens, and what tells the clips apart is the same too
    np.testing.assert_allclose(np.diff(answers, axis=0), np.diff(expected, axis=0), atol=0.05 * spread)


@every_recipe
def test_the_manifest_says_what_is_done_before_the_graph(trained, name) -> None:
    run = trained(name)
    manifest, audio = load_model(run.folder).manifest, read_recipe(name, SMALL[name]).audio
    assert (manifest.short, manifest.denoise, manifest.level) == (audio.short, audio.denoise, audio.level)
    assert manifest.sampling_rate == RATE
    assert manifest.minimum_samples == reloaded(run).minimum_samples
    assert manifest.layers


def test_the_longest_training_clip_is_the_window_where_it_is_asked_for(trained, synthetic) -> None:
    run = trained("time-cnn-lstm")
    longest = max(
        soundfile.info(synthetic / row["file"]).duration
        for row in rows_of(run.folder / "split.csv")
        if row["split"] == "train"
    )
    assert load_model(run.folder).manifest.seconds == pytest.approx(longest, abs=1 / RATE)
    assert read_recipe(run.folder / "recipe.toml").audio.seconds == "longest"


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_bundle_answers_to_silence_and_to_a_clip_of_a_few_samples(trained, name) -> None:
    model = load_model(trained(name).folder)
    for waveform in (np.zeros(RATE), np.zeros(3), np.float32([0.5, -0.5, 0.25]), np.full(RATE // 100, 1e-4)):
        probabilities = model(waveform.astype(np.float32), RATE)
        assert np.isfinite(probabilities).all()
        assert probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["adaptive-cnn-3", "resized-cnn-3"])
def test_a_bundle_with_noise_reduction_says_what_to_install(trained, name, synthetic, monkeypatch) -> None:
    run = trained(name)
    file = synthetic / "anger" / "s1_01.flac"
    pv.predict(file, model=run.folder)
    monkeypatch.setitem(sys.modules, "noisereduce", None)
    with pytest.raises(MissingExtraError, match=r"needs noisereduce.*pip install 'paraverbal\[denoise\]'"):
        pv.predict(file, model=run.folder)
    pv.predict(file, model=trained("adaptive-cnn-4").folder)


@pytest.mark.parametrize("name", ["adaptive-cnn-3", "resized-cnn-3"])
def test_noise_reduction_is_part_of_what_the_bundle_answers(trained, name, synthetic) -> None:
    speech, _ = read(synthetic / "anger" / "s1_01.flac", sampling_rate=RATE)
    noise = 0.05 * np.random.default_rng(0).standard_normal(RATE + len(speech))
    noisy = (np.pad(speech, (RATE, 0)) + noise).astype(np.float32)
    with_it, without = (untempered(trained(name), **changes)(noisy, RATE) for changes in ({}, {"denoise": "none"}))
    assert np.abs(with_it - without).max() > 1e-3


@pytest.mark.parametrize("name", ["baseline-lstm", "spectral-svm"])
def test_a_class_that_is_not_among_the_validation_clips_trains_and_the_gap_is_told(synthetic, tmp_path, name) -> None:
    corpus = read_corpus(synthetic).filter(emotions=EMOTIONS)
    parts = {"s1": "train", "s2": "train", "s3": "valid", "s4": "test"}
    rows = [
        {"file": row["file"], "emotion": row["emotion"], "fold": 1, "split": parts[row["speaker"]]}
        for row in corpus.table.iter_rows(named=True)
        if not (row["emotion"] == "neutral" and parts[row["speaker"]] == "valid")
    ]
    recipe, lines = read_recipe(name, [*EVERY, *SMALL[name]]), []
    run = pv.train(recipe, corpus, output=tmp_path / "run", split=Split(pl.DataFrame(rows)), progress=lines.append)
    assert any(line.startswith("notice: 2 of 24 clips of the corpus are not in the split") for line in lines)
    valid = run.document["parts"]["valid"]
    assert run.document["labels"] == EMOTIONS
    assert valid["per_class"]["neutral"]["support"] == 0
    assert np.isfinite([valid["uar"], run.document["uar"], valid["loss"]]).all()
    recalls = [one["recall"] for label, one in valid["per_class"].items() if label != "neutral"]
    assert valid["uar"] == pytest.approx(np.mean(recalls))
