"""Spectral: the shape of the spectrum as vocal tract and voice make it."""

import math
from operator import attrgetter

import numpy as np

from paraverbal.features import spectral_shape as shape
from paraverbal.features.analysis import Analysis, Series
from paraverbal.features.descriptors.entry import Descriptor, Family
from paraverbal.features.formants import relative_levels
from paraverbal.features.linear_prediction import spectral_envelope

FAMILY: Family = "spectral"


def _envelope(analysis: Analysis) -> Series:
    rate, (coefficients, gains) = analysis.sampling_rate, analysis.prediction
    frequencies = np.linspace(0, rate / 2, analysis.settings.envelope_points)
    parts = [
        spectral_envelope(coefficients[rows], gains[rows], frequencies, sampling_rate=rate).T
        for rows in analysis.rows()
    ]
    return np.concatenate(parts, axis=1)


def _lpc(analysis: Analysis) -> Series:
    return np.ascontiguousarray(analysis.prediction[0].T, dtype=np.float32)


def _relative_levels(analysis: Analysis) -> Series:
    frequencies = analysis.formants.frequencies
    parts = [
        relative_levels(frequencies[:, rows], analysis.harmonics[rows], analysis.f0[rows]) for rows in analysis.rows()
    ]
    return np.concatenate(parts, axis=1)


