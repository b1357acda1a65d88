"""Results as figures, drawn without pyplot, so that nothing global changes and no display is needed.

Each figure takes a `Palette`; the page embeds one for light and one for dark surroundings.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import NDArray
from PIL import Image

from paraverbal.evaluation.protocol import Result
from paraverbal.features.spectral import highest_frequency, hz_to_mel

if TYPE_CHECKING:
    from paraverbal.settings import MelSettings

DOTS_PER_INCH = 160
CELL_INCHES = 0.82
MARGIN_INCHES = (1.9, 1.35)  # beside and above the cells, for labels and titles
DARK_CELL = 0.6  # share from which the text of a cell changes colour: where both colours stand out equally
RATES_LABELLED = 10  # more different learning rates get the ticks of a logarithmic axis
POINTS_MARKED = 10  # a longer line gets no marks
WAVEFORM_POINTS = 2000  # of a drawn waveform, each the least and the greatest of its samples
LABELLED_HZ = (250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000)
LEAST_AMPLITUDE = 1e-3  # so that the axis of a silent clip has a height


@dataclass(frozen=True)
class Palette:
    """Colours of a figure, as `#rrggbb`.

    Attributes:
        surface: Behind everything; the figure's own background.
        ink: Text.
        muted: Axes, grid labels, second-rank text.
        grid: Lines of the grid.
        first: First line of a panel (training).
        second: Second line of a panel (validation); a waveform. Levels of a spectrogram go from `surface` over this to `ink`.
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
    figure = new_figure(max(width, 4.2), height, palette)
    axes = figure.add_subplot()
    colours = LinearSegmentedColormap.from_list("share", [palette.low, palette.high])
    axes.imshow(shares, cmap=colours, vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        _cell(axes, (row, column), float(counts[row, column]), float(shares[row, column]), palette)
    _confusion_axes(axes, result, palette)
    return figure


def curves_figure(
    history: Sequence[Mapping[str, float]], best_row: int | None = None, palette: Palette = LIGHT
) -> Figure:
    """Return how training went: loss, UAR and learning rate over epochs, side by side; of an svm, loss and UAR over costs.

    Args:
        history: A row an epoch, with `epoch`, `train_loss`, `valid_loss`, `valid_uar`, `learning_rate` and, but for old
            runs, `train_uar`; of an svm a row a cost, with `cost`, `valid_loss`, `train_uar` and `valid_uar`.
        best_row: Marked by a line: the row of the weights that were kept, from 1; that is the epoch.
        palette: Colours.
    """
    if "cost" in history[0]:
        return _costs_figure(history, best_row, palette)
    figure = new_figure(10.8, 3.3, palette)
    loss, score, rate = figure.subplots(1, 3)
    for axes, title in ((loss, "Loss (nats)"), (score, "UAR (%)"), (rate, "Learning rate")):
        style_panel(axes, title, palette)
        _epoch_axis(axes, len(history), palette)
    epochs = [row["epoch"] for row in history]
    _train_and_valid(loss, epochs, history, "loss", palette)
    _train_and_valid(score, epochs, history, "uar", palette)
    loss.set_ylim(bottom=0)
    rates = [row["learning_rate"] for row in history]
    rate.plot(epochs, rates, color=palette.muted, drawstyle="steps-mid", **_line_style(epochs))
    _rate_axis(rate, rates)
    if best_row is not None:
        _mark_kept((loss, score, rate), best_row, palette)
        _note_kept(score, best_row, f"kept: epoch {best_row}", best_row > len(history) / 2, palette)
    return figure


def clip_figure(
    waveform: NDArray[np.floating],
    sampling_rate: int,
    spectrogram: NDArray[np.floating],
    *,
    settings: "MelSettings",
    title: str = "",
    palette: Palette = LIGHT,
) -> Figure:
    """Return a clip as waveform, amplitude over seconds, above its log-mel spectrogram, hertz on a mel axis.

    Args:
        waveform: `[sample]`.
        sampling_rate: In hertz.
        spectrogram: `[band, frame]`, as `features.spectral.log_mel` computes it with `settings`.
        settings: Hop, bands, scale and unit of the spectrogram.
        title: Above all.
        palette: Colours.
    """
    figure = new_figure(8.6, 5.4, palette)
    wave, spectrum = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.6))
    _waveform_axes(wave, waveform, sampling_rate, palette)
    wave.set_title(title, loc="left", color=palette.ink, fontsize=11, pad=10)
    step, lowest, highest = _mel_range(settings, sampling_rate, len(spectrogram))
    hop = settings.hop_length / sampling_rate
    colours = LinearSegmentedColormap.from_list("level", [palette.surface, palette.second, palette.ink])
    frames = spectrogram.shape[1]
    extent = (-hop / 2, (frames - 0.5) * hop, lowest + step / 2, highest - step / 2)
    image = spectrum.imshow(
        spectrogram, cmap=colours, origin="lower", aspect="auto", extent=extent, interpolation="nearest"
    )
    _mel_axis(spectrum, settings.scale, (lowest, highest), palette)
    wave.set_xlim(0, len(waveform) / sampling_rate)
    unit = "dB" if settings.log == "db" else "ln power"
    bar = figure.colorbar(image, ax=spectrum, label=unit, pad=0.015, aspect=18)
    bar.ax.tick_params(colors=palette.muted, labelsize=9, length=0)
    bar.ax.yaxis.label.set(color=palette.muted, fontsize=9)
    bar.outline.set_visible(False)
    return figure


