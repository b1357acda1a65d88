"""Flags of frames become stretches with room around them; short pauses are bridged, clicks dropped."""

import numpy as np
import pytest

from paraverbal.inference.speech import grid, regions


def found(*runs, frames=500, seconds=10.02):
    flags = np.zeros(frames, dtype=bool)
    for first, end in runs:
        flags[first:end] = True
    return regions(flags, frame_seconds=0.04, hop_seconds=0.02, seconds=seconds)


def test_a_stretch_has_room_before_and_after():
    assert found((100, 200)) == [pytest.approx((2.01 - 0.15, 4.01 + 0.1))]


def test_nothing_is_nothing():
    assert found() == []
    assert found(frames=0, seconds=0.01) == []


def test_a_click_is_no_speech_and_a_tenth_of_a_second_is():
    assert found((100, 104)) == []
    assert len(found((100, 105))) == 1


def test_a_short_pause_is_bridged_and_a_long_one_is_not():
    assert len(found((100, 150), (177, 200))) == 1
    assert len(found((100, 150), (178, 200))) == 2


def test_stretches_stay_within_the_recording_and_reach_its_ends():
    assert found((0, 500)) == [(0.0, 10.02)]
    assert found((0, 10))[0][0] == 0
    assert found((480, 500))[0][1] == 10.02


def test_stretches_are_in_order_and_apart():
    rng = np.random.default_rng(0)
    flags = np.repeat(rng.random(300) < 0.3, 11)
    ends = np.ravel(regions(flags, frame_seconds=0.04, hop_seconds=0.02, seconds=66.02))
    assert (np.diff(ends) > 0).all()
    assert (np.diff(ends)[1::2] >= 0.3).all()


def test_a_grid_holds_a_yes_for_each_step_with_speech():
    steps = grid([(0.1, 0.3), (0.9, 1.0)], 1.0)
    assert len(steps) == 100
    assert np.flatnonzero(steps).tolist() == [*range(10, 30), *range(90, 100)]
