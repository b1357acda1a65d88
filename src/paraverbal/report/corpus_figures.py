"""What is in a corpus as figures: durations, descriptors by emotion, the map of clips; in the manner of `figures`."""

import colorsys
import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from paraverbal.report.figures import DARK, LIGHT, Palette, new_figure, style_panel

COLUMNS = 4  # of histograms side by side
BINS = 24
ROW_INCHES = 0.27
FOOT_INCHES = 0.5  # for the numbers and the unit below the rows
POINTS = 120  # of a strip; more would be a smear
STRIP_HEIGHT = 0.62  # of a row, which the points of a strip are spread over
# Shares of the values that the box, its line and its whiskers end at.
BOX = (0.05, 0.25, 0.5, 0.75, 0.95)
# Of all values, outside of which points are not drawn: a few wild ones would press the boxes into a line.
SHOWN = (0.005, 0.995)
# More groups than these cannot be told apart by a legend: they are named on the map, and with more still not at all.
LEGEND_GROUPS = 12
NAMED_GROUPS = 40
LEAST_DOT, MOST_DOT = 2.5, 5.0

# Light and dark, so far apart in hue or lightness as ten can be; the marks tell apart who sees no colours.
EMOTION_COLOURS = {
    "anger": ("#c0392b", "#ff7b6e", "o"),
    "boredom": ("#8a6d5a", "#c4a58f", "X"),
    "calm": ("#1b8a84", "#57cfc6", "s"),
    "contempt": ("#7a7a12", "#c9c64a", "*"),
    "disgust": ("#4f8a10", "#8fd14f", "^"),
    "fear": ("#6a3fb5", "#b595f5", "D"),
    "happiness": ("#d08700", "#ffc04d", "v"),
    "neutral": ("#5b6675", "#a9b5c4", "P"),
    "sadness": ("#1f5fa8", "#6cb0f5", "<"),
    "surprise": ("#c2398a", "#ff8fcb", ">"),
}


def colour_of(emotion: str, palette: Palette) -> str:
    """Return the colour of an emotion on a palette's surface."""
    light, dark, _ = EMOTION_COLOURS[emotion]
    return dark if palette == DARK else light


