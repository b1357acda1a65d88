"""The pictures of the walkthrough, drawn like those of the reports: without pyplot, on a light background."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray
from PIL import Image

from paraverbal.report.figures import DOTS_PER_INCH, LIGHT, drawn_image

Values = NDArray[np.floating]

WIDTH = 10.0  # inches, of every figure
LARGEST_BYTES = 120_000  # of a picture: they lie in the repository
MAPS_SHOWN = 8  # channels of each block
ROWS_SHOWN = 256  # of the sequence: more than these has no room
BAND_STEP = 9  # every so many a mel filter is drawn in the second colour
ZOOM_HZ = 500.0  # of the second panel of the mel filters
FINEST_DB = -120.0  # below the highest bin: nothing lower is drawn of a power spectrum
MEL_TICKS_HZ = (250, 500, 1000, 2000, 4000, 8000)

STRENGTH = LinearSegmentedColormap.from_list("strength", [LIGHT.low, "#6f9fd0", LIGHT.high, "#0b2347"])
SIGNED = LinearSegmentedColormap.from_list("signed", [LIGHT.first, LIGHT.surface, LIGHT.second])


def waveform_figure(waveform: Values, sampling_rate: int, frame_second: float) -> Figure:
    """Draw a waveform `[sample]`, with a line where the frame of the next picture lies."""
    figure = _figure(2.3)
    axes = _axes(figure.add_subplot(), "Waveform", "seconds", "sample value")
    axes.plot(np.arange(len(waveform)) / sampling_rate, waveform, color=LIGHT.second, linewidth=0.5)
    axes.axvline(frame_second, color=LIGHT.first, linewidth=1.2, linestyle=(0, (3, 2)))
    reach = 1.08 * max(float(np.abs(waveform).max()), 1e-6)
    axes.set(xlim=(0, len(waveform) / sampling_rate), ylim=(-reach, reach))
    return figure


def frame_figure(frame: Values, power_db: Values, sampling_rate: int, highest: float) -> Figure:
    """Draw a windowed frame `[sample]` and its power spectrum `[bin]`; what lies above `highest` Hz is shaded."""
    figure = _figure(2.7)
    left, right = figure.subplots(1, 2)
    _axes(left, "One frame, windowed", "milliseconds", "sample value")
    left.plot(1000 * np.arange(len(frame)) / sampling_rate, frame, color=LIGHT.second, linewidth=1.2)
    left.set_xlim(0, 1000 * len(frame) / sampling_rate)
    _axes(right, "Its power spectrum", "kHz", "dB below its highest bin")
    kilohertz = np.linspace(0, sampling_rate / 2000, len(power_db))
    right.plot(kilohertz, power_db, color=LIGHT.second, linewidth=1.2)
    right.axvspan(highest / 1000, kilohertz[-1], color=LIGHT.grid, linewidth=0)
    right.text(
        (highest / 1000 + kilohertz[-1]) / 2, -6, "no band hears this", ha="center", va="top", color=LIGHT.muted, size=9
    )
    right.set(xlim=(0, kilohertz[-1]), ylim=(FINEST_DB, 4))
    return figure


def filters_figure(filters: Values, bins_hz: Values, triangles: Values) -> Figure:
    """Draw mel filters as they are read at the bins, and the lowest as they are meant.

    Args:
        filters: Weights, `[band, bin]`.
        bins_hz: Frequency of each bin.
        triangles: Lower foot, peak and upper foot of each filter in hertz, `[band, 3]`.
    """
    figure = _figure(2.7)
    left, right = figure.subplots(1, 2)
    _axes(left, "Mel filters, read at the bins", "Hz", "weight")
    _axes(right, f"The lowest, up to {ZOOM_HZ:g} Hz: as meant, and (dots) as read", "Hz", "")
    heard = bins_hz <= triangles[-1, 2]
    for band, (weights, feet) in enumerate(zip(filters, triangles, strict=True)):
        colour, width, layer = (LIGHT.second, 1.4, 3) if band % BAND_STEP == 0 else ("#b9c9de", 0.7, 2)
        left.plot(bins_hz[heard], weights[heard], color=colour, linewidth=width, zorder=layer)
        if feet[1] < ZOOM_HZ:
            right.plot(feet, [0, 2 / (feet[2] - feet[0]), 0], color=LIGHT.second, linewidth=0.9)
            read = np.flatnonzero(weights)
            right.plot(bins_hz[read], weights[read], color=LIGHT.first, marker="o", markersize=4, linewidth=0)
    left.set(xlim=(0, triangles[-1, 2]), ylim=(0, None))
    right.set(xlim=(0, ZOOM_HZ), ylim=(0, None))
    return figure


def log_mel_figure(log_mel: Values, seconds: float, peaks_hz: Values) -> Figure:
    """Draw a log-mel spectrogram `[band, frame]` in dB; `peaks_hz` is the middle of each band."""
    figure = _figure(3.4)
    axes = _axes(figure.add_subplot(), "Log-mel spectrogram", "seconds", "Hz (a row a band)", grid=False)
    image = _heat(axes, log_mel, extent=(0, seconds, 0, len(log_mel)))
    axes.set_yticks(*_mel_ticks(peaks_hz))
    _bar(figure, image, axes, "dB")
    return figure


def augmentation_figure(spectrograms: Sequence[Values], titles: Sequence[str], seconds: float) -> Figure:
    """Draw a spectrogram `[band, frame]` and its changed copies on one scale of colours."""
    figure = _figure(2.5)
    panels = figure.subplots(1, len(spectrograms), sharey=True)
    low = min(float(values.min()) for values in spectrograms)
    for panel, values, title in zip(panels, spectrograms, titles, strict=True):
        _axes(panel, "", "seconds", "", grid=False)
        panel.set_title(title, loc="left", color=LIGHT.ink, fontsize=8.5)
        image = _heat(panel, values, extent=(0, seconds, 0, len(values)), limits=(low, 0.0))
    panels[0].set_ylabel("band", color=LIGHT.muted, fontsize=9)
    _bar(figure, image, list(panels), "dB")
    return figure


def maps_figure(maps: Values, seconds: float, title: str) -> Figure:
    """Draw the channels of feature maps `[channel, band, frame]` that vary most, each on its own scale."""
    chosen = np.sort(np.argsort(maps.std(axis=(1, 2)))[-MAPS_SHOWN:])
    figure = _figure(3.3)
    figure.suptitle(title, x=0.01, ha="left", color=LIGHT.ink, fontsize=11)
    panels = figure.subplots(2, -(-len(chosen) // 2), squeeze=False).flat
    for panel, channel in zip(panels, chosen, strict=False):
        _axes(panel, "", "", "", grid=False)
        panel.set_title(f"channel {channel + 1}", loc="left", color=LIGHT.muted, fontsize=9)
        _heat(panel, maps[channel], extent=(0, seconds, 0, maps.shape[1]))
        panel.set(xticks=[], yticks=[])
    return figure


def sequence_figure(sequence: Values) -> Figure:
    """Draw the sequence `[step, feature]` that the LSTM reads; a row is the mean of neighbouring features."""
    figure = _figure(2.9)
    steps, features = sequence.shape
    group = max(1, features // ROWS_SHOWN)
    rows = sequence[:, : features // group * group].reshape(steps, -1, group).mean(axis=-1)
    title = f"Sequence: a column a step, a row the mean of {group} neighbouring features"
    axes = _axes(figure.add_subplot(), title, "step", "feature", grid=False)
    high = float(np.quantile(rows, 0.995)) or 1.0
    image = _heat(axes, rows.T, extent=_cells(steps, features), limits=(0.0, high))
    _bar(figure, image, axes, "activation")
    return figure


def states_figure(states: Values) -> Figure:
    """Draw the outputs `[step, unit]` of a bidirectional LSTM: forward units below the line, backward ones above."""
    figure = _figure(3.3)
    axes = _axes(figure.add_subplot(), "LSTM outputs: a column a step, a row a unit", "step", "unit", grid=False)
    image = _heat(axes, states.T, extent=_cells(*states.shape), cmap=SIGNED, limits=_symmetric(states))
    middle = states.shape[1] / 2
    axes.axhline(middle + 0.5, color=LIGHT.ink, linewidth=1)
    axes.set_yticks([1, middle / 2, middle, 1.5 * middle, 2 * middle])
    axes.set_yticklabels(["1", "forward", f"{middle:.0f}", "backward", f"{2 * middle:.0f}"])
    _bar(figure, image, axes, "state")
    return figure


def influence_figure(influence: dict[str, Values]) -> Figure:
    """Draw how much each step moves a part of the last output: a line `[step]` a part, logarithmic."""
    figure = _figure(2.5)
    axes = _axes(figure.add_subplot(), "What the last output depends on", "step", "influence")
    for (name, values), colour in zip(influence.items(), (LIGHT.second, LIGHT.first, LIGHT.muted), strict=True):
        steps = np.flatnonzero(values) + 1
        alone = len(steps) == 1
        axes.plot(steps, values[steps - 1], color=colour, linewidth=1.8, marker="o" if alone else "", label=name)
    axes.set_yscale("log")
    axes.set_xlim(0.5, len(values) + 0.8)
    axes.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9)
    return figure


def vectors_figure(last: Values, hidden: Values) -> Figure:
    """Draw the last output `[unit]`, its two directions apart, and the hidden layer after its ReLU `[unit]`."""
    figure = _figure(2.3)
    left, right = figure.subplots(1, 2, width_ratios=(2, 1.2))
    _axes(left, "Last output: forward, then backward", "unit", "state")
    _bars(left, last)
    left.axvline(len(last) / 2 + 0.5, color=LIGHT.ink, linewidth=1)
    _axes(right, "Hidden layer, after its ReLU", "unit", "activation")
    _bars(right, hidden)
    return figure


def output_figure(labels: Sequence[str], logits: Values, probabilities: Values, truth: str) -> Figure:
    """Draw logits and probabilities `[label]`; the true label in the first colour."""
    figure = _figure(0.9 + 0.36 * len(labels))
    panels = figure.subplots(1, 2, sharey=True)
    colours = [LIGHT.first if label == truth else LIGHT.second for label in labels]
    for panel, values, title in zip(panels, (logits, probabilities), ("Logits", "Probabilities"), strict=True):
        _axes(panel, title, "", "")
        panel.grid(axis="y", visible=False)
        panel.barh(labels, values, color=colours, height=0.6)
        reach = max(float(np.abs(values).max()), 1e-6)
        for row, value in enumerate(values):
            side = "left" if value >= 0 else "right"
            shift = 0.02 * reach if value >= 0 else -0.02 * reach
            panel.text(value + shift, row, f"{value:.3f}", va="center", ha=side, color=LIGHT.ink, fontsize=9)
        panel.set_xlim(min(0.0, float(values.min()) - 0.3 * reach), max(0.0, float(values.max()) + 0.3 * reach))
    panels[0].axvline(0, color=LIGHT.muted, linewidth=0.8)
    panels[1].set_xlim(0, 1.12)
    panels[0].invert_yaxis()
    for tick, label in zip(panels[0].get_yticklabels(), labels, strict=True):
        tick.set(color=LIGHT.ink, fontsize=10, fontweight="bold" if label == truth else "normal")
    return figure


def write_picture(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG with as many colours as `LARGEST_BYTES` allow; the same figure gives the same bytes."""
    image = drawn_image(figure).convert("RGB")
    for colours in (256, 128, 64, 32):
        buffer = io.BytesIO()
        reduced = image.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        reduced.save(buffer, format="PNG", optimize=True)
        if buffer.tell() < LARGEST_BYTES:
            break
    path.write_bytes(buffer.getvalue())


