"""The 88 functionals of eGeMAPS in plain words, with their units.

A name is a descriptor and a functional: `loudness_sma3_percentile80.0` is loudness, 80th percentile. Other names stay as they
are. Source: Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS)", IEEE Transactions on Affective Computing,
2016, section 3.
"""

import re

# Descriptor -> words, unit.
_DESCRIPTORS = {
    "F0semitoneFrom27.5Hz": ("F0", "semitones above 27.5 Hz"),
    "loudness": ("Loudness", "auditory power ^ 0.33"),
    "spectralFlux": ("Spectral flux", "change of the loudness spectrum"),
    "mfcc1": ("MFCC 1", ""),
    "mfcc2": ("MFCC 2", ""),
    "mfcc3": ("MFCC 3", ""),
    "mfcc4": ("MFCC 4", ""),
    "jitterLocal": ("Jitter", "share of the period"),
    "shimmerLocaldB": ("Shimmer", "dB"),
    "HNRdBACF": ("Harmonics-to-noise ratio", "dB"),
    "logRelF0-H1-H2": ("Harmonic 1 over harmonic 2", "dB"),
    "logRelF0-H1-A3": ("Harmonic 1 over the third formant", "dB"),
    "alphaRatio": ("Alpha ratio, 50-1000 Hz over 1-5 kHz", "dB"),
    "hammarbergIndex": ("Hammarberg index, peak below over above 2 kHz", "dB"),
    "slope0-500": ("Spectral slope 0-500 Hz", "per Hz"),
    "slope500-1500": ("Spectral slope 500-1500 Hz", "per Hz"),
    **{f"F{n}frequency": (f"Formant {n}, frequency", "Hz") for n in (1, 2, 3)},
    **{f"F{n}bandwidth": (f"Formant {n}, bandwidth", "Hz") for n in (1, 2, 3)},
    **{f"F{n}amplitudeLogRelF0": (f"Formant {n}, level over harmonic 1", "dB") for n in (1, 2, 3)},
}
# Functional -> words, and what it does to the unit: nothing, a rate per second, or no unit.
_FUNCTIONALS = {
    "amean": ("mean", "{}"),
    "stddevNorm": ("variation", "deviation / mean"),
    "percentile20.0": ("20th percentile", "{}"),
    "percentile50.0": ("median", "{}"),
    "percentile80.0": ("80th percentile", "{}"),
    "pctlrange0-2": ("20th to 80th percentile", "{}"),
    "meanRisingSlope": ("mean slope of rises", "{} per s"),
    "stddevRisingSlope": ("deviation of the slope of rises", "{} per s"),
    "meanFallingSlope": ("mean slope of falls", "{} per s"),
    "stddevFallingSlope": ("deviation of the slope of falls", "{} per s"),
}
_OTHERS = {
    "loudnessPeaksPerSec": ("Loudness peaks", "per s"),
    "VoicedSegmentsPerSec": ("Voiced stretches", "per s"),
    "MeanVoicedSegmentLengthSec": ("Voiced stretches, mean length", "s"),
    "StddevVoicedSegmentLengthSec": ("Voiced stretches, deviation of length", "s"),
    "MeanUnvoicedSegmentLength": ("Unvoiced stretches, mean length", "s"),
    "StddevUnvoicedSegmentLength": ("Unvoiced stretches, deviation of length", "s"),
    "equivalentSoundLevel_dBp": ("Equivalent sound level", "dB of full scale"),
}
_PARTS = {"V": ", voiced frames", "UV": ", unvoiced frames", "": ""}
_NAME = re.compile(r"(?P<descriptor>.+?)(?P<part>UV|V|)(?P<slope>\d+-\d+)?_sma3(nz)?_(?P<functional>[^_]+)")


def plain_name(name: str) -> str:
    """Return the name of a functional in words.

    Example:
        >>> plain_name("slopeUV0-500_sma3nz_amean")
        'Spectral slope 0-500 Hz, unvoiced frames: mean'
    """
    return _plain(name)[0]


def unit(name: str) -> str:
    """Return the unit of a functional; empty where it has none, or is not known.

    Example:
        >>> unit("F0semitoneFrom27.5Hz_sma3nz_meanRisingSlope")
        'semitones per s'
    """
    return _plain(name)[1]


def _plain(name: str) -> tuple[str, str]:
    if name in _OTHERS:
        return _OTHERS[name]
    found = _NAME.fullmatch(name)
    descriptor = f"{found['descriptor']}{found['slope'] or ''}" if found else ""
    if found is None or descriptor not in _DESCRIPTORS or found["functional"] not in _FUNCTIONALS:
        return name, ""
    words, of_descriptor = _DESCRIPTORS[descriptor]
    functional, pattern = _FUNCTIONALS[found["functional"]]
    if descriptor.startswith("F0") and found["functional"] not in (
        "amean",
        *(f"percentile{n}.0" for n in (20, 50, 80)),
    ):
        of_descriptor = "semitones"  # a distance knows no zero
    whole = pattern.format(of_descriptor) if of_descriptor or "{}" not in pattern else ""
    return f"{words}{_PARTS[found['part']]}: {functional}", whole
