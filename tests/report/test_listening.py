"""What can be heard on the page is the beginning of the recording, and what cannot be read is passed over."""

import io

import matplotlib.image
import numpy as np
import pytest
import soundfile

from paraverbal.report.listening import SAMPLING_RATE, SECONDS, excerpts
from paraverbal.report.run import Mistake


def mistake(file):
    return Mistake(file, "fear", "anger", 0.9, 0.05)


def heard(excerpt):
    waveform, rate = soundfile.read(io.BytesIO(excerpt.audio))
    assert rate == SAMPLING_RATE
    return waveform


def loudest_hertz(waveform):
    return np.abs(np.fft.rfft(waveform)).argmax() * SAMPLING_RATE / len(waveform)


@pytest.fixture
def recorded(tmp_path):
    """Writes a recording: tones of one second each; returns its path."""

    def write(name, *tones, rate=44_100):
        seconds = np.arange(rate) / rate
        waveform = np.concatenate([0.5 * np.sin(2 * np.pi * hertz * seconds) for hertz in tones])
        soundfile.write(tmp_path / name, waveform, rate)
        return tmp_path / name

    return write


def test_an_excerpt_sounds_like_its_recording(recorded):
    (excerpt,) = excerpts([mistake("a.wav")], {"a.wav": recorded("a.wav", 440, 440)})
    assert excerpt.seconds == pytest.approx(2, abs=0.01)
    assert len(heard(excerpt)) == pytest.approx(2 * SAMPLING_RATE, abs=200)
    assert loudest_hertz(heard(excerpt)) == pytest.approx(440, abs=2)
    assert not excerpt.cut
    assert excerpt.address.startswith("data:audio/flac;base64,ZkxhQ")  # fLaC


def test_a_long_recording_is_cut_and_says_so(recorded):
    (excerpt,) = excerpts([mistake("a.wav")], {"a.wav": recorded("a.wav", *range(300, 1200, 100), rate=16_000)})
    assert excerpt.cut
    assert excerpt.seconds == SECONDS


@pytest.mark.parametrize(("name", "hertz", "seconds"), [("a.wav#t=1,2", 800, 1), ("a.wav#t=2", 1600, 1)])
def test_a_part_of_a_file_is_heard_alone(recorded, name, hertz, seconds):
    (excerpt,) = excerpts([mistake(name)], {"a.wav": recorded("a.wav", 400, 800, 1600)})
    assert excerpt.seconds == pytest.approx(seconds, abs=0.01)
    assert loudest_hertz(heard(excerpt)) == pytest.approx(hertz, abs=3)


def test_what_is_unknown_or_cannot_be_read_is_passed_over(recorded, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    names = ["unknown.wav", "gone.wav", "broken.wav", "a.wav#t=soon", "b.wav#t=1,2", "a.wav"]
    recordings = {"gone.wav": tmp_path / "gone.wav", "broken.wav": broken, "a.wav": recorded("a.wav", 440)}
    found = excerpts([mistake(name) for name in names], recordings)
    assert [excerpt.mistake.file for excerpt in found] == ["a.wav"]


def test_the_worst_are_heard_in_their_order(recorded):
    path = recorded("a.wav", 440, rate=16_000)
    names = [f"{number}.wav" for number in range(4)]
    found = excerpts([mistake(name) for name in names], dict.fromkeys(names, path), count=2)
    assert [excerpt.mistake.file for excerpt in found] == names[:2]


def test_a_spectrogram_has_a_pixel_for_each_frame_and_high_tones_above_low_ones(recorded):
    (excerpt,) = excerpts([mistake("a.wav")], {"a.wav": recorded("a.wav", 200, 4000)})
    picture = matplotlib.image.imread(io.BytesIO(excerpt.light))[:, :, :3].sum(axis=2)
    assert picture.shape[0] == 64
    assert picture.shape[1] == pytest.approx(2 / 0.02, abs=2)
    darkest = picture.argmin(axis=0)
    assert darkest[20] > 50  # rows from above: the low tone first, then the high one
    assert darkest[80] < 20
    assert matplotlib.image.imread(io.BytesIO(excerpt.dark))[0, 30, :3].max() < 0.2
