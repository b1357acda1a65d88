"""`cnn`: convolutions over the spectrogram, as over a picture, then one linear layer.

With the head `average` the mean of each channel over all bands and frames is what is left, so clips of any length fit
(23,621 parameters with channels 16, 32, 64 and five classes; 97,797 with a fourth layer of 128). With `flatten` every value
has a weight of its own, and all clips must have one number of frames.
"""

import torch
from torch import Tensor, nn

from paraverbal.models.masking import Lengths, MaskedBatchNorm2d, mean_over_time, pooled, silenced
from paraverbal.settings import CnnSettings


class ConvBlock(nn.Module):
    """Convolution 3 x 3, batch normalisation if asked for, maximum of 2 x 2 if asked for, ReLU.

    The maximum is taken before the ReLU, which gives the same and costs less.
    """

    def __init__(self, channels: tuple[int, int], *, batch_norm: bool, halve: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(*channels, kernel_size=3, padding=1)
        self.norm = MaskedBatchNorm2d(channels[1]) if batch_norm else None
        self.pool = nn.MaxPool2d(2) if halve else None

    def forward(self, maps: Tensor, lengths: Lengths) -> tuple[Tensor, Lengths]:
        """Return the maps `[batch, channel, band, frame]` and their lengths."""
        maps = self.convolution(silenced(maps, lengths))
        if self.norm is not None:
            maps = self.norm(maps, lengths)
        if self.pool is not None:
            maps, lengths = self.pool(maps), pooled(lengths, 2)
        return torch.relu(maps), lengths


class Cnn(nn.Module):
    """Spectrograms `[batch, band, frame]` -> logits `[batch, label]`.

    Args:
        settings: Channels, pooling, head.
        rows: Bands.
        frames: Frames of every clip; None where they differ, which the head `flatten` cannot take.
        labels: Number of labels.
    """

    def __init__(self, settings: CnnSettings, rows: int, frames: int | None, labels: int) -> None:
        super().__init__()
        self.minimum_frames = settings.least_frames
        self.flattens = settings.head == "flatten"
        pairs = zip((1, *settings.channels), settings.channels, strict=False)
        self.blocks = nn.ModuleList(
            ConvBlock(pair, batch_norm=settings.batch_norm, halve=index < settings.pooled)
            for index, pair in enumerate(pairs)
        )
        self.dropout = nn.Dropout(settings.dropout)
        size = settings.channels[-1]
        self.token_width = size * (rows // self.minimum_frames) if self.flattens else size
        if self.flattens and frames is not None:
            size *= (rows // self.minimum_frames) * (frames // self.minimum_frames)
        self.hidden = nn.Linear(size, settings.hidden_units) if settings.hidden_units else None
        self.output = nn.Linear(settings.hidden_units or size, labels)

    def embed(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the embedding `[batch, unit]` of spectrograms `[batch, band, frame]`."""
        return self.summary(*self.tokens(features, lengths))

    def tokens(self, features: Tensor, lengths: Lengths = None) -> tuple[Tensor, Lengths]:
        """Return what is left of each frame, `[batch, frame, unit]`: its channels, of `flatten` in each band; and lengths."""
        maps = features.unsqueeze(1)
        for block in self.blocks:
            maps, lengths = block(maps, lengths)
        frames = maps.flatten(1, 2) if self.flattens else maps.mean(dim=2)
        # In this order the gradient of the maps comes back with channels innermost, as they are: 5 % of a step.
        return frames.transpose(1, 2).contiguous(), lengths

    def summary(self, tokens: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the embedding `[batch, unit]` of what `tokens` returned."""
        frames = tokens.transpose(1, 2)
        values = frames.flatten(1) if self.flattens else mean_over_time(frames, lengths)
        if self.hidden is None:
            return values
        hidden: Tensor = torch.relu(self.hidden(self.dropout(values)))
        return hidden

    def forward(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return logits `[batch, label]`."""
        logits: Tensor = self.output(self.dropout(self.embed(features, lengths)))
        return logits
