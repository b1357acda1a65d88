"""A recording as numbers by name, however it is given, at whatever rate; and what cannot be measured says so."""

import numpy as np
import pytest
import soundfile

import paraverbal as pv
from paraverbal.audio.read import read
from paraverbal.errors import AudioError, AudioNotFoundError, EmptyAudioError, NonFiniteAudioError
from paraverbal.features.describe import SETS, describe, read_in_blocks
from paraverbal.features.egemaps import NAMES, functionals

RATE = 16_000
F0 = "F0semitoneFrom27.5Hz_sma3nz_amean"


def voice(seconds=1.0, rate=RATE, hertz=150.0):
    """A buzz with the harmonics of a voice."""
    time = np.arange(round(seconds * rate)) / rate
    harmonics = np.arange(1, int(min(rate / 2, 5000) / hertz))
    buzz = (np.sin(2 * np.pi * hertz * harmonics[:, np.newaxis] * time) / harmonics[:, np.newaxis]).sum(axis=0)
    return (0.1 * buzz).astype(np.float32)


def test_a_recording_has_the_88_functionals_by_name():
    found = pv.describe(voice(), RATE)
    assert tuple(found) == NAMES
    np.testing.assert_array_equal(list(found.values()), functionals(voice(), RATE))
    assert found[F0] == pytest.approx(12 * np.log2(150 / 27.5), abs=0.2)


def test_a_file_and_its_samples_are_described_alike(tmp_path):
    soundfile.write(tmp_path / "voice.wav", voice(), RATE, subtype="FLOAT")
    assert describe(tmp_path / "voice.wav") == describe(voice(), RATE)


def test_a_higher_rate_is_brought_to_16_khz_and_a_lower_one_stays():
    assert describe(voice(rate=44_100), 44_100)[F0] == pytest.approx(describe(voice(), RATE)[F0], abs=0.1)
    low = voice(rate=8000)
    np.testing.assert_array_equal(list(describe(low, 8000).values()), functionals(low, 8000))


@pytest.mark.parametrize(
    ("waveform", "error"),
    [
        (np.zeros(0, np.float32), EmptyAudioError),
        (np.full(RATE, np.nan, np.float32), NonFiniteAudioError),
        (np.zeros((2, RATE), np.float32), AudioError),
    ],
)
def test_what_is_no_recording_is_an_error(waveform, error):
    with pytest.raises(error):
        describe(waveform, RATE)


def test_a_waveform_needs_its_rate_and_a_file_must_be_there(tmp_path):
    with pytest.raises(ValueError, match="without its sampling rate"):
        describe(voice())
    with pytest.raises(AudioNotFoundError):
        describe(tmp_path / "none.wav")


@pytest.mark.parametrize("kind", SETS)
@pytest.mark.parametrize("sound", [np.zeros(800), voice(0.05), voice(0.5, 8000)], ids=["silence", "50 ms", "8 kHz"])
def test_each_set_has_a_name_for_each_row_and_a_time_for_each_frame(kind, sound, tmp_path):
    rate = 8000 if len(sound) == 4000 else RATE
    soundfile.write(tmp_path / "sound.wav", sound, rate)
    found = SETS[kind](tmp_path / "sound.wav")
    assert found.file == str(tmp_path / "sound.wav")
    assert found.values.dtype == np.float32
    assert len(found.names) == len(set(found.names)) == len(found.values)
    frames = 0 if kind == "functionals" else 1 + round(100 * len(sound) / rate)
    assert len(found.times) == frames
    assert found.values.shape[1] == max(frames, 1)
    np.testing.assert_allclose(np.diff(found.times), 0.01)


@pytest.mark.parametrize("rate", [RATE, 44_100, 8000])
def test_a_long_recording_is_read_in_blocks_and_is_the_same(tmp_path, monkeypatch, rate):
    soundfile.write(tmp_path / "voice.flac", voice(5.0, rate), rate)
    at_once = describe(tmp_path / "voice.flac")
    waveform, target = read(tmp_path / "voice.flac", sampling_rate=min(rate, RATE))
    np.testing.assert_allclose(read_in_blocks(tmp_path / "voice.flac", target), waveform, atol=1e-5)
    monkeypatch.setattr("paraverbal.features.describe.LONG_SECONDS", 1.0)
    in_blocks = describe(tmp_path / "voice.flac")
    np.testing.assert_allclose(list(in_blocks.values()), list(at_once.values()), rtol=2e-2, atol=2e-2)
