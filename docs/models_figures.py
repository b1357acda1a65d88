"""The pictures of `models.md`, in the hand of the walkthrough's."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models_parts import Gates, sigmoid
from paraverbal.report.figures import LIGHT
from walkthrough_figures import SIGNED, STRENGTH, _axes, _bar, _cells, _figure, _heat

Values = NDArray[np.floating]

MAPS_SHOWN = 6  # of each layer
UNITS_SHOWN = 20  # of the LSTM's gates
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


GATES = {
    "forget": "Forget gate f",
    "entry": "Input gate i",
    "output": "Output gate o",
    "candidate": "Candidate g",
    "cell": "Cell c",
    "state": "State h",
}


def gates_figure(gates: Gates) -> Figure:
    """Draw the three gates of some units, above candidate, cell and state: a column a step, a row a unit."""
    figure = _figure(4.4)
    panels = figure.subplots(2, 3, sharex=True, sharey=True)
    shown = {name: getattr(gates, name)[:, :UNITS_SHOWN] for name in GATES}
    opened = np.stack([shown["forget"], shown["entry"], shown["output"]])
    # A few values beyond the scale are drawn as its ends.
    reach = max(float(np.quantile(np.abs(shown[name]), 0.99)) for name in ("candidate", "cell", "state"))
    scales = (((float(opened.min()), float(opened.max())), STRENGTH), ((-reach, reach), SIGNED))
    for number, (panel, (name, title)) in enumerate(zip(panels.flat, GATES.items(), strict=True)):
        limits, colours = scales[number // 3]
        _axes(panel, title, "step" if number >= 3 else "", "unit" if number % 3 == 0 else "", grid=False)
        values = shown[name]
        image = _heat(panel, values.T, extent=_cells(*values.shape), cmap=colours, limits=limits)
        if number % 3 == 2:
            _bar(figure, image, list(panels[number // 3]), "value" if number >= 3 else "openness")
    return figure


def pooling_figure(before: Values, after: Values) -> Figure:
    """Draw a piece of a map `[band, frame]`, and the same piece after a maximum of two by two."""
    figure = _figure(3.3)
    panels = figure.subplots(1, 2)
    limits = (0.0, float(before.max()))
    for panel, values, title in zip(panels, (before, after), ("Before", "After a maximum of 2 x 2"), strict=True):
        _axes(panel, f"{title}: {values.shape[0]} x {values.shape[1]}", "frame", "band", grid=False)
        image = _heat(panel, values, extent=(0, values.shape[1], 0, values.shape[0]), limits=limits)
        panel.set_aspect("equal")
        panel.set(xticks=np.arange(0, values.shape[1] + 1, 4), yticks=np.arange(0, values.shape[0] + 1, 4))
    _bar(figure, image, list(panels), "value")
    return figure


def dropout_figure(embedding: Values, drawn: Values) -> Figure:
    """Draw an embedding `[unit]` as it is, and as one step of training sees it."""
    figure = _figure(2.8)
    panels = figure.subplots(1, 2, sharey=True)
    units = np.arange(1, len(embedding) + 1)
    for panel, values, title in zip(
        panels, (embedding, drawn), ("In prediction", "In one step of training"), strict=True
    ):
        _axes(panel, title, "unit", "")
        panel.bar(units, values, color=LIGHT.second, width=0.8)
    zeros = units[(drawn == 0) & (embedding != 0)]
    panels[1].plot(zeros, np.zeros(len(zeros)), "x", color=LIGHT.first, markersize=5, label="set to zero")
    panels[1].set_ylim(top=1.2 * float(drawn.max()))
    panels[1].legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9, loc="upper left")
    return figure


def softmax_figure(logits: Values, probabilities: Values, guess: float) -> Figure:
    """Draw logits `[label]` and their probabilities, and the loss over the true label's probability."""
    figure = _figure(2.9)
    panels = figure.subplots(1, 3)
    for panel, values, title in zip(panels[:2], (logits, probabilities), ("Logits", "Probabilities"), strict=True):
        _axes(panel, title, "class", "")
        panel.bar(np.arange(len(values)), values, color=LIGHT.second, width=0.65)
        panel.axhline(0, color=LIGHT.muted, linewidth=0.8)
        panel.set_xticks(np.arange(len(values)))
    panels[1].set_ylim(0, 1)
    axes = _axes(panels[2], "Loss", "probability of the truth", "-ln p")
    shares = np.linspace(0.005, 1, 400)
    axes.plot(shares, -np.log(shares), color=LIGHT.first, linewidth=1.8)
    axes.plot([np.exp(-guess)], [guess], "o", color=LIGHT.second, markersize=6)
    axes.annotate(
        f"guessing among {round(np.exp(guess))}",
        (np.exp(-guess), guess),
        xytext=(8, 6),
        textcoords="offset points",
        color=LIGHT.ink,
        fontsize=9,
    )
    axes.set(xlim=(0, 1), ylim=(0, 5))
    return figure


