"""F0 by subharmonic summation, as the eGeMAPS measure it: the pitch whose harmonics together hold the most amplitude.

Spectral peaks are kept, what lies between them is set to zero; the spectrum is smoothed, laid on a logarithmic axis by cubic
splines and weighed as the ear hears. A pitch is worth the sum of its harmonics there, each counting 0.85 of the one below. All
but the choice of peaks is linear, so that matrices take a spectrum to the worth of every pitch. The best few pitches of each
frame are then joined to a path (Viterbi), in which changes of pitch and of voicing have their price.

Sources: Hermes 1988, Measurement of pitch by subharmonic summation, JASA 83, 257-264 (section I); Eyben et al. 2016, The Geneva
minimalistic acoustic parameter set, IEEE Transactions on Affective Computing 7, section 6.1; values of openSMILE's eGeMAPSv02,
and its levels, taken apart.
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
_OCTAVES = float(np.log2(_HIGHEST_HZ / _LOWEST_HZ))
_STEPS_PER_OCTAVE = (_POINTS - 1) / _OCTAVES

# The ear's sensitivity rises within about an octave around 31.7 Hz (an arctangent of octaves).
_THRESHOLD_HZ, _STEEPNESS = 31.7, 3.0

# A peak of the spectrum is kept with two bins on either side.
_PEAK_REACH = 2

CANDIDATES = 3

# A spline reaches over all bins, ever weaker. Pitches an octave apart are multiplied at once, up to where their last harmonic
# still weighs more than this; numbers too small for normal floats would slow the product down tenfold.
_NEGLIGIBLE = 1e-6

# Costs of the path, in natural logarithms of voicing: fitted to openSMILE's choice among its own candidates on 60 clips.
_OCTAVE_COST = 0.51
_POOR_VOICE_COST = 0.72
_UNVOICED_COST = 1.12
_VOICING_COST = 1.18

# Voicing under this costs as much as this.
_LEAST_VOICING = 1e-3


@dataclass(frozen=True, eq=False)
class _Summation:
    """What takes a spectrum to pitches.

    Attributes:
        parts: Columns of the result, how many bins they need, and the matrix `[bin, pitch]`; the last column of the last part
            is the mean over the whole axis.
        octaves: Logarithms of the pitches to base 2, one more on either side of the range.
    """

    parts: list[tuple[slice, int, Series]]
    octaves: Values

    def __call__(self, spectra: Series) -> Series:
        """Return the worth `[frame, pitch + 1]` of `spectra [frame, bin]`."""
        worth = np.empty((len(spectra), len(self.octaves) + 1), np.float32)
        for columns, bins, matrix in self.parts:
            np.matmul(spectra[:, :bins], matrix, out=worth[:, columns])
        return worth


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
    worth = summation(magnitudes * _near_peaks(peaks).astype(np.float32))
    mean = worth[:, -1:]
    maxima = local_maxima(worth)
    maxima[:, -2] = False  # beside the mean
    heights = worth * maxima.astype(np.float32)
    rows = np.arange(len(worth))
    places = np.empty((len(worth), CANDIDATES), np.intp)
    for rank in range(CANDIDATES):
        places[:, rank] = heights.argmax(axis=1)
        heights[rows, places[:, rank]] *= -1
    found = heights[rows[:, np.newaxis], places] < 0
    offset, height = parabola(*(worth[rows[:, np.newaxis], np.maximum(places + step, 0)] for step in (-1, 0, 1)))
    octaves = summation.octaves[places].astype(np.float32) + offset / np.float32(_STEPS_PER_OCTAVE)
    f0 = np.where(found, np.exp2(octaves), np.float32(low_hz))
    shares = mean / np.where(found, height, np.float32(1))
    return f0, np.where(found, np.maximum(1 - shares, 0), np.float32(0))


def best_path(f0: Series, voicing: Series, threshold: float) -> Series:
    """Return F0 of each frame, float32 `[frame]` in hertz, 0 where unvoiced.

    A voiced frame costs the negative logarithm of its voicing, and more under `threshold`; an unvoiced one costs something if
    its best candidate reaches it. Before and behind the recording nothing is voiced.

    Args:
        f0: `[frame, candidate]` in hertz.
        voicing: `[frame, candidate]`, the best first.
        threshold: Voicing above which a frame is voiced.
    """
    poor = voicing < threshold
    costs = _POOR_VOICE_COST * poor - np.log(np.maximum(voicing, np.float32(_LEAST_VOICING)))
    costs = np.concatenate([costs, _UNVOICED_COST * ~poor[:, :1]], axis=1)
    states = _viterbi(np.log2(f0), costs.astype(np.float32))
    with_unvoiced = np.concatenate([f0, np.zeros((len(f0), 1), np.float32)], axis=1)
    return with_unvoiced[np.arange(len(f0)), states]


def local_maxima(values: Series) -> NDArray[np.bool_]:
    """Return where rows `[row, place]` have a local maximum; not at their ends. A plateau has it where it ends."""
    every = values.ravel()
    rising = every[1:] > every[:-1]
    maxima = np.zeros(values.shape, dtype=bool)
    np.greater(rising[:-1], rising[1:], out=maxima.ravel()[1:-1])
    maxima[:, [0, -1]] = False
    return maxima


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


def _near_peaks(peaks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which bins are kept: peaks and their neighbours, all below the first peak, and the last, as in openSMILE."""
    near = peaks.copy()
    first = np.where(peaks.any(axis=1), peaks.argmax(axis=1), peaks.shape[1])
    farthest = first.max(initial=0)
    near[:, :farthest] |= np.arange(farthest) < first[:, np.newaxis]
    # What reaches over the end of a spectrum falls on the last bin of one or the first of the next, which are kept anyway.
    kept, every = near.ravel(), peaks.ravel()
    for step in range(1, _PEAK_REACH + 1):
        kept[step:] |= every[:-step]
        kept[:-step] |= every[step:]
    near[:, [0, -1]] = True
    return near


