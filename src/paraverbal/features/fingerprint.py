"""Fingerprints of recordings: what stays when a copy is resampled, encoded anew, made louder or given silence or noise.

A fingerprint is a spectrogram of 300 to 3400 Hz in decibels, fine enough to show single harmonics: two takes of a
sentence have the same formants but never the same course of pitch. It is relative to the clip's own level, freed of
steady noise, and begins and ends where the sound does, so that silence before or after does not matter.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.resample import resample
from paraverbal.features.spectral import power_spectrogram

Power = NDArray[np.float32]

# What telephones carry; every rate from 8 kHz on and every usual encoder keeps it.
SAMPLING_RATE = 8000
LOWEST_HZ, HIGHEST_HZ = 300, 3400

# 64 ms resolve the harmonics of a low voice. Frames of a copy with silence before it lie up to half a hop beside those
# of the original; at 8 ms that costs less than 0.02 of similarity, at 16 ms up to 0.07.
FFT_SIZE, HOP_LENGTH = 512, 64
_FIRST_BIN = -(-LOWEST_HZ * FFT_SIZE // SAMPLING_RATE)
_BINS = HIGHEST_HZ * FFT_SIZE // SAMPLING_RATE - _FIRST_BIN + 1

# Longer recordings are compared by their first minute from the first sound on.
LONGEST_SECONDS = 60.0
_LONGEST_FRAMES = int(LONGEST_SECONDS * SAMPLING_RATE / HOP_LENGTH)

# Less sound than a quarter of a second says too little.
_FEWEST_FRAMES = SAMPLING_RATE // 4 // HOP_LENGTH

# Quieter frames at the ends, against the loudest fifth of a second, are no part of the clip (power ratios).
_SILENCE = 1e-6  # digital silence and dither, which tell nothing about the noise either
_SOUND = 1e-2
_LOUDEST_FRAMES = SAMPLING_RATE // 5 // HOP_LENGTH

# The power of noise in a bin is distributed exponentially: a quarter of the frames lie below -ln(3/4) of its mean.
# Twice the mean is taken away.
_NOISE_QUANTILE = 0.25
_NOISE_FACTOR = 2 / -np.log1p(-_NOISE_QUANTILE)

# Cells span 30 dB below and 10 dB above the level that 1 % of them exceed, in steps of 1/6 dB.
_LOUD_QUANTILE = 0.99
_BELOW_DB, _ABOVE_DB, _STEPS_PER_DB = 30, 10, 6

# For the descriptor and the alignment, 9 bins make a band of 141 Hz.
_BINS_PER_BAND = 9
_BANDS = _BINS // _BINS_PER_BAND
_MODULATIONS_HZ = 0.35 * np.arange(1, 33)


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What of a recording is compared.

    Attributes:
        cells: Levels above the floor, uint8 `[frame, bin]` in sixths of a decibel, from the first sound to the last.
        descriptor: float32 `[value]` of length 1, which does not depend on where the sound begins; the inner product of
            two tells quickly which clips may be the same.
    """

    cells: NDArray[np.uint8]
    descriptor: NDArray[np.float32]

    @cached_property
    def _bands(self) -> NDArray[np.float32]:
        return _bands(self.cells)

    @cached_property
    def _moments(self) -> tuple[float, float]:
        """Sum and sum of squares of the cells."""
        values = self.cells.astype(np.float32)
        return float(values.sum(dtype=np.float64)), float(np.square(values).sum(dtype=np.float64))


def fingerprint(waveform: NDArray[np.floating], sampling_rate: float) -> Fingerprint | None:
    """Take the fingerprint of a recording.

    Args:
        waveform: `[sample]`; its level does not matter.
        sampling_rate: In hertz; from 8000 on, nothing is lost.

    Returns:
        The fingerprint, or None where there is less than a quarter of a second of sound to compare.
    """
    samples = resample(np.asarray(waveform, dtype=np.float32), sampling_rate, SAMPLING_RATE)
    power = power_spectrogram(samples, FFT_SIZE, HOP_LENGTH)[_FIRST_BIN : _FIRST_BIN + _BINS].T
    power = _between(power, _SILENCE)
    power = _between(_without_noise(power), _SOUND)[:_LONGEST_FRAMES]
    if len(power) < _FEWEST_FRAMES:
        return None
    cells = _cells(power)
    descriptor = _descriptor(_bands(cells))
    return None if descriptor is None else Fingerprint(cells, descriptor)


