"""Saliency as a picture: the spectrogram with what speaks for the emotion over it, sums per second and per band beside it."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from paraverbal.audio.resample import resample
from paraverbal.features.spectral import hz_to_mel, log_mel
from paraverbal.inference.saliency import Saliency
from paraverbal.report.figures import LABELLED_HZ, LIGHT, Palette, new_figure, style_panel, write_png
from paraverbal.settings import LogMelSettings

Waveform = NDArray[np.float32]

# For and against: told apart also by those who do not see red or green (Okabe and Ito 2008).
FOR = "#d55e00"
AGAINST = "#0072b2"

# How much of the strongest patch's colour covers the spectrogram under it.
STRONGEST_COVER = 0.8
SHOWN_DB = 70.0

# Bars need a range to stand in, also where nothing speaks for anything.
LEAST_RANGE = 1e-3

FRAME_SECONDS = 0.032
HOP_SECONDS = 0.01


def write_saliency_figure(
    found: Saliency,
    waveform: Waveform,
    sampling_rate: int,
    path: str | Path,
    *,
    title: str = "",
    palette: Palette = LIGHT,
) -> None:
    """Write the picture of a saliency as a PNG; arguments as of `saliency_figure`."""
    write_png(saliency_figure(found, waveform, sampling_rate, title=title, palette=palette), path)


def saliency_figure(
    found: Saliency, waveform: Waveform, sampling_rate: int, *, title: str = "", palette: Palette = LIGHT
) -> Figure:
    """Return the log-mel spectrogram, covered by colour where a patch speaks for the emotion or against it.

    Args:
        found: The saliency.
        waveform: What it is of, `[sample]`.
        sampling_rate: Of the waveform, in hertz.
        title: Of the recording.
        palette: Colours; those of for and against are the same on all.
    """
    figure = new_figure(11, 5.6, palette)
    grid = figure.add_gridspec(2, 2, width_ratios=(1, 0.2), height_ratios=(0.32, 1))
    spectrum = figure.add_subplot(grid[1, 0])
    above = figure.add_subplot(grid[0, 0], sharex=spectrum)
    beside = figure.add_subplot(grid[1, 1], sharey=spectrum)
    _spectrogram(spectrum, found, waveform, sampling_rate, palette)
    _cover(spectrum, found)
    _bars_over_time(above, found, palette)
    _bars_by_band(beside, found, palette)
    words = f"{found.emotion} {found.probability:.2f}"
    above.set_title(f"{title}: {words}" if title else words, loc="left", color=palette.ink, fontsize=11, pad=10)
    patches = [Patch(color=FOR, label=f"speaks for {found.emotion}"), Patch(color=AGAINST, label="speaks against it")]
    figure.legend(
        handles=patches,
        loc="outside lower center",
        ncols=2,
        frameon=False,
        labelcolor=palette.ink,
        fontsize=9,
        handlelength=1.2,
    )
    return figure


def _spectrogram(axes: Axes, found: Saliency, waveform: Waveform, sampling_rate: int, palette: Palette) -> None:
    """Draw the spectrogram of what the model hears, up to its highest band, in greys."""
    rate = round(2 * float(found.high_hz[-1]))
    size = 2 ** round(np.log2(FRAME_SECONDS * rate))
    settings = LogMelSettings(fft_size=size, hop_length=round(HOP_SECONDS * rate), bands=64, floor_db=SHOWN_DB)
    level = log_mel(resample(waveform, sampling_rate, rate), rate, settings)
    top = float(hz_to_mel(found.high_hz[-1]))
    axes.imshow(
        level,
        cmap=LinearSegmentedColormap.from_list("level", [palette.surface, palette.ink]),
        origin="lower",
        aspect="auto",
        extent=(0, float(found.end_seconds[-1]), 0, top),
        vmin=float(level.max()) - SHOWN_DB,
        vmax=float(level.max()) + SHOWN_DB / 3,
        interpolation="nearest",
    )
    ticks = {hz: float(hz_to_mel(hz)) for hz in LABELLED_HZ if hz <= found.high_hz[-1]}
    axes.set_yticks(list(ticks.values()), [f"{hz}" for hz in ticks])
    axes.set_ylim(0, top)
    axes.set_xlim(0, float(found.end_seconds[-1]))
    axes.set_ylabel("frequency (Hz, mel scale)", color=palette.muted, fontsize=9)
    axes.set_xlabel("time (s)", color=palette.muted, fontsize=9)
    axes.tick_params(colors=palette.muted, labelsize=9, length=3)
    axes.spines[:].set_visible(False)


def _cover(axes: Axes, found: Saliency) -> None:
    """Lay each patch's colour over the spectrogram, the stronger the denser."""
    strength = np.abs(found.values) / max(float(np.abs(found.values).max()), LEAST_RANGE)
    colours = np.where((found.values > 0)[..., np.newaxis], to_rgb(FOR), to_rgb(AGAINST))
    covers = np.concatenate([colours, STRONGEST_COVER * strength[..., np.newaxis]], axis=-1)
    times = np.append(found.start_seconds, found.end_seconds[-1])
    axes.pcolormesh(times, _mel_edges(found), covers, zorder=2)


def _bars_over_time(axes: Axes, found: Saliency, palette: Palette) -> None:
    """Draw the sum of each patch's time, and that of each second in words."""
    style_panel(axes, "", palette)
    axes.bar(
        found.start_seconds,
        found.per_time,
        width=found.end_seconds - found.start_seconds,
        align="edge",
        color=_colours(found.per_time),
        edgecolor=palette.surface,
        linewidth=0.8,
    )
    reach = _reach(found.per_time, room_above=0.25)
    axes.set_ylim(*reach)
    if len(found.per_second) <= 15:
        for second, value in enumerate(found.per_second):
            middle = (second + min(second + 1, float(found.end_seconds[-1]))) / 2
            axes.text(middle, reach[1], f"Σ {value:+.1f}", ha="center", va="top", fontsize=8.5, color=palette.muted)
            if second:
                axes.axvline(second, color=palette.grid, linewidth=1, zorder=0)
    axes.axhline(0, color=palette.muted, linewidth=0.8)
    axes.set_ylabel("log-odds\n(nats)", color=palette.muted, fontsize=9)
    axes.tick_params(labelbottom=False)


def _bars_by_band(axes: Axes, found: Saliency, palette: Palette) -> None:
    style_panel(axes, "", palette)
    edges = _mel_edges(found)
    axes.barh(
        edges[:-1],
        found.per_band,
        height=np.diff(edges),
        align="edge",
        color=_colours(found.per_band),
        edgecolor=palette.surface,
        linewidth=0.8,
    )
    axes.grid(visible=False)
    axes.set_xlim(*_reach(found.per_band))
    axes.axvline(0, color=palette.muted, linewidth=0.8)
    axes.set_xlabel("log-odds (nats)", color=palette.muted, fontsize=9)
    axes.tick_params(labelleft=False)


def _mel_edges(found: Saliency) -> NDArray[np.float64]:
    return hz_to_mel(np.append(found.low_hz, found.high_hz[-1]))


def _colours(values: NDArray[np.float32]) -> list[str]:
    return [FOR if value > 0 else AGAINST for value in values.tolist()]


def _reach(values: NDArray[np.float32], room_above: float = 0.05) -> tuple[float, float]:
    """Return the ends of an axis of bars, with room behind the longest, as a share of the range."""
    lowest, highest = min(0.0, float(values.min())), max(0.0, float(values.max()))
    room = max(highest - lowest, LEAST_RANGE)
    return lowest - 0.05 * room, highest + room_above * room
