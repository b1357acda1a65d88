"""Attention, a transformer's layer and pooling: the same as torch's own, and blind to what is masked."""

import pytest
import torch
from torch import Tensor, nn

from paraverbal.models.transformer import Attention, Pooling, TransformerLayer, masked_mean, masked_softmax

WIDTH, HEADS = 8, 2


def inside(*lengths: int, steps: int = 6) -> Tensor:
    return torch.arange(steps) < torch.tensor(lengths).unsqueeze(1)


def torchs(own: Attention) -> nn.MultiheadAttention:
    """Torch's attention with the same weights."""
    other = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    parts = (own.query, own.key, own.value)
    with torch.no_grad():
        other.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        other.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        other.out_proj.weight.copy_(own.mix.weight)
        other.out_proj.bias.copy_(own.mix.bias)
    return other.eval()


def test_attention_is_that_of_torch() -> None:
    own, there = Attention(WIDTH, HEADS), inside(6, 3)
    queries, given = torch.randn(2, 4, WIDTH), torch.randn(2, 6, WIDTH)
    expected = torchs(own)(queries, given, given, key_padding_mask=~there)[0]
    torch.testing.assert_close(own(queries, given, there), expected)


def test_a_layer_is_that_of_torch() -> None:
    own = TransformerLayer(WIDTH, HEADS, 0.0)
    other = nn.TransformerEncoderLayer(
        WIDTH, HEADS, 4 * WIDTH, 0.0, activation="gelu", batch_first=True, norm_first=True
    )
    with torch.no_grad():
        other.self_attn.load_state_dict(torchs(own.attention).state_dict())
        for first, second in ((other.linear1, own.inner[0]), (other.linear2, own.inner[2])):
            first.load_state_dict(second.state_dict())
        other.norm1.load_state_dict(own.norm.state_dict())
        other.norm2.load_state_dict(own.inner_norm.state_dict())
    sequence = torch.randn(2, 6, WIDTH)
    expected = other.train()(sequence, src_key_padding_mask=~inside(6, 3))
    torch.testing.assert_close(own(sequence, inside(6, 3)), expected)


def test_what_is_masked_changes_nothing() -> None:
    layer, sequence, there = TransformerLayer(WIDTH, HEADS, 0.1).eval(), torch.randn(2, 6, WIDTH), inside(4, 4)
    other = sequence.clone()
    other[:, 4:] = 1e3
    torch.testing.assert_close(layer(sequence, there)[:, :4], layer(other, there)[:, :4])


def test_a_layer_that_crosses_hears_the_other_sequence_alone() -> None:
    layer = TransformerLayer(WIDTH, HEADS, 0.0, crosses=True).eval()
    sequence, given = torch.randn(1, 3, WIDTH), torch.randn(1, 6, WIDTH)
    whole = layer(sequence, inside(6), given)
    torch.testing.assert_close(layer(sequence[:, :2], inside(6), given), whole[:, :2])
    assert not torch.allclose(layer(sequence, inside(6), given.flip(2)), whole)


def test_means_leave_out_what_is_masked() -> None:
    sequence = torch.tensor([[[1.0], [3.0], [100.0]]])
    assert masked_mean(sequence, inside(2, steps=3)).item() == 2
    assert masked_mean(sequence, inside(0, steps=3)).item() == 0


def test_softmax_over_nothing_is_even() -> None:
    assert masked_softmax(torch.tensor([[1.0, 5.0]]), inside(0, steps=2)).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("kind", ["cls", "mean", "attention"])
def test_pooling_hears_what_is_inside_alone(kind: str) -> None:
    pooling, sequence = Pooling(kind, WIDTH), torch.randn(2, 6, WIDTH)
    torch.testing.assert_close(pooling(sequence, inside(4, 4)), pooling(sequence[:, :4], inside(4, 4, steps=4)))
    assert torch.isfinite(pooling(sequence, inside(0, 6))).all()


def test_pooling_by_attention_is_a_weighted_mean() -> None:
    pooling, sequence = Pooling("attention", WIDTH), torch.randn(1, 6, WIDTH)
    weights = torch.softmax(pooling.score(sequence)[0, :, 0], dim=0)
    torch.testing.assert_close(pooling(sequence, inside(6)), (weights @ sequence[0]).unsqueeze(0))
