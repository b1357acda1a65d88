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

# Steps for the last few frames cost more than their eigenvalues.
_REST = 1 / 16

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
    start = _start(order // 2, len(given))
    p[:, given], q[:, given] = factors(np.ascontiguousarray(coefficients[given].T), *start)
    squared = q - p**2 / 4
    oscillating = squared > 0
    angle = np.arctan2(np.sqrt(squared, where=oscillating, out=np.full_like(q, np.nan)), -p / 2)
    decay = -np.log(q, where=oscillating, out=np.full_like(q, np.nan))
    rank = np.argsort(angle, axis=0)
    to_hertz = sampling_rate / (2 * np.pi)
    frequencies, bandwidths = (to_hertz * np.take_along_axis(values, rank, axis=0).T for values in (angle, decay))
    return frequencies, bandwidths


def factors(
    polynomials: Values,
    p: Values,
    q: Values,
    *,
    largest: tuple[float, float] = (_LARGEST_P, _LARGEST_Q),
    small_step: float = _SMALL_STEP,
) -> tuple[Values, Values]:
    """Return the factors `z^2 + p z + q` of polynomials.

    Args:
        polynomials: Finite coefficients `[power, frame]` of `z^n + a[0] z^(n-1) + ...`, of an even degree `n`.
        p: Where to begin, `[factor, frame]`; two factors of a frame must not be equal.
        q: The same.
        largest: How large `|p|` and `|q|` may become: 2 and 1 where all roots lie within the circle of radius 1.
        small_step: The last step of a frame is one in which no `p` and `q` moves further.

    Returns:
        `p` and `q`, each `[factor, frame]`, in no order. A pair of real roots may be `(z - 1)^2` in place of its factor.
    """
    frames = polynomials.shape[1]
    done_p, done_q = np.empty(p.shape), np.empty(q.shape)
    left = np.arange(frames)
    # Coefficients once for each factor: arrays of one shape that lie in one piece are multiplied twice as fast.
    p, q = np.ascontiguousarray(p), np.ascontiguousarray(q)
    each = np.repeat(polynomials[:, np.newaxis], len(p), axis=1)
    for _ in range(_STEPS):
        if len(left) <= frames * _REST:
            break
        step_p, step_q = _step(each, p, q)
        p, q = np.clip(p + step_p, -largest[0], largest[0]), np.clip(q + step_q, -largest[1], largest[1])
        settled = np.maximum(np.abs(step_p), np.abs(step_q)).max(axis=0) < small_step
        if settled.any():
            done_p[:, left[settled]], done_q[:, left[settled]] = p[:, settled], q[:, settled]
            left = left[~settled]
            each, p, q = (np.compress(~settled, values, axis=-1) for values in (each, p, q))
    if len(left):
        done_p[:, left], done_q[:, left] = _factors_by_eigenvalues(each[:, 0])
    return done_p, done_q


def _start(factors: int, frames: int) -> tuple[Values, Values]:
    angle = (np.arange(factors) + 0.5) * np.pi / factors
    p = np.repeat(-2 * _RADIUS * np.cos(angle)[:, np.newaxis], frames, axis=1)
    return p, np.full_like(p, _RADIUS**2)


def _step(each: Values, p: Values, q: Values) -> tuple[Values, Values]:
    """Return what to add to `p` and `q`, of coefficients `[power, factor, frame]`.

    `u` and `v` stand for the polynomial `u z + v` modulo the factor `z^2 + p z + q`, that is, with `-p z - q` for `z^2`.
    """
    before, u = np.ones_like(p), each[0] - p  # the quotient's last two coefficients (Bairstow's recurrence)
    product = np.empty_like(p)
    for coefficient in each[1:-1]:
        before *= q
        before += np.multiply(p, u, out=product)
        before, u = u, np.subtract(coefficient, before, out=before)
    v = each[-1] - q * before
    others_u, others_v = _product_of_others(p, q)
    across, along = others_v - p * others_u, q * others_u
    determinant = across * others_v + along * others_u
    determinant[np.abs(determinant) < _LEAST_DETERMINANT] = np.nan
    return (u * others_v - v * others_u) / determinant, (across * v + along * u) / determinant


def _product_of_others(p: Values, q: Values) -> tuple[Values, Values]:
    """Return the product of all other factors modulo each factor, as `u` and `v`."""
    factors = len(p)
    if factors == 1:
        return np.zeros_like(p), np.ones_like(p)
    # Row `[turn, factor]` is the factor `turn + 1` places further on.
    further = (np.arange(factors) + np.arange(1, factors)[:, np.newaxis]) % factors
    u, v = p[further] - p, q[further] - q
    while len(u) > 1:
        half = len(u) // 2
        square = u[:half] * u[half : 2 * half]
        product_u = u[:half] * v[half : 2 * half] + v[:half] * u[half : 2 * half] - p * square
        product_v = v[:half] * v[half : 2 * half] - q * square
        u, v = np.concatenate([product_u, u[2 * half :]]), np.concatenate([product_v, v[2 * half :]])
    return u[0], v[0]


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
