import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paraverbal.features import resonances as module
from paraverbal.features.resonances import resonances

RATE = 11_000


def polynomials(roots: np.ndarray) -> np.ndarray:
    """Coefficients `[frame, order]` without the leading 1, from roots `[frame, order]`."""
    return np.stack([np.poly(row)[1:].real for row in roots])


def pairs(hertz: np.ndarray, bandwidths: np.ndarray) -> np.ndarray:
    upper = np.exp((-np.pi * bandwidths + 2j * np.pi * hertz) / RATE)
    return np.concatenate([upper, upper.conj()], axis=-1)


def drawn(formants: int, frames: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    hertz = np.sort(rng.uniform(100, 5400, (frames, formants)), axis=1)
    return hertz, rng.uniform(20, 800, (frames, formants))


@pytest.mark.parametrize("formants", [1, 2, 5, 8])
def test_a_polynomial_gives_back_the_resonances_it_was_made_of(formants: int) -> None:
    hertz, widths = drawn(formants, 400)
    frequencies, bandwidths = resonances(polynomials(pairs(hertz, widths)), RATE)
    np.testing.assert_allclose(frequencies, hertz, atol=0.05)
    np.testing.assert_allclose(bandwidths, widths, atol=0.1)


def test_eigenvalues_and_the_refinement_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    coefficients = polynomials(pairs(*drawn(5, 300, seed=1)))
    refined = resonances(coefficients, RATE)
    monkeypatch.setattr(module, "_STEPS", 0)
    np.testing.assert_allclose(refined, resonances(coefficients, RATE), atol=0.05)


def test_speech_seldom_needs_eigenvalues(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    by_eigenvalues = module._factors_by_eigenvalues
    monkeypatch.setattr(
        module, "_factors_by_eigenvalues", lambda values: asked.append(values.shape[1]) or by_eigenvalues(values)
    )
    rng = np.random.default_rng(2)
    hertz = np.array([500, 1500, 2500, 3500, 4500]) + rng.uniform(-300, 300, (500, 5))
    resonances(polynomials(pairs(hertz, rng.uniform(50, 400, (500, 5)))), RATE)
    assert sum(asked) < 50


def test_a_pair_of_real_roots_is_no_resonance() -> None:
    rest = pairs(np.array([[700.0, 1800, 2900]]), np.full((1, 3), 90.0))
    for real in ([0.9, -0.8], [0.9, 0.5], [-0.3, -0.95], [0.7, 0.7]):
        roots = np.concatenate([rest, [real]], axis=1)
        frequencies, bandwidths = resonances(polynomials(roots), RATE)
        np.testing.assert_allclose(frequencies[0, :3], [700, 1800, 2900], atol=0.05)
        if real[0] != real[1]:  # a double root is found as two real ones or as a resonance at almost 0 Hz
            assert np.isnan(frequencies[0, 3])
            assert np.isnan(bandwidths[0, 3])


def test_four_real_roots_are_two_pairs_that_are_no_resonances() -> None:
    coefficients = polynomials(np.array([[0.9, 0.4, -0.5, -0.8]]))
    assert np.isnan(resonances(coefficients, RATE)).all()


def test_a_double_resonance_is_found_twice() -> None:
    hertz = np.array([[1000.0, 1000.0, 3000.0]])
    frequencies, _ = resonances(polynomials(pairs(hertz, np.full((1, 3), 100.0))), RATE)
    np.testing.assert_allclose(frequencies, hertz, atol=0.5)


def test_frames_without_a_predictor_have_no_resonances_and_leave_the_others_alone() -> None:
    coefficients = polynomials(pairs(*drawn(5, 3)))
    with_gap = np.insert(coefficients, 1, np.nan, axis=0)
    frequencies, bandwidths = resonances(with_gap, RATE)
    assert np.isnan(frequencies[1]).all()
    assert np.isnan(bandwidths[1]).all()
    np.testing.assert_allclose(frequencies[[0, 2, 3]], resonances(coefficients, RATE)[0])


def test_no_frames_and_only_silent_frames_have_empty_answers() -> None:
    assert resonances(np.zeros((0, 10)), RATE)[0].shape == (0, 5)
    assert np.isnan(resonances(np.full((4, 10), np.nan), RATE)).all()


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(max_examples=40)
def test_any_roots_within_the_circle_are_found_as_numpy_finds_them(seed: int, half: int) -> None:
    rng = np.random.default_rng(seed)
    coefficients = polynomials(pairs(rng.uniform(60, 5440, (5, half)), rng.uniform(5, 3000, (5, half))))
    frequencies, _ = resonances(coefficients, RATE)
    for row, found in zip(coefficients, frequencies, strict=True):
        roots = np.roots([1, *row])
        expected = np.sort(np.angle(roots[roots.imag > 0])) * RATE / (2 * np.pi)
        np.testing.assert_allclose(found, expected, atol=1.0)
