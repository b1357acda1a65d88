"""When a training ends: because it diverges, because patience does, and which epoch is then kept."""

import json
import math

import numpy as np
import pytest
import torch

from paraverbal.batches import ClipFeatures
from paraverbal.config import read_recipe
from paraverbal.errors import RunError
from paraverbal.models.model import SpeechModel
from paraverbal.settings import AugmentSettings, TrainingSettings
from paraverbal.training import loop
from paraverbal.training.checkpoint import load_checkpoint
from paraverbal.training.loop import Trainer

LABELS = ("anger", "fear", "neutral")
BANDS = 8
SMALL = (
    "audio.sampling_rate=8000",
    "audio.denoise=none",
    "frontend.fft_size=256",
    "frontend.fmax=half",
    f"frontend.bands={BANDS}",
    "frontend.scaling=none",
    "model.channels=[6, 6]",
    "model.pooled=1",
    "model.dropout=0",
)
AS_THEY_ARE = AugmentSettings()


def settings(**changes) -> TrainingSettings:
    return TrainingSettings(**{"epochs": 30, "batch_size": 64, "precision": "32", "schedule": "constant"} | changes)


def patterns(seed: int, clips: int = 18) -> ClipFeatures:
    """Clips of 8 to 25 frames; each class is loud in bands of its own."""
    rng = np.random.default_rng(seed)
    truth = np.arange(clips) % len(LABELS)
    features = []
    for label in truth:
        one = rng.normal(0, 0.5, (BANDS, rng.integers(8, 26))).astype(np.float32)
        one[2 * label : 2 * label + 2] += 1
        features.append(torch.from_numpy(one))
    return ClipFeatures(features, np.arange(clips + 1), truth)


TRAIN, VALID = patterns(0), patterns(1, clips=9)


def made() -> SpeechModel:
    torch.manual_seed(0)
    return SpeechModel(read_recipe("adaptive-cnn-3", SMALL), LABELS)


def pretend(monkeypatch, losses, accuracies=None) -> None:
    """Let validation say these losses and accuracies, one an epoch, whatever the network has learned."""
    crosses = iter(losses)
    monkeypatch.setattr(loop, "cross_entropy", lambda *_: next(crosses))
    if accuracies is not None:
        # An epoch asks for the accuracy on its training clips first.
        both = iter([value for accuracy in accuracies for value in (0.5, accuracy)])
        monkeypatch.setattr(loop, "accuracy", lambda *_: next(both))


@pytest.fixture(scope="module")
def diverged(tmp_path_factory):
    """The folder and the message of a training by SGD whose rate throws the weights away after some epochs."""
    folder = tmp_path_factory.mktemp("diverged")
    with pytest.raises(RunError) as caught:
        Trainer(made(), settings(optimizer="sgd", learning_rate=1e6), AS_THEY_ARE, folder).fit(TRAIN, VALID)
    return folder, str(caught.value)


def test_a_training_that_diverges_names_the_epoch_the_rate_and_the_remedy(diverged) -> None:
    folder, message = diverged
    whole = len((folder / "history.jsonl").read_text().splitlines())
    assert whole >= 1
    assert f"the loss is no number any more in epoch {whole + 1}:" in message
    assert "the learning rate (1e+06, sgd)" in message
    assert f"the checkpoint of epoch {whole} is kept" in message
    assert "--set training.learning_rate=100000" in message


def test_its_last_good_epoch_is_whole_on_disk(diverged) -> None:
    folder, _ = diverged
    rows = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    tensors, values = load_checkpoint(folder / "checkpoint")
    assert values["history"] == rows
    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(math.isfinite(row["train_loss"]) and math.isfinite(row["valid_loss"]) for row in rows)
    weights = [tensor for name, tensor in tensors.items() if name.startswith(("network.", "best."))]
    assert weights
    assert all(torch.isfinite(tensor).all() for tensor in weights)
    assert not (folder / "checkpoint" / "state.safetensors.part").exists()


def test_weights_that_the_last_step_of_an_epoch_throws_away_are_no_good_epoch(tmp_path) -> None:
    # One step an epoch: its loss is that of the first weights, and only the validation sees what the step made of them.
    trainer = Trainer(made(), settings(optimizer="sgd", learning_rate=1e30), AS_THEY_ARE, tmp_path)
    with pytest.raises(RunError, match=r"no number any more in epoch 1: .*learning rate \(1e\+30, sgd\)") as caught:
        trainer.fit(TRAIN, VALID)
    assert "is kept" not in str(caught.value)
    assert load_checkpoint(tmp_path / "checkpoint") is None
    assert not (tmp_path / "history.jsonl").exists()


