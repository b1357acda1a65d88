"""Results as figures, drawn without pyplot, so that nothing global changes and no display is needed.

Each figure takes a `Palette`; the page embeds one for light and one for dark surroundings.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from paraverbal.evaluation.protocol import Result

DOTS_PER_INCH = 160
CELL_INCHES = 0.82
MARGIN_INCHES = (1.9, 1.35)  # beside and above the cells, for labels and titles
DARK_CELL = 0.6  # share from which the text of a cell changes colour: where both colours stand out equally
RATES_LABELLED = 10  # more different learning rates get the ticks of a logarithmic axis


@dataclass(frozen=True)
class Palette:
    """Colours of a figure, as `#rrggbb`.

    Attributes:
        surface: Behind everything; the figure's own background.
        ink: Text.
        muted: Axes, grid labels, second-rank text.
        grid: Lines of the grid.
        first: First line of a panel (training, or WA).
        second: Second line of a panel (validation, or UAR).
        low: Cell of a share of 0.
        high: Cell of a share of 1.
        on_high: Text on cells nearer to `high`.
    """

    surface: str
    ink: str
    muted: str
    grid: str
    first: str
    second: str
    low: str
    high: str
    on_high: str


LIGHT = Palette("#ffffff", "#1b2430", "#5b6675", "#e3e7ec", "#8a5a00", "#1f5fa8", "#f3f6fa", "#1f4e8c", "#ffffff")
DARK = Palette("#171c23", "#e6ebf1", "#9aa6b4", "#2c343f", "#e8b04a", "#6cb0f5", "#1f2731", "#79b8f8", "#0d1218")


def confusion_figure(result: Result, palette: Palette = LIGHT) -> Figure:
    """Return the confusion matrix: a row a true class, in each cell the clips and their share of the row.

    Colour is the share of the row, so that the diagonal shows recall whatever the sizes of the classes.
    """
    counts = np.array(result.confusion, dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    width, height = (CELL_INCHES * len(counts) + margin for margin in MARGIN_INCHES)
    figure = _figure(max(width, 4.2), height, palette)
    axes = figure.add_subplot()
    colours = LinearSegmentedColormap.from_list("share", [palette.low, palette.high])
    axes.imshow(shares, cmap=colours, vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        _cell(axes, (row, column), float(counts[row, column]), float(shares[row, column]), palette)
    _confusion_axes(axes, result, palette)
    return figure


def curves_figure(
    history: Sequence[Mapping[str, float]], best_epoch: int | None = None, palette: Palette = LIGHT
) -> Figure:
    """Return loss, validation scores and learning rate over epochs, three panels side by side.

    Args:
        history: A row an epoch, with `epoch`, `train_loss`, `valid_loss`, `valid_wa`, `valid_uar` and `learning_rate`.
        best_epoch: Marked by a line: the epoch whose weights were kept.
        palette: Colours.
    """
    figure = _figure(10.8, 3.3, palette)
    loss, score, rate = figure.subplots(1, 3)
    for axes, title in ((loss, "Loss (nats)"), (score, "Validation scores (%)"), (rate, "Learning rate")):
        _panel(axes, title, len(history), palette)
    epochs = [row["epoch"] for row in history]
    for axes, key, scale, style in (
        (loss, "train_loss", 1, {"color": palette.first, "label": "train"}),
        (loss, "valid_loss", 1, {"color": palette.second, "label": "validation"}),
        (score, "valid_uar", 100, {"color": palette.second, "label": "UAR"}),
        (score, "valid_wa", 100, {"color": palette.second, "label": "WA", "linestyle": (0, (1, 1))}),
        (rate, "learning_rate", 1, {"color": palette.muted, "drawstyle": "steps-mid"}),
    ):
        values = [scale * row[key] for row in history]
        axes.plot(epochs, values, linewidth=1.8, marker="o" if len(epochs) == 1 else "", **style)
    loss.set_ylim(bottom=0)
    score.set_ylim(0, 100)
    _rate_axis(rate, [row["learning_rate"] for row in history])
    for axes in (loss, score):
        axes.legend(frameon=False, labelcolor=palette.ink, fontsize=9)
    if best_epoch is not None:
        _mark_kept((loss, score, rate), best_epoch, len(history), palette)
    return figure


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", facecolor=figure.get_facecolor(), metadata={"Software": None})
    return buffer.getvalue()


def write_png(figure: Figure, path: str | Path) -> None:
    """Write a figure as a PNG."""
    Path(path).write_bytes(png(figure))


def _figure(width: float, height: float, palette: Palette) -> Figure:
    return Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor=palette.surface, layout="constrained")


def _cell(axes: Axes, cell: tuple[int, int], count: float, share: float, palette: Palette) -> None:
    row, column = cell
    colour = palette.on_high if share > DARK_CELL else palette.ink if count else palette.muted
    weight = "bold" if row == column else "normal"
    axes.text(column, row - 0.1, f"{count:.0f}", ha="center", va="center", color=colour, fontsize=12, fontweight=weight)
    if count:
        axes.text(column, row + 0.24, f"{100 * share:.0f} %", ha="center", va="center", color=colour, fontsize=8.5)


def _confusion_axes(axes: Axes, result: Result, palette: Palette) -> None:
    ticks = range(len(result.labels))
    slant = 35 if len(result.labels) > 7 or max(map(len, result.labels)) > 9 else 0
    axes.set_xticks(ticks, result.labels, rotation=slant, ha="left" if slant else "center", rotation_mode="anchor")
    rows = [f"{label}  ({sum(counts)})" for label, counts in zip(result.labels, result.confusion, strict=True)]
    axes.set_yticks(ticks, rows)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("predicted", color=palette.muted, labelpad=8)
    axes.set_ylabel("truth (clips)", color=palette.muted, labelpad=8)
    axes.tick_params(length=0, colors=palette.ink, labelsize=10)
    axes.set_xticks(np.arange(1, len(ticks)) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, len(ticks)) - 0.5, minor=True)
    axes.grid(which="minor", color=palette.surface, linewidth=2)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)


def _panel(axes: Axes, title: str, epochs: int, palette: Palette) -> None:
    axes.set_facecolor(palette.surface)
    axes.set_title(title, loc="left", color=palette.ink, fontsize=11, pad=10)
    axes.set_xlabel("epoch", color=palette.muted, fontsize=9)
    axes.set_xlim(0.5, epochs + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.grid(axis="y", color=palette.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", colors=palette.muted, labelsize=9, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(palette.grid)


def _rate_axis(axes: Axes, rates: Sequence[float]) -> None:
    """Label the rates themselves where they are few: a plateau schedule knows no others."""
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    different = sorted(set(rates))
    if len(different) <= RATES_LABELLED:
        axes.set_yticks(different, [f"{rate:.3g}" for rate in different])
    axes.set_ylim(different[0] / 1.5, different[-1] * 1.5)


def _mark_kept(panels: Sequence[Axes], best_epoch: int, epochs: int, palette: Palette) -> None:
    for axes in panels:
        axes.axvline(best_epoch, color=palette.muted, linewidth=1, linestyle=(0, (3, 3)), zorder=1)
    late = best_epoch > epochs / 2
    panels[1].annotate(
        f"kept: epoch {best_epoch}",
        (best_epoch, 0.04),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if late else 5, 0),
        textcoords="offset points",
        ha="right" if late else "left",
        color=palette.muted,
        fontsize=9,
    )
