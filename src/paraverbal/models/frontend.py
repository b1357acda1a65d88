"""The front ends as torch modules, so that they are trained with, saved with and exported with the model.

Each takes waveforms `[batch, sample]`, gives features `[batch, feature, frame]`, and agrees with its twin in `features`. The
Fourier transform is two matrix products, of even and of odd bins: it exports to plain ONNX, takes two thirds of the time of a
strided convolution, and agrees with `features.spectral.log_mel` to about 1e-4 dB. `Extractor` is the exception: acoustic
descriptors stay in NumPy, outside the graph.

Nothing asks whether a clip has one frame or more: in a graph, whose number of frames is free, such a question would fix it.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from paraverbal.features.extractors import extract
from paraverbal.features.frames import hann
from paraverbal.features.spectral import LEAST_DEVIATION, cosine_basis, mel_filters
from paraverbal.models.masking import is_inside
from paraverbal.settings import (
    CepstralSettings,
    EgemapsFrontEndSettings,
    FrontEnd,
    FunctionalsSettings,
    MelSettings,
    ZcrRmsSettings,
)


class LogMel(nn.Module):
    """Waveforms `[batch, sample]` -> log-mel spectrograms `[batch, band, frame]`, before scaling.

    Over the second half of a frame the waves of even bins run as over the first, those of odd bins turned over. So even bins are
    computed from the sum of the halves, odd bins from their difference: half the products (the first step of Gentleman
    and Sande, "Fast Fourier transforms: for fun and profit", 1966).
    """

    window: Tensor
    even_basis: Tensor
    odd_basis: Tensor
    even_filters: Tensor
    odd_filters: Tensor

    def __init__(self, settings: MelSettings, sampling_rate: int) -> None:
        super().__init__()
        self.settings = settings
        self.block = math.gcd(settings.fft_size, settings.hop_length)
        filters = mel_filters(settings, sampling_rate)
        # Bins that no band hears are left out: at 48 kHz two thirds of them.
        heard = np.flatnonzero(filters.any(axis=0))
        tables = {"window": hann(settings.fft_size)}
        for name, bins in (("even", heard[heard % 2 == 0]), ("odd", heard[heard % 2 == 1])):
            tables[f"{name}_basis"] = _half_basis(settings.fft_size, bins)
            tables[f"{name}_filters"] = filters[:, bins].T
        for name, table in tables.items():
            self.register_buffer(name, torch.tensor(table, dtype=torch.float32).contiguous(), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute in float32 whatever the precision of training: decibels near the floor need it."""
        first, second = (self._frames(waveforms) * self.window).chunk(2, dim=2)
        even = torch.matmul(_power(torch.matmul(first + second, self.even_basis)), self.even_filters)
        odd = torch.matmul(_power(torch.matmul(first - second, self.odd_basis)), self.odd_filters)
        power = (even + odd).transpose(1, 2)
        return self._decibels(power) if self.settings.log == "db" else torch.log(power + self.settings.epsilon)

    def _frames(self, waveforms: Tensor) -> Tensor:
        """Return frames `[batch, frame, sample]`, the first around the first sample, put together from blocks that they share."""
        size, hop_length = self.settings.fft_size, self.settings.hop_length
        padded = functional.pad(waveforms, (size // 2, size // 2))
        batch, count = waveforms.shape[0], waveforms.shape[1] // hop_length + 1
        blocks = padded[:, : padded.shape[1] // self.block * self.block].reshape(batch, -1, self.block)
        starts = torch.arange(count, device=waveforms.device) * (hop_length // self.block)
        chosen = starts.unsqueeze(1) + torch.arange(size // self.block, device=waveforms.device)
        return blocks.index_select(1, chosen.flatten()).reshape(batch, -1, size)

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


class Mfcc(nn.Module):
    """Waveforms `[batch, sample]` -> cepstral coefficients `[batch, coefficient, frame]`, before scaling."""

    basis: Tensor

    def __init__(self, settings: CepstralSettings, sampling_rate: int) -> None:
        super().__init__()
        self.log_mel = LogMel(settings, sampling_rate)
        basis = cosine_basis(settings.coefficients, settings.bands)
        self.register_buffer("basis", torch.tensor(basis, dtype=torch.float32), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Transform the log-mel bands of each frame."""
        return self.cepstrum(self.log_mel(waveforms))

    def cepstrum(self, spectrograms: Tensor) -> Tensor:
        """Return the coefficients of log-mel spectrograms `[batch, band, frame]`."""
        return torch.matmul(self.basis, spectrograms)


class SpectralFunctionals(nn.Module):
    """Waveforms `[batch, sample]` -> statistics over frames `[batch, feature, 1]`, as `functional_names` orders them."""

    def __init__(self, settings: FunctionalsSettings, sampling_rate: int) -> None:
        super().__init__()
        self.mfcc = Mfcc(settings, sampling_rate)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Take mean, deviation, minimum and maximum of bands, coefficients, and the differences of both over time."""
        spectrograms = self.mfcc.log_mel(waveforms)
        series = torch.cat([spectrograms, self.mfcc.cepstrum(spectrograms)], dim=1)
        differences, counted = _differences(series)
        statistics = torch.cat([_statistics(series, None), _statistics(differences, counted)], dim=1)
        return statistics.flatten(1).unsqueeze(2)


class ZcrRms(nn.Module):
    """Waveforms `[batch, sample]` -> zero-crossing rates, then root mean squares of all frames, `[batch, 1, 2 * frame]`."""

    def __init__(self, settings: ZcrRmsSettings, sampling_rate: int) -> None:
        super().__init__()
        self.sampling_rate = sampling_rate
        self.size, self.hop_length = settings.fft_size, settings.hop_length

    def forward(self, waveforms: Tensor) -> Tensor:
        """Average crossings and squares over each frame."""
        padded = functional.pad(waveforms, (self.size // 2, self.size // 2)).unsqueeze(1)
        negative = (padded < 0).to(padded.dtype)
        crossings = (negative[..., 1:] - negative[..., :-1]).abs()
        rates = functional.avg_pool1d(crossings, self.size - 1, self.hop_length) * ((self.size - 1) / self.size)
        power = functional.avg_pool1d(padded.square(), self.size, self.hop_length)
        return torch.cat([rates, power.sqrt()], dim=2)


class Extractor(nn.Module):
    """Waveforms `[batch, sample]` -> features `[batch, feature, frame]`, computed in NumPy and never exported."""

    def __init__(self, settings: EgemapsFrontEndSettings, sampling_rate: int) -> None:
        super().__init__()
        self.settings = settings.model_dump(mode="json")
        self.sampling_rate = sampling_rate

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute the features of each waveform."""
        found = [extract(one, self.sampling_rate, self.settings) for one in waveforms.numpy()]
        return torch.from_numpy(np.stack(found))


FRONT_ENDS: dict[str, Callable[[Any, int], nn.Module]] = {
    "egemaps": Extractor,
    "log_mel": LogMel,
    "mfcc": Mfcc,
    "spectral_functionals": SpectralFunctionals,
    "zcr_rms": ZcrRms,
}


def front_end(settings: FrontEnd, sampling_rate: int) -> nn.Module:
    """Return the front end that `settings.kind` names, for waveforms at `sampling_rate` hertz."""
    return FRONT_ENDS[settings.kind](settings, sampling_rate)


def least_value(features: Tensor, inside: Tensor | None) -> Tensor:
    """Return each clip's least value, `[batch, feature, frame]` -> `[batch, 1, 1]`, among the frames `inside` it."""
    if inside is not None:
        features = features.masked_fill(~inside, torch.inf)
    return features.amin(dim=(1, 2), keepdim=True)


class Scaling(nn.Module):
    """Features `[batch, feature, frame]` -> the same, scaled as `features.spectral.scale` says."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, settings: FrontEnd) -> None:
        super().__init__()
        self.kind = settings.scaling
        self.register_buffer("mean", torch.zeros(settings.rows, 1))
        self.register_buffer("deviation", torch.ones(settings.rows, 1))

    def fit(self, features: Sequence[Tensor] | Tensor) -> None:
        """Take mean and deviation of each feature over all frames of training features.

        Args:
            features: One `[feature, frame]` for each window, of any lengths; or all as one `[window, feature, frame]`.
        """
        if self.kind != "train":
            return
        count = sum(one.shape[1] for one in features)
        mean = torch.zeros_like(self.mean, dtype=torch.float64)
        variance = torch.zeros_like(mean)
        for one in features:
            mean += one.sum(1, keepdim=True, dtype=torch.float64).to(mean.device) / count
        for one in features:
            variance += (one.to(mean) - mean).square().sum(1, keepdim=True) / count
        self.mean.copy_(mean)
        self.deviation.copy_(variance.sqrt())

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Scale each clip on its own, or by the training data.

        Args:
            features: `[batch, feature, frame]`.
            lengths: Frames of each clip, int64 `[batch]`; what lies behind counts for nothing and is 0 afterwards.
                None: all are full.
        """
        if lengths is None:
            return self._scaled(features, None)
        inside = is_inside(lengths, features.shape[2]).unsqueeze(1)
        return self._scaled(features, inside).masked_fill(~inside, 0)

    def _scaled(self, features: Tensor, inside: Tensor | None) -> Tensor:
        if self.kind == "none":
            return features
        if self.kind == "unit":
            low, high = least_value(features, inside), -least_value(-features, inside)
            return (features - low) / (high - low).clamp(min=LEAST_DEVIATION)
        if self.kind == "train":
            return (features - self.mean) / self.deviation.clamp(min=LEAST_DEVIATION)
        dim = (1, 2) if self.kind == "clip" else (2,)
        centred = features - _mean(features, inside, dim)
        return centred / _mean(centred.square(), inside, dim).sqrt().clamp(min=LEAST_DEVIATION)


def _half_basis(size: int, bins: np.ndarray) -> np.ndarray:
    """Return cosines, then sines, over half a frame of `size` samples, `[sample, 2 * bin]`."""
    angle = 2 * np.pi * np.outer(np.arange(size // 2), bins) / size
    return np.concatenate([np.cos(angle), np.sin(angle)], axis=1)


def _power(spectra: Tensor) -> Tensor:
    """Return the power `[batch, frame, bin]` of spectra `[batch, frame, 2 * bin]`, the real parts first."""
    real, imaginary = (spectra * spectra).chunk(2, dim=2)
    return real + imaginary


def _mean(values: Tensor, inside: Tensor | None, dim: tuple[int, ...]) -> Tensor:
    """Return the mean over `dim` of `values [batch, feature, frame]`, of those that `inside` counts, axes kept."""
    if inside is None:
        return values.mean(dim, keepdim=True)
    count = inside.sum(2, keepdim=True) * (values.shape[1] if 1 in dim else 1)
    return values.masked_fill(~inside, 0).sum(dim, keepdim=True) / count


def _differences(series: Tensor) -> tuple[Tensor, Tensor]:
    """Return differences of neighbouring frames `[batch, series, frame]`, and which of them count, bool `[1, 1, frame]`.

    There is one for each frame: the last stands twice, and counts once. One frame alone has the difference 0.
    """
    frames = torch.arange(series.shape[2], device=series.device)
    last = frames[-1:]
    earlier = torch.minimum(frames, (last - 1).clamp(min=0))
    later = torch.minimum(earlier + 1, last)
    counted = frames < last.clamp(min=1)
    return series.index_select(2, later) - series.index_select(2, earlier), counted.view(1, 1, -1)


def _statistics(series: Tensor, counted: Tensor | None) -> Tensor:
    """Return mean, deviation, minimum, maximum over frames, `[batch, series, frame]` -> `[batch, series, statistic]`."""
    mean = _mean(series, counted, (2,))
    deviation = _mean((series - mean).square(), counted, (2,)).sqrt()
    return torch.cat([mean, deviation, series.amin(2, keepdim=True), series.amax(2, keepdim=True)], dim=2)
