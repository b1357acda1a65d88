"""The low-level descriptors of the eGeMAPS: what is measured every 10 ms, before functionals sum it up.

Frames start at multiples of 10 ms and are not centred, as in openSMILE; only whole frames count. Spectra of 20 ms (Hamming
window) give level, tilt, change and cepstrum, spectra of 60 ms (Gaussian window) give F0 and what belongs to it. Numbers that
depend on level are on the scale of 16 kHz, whatever the rate.

Sources: Eyben et al. 2016, The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective computing,
IEEE Transactions on Affective Computing 7, 190-202; values of openSMILE's eGeMAPSv02.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from paraverbal.features import loudness, spectral_shape
from paraverbal.features.egemaps_formants import formants
from paraverbal.features.egemaps_harmonics import UNVOICED_LEVEL_DB, harmonicity, levels
from paraverbal.features.egemaps_periods import jitter_shimmer
from paraverbal.features.egemaps_pitch import best_path, candidates
from paraverbal.features.spectral import hz_to_mel

Series = NDArray[np.float32]

HOP_SECONDS = 0.010
_SHORT_SECONDS, _LONG_SECONDS = 0.020, 0.060
_GAUSSIAN_SIGMA = 0.4  # of half a window

SPECTRAL: tuple[str, ...] = (
    *("loudness", "alphaRatio", "hammarbergIndex", "slope0-500", "slope500-1500", "spectralFlux"),
    *("mfcc1", "mfcc2", "mfcc3", "mfcc4"),
)
VOICE: tuple[str, ...] = (
    *("jitterLocal", "shimmerLocaldB", "HNRdBACF", "logRelF0-H1-H2", "logRelF0-H1-A3"),
    *(f"F{n}{what}" for n in (1, 2, 3) for what in ("frequency", "bandwidth", "amplitudeLogRelF0")),
)

# Quieter frames (root mean square after the window) are unvoiced.
_LEAST_VOICED_RMS = 0.001

# Mel cepstrum as in HTK: 26 bands, samples of 16 bits, bands of less than 1 count as 1; coefficients lifted by 22.
_BANDS, _LOW_HZ, _HIGH_HZ = 26, 20.0, 8000.0
_SAMPLE_SCALE = 32767.0**2
_COEFFICIENTS, _LIFTER = 4, 22

# Frames of one block of a long recording, and how far a block sees into its neighbours to find the path of F0.
_BLOCK, _MARGIN = 2048, 64

# F0, harmonics and their ratio to noise are judged up to here.
_VOICE_HZ = 8000.0

# Frames transformed at once: they stay in the cache.
_FEW = 64


@dataclass(frozen=True, eq=False)
class Levels:
    """Descriptors of a recording, one column every 10 ms.

    Attributes:
        spectral: float32 `[10, frame]` in the order of `SPECTRAL`, of frames of 20 ms.
        f0: float32 `[frame]` in hertz, 0 where unvoiced, of frames of 60 ms: four fewer.
        voice: float32 `[14, frame]` in the order of `VOICE`; NaN where a quantity does not exist.
        mean_square: Mean square of the samples of all frames of 20 ms.
    """

    spectral: Series
    f0: Series
    voice: Series
    mean_square: float


@dataclass(frozen=True, eq=False)
class _Grid:
    """Sizes in samples."""

    sampling_rate: float
    hop: int
    short: int
    long: int

    @classmethod
    def of(cls, sampling_rate: float) -> "_Grid":
        sizes = (max(1, round(seconds * sampling_rate)) for seconds in (HOP_SECONDS, _SHORT_SECONDS, _LONG_SECONDS))
        return cls(sampling_rate, *sizes)

    def frames(self, samples: int, size: int) -> int:
        return 1 + (samples - size) // self.hop

    def cut(self, waveform: NDArray[np.floating], size: int, first: int, last: int) -> NDArray[np.floating]:
        """Return frames `first` to before `last`, a view `[frame, sample]`."""
        part = waveform[first * self.hop : (last - 1) * self.hop + size]
        return sliding_window_view(part, size)[:: self.hop]


def measure(
    waveform: NDArray[np.floating],
    sampling_rate: float,
    *,
    f0_range: tuple[float, float],
    voicing: float,
    as_opensmile: bool,
) -> Levels:
    """Return the descriptors of a recording, measured block by block, so that hours need no more memory than minutes.

    Args:
        waveform: `[sample]`, finite; what is shorter than 60 ms is filled up with zeros.
        sampling_rate: In hertz.
        f0_range: Lowest and highest F0 in hertz.
        voicing: Voicing (0..1) above which a frame is voiced.
        as_opensmile: With openSMILE's faults, see `egemaps`.
    """
    grid = _Grid.of(sampling_rate)
    if len(waveform) < grid.long:
        waveform = np.pad(waveform, (0, grid.long - len(waveform)))
    blocks = list(_blocks(waveform, grid, f0_range, voicing, as_opensmile))
    spectral, f0, voice, squares = (np.concatenate(parts, axis=-1) for parts in zip(*blocks, strict=True))
    return Levels(spectral, f0, voice, float(squares.mean(dtype=np.float64)))


def _blocks(
    waveform: NDArray[np.floating], grid: _Grid, f0_range: tuple[float, float], voicing: float, as_opensmile: bool
) -> Iterator[tuple[Series, Series, Series, Series]]:
    short, long = grid.frames(len(waveform), grid.short), grid.frames(len(waveform), grid.long)
    for first in range(0, long, _BLOCK):
        last = min(first + _BLOCK, long)
        before, behind = min(first, _MARGIN), min(long - last, _MARGIN)
        f0, voice = _voice_levels(
            waveform[(first - before) * grid.hop : (last + behind - 1) * grid.hop + grid.long],
            grid, f0_range, voicing, as_opensmile,
        )  # fmt: skip
        inner = slice(before, before + last - first)
        ends = short if last == long else last
        spectral, squares = _spectral_levels(waveform, grid, first, ends, as_opensmile)
        yield spectral, f0[inner], voice[:, inner], squares


def _spectral_levels(
    waveform: NDArray[np.floating], grid: _Grid, first: int, last: int, as_opensmile: bool
) -> tuple[Series, Series]:
    """Return `[10, frame]` and the mean square of each frame, `[frame]`."""
    earlier = int(first > 0)
    frames = grid.cut(waveform, grid.short, first - earlier, last)
    fft_size = 1 << (grid.short - 1).bit_length()
    power, _ = _spectra(frames, fft_size, _hamming(grid.short))
    reference = np.float32(_SHORT_SECONDS * 16000 / grid.short)
    power *= reference**2
    frequencies = np.fft.rfftfreq(fft_size, 1 / grid.sampling_rate)
    # Bands hold more bins where those are closer together than 31.25 Hz.
    in_bands = power * np.float32(512 / (fft_size * reference))
    found = np.concatenate(
        [
            [
                loudness.from_power(in_bands, frequencies),
                spectral_shape.alpha_ratio(power, frequencies, low_hz=0 if as_opensmile else 50),
                spectral_shape.hammarberg_index(power, frequencies),
                spectral_shape.slope(power, frequencies, 0, 500, as_opensmile=as_opensmile),
                spectral_shape.slope(power, frequencies, 500, 1500, as_opensmile=as_opensmile),
                spectral_shape.flux(power, frequencies),
            ],
            _cepstrum(in_bands, grid.sampling_rate),
        ]
    )
    squares = np.vecdot(frames, frames)[earlier:] / grid.short
    return found[:, earlier:].astype(np.float32, copy=False), squares


def _voice_levels(
    waveform: NDArray[np.floating], grid: _Grid, f0_range: tuple[float, float], voicing: float, as_opensmile: bool
) -> tuple[Series, Series]:
    """Return F0 `[frame]` and `[14, frame]`."""
    count = grid.frames(len(waveform), grid.long)
    fft_size = 1 << (grid.long - 1).bit_length()
    bins = min(int(_VOICE_HZ * fft_size / grid.sampling_rate), fft_size // 2) + 1
    power, squares = _spectra(grid.cut(waveform, grid.long, 0, count), fft_size, _gaussian(grid.long), bins)
    magnitudes = np.sqrt(power)
    peaks = np.zeros(power.shape, dtype=bool)
    rising = power[:, 1:] > power[:, :-1]
    np.logical_and(rising[:, :-1], ~rising[:, 1:], out=peaks[:, 1:-1])
    f0 = best_path(*candidates(magnitudes, peaks, grid.sampling_rate / fft_size, *f0_range), voicing)
    f0[squares < _LEAST_VOICED_RMS**2] = 0
    voice = np.full((len(VOICE), count), np.nan, np.float32)
    if as_opensmile:
        voice[[VOICE.index(f"F{n}amplitudeLogRelF0") for n in (1, 2, 3)]] = UNVOICED_LEVEL_DB
    rows = np.flatnonzero(f0 > 0)
    if len(rows):
        found = f0[rows]
        frequencies, bandwidths = formants(
            grid.cut(waveform, grid.short, 0, count)[rows], grid.sampling_rate, as_opensmile=as_opensmile
        )
        voice[:2] = jitter_shimmer(waveform, grid.sampling_rate, grid.hop, f0)
        voice[2, rows] = harmonicity(power[rows], grid.sampling_rate / fft_size, found)
        voice[3:5, rows], amplitudes = levels(
            magnitudes[rows], peaks[rows], grid.sampling_rate / fft_size, found, frequencies, as_opensmile=as_opensmile
        )
        voice[5:, rows] = np.stack([frequencies, bandwidths, amplitudes], axis=2).reshape(len(rows), -1).T
    return f0, voice


def _spectra(
    frames: NDArray[np.floating], fft_size: int, window: NDArray[np.float64], bins: int | None = None
) -> tuple[Series, Series]:
    """Return power `[frame, bin]` of the first `bins` bins, and the mean square after the window `[frame]`.

    The transform is one of 64 bits, which NumPy does four times faster than one of 32.
    """
    power = np.empty((len(frames), bins or fft_size // 2 + 1), np.float32)
    weighed = np.zeros((min(_FEW, len(frames)), fft_size))
    transform = np.empty((len(weighed), fft_size // 2 + 1), np.complex128)
    for first in range(0, len(frames), _FEW):
        few = frames[first : first + _FEW]
        np.multiply(few, window, out=weighed[: len(few), : len(window)])
        parts = np.fft.rfft(weighed[: len(few)], out=transform[: len(few)])[:, : power.shape[1]].view(np.float64)
        np.square(parts, out=parts)
        np.add(parts[:, ::2], parts[:, 1::2], out=power[first : first + _FEW], casting="same_kind")
    # The samples are real, so that all but the first and last bin count twice.
    mean_square = (2 * power.sum(axis=1) - power[:, 0] - power[:, -1]) / (fft_size * len(window))
    return power, mean_square


def _cepstrum(power: Series, sampling_rate: float) -> Series:
    """Return mel-frequency cepstral coefficients 1 to 4, `[coefficient, frame]`."""
    filters, basis = _mel(power.shape[1], sampling_rate)
    bands = np.maximum(power @ filters, np.float32(1 / _SAMPLE_SCALE)) * np.float32(_SAMPLE_SCALE)
    return np.asarray(basis @ np.log(bands).T, dtype=np.float32)


@lru_cache(maxsize=4)
def _mel(bins: int, sampling_rate: float) -> tuple[Series, Series]:
    """Return filters `[bin, band]` and the lifted cosines `[coefficient, band]`; bands over half the rate stay empty."""
    edges = np.linspace(hz_to_mel(_LOW_HZ, "htk"), hz_to_mel(_HIGH_HZ, "htk"), _BANDS + 2)
    mel = hz_to_mel(np.linspace(0, sampling_rate / 2, bins), "htk")[:, np.newaxis]
    rise, fall = (mel - edges[:-2]) / np.diff(edges[:-1]), (edges[2:] - mel) / np.diff(edges[1:])
    filters = np.maximum(0, np.minimum(rise, fall))
    order = np.arange(1, _COEFFICIENTS + 1)[:, np.newaxis]
    lift = 1 + _LIFTER / 2 * np.sin(np.pi * order / _LIFTER)
    basis = lift * np.sqrt(2 / _BANDS) * np.cos(np.pi * order * (np.arange(_BANDS) + 0.5) / _BANDS)
    return filters.astype(np.float32), basis.astype(np.float32)


@lru_cache(maxsize=4)
def _hamming(size: int) -> NDArray[np.float64]:
    """Return the symmetric Hamming window, as openSMILE uses it."""
    return np.hamming(size)


@lru_cache(maxsize=4)
def _gaussian(size: int) -> NDArray[np.float64]:
    half = (size - 1) / 2
    weights: NDArray[np.float64] = np.exp(-0.5 * ((np.arange(size) - half) / (_GAUSSIAN_SIGMA * half)) ** 2)
    return weights
