import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.errors import RecipeError
from paraverbal.features.statistics import DEFAULT, slopes, statistics, turning_points

HOP = 0.01
SERIES = np.random.default_rng(0).gamma(2.0, size=200)
numbers = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=60)


def one(name, series=SERIES):
    return float(statistics(np.asarray(series, dtype=float), [name], hop_seconds=HOP)[0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", np.mean(SERIES)),
        ("median", np.median(SERIES)),
        ("minimum", np.min(SERIES)),
        ("maximum", np.max(SERIES)),
        ("range", np.max(SERIES) - np.min(SERIES)),
        ("deviation", np.std(SERIES)),
        ("variation", scipy.stats.variation(SERIES)),
        ("skewness", scipy.stats.skew(SERIES)),
        ("kurtosis", scipy.stats.kurtosis(SERIES, fisher=False)),
        ("percentile_20", np.percentile(SERIES, 20)),
        ("percentile_97.5", np.percentile(SERIES, 97.5)),
        ("percentile_range_25_75", scipy.stats.iqr(SERIES)),
        ("trend", scipy.stats.linregress(np.arange(200) * HOP, SERIES).slope),
        ("share", 1.0),
    ],
)
def test_a_functional_is_what_numpy_and_scipy_say(name, expected):
    assert one(name) == pytest.approx(expected, rel=1e-5)


def test_the_error_of_the_trend_is_what_the_line_leaves():
    times = np.arange(200) * HOP
    line = np.polynomial.Polynomial.fit(times, SERIES, 1)
    assert one("trend_error") == pytest.approx(np.sqrt(np.mean((SERIES - line(times)) ** 2)), rel=1e-5)


def test_a_triangle_wave_has_the_slopes_that_it_was_made_with():
    wave = np.tile(np.concatenate([np.linspace(0, 1, 5)[:-1], np.linspace(1, 0, 11)[:-1]]), 5)
    wave = np.append(wave, 0)
    assert one("rising_slope_mean", wave) == pytest.approx(1 / (4 * HOP))
    assert one("falling_slope_mean", wave) == pytest.approx(1 / (10 * HOP))
    assert one("rising_slope_deviation", wave) == pytest.approx(0, abs=1e-3)
    assert one("peaks_per_second", wave) == pytest.approx(5 / (len(wave) * HOP))


def test_a_ripple_smaller_than_a_tenth_of_the_range_is_no_turn():
    ripple = np.arange(200) % 2
    wave = np.sin(np.arange(200) / 10)
    assert len(turning_points(wave + 0.05 * ripple)[0]) == len(turning_points(wave)[0]) == 6
    assert len(turning_points(wave + 0.5 * ripple)[0]) > 150


@pytest.mark.parametrize(("dip", "peaks"), [(8.8, [2]), (8.2, [4]), (7.0, [2, 4])])
def test_a_higher_peak_displaces_another_only_across_a_dip(dip, peaks):
    places, tops = turning_points(np.array([0, 5, 9, dip, 9.2, 4, 0]))
    assert places[tops].tolist() == peaks


def test_a_plateau_is_a_peak_where_it_begins():
    places, peaks = turning_points(np.array([0, 1, 1, 1, 0, 0, 2.0]))
    assert places.tolist() == [1, 4]
    assert peaks.tolist() == [True, False]


@given(numbers)
def test_peaks_and_valleys_take_turns(values):
    places, peaks = turning_points(np.array(values))
    assert (np.diff(places) > 0).all()
    assert (peaks[1:] != peaks[:-1]).all()
    assert all(0 < place < len(values) - 1 for place in places)


@given(numbers)
def test_rises_less_falls_lead_from_the_first_value_to_the_last(values):
    series = np.array(values)
    places, _ = turning_points(series)
    rises, falls = slopes(series, HOP)
    corners = np.unique(np.concatenate([[0], places, [len(series) - 1]]))
    assert len(rises) + len(falls) == np.count_nonzero(np.diff(series[corners]))
    assert (rises > 0).all()
    assert (falls > 0).all()


def test_frames_without_a_value_do_not_count():
    gaps = np.full(400, np.nan)
    gaps[::2] = SERIES
    for name in ("mean", "deviation", "percentile_20", "kurtosis", "rising_slope_mean"):
        assert one(name, gaps) == pytest.approx(one(name))
    assert one("share", gaps) == 0.5
    assert one("trend", gaps) == pytest.approx(one("trend") / 2, rel=1e-5)


@pytest.mark.parametrize("series", [[], [np.nan, np.nan]])
def test_nothing_has_no_functionals(series):
    assert np.isnan(statistics(np.array(series, dtype=float), DEFAULT)).all()


def test_a_constant_has_no_shape():
    values = dict(zip(DEFAULT, statistics(np.full(9, 2.0)).tolist(), strict=True))
    assert values["mean"] == values["percentile_80"] == 2
    assert values["deviation"] == values["trend"] == 0
    assert np.isnan(values["rising_slope_mean"])
    assert np.isnan([one("skewness", [2.0, 2.0]), one("variation", [-1.0, 1.0]), one("trend", [1.0])]).all()


def test_each_row_is_a_series_of_its_own():
    found = statistics(np.stack([SERIES, 2 * SERIES]), ["mean", "range"])
    assert found.shape == (2, 2)
    assert found.dtype == np.float32
    assert found[1] == pytest.approx(2 * found[0])


@pytest.mark.parametrize("name", ["men", "percentile_120", "percentile_x", "percentile_range_20"])
def test_an_unknown_functional_is_an_error(name):
    with pytest.raises(RecipeError, match=f"no functional '{name}'"):
        statistics(SERIES, [name])


def test_the_error_names_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'median'"):
        statistics(SERIES, ["medain"])
