"""`residual`: residual convolutions over the spectrogram, then statistics over time, weighted by attention.

A first convolution halves bands and frames. Each stage halves the bands, some the frames too, with a maximum, and has one
residual block (He et al. 2016). The maps of what bands are left are joined for each frame and projected; attention chooses
frames for mean and deviation (Okabe, Koshinaka and Shinoda 2018). `lengths` travels through all of it, so that clips of any
length share a batch.
"""

import torch
from torch import Tensor, nn

from paraverbal.models.masking import (
    Lengths,
    MaskedBatchNorm1d,
    MaskedBatchNorm2d,
    is_inside,
    mean_over_time,
    pooled,
    silenced,
)
from paraverbal.settings import ResidualSettings

# Added to a variance before its root is taken: the root has no gradient at 0.
_LEAST_VARIANCE = 1e-4


class ResidualStage(nn.Module):
    """A maximum of 2 x 2 (or of the bands alone), a projection to the stage's channels, and one residual block.

    What it is given and what it returns is not rectified yet: the maximum comes first, which gives the same and leaves a
    quarter of the values to rectify.
    """

    def __init__(self, channels: tuple[int, int], *, pool: tuple[int, int], dropout: float) -> None:
        super().__init__()
        given, width = channels
        self.pool_frames = pool[1]
        self.pool = nn.MaxPool2d(pool)
        self.widen = nn.Conv2d(given, width, kernel_size=1, bias=False) if given != width else None
        self.first = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.first_norm = MaskedBatchNorm2d(width)
        self.second = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.second_norm = MaskedBatchNorm2d(width)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, maps: Tensor, lengths: Lengths) -> tuple[Tensor, Lengths]:
        """Return the maps `[batch, channel, band, frame]` and their lengths."""
        maps, lengths = torch.relu(self.pool(maps)), pooled(lengths, self.pool_frames)
        maps = maps if self.widen is None else self.widen(maps)
        inner = torch.relu(self.first_norm(self.first(silenced(maps, lengths)), lengths))
        inner = self.second_norm(self.second(silenced(inner, lengths)), lengths)
        return self.dropout(maps + inner), lengths


class AttentiveStatistics(nn.Module):
    """Mean and deviation over the frames of each clip, `[batch, unit, frame]` -> `[batch, 2 * unit]`.

    Each unit has its own weights over time, which see the frame and the mean and deviation of the clip (as in
    ECAPA-TDNN, Desplanques et al. 2020).
    """

    def __init__(self, units: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Conv1d(3 * units, hidden, kernel_size=1)
        self.weigh = nn.Conv1d(hidden, units, kernel_size=1)

    def forward(self, sequence: Tensor, lengths: Lengths) -> Tensor:
        """Weigh the frames, and take their mean and deviation."""
        mean = mean_over_time(sequence, lengths).unsqueeze(2)
        variance = mean_over_time((sequence - mean).square(), lengths).unsqueeze(2)
        deviation = (variance + _LEAST_VARIANCE).sqrt()
        context = torch.cat([sequence, mean.expand_as(sequence), deviation.expand_as(sequence)], dim=1)
        scores = self.weigh(torch.tanh(self.hidden(context)))
        if lengths is not None:
            scores = scores.masked_fill(~is_inside(lengths, sequence.shape[2]).unsqueeze(1), -torch.inf)
        weights = scores.float().softmax(dim=2).to(sequence.dtype)
        mean = (weights * sequence).sum(dim=2)
        variance = (weights * (sequence - mean.unsqueeze(2)).square()).sum(dim=2)
        return torch.cat([mean, (variance + _LEAST_VARIANCE).sqrt()], dim=1)


class ResidualNetwork(nn.Module):
    """Spectrograms `[batch, band, frame]` -> logits `[batch, label]`.

    Args:
        settings: Channels, pooling, projection, attention.
        rows: Bands.
        frames: Not needed: any number of frames.
        labels: Number of labels.
    """

    def __init__(self, settings: ResidualSettings, rows: int, frames: int | None, labels: int) -> None:
        super().__init__()
        self.minimum_frames = settings.least_frames
        self.stem = nn.Conv2d(1, settings.stem, kernel_size=5, stride=2, padding=2, bias=False)
        self.stem_norm = MaskedBatchNorm2d(settings.stem)
        widths = (settings.stem, *settings.channels)
        pools = [(2, 2) if place < settings.halved else (2, 1) for place in range(len(settings.channels))]
        self.stages = nn.ModuleList(
            ResidualStage(pair, pool=pool, dropout=settings.block_dropout)
            for pair, pool in zip(zip(widths, settings.channels, strict=False), pools, strict=True)
        )
        bands = -(-rows // 2) // 2 ** len(settings.channels)
        self.project = nn.Conv1d(bands * settings.channels[-1], settings.units, kernel_size=1, bias=False)
        self.project_norm = MaskedBatchNorm1d(settings.units)
        self.token_width = settings.units
        self.statistics = AttentiveStatistics(settings.units, settings.attention_units)
        self.statistics_norm = nn.BatchNorm1d(2 * settings.units)
        self.dropout = nn.Dropout(settings.dropout)
        self.output = nn.Linear(2 * settings.units, labels)

    def embed(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the embedding `[batch, unit]` of spectrograms `[batch, band, frame]`."""
        return self.summary(*self.tokens(features, lengths))

    def tokens(self, features: Tensor, lengths: Lengths = None) -> tuple[Tensor, Lengths]:
        """Return what is left of each frame, projected, `[batch, frame, unit]`, and their lengths."""
        maps = self.stem(silenced(features.unsqueeze(1), lengths))
        lengths = None if lengths is None else (lengths + 1) // 2
        maps = self.stem_norm(maps, lengths)
        for stage in self.stages:
            maps, lengths = stage(maps, lengths)
        maps = torch.relu(maps)
        sequence = torch.relu(self.project_norm(self.project(silenced(maps.flatten(1, 2), lengths)), lengths))
        return sequence.transpose(1, 2), lengths

    def summary(self, tokens: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the embedding `[batch, unit]` of what `tokens` returned: mean and deviation over time."""
        embeddings: Tensor = self.statistics_norm(self.statistics(tokens.transpose(1, 2), lengths))
        return embeddings

    def forward(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return logits `[batch, label]`."""
        logits: Tensor = self.output(self.dropout(self.embed(features, lengths)))
        return logits
