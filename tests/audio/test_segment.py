"""Windows cover a waveform evenly, from its first sample to its last."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.audio import pad_or_trim, window_starts, windows

lengths = st.integers(0, 3000)
sizes = st.integers(1, 500)


@given(lengths, sizes, sizes)
def test_windows_start_at_0_reach_the_end_and_are_at_most_a_hop_apart(length, samples, hop):
    starts = window_starts(length, samples, hop)
    assert starts[0] == 0
    assert starts[-1] == max(0, length - samples)
    assert np.all(np.diff(starts) <= hop)
    assert np.all(np.diff(starts) >= 1)


@given(lengths, sizes, sizes)
def test_windows_are_as_few_as_the_hop_allows_and_evenly_spaced(length, samples, hop):
    starts = window_starts(length, samples, hop)
    assert len(starts) == (1 if length <= samples else int(np.ceil((length - samples) / hop)) + 1)
    assert np.ptp(np.diff(starts)) <= 1 if len(starts) > 1 else True


@given(lengths, sizes, st.floats(0.05, 1))
def test_every_sample_is_in_a_window_if_the_hop_is_at_most_a_window(length, samples, share):
    waveform = np.arange(1, length + 1, dtype=np.float32)
    pieces = windows(waveform, samples, max(1, int(share * samples)))
    assert pieces.shape[1] == samples
    assert set(np.unique(pieces)) - {0.0} == set(waveform)


def test_a_shorter_waveform_is_one_window_with_zeros_at_its_end():
    np.testing.assert_array_equal(windows(np.float32([1, 2]), 4, 4), [[1, 2, 0, 0]])
    np.testing.assert_array_equal(windows(np.float32([]), 2, 2), [[0, 0]])


def test_windows_are_a_copy():
    waveform = np.ones(10, np.float32)
    windows(waveform, 4, 2)[:] = 0
    assert waveform.all()


def test_impossible_windows_are_an_error():
    for samples, hop in ((0, 1), (1, 0), (-1, 1)):
        with pytest.raises(ValueError, match="must be at least 1"):
            window_starts(10, samples, hop)


@given(lengths, lengths)
def test_padding_adds_zeros_and_trimming_cuts_the_end(length, samples):
    waveform = np.arange(1, length + 1, dtype=np.float32)
    result = pad_or_trim(waveform, samples)
    kept = min(length, samples)
    assert (len(result), result.dtype) == (samples, np.float32)
    np.testing.assert_array_equal(result[:kept], waveform[:kept])
    assert not result[kept:].any()


def test_padding_leaves_the_axes_before_the_samples():
    assert pad_or_trim(np.ones((2, 3, 4), np.float32), 6).shape == (2, 3, 6)
