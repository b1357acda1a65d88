"""Jitter and shimmer of frames, as the eGeMAPS measure them: each period of a voiced stretch against the one before it.

F0 predicts where periods begin. Each is laid over what follows and moved by up to a tenth of its length until the two are most
alike; that move is its length, to a fraction of a sample. Its amplitude is the span from its lowest to its highest sample. All
periods are measured at once.

Source: Eyben et al. 2016, The Geneva minimalistic acoustic parameter set, section 3.1; values of openSMILE's eGeMAPSv02.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from paraverbal.features.egemaps_pitch import parabola

Series = NDArray[np.float32]
Integers = NDArray[np.intp]

# How far from F0's period the true one is looked for, and how alike neighbours must be.
_TOLERANCE = 0.1
_LEAST_CORRELATION = 0.5

# Periods measured at once: their samples stay in the cache.
_BLOCK = 512

_TINY = float(np.finfo(np.float32).tiny)


def jitter_shimmer(waveform: NDArray[np.floating], sampling_rate: float, hop_length: int, f0: Series) -> Series:
    """Return jitter and shimmer of each frame.

    Args:
        waveform: `[sample]`.
        sampling_rate: In hertz.
        hop_length: Samples from one frame's start to the next.
        f0: `[frame]` in hertz, 0 in unvoiced frames. Frame `t` starts at sample `t * hop_length`.

    Returns:
        float32 `[2, frame]`. Jitter is the mean absolute difference of a frame's periods from those before them, as a share of
        its mean period; shimmer that of amplitudes, in dB. A frame without a new period has those of the frame before it in
        its voiced stretch. NaN where there is nothing to compare, and in unvoiced frames.
    """
    starts, frames = _predict(f0, hop_length / sampling_rate)
    series = np.full((2, len(f0)), np.nan, np.float32)
    if len(starts) == 0:
        return series
    places = np.rint(starts * sampling_rate).astype(np.intp)
    expected = sampling_rate / f0[frames]
    lengths, amplitudes = _lengths(waveform, places, expected), _spans(waveform, places, expected)
    stretch = np.cumsum(np.diff(f0 > 0, prepend=False))[frames]
    pairs = np.flatnonzero((stretch[1:] == stretch[:-1]) & (lengths[1:] > 0) & (lengths[:-1] > 0)) + 1
    counts = np.bincount(frames[pairs], minlength=len(f0))
    steps = np.abs(lengths[pairs] - lengths[pairs - 1])
    decibels = np.abs(20 * np.log10(amplitudes[pairs] / amplitudes[pairs - 1]))
    sums = [np.bincount(frames[pairs], values, minlength=len(f0)) for values in (steps, lengths[pairs], decibels)]
    known = counts > 0
    series[0, known] = sums[0][known] / sums[1][known]
    series[1, known] = sums[2][known] / counts[known]
    return _carried(series, f0 > 0)


def _predict(f0: Series, hop_seconds: float) -> tuple[NDArray[np.float64], Integers]:
    """Return times in seconds at which periods begin by F0 alone, and the frame that each begins in."""
    phase = np.concatenate([[0.0], np.cumsum(f0, dtype=np.float64) * hop_seconds])
    turns = np.arange(1, int(phase[-1]) + 1, dtype=np.float64)
    frames = np.searchsorted(phase, turns, side="left") - 1
    within = (turns - phase[frames]) / f0[frames]
    return frames * hop_seconds + within, frames


def _spans(waveform: NDArray[np.floating], starts: Integers, expected: Series) -> NDArray[np.floating]:
    """Return the amplitude of each period, from its lowest to its highest sample, `[period]`."""
    ends = np.minimum(starts + np.rint(expected).astype(np.intp), len(waveform) - 1)
    edges = np.stack([np.minimum(starts, ends - 1), ends], axis=1).ravel()
    spans = np.maximum.reduceat(waveform, edges)[::2] - np.minimum.reduceat(waveform, edges)[::2]
    return np.asarray(np.maximum(spans, _TINY))


def _lengths(waveform: NDArray[np.floating], starts: Integers, expected: Series) -> NDArray[np.float64]:
    """Return the length of each period in samples, 0 where what follows is not alike, `[period]`."""
    lengths = np.zeros(len(starts))
    energy = np.zeros(len(waveform) + 1)
    np.cumsum(np.square(waveform, dtype=np.float64), out=energy[1:])
    # Periods of about the same length waste the fewest samples.
    order = np.argsort(expected)
    for first in range(0, len(starts), _BLOCK):
        rows = order[first : first + _BLOCK]
        longest = int(np.ceil((1 + _TOLERANCE) * expected[rows[-1]])) + 1
        rows = rows[starts[rows] + 2 * longest + 1 <= len(waveform)]
        if len(rows):
            lengths[rows] = _match(waveform, energy, starts[rows], expected[rows])
    return lengths


def _match(
    waveform: NDArray[np.floating], energy: NDArray[np.float64], starts: Integers, expected: Series
) -> NDArray[np.floating]:
    """Return what `_lengths` returns, of periods for whose search there are samples enough.

    `energy` is the sum of squares of all samples before each, `[sample + 1]`.
    """
    size = np.rint(expected).astype(np.intp)
    longest = int(size.max())
    reach = int(np.ceil(_TOLERANCE * longest)) + 1
    earliest = np.maximum(size - reach, 0)
    period = sliding_window_view(waveform, longest)[starts]
    period *= np.arange(longest) < size[:, np.newaxis]
    after = sliding_window_view(waveform, longest + 2 * reach)[starts + earliest]
    products = np.einsum("ps,pls->pl", period, sliding_window_view(after, longest, axis=1))
    begins = np.arange(2 * reach + 1)
    first = (starts + earliest)[:, np.newaxis] + begins
    both = (energy[first + size[:, np.newaxis]] - energy[first]) * (energy[starts + size] - energy[starts])[
        :, np.newaxis
    ]
    products = products / np.sqrt(np.maximum(both, _TINY))
    products[np.abs(begins - reach) > np.maximum(_TOLERANCE * expected, 1)[:, np.newaxis]] = -1
    rows = np.arange(len(starts))
    best = np.clip(products[:, 1:-1].argmax(axis=1) + 1, 1, 2 * reach - 1)
    offset, height = parabola(products[rows, best - 1], products[rows, best], products[rows, best + 1])
    return np.where(height >= _LEAST_CORRELATION, earliest + best + offset, 0)


def _carried(series: Series, voiced: NDArray[np.bool_]) -> Series:
    """Return `series [feature, frame]` with gaps inside voiced stretches filled by the last value before them."""
    begins = np.maximum.accumulate(
        np.where(voiced & ~np.concatenate([[False], voiced[:-1]]), np.arange(len(voiced)), 0)
    )
    last = np.maximum.accumulate(np.where(np.isnan(series[0]), -1, np.arange(len(voiced))))
    usable = voiced & (last >= begins)
    return np.where(usable, series[:, np.maximum(last, 0)], np.float32(np.nan))
