"""Signals of `concepts.md` whose answer is known: tones, clicks, noise, and voices made of a source and a tract.

A voice is a train of pulses, the air that passes the vocal folds once a period, shaped by the resonances of a tract. The
pulses are sums of cosines up to what the sampling rate can hold, so that they stand between samples where they should.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

RATE = 16_000
PEAK = 0.5  # of every voice
HIGHEST_HZ = 7600.0  # of the harmonics: below half the rate
SOURCE_CORNER_HZ = 100.0  # above it the pulses' spectrum falls by 6 dB an octave, as that of a voice does at the lips
BANDWIDTHS = (80.0, 100.0, 140.0, 200.0, 260.0)
HIGHER_FORMANTS = (3500.0, 4500.0)
# First three formants of adult men in hertz: Peterson and Barney 1952, table II, of heed, hod and who'd.
VOWELS = {"i": (270.0, 2290.0, 3010.0), "a": (730.0, 1090.0, 2440.0), "u": (300.0, 870.0, 2240.0)}
HISS_HZ = (2500.0, 7000.0)  # of "sh"
FADE_SECONDS = 0.02

# Chao 1930: a speaker's range in five steps, 1 the lowest. The tone of "ma" as mother, hemp, horse, to scold.
TONES: dict[str, tuple[int, ...]] = {"mā": (5, 5), "má": (3, 5), "mǎ": (2, 1, 4), "mà": (5, 1)}
LOWEST_HZ = 110.0
STEP_SEMITONES = 3.0


@dataclass(frozen=True)
class Voice:
    """How a voice sounds.

    Attributes:
        formants: Lower formants in hertz; two higher ones are added.
        stretch: Factor on all formants: a shorter tract has higher ones.
        jitter: Deviation of the periods, as a share of them.
        shimmer: Deviation of the pulses' heights, as a share of them.
        breath: Deviation of noise in the source, as a share of its own.
        seed: Of jitter, shimmer and breath.
    """

    formants: tuple[float, ...] = VOWELS["a"]
    stretch: float = 1.0
    jitter: float = 0.0
    shimmer: float = 0.0
    breath: float = 0.0
    seed: int = field(default=0)

    @property
    def resonances(self) -> tuple[float, ...]:
        """All formants in hertz."""
        return tuple(self.stretch * hertz for hertz in (*self.formants, *HIGHER_FORMANTS))


def seconds_of(samples: int) -> Samples:
    """Return the times of samples."""
    return np.arange(samples) / RATE


def sine(hz: float, seconds: float, *, rate: int = RATE, amplitude: float = 1.0) -> Samples:
    """Return a cosine, which has its maximum at sample 0."""
    return np.asarray(amplitude * np.cos(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate))


def contour(steps: tuple[float, ...], seconds: float) -> Samples:
    """Return F0 `[sample]` in hertz that goes evenly through steps of a speaker's range, 1 to 5."""
    places = np.linspace(0, 1, len(steps))
    level = np.interp(np.linspace(0, 1, round(seconds * RATE)), places, steps)
    return np.asarray(LOWEST_HZ * 2 ** (STEP_SEMITONES * (level - 1) / 12))


def sing(f0: Samples, voice: Voice = Voice()) -> Samples:
    """Return a vowel with F0 `[sample]` in hertz, scaled to `PEAK`, faded in and out."""
    spoken = tract(glottal_source(f0, voice), voice.resonances)
    fade = np.minimum(1, np.minimum(seconds_of(len(f0)), seconds_of(len(f0))[::-1]) / FADE_SECONDS)
    return np.asarray(PEAK * fade * spoken / np.abs(spoken).max())


def glottal_source(f0: Samples, voice: Voice = Voice()) -> Samples:
    """Return pulses at F0 `[sample]` in hertz, with the jitter, shimmer and breath of a voice."""
    draw = np.random.default_rng(voice.seed)
    times = seconds_of(len(f0))
    beats = [0.0]
    while beats[-1] < times[-1]:
        beats.append(beats[-1] + (1 + voice.jitter * draw.normal()) / float(np.interp(beats[-1], times, f0)))
    phase = np.interp(times, beats, np.arange(len(beats)))
    heights = 1 + voice.shimmer * draw.normal(size=len(beats) + 1)
    harmonics = np.arange(1, int(HIGHEST_HZ / f0.max()) + 1)
    pulses = np.cos(2 * np.pi * harmonics[:, np.newaxis] * phase).sum(axis=0) * heights[np.rint(phase).astype(int)]
    return np.asarray(pulses + voice.breath * pulses.std() * draw.normal(size=len(pulses)))


def tract(source: Samples, formants: tuple[float, ...]) -> Samples:
    """Return a source shaped by the fall of a voice's spectrum and by resonances."""
    size = 2 * len(source)
    response = tract_response(np.asarray(np.fft.rfftfreq(size, 1 / RATE), dtype=np.float64), formants)
    return np.asarray(np.fft.irfft(np.fft.rfft(source, size) * response, size)[: len(source)])


def tract_response(hertz: Samples, formants: tuple[float, ...]) -> NDArray[np.complex128]:
    """Return what the tract and the source's fall make of each frequency (Klatt 1980, eq. 1 and 2)."""
    turn = np.exp(-2j * np.pi * hertz / RATE)
    response = 1 / (1 + 1j * hertz / SOURCE_CORNER_HZ)
    for formant, bandwidth in zip(formants, BANDWIDTHS, strict=True):
        radius = np.exp(-np.pi * bandwidth / RATE)
        middle = 2 * radius * np.cos(2 * np.pi * formant / RATE)
        response = response * (1 - middle + radius**2) / (1 - middle * turn + radius**2 * turn**2)
    return np.asarray(response)


def hiss(seconds: float, seed: int = 0) -> Samples:
    """Return noise between the frequencies of "sh", at a tenth of a voice's peak."""
    noise = np.random.default_rng(seed).normal(size=round(seconds * RATE))
    spectrum = np.fft.rfft(noise)
    hertz = np.fft.rfftfreq(len(noise), 1 / RATE)
    spectrum[(hertz < HISS_HZ[0]) | (hertz > HISS_HZ[1])] = 0
    shaped = np.fft.irfft(spectrum, len(noise))
    return np.asarray(PEAK / 2 * shaped / np.abs(shaped).max())
