"""Warnings for what a model was not made for, and none for real recordings."""

import numpy as np
import pytest

from paraverbal.audio import find_audio, level, read, resample
from paraverbal.errors import AudioError
from paraverbal.inference.warn import CLIPPED_SHARE, HIGH_SHARE, clipped_share, high_share, signal_warnings

RATE = 16000


def noise(seconds=1.0, amplitude=0.3, rate=RATE):
    return np.random.default_rng(0).uniform(-amplitude, amplitude, round(seconds * rate)).astype(np.float32)


def sine(amplitude, hertz=220.0, rate=RATE):
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(rate) / rate)).astype(np.float32)


def in_16_bits(waveform):
    return (np.clip(np.round(waveform * 2**15), -(2**15), 2**15 - 1) / 2**15).astype(np.float32)


def kinds(waveform, rate=RATE):
    return [warning.split(":")[0] for warning in signal_warnings(waveform, rate)]


def test_an_ordinary_recording_has_no_warning():
    assert signal_warnings(noise(), RATE) == []


def test_less_than_half_a_second_is_short():
    assert kinds(noise(0.49)) == ["short"]
    assert kinds(noise(0.5)) == []
    assert signal_warnings(noise(0.02), RATE)[0].startswith("short: 0.02 s is less than 0.5 s")


def test_digital_silence_and_almost_silence_are_silence():
    for waveform in (np.zeros(RATE, np.float32), noise(amplitude=1e-4), np.float32([]), np.zeros(100, np.float32)):
        assert "silence" in kinds(waveform)
        assert "narrow band" not in kinds(waveform)
    assert kinds(noise(amplitude=2e-3)) == []


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_a_clipped_recording_is_told_and_an_unclipped_one_is_not(rate):
    clipped = np.clip(2 * sine(0.9, rate=rate) + noise(1, 0.01, rate), -1, 1)
    assert "clipping" in kinds(in_16_bits(clipped), rate)
    assert "clipping" not in kinds(in_16_bits(clipped * 0.45), rate)
    assert "clipping" not in kinds(in_16_bits(sine(0.99, rate=rate)), rate)


def test_clipping_of_8_bits_and_of_float_files_is_found_too():
    loud = 3 * sine(0.9)
    eight_bits = np.clip(np.round(loud * 128), -128, 127) / 128
    assert clipped_share(eight_bits.astype(np.float32)) > 0.5
    assert clipped_share(loud) > 0.5


def test_a_few_samples_at_full_scale_are_no_clipping():
    waveform = noise()
    waveform[:10] = 1
    assert clipped_share(waveform) == pytest.approx(10 / RATE)
    assert kinds(waveform) == []
    assert clipped_share(np.float32([])) == 0
    assert clipped_share(np.float32([1])) == 1


def test_a_recording_without_energy_above_4_khz_is_narrow():
    telephone = in_16_bits(resample(resample(noise(), RATE, 8000), 8000, RATE))
    assert kinds(telephone) == ["narrow band"]
    assert kinds(noise(rate=8000), 8000) == ["narrow band"]
    assert "narrow band" in kinds(noise(0.02, rate=8000), 8000)


def test_the_share_above_4_khz_of_white_noise_is_its_bandwidth():
    frames = noise(60)
    assert high_share(frames, RATE) == pytest.approx((8000 - 4200) / 8000, rel=0.15)
    assert high_share(sine(0.5, 1000), RATE) < HIGH_SHARE
    assert high_share(sine(0.5, 6000), RATE) == pytest.approx(1, rel=0.01)


@pytest.mark.corpus
@pytest.mark.parametrize(("corpus", "step"), [("aesdd", 12), ("ravdess", 12), ("urdu", 4)])
def test_real_clips_have_no_warning_but_the_clipped_ones_of_urdu_and_telephone_copies_have(corpora, corpus, step):
    narrow = 0
    clips = [clip for file in find_audio(corpora / corpus)[::step] if (clip := read_good(file))]
    for waveform, rate in clips:
        clipped = corpus == "urdu" and clipped_share(waveform) >= CLIPPED_SHARE
        assert kinds(waveform, rate) == (["clipping"] if clipped else [])
        assert clipped or clipped_share(level(waveform, "peak")) < CLIPPED_SHARE
        telephone = in_16_bits(resample(resample(waveform, rate, 8000), 8000, rate))
        narrow += "narrow band" in kinds(telephone, rate)
    assert narrow >= 0.95 * len(clips)


def read_good(file):
    try:
        return read(file)
    except AudioError:
        return None
