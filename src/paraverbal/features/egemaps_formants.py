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
from paraverbal.features.resonances import factors

Values = NDArray[np.float64]

FORMANTS = 3
_RATE = 11000.0
_ORDER = 11
_LOWEST_HZ, _HIGHEST_HZ = 50.0, 5450.0

# Against the fall of the voice's spectrum, which would draw the lowest resonance to F0; openSMILE goes without.
_PRE_EMPHASIS = 0.97


# Where real roots are looked for, which lie under 8 for speech: closer near the circle of radius 1.
_REAL = np.concatenate([-np.geomspace(10, 1, 12, endpoint=False), np.linspace(-1, 1, 33), np.geomspace(1.2, 10, 6)])
_NEWTON_STEPS = 5

# Factors start at medians of 60 clips of speech, of frames with one real root and with three, and may become this large.
_RADIUS = 0.76
_START_HZ = np.array([[370.0, 1370.0, 2410.0, 3290.0, 4870.0], [930.0, 1920.0, 2950.0, 4320.0, 0.0]])
_LARGEST = (8.0, 8.0)

# What is left after a step this small is less than 0.01 Hz in 99 of 100 frames.
_SMALL_STEP = 1e-3


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
    """Return frequency and bandwidth in hertz `[2, frame, formant]` of the roots of `1 + a[0] z^-1 + ...`, of an odd order.

    With openSMILE's signs roots may lie outside the circle of radius 1. A polynomial of odd degree has a real root, which is
    divided out; two more are a good beginning for one of the factors of the rest.
    """
    polynomials = np.concatenate([np.ones((1, len(coefficients))), coefficients.T])
    real = _real_roots(polynomials)
    quotient = _without(polynomials, _newton(polynomials, real[0]))
    p, q = factors(quotient[1:], *_start(real[1:]), largest=_LARGEST, small_step=_SMALL_STEP)
    squared = q - p**2 / 4
    oscillating = squared > 0
    angle = np.arctan2(np.sqrt(squared, where=oscillating, out=np.zeros_like(q)), -p / 2)
    frequencies = np.where(oscillating, angle * (_RATE / (2 * np.pi)), np.inf)
    frequencies[(frequencies <= _LOWEST_HZ) | (frequencies >= _HIGHEST_HZ)] = np.inf
    lowest = np.argsort(frequencies, axis=0)[:FORMANTS]
    frequencies, q = (np.take_along_axis(values, lowest, axis=0).T for values in (frequencies, q))
    known = np.isfinite(frequencies)
    bandwidths = -np.log(q, where=known, out=np.full(q.shape, np.nan)) * (_RATE / (2 * np.pi))
    return np.stack([np.where(known, frequencies, np.nan), bandwidths])


def _real_roots(polynomials: Values) -> Values:
    """Return the lowest three real roots of polynomials of odd degree, roughly, `[root, frame]`; NaN where there are fewer."""
    powers = _REAL[:, np.newaxis] ** np.arange(len(polynomials) - 1, -1, -1)
    # Divided by the last power but one, a polynomial is almost a line outside the circle of radius 1.
    values = polynomials.T @ (powers / np.maximum(np.abs(powers[:, 1:2]), 1)).T
    negative = values < 0
    crossing = negative[:, 1:] != negative[:, :-1]
    roots = np.full((3, len(values)), np.nan)
    rows = np.arange(len(values))
    for root in roots:
        place = crossing.argmax(axis=1)
        there = crossing[rows, place]
        before, after = values[rows, place], values[rows, place + 1]
        share = before / np.where(there, before - after, 1)
        root[there] = (_REAL[place] + share * (_REAL[place + 1] - _REAL[place]))[there]
        crossing[rows, place] = False
    roots[0, np.isnan(roots[0])] = _REAL[0]
    return roots


def _newton(polynomials: Values, roots: Values) -> Values:
    """Return real roots `[frame]` to full precision, from rough ones."""
    for _ in range(_NEWTON_STEPS):
        value, slope = polynomials[0], np.zeros_like(roots)
        for coefficient in polynomials[1:]:
            slope = slope * roots + value
            value = value * roots + coefficient
        roots = roots - value / np.where(slope == 0, 1, slope)
    return roots


def _without(polynomials: Values, roots: Values) -> Values:
    """Return the quotient `[power, frame]` of polynomials by `z - root`."""
    quotient = polynomials[:-1].copy()
    for power in range(1, len(quotient)):
        quotient[power] += quotient[power - 1] * roots
    return quotient


def _start(real: Values) -> tuple[Values, Values]:
    """Return factors to begin with, `[factor, frame]`: typical resonances, and the two real roots where they are there."""
    two = ~np.isnan(real).any(axis=0)
    p = (-2 * _RADIUS * np.cos(2 * np.pi / _RATE * _START_HZ))[two.astype(np.intp)].T
    q = np.full(p.shape, _RADIUS**2)
    p[-1, two], q[-1, two] = -real[:, two].sum(axis=0), real[:, two].prod(axis=0)
    return p, q


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
