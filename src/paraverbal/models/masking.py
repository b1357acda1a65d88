"""Batches of clips of different lengths: what lies behind a clip's end must not change what is computed of it.

A batch is padded with zeros behind each clip, and `lengths` (int64 `[batch]`, in frames) travels through the layers; None
says that all are full. Before each convolution the frames behind an end are zero, as the padding of a clip alone would be;
a pooling of `n` keeps `length // n` frames, of which none looks behind the end; normalisation and means leave them out. So
a clip's output in a padded batch equals its output alone.
"""

import torch
from torch import Tensor, nn

Lengths = Tensor | None


def is_inside(lengths: Tensor, frames: int) -> Tensor:
    """Return whether each frame lies inside its clip, bool `[batch, frame]`."""
    return torch.arange(frames, device=lengths.device) < lengths.unsqueeze(1)


def mask(values: Tensor, lengths: Tensor) -> Tensor:
    """Return is_inside as 0 and 1 in the type of `values [batch, ..., frame]`, with as many axes."""
    inside = is_inside(lengths, values.shape[-1]).to(values.dtype)
    return inside.view(len(lengths), *[1] * (values.dim() - 2), -1)


def silenced(values: Tensor, lengths: Lengths) -> Tensor:
    """Return `values [batch, ..., frame]` with zeros behind each clip's end."""
    return values if lengths is None else values * _laid_out(mask(values, lengths), values)


def _laid_out(inside: Tensor, values: Tensor) -> Tensor:
    """Return a mask that lies in memory as `values` do, if their channels are innermost.

    One that is repeated for each channel there is read in runs as short as the channels are many; and what is multiplied
    with one of another order comes out in that order, in which all that follows is slow.
    """
    channels = values.shape[1]
    if values.dim() < 3 or channels == 1 or values.stride(1) != 1:
        return inside
    return inside.expand(-1, channels, *inside.shape[2:]).movedim(1, -1).contiguous().movedim(-1, 1)


def pooled(lengths: Lengths, size: int) -> Lengths:
    """Return the lengths after a pooling of `size` frames."""
    return None if lengths is None else lengths // size


def mean_over_time(values: Tensor, lengths: Lengths) -> Tensor:
    """Return the mean over the frames of each clip, `[batch, ..., frame]` -> `[batch, ...]`."""
    if lengths is None:
        return values.mean(dim=-1)
    total = silenced(values, lengths).sum(dim=-1)
    return total / lengths.view(-1, *[1] * (total.dim() - 1)).to(values.dtype)


class _MaskedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation whose statistics leave out what lies behind the clips' ends."""

    def forward(self, values: Tensor, lengths: Lengths = None) -> Tensor:
        """Normalise `values [batch, channel, ..., frame]`; what lies behind an end is not zero afterwards."""
        if lengths is None or not self.training:
            return super().forward(values)
        axes = [0, *range(2, values.dim())]
        inside = mask(values, lengths).float()
        wide = values.float()
        count = inside.sum() * (values[0, 0].numel() // values.shape[-1])
        mean = (wide * inside).sum(axes, keepdim=True) / count
        centred = wide - mean
        variance = (centred.square() * inside).sum(axes, keepdim=True) / count
        self._remember(mean, variance * count / (count - 1).clamp(min=1))
        shape = [1, -1, *[1] * (values.dim() - 2)]
        normal = centred * torch.rsqrt(variance + self.eps)
        return (normal * self.weight.view(shape) + self.bias.view(shape)).to(values.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics towards those of this batch."""
        momentum = 0.1 if self.momentum is None else self.momentum
        with torch.no_grad():
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
            self.running_mean.lerp_(mean.flatten(), momentum)  # type: ignore[union-attr]
            self.running_var.lerp_(variance.flatten(), momentum)  # type: ignore[union-attr]


class MaskedBatchNorm1d(_MaskedBatchNorm, nn.BatchNorm1d):
    """For `[batch, channel, frame]`."""


class MaskedBatchNorm2d(_MaskedBatchNorm, nn.BatchNorm2d):
    """For `[batch, channel, feature, frame]`."""
