"""The pictures of `models.md`, in the hand of the walkthrough's."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models_parts import Gates, sigmoid
from paraverbal.report.figures import LIGHT
from walkthrough_figures import SIGNED, STRENGTH, _axes, _bar, _cells, _figure, _heat

Values = NDArray[np.floating]

MAPS_SHOWN = 6  # of each layer
UNITS_SHOWN = 40  # of the LSTM's gates
COLOURS = (LIGHT.second, LIGHT.first, "#3d7a4e", "#8a3b6b")


def maps_figure(features: Values, maps: Sequence[Values], seconds: float) -> Figure:
    """Draw what the network reads `[band, frame]` and, for each block, the channels that vary most."""
    figure = _figure(1.5 + 1.25 * len(maps))
    grid = figure.add_gridspec(1 + len(maps), MAPS_SHOWN, height_ratios=[1.3, *[1] * len(maps)])
    top = _axes(figure.add_subplot(grid[0, :]), "What the network reads", "seconds", "band", grid=False)
    image = _heat(top, features, extent=(0, seconds, 0, len(features)))
    _bar(figure, image, top, "deviations")
    for row, values in enumerate(maps, 1):
        chosen = np.sort(np.argsort(values.std(axis=(1, 2)))[-MAPS_SHOWN:])
        for column, channel in enumerate(chosen):
            panel = _axes(figure.add_subplot(grid[row, column]), "", "", "", grid=False)
            panel.set_title(f"block {row}, channel {channel + 1}", loc="left", color=LIGHT.muted, fontsize=8.5)
            _heat(panel, values[channel], extent=(0, seconds, 0, values.shape[1]))
            panel.set(xticks=[], yticks=[])
    return figure


def kernels_figure(kernels: Values) -> Figure:
    """Draw the first layer's filters `[channel, row, column]` on one scale, zero in the middle."""
    columns = 8
    rows = -(-len(kernels) // columns)
    figure = _figure(0.5 + 1.05 * rows)
    figure.suptitle("Filters of the first convolution", x=0.01, ha="left", color=LIGHT.ink, fontsize=11)
    panels = figure.subplots(rows, columns, squeeze=False)
    reach = float(np.abs(kernels).max())
    for number, panel in enumerate(panels.flat):
        _axes(panel, "", "", "", grid=False)
        panel.set(xticks=[], yticks=[])
        if number < len(kernels):
            image = _heat(panel, kernels[number], extent=(0, 3, 0, 3), cmap=SIGNED, limits=(-reach, reach))
            panel.set_title(f"{number + 1}", loc="left", color=LIGHT.muted, fontsize=9)
            panel.set_aspect("equal")
    _bar(figure, image, list(panels.flat), "weight")
    return figure


def activations_figure() -> Figure:
    """Draw ReLU and ELU, sigmoid and tanh, with their slopes."""
    figure = _figure(2.8)
    values = np.linspace(-4, 4, 801)
    functions: tuple[Mapping[str, Values], ...] = (
        {"ReLU": np.maximum(values, 0), "ELU": np.where(values > 0, values, np.expm1(values))},
        {"sigmoid": sigmoid(values), "tanh": np.tanh(values)},
    )
    for panel, drawn in zip(figure.subplots(1, 2), functions, strict=True):
        _axes(panel, " and ".join(drawn) + "; dashed: slope", "input", "")
        for (name, result), colour in zip(drawn.items(), COLOURS, strict=False):
            panel.plot(values, result, color=colour, linewidth=1.8, label=name)
            panel.plot(values, np.gradient(result, values), color=colour, linewidth=1.1, linestyle=(0, (4, 2)))
        panel.set(xlim=(-4, 4), ylim=(-1.2, 2.5 if "ReLU" in drawn else 1.2))
        panel.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9, loc="upper left")
    return figure


def batch_norm_figure(before: Values, after: Values) -> Figure:
    """Draw the middle nine tenths of each channel's values `[channel, band, frame]`, before and after normalising."""
    figure = _figure(2.6)
    titles = ("Before", "After: mean 0, deviation 1 in each channel")
    for panel, values, title in zip(figure.subplots(1, 2), (before, after), titles, strict=True):
        _axes(panel, title, "channel", "value")
        low, middle, high = np.quantile(values.reshape(len(values), -1), (0.05, 0.5, 0.95), axis=1)
        channels = np.arange(1, len(values) + 1)
        panel.vlines(channels, low, high, color=LIGHT.second, linewidth=6, alpha=0.45)
        panel.plot(channels, middle, color=LIGHT.first, marker="_", markersize=11, linewidth=0, markeredgewidth=2)
        panel.axhline(0, color=LIGHT.muted, linewidth=0.8)
    return figure


