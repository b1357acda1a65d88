from dataclasses import replace

import librosa
import numpy as np
import pytest
from scipy.fft import dct

from paraverbal.errors import AudioError, NonFiniteAudioError, RecipeError
from paraverbal.features import analysis as module
from paraverbal.features import spectral_shape
from paraverbal.features.analysis import Analysis, AnalysisSettings
from paraverbal.features.descriptors import DESCRIPTORS
from paraverbal.features.formants import FormantSettings
from paraverbal.features.pitch import PitchSettings

RATE = 16_000
NOISE = (0.1 * np.random.default_rng(0).standard_normal(40_000)).astype(np.float32)
SPECTRAL = [
    "spectral_centroid",
    "spectral_flux",
    "power_spectrum",
    "log_mel",
    "alpha_ratio",
    "lpcc",
    "harmonic_level",
]


def tone(hertz: float, amplitude: float = 1.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)).astype(np.float32)


def values(analysis: Analysis, name: str) -> np.ndarray:
    return np.asarray(DESCRIPTORS[name].compute(analysis))


@pytest.mark.parametrize("window", ["rectangular", "hann", "hamming", "blackman"])
def test_a_sine_has_its_own_level_in_its_bin_whatever_the_window(window: str) -> None:
    analysis = Analysis(tone(1000, 0.5), RATE, AnalysisSettings(window=window))  # type: ignore[arg-type]
    power = next(analysis.power_blocks())[50]
    assert analysis.frequencies[power.argmax()] == 1000
    assert 10 * np.log10(power.max()) == pytest.approx(-6.02, abs=0.01)


def test_what_is_computed_is_kept() -> None:
    analysis = Analysis(tone(200), RATE)
    for name in ("pitch", "formants", "perturbation", "harmonics", "prosody", "mfcc", "envelope"):
        assert getattr(analysis, name) is getattr(analysis, name)


def test_spectra_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    power_of = spectral_shape.power_of
    monkeypatch.setattr(spectral_shape, "power_of", lambda *given: calls.append(1) or power_of(*given))
    analysis = Analysis(NOISE, RATE)
    for name in ("spectral_centroid", "log_mel", "alpha_ratio", "spectral_flux"):
        values(analysis, name)
    assert len(calls) == 1


@pytest.mark.parametrize("name", SPECTRAL)
def test_a_recording_too_long_to_keep_its_spectra_has_the_same_values(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = values(Analysis(NOISE, RATE, AnalysisSettings(hop_seconds=0.001)), name)
    monkeypatch.setattr(module, "_KEPT_BYTES", 0)
    long = Analysis(NOISE, RATE, AnalysisSettings(hop_seconds=0.001))
    assert whole.shape[-1] == 2501  # three blocks
    np.testing.assert_array_equal(values(long, name), whole)
    assert long._kept == []


def test_the_flux_of_blocks_is_that_of_the_whole() -> None:
    analysis = Analysis(NOISE, RATE, AnalysisSettings(hop_seconds=0.001))
    power = np.concatenate(list(analysis.power_blocks()))
    np.testing.assert_allclose(analysis.flux, spectral_shape.flux(power, analysis.frequencies), rtol=1e-5)


def test_the_mel_bands_are_librosas() -> None:
    analysis = Analysis(NOISE, RATE)
    power = np.concatenate(list(analysis.power_blocks())).T
    bands = librosa.filters.mel(sr=RATE, n_fft=512, n_mels=40, norm=None) @ power
    np.testing.assert_allclose(analysis.log_mel, 10 * np.log10(bands), atol=1e-3)
    np.testing.assert_allclose(analysis.mfcc, dct(analysis.log_mel, axis=0, norm="ortho")[:13], atol=1e-2)


@pytest.mark.parametrize("offset", [0.0, 1e-5, 0.3])
def test_the_mean_is_taken_off(offset: float) -> None:
    analysis = Analysis(NOISE - NOISE.mean() + np.float32(offset), RATE)
    assert abs(analysis.waveform.mean(dtype=np.float64)) <= 2.0**-16


def test_a_recording_without_offset_is_not_copied() -> None:
    waveform = tone(250)
    assert Analysis(waveform, RATE).waveform is waveform


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100])
@pytest.mark.parametrize("hop_seconds", [0.005, 0.010, 0.0123])
def test_all_series_lie_on_one_grid(rate: int, hop_seconds: float) -> None:
    analysis = Analysis(NOISE[: rate // 4], rate, AnalysisSettings(hop_seconds=hop_seconds))
    series = [
        analysis.pitch.f0,
        analysis.formants.frequencies[0],
        analysis.intensity,
        analysis.loudness,
        analysis.flux,
        analysis.mfcc[0],
        analysis.harmonics[:, 0],
        analysis.prediction[1],
        analysis.perturbation.jitter,
    ]
    assert {len(one) for one in series} == {analysis.frames}
    np.testing.assert_allclose(analysis.times, analysis.pitch.times)
    np.testing.assert_allclose(analysis.times, analysis.formants.times)


def test_settings_reach_what_they_configure() -> None:
    creaky = AnalysisSettings(pitch=PitchSettings(low_hz=40), formants=FormantSettings(formants=3))
    pulses = np.zeros(RATE, np.float32)
    pulses[:: RATE // 50] = 1
    assert np.isnan(Analysis(pulses, RATE).f0[10:-10]).mean() > 0.5
    found = Analysis(pulses, RATE, creaky)
    assert np.nanmedian(found.f0) == pytest.approx(50, rel=0.01)
    assert len(found.formants.frequencies) == 3
    assert len(Analysis(pulses, RATE, AnalysisSettings(coefficients=20, bands=64)).mfcc) == 20
    assert len(values(Analysis(pulses, RATE, AnalysisSettings(harmonics=4)), "harmonic_level")) == 4


def test_a_waveform_of_two_channels_is_an_error() -> None:
    with pytest.raises(AudioError, match=r"shape \(2, 100\).*one channel"):
        Analysis(np.zeros((2, 100)), RATE)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_an_error(bad: float) -> None:
    with pytest.raises(NonFiniteAudioError, match="1 of 3 samples"):
        Analysis(np.array([0, bad, 0]), RATE)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), 1000])
def test_a_rate_too_low_for_speech_is_an_error(rate: float) -> None:
    with pytest.raises(AudioError, match="sampling rate"):
        Analysis(NOISE, rate)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["frame_seconds", "hop_seconds", "bands", "harmonics"])
@pytest.mark.parametrize("value", [0, -1, np.inf, np.nan])
def test_settings_are_numbers_above_zero(name: str, value: float) -> None:
    with pytest.raises(RecipeError, match=name):
        replace(AnalysisSettings(), **{name: value})


def test_there_are_no_more_coefficients_than_bands() -> None:
    with pytest.raises(RecipeError, match="30 coefficients of 20 bands"):
        AnalysisSettings(bands=20, coefficients=30)
