import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from paraverbal.errors import AudioError, NonFiniteAudioError, RecipeError
from paraverbal.features.pitch import PitchSettings, stretches, track

RATE = 16_000
Waveform = NDArray[np.float32]


def seconds(duration: float, rate: int = RATE) -> NDArray[np.float64]:
    return np.arange(round(duration * rate)) / rate


def sine(hz: float, duration: float = 1.0, rate: int = RATE) -> Waveform:
    return (0.5 * np.sin(2 * np.pi * hz * seconds(duration, rate))).astype(np.float32)


def harmonics(hz: float, duration: float = 1.0, rate: int = RATE, count: int = 20) -> Waveform:
    """A sound whose harmonics fall by 6 dB an octave, as those of a voice without a tract about do."""
    waves = [np.sin(2 * np.pi * hz * n * seconds(duration, rate) + n * n) / n for n in range(1, count + 1)]
    return (0.2 * np.sum(waves, axis=0)).astype(np.float32)


def pulse_train(hz: float, duration: float = 1.0) -> Waveform:
    train = np.zeros(round(duration * RATE), np.float32)
    train[:: round(RATE / hz)] = 1
    return train


def noise(duration: float = 1.0, seed: int = 0) -> Waveform:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(duration * RATE))).astype(np.float32)


@pytest.mark.parametrize("hz", [80, 110.3, 220, 440, 590])
@pytest.mark.parametrize("sound", [sine, harmonics])
def test_f0_of_a_periodic_sound_is_its_frequency_within_two_thousandths(sound, hz: float) -> None:
    pitch = track(sound(hz), RATE)

    assert pitch.voiced[3:-3].all()
    np.testing.assert_allclose(pitch.f0[3:-3], hz, rtol=2e-3)
    assert pitch.strength[3:-3].min() > 0.99


@pytest.mark.parametrize("hz", [80, 100, 250])
def test_a_pulse_train_has_the_f0_of_its_pulses_although_half_of_its_energy_lies_above_4_khz(hz: float) -> None:
    pitch = track(pulse_train(hz), RATE)

    np.testing.assert_allclose(pitch.f0[3:-3], hz, rtol=1e-3)
    assert pitch.strength[3:-3].min() > 0.95


@given(st.floats(90, 500))
def test_f0_of_a_gliding_sound_follows_it(hz: float) -> None:
    course = hz * (1 + 0.2 * seconds(1.0))
    phase = 2 * np.pi * np.cumsum(course) / RATE
    sound = (np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase)).astype(np.float32)

    pitch = track(sound, RATE)

    np.testing.assert_allclose(pitch.f0[3:-3], hz * (1 + 0.2 * pitch.times[3:-3]), rtol=0.005)


def test_a_missing_fundamental_is_heard() -> None:
    sound = sum(sine(200 * n) for n in (3, 4, 5)) / 3

    np.testing.assert_allclose(track(sound, RATE).f0[3:-3], 200, rtol=1e-3)


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 800, 16_001])
def test_there_is_a_frame_every_hop_and_one_more(samples: int) -> None:
    pitch = track(noise()[:samples] if samples <= RATE else noise(2)[:samples], RATE)

    assert len(pitch.f0) == len(pitch.strength) == len(pitch.peak) == 1 + samples // 160
    np.testing.assert_allclose(pitch.times, 0.01 * np.arange(len(pitch.f0)))
    assert pitch.f0.dtype == pitch.strength.dtype == pitch.peak.dtype == np.float32


def test_silence_is_unvoiced_and_has_no_strength() -> None:
    pitch = track(np.zeros(RATE, np.float32), RATE)

    assert not pitch.voiced.any()
    assert not pitch.strength.any()
    assert not pitch.peak.any()


@pytest.mark.parametrize("seed", range(3))
def test_white_noise_is_unvoiced(seed: int) -> None:
    assert track(noise(3, seed), RATE).voiced.mean() < 0.01


def test_a_whisper_is_unvoiced() -> None:
    """Noise through a vowel's resonances, two poles each."""
    signal = pytest.importorskip("scipy.signal")
    whisper = noise(2)
    for hz, bandwidth in ((700, 130), (1200, 150), (2600, 200)):
        radius, angle = np.exp(-np.pi * bandwidth / RATE), 2 * np.pi * hz / RATE
        whisper = signal.lfilter([1], [1, -2 * radius * np.cos(angle), radius**2], whisper)

    assert track(whisper.astype(np.float32), RATE).voiced.mean() < 0.1


