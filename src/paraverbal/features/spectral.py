"""Spectra of frames: power, mel bands, log-mel, cepstral coefficients, and how features are scaled.

The mel scale comes in two forms: Slaney's (linear below 1 kHz, logarithmic above; Slaney 1998, Auditory Toolbox) and
HTK's (`2595 log10(1 + f / 700)`; Young et al. 2006). Decibels follow `10 log10(power / reference)`.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.decibels import power_to_decibels
from paraverbal.features.frames import frame, hann

if TYPE_CHECKING:
    from paraverbal.settings import CepstralSettings, FrontEndSettings, MelSettings

# Slaney's scale: 200/3 Hz a mel up to 1000 Hz (15 mel), then 27 mel for each factor of 6.4.
_SLANEY_HZ_PER_MEL = 200 / 3
_SLANEY_BREAK_HZ = 1000.0
_SLANEY_BREAK_MEL = _SLANEY_BREAK_HZ / _SLANEY_HZ_PER_MEL
_SLANEY_LOG_STEP = np.log(6.4) / 27

# Frames that are transformed at once: few enough to stay in the cache.
_CHUNK = 64

# Least deviation by which features are divided: constant ones become zeros, not infinities.
LEAST_DEVIATION = 1e-5


def hz_to_mel(hz: NDArray[np.float64] | float, scale: str = "slaney") -> NDArray[np.float64]:
    """Return frequencies in hertz as mel, on the scale `slaney` or `htk`."""
    hz = np.asarray(hz, dtype=np.float64)
    if scale == "htk":
        return 2595 * np.log10(1 + hz / 700)
    above = _SLANEY_BREAK_MEL + np.log(np.maximum(hz, _SLANEY_BREAK_HZ) / _SLANEY_BREAK_HZ) / _SLANEY_LOG_STEP
    return np.where(hz < _SLANEY_BREAK_HZ, hz / _SLANEY_HZ_PER_MEL, above)


def mel_to_hz(mel: NDArray[np.float64] | float, scale: str = "slaney") -> NDArray[np.float64]:
    """Return mel as frequencies in hertz; the inverse of `hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    above = _SLANEY_BREAK_HZ * np.exp(_SLANEY_LOG_STEP * (np.maximum(mel, _SLANEY_BREAK_MEL) - _SLANEY_BREAK_MEL))
    return np.where(mel < _SLANEY_BREAK_MEL, mel * _SLANEY_HZ_PER_MEL, above)


def highest_frequency(settings: "MelSettings", sampling_rate: int) -> float:
    """Return the upper edge of the highest band in hertz."""
    return sampling_rate / 2 if settings.fmax == "half" else settings.fmax


def mel_filters(settings: "MelSettings", sampling_rate: int) -> NDArray[np.float64]:
    """Return triangular mel filters `[band, bin]` for a power spectrum of `fft_size // 2 + 1` bins.

    Neighbouring triangles share their feet and peaks. With `norm = "slaney"` each has an area of 1 per hertz, with
    `"none"` a peak of 1. A band narrower than the distance of two bins may be empty, as in other implementations.
    """
    edges_mel = np.linspace(
        hz_to_mel(settings.fmin, settings.scale),
        hz_to_mel(highest_frequency(settings, sampling_rate), settings.scale),
        settings.bands + 2,
    )
    edges = mel_to_hz(edges_mel, settings.scale)[:, np.newaxis]
    bins = np.fft.rfftfreq(settings.fft_size, 1 / sampling_rate)
    lower, peak, upper = edges[:-2], edges[1:-1], edges[2:]
    filters = np.maximum(0, np.minimum((bins - lower) / (peak - lower), (upper - bins) / (upper - peak)))
    if settings.norm == "slaney":
        filters *= 2 / (upper - lower)
    return filters


def power_spectrogram(waveform: NDArray[np.floating], fft_size: int, hop_length: int) -> NDArray[np.float32]:
    """Return the squared magnitude of the short-time Fourier transform, float32 `[bin, frame]`, Hann window."""
    frames = frame(waveform.astype(np.float32, copy=False), fft_size, hop_length)
    window = hann(fft_size)  # float64: NumPy's transform takes four times as long in float32
    power = np.empty((len(frames), fft_size // 2 + 1), dtype=np.float32)
    for first in range(0, len(frames), _CHUNK):
        spectrum = np.fft.rfft(frames[first : first + _CHUNK] * window, axis=-1)
        power[first : first + _CHUNK] = spectrum.real**2 + spectrum.imag**2
    return power.T


def decibels(power: NDArray[np.floating], settings: "MelSettings") -> NDArray[np.floating]:
    """Return power as decibels relative to `settings.reference`, no lower than `settings.floor_db` below the maximum.

    The maximum is that of the one spectrogram given, never of a whole data set: that would carry test clips into training.
    """
    return power_to_decibels(
        power,
        reference=power.max() if settings.reference == "max" else settings.reference,
        floor_db=None if settings.floor_db == "none" else settings.floor_db,
        least=settings.epsilon,
    )


def log_mel(waveform: NDArray[np.floating], sampling_rate: int, settings: "MelSettings") -> NDArray[np.float32]:
    """Return the log-mel spectrogram of a waveform, before scaling.

    Args:
        waveform: `[sample]`, in -1..1.
        sampling_rate: In hertz.
        settings: FFT, bands, scale and logarithm.

    Returns:
        float32 `[band, frame]`; in dB, or natural logarithm of power. 144,000 samples at hop 512 give 282 frames.
    """
    power = _cached_filters(settings, sampling_rate) @ power_spectrogram(
        waveform, settings.fft_size, settings.hop_length
    )
    level = decibels(power, settings) if settings.log == "db" else np.log(power + settings.epsilon)
    return level.astype(np.float32)


def cosine_basis(coefficients: int, bands: int) -> NDArray[np.float64]:
    """Return the first rows of the orthonormal cosine transform of type II, `[coefficient, band]`.

    Source: Ahmed, Natarajan and Rao 1974, Discrete Cosine Transform, IEEE Trans. Computers C-23, with rows of length 1.
    """
    angle = np.pi / bands * np.outer(np.arange(coefficients), np.arange(bands) + 0.5)
    basis: NDArray[np.float64] = np.sqrt(2 / bands) * np.cos(angle)
    basis[0] /= np.sqrt(2)
    return basis


def cepstrum(spectrogram: NDArray[np.float32], coefficients: int) -> NDArray[np.float32]:
    """Return the cosine transform of each frame of a log-mel spectrogram, `[band, frame]` -> `[coefficient, frame]`."""
    return cosine_basis(coefficients, len(spectrogram)).astype(np.float32) @ spectrogram


def mfcc(waveform: NDArray[np.floating], sampling_rate: int, settings: "CepstralSettings") -> NDArray[np.float32]:
    """Return the mel-frequency cepstral coefficients of a waveform from the 0th on, before scaling.

    Args:
        waveform: `[sample]`, in -1..1.
        sampling_rate: In hertz.
        settings: Those of the log-mel spectrogram, and how many coefficients.

    Returns:
        float32 `[coefficient, frame]`; the 0th is `sqrt(bands)` times the frame's mean level.
    """
    return cepstrum(log_mel(waveform, sampling_rate, settings), settings.coefficients)


def scale(
    features: NDArray[np.float32],
    settings: "FrontEndSettings",
    statistics: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
) -> NDArray[np.float32]:
    """Return a clip's features `[feature, frame]` scaled as `settings.scaling` says.

    `none`: as they are. `clip`: mean 0 and deviation 1 over the whole clip. `band`: the same for each feature, such as a
    mel band. `train`: by `statistics`, the mean and deviation `[feature]` of the training data. `unit`: linearly onto 0..1.
    Constant features become zeros.
    """
    if settings.scaling == "none":
        return features
    if settings.scaling == "unit":
        low, high = features.min(), features.max()
        return np.asarray((features - low) / max(high - low, LEAST_DEVIATION), dtype=np.float32)
    if settings.scaling == "train":
        if statistics is None:
            raise ValueError("scaling 'train' needs the statistics of the training data")
        mean, deviation = statistics[0][:, np.newaxis], statistics[1][:, np.newaxis]
    else:
        axis = (0, 1) if settings.scaling == "clip" else 1
        mean, deviation = features.mean(axis, keepdims=True), features.std(axis, keepdims=True)
    return np.asarray((features - mean) / np.maximum(deviation, LEAST_DEVIATION), dtype=np.float32)


@lru_cache(maxsize=8)
def _cached_filters(settings: "MelSettings", sampling_rate: int) -> NDArray[np.float32]:
    return mel_filters(settings, sampling_rate).astype(np.float32)
