"""Time-frequency: how power is spread over time and frequency at once."""

import math
from operator import attrgetter

import numpy as np

from paraverbal.features.analysis import SPECTRAL_FLOOR_DB, Analysis, Series
from paraverbal.features.decibels import power_to_decibels
from paraverbal.features.descriptors.entry import Descriptor, Family
from paraverbal.features.linear_prediction import lpcc

FAMILY: Family = "time-frequency"


def _levels(analysis: Analysis) -> Series:
    """Return the spectrogram in dB, `[bin, frame]`."""
    least = 10 ** (SPECTRAL_FLOOR_DB / 10)
    return analysis.of_spectra(lambda power, _: power_to_decibels(power, least=least)).T


def _lpcc(analysis: Analysis) -> Series:
    return np.ascontiguousarray(lpcc(*analysis.prediction, analysis.settings.coefficients).T)


DESCRIPTORS = (
    Descriptor(
        name="power_spectrum",
        family=FAMILY,
        unit="dB of a full-scale sine",
        low=SPECTRAL_FLOOR_DB,
        high=12.1,
        missing="never",
        is_="Short-time Fourier transform, as level: the spectrogram, one row for each bin from 0 Hz to half the "
        "sampling rate. Frames of 25 ms show the formants of all voices and the harmonics of high ones; frames of 5 "
        "ms show single periods as vertical stripes, frames of 60 ms single harmonics as horizontal ones.",
        formula="`10 log10(4 |X[t, k]|^2 / (sum w)^2)`, `X[t, k] = sum w[n] x[t H + n - N/2] exp(-2 pi i k n / K)`, "
        "`H` the hop",
        source="Allen 1977",
        emotion="Everything below is in it; networks that learn from spectrograms start here.",
        fails="It has the level of the recording in every value. Horizontal stripes are harmonics, which only voiced "
        "sound has: fricatives and whisper show no lines, only broad bands.",
        compute=_levels,
        counted_from=0,
    ),
    Descriptor(
        name="log_mel",
        family=FAMILY,
        unit="dB of a full-scale sine",
        low=SPECTRAL_FLOOR_DB,
        high=12.1,
        missing="never",
        is_="Level in bands that are equally wide on the mel scale, as the ear resolves low frequencies more finely "
        "than high ones.",
        formula="`10 log10 sum_k F[b, k] P[k]`, `F` triangles of height 1 on Slaney's mel scale",
        source="Davis and Mermelstein 1980",
        emotion="The usual input of networks for emotion. A single band says little, as it follows the words too.",
        fails="It has the level of the recording in every value; bands of other implementations differ (the mel "
        "scale of Young et al. 2006, triangles of area 1), and models trained on one do not fit the other.",
        compute=attrgetter("log_mel"),
        counted_from=0,
    ),
    Descriptor(
        name="mfcc",
        family=FAMILY,
        also=("timbre",),
        unit="",
        low=-math.inf,
        high=math.inf,
        missing="never",
        is_="Mel-frequency cepstral coefficients: the cosine transform of the mel bands. The first few hold the broad "
        "shape of the spectrum, without single harmonics; the 0th is the mean level.",
        formula="`c[m] = sqrt(2 / B) sum_b L[b] cos(pi m (b + 1/2) / B)`, `L` the `B` values of `log_mel` (0th "
        "divided by `sqrt 2`)",
        source="Davis and Mermelstein 1980",
        emotion="Four of them are among the parameters of Eyben et al. 2016. The 1st follows the tilt of the "
        "spectrum, and so vocal effort; higher ones have no simple meaning.",
        fails="They follow the words and the speaker more than the emotion, and change with microphone and noise. All "
        "depend on the bands they are made of.",
        compute=attrgetter("mfcc"),
        counted_from=0,
    ),
    Descriptor(
        name="lpcc",
        family=FAMILY,
        also=("spectral", "timbre"),
        unit="",
        low=-math.inf,
        high=math.inf,
        missing="silence",
        is_="Linear prediction cepstral coefficients: the cepstrum of the spectral envelope that linear prediction "
        "models. The 0th is the logarithm of what stays unpredicted.",
        formula="`c[n] = -a[n] - sum_{j < n} (j / n) c[j] a[n - j]`, `a` the values of `lpc`",
        source="Atal 1974",
        emotion="Used like the MFCC, which they resemble; they follow peaks of the spectrum more closely than its "
        "valleys.",
        fails="As for the MFCC; noise harms them more, because the model must explain it with resonances.",
        compute=_lpcc,
        counted_from=0,
    ),
)
