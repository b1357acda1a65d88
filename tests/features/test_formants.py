import os
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from paraverbal.audio.resample import resample
from paraverbal.errors import NonFiniteAudioError, RecipeError
from paraverbal.features.formants import FormantSettings, relative_levels, track

RATE = 16_000
# F1 to F5 in hertz of a man's vowels after Peterson and Barney 1952, with usual F4 and F5
VOWELS = {
    "heed": [270, 2290, 3010, 3600, 4500],
    "had": [660, 1720, 2410, 3500, 4500],
    "hod": [730, 1090, 2440, 3500, 4500],
    "who": [300, 870, 2240, 3400, 4500],
    "heard": [490, 1350, 1690, 3300, 4400],
    "neutral": [500, 1500, 2500, 3500, 4500],
}
BANDWIDTHS = [60, 90, 130, 180, 250]
MAN = FormantSettings(ceiling_hz=5000)


def pulses(seconds: float, f0: float, rate: int) -> np.ndarray:
    return np.diff(np.floor(np.arange(int(seconds * rate) + 1) * f0 / rate))


def vowel(
    formants: list[int],
    *,
    f0: float = 100,
    seconds: float = 0.5,
    rate: int = RATE,
    ceiling: int = 5000,
    excitation: np.ndarray | None = None,
) -> np.ndarray:
    """A vowel of known formants up to a ceiling, as a formant synthesiser makes it (Klatt 1980), at another rate.

    At twice the ceiling, resonators in a row need no correction for the formants that lie higher. The source's spectrum
    falls by 6 dB an octave from 50 Hz on.
    """
    fine = 2 * ceiling
    waveform = pulses(seconds, f0, fine) if excitation is None else excitation
    waveform = scipy.signal.lfilter([1], [1, -np.exp(-2 * np.pi * 50 / fine)], waveform)
    for hertz, bandwidth in zip(formants, BANDWIDTHS, strict=True):
        root = np.exp((-np.pi * bandwidth + 2j * np.pi * hertz) / fine)
        waveform = scipy.signal.lfilter([1], [1, -2 * root.real, np.abs(root) ** 2], waveform)
    waveform = resample(waveform.astype(np.float32), fine, rate)
    return 0.5 * waveform / np.abs(waveform).max()


def inner(series: np.ndarray) -> np.ndarray:
    """Without the frames at the ends, whose windows reach over them."""
    return series[:, 6:-6]


def middle(series: np.ndarray) -> np.ndarray:
    return np.median(inner(series), axis=1)


@pytest.mark.parametrize("name", VOWELS)
@pytest.mark.parametrize("f0", [80, 110])
def test_a_vowel_gives_back_its_formants(name: str, f0: float) -> None:
    formants = track(vowel(VOWELS[name], f0=f0), RATE, MAN)
    found = middle(formants.frequencies)
    assert found[0] == pytest.approx(VOWELS[name][0], rel=0.06)  # the nearest harmonic draws F1 to it
    np.testing.assert_allclose(found[1:4], VOWELS[name][1:4], rtol=0.01)
    assert found[4] == pytest.approx(VOWELS[name][4], rel=0.02)  # close to where resampling begins to cut
    np.testing.assert_allclose(middle(formants.bandwidths)[1:], BANDWIDTHS[1:], rtol=0.2)


def test_a_whispered_vowel_has_its_formants_too() -> None:
    noise = np.random.default_rng(0).standard_normal(20_000)
    formants = track(vowel(VOWELS["hod"], excitation=noise), RATE, MAN)
    np.testing.assert_allclose(middle(formants.frequencies), VOWELS["hod"], rtol=0.03)


def test_a_womans_vowel_fits_the_default_ceiling() -> None:
    higher = [int(1.1 * hertz) for hertz in VOWELS["had"]]
    found = middle(track(vowel(higher, f0=190, ceiling=5500), RATE).frequencies)
    np.testing.assert_allclose(found, higher, rtol=0.08)
    np.testing.assert_allclose(found[1:], higher[1:], rtol=0.02)


def test_levels_are_those_of_the_resonators_in_a_row() -> None:
    formants = track(vowel(VOWELS["neutral"]), RATE, MAN)
    polynomial = np.array([1, -np.exp(-2 * np.pi * 50 / 10_000)])
    for hertz, bandwidth in zip(VOWELS["neutral"], BANDWIDTHS, strict=True):
        root = np.exp((-np.pi * bandwidth + 2j * np.pi * hertz) / 10_000)
        polynomial = np.convolve(polynomial, [1, -2 * root.real, np.abs(root) ** 2])
    _, response = scipy.signal.freqz([1], polynomial, VOWELS["neutral"], fs=10_000)
    expected = 20 * np.log10(np.abs(response))
    np.testing.assert_allclose(middle(formants.levels), expected - expected.max(), atol=2.5)


