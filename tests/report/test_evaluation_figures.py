"""The figures show the numbers of their tables, and can be drawn of whatever a table may hold."""

import io

import matplotlib.image
import numpy as np
import pytest

from paraverbal.evaluation.groups import GroupScores, GroupTable
from paraverbal.evaluation.robustness import ConditionScores, RobustnessTable
from paraverbal.metrics.calibration import coverage_curve, reliability
from paraverbal.report.evaluation_figures import (
    MOST_GROUPS,
    coverage_figure,
    dimensions_figure,
    groups_figure,
    reliability_figure,
    robustness_figure,
)
from paraverbal.report.figures import DARK, LIGHT, png


def pixels(figure):
    return matplotlib.image.imread(io.BytesIO(png(figure)))


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def drawn(clips=400, sharpness=1.5, seed=0):
    """Probabilities that are as sure as they are right for a sharpness of 1, and too sure above."""
    rng = np.random.default_rng(seed)
    fair = rng.dirichlet(np.ones(5) * 0.5, clips)
    truth = np.array([rng.choice(5, p=row) for row in fair])
    powers = (fair + 1e-6) ** sharpness
    return powers / powers.sum(axis=1, keepdims=True), truth


def group(name, uar, interval=0.1, drawn="speakers", clips=60):
    bounds = None if interval is None else (max(0, uar - interval), min(1, uar + interval))
    return GroupScores(name, clips, 4, ("anger", "joy"), uar, uar, bounds, bounds, drawn, None)


def groups(*members, column="sex", uar=0.6):
    return GroupTable(column, uar, members, 0, None)


def condition(name, uar, interval=None):
    return ConditionScores(name, "", uar, uar, 1.0, (uar - 0.1, uar + 0.1), 0.7 - uar, interval, None)


def robust(*rows):
    return RobustnessTable((condition("clean", 0.7), *rows), 150, 20, 0, {}, (), None)


