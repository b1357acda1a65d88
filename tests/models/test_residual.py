"""The parts of the residual network are what their papers say, and do not hear what lies behind a clip's end."""

import pytest
import torch

from paraverbal.models.residual import AttentiveStatistics, ResidualNetwork
from paraverbal.settings import ResidualSettings

SMALL = ResidualSettings(stem=4, channels=(8,), halved=1, units=6, attention_units=5, dropout=0.0)


def test_equal_attention_gives_mean_and_deviation() -> None:
    pooling = AttentiveStatistics(3, 4)
    with torch.no_grad():
        pooling.weigh.weight.zero_()
    sequence = torch.randn(2, 3, 50)
    mean, deviation = pooling(sequence, None).split(3, dim=1)
    assert torch.allclose(mean, sequence.mean(2), atol=1e-6)
    assert torch.allclose(deviation, sequence.var(2, unbiased=False).add(1e-4).sqrt(), atol=1e-5)


def test_attention_on_one_frame_gives_that_frame_and_no_deviation() -> None:
    pooling = AttentiveStatistics(1, 1)
    with torch.no_grad():
        for layer in (pooling.hidden, pooling.weigh):
            layer.weight.zero_()
            layer.bias.zero_()
        pooling.hidden.weight[0, 0] = 1.0  # sees the frame itself
        pooling.weigh.weight[0, 0] = 1000.0
    sequence = torch.tensor([[[0.1, 0.2, 0.9, 0.3]]])
    mean, deviation = pooling(sequence, None)[0]
    assert mean.item() == pytest.approx(0.9, abs=1e-4)
    assert deviation.item() == pytest.approx(0.01, abs=1e-3)


def test_a_constant_sequence_has_a_finite_gradient() -> None:
    pooling = AttentiveStatistics(2, 3)
    sequence = torch.full((1, 2, 7), 0.5, requires_grad=True)
    pooling(sequence, None).sum().backward()
    assert sequence.grad is not None
    assert torch.isfinite(sequence.grad).all()


@pytest.mark.parametrize("settings", [SMALL, SMALL.model_copy(update={"channels": (6, 8), "halved": 2})])
@pytest.mark.parametrize("bands", [16, 17, 23])
def test_a_clip_in_a_padded_batch_is_answered_as_alone(settings, bands) -> None:
    torch.manual_seed(0)
    network = ResidualNetwork(settings, bands, None, 3).eval()
    lengths = torch.tensor([settings.least_frames, 31, 50, 17])
    features = torch.randn(4, bands, 50)
    for row, length in zip(features, lengths, strict=True):
        row[:, length:] = 0
    together = network(features, lengths)
    alone = [network(one[None, :, :length]) for one, length in zip(features, lengths, strict=True)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


def test_the_least_frames_pass_and_fewer_are_not_promised() -> None:
    settings = SMALL.model_copy(update={"channels": (8, 8), "halved": 2})
    network = ResidualNetwork(settings, 16, None, 2).eval()
    assert network.minimum_frames == settings.least_frames == 8
    assert network(torch.randn(1, 16, 8)).shape == (1, 2)
