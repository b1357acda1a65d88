import numpy as np
import pytest
from numpy.typing import NDArray

from paraverbal.features.frames import hann
from paraverbal.features.harmonics import amplitudes, h1_a3, h1_h2

RATE, SIZE = 16_000, 1024
FREQUENCIES = np.fft.rfftfreq(SIZE, 1 / RATE)


def power(f0: float, levels_db: NDArray[np.float64], frames: int = 3) -> NDArray[np.float32]:
    """Power spectra `[frame, bin]` of harmonics with set levels."""
    seconds = np.arange(SIZE) / RATE
    waves = [10 ** (level / 20) * np.cos(2 * np.pi * f0 * n * seconds + n) for n, level in enumerate(levels_db, 1)]
    spectrum = np.abs(np.fft.rfft(np.sum(waves, axis=0) * hann(SIZE))) ** 2
    return np.tile(spectrum, (frames, 1)).astype(np.float32)


@pytest.mark.parametrize("f0", [FREQUENCIES[8], FREQUENCIES[20]])
def test_harmonics_on_bins_have_their_levels_exactly(f0: float) -> None:
    levels = np.array([0.0, -6, -3, -20, -12])

    found = amplitudes(power(f0, levels), FREQUENCIES, np.full(3, f0, np.float32), 5)

    assert found.shape == (3, 5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found - found[:, :1], np.tile(levels, (3, 1)), atol=0.01)


@pytest.mark.parametrize("f0", [101.0, 187.3, 333.3])
def test_harmonics_between_bins_lose_at_most_what_a_hann_window_loses(f0: float) -> None:
    """Half a bin beside its peak a Hann window's main lobe is 1.42 dB lower (Harris 1978, table 1)."""
    levels = np.array([0.0, -6, -3, -20, -12])

    found = amplitudes(power(f0, levels), FREQUENCIES, np.full(3, f0, np.float32), 5)

    np.testing.assert_allclose(found[0] - found[0, 0], levels, atol=1.6)


def test_an_f0_one_per_cent_off_finds_the_same_harmonics() -> None:
    spectra, levels = power(200, -np.arange(20.0)), np.full(3, 200, np.float32)

    np.testing.assert_array_equal(
        amplitudes(spectra, FREQUENCIES, 1.01 * levels, 20), amplitudes(spectra, FREQUENCIES, levels, 20)
    )


def test_unvoiced_frames_and_harmonics_above_half_the_rate_have_no_level() -> None:
    f0 = np.array([500, np.nan, 250], np.float32)

    found = amplitudes(power(250, np.zeros(30)), FREQUENCIES, f0, 20)

    assert np.isnan(found[1]).all()
    assert np.isfinite(found[0, :16]).all()
    assert np.isnan(found[0, 16:]).all()
    assert np.isfinite(found[2]).all()


def test_silence_has_finite_levels() -> None:
    found = amplitudes(np.zeros((2, len(FREQUENCIES)), np.float32), FREQUENCIES, np.full(2, 100.0, np.float32), 4)

    assert np.isfinite(found).all()


def test_without_frames_there_is_nothing() -> None:
    found = amplitudes(np.zeros((0, len(FREQUENCIES)), np.float32), FREQUENCIES, np.zeros(0, np.float32), 4)

    assert found.shape == (0, 4)
    assert h1_h2(found).shape == h1_a3(found, np.zeros(0), np.zeros(0)).shape == (0,)


def test_h1_h2_is_the_first_level_less_the_second() -> None:
    f0 = FREQUENCIES[12]

    found = amplitudes(power(f0, np.array([0.0, -9, -3])), FREQUENCIES, np.full(3, f0, np.float32), 3)

    np.testing.assert_allclose(h1_h2(found), 9, atol=0.01)


def test_h1_a3_compares_with_the_strongest_harmonic_beside_the_third_formant() -> None:
    levels = np.tile(np.array([0, -10, -20, -30, -25, -40, -5], np.float32), (2, 1))

    found = h1_a3(levels, np.full(2, 100.0), np.array([450.0, 510.0]))

    np.testing.assert_array_equal(found, [25, 25])


def test_h1_a3_is_unknown_without_voice_without_f3_and_beyond_the_harmonics() -> None:
    levels = np.zeros((3, 5), np.float32)
    levels[0] = np.nan

    found = h1_a3(levels, np.array([np.nan, 100, 100]), np.array([300, np.nan, 2500]))

    assert np.isnan(found).all()
