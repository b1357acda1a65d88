"""Pictures of one recording: its panels on one time axis, and the spectrum of one frame.

Drawn without pyplot, like all figures; `Palette` gives the colours for light or dark surroundings.
"""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import NDArray

from paraverbal.features.frames import WindowName, window
from paraverbal.features.linear_prediction import lpc, spectral_envelope
from paraverbal.features.prosody import Kind
from paraverbal.features.spectral_shape import spectrum
from paraverbal.report.clip_analysis import (
    AS_USUAL,
    NARROW,
    ClipAnalysis,
    PlotSettings,
    Spectrogram,
    from_axis,
    to_axis,
)
from paraverbal.report.figures import (
    LABELLED_HZ,
    LEAST_AMPLITUDE,
    LIGHT,
    WAVEFORM_POINTS,
    Palette,
    new_figure,
    style_panel,
)

WIDTH = 10.0  # inches
HEIGHTS = {"waveform": 1.0, "spectrogram": 2.8, "f0": 1.2, "intensity": 1.0, "voicing": 0.3}  # inches
_MARGIN_HEIGHT = 0.75  # for title and time axis
RANGE_DB = 60.0  # what lies further below the loudest cell is drawn as the surface
_QUIETEST_DB = -100.0  # of full scale: a picture is not stretched to show what is quieter, rounding of 16 bits
_ROWS = 480  # of a drawn spectrogram
_LOWEST_LOG_HZ = 50.0
_LINEAR_STEPS = 9  # labels of a linear axis, at most
_LEAST_OCTAVES = 0.5  # of the F0 axis, so that a steady voice looks steady
_DOT_POINTS = 7.0  # area of a formant's dot, in square points
_DOTS_SECONDS = 5.0  # in longer clips dots are smaller, or they hide what is under them
_LABEL_HEIGHT = 0.055  # of the spectrogram
_SPECTRUM_RANGE_DB = 90.0


def descriptors_figure(
    clip: ClipAnalysis, settings: PlotSettings = AS_USUAL, *, title: str = "", palette: Palette = LIGHT
) -> Figure:
    """Return the panels of `settings.show`, one under the other, on one axis of time in seconds of the recording.

    Args:
        clip: What `clip_analysis.analyse` measured with the same settings.
        settings: Panels, scale of frequencies, range of F0.
        title: Above all; what of the recording is left out is written beside it.
        palette: Colours.
    """
    heights = [HEIGHTS[panel] for panel in settings.show]
    figure = new_figure(WIDTH, sum(heights) + _MARGIN_HEIGHT, palette)
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for axes, name in zip(panels, settings.show, strict=True):
        _DRAWERS[name](axes, clip, settings, palette)
        axes.tick_params(labelbottom=False)
    panels[0].set_title(title, loc="left", color=palette.ink, fontsize=11, pad=10)
    panels[0].set_title(clip.note, loc="right", color=palette.muted, fontsize=9, pad=10)
    panels[-1].tick_params(labelbottom=True)
    panels[-1].set_xlabel("time (s)", color=palette.muted, fontsize=9)
    panels[-1].set_xlim(clip.start_seconds, clip.start_seconds + clip.seconds)
    return figure


def spectrum_figure(
    waveform: NDArray[np.floating],
    sampling_rate: int,
    at_seconds: float,
    *,
    settings: PlotSettings = NARROW,
    window_name: WindowName = "hann",
    palette: Palette = LIGHT,
) -> Figure:
    """Return one frame of a waveform, weighed by a window, beside its spectrum and the envelope of that.

    Args:
        waveform: `[sample]`.
        sampling_rate: In hertz.
        at_seconds: The frame's middle; beyond the waveform's ends are zeros.
        settings: Length of the frame (`window_seconds`), scale and end of the frequency axis.
        window_name: One of the four of `features.frames.window`.
        palette: Colours.
    """
    frame, first_seconds = frame_at(waveform, sampling_rate, at_seconds, settings.window_seconds)
    figure = new_figure(WIDTH, 3.0, palette)
    left, right = figure.subplots(1, 2)
    style_panel(left, f"Frame at {at_seconds:.3f} s, {window_name} window", palette)
    seconds = first_seconds + np.arange(len(frame)) / sampling_rate
    left.plot(1000 * seconds, frame, color=palette.muted, linewidth=0.8, label="samples")
    weighed = frame * window(window_name, len(frame))
    left.plot(1000 * seconds, weighed, color=palette.second, linewidth=1.5, label="weighed")
    left.set_xlabel("time (ms)", color=palette.muted, fontsize=9)
    _legend_above(left, palette)
    style_panel(right, "Spectrum, dB of full scale", palette)
    draw_spectrum(right, frame, sampling_rate, settings=settings, window_name=window_name, palette=palette)
    _legend_above(right, palette)
    return figure


