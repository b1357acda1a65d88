"""Answers of overlapping windows become stretches with one winner."""

from itertools import pairwise

import numpy as np
import pytest

from paraverbal.inference.segments import cells, smoothed, stretches


def windows(count, window=3.0, hop=1.0):
    starts = hop * np.arange(count)
    return starts, starts + window


def one_hot(*winners, labels=2):
    return np.eye(labels, dtype=np.float64)[list(winners)]


def told(region, rows, window=3.0, hop=1.0):
    return [
        (one.start, one.end, int(one.answer.argmax()))
        for one in stretches(region, rows, *cells(*windows(len(rows), window, hop)), 2)
    ]


def test_cells_are_a_hop_around_the_middle_and_reach_to_both_ends():
    lower, upper = cells(*windows(4))
    np.testing.assert_allclose(lower, [0, 2, 3, 4])
    np.testing.assert_allclose(upper, [2, 3, 4, 6])


def test_a_cell_never_leaves_its_window():
    lower, upper = cells(np.array([0.0, 10.0]), np.array([3.0, 13.0]))
    assert (lower.tolist(), upper.tolist()) == ([0, 10], [3, 13])
    assert [len(part) for part in cells(np.zeros(0), np.zeros(0))] == [0, 0]


def test_smoothing_is_the_mean_of_the_windows_within_reach():
    rows = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    middles = 1.5 + np.delete(np.arange(52), [7, 30]).astype(float)
    found = smoothed(rows, middles, 1.0)
    for place in range(50):
        near = np.abs(middles - middles[place]) < 1.5
        np.testing.assert_allclose(found[place], rows[near].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(smoothed(rows, middles, 0), rows, rtol=1e-6)


def test_a_stretch_is_cut_where_the_winner_changes():
    assert told((1.0, 5.5), one_hot(0, 0, 1, 1)) == [(1.0, 3.0, 0), (3.0, 5.5, 1)]
    assert told((1.0, 5.5), one_hot(1, 1, 1, 1)) == [(1.0, 5.5, 1)]


def test_what_no_window_covers_is_left_out():
    lower, upper = cells(np.array([0.0, 10.0]), np.array([3.0, 13.0]))
    found = stretches((0.0, 20.0), one_hot(0, 0), lower, upper, 2)
    assert [(one.start, one.end) for one in found] == [(0, 3), (10, 13)]
    assert stretches((4.0, 9.0), one_hot(0, 0), lower, upper, 2) == []


def test_a_sliver_at_an_end_belongs_to_its_neighbour():
    assert told((1.9, 5.0), one_hot(0, 1, 1, 1)) == [(1.9, 5.0, 1)]
    assert told((0.0, 4.1), one_hot(0, 0, 0, 1)) == [(0.0, 4.1, 0)]
    assert told((1.7, 5.0), one_hot(0, 1, 1, 1)) == [(1.7, 2.0, 0), (2.0, 5.0, 1)]
    assert told((1.9, 2.0), one_hot(0, 1, 1, 1)) == [(1.9, 2.0, 0)]


def test_an_answer_is_the_mean_over_its_cells_by_their_share():
    rows = np.array([[0.8, 0.2, 5.0], [0.6, 0.4, 1.0]])
    (one,) = stretches((1.0, 2.5), rows, *cells(*windows(2)), 2)
    np.testing.assert_allclose(one.answer, (1.0 * rows[0] + 0.5 * rows[1]) / 1.5)


def test_only_labels_compete():
    rows = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 9.0]])
    assert len(stretches((0.0, 4.0), rows, *cells(*windows(2)), 2)) == 1


@pytest.mark.parametrize("seed", range(5))
def test_stretches_are_in_order_within_their_speech_and_leave_no_gap(seed):
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.ones(4), 40)
    found = stretches((3.3, 37.7), rows, *cells(*windows(40)), 4)
    assert (found[0].start, found[-1].end) == (3.3, 37.7)
    for one, other in pairwise(found):
        assert one.end == other.start
        assert one.answer.argmax() != other.answer.argmax() or one.end - one.start < 1.3
    assert all(one.answer.sum() == pytest.approx(1) for one in found)
