"""The spectral front end as a torch module, so that it is trained with, saved with and exported with the model.

The Fourier transform is a strided convolution with a windowed cosine and sine basis: it exports to plain ONNX, is the
fastest form inside a graph, and agrees with `features.spectral.log_mel` to about 1e-4 dB.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from paraverbal.config import LogMelSettings
from paraverbal.features.frames import hann
from paraverbal.features.spectral import LEAST_DEVIATION, mel_filters


class LogMel(nn.Module):
    """Waveforms `[batch, sample]` -> log-mel spectrograms `[batch, band, frame]`, before scaling."""

    basis: Tensor
    filters: Tensor

    def __init__(self, settings: LogMelSettings, sampling_rate: int) -> None:
        super().__init__()
        self.settings = settings
        filters = mel_filters(settings, sampling_rate)
        heard = np.flatnonzero(
            filters.any(axis=0)
        )  # bins that no band hears are left out: at 48 kHz two thirds of them
        basis = _fourier_basis(settings.fft_size, heard)
        self.register_buffer("basis", torch.tensor(basis, dtype=torch.float32), persistent=False)
        self.register_buffer("filters", torch.tensor(filters[:, heard], dtype=torch.float32), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute in float32 whatever the precision of training: decibels near the floor need it."""
        half = self.settings.fft_size // 2
        padded = functional.pad(waveforms, (half, half)).unsqueeze(1)
        spectrum = functional.conv1d(padded, self.basis, stride=self.settings.hop_length)
        real, imaginary = spectrum.square().chunk(2, dim=1)
        power = torch.matmul(self.filters, real + imaginary)
        return self._decibels(power) if self.settings.log == "db" else torch.log(power + self.settings.epsilon)

    def _decibels(self, power: Tensor) -> Tensor:
        settings = self.settings
        level = 10 * torch.log10(power.clamp(min=settings.epsilon))
        if settings.reference == "max":
            level = level - level.amax(dim=(1, 2), keepdim=True)
        else:
            level = level - 10 * math.log10(max(settings.reference, settings.epsilon))
        if settings.floor_db == "none":
            return level
        return torch.maximum(level, level.amax(dim=(1, 2), keepdim=True) - settings.floor_db)


class Scaling(nn.Module):
    """Spectrograms `[batch, band, frame]` -> the same, scaled as `features.spectral.scale` says."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, settings: LogMelSettings) -> None:
        super().__init__()
        self.kind = settings.scaling
        self.register_buffer("mean", torch.zeros(settings.bands, 1))
        self.register_buffer("deviation", torch.ones(settings.bands, 1))

    def fit(self, features: Tensor) -> None:
        """Take mean and deviation of each band from training features `[window, band, frame]`."""
        if self.kind == "train":
            deviation, mean = torch.std_mean(features, dim=(0, 2), correction=0)
            self.mean.copy_(mean.unsqueeze(1))
            self.deviation.copy_(deviation.unsqueeze(1))

    def forward(self, features: Tensor) -> Tensor:
        """Scale each spectrogram on its own, or by the training data."""
        if self.kind == "none":
            return features
        if self.kind == "unit":
            low = features.amin(dim=(1, 2), keepdim=True)
            return (features - low) / (features.amax(dim=(1, 2), keepdim=True) - low).clamp(min=LEAST_DEVIATION)
        if self.kind == "train":
            return (features - self.mean) / self.deviation.clamp(min=LEAST_DEVIATION)
        dim = (1, 2) if self.kind == "clip" else (2,)
        centred = features - features.mean(dim, keepdim=True)
        return centred / centred.square().mean(dim, keepdim=True).sqrt().clamp(min=LEAST_DEVIATION)


def _fourier_basis(size: int, bins: np.ndarray) -> np.ndarray:
    """Return windowed cosines, then sines, `[2 * bin, 1, sample]`."""
    angle = 2 * np.pi * np.outer(bins, np.arange(size)) / size
    return (np.concatenate([np.cos(angle), -np.sin(angle)]) * hann(size))[:, np.newaxis]
