"""Resonances of linear predictors: the roots of `z^n + a[0] z^(n-1) + ... + a[n-1]`, for all frames at once.

A pair of conjugate roots is a factor `z^2 + p z + q` with real coefficients, and so is a pair of real ones. All factors of all
frames are refined together by Newton's method: the step of a factor is the remainder of the polynomial divided by the product
of the other factors, both modulo the factor (the method of Durand and Kerner, with quadratic factors in place of roots). Nine
in ten predictors of speech are there after ten steps, at less than half the cost of eigenvalues of the companion matrix; the
rest get those.
"""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

# Factors start evenly spaced below the circle of radius 1, as resonances of speech do.
_RADIUS = 0.9
_STEPS = 10

# A step this small is the last: what is left is about its square, less than 1e-3 Hz for speech at 11 kHz.
_SMALL_STEP = 1e-4

# Factors of decaying resonances have |p| <= 2 and |q| <= 1; steps that lead further out are cut.
_LARGEST_P, _LARGEST_Q = 2.0, 1.0

# Two equal factors would divide by zero; their frame becomes NaN, never settles, and gets eigenvalues.
_LEAST_DETERMINANT = 1e-12


def resonances(coefficients: Values, sampling_rate: float) -> tuple[Values, Values]:
    """Return frequencies and bandwidths of the resonances of predictors.

    Args:
        coefficients: float64 `[frame, order]` of `1 + a[0] z^-1 + ...`, as `lpc` gives them; the order is even, and all
            resonances decay. Frames with NaN have none.
        sampling_rate: In hertz.

    Returns:
        Frequencies in hertz, rising, and the bandwidths in hertz at 3 dB below the peaks, each `[frame, order // 2]`.
        A root at angle `w` and radius `r` has the frequency `w * sampling_rate / (2 pi)` and the bandwidth
        `-ln(r) * sampling_rate / pi` (Atal and Hanauer 1971, Speech analysis and synthesis by linear prediction of the
        speech wave, eq. 19 to 21). Real roots are no resonances: NaN stands last for each pair of them.
    """
    frames, order = coefficients.shape
    p, q = (np.full((order // 2, frames), np.nan) for _ in range(2))
    given = np.flatnonzero(np.isfinite(coefficients).all(axis=1))
    p[:, given], q[:, given] = _factors(np.ascontiguousarray(coefficients[given].T))
    squared = q - p**2 / 4
    oscillating = squared > 0
    angle = np.arctan2(np.sqrt(squared, where=oscillating, out=np.full_like(q, np.nan)), -p / 2)
    decay = -np.log(q, where=oscillating, out=np.full_like(q, np.nan))
    rank = np.argsort(angle, axis=0)
    to_hertz = sampling_rate / (2 * np.pi)
    frequencies, bandwidths = (to_hertz * np.take_along_axis(values, rank, axis=0).T for values in (angle, decay))
    return frequencies, bandwidths


def _factors(polynomials: Values) -> tuple[Values, Values]:
    """Return `p` and `q`, each `[factor, frame]`, of finite coefficients `[power, frame]`."""
    order, frames = polynomials.shape
    done_p, done_q = (np.empty((order // 2, frames)) for _ in range(2))
    left, (p, q) = np.arange(frames), _start(order // 2, frames)
    for _ in range(_STEPS):
        step_p, step_q = _step(polynomials, p, q)
        p, q = np.clip(p + step_p, -_LARGEST_P, _LARGEST_P), np.clip(q + step_q, -_LARGEST_Q, _LARGEST_Q)
        settled = np.maximum(np.abs(step_p), np.abs(step_q)).max(axis=0) < _SMALL_STEP
        if settled.any():
            done_p[:, left[settled]], done_q[:, left[settled]] = p[:, settled], q[:, settled]
            left = left[~settled]
            polynomials, p, q = (np.compress(~settled, values, axis=1) for values in (polynomials, p, q))
    done_p[:, left], done_q[:, left] = _factors_by_eigenvalues(polynomials)
    return done_p, done_q


def _start(factors: int, frames: int) -> tuple[Values, Values]:
    angle = (np.arange(factors) + 0.5) * np.pi / factors
    p = np.repeat(-2 * _RADIUS * np.cos(angle)[:, np.newaxis], frames, axis=1)
    return p, np.full_like(p, _RADIUS**2)


def _step(polynomials: Values, p: Values, q: Values) -> tuple[Values, Values]:
    """Return what to add to `p` and `q`.

    `u` and `v` stand for the polynomial `u z + v` modulo the factor `z^2 + p z + q`, that is, with `-p z - q` for `z^2`.
    """
    before, u = np.ones_like(p), polynomials[0] - p  # the quotient's last two coefficients (Bairstow's recurrence)
    for coefficient in polynomials[1:-1]:
        before, u = u, coefficient - p * u - q * before
    v = polynomials[-1] - q * before
    others_u, others_v = _product_of_others(p, q)
    across, along = others_v - p * others_u, q * others_u
    determinant = across * others_v + along * others_u
    determinant[np.abs(determinant) < _LEAST_DETERMINANT] = np.nan
    return (u * others_v - v * others_u) / determinant, (across * v + along * u) / determinant


def _product_of_others(p: Values, q: Values) -> tuple[Values, Values]:
    """Return the product of all other factors modulo each factor, as `u` and `v`."""
    factors = len(p)
    twice_p, twice_q = np.concatenate([p, p]), np.concatenate([q, q])
    u, v = np.zeros_like(p), np.ones_like(p)
    for turn in range(1, factors):
        other_u, other_v = twice_p[turn : turn + factors] - p, twice_q[turn : turn + factors] - q
        square = u * other_u
        u, v = u * other_v + v * other_u - p * square, v * other_v - q * square
    return u, v


def _factors_by_eigenvalues(polynomials: Values) -> tuple[Values, Values]:
    """The same by the eigenvalues of the companion matrices; a pair of real roots becomes `(z - 1)^2`, not its factor."""
    order, frames = polynomials.shape
    companion = np.zeros((frames, order, order))
    companion[:, 0] = -polynomials.T
    companion[:, np.arange(1, order), np.arange(order - 1)] = 1
    roots = np.linalg.eigvals(companion).astype(np.complex128)
    upper = np.sort(np.where(roots.imag > 0, roots, np.nan), axis=1)[:, : order // 2].T
    real = np.isnan(upper)
    return np.where(real, -2, -2 * upper.real), np.where(real, 1, np.abs(upper) ** 2)
