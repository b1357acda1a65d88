"""`svm`: a support vector machine, one against one, as a network without trained parameters.

For each pair of labels, a decision d(x) = sum over the support vectors v of c_v k(x, v), plus an intercept, says which of
the two a clip is: the first where d >= 0, and also where float32 cannot tell d from 0. The kernel k is the inner product, or
exp(-gamma |x - v|²). Source: Chang and Lin, "LIBSVM: a library for support vector machines", 2011.

The logit of a label is the number of pairs that it wins, plus s / (3 (|s| + 1)), where s sums the decisions of its pairs,
each with the sign that favours it: less than a third of a vote, so that it only orders labels of equal votes. This is what
scikit-learn's `SVC` calls the decision function of shape `ovr`. Two labels have one decision, shared as d / 2 and -d / 2.
`training.support_vectors` finds the vectors.
"""

import torch
from torch import Tensor, nn

from paraverbal.settings import SvmSettings


class SupportVectorMachine(nn.Module):
    """Features `[batch, feature, 1]` -> logits `[batch, label]`; all zeros before `load`.

    A linear kernel keeps one weight for each pair and feature, and no vectors: it does not grow with the training part.

    Args:
        settings: Which kernel; costs and gamma concern the training alone.
        rows: Features of a frame.
        frames: Frames of a clip; None counts as 1.
        labels: Number of labels.
    """

    vectors: Tensor
    coefficients: Tensor
    intercepts: Tensor
    sides: Tensor
    gamma: Tensor

    def __init__(self, settings: SvmSettings, rows: int, frames: int | None, labels: int) -> None:
        super().__init__()
        self.minimum_frames = 1
        self.kernel = settings.kernel
        self.features = rows * (frames or 1)
        self.labels = labels
        for name, shape in self._shapes(pairs=0, vectors=0).items():
            self.register_buffer(name, torch.zeros(shape))
        self.register_buffer("gamma", torch.tensor(0.0))

    def load(
        self, vectors: Tensor, coefficients: Tensor, *, intercepts: Tensor, pairs: list[tuple[int, int]], gamma: float
    ) -> None:
        """Take over what a training found; float64 is welcome, float32 is kept.

        Args:
            vectors: Support vectors `[vector, feature]`.
            coefficients: Weight of each vector in each decision, `[pair, vector]`; 0 where it has no part.
            intercepts: `[pair]`.
            pairs: The two labels between which each decision is made; a positive one is for the first. A label in no
                pair always has the logit 0, and never the greatest.
            gamma: Of the rbf kernel; a linear one ignores it.
        """
        if self.kernel == "linear":
            coefficients, vectors = coefficients @ vectors, vectors[:0]
        sides = torch.zeros(len(pairs), self.labels)
        for row, (first, second) in enumerate(pairs):
            sides[row, first], sides[row, second] = 1, -1
        found = {"vectors": vectors, "coefficients": coefficients, "intercepts": intercepts, "sides": sides}
        self.load_state_dict({**found, "gamma": torch.tensor(gamma)})

    def embed(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the features themselves, `[batch, feature]`; every clip is one frame, so that `lengths` says nothing."""
        return features.flatten(1)

    def decisions(self, embeddings: Tensor) -> Tensor:
        """Return the decision of each pair, `[batch, pair]`, for embeddings `[batch, feature]`."""
        if self.kernel == "rbf":
            embeddings = torch.exp(-self.gamma * _squared_distances(embeddings, self.vectors))
        return embeddings @ self.coefficients.T + self.intercepts

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return logits `[batch, label]`."""
        decisions = self.decisions(self.embed(features))
        sums = decisions @ self.sides
        if self.labels == 2:
            return sums / 2
        winners = torch.where(decisions >= 0, 1.0, -1.0)
        votes = (winners @ self.sides + self.sides.abs().sum(dim=0)) / 2
        return votes + sums / (3 * (sums.abs() + 1))

    def _shapes(self, pairs: int, vectors: int) -> dict[str, tuple[int, ...]]:
        if self.kernel == "linear":
            vectors, columns = 0, self.features
        else:
            columns = vectors
        return {
            "vectors": (vectors, self.features),
            "coefficients": (pairs, columns),
            "intercepts": (pairs,),
            "sides": (pairs, self.labels),
        }

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: object) -> None:
        """Take the numbers of pairs and vectors from the state; all else must fit, as in any module."""
        pairs, vectors = (len(state_dict.get(prefix + name, ())) for name in ("intercepts", "vectors"))
        for name, shape in self._shapes(pairs, vectors).items():
            setattr(self, name, torch.zeros(shape, device=self.gamma.device))
        super()._load_from_state_dict(state_dict, prefix, *args)


def _squared_distances(points: Tensor, vectors: Tensor) -> Tensor:
    """Return |x - v|² for all pairs, `[batch, vector]`, without the differences, which would take batch x vector x feature."""
    lengths = points.square().sum(dim=1, keepdim=True) + vectors.square().sum(dim=1)
    return (lengths - 2 * points @ vectors.T).clamp(min=0)