def frame_at(
    waveform: NDArray[np.floating], sampling_rate: int, at_seconds: float, window_seconds: float
) -> tuple[NDArray[np.floating], float]:
    """Return the frame `[sample]` whose middle is at `at_seconds`, zeros beyond the ends, and where it begins in seconds."""
    size = max(2, round(window_seconds * sampling_rate))
    first = round(at_seconds * sampling_rate) - size // 2
    frame = np.zeros(size, dtype=waveform.dtype)
    inside = waveform[max(first, 0) : max(first + size, 0)]
    frame[max(-first, 0) : max(-first, 0) + len(inside)] = inside
    return frame, first / sampling_rate


def draw_spectrum(
    axes: Axes,
    frame: NDArray[np.floating],
    sampling_rate: int,
    *,
    settings: PlotSettings = NARROW,
    window_name: WindowName = "hann",
    palette: Palette = LIGHT,
) -> None:
    """Draw the spectrum of a frame `[sample]` in dB of full scale and, above it, the envelope by linear prediction.

    Of silence there is no envelope. The envelope has two coefficients for each kilohertz and two for the slope of the voice.
    """
    frequencies, levels = spectrum(frame, window_name, sampling_rate)
    place = to_axis(frequencies, settings.axis)
    axes.plot(place, levels, color=palette.second, linewidth=1.0, label="spectrum")
    top = max(float(levels.max()), _QUIETEST_DB)
    weights = window(window_name, len(frame))
    order = min(2 + 2 * round(sampling_rate / 2000), len(frame) - 1)
    coefficients, gain = lpc((frame * weights)[np.newaxis], order)
    if gain[0] > 0:
        envelope = spectral_envelope(coefficients, gain, frequencies, sampling_rate=sampling_rate)[0]
        # Its own level is that of power, not of sines: peak is laid on peak.
        envelope += levels.max() - envelope.max()
        axes.plot(place, envelope, color=palette.first, linewidth=1.8, label="envelope")
    lowest = _LOWEST_LOG_HZ if settings.axis == "log" else 0.0
    highest = min(settings.top_hz, sampling_rate / 2)
    _label_frequencies(axes.xaxis, settings.axis, lowest, highest)
    axes.set_xlim(float(to_axis(lowest, settings.axis)), float(to_axis(highest, settings.axis)))
    axes.set_ylim(top - _SPECTRUM_RANGE_DB, top + 5)
    axes.set_xlabel(_axis_title(settings.axis), color=palette.muted, fontsize=9)


def draw_spectrogram(
    axes: Axes, found: Spectrogram, *, scale: str, palette: Palette = LIGHT, start_seconds: float = 0.0
) -> AxesImage:
    """Draw a spectrogram on an axis of hertz, octaves or mel; `start_seconds` is where its time begins."""
    lowest = _LOWEST_LOG_HZ if scale == "log" else 0.0
    places = np.linspace(to_axis(lowest, scale), to_axis(found.top_hz, scale), _ROWS)
    top = max(float(found.levels.max()), _QUIETEST_DB + RANGE_DB)
    half = found.column_seconds / 2
    colours = LinearSegmentedColormap.from_list("level", [palette.surface, palette.second, palette.ink])
    image = axes.imshow(
        _rows_at(found, from_axis(places, scale)),
        cmap=colours,
        origin="lower",
        aspect="auto",
        extent=(start_seconds + found.times[0] - half, start_seconds + found.times[-1] + half, places[0], places[-1]),
        vmin=top - RANGE_DB,
        vmax=top,
        interpolation="antialiased",
    )
    _label_frequencies(axes.yaxis, scale, lowest, found.top_hz)
    axes.set_ylim(places[0], places[-1])
    axes.set_facecolor(palette.surface)
    axes.set_ylabel(_axis_title(scale), color=palette.muted, fontsize=9)
    axes.tick_params(which="both", colors=palette.muted, labelsize=9, length=0)
    axes.spines[:].set_visible(False)
    return image


