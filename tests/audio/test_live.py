"""A microphone gives blocks as its driver sends them; what is missing is told in one sentence."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from paraverbal.audio import live
from paraverbal.audio.live import at_real_speed, microphone
from paraverbal.errors import AudioError, AudioNotFoundError, MissingExtraError


class FakeError(Exception):
    """Stands for PortAudioError."""


class FakeStream:
    """Sends three blocks, each of one value, when it starts."""

    closed = False

    def __init__(self, *, samplerate, blocksize, device, channels, dtype, callback):
        self.settings = (samplerate, blocksize, device, channels, dtype)
        self.size, self.callback = blocksize, callback
        FakeStream.last = self

    def start(self):
        for value in (0.1, 0.2, 0.3):
            self.callback(np.full((self.size, 1), value, np.float32), self.size, None, None)

    def close(self):
        self.closed = True


def query(device, kind):
    if device == "none":
        raise ValueError("No input device matching 'none'")
    if device is None and query.broken:
        raise FakeError("Error querying device -1")
    return {"default_samplerate": 48000.0}


@pytest.fixture
def library(monkeypatch):
    query.broken = False
    fake = SimpleNamespace(query_devices=query, InputStream=FakeStream, PortAudioError=FakeError)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def test_a_microphone_gives_its_rate_and_blocks_and_is_closed(library):
    with microphone() as (rate, sound):
        assert rate == 48000
        found = [next(sound) for _ in range(3)]
    assert [len(block) for block in found] == [2400] * 3
    np.testing.assert_allclose([block[0] for block in found], [0.1, 0.2, 0.3])
    assert FakeStream.last.settings == (48000, 2400, None, 1, "float32")
    assert FakeStream.last.closed


def test_without_a_microphone_there_is_one_clear_sentence(library):
    query.broken = True
    with (
        pytest.raises(AudioError, match=r"no microphone can be opened \(Error querying device -1\).*--from FILE"),
        microphone(),
    ):
        pass
    with pytest.raises(AudioError, match="No input device matching 'none'"), microphone("none"):
        pass


def test_a_microphone_that_falls_silent_is_told(library, monkeypatch):
    monkeypatch.setattr(live, "_PATIENCE_SECONDS", 0.01)
    with pytest.raises(AudioError, match="has sent nothing"), microphone() as (_, sound):
        for _ in sound:
            pass


def test_without_sounddevice_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingExtraError, match=r"paraverbal\[live\]"), microphone():
        pass


def test_without_portaudio_the_message_says_what_to_install(monkeypatch):
    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(AudioError, match=r"PortAudio library not found; install PortAudio .*--from FILE"), microphone():
        pass


def test_a_file_at_real_speed_waits_until_each_block_has_been(tmp_path, monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(live.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(live.time, "sleep", lambda seconds: setattr(clock, "now", clock.now + seconds))
    waveform = np.random.default_rng(0).uniform(-0.5, 0.5, 8000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", waveform, 16000, subtype="FLOAT")
    rate, sound = at_real_speed(tmp_path / "a.wav")
    heard, times = [], []
    for block in sound:
        heard.append(block)
        times.append(clock.now - 100)
    assert rate == 16000
    np.testing.assert_array_equal(np.concatenate(heard), waveform)
    np.testing.assert_allclose(times, 0.05 * np.arange(1, 11))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(AudioNotFoundError):
        at_real_speed(tmp_path / "gone.wav")
