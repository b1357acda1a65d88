"""Windows stand at even distances, the last ends with the waveform, and blocks do not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.voices import cut_at, spoken

from paraverbal.errors import RecipeError
from paraverbal.inference.windows import Windows

RATE = 1000


def cut(waveform, sizes=(10**9,), rate=RATE, **settings):
    windows = Windows(rate, **settings)
    found = [window for block in cut_at(waveform, sizes) for window in windows.feed(block)[0]]
    return found + windows.flush()[0]


def counted(samples):
    return np.arange(samples, dtype=np.float32)


def spans(found):
    return [(window.start, window.start + len(window.samples)) for window in found]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (0, []),
        (1, [(0, 1)]),
        (2999, [(0, 2999)]),
        (3000, [(0, 3000)]),
        (3001, [(0, 3000), (1, 3001)]),
        (4000, [(0, 3000), (1000, 4000)]),
        (5700, [(0, 3000), (1000, 4000), (2000, 5000), (2700, 5700)]),
    ],
)
def test_windows_are_3_seconds_every_second_and_the_last_ends_with_the_waveform(samples, expected):
    assert spans(cut(counted(samples), speech="all")) == expected


def test_a_window_holds_the_samples_that_it_says():
    for window in cut(counted(7777), [333], speech="all", window=0.5, hop=0.2):
        np.testing.assert_array_equal(window.samples, window.start + np.arange(len(window.samples)))


@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=5),
    window=st.floats(0.05, 2),
    share=st.floats(0.05, 1),
    speech=st.sampled_from(["energy", "all"]),
)
def test_blocks_of_any_size_give_the_same_windows(sizes, window, share, speech):
    waveform = spoken(-0.5, 1, -0.4, 0.5, rate=4000)
    asked = {"rate": 4000, "window": window, "hop": window * share, "speech": speech}
    whole, parts = cut(waveform, **asked), cut(waveform, sizes, **asked)
    assert spans(parts) == spans(whole)
    assert [one.speech_seconds for one in parts] == [one.speech_seconds for one in whole]
    for one, other in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(one.samples, other.samples)


def test_a_window_knows_how_much_speech_is_in_it():
    found = cut(spoken(-4, 4, -4, rate=16000), rate=16000)
    speech = {round(window.start / 16000): window.speech_seconds for window in found}
    assert speech[0] == speech[1] == speech[9] == 0
    assert speech[2] == pytest.approx(1, abs=0.15)
    assert speech[4] == pytest.approx(2.98, abs=0.05)


def test_with_all_a_window_is_full_of_speech_at_any_rate():
    for rate in (8000, 11025, 16000, 44100):
        windows = Windows(rate, speech="all")
        found = windows.feed(np.zeros(5 * rate, np.float32))[0]
        assert len(found) == 3
        assert all(window.speech_seconds >= 2.9 for window in found)


def test_no_more_is_kept_than_a_window_and_a_block():
    windows = Windows(4000, window=1, hop=0.5)
    for _ in range(300):
        windows.feed(np.zeros(280, np.float32))
        assert len(windows._samples) <= 4000
        assert len(windows._flags) <= 51
    assert windows.seconds == 21


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"window": 0}, "window is 0 s"),
        ({"hop": -1}, "hop is -1 s"),
        ({"window": float("nan")}, "window is nan s"),
        ({"window": 1, "hop": 2}, "hop 2 s is more than window 1 s"),
        ({"speech": "loud"}, "speech by 'loud'"),
    ],
)
def test_impossible_windows_are_an_error(asked, words):
    with pytest.raises(RecipeError, match=words):
        Windows(RATE, **asked)
