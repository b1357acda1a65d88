"""Two clips of a batch are mixed as their truths are, and a clip of another length does not disturb."""

import pytest
import torch
from torch.nn import functional

from paraverbal.settings import AugmentSettings
from paraverbal.training.losses import emotion_loss
from paraverbal.training.mixing import Mixing, draw_mixing


def test_features_and_values_are_mixed_in_the_share() -> None:
    features = torch.randn(3, 4, 5)
    mixing = Mixing(torch.tensor([2, 0, 1]), 0.7)
    mixed, lengths = mixing.features(features, None)
    assert torch.allclose(mixed, 0.7 * features + 0.3 * features[[2, 0, 1]], atol=1e-6)
    assert lengths is None
    values = torch.randn(3, 2)
    assert torch.allclose(mixing.values(values), 0.7 * values + 0.3 * values[[2, 0, 1]], atol=1e-6)


def test_a_mixed_clip_is_as_long_as_the_longer_one() -> None:
    _, lengths = Mixing(torch.tensor([1, 2, 0]), 0.6).features(torch.zeros(3, 1, 9), torch.tensor([3, 9, 4]))
    assert lengths is not None
    assert lengths.tolist() == [9, 9, 4]


def test_a_clip_keeps_the_greater_share_and_partners_are_a_permutation() -> None:
    torch.manual_seed(0)
    drawn = [draw_mixing(6, 0.3) for _ in range(400)]
    assert all(0.5 <= one.share <= 1 for one in drawn)
    assert all(sorted(one.partners.tolist()) == list(range(6)) for one in drawn)
    # Beta(0.3, 0.3), folded at a half: its mean is 0.5 + E|x - 0.5|, by simulation.
    expected = torch.distributions.Beta(0.3, 0.3).sample((100_000,)).sub(0.5).abs().mean() + 0.5
    assert sum(one.share for one in drawn) / 400 == pytest.approx(float(expected), abs=0.02)


def test_the_mixed_loss_is_that_of_mixed_truths() -> None:
    logits, labels = torch.randn(5, 3), torch.tensor([0, 2, 1, 1, 0])
    mixing = Mixing(torch.tensor([3, 4, 0, 1, 2]), 0.8)
    for smoothing in (0.0, 0.1):
        parts = [emotion_loss(logits, labels, smoothing), emotion_loss(logits, labels[mixing.partners], smoothing)]
        truth = functional.one_hot(labels, 3) * (1 - smoothing) + smoothing / 3
        whole = -(mixing.values(truth) * logits.log_softmax(1)).sum(1).mean()
        assert torch.allclose(0.8 * parts[0] + 0.2 * parts[1], whole, atol=1e-6)


def test_mixing_is_off_unless_asked_for() -> None:
    assert AugmentSettings().mixup == 0