def test_a_loss_that_is_no_number_ends_the_training_at_once() -> None:
    trainer = Trainer(made(), settings(optimizer="sgd", learning_rate=1e30, batch_size=2), AS_THEY_ARE)
    with pytest.raises(RunError, match="no number any more in epoch 1:"):
        trainer.fit(TRAIN, VALID)
    assert 1 < trainer.schedule.steps < len(TRAIN) // 2


def test_without_a_folder_no_checkpoint_is_promised() -> None:
    with pytest.raises(RunError, match="no number any more") as caught:
        Trainer(made(), settings(optimizer="sgd", learning_rate=1e6), AS_THEY_ARE).fit(TRAIN, VALID)
    assert "checkpoint" not in str(caught.value)


def test_a_sane_rate_learns_by_sgd() -> None:
    chosen = settings(optimizer="sgd", learning_rate=0.05, batch_size=6, epochs=25, stop_patience=25)
    fit = Trainer(made(), chosen, AS_THEY_ARE).fit(TRAIN, VALID)
    assert fit.history[-1].train_loss < 0.7 * fit.history[0].train_loss
    assert {row.learning_rate for row in fit.history} == {0.05}


@pytest.mark.parametrize("best", [1, 4])
def test_a_patience_of_eight_stops_eight_epochs_after_the_best(monkeypatch, best) -> None:
    losses = [2.0 - 0.1 * epoch for epoch in range(best)] + [2.0] * 30
    pretend(monkeypatch, losses)
    fit = Trainer(made(), settings(stop_patience=8, select_by="loss"), AS_THEY_ARE).fit(TRAIN, VALID)
    assert (fit.best_epoch, len(fit.history)) == (best, best + 8)


def test_an_epoch_that_is_no_better_does_not_renew_patience(monkeypatch) -> None:
    pretend(monkeypatch, [1.0] * 30)
    fit = Trainer(made(), settings(stop_patience=3, select_by="loss"), AS_THEY_ARE).fit(TRAIN, VALID)
    assert (fit.best_epoch, len(fit.history)) == (1, 4)


@pytest.mark.parametrize(("by", "best"), [("loss", 2), ("wa", 3)])
def test_the_least_loss_is_the_best_epoch_if_asked_for_and_the_highest_score_else(monkeypatch, by, best) -> None:
    pretend(monkeypatch, [1.0, 0.4, 0.7, 0.4], accuracies=[0.5, 0.2, 0.9, 0.1])
    model, seen = made(), {}

    def remember(row) -> None:
        seen[row.epoch] = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}

    chosen = settings(epochs=4, select_by=by, learning_rate=1e-2)
    fit = Trainer(model, chosen, AS_THEY_ARE).fit(TRAIN, VALID, remember)
    assert fit.best_epoch == best
    assert all(torch.equal(tensor, seen[best][name]) for name, tensor in model.network.state_dict().items())
    assert not torch.equal(seen[2]["output.weight"], seen[3]["output.weight"])


def test_decay_in_time_counts_the_steps_of_the_training_and_goes_on_after_an_interruption(tmp_path) -> None:
    chosen = settings(schedule="time", decay=0.1, batch_size=6, epochs=6, learning_rate=1e-2)

    def interrupt(row) -> None:
        if row.epoch == 3:
            raise KeyboardInterrupt

    whole = Trainer(made(), chosen, AS_THEY_ARE)
    whole.fit(TRAIN, VALID)
    assert whole.schedule.steps == 6 * 3
    assert whole.schedule.learning_rate == pytest.approx(1e-2 / (1 + 0.1 * 17), rel=1e-12)
    with pytest.raises(KeyboardInterrupt):
        Trainer(made(), chosen, AS_THEY_ARE, tmp_path).fit(TRAIN, VALID, interrupt)
    resumed = Trainer(made(), chosen, AS_THEY_ARE, tmp_path)
    assert resumed.schedule.steps == 9
    resumed.fit(TRAIN, VALID)
    assert [row.learning_rate for row in resumed.history] == [row.learning_rate for row in whole.history]
    assert [row.train_loss for row in resumed.history] == [row.train_loss for row in whole.history]
