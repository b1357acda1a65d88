"""Mixing two clips of a batch, and their truths (Zhang et al., "mixup", ICLR 2018)."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Mixing:
    """Which clips of a batch are mixed.

    Attributes:
        partners: Index of the clip that is mixed into each, `[batch]`.
        share: What each keeps of its own, 0.5 to 1; its partner gives the rest.
    """

    partners: Tensor
    share: float

    def features(self, features: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return mixed features `[batch, feature, frame]`, and lengths: those of the longer of the two.

        What lies behind the end of the shorter one must be zero, as it is after scaling.
        """
        mixed = torch.lerp(features[self.partners], features, self.share)
        return mixed, None if lengths is None else torch.maximum(lengths, lengths[self.partners])

    def values(self, values: Tensor) -> Tensor:
        """Return mixed values `[batch, ...]`."""
        return torch.lerp(values[self.partners], values, self.share)


def draw_mixing(clips: int, alpha: float) -> Mixing:
    """Draw partners and a share from Beta(alpha, alpha), from torch's generator."""
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    return Mixing(torch.randperm(clips), max(share, 1 - share))