def test_fifty_milliseconds_of_a_voice_have_an_f0() -> None:
    pitch = track(harmonics(200, 0.05), RATE)

    assert len(pitch.f0) == 6
    np.testing.assert_allclose(pitch.f0[2:4], 200, rtol=0.01)


def test_a_constant_added_to_a_voice_changes_nothing() -> None:
    voice = harmonics(150)

    shifted = track(voice + np.float32(0.3), RATE)

    np.testing.assert_allclose(shifted.f0[2:-2], track(voice, RATE).f0[2:-2], rtol=1e-4)


def test_clipping_does_not_change_f0() -> None:
    pitch = track(np.clip(4 * harmonics(150), -0.3, 0.3), RATE)

    np.testing.assert_allclose(pitch.f0[3:-3], 150, rtol=2e-3)


@given(st.floats(1e-4, 1.0))
def test_level_does_not_matter(gain: float) -> None:
    voice = harmonics(150, 0.3)

    np.testing.assert_allclose(track(np.float32(gain) * voice, RATE).f0, track(voice, RATE).f0, rtol=1e-4)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_any_rate_gives_the_same_f0(rate: int) -> None:
    pitch = track(harmonics(190, 1.0, rate, count=15), rate)

    np.testing.assert_allclose(pitch.f0[3:-3], 190, rtol=1e-3)
    assert pitch.times[-1] == pytest.approx(1.0, abs=0.011)


def test_a_creaky_voice_of_48_hz_is_found_from_40_hz_on() -> None:
    creak = harmonics(48, 2.0, count=60)

    np.testing.assert_allclose(track(creak, RATE, PitchSettings(low_hz=40)).f0[8:-8], 48, rtol=2e-3)
    assert not np.isclose(track(creak, RATE).f0[8:-8], 48, rtol=0.05).any()


def test_a_childs_voice_of_700_hz_is_found_up_to_800_hz() -> None:
    voice = harmonics(700, count=8)

    np.testing.assert_allclose(track(voice, RATE, PitchSettings(high_hz=800)).f0[3:-3], 700, rtol=2e-3)
    assert np.nanmax(track(voice, RATE).f0) < 600


def test_a_long_recording_is_the_same_as_its_parts_away_from_their_borders() -> None:
    """More frames than a block holds: what a block finds must not depend on where blocks begin."""
    voice = harmonics(150, 12.0) * (1 + 0.5 * np.sin(2 * np.pi * 3 * seconds(12.0))).astype(np.float32)

    whole, part = track(voice, RATE), track(voice[9 * RATE :], RATE)

    np.testing.assert_allclose(whole.f0[910:1190], part.f0[10:290], rtol=1e-4)


def test_a_voice_between_silence_and_noise_gives_three_kinds_of_stretches() -> None:
    sound = np.concatenate([np.zeros(RATE // 2, np.float32), harmonics(200, 0.5), noise(0.5)])

    found = stretches(track(sound, RATE))

    assert [stretch.kind for stretch in found] == ["silent", "voiced", "unvoiced"]
    assert found[0].start_seconds == 0
    assert found[0].end_seconds == found[1].start_seconds == pytest.approx(0.5, abs=0.025)
    assert found[1].end_seconds == found[2].start_seconds == pytest.approx(1.0, abs=0.025)
    assert found[2].end_seconds == pytest.approx(1.5)


def test_silence_is_one_silent_stretch() -> None:
    assert [stretch.kind for stretch in stretches(track(np.zeros(RATE, np.float32), RATE))] == ["silent"]


def test_a_sample_that_is_no_number_is_an_error() -> None:
    voice = harmonics(200)
    voice[100] = np.nan

    with pytest.raises(NonFiniteAudioError, match="1 of 16000 samples"):
        track(voice, RATE)


def test_a_rate_too_low_for_the_range_is_an_error_that_says_what_is_needed() -> None:
    with pytest.raises(AudioError, match="needs a sampling rate of 2400"):
        track(np.zeros(1000, np.float32), 2000)


@pytest.mark.parametrize("wrong", [{"low_hz": 0}, {"low_hz": 700}, {"hop_seconds": 0}, {"periods": 1}])
def test_impossible_settings_are_an_error(wrong: dict[str, float]) -> None:
    with pytest.raises(RecipeError):
        PitchSettings(**wrong)
