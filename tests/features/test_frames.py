import numpy as np
import pytest
import scipy.signal

from paraverbal.features.frames import frame, frame_count, hann


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
