from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paraverbal.audio.read import read
from paraverbal.errors import NonFiniteAudioError
from paraverbal.features.pitch import PitchSettings, track
from paraverbal.features.pulses import find_pulses, jitter_shimmer

RATE = 16_000
Waveform = NDArray[np.float32]
Values = NDArray[np.float64]


def pulse_train(times: Values, heights: Values | float = 1.0) -> Waveform:
    """Smooth pulses of 0.3 ms with a mean of 0 (Ricker's wavelet), at any times, not only at whole samples."""
    seconds = np.arange(round((times[-1] + 0.02) * RATE)) / RATE
    squares = ((seconds[:, np.newaxis] - times) / 3e-4) ** 2
    return np.asarray((1 - 2 * squares) * np.exp(-squares) @ np.broadcast_to(heights, times.shape), dtype=np.float32)


def jittered_times(deviation: float, hz: float = 120, count: int = 120, seed: int = 0) -> Values:
    periods = (1 + deviation * np.random.default_rng(seed).standard_normal(count)) / hz
    return 0.02 + np.cumsum(periods)


def local_jitter(times: Values) -> float:
    """The definition, of known times."""
    periods = np.diff(times)
    return float(np.abs(np.diff(periods)).mean() / periods.mean())


def local_shimmer(heights: Values) -> tuple[float, float]:
    steps = np.abs(np.diff(heights)).mean() / heights.mean()
    return float(steps), float(20 * np.abs(np.diff(np.log10(heights))).mean())


def test_pulses_of_a_train_are_found_at_their_times() -> None:
    times = jittered_times(0.01)
    sound = pulse_train(times)

    pulses = find_pulses(sound, RATE, track(sound, RATE))

    inner = (pulses.times > times[3]) & (pulses.times < times[-3])
    nearest = np.abs(pulses.times[inner][:, np.newaxis] - times).min(axis=1)
    assert inner.sum() == pytest.approx(len(times) - 7, abs=2)
    assert nearest.max() < 5e-5  # a sample lasts 6.25e-5 s


@pytest.mark.parametrize("deviation", [0.002, 0.005, 0.01, 0.02])
@pytest.mark.parametrize("hz", [90, 200])
def test_jitter_of_a_pulse_train_is_what_was_set(deviation: float, hz: float) -> None:
    times = jittered_times(deviation, hz)
    sound = pulse_train(times)

    found = jitter_shimmer(sound, RATE, track(sound, RATE))

    assert found.jitter_local == pytest.approx(local_jitter(times), rel=0.05, abs=2e-4)


@pytest.mark.parametrize("deviation", [0.02, 0.05, 0.1])
def test_shimmer_of_a_pulse_train_is_what_was_set(deviation: float) -> None:
    times = jittered_times(0.0)
    heights = 1 + deviation * np.random.default_rng(1).standard_normal(len(times))
    sound = pulse_train(times, heights)

    found = jitter_shimmer(sound, RATE, track(sound, RATE))

    share, decibels = local_shimmer(heights)
    assert found.shimmer_local == pytest.approx(share, rel=0.05)
    assert found.shimmer_local_db == pytest.approx(decibels, rel=0.05)
    assert found.jitter_local < 1e-3


def test_a_perfect_sound_has_neither_jitter_nor_shimmer() -> None:
    seconds = np.arange(RATE) / RATE
    sound = sum(np.cos(2 * np.pi * 130 * n * seconds) / n for n in range(1, 12)).astype(np.float32)

    found = jitter_shimmer(sound, RATE, track(sound, RATE))

    assert found.jitter_local < 5e-4
    assert found.shimmer_local < 5e-3
    assert found.shimmer_local_db < 0.05


