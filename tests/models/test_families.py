"""What every recipe's network must do: forward, backward, embed, export, at any number of clips of any length."""

from pathlib import Path

import pytest
import torch
from tests.tiny import small
from torch import Tensor

from paraverbal.bundle.save import check_graph, export_graph
from paraverbal.config import read_recipe, recipe_names
from paraverbal.models.model import FAMILIES, SpeechModel
from paraverbal.models.svm import SupportVectorMachine
from paraverbal.settings import Recipe

LABELS = ("anger", "neutral", "sadness")
NETWORKS = [name for name in recipe_names() if read_recipe(name).model.family not in ("svm", "text")]
WITH_A_LAST_LAYER = [name for name in NETWORKS if name != "audio-text-late"]

every_recipe = pytest.mark.parametrize("name", recipe_names())
every_network = pytest.mark.parametrize("name", NETWORKS)


def noise(clips: int, seconds: float = 1.0) -> Tensor:
    """Noise of which each clip is louder than the one before."""
    return torch.randn(clips, round(seconds * 16_000)) * torch.linspace(0.01, 0.3, clips).unsqueeze(1)


def build(recipe: Recipe) -> SpeechModel:
    """A model whose scaling is fitted, and whose answers differ from clip to clip."""
    torch.manual_seed(0)
    model = SpeechModel(recipe, LABELS).eval()
    with torch.no_grad():
        features = model.frontend(noise(4))
        model.scaling.fit(features)
        if isinstance(model.network, SupportVectorMachine):
            _load(model.network, model.prepare(features)[0].flatten(1))
        else:
            for parameter in model.network.output.parameters():
                parameter.mul_(20)
    return model


def _load(machine: SupportVectorMachine, vectors: Tensor) -> None:
    pairs = [(0, 1), (0, 2), (1, 2)]
    coefficients = torch.randn(len(pairs), len(vectors))
    machine.load(vectors, coefficients, intercepts=torch.randn(3), pairs=pairs, gamma=1 / vectors.shape[1])


def test_every_family_has_a_recipe() -> None:
    assert {read_recipe(name).model.family for name in recipe_names()} == {*FAMILIES, "text"}


@every_recipe
def test_clips_have_logits_and_an_embedding_whatever_their_number_and_length(name: str) -> None:
    model = build(small(name))
    shortest = model.minimum_samples / 16_000
    with torch.inference_mode():
        for clips, seconds in ((1, 1.0), (3, 0.7), (2, 2.5), (1, shortest)):
            features, lengths = model.prepare(model.frontend(noise(clips, seconds)))
            assert model.network(features, lengths).shape == (clips, 3)
            assert model.network.embed(features, lengths).shape[0] == clips
            assert torch.isfinite(model.network(features)).all()


@pytest.mark.parametrize("name", WITH_A_LAST_LAYER)
def test_the_last_layer_makes_the_logits_of_the_embedding(name: str) -> None:
    model = build(small(name))
    features, lengths = model.prepare(model.frontend(noise(3)))
    embedding = model.network.embed(features, lengths)
    assert torch.equal(model.network.output(embedding), model.network(features, lengths))


@every_network
def test_every_parameter_has_a_gradient(name: str) -> None:
    model = build(small(name)).train()
    model(noise(4)).square().sum().backward()
    assert model.parameters_count > 0
    assert all(parameter.grad is not None for parameter in model.network.parameters())
    assert any(parameter.grad.any() for parameter in model.network.parameters())


@every_recipe
def test_a_clip_has_the_logits_in_a_batch_that_it_has_alone(name: str) -> None:
    model, batch = build(small(name)), noise(4)
    with torch.inference_mode():
        alone = torch.cat([model(one.unsqueeze(0)) for one in batch])
        torch.testing.assert_close(model(batch), alone, atol=1e-4, rtol=1e-4)


@every_recipe
def test_the_exported_graph_agrees_at_all_batches_and_lengths(name: str, tmp_path: Path) -> None:
    model = build(small(name))
    export_graph(model, tmp_path / "model.onnx")
    check_graph(model, tmp_path / "model.onnx")


@pytest.mark.parametrize("scaling", ["none", "band", "unit"])  # the recipes have the others
def test_every_scaling_is_exported(scaling: str, tmp_path: Path) -> None:
    model = build(small("baseline-cnn", f"frontend.scaling={scaling}"))
    export_graph(model, tmp_path / "model.onnx")
    check_graph(model, tmp_path / "model.onnx")


def test_the_recipes_have_the_other_scalings() -> None:
    assert {"clip", "train"} <= {read_recipe(name).frontend.scaling for name in recipe_names()}
