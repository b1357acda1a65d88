"""Files become waveforms, and each file that cannot says why in one sentence."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from paraverbal.audio import AUDIO_SUFFIXES, AudioInfo, find_audio, info, read
from paraverbal.errors import (
    AudioError,
    AudioFormatError,
    AudioNotFoundError,
    EmptyAudioError,
    NonFiniteAudioError,
)

RATE = 16000

# Format, subtype, greatest difference after a round trip: half a quantisation step, or what a lossy codec may do.
ENCODINGS = [
    ("WAV", "PCM_U8", 2**-7),
    ("WAV", "PCM_16", 2**-15),
    ("WAV", "PCM_24", 2**-23),
    ("WAV", "PCM_32", 1e-6),
    ("WAV", "FLOAT", 0),
    ("WAV", "DOUBLE", 0),
    ("WAV", "ULAW", 0.05),
    ("WAVEX", "PCM_16", 2**-15),
    ("FLAC", "PCM_16", 2**-15),
    ("FLAC", "PCM_24", 2**-23),
    ("OGG", "VORBIS", 0.1),
    ("MP3", "MPEG_LAYER_III", 0.1),
    ("AIFF", "PCM_16", 2**-15),
]


def sine(seconds=1.0, rate=RATE, hertz=440.0, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write(path, samples, rate=RATE, **options):
    soundfile.write(path, samples, rate, **options)
    return path


@pytest.fixture
def clip(tmp_path):
    return write(tmp_path / "clip.wav", sine(), subtype="FLOAT")


@pytest.mark.parametrize(("container", "subtype", "tolerance"), ENCODINGS)
def test_every_encoding_comes_back_as_float32_in_its_scale(tmp_path, container, subtype, tolerance):
    suffix = "wav" if container == "WAVEX" else container.lower()
    path = write(tmp_path / f"clip.{suffix}", sine(), format=container, subtype=subtype)
    waveform, rate = read(path)
    assert waveform.dtype == np.float32
    assert (waveform.shape, rate) == ((RATE,), RATE)
    assert np.abs(waveform - sine()).max() <= tolerance
    assert info(path) == AudioInfo(1.0, RATE, 1, container, subtype)


def test_offset_and_duration_are_seconds(clip):
    waveform, _ = read(clip, offset=0.25, duration=0.5)
    np.testing.assert_array_equal(waveform, sine()[4000:12000])


def test_a_duration_past_the_end_reads_to_the_end(clip):
    waveform, _ = read(clip, offset=0.75, duration=100)
    np.testing.assert_array_equal(waveform, sine()[12000:])
    assert len(read(clip, duration=float("inf"))[0]) == RATE


def test_mono_is_the_mean_of_the_channels(tmp_path):
    path = write(tmp_path / "stereo.wav", np.stack([sine(), 0 * sine()], axis=1), subtype="FLOAT")
    np.testing.assert_allclose(read(path)[0], sine() / 2, atol=1e-7)


def test_channels_can_be_kept(tmp_path):
    eight = np.stack([sine(hertz=100 * (1 + channel)) for channel in range(8)], axis=1)
    path = write(tmp_path / "eight.wav", eight, subtype="FLOAT")
    waveform, _ = read(path, mono=False)
    np.testing.assert_array_equal(waveform, eight.T)
    assert read(path, mono=False, sampling_rate=8000)[0].shape == (8, 8000)
    assert read(path)[0].shape == (RATE,)


@pytest.mark.parametrize("rate", [4000, 8000, 44100, 48000, 192000])
def test_any_rate_is_read_and_brought_to_another(tmp_path, rate):
    path = write(tmp_path / "clip.wav", sine(rate=rate), rate)
    assert read(path)[1] == rate
    waveform, new_rate = read(path, sampling_rate=RATE)
    assert (len(waveform), new_rate) == (RATE, RATE)
    assert np.abs(waveform - sine())[1000:-1000].max() < 1e-3


def test_silence_and_20_milliseconds_are_recordings(tmp_path):
    silence, _ = read(write(tmp_path / "silence.wav", np.zeros(RATE, np.float32)))
    assert not silence.any()
    short, _ = read(write(tmp_path / "short.wav", sine(0.02)))
    assert len(short) == 320


def test_float_samples_above_full_scale_stay(tmp_path):
    loud, _ = read(write(tmp_path / "loud.wav", 4 * sine(), subtype="FLOAT"))
    assert loud.max() == pytest.approx(2, abs=1e-3)


def bad_files(folder):
    """Make one file of each bad kind; return kind -> path."""
    flac = write(folder / "whole.flac", np.random.default_rng(0).uniform(-0.5, 0.5, 3 * RATE)).read_bytes()
    wav = write(folder / "whole.wav", sine()).read_bytes()
    broken = sine()
    broken[700] = np.nan
    infinite = sine()
    infinite[0] = np.inf
    (folder / "recordings.wav").mkdir()
    write(folder / "recordings.wav" / "one.wav", sine())
    (folder / "nothing").mkdir()
    return {
        "missing": folder / "missing.wav",
        "folder": folder / "recordings.wav",
        "folder without audio": folder / "nothing",
        "empty file": written(folder / "empty.wav", b""),
        "no data chunk": written(folder / "header.wav", wav[:36]),
        "truncated flac": written(folder / "half.flac", flac[: len(flac) // 2]),
        "flac header only": written(folder / "header.flac", flac[:8000]),
        "truncated wav": written(folder / "half.wav", wav[: len(wav) // 2]),
        "text": written(folder / "text.wav", b"Dear diary, today I recorded nothing.\n" * 20),
        "noise renamed": written(folder / "noise.mp3", bytes(range(7, 250)) * 20),
        "nan": write(folder / "nan.wav", broken, subtype="FLOAT"),
        "inf": write(folder / "inf.wav", infinite, subtype="DOUBLE"),
        "no samples": write(folder / "none.wav", sine()[:0]),
    }


def written(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("missing", AudioNotFoundError, "there is no such file; check the path"),
        ("folder", AudioFormatError, "this is a folder, one recording was expected; give a file in it"),
        ("folder without audio", AudioNotFoundError, "no recordings in this folder"),
        ("empty file", EmptyAudioError, "the file is empty (0 bytes); copy or record it again"),
        ("no data chunk", AudioFormatError, "cannot be read as audio"),
        ("truncated flac", AudioFormatError, "truncated"),
        ("flac header only", AudioFormatError, "truncated"),
        ("truncated wav", AudioFormatError, "truncated: its header promises 1.000 s and only 0.499 s are there"),
        ("text", AudioFormatError, "cannot be read as audio"),
        ("noise renamed", AudioFormatError, "cannot be read as audio"),
        ("nan", NonFiniteAudioError, "sample 700 is NaN or infinite"),
        ("inf", NonFiniteAudioError, "sample 0 is NaN or infinite"),
        ("no samples", EmptyAudioError, "holds no samples; record or export it again"),
    ],
)
def test_a_bad_file_says_what_is_wrong_in_one_sentence_with_its_name(tmp_path, kind, error, words):
    path = bad_files(tmp_path)[kind]
    with pytest.raises(error, match=re.escape(words)) as raised:
        read(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert raised.value.file == str(path)
    assert "\n" not in str(raised.value)


def test_info_reports_a_bad_file_as_read_does(tmp_path):
    files = bad_files(tmp_path)
    for kind in ("missing", "folder", "folder without audio", "empty file", "no data chunk", "text"):
        with pytest.raises(AudioError) as of_read:
            read(files[kind])
        with pytest.raises(type(of_read.value), match=re.escape(str(of_read.value))):
            info(files[kind])


@pytest.mark.parametrize("ask", [read, info])
def test_a_flac_that_does_not_say_its_length_is_an_error_that_says_what_to_do(tmp_path, ask):
    file = tmp_path / "streamed.flac"
    soundfile.write(file, np.zeros(8000, np.float32), 16000)
    data = bytearray(file.read_bytes())
    data[21] &= 0xF0  # the 36 bits of STREAMINFO that count the samples
    data[22:26] = bytes(4)
    file.write_bytes(data)
    with pytest.raises(AudioFormatError, match=r"does not tell its length.*`ffmpeg -i FILE NEW\.flac`"):
        ask(file)


def test_a_flac_cut_at_a_block_is_truncated_though_libsndfile_says_nothing(tmp_path):
    for share in np.linspace(0.05, 0.98, 25):
        content = write(tmp_path / "whole.flac", sine(3.0)).read_bytes()
        path = written(tmp_path / "cut.flac", content[: round(share * len(content))])
        with pytest.raises(AudioFormatError, match=r"truncated|cannot be read"):
            read(path)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF - 1000])
def test_a_wav_written_to_a_pipe_has_no_known_size_and_is_read(tmp_path, size):
    content = bytearray(write(tmp_path / "whole.wav", sine()).read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = size.to_bytes(4, "little")
    assert len(read(written(tmp_path / "pipe.wav", bytes(content)))[0]) == RATE


def test_a_wav_with_chunks_before_and_after_the_data_is_whole(tmp_path):
    content = write(tmp_path / "whole.wav", sine()).read_bytes()
    at = content.index(b"data")
    noted = content[:at] + b"note\x03\x00\x00\x00abc\x00" + content[at:] + b"LIST\x04\x00\x00\x00abcd"
    assert len(read(written(tmp_path / "noted.wav", noted))[0]) == RATE


def test_an_offset_behind_the_end_says_where_the_end_is(clip):
    for offset in (1.0, 100.0):
        with pytest.raises(EmptyAudioError, match=f"the offset of {offset:g} s is not before its end at 1 s"):
            read(clip, offset=offset)


def test_an_mp3_that_overstates_its_length_is_read_and_an_offset_behind_its_end_is_an_error(tmp_path):
    quiet_then_loud = np.concatenate([np.zeros(5 * RATE), np.random.default_rng(0).uniform(-0.3, 0.3, 5 * RATE)])
    content = write(tmp_path / "whole.mp3", quiet_then_loud, bitrate_mode="VARIABLE").read_bytes()
    # Without its first frame, the Xing header, libsndfile takes the bit rate of silence for that of all frames.
    stream = written(tmp_path / "stream.mp3", content[content.index(content[:2], 4) :])
    assert info(stream).seconds > 15
    assert len(read(stream)[0]) == pytest.approx(10 * RATE, rel=0.02)
    with pytest.raises(EmptyAudioError, match="holds no samples from 14 s on"):
        read(stream, offset=14)


@pytest.mark.parametrize(
    "arguments", [{"offset": -1}, {"offset": float("nan")}, {"duration": 0}, {"duration": -1}, {"sampling_rate": 0}]
)
def test_impossible_times_and_rates_are_value_errors(clip, arguments):
    with pytest.raises(ValueError, match=re.escape(str(next(iter(arguments.values()))))):
        read(clip, **arguments)


def test_recordings_of_a_folder_are_found_by_suffix_sorted_without_hidden_ones(tmp_path):
    for name in ("b.WAV", "a.flac", "c/d.mp3", "notes.txt", ".hidden.wav", ".cache/e.wav", "c/._d.mp3", "wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert find_audio(tmp_path) == [tmp_path / name for name in ("a.flac", "b.WAV", "c/d.mp3")]
    assert find_audio(str(tmp_path)) == find_audio(tmp_path)


def test_a_linked_folder_is_searched_and_a_loop_ends(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.wav").touch()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "there")
    (tmp_path / "there" / "loop").symlink_to(tmp_path / "here")
    assert find_audio(tmp_path / "here") == [tmp_path / "here" / "link" / "a.wav"]


def test_a_missing_folder_is_not_found(tmp_path):
    with pytest.raises(AudioNotFoundError, match="no such folder"):
        find_audio(tmp_path / "nowhere")


def test_audio_files_are_the_same_ones_for_corpora():
    from paraverbal.corpora import corpus

    assert corpus.AUDIO_SUFFIXES == AUDIO_SUFFIXES


@pytest.mark.corpus
def test_the_wav_of_36_bytes_in_aesdd_is_an_error(corpora):
    with pytest.raises(AudioFormatError, match=r"s05 \(3\)\.wav: cannot be read as audio"):
        read(corpora / "aesdd" / "sadness" / "s05 (3).wav")


@pytest.mark.corpus
def test_a_real_clip_has_the_length_that_its_header_says(corpora):
    path = corpora / "ravdess" / "Actor_01" / "03-01-01-01-01-01-01.flac"
    waveform, rate = read(path)
    assert info(path) == AudioInfo(len(waveform) / rate, RATE, 1, "FLAC", "PCM_16")
    assert 0 < np.abs(waveform).max() < 1


def test_reading_audio_imports_neither_torch_nor_polars():
    code = "import sys, paraverbal.audio; sys.exit(bool({'torch', 'polars', 'pydantic', 'librosa'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_path_may_be_text_or_path(clip):
    np.testing.assert_array_equal(read(str(clip))[0], read(Path(clip))[0])
