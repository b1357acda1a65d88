import numpy as np
import pytest

from paraverbal.errors import NonFiniteAudioError
from paraverbal.features.frames import frame
from paraverbal.features.loudness import equal_loudness, from_power, loudness

RATE = 16_000


def tone(hertz: float, amplitude: float = 1.0, rate: int = RATE) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(rate) / rate)).astype(np.float32)


def auditory_spectrum(power: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Return the auditory spectrum of one frame, band after band, as Hermansky 1990 writes it."""
    mel = 1127 * np.log(1 + frequencies / 700)
    edges = np.linspace(1127 * np.log(1 + 20 / 700), 1127 * np.log(1 + 8000 / 700), 28)
    heard = []
    for lower, peak, upper in zip(edges, edges[1:], edges[2:], strict=False):
        triangle = np.interp(mel, [lower, peak, upper], [0, 1, 0])
        w = 2 * np.pi * 700 * (np.exp(peak / 1127) - 1)
        weight = 1e32 * (w**2 + 56.8e6) * w**4 / ((w**2 + 6.3e6) ** 2 * (w**2 + 0.38e9) * (w**7 + 1.7e31))
        heard.append((weight * max(triangle @ power, 9.3e-10)) ** 0.33)
    return np.array(heard)


def test_the_loudness_is_the_mean_of_the_auditory_spectrum() -> None:
    waveform = (0.1 * np.random.default_rng(0).standard_normal(8000)).astype(np.float32)
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(320) / 320)
    power = np.abs(np.fft.rfft(frame(waveform, 320, 160) * window, 512)) ** 2
    frequencies = np.fft.rfftfreq(512, 1 / RATE)
    expected = [auditory_spectrum(spectrum, frequencies).mean() for spectrum in power]
    assert loudness(waveform, RATE).dtype == np.float32
    np.testing.assert_allclose(loudness(waveform, RATE), expected, rtol=2e-3)
    np.testing.assert_allclose(from_power(power, frequencies), expected, rtol=2e-3)


@pytest.mark.parametrize("samples", [0, 1, 800, 16_000])
def test_silence_has_the_loudness_that_opensmile_gives_it(samples: int) -> None:
    given = loudness(np.zeros(samples, dtype=np.float32), RATE)
    assert len(given) == 1 + samples // 160
    np.testing.assert_allclose(given, 0.0010339656, rtol=1e-4)  # openSMILE 3.0.2, eGeMAPSv02


def test_the_ear_is_weak_at_the_ends_and_best_near_3000_hz() -> None:
    hertz = np.arange(50.0, 8000, 10)
    weights = equal_loudness(hertz)
    assert hertz[weights.argmax()] == pytest.approx(3300, abs=300)
    assert weights[0] < 0.01 * weights.max()
    assert weights[-1] < 0.05 * weights.max()


def test_tones_of_one_amplitude_sound_louder_at_3000_than_at_100_and_7900_hz() -> None:
    low, middle, high = (loudness(tone(hertz), RATE)[50] for hertz in (100, 3000, 7900))
    assert middle > 2 * low
    assert middle > 2 * high


def test_ten_times_the_power_sounds_twice_as_loud() -> None:
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, RATE).astype(np.float32)
    ratio = loudness(np.float32(np.sqrt(10)) * noise, RATE) / loudness(noise, RATE)
    np.testing.assert_allclose(ratio, 10**0.33, rtol=1e-3)


@pytest.mark.parametrize("rate", [8000, 22_050, 32_000, 44_100, 48_000])
def test_the_scale_does_not_depend_on_the_sampling_rate(rate: int) -> None:
    tones = [tone(hertz, 0.1, rate) for hertz in (300, 700, 1500, 2500)]
    reference = [tone(hertz, 0.1) for hertz in (300, 700, 1500, 2500)]
    given, expected = loudness(np.sum(tones, axis=0), rate), loudness(np.sum(reference, axis=0), RATE)
    assert given[50] == pytest.approx(expected[50], rel=0.05)


@pytest.mark.parametrize("hop_seconds", [0.005, 0.010, 0.020])
def test_a_frame_more_or_less_does_not_change_the_others(hop_seconds: float) -> None:
    waveform = tone(500) * np.linspace(0, 1, RATE, dtype=np.float32)
    step = round(hop_seconds / 0.005)
    np.testing.assert_allclose(
        loudness(waveform, RATE, hop_seconds=hop_seconds),
        loudness(waveform, RATE, hop_seconds=0.005)[::step],
        rtol=1e-5,
    )


def test_samples_that_are_no_numbers_are_an_error() -> None:
    with pytest.raises(NonFiniteAudioError):
        loudness(np.array([0, np.inf], dtype=np.float32), RATE)
