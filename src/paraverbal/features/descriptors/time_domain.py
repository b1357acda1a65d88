"""Time domain: what the waveform itself tells, without a spectrum."""

import math
from operator import attrgetter

from paraverbal.features.descriptors.entry import Descriptor, Family
from paraverbal.features.time_domain import energy, rms, zero_crossing_rate

FAMILY: Family = "time domain"

DESCRIPTORS = (
    Descriptor(
        name="energy",
        family=FAMILY,
        unit="full scale squared",
        low=0.0,
        high=math.inf,
        missing="never",
        is_="Sum of the squared samples of a frame. It grows with the length of the frame.",
        formula="`E = sum x[n]^2`",
        source="Rabiner and Schafer 1978",
        emotion="As for `intensity`, which is its logarithm and easier to compare.",
        fails="Distance to the microphone and recording gain change it as much as any emotion does; compare within "
        "one recording, or after levelling.",
        compute=lambda analysis: analysis.of_frames(energy),
    ),
    Descriptor(
        name="rms",
        family=FAMILY,
        unit="full scale",
        low=0.0,
        high=2.0,
        missing="never",
        is_="Root mean square of a frame: the amplitude that a constant would need for the same power. Its course "
        "over time is the amplitude envelope.",
        formula="`RMS = sqrt(E / N)`, `N` samples in a frame",
        source="Rabiner and Schafer 1978",
        emotion="As for `intensity`.",
        fails="As for `energy`.",
        compute=lambda analysis: analysis.of_frames(rms),
    ),
    Descriptor(
        name="zero_crossing_rate",
        family=FAMILY,
        unit="share of samples",
        low=0.0,
        high=1.0,
        missing="never",
        is_="How often the waveform changes its sign. High in fricatives and noise, low in vowels; for a sine of "
        "frequency `f` it is `2 f / rate`.",
        formula="`ZCR = (changes of sign within the frame) / N`",
        source="Rabiner and Schafer 1978",
        emotion="Little by itself: it mixes voicing with the balance of high and low frequencies. Systems use it as "
        "one input of many.",
        fails="Weak noise in a pause crosses zero more often than any speech; a recording with hum crosses at the "
        "rate of the hum.",
        compute=lambda analysis: analysis.of_frames(zero_crossing_rate),
    ),
    Descriptor(
        name="duration_seconds",
        family=FAMILY,
        also=("prosodic",),
        scope="clip",
        unit="s",
        low=0.0,
        high=math.inf,
        missing="never",
        is_="Length of the recording.",
        formula="`samples / rate`",
        source="",
        emotion="Of the same words, sad speech lasts longer, as it is slower and has more pauses (Juslin and Laukka "
        "2003).",
        fails="It counts silence before and after the speech, and other words take other times: `speech_rate` and "
        "`pause_share` say more.",
        compute=attrgetter("duration_seconds"),
    ),
)
