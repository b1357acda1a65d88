"""Attention over sequences whose ends are masked, and the layers of a transformer (Vaswani and others 2017).

Normalisation stands before each part of a layer, which trains without a warm-up (Xiong and others 2020). `inside` says which
steps of a sequence are there, bool `[batch, step]`; the others have no weight. Softmax is taken in float32 whatever the
precision of training.
"""

import math

import torch
from torch import Tensor, nn

# Units of the inner layer, for each of the width.
INNER = 4


class Attention(nn.Module):
    """Attention of several heads: each query becomes a mixture of what is given.

    Args:
        width: Of queries and of what is given; a multiple of `heads`.
        heads: Mixtures of each query, side by side.
        dropout: Of the weights.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.mix = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries: Tensor, given: Tensor, inside: Tensor) -> Tensor:
        """Return the mixtures `[batch, query, width]`.

        Args:
            queries: `[batch, query, width]`.
            given: `[batch, step, width]`.
            inside: Bool `[batch, step]`; where all are false, all steps weigh the same.
        """
        query, key, value = (
            self._split(self.query(queries)),
            self._split(self.key(given)),
            self._split(self.value(given)),
        )
        scores = (query @ key.transpose(2, 3)).float() / math.sqrt(query.shape[-1])
        weights = masked_softmax(scores, inside[:, None, None])
        mixtures = self.dropout(weights).to(value.dtype) @ value
        mixed: Tensor = self.mix(mixtures.transpose(1, 2).flatten(2))
        return mixed

    def _split(self, sequence: Tensor) -> Tensor:
        """Return `[batch, step, width]` as `[batch, head, step, width / heads]`."""
        batch, steps, width = sequence.shape
        return sequence.view(batch, steps, self.heads, width // self.heads).transpose(1, 2)


class TransformerLayer(nn.Module):
    """Attention, then two linear layers with GELU between; each is added to what it was given.

    Args:
        width: Of the sequence.
        heads: Of the attention.
        dropout: Of the weights and of what is added.
        crosses: Whether the queries come from another sequence than what is given, which then is normalised apart.
    """

    def __init__(self, width: int, heads: int, dropout: float, *, crosses: bool = False) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.given_norm = nn.LayerNorm(width) if crosses else None
        self.attention = Attention(width, heads, dropout)
        self.inner_norm = nn.LayerNorm(width)
        self.inner = nn.Sequential(nn.Linear(width, INNER * width), nn.GELU(), nn.Linear(INNER * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, sequence: Tensor, inside: Tensor, given: Tensor | None = None) -> Tensor:
        """Return the sequence `[batch, step, width]`, having heard itself or what is given.

        Args:
            sequence: `[batch, step, width]`.
            inside: Bool, of what is attended to: `[batch, step]` of the sequence, or of `given`.
            given: Of another sequence, for a layer that `crosses`.
        """
        queries = self.norm(sequence)
        heard = queries if given is None or self.given_norm is None else self.given_norm(given)
        sequence = sequence + self.dropout(self.attention(queries, heard, inside))
        added: Tensor = sequence + self.dropout(self.inner(self.inner_norm(sequence)))
        return added


class Pooling(nn.Module):
    """A sequence `[batch, step, width]` -> one vector `[batch, width]`.

    Args:
        kind: `cls`: the first step; `mean`: of the steps inside; `attention`: their mean by learned weights.
        width: Of the sequence.
    """

    def __init__(self, kind: str, width: int) -> None:
        super().__init__()
        self.kind = kind
        self.score = nn.Linear(width, 1) if kind == "attention" else None

    def forward(self, sequence: Tensor, inside: Tensor) -> Tensor:
        """Return the vector; where no step is inside, it is finite and means nothing."""
        if self.kind == "cls":
            return sequence[:, 0]
        if self.score is None:
            return masked_mean(sequence, inside)
        weights = masked_softmax(self.score(sequence).squeeze(2).float(), inside).to(sequence.dtype)
        return (weights.unsqueeze(1) @ sequence).squeeze(1)


def masked_softmax(scores: Tensor, inside: Tensor) -> Tensor:
    """Return the softmax over the last axis of those inside; the others have 0, and all the same where none is inside."""
    return scores.masked_fill(~inside, torch.finfo(scores.dtype).min).softmax(dim=-1)


def masked_mean(sequence: Tensor, inside: Tensor) -> Tensor:
    """Return the mean `[batch, width]` of the steps inside, of `[batch, step, width]`; zeros where none is."""
    weights = inside.unsqueeze(2).to(sequence.dtype)
    return (sequence * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
