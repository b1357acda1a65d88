"""A row of an array in an .npz file is read like a recording."""

import re

import numpy as np
import pytest

from paraverbal.audio import AudioInfo, info, read
from paraverbal.errors import AudioFormatError, AudioNotFoundError, EmptyAudioError, NonFiniteAudioError

CLIPS = np.random.default_rng(0).uniform(-1, 1, (3, 4800)).astype(np.float32)


@pytest.fixture
def arrays(tmp_path):
    np.savez(tmp_path / "data.npz", train_X=CLIPS, train_t=np.array([0, 1, 2]))
    return tmp_path / "data.npz"


def test_a_row_is_a_waveform_at_the_rate_of_its_address(arrays):
    waveform, rate = read(f"{arrays}::1@48000")
    np.testing.assert_array_equal(waveform, CLIPS[1])
    assert rate == 48000
    assert info(f"{arrays}::1@48000") == AudioInfo(0.1, 48000, 1, "NPZ", "float32")


def test_a_row_has_offset_duration_channels_and_another_rate(arrays):
    address = f"{arrays}::2@48000"
    np.testing.assert_array_equal(read(address, offset=0.05, duration=0.01)[0], CLIPS[2, 2400:2880])
    assert read(address, mono=False)[0].shape == (1, 4800)
    assert read(address, sampling_rate=16000)[0].shape == (1600,)


def test_double_precision_becomes_float32(tmp_path):
    np.savez_compressed(tmp_path / "data.npz", clips=CLIPS.astype(np.float64))
    waveform, _ = read(f"{tmp_path}/data.npz::0@16000")
    assert waveform.dtype == np.float32
    np.testing.assert_array_equal(waveform, CLIPS[0])


def test_among_several_arrays_the_known_name_is_taken(tmp_path):
    np.savez(tmp_path / "data.npz", other=0 * CLIPS, X=CLIPS, names=np.array(["a"]))
    np.testing.assert_array_equal(read(f"{tmp_path}/data.npz::0@16000")[0], CLIPS[0])


def test_a_file_that_changes_is_read_anew(arrays):
    assert read(f"{arrays}::0@48000")[0].any()
    np.savez(arrays, train_X=np.zeros((3, 480), np.float32))
    assert not read(f"{arrays}::0@48000")[0].any()


def test_a_row_that_is_not_there_says_how_many_there_are(arrays):
    with pytest.raises(AudioNotFoundError, match=r"data\.npz::3@48000: there is no row 3; the array has 3 rows"):
        read(f"{arrays}::3@48000")


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(AudioNotFoundError, match=r"data\.npz: there is no such file"):
        read(tmp_path / "data.npz::0@16000")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"labels": np.array([1, 2])}, "it holds labels"),
        ({"X": CLIPS.astype(np.int16)}, "it holds X"),
        ({"a": CLIPS, "b": CLIPS}, "it holds a, b"),
        ({}, "it holds nothing"),
    ],
)
def test_a_file_without_recordings_says_what_it_holds(tmp_path, arrays, words):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(AudioFormatError, match=f"a 2-d array of floats .* was expected, and {words}"):
        read(f"{tmp_path}/data.npz::0@16000")


def test_an_array_of_objects_is_never_unpickled(tmp_path):
    np.savez(tmp_path / "data.npz", X=np.array([[object()]], dtype=object))
    with pytest.raises(AudioFormatError, match="no array of recordings"):
        read(f"{tmp_path}/data.npz::0@16000")


def test_a_file_that_is_no_zip_is_a_format_error(tmp_path):
    (tmp_path / "data.npz").write_text("not arrays")
    with pytest.raises(AudioFormatError, match=re.escape("cannot be read as .npz arrays")):
        read(f"{tmp_path}/data.npz::0@16000")


def test_rows_without_samples_or_with_nan_are_errors(tmp_path):
    np.savez(tmp_path / "none.npz", X=CLIPS[:, :0])
    with pytest.raises(EmptyAudioError, match="the row holds no samples"):
        read(f"{tmp_path}/none.npz::0@16000")
    np.savez(tmp_path / "nan.npz", X=np.full((1, 10), np.nan))
    with pytest.raises(NonFiniteAudioError, match="sample 0 is NaN"):
        read(f"{tmp_path}/nan.npz::0@16000")