@pytest.mark.parametrize("rate", [11_025, 16_000, 22_050, 44_100, 48_000])
def test_the_sampling_rate_does_not_matter(rate: int) -> None:
    found = middle(track(vowel(VOWELS["neutral"], rate=rate), rate, MAN).frequencies)
    np.testing.assert_allclose(found, VOWELS["neutral"], rtol=0.015)


@pytest.mark.parametrize(("settings", "present"), [(FormantSettings(), 3), (MAN, 4)])
def test_8_khz_hold_three_formants_of_a_woman_and_four_of_a_man(settings: FormantSettings, present: int) -> None:
    formants = track(vowel(VOWELS["neutral"], rate=8000), 8000, settings)
    for series in (formants.frequencies, formants.bandwidths, formants.levels):
        assert np.isnan(inner(series)).all(axis=1).tolist() == [False] * present + [True] * (5 - present)
    found = middle(formants.frequencies)[:present]
    np.testing.assert_allclose(found, VOWELS["neutral"][:present], rtol=0.05)


def test_frames_are_centred_and_10_ms_apart() -> None:
    formants = track(vowel(VOWELS["had"]), RATE)
    np.testing.assert_allclose(formants.times, np.arange(51) / 100)
    for series in (formants.frequencies, formants.bandwidths, formants.levels):
        assert series.shape == (5, 51)
        assert series.dtype == np.float32


def test_a_change_of_vowel_is_found_at_its_time() -> None:
    formants = track(np.concatenate([vowel(VOWELS["heed"]), vowel(VOWELS["hod"])]), RATE, MAN)
    assert np.abs(formants.frequencies[1, (formants.times > 0.03) & (formants.times < 0.46)] - 2290).max() < 100
    assert np.abs(formants.frequencies[1, (formants.times > 0.54) & (formants.times < 0.96)] - 1090).max() < 100


def test_frequencies_rise_and_the_strongest_formant_has_the_level_0() -> None:
    noise = np.random.default_rng(1).standard_normal(RATE)
    formants = track(noise.astype(np.float32), RATE)
    steps = np.diff(formants.frequencies, axis=0)
    assert (steps[np.isfinite(steps)] > 0).all()
    assert (formants.bandwidths[np.isfinite(formants.bandwidths)] > 0).all()
    np.testing.assert_allclose(np.nanmax(formants.levels, axis=0), 0)
    assert np.nanmin(formants.frequencies) > 50
    assert np.nanmax(formants.frequencies) < 5450


def test_a_long_recording_in_blocks_has_the_formants_of_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    waveform = np.concatenate([vowel(formants, seconds=1) for formants in VOWELS.values()])
    whole = track(waveform, RATE)
    monkeypatch.setattr("paraverbal.features.formants._BLOCK", 37)
    blocks = track(waveform, RATE)
    np.testing.assert_allclose(blocks.frequencies, whole.frequencies, rtol=1e-3)
    np.testing.assert_allclose(blocks.levels, whole.levels, atol=0.05)


@given(decibels=st.floats(-60, 20), offset=st.floats(-0.5, 0.5))
@settings(max_examples=15)
def test_neither_level_nor_dc_offset_matters(decibels: float, offset: float) -> None:
    waveform = vowel(VOWELS["had"], seconds=0.2)
    changed = (10 ** (decibels / 20) * (waveform + offset)).astype(np.float32)
    expected = inner(track(waveform, RATE).frequencies)
    np.testing.assert_allclose(inner(track(changed, RATE).frequencies), expected, rtol=0.01)


def test_clipping_leaves_f1_and_f2() -> None:
    waveform = np.clip(4 * vowel(VOWELS["had"]), -1, 1)
    np.testing.assert_allclose(middle(track(waveform, RATE, MAN).frequencies)[:2], VOWELS["had"][:2], rtol=0.06)


def test_silence_has_no_formants() -> None:
    formants = track(np.zeros(RATE, dtype=np.float32), RATE)
    for series in (formants.frequencies, formants.bandwidths, formants.levels):
        assert series.shape == (5, 101)
        assert np.isnan(series).all()


