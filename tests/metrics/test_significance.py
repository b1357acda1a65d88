"""Tests of significance against scipy, and against all deals of a layout that is small enough to count."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, f_oneway, false_discovery_control, kruskal

from paraverbal.errors import MetricError
from paraverbal.metrics.effects import Layout, class_effects
from paraverbal.metrics.significance import benjamini_hochberg, chi_squared_tail, kruskal_wallis, permutation_test


def test_kruskal_wallis_is_that_of_scipy_with_and_without_ties():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 4, 60)
    values = rng.normal(0, 1, (60, 3)) + 0.3 * classes[:, np.newaxis]
    values[:, 1] = np.round(values[:, 1])
    expected = [kruskal(*(column[classes == one] for one in range(4))).pvalue for column in values.T]
    assert kruskal_wallis(values, Layout.of(classes)) == pytest.approx(expected)


def test_kruskal_wallis_of_one_class_or_of_a_constant_is_nan():
    assert np.isnan(kruskal_wallis([[1.0], [2.0]], Layout.of([0, 0]))).all()
    assert np.isnan(kruskal_wallis([[0.1], [0.1], [0.1]], Layout.of([0, 1, 1]))).all()


@given(st.floats(0, 800), st.integers(1, 12))
def test_the_tail_of_chi_squared_is_that_of_scipy(statistic, freedom):
    assert chi_squared_tail(statistic, freedom) == pytest.approx(chi2.sf(statistic, freedom), rel=1e-9, abs=1e-300)


def test_permutations_count_all_deals_within_groups():
    values = np.array([[0.3], [1.9], [2.2], [10.1], [12.0], [10.9]])
    layout = Layout.of([0, 1, 1, 0, 1, 1], [0, 0, 0, 1, 1, 1])
    observed = class_effects(values, layout).f
    deals = [
        class_effects(values, Layout.of([*first, *second], layout.groups)).f >= observed - 1e-9
        for first, second in product(permutations([0, 1, 1]), repeat=2)
    ]
    assert permutation_test(values, layout, permutations=20_000) == pytest.approx(np.mean(deals), abs=0.01)


def test_with_one_group_permutations_agree_with_f():
    rng = np.random.default_rng(1)
    classes = np.repeat(np.arange(3), 20)
    values = rng.normal(0, 1, (60, 4)) + np.array([0, 0.1, 0.3, 0.5]) * classes[:, np.newaxis]
    expected = [f_oneway(*(column[classes == one] for one in range(3))).pvalue for column in values.T]
    assert permutation_test(values, Layout.of(classes)) == pytest.approx(expected, abs=0.02)


def test_what_only_differs_between_groups_is_not_significant():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(6), 20)
    classes = rng.binomial(1, 0.1 + 0.15 * groups)  # later groups have more of one class, and higher values
    values = rng.normal(0, 1, (120, 200)) + 2 * groups[:, np.newaxis]
    p = permutation_test(values, Layout.of(classes, groups), permutations=400)
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.045)
    assert (kruskal_wallis(values, Layout.of(classes)) < 0.001).all()


def test_the_same_seed_deals_the_same():
    rng = np.random.default_rng(0)
    values, layout = rng.normal(0, 1, (30, 3)), Layout.of(np.arange(30) % 3, np.arange(30) // 10)
    first, second = (permutation_test(values, layout, permutations=300, seed=4) for _ in range(2))
    assert first.tolist() == second.tolist()
    assert (first >= 1 / 301).all()


def test_what_cannot_be_tested_is_nan():
    values = np.array([[1.0, 0.1], [2.0, 0.1], [4.0, 0.1], [3.0, 0.1]])
    assert np.isnan(permutation_test(values, Layout.of([0, 1, 0, 1]), permutations=9)).tolist() == [False, True]
    assert np.isnan(permutation_test(values, Layout.of([0, 0, 1, 1], [0, 0, 1, 1]), permutations=9)).all()
    with pytest.raises(MetricError, match="expected at least 1"):
        permutation_test(values, Layout.of([0, 1, 0, 1]), permutations=0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg_is_that_of_scipy(p_values):
    assert benjamini_hochberg(p_values) == pytest.approx(false_discovery_control(p_values, method="bh").tolist())


@pytest.mark.parametrize("p_values", [[], [0.1, float("nan")], [1.2], [[0.1]]])
def test_what_are_no_p_values_is_refused(p_values):
    with pytest.raises(MetricError):
        benjamini_hochberg(p_values)
