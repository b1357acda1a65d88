import numpy as np
import pytest

from paraverbal.features import egemaps_formants as module
from paraverbal.features.egemaps_formants import FORMANTS, formants
from paraverbal.features.linear_prediction import autocorrelation, levinson

RATE = 16_000


def speech_like(frames: int = 200, seed: int = 0) -> np.ndarray:
    """Return frames of noise through two random resonances each, `[frame, sample]`."""
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal((frames, 420))
    for low, high in ((300, 900), (1000, 2500), (2500, 4000)):
        hertz, radius = rng.uniform(low, high, frames), rng.uniform(0.9, 0.98, frames)
        a, b = -2 * radius * np.cos(2 * np.pi * hertz / RATE), radius**2
        for place in range(2, samples.shape[1]):
            samples[:, place] -= a * samples[:, place - 1] + b * samples[:, place - 2]
    return samples[:, 100:]


def by_eigenvalues(coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies and bandwidths in hertz of the lowest three roots."""
    found = np.full((2, len(coefficients), FORMANTS), np.nan)
    for row, polynomial in enumerate(coefficients):
        roots = np.roots([1, *polynomial])
        hertz = np.angle(roots) * 11000 / (2 * np.pi)
        chosen = np.flatnonzero((hertz > 50) & (hertz < 5450))
        chosen = chosen[np.argsort(hertz[chosen])][:FORMANTS]
        found[0, row, : len(chosen)] = hertz[chosen]
        found[1, row, : len(chosen)] = -np.log(np.abs(roots[chosen])) * 11000 / np.pi
    return found[0], found[1]


@pytest.mark.parametrize("as_opensmile", [True, False])
def test_formants_are_the_roots_of_the_predictor(as_opensmile: bool) -> None:
    frames = speech_like()
    samples = frames @ module._resampling(frames.shape[1], RATE, as_opensmile).astype(np.float64)
    coefficients, _ = levinson(autocorrelation(samples, 11))
    expected = by_eigenvalues(-coefficients if as_opensmile else coefficients)
    found = formants(frames, RATE, as_opensmile=as_opensmile)
    for one, other in zip(found, expected, strict=True):
        assert np.mean(np.isclose(one, other, atol=2.0, equal_nan=True)) > 0.99


def test_real_roots_are_found_and_divided_out() -> None:
    rng = np.random.default_rng(1)
    pairs = rng.uniform(0.5, 0.95, (50, 4)) * np.exp(1j * rng.uniform(0.2, 2.9, (50, 4)))
    real = np.sort(
        np.stack([rng.uniform(-4, -1.2, 50), rng.uniform(-0.9, -0.2, 50), rng.uniform(0.2, 0.9, 50)]), axis=0
    )
    polynomials = np.stack(
        [np.poly([*row, *row.conj(), *three]).real for row, three in zip(pairs, real.T, strict=True)], axis=1
    )
    found = module._real_roots(polynomials)
    np.testing.assert_allclose(found, real, atol=0.05)
    lowest = module._newton(polynomials, found[0])
    np.testing.assert_allclose(lowest, real[0], atol=1e-9)
    rest = module._without(polynomials, lowest)
    values = [np.polyval(column, root) for column, root in zip(rest.T, real[1], strict=True)]
    np.testing.assert_allclose(values, 0, atol=1e-9)


def test_silence_has_no_formants_and_leaves_its_neighbours_alone() -> None:
    frames = speech_like(4)
    frames[2] = 0
    frequencies, bandwidths = formants(frames, RATE, as_opensmile=True)
    assert np.isnan(frequencies[2]).all()
    assert np.isnan(bandwidths[2]).all()
    assert np.isfinite(frequencies[[0, 1, 3]]).all()
    assert (np.diff(frequencies[[0, 1, 3]], axis=1) > 0).all()
