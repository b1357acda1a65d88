"""Dynamic: how other descriptors change from frame to frame."""

import math
from operator import attrgetter

from paraverbal.features.analysis import Analysis
from paraverbal.features.descriptors.entry import Descriptor, Family, Value
from paraverbal.features.dynamics import delta, delta_delta

FAMILY: Family = "dynamic"

_DELTA = "`sum_{n=1,2} n (x[t+n] - x[t-n]) / 10`"


def _per_second(analysis: Analysis, series: Value) -> Value:
    return series * (analysis.sampling_rate / analysis.hop_length)


DESCRIPTORS = (
    Descriptor(
        name="spectral_flux",
        family=FAMILY,
        also=("frequency domain", "timbre"),
        motion="dynamic",
        unit="full scale",
        low=0.0,
        high=math.inf,
        missing="never",
        is_="How much the magnitudes of the spectrum up to 5 kHz change from one frame to the next.",
        formula="`sqrt(mean_k (|X[t, k]| - |X[t-1, k]|)^2)`",
        source="Eyben et al. 2016",
        emotion="Large where sounds begin and end abruptly; among the parameters of Eyben et al. 2016. Fast onsets "
        "are reported for anger and happiness, slow ones for sadness (Juslin and Laukka 2003).",
        fails="Loud recordings have more of it, as magnitudes are not divided by the level; clicks have most.",
        compute=attrgetter("flux"),
    ),
    Descriptor(
        name="mfcc_delta",
        family=FAMILY,
        also=("timbre",),
        motion="dynamic",
        unit="1/frame",
        low=-math.inf,
        high=math.inf,
        missing="never",
        is_="First differences: slope of each MFCC over five frames.",
        formula=_DELTA,
        source="Furui 1986",
        emotion="They carry the speed of articulation, and are a usual input beside the MFCC.",
        fails="As for `mfcc`, but a steady change of level or channel vanishes. The first and last two frames see "
        "repeated ends.",
        compute=lambda analysis: delta(analysis.mfcc),
        counted_from=0,
    ),
    Descriptor(
        name="mfcc_delta_delta",
        family=FAMILY,
        also=("timbre",),
        motion="dynamic",
        unit="1/frame^2",
        low=-math.inf,
        high=math.inf,
        missing="never",
        is_="Second differences: slope of `mfcc_delta`, the curvature of each MFCC.",
        formula="As for `mfcc_delta`, of `mfcc_delta`.",
        source="Furui 1986",
        emotion="As for `mfcc_delta`.",
        fails="As for `mfcc_delta`; noise is raised twice.",
        compute=lambda analysis: delta_delta(analysis.mfcc),
        counted_from=0,
    ),
    Descriptor(
        name="f0_delta",
        family=FAMILY,
        also=("prosodic",),
        motion="dynamic",
        unit="semitones/s",
        low=-math.inf,
        high=math.inf,
        missing="absent",
        absent_where="in unvoiced frames and within two frames of them",
        is_="Slope of F0 over five voiced frames: how fast pitch moves.",
        formula=f"{_DELTA} of `f0_semitones`, by the hop",
        source="Furui 1986",
        emotion="Among the parameters of Eyben et al. 2016 as slopes of rising and falling F0. Steep in lively, flat "
        "in sad and bored speech, as the range of F0 is (Scherer 2003).",
        fails="As for `f0`: an octave error is a very steep movement. There is none within two frames of unvoiced "
        "ones.",
        compute=lambda analysis: _per_second(analysis, delta(analysis.semitones)),
    ),
    Descriptor(
        name="intensity_delta",
        family=FAMILY,
        also=("prosodic",),
        motion="dynamic",
        unit="dB/s",
        low=-math.inf,
        high=math.inf,
        missing="never",
        is_="Slope of the level over five frames: how fast loudness rises and falls.",
        formula=f"{_DELTA} of `intensity`, by the hop",
        source="Furui 1986",
        emotion="Fast voice onsets are reported for anger and happiness, slow ones for sadness (Juslin and Laukka "
        "2003).",
        fails="Digital silence beside sound makes slopes of thousands of dB a second; background noise makes them "
        "gentle.",
        compute=lambda analysis: _per_second(analysis, delta(analysis.intensity)),
    ),
)
