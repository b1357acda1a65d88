from pathlib import Path

import librosa
import numpy as np
import pytest
import scipy.fft
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.features.spectral import (
    cosine_basis,
    decibels,
    hz_to_mel,
    log_mel,
    mel_filters,
    mel_to_hz,
    mfcc,
    power_spectrogram,
    scale,
)
from paraverbal.settings import LogMelSettings, MfccSettings

REFERENCE_1 = LogMelSettings(fft_size=1024, hop_length=512, bands=128, fmax=8000)
LIBROSA_DEFAULT = LogMelSettings(fft_size=2048, hop_length=512, bands=128)


def noise(samples: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(samples) * np.linspace(0.001, 1, samples)).astype(np.float32)


def librosa_log_mel(waveform: np.ndarray, rate: int, settings: LogMelSettings) -> np.ndarray:
    power = librosa.feature.melspectrogram(
        y=waveform.astype(np.float64),
        sr=rate,
        n_fft=settings.fft_size,
        hop_length=settings.hop_length,
        n_mels=settings.bands,
        fmin=settings.fmin,
        fmax=None if settings.fmax == "half" else settings.fmax,
        htk=settings.scale == "htk",
        norm="slaney" if settings.norm == "slaney" else None,
    )
    if settings.log == "ln":
        return np.log(power + settings.epsilon)
    return librosa.power_to_db(
        power,
        ref=np.max if settings.reference == "max" else settings.reference,
        amin=settings.epsilon,
        top_db=None if settings.floor_db == "none" else settings.floor_db,
    )


def test_three_seconds_at_48_khz_become_128_bands_of_282_frames_between_minus_80_and_0_db() -> None:
    spectrogram = log_mel(noise(144_000), 48_000, REFERENCE_1)
    assert spectrogram.shape == (128, 282)
    assert spectrogram.dtype == np.float32
    assert spectrogram.max() == 0
    assert spectrogram.min() >= -80


@pytest.mark.parametrize("scale_name", ["slaney", "htk"])
def test_mel_scales_are_librosas_and_turn_back(scale_name: str) -> None:
    hz = np.linspace(0, 24_000, 1001)
    mel = hz_to_mel(hz, scale_name)
    np.testing.assert_allclose(mel, librosa.hz_to_mel(hz, htk=scale_name == "htk"), atol=1e-9)
    np.testing.assert_allclose(mel_to_hz(mel, scale_name), hz, atol=1e-8)


@pytest.mark.parametrize("rate", [48_000, 16_000])
@pytest.mark.parametrize("scale_name", ["slaney", "htk"])
@pytest.mark.parametrize("norm", ["slaney", "none"])
def test_mel_filters_are_librosas(rate: int, scale_name: str, norm: str) -> None:
    settings = LogMelSettings(fft_size=1024, bands=64, fmin=50, fmax=7600, scale=scale_name, norm=norm)
    expected = librosa.filters.mel(
        sr=rate,
        n_fft=1024,
        n_mels=64,
        fmin=50,
        fmax=7600,
        htk=scale_name == "htk",
        norm="slaney" if norm == "slaney" else None,
        dtype=np.float64,
    )
    np.testing.assert_allclose(mel_filters(settings, rate), expected, atol=1e-12)


@pytest.mark.filterwarnings("ignore:Empty filters")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"scale": "htk"},
        {"norm": "none"},
        {"reference": 1.0},
        {"reference": 1.0, "floor_db": "none"},
        {"log": "ln", "epsilon": 1e-6},
        {"scale": "htk", "norm": "none", "log": "ln", "epsilon": 1e-6},
    ],
    ids=str,
)
@pytest.mark.parametrize("rate", [48_000, 44_100, 22_050, 16_000])
def test_log_mel_of_noise_is_librosas_within_a_hundredth_of_a_db(rate: int, changes: dict[str, object]) -> None:
    for base in (REFERENCE_1, LIBROSA_DEFAULT):
        settings = LogMelSettings(**{**base.model_dump(), **changes})
        waveform = noise(rate)
        difference = log_mel(waveform, rate, settings) - librosa_log_mel(waveform, rate, settings)
        assert np.abs(difference).max() < 0.01


