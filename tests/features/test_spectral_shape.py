from collections.abc import Callable

import librosa
import numpy as np
import pytest
import scipy.signal
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.errors import RecipeError
from paraverbal.features.frames import frame_blocks
from paraverbal.features.spectral_shape import (
    alpha_ratio,
    band,
    bandwidth,
    centroid,
    entropy,
    flatness,
    flux,
    hammarberg_index,
    power_of,
    rolloff,
    slope,
    spectrum,
)

RATE = 16_000
FREQUENCIES = np.fft.rfftfreq(512, 1 / RATE)
WINDOWS = ["rectangular", "hann", "hamming", "blackman"]
SHARES_AND_MOMENTS = [centroid, bandwidth, entropy, rolloff, flatness]
LEVELS = [alpha_ratio, hammarberg_index]

Shape = Callable[..., np.ndarray]


def noise(samples: int = 16_000) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)


def power(waveform: np.ndarray) -> np.ndarray:
    return np.concatenate([power_of(frames, "hann", 512) for _, frames in frame_blocks(waveform, 512, 160)])


def lines(**levels: float) -> np.ndarray:
    """Return the power of one frame with lines at `hz...` of levels in dB."""
    spectrum = np.zeros((1, len(FREQUENCIES)), dtype=np.float32)
    for name, level in levels.items():
        spectrum[0, np.argmin(np.abs(FREQUENCIES - float(name[2:])))] = 10 ** (level / 10)
    return spectrum


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("fft_size", [None, 400, 1024])
def test_the_power_of_frames_is_that_of_scipys_window_and_numpys_transform(window: str, fft_size: int | None) -> None:
    _, frames = next(frame_blocks(noise(), 400, 160))
    name = "boxcar" if window == "rectangular" else window
    expected = np.abs(np.fft.rfft(frames * scipy.signal.get_window(name, 400), fft_size or 512)) ** 2
    given = power_of(frames, window, fft_size)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("size", [400, 401])
@pytest.mark.parametrize("amplitude", [1.0, 0.1])
def test_a_sine_on_a_bin_has_the_level_of_its_amplitude_in_the_spectrum(
    window: str, size: int, amplitude: float
) -> None:
    frequencies, levels = spectrum(amplitude * np.sin(2 * np.pi * 25 * np.arange(size) / size + 0.3), window, RATE)
    assert frequencies[levels.argmax()] == pytest.approx(25 * RATE / size)
    assert levels.max() == pytest.approx(20 * np.log10(amplitude), abs=1e-4)


def test_a_constant_and_the_highest_frequency_have_0_db_in_the_spectrum() -> None:
    _, levels = spectrum(np.ones(400), "hann", RATE)
    assert levels[0] == pytest.approx(0, abs=1e-4)
    _, levels = spectrum((-1.0) ** np.arange(400), "rectangular", RATE)
    assert levels[-1] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("share", [0.85, 0.5, 0.99])
def test_centroid_bandwidth_rolloff_and_flatness_are_librosas(share: float) -> None:
    spectra = power(np.cumsum(noise()))
    spectrogram = spectra.T.astype(np.float64)
    feature = librosa.feature
    pairs = [
        (centroid(spectra, FREQUENCIES), feature.spectral_centroid(S=spectrogram, freq=FREQUENCIES)),
        (bandwidth(spectra, FREQUENCIES), feature.spectral_bandwidth(S=spectrogram, freq=FREQUENCIES)),
        (
            rolloff(spectra, FREQUENCIES, share=share),
            feature.spectral_rolloff(S=spectrogram, freq=FREQUENCIES, roll_percent=share),
        ),
        (flatness(spectra, FREQUENCIES), feature.spectral_flatness(S=spectrogram, power=1, amin=1e-20)),
    ]
    for found, expected in pairs:
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected[0], rtol=1e-3)


def test_the_entropy_is_scipys_in_bits_and_as_a_share() -> None:
    spectra = power(noise())
    expected = scipy.stats.entropy(spectra.astype(np.float64), base=2, axis=1)
    np.testing.assert_allclose(entropy(spectra, FREQUENCIES, normalised=False), expected, rtol=1e-4)
    np.testing.assert_allclose(entropy(spectra, FREQUENCIES), expected / np.log2(257), rtol=1e-4)


def test_a_line_has_its_frequency_and_no_spread() -> None:
    line = lines(hz1000=0)
    assert centroid(line, FREQUENCIES) == rolloff(line, FREQUENCIES) == 1000
    assert bandwidth(line, FREQUENCIES) == entropy(line, FREQUENCIES) == 0
    assert flatness(line, FREQUENCIES) < 1e-6


def test_a_flat_spectrum_has_an_entropy_and_a_flatness_of_1_and_white_noise_a_flatness_of_056() -> None:
    flat = np.full((1, 257), 0.3, dtype=np.float32)
    assert entropy(flat, FREQUENCIES) == pytest.approx(1)
    assert flatness(flat, FREQUENCIES) == pytest.approx(1)
    assert centroid(flat, FREQUENCIES) == pytest.approx(4000)
    assert flatness(power(noise()), FREQUENCIES)[5:-5].mean() == pytest.approx(np.exp(-np.euler_gamma), abs=0.03)


def test_the_flux_is_the_root_mean_square_of_the_changes_of_magnitude_under_5000_hz() -> None:
    spectra = power(noise())
    magnitudes = np.sqrt(spectra.astype(np.float64))[:, FREQUENCIES < 5000]
    given = flux(spectra, FREQUENCIES)
    assert given[0] == 0
    np.testing.assert_allclose(given[1:], np.sqrt(np.mean(np.diff(magnitudes, axis=0) ** 2, axis=1)), rtol=1e-4)


