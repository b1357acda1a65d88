"""A timeline as a picture: waveform, spectrogram and a ribbon of emotions, all over the same seconds.

The recording is read once more, a block at a time, into as many columns as a picture can show; ten hours need no more memory
than a minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from paraverbal.audio.blocks import BlockResampler, blocks
from paraverbal.audio.read import info
from paraverbal.features.frames import hann
from paraverbal.features.spectral import hz_to_mel, mel_filters
from paraverbal.inference.timeline import Timeline
from paraverbal.report.figures import LABELLED_HZ, LEAST_AMPLITUDE, LIGHT, Palette, new_figure, style_panel, write_png
from paraverbal.settings import LogMelSettings

Waveform = NDArray[np.float32]

# What is drawn is brought to this rate: 8 kHz is as high as a voice needs to be seen.
RATE = 16_000
MOST_COLUMNS = 1600  # pixels of a panel, about
COLUMN_SECONDS = 0.01  # of a short recording
FRAMES_A_COLUMN = 4  # of a long one
SHOWN_DB = 70.0

# Frames of 32 ms, which resolve pitch and syllables alike.
_MEL = LogMelSettings(fft_size=512, hop_length=160, bands=64)

# Told apart also by those who do not see red or green: hues and lightness both differ (after Okabe and Ito 2008).
COLOURS = {
    "anger": "#d55e00",
    "boredom": "#7a6a58",
    "calm": "#7fcdbb",
    "contempt": "#8c510a",
    "disgust": "#009e73",
    "fear": "#6a4c93",
    "happiness": "#f0c808",
    "neutral": "#a9b1bb",
    "sadness": "#0072b2",
    "surprise": "#e78ac3",
}

# A name is written into its stretch of the ribbon if that is at least so wide, as a share of the whole for each letter.
LETTER_SHARE = 0.0075

# Text on the ribbon turns light where the colour under it is darker than this (luminance, ITU-R BT.709).
_DARK = 0.45


@dataclass(frozen=True, eq=False)
class Outline:
    """What can be seen of a recording.

    Attributes:
        lowest: Least sample of each column, float32 `[column]`.
        highest: Greatest one.
        power: Mean power in mel bands, float64 `[band, column]`.
    """

    lowest: Waveform
    highest: Waveform
    power: NDArray[np.float64]


def write_timeline_figure(found: Timeline, path: str | Path, palette: Palette = LIGHT) -> None:
    """Write the picture of a timeline as a PNG; its recording must still be there.

    Raises:
        AudioError: The recording cannot be read.
    """
    write_png(timeline_figure(found, outline(found.file, found.seconds), palette), path)


def timeline_figure(found: Timeline, seen: Outline, palette: Palette = LIGHT) -> Figure:
    """Return waveform, log-mel spectrogram and ribbon of emotions, one above the other.

    A stretch of the ribbon is a segment, its height the confidence; what is uncertain is hatched, silence empty.

    Args:
        found: The timeline.
        seen: Its recording, as `outline` returns it.
        palette: Colours; those of emotions are the same on all.
    """
    figure = new_figure(11, 6, palette)
    wave, spectrum, ribbon = figure.subplots(3, 1, sharex=True, height_ratios=(1, 1.5, 0.9))
    _waveform(wave, seen, found.seconds, palette)
    wave.set_title(Path(found.file).name, loc="left", color=palette.ink, fontsize=11, pad=10)
    _spectrogram(spectrum, seen, found.seconds, palette)
    _ribbon(ribbon, found, palette)
    ribbon.set_xlim(0, found.seconds)
    ribbon.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(value, found.seconds)))
    ribbon.set_xlabel("time (s)" if found.seconds < 120 else "time", color=palette.muted, fontsize=9)
    _legend(figure, found, palette)
    return figure


def outline(file: str | Path, seconds: float) -> Outline:
    """Read what can be seen of a recording, a block at a time.

    Args:
        file: The recording.
        seconds: Its length, as the timeline states it.

    Raises:
        AudioError: It cannot be read.
    """
    drawing = _Drawing(seconds)
    resampler = BlockResampler(info(file).sampling_rate, RATE)
    for block in blocks(file):
        drawing.feed(resampler.feed(block))
    drawing.feed(resampler.flush())
    return drawing.outline()


def colours_of(labels: Sequence[str]) -> dict[str, str]:
    """Return a colour for each label, `#rrggbb`: always the same for an emotion known here, greys for other words."""
    others = [label for label in labels if label not in COLOURS]
    levels = np.linspace(0.35, 0.8, len(others)).tolist()
    greys = {label: to_hex((value, value, value)) for label, value in zip(others, levels, strict=True)}
    return {label: COLOURS.get(label) or greys[label] for label in labels}


def clock(seconds: float, longest: float) -> str:
    """Return a time in the form that suits a recording: `12.5`, `2:05`, `1:02:05`."""
    if longest < 120:
        return f"{seconds:g}"
    minutes, rest = divmod(round(seconds), 60)
    if longest < 3600:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


class _Drawing:
    """Samples -> columns."""

    def __init__(self, seconds: float) -> None:
        self._samples = max(1, round(seconds * RATE))
        self._columns = int(np.clip(seconds / COLUMN_SECONDS, 1, MOST_COLUMNS))
        self._hop = max(_MEL.hop_length, self._samples // (self._columns * FRAMES_A_COLUMN))
        self._lowest = np.zeros(self._columns, np.float32)
        self._highest = np.zeros(self._columns, np.float32)
        self._power = np.zeros((self._columns, _MEL.bands))
        self._frames = np.zeros(self._columns)
        self._filters = mel_filters(_MEL, RATE).T
        self._window = hann(_MEL.fft_size)
        # Frames are centred: half a frame of silence goes before the first sample.
        self._rest = np.zeros(_MEL.fft_size // 2, np.float32)
        self._done = 0
        self._next = 0

    def feed(self, block: Waveform) -> None:
        if len(block) == 0:
            return
        columns = self._column(self._done + np.arange(len(block)))
        firsts = np.flatnonzero(np.diff(columns, prepend=-1))
        drawn = columns[firsts]
        self._lowest[drawn] = np.minimum(self._lowest[drawn], np.minimum.reduceat(block, firsts))
        self._highest[drawn] = np.maximum(self._highest[drawn], np.maximum.reduceat(block, firsts))
        self._done += len(block)
        self._transform(np.concatenate([self._rest, block]))

    def outline(self) -> Outline:
        # Half a frame of silence after the last sample, as before the first.
        half = np.zeros(_MEL.fft_size // 2, np.float32)
        self._done += len(half)
        self._transform(np.concatenate([self._rest, half]))
        power = self._power / np.maximum(self._frames, 1)[:, np.newaxis]
        return Outline(self._lowest, self._highest, power.T)

    def _column(self, samples: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.minimum(samples * self._columns // self._samples, self._columns - 1)

    def _transform(self, samples: Waveform) -> None:
        """Add the frames that are complete to their columns; `samples` begins where the next frame does, or before."""
        size, count = _MEL.fft_size, 0
        if len(samples) >= size + self._next:
            frames = np.lib.stride_tricks.sliding_window_view(samples[self._next :], size)[:: self._hop]
            count = len(frames)
            spectrum = np.fft.rfft(frames * self._window)
            power = (spectrum.real**2 + spectrum.imag**2) @ self._filters
            # The middle of a frame is where it starts, in samples of the recording.
            first = self._done - len(samples) + size // 2 + self._next
            columns = self._column(np.maximum(0, first + self._hop * np.arange(count)))
            np.add.at(self._power, columns, power)
            np.add.at(self._frames, columns, 1)
        start = self._next + count * self._hop
        self._rest = samples[min(start, len(samples)) :]
        self._next = max(0, start - len(samples))


def _waveform(axes: Axes, seen: Outline, seconds: float, palette: Palette) -> None:
    style_panel(axes, "", palette)
    edges = np.linspace(0, seconds, len(seen.lowest) + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    axes.fill_between(middles, seen.lowest, seen.highest, color=palette.second, linewidth=0.4)
    limit = 1.05 * max(float(np.abs([seen.lowest, seen.highest]).max()), LEAST_AMPLITUDE)
    axes.set_ylim(-limit, limit)
    axes.set_ylabel("amplitude", color=palette.muted, fontsize=9)


def _spectrogram(axes: Axes, seen: Outline, seconds: float, palette: Palette) -> None:
    highest = max(float(seen.power.max()), np.finfo(float).tiny)
    level = 10 * np.log10(np.maximum(seen.power / highest, 10 ** (-SHOWN_DB / 10)))
    colours = LinearSegmentedColormap.from_list("level", [palette.surface, palette.second, palette.ink])
    top = float(hz_to_mel(RATE / 2, _MEL.scale))
    axes.imshow(
        level,
        cmap=colours,
        origin="lower",
        aspect="auto",
        extent=(0, seconds, 0, top),
        vmin=-SHOWN_DB,
        vmax=0,
        interpolation="nearest",
    )
    ticks = {hz: float(hz_to_mel(hz, _MEL.scale)) for hz in LABELLED_HZ if hz <= RATE / 2}
    axes.set_yticks(list(ticks.values()), [f"{hz}" for hz in ticks])
    axes.set_facecolor(palette.surface)
    axes.set_ylabel("frequency (Hz, mel scale)", color=palette.muted, fontsize=9)
    axes.tick_params(colors=palette.muted, labelsize=9, length=3)
    axes.spines[:].set_visible(False)


def _ribbon(axes: Axes, found: Timeline, palette: Palette) -> None:
    style_panel(axes, "", palette)
    colours = colours_of(found.labels)
    for one in found.segments:
        axes.bar(
            one.start,
            100 * one.confidence,
            width=one.end - one.start,
            align="edge",
            color=colours[one.emotion],
            edgecolor=palette.surface,
            linewidth=0,
            hatch="////" if one.uncertain else None,
        )
        if not one.uncertain and one.end - one.start >= LETTER_SHARE * len(one.emotion) * found.seconds:
            dark = _luminance(colours[one.emotion]) < _DARK and 100 * one.confidence > 18
            middle = (one.start + one.end) / 2
            ink = "#ffffff" if dark else "#1b2430" if 100 * one.confidence > 18 else palette.ink
            axes.text(middle, 4, one.emotion, ha="center", va="bottom", fontsize=8.5, color=ink, clip_on=True)
    axes.set_ylim(0, 100)
    axes.set_ylabel("confidence (%)", color=palette.muted, fontsize=9)


def _legend(figure: Figure, found: Timeline, palette: Palette) -> None:
    told = {one.emotion for one in found.segments}
    patches = [Patch(color=colour, label=label) for label, colour in colours_of(found.labels).items() if label in told]
    if any(one.uncertain for one in found.segments):
        patches.append(Patch(facecolor=palette.grid, edgecolor=palette.muted, hatch="////", label="uncertain"))
    if patches:
        figure.legend(
            handles=patches,
            loc="outside lower center",
            ncols=len(patches),
            frameon=False,
            labelcolor=palette.ink,
            fontsize=9,
            handlelength=1.2,
        )


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[first : first + 2], 16) / 255 for first in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
