import re

import pytest

from paraverbal.features.egemaps import NAMES
from paraverbal.report.plain_names import plain_name, unit


@pytest.mark.parametrize("name", NAMES)
def test_every_functional_has_a_plain_name_and_all_but_cepstra_a_unit(name):
    assert plain_name(name) != name
    assert not re.search(r"[a-z][A-Z]|_", plain_name(name).replace("kHz", ""))
    assert unit(name) or (name.startswith("mfcc") and not name.endswith("stddevNorm"))


def test_no_two_functionals_have_the_same_name():
    assert len({plain_name(name) for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize(
    ("name", "words", "of"),
    [
        ("F0semitoneFrom27.5Hz_sma3nz_amean", "F0: mean", "semitones above 27.5 Hz"),
        ("F0semitoneFrom27.5Hz_sma3nz_pctlrange0-2", "F0: 20th to 80th percentile", "semitones"),
        ("mfcc1V_sma3nz_amean", "MFCC 1, voiced frames: mean", ""),
        ("mfcc2_sma3_stddevNorm", "MFCC 2: variation", "deviation / mean"),
        ("HNRdBACF_sma3nz_amean", "Harmonics-to-noise ratio: mean", "dB"),
        ("spectralFluxUV_sma3nz_amean", "Spectral flux, unvoiced frames: mean", "change of the loudness spectrum"),
        ("something_else", "something_else", ""),
    ],
)
def test_names_and_units(name, words, of):
    assert (plain_name(name), unit(name)) == (words, of)
