"""Effect sizes against scipy, against least squares with a column for each group, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f_oneway

from paraverbal.errors import MetricError
from paraverbal.metrics.effects import Layout, class_effects, effect_draws, effect_intervals, without_groups


def unbalanced(seed=0, groups=5, classes=4, clips=90):
    """Values of three quantities, the first of which tells the classes apart, the second the groups."""
    rng = np.random.default_rng(seed)
    layout = Layout.of(rng.choice(classes, clips, p=[0.5, 0.3, 0.15, 0.05]), rng.integers(0, groups, clips))
    values = rng.normal(0, 1, (clips, 3))
    values[:, 0] += layout.classes
    values[:, 1] += 5 * layout.groups
    return values, layout


def residual(column, *factors):
    """The squares that least squares on one column for each level leave over, and the rank."""
    columns = np.concatenate([np.eye(factor.max() + 1)[factor] for factor in factors], axis=1)
    solution, _, rank, _ = np.linalg.lstsq(columns, column, rcond=None)
    return float(np.square(column - columns @ solution).sum()), int(rank)


def by_regression(column, layout):
    """Epsilon squared and F of the classes beside the groups, from two regressions."""
    groups, group_rank = residual(column, layout.groups)
    both, rank = residual(column, layout.groups, layout.classes)
    classes, error = rank - group_rank, len(column) - rank
    return (groups - both - classes * both / error) / groups, (groups - both) / classes / (both / error)


def test_without_groups_f_is_that_of_scipy():
    values, layout = unbalanced()
    found = class_effects(values, Layout.of(layout.classes))
    expected = [f_oneway(*(column[layout.classes == one] for one in range(4))).statistic for column in values.T]
    assert found.f == pytest.approx(expected)
    assert (found.df_classes, found.df_error) == (3, 86)


def test_epsilon_squared_by_hand():
    # Means 1 and 4, grand mean 2.5: SS between 4 * 1.5^2 = 9, within 2, so (9 - 2 / 2) / 11.
    found = class_effects([[0.0], [2.0], [4.0], [4.0]], Layout.of([0, 0, 1, 1]))
    assert found.epsilon_squared == pytest.approx([8 / 11])


@pytest.mark.parametrize("seed", range(3))
def test_with_groups_it_is_the_two_way_layout_however_unbalanced(seed):
    values, layout = unbalanced(seed)
    found = class_effects(values, layout)
    expected = np.array([by_regression(column, layout) for column in values.T])
    assert found.epsilon_squared == pytest.approx(expected[:, 0])
    assert found.f == pytest.approx(expected[:, 1])


@given(st.integers(0, 1000), st.floats(0.1, 10), st.floats(-100, 100))
def test_neither_unit_nor_zero_nor_the_level_of_a_group_changes_an_effect(seed, scale, shift):
    values, layout = unbalanced(seed)
    moved = scale * values + shift + 50 * np.sin(layout.groups)[:, np.newaxis]
    assert class_effects(moved, layout).epsilon_squared == pytest.approx(class_effects(values, layout).epsilon_squared)


def test_groups_of_one_class_each_leave_nothing_to_tell_classes_by():
    values, layout = unbalanced()
    found = class_effects(values, Layout.of(layout.groups, layout.groups))
    assert found.df_classes == 0
    assert np.isnan(found.epsilon_squared).all() and np.isnan(found.f).all()


@pytest.mark.parametrize("classes", [[0, 0, 0], [0, 1, 2], [0]])
def test_one_class_or_one_clip_a_class_has_no_effect(classes):
    found = class_effects(np.arange(float(len(classes)))[:, np.newaxis], Layout.of(classes))
    assert np.isnan(found.epsilon_squared).all()


@pytest.mark.parametrize("constant", [0.0, 0.1, 440.1])
def test_a_constant_quantity_has_no_effect_and_no_interval(constant):
    values, layout = unbalanced()
    values[:, 1] = np.float32(constant)
    found, drawn = class_effects(values, layout), effect_draws(values, layout, draws=20)
    assert np.isnan(found.epsilon_squared).tolist() == [False, True, False]
    assert effect_intervals(found, drawn)[1] is None
    assert not without_groups(values, layout)[:, 1].any()


def test_what_varies_with_the_class_alone_has_an_effect_of_1():
    _, layout = unbalanced()
    found = class_effects(layout.classes[:, np.newaxis] * 3.0 + layout.groups[:, np.newaxis], layout)
    assert found.epsilon_squared == pytest.approx([1])
    assert found.f == [np.inf]


@pytest.mark.parametrize("grouped", [True, False])
def test_draws_are_the_effects_of_drawn_rows(grouped):
    values, layout = unbalanced()
    layout = layout if grouped else Layout.of(layout.classes)
    units = layout.groups if grouped else np.arange(len(values))
    rng, expected = np.random.default_rng(3), []
    for _ in range(400):
        chosen = rng.integers(0, units.max() + 1, units.max() + 1)
        rows = [np.flatnonzero(units == unit) for unit in chosen]
        groups = np.repeat(np.arange(len(rows)), [len(row) for row in rows]) if grouped else None
        clips = np.concatenate(rows)
        expected.append(class_effects(values[clips], Layout.of(layout.classes[clips], groups)).epsilon_squared)
    drawn = effect_draws(values, layout, draws=2000)
    assert drawn.mean(axis=0) == pytest.approx(np.mean(expected, axis=0), abs=0.02)
    assert drawn.std(axis=0) == pytest.approx(np.std(expected, axis=0), rel=0.15)


def test_intervals_hold_the_effect_and_stay_within_0_and_1():
    values, layout = unbalanced()
    found = class_effects(values, layout)
    for effect, (low, high) in zip(
        found.epsilon_squared, effect_intervals(found, effect_draws(values, layout)), strict=True
    ):
        assert 0 <= low <= max(effect, 0) <= high <= 1


def test_intervals_of_quantities_that_tell_nothing_include_0():
    rng = np.random.default_rng(0)
    layout = Layout.of(np.tile(np.repeat(np.arange(4), 4), 20), np.repeat(np.arange(20), 16))
    values = rng.normal(0, 1, (len(layout.classes), 200)) + rng.normal(0, 1, (20, 200))[layout.groups]
    intervals = effect_intervals(class_effects(values, layout), effect_draws(values, layout, draws=500))
    assert np.mean([low == 0 for low, _ in intervals]) >= 0.9


@pytest.mark.parametrize("values", [[[1.0], [np.nan]], [[1.0]], [1.0, 2.0]])
def test_values_that_do_not_fit_are_refused(values):
    with pytest.raises(MetricError):
        class_effects(values, Layout.of([0, 1]))


@pytest.mark.parametrize(("classes", "groups"), [([], None), ([0.5], None), ([-1], None), ([0, 1], ["a"])])
def test_layouts_that_are_none_are_refused(classes, groups):
    with pytest.raises(MetricError):
        Layout.of(classes, groups)


def test_no_draws_are_refused():
    values, layout = unbalanced()
    with pytest.raises(MetricError, match="expected at least 1"):
        effect_draws(values, layout, draws=0)
