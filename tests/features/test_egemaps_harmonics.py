import numpy as np
import pytest

from paraverbal.features import egemaps_harmonics as module
from paraverbal.features.egemaps_harmonics import harmonicity, levels

BINS, BIN_HZ = 513, 15.625
FORMANTS = np.array([[700.0, 1800.0, 2700.0]])


def comb(f0: float, decibels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the power of harmonics of these levels on bins, and its maxima, of one frame."""
    power = np.full((1, BINS), 1e-12, np.float32)
    places = np.rint(f0 / BIN_HZ * np.arange(1, len(decibels) + 1)).astype(int)
    power[0, places] = 10 ** (decibels / 10)
    peaks = np.zeros((1, BINS), bool)
    peaks[0, places] = True
    return power, peaks


def test_the_autocorrelation_near_a_lag_is_that_of_the_inverse_transform() -> None:
    power = np.random.default_rng(0).random((6, BINS)).astype(np.float32)
    middles = np.array([20, 55, 80, 133, 240, 300])
    expected = np.fft.irfft(power)[np.arange(6)[:, np.newaxis], middles[:, np.newaxis] + np.arange(-7, 8)]
    found = module._autocorrelation(power, middles, 7) / (2 * (BINS - 1))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_the_ratio_of_harmonics_to_white_noise_is_that_of_their_energies(share: float) -> None:
    power, _ = comb(16 * BIN_HZ, np.full(30, 0.0))
    power *= share / power.sum()
    power += (1 - share) / BINS
    found = harmonicity(power, BIN_HZ, np.array([16 * BIN_HZ], np.float32))
    assert found[0] == pytest.approx(10 * np.log10(share / (1 - share)), abs=0.3)


def test_differences_are_of_the_first_two_harmonics_by_the_paper_and_of_the_next_two_as_opensmile() -> None:
    decibels = -2.0 * np.arange(20) - np.array([0, 1, 5, *range(6, 23)])
    power, peaks = comb(250.0, decibels)
    f0 = np.array([250.0], np.float32)
    by_paper, _ = levels(power, peaks, BIN_HZ, f0, FORMANTS, as_opensmile=False)
    theirs, _ = levels(power, peaks, BIN_HZ, f0, FORMANTS, as_opensmile=True)
    assert by_paper[0, 0] == pytest.approx(decibels[0] - decibels[1], abs=0.01)
    assert theirs[0, 0] == pytest.approx(decibels[1] - decibels[2], abs=0.01)
    # The strongest harmonic within 20 % of 2700 Hz is the one at 2250 Hz.
    assert by_paper[1, 0] == pytest.approx(decibels[0] - decibels[8], abs=0.01)
    assert theirs[1, 0] == pytest.approx(decibels[1] - decibels[8], abs=0.01)


@pytest.mark.parametrize("as_opensmile", [True, False])
def test_a_formant_has_the_level_of_its_strongest_harmonic_above_the_first(as_opensmile: bool) -> None:
    decibels = np.full(30, -40.0)
    decibels[[0, 2, 6, 10]] = [0, -10, -20, -30]
    power, peaks = comb(250.0, decibels)
    _, found = levels(power, peaks, BIN_HZ, np.array([250.0], np.float32), FORMANTS, as_opensmile=as_opensmile)
    np.testing.assert_allclose(found, [[-10, -20, -30]], atol=0.01)


def test_a_formant_whose_strongest_harmonic_is_the_first_has_a_level_by_the_paper_only() -> None:
    power, peaks = comb(500.0, np.array([0.0, -20, -20, -20, -20, -20, -20, -20]))
    formants = np.array([[520.0, 1600.0, np.nan]])
    f0 = np.array([500.0], np.float32)
    differences, by_paper = levels(power, peaks, BIN_HZ, f0, formants, as_opensmile=False)
    _, theirs = levels(power, peaks, BIN_HZ, f0, formants, as_opensmile=True)
    assert by_paper[0, 0] == pytest.approx(0, abs=0.01)
    assert np.isnan(theirs[0, 0])
    assert theirs[0, 1] == pytest.approx(-20, abs=0.01)
    assert np.isnan(by_paper[0, 2])
    assert np.isnan(differences[1, 0])


def test_frames_are_measured_as_they_are_alone() -> None:
    rng = np.random.default_rng(0)
    power = rng.random((8, BINS)).astype(np.float32)
    peaks = np.zeros(power.shape, bool)
    peaks[:, 1:-1] = (power[:, 1:-1] > power[:, :-2]) & (power[:, 1:-1] >= power[:, 2:])
    f0 = rng.uniform(60, 900, 8).astype(np.float32)
    formants = FORMANTS + rng.uniform(-100, 100, (8, 3))
    together = levels(power, peaks, BIN_HZ, f0, formants, as_opensmile=True)
    for row in range(8):
        one = slice(row, row + 1)
        alone = levels(power[one], peaks[one], BIN_HZ, f0[one], formants[one], as_opensmile=True)
        np.testing.assert_allclose(together[0][:, one], alone[0], rtol=1e-4)
        np.testing.assert_allclose(together[1][one], alone[1], rtol=1e-4)
