"""The published sizes of `cnn`, and what its layers do to a spectrogram."""

import pytest
import torch
from torch import nn

from paraverbal.config import read_recipe
from paraverbal.models.cnn import Cnn, ConvBlock
from paraverbal.models.model import SpeechModel, summary
from paraverbal.settings import CnnSettings

FIVE = ("anger", "fear", "happiness", "neutral", "sadness")
AS_WRITTEN = ("model.dropout=0.25", "model.batch_norm=false")


def counted(name: str, *overrides: str) -> int:
    return SpeechModel(read_recipe(name, overrides), FIVE).parameters_count


@pytest.mark.parametrize(
    ("name", "overrides", "parameters"),
    [
        ("adaptive-cnn-3", (), 23_621),
        ("adaptive-cnn-4", (), 97_797),
        ("resized-cnn-3", (), 187_365),
        ("resized-cnn-4", (), 179_557),
        ("resized-cnn-3", AS_WRITTEN, 187_141),
        ("resized-cnn-4", AS_WRITTEN, 179_077),
    ],
)
def test_the_recipes_have_the_published_parameters_at_five_labels(name, overrides, parameters) -> None:
    assert counted(name, *overrides) == parameters


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", [0, 7])
@pytest.mark.parametrize("head", ["average", "flatten"])
def test_the_parameters_are_those_of_the_layers_one_by_one(batch_norm, hidden, head) -> None:
    settings = CnnSettings(channels=(3, 5), pooled=1, batch_norm=batch_norm, hidden_units=hidden, head=head)
    convolutions = 1 * 3 * 9 + 3 + 3 * 5 * 9 + 5
    norms = 2 * (3 + 5) if batch_norm else 0
    size = 5 if head == "average" else 5 * (12 // 2) * (9 // 2)
    last = size * hidden + hidden + hidden * 4 + 4 if hidden else size * 4 + 4
    network = Cnn(settings, rows=12, frames=9, labels=4)
    assert sum(parameter.numel() for parameter in network.parameters()) == convolutions + norms + last


def test_every_pooling_halves_bands_and_frames() -> None:
    shapes = {layer.name: layer.output for layer in summary(SpeechModel(read_recipe("resized-cnn-4"), FIVE))}
    found = [shapes[f"network.blocks.{index}.pool"] for index in range(4)]
    assert found == [(1, 16, 64, 128), (1, 32, 32, 64), (1, 64, 16, 32), (1, 128, 8, 16)]


def test_the_layers_behind_the_pooled_ones_keep_the_size() -> None:
    model = SpeechModel(read_recipe("adaptive-cnn-3"), FIVE)
    shapes = {layer.name: layer.output for layer in summary(model)}
    bands, frames = shapes["network.blocks.1.pool"][2:]
    assert shapes["network.blocks.2.convolution"] == (1, 64, bands, frames)
    assert (bands, frames) == (32, (1 + 3 * 44_100 // 512) // 4)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_pooling_before_the_relu_changes_neither_output_nor_gradient(batch_norm) -> None:
    torch.manual_seed(0)
    block = ConvBlock((2, 4), batch_norm=batch_norm, halve=True).double()
    layers = [layer for layer in (block.convolution, block.norm, nn.ReLU(), nn.MaxPool2d(2)) if layer is not None]
    published = nn.Sequential(*layers)
    maps = torch.randn(3, 2, 8, 13, dtype=torch.float64)
    weight = torch.randn(3, 4, 4, 6, dtype=torch.float64)
    outputs, gradients = [], []
    for order in (lambda given: block(given, None)[0], published):
        block.zero_grad()
        outputs.append(order(maps))
        (outputs[-1] * weight).sum().backward()
        gradients.append([parameter.grad.clone() for parameter in block.parameters()])
    assert torch.equal(*outputs)
    assert (outputs[0] == 0).any()
    torch.testing.assert_close(*gradients, atol=1e-12, rtol=0)


def test_a_block_that_does_not_halve_keeps_frames_and_lengths() -> None:
    block = ConvBlock((1, 4), batch_norm=False, halve=False)
    lengths = torch.tensor([9, 4])
    maps, left = block(torch.randn(2, 1, 8, 9), lengths)
    assert maps.shape == (2, 4, 8, 9)
    assert torch.equal(left, lengths)
    assert torch.equal(
        ConvBlock((1, 4), batch_norm=False, halve=True)(torch.randn(2, 1, 8, 9), lengths)[1], lengths // 2
    )


def test_the_mean_of_each_channel_over_bands_and_frames_is_the_embedding() -> None:
    torch.manual_seed(0)
    network = Cnn(CnnSettings(channels=(3, 5), pooled=1), rows=8, frames=None, labels=2).eval()
    spectrograms = torch.randn(2, 8, 11)
    maps = spectrograms.unsqueeze(1)
    for block in network.blocks:
        maps = block(maps, None)[0]
    torch.testing.assert_close(network.embed(spectrograms), maps.mean((2, 3)), atol=1e-6, rtol=1e-6)


def test_with_the_head_flatten_every_value_has_a_weight_of_its_own() -> None:
    torch.manual_seed(0)
    network = Cnn(CnnSettings(channels=(3, 5), pooled=1, head="flatten"), rows=8, frames=6, labels=2).eval()
    spectrograms = torch.randn(1, 8, 6)
    backwards = spectrograms.flip(2)
    assert network.output.in_features == network.embed(spectrograms).shape[1] == 5 * 4 * 3
    assert not torch.allclose(network(spectrograms), network(backwards), atol=1e-4)
