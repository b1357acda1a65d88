"""Frequency domain: how the power of one frame is spread over frequencies, in a single number each."""

from paraverbal.features import spectral_shape as shape
from paraverbal.features.descriptors.entry import Descriptor, Family

FAMILY: Family = "frequency domain"

DESCRIPTORS = (
    Descriptor(
        name="spectral_centroid",
        family=FAMILY,
        also=("timbre",),
        unit="Hz",
        low=0.0,
        high="half the sampling rate",
        missing="silence",
        is_="Mean frequency, weighed by power: the brightness of a sound.",
        formula="`C = sum f[k] P[k] / sum P[k]`, `P` power and `f` frequency of bin `k`",
        source="Peeters 2004",
        emotion="It rises with the share of high frequencies, which is large in anger and small in sadness (Scherer "
        "2003; Juslin and Laukka 2003).",
        fails="A fricative lies far above any vowel, so its mean over a clip depends on the words; background noise "
        "draws it towards the middle of the band; the sampling rate limits it.",
        compute=lambda analysis: analysis.of_spectra(shape.centroid),
    ),
    Descriptor(
        name="spectral_bandwidth",
        family=FAMILY,
        also=("timbre",),
        unit="Hz",
        low=0.0,
        high="half the sampling rate",
        missing="silence",
        is_="Standard deviation of frequency around the centroid, weighed by power.",
        formula="`B = sqrt(sum (f[k] - C)^2 P[k] / sum P[k])`",
        source="Peeters 2004",
        emotion="As for the centroid: more power at high frequencies makes voiced sounds broader.",
        fails="As for the centroid. It has nothing to do with the bandwidth of a formant.",
        compute=lambda analysis: analysis.of_spectra(shape.bandwidth),
    ),
    Descriptor(
        name="spectral_entropy",
        family=FAMILY,
        unit="share of the highest possible",
        low=0.0,
        high=1.0,
        missing="silence",
        is_="How evenly power is spread over bins: near 0 for a sine, near 1 for white noise.",
        formula="`H = -sum p[k] log2 p[k] / log2 K`, `p[k] = P[k] / sum P`, `K` bins",
        source="Misra et al. 2004",
        emotion="It tells voiced from unvoiced and speech from noise rather than one emotion from another.",
        fails="It depends on window and frame length, and rises with background noise.",
        compute=lambda analysis: analysis.of_spectra(shape.entropy),
    ),
    Descriptor(
        name="spectral_rolloff",
        family=FAMILY,
        also=("timbre",),
        unit="Hz",
        low=0.0,
        high="half the sampling rate",
        missing="silence",
        is_="Frequency below which 85 % of the power lies.",
        formula="`the lowest f[k] with sum_{j <= k} P[j] >= 0.85 sum P`",
        source="Peeters 2004",
        emotion="As for the centroid.",
        fails="As for the centroid; it jumps between formants where two are about as strong.",
        compute=lambda analysis: analysis.of_spectra(shape.rolloff),
    ),
    Descriptor(
        name="spectral_flatness",
        family=FAMILY,
        unit="ratio of power",
        low=0.0,
        high=1.0001,
        missing="silence",
        is_="Geometric mean of the power over its arithmetic mean: near 0 where single frequencies stand out, 0.56 "
        "for white noise.",
        formula="`F = exp(mean ln P[k]) / mean P[k]`",
        source="Gray and Markel 1974",
        emotion="It is higher where a voice holds more noise, as in whispered and breathy speech.",
        fails="A steep spectrum lowers it as periodicity does; an empty band, left by resampling or coding, brings it "
        "to 0.",
        compute=lambda analysis: analysis.of_spectra(shape.flatness),
    ),
)
