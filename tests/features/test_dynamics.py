import librosa
import numpy as np
import pytest

from paraverbal.errors import NonFiniteAudioError
from paraverbal.features.dynamics import delta, delta_delta, envelope

RATE = 16_000


def tone(levels: np.ndarray) -> np.ndarray:
    return (levels * np.sin(2 * np.pi * 400 * np.arange(len(levels)) / RATE)).astype(np.float32)


def shaped(attack: float, decay: float, sustain: float, release: float) -> np.ndarray:
    """A second of a tone, between silences of a tenth, that rises, falls to `sustain`, holds and dies away in straight lines."""
    times = np.cumsum([0, 0.1, attack, decay, 1.0, release, 0.1])
    seconds = np.arange(round(times[-1] * RATE)) / RATE
    return tone(np.interp(seconds, times, [0, 0, 1, sustain, sustain, 0, 0]))


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_deltas_are_librosas(width: int, dtype: type) -> None:
    series = np.random.default_rng(0).standard_normal((3, 40)).astype(dtype)
    expected = librosa.feature.delta(series.astype(np.float64), width=2 * width + 1, mode="nearest")
    assert delta(series, width).dtype == dtype
    np.testing.assert_allclose(delta(series, width), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(20,), (2, 20), (2, 3, 20)])
def test_the_delta_of_a_line_is_its_slope_and_that_of_the_delta_is_zero(shape: tuple[int, ...]) -> None:
    line = np.broadcast_to(0.25 * np.arange(20), shape)
    np.testing.assert_allclose(delta(line)[..., 2:-2], 0.25, atol=1e-12)
    np.testing.assert_allclose(delta_delta(line)[..., 4:-4], 0, atol=1e-12)


def test_the_curvature_of_a_parabola_is_constant() -> None:
    np.testing.assert_allclose(delta_delta(0.5 * np.arange(20.0) ** 2)[4:-4], 1, atol=1e-12)


def test_deltas_are_nan_only_where_they_need_a_nan() -> None:
    series = np.arange(12.0)
    series[5] = np.nan
    assert np.flatnonzero(np.isnan(delta(series))).tolist() == [3, 4, 6, 7]


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_deltas_of_few_frames_have_their_shape(frames: int) -> None:
    assert delta_delta(np.ones((2, frames), dtype=np.float32)).tolist() == np.zeros((2, frames)).tolist()


@pytest.mark.parametrize(
    ("attack", "decay", "sustain", "release"), [(0.2, 0.3, 0.5, 0.4), (0.4, 0.2, 0.7, 0.2), (0.2, 0.2, 0.3, 0.6)]
)
def test_the_parts_of_an_envelope_of_straight_lines_are_found(
    attack: float, decay: float, sustain: float, release: float
) -> None:
    found = envelope(shaped(attack, decay, sustain, release), RATE)
    assert found.attack_seconds == pytest.approx(0.8 * attack, abs=0.02)
    assert found.decay_seconds == pytest.approx(0.9 * decay, abs=0.02)
    assert found.sustain_level == pytest.approx(sustain, abs=0.02)
    assert found.release_seconds == pytest.approx((0.9 - 0.1 / sustain) * release, abs=0.02)


@pytest.mark.parametrize("gain", [0.01, 0.5])
def test_gain_changes_the_level_alone(gain: float) -> None:
    waveform = shaped(0.2, 0.3, 0.5, 0.4)
    whole, part = envelope(waveform, RATE), envelope(np.float32(gain) * waveform, RATE)
    np.testing.assert_allclose(part.level, gain * whole.level, rtol=1e-4)
    assert part.attack_seconds == whole.attack_seconds
    assert part.release_seconds == whole.release_seconds
    assert part.sustain_level == pytest.approx(whole.sustain_level, rel=1e-4)


def test_a_steady_tone_has_neither_attack_nor_decay_nor_release() -> None:
    found = envelope(tone(np.ones(RATE)), RATE)
    assert max(found.attack_seconds, found.decay_seconds, found.release_seconds) <= 0.015
    assert found.sustain_level == pytest.approx(1, abs=0.01)
    assert found.level[5:-5] == pytest.approx(np.sqrt(0.5), abs=0.01)
    np.testing.assert_allclose(np.diff(found.times), 0.005)


@pytest.mark.parametrize("samples", [0, 1, 800])
def test_silence_has_an_envelope_without_parts(samples: int) -> None:
    found = envelope(np.zeros(samples, dtype=np.float32), RATE)
    assert np.isnan([found.attack_seconds, found.decay_seconds, found.sustain_level, found.release_seconds]).all()
    assert found.level.tolist() == [0] * (1 + samples // 80)
    assert len(found.times) == len(found.level)


def test_samples_that_are_no_numbers_are_an_error() -> None:
    with pytest.raises(NonFiniteAudioError):
        envelope(np.array([0, np.nan], dtype=np.float32), RATE)
