"""F0 by subharmonic summation, as the eGeMAPS measure it: the pitch whose harmonics together hold the most amplitude.

Spectral peaks are kept, everything else is set to zero; the spectrum is smoothed, laid on a logarithmic axis by cubic splines
and weighed as the ear hears. A pitch is worth the sum of its harmonics there, each counting 0.85 of the one below. All but the
choice of peaks is linear, so that one matrix takes a spectrum to the worth of every pitch. The best few pitches of each frame
are then joined to a path (Viterbi), in which changes of pitch and of voicing have their price.

Sources: Hermes 1988, Measurement of pitch by subharmonic summation, JASA 83, 257-264 (section I); Eyben et al. 2016, The Geneva
minimalistic acoustic parameter set, IEEE Transactions on Affective Computing 7, section 6.1; values of openSMILE's eGeMAPSv02.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float32]
Values = NDArray[np.float64]

_HARMONICS = 15
_DECAY = 0.85

# The logarithmic axis: 513 points from 25 to 8000 Hz. Those above the highest bin are worth nothing.
_LOWEST_HZ, _HIGHEST_HZ, _POINTS = 25.0, 8000.0, 513
_STEPS_PER_OCTAVE = (_POINTS - 1) / np.log2(_HIGHEST_HZ / _LOWEST_HZ)

# The ear's sensitivity rises within about an octave around 31.7 Hz (an arctangent of octaves).
_THRESHOLD_HZ, _STEEPNESS = 31.7, 3.0

# A peak of the spectrum is kept with two bins on either side.
_PEAK_REACH = 2

_CANDIDATES = 3

# A spline reaches over all bins, ever weaker; numbers too small for normal floats would slow the product down tenfold.
_NEGLIGIBLE = 1e-9

# Costs of the path, in units of voicing: fitted to openSMILE's choice on 60 clips.
_OCTAVE_COST = 0.1
_VOICING_COST = 0.02


@dataclass(frozen=True, eq=False)
class _Summation:
    """What takes a spectrum to pitches: `matrix [bin, pitch + 1]`, whose last column is the mean over the whole axis."""

    matrix: Series
    octaves: Values


def candidates(
    magnitudes: Series, peaks: NDArray[np.bool_], bin_hz: float, low_hz: float, high_hz: float
) -> tuple[Series, Series]:
    """Return the best pitches of each frame.

    Args:
        magnitudes: `[frame, bin]` of frames of 60 ms.
        peaks: `[frame, bin]`, true where `magnitudes` has a local maximum.
        bin_hz: Width of a bin in hertz.
        low_hz: Lowest F0.
        high_hz: Highest F0.

    Returns:
        F0 in hertz and voicing, each float32 `[frame, candidate]`, the best first. Voicing is 1 less the mean worth of all
        pitches over the candidate's: 0 for a flat spectrum; 0, and F0 `low_hz`, stand for a candidate that is not there.
    """
    summation = _summation(magnitudes.shape[1], bin_hz, low_hz, high_hz)
    worth = _near_peaks(magnitudes, peaks) @ summation.matrix
    worth, mean = worth[:, :-1], worth[:, -1]
    heights = np.where(
        (worth[:, 1:-1] > worth[:, :-2]) & (worth[:, 1:-1] >= worth[:, 2:]), worth[:, 1:-1], np.float32(0)
    )
    rows = np.arange(len(worth))
    f0, voicing = (np.zeros((len(worth), _CANDIDATES), np.float32) for _ in range(2))
    for rank in range(_CANDIDATES):
        place = heights.argmax(axis=1)
        found = heights[rows, place] > 0
        offset, height = parabola(worth[rows, place], worth[rows, place + 1], worth[rows, place + 2])
        f0[:, rank] = np.where(found, 2 ** (summation.octaves[place + 1] + offset / _STEPS_PER_OCTAVE), low_hz)
        voicing[:, rank] = np.where(found, 1 - mean / np.where(found, height, 1), 0)
        heights[rows, place] = 0
    return f0, voicing


def best_path(f0: Series, voicing: Series, threshold: float) -> Series:
    """Return F0 of each frame, float32 `[frame]` in hertz, 0 where unvoiced.

    A voiced frame costs `threshold` less its voicing, an unvoiced one nothing. Frames so poorly voiced that two changes of
    voicing are cheaper than crossing them are unvoiced in every best path; the stretches between are solved side by side.

    Args:
        f0: `[frame, candidate]` in hertz.
        voicing: `[frame, candidate]`, the best first.
        threshold: Voicing above which a frame is voiced.
    """
    starts, ends = stretches(voicing[:, 0] >= threshold - 2 * _VOICING_COST)
    found = np.zeros(len(f0), np.float32)
    if len(starts) == 0:
        return found
    longest = int((ends - starts).max())
    places = np.minimum(starts + np.arange(longest)[:, np.newaxis], len(f0) - 1)
    inside = np.arange(longest)[:, np.newaxis] < ends - starts
    states = _viterbi(np.log2(f0)[places], np.where(inside[..., np.newaxis], threshold - voicing[places], 1))
    with_unvoiced = np.concatenate([f0[places], np.zeros((*places.shape, 1), np.float32)], axis=2)
    path = np.take_along_axis(with_unvoiced, states[..., np.newaxis], axis=2)[..., 0]
    found[places[inside]] = path[inside]
    return found


def stretches(true: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where runs of true values `[frame]` start, and the frames after their ends, each `[run]`."""
    changes = np.diff(true.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)


