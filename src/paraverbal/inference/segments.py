"""Answers of overlapping windows + stretches of speech -> segments of one emotion each.

A window speaks for its cell: what is nearer to its middle than to any other's, within the window. Its probabilities are
smoothed first: the mean over the windows around it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paraverbal.inference.speech import Region

# A change of emotion so near to where speech begins or ends is taken for that.
SHORTEST_SECONDS = 0.2

# Middles of windows stand where they should within this, in seconds.
_SLACK = 1e-6


@dataclass
class Stretch:
    """A part of a stretch of speech with one winner.

    Attributes:
        start: In seconds.
        end: In seconds.
        answer: Mean of the smoothed rows of its cells, weighed by their share of it, float64 `[value]`.
    """

    start: float
    end: float
    answer: NDArray[np.float64]


def smoothed(rows: NDArray[np.float32], middles: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Return the mean of each window's row and of those whose middles are within `reach` seconds of its own.

    Args:
        rows: Float `[window, value]`.
        middles: Where the windows have their middles, in seconds, rising.
        reach: 0 leaves the rows as they are. Where a neighbour was not judged, or there is none, the others are averaged.
    """
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    first = np.searchsorted(middles, middles - reach - _SLACK)
    end = np.searchsorted(middles, middles + reach + _SLACK, side="right")
    return np.asarray((sums[end] - sums[first]) / (end - first)[:, np.newaxis])


def cells(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the cell of each window starts and ends, from where the windows do; in seconds `[window]`."""
    middles = (starts + ends) / 2
    between = (middles[:-1] + middles[1:]) / 2
    lower = np.maximum(starts, np.concatenate([[-np.inf], between]))
    upper = np.minimum(ends, np.concatenate([between, [np.inf]]))
    return lower, upper


def stretches(
    region: Region,
    rows: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    labels: int,
) -> list[Stretch]:
    """Return the stretches of one winner in a stretch of speech.

    Args:
        region: Start and end of the speech, in seconds.
        rows: Smoothed answers, float64 `[window, value]`.
        lower: Where the cell of each window starts, in seconds, rising.
        upper: Where it ends.
        labels: So many first values of a row compete; the rest (dimensions) is averaged with them.

    Returns:
        In order. What no judged window covers is left out.
    """
    first = int(np.searchsorted(upper, region[0], side="right"))
    end = int(np.searchsorted(lower, region[1]))
    runs: list[list[tuple[float, float, int]]] = []
    for window in range(first, end):
        piece = (max(region[0], float(lower[window])), min(region[1], float(upper[window])), window)
        if piece[0] >= piece[1]:
            continue
        if runs and runs[-1][-1][1] == piece[0] and _winner(rows, runs[-1][-1], labels) == _winner(rows, piece, labels):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return _without_slivers([_stretch(run, rows) for run in runs])


def _winner(rows: NDArray[np.float64], piece: tuple[float, float, int], labels: int) -> int:
    return int(np.argmax(rows[piece[2], :labels]))


def _stretch(run: list[tuple[float, float, int]], rows: NDArray[np.float64]) -> Stretch:
    weights = np.array([end - start for start, end, _ in run])
    answer = weights @ rows[[window for _, _, window in run]] / weights.sum()
    return Stretch(run[0][0], run[-1][1], answer)


def _without_slivers(found: list[Stretch]) -> list[Stretch]:
    """Give a first or last stretch that is too short to its neighbour."""
    if len(found) > 1 and found[0].end - found[0].start < SHORTEST_SECONDS and found[0].end == found[1].start:
        sliver = found.pop(0)
        found[0].start = sliver.start
    if len(found) > 1 and found[-1].end - found[-1].start < SHORTEST_SECONDS and found[-2].end == found[-1].start:
        sliver = found.pop()
        found[-1].end = sliver.end
    return found
