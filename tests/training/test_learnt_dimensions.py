"""Dimensions are learnt beside emotions: on the clips that have a value, weighed, and to the same weights after a break."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from tests.tiny import TINY

from paraverbal.batches import ClipFeatures
from paraverbal.config import read_recipe
from paraverbal.errors import RunError
from paraverbal.metrics.dimensions import concordance_cc, mean_ccc
from paraverbal.models.model import SpeechModel
from paraverbal.settings import AugmentSettings, TrainingSettings
from paraverbal.training import loop
from paraverbal.training.loop import Trainer, clip_answers
from paraverbal.training.samples import TrainingSamples

LABELS = ("anger", "fear", "neutral")
NAMES = ("arousal", "valence")
NAN = np.float32("nan")


def settings(**changes):
    return TrainingSettings(**{"epochs": 3, "batch_size": 8, "precision": "32", "dimensions": NAMES} | changes)


def rated(seed, clips=24):
    """Spectrograms of one or two windows: the first dimension is how loud the lower bands are, the other the upper ones."""
    rng = np.random.default_rng(seed)
    counts = 1 + np.arange(clips) % 2
    values = rng.uniform(1, 5, (clips, 2)).astype(np.float32)
    features = rng.normal(-40, 2, (counts.sum(), 24, 63)).astype(np.float32)
    for half, bands in enumerate((slice(0, 12), slice(12, 24))):
        features[:, bands] += 6 * np.repeat(values[:, half], counts)[:, None, None]
    truth = np.arange(clips) % len(LABELS)
    return ClipFeatures(list(torch.from_numpy(features)), np.cumsum([0, *counts]), truth, dimensions=values)


def with_values(data, values):
    return dataclasses.replace(data, dimensions=values)


TRAIN, VALID = rated(0), rated(1, clips=12)
UNRATED = with_values(TRAIN, np.full((24, 2), NAN))


def made(names=NAMES):
    torch.manual_seed(0)
    changes = [*TINY, "model.dropout=0", f"training.dimensions={list(names)}"]
    model = SpeechModel(read_recipe("cnn-lstm", changes), LABELS)
    if model.dimensions is not None:
        model.dimensions.fit(TRAIN.dimensions)
    return model


def trained(data=TRAIN, valid=VALID, *, folder=None, names=NAMES, **changes):
    """Return a model and how its training went."""
    model = made(names)
    fit = Trainer(model, settings(**{"dimensions": names} | changes), AugmentSettings(), folder).fit(data, valid)
    return model, fit


def weights(model):
    return {name: tensor.clone() for name, tensor in model.network.state_dict().items()}


def same(first, second):
    return all(torch.equal(tensor, weights(second)[name]) for name, tensor in weights(first).items())


def test_dimensions_are_learnt_on_the_scale_of_the_corpus():
    model, fit = trained(epochs=20, learning_rate=1e-2, select_by="ccc")
    answers = clip_answers(model, VALID).dimensions
    for name, truth, told in zip(NAMES, VALID.dimensions.T, answers.T, strict=True):
        assert concordance_cc(truth, told) > 0.6, name
    assert fit.history[fit.best_epoch - 1].valid_ccc == pytest.approx(mean_ccc(VALID.dimensions, answers), abs=1e-6)
    assert fit.history[fit.best_epoch - 1].valid_ccc == max(row.valid_ccc for row in fit.history)


def test_values_that_are_not_there_leave_the_weights_of_emotions_alone():
    """With no value at all, the layers before the output and its logits are trained as without dimensions."""
    alone, joint = made(()), made()
    shared = {name: tensor for name, tensor in weights(joint).items() if not name.startswith("output")}
    alone.network.load_state_dict(weights(alone) | shared)
    with torch.no_grad():
        for part in ("weight", "bias"):
            getattr(alone.network.output, part).copy_(getattr(joint.network.output, part)[:3])
    history = []
    for model, data, names in ((alone, dataclasses.replace(TRAIN, dimensions=None), ()), (joint, UNRATED, NAMES)):
        trainer = Trainer(model, settings(dimensions=names), AugmentSettings())
        valid = VALID if names else dataclasses.replace(VALID, dimensions=None)
        history.append([row.train_loss for row in trainer.fit(data, valid).history])
    assert history[0] == pytest.approx(history[1], rel=1e-4)
    for name, tensor in weights(alone).items():
        other = weights(joint)[name]
        torch.testing.assert_close(other[:3] if name.startswith("output") else other, tensor, atol=2e-4, rtol=0)


def test_the_outputs_of_dimensions_stay_as_they_were_where_no_clip_has_a_value():
    before = weights(made())["output.weight"][3:]
    after = [weights(trained(data, weight_decay=0.0)[0])["output.weight"][3:] for data in (UNRATED, TRAIN)]
    assert torch.equal(after[0], before)
    assert not torch.equal(after[1], before)


def test_a_clip_without_values_still_teaches_its_emotion():
    other = dataclasses.replace(UNRATED, truth=np.roll(UNRATED.truth, 1))
    assert not same(trained(UNRATED)[0], trained(other)[0])


def test_the_weight_of_the_loss_is_what_it_is_multiplied_with():
    losses = {weight: step_loss(weight) for weight in (0.5, 1.0, 4.0)}
    emotions = 2 * losses[0.5] - losses[1.0]
    assert losses[4.0] == pytest.approx(emotions + 4 * (losses[1.0] - emotions), rel=1e-5)
    assert losses[4.0] > losses[1.0] > losses[0.5]
    assert not same(trained(dimension_weight=0.1)[0], trained(dimension_weight=10.0)[0])


def step_loss(weight):
    """The loss of the first step of a training."""
    trainer = Trainer(made(), settings(dimension_weight=weight), AugmentSettings())
    batch = next(iter(TrainingSamples(TRAIN, AugmentSettings(), 0).batches(8, 1, 2)))
    assert batch.dimensions.shape == (8, 2)
    return trainer._step(batch, 1).loss


def test_a_batch_carries_the_values_of_its_clips_and_none_where_none_are_learnt():
    for batch in TrainingSamples(TRAIN, AugmentSettings(copies=1, noise_deviation=1.0), 0).batches(8, 1):
        for label, values in zip(batch.labels, batch.dimensions.numpy(), strict=True):
            (clip,) = np.flatnonzero((TRAIN.dimensions == values).all(axis=1))
            assert TRAIN.truth[clip] == label
    bare = dataclasses.replace(TRAIN, dimensions=None)
    assert {batch.dimensions for batch in TrainingSamples(bare, AugmentSettings(), 0).batches(8, 1)} == {None}


@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_training_that_was_interrupted_ends_with_the_weights_of_one_that_was_not(tmp_path, stop_after):
    chosen = {"epochs": 4, "select_by": "ccc", "learning_rate": 1e-2}
    whole, expected = trained(folder=tmp_path / "whole", **chosen)

    def interrupt(row):
        if row.epoch == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(made(), settings(**chosen), AugmentSettings(), tmp_path / "run").fit(TRAIN, VALID, interrupt)
    resumed, found = trained(folder=tmp_path / "run", **chosen)
    assert same(resumed, whole)
    assert [row.valid_ccc for row in found.history] == [row.valid_ccc for row in expected.history]
    assert found.best_epoch == expected.best_epoch


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    first, again, other = (trained(seed=seed)[0] for seed in (0, 0, 1))
    assert same(first, again)
    assert not same(first, other)


def test_history_has_the_ccc_of_validation_only_where_dimensions_are_learnt(tmp_path):
    _, fit = trained(folder=tmp_path / "told", epochs=1)
    (line,) = (tmp_path / "told" / "history.jsonl").read_text().splitlines()
    assert json.loads(line)["valid_ccc"] == fit.history[0].valid_ccc
    bare = [dataclasses.replace(data, dimensions=None) for data in (TRAIN, VALID)]
    trained(*bare, names=(), folder=tmp_path / "bare", epochs=1)
    assert "valid_ccc" not in json.loads((tmp_path / "bare" / "history.jsonl").read_text())


def test_a_validation_clip_without_values_does_not_count_for_the_ccc():
    values = VALID.dimensions.copy()
    values[::3] = NAN
    model, fit = trained(valid=with_values(VALID, values), epochs=1)
    kept = np.isfinite(values[:, 0])
    expected = mean_ccc(VALID.dimensions[kept], clip_answers(model, VALID).dimensions[kept])
    assert fit.history[0].valid_ccc == pytest.approx(expected, abs=1e-6)


def test_the_best_epoch_by_ccc_is_that_with_the_highest(monkeypatch):
    values = iter([0.1, 0.4, 0.3, 0.4])
    monkeypatch.setattr(loop, "mean_ccc", lambda *_: next(values))
    assert trained(epochs=4, select_by="ccc")[1].best_epoch == 2


def test_the_answer_of_a_clip_is_the_mean_over_its_windows():
    model = made().eval()
    with torch.inference_mode():
        each = model.answer(torch.stack(TRAIN.features))[1].double().numpy()
    means = [each[start:end].mean(axis=0) for start, end in zip(TRAIN.first[:-1], TRAIN.first[1:], strict=True)]
    np.testing.assert_allclose(clip_answers(model, TRAIN).dimensions, means, atol=1e-5)
    assert clip_answers(made(()), TRAIN).dimensions.shape == (24, 0)


def test_dimensions_that_are_no_numbers_end_a_training_with_the_remedy(monkeypatch):
    real = loop.clip_answers

    def thrown(model, data):
        found = real(model, data)
        return dataclasses.replace(found, dimensions=np.full_like(found.dimensions, NAN))

    monkeypatch.setattr(loop, "clip_answers", thrown)
    with pytest.raises(RunError, match="no number any more in epoch 1"):
        trained(epochs=1)
