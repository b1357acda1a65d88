"""Levels of the harmonics of a voice, and the two differences between them that tell about its quality.

A breathy voice has a strong first harmonic; a pressed one falls off slowly towards high frequencies. Both differences are
those of eGeMAPS (Eyben et al. 2016, The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective
computing, IEEE Transactions on Affective Computing 7, section 3.1).
"""

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.decibels import power_to_decibels

Series = NDArray[np.float32]

# A harmonic is the highest bin at most a quarter of F0 from where it should be: F0 may be 1 % off at the 25th harmonic.
_REACH = 0.25

# Frames that are worked on at once.
_BLOCK = 1024


def amplitudes(
    power: NDArray[np.floating], frequencies: NDArray[np.floating], f0: NDArray[np.floating], count: int
) -> Series:
    """Return the level of each harmonic of each frame.

    Args:
        power: `[frame, bin]`: power spectra, whose window is at least three periods long, so that harmonics are apart.
        frequencies: `[bin]` in hertz, evenly spaced from 0 on.
        f0: `[frame]` in hertz, NaN in unvoiced frames.
        count: Number of harmonics; the first is F0 itself.

    Returns:
        float32 `[frame, harmonic]` in dB of the spectrum's unit of power; NaN in unvoiced frames, and where a harmonic
        lies above the highest bin.
    """
    blocks = [
        _levels(power[first : first + _BLOCK], frequencies, f0[first : first + _BLOCK], count)
        for first in range(0, len(power), _BLOCK)
    ]
    return np.concatenate(blocks) if blocks else np.empty((0, count), np.float32)


def h1_h2(levels: Series) -> Series:
    """Return the first harmonic's level less the second's, float32 `[frame]` in dB, of levels `[frame, harmonic]`.

    High, some 10 dB, in a breathy or soft voice; around or under 0 dB in a pressed or angry one. It moves with F1 when F1
    lies near one of both. NaN in unvoiced frames.

    Source: Hillenbrand, Cleveland and Erickson 1994, Acoustic correlates of breathy vocal quality, JSHR 37, 769-778.
    """
    return levels[:, 0] - levels[:, 1]


def h1_a3(levels: Series, f0: NDArray[np.floating], f3: NDArray[np.floating]) -> Series:
    """Return the first harmonic's level less that of the strongest harmonic at the third formant.

    The less it is, the flatter the spectrum: 20 to 40 dB, low in a loud or pressed voice.

    Args:
        levels: `[frame, harmonic]` in dB, with enough harmonics to reach F3: 60 for an F0 of 75 Hz.
        f0: `[frame]` in hertz.
        f3: `[frame]` in hertz.

    Returns:
        float32 `[frame]` in dB. The harmonics at most one F0 from F3 are compared; NaN in unvoiced frames, without F3, and
        where none of them is known.

    Source: Hanson 1997, Glottal characteristics of female speakers, JASA 101, 466-481.
    """
    place = f3 / f0
    numbers = np.arange(1, levels.shape[1] + 1)
    near = np.abs(numbers - place[:, np.newaxis]) <= 1
    highest = np.where(near & ~np.isnan(levels), levels, -np.inf).max(axis=1, initial=-np.inf)
    known = np.isfinite(highest) & ~np.isnan(levels[:, 0])
    return np.where(known, levels[:, 0] - np.where(known, highest, 0), np.nan).astype(np.float32)


def _levels(
    power: NDArray[np.floating], frequencies: NDArray[np.floating], f0: NDArray[np.floating], count: int
) -> Series:
    voiced = ~np.isnan(f0)
    levels = np.full((len(f0), count), np.nan, np.float32)
    if not voiced.any():
        return levels
    bins = f0[voiced] / (frequencies[1] - frequencies[0])
    reach = np.maximum(1, (_REACH * bins).astype(np.int64))[:, np.newaxis]
    middle = np.rint(bins[:, np.newaxis] * np.arange(1, count + 1)).astype(np.int64)
    rows, last = np.flatnonzero(voiced)[:, np.newaxis], len(frequencies) - 1
    highest = np.zeros(middle.shape, power.dtype)
    for step in range(-int(reach.max()), int(reach.max()) + 1):
        candidate = power[rows, np.clip(middle + step, 0, last)]
        np.maximum(highest, candidate, out=highest, where=np.abs(step) <= reach)
    levels[voiced] = np.where(middle <= last, power_to_decibels(highest), np.nan)
    return levels