def png(figure: Figure, colours: int | None = None) -> bytes:
    """Return a figure as a PNG; the same figure gives the same bytes.

    Args:
        figure: What to draw.
        colours: How many different colours to keep, 1 to 256; of lines and text 256 are all that can be told apart, in a third
            of the bytes. None keeps every shade.
    """
    picture = drawn_image(figure)
    if colours is not None:
        picture = picture.convert("RGB").quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=colours is not None, dpi=(figure.dpi, figure.dpi))
    return buffer.getvalue()


def drawn_image(figure: Figure) -> Image.Image:
    """Return a figure as it is drawn: RGBA, as many pixels as its inches and dots per inch give."""
    canvas: Any = FigureCanvasAgg(figure)  # whose methods matplotlib has not typed
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba()))


def write_png(figure: Figure, path: str | Path) -> None:
    """Write a figure as a PNG."""
    Path(path).write_bytes(png(figure))


def new_figure(width: float, height: float, palette: Palette) -> Figure:
    """Return an empty figure of so many inches on the palette's surface."""
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


def _costs_figure(history: Sequence[Mapping[str, float]], best_row: int | None, palette: Palette) -> Figure:
    figure = new_figure(8.6, 3.3, palette)
    loss, score = figure.subplots(1, 2)
    costs = [row["cost"] for row in history]
    for axes, name, title in ((loss, "loss", "Loss (nats)"), (score, "uar", "UAR (%)")):
        style_panel(axes, title, palette)
        _train_and_valid(axes, costs, history, name, palette)
        axes.set_xscale("log")
        axes.set_xlabel("cost", color=palette.muted, fontsize=9)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks(costs, [f"{cost:g}" for cost in costs])
        axes.set_xlim(min(costs) / 2, max(costs) * 2)
    loss.set_ylim(bottom=0)
    if best_row is not None:
        cost = costs[best_row - 1]
        late = sorted(costs).index(cost) >= len(costs) / 2
        _mark_kept((loss, score), cost, palette)
        _note_kept(score, cost, f"kept: cost {cost:g}", late, palette)
    return figure


def style_panel(axes: Axes, title: str, palette: Palette) -> None:
    """Give axes their title, a grid of horizontal lines and no frame but the bottom."""
    axes.set_facecolor(palette.surface)
    axes.set_title(title, loc="left", color=palette.ink, fontsize=11, pad=10)
    axes.grid(axis="y", color=palette.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", colors=palette.muted, labelsize=9, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(palette.grid)


def _epoch_axis(axes: Axes, epochs: int, palette: Palette) -> None:
    axes.set_xlabel("epoch", color=palette.muted, fontsize=9)
    axes.set_xlim(0.5, epochs + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))