def histogram_figure(values: Mapping[str, Sequence[float]], unit: str, palette: Palette = LIGHT) -> Figure:
    """Return a histogram for each emotion, all on the same axes, with its median as a line.

    Args:
        values: Emotion -> a value a clip.
        unit: Below the axes.
        palette: Colours.
    """
    rows = math.ceil(len(values) / COLUMNS)
    figure = new_figure(8.6, 1.45 * rows + 0.3, palette)
    panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    everything = np.concatenate([np.asarray(one, dtype=float) for one in values.values()])
    edges = _edges(everything)
    for axes, (emotion, own) in zip(panels, values.items(), strict=False):
        style_panel(axes, f"{emotion}  ({len(own)})", palette)
        axes.title.set_fontsize(9.5)
        axes.hist(own, bins=edges.tolist(), color=colour_of(emotion, palette))
        axes.axvline(float(np.median(own)), color=palette.ink, linewidth=1)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    for axes in panels[len(values) :]:
        axes.set_visible(False)
    for axes in panels[max(0, len(values) - COLUMNS) : len(values)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(unit, color=palette.muted, fontsize=9)
    return figure


def descriptor_figure(values: Mapping[str, NDArray[np.floating]], unit: str, palette: Palette = LIGHT) -> Figure:
    """Return a descriptor by emotion: a dot a clip (120 at most), the quartiles as a box, 5 to 95 % as a line.

    Args:
        values: Emotion -> a value a clip, without NaN.
        unit: Below the axis.
        palette: Colours.
    """
    height = ROW_INCHES * len(values) + FOOT_INCHES
    figure = new_figure(3.7, height, palette)
    figure.set_layout_engine("none")  # so that the axes of all descriptors lie under each other
    axes = figure.add_axes((0.21, FOOT_INCHES / height, 0.76, 1 - FOOT_INCHES / height))
    style_panel(axes, "", palette)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=palette.grid, linewidth=0.8)
    for row, (emotion, own) in enumerate(values.items()):
        _strip(axes, row, own, colour_of(emotion, palette), palette)
    axes.set_yticks(range(len(values)), list(values))
    axes.tick_params(axis="y", colors=palette.ink)
    axes.set_ylim(len(values) - 0.4, -0.6)
    low, high = np.quantile(np.concatenate(list(values.values())), SHOWN)
    margin = 0.04 * (high - low) or 1.0
    axes.set_xlim(low - margin, high + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.set_xlabel(unit, color=palette.muted, fontsize=9)
    return figure


def map_figure(
    places: NDArray[np.floating],
    groups: Sequence[str | None],
    explained: tuple[float, float],
    *,
    emotions: bool,
    palette: Palette = LIGHT,
) -> Figure:
    """Return clips as dots of a plane, coloured by their group; groups that are None are grey.

    Args:
        places: `[clip, 2]`.
        groups: Of the clips.
        explained: Share of variance along each axis, for its label.
        emotions: Whether the groups are emotions, which have colours and marks of their own; others, as speakers, get hues in
            their order and, where they are too many for a legend, their names in their middle.
        palette: Colours.
    """
    figure = new_figure(6.6, 5.2, palette)
    axes = figure.add_subplot()
    style_panel(axes, "", palette)
    axes.grid(axis="x", color=palette.grid, linewidth=0.8)
    known = sorted({group for group in groups if group is not None})
    size = float(np.clip(110 / math.sqrt(max(len(places), 1)), LEAST_DOT, MOST_DOT))
    styles = {None: (palette.muted, "o")} | {
        group: _style(group, index, len(known), emotions, palette) for index, group in enumerate(known)
    }
    owners = np.array(["" if group is None else f"g{group}" for group in groups])
    for group, (colour, mark) in styles.items():
        own = places[owners == ("" if group is None else f"g{group}")]
        if len(own):
            label = "unknown" if group is None else group
            axes.plot(own[:, 0], own[:, 1], mark, color=colour, markersize=size, alpha=0.7, mew=0, label=label)
            if not emotions and LEGEND_GROUPS < len(known) <= NAMED_GROUPS:
                _name_middle(axes, own, label, colour, palette)
    first, second = (f"component, {100 * share:.1f} % of the variance" for share in explained)
    axes.set_xlabel(f"first {first}", color=palette.muted, fontsize=9)
    axes.set_ylabel(f"second {second}", color=palette.muted, fontsize=9)
    if len(known) <= LEGEND_GROUPS:
        figure.legend(frameon=False, labelcolor=palette.ink, fontsize=9, loc="outside right upper", markerscale=1.6)
    return figure


def _edges(values: NDArray[np.floating]) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    edges: NDArray[np.float64] = np.linspace(low, high, BINS + 1)
    return edges


def _strip(axes: Axes, row: int, values: NDArray[np.floating], colour: str, palette: Palette) -> None:
    """Draw dots, box and whiskers of one emotion; the spread of the dots is the same each time."""
    generator = np.random.default_rng(row)
    shown = values if len(values) <= POINTS else generator.choice(values, POINTS, replace=False)
    heights = row + STRIP_HEIGHT * (generator.random(len(shown)) - 0.5)
    axes.plot(shown, heights, "o", color=colour, markersize=1.8, alpha=0.55, mew=0)
    low, first, middle, third, high = np.quantile(values, BOX)
    axes.plot([low, high], [row, row], color=palette.ink, linewidth=0.9, zorder=3)
    axes.barh(row, third - first, left=first, height=0.44, color=palette.surface, edgecolor=palette.ink, zorder=4)
    axes.plot([middle, middle], [row - 0.22, row + 0.22], color=colour, linewidth=2.4, zorder=5, solid_capstyle="butt")


def _style(group: str, index: int, count: int, emotions: bool, palette: Palette) -> tuple[str, str]:
    """Return colour and mark of a group."""
    if emotions:
        return colour_of(group, palette), EMOTION_COLOURS[group][2]
    red, green, blue = colorsys.hls_to_rgb(index / count, 0.68 if palette == DARK else 0.42, 0.62)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}", "os^Dv"[index % 5]


def _name_middle(axes: Axes, places: NDArray[np.floating], name: str, colour: str, palette: Palette) -> None:
    across, up = np.median(places, axis=0)
    box = {"facecolor": palette.surface, "edgecolor": colour, "boxstyle": "round,pad=0.15", "linewidth": 0.8}
    axes.text(across, up, name, color=palette.ink, fontsize=7.5, ha="center", va="center", bbox=box, zorder=4)