def similarity(first: Fingerprint, second: Fingerprint) -> float:
    """Return how alike two recordings are, -1 to 1: the correlation of their cells where they are best aligned.

    What one has before or after the other is compared with silence. 1 means the same; two takes of a sentence by one
    speaker seldom reach 0.7.
    """
    shift = _best_shift(first._bands, second._bands)
    return max(_correlation(first, second, shift + step) for step in (-1, 0, 1))


def _between(power: Power, least: float) -> Power:
    """Return the frames from the first to the last that is not much quieter than the loudest; none of silence."""
    level = power.sum(axis=1)
    if len(level) == 0 or level.max() <= 0:
        return power[:0]
    loudest = min(_LOUDEST_FRAMES, len(level))
    sounding = np.flatnonzero(level > least * np.partition(level, -loudest)[-loudest])
    return power[sounding[0] : sounding[-1] + 1] if len(sounding) else power[:0]


def _without_noise(power: Power) -> Power:
    if len(power) == 0:
        return power
    place = int(_NOISE_QUANTILE * len(power))
    quiet = np.partition(power, place, axis=0)[place]
    return np.asarray(np.maximum(power - np.float32(_NOISE_FACTOR) * quiet, 0), dtype=np.float32)


def _cells(power: Power) -> NDArray[np.uint8]:
    place = int(_LOUD_QUANTILE * power.size)
    reference = max(np.partition(power, place, axis=None)[place], np.finfo(np.float32).tiny)
    decibels = 10 * np.log10(np.maximum(power / reference, np.float32(10 ** (-_BELOW_DB / 10)))) + _BELOW_DB
    return np.asarray(np.rint(_STEPS_PER_DB * np.minimum(decibels, _BELOW_DB + _ABOVE_DB)), dtype=np.uint8)


def _bands(cells: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return `[band, frame]`."""
    values = cells.reshape(len(cells), _BANDS, _BINS_PER_BAND).mean(axis=2, dtype=np.float32)
    return np.asarray(values.T, dtype=np.float32)


@cache
def _waves() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return cosine and sine of the slow frequencies, `[frame, frequency]`, for as many frames as are compared."""
    phases = 2 * np.pi * (HOP_LENGTH / SAMPLING_RATE) * np.outer(np.arange(_LONGEST_FRAMES), _MODULATIONS_HZ)
    return np.cos(phases).astype(np.float32), np.sin(phases).astype(np.float32)


def _descriptor(bands: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return how much each band changes at each of some slow frequencies, `[value]`; None where nothing changes."""
    cosines, sines = (table[: bands.shape[1]] for table in _waves())
    values = np.sqrt(np.hypot(bands @ cosines, bands @ sines)).ravel()
    values -= values.mean()
    length = float(np.linalg.norm(values))
    return np.asarray(values / length, dtype=np.float32) if length > 0 else None


def _best_shift(first: NDArray[np.float32], second: NDArray[np.float32]) -> int:
    """Return the frame of `first` where `second` begins, by the greatest inner product of their bands."""
    size = 1 << (first.shape[1] + second.shape[1] - 1).bit_length()
    spectrum = (np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size))).sum(axis=0)
    shift = int(np.argmax(np.fft.irfft(spectrum, size)))
    return shift if shift < first.shape[1] else shift - size


def _correlation(first: Fingerprint, second: Fingerprint, shift: int) -> float:
    """Return Pearson's correlation with `second` moved by `shift` frames; cells that only one has are zeros in the other."""
    begin, end = max(0, shift), min(len(first.cells), shift + len(second.cells))
    if end <= begin:
        return 0.0
    count = (max(len(first.cells), shift + len(second.cells)) - min(0, shift)) * _BINS
    (sum_first, squares_first), (sum_second, squares_second) = first._moments, second._moments
    ours = first.cells[begin:end].astype(np.float32).ravel()
    theirs = second.cells[begin - shift : end - shift].astype(np.float32).ravel()
    covariance = float(ours @ theirs) - sum_first * sum_second / count
    variances = (squares_first - sum_first**2 / count) * (squares_second - sum_second**2 / count)
    return covariance / float(np.sqrt(variances)) if variances > 0 else 0.0
