"""Formants as openSMILE's eGeMAPSv02 finds them, and as its paper means them.

The paper asks for resonances of a linear predictor of order 11 at 11 kHz, of frames of 20 ms. openSMILE 3 lays the frame into the
wrong part of its transform, so that the last 6 of 20 ms are cut off; keeps what lies under 3.4 kHz instead of 5.5 kHz; and solves
the polynomial with the signs of all coefficients but the first turned. Its bandwidths of 1000 Hz and more come from that, and its
F1 lies some 200 Hz above the true one. Models trained on its numbers need these numbers; `features.formants` has true formants.

Sources: Eyben et al. 2016, The Geneva minimalistic acoustic parameter set, section 6.1; openSMILE 3's levels, taken apart.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.linear_prediction import autocorrelation, levinson

Values = NDArray[np.float64]

FORMANTS = 3
_RATE = 11000.0
_ORDER = 11
_LOWEST_HZ, _HIGHEST_HZ = 50.0, 5450.0

# Against the fall of the voice's spectrum, which would draw the lowest resonance to F0; openSMILE goes without.
_PRE_EMPHASIS = 0.97


def formants(frames: NDArray[np.floating], sampling_rate: float, *, as_opensmile: bool) -> tuple[Values, Values]:
    """Return frequency and bandwidth of the three lowest resonances.

    Args:
        frames: `[frame, sample]` of 20 ms, not yet weighed by a window.
        sampling_rate: In hertz.
        as_opensmile: With its three faults.

    Returns:
        Frequencies and bandwidths in hertz, float64 `[frame, formant]`; NaN where there are fewer resonances, and in silence.
    """
    samples = frames @ _resampling(frames.shape[1], sampling_rate, as_opensmile)
    coefficients, _ = levinson(autocorrelation(samples.astype(np.float64), _ORDER))
    sounding = np.isfinite(coefficients).all(axis=1)
    found = np.full((2, len(frames), FORMANTS), np.nan)
    found[:, sounding] = _resonances(-coefficients[sounding] if as_opensmile else coefficients[sounding])
    return found[0], found[1]


def _resonances(coefficients: Values) -> Values:
    """Return frequency and bandwidth in hertz `[2, frame, formant]` of the roots of `1 + a[0] z^-1 + ...`.

    With openSMILE's signs roots may lie outside the circle of radius 1, where `resonances.resonances` does not look for them.
    """
    frames, order = coefficients.shape
    companions = np.zeros((frames, order, order))
    companions[:, 0] = -coefficients
    companions[:, np.arange(1, order), np.arange(order - 1)] = 1
    roots = np.linalg.eigvals(companions)
    frequencies = np.angle(roots) * (_RATE / (2 * np.pi))
    frequencies[(frequencies <= _LOWEST_HZ) | (frequencies >= _HIGHEST_HZ)] = np.inf
    lowest = np.argsort(frequencies, axis=1)[:, :FORMANTS]
    frequencies, roots = (np.take_along_axis(values, lowest, axis=1) for values in (frequencies, roots))
    known = np.isfinite(frequencies)
    bandwidths = -np.log(np.abs(roots), where=known, out=np.full(roots.shape, np.nan)) * (_RATE / np.pi)
    return np.stack([np.where(known, frequencies, np.nan), bandwidths])


@lru_cache(maxsize=4)
def _resampling(size: int, sampling_rate: float, as_opensmile: bool) -> NDArray[np.float32]:
    """Return the matrix `[sample, resampled]` of pre-emphasis, a Hamming window, a transform, and its inverse at the new rate."""
    fft_size = 1 << (size - 1).bit_length()
    resampled = round(size * _RATE / sampling_rate)
    highest = (resampled - 1) // 2 if as_opensmile else int(min(_RATE, sampling_rate) / 2 * fft_size / sampling_rate)
    offset = (fft_size - size) // 2 if as_opensmile else 0
    turns = 2j * np.pi * np.arange(highest + 1) / fft_size
    there = np.exp(-np.outer(np.arange(size) + offset, turns))
    back = np.exp(np.outer(turns, np.arange(resampled) * sampling_rate / _RATE))
    weights = np.full(highest + 1, 2 / fft_size)
    weights[0] /= 2
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(size) / (size - 1))
    matrix = window[:, np.newaxis] * ((there * weights) @ back).real
    if not as_opensmile:
        matrix[:-1] -= _PRE_EMPHASIS * matrix[1:]
    return np.ascontiguousarray(matrix, dtype=np.float32)