@pytest.mark.parametrize("change", [lambda x: x + 0.4, lambda x: 0.01 * x, lambda x: -x])
def test_offset_level_and_polarity_do_not_matter(change) -> None:
    sound = pulse_train(jittered_times(0.01))
    changed = change(sound).astype(np.float32)

    ours, theirs = (jitter_shimmer(signal, RATE, track(signal, RATE)) for signal in (sound, changed))

    assert theirs.jitter_local == pytest.approx(ours.jitter_local, rel=0.02)
    assert theirs.shimmer_local == pytest.approx(ours.shimmer_local, rel=0.05, abs=1e-3)


def test_frames_show_where_the_voice_is_irregular() -> None:
    steady, rough = jittered_times(0.0), jittered_times(0.02)
    sound = pulse_train(np.concatenate([steady, steady[-1] + rough]))
    pitch = track(sound, RATE)

    found = jitter_shimmer(sound, RATE, pitch)

    border = steady[-1]
    assert found.jitter.shape == found.shimmer_db.shape == pitch.f0.shape
    assert found.jitter.dtype == found.shimmer_db.dtype == np.float32
    assert np.nanmedian(found.jitter[pitch.times < border - 0.05]) < 1e-3
    assert np.nanmedian(found.jitter[pitch.times > border + 0.05]) == pytest.approx(local_jitter(rough), rel=0.4)


def test_frames_without_voice_have_none() -> None:
    sound = np.concatenate([np.zeros(RATE // 2, np.float32), pulse_train(jittered_times(0.01))])
    pitch = track(sound, RATE)

    found = jitter_shimmer(sound, RATE, pitch)

    assert np.isnan(found.jitter[~pitch.voiced]).all()
    assert np.isnan(found.shimmer_db[~pitch.voiced]).all()
    assert np.isfinite(found.jitter[pitch.voiced]).mean() > 0.95


@pytest.mark.parametrize(
    "sound",
    [np.zeros(0), np.zeros(RATE), 0.1 * np.random.default_rng(0).standard_normal(RATE)],
    ids=["nothing", "silence", "noise"],
)
def test_what_has_no_periods_has_nan(sound: Values) -> None:
    waveform = sound.astype(np.float32)

    found = jitter_shimmer(waveform, RATE, track(waveform, RATE))

    assert np.isnan([found.jitter_local, found.shimmer_local, found.shimmer_local_db]).all()
    assert np.isnan(found.jitter).all()


def test_fifty_milliseconds_of_a_voice_are_enough() -> None:
    sound = pulse_train(jittered_times(0.005, 200))[4000:4800]

    found = jitter_shimmer(sound, RATE, track(sound, RATE))

    assert 0 < found.jitter_local < 0.03


def test_a_clipped_voice_keeps_its_jitter() -> None:
    times = jittered_times(0.01)
    sound = np.minimum(pulse_train(times), np.float32(0.5))

    assert jitter_shimmer(sound, RATE, track(sound, RATE)).jitter_local == pytest.approx(local_jitter(times), rel=0.1)


def test_a_creaky_voice_has_its_jitter_where_f0_may_be_that_low() -> None:
    times = jittered_times(0.01, 50)
    sound = pulse_train(times)

    found = jitter_shimmer(sound, RATE, track(sound, RATE, PitchSettings(low_hz=40)))

    assert found.jitter_local == pytest.approx(local_jitter(times), rel=0.1)


def test_a_sample_that_is_no_number_is_an_error() -> None:
    sound = pulse_train(jittered_times(0.01))
    pitch = track(sound, RATE)
    sound[5] = np.inf

    with pytest.raises(NonFiniteAudioError):
        jitter_shimmer(sound, RATE, pitch)


@pytest.mark.corpus
def test_acted_speech_has_the_jitter_and_shimmer_of_speech(corpora: Path) -> None:
    file = sorted((corpora / "ravdess" / "Actor_01").iterdir())[0]
    waveform, _ = read(file, sampling_rate=RATE)

    found = jitter_shimmer(waveform, RATE, track(waveform, RATE))

    assert 0.005 < found.jitter_local < 0.06
    assert 0.03 < found.shimmer_local < 0.25