def gates_figure(gates: Gates) -> Figure:
    """Draw forget gate, input gate and cell of some units: a column a step, a row a unit."""
    figure = _figure(2.9)
    panels = figure.subplots(1, 3, sharey=True)
    both = np.stack([gates.forget, gates.entry])[:, :, :UNITS_SHOWN]
    openness = (float(both.min()), float(both.max()))
    for panel, name in zip(panels, ("forget", "entry", "cell"), strict=True):
        values = getattr(gates, name)[:, :UNITS_SHOWN]
        title = {"forget": "Forget gate", "entry": "Input gate", "cell": "Cell"}[name]
        _axes(panel, title, "step", "", grid=False)
        reach = float(np.abs(values).max())
        limits, colours = ((-reach, reach), SIGNED) if name == "cell" else (openness, STRENGTH)
        image = _heat(panel, values.T, extent=_cells(*values.shape), cmap=colours, limits=limits)
        if name != "forget":
            _bar(figure, image, panel, "state" if name == "cell" else "openness")
    panels[0].set_ylabel("unit", color=LIGHT.muted, fontsize=9)
    return figure


def gradient_figure(curves: Mapping[str, Values]) -> Figure:
    """Draw gradients `[distance]` on a logarithmic axis, a line a layer."""
    figure = _figure(3.2)
    axes = _axes(
        figure.add_subplot(), "Gradient of the last state", "steps before the last", "norm, relative to step 0"
    )
    for (name, values), colour in zip(curves.items(), COLOURS, strict=False):
        axes.plot(np.arange(len(values)), values / values[0], color=colour, linewidth=1.8, label=name)
    axes.set_yscale("log")
    axes.set(xlim=(0, len(values) - 1), ylim=(1e-12, 5))
    axes.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9, loc="lower left")
    return figure


def optimizers_figure(losses: Mapping[str, Values], reached: float) -> Figure:
    """Draw the loss `[step]` of each optimiser, and the level that counts as reached."""
    figure = _figure(3.0)
    axes = _axes(figure.add_subplot(), "One bowl, steep in one direction and flat in the other", "step", "loss")
    for (name, values), colour in zip(losses.items(), COLOURS, strict=False):
        axes.plot(np.maximum(values, 1e-9), color=colour, linewidth=1.6, label=name)
    axes.axhline(reached * values[0], color=LIGHT.muted, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.set_yscale("log")
    axes.set(xlim=(0, len(values) - 1), ylim=(1e-6, None))
    axes.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9, loc="upper right", ncols=2)
    return figure


def schedules_figure(rates: Mapping[str, Values], losses: Values) -> Figure:
    """Draw learning rates `[epoch]`, and the validation loss that the plateau schedule watched."""
    figure = _figure(2.8)
    left, right = figure.subplots(1, 2)
    _axes(left, "A made-up validation loss", "epoch", "loss")
    left.plot(np.arange(1, len(losses) + 1), losses, color=LIGHT.muted, linewidth=1.4)
    _axes(right, "Learning rate", "epoch", "share of the first")
    for (name, values), colour in zip(rates.items(), COLOURS, strict=False):
        right.step(
            np.arange(1, len(values) + 1), values / values[0], color=colour, linewidth=1.6, label=name, where="mid"
        )
    right.set_ylim(0, 1.05)
    right.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9)
    return figure


def selection_figure(best: Values, accuracy: float) -> Figure:
    """Draw the mean best test score `[epochs]` of a network that never gets better."""
    figure = _figure(2.5)
    axes = _axes(figure.add_subplot(), "Best test score of epochs that are all equally good", "epochs", "accuracy")
    axes.plot(np.arange(1, len(best) + 1), best, color=LIGHT.first, linewidth=1.8, label="best so far, mean")
    axes.axhline(accuracy, color=LIGHT.second, linewidth=1.6, label="what every epoch is worth")
    axes.set(xlim=(1, len(best)))
    axes.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9, loc="center right")
    return figure
