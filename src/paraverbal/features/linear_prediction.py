"""Linear prediction: a sample as a weighted sum of those before it, which models the vocal tract by its resonances.

Conventions: a frame `x` is predicted as `-(a[0] x[n-1] + a[1] x[n-2] + ...)`, so that `A(z) = 1 + a[0] z^-1 + a[1] z^-2 + ...`
whitens it and `gain / |A|^2` is its power spectrum. The leading 1 is not stored. Coefficients are float64: the resonances
depend on their last digits. Frames of silence have none: NaN, and a gain of 0.

Source: J. Makhoul 1975, Linear prediction: a tutorial review, Proc. IEEE 63(4), 561-580.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import RecipeError, nearest
from paraverbal.features.frames import require_finite

Values = NDArray[np.float64]
Method = Literal["autocorrelation", "burg"]

# Less power than this (mean square) is silence: -140 dB of full scale, about the rounding of 24 bits.
SILENCE = 1e-14

# Share of a frame's power that is added as white noise, -90 dB: it keeps the equations solvable for a pure tone.
_WHITE_NOISE = 1e-9


def lpc(frames: NDArray[np.floating], order: int, *, method: Method = "autocorrelation") -> tuple[Values, Values]:
    """Fit a predictor to each frame.

    Args:
        frames: `[frame, sample]`. For `"autocorrelation"` already windowed, for `"burg"` as they are.
        order: How many samples before are used; below the samples of a frame.
        method: `"autocorrelation"` solves the normal equations by Levinson's recursion (Makhoul 1975, section II.C.2).
            `"burg"` minimises the forward and backward error stage by stage (Burg 1975, Maximum entropy spectral
            analysis, thesis, Stanford). Both give predictors whose resonances decay.

    Returns:
        Coefficients float64 `[frame, order]`, and the mean square of what is left unpredicted, float64 `[frame]`. A frame
        of silence has NaN and 0.

    Raises:
        RecipeError: The order is below 1 or not below the samples of a frame, or there is no such method.
        NonFiniteAudioError: A sample is NaN or infinite.

    Example:
        >>> decay = 0.5 ** np.arange(64.0)
        >>> lpc(decay[np.newaxis], 2)[0].round(6) + 0.0
        array([[-0.5,  0. ]])
    """
    if not 1 <= order < frames.shape[-1]:
        raise RecipeError(f"order {order} with frames of {frames.shape[-1]} samples; give 1 to {frames.shape[-1] - 1}")
    if method not in get_args(Method):
        known = get_args(Method)
        raise RecipeError(f"no method {method!r}{nearest(str(method), known)}; there are {', '.join(known)}")
    require_finite(frames.ravel())
    samples = frames.astype(np.float64, copy=False)
    products = autocorrelation(samples, order)
    return _burg(samples, products) if method == "burg" else levinson(products)


def autocorrelation(frames: Values, lags: int) -> Values:
    """Return the products of samples 0 to `lags` apart, summed and divided by the frame's samples, `[frame, lag]`."""
    size = frames.shape[-1]
    products = np.empty((len(frames), lags + 1))
    for lag in range(lags + 1):
        np.vecdot(frames[:, lag:], frames[:, : size - lag], out=products[:, lag])
    products /= size
    return products


def levinson(products: Values) -> tuple[Values, Values]:
    """Return what `lpc` returns, from autocorrelations `[frame, lag]` of lags 0 to the order."""
    lags, sounding = _per_power(products)
    predictor, error = np.zeros_like(lags), lags[0].copy()
    predictor[0] = 1
    for stage in range(1, len(lags)):
        reflection = -_dot(predictor[:stage], lags[stage:0:-1]) / error
        predictor[1 : stage + 1] += reflection * predictor[:stage][::-1]
        error *= 1 - reflection**2
    return _by_frame(predictor, error * products[:, 0], sounding)


def _burg(frames: Values, products: Values) -> tuple[Values, Values]:
    """Return what `lpc` returns by Burg's method.

    At each stage the squared forward and backward errors are quadratic forms of the predictor in a matrix of lag products,
    of which only the product with the predictor (`image`) and the last row (`row`) are kept; from a stage to the next
    the products that reach over the shorter stretch's ends are taken off. Source of the idea: Vos 2013, A fast
    implementation of Burg's method.
    """
    lags, sounding = _per_power(products)
    samples = frames.T / np.sqrt(np.where(sounding, products[:, 0], 1) * len(frames.T)) * sounding
    predictor, error = np.zeros_like(lags), lags[0].copy()
    predictor[0] = 1
    row = 2 * lags[1:2]
    image = np.concatenate([2 * lags[:1] - samples[0] ** 2 - samples[-1] ** 2, row])
    for stage in range(1, len(lags)):
        now = predictor[: stage + 1]
        reflection = -_dot(now[::-1], image) / _dot(now, image)
        now += reflection * now[::-1]
        image = image + reflection * image[::-1]
        error *= 1 - reflection**2
        if stage + 1 == len(lags):
            break
        first, last = samples[stage::-1], samples[-1 - stage :]
        row = np.concatenate([2 * lags[stage + 1 : stage + 2], row - last[0] * last[:0:-1] - first[0] * first[:0:-1]])
        image = image - first * _dot(first, now) - last * _dot(last, now)
        image = np.concatenate([image, _dot(row, now)[np.newaxis]])
    return _by_frame(predictor, error * products[:, 0], sounding)


