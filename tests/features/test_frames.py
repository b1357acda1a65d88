import numpy as np
import pytest
import scipy.signal

from paraverbal.errors import NonFiniteAudioError, RecipeError
from paraverbal.features.frames import frame, frame_blocks, frame_count, frame_times, hann, window

WINDOWS = {"rectangular": "boxcar", "hann": "hann", "hamming": "hamming", "blackman": "blackman"}


def test_three_seconds_at_48_khz_and_hop_512_are_282_frames() -> None:
    assert frame_count(144_000, 512) == 282


@pytest.mark.parametrize("samples", [1, 5, 511, 512, 513, 2000])
@pytest.mark.parametrize(("size", "hop"), [(16, 4), (512, 128), (400, 160)])
def test_a_frame_has_its_middle_at_its_index_times_the_hop(samples: int, size: int, hop: int) -> None:
    waveform = np.arange(1, samples + 1, dtype=np.float32)
    frames = frame(waveform, size, hop)
    assert frames.shape == (frame_count(samples, hop), size)
    for index, values in enumerate(frames):
        places = index * hop - size // 2 + np.arange(size)
        inside = (places >= 0) & (places < samples)
        assert (values[inside] == waveform[places[inside]]).all()
        assert (values[~inside] == 0).all()


@pytest.mark.parametrize("size", [8, 400, 1024])
def test_the_hann_window_is_scipys_periodic_one(size: int) -> None:
    np.testing.assert_allclose(hann(size), scipy.signal.get_window("hann", size), atol=1e-15)


@pytest.mark.parametrize("size", [8, 15, 400])
@pytest.mark.parametrize("name", WINDOWS)
def test_every_window_is_scipys_periodic_one(name: str, size: int) -> None:
    np.testing.assert_allclose(window(name, size), scipy.signal.get_window(WINDOWS[name], size), atol=1e-15)


@pytest.mark.parametrize(
    ("name", "side_lobe_db"), [("rectangular", -13), ("hann", -31), ("hamming", -43), ("blackman", -58)]
)
def test_the_highest_side_lobe_is_what_the_table_says(name: str, side_lobe_db: float) -> None:
    lobes = np.abs(np.fft.rfft(window(name, 256), 64 * 256))
    levels = 20 * np.log10(np.maximum(lobes / lobes[0], 1e-9))
    first_rise = np.argmax(np.diff(levels) > 0)
    assert levels[first_rise:].max() == pytest.approx(side_lobe_db, abs=1)


def test_an_unknown_window_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"no window .han. \(did you mean .hann."):
        window("han", 8)


def test_frame_times_are_the_middles_in_seconds() -> None:
    np.testing.assert_allclose(frame_times(4, 160, 16_000), [0, 0.01, 0.02, 0.03])
    assert frame_times(0, 160, 16_000).shape == (0,)


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 2000, 5001])
@pytest.mark.parametrize("block", [1, 3, 1024])
@pytest.mark.parametrize(("size", "hop"), [(400, 160), (16, 64), (960, 7)])
def test_the_blocks_one_behind_the_other_are_all_frames(samples: int, block: int, size: int, hop: int) -> None:
    waveform = np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    blocks = list(frame_blocks(waveform, size, hop, block))
    starts = [first for first, _ in blocks]
    assert starts == list(range(0, frame_count(samples, hop), block))
    together = np.concatenate([frames for _, frames in blocks])
    assert together.dtype == np.float32
    np.testing.assert_array_equal(together, frame(waveform, size, hop))


def test_a_block_inside_the_waveform_is_no_copy() -> None:
    waveform = np.zeros(10_000, dtype=np.float32)
    inside = list(frame_blocks(waveform, 400, 160, 10))[2][1]
    assert np.shares_memory(inside, waveform)
    assert not inside.flags.writeable


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_an_error_before_the_first_block(value: float) -> None:
    waveform = np.array([0, value, value, 0], dtype=np.float32)
    with pytest.raises(NonFiniteAudioError, match="2 of 4 samples are NaN or infinite"):
        frame_blocks(waveform, 2, 1)