def recurrent_figure() -> Figure:
    """Draw a recurrent layer step by step: in one direction, in both, and two layers of it."""
    figure = _figure(3.1)
    panels = figure.subplots(1, 3)
    drawn = (
        ("One direction", [("h", 1)]),
        ("Both directions", [("h", 1), ("h'", -1)]),
        ("Two layers", [("h", 1), ("k", 1)]),
    )
    for panel, (title, rows) in zip(panels, drawn, strict=True):
        panel.set_title(title, loc="left", color=LIGHT.ink, fontsize=11, pad=10)
        panel.axis("off")
        panel.set(xlim=(-0.6, 3.6), ylim=(-0.6, 3.9))
        stacked = title == "Two layers"
        top = 2.8 if stacked or len(rows) == 1 else 3.3
        for step in range(4):
            _box(panel, (step, 0), f"x[{step + 1}]", LIGHT.muted)
            _box(panel, (step, top + 0.4), f"y[{step + 1}]", LIGHT.muted)
        for row, (name, direction) in enumerate(rows):
            height = 1.15 * (row + 1)
            for step in range(4):
                _box(panel, (step, height), f"{name}[{step + 1}]", COLOURS[row])
                into = step + direction
                if 0 <= into < 4:
                    _arrow(panel, (step + 0.34 * direction, height), (into - 0.34 * direction, height), COLOURS[row])
                below = (0.0, height - 1.15) if stacked or row == 0 else (0.28, 0.0)
                above = height + 0.28
                _arrow(panel, (step + below[0], below[1] + 0.28), (step + below[0], height - 0.28), LIGHT.muted)
                if not stacked or row == len(rows) - 1:
                    shift = -0.28 if not stacked and len(rows) > 1 and row == 0 else below[0]
                    _arrow(panel, (step + shift, above), (step + shift, top + 0.12), LIGHT.muted)
    return figure


def _box(panel: Axes, place: tuple[float, float], text: str, colour: str) -> None:
    style = {"boxstyle": "round,pad=0.3", "facecolor": LIGHT.surface, "edgecolor": colour, "linewidth": 1.2}
    panel.text(*place, text, ha="center", va="center", fontsize=8, color=LIGHT.ink, bbox=style, zorder=3)


def _arrow(panel: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    panel.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1.2}, zorder=1)


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


def schedules_figure(rates: Mapping[str, Values], losses: Values, stop: tuple[int, int]) -> Figure:
    """Draw learning rates `[epoch]`, the validation loss that the plateau schedule watched, and where patience would end it.

    Args:
        rates: By schedule.
        losses: `[epoch]`.
        stop: The best epoch, and the last one of early stopping.
    """
    figure = _figure(2.8)
    left, right = figure.subplots(1, 2)
    _axes(left, "A made-up validation loss", "epoch", "loss")
    left.plot(np.arange(1, len(losses) + 1), losses, color=LIGHT.muted, linewidth=1.4)
    for epoch, words, colour in zip(stop, ("kept", "stopped"), (LIGHT.first, LIGHT.second), strict=True):
        left.axvline(epoch, color=colour, linewidth=1.1, linestyle=(0, (4, 2)), label=f"{words}: epoch {epoch}")
    left.legend(
        facecolor=LIGHT.surface, edgecolor="none", framealpha=1, labelcolor=LIGHT.ink, fontsize=9, loc="upper right"
    )
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
