"""Voice quality: how regular, how pressed and how clean a voice is."""

import math
from operator import attrgetter

from paraverbal.features import harmonics
from paraverbal.features.analysis import Analysis
from paraverbal.features.descriptors.entry import Descriptor, Family, Value
from paraverbal.features.harmonicity import snr

FAMILY: Family = "voice quality"

F3 = 2


def _h1_a3(analysis: Analysis) -> Value:
    return harmonics.h1_a3(analysis.harmonics, analysis.f0, analysis.formants.frequencies[F3])


DESCRIPTORS = (
    Descriptor(
        name="jitter",
        family=FAMILY,
        unit="share of the period",
        low=0.0,
        high=math.inf,
        missing="absent",
        absent_where="without two neighbouring periods, as in all unvoiced frames",
        is_="How much the length of a period differs from the next, within 30 ms of the frame. About 0.005 to 0.01 in "
        "a sustained vowel, more in running speech.",
        formula="`mean |T[i] - T[i+1]| / mean T`",
        source="Titze and Liang 1993",
        emotion="Among the parameters of Eyben et al. 2016. It falls as a voice grows louder (Brockmann et al. 2008), "
        "so it also follows arousal; findings for single emotions disagree.",
        fails="In running speech F0 moves, and that counts as jitter. Noise adds to it. Needs a good F0; below 16 kHz "
        "sampling rate, periods are known less exactly.",
        compute=attrgetter("perturbation.jitter"),
    ),
    Descriptor(
        name="shimmer_db",
        family=FAMILY,
        unit="dB",
        low=0.0,
        high=math.inf,
        missing="absent",
        absent_where="without two neighbouring periods, as in all unvoiced frames",
        is_="How much the amplitude of a period differs from the next, within 30 ms of the frame. About 0.2 to 0.4 dB "
        "in a sustained vowel.",
        formula="`mean |20 log10(A[i] / A[i+1])|`",
        source="Titze and Liang 1993",
        emotion="As for `jitter`.",
        fails="As for `jitter`; the beginnings and ends of syllables count most.",
        compute=attrgetter("perturbation.shimmer_db"),
    ),
    Descriptor(
        name="h1_h2",
        family=FAMILY,
        unit="dB",
        low=-math.inf,
        high=math.inf,
        missing="unvoiced",
        is_="Level of the first harmonic less that of the second: how soft or pressed the voice is.",
        formula="`20 log10(A(F0) / A(2 F0))`",
        source="Klatt and Klatt 1990",
        emotion="High in breathy, low in tense voice. Tense voice is heard as stressed or angry, lax voice as "
        "relaxed, intimate or sad (Gobl and Ní Chasaide 2003).",
        fails="Where F1 is near one of the two, as in high vowels of high voices, it tells about the vowel. Telephone "
        "lines cut the first harmonic.",
        compute=lambda analysis: harmonics.h1_h2(analysis.harmonics),
    ),
    Descriptor(
        name="h1_a3",
        family=FAMILY,
        unit="dB",
        low=-math.inf,
        high=math.inf,
        missing="absent",
        absent_where="without F0, or without F3",
        is_="Level of the first harmonic less that of the strongest harmonic near F3: how steeply the spectrum of the "
        "voice falls.",
        formula="`20 log10(A(F0) / A(F3))`",
        source="Hanson 1997",
        emotion="Low where the glottis closes abruptly, as in loud and angry voice; among the parameters of Eyben et "
        "al. 2016.",
        fails="Needs F0 and F3. Noise above 2 kHz stands in for weak harmonics.",
        compute=_h1_a3,
    ),
    Descriptor(
        name="jitter_local",
        family=FAMILY,
        scope="clip",
        unit="share of the period",
        low=0.0,
        high=math.inf,
        missing="absent",
        absent_where="without two neighbouring periods",
        is_="Jitter of the whole recording.",
        formula="As for `jitter`, over all pairs of neighbouring periods.",
        source="Titze and Liang 1993",
        emotion="As for `jitter`.",
        fails="As for `jitter`.",
        compute=attrgetter("perturbation.jitter_local"),
    ),
    Descriptor(
        name="shimmer_local",
        family=FAMILY,
        scope="clip",
        unit="share of the amplitude",
        low=0.0,
        high=math.inf,
        missing="absent",
        absent_where="without two neighbouring periods",
        is_="Shimmer of the whole recording. About 0.02 to 0.04 in a sustained vowel.",
        formula="`mean |A[i] - A[i+1]| / mean A`",
        source="Titze and Liang 1993",
        emotion="As for `jitter`.",
        fails="As for `shimmer_db`.",
        compute=attrgetter("perturbation.shimmer_local"),
    ),
    Descriptor(
        name="shimmer_local_db",
        family=FAMILY,
        scope="clip",
        unit="dB",
        low=0.0,
        high=math.inf,
        missing="absent",
        absent_where="without two neighbouring periods",
        is_="Shimmer of the whole recording in decibels.",
        formula="As for `shimmer_db`, over all pairs of neighbouring periods.",
        source="Titze and Liang 1993",
        emotion="As for `jitter`.",
        fails="As for `shimmer_db`.",
        compute=attrgetter("perturbation.shimmer_local_db"),
    ),
    Descriptor(
        name="snr",
        family=FAMILY,
        scope="clip",
        unit="dB",
        low=-math.inf,
        high=120.0,
        missing="absent",
        absent_where="in silence, and under 0.14 s",
        is_="Signal-to-noise ratio: power of the speech over power of the quietest tenth of the recording.",
        formula="`10 log10((P_speech - P_noise) / P_noise)`",
        source="",
        emotion="None: it is a quality of the recording. It tells how far the other values can be trusted, and "
        "whether two groups of recordings may be compared.",
        fails="Needs pauses of a tenth of the recording; breath and reverberation in them count as noise, changing "
        "noise is misjudged.",
        compute=lambda analysis: snr(analysis.waveform, analysis.sampling_rate),
    ),
)
