import librosa
import numpy as np
import pytest
import scipy.linalg
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from paraverbal.errors import NonFiniteAudioError, RecipeError
from paraverbal.features.linear_prediction import (
    Method,
    autocorrelation,
    levinson,
    lpc,
    lpcc,
    prediction_gain,
    spectral_envelope,
)
from paraverbal.features.resonances import resonances

RATE = 11_000
METHODS: list[Method] = ["autocorrelation", "burg"]
VOWEL_HZ, VOWEL_BANDWIDTHS = np.array([700.0, 1200, 2600, 3500, 4500]), np.array([80.0, 90, 120, 150, 200])


def resonator(hertz: np.ndarray = VOWEL_HZ, bandwidths: np.ndarray = VOWEL_BANDWIDTHS) -> np.ndarray:
    roots = np.exp((-np.pi * bandwidths + 2j * np.pi * hertz) / RATE)
    return np.poly(np.concatenate([roots, roots.conj()])).real


def impulse_response(samples: int = 4096) -> np.ndarray:
    return scipy.signal.lfilter([1], resonator(), np.eye(1, samples)[0])


def noise_frames(frames: int = 6, samples: int = 400, seed: int = 0) -> np.ndarray:
    """Noise through the vowel's resonances, windowed."""
    noise = np.random.default_rng(seed).standard_normal((frames, samples))
    return 0.01 * scipy.signal.lfilter([1], resonator(), noise) * np.hanning(samples)


def test_a_decaying_vowel_gives_back_the_filter_that_made_it() -> None:
    coefficients, gain = lpc(impulse_response()[np.newaxis], 10)
    np.testing.assert_allclose(coefficients[0], resonator()[1:], rtol=1e-3, atol=1e-4)
    assert gain[0] * 4096 == pytest.approx(1, rel=1e-3)


def test_its_resonances_are_the_vowels_formants() -> None:
    frequencies, bandwidths = resonances(lpc(impulse_response()[np.newaxis], 10)[0], RATE)
    np.testing.assert_allclose(frequencies[0], VOWEL_HZ, rtol=1e-4)
    np.testing.assert_allclose(bandwidths[0], VOWEL_BANDWIDTHS, rtol=1e-3)


@pytest.mark.parametrize("order", [1, 2, 10, 16])
def test_levinson_solves_the_toeplitz_equations(order: int) -> None:
    products = autocorrelation(noise_frames(), order)
    coefficients, gain = levinson(products)
    for row, solved, power in zip(products, coefficients, gain, strict=True):
        np.testing.assert_allclose(solved, -scipy.linalg.solve_toeplitz(row[:-1], row[1:]), rtol=1e-4, atol=1e-5)
        assert power == pytest.approx(row[0] + solved @ row[1:], rel=1e-5)


@pytest.mark.parametrize("order", [1, 2, 3, 10, 16])
@pytest.mark.parametrize("samples", [17, 64, 400])
def test_burgs_method_is_librosas(order: int, samples: int) -> None:
    frames = np.random.default_rng(1).standard_normal((5, samples))
    coefficients, _ = lpc(frames, order, method="burg")
    np.testing.assert_allclose(coefficients, librosa.lpc(frames, order=order)[:, 1:], rtol=1e-4, atol=1e-5)


def test_burgs_method_is_librosas_for_vowels() -> None:
    frames = scipy.signal.lfilter([1], resonator(), np.random.default_rng(2).standard_normal((4, 300)))
    np.testing.assert_allclose(lpc(frames, 10, method="burg")[0], librosa.lpc(frames, order=10)[:, 1:], atol=1e-3)


def test_burgs_gain_is_half_the_forward_and_backward_error_of_one_stage() -> None:
    frame = np.random.default_rng(3).standard_normal(200)
    coefficients, gain = lpc(frame[np.newaxis], 1, method="burg")
    reflection = coefficients[0, 0]
    assert reflection == pytest.approx(-2 * frame[1:] @ frame[:-1] / (frame[1:] @ frame[1:] + frame[:-1] @ frame[:-1]))
    assert gain[0] == pytest.approx(np.mean(frame**2) * (1 - reflection**2))


