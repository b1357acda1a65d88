"""Timbre: what tells two sounds of equal pitch and loudness apart. Most of it is told by other families too."""

import math
from operator import attrgetter

import numpy as np

from paraverbal.features.analysis import Analysis, Series
from paraverbal.features.descriptors.entry import Descriptor, Family

FAMILY: Family = "timbre"


def _harmonic_levels(analysis: Analysis) -> Series:
    return np.ascontiguousarray(analysis.harmonics[:, : analysis.settings.harmonics].T)


DESCRIPTORS = (
    Descriptor(
        name="harmonic_level",
        family=FAMILY,
        also=("spectral", "voice quality"),
        unit="dB of a full-scale sine",
        low=-200.0,
        high=12.1,
        missing="absent",
        absent_where="in unvoiced frames, and above half the sampling rate",
        is_="Level of each of the first 10 harmonics, which lie at whole multiples of F0. Their pattern, shaped by "
        "voice and tract, is the timbre of a voiced sound.",
        formula="`10 log10 P(n F0)`, the highest bin within a quarter of F0, frames of 60 ms",
        source="Eyben et al. 2016",
        emotion="Their differences tell voice quality: see `h1_h2`, `h1_a3` and `alpha_ratio`.",
        fails="Unvoiced sound has no harmonics. A rapidly moving F0 smears the higher ones; noise stands in for weak "
        "ones.",
        compute=_harmonic_levels,
        counted_from=1,
    ),
    Descriptor(
        name="attack_seconds",
        family=FAMILY,
        also=("time domain",),
        motion="dynamic",
        scope="clip",
        unit="s",
        low=0.0,
        high=math.inf,
        missing="silence",
        is_="Time in which the amplitude envelope rises from a tenth to nine tenths of its peak.",
        formula="`t(0.9 peak) - t(0.1 peak)`",
        source="Peeters 2004",
        emotion="Fast voice onsets are reported for anger and happiness, slow ones for sadness (Juslin and Laukka "
        "2003); that is of single sounds.",
        fails="Made for one sound, such as a note, a vowel or a cry. Of a sentence it tells where the loudest "
        "syllable lies.",
        compute=attrgetter("envelope.attack_seconds"),
    ),
    Descriptor(
        name="decay_seconds",
        family=FAMILY,
        also=("time domain",),
        motion="dynamic",
        scope="clip",
        unit="s",
        low=0.0,
        high=math.inf,
        missing="silence",
        is_="Time from the peak of the envelope until it has nearly come down to the level that it then holds.",
        formula="`t(sustain + 0.1 (peak - sustain)) - t(peak)`",
        source="Peeters 2004",
        emotion="Little is settled.",
        fails="As for `attack_seconds`.",
        compute=attrgetter("envelope.decay_seconds"),
    ),
    Descriptor(
        name="sustain_level",
        family=FAMILY,
        also=("time domain",),
        scope="clip",
        unit="share of the peak",
        low=0.0,
        high=1.0,
        missing="silence",
        is_="Level that the envelope holds behind its peak.",
        formula="median of the envelope from its peak to its last tenth, by the peak",
        source="Peeters 2004",
        emotion="Little is settled.",
        fails="As for `attack_seconds`.",
        compute=attrgetter("envelope.sustain_level"),
    ),
    Descriptor(
        name="release_seconds",
        family=FAMILY,
        also=("time domain",),
        motion="dynamic",
        scope="clip",
        unit="s",
        low=0.0,
        high=math.inf,
        missing="silence",
        is_="Time in which the envelope dies away at the end.",
        formula="`t(0.1 peak) - t(0.9 sustain)`, the last of each",
        source="Peeters 2004",
        emotion="Little is settled.",
        fails="As for `attack_seconds`; reverberation lengthens it.",
        compute=attrgetter("envelope.release_seconds"),
    ),
)
