"""A running mean of a network's weights, which generalises better than the last of them.

After step t the mean holds `mean + (1 - d) (weights - mean)` with d = min(decay, (1 + t) / (10 + t)), so that the first
steps do not weigh on it (Tarvainen and Valpola 2017; the early rule is TensorFlow's). Running statistics of batch
normalisation are those of the network.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """The running mean of a network's parameters.

    Args:
        network: Whose.
        decay: 0 keeps the last weights.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = network
        self.decay = decay
        self.steps = 0
        self.mean = [parameter.detach().clone() for parameter in network.parameters()] if decay else []

    def after_step(self) -> None:
        """Take in the weights of one more step."""
        if not self.decay:
            return
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        weights = [parameter.detach() for parameter in self.network.parameters()]
        torch._foreach_lerp_(self.mean, weights, 1 - decay)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let the network have the mean for a while."""
        if not self.decay:
            yield
            return
        weights = [parameter.detach().clone() for parameter in self.network.parameters()]
        self._put(self.mean)
        try:
            yield
        finally:
            self._put(weights)

    def _put(self, tensors: list[Tensor]) -> None:
        with torch.no_grad():
            for parameter, tensor in zip(self.network.parameters(), tensors, strict=True):
                parameter.copy_(tensor)

    def tensors(self) -> dict[str, Tensor]:
        """Return the mean, for a checkpoint."""
        return {str(index): tensor for index, tensor in enumerate(self.mean)}

    def restore(self, tensors: dict[str, Tensor], steps: int) -> None:
        """Put back what `tensors` gave."""
        self.steps = steps
        for index, mean in enumerate(self.mean):
            mean.copy_(tensors[str(index)])