def test_the_gain_is_the_power_that_the_whitening_filter_leaves() -> None:
    frames = noise_frames()
    coefficients, gain = lpc(frames, 10)
    for frame, row, power in zip(frames, coefficients, gain, strict=True):
        left = np.convolve(frame, [1, *row])
        assert left @ left / len(frame) == pytest.approx(power, rel=1e-5)


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 1000), order=st.integers(1, 14), kind=st.sampled_from(["noise", "walk", "tone", "clicks"]))
@settings(max_examples=40)
def test_all_resonances_decay(method: Method, seed: int, order: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    frames = rng.standard_normal((3, 64))
    if kind == "walk":
        frames = np.cumsum(frames, axis=1)
    if kind == "tone":
        frames = np.sin(rng.uniform(0.01, 3, (3, 1)) * np.arange(64))
    if kind == "clicks":
        frames = (frames > 1.5) + np.eye(1, 64)
    coefficients, gain = lpc(frames, order, method=method)
    assert (gain > 0).all()
    for row in coefficients:
        assert np.abs(np.roots([1, *row])).max() < 1 + 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_gain_of_the_waveform_leaves_the_coefficients(method: Method) -> None:
    coefficients, gain = lpc(noise_frames(), 10, method=method)
    louder, louder_gain = lpc(100 * noise_frames(), 10, method=method)
    np.testing.assert_allclose(louder, coefficients, atol=1e-8)
    np.testing.assert_allclose(louder_gain, 1e4 * gain, rtol=1e-6)


@pytest.mark.parametrize("hertz", [200, 1000, 4000])
def test_burgs_method_finds_a_pure_tone(hertz: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * hertz * np.arange(400) / RATE + 0.3)
    frequencies, bandwidths = resonances(lpc(tone[np.newaxis], 2, method="burg")[0], RATE)
    assert frequencies[0, 0] == pytest.approx(hertz, abs=4)
    assert bandwidths[0, 0] < 10


@pytest.mark.parametrize("method", METHODS)
def test_silence_has_no_predictor_and_leaves_the_other_frames_alone(method: Method) -> None:
    frames = noise_frames(3)
    alone = lpc(frames, 10, method=method)
    frames_with_silence = np.insert(frames, 1, 0, axis=0)
    coefficients, gain = lpc(frames_with_silence, 10, method=method)
    assert np.isnan(coefficients[1]).all()
    assert gain[1] == 0
    np.testing.assert_array_equal(coefficients[[0, 2, 3]], alone[0])
    assert np.isnan(lpcc(coefficients, gain, 12)[1]).all()
    assert np.isnan(spectral_envelope(coefficients, gain, np.array([0.0, 100]), sampling_rate=RATE)[1]).all()
    assert np.isnan(prediction_gain(frames_with_silence, gain)).tolist() == [False, True, False, False]


def test_float32_frames_are_predicted_in_float64() -> None:
    frames = noise_frames().astype(np.float32)
    np.testing.assert_array_equal(lpc(frames, 10)[0], lpc(frames.astype(np.float64), 10)[0])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_an_error(bad: float) -> None:
    frames = noise_frames()
    frames[2, 7] = bad
    with pytest.raises(NonFiniteAudioError, match="1 of 2400 samples"):
        lpc(frames, 10)


@pytest.mark.parametrize("order", [0, 400, 1000])
def test_an_order_that_the_frames_do_not_allow_is_an_error(order: int) -> None:
    with pytest.raises(RecipeError, match="give 1 to 399"):
        lpc(noise_frames(), order)


def test_a_method_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(RecipeError, match="did you mean 'burg'"):
        lpc(noise_frames(), 10, method="borg")  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 6, 13, 40])
def test_the_cepstrum_is_that_of_the_logarithm_of_the_spectrum(count: int) -> None:
    coefficients, gain = lpc(noise_frames(), 10)
    whitening = np.abs(np.fft.rfft(np.concatenate([np.ones((6, 1)), coefficients], axis=1), 8192)) ** 2
    expected = np.fft.irfft(np.log(gain[:, np.newaxis] / whitening))[:, :count]
    given = lpcc(coefficients, gain, count)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-4)


def test_the_envelope_is_the_filters_response() -> None:
    coefficients, gain = lpc(noise_frames(), 10)
    frequencies = np.linspace(0, RATE / 2, 50)
    given = spectral_envelope(coefficients, gain, frequencies, sampling_rate=RATE)
    assert given.dtype == np.float32
    for row, power, levels in zip(coefficients, gain, given, strict=True):
        _, response = scipy.signal.freqz([np.sqrt(power)], [1, *row], frequencies, fs=RATE)
        np.testing.assert_allclose(levels, 20 * np.log10(np.abs(response)), atol=1e-3)


def test_the_envelopes_power_averages_to_that_of_the_frame() -> None:
    frames = noise_frames()
    around = np.arange(4096) * RATE / 4096
    levels = spectral_envelope(*lpc(frames, 10), around, sampling_rate=RATE)
    np.testing.assert_allclose(np.mean(10 ** (levels / 10), axis=1), np.mean(frames**2, axis=1), rtol=1e-4)


def test_the_envelope_has_its_peaks_at_the_formants() -> None:
    frequencies = np.arange(0, 5500, 5.0)
    level = spectral_envelope(*lpc(impulse_response()[np.newaxis], 10), frequencies, sampling_rate=RATE)[0]
    peaks = frequencies[scipy.signal.find_peaks(level)[0]]
    np.testing.assert_allclose(peaks, VOWEL_HZ, atol=20)


def test_white_noise_cannot_be_predicted_and_a_vowel_can() -> None:
    noise = np.random.default_rng(4).standard_normal((20, 2000))
    assert np.abs(prediction_gain(noise, lpc(noise, 10)[1])).max() < 0.1
    vowel = noise_frames(samples=2000)
    assert prediction_gain(vowel, lpc(vowel, 10)[1]).min() > 9


def test_the_prediction_gain_of_one_stage_follows_from_the_correlation_of_neighbours() -> None:
    frames = np.random.default_rng(5).standard_normal((4, 300)).cumsum(axis=1)
    products = autocorrelation(frames, 1)
    expected = -10 * np.log10(1 - (products[:, 1] / products[:, 0]) ** 2)
    np.testing.assert_allclose(prediction_gain(frames, lpc(frames, 1)[1]), expected, rtol=1e-4)