def test_the_flux_of_blocks_is_that_of_the_whole() -> None:
    spectra = power(noise())
    parts = [flux(spectra[:40], FREQUENCIES), flux(spectra[40:], FREQUENCIES, previous=spectra[39])]
    np.testing.assert_allclose(np.concatenate(parts), flux(spectra, FREQUENCIES), rtol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(0, 500), (500, 1500), (100, 5000)])
def test_the_slope_is_that_of_the_line_of_least_squares(low: float, high: float) -> None:
    spectra = power(noise())
    inside = (low <= FREQUENCIES) & (high >= FREQUENCIES)
    expected = np.polyfit(FREQUENCIES[inside], 10 * np.log10(spectra[:, inside].T), 1)[0]
    np.testing.assert_allclose(slope(spectra, FREQUENCIES, low, high), expected, rtol=1e-3, atol=1e-6)


def test_a_spectrum_that_falls_by_a_hundredth_of_a_db_per_hertz_has_that_slope() -> None:
    falling = 10 ** (-0.01 * FREQUENCIES / 10)[np.newaxis]
    assert slope(falling, FREQUENCIES, 500, 1500) == pytest.approx(-0.01)


# What openSMILE 3.0.2 answers to digital silence, eGeMAPSv02, 16 kHz: its regression sees a level of -140 dB as a slope.
@pytest.mark.parametrize(("low", "high", "opensmile"), [(0, 500, 0.112), (500, 1500, 0.07636364)])
def test_silence_has_no_slope_but_in_opensmile(low: float, high: float, opensmile: float) -> None:
    silence = np.zeros((2, 257), dtype=np.float32)
    np.testing.assert_allclose(slope(silence, FREQUENCIES, low, high), 0, atol=1e-6)
    np.testing.assert_allclose(slope(silence, FREQUENCIES, low, high, as_opensmile=True), opensmile, rtol=1e-4)


def test_the_alpha_ratio_compares_the_power_over_1000_hz_with_that_under_it() -> None:
    spectra = lines(hz0=60, hz250=20, hz500=20, hz1000=3, hz3000=3, hz5000=3, hz7000=60)
    assert alpha_ratio(spectra, FREQUENCIES) == pytest.approx(3 + 10 * np.log10(3) - 20 - 10 * np.log10(2), abs=1e-3)
    assert alpha_ratio(spectra, FREQUENCIES, low_hz=0) == pytest.approx(3 + 10 * np.log10(3) - 60, abs=1e-2)


def test_the_hammarberg_index_compares_the_peaks_under_and_over_2000_hz() -> None:
    spectra = lines(hz250=20, hz500=23, hz3000=3, hz4000=8, hz7000=60)
    assert hammarberg_index(spectra, FREQUENCIES) == pytest.approx(15, abs=1e-3)


@given(gain_db=st.floats(-30, 30))
def test_gain_changes_no_shape_but_scales_the_flux(gain_db: float) -> None:
    spectra = power(noise(2000))
    louder = spectra * np.float32(10 ** (gain_db / 10))
    for function in SHARES_AND_MOMENTS + LEVELS:
        np.testing.assert_allclose(function(louder, FREQUENCIES), function(spectra, FREQUENCIES), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(slope(louder, FREQUENCIES, 0, 500), slope(spectra, FREQUENCIES, 0, 500), atol=1e-5)
    np.testing.assert_allclose(flux(louder, FREQUENCIES), flux(spectra, FREQUENCIES) * 10 ** (gain_db / 20), rtol=1e-4)


@pytest.mark.parametrize("function", SHARES_AND_MOMENTS)
def test_silence_has_no_shares_and_no_moments(function: Shape) -> None:
    spectra = np.concatenate([np.zeros((1, 257), dtype=np.float32), power(noise(100))[:1]])
    given = function(spectra, FREQUENCIES)
    assert np.isnan(given[0])
    assert np.isfinite(given[1])


def test_silence_has_differences_of_0_db_and_no_flux() -> None:
    silence = np.zeros((3, 257), dtype=np.float32)
    for function in (*LEVELS, flux):
        assert function(silence, FREQUENCIES).tolist() == [0, 0, 0]


@pytest.mark.parametrize("function", [*SHARES_AND_MOMENTS, *LEVELS, flux])
def test_no_frames_have_no_shape(function: Shape) -> None:
    assert function(np.zeros((0, 257), dtype=np.float32), FREQUENCIES).shape == (0,)


def test_at_8_khz_the_bands_end_at_4000_hz() -> None:
    spectra, frequencies = power(noise()), np.fft.rfftfreq(512, 1 / 8000)
    inside = spectra[:, (frequencies >= 1000) & (frequencies <= 4000)].sum(axis=1)
    below = spectra[:, (frequencies >= 50) & (frequencies < 1000)].sum(axis=1)
    np.testing.assert_allclose(alpha_ratio(spectra, frequencies), 10 * np.log10(inside / below), atol=1e-4)
    assert np.isfinite(hammarberg_index(spectra, frequencies)).all()


def test_a_band_without_enough_bins_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(RecipeError, match="0 bins from 9000 to 9500 Hz, and 1 are needed: use longer frames"):
        band(FREQUENCIES, 9000, 9500)
    with pytest.raises(RecipeError, match="2 bins from 0 to 40 Hz, and 3 are needed"):
        slope(power(noise(100)), FREQUENCIES, 0, 40)
