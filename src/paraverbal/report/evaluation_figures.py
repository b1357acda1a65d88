"""What scores are worth, as figures: calibration, abstention, groups, worse recordings; in the manner of `figures`."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from paraverbal.evaluation.groups import GroupScores, GroupTable
from paraverbal.evaluation.robustness import CLEAN, ConditionScores, RobustnessTable
from paraverbal.metrics.bootstrap import Interval
from paraverbal.metrics.calibration import CoveragePoint, ReliabilityBin
from paraverbal.report.figures import LIGHT, Palette, new_figure, style_panel

ROW_INCHES = 0.3
HEAD_INCHES = 1.15  # above and below the rows
# More groups than these are not told apart on a page: the worst are drawn.
MOST_GROUPS = 40
LINE_WIDTH = 1.8
DASHED = (0, (3, 3))


def reliability_figure(
    before: Sequence[ReliabilityBin], after: Sequence[ReliabilityBin], palette: Palette = LIGHT
) -> Figure:
    """Return two reliability diagrams side by side, with the clips of each bin below: before and after the temperature.

    A bar is the accuracy of the clips of a bin, the dot on it their mean confidence; on the diagonal the two are equal.

    Args:
        before: Bins of the probabilities as the network gave them, as `metrics.calibration.reliability` returns them.
        after: Bins of the same clips after the temperature.
        palette: Colours.
    """
    figure = new_figure(8.6, 4.6, palette)
    panels = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=(3.2, 1))
    for column, (title, bins) in enumerate((("Before temperature", before), ("After temperature", after))):
        accuracy, counts = panels[0, column], panels[1, column]
        style_panel(accuracy, title, palette)
        style_panel(counts, "", palette)
        _reliability_axes(accuracy, bins, palette)
        places, widths = _bars(bins)
        counts.bar(places, [one.clips for one in bins], width=widths, color=palette.muted)
        counts.set_xlabel("confidence (%)", color=palette.muted, fontsize=9)
    panels[0, 0].set_ylabel("accuracy (%)", color=palette.muted, fontsize=9)
    panels[1, 0].set_ylabel("clips", color=palette.muted, fontsize=9)
    panels[1, 0].yaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
    panels[0, 0].legend(frameon=False, labelcolor=palette.ink, fontsize=9, loc="upper left")
    return figure


def coverage_figure(points: Sequence[CoveragePoint], threshold: float | None, palette: Palette = LIGHT) -> Figure:
    """Return the accuracy of the clips that are answered, over their share.

    Args:
        points: As `metrics.calibration.coverage_curve` returns them.
        threshold: The confidence below which no answer is given; its point is marked. None marks none.
        palette: Colours.
    """
    figure = new_figure(6.2, 3.6, palette)
    axes = figure.add_subplot()
    style_panel(axes, "Accuracy of what is answered (%)", palette)
    answered = [100 * point.answered for point in points]
    axes.plot(
        answered,
        [100 * point.accuracy for point in points],
        color=palette.second,
        drawstyle="steps-pre",
        linewidth=LINE_WIDTH,
    )
    axes.set_xlabel("clips answered (%)", color=palette.muted, fontsize=9)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 104)
    if threshold is not None:
        _mark_threshold(axes, points, threshold, palette)
    return figure


def groups_figure(table: GroupTable, palette: Palette = LIGHT) -> Figure:
    """Return the UAR of each group as a dot with its 95 % interval, and that of all clips as a line.

    Hollow dots have intervals drawn from clips: they say nothing of other speakers. Of more than 40 groups the lowest 40 are
    shown.
    """
    shown = lowest_groups(table.groups)
    figure = new_figure(6.8, ROW_INCHES * len(shown) + HEAD_INCHES, palette)
    axes = figure.add_subplot()
    some = "" if len(shown) == len(table.groups) else f", the lowest {len(shown)} of {len(table.groups)}"
    _rows(axes, f"UAR by {table.column}{some} (%)", [f"{group.group}  ({group.clips})" for group in shown], palette)
    for row, group in enumerate(shown):
        _whisker(axes, row, group.uar_interval, palette.second)
        filled = palette.second if group.drawn == "speakers" else palette.surface
        axes.plot(100 * group.uar, row, "o", color=palette.second, markerfacecolor=filled, markersize=6, zorder=3)
    axes.axvline(100 * table.uar, color=palette.muted, linewidth=1, linestyle=DASHED, zorder=1)
    axes.set_xlim(0, 102)
    axes.set_xlabel(f"dashed: all clips, {100 * table.uar:.1f} %{_hollow(shown)}", color=palette.muted, fontsize=9)
    return figure


def dimensions_figure(values: Mapping[str, Sequence[tuple[float, float]]], palette: Palette = LIGHT) -> Figure:
    """Return what was told of each dimension over what is true, a dot a clip; on the dashed line both are equal."""
    figure = new_figure(3.2 * len(values), 3.4, palette)
    panels = figure.subplots(1, len(values), squeeze=False)[0]
    for axes, (name, pairs) in zip(panels, values.items(), strict=True):
        style_panel(axes, name.capitalize(), palette)
        points = np.array(pairs)
        ends = [float(points.min()), float(points.max())]
        axes.plot(ends, ends, color=palette.muted, linewidth=1, linestyle=DASHED, zorder=1)
        axes.plot(points[:, 0], points[:, 1], "o", color=palette.second, markersize=3, alpha=0.6, linestyle="none")
        axes.set_xlabel("true", color=palette.muted, fontsize=9)
    panels[0].set_ylabel("told", color=palette.muted, fontsize=9)
    return figure


def robustness_figure(table: RobustnessTable, palette: Palette = LIGHT) -> Figure:
    """Return what each condition costs in UAR, a bar with its 95 % interval, and beside it the UAR that is left."""
    clean = next(row for row in table.rows if row.condition == CLEAN)
    shown = [row for row in table.rows if row.condition != CLEAN]
    figure = new_figure(7.4, ROW_INCHES * max(len(shown), 1) + HEAD_INCHES, palette)
    axes = figure.add_subplot()
    _rows(axes, "UAR lost (points)", [_name(row.condition) for row in shown], palette)
    for place, row in enumerate(shown):
        axes.barh(place, 100 * row.lost, height=0.62, color=palette.second, zorder=2)
        _whisker(axes, place, row.lost_interval, palette.ink)
        axes.annotate(
            f"{100 * row.uar:.1f} %",
            (1.01, place),
            xycoords=("axes fraction", "data"),
            va="center",
            color=palette.ink,
            fontsize=9,
            annotation_clip=False,
        )
    axes.axvline(0, color=palette.muted, linewidth=1, zorder=1)
    axes.set_xlim(*_loss_limits(shown))
    axes.set_title("UAR left", loc="right", color=palette.muted, fontsize=9, pad=10)
    axes.set_xlabel(f"clean: {100 * clean.uar:.1f} % on {table.clips} clips", color=palette.muted, fontsize=9)
    return figure


def _rows(axes: Axes, title: str, names: Sequence[str], palette: Palette) -> None:
    """Prepare a panel of named rows, the first one on top."""
    style_panel(axes, title, palette)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=palette.grid, linewidth=0.8)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", colors=palette.ink)
    axes.set_ylim(max(len(names), 1) - 0.4, -0.6)


def _bars(bins: Sequence[ReliabilityBin]) -> tuple[list[float], list[float]]:
    """Return the middle of each bin and the width of its bar, in percent."""
    return [50 * (one.low + one.high) for one in bins], [92 * (one.high - one.low) for one in bins]


def _reliability_axes(axes: Axes, bins: Sequence[ReliabilityBin], palette: Palette) -> None:
    filled = [one for one in bins if one.confidence is not None and one.accuracy is not None]
    places, widths = _bars(filled)
    accuracy = [100 * (one.accuracy or 0.0) for one in filled]
    confidence = [100 * (one.confidence or 0.0) for one in filled]
    axes.plot([0, 100], [0, 100], color=palette.muted, linewidth=1, linestyle=DASHED, zorder=2.5)
    axes.bar(places, accuracy, width=widths, color=palette.second, label="accuracy", zorder=2)
    axes.plot(confidence, confidence, "o", color=palette.first, markersize=4, label="mean confidence", zorder=3)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 102)


def _mark_threshold(axes: Axes, points: Sequence[CoveragePoint], threshold: float, palette: Palette) -> None:
    """Mark what is answered at a threshold; if nothing is, say so."""
    reached = next((point for point in points if point.threshold >= threshold), None)
    if reached is None:
        words, place = f"nothing is answered at {100 * threshold:.0f} % confidence", (0.0, 0.0)
    else:
        place = (100 * reached.answered, 100 * reached.accuracy)
        words = (
            f"at {100 * threshold:.0f} % confidence {place[0]:.0f} % are answered,\nof which {place[1]:.0f} % are right"
        )
        axes.vlines(place[0], 0, place[1], color=palette.muted, linewidth=1, linestyle=DASHED, zorder=1)
        axes.plot(*place, "o", color=palette.first, markersize=7, zorder=3)
    left = place[0] > 50
    axes.annotate(
        words,
        (place[0], 5),
        xytext=(-6 if left else 6, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        color=palette.ink,
        fontsize=9,
    )


def _whisker(axes: Axes, row: float, interval: Interval | None, colour: str) -> None:
    if interval is not None:
        axes.plot(
            [100 * bound for bound in interval],
            [row, row],
            color=colour,
            solid_capstyle="butt",
            zorder=3,
            linewidth=LINE_WIDTH,
        )


def lowest_groups(groups: Sequence[GroupScores]) -> list[GroupScores]:
    """Return the groups in their order, or the lowest of too many."""
    if len(groups) <= MOST_GROUPS:
        return list(groups)
    return sorted(groups, key=lambda group: group.uar)[:MOST_GROUPS]


def _hollow(groups: Sequence[GroupScores]) -> str:
    return "; hollow: interval drawn from clips" if any(group.drawn != "speakers" for group in groups) else ""


def _name(condition: str) -> str:
    return condition.replace("_", " ").replace(" db", " dB")


def _loss_limits(rows: Sequence[ConditionScores]) -> tuple[float, float]:
    bounds = [100 * bound for row in rows for bound in (row.lost, *(row.lost_interval or ()))]
    low, high = min([0.0, *bounds]), max([0.0, *bounds])
    margin = 0.05 * max(float(np.ptp([low, high])), 1.0)
    return low - (margin if low < 0 else 0), high + margin
