"""A recording keeps its fingerprint through rates, encoders, levels, silence and noise; another recording has another."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from paraverbal.features.fingerprint import FFT_SIZE, HOP_LENGTH, SAMPLING_RATE, fingerprint, similarity

CLIPS = sorted((Path(__file__).parents[2] / "examples" / "clips").glob("*.flac"))
RATE = 16000


def read(file):
    waveform, rate = soundfile.read(file, dtype="float32")
    assert rate == RATE
    return waveform


def speech(seed=0, seconds=2.0, rate=RATE):
    """Harmonics below 3.4 kHz of a pitch that wanders, with syllables: no two seeds are alike."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    steps = np.linspace(0, seconds, 12)
    pitch = np.interp(time, steps, rng.uniform(110, 260, 12))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    harmonics = sum(rng.uniform(0.2, 1) * np.sin(number * phase) for number in range(1, 13))
    return (0.05 * np.interp(time, steps, rng.uniform(0, 1, 12)) * harmonics).astype(np.float32)


def encoded(waveform, rate=RATE, **how):
    stream = io.BytesIO()
    soundfile.write(stream, waveform, rate, **how)
    stream.seek(0)
    return soundfile.read(stream, dtype="float32")


def resampled(waveform, rate):
    return soxr.resample(waveform, RATE, rate).astype(np.float32), rate


def with_noise(waveform, decibels):
    noise = np.random.default_rng(0).standard_normal(len(waveform))
    noise *= np.sqrt(np.mean(waveform**2) / np.mean(noise**2)) * 10 ** (-decibels / 20)
    return (waveform + noise).astype(np.float32)


COPIES = {
    "wav": lambda clip: encoded(clip, format="WAV", subtype="PCM_16"),
    "ogg": lambda clip: encoded(clip, format="OGG", subtype="VORBIS"),
    "opus": lambda clip: encoded(clip, format="OGG", subtype="OPUS"),
    "mp3": lambda clip: encoded(clip, format="MP3", subtype="MPEG_LAYER_III"),
    "8 kHz": lambda clip: resampled(clip, 8000),
    "48 kHz": lambda clip: resampled(clip, 48000),
    "8 kHz mp3": lambda clip: encoded(*resampled(clip, 8000), format="MP3", subtype="MPEG_LAYER_III"),
    "20 dB quieter": lambda clip: encoded(0.1 * clip, format="WAV", subtype="PCM_16"),
    "20 dB louder": lambda clip: (10 * clip, RATE),
    "upside down": lambda clip: (-clip, RATE),
    "silence around": lambda clip: (np.pad(clip, (31 * RATE // 17, 2 * RATE)), RATE),
    "noise": lambda clip: (with_noise(clip, 20), RATE),
}


@pytest.mark.parametrize("change", COPIES)
def test_a_copy_keeps_its_fingerprint(change):
    for file in CLIPS[::3]:
        clip = read(file)
        score = similarity(fingerprint(clip, RATE), fingerprint(*COPIES[change](clip)))
        assert 0.9 < score <= 1.0001, file


def test_a_copy_with_noise_of_10_db_is_nearer_than_any_other_clip():
    originals = [fingerprint(read(file), RATE) for file in CLIPS]
    for place, file in enumerate(CLIPS):
        copy = fingerprint(with_noise(read(file), 10), RATE)
        scores = [similarity(one, copy) for one in originals]
        assert int(np.argmax(scores)) == place
        assert int(np.argmax([one.descriptor @ copy.descriptor for one in originals])) == place


def test_other_recordings_are_not_alike():
    prints = [fingerprint(read(file), RATE) for file in CLIPS] + [fingerprint(speech(seed), RATE) for seed in range(6)]
    scores = [similarity(one, other) for place, one in enumerate(prints) for other in prints[:place]]
    assert max(scores) < 0.8


def test_the_order_of_two_recordings_does_not_matter():
    first, second = fingerprint(speech(1), RATE), fingerprint(speech(2, seconds=1.3), RATE)
    assert similarity(first, second) == pytest.approx(similarity(second, first), abs=0.02)


def test_similarity_is_the_correlation_of_the_cells():
    clip = speech()
    first, second = fingerprint(clip, RATE), fingerprint(with_noise(clip, 25), RATE)
    frames = min(len(first.cells), len(second.cells))
    aligned = [
        np.corrcoef(first.cells[step:][: frames - 9].ravel(), second.cells[other:][: frames - 9].ravel())[0, 1]
        for step in range(8)
        for other in range(8)
    ]
    assert similarity(first, second) == pytest.approx(max(aligned), abs=0.03)
    assert similarity(first, first) == pytest.approx(1)


def test_cells_are_the_frames_with_sound_and_the_bins_that_telephones_carry():
    clip = np.concatenate([np.zeros(RATE), speech(seconds=1.0) + 0.0, np.zeros(RATE)])
    cells = fingerprint(clip, RATE).cells
    frequencies = np.arange(FFT_SIZE // 2 + 1) * SAMPLING_RATE / FFT_SIZE
    assert cells.shape[1] == ((frequencies >= 300) & (frequencies <= 3400)).sum()
    assert len(cells) <= (SAMPLING_RATE + 2 * FFT_SIZE) / HOP_LENGTH
    assert cells.max() <= 240


@given(st.floats(-20, 20), st.integers(0, 2 * RATE), st.integers(0, 2 * RATE))
@settings(max_examples=20)
def test_neither_level_nor_silence_around_matters(decibels, before, after):
    clip = speech()
    copy = np.pad(clip * np.float32(10 ** (decibels / 20)), (before, after))
    assert similarity(fingerprint(clip, RATE), fingerprint(copy, RATE)) > 0.95


@pytest.mark.parametrize("waveform", [np.zeros(0), np.zeros(1), np.zeros(RATE), np.ones(100), 1e-4 * np.ones(1500)])
def test_what_holds_no_sound_has_no_fingerprint(waveform):
    assert fingerprint(waveform.astype(np.float32), RATE) is None


def test_only_the_first_minute_of_sound_is_kept():
    long = np.tile(speech(seconds=7.0), 10)
    assert len(fingerprint(long, RATE).cells) == 60 * SAMPLING_RATE // HOP_LENGTH
