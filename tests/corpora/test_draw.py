import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.corpora import draw

SHARES = np.array([0.7, 0.15, 0.15])


@given(total=st.integers(0, 500), valid=st.floats(0.01, 0.45), test=st.floats(0.01, 0.45))
def test_whole_counts_sum_up_are_within_one_of_the_shares_and_not_zero(total: int, valid: float, test: float) -> None:
    shares = np.array([1 - valid - test, valid, test])
    counts = draw.whole_counts(total, shares)
    assert counts.sum() == total
    if total >= 3:
        assert counts.min() >= 1
    if (total * shares).min() >= 1:
        assert np.abs(counts - total * shares).max() < 1


def test_the_best_of_all_ways_is_found_for_six_speakers() -> None:
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(6), 20)
    classes = generator.integers(0, 3, size=120)
    parts = draw.groups_apart(classes, groups, SHARES, np.random.default_rng(1))
    counts = np.zeros((6, 3))
    np.add.at(counts, (groups, classes), 1.0)
    every_way = np.array(np.meshgrid(*[range(3)] * 6)).reshape(6, -1).T
    of_groups = parts[::20][None, :]
    assert draw._distance(of_groups, counts, SHARES)[0] == draw._distance(every_way, counts, SHARES).min()


def test_a_class_that_one_group_alone_has_is_trained() -> None:
    groups = np.repeat(np.arange(8), 6)
    classes = np.where(groups == 5, 1, 0)
    parts = draw.groups_apart(classes, groups, SHARES, np.random.default_rng(0))
    assert set(parts[classes == 1]) == {0}
    assert set(parts) == {0, 1, 2}


def test_thousands_of_groups_are_drawn_in_time_and_near_the_shares() -> None:
    groups = np.arange(3000)
    parts = draw.groups_apart(groups % 4, groups, SHARES, np.random.default_rng(0))
    assert np.bincount(parts) / 3000 == pytest.approx(SHARES, abs=0.02)


def test_speakers_who_share_a_file_are_one_group_also_through_others() -> None:
    pairs = [("1.wav", "a"), ("1.wav", "b"), ("2.wav", "b"), ("2.wav", "c"), ("3.wav", "d"), ("4.wav", "c")]
    groups = draw.linked(pairs)
    assert groups["1.wav"] == groups["2.wav"] == groups["4.wav"] != groups["3.wav"]
    assert set(groups.values()) == {0, 1}
