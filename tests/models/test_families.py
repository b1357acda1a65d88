"""What every family must do: forward, backward, embed, export."""

from pathlib import Path

import pytest
import torch
from tests.tiny import TINY

from paraverbal.bundle.save import check_graph, export_graph
from paraverbal.config import read_recipe, recipe_names
from paraverbal.models.model import FAMILIES, SpeechModel

LABELS = ("anger", "neutral", "sadness")


def test_every_family_has_a_recipe() -> None:
    assert {read_recipe(name).model.family for name in recipe_names()} == set(FAMILIES)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_family_gives_logits_gradients_and_an_embedding(family: str) -> None:
    model = SpeechModel(read_recipe(family, TINY), LABELS)
    logits = model(0.1 * torch.randn(4, 16_000))
    assert logits.shape == (4, 3)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in model.network.parameters())
    features = model.scaling(model.frontend(torch.randn(2, 16_000)))
    assert model.network.embed(features).shape[0] == 2


@pytest.mark.parametrize("scaling", ["none", "clip", "band", "train", "unit"])
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_exported_graph_agrees_at_all_batches_and_lengths(family: str, scaling: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = SpeechModel(read_recipe(family, [*TINY, f"frontend.scaling={scaling}"]), LABELS).eval()
    with torch.no_grad():
        for parameter in model.network.output.parameters():
            parameter.mul_(20)  # untrained probabilities hardly differ from clip to clip
    export_graph(model, tmp_path / "model.onnx")
    check_graph(model, tmp_path / "model.onnx")
