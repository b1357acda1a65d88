import json
from pathlib import Path

import numpy as np
import pytest

from paraverbal.audio.read import read
from paraverbal.errors import EmptyAudioError, NonFiniteAudioError, RecipeError
from paraverbal.features import egemaps_levels
from paraverbal.features.egemaps import NAMES, EgemapsSettings, functionals

RATE = 16_000
CLIPS = Path(__file__).parents[2] / "examples" / "clips"
GOLDEN = json.loads((Path(__file__).parent / "egemaps_opensmile.json").read_text())

VOICED = [name for name in NAMES if "sma3nz" in name and "UV" not in name]

# openSMILE's jitter depends on where its search stood a second before; slopes of F0 and variations turn on single frames.
LOOSE = ("jitter", "shimmer", "Slope", "stddevNorm", "Segment", "amplitudeLogRelF0", "H1-H2", "pctlrange", "HNR")


def vowel(f0=200.0, seconds=1.0, rate=RATE):
    """Return harmonics that fall by 12 dB an octave, through three resonances, without noise."""
    times = np.arange(int(seconds * rate)) / rate
    harmonics = np.arange(1, int(3900 / f0) + 1) * f0
    resonances = sum(1 / (1 + ((harmonics - formant) / 60) ** 2) for formant in (700, 1800, 2700))
    levels = (resonances + 0.3) * (f0 / harmonics) ** 1.5
    waves = levels[:, np.newaxis] * np.sin(2 * np.pi * harmonics[:, np.newaxis] * times)
    return (0.5 * waves.sum(axis=0) / np.abs(waves.sum(axis=0)).max()).astype(np.float32)


def named(waveform, rate=RATE, **settings):
    return dict(zip(NAMES, functionals(waveform, rate, EgemapsSettings(**settings)).tolist(), strict=True))


def noise(samples=RATE, level=0.1):
    return (level * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)


def test_there_are_88_names_and_they_are_those_of_opensmile():
    assert len(NAMES) == len(set(NAMES)) == 88
    assert list(NAMES) == GOLDEN["names"]


@pytest.mark.parametrize("clip", sorted(GOLDEN["clips"]))
def test_the_numbers_are_those_of_opensmile(clip):
    waveform, _ = read(CLIPS / clip, sampling_rate=RATE)
    ours = named(waveform)
    theirs = dict(zip(NAMES, GOLDEN["clips"][clip], strict=True))
    firm = [name for name in NAMES if not any(part in name for part in LOOSE)]
    off = [
        name
        for name in firm
        if ours[name] != pytest.approx(theirs[name], rel=0.10, abs=0.02 + 0.01 * abs(theirs[name]))
    ]
    assert len(firm) == 36
    assert len(off) <= 4, [(name, ours[name], theirs[name]) for name in off]
    whole = [name for name in NAMES if name.startswith(("loudness_", "spectralFlux_", "mfcc1_", "equivalent"))]
    whole = [name for name in whole if "Slope" not in name]
    for name in whole:
        assert ours[name] == pytest.approx(theirs[name], rel=0.05, abs=0.05), name


@pytest.mark.parametrize("f0", [80.0, 130.0, 220.0, 440.0, 800.0])
def test_f0_is_that_of_the_vowel(f0):
    found = named(vowel(f0))
    assert found["F0semitoneFrom27.5Hz_sma3nz_percentile50.0"] == pytest.approx(12 * np.log2(f0 / 27.5), abs=0.2)
    assert found["F0semitoneFrom27.5Hz_sma3nz_pctlrange0-2"] < 0.3


def test_a_steady_vowel_has_neither_jitter_nor_shimmer_and_little_noise():
    found = named(vowel())
    assert found["jitterLocal_sma3nz_amean"] < 0.002
    assert found["shimmerLocaldB_sma3nz_amean"] < 0.1
    assert found["HNRdBACF_sma3nz_amean"] > 10
    noisy = named(vowel() + noise(level=0.1))
    assert noisy["HNRdBACF_sma3nz_amean"] < found["HNRdBACF_sma3nz_amean"] - 2
    assert noisy["shimmerLocaldB_sma3nz_amean"] > found["shimmerLocaldB_sma3nz_amean"]


def test_periods_of_two_lengths_in_turn_have_the_jitter_that_they_were_made_with():
    pulses = np.zeros(RATE, np.float32)
    pulses[np.cumsum(np.tile([79, 81], 90))] = 0.9
    ring = np.exp(-np.arange(60) / 12) * np.sin(2 * np.pi * 0.06 * np.arange(60))
    found = named(np.convolve(pulses, ring)[:RATE].astype(np.float32))
    assert found["jitterLocal_sma3nz_amean"] == pytest.approx(2 / 80, rel=0.15)


def test_two_vowels_between_silences_are_two_voiced_stretches_of_their_length():
    silence = np.zeros(RATE // 2, np.float32)
    found = named(np.concatenate([silence, vowel(seconds=0.4), silence, vowel(seconds=0.6), silence]))
    assert found["VoicedSegmentsPerSec"] == pytest.approx(2 / 2.5, rel=0.05)
    assert found["MeanVoicedSegmentLengthSec"] == pytest.approx(0.5, abs=0.06)
    assert found["StddevVoicedSegmentLengthSec"] == pytest.approx(0.1, abs=0.03)
    assert found["MeanUnvoicedSegmentLength"] == pytest.approx(0.47, abs=0.06)
    assert 0 < found["loudnessPeaksPerSec"] <= 2


@pytest.mark.parametrize("amplitude", [0.01, 0.1, 1.0])
def test_the_level_of_a_sine_is_that_of_half_its_squared_amplitude(amplitude):
    sine = (amplitude * np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE)).astype(np.float32)
    assert named(sine)["equivalentSoundLevel_dBp"] == pytest.approx(10 * np.log10(amplitude**2 / 2), abs=0.02)


