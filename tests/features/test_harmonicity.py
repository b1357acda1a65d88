import numpy as np
import pytest
from numpy.typing import NDArray

from paraverbal.errors import NonFiniteAudioError
from paraverbal.features.harmonicity import hnr, snr
from paraverbal.features.pitch import PitchSettings, track

RATE = 16_000
Waveform = NDArray[np.float32]


def voice(hz: float = 150, duration: float = 2.0, rate: int = RATE) -> NDArray[np.float64]:
    """Harmonics up to 4 kHz, falling by 6 dB an octave, with a power of 1."""
    seconds = np.arange(round(duration * rate)) / rate
    numbers = np.arange(1, int(0.25 * RATE / hz) + 1)
    sound = np.sum([np.cos(2 * np.pi * hz * n * seconds + n * n) / n for n in numbers], axis=0)
    return np.asarray(sound / np.sqrt(np.mean(np.square(sound))))


def noise(samples: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(samples)


def mixed(clean: NDArray[np.float64], ratio_db: float) -> Waveform:
    """A sound and white noise, whose powers over the whole are `ratio_db` apart."""
    level = np.sqrt(np.mean(np.square(clean)) * 10 ** (-ratio_db / 10))
    return (0.1 * (clean + level * noise(len(clean)))).astype(np.float32)


def words(duration: float = 6.0) -> NDArray[np.float64]:
    """Syllables of a voice, four in a second for two seconds, then a pause of one: as speech without noise."""
    seconds = np.arange(round(duration * RATE)) / RATE
    return voice(duration=duration) * np.where(seconds % 3 < 2, np.abs(np.sin(np.pi * 4 * seconds)), 0)


@pytest.mark.parametrize("ratio_db", [5, 10, 20, 30, 40])
@pytest.mark.parametrize("hz", [110, 220, 310])
def test_hnr_of_a_voice_in_noise_is_the_ratio_of_their_powers(ratio_db: float, hz: float) -> None:
    sound = mixed(voice(hz), ratio_db)

    ratios = hnr(sound, RATE, track(sound, RATE))

    assert np.nanmean(ratios[5:-5]) == pytest.approx(ratio_db, abs=1.0)


def test_a_pure_tone_has_an_hnr_above_50_db() -> None:
    tone = (0.3 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)).astype(np.float32)

    assert hnr(tone, RATE, track(tone, RATE))[5:-5].min() > 50


def test_level_and_offset_do_not_matter() -> None:
    sound = mixed(voice(), 15)
    pitch = track(sound, RATE)

    np.testing.assert_allclose(hnr(0.01 * sound + np.float32(0.2), RATE, pitch), hnr(sound, RATE, pitch), atol=0.05)


def test_unvoiced_frames_have_no_hnr() -> None:
    sound = np.concatenate([np.zeros(RATE, np.float32), mixed(voice(), 15)])
    pitch = track(sound, RATE)

    ratios = hnr(sound, RATE, pitch)

    assert ratios.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(ratios), ~pitch.voiced)


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(RATE), 0.1 * noise(RATE)], ids=["nothing", "silence", "noise"])
def test_without_voice_no_frame_has_an_hnr(sound: NDArray[np.float64]) -> None:
    waveform = sound.astype(np.float32)

    assert np.isnan(hnr(waveform, RATE, track(waveform, RATE))).all()


@pytest.mark.parametrize(("hz", "settings"), [(50, PitchSettings(low_hz=40)), (700, PitchSettings(high_hz=800))])
def test_creaky_and_childrens_voices_have_their_hnr(hz: float, settings: PitchSettings) -> None:
    sound = mixed(voice(hz), 20)

    assert np.nanmean(hnr(sound, RATE, track(sound, RATE, settings))[10:-10]) == pytest.approx(20, abs=1.5)


def test_hnr_at_8_khz_is_that_of_16_khz_when_the_noise_is_as_strong() -> None:
    clean = voice(200, 2.0, 8000)
    sound = mixed(clean, 15)

    assert np.nanmean(hnr(sound, 8000, track(sound, 8000))[5:-5]) == pytest.approx(15, abs=1.5)


def test_fifty_milliseconds_and_clipping_leave_a_number() -> None:
    sound = np.clip(mixed(voice(200), 20)[:800], -0.1, 0.1)
    pitch = track(sound, RATE)

    assert np.isfinite(hnr(sound, RATE, pitch)[pitch.voiced]).all()
    assert pitch.voiced.any()


@pytest.mark.parametrize("ratio_db", [0, 10, 20, 30, 40])
def test_snr_of_speech_in_noise_is_the_ratio_of_their_powers_while_there_is_speech(ratio_db: float) -> None:
    clean = words()
    active = np.mean(np.square(clean[np.arange(len(clean)) / RATE % 3 < 2]))
    sound = 0.05 * (clean + np.sqrt(active * 10 ** (-ratio_db / 10)) * noise(len(clean)))

    assert snr(sound.astype(np.float32), RATE) == pytest.approx(ratio_db, abs=1.0)


def test_a_constant_and_the_level_do_not_change_the_snr() -> None:
    sound = mixed(words(), 15)

    assert snr(0.5 * sound + np.float32(0.3), RATE) == pytest.approx(snr(sound, RATE), abs=0.01)


def test_steady_noise_alone_has_no_more_than_0_db() -> None:
    assert snr((0.1 * noise(5 * RATE)).astype(np.float32), RATE) < 0


def test_digital_silence_between_words_counts_as_the_rounding_of_16_bits() -> None:
    assert 60 < snr((0.1 * words()).astype(np.float32), RATE) < 100


@pytest.mark.parametrize("samples", [0, 1, 800, RATE])
def test_silence_and_too_short_a_recording_have_no_snr(samples: int) -> None:
    assert np.isnan(snr(np.zeros(samples, np.float32), RATE))


def test_fifty_milliseconds_have_no_snr() -> None:
    assert np.isnan(snr(mixed(words(), 15)[:800], RATE))


def test_samples_that_are_no_numbers_are_an_error() -> None:
    sound = mixed(words(), 15)
    pitch = track(sound, RATE)
    sound[7] = np.nan

    with pytest.raises(NonFiniteAudioError):
        snr(sound, RATE)
    with pytest.raises(NonFiniteAudioError):
        hnr(sound, RATE, pitch)
