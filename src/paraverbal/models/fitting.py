"""Bringing clips of any length to one number of frames: in a frame of their least value, or by interpolation.

Interpolation is one product with a matrix of weights. Where `length` frames become `size`, output `j` stands at
`(j + 1/2) * length / size - 1/2`, counted in frames, and a kernel around that place weighs the frames:

- `linear`: a triangle over the two neighbours.
- `cubic`: the piecewise cubic over four (Keys 1981, Cubic convolution interpolation, with a = -1/2; Catmull-Rom).
- `band_limited`: a sinc of three lobes under the main lobe of another (Lanczos; Duchon 1979), wider by `length / size`, so
  that it takes away what the fewer frames cannot hold before they are drawn. The other two let it fold.

Weights of frames that do not exist are left out and the rest is divided by its sum: a constant stays one, up to the edges.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from paraverbal.features.frames import frame_count
from paraverbal.models.frontend import least_value
from paraverbal.models.masking import is_inside
from paraverbal.settings import FramedSettings, FrontEnd

_LOBES = 3


def frames_of(settings: FrontEnd, samples: int) -> int:
    """Return how many columns the front end gives for a waveform of `samples` samples."""
    if settings.whole_clip or not isinstance(settings, FramedSettings):
        return 1
    frames = frame_count(samples, settings.hop_length)
    return 2 * frames if settings.kind == "zcr_rms" else frames


class Fit(nn.Module):
    """Features `[batch, feature, frame]` -> features with the number of frames that `settings.fit` asks for.

    `none`: as they are. `pad`: those of a window; a shorter clip stands in zeros (zcr_rms) or its own least value, in
    evaluation in the middle, in training at a place drawn from torch's generator; a longer clip keeps its first frames.
    `resize`: `settings.frames`; a shorter clip has zeros behind it, a longer one is interpolated.

    Args:
        settings: The front end's.
        window_frames: Frames of a window, as `frames_of` counts them.
    """

    def __init__(self, settings: FrontEnd, window_frames: int) -> None:
        super().__init__()
        self.kind = settings.fit
        self.size = settings.frames if settings.fit == "resize" else window_frames
        self.fills_with_zeros = settings.kind == "zcr_rms"
        self.interpolation = settings.interpolation

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Fit each clip on its own.

        Args:
            features: `[batch, feature, frame]`.
            lengths: Frames of each clip, int64 `[batch]`; what lies behind must be finite and counts for nothing.
                None: all are full.
        """
        if self.kind == "none":
            return features
        return self._padded(features, lengths) if self.kind == "pad" else self._resized(features, lengths)

    def _padded(self, features: Tensor, lengths: Tensor | None) -> Tensor:
        batch, rows, frames = features.shape
        inside = None if lengths is None else is_inside(lengths, frames).unsqueeze(1)
        if lengths is None:
            lengths = torch.full((batch,), frames, device=features.device)
        source = torch.arange(self.size, device=features.device) - self._offsets(lengths).unsqueeze(1)
        own = ((source >= 0) & (source < lengths.unsqueeze(1))).unsqueeze(1)
        nearest = torch.minimum(source.clamp(min=0), lengths.unsqueeze(1) - 1).unsqueeze(1)
        placed = features.gather(2, nearest.expand(batch, rows, self.size))
        if self.fills_with_zeros:
            return placed.masked_fill(~own, 0)
        return torch.where(own, placed, least_value(features, inside))

    def _offsets(self, lengths: Tensor) -> Tensor:
        """Return where each clip begins, int64 `[batch]`."""
        room = (self.size - lengths).clamp(min=0)
        if not self.training:
            return room // 2
        drawn = torch.rand(len(lengths), dtype=torch.float64).to(lengths.device)
        return (drawn * (room + 1)).long()

    def _resized(self, features: Tensor, lengths: Tensor | None) -> Tensor:
        frames = features.shape[2]
        own = torch.full((1,), frames, device=features.device) if lengths is None else lengths
        weights = interpolation_weights(own, frames, self.size, self.interpolation).to(features.dtype)
        return torch.matmul(features, weights.squeeze(0) if lengths is None else weights)


def interpolation_weights(lengths: Tensor, frames: int, size: int, interpolation: str) -> Tensor:
    """Return what each frame contributes to each of `size` outputs, float32 `[batch, frame, output]`.

    Args:
        lengths: Frames of each clip, int64 `[batch]`.
        frames: Frames of the longest.
        size: Number of outputs. A clip no longer than that keeps its frames, and outputs behind its end are 0.
        interpolation: `linear`, `cubic` or `band_limited`.
    """
    kernel, widens = _KERNELS[interpolation]
    lengths = lengths.view(-1, 1, 1)
    frame = torch.arange(frames, device=lengths.device).view(-1, 1)
    output = torch.arange(size, device=lengths.device)
    spanned = lengths.clamp(min=size)
    # whole numbers keep the distance exact, however long the clip is
    distance = ((2 * output + 1) * spanned - (2 * frame + 1) * size).float() / (2 * (spanned if widens else size))
    weights = kernel(distance).masked_fill(frame >= lengths, 0)
    total = weights.sum(dim=1, keepdim=True)
    return torch.where((output < lengths) & (total != 0), weights / total, 0)


def _triangle(distance: Tensor) -> Tensor:
    return (1 - distance.abs()).clamp(min=0)


def _catmull_rom(distance: Tensor) -> Tensor:
    """Keys' kernel: one cubic within a frame's distance, another up to two, nothing beyond."""
    distance = distance.abs()
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = ((2.5 - 0.5 * distance) * distance - 4) * distance + 2
    return torch.where(distance < 1, near, torch.where(distance < 2, far, 0))


def _lanczos(distance: Tensor) -> Tensor:
    """A sinc under the main lobe of one three times as wide; exactly 0 at whole numbers but for 1 at 0."""
    whole = distance == distance.round()
    angle = torch.pi * distance.masked_fill(whole, 0.5)
    lobes = torch.sin(angle) * torch.sin(angle / _LOBES) * _LOBES / angle.square()
    return torch.where(whole, (distance == 0).float(), lobes.masked_fill(distance.abs() >= _LOBES, 0))


# Kernel, and whether it widens where frames become fewer.
_KERNELS: dict[str, tuple[Callable[[Tensor], Tensor], bool]] = {
    "linear": (_triangle, False),
    "cubic": (_catmull_rom, False),
    "band_limited": (_lanczos, True),
}