def test_formants_by_the_paper_lie_where_the_vowel_has_them():
    found = named(vowel(100.0), as_opensmile=False)
    for number, formant in ((1, 700), (2, 1800), (3, 2700)):
        assert found[f"F{number}frequency_sma3nz_amean"] == pytest.approx(formant, rel=0.08)
        assert found[f"F{number}bandwidth_sma3nz_amean"] < 500
    theirs = named(vowel(100.0))
    assert theirs["F1bandwidth_sma3nz_amean"] > 2 * found["F1bandwidth_sma3nz_amean"]


def test_gain_moves_the_slopes_of_opensmile_but_not_those_of_the_paper():
    loud, soft = vowel() + noise(level=0.01), 0.1 * (vowel() + noise(level=0.01))
    name = "slopeV0-500_sma3nz_amean"
    assert named(loud, as_opensmile=False)[name] == pytest.approx(named(soft, as_opensmile=False)[name], rel=1e-3)
    assert named(loud)[name] != pytest.approx(named(soft)[name], rel=0.05)


@pytest.mark.parametrize("as_opensmile", [True, False])
def test_blocks_join_without_a_seam(monkeypatch, as_opensmile):
    waveform, _ = read(CLIPS / "angry_1.flac", sampling_rate=RATE)
    waveform = np.tile(waveform, 3)
    settings = EgemapsSettings(as_opensmile=as_opensmile)
    whole = functionals(waveform, RATE, settings)
    monkeypatch.setattr(egemaps_levels, "_BLOCK", 150)
    blocks = functionals(waveform, RATE, settings)
    loose = np.array(["jitter" in name or "shimmer" in name for name in NAMES])
    assert blocks[~loose] == pytest.approx(whole[~loose], rel=1e-3, abs=1e-4)
    assert blocks[loose] == pytest.approx(whole[loose], rel=0.2)


BAD = {
    "silence": np.zeros(RATE, np.float32),
    "noise": noise(),
    "whisper": noise() * np.hanning(RATE).astype(np.float32),
    "constant": np.full(RATE, 0.5, np.float32),
    "short": vowel(seconds=0.05),
    "one sample": np.ones(1, np.float32),
    "impulse": np.eye(1, RATE, 5000, dtype=np.float32)[0],
    "clipped": np.clip(20 * vowel(), -1, 1),
    "sine": np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE).astype(np.float32),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
@pytest.mark.parametrize("as_opensmile", [True, False])
def test_bad_input_gives_finite_numbers_and_no_warning(name, rate, as_opensmile):
    found = functionals(BAD[name], rate, EgemapsSettings(as_opensmile=as_opensmile))
    assert found.shape == (88,)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", ["silence", "noise", "whisper", "constant"])
def test_without_a_voice_voiced_functionals_are_zero_or_nan_as_chosen(name):
    constant = [entry for entry in VOICED if "amplitudeLogRelF0" in entry]
    zero, nan = named(BAD[name]), named(BAD[name], missing="nan")
    assert all(zero[entry] == 0 and np.isnan(nan[entry]) for entry in VOICED if entry not in constant)
    assert all(zero[entry] == (-201 if "amean" in entry else 0) for entry in constant)
    assert zero["VoicedSegmentsPerSec"] == 0
    assert np.isfinite(nan["loudness_sma3_amean"])


def test_a_dc_offset_does_not_move_f0():
    assert named(vowel() * 0.5 + 0.2)["F0semitoneFrom27.5Hz_sma3nz_percentile50.0"] == pytest.approx(
        named(vowel())["F0semitoneFrom27.5Hz_sma3nz_percentile50.0"], abs=0.1
    )


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
def test_other_rates_say_about_the_same(rate):
    found, reference = named(vowel(rate=rate), rate), named(vowel())
    for name in ("F0semitoneFrom27.5Hz_sma3nz_amean", "F1frequency_sma3nz_amean", "hammarbergIndexV_sma3nz_amean"):
        assert found[name] == pytest.approx(reference[name], rel=0.1), name
    assert found["equivalentSoundLevel_dBp"] == pytest.approx(reference["equivalentSoundLevel_dBp"], abs=0.5)
    assert found["loudness_sma3_amean"] == pytest.approx(reference["loudness_sma3_amean"], rel=0.15)


def test_a_creaky_voice_is_found_where_the_range_allows_it():
    name = "F0semitoneFrom27.5Hz_sma3nz_percentile50.0"
    assert named(vowel(40.0), low_hz=30.0)[name] == pytest.approx(12 * np.log2(40 / 27.5), abs=0.4)
    assert named(vowel(40.0))[name] != pytest.approx(12 * np.log2(40 / 27.5), abs=0.4)


@pytest.mark.parametrize(
    ("waveform", "rate", "error", "message"),
    [
        (np.zeros(0, np.float32), RATE, EmptyAudioError, "no samples"),
        (np.array([0, np.nan, 0], np.float32), RATE, NonFiniteAudioError, "NaN"),
        (np.zeros(9, np.float32), 4000, RecipeError, "8000 Hz"),
    ],
)
def test_what_cannot_be_measured_is_an_error(waveform, rate, error, message):
    with pytest.raises(error, match=message):
        functionals(waveform, rate)


@pytest.mark.parametrize(
    "settings", [{"low_hz": 10}, {"low_hz": 600, "high_hz": 500}, {"voicing": 1.5}, {"missing": "mean"}]
)
def test_impossible_settings_are_an_error(settings):
    with pytest.raises(RecipeError, match="give"):
        EgemapsSettings(**settings)