def _train_and_valid(
    axes: Axes, places: Sequence[float], history: Sequence[Mapping[str, float]], score: str, palette: Palette
) -> None:
    """Draw a score, `loss` or `uar` (in percent), of training and of validation; what old histories lack is left out."""
    scale = 1 if score == "loss" else 100
    for part, name, colour in (("train", "train", palette.first), ("valid", "validation", palette.second)):
        if all(f"{part}_{score}" in row for row in history):
            values = [scale * row[f"{part}_{score}"] for row in history]
            axes.plot(places, values, color=colour, label=name, clip_on=False, **_line_style(places))
    if score == "uar":
        axes.set_ylim(0, 100)
    axes.legend(frameon=False, labelcolor=palette.ink, fontsize=9)


def _line_style(places: Sequence[float]) -> dict[str, Any]:
    return {"linewidth": 1.8, "marker": "o" if len(places) <= POINTS_MARKED else "", "markersize": 4}


def _waveform_axes(axes: Axes, waveform: NDArray[np.floating], sampling_rate: int, palette: Palette) -> None:
    style_panel(axes, "", palette)
    starts = np.unique(np.linspace(0, len(waveform), WAVEFORM_POINTS, endpoint=False).astype(np.int64))
    outline = np.stack([np.minimum.reduceat(waveform, starts), np.maximum.reduceat(waveform, starts)], axis=1)
    axes.plot(np.repeat(starts, 2) / sampling_rate, outline.ravel(), color=palette.second, linewidth=0.7)
    limit = 1.05 * max(float(np.abs(outline).max()), LEAST_AMPLITUDE)
    axes.set_ylim(-limit, limit)
    axes.set_ylabel("amplitude", color=palette.muted, fontsize=9)
    axes.tick_params(labelbottom=False)


def _mel_range(settings: "MelSettings", sampling_rate: int, bands: int) -> tuple[float, float, float]:
    """Return the distance of two bands, the foot of the lowest and that of the highest, in mel."""
    lowest = float(hz_to_mel(settings.fmin, settings.scale))
    highest = float(hz_to_mel(highest_frequency(settings, sampling_rate), settings.scale))
    return (highest - lowest) / (bands + 1), lowest, highest


def _mel_axis(axes: Axes, scale: str, limits: tuple[float, float], palette: Palette) -> None:
    ticks = {hz: float(hz_to_mel(hz, scale)) for hz in LABELLED_HZ}
    shown = {hz: mel for hz, mel in ticks.items() if limits[0] <= mel <= limits[1]}
    axes.set_yticks(list(shown.values()), [f"{hz}" for hz in shown])
    axes.set_ylim(*limits)
    axes.set_facecolor(palette.surface)
    axes.set_ylabel("frequency (Hz, mel scale)", color=palette.muted, fontsize=9)
    axes.set_xlabel("time (s)", color=palette.muted, fontsize=9)
    axes.tick_params(colors=palette.muted, labelsize=9, length=3)
    axes.spines[:].set_visible(False)


def _rate_axis(axes: Axes, rates: Sequence[float]) -> None:
    """Label the rates themselves where they are few: a plateau schedule knows no others."""
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    different = sorted(set(rates))
    if len(different) <= RATES_LABELLED:
        axes.set_yticks(different, [f"{rate:.3g}" for rate in different])
    axes.set_ylim(different[0] / 1.5, different[-1] * 1.5)


def _mark_kept(panels: Sequence[Axes], place: float, palette: Palette) -> None:
    for axes in panels:
        axes.axvline(place, color=palette.muted, linewidth=1, linestyle=(0, (3, 3)), zorder=1)


def _note_kept(axes: Axes, place: float, words: str, left: bool, palette: Palette) -> None:
    """Write at the foot of the line what was kept, on its left or right."""
    axes.annotate(
        words,
        (place, 0.04),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if left else 5, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        color=palette.muted,
        fontsize=9,
    )