def _figure(height: float) -> Figure:
    return Figure(figsize=(WIDTH, height), dpi=DOTS_PER_INCH, facecolor=LIGHT.surface, layout="constrained")


def _axes(axes: Axes, title: str, across: str, up: str, *, grid: bool = True) -> Axes:
    axes.set_facecolor(LIGHT.surface)
    if title:
        axes.set_title(title, loc="left", color=LIGHT.ink, fontsize=11, pad=8)
    axes.set_xlabel(across, color=LIGHT.muted, fontsize=9)
    axes.set_ylabel(up, color=LIGHT.muted, fontsize=9)
    axes.tick_params(which="both", colors=LIGHT.muted, labelsize=9, length=0)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(color=LIGHT.grid, linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT.grid)
    return axes


def _heat(
    axes: Axes,
    values: Values,
    *,
    extent: tuple[float, float, float, float],
    cmap: LinearSegmentedColormap = STRENGTH,
    limits: tuple[float | None, float | None] = (None, None),
) -> AxesImage:
    low, high = limits
    image = axes.imshow(
        values, cmap=cmap, vmin=low, vmax=high, origin="lower", aspect="auto", extent=extent, interpolation="nearest"
    )
    axes.spines[:].set_visible(False)
    return image


def _bar(figure: Figure, image: AxesImage, axes: Axes | list[Axes], unit: str) -> None:
    bar = figure.colorbar(image, ax=axes, pad=0.01, aspect=30)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=LIGHT.muted, labelsize=9, length=0)
    bar.set_label(unit, color=LIGHT.muted, fontsize=9)


def _bars(axes: Axes, values: Values) -> None:
    axes.bar(np.arange(1, len(values) + 1), values, width=0.9, color=LIGHT.second)
    axes.axhline(0, color=LIGHT.muted, linewidth=0.8)
    axes.set_xlim(0.5, len(values) + 0.5)


def _cells(columns: int, rows: int) -> tuple[float, float, float, float]:
    """Return the extent in which cell n of an image has its middle at n, counted from 1."""
    return 0.5, columns + 0.5, 0.5, rows + 0.5


def _symmetric(values: Values) -> tuple[float, float]:
    reach = float(np.abs(values).max()) or 1.0
    return -reach, reach


def _mel_ticks(peaks_hz: Values) -> tuple[list[float], list[str]]:
    known = [hertz for hertz in MEL_TICKS_HZ if peaks_hz[0] <= hertz <= peaks_hz[-1] * 1.03]
    bands = np.interp(known, peaks_hz, np.arange(len(peaks_hz)) + 0.5)
    return [float(band) for band in bands], [f"{hertz:,}" for hertz in known]
