"""How what was heard and read becomes one vector, or one mix of answers; each part masks what is missing.

Where a clip lacks a kind of input, a learned vector stands in its place (`early`, `middle`, `cross`), or its answer has no
weight (`late`). So a model answers with whatever is there, and what was put in for a missing input changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paraverbal.models.positions import SinusoidalPositions
from paraverbal.models.transformer import TransformerLayer, masked_mean

# Deviation of what is learned for missing inputs, for kinds of input and for the opening token, before training.
_DEVIATION = 0.02


@dataclass(frozen=True)
class Heard:
    """What one kind of input says of each clip of a batch.

    Attributes:
        pooled: `[batch, unit]`.
        present: Whether the clip has it, bool `[batch]`.
        tokens: `[batch, step, unit]`; None of what is one vector.
        inside: Which tokens are there, bool `[batch, step]`.
    """

    pooled: Tensor
    present: Tensor
    tokens: Tensor | None = None
    inside: Tensor | None = None


@dataclass(frozen=True)
class Width:
    """Units of a kind of input: of its pooled vector, and of its tokens; None of what has none."""

    pooled: int
    tokens: int | None


def _learned(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) * _DEVIATION)


class Early(nn.Module):
    """Joined features: the pooled vectors side by side, each normalised, through one hidden layer.

    Args:
        widths: Of each kind of input.
        units: Of the hidden layer, which is the embedding.
    """

    def __init__(self, widths: Mapping[str, Width], units: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width.pooled) for width in widths.values())
        self.missing = nn.ParameterList(_learned(width.pooled) for width in widths.values())
        self.hidden = nn.Linear(sum(width.pooled for width in widths.values()), units)

    def forward(self, heard: Sequence[Heard]) -> Tensor:
        """Return the embedding `[batch, unit]`."""
        parts = [
            torch.where(one.present.unsqueeze(1), norm(one.pooled), missing.to(one.pooled.dtype))
            for one, norm, missing in zip(heard, self.norms, self.missing, strict=True)
        ]
        return torch.relu(self.hidden(torch.cat(parts, dim=1)))


class OneSpace(nn.Module):
    """Each kind of input as a sequence of one width, normalised and projected, with what says of which kind it is.

    A sequence begins with a learned token for "missing", which is inside where the input is not there; then come the pooled
    vector and the tokens.
    """

    def __init__(self, widths: Mapping[str, Width], units: int) -> None:
        super().__init__()
        self.pooled = nn.ModuleList(_projection(width.pooled, units) for width in widths.values())
        self.tokens = nn.ModuleList(
            nn.Identity() if width.tokens is None else _projection(width.tokens, units) for width in widths.values()
        )
        self.kinds = _learned(len(widths), units)
        self.missing = _learned(len(widths), units)
        self.positions = SinusoidalPositions(units)

    def forward(self, heard: Sequence[Heard]) -> list[tuple[Tensor, Tensor]]:
        """Return sequence `[batch, step, unit]` and what is inside, bool `[batch, step]`, of each kind of input."""
        return [self._sequence(place, one) for place, one in enumerate(heard)]

    def _sequence(self, place: int, one: Heard) -> tuple[Tensor, Tensor]:
        there = one.present.unsqueeze(1)
        pooled = self.pooled[place](one.pooled).unsqueeze(1)
        parts = [self.missing[place].to(pooled.dtype).expand_as(pooled), pooled]
        inside = [~there, there]
        if one.tokens is not None and one.inside is not None:
            parts.append(self.positions(self.tokens[place](one.tokens)))
            inside.append(one.inside & there)
        return torch.cat(parts, dim=1) + self.kinds[place].to(pooled.dtype), torch.cat(inside, dim=1)


def _projection(width: int, units: int) -> nn.Module:
    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, units))


class Middle(nn.Module):
    """A joint transformer: every token hears the tokens of all kinds of input; an opening token collects.

    The opening token begins as a learned vector and the mean of the pooled ones, so that what early fusion knows need not be
    found by attention first.

    Args:
        widths: Of each kind of input.
        units: Of the space they share, and of the embedding.
        layers: Of the transformer.
        heads: Of its attention.
        dropout: Of its weights.
    """

    def __init__(self, widths: Mapping[str, Width], units: int, *, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.space = OneSpace(widths, units)
        self.opening = _learned(1, 1, units)
        self.layers = nn.ModuleList(TransformerLayer(units, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(units)

    def forward(self, heard: Sequence[Heard]) -> Tensor:
        """Return the embedding `[batch, unit]`: what the opening token has heard."""
        sequences, masks = zip(*self.space(heard), strict=True)
        pooled = [
            masked_mean(sequence[:, :2], inside[:, :2]) for sequence, inside in zip(sequences, masks, strict=True)
        ]
        opening = self.opening.to(pooled[0].dtype) + torch.stack(pooled, dim=1).mean(dim=1, keepdim=True)
        joined = torch.cat([opening, *sequences], dim=1)
        inside = torch.cat([torch.ones_like(masks[0][:, :1]), *masks], dim=1)
        for layer in self.layers:
            joined = layer(joined, inside)
        embedding: Tensor = self.norm(joined[:, 0])
        return embedding


class Cross(nn.Module):
    """Cross-attention: the tokens of each kind of input hear those of all others; their means stand side by side.

    Args:
        widths: Of each kind of input; two at least.
        units: Of the space they share, and of the embedding.
        layers: Of each kind's transformer.
        heads: Of its attention.
        dropout: Of its weights.
    """

    def __init__(self, widths: Mapping[str, Width], units: int, *, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.space = OneSpace(widths, units)
        self.layers = nn.ModuleList(
            nn.ModuleList(TransformerLayer(units, heads, dropout, crosses=True) for _ in widths) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(len(widths) * units)
        self.hidden = nn.Linear(len(widths) * units, units)

    def forward(self, heard: Sequence[Heard]) -> Tensor:
        """Return the embedding `[batch, unit]`."""
        sequences, masks = (list(part) for part in zip(*self.space(heard), strict=True))
        for layer in self.layers:
            sequences = [
                one(sequence, _others(masks, place), _others(sequences, place))
                for place, (one, sequence) in enumerate(zip(layer, sequences, strict=True))  # type: ignore[call-overload]
            ]
        means = [masked_mean(sequence, inside) for sequence, inside in zip(sequences, masks, strict=True)]
        return torch.relu(self.hidden(self.norm(torch.cat(means, dim=1))))


class Late(nn.Module):
    """A mix of answers: each kind of input answers alone, and what is there is weighed.

    The probability of a label is the weighted mean of those that each gives it, arithmetic or geometric (the linear and the
    logarithmic opinion pool: Genest and Zidek 1986). It is handed on as its logarithm, whose softmax is the mix itself. Where
    nothing is there, all labels are as likely.

    Args:
        widths: Of each kind of input.
        labels: Emotions; the first outputs.
        outputs: All outputs, dimensions such as arousal behind the emotions.
        weights: How much each counts, relative to the others; None learns it.
        is_geometric: Which mean is taken of probabilities; of dimensions it is the arithmetic one.
        head: Units of the hidden layer of each answer, and the dropout behind it; as early fusion of that input alone.
    """

    log_weights: Tensor

    def __init__(
        self,
        widths: Mapping[str, Width],
        labels: int,
        outputs: int,
        *,
        weights: Sequence[float] | None,
        is_geometric: bool,
        head: tuple[int, float],
    ) -> None:
        super().__init__()
        self.labels = labels
        self.is_geometric = is_geometric
        self.answers = nn.ModuleList(_head(width.pooled, *head, outputs) for width in widths.values())
        if weights is None:
            self.log_weights = nn.Parameter(torch.zeros(len(widths)))
        else:
            self.register_buffer("log_weights", torch.tensor(weights).log())

    def forward(self, heard: Sequence[Heard]) -> Tensor:
        """Return logarithms of the mixed probabilities, then the mixed dimensions, `[batch, output]`."""
        answers = [answer(one.pooled).float() for one, answer in zip(heard, self.answers, strict=True)]
        stacked = torch.stack(answers, dim=1)
        present = torch.stack([one.present for one in heard], dim=1)
        lowest = torch.finfo(torch.float32).min
        weights = self.log_weights.float().masked_fill(~present, lowest).log_softmax(dim=1).unsqueeze(2)
        told = stacked[..., : self.labels].log_softmax(dim=2)
        mixed = (weights.exp() * told).sum(dim=1) if self.is_geometric else (weights + told).logsumexp(dim=1)
        mixed = torch.where(present.any(dim=1, keepdim=True), mixed, 0.0)
        return torch.cat([mixed, (weights.exp() * stacked[..., self.labels :]).sum(dim=1)], dim=1)


def _head(width: int, units: int, dropout: float, outputs: int) -> nn.Module:
    hidden = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout))
    return hidden.append(nn.Linear(units, outputs))


def _others(parts: Sequence[Tensor], place: int) -> Tensor:
    return torch.cat([part for index, part in enumerate(parts) if index != place], dim=1)