DESCRIPTORS = (
    Descriptor(
        name="formant_frequency",
        family=FAMILY,
        also=("timbre",),
        unit="Hz",
        low=0.0,
        high="half the sampling rate",
        missing="absent",
        absent_where="in silence, and where the sampling rate leaves no room for it",
        is_="Formants F1 to F5: the resonances of the vocal tract. F1 rises as the mouth opens and the tongue lowers, "
        "F2 as the tongue moves forward. They are not averages of the spectrum, nor simply its peaks: in each frame "
        "the resonances of a model of the tract are ordered by frequency.",
        formula="`f = rate / (2 pi) angle(z)` for the roots `z` of `1 + sum a[j] z^-j` of the frame with pre-emphasis",
        source="Atal and Hanauer 1971",
        emotion="Smiling raises formants, and listeners hear it (Tartter 1980); happy voices have a high F1 and F2 "
        "(Kamiloğlu et al. 2020). F1 rises with vocal effort (Traunmüller and Eriksson 2000).",
        fails="The vowel moves them far more than the emotion. Unvoiced frames yield resonances of noise. High "
        "voices, above some 300 Hz, draw them to harmonics; the ceiling must fit the speaker (5500 Hz: women). F4 and "
        "F5 lie above what 8 kHz recordings hold, and are NaN there.",
        compute=attrgetter("formants.frequencies"),
        counted_from=1,
    ),
    Descriptor(
        name="formant_bandwidth",
        family=FAMILY,
        unit="Hz",
        low=0.0,
        high=math.inf,
        missing="absent",
        absent_where="in silence, and where the sampling rate leaves no room for the formant",
        is_="Width of each formant 3 dB below its peak: how strongly the tract damps it. Usually 50 to 150 Hz for F1.",
        formula="`b = -(rate / pi) ln |z|`",
        source="Atal and Hanauer 1971",
        emotion="The bandwidth of F1 is among the parameters of Eyben et al. 2016. Coupling to the lungs through an "
        "open glottis widens it, so it is larger in breathy voices (Klatt and Klatt 1990).",
        fails="The least certain of all values of linear prediction; use its median over many voiced frames.",
        compute=attrgetter("formants.bandwidths"),
        counted_from=1,
    ),
    Descriptor(
        name="formant_level",
        family=FAMILY,
        unit="dB of the strongest formant",
        low=-math.inf,
        high=0.001,
        missing="absent",
        absent_where="in silence, and where the sampling rate leaves no room for the formant",
        is_="Height of the spectral envelope at each formant, relative to the strongest formant of the frame.",
        formula="`-20 log10 |A(f)|`, less its greatest value among the formants",
        source="Makhoul 1975",
        emotion="Stronger upper formants belong to a flatter spectrum, and so to more vocal effort.",
        fails="As for the frequencies: where a formant is misplaced, so is its level.",
        compute=attrgetter("formants.levels"),
        counted_from=1,
    ),
    Descriptor(
        name="formant_relative_energy",
        family=FAMILY,
        unit="dB of the first harmonic",
        low=-math.inf,
        high=math.inf,
        missing="absent",
        absent_where="without F0, or without the formant",
        is_="Level of the strongest harmonic near each formant, relative to the first harmonic.",
        formula="`20 log10(A(Fn) / A(F0))`",
        source="Eyben et al. 2016",
        emotion="Of F1 to F3 they are among the parameters of Eyben et al. 2016; they rise with vocal effort.",
        fails="Needs F0 and formants, so it has the failures of both; telephone lines, which cut below 300 Hz, remove "
        "the first harmonic.",
        compute=_relative_levels,
        counted_from=1,
    ),
    Descriptor(
        name="spectral_envelope",
        family=FAMILY,
        also=("timbre",),
        unit="dB",
        low=-math.inf,
        high=math.inf,
        missing="silence",
        is_="Smooth spectrum without harmonics, at evenly spaced frequencies from 0 Hz to half the sampling rate. Its "
        "peaks are near the formants.",
        formula="`10 log10(g / |1 + sum a[j] exp(-i w j)|^2)`, `g` the power that stays unpredicted",
        source="Makhoul 1975",
        emotion="As for the formants and `alpha_ratio`, which are read from it.",
        fails="In high voices its peaks are those of harmonics.",
        compute=_envelope,
        counted_from=0,
    ),
    Descriptor(
        name="lpc",
        family=FAMILY,
        unit="",
        low=-math.inf,
        high=math.inf,
        missing="silence",
        is_="Linear prediction coefficients: weights by which a sample is foretold from those before it. There are 2, "
        "and 1 for each kilohertz of the sampling rate.",
        formula="`x[n] ~ -sum a[j] x[n - j]`, least squares over the frame, Hamming window",
        source="Makhoul 1975",
        emotion="None by themselves; `lpcc`, formants and envelope are made of them.",
        fails="Never average or interpolate them: the result may be no stable filter. Noise and high voices mislead "
        "them.",
        compute=_lpc,
        counted_from=1,
    ),
    Descriptor(
        name="hnr",
        family=FAMILY,
        also=("voice quality",),
        unit="dB",
        low=-60.0,
        high=90.0,
        missing="unvoiced",
        is_="Harmonics-to-noise ratio: power that repeats itself from one period to the next over power that does not.",
        formula="`10 log10(r / (1 - r))`, `r` the normalised correlation of neighbouring periods",
        source="Boersma 1993",
        emotion="Lower in breathy and hoarse voices. Among the parameters of Eyben et al. 2016. Breathy and "
        "lax-creaky voice is heard as relaxed, intimate or sad rather than angry (Gobl and Ní Chasaide 2003).",
        fails="Background noise and reverberation lower it as breath does; so does a rapidly moving F0. Compare only "
        "recordings made alike.",
        compute=attrgetter("harmonicity"),
    ),
    Descriptor(
        name="alpha_ratio",
        family=FAMILY,
        also=("voice quality",),
        unit="dB",
        low=-math.inf,
        high=math.inf,
        missing="never",
        is_="Power from 1 to 5 kHz over power from 50 Hz to 1 kHz.",
        formula="`10 log10(P(1000..5000 Hz) / P(50..1000 Hz))`",
        source="Eyben et al. 2016",
        emotion="Rises with vocal effort. High-frequency energy is large in anger and small in sadness (Scherer 2003; "
        "Juslin and Laukka 2003; Banse and Scherer 1996 for shares of energy below 500 and 1000 Hz).",
        fails="Fricatives and noise have high values whatever the voice does: take voiced frames. It follows the "
        "microphone and its distance. Below 10 kHz sampling rate its upper band is cut.",
        compute=lambda analysis: analysis.of_spectra(shape.alpha_ratio),
    ),
    Descriptor(
        name="hammarberg_index",
        family=FAMILY,
        also=("voice quality",),
        unit="dB",
        low=-math.inf,
        high=math.inf,
        missing="never",
        is_="Strongest peak up to 2 kHz over strongest peak from 2 to 5 kHz.",
        formula="`10 log10(max P(0..2000 Hz) / max P(2000..5000 Hz))`",
        source="Hammarberg et al. 1980",
        emotion="Falls with vocal effort: low in anger, high in sadness. Banse and Scherer 1996 used it to tell "
        "emotions of different arousal apart.",
        fails="As for the alpha ratio; one bin decides each peak, so hum or a whistle can set it.",
        compute=lambda analysis: analysis.of_spectra(shape.hammarberg_index),
    ),
    Descriptor(
        name="slope_0_500",
        family=FAMILY,
        also=("voice quality",),
        unit="dB/Hz",
        low=-math.inf,
        high=math.inf,
        missing="never",
        is_="Slope of the line of least squares through the levels of the bins from 0 to 500 Hz.",
        formula="`sum (f[k] - mean f) L[k] / sum (f[k] - mean f)^2`, `L` level in dB",
        source="Eyben et al. 2016",
        emotion="Rises with vocal effort, as the first harmonics give way to F1. Among the parameters of Eyben et al. "
        "2016.",
        fails="F0 itself lies in the band: a high voice has another slope than a low one of equal effort. Telephone "
        "lines cut the band.",
        compute=lambda analysis: analysis.of_spectra(lambda power, hz: shape.slope(power, hz, 0, 500)),
    ),
    Descriptor(
        name="slope_500_1500",
        family=FAMILY,
        also=("voice quality",),
        unit="dB/Hz",
        low=-math.inf,
        high=math.inf,
        missing="never",
        is_="Slope of the line of least squares through the levels of the bins from 500 to 1500 Hz.",
        formula="As for `slope_0_500`.",
        source="Eyben et al. 2016",
        emotion="Flatter, that is nearer to zero, with vocal effort. Among the parameters of Eyben et al. 2016.",
        fails="F1 and F2 move through the band, so the vowel changes it; average over many voiced frames.",
        compute=lambda analysis: analysis.of_spectra(lambda power, hz: shape.slope(power, hz, 500, 1500)),
    ),
)
