"""Features of many recordings are written so that another program reads the same numbers."""

import csv

import numpy as np
import polars as pl
import pytest
import soundfile

from paraverbal.errors import AudioError, ParaverbalError
from paraverbal.features.describe import Features
from paraverbal.features.store import features_of_each, write

NAN = float("nan")
SERIES = [
    Features(
        "a.wav", ("f0", "level"), np.array([[100, NAN, 120], [-1, -2, -3]], np.float32), np.array([0, 0.01, 0.02])
    ),
    Features("b.wav", ("f0", "level"), np.array([[NAN], [-9]], np.float32), np.array([0.0])),
]
CLIPS = [Features(f"{name}.wav", ("jitter", "hnr"), np.array([[0.01], [7]], np.float32), np.empty(0)) for name in "ab"]


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_functionals_are_a_row_a_recording(tmp_path):
    assert write(CLIPS, tmp_path / "clips.csv") == 2
    assert rows_of(tmp_path / "clips.csv") == [
        {"file": "a.wav", "jitter": "0.01", "hnr": "7"},
        {"file": "b.wav", "jitter": "0.01", "hnr": "7"},
    ]


def test_series_are_a_row_a_frame_and_what_does_not_exist_is_empty(tmp_path):
    assert write(SERIES, tmp_path / "series.csv") == 2
    assert rows_of(tmp_path / "series.csv") == [
        {"file": "a.wav", "time": "0", "f0": "100", "level": "-1"},
        {"file": "a.wav", "time": "0.01", "f0": "", "level": "-2"},
        {"file": "a.wav", "time": "0.02", "f0": "120", "level": "-3"},
        {"file": "b.wav", "time": "0", "f0": "", "level": "-9"},
    ]


def test_parquet_holds_what_the_csv_holds_with_nulls(tmp_path):
    write(SERIES, tmp_path / "series.csv")
    assert write(SERIES, tmp_path / "series.parquet") == 2
    table = pl.read_parquet(tmp_path / "series.parquet")
    assert table["f0"].to_list() == [100, None, 120, None]
    expected = pl.read_csv(tmp_path / "series.csv")
    assert table.columns == expected.columns
    assert table["level"].to_list() == expected["level"].to_list()


def test_arrays_are_padded_with_zeros_and_tell_their_lengths(tmp_path):
    assert write(SERIES, tmp_path / "series.npz") == 2
    with np.load(tmp_path / "series.npz") as kept:
        assert kept["values"].shape == (2, 2, 3)
        assert kept["lengths"].tolist() == [3, 1]
        assert kept["names"].tolist() == ["f0", "level"]
        assert kept["files"].tolist() == ["a.wav", "b.wav"]
        for row, one, length in zip(kept["values"], SERIES, kept["lengths"], strict=True):
            np.testing.assert_array_equal(row[:, :length], one.values)
            assert not row[:, length:].any()


def test_a_channel_axis_is_there_on_request_and_only_in_arrays(tmp_path):
    write(SERIES, tmp_path / "series.npz", channel_axis=True)
    with np.load(tmp_path / "series.npz") as kept:
        assert kept["values"].shape == (2, 1, 2, 3)
    with pytest.raises(ParaverbalError, match=r"only \.npz has axes"):
        write(SERIES, tmp_path / "series.csv", channel_axis=True)


def test_another_suffix_is_an_error_that_names_the_forms(tmp_path):
    with pytest.raises(ParaverbalError, match=r"features\.xlsx: features are written as \.csv, \.parquet, \.npz"):
        write(CLIPS, tmp_path / "features.xlsx")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_nothing_is_a_file_without_rows(tmp_path, suffix):
    assert write([], tmp_path / f"none{suffix}") == 0
    assert (tmp_path / f"none{suffix}").is_file()


@pytest.mark.parametrize("workers", [1, 2])
def test_recordings_come_in_order_and_a_broken_one_does_not_stop_the_rest(tmp_path, workers):
    rng = np.random.default_rng(0)
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", 0.1 * rng.standard_normal(4000 * (number + 1)), 16_000)
    (tmp_path / "1.wav").write_bytes(b"no sound")
    files = [str(tmp_path / f"{number}.wav") for number in range(3)]
    first, broken, last = features_of_each(files, "log_mel", workers=workers)
    assert isinstance(broken, AudioError)
    assert "1.wav" in str(broken)
    assert (first.file, last.file) == (files[0], files[2])
    assert first.values.shape == (64, 26)
    assert last.values.shape == (64, 76)
