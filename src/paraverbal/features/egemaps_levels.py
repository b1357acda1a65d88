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
from paraverbal.features.decibels import power_to_decibels
from paraverbal.features.egemaps_formants import formants
from paraverbal.features.egemaps_harmonics import UNVOICED_LEVEL_DB, harmonicity, levels
from paraverbal.features.egemaps_periods import jitter_shimmer
from paraverbal.features.egemaps_pitch import CANDIDATES, best_path, candidates, local_maxima
from paraverbal.features.spectral import hz_to_mel

Series = NDArray[np.float32]
Values = NDArray[np.float64]

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

# Points transformed at once: they stay in the cache.
_CACHED_POINTS = 32768

# Frames this close to a loud one are looked at.
_LOUD_REACH = 3


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
    read = _in_16_bits if as_opensmile else np.asarray
    for first in range(0, long, _BLOCK):
        last = min(first + _BLOCK, long)
        before, behind = min(first, _MARGIN), min(long - last, _MARGIN)
        end = len(waveform) if last == long else (last + behind - 1) * grid.hop + grid.long
        samples = read(waveform[(first - before) * grid.hop : end])
        f0, voice = _voice_levels(samples, grid, f0_range, voicing, as_opensmile)
        inner = slice(before, before + last - first)
        # Flux needs the frame before the first.
        earlier, ends = int(first > 0), short if last == long else last
        samples = samples[(before - earlier) * grid.hop : (ends - 1 - first + before) * grid.hop + grid.short]
        spectral, squares = _spectral_levels(samples, grid, as_opensmile)
        yield spectral[:, earlier:], f0[inner], voice[:, inner], squares[earlier:]


def _in_16_bits(waveform: NDArray[np.floating]) -> Series:
    """Return the samples as openSMILE reads them: steps of 16 bits towards 0. Samples over full scale stay as they are."""
    steps = np.multiply(waveform, 32768, dtype=np.float32)
    np.trunc(steps, out=steps)
    return np.asarray(steps * np.float32(1 / 32768))