@pytest.mark.corpus
@pytest.mark.parametrize("rate", [48_000, 44_100, 22_050, 16_000])
@pytest.mark.parametrize(
    "file", ["aesdd/anger/a01 (1).flac", "ravdess/Actor_07/03-01-06-02-02-01-07.flac", "urdu/Sad/*.flac"]
)
def test_log_mel_of_real_clips_is_librosas_within_a_hundredth_of_a_db(corpora: Path, file: str, rate: int) -> None:
    path = min(corpora.glob(file))
    waveform, own_rate = soundfile.read(path, dtype="float32")
    waveform = librosa.resample(waveform, orig_sr=own_rate, target_sr=rate, res_type="soxr_hq")
    for settings in (REFERENCE_1, LIBROSA_DEFAULT):
        difference = log_mel(waveform, rate, settings) - librosa_log_mel(waveform, rate, settings)
        assert np.abs(difference).max() < 0.01


def test_the_power_of_a_frame_is_that_of_its_spectrum_by_parsevals_theorem() -> None:
    waveform = noise(4096)
    power = power_spectrogram(waveform, 512, 512)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    middle = waveform[3 * 512 - 256 : 3 * 512 + 256] * window
    both_sides = power[0, 3] + 2 * power[1:-1, 3].sum() + power[-1, 3]
    assert both_sides / 512 == pytest.approx(np.sum(middle**2), rel=1e-5)


def test_silence_has_the_level_of_its_own_maximum_everywhere() -> None:
    spectrogram = log_mel(np.zeros(48_000, dtype=np.float32), 48_000, REFERENCE_1)
    np.testing.assert_allclose(spectrogram, 0, atol=1e-5)


@given(gain_db=st.floats(-30, 30))
def test_relative_to_its_maximum_a_clip_does_not_change_with_gain(gain_db: float) -> None:
    power = np.random.default_rng(0).uniform(1e-3, 1, (4, 5))
    louder = power * 10 ** (gain_db / 10)
    np.testing.assert_allclose(decibels(power, REFERENCE_1), decibels(louder, REFERENCE_1), atol=1e-9)


@pytest.mark.parametrize("bands", [1, 2, 40, 128])
def test_the_cosine_basis_is_orthonormal_and_scipys(bands: int) -> None:
    basis = cosine_basis(bands, bands)
    np.testing.assert_allclose(basis @ basis.T, np.eye(bands), atol=1e-12)
    np.testing.assert_allclose(basis, scipy.fft.dct(np.eye(bands), norm="ortho", axis=0), atol=1e-12)


@pytest.mark.parametrize(("bands", "coefficients"), [(128, 40), (64, 13), (40, 40), (40, 1)])
@pytest.mark.parametrize("log", ["db", "ln"])
def test_mfcc_of_noise_are_librosas(bands: int, coefficients: int, log: str) -> None:
    settings = MfccSettings(bands=bands, coefficients=coefficients, log=log, epsilon=1e-6)
    waveform = noise(16_000)
    given = mfcc(waveform, 16_000, settings)
    expected = librosa.feature.mfcc(S=librosa_log_mel(waveform, 16_000, settings), n_mfcc=coefficients)
    assert given.shape == (coefficients, 32)
    assert given.dtype == np.float32
    assert np.abs(given - expected).max() < 0.02


def test_the_0th_coefficient_is_the_mean_level_of_a_frame_times_the_root_of_the_bands() -> None:
    settings = MfccSettings(bands=64, coefficients=2)
    level = log_mel(noise(8000), 16_000, settings).mean(axis=0)
    np.testing.assert_allclose(mfcc(noise(8000), 16_000, settings)[0], 8 * level, rtol=1e-5)


def test_each_scaling_gives_what_it_promises() -> None:
    spectrogram = log_mel(noise(48_000), 48_000, LogMelSettings(bands=40))

    def scaled(kind: str) -> np.ndarray:
        settings = LogMelSettings(bands=40, scaling=kind)
        statistics = spectrogram.mean(axis=1), spectrogram.std(axis=1)
        return scale(spectrogram, settings, statistics)

    assert scaled("none") is spectrogram
    assert scaled("clip").mean() == pytest.approx(0, abs=1e-4)
    assert scaled("clip").std() == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(scaled("band").mean(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose(scaled("band").std(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(scaled("train"), scaled("band"), atol=1e-4)
    assert scaled("unit").min() == 0
    assert scaled("unit").max() == 1


@pytest.mark.parametrize("kind", ["clip", "band", "unit"])
def test_a_constant_spectrogram_scales_to_zeros(kind: str) -> None:
    flat = np.full((4, 6), -80, dtype=np.float32)
    assert (scale(flat, LogMelSettings(scaling=kind)) == 0).all()


def test_scaling_by_training_statistics_needs_them() -> None:
    with pytest.raises(ValueError, match="statistics of the training data"):
        scale(np.zeros((4, 6), dtype=np.float32), LogMelSettings(scaling="train"))
