"""A network learns, the best epoch is kept, patience is obeyed, and an interruption changes nothing."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from tests.tiny import TINY

from paraverbal.batches import Clip, ClipFeatures, compute_features
from paraverbal.config import read_recipe
from paraverbal.corpora import read_corpus
from paraverbal.errors import RunError
from paraverbal.models.model import SpeechModel
from paraverbal.settings import AugmentSettings, TrainingSettings
from paraverbal.training import loop
from paraverbal.training.loop import Trainer, clip_answers, precision

LABELS = ("anger", "fear", "neutral")
CHANGES = AugmentSettings(copies=1, noise_deviation=1.0, roll=0.2, factor=(0.9, 1.1))


def settings(**changes):
    return TrainingSettings(**{"epochs": 4, "batch_size": 8, "precision": "32"} | changes)


def patterns(seed, clips=24, deviation=6.0):
    """Spectrograms of one or two windows; each class is loud in bands of its own."""
    rng = np.random.default_rng(seed)
    truth = np.arange(clips) % len(LABELS)
    counts = 1 + np.arange(clips) % 2
    features = rng.normal(-40, deviation, (counts.sum(), 24, 63)).astype(np.float32)
    for window, label in enumerate(np.repeat(truth, counts)):
        features[window, 8 * label : 8 * (label + 1)] += 15
    return ClipFeatures(list(torch.from_numpy(features)), np.cumsum([0, *counts]), truth)


def shortened(data, seed=0):
    """The same clips, each cut to a length of its own."""
    lengths = np.random.default_rng(seed).integers(20, 63, len(data.features))
    return dataclasses.replace(data, features=[one[:, :n] for one, n in zip(data.features, lengths, strict=True)])


TRAIN, VALID = patterns(0), patterns(1, clips=12)


@pytest.fixture
def make_model(tiny_recipe):
    def make(labels=LABELS):
        torch.manual_seed(0)
        return SpeechModel(tiny_recipe, labels)

    return make


def scored(history):
    """Return the history without what a clock says."""
    return [{**vars(row), "seconds": 0, "samples_per_second": 0} for row in history]


def weights(model):
    return {name: tensor.clone() for name, tensor in model.network.state_dict().items()}


def assert_equal_weights(first, second):
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name


def validation_only(real, values):
    """Let a score of the validation clips be the next of `values`; those of training stay as they are."""
    return lambda truth, *rest: next(values) if len(truth) == len(VALID) else real(truth, *rest)


def pretend(monkeypatch, scores, losses=None):
    """Let validation say these accuracies and losses, one an epoch, whatever the network has learned."""
    accuracies, crosses = iter(scores), iter(losses or [1.0] * len(scores))
    for name, values in (("accuracy", accuracies), ("cross_entropy", crosses)):
        monkeypatch.setattr(loop, name, validation_only(getattr(loop, name), values))


def test_a_network_learns_a_made_corpus(synthetic):
    corpus = read_corpus(synthetic)
    larger = ("model.channels=[16, 32]", "model.lstm_units=32", "model.hidden_units=32", "model.dropout=0")
    torch.manual_seed(0)
    model = SpeechModel(read_recipe("cnn-lstm", [*TINY, *larger, "frontend.scaling=train"]), corpus.emotions)
    rows = corpus.table.iter_rows(named=True)
    train, _ = compute_features(
        [Clip(corpus.path(row["file"]), model.labels.index(row["emotion"])) for row in rows], model
    )
    model.scaling.fit(train.features)
    fit = Trainer(model, settings(epochs=15, learning_rate=3e-3), AugmentSettings()).fit(train, train)
    assert np.mean(clip_answers(model, train).probabilities.argmax(axis=1) == train.truth) > 0.6  # chance is 0.2
    assert fit.history[-1].train_loss < 0.6 * fit.history[0].train_loss


def test_the_scores_of_an_epoch_are_those_of_the_network(make_model):
    model = make_model()
    fit = Trainer(model, settings(epochs=6, learning_rate=1e-2), CHANGES).fit(TRAIN, VALID)
    best = fit.history[fit.best_epoch - 1]
    probabilities = clip_answers(model, VALID).probabilities
    assert best.valid_wa == np.mean(probabilities.argmax(axis=1) == VALID.truth) > 0.9
    assert best.valid_loss == pytest.approx(-np.mean(np.log(probabilities[np.arange(12), VALID.truth])), rel=1e-5)
    assert best.valid_uar == best.valid_wa  # every class has as many clips
    assert not model.training


def test_the_training_scores_of_an_epoch_are_of_what_its_steps_answered(make_model, monkeypatch):
    trainer, steps = Trainer(make_model(), settings(epochs=1), CHANGES), []
    real = trainer._step
    monkeypatch.setattr(trainer, "_step", lambda *given: steps.append(real(*given)) or steps[-1])
    (row,) = trainer.fit(TRAIN, VALID).history
    right = np.concatenate([step.truth == step.answer for step in steps])
    truth = np.concatenate([step.truth for step in steps])
    assert len(truth) == 2 * len(TRAIN)
    assert row.train_wa == right.mean()
    assert row.train_uar == pytest.approx(np.mean([right[truth == label].mean() for label in range(3)]))
    assert row.train_loss == pytest.approx(np.mean([step.loss for step in steps]))


def test_too_few_clips_for_a_batch_are_an_error(make_model):
    lone = ClipFeatures(TRAIN.features[:1], np.array([0, 1]), TRAIN.truth[:1])
    with pytest.raises(RunError, match="1 training clips make no batch of 2"):
        Trainer(make_model(), settings(), AugmentSettings()).fit(lone, VALID)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(make_model):
    models, histories = [make_model() for _ in range(3)], []
    for model, seed in zip(models, (0, 0, 1), strict=True):
        histories.append(scored(Trainer(model, settings(seed=seed), CHANGES).fit(TRAIN, VALID).history))
    assert_equal_weights(weights(models[0]), weights(models[1]))
    assert histories[0] == histories[1] != histories[2]


@pytest.mark.parametrize("kind", ["32", "bf16"])
@pytest.mark.parametrize("stop_after", [2, 6])
def test_a_run_that_was_interrupted_ends_as_one_that_was_not(make_model, tmp_path, kind, stop_after):
    chosen = settings(epochs=7, precision=kind, plateau_patience=0, learning_rate=0.03)
    hard = patterns(1, clips=12, deviation=60.0)  # so that the loss gets worse, and the rate is halved
    whole = make_model()
    expected = Trainer(whole, chosen, CHANGES, tmp_path / "whole").fit(TRAIN, hard)

    def interrupt(row):
        if row.epoch == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(make_model(), chosen, CHANGES, tmp_path / "run").fit(TRAIN, hard, interrupt)
    torch.manual_seed(99)
    resumed = make_model()
    trainer = Trainer(resumed, chosen, CHANGES, tmp_path / "run")
    assert len(trainer.history) == stop_after
    found = trainer.fit(TRAIN, hard)
    assert scored(found.history) == scored(expected.history)
    assert found.best_epoch == expected.best_epoch
    assert len({row.learning_rate for row in found.history}) > 1
    assert_equal_weights(weights(resumed), weights(whole))


def test_a_run_that_breaks_within_an_epoch_goes_on_from_the_last_whole_one(make_model, tmp_path, monkeypatch):
    whole = make_model()
    Trainer(whole, settings(), CHANGES).fit(TRAIN, VALID)
    trainer = Trainer(make_model(), settings(), CHANGES, tmp_path)
    real, steps = trainer._step, iter(range(100))

    def step(batch, epoch):
        if next(steps) == 8:  # 6 batches an epoch
            raise KeyboardInterrupt
        return real(batch, epoch)

    monkeypatch.setattr(trainer, "_step", step)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(TRAIN, VALID)
    resumed = make_model()
    again = Trainer(resumed, settings(), CHANGES, tmp_path)
    assert len(again.history) == 1
    again.fit(TRAIN, VALID)
    assert_equal_weights(weights(resumed), weights(whole))


def test_a_finished_run_trains_no_more(make_model, tmp_path):
    first = make_model()
    fit = Trainer(first, settings(), CHANGES, tmp_path).fit(TRAIN, VALID)
    again = make_model()
    told = []
    assert Trainer(again, settings(), CHANGES, tmp_path).fit(TRAIN, VALID, told.append) == fit
    assert told == []
    assert_equal_weights(weights(again), weights(first))


def test_a_damaged_checkpoint_is_an_error_that_names_it(make_model, tmp_path):
    Trainer(make_model(), settings(epochs=1), CHANGES, tmp_path).fit(TRAIN, VALID)
    file = tmp_path / "checkpoint" / "state.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(RunError, match=r"state\.safetensors: not a whole checkpoint"):
        Trainer(make_model(), settings(), CHANGES, tmp_path)


def test_a_loss_that_is_no_number_ends_the_training_with_the_remedy_and_keeps_the_last_whole_epoch(
    make_model, tmp_path
):
    trainer = Trainer(make_model(), settings(epochs=1), CHANGES, tmp_path)
    trainer.fit(TRAIN, VALID)
    before = (tmp_path / "checkpoint" / "state.safetensors").read_bytes()
    spoilt = dataclasses.replace(TRAIN, features=[torch.full_like(one, torch.nan) for one in TRAIN.features])
    words = r"no number any more in epoch 2: .*\(0\.001, adam\).*; the checkpoint of epoch 1 is kept; .*=0\.0001$"
    with pytest.raises(RunError, match=words):
        Trainer(make_model(), settings(epochs=2), CHANGES, tmp_path).fit(spoilt, VALID)
    assert (tmp_path / "checkpoint" / "state.safetensors").read_bytes() == before


def test_history_has_a_line_for_each_epoch(make_model, tmp_path):
    told = []
    fit = Trainer(make_model(), settings(), CHANGES, tmp_path).fit(TRAIN, VALID, told.append)
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert lines == [row.to_dict() for row in fit.history] == [row.to_dict() for row in told]
    assert [row["epoch"] for row in lines] == [1, 2, 3, 4]
    assert all(row["samples_per_second"] > 0 and row["seconds"] > 0 for row in lines)


def test_training_ends_when_patience_does(make_model, monkeypatch):
    pretend(monkeypatch, [0.5, 0.6, 0.6, 0.4, 0.6, 0.9])
    fit = Trainer(make_model(), settings(epochs=9, stop_patience=3), CHANGES).fit(TRAIN, VALID)
    assert (len(fit.history), fit.best_epoch) == (5, 2)


def test_the_weights_of_the_best_epoch_are_kept(make_model, monkeypatch, tmp_path):
    seen = {}
    model = make_model()
    pretend(monkeypatch, [0.1, 0.9, 0.2, 0.9])
    trainer = Trainer(model, settings(learning_rate=1e-2), CHANGES, tmp_path)
    fit = trainer.fit(TRAIN, VALID, lambda row: seen.update({row.epoch: weights(model)}))
    assert fit.best_epoch == 2
    assert_equal_weights(weights(model), seen[2])
    assert not torch.equal(seen[2]["output.weight"], seen[4]["output.weight"])


@pytest.mark.parametrize(("by", "best"), [("wa", 3), ("uar", 2), ("loss", 4)])
def test_the_best_epoch_is_that_of_the_score_asked_for(make_model, monkeypatch, by, best):
    uars = iter([0.1, 0.8, 0.2, 0.1])
    pretend(monkeypatch, [0.1, 0.2, 0.8, 0.1], [1.0, 0.9, 1.1, 0.5])
    monkeypatch.setattr(loop, "uar", validation_only(loop.uar, uars))
    assert Trainer(make_model(), settings(select_by=by), CHANGES).fit(TRAIN, VALID).best_epoch == best


def test_the_rate_is_halved_when_the_loss_stands_still_beyond_patience(make_model, monkeypatch):
    losses = [1.0, 1.0, 1.0, 1.0, 0.5, 0.6, 0.6, 0.6, 0.6]
    pretend(monkeypatch, [0.5] * 9, losses)
    chosen = settings(epochs=9, plateau_patience=2, plateau_factor=0.5, learning_rate=1e-3)
    fit = Trainer(make_model(), chosen, CHANGES).fit(TRAIN, VALID)
    assert [row.learning_rate for row in fit.history] == [1e-3] * 4 + [5e-4] * 4 + [2.5e-4]


def test_weight_decay_reaches_the_optimiser_as_adams_l2(make_model):
    trainer = Trainer(make_model(), settings(weight_decay=0.25, learning_rate=0.5), CHANGES)
    group = trainer.optimizer.param_groups[0]
    assert (group["weight_decay"], group["lr"], group["betas"]) == (0.25, 0.5, (0.9, 0.999))
    assert not group.get("decoupled_weight_decay")


def test_probabilities_of_a_clip_are_the_mean_over_its_windows(make_model, monkeypatch):
    model = make_model()
    probabilities = clip_answers(model, TRAIN).probabilities
    with torch.inference_mode():
        each = model.eval().classify(torch.stack(TRAIN.features)).softmax(dim=1).double().numpy()
    for clip in range(len(TRAIN)):
        mean = each[TRAIN.first[clip] : TRAIN.first[clip + 1]].mean(axis=0)
        np.testing.assert_allclose(probabilities[clip], mean, atol=1e-6)
    monkeypatch.setattr(loop, "_VALIDATION_BATCH", 5)
    np.testing.assert_allclose(clip_answers(model, TRAIN).probabilities, probabilities, atol=1e-6)


def test_clips_of_several_lengths_have_the_probabilities_that_each_has_alone(make_model, monkeypatch):
    model, data = make_model(), shortened(TRAIN)
    monkeypatch.setattr(loop, "_VALIDATION_BATCH", 5)
    found = clip_answers(model, data).probabilities
    with torch.inference_mode():
        alone = [model.eval().classify(one[None]).softmax(dim=1)[0].double().numpy() for one in data.features]
    for clip in range(len(data)):
        mean = np.mean(alone[data.first[clip] : data.first[clip + 1]], axis=0)
        np.testing.assert_allclose(found[clip], mean, atol=1e-5)


def test_clips_that_keep_their_length_are_trained_on(make_model):
    model = make_model()
    fit = Trainer(model, settings(epochs=6, learning_rate=1e-2), CHANGES).fit(shortened(TRAIN), shortened(VALID, 1))
    assert max(row.valid_wa for row in fit.history) > 0.9
    assert len(fit.history) == 6


def test_asking_for_probabilities_leaves_the_mode_of_the_network(make_model):
    model = make_model().train()
    clip_answers(model, VALID)
    assert model.training
    clip_answers(model.eval(), VALID)
    assert not model.training


def test_validation_does_not_change_the_network(make_model):
    model = make_model().train()
    before = weights(model)
    clip_answers(model, VALID)
    assert_equal_weights(weights(model), before)


def test_the_precision_is_that_of_the_settings(monkeypatch):
    assert precision(settings(precision="32")) == "32-true"
    assert precision(settings(precision="bf16")) == "bf16-mixed"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for native, expected in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda native=native: native)
        assert precision(settings(precision="auto")) == expected


def test_a_row_of_the_history_has_the_documented_keys():
    assert [field.name for field in dataclasses.fields(loop.Epoch)] == [
        "epoch",
        "train_loss",
        "train_wa",
        "train_uar",
        "valid_loss",
        "valid_wa",
        "valid_uar",
        "learning_rate",
        "seconds",
        "samples_per_second",
        "valid_ccc",
    ]
