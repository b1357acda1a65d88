"""Batches of clips of different lengths: what lies behind a clip's end must not change what is computed of it.

A batch is padded with zeros behind each clip, and `lengths` (int64 `[batch]`, in frames) travels through the layers; None
says that all are full. Before each convolution the frames behind an end are zero, as the padding of a clip alone would be;
a pooling of `n` keeps `length // n` frames, of which none looks behind the end; normalisation and means leave them out. So
a clip's output in a padded batch equals its output alone.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

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


class _Normalisation(torch.autograd.Function):
    """Normalises `values [batch, channel, ..., frame]` by mean and variance of the frames that are inside.

    Written out operation by operation it is ten times as slow as torch's own kernels, which know no frames that do not
    count. So those are filled with one value for each channel, the kernels run over all, and what the filling adds to
    mean and variance is taken off again; the nearer it is to the mean, the less that costs in precision.
    """

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, inside: Tensor, filling: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return what is normalised; mean and variance `[channel]` of the frames inside, and how many values they are."""
        own = _laid_out(inside, values)
        filling = filling.to(values.dtype)
        filled = torch.addcmul((1 - own) * _by_channel(filling, values), values, own)
        count = inside.sum(dtype=torch.float32) * (values[0, 0].numel() // values.shape[-1])
        mean, variance = _statistics(filled, filling.float(), count, eps)
        ctx.save_for_backward(filled, own, weight, mean, variance, count)
        ctx.eps = eps
        ctx.mark_non_differentiable(mean, variance, count)
        return functional.batch_norm(filled, mean, variance, weight, bias, False, 0.0, eps), mean, variance, count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of values, weight and bias."""
        filled, own, weight, mean, variance, count = ctx.saved_tensors
        direct, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradients[0], filled, weight, mean, variance, None, None, False, ctx.eps, [True, True, True]
        )
        # What goes through mean and variance: the same for all values of a channel, and in proportion to them.
        deviation = torch.rsqrt(variance + ctx.eps)
        slope = weight * deviation.square() * of_weight / count
        offset = weight * deviation * of_bias / count - slope * mean
        offset, slope = (_by_channel(one.to(filled.dtype), filled) * own for one in (offset, slope))
        through = torch.addcmul(offset, filled, slope)
        return direct.mul_(own).sub_(through), None, None, of_weight, of_bias, None


def _by_channel(values: Tensor, like: Tensor) -> Tensor:
    """Return `values [channel]` with the axes of `like [batch, channel, ...]`."""
    return values.view(1, -1, *[1] * (like.dim() - 2))


def _statistics(filled: Tensor, filling: Tensor, count: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Return mean and variance `[channel]` of those `count` values of each channel that are not `filling`."""
    unused = torch.zeros_like(filling), torch.ones_like(filling)
    _, of_all, scale = torch.native_batch_norm(filled, None, None, *unused, True, 0.0, eps)
    total = filled.numel() // filled.shape[1]
    extra, away = (total - count) / count, of_all - filling
    variance = (scale**-2 - eps) * total / count - extra * away.square() - (extra * away).square()
    return of_all + extra * away, variance.clamp(min=0)


class _MaskedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation whose statistics leave out what lies behind the clips' ends."""

    def forward(self, values: Tensor, lengths: Lengths = None) -> Tensor:
        """Normalise `values [batch, channel, ..., frame]`; what lies behind an end is not zero afterwards."""
        if lengths is None or not self.training:
            return super().forward(values)
        inside = mask(values, lengths)
        normal, mean, variance, count = _Normalisation.apply(  # type: ignore[no-untyped-call]
            values, inside, self.running_mean, self.weight, self.bias, self.eps
        )
        self._remember(mean, variance * count / (count - 1).clamp(min=1))
        return cast("Tensor", normal)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics towards those of this batch."""
        momentum = 0.1 if self.momentum is None else self.momentum
        with torch.no_grad():
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
            self.running_mean.lerp_(mean, momentum)  # type: ignore[union-attr]
            self.running_var.lerp_(variance, momentum)  # type: ignore[union-attr]


class MaskedBatchNorm1d(_MaskedBatchNorm, nn.BatchNorm1d):
    """For `[batch, channel, frame]`."""


class MaskedBatchNorm2d(_MaskedBatchNorm, nn.BatchNorm2d):
    """For `[batch, channel, feature, frame]`."""
