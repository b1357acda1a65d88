"""Local feature learning blocks, the LSTM behind them, and self-attention: shapes, equations, parameters."""

import itertools

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from paraverbal.config import read_recipe
from paraverbal.models.local_features import LocalFeatureBlock, LocalFeaturesLstm, SelfAttention
from paraverbal.models.model import SpeechModel
from paraverbal.settings import LocalFeaturesSettings

FIVE = ("anger", "fear", "happiness", "neutral", "sadness")


def passed(network: LocalFeaturesLstm, maps: Tensor) -> list[tuple[int, ...]]:
    """Return the shapes behind each block."""
    shapes = []
    for block in network.blocks:
        maps, _ = block(maps, None)
        shapes.append(tuple(maps.shape[1:]))
    return shapes


def built(**settings) -> LocalFeaturesLstm:
    torch.manual_seed(0)
    rows = settings.pop("rows", 1)
    return LocalFeaturesLstm(LocalFeaturesSettings(**settings), rows=rows, frames=None, labels=5)


def blocks_parameters(channels: tuple[int, ...], kernel: int) -> int:
    """Weights and biases of each convolution, and factor and offset of its normalisation."""
    pairs = itertools.pairwise(channels)
    return sum(before * after * kernel + after + 2 * after for before, after in pairs)


def lstm_parameters(features: int, units: int) -> int:
    """Four gates: a weight for each feature and each unit, and two biases."""
    return 4 * units * (features + units + 2)


def attention_parameters(units: int, hidden: int = 32) -> int:
    return units * hidden + (units * hidden + hidden) + hidden


def test_864_points_become_3_steps_of_128_features() -> None:
    network = built(dimensions=1, pools=(4, 4, 4, 4))
    assert passed(network, torch.zeros(2, 1, 864)) == [(64, 216), (64, 54), (128, 13), (128, 3)]
    assert network.lstm.layers.input_size == 128


def test_128_bands_become_1_and_frames_an_128th() -> None:
    network = built(dimensions=2, rows=128)
    shapes = passed(network, torch.zeros(1, 1, 128, 432))
    assert shapes == [(64, 64, 216), (64, 16, 54), (128, 4, 13), (128, 1, 3)]
    assert network.lstm.layers.input_size == 128


def test_bands_that_are_left_stand_beside_the_channels() -> None:
    network = built(dimensions=2, rows=11, channels=(3, 4), pools=(2, 2), lstm_units=6)
    assert network.lstm.layers.input_size == 4 * 2
    assert network(torch.randn(3, 11, 9)).shape == (3, 5)


def test_the_parameters_of_the_recipes_are_those_of_their_layers_one_by_one() -> None:
    behind = lstm_parameters(128, 256) + 256 * 5 + 5
    expected = {
        "time-cnn-lstm": blocks_parameters((1, 64, 64, 128, 128), 3) + behind,
        "mel-cnn-lstm": blocks_parameters((1, 64, 64, 128, 128), 9) + behind,
    }
    expected["mel-cnn-lstm-attention"] = expected["mel-cnn-lstm"] + attention_parameters(256)
    assert {name: SpeechModel(read_recipe(name), FIVE).parameters_count for name in expected} == expected


@pytest.mark.parametrize(
    ("dimensions", "shape", "pool"), [(1, (3, 2, 13), nn.MaxPool1d), (2, (3, 2, 8, 13), nn.MaxPool2d)]
)
def test_pooling_before_the_elu_changes_neither_output_nor_gradient(dimensions, shape, pool) -> None:
    torch.manual_seed(0)
    block = LocalFeatureBlock(dimensions, (2, 4), 3).double()
    nn.init.constant_(block.norm.bias, -1.0)  # so that maxima are on both sides of zero
    published = nn.Sequential(block.convolution, block.norm, nn.ELU(), pool(3))
    maps = torch.randn(shape, dtype=torch.float64)
    weight = torch.randn_like(published(maps))
    outputs, gradients = [], []
    for order in (lambda given: block(given, None)[0], published):
        block.zero_grad()
        outputs.append(order(maps))
        (outputs[-1] * weight).sum().backward()
        gradients.append([parameter.grad.clone() for parameter in block.parameters()])
    torch.testing.assert_close(*outputs, atol=1e-12, rtol=0)
    assert (outputs[0] < 0).any()
    assert (outputs[0] > 0).any()
    torch.testing.assert_close(*gradients, atol=1e-12, rtol=0)


