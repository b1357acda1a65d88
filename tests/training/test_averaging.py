"""The kept weights are the running mean that the formula says, and training goes on with its own."""

import torch
from torch import nn

from paraverbal.training.averaging import WeightAverage


def stepped(average: WeightAverage, network: nn.Linear, steps: int, seed: int = 0) -> list[torch.Tensor]:
    """Give the network new weights, step by step; return them."""
    generator = torch.Generator().manual_seed(seed)
    taken = []
    for _ in range(steps):
        with torch.no_grad():
            network.weight.copy_(torch.randn(network.weight.shape, generator=generator))
        average.after_step()
        taken.append(network.weight.detach().clone())
    return taken


def test_the_mean_follows_its_formula() -> None:
    network = nn.Linear(3, 2)
    average = WeightAverage(network, 0.9)
    mean = network.weight.detach().clone()
    for step, weights in enumerate(stepped(average, network, 100), 1):
        decay = min(0.9, (1 + step) / (10 + step))
        mean = decay * mean + (1 - decay) * weights
    assert torch.allclose(average.mean[0], mean, atol=1e-6)


def test_the_network_has_the_mean_for_a_while_and_its_own_weights_after() -> None:
    network = nn.Linear(3, 2)
    average = WeightAverage(network, 0.9)
    own = stepped(average, network, 5)[-1]
    with average.used():
        assert torch.equal(network.weight, average.mean[0])
        assert not torch.equal(network.weight, own)
    assert torch.equal(network.weight, own)


def test_without_a_mean_nothing_is_kept_and_nothing_changes() -> None:
    network = nn.Linear(3, 2)
    average = WeightAverage(network, 0.0)
    own = stepped(average, network, 2)[-1]
    with average.used():
        assert torch.equal(network.weight, own)
    assert average.tensors() == {}


def test_an_interrupted_mean_goes_on() -> None:
    network = nn.Linear(3, 2)
    whole, first = WeightAverage(network, 0.9), WeightAverage(network, 0.9)
    stepped(whole, network, 8)
    stepped(first, network, 8)
    second = WeightAverage(network, 0.9)
    second.restore({name: tensor.clone() for name, tensor in first.tensors().items()}, first.steps)
    stepped(whole, network, 8, seed=1)
    stepped(second, network, 8, seed=1)
    assert torch.equal(whole.mean[0], second.mean[0])