def _dot(first: Values, second: Values) -> Values:
    """Return the sum over lags of products, `[lag, frame]` with `[lag, frame]` -> `[frame]`."""
    return np.asarray(np.einsum("lf,lf->f", first, second))


def _per_power(products: Values) -> tuple[Values, NDArray[np.bool_]]:
    """Return `[lag, frame]` with 1 at lag 0, and which frames are no silence; the others become white noise."""
    sounding = products[:, 0] > SILENCE
    lags = np.where(sounding, products.T / np.where(sounding, products[:, 0], 1), 0)
    lags[0] = 1 + _WHITE_NOISE
    return lags, sounding


def _by_frame(predictor: Values, error: Values, sounding: NDArray[np.bool_]) -> tuple[Values, Values]:
    coefficients = np.where(sounding, predictor[1:], np.nan).T
    return np.ascontiguousarray(coefficients), np.where(sounding, error, 0)


def prediction_gain(frames: NDArray[np.floating], gain: Values) -> NDArray[np.float32]:
    """Return by how many dB the prediction of each frame lowers its power, float32 `[frame]`, NaN for silence.

    White noise has about 0 dB, a voiced frame 10 to 25 dB. `gain` is that of `lpc` for these frames.
    """
    power = np.vecdot(frames, frames).astype(np.float64) / frames.shape[-1]
    sounding = (gain > 0) & (power > 0)
    ratio = np.divide(power, gain, where=sounding, out=np.full_like(power, np.nan))
    return np.asarray(10 * np.log10(ratio), dtype=np.float32)


def lpcc(coefficients: Values, gain: Values, count: int) -> NDArray[np.float32]:
    """Return the cepstrum of predictors.

    The natural logarithm of the power spectrum `gain / |A|^2` is `c[0] + 2 * (c[1] cos(w) + c[2] cos(2 w) + ...)`.

    Args:
        coefficients: `[frame, order]`, as `lpc` gives them.
        gain: `[frame]`, as `lpc` gives it.
        count: Coefficients wanted; there may be more than the order.

    Returns:
        float32 `[frame, count]`: the logarithm of the gain, then the cepstrum of `1 / A` by the recursion of Atal 1974,
        Effectiveness of linear prediction characteristics of the speech wave for automatic speaker identification and
        verification, J. Acoust. Soc. Am. 55(6), eq. 8. NaN for silence.
    """
    frames, order = coefficients.shape
    cepstrum = np.zeros((count, frames))
    cepstrum[0] = np.log(gain, where=gain > 0, out=np.full(frames, np.nan))
    predictor = coefficients.T
    for place in range(1, count):
        earlier = np.arange(max(1, place - order), place)
        weighted = earlier[:, np.newaxis] * cepstrum[earlier]
        cepstrum[place] = -_dot(weighted, predictor[place - earlier - 1]) / place
        if place <= order:
            cepstrum[place] -= predictor[place - 1]
    return np.ascontiguousarray(cepstrum.T, dtype=np.float32)


def spectral_envelope(
    coefficients: Values, gain: Values, frequencies: NDArray[np.floating], *, sampling_rate: float
) -> NDArray[np.float32]:
    """Return the smooth spectrum that the predictors model, without the harmonics of the voice.

    Args:
        coefficients: `[frame, order]`, as `lpc` gives them.
        gain: `[frame]`, as `lpc` gives it.
        frequencies: `[frequency]` in hertz, 0 to half the sampling rate.
        sampling_rate: Of the samples that were predicted, in hertz.

    Returns:
        `10 log10(gain / |A|^2)`, float32 `[frame, frequency]`, in dB: its power averages over frequencies to the mean square
        of the frame. NaN for silence.

    Source: Makhoul 1975, eq. 47.
    """
    lags = np.arange(coefficients.shape[1] + 1)
    basis = np.exp(-2j * np.pi / sampling_rate * np.outer(lags, frequencies))
    whitening = np.abs(basis[0] + coefficients @ basis[1:]) ** 2
    level = np.log(gain, where=gain > 0, out=np.full(len(gain), np.nan))[:, np.newaxis] - np.log(whitening)
    return np.asarray(10 / np.log(10) * level, dtype=np.float32)