def test_a_block_gives_the_lengths_that_are_left() -> None:
    block = LocalFeatureBlock(1, (2, 4), 4)
    maps, lengths = block(torch.randn(3, 2, 13), torch.tensor([13, 9, 4]))
    assert maps.shape == (3, 4, 3)
    assert lengths.tolist() == [3, 2, 1]
    assert block(torch.randn(3, 2, 13), None)[1] is None


def mixed_by_hand(attention: SelfAttention, states: Tensor) -> Tensor:
    """Return the mixtures of one clip `[frame, unit]`, pair by pair as the equation has them."""
    rows = []
    for one in states:
        scores = torch.stack(
            [attention.score(torch.tanh(attention.query(one) + attention.key(other)))[0] for other in states]
        )
        rows.append(scores.softmax(0) @ states)
    return torch.stack(rows)


def test_self_attention_is_its_equation() -> None:
    torch.manual_seed(0)
    attention, states = SelfAttention(6, hidden=4).double(), 3 * torch.randn(2, 5, 6, dtype=torch.float64)
    expected = torch.stack([mixed_by_hand(attention, one) for one in states])
    torch.testing.assert_close(attention(states), expected, atol=1e-6, rtol=0)  # its softmax is taken in float32


@pytest.mark.parametrize("lengths", [None, torch.tensor([5, 2, 1])])
def test_the_weights_of_self_attention_sum_to_one(lengths) -> None:
    torch.manual_seed(0)
    attention = SelfAttention(6)
    ones = torch.ones(3, 5, 6)
    torch.testing.assert_close(attention(ones, lengths), ones)
    # One unit that is 1 everywhere, beside others that differ: its mixture is the sum of the weights.
    states = torch.randn(3, 5, 6)
    states[..., 0] = 1
    torch.testing.assert_close(attention(states, lengths)[..., 0], torch.ones(3, 5))


def test_self_attention_gives_frames_behind_the_end_no_weight() -> None:
    torch.manual_seed(0)
    attention, lengths = SelfAttention(6), torch.tensor([5, 2, 1])
    states = torch.randn(3, 5, 6)
    padded = states.clone()
    for clip, length in enumerate(lengths.tolist()):
        padded[clip, length:] = 1e3
        found = attention(padded, lengths)[clip, :length]
        torch.testing.assert_close(found, attention(states[clip : clip + 1, :length])[0])
    assert not torch.allclose(attention(padded)[1, :2], attention(padded, lengths)[1, :2])


def test_with_attention_the_embedding_is_the_mean_of_the_mixtures_and_without_the_last_state() -> None:
    for attention in (False, True):
        network = built(dimensions=1, rows=3, channels=(4,), pools=(2,), lstm_units=6, attention=attention).eval()
        features = torch.randn(2, 3, 10)
        block = network.blocks[0]
        maps = functional.elu(block.pool(block.norm(block.convolution(features))))
        states = network.lstm(maps.transpose(1, 2))
        expected = network.attention(states).mean(1) if attention else states[:, -1]
        torch.testing.assert_close(network.embed(features), expected)


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("dimensions", [1, 2])
def test_a_clip_in_a_padded_batch_has_the_logits_that_it_has_alone(dimensions, attention) -> None:
    # The recipes fit all clips to one length before the network, which can do without.
    network = built(
        dimensions=dimensions, rows=12, channels=(4, 6), pools=(2, 3), lstm_units=8, attention=attention
    ).eval()
    lengths = torch.tensor([6, 1000, 7, 257, 13])
    features = torch.randn(5, 12, 1000) * torch.linspace(1, 3, 5).view(-1, 1, 1)
    with torch.inference_mode():
        alone = torch.cat([network(one[None, :, :length]) for one, length in zip(features, lengths, strict=True)])
        torch.testing.assert_close(network(features, lengths), alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_the_fewest_frames_that_the_settings_name_pass_and_one_less_does_not(dimensions) -> None:
    network = built(dimensions=dimensions, rows=24, channels=(2, 2), pools=(2, 3), lstm_units=4).eval()
    assert network.minimum_frames == 6
    assert network(torch.randn(1, 24, 6)).shape == (1, 5)
    with pytest.raises(RuntimeError):
        network(torch.randn(1, 24, 5))
