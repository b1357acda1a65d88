"""What the pictures of `concepts.md` share: colours, spectrograms, and how they are written."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from concepts_signals import RATE
from paraverbal.report.clip_analysis import PlotSettings, spectrogram
from paraverbal.report.clip_figures import draw_spectrogram
from paraverbal.report.figures import LIGHT, drawn_image
from walkthrough_figures import _axes

DOTS_PER_INCH = 110  # of the pictures, which are 10 inches wide
COLOURS = (LIGHT.second, LIGHT.first, "#3d7a4e", "#8a3b6b")
SHOWN_HZ = 4500.0


def spectrogram_panel(axes: Axes, waveform: NDArray[np.floating], settings: PlotSettings, title: str) -> None:
    """Draw the spectrogram of a waveform `[sample]` up to `SHOWN_HZ`, time in seconds."""
    found = spectrogram(waveform.astype(np.float32), RATE, settings)
    draw_spectrogram(axes, found, scale="linear")
    _axes(axes, title, "seconds", "", grid=False)
    axes.set(xlim=(0, len(waveform) / RATE), ylim=(0, SHOWN_HZ))


def write(figure: Figure, path: Path) -> None:
    """Write a figure as a small PNG in the colours of the page; the same figure gives the same bytes."""
    figure.set_dpi(DOTS_PER_INCH)
    palette = Image.new("P", (1, 1))
    palette.putpalette([round(255 * value) for colour in _page_colours() for value in colour])
    few = drawn_image(figure).convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
    few.save(path, format="PNG", optimize=True)


def _page_colours() -> list[tuple[float, ...]]:
    """Return ramps between the colours that are used; of all shades that occur, noise would take the most."""
    ramps = [
        (LIGHT.surface, LIGHT.second, 28),
        (LIGHT.second, LIGHT.ink, 16),
        (LIGHT.surface, LIGHT.high, 20),
        (LIGHT.high, "#0b2347", 12),
        (LIGHT.surface, LIGHT.muted, 12),
        *((LIGHT.surface, colour, 12) for colour in COLOURS[1:]),
        (LIGHT.surface, LIGHT.ink, 12),
        (LIGHT.first, LIGHT.second, 5),
    ]
    return [
        tuple(float(value) for value in np.array(to_rgb(first)) * (1 - share) + np.array(to_rgb(last)) * share)
        for first, last, steps in ramps
        for share in np.linspace(0, 1, steps)
    ]
