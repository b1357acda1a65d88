"""Where a step of a sequence stands, which attention does not see by itself: fixed sinusoids, or a learned table."""

import math

import torch
from torch import Tensor, nn

from paraverbal.text.embedding import BASE


class SinusoidalPositions(nn.Module):
    """The positions of `text.sinusoidal_positions`, added to a sequence of any length `[batch, step, width]`.

    Args:
        width: An even number.
    """

    rates: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(BASE) / width))
        self.register_buffer("rates", rates.float(), persistent=False)

    def forward(self, sequence: Tensor) -> Tensor:
        """Return the sequence with its positions."""
        steps = torch.arange(sequence.shape[1], device=sequence.device, dtype=torch.float32)
        angles = steps.unsqueeze(1) * self.rates
        return sequence + torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1).to(sequence.dtype)


class LearnedPositions(nn.Module):
    """A learned vector for each position, added to a sequence `[batch, step, width]`.

    Args:
        length: Positions that are learned. What stands further behind shares the last one, so that a longer sequence is read
            without an error, if not well.
        width: Of the sequence.
    """

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(length, width)
        nn.init.normal_(self.table.weight, std=0.02)

    def forward(self, sequence: Tensor) -> Tensor:
        """Return the sequence with its positions."""
        steps = torch.arange(sequence.shape[1], device=sequence.device)
        positions: Tensor = self.table(steps.clamp(max=self.table.num_embeddings - 1))
        return sequence + positions


def positions(kind: str, length: int, width: int) -> nn.Module:
    """Return `sinusoidal` or `learned` positions."""
    return LearnedPositions(length, width) if kind == "learned" else SinusoidalPositions(width)