def _viterbi(octaves: Series, costs: Series) -> NDArray[np.intp]:
    """Return the cheapest states `[frame]`: a candidate, or the number of candidates for unvoiced.

    About as many segments as they have frames are solved side by side, from each state that they may be entered in; then the
    segments are joined one after another. So a path of `n` frames takes some `2 sqrt(n)` steps.

    Args:
        octaves: Logarithm of F0, `[frame, candidate]`.
        costs: Of each candidate, and of unvoiced, `[frame, state]`.
    """
    frames, states = costs.shape
    length = int(np.ceil(np.sqrt(frames)))
    count = -(-frames // length)
    # What is filled up behind the end is unvoiced.
    changes = np.full((states, states, count * length), _VOICING_COST, np.float32)
    changes[-1, -1, frames:] = 0
    changes[..., :frames] = _changes(octaves, costs)
    # Axes: step, from, to, segment.
    steps = np.ascontiguousarray(changes.reshape(states, states, count, length).transpose(3, 0, 1, 2))
    totals = np.empty((length, states, states, count), np.float32)  # step, to, entered in, segment
    totals[0] = steps[0].swapaxes(0, 1)
    for step in range(1, length):
        ways = totals[step - 1][:, np.newaxis] + steps[step][:, :, np.newaxis]
        np.minimum.reduce(ways, axis=0, out=totals[step])
    borders = _joined(totals[-1])
    columns = np.arange(count)
    reached = totals[:-1, :, borders[:-1], columns]
    origins = (reached[:, :, np.newaxis] + steps[1:]).argmin(axis=1)
    path = np.empty((length, count), np.intp)
    path[-1] = borders[1:]
    for step in range(length - 1, 0, -1):
        path[step - 1] = origins[step - 1, path[step], columns]
    return path.T.ravel()[:frames]


def _changes(octaves: Series, costs: Series) -> Series:
    """Return what it costs to come from each state of the frame before to each state of a frame, `[from, to, frame]`."""
    octaves, costs = octaves.T, costs.T
    changes = np.full((len(costs), *costs.shape), _VOICING_COST, np.float32)
    changes[:-1, :-1, 1:] = _OCTAVE_COST * np.abs(octaves[np.newaxis, :, 1:] - octaves[:, np.newaxis, :-1])
    changes[-1, -1] = 0
    changes += costs
    return changes


def _joined(segments: Series) -> NDArray[np.intp]:
    """Return the states at the borders of segments `[segment + 1]`, of costs `[to, entered in, segment]`."""
    # Before the beginning nothing is voiced.
    total = np.full(len(segments), np.inf, np.float32)
    total[-1] = 0
    origins = []
    for segment in np.moveaxis(segments, -1, 0):
        ways = total + segment
        origins.append(ways.argmin(axis=1).tolist())
        total = ways.min(axis=1)
    # Nor is it behind the end.
    total[:-1] += _VOICING_COST
    borders = [int(total.argmin())]
    for origin in reversed(origins):
        borders.append(origin[borders[-1]])
    return np.array(borders[::-1])


@lru_cache(maxsize=4)
def _summation(bins: int, bin_hz: float, low_hz: float, high_hz: float) -> _Summation:
    highest = (bins - 1) * bin_hz
    points = min(_POINTS, int(np.log2(highest / _LOWEST_HZ) * _STEPS_PER_OCTAVE + 1.5))
    axis = np.log2(_LOWEST_HZ) + np.arange(points) / _STEPS_PER_OCTAVE
    weights = 0.5 + np.arctan(_STEEPNESS * (axis - np.log2(_THRESHOLD_HZ))) / np.pi
    heard = _smoothing(bins) @ (weights[:, np.newaxis] * _splines(bins, axis - np.log2(bin_hz))).T
    worth = np.zeros_like(heard)
    for harmonic in range(1, _HARMONICS + 1):
        # Whole steps, of which openSMILE counts one more in the same octaves.
        shift = int(_POINTS / _OCTAVES * np.log2(harmonic))
        worth[:, : points - shift] += _DECAY ** (harmonic - 1) * heard[:, shift:]
    # One pitch more on either side, so that a maximum at an end of the range can be told.
    inside = np.flatnonzero((axis >= np.log2(low_hz)) & (axis <= np.log2(high_hz)))
    inside = np.arange(max(inside[0] - 1, 0), min(inside[-1] + 2, points))
    matrix = np.concatenate([worth[:, inside], worth.sum(axis=1, keepdims=True) / _POINTS], axis=1)
    return _Summation(_parts(matrix), axis[inside])


def _parts(matrix: Values) -> list[tuple[slice, int, Series]]:
    """Return the columns of a matrix an octave at a time, each part without the rows that weigh nothing in it."""
    parts = []
    width = int(_STEPS_PER_OCTAVE)
    lasts = range(width, matrix.shape[1] - width // 2, width)
    for first, last in zip((0, *lasts), (*lasts, matrix.shape[1]), strict=True):
        part = matrix[:, first:last]
        part = np.where(np.abs(part) < _NEGLIGIBLE, 0, part)
        bins = int(np.flatnonzero(part.any(axis=1))[-1]) + 1
        parts.append((slice(first, last), bins, np.ascontiguousarray(part[:bins], dtype=np.float32)))
    return parts


def _smoothing(bins: int) -> Values:
    """Return the symmetric matrix `[bin, bin]` of a moving average with weights 1/4, 1/2, 1/4; the ends stay as they are."""
    smoothing = 0.5 * np.eye(bins) + 0.25 * (np.eye(bins, k=1) + np.eye(bins, k=-1))
    smoothing[:, [0, -1]] = np.eye(bins)[:, [0, -1]]
    return smoothing


def _splines(bins: int, places: Values) -> Values:
    """Return the matrix `[place, bin]` from the values of bins to their natural cubic spline over the logarithm of frequency.

    Args:
        bins: How many. The first, which has no logarithm, counts as half a bin.
        places: `[place]`, logarithms to base 2 of places counted in bins, rising.
    """
    knots = np.log2(np.concatenate([[0.5], np.arange(1, bins)]))
    widths = np.diff(knots)
    slopes = np.diff(np.eye(bins), axis=0) / widths[:, np.newaxis]
    system = 2 * np.diag(widths[:-1] + widths[1:]) + np.diag(widths[1:-1], 1) + np.diag(widths[1:-1], -1)
    curvature = np.zeros((bins, bins))
    curvature[1:-1] = np.linalg.solve(system, 6 * np.diff(slopes, axis=0))
    left = np.clip(np.searchsorted(knots, places, side="right") - 1, 0, bins - 2)
    width = widths[left][:, np.newaxis]
    after = (places - knots[left])[:, np.newaxis] / width
    before = 1 - after
    bend = (before**3 - before) * curvature[left] + (after**3 - after) * curvature[left + 1]
    matrix = width**2 / 6 * bend
    rows = np.arange(len(places))
    matrix[rows, left] += before[:, 0]
    matrix[rows, left + 1] += after[:, 0]
    return np.asarray(matrix)
