"""What a network says of arousal, valence and dominance, beside the logits of the emotions.

A network has one output for each label, then one for each dimension. The latter are learnt on a scale of mean 0 and
deviation 1 over the training clips, on which one rate of learning fits all corpora, and answered on the corpus's own.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

# A dimension that is the same for all training clips is divided by this instead of 0.
LEAST_DEVIATION = 1e-6


class DimensionScale(nn.Module):
    """Standardised values `[batch, dimension]` -> those on the scale of the corpus."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, dimensions: Sequence[str]) -> None:
        super().__init__()
        self.dimensions = tuple(dimensions)
        self.register_buffer("mean", torch.zeros(len(self.dimensions)))
        self.register_buffer("deviation", torch.ones(len(self.dimensions)))

    def fit(self, values: NDArray[np.float32]) -> None:
        """Take mean and deviation of training values `[clip, dimension]`, of which those that are NaN do not count."""
        self.mean.copy_(torch.from_numpy(np.nanmean(values, axis=0)))
        self.deviation.copy_(torch.from_numpy(np.nanstd(values, axis=0)).clamp(min=LEAST_DEVIATION))

    def standardised(self, values: Tensor) -> Tensor:
        """Return values `[batch, dimension]` of the corpus's scale with the training clips' mean 0 and deviation 1."""
        return (values - self.mean) / self.deviation

    def forward(self, values: Tensor) -> Tensor:
        """Return what a network gave on the scale of the corpus."""
        return values * self.deviation + self.mean
