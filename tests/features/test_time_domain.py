from collections.abc import Callable

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.errors import NonFiniteAudioError
from paraverbal.features.decibels import SOUND_PRESSURE
from paraverbal.features.time_domain import energy, intensity, rms, zcr_rms, zero_crossing_rate
from paraverbal.settings import ZcrRmsSettings

FRAMES = [(1024, 512), (400, 160), (2048, 300), (16, 64)]


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


@pytest.mark.parametrize("samples", [1, 1000, 16_000])
@pytest.mark.parametrize(("size", "hop"), FRAMES)
def test_the_root_mean_square_is_librosas(size: int, hop: int, samples: int) -> None:
    given = rms(noise(samples), size, hop)
    expected = librosa.feature.rms(y=noise(samples), frame_length=size, hop_length=hop)[0]
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, expected, rtol=1e-5)


@pytest.mark.parametrize("samples", [1000, 16_000])
@pytest.mark.parametrize(("size", "hop"), FRAMES)
def test_the_zero_crossing_rate_is_librosas_between_zeros(size: int, hop: int, samples: int) -> None:
    # librosa repeats the outermost samples behind both ends; between zeros it pads with zeros, as we do
    waveform = np.pad(noise(samples)[1:-1], 1)
    given = zero_crossing_rate(waveform, size, hop)
    expected = librosa.feature.zero_crossing_rate(waveform, frame_length=size, hop_length=hop)[0]
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, expected, atol=1e-7)


def test_a_waveform_that_begins_below_zero_crosses_once_at_its_beginning() -> None:
    waveform = np.full(100, -1, dtype=np.float32)
    np.testing.assert_allclose(zero_crossing_rate(waveform, 20, 40), [1 / 20, 0, 0], atol=1e-7)


def test_zero_counts_as_positive() -> None:
    waveform = np.array([1, 0, 1, -0.0, 1, 0, -1, 0, -1] * 2, dtype=np.float32)
    crossings = zero_crossing_rate(waveform, 64, 64) * 64
    assert crossings.tolist() == [8]


@pytest.mark.parametrize("hertz", [100, 440, 1000])
def test_a_tone_crosses_twice_a_period_and_has_the_root_mean_square_of_a_sine(hertz: int) -> None:
    tone = np.sin(2 * np.pi * hertz * np.arange(16_000) / 16_000 + 0.1).astype(np.float32)
    rates, levels = zcr_rms(tone, ZcrRmsSettings(fft_size=1600, hop_length=400)).reshape(2, -1)
    np.testing.assert_allclose(rates[3:-3] * 1600, 2 * hertz / 10, atol=1.01)
    np.testing.assert_allclose(levels[3:-3], np.sqrt(0.5), rtol=1e-3)


@given(gain=st.floats(1e-3, 1e3))
def test_gain_scales_the_level_and_leaves_the_crossings(gain: float) -> None:
    settings = ZcrRmsSettings(fft_size=64, hop_length=32)
    rates, levels = zcr_rms(noise(500), settings).reshape(2, -1)
    louder_rates, louder_levels = zcr_rms(np.float32(gain) * noise(500), settings).reshape(2, -1)
    np.testing.assert_array_equal(louder_rates, rates)
    np.testing.assert_allclose(louder_levels, gain * levels, rtol=1e-5)


def test_both_stand_one_behind_the_other() -> None:
    both = zcr_rms(noise(5000), ZcrRmsSettings(fft_size=512, hop_length=128))
    assert both.shape == (1, 2 * (1 + 5000 // 128))
    assert both.dtype == np.float32
    np.testing.assert_array_equal(
        both[0], np.concatenate([zero_crossing_rate(noise(5000), 512, 128), rms(noise(5000), 512, 128)])
    )


def test_frames_without_overlap_share_the_energy_of_the_waveform() -> None:
    waveform = noise(16_000)
    energies = energy(waveform, 400, 400)
    assert energies.dtype == np.float32
    assert energies.sum() == pytest.approx(np.sum(waveform.astype(np.float64) ** 2), rel=1e-6)


@pytest.mark.parametrize(("size", "hop"), FRAMES)
def test_energy_root_mean_square_and_intensity_say_the_same(size: int, hop: int) -> None:
    waveform = noise(16_000)
    np.testing.assert_allclose(np.sqrt(energy(waveform, size, hop) / size), rms(waveform, size, hop), rtol=1e-5)
    np.testing.assert_allclose(intensity(waveform, size, hop), 20 * np.log10(rms(waveform, size, hop)), atol=1e-4)


def test_a_full_sine_lies_3_db_under_full_scale_and_91_over_the_threshold_of_hearing() -> None:
    tone = np.sin(2 * np.pi * 100 * np.arange(16_000) / 16_000).astype(np.float32)
    np.testing.assert_allclose(intensity(tone, 1600, 160)[10:-10], -3.0103, atol=1e-3)
    np.testing.assert_allclose(intensity(tone, 1600, 160, reference=SOUND_PRESSURE)[10:-10], 90.9691, atol=1e-3)


@pytest.mark.parametrize("samples", [0, 1, 800])
def test_silence_has_no_energy_no_crossings_and_a_finite_level(samples: int) -> None:
    silence = np.zeros(samples, dtype=np.float32)
    frames = 1 + samples // 160
    assert energy(silence, 400, 160).tolist() == [0] * frames
    assert zero_crossing_rate(silence, 400, 160).tolist() == [0] * frames
    np.testing.assert_allclose(intensity(silence, 400, 160), [-200] * frames, atol=1e-4)


@pytest.mark.parametrize("function", [energy, intensity, rms, zero_crossing_rate])
def test_samples_that_are_no_numbers_are_an_error(function: Callable[..., np.ndarray]) -> None:
    with pytest.raises(NonFiniteAudioError, match="1 of 100 samples"):
        function(np.append(noise(99), np.float32(np.nan)), 20, 10)