def parabola(left: Series, middle: Series, right: Series) -> tuple[Series, Series]:
    """Return place (-0.5..0.5, from the middle) and height of the vertex through three values around a maximum."""
    curvature = left - 2 * middle + right
    bent = curvature < 0
    offset = np.where(bent, 0.5 * (left - right) / np.where(bent, curvature, -1), 0)
    offset = np.clip(offset, -0.5, 0.5)
    return offset, middle - 0.25 * (left - right) * offset


def _near_peaks(magnitudes: Series, peaks: NDArray[np.bool_]) -> Series:
    near = peaks.copy()
    for step in range(1, _PEAK_REACH + 1):
        near[:, step:] |= peaks[:, :-step]
        near[:, :-step] |= peaks[:, step:]
    return magnitudes * near


def _viterbi(octaves: Series, costs: Series) -> NDArray[np.intp]:
    """Return the cheapest states `[step, stretch]`: a candidate, or the number of candidates for unvoiced.

    Args:
        octaves: Logarithm of F0, `[step, stretch, candidate]`.
        costs: Of each candidate, the same shape; unvoiced costs nothing.
    """
    steps, count, candidates = octaves.shape
    costs = np.concatenate([costs, np.zeros((steps, count, 1), costs.dtype)], axis=2)
    changes = np.full((steps, count, candidates + 1, candidates + 1), _VOICING_COST, np.float32)
    changes[1:, :, :-1, :-1] = _OCTAVE_COST * np.abs(octaves[1:, :, np.newaxis, :] - octaves[:-1, :, :, np.newaxis])
    changes[:, :, -1, -1] = 0
    origins = np.empty((steps, count, candidates + 1), np.intp)
    # A stretch begins after an unvoiced frame.
    total = costs[0] + changes[0, :, -1, :]
    for step in range(1, steps):
        ways = total[:, :, np.newaxis] + changes[step]
        origins[step] = ways.argmin(axis=1)
        total = ways.min(axis=1) + costs[step]
    states = np.empty((steps, count), np.intp)
    states[-1] = total.argmin(axis=1)
    columns = np.arange(count)
    for step in range(steps - 1, 0, -1):
        states[step - 1] = origins[step, columns, states[step]]
    return states


@lru_cache(maxsize=4)
def _summation(bins: int, bin_hz: float, low_hz: float, high_hz: float) -> _Summation:
    highest = (bins - 1) * bin_hz
    axis = (
        np.log2(_LOWEST_HZ)
        + np.arange(int(np.log2(highest / _LOWEST_HZ) * _STEPS_PER_OCTAVE + 1.5)) / _STEPS_PER_OCTAVE
    )
    worth = np.zeros((bins, len(axis)))
    curvature = _curvature(bins)
    for harmonic in range(1, _HARMONICS + 1):
        octaves = axis + np.log2(harmonic)
        heard = octaves <= np.log2(highest) + 1e-9
        weights = 0.5 + np.arctan(_STEEPNESS * (octaves[heard] - np.log2(_THRESHOLD_HZ))) / np.pi
        worth[:, heard] += _DECAY ** (harmonic - 1) * weights * _splines(curvature, 2 ** octaves[heard] / bin_hz).T
    worth = _smoothing(bins) @ worth
    # One pitch more on either side, so that a maximum at an end of the range can be told.
    inside = np.flatnonzero((axis >= np.log2(low_hz)) & (axis <= np.log2(high_hz)))
    inside = np.arange(max(inside[0] - 1, 0), min(inside[-1] + 2, len(axis)))
    matrix = np.concatenate([worth[:, inside], worth.sum(axis=1, keepdims=True) / _POINTS], axis=1)
    matrix[np.abs(matrix) < _NEGLIGIBLE] = 0
    return _Summation(np.ascontiguousarray(matrix, dtype=np.float32), axis[inside])


def _smoothing(bins: int) -> Values:
    """Return the symmetric matrix `[bin, bin]` of a moving average with weights 1/4, 1/2, 1/4; the ends stay as they are."""
    smoothing = 0.5 * np.eye(bins) + 0.25 * (np.eye(bins, k=1) + np.eye(bins, k=-1))
    smoothing[:, [0, -1]] = np.eye(bins)[:, [0, -1]]
    return smoothing


def _curvature(bins: int) -> Values:
    """Return the matrix `[bin, bin]` from evenly spaced values to the second derivatives of their natural cubic spline."""
    second_differences = np.eye(bins, k=1) - 2 * np.eye(bins) + np.eye(bins, k=-1)
    system = np.eye(bins - 2) * 4 + np.eye(bins - 2, k=1) + np.eye(bins - 2, k=-1)
    curvature = np.zeros((bins, bins))
    curvature[1:-1] = np.linalg.solve(system, 6 * second_differences[1:-1])
    return curvature


def _splines(curvature: Values, places: Values) -> Values:
    """Return the matrix `[place, bin]` from evenly spaced values to their spline at `places [place]`, counted in bins."""
    bins = len(curvature)
    left = np.clip(np.floor(places).astype(np.intp), 0, bins - 2)
    after = (places - left)[:, np.newaxis]
    before = 1 - after
    matrix = ((before**3 - before) * curvature[left] + (after**3 - after) * curvature[left + 1]) / 6
    rows = np.arange(len(places))
    matrix[rows, left] += before[:, 0]
    matrix[rows, left + 1] += after[:, 0]
    return np.asarray(matrix)