def test_digital_silence_within_a_recording_has_no_formants() -> None:
    waveform = np.concatenate([vowel(VOWELS["had"]), np.zeros(RATE), vowel(VOWELS["had"])]).astype(np.float32)
    formants = track(waveform, RATE)
    present = np.isfinite(formants.frequencies[0])
    assert present[:45].all()
    assert not present[60:140].any()
    assert present[155:].all()


@pytest.mark.parametrize("samples", [0, 1, 7, 800])
def test_short_recordings_have_a_frame_every_10_ms(samples: int) -> None:
    formants = track(vowel(VOWELS["had"])[1000 : 1000 + samples], RATE)
    assert formants.frequencies.shape == (5, 1 + samples // 160)
    assert formants.times[0] == 0
    assert np.isfinite(formants.frequencies[0, 1:]).all()


@pytest.mark.parametrize("hertz", [200, 440, 3000])
def test_a_pure_tone_is_one_of_its_own_formants(hertz: int) -> None:
    tone = (0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)).astype(np.float32)
    formants = track(tone, RATE)
    nearest = np.nanmin(np.abs(inner(formants.frequencies) - hertz), axis=0)
    assert nearest.max() < 30


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_an_error(bad: float) -> None:
    waveform = vowel(VOWELS["had"])
    waveform[100] = bad
    with pytest.raises(NonFiniteAudioError, match="1 of 8000 samples"):
        track(waveform, RATE)


def test_a_rate_without_room_for_a_formant_is_an_error() -> None:
    with pytest.raises(RecipeError, match="leave none below half of 2000 Hz"):
        track(np.ones(100, dtype=np.float32), 2000)


@pytest.mark.parametrize("name", ["formants", "ceiling_hz", "window_seconds", "hop_seconds", "pre_emphasis_hz"])
@pytest.mark.parametrize("value", [0, -1, np.nan])
def test_settings_are_above_0(name: str, value: float) -> None:
    with pytest.raises(RecipeError, match=f"{name} .*: give a number above 0"):
        FormantSettings(**{name: value})


def test_a_window_must_be_longer_than_the_predictor() -> None:
    with pytest.raises(RecipeError, match="too short for 5 formants"):
        FormantSettings(window_seconds=0.0005)


def test_relative_levels_are_those_of_the_strongest_harmonic_nearby() -> None:
    harmonics = np.array([[-20.0, -10, -12, -30, -25, -40]])  # of 200 Hz
    formants = np.array([[390.0], [900], [1210]])
    levels = relative_levels(formants, harmonics, np.array([200.0]))
    assert levels.dtype == np.float32
    # the harmonics of 400 Hz, 1000 Hz and 1000 Hz
    np.testing.assert_allclose(levels[:, 0], [10, -5, -5])


def test_a_formant_between_far_harmonics_has_the_level_of_the_nearest() -> None:
    levels = relative_levels(np.array([[560.0]]), np.array([[-6.0, -9, -20]]), np.array([400.0]))
    assert levels[0, 0] == 0


def test_without_f0_or_formant_or_harmonic_there_is_no_relative_level() -> None:
    formants = np.array([[500.0, np.nan, 500, 4000, 500]])
    f0 = np.array([np.nan, 100, 100, 100, 100])
    harmonics = np.tile(-np.arange(10.0), (5, 1))
    harmonics[4] = np.nan
    found = relative_levels(formants, harmonics, f0)
    assert np.isnan(found[0]).tolist() == [True, True, False, True, True]


@pytest.mark.corpus
def test_formants_of_real_speech_lie_where_formants_lie() -> None:
    folder = Path(os.environ["PARAVERBAL_CORPORA"]) / "ravdess" / "Actor_01"
    for file in sorted(folder.iterdir())[:5]:
        waveform, rate = soundfile.read(file, dtype="float32", always_2d=True)
        waveform = waveform.mean(axis=1)
        formants = track(waveform, rate, MAN)
        sound = np.sqrt(np.convolve(np.square(resample(waveform, rate, 1000)), np.ones(50) / 50, mode="same"))
        loud = np.interp(formants.times, np.arange(len(sound)) / 1000, sound) > 0.3 * sound.max()
        medians = np.nanmedian(formants.frequencies[:, loud], axis=1)
        assert 300 < medians[0] < 900
        assert 900 < medians[1] < 2200
        assert 2000 < medians[2] < 3200
        assert 3000 < medians[3] < 4300
