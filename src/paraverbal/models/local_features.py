"""`local-features-lstm`: four local feature learning blocks, then an LSTM (Zhao, Mao and Chen 2019).

A block is a convolution of 3, batch normalisation, ELU and a maximum. In one dimension it runs over time with the features
of a frame as channels; in two dimensions over features and time. What is left of each frame goes through the LSTM, and its
last state, or the mean of additive self-attention over its states (Bahdanau, Cho and Bengio 2015), into a linear layer.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from paraverbal.models.masking import (
    Lengths,
    MaskedBatchNorm1d,
    MaskedBatchNorm2d,
    is_inside,
    mean_over_time,
    pooled,
    silenced,
)
from paraverbal.models.recurrent import Recurrent, last_state
from paraverbal.settings import LocalFeaturesSettings


class LocalFeatureBlock(nn.Module):
    """Convolution of 3, batch normalisation, maximum, ELU: divides features and frames by `pool`, rounding down.

    The maximum is taken before the ELU, which rises everywhere: the same output and gradient at less cost.
    """

    def __init__(self, dimensions: int, channels: tuple[int, int], pool: int) -> None:
        super().__init__()
        self.size = pool
        if dimensions == 1:
            self.convolution: nn.Module = nn.Conv1d(*channels, kernel_size=3, padding=1)
            self.norm: nn.Module = MaskedBatchNorm1d(channels[1])
            self.pool: nn.Module = nn.MaxPool1d(pool)
        else:
            self.convolution = nn.Conv2d(*channels, kernel_size=3, padding=1)
            self.norm = MaskedBatchNorm2d(channels[1])
            self.pool = nn.MaxPool2d(pool)

    def forward(self, maps: Tensor, lengths: Lengths) -> tuple[Tensor, Lengths]:
        """Return the maps `[batch, channel, ..., frame]` and their lengths."""
        maps = self.pool(self.norm(self.convolution(silenced(maps, lengths)), lengths))
        return functional.elu(maps), pooled(lengths, self.size)


class SelfAttention(nn.Module):
    """Additive self-attention: each frame becomes a mixture of all frames, `[batch, frame, unit]` -> the same.

    The weight of frame j for frame i is the softmax over j of v . tanh(W x_i + U x_j + b).
    """

    def __init__(self, units: int, hidden: int = 32) -> None:
        super().__init__()
        self.query = nn.Linear(units, hidden, bias=False)
        self.key = nn.Linear(units, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, states: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the mixtures; frames behind a clip's end have no weight."""
        pairs = torch.tanh(self.query(states).unsqueeze(2) + self.key(states).unsqueeze(1))
        scores = self.score(pairs).squeeze(3).float()
        if lengths is not None:
            outside = ~is_inside(lengths, states.shape[1]).unsqueeze(1)
            scores = scores.masked_fill(outside, torch.finfo(scores.dtype).min)
        mixtures: Tensor = scores.softmax(dim=2).to(states.dtype) @ states
        return mixtures


class LocalFeaturesLstm(nn.Module):
    """Features `[batch, feature, frame]` -> logits `[batch, label]`.

    Args:
        settings: Blocks, LSTM, attention.
        rows: Features of a frame.
        frames: Not needed: any number of frames from `minimum_frames` on.
        labels: Number of labels.
    """

    def __init__(self, settings: LocalFeaturesSettings, rows: int, frames: int | None, labels: int) -> None:
        super().__init__()
        self.minimum_frames = settings.least_frames
        self.dimensions = settings.dimensions
        first = rows if settings.dimensions == 1 else 1
        pairs = zip((first, *settings.channels), settings.channels, strict=False)
        self.blocks = nn.ModuleList(
            LocalFeatureBlock(settings.dimensions, pair, pool) for pair, pool in zip(pairs, settings.pools, strict=True)
        )
        left = 1 if settings.dimensions == 1 else rows // settings.least_rows
        self.token_width = settings.lstm_units
        self.lstm = Recurrent("lstm", settings.channels[-1] * left, settings.lstm_units)
        self.attention = SelfAttention(settings.lstm_units) if settings.attention else None
        self.dropout = nn.Dropout(settings.dropout)
        self.output = nn.Linear(settings.lstm_units, labels)

    def embed(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the embedding `[batch, unit]` of features `[batch, feature, frame]`."""
        return self.summary(*self.tokens(features, lengths))

    def tokens(self, features: Tensor, lengths: Lengths = None) -> tuple[Tensor, Lengths]:
        """Return the states of the LSTM, or mixtures of them by attention, `[batch, frame, unit]`, and their lengths."""
        maps = features if self.dimensions == 1 else features.unsqueeze(1)
        for block in self.blocks:
            maps, lengths = block(maps, lengths)
        sequence = maps.transpose(1, 2) if self.dimensions == 1 else maps.permute(0, 3, 1, 2).flatten(2)
        states = self.lstm(sequence)
        return states if self.attention is None else self.attention(states, lengths), lengths

    def summary(self, tokens: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the embedding `[batch, unit]` of what `tokens` returned: the last state, or the mean of the mixtures."""
        if self.attention is None:
            return last_state(tokens, lengths)
        return mean_over_time(tokens.transpose(1, 2), lengths)

    def forward(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return logits `[batch, label]`."""
        logits: Tensor = self.output(self.dropout(self.embed(features, lengths)))
        return logits