FIGURES = {
    "reliability": lambda palette: reliability_figure(
        reliability(*drawn(sharpness=2.5)), reliability(*drawn(sharpness=1)), palette
    ),
    "coverage": lambda palette: coverage_figure(coverage_curve(*drawn()), 0.6, palette),
    "groups": lambda palette: groups_figure(groups(group("female", 0.7), group("male", 0.5, 0.2, "clips")), palette),
    "dimensions": lambda palette: dimensions_figure({"arousal": [(1.0, 2.0), (4.5, 4.0)]}, palette),
    "robustness": lambda palette: robustness_figure(robust(condition("mp3", 0.68, (-0.01, 0.05))), palette),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_a_figure_fills_its_background(name, palette):
    corner = pixels(FIGURES[name](palette))[0, 0, :3]
    wanted = [int(palette.surface[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    assert corner == pytest.approx(wanted, abs=1 / 255)


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_numbers_give_the_same_bytes(name):
    assert png(FIGURES[name](LIGHT)) == png(FIGURES[name](LIGHT))


def test_the_bars_of_a_reliability_diagram_are_accuracies_and_below_them_are_the_clips():
    before, after = reliability(*drawn(sharpness=2.5)), reliability(*drawn(sharpness=1))
    figure = reliability_figure(before, after)
    for column, bins in enumerate((before, after)):
        accuracy, counts = figure.axes[column], figure.axes[2 + column]
        filled = [one for one in bins if one.clips]
        assert [bar.get_height() for bar in accuracy.patches] == [100 * one.accuracy for one in filled]
        dots = accuracy.get_lines()[-1]
        assert list(dots.get_ydata()) == [100 * one.confidence for one in filled]
        assert sum(bar.get_height() for bar in counts.patches) == 400
        middle = [bar.get_x() + bar.get_width() / 2 for bar in counts.patches]
        assert middle == pytest.approx([50 * (one.low + one.high) for one in bins])
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == ["Before temperature", "After temperature"]


@pytest.mark.parametrize("clips", [1, 6, 400])
def test_clips_of_a_reliability_diagram_are_counted_in_whole_numbers(clips):
    bins = reliability(*drawn(clips))
    figure = reliability_figure(bins, bins)
    png(figure)
    ticks = figure.axes[2].get_yticks()
    assert len(ticks) > 1
    assert all(tick == round(tick) for tick in ticks)


def test_the_coverage_figure_marks_what_the_threshold_answers():
    points = coverage_curve(*drawn())
    figure = coverage_figure(points, 0.6)
    (axes,) = figure.axes
    curve, mark = axes.get_lines()
    assert list(curve.get_xdata()) == [100 * point.answered for point in points]
    assert list(curve.get_ydata()) == [100 * point.accuracy for point in points]
    probabilities, truth = drawn()
    chosen = probabilities.max(axis=1) >= 0.6
    right = (probabilities.argmax(axis=1) == truth)[chosen].mean()
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == pytest.approx((100 * chosen.mean(), 100 * right))
    assert texts(figure) == [
        f"at 60 % confidence {100 * chosen.mean():.0f} % are answered,\nof which {100 * right:.0f} % are right"
    ]


def test_a_threshold_that_nothing_reaches_is_said_and_none_is_not_marked():
    points = coverage_curve([[0.6, 0.4], [0.3, 0.7]], [0, 0])
    assert texts(coverage_figure(points, 0.9)) == ["nothing is answered at 90 % confidence"]
    figure = coverage_figure(points, None)
    assert texts(figure) == []
    assert len(figure.axes[0].get_lines()) == 1


def test_each_group_is_a_dot_on_its_interval_and_hollow_if_that_is_of_clips():
    figure = groups_figure(groups(group("female", 0.7, 0.1), group("male", 0.5, 0.2, "clips", 31)))
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["female  (60)", "male  (31)"]
    whisker, dot, other_whisker, hollow, mean = axes.get_lines()
    assert list(whisker.get_xdata()) == pytest.approx([60, 80])
    assert list(other_whisker.get_xdata()) == pytest.approx([30, 70])
    assert [dot.get_xdata()[0], hollow.get_xdata()[0]] == [70, 50]
    assert (dot.get_markerfacecolor(), hollow.get_markerfacecolor()) == (LIGHT.second, LIGHT.surface)
    assert list(mean.get_xdata()) == [60, 60]
    assert axes.get_xlabel() == "dashed: all clips, 60.0 %; hollow: interval drawn from clips"


def test_of_too_many_groups_the_lowest_are_drawn():
    many = [group(f"s{number}", number / 100, 0.05) for number in range(MOST_GROUPS + 5)]
    (axes,) = groups_figure(groups(*reversed(many), column="speaker")).axes
    assert len(axes.get_yticks()) == MOST_GROUPS
    assert axes.get_yticklabels()[0].get_text() == "s0  (60)"
    assert axes.get_title(loc="left") == f"UAR by speaker, the lowest {MOST_GROUPS} of {MOST_GROUPS + 5} (%)"


@pytest.mark.parametrize("members", [1, 3])
def test_groups_without_intervals_can_be_drawn(members):
    table = groups(*(group(f"a rather long name of group {number}", 1.0, None) for number in range(members)))
    assert pixels(groups_figure(table)).ndim == 3


def test_the_bars_of_the_robustness_figure_are_what_is_lost():
    table = robust(condition("noise_0_db", 0.3, (0.3, 0.5)), condition("gain_plus_20_db", 0.72, (-0.05, 0.01)))
    figure = robustness_figure(table)
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([40, -2])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["noise 0 dB", "gain plus 20 dB"]
    assert texts(figure) == ["30.0 %", "72.0 %"]
    assert list(axes.get_lines()[0].get_xdata()) == [30, 50]
    low, high = axes.get_xlim()
    assert low < -5
    assert high > 50
    assert axes.get_xlabel() == "clean: 70.0 % on 150 clips"


@pytest.mark.parametrize("rows", [(), (condition("mp3", 0.7),)])
def test_conditions_that_cost_nothing_and_none_at_all_can_be_drawn(rows):
    assert pixels(robustness_figure(robust(*rows))).ndim == 3


def test_dimensions_are_dots_of_told_over_true_with_the_line_where_both_are_equal():
    pairs = {"arousal": [(1.0, 2.0), (4.5, 4.0)], "valence": [(3.0, 3.0)]}
    figure = dimensions_figure(pairs)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Arousal", "Valence"]
    for axes, points in zip(figure.axes, pairs.values(), strict=True):
        equal, dots = axes.get_lines()
        assert list(equal.get_xdata()) == list(equal.get_ydata()) == [np.min(points), np.max(points)]
        assert list(zip(dots.get_xdata(), dots.get_ydata(), strict=True)) == points
