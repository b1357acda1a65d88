"""Formants: the resonances of the vocal tract, F1 to F5, of each frame.

The spectrum of a voiced sound falls by about 6 dB an octave, which pre-emphasis takes back. What is left is modelled by a
linear predictor with two coefficients for each formant below a ceiling; its resonances, in rising order, are the formants.
This is the road of Praat's `To Formant (burg)`. Its Burg method and the autocorrelation method used here agree on frames
whose window falls to zero at both ends.

Only voiced frames have formants that mean something; in noise the predictor finds resonances too. Where F0 is high, above
some 300 Hz, formants are drawn towards the harmonics.

Source: Atal and Hanauer 1971, Speech analysis and synthesis by linear prediction of the speech wave, J. Acoust. Soc. Am. 50.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.resample import resample
from paraverbal.errors import RecipeError
from paraverbal.features.frames import frame_count, frame_times, require_finite
from paraverbal.features.linear_prediction import autocorrelation, levinson
from paraverbal.features.resonances import resonances

Series = NDArray[np.float32]
Values = NDArray[np.float64]

# The Gaussian window exp(-_STEEPNESS * place^2), place -1..1, lowered to end at zero: Boersma 1993, postscript.
_STEEPNESS = 12.0

# Resonances nearer to 0 Hz or to the highest frequency shape the slope of the spectrum; they are no formants.
_MARGIN_HZ = 50.0

# Frames whose samples are in memory at once: 2 MB of them in float64.
_BLOCK = 512

# What of the signal around a block the resampling filter needs to know.
_MARGIN_SECONDS = 0.02

# A harmonic within this share of a formant's frequency, or the nearest one, shows the formant's level.
_NEAR = 0.2


@dataclass(frozen=True)
class FormantSettings:
    """How formants are looked for; the defaults fit women.

    Attributes:
        formants: How many there are below the ceiling; the predictor has twice as many coefficients.
        ceiling_hz: 5500 for women, 5000 for men, up to 8000 for children: too low a ceiling splits formants, too high a
            ceiling merges them.
        window_seconds: Effective length of the Gaussian window, which reaches twice as far.
        hop_seconds: From one frame's middle to the next.
        pre_emphasis_hz: From here on the spectrum is raised by 6 dB an octave.

    Raises:
        RecipeError: A number is not above 0, or the window is shorter than the predictor.
    """

    formants: int = 5
    ceiling_hz: float = 5500.0
    window_seconds: float = 0.025
    hop_seconds: float = 0.010
    pre_emphasis_hz: float = 50.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 < value < np.inf:
                raise RecipeError(f"{name} {value}: give a number above 0")
        if self.window_seconds * self.ceiling_hz < self.formants:
            raise RecipeError(
                f"a window of {self.window_seconds} s is too short for {self.formants} formants below "
                f"{self.ceiling_hz} Hz; give at least {self.formants / self.ceiling_hz} s"
            )


@dataclass(frozen=True, eq=False)
class Formants:
    """The formants of a recording: three series float32 `[formant, frame]`, NaN where there is no such formant.

    Attributes:
        frequencies: In hertz, rising from F1 on.
        bandwidths: In hertz, at 3 dB below the peak.
        levels: Height of the spectral envelope, without pre-emphasis, at the formant's frequency, in dB relative to the
            strongest formant of the frame: 0 or below. `relative_levels` gives them relative to F0.
        times: float64 `[frame]`: the frames' middles in seconds.
    """

    frequencies: Series
    bandwidths: Series
    levels: Series
    times: Values


def track(
    waveform: NDArray[np.floating],
    sampling_rate: float,
    settings: FormantSettings = FormantSettings(),
) -> Formants:
    """Return the formants of each centred frame.

    Where the sampling rate is below twice the ceiling, there is room for fewer formants: at 8 kHz and 5500 Hz, for three, and
    F4 and F5 are NaN. Frames of silence, and the one frame of an empty waveform, have none.

    Args:
        waveform: `[sample]`; neither its level, from -100 dB of full scale on, nor its DC offset matters.
        sampling_rate: In hertz.
        settings: Number of formants, ceiling, window, hop and pre-emphasis.

    Returns:
        Series of `1 + samples // hop` frames, the hop rounded to samples.

    Raises:
        NonFiniteAudioError: The waveform holds NaN or infinite samples.
        RecipeError: The sampling rate leaves no formant below its half.
    """
    require_finite(waveform)
    hop_length = max(1, round(settings.hop_seconds * sampling_rate))
    frames = frame_count(len(waveform), hop_length)
    rate = min(2 * settings.ceiling_hz, sampling_rate)
    expected = settings.formants * (rate / 2 / settings.ceiling_hz)
    count = int(expected)
    if count == 0:
        raise RecipeError(
            f"{settings.formants} formants below {settings.ceiling_hz} Hz leave none below half of {sampling_rate} Hz; "
            "give more formants or a lower ceiling"
        )
    found = np.full((3, settings.formants, frames), np.nan, dtype=np.float32)
    for block, samples, emphasis in _blocks(waveform, sampling_rate, rate, hop_length, settings):
        coefficients, _ = levinson(autocorrelation(samples, 2 * math.ceil(expected)))
        hertz, widths = (values[:count] for values in _formants(coefficients, rate))
        found[:, :count, block] = hertz, widths, _levels(hertz, coefficients, emphasis, rate)
    frequencies, bandwidths, levels = found
    return Formants(frequencies, bandwidths, levels, frame_times(frames, hop_length, sampling_rate))


def relative_levels(
    frequencies: NDArray[np.floating], harmonics: NDArray[np.floating], f0: NDArray[np.floating]
) -> Series:
    """Return how strong formants are relative to F0, as eGeMAPS asks for it.

    A formant is as strong as the strongest harmonic within 20 % of its frequency, or, where harmonics are so far apart that
    none is, as the nearest one.

    Args:
        frequencies: `[formant, frame]` in hertz.
        harmonics: Levels of the harmonics in dB, `[frame, harmonic]`, the first being F0.
        f0: `[frame]` in hertz, NaN where unvoiced.

    Returns:
        Level of the formant's harmonic minus that of F0 in dB, float32 `[formant, frame]`; NaN where there is no such
        formant, no F0, or no level of a harmonic near the formant.

    Source: Eyben et al. 2016, The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective
    computing, IEEE Trans. Affective Computing 7(2), section 3.1 (formant 1, 2 and 3 relative energy).
    """
    heights = np.asarray(harmonics - harmonics[:, :1], dtype=np.float32)
    numbers = np.arange(1, heights.shape[1] + 1, dtype=np.float32)
    levels = np.empty(frequencies.shape, dtype=np.float32)
    for formant, hertz in enumerate(frequencies):
        reach = np.maximum(_NEAR * hertz, f0 / 2)
        near = np.abs(numbers * f0[:, np.newaxis] - hertz[:, np.newaxis]) <= reach[:, np.newaxis]
        levels[formant] = np.fmax.reduce(np.where(near, heights, np.float32(np.nan)), axis=1)
    return levels


def _blocks(
    waveform: NDArray[np.floating], source_rate: float, rate: float, hop_length: int, settings: FormantSettings
) -> Iterator[tuple[slice, Values, float]]:
    """Return where each block of frames belongs, its windowed frames `[frame, sample]` at `rate`, and the pre-emphasis.

    The pre-emphasis is the `c` of `x[n] - c x[n-1]`.
    """
    emphasis = float(np.exp(-2 * np.pi * settings.pre_emphasis_hz / rate))
    window = _gaussian(2 * round(settings.window_seconds * rate))
    half = len(window) // 2
    around = -int(-(half / rate + _MARGIN_SECONDS) * source_rate // hop_length)
    frames = frame_count(len(waveform), hop_length)
    for first in range(0, frames, _BLOCK):
        last = min(first + _BLOCK, frames)
        start = max(0, first - around) * hop_length
        lower = resample(waveform[start : (last + around) * hop_length], source_rate, rate)
        padded = np.pad(lower, (half + 1, half + 1))
        emphasised = padded[1:] - np.float32(emphasis) * padded[:-1]
        middles = np.rint((np.arange(first, last) * hop_length - start) * (rate / source_rate)).astype(np.int64)
        views = np.lib.stride_tricks.sliding_window_view(emphasised, len(window))
        samples = views[middles]
        samples -= samples.mean(axis=1, keepdims=True)
        yield slice(first, last), samples * window, emphasis


@lru_cache(maxsize=8)
def _gaussian(size: int) -> Values:
    """Return the window `[sample]`: 1 at sample `size / 2`, 0 at sample 0."""
    place = np.arange(size) / (size / 2) - 1
    bell = np.exp(-_STEEPNESS * place**2)
    return np.asarray((bell - bell[0]) / (1 - bell[0]), dtype=np.float64)


def _formants(coefficients: Values, rate: float) -> tuple[Values, Values]:
    """Return frequencies and bandwidths `[formant, frame]` of the resonances that are formants."""
    frequencies, bandwidths = (values.T for values in resonances(coefficients, rate))
    outside = ~((frequencies > _MARGIN_HZ) & (frequencies < rate / 2 - _MARGIN_HZ))
    frequencies, bandwidths = (np.where(outside, np.nan, values) for values in (frequencies, bandwidths))
    rank = np.argsort(frequencies, axis=0)
    return np.take_along_axis(frequencies, rank, axis=0), np.take_along_axis(bandwidths, rank, axis=0)


def _levels(frequencies: Values, coefficients: Values, emphasis: float, rate: float) -> Values:
    """Return the height of the envelope at each formant relative to the highest, in dB, `[formant, frame]`."""
    none = np.isnan(frequencies)
    turn = np.exp(-2j * np.pi / rate * np.where(none, 0, frequencies))
    whitening = np.zeros_like(turn)
    for coefficient in coefficients.T[::-1]:
        whitening = (whitening + coefficient) * turn
    height = -20 * np.log10(
        np.abs((1 + whitening) * (1 - emphasis * turn)), where=~none, out=np.full(none.shape, np.nan)
    )
    return np.asarray(height - np.fmax.reduce(height, axis=0), dtype=np.float64)
