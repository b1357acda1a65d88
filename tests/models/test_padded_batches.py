"""A clip in a padded batch gives what it gives alone: logits, gradients, whatever stands behind its end."""

import pytest
import torch
from torch import Tensor

from paraverbal.batches import collate
from paraverbal.config import read_recipe, recipe_names
from paraverbal.models.model import SpeechModel

LABELS = ("anger", "fear", "neutral")
# Networks whose full size takes seconds: the same layers with fewer channels.
SMALLER = {
    "cnn-lstm": ("model.channels=[4, 6, 8]", "model.lstm_units=16", "model.hidden_units=16"),
    "cnn-lstm-16khz": ("model.channels=[4, 6, 8]", "model.lstm_units=16", "model.hidden_units=16"),
    "baseline-cnn": ("model.channels=[4, 8]",),
    "mel-cnn-lstm": ("model.channels=[4, 6, 8, 8]", "model.lstm_units=16"),
    "mel-cnn-lstm-attention": ("model.channels=[4, 6, 8, 8]", "model.lstm_units=16"),
    "time-cnn-lstm": ("model.lstm_units=32",),
    "adaptive-cnn-4": ("model.channels=[4, 6, 8, 8]",),
    "resized-cnn-3": ("model.channels=[4, 6, 8]",),
    "resized-cnn-4": ("model.channels=[4, 6, 8, 8]",),
}
# Text beside the voice is padded in test_fusion.py.
RECIPES = [
    name
    for name, recipe in ((name, read_recipe(name)) for name in recipe_names())
    if not (recipe.frontend.whole_clip or recipe.text.is_read)
]
every_recipe = pytest.mark.parametrize("name", RECIPES)


def lively(name: str) -> SpeechModel:
    """Return a model in evaluation whose logits differ from clip to clip, and whose statistics are not the initial ones."""
    torch.manual_seed(0)
    model = SpeechModel(read_recipe(name, ["audio.short=keep", *SMALLER.get(name, ())]), LABELS)
    model.scaling.mean.normal_(-30, 3)
    model.scaling.deviation.uniform_(5, 20)
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model.classify(spectrograms(model, (300,) * 4)[0])
        model.network.output.weight.mul_(5)
    return model.eval()


def shortest(model: SpeechModel) -> int:
    return model.minimum_frames


def clips(model: SpeechModel, lengths: tuple[int, ...]) -> list[Tensor]:
    """Return features of clips, each of its own level, as a front end would give them."""
    generator = torch.Generator().manual_seed(7)
    rows = model.recipe.frontend.rows
    if model.recipe.frontend.kind == "zcr_rms":
        return [torch.rand(1, length, generator=generator) for length in lengths]
    levels = (-60.0 + 3 * index for index in range(len(lengths)))
    return [
        level + 15 * torch.randn(rows, length, generator=generator)
        for level, length in zip(levels, lengths, strict=True)
    ]


def spectrograms(model: SpeechModel, lengths: tuple[int, ...]) -> tuple[Tensor, Tensor | None]:
    return collate(clips(model, lengths))


def varied(model: SpeechModel) -> tuple[int, ...]:
    """Return lengths from the shortest possible to 1000 frames, some of which no pooling divides."""
    least = shortest(model)
    return tuple(max(length, least) for length in (least, 1000, least + 1, 257, 2 * least + 1, 333))


@every_recipe
def test_a_clip_in_a_padded_batch_has_the_logits_that_it_has_alone(name) -> None:
    model = lively(name)
    given = clips(model, varied(model))
    features, lengths = collate(given)
    with torch.inference_mode():
        alone = torch.cat([model.classify(one.unsqueeze(0)) for one in given])
        together = model.classify(features, lengths)
    assert (alone.max(0).values - alone.min(0).values).max() > 1e-2  # they are no constants
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


@every_recipe
def test_what_stands_behind_the_end_changes_nothing(name) -> None:
    model = lively(name)
    features, lengths = spectrograms(model, varied(model))
    loud = features.clone()
    for row, length in zip(loud, lengths.tolist(), strict=True):
        row[:, length:] = 1e4
    with torch.inference_mode():
        torch.testing.assert_close(model.classify(loud, lengths), model.classify(features, lengths), atol=0, rtol=0)


@every_recipe
def test_a_batch_of_full_clips_needs_no_lengths(name) -> None:
    model = lively(name)
    features, none = spectrograms(model, (300,) * 3)
    assert none is None
    with torch.inference_mode():
        expected = model.classify(features)
        torch.testing.assert_close(model.classify(features, torch.full((3,), 300)), expected, atol=1e-5, rtol=1e-5)


@every_recipe
def test_the_gradients_of_a_clip_in_a_padded_batch_are_those_that_it_has_alone(name) -> None:
    model = lively(name)
    assert_same_gradients(model, clips(model, (max(70, shortest(model)), 400, 150 + shortest(model))))


@pytest.mark.parametrize("name", ["adaptive-cnn-3", "adaptive-cnn-4", "baseline-lstm"])
def test_so_they_are_in_training_where_no_statistics_of_the_batch_are_taken(name) -> None:
    model = lively(name).train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    assert_same_gradients(model, clips(model, (70, 400, 150)))


def assert_same_gradients(model: SpeechModel, given: list[Tensor]) -> None:
    """Compare the first clip's gradients alone with those in the batch.

    In float64: in float32 two values of a pooling window, or a value and zero before ReLU, may be as near as rounding,
    and which of them the gradient takes would depend on the processor.
    """
    model.double()
    features, lengths = collate(given)
    expected = gradients(model, given[0].double().unsqueeze(0), None)
    found = gradients(model, features.double(), lengths)
    assert max(gradient.abs().max() for gradient in found.values()) > 0
    for parameter, gradient in found.items():
        scale = float(expected[parameter].abs().max())
        torch.testing.assert_close(gradient, expected[parameter], atol=1e-6 * scale, rtol=1e-6, msg=parameter)


def gradients(model: SpeechModel, features: Tensor, lengths: Tensor | None) -> dict[str, Tensor]:
    """Return the gradients of the loss of the first clip alone."""
    model.zero_grad()
    logits = model.classify(features, lengths)
    torch.nn.functional.cross_entropy(logits[:1], torch.tensor([1])).backward()
    return {name: parameter.grad.clone() for name, parameter in model.network.named_parameters()}


@every_recipe
def test_a_step_in_bfloat16_is_finite_and_near_that_in_float32(name) -> None:
    model = lively(name)
    features, lengths = spectrograms(model, varied(model))
    with torch.inference_mode():
        exact = model.classify(features, lengths)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = model.classify(features, lengths).float()
        difference = (rounded - exact).abs().max() / exact.abs().max()
        assert difference < 0.1
        loss = model.train().classify(features, lengths).float().square().mean()
    loss.backward()
    for parameter, tensor in model.network.named_parameters():
        assert torch.isfinite(tensor.grad).all(), parameter
    assert all(torch.isfinite(tensor).all() for tensor in model.network.state_dict().values())


@every_recipe
def test_a_batch_of_one_to_a_thousand_frames_is_answered_or_refused(name) -> None:
    model = lively(name)
    features, lengths = spectrograms(model, (1, 1000, 7))
    if shortest(model) == 1:
        assert torch.isfinite(model.classify(features, lengths)).all()
        return
    with pytest.raises(ValueError, match=rf"a clip of 1 frames is in the batch; .* needs {shortest(model)} at least"):
        model.classify(features, lengths)
