"""A sine stays the same sine at another rate; what lies above half the new rate goes."""

import numpy as np
import pytest

from paraverbal.audio import resample

RATES = [(44100, 16000), (16000, 48000), (48000, 16000), (192000, 16000), (8000, 44100), (22050, 48000)]


def sine(rate, hertz=1000.0, seconds=1.0):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.mark.parametrize(("source", "target"), RATES)
def test_a_sine_keeps_amplitude_frequency_and_phase(source, target):
    difference = resample(sine(source), source, target) - sine(target)
    edge = round(0.05 * target)
    assert np.abs(difference[edge:-edge]).max() < 1e-4


@pytest.mark.parametrize(("source", "target"), RATES)
def test_the_length_is_the_duration_times_the_rate(source, target):
    for samples in (1, 7, 1000, 12345):
        assert len(resample(np.zeros(samples, np.float32), source, target)) == pytest.approx(
            samples * target / source, abs=0.5 + 1e-9
        )


def test_frequencies_above_half_the_new_rate_are_gone():
    assert np.abs(resample(sine(48000, hertz=9000), 48000, 16000)[1000:-1000]).max() < 1e-4


def test_rows_are_resampled_on_their_own():
    channels = np.stack([sine(48000, 300), sine(48000, 700)])
    together = resample(channels, 48000, 16000)
    assert (together.shape, together.dtype) == ((2, 16000), np.float32)
    for row, channel in zip(together, channels, strict=True):
        np.testing.assert_array_equal(row, resample(channel, 48000, 16000))
    assert resample(channels.reshape(2, 1, -1), 48000, 16000).shape == (2, 1, 16000)


def test_the_same_rate_changes_nothing():
    np.testing.assert_array_equal(resample(sine(16000), 16000, 16000), sine(16000))
    assert resample(sine(16000).astype(np.float64), 16000, 16000).dtype == np.float32


def test_no_samples_stay_no_samples():
    assert resample(np.zeros(0, np.float32), 44100, 16000).shape == (0,)


@pytest.mark.parametrize("rate", [0, -16000, float("nan"), float("inf")])
def test_an_impossible_rate_is_an_error(rate):
    with pytest.raises(ValueError, match=f"{rate} Hz is impossible"):
        resample(sine(16000), rate, 16000)
    with pytest.raises(ValueError, match=f"{rate} Hz is impossible"):
        resample(sine(16000), 16000, rate)