def _rows_at(found: Spectrogram, hz: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the levels at other frequencies, `[frequency, column]`, by straight lines between rows."""
    place = np.interp(hz, found.frequencies, np.arange(len(found.frequencies)))
    below = np.minimum(place.astype(np.int64), len(found.frequencies) - 2)
    share = (place - below).astype(np.float32)[:, np.newaxis]
    between: NDArray[np.float32] = (1 - share) * found.levels[below] + share * found.levels[below + 1]
    return between


def _spectrogram_panel(axes: Axes, clip: ClipAnalysis, settings: PlotSettings, palette: Palette) -> None:
    image = draw_spectrogram(
        axes, clip.spectrogram, scale=settings.axis, palette=palette, start_seconds=clip.start_seconds
    )
    bar = axes.figure.colorbar(image, ax=axes, label="dB of full scale", pad=0.03, aspect=22)
    bar.ax.tick_params(colors=palette.muted, labelsize=9, length=0)
    bar.ax.yaxis.label.set(color=palette.muted, fontsize=9)
    bar.outline.set_visible(False)
    _draw_formants(axes, clip, settings.axis, palette)


def _draw_formants(axes: Axes, clip: ClipAnalysis, scale: str, palette: Palette) -> None:
    """Draw a dot a frame, in voiced frames only: in noise the predictor finds resonances that are none."""
    if clip.formants is None:
        return
    names = {}
    size = min(1.0, _DOTS_SECONDS / clip.seconds)
    for number, hertz in enumerate(clip.formants.frequencies, 1):
        shown = clip.pitch.voiced & ~np.isnan(hertz)
        if shown.any():
            times, places = clip.start_seconds + clip.pitch.times[shown], to_axis(hertz[shown], scale)
            axes.scatter(
                times,
                places,
                s=_DOT_POINTS * size,
                color=palette.first,
                edgecolors=palette.surface,
                linewidths=0.4 * size,
                zorder=3,
            )
            names[f"F{number}"] = float(np.median(places))
    low, high = axes.get_ylim()
    heights = _apart([(place - low) / (high - low) for place in names.values()])
    for name, height in zip(names, heights, strict=True):
        axes.annotate(
            name,
            (1, height),
            xycoords="axes fraction",
            xytext=(3, 0),
            textcoords="offset points",
            color=palette.first,
            fontsize=9,
            va="center",
        )


def _apart(heights: list[float]) -> list[float]:
    """Return rising heights moved up so that labels there do not lie on each other."""
    moved: list[float] = []
    for height in heights:
        moved.append(max([height, *(other + _LABEL_HEIGHT for other in moved[-1:])]))
    return moved


def _waveform_panel(axes: Axes, clip: ClipAnalysis, _settings: PlotSettings, palette: Palette) -> None:
    style_panel(axes, "", palette)
    starts = np.unique(np.linspace(0, len(clip.waveform), WAVEFORM_POINTS, endpoint=False).astype(np.int64))
    least, greatest = np.minimum.reduceat(clip.waveform, starts), np.maximum.reduceat(clip.waveform, starts)
    times = clip.start_seconds + np.repeat(starts, 2) / clip.sampling_rate
    axes.plot(times, np.stack([least, greatest], axis=1).ravel(), color=palette.second, linewidth=0.7)
    limit = 1.05 * max(float(greatest.max()), -float(least.min()), LEAST_AMPLITUDE)
    axes.set_ylim(-limit, limit)
    axes.set_ylabel("amplitude", color=palette.muted, fontsize=9)


def _f0_panel(axes: Axes, clip: ClipAnalysis, settings: PlotSettings, palette: Palette) -> None:
    style_panel(axes, "", palette)
    axes.set_ylabel("F0 (Hz)", color=palette.muted, fontsize=9)
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    if not clip.pitch.voiced.any():
        axes.set_yticks([settings.low_hz, settings.high_hz], [f"{settings.low_hz:g}", f"{settings.high_hz:g}"])
        axes.set_ylim(settings.low_hz, settings.high_hz)
        _say(axes, "no F0: nothing is voiced", palette)
        return
    times = clip.start_seconds + clip.pitch.times
    axes.plot(times, clip.pitch.f0, color=palette.second, linewidth=1.6, marker="o", markersize=1.8)
    low, high = float(np.nanmin(clip.pitch.f0)), float(np.nanmax(clip.pitch.f0))
    spare = max(0.12, (_LEAST_OCTAVES - np.log2(high / low)) / 2)
    low, high = low * 2**-spare, high * 2**spare
    axes.set_ylim(low, high)
    ticks = MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(low, high)
    axes.set_yticks([tick for tick in ticks if low <= tick <= high])
    axes.yaxis.set_major_formatter("{x:g}")


def _intensity_panel(axes: Axes, clip: ClipAnalysis, _settings: PlotSettings, palette: Palette) -> None:
    style_panel(axes, "", palette)
    level = np.maximum(clip.intensity_db, _QUIETEST_DB)
    axes.plot(clip.start_seconds + clip.pitch.times, level, color=palette.second, linewidth=1.4)
    top = max(float(level.max()), _QUIETEST_DB + RANGE_DB)
    axes.set_ylim(max(float(level.min()), top - RANGE_DB) - 3, top + 5)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    axes.set_ylabel("level (dB)", color=palette.muted, fontsize=9)


def _voicing_panel(axes: Axes, clip: ClipAnalysis, _settings: PlotSettings, palette: Palette) -> None:
    style_panel(axes, "", palette)
    axes.grid(visible=False)
    colours: dict[Kind, str] = {"voiced": palette.second, "unvoiced": palette.first, "silent": palette.grid}
    for part in clip.stretches:
        place = (clip.start_seconds + part.start_seconds, part.seconds)
        axes.broken_barh([place], (0, 1), facecolor=colours[part.kind], edgecolor=palette.surface, linewidth=0.5)
    axes.set(yticks=[], ylim=(0, 1))
    _legend_above(axes, palette, [Patch(facecolor=colour, label=kind) for kind, colour in colours.items()])


def _legend_above(axes: Axes, palette: Palette, handles: list[Patch] | None = None) -> None:
    """Name lines or patches in one row over the upper right corner, where nothing is drawn."""
    axes.legend(
        handles=handles,
        frameon=False,
        labelcolor=palette.muted,
        fontsize=8.5,
        ncols=3,
        loc="lower right",
        bbox_to_anchor=(1.0, 0.98),
        borderpad=0.1,
        handlelength=1.2,
        handleheight=0.7,
    )


def _say(axes: Axes, words: str, palette: Palette) -> None:
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=palette.muted, fontsize=9)


def _label_frequencies(axis: Axis, scale: str, lowest: float, highest: float) -> None:
    hertz = np.asarray(LABELLED_HZ, dtype=np.float64)
    if scale == "linear":
        hertz = np.asarray(MaxNLocator(nbins=_LINEAR_STEPS, steps=[1, 2, 5, 10]).tick_values(lowest, highest))
    shown = hertz[(hertz >= lowest) & (hertz <= highest)]
    axis.set_ticks(to_axis(shown, scale), [f"{value:g}" for value in shown])


def _axis_title(scale: str) -> str:
    return "frequency (Hz)" if scale == "linear" else f"frequency (Hz, {scale} scale)"


_DRAWERS: dict[str, Callable[[Axes, ClipAnalysis, PlotSettings, Palette], None]] = {
    "waveform": _waveform_panel,
    "spectrogram": _spectrogram_panel,
    "f0": _f0_panel,
    "intensity": _intensity_panel,
    "voicing": _voicing_panel,
}
