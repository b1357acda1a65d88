import numpy as np
import pytest
import scipy.interpolate
from hypothesis import given, settings
from hypothesis import strategies as st

from paraverbal.features import egemaps_pitch as module
from paraverbal.features.egemaps_pitch import CANDIDATES, best_path, candidates, parabola, stretches

BINS, BIN_HZ = 513, 15.625


def comb(f0: float, frames: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return a spectrum of harmonics that fall by 6 dB an octave, and its maxima."""
    magnitudes = np.full(BINS, 1e-4, np.float32)
    places = np.rint(f0 / BIN_HZ * np.arange(1, int(7900 / f0) + 1)).astype(int)
    magnitudes[places] = 1 / np.arange(1, len(places) + 1)
    peaks = np.zeros(BINS, bool)
    peaks[places] = True
    return np.tile(magnitudes, (frames, 1)), np.tile(peaks, (frames, 1))


@pytest.mark.parametrize("multiple", [6, 8, 14, 32, 50])
def test_the_best_pitch_is_that_whose_harmonics_are_there(multiple: int) -> None:
    f0, voicing = candidates(*comb(multiple * BIN_HZ), BIN_HZ, 55, 1000)
    assert f0.shape == voicing.shape == (3, CANDIDATES)
    np.testing.assert_allclose(f0[:, 0], multiple * BIN_HZ, rtol=0.02)
    assert (voicing[:, 0] > 0.7).all()
    assert (voicing[:, 0] >= voicing[:, 1]).all()


def test_a_flat_spectrum_and_silence_have_no_voicing() -> None:
    magnitudes = np.ones((1, BINS), np.float32)
    _, voicing = candidates(magnitudes, np.zeros((1, BINS), bool), BIN_HZ, 55, 1000)
    assert (voicing < 0.5).all()
    f0, voicing = candidates(0 * magnitudes, np.zeros((1, BINS), bool), BIN_HZ, 55, 1000)
    assert (voicing == 0).all()
    assert (f0 == 55).all()


def test_no_frames_have_no_candidates() -> None:
    f0, voicing = candidates(np.zeros((0, BINS), np.float32), np.zeros((0, BINS), bool), BIN_HZ, 55, 1000)
    assert f0.shape == voicing.shape == (0, CANDIDATES)


def test_the_splines_are_those_of_scipy_over_the_logarithm_of_frequency() -> None:
    values = np.random.default_rng(0).random((BINS, 4))
    places = np.linspace(0.7, np.log2(BINS - 1), 200)
    knots = np.concatenate([[-1], np.log2(np.arange(1, BINS))])
    expected = scipy.interpolate.CubicSpline(knots, values, bc_type="natural")(places)
    np.testing.assert_allclose(module._splines(BINS, places) @ values, expected, atol=1e-9)


def test_octave_by_octave_the_product_is_that_of_the_whole_matrix() -> None:
    summation = module._summation(BINS, BIN_HZ, 55.0, 1000.0)
    spectra = np.random.default_rng(0).random((5, BINS)).astype(np.float32)
    whole = np.zeros((BINS, len(summation.octaves) + 1), np.float32)
    for columns, bins, matrix in summation.parts:
        whole[:bins, columns] = matrix
    np.testing.assert_allclose(summation(spectra), spectra @ whole, rtol=1e-4)
    assert any(bins < BINS / 2 for _, bins, _ in summation.parts)


def test_peaks_are_kept_with_two_neighbours_and_so_is_all_below_the_first_and_the_last_bin() -> None:
    peaks = np.zeros((2, 20), bool)
    peaks[0, [4, 11]] = True
    kept = module._near_peaks(peaks)
    assert np.flatnonzero(kept[0]).tolist() == [*range(7), *range(9, 14), 19]
    assert kept[1].all()


def cost(states: list[int], octaves: np.ndarray, costs: np.ndarray) -> float:
    """Return what a path costs, one step after another."""
    unvoiced = costs.shape[1] - 1
    total, before = 0.0, unvoiced
    for frame, state in enumerate([*states, unvoiced]):
        if (state == unvoiced) != (before == unvoiced):
            total += module._VOICING_COST
        elif state != unvoiced:
            total += module._OCTAVE_COST * abs(octaves[frame, state] - octaves[frame - 1, before])
        total += costs[frame, state] if frame < len(states) else 0.0
        before = state
    return total


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_no_path_is_cheaper_than_the_one_that_is_found(seed: int, frames: int) -> None:
    rng = np.random.default_rng(seed)
    octaves = rng.uniform(6, 10, (frames, 2)).astype(np.float32)
    costs = rng.uniform(0, 2, (frames, 3)).astype(np.float32)
    found = module._viterbi(octaves, costs)
    every = [np.unravel_index(number, (3,) * frames) for number in range(3**frames)]
    cheapest = min(cost([int(state) for state in path], octaves, costs) for path in every)
    assert cost(found.tolist(), octaves, costs) == pytest.approx(cheapest, abs=1e-4)


@pytest.mark.parametrize("frames", [1, 2, 100, 250])
def test_segments_side_by_side_give_the_path_of_one_frame_after_another(frames: int) -> None:
    rng = np.random.default_rng(frames)
    octaves = rng.uniform(6, 10, (frames, 3)).astype(np.float32)
    costs = rng.uniform(0, 1.5, (frames, 4)).astype(np.float32)
    changes = module._changes(octaves, costs).transpose(2, 0, 1)
    total, origins = np.array([np.inf, np.inf, np.inf, 0]), []
    for change in changes:
        ways = total[:, np.newaxis] + change
        origins.append(ways.argmin(axis=0))
        total = ways.min(axis=0)
    total[:3] += module._VOICING_COST
    expected = [int(total.argmin())]
    for origin in reversed(origins[1:]):
        expected.append(int(origin[expected[-1]]))
    assert module._viterbi(octaves, costs).tolist() == expected[::-1]


def test_a_short_dip_of_voicing_is_crossed_and_a_single_voiced_frame_is_not() -> None:
    voicing = np.full((40, CANDIDATES), 0.3, np.float32)
    voicing[10:20, 0] = 0.9
    voicing[14, 0] = 0.65
    voicing[30, 0] = 0.75
    found = best_path(np.full((40, CANDIDATES), 200, np.float32), voicing, 0.7)
    assert np.flatnonzero(found).tolist() == list(range(10, 20))


def test_an_octave_error_of_one_frame_is_mended() -> None:
    f0 = np.tile(np.array([200, 100, 400], np.float32), (20, 1))
    f0[10] = [100, 200, 400]
    voicing = np.tile(np.array([0.9, 0.8, 0.7], np.float32), (20, 1))
    voicing[10] = [0.86, 0.85, 0.7]
    assert (best_path(f0, voicing, 0.7) == 200).all()


def test_the_vertex_of_a_parabola_is_found() -> None:
    places = np.array([-1.0, 0.0, 1.0])
    left, middle, right = (3 - 2 * (place - 0.2) ** 2 for place in places)
    offset, height = parabola(*(np.array([value]) for value in (left, middle, right)))
    assert offset[0] == pytest.approx(0.2)
    assert height[0] == pytest.approx(3)


def test_stretches_are_told_by_where_they_start_and_what_follows_them() -> None:
    starts, ends = stretches(np.array([True, False, True, True]))
    assert starts.tolist() == [0, 2]
    assert ends.tolist() == [1, 4]
