import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.features.decibels import (
    SOUND_PRESSURE,
    amplitude_to_decibels,
    decibels_to_amplitude,
    decibels_to_power,
    power_to_decibels,
)


@pytest.mark.parametrize(("power", "level"), [(1, 0), (10, 10), (0.001, -30), (2, 3.0103)])
def test_ten_times_the_power_is_10_db_more(power: float, level: float) -> None:
    assert power_to_decibels(power) == pytest.approx(level, abs=1e-4)


@pytest.mark.parametrize(("amplitude", "level"), [(1, 0), (-1, 0), (10, 20), (0.5, -6.0206)])
def test_ten_times_the_amplitude_is_20_db_more(amplitude: float, level: float) -> None:
    assert amplitude_to_decibels(amplitude) == pytest.approx(level, abs=1e-4)


def test_a_pascal_is_94_db_over_the_threshold_of_hearing() -> None:
    assert amplitude_to_decibels(1.0, reference=SOUND_PRESSURE) == pytest.approx(93.9794, abs=1e-4)


@pytest.mark.parametrize("reference", [1.0, 0.2, 1e-30])
@pytest.mark.parametrize("floor_db", [None, 80.0, 20.0])
def test_levels_are_librosas(reference: float, floor_db: float | None) -> None:
    power = 10 ** np.random.default_rng(0).uniform(-25, 3, (20, 30))
    np.testing.assert_allclose(
        power_to_decibels(power, reference=reference, floor_db=floor_db),
        librosa.power_to_db(power, ref=reference, amin=1e-20, top_db=floor_db),
        atol=1e-9,
    )
    np.testing.assert_allclose(
        amplitude_to_decibels(power, reference=reference, floor_db=floor_db),
        librosa.amplitude_to_db(power, ref=reference, amin=1e-10, top_db=floor_db),
        atol=1e-9,
    )


@given(level=st.floats(-150, 150), reference=st.floats(1e-6, 1e6))
def test_the_inverses_turn_back(level: float, reference: float) -> None:
    power = decibels_to_power(level, reference=reference)
    assert power_to_decibels(power, reference=reference, least=1e-30) == pytest.approx(level, abs=1e-9)
    amplitude = decibels_to_amplitude(level, reference=reference)
    assert amplitude_to_decibels(amplitude, reference=reference, least=1e-30) == pytest.approx(level, abs=1e-9)


def test_zero_and_less_have_the_level_of_the_least_power() -> None:
    assert power_to_decibels([0.0, -1.0]).tolist() == [-200, -200]
    assert power_to_decibels(0.0, least=1e-3) == pytest.approx(-30)
    assert amplitude_to_decibels(0.0) == pytest.approx(-200)


def test_nan_stays_nan_and_does_not_move_the_floor() -> None:
    np.testing.assert_allclose(power_to_decibels([np.nan, 1.0, 1e-9], floor_db=60.0), [np.nan, 0, -60], atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_of_a_float_is_kept(dtype: type) -> None:
    power = np.ones((2, 3), dtype=dtype)
    for convert in (power_to_decibels, amplitude_to_decibels, decibels_to_power, decibels_to_amplitude):
        assert convert(power, reference=0.5).dtype == dtype
    assert power_to_decibels(power, floor_db=10.0).dtype == dtype


def test_nothing_has_no_levels() -> None:
    assert power_to_decibels(np.zeros((0, 4)), floor_db=80.0).shape == (0, 4)