def _spectral_levels(samples: NDArray[np.floating], grid: _Grid, as_opensmile: bool) -> tuple[Series, Series]:
    """Return `[10, frame]` and the mean square of each frame, `[frame]`."""
    count = grid.frames(len(samples), grid.short)
    frames = grid.cut(samples, grid.short, 0, count)
    fft_size = 1 << (grid.short - 1).bit_length()
    doubles = grid.cut(samples.astype(np.float64), grid.short, 0, count)
    power = _spectra(doubles, fft_size, _hamming(grid.short), fft_size // 2 + 1)
    reference = _SHORT_SECONDS * 16000 / grid.short
    if reference != 1:
        power *= np.float32(reference**2)
    frequencies = np.fft.rfftfreq(fft_size, 1 / grid.sampling_rate)
    hammarberg_index = _hammarberg_index if as_opensmile else spectral_shape.hammarberg_index
    found = np.empty((len(SPECTRAL), count), np.float32)
    found[1] = spectral_shape.alpha_ratio(power, frequencies, low_hz=0 if as_opensmile else 50)
    found[2] = hammarberg_index(power, frequencies)
    found[3] = spectral_shape.slope(power, frequencies, 0, 500, as_opensmile=as_opensmile)
    found[4] = spectral_shape.slope(power, frequencies, 500, 1500, as_opensmile=as_opensmile)
    found[5] = spectral_shape.flux(power, frequencies)
    if fft_size * reference != 512:
        # Bands hold more bins where those are closer together than 31.25 Hz.
        power *= np.float32(512 / (fft_size * reference))
    if as_opensmile:
        # As in HTK, bands begin with the second bin over their lowest frequency.
        power[:, : int(_LOW_HZ / frequencies[1] + 1.5)] = 0
    found[0], found[6:] = loudness.from_power(power, frequencies), _cepstrum(power, grid.sampling_rate)
    return found, np.vecdot(frames, frames) / grid.short


def _hammarberg_index(power: Series, frequencies: NDArray[np.floating]) -> Series:
    """Return `spectral_shape.hammarberg_index` with 2000 Hz in the upper band only, as in openSMILE."""
    lower = power[:, spectral_shape.band(frequencies, 0, np.nextafter(2000.0, 0))].max(axis=1)
    upper = power[:, spectral_shape.band(frequencies, 2000, 5000)].max(axis=1)
    return np.asarray(power_to_decibels(lower) - power_to_decibels(upper), dtype=np.float32)


def _voice_levels(
    waveform: NDArray[np.floating], grid: _Grid, f0_range: tuple[float, float], voicing: float, as_opensmile: bool
) -> tuple[Series, Series]:
    """Return F0 `[frame]` and `[14, frame]`."""
    count = grid.frames(len(waveform), grid.long)
    fft_size = 1 << (grid.long - 1).bit_length()
    bin_hz = grid.sampling_rate / fft_size
    bins = min(int(_VOICE_HZ / bin_hz), fft_size // 2) + 1
    loud = _mean_squares(waveform, grid, count) >= _LEAST_VOICED_RMS**2
    rows = _near(loud)
    doubles = grid.cut(waveform.astype(np.float64), grid.long, 0, count)
    power = _spectra(doubles, fft_size, _gaussian(grid.long), bins, rows)
    peaks = local_maxima(power)
    pitches, voicings = np.full((count, CANDIDATES), f0_range[0], np.float32), np.zeros((count, CANDIDATES), np.float32)
    pitches[rows], voicings[rows] = candidates(np.sqrt(power), peaks, bin_hz, *f0_range)
    f0 = best_path(pitches, voicings, voicing) * loud
    voice = np.full((len(VOICE), count), np.nan, np.float32)
    if as_opensmile:
        voice[[VOICE.index(f"F{n}amplitudeLogRelF0") for n in (1, 2, 3)]] = UNVOICED_LEVEL_DB
    voiced = np.flatnonzero(f0)
    if len(voiced):
        kept, found = np.searchsorted(rows, voiced), f0[voiced]
        power, peaks = power[kept], peaks[kept]
        frequencies, bandwidths = formants(
            grid.cut(waveform, grid.short, 0, count)[voiced], grid.sampling_rate, as_opensmile=as_opensmile
        )
        voice[:2] = jitter_shimmer(waveform, grid.sampling_rate, grid.hop, f0)
        voice[2, voiced] = harmonicity(power, bin_hz, found)
        voice[3:5, voiced], amplitudes = levels(power, peaks, bin_hz, found, frequencies, as_opensmile=as_opensmile)
        voice[5:, voiced] = np.stack([frequencies, bandwidths, amplitudes], axis=2).reshape(len(voiced), -1).T
    return f0, voice


def _mean_squares(waveform: NDArray[np.floating], grid: _Grid, count: int) -> Series:
    """Return the mean square after the window of each frame of 60 ms, `[frame]`: sums over hops, each weighed once a part."""
    weights = _gaussian_power(grid.long, grid.hop)
    parts = len(weights)
    hops = np.zeros((count + parts - 1, grid.hop), np.float32)
    reached = waveform[: hops.size]
    np.square(reached, out=hops.ravel()[: len(reached)], casting="same_kind")
    products = hops @ weights.T
    return np.asarray(sum(products[part : part + count, part] for part in range(parts)))


def _near(loud: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the frames that are loud, and those close enough to them to weigh in the path of F0, `[row]`."""
    sums = np.cumsum(np.pad(loud, (_LOUD_REACH + 1, _LOUD_REACH)))
    return np.flatnonzero(sums[2 * _LOUD_REACH + 1 :] > sums[: -2 * _LOUD_REACH - 1])


def _spectra(
    frames: NDArray[np.floating], fft_size: int, window: Values, bins: int, rows: NDArray[np.intp] | None = None
) -> Series:
    """Return power `[frame, bin]` of the first `bins` bins of all frames, or of those that `rows` names, rising.

    The transform is one of 64 bits, which NumPy does four times faster than one of 32.
    """
    count = len(frames) if rows is None else len(rows)
    few = max(1, _CACHED_POINTS // fft_size)
    power = np.empty((count, bins), np.float32)
    weighed = np.zeros((few, fft_size))
    transform = np.empty((few, fft_size // 2 + 1), np.complex128)
    for first in range(0, count, few):
        last = min(first + few, count)
        used = last - first
        gapless = rows is None or rows[last - 1] - rows[first] == used - 1
        start = first if rows is None else int(rows[first])
        cut = frames[start : start + used] if gapless or rows is None else frames[rows[first:last]]
        # A product by rows, which is faster here than by broadcasting.
        np.einsum("fs,s->fs", cut, window, out=weighed[:used, : len(window)])
        parts = np.fft.rfft(weighed[:used], out=transform[:used])[:, :bins].view(np.float64)
        np.square(parts, out=parts)
        np.add(parts[:, ::2], parts[:, 1::2], out=power[first:last], casting="same_kind")
    return power


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


@lru_cache(maxsize=4)
def _gaussian_power(size: int, hop: int) -> Series:
    """Return the squared window over its length, cut into hops, `[part, sample]`; zeros fill the last one up."""
    parts = -(-size // hop)
    squares = np.pad(_gaussian(size) ** 2 / size, (0, parts * hop - size))
    return squares.reshape(parts, hop).astype(np.float32)
