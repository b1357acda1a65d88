"""The pictures of `concepts.md` on signals, in the hand of the walkthrough's."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from concepts_pictures import COLOURS, SHOWN_HZ, spectrogram_panel
from concepts_signals import RATE, hiss, sine, sing
from concepts_values import (
    ALIAS_RATE,
    BETWEEN_BINS,
    CLIP,
    FRAME_MS,
    HIGH_PAIR,
    HOP_MS,
    LOW_PAIR,
    TONE_HZ,
    WINDOW_SAMPLES,
    WINDOWS,
    band_peaks,
    leak,
    log_mel_of,
    read_clip,
    scale_each_frame,
)
from concepts_voices import (
    BAND_CLIP,
    STEADY_HZ,
    steady,
)
from paraverbal.features.decibels import amplitude_to_decibels, power_to_decibels
from paraverbal.features.frames import window
from paraverbal.features.spectral import hz_to_mel
from paraverbal.report.clip_analysis import NARROW, PlotSettings, analyse, spectrogram
from paraverbal.report.clip_figures import draw_spectrogram, draw_spectrum, frame_at
from paraverbal.report.figures import LIGHT
from walkthrough_figures import _axes, _bar, _figure, _heat

WIDE = PlotSettings(spectrogram="wide")
PART = (0.0, 1.2)  # seconds of `BAND_CLIP` in the wide-band and narrow-band picture
FRAMED = (0.69, 0.80)  # seconds of the clip in the picture of frames
SHOWN_MS = 4.0  # of the sampled sines


def words_figure() -> Figure:
    """Draw a noise, a tone, a voice without words and a sentence as narrow-band spectrograms."""
    sounds: dict[str, NDArray[np.floating]] = {
        "sound: noise": 0.2 * np.random.default_rng(0).normal(size=RATE),
        "audio: a made tone": sine(TONE_HZ, 1, amplitude=0.3),
        "vocal: a hum": sing(steady(STEADY_HZ, 1.0)),
        "speech": read_clip(CLIP).waveform[RATE : 2 * RATE],
    }
    figure = _figure(2.4)
    for panel, (name, waveform) in zip(figure.subplots(1, len(sounds), sharey=True), sounds.items(), strict=True):
        spectrogram_panel(panel, waveform, NARROW, name)
    figure.axes[0].set_ylabel("Hz", color=LIGHT.muted, fontsize=9)
    return figure


def sampling_figure() -> Figure:
    """Draw two sines that have the same samples, and a rising tone sampled without and with a filter."""
    figure = _figure(2.7)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.5, 1, 1))
    _axes(left, "Two sines, the same samples", "milliseconds", "sample value")
    fine = np.linspace(0, SHOWN_MS / 1000, 2000)
    for hertz, colour in ((TONE_HZ, LIGHT.second), (ALIAS_RATE - TONE_HZ, LIGHT.first)):
        wave = np.cos(2 * np.pi * hertz * fine)
        left.plot(1000 * fine, wave, color=colour, linewidth=1.2, label=f"{hertz / 1000:g} kHz")
    places = np.arange(0, SHOWN_MS / 1000, 1 / ALIAS_RATE)
    left.plot(1000 * places, np.cos(2 * np.pi * TONE_HZ * places), "o", color=LIGHT.ink, markersize=4)
    left.set_ylim(-1.1, 1.6)
    left.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9, ncols=2, loc="upper right")
    times = np.arange(RATE) / RATE
    rising = 0.5 * np.cos(np.pi * RATE / 2 * times**2)
    for panel, waveform, title in (
        (middle, rising, f"A rising tone, {RATE / 1000:g} kHz"),
        (right, rising[:: RATE // ALIAS_RATE], "Every second sample of it"),
    ):
        found = spectrogram(waveform.astype(np.float32), round(len(waveform)), NARROW)
        draw_spectrogram(panel, found, scale="linear")
        _axes(panel, title, "seconds", "Hz", grid=False)
        panel.set(xlim=(0, 1), ylim=(0, RATE / 2), yticks=np.arange(0, RATE / 2 + 1, 2000))
        panel.yaxis.set_major_formatter("{x:g}")
    return figure


def stereo_figure() -> Figure:
    """Draw the level of the mean of two channels over the delay between them, for a tone and for noise."""
    figure = _figure(2.5)
    axes = _axes(figure.add_subplot(), "Mean of two channels", "delay of one channel (ms)", "dB of one channel")
    delays = np.arange(33)
    for name, sound, colour in (
        (f"a tone of {TONE_HZ:g} Hz", sine(TONE_HZ, 1), LIGHT.second),
        ("hiss", hiss(1), LIGHT.first),
    ):
        mixed = [np.mean(((sound + np.roll(sound, delay)) / 2) ** 2) for delay in delays]
        level = power_to_decibels(np.maximum(mixed, 1e-6), reference=float(np.mean(sound**2)))
        axes.plot(1000 * delays / RATE, level, color=colour, linewidth=1.6, marker="o", markersize=3, label=name)
    axes.set(ylim=(-42, 2), xlim=(0, 2))
    axes.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9, loc="lower right")
    return figure


def fourier_figure() -> Figure:
    """Draw a frame of a voice and its spectrum, harmonics and envelope."""
    clip = read_clip(CLIP)
    figure = _figure(2.7)
    left, right = figure.subplots(1, 2)
    frame, first = frame_at(clip.waveform, RATE, 0.72, 0.04)
    _axes(left, "A frame of a vowel, and its window", "milliseconds", "sample value")
    times = 1000 * (first + np.arange(len(frame)) / RATE)
    reach = float(np.abs(frame).max())
    left.plot(times, frame, color=LIGHT.second, linewidth=1.0)
    left.plot(times, reach * window("hann", len(frame)), color=LIGHT.first, linewidth=1.4)
    _axes(right, "Its spectrum", "", "dB of full scale")
    draw_spectrum(right, frame, RATE, settings=PlotSettings(spectrogram="narrow", top_hz=SHOWN_HZ))
    right.legend(
        frameon=False, labelcolor=LIGHT.muted, fontsize=8.5, ncols=2, loc="lower right", bbox_to_anchor=(1, 0.98)
    )
    return figure


def windows_figure() -> Figure:
    """Draw the four windows and what each makes of a sine between two bins."""
    figure = _figure(2.7)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.6))
    _axes(left, "Windows", "milliseconds", "weight")
    _axes(right, "A sine between two bins", "Hz", "dB of full scale")
    for name, colour in zip(WINDOWS, COLOURS, strict=True):
        times = 1000 * np.arange(WINDOW_SAMPLES) / RATE
        left.plot(times, window(name, WINDOW_SAMPLES), color=colour, linewidth=1.4, label=name)
        levels = leak(name)
        right.plot(np.arange(len(levels)) * RATE / WINDOW_SAMPLES, levels, color=colour, linewidth=1.4)
    right.set(xlim=(0, 2 * BETWEEN_BINS * RATE / WINDOW_SAMPLES), ylim=(-130, 5))
    left.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=8.5, loc="lower center")
    return figure


def frames_figure() -> Figure:
    """Draw how frames lie over a waveform, each around its middle."""
    clip = read_clip(CLIP)
    figure = _figure(2.6)
    axes = _axes(figure.add_subplot(), "Frames overlap; the time of each is its middle", "seconds", "")
    first, last = (round(place * RATE) for place in FRAMED)
    part = clip.waveform[first:last]
    axes.plot(np.arange(first, last) / RATE, part / np.abs(part).max(), color=LIGHT.second, linewidth=1.0)
    middles = np.arange(FRAMED[0] + FRAME_MS / 2000, FRAMED[1] - FRAME_MS / 2000 + 1e-9, HOP_MS / 1000)
    for number, middle in enumerate(middles):
        height = -1.25 - 0.28 * (number % 3)
        half = FRAME_MS / 2000
        axes.plot(
            [middle - half, middle + half], [height, height], color=LIGHT.first, linewidth=5, solid_capstyle="butt"
        )
        axes.plot([middle], [height], "|", color=LIGHT.surface, markersize=7, markeredgewidth=2)
    axes.grid(axis="y", visible=False)
    axes.set(xlim=FRAMED, yticks=[], ylim=(-2.05, 1.1))
    return figure


def bands_figure() -> Figure:
    """Draw the same second of speech through a short and a long window, above where it is voiced."""
    clip = analyse(read_clip(BAND_CLIP).waveform, RATE)
    figure = _figure(5.4)
    panels = figure.subplots(3, 1, sharex=True, height_ratios=(1, 1, 0.12))
    for panel, settings, title in zip(
        panels,
        (WIDE, NARROW),
        ("Wide-band: vertical striations, one a pulse", "Narrow-band: horizontal lines, one a harmonic"),
        strict=False,
    ):
        spectrogram_panel(panel, clip.waveform, settings, title)
        panel.set_xlabel("")
        panel.set_ylabel("Hz", color=LIGHT.muted, fontsize=9)
    strip = _axes(panels[2], "", "seconds", "", grid=False)
    colours = {"voiced": LIGHT.second, "unvoiced": LIGHT.first, "silent": LIGHT.grid}
    for part in clip.stretches:
        strip.axvspan(part.start_seconds, part.end_seconds, color=colours[part.kind], linewidth=0)
        if part.seconds > 0.1 and part.start_seconds < PART[1]:
            place = (part.start_seconds + min(part.end_seconds, PART[1])) / 2
            ink = LIGHT.ink if part.kind == "silent" else LIGHT.surface
            strip.text(place, 0.5, part.kind, color=ink, fontsize=8, ha="center", va="center")
    strip.set(yticks=[], ylim=(0, 1), xlim=PART)
    return figure


def decibels_figure() -> Figure:
    """Draw decibels of power and amplitude, and a clip as amplitude and as level."""
    clip = analyse(read_clip(CLIP).waveform, RATE)
    figure = _figure(2.6)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.7))
    _axes(left, "The same ratio, two formulas", "ratio", "dB")
    ratios = np.logspace(-3, 3, 200)
    left.plot(ratios, amplitude_to_decibels(ratios), color=LIGHT.first, linewidth=1.6, label="of amplitudes")
    left.plot(ratios, power_to_decibels(ratios), color=LIGHT.second, linewidth=1.6, label="of powers")
    left.set_xscale("log")
    left.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9)
    _axes(right, "A clip: amplitude (grey) and level", "seconds", "dB of full scale")
    level = np.maximum(clip.intensity_db, -80)
    right.plot(clip.pitch.times, level, color=LIGHT.second, linewidth=1.6)
    right.set(xlim=(0, clip.seconds), ylim=(-80, 0))
    other = right.twinx()
    other.plot(np.arange(len(clip.waveform)) / RATE, clip.waveform, color=LIGHT.muted, linewidth=0.4, alpha=0.6)
    reach = 1.05 * float(np.abs(clip.waveform).max())
    other.set(ylim=(-reach, reach), yticks=[])
    other.spines[:].set_visible(False)
    return figure


def mel_figure() -> Figure:
    """Draw both mel scales, with two steps of 500 Hz, and where the bands of each lie."""
    figure = _figure(2.9)
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    _axes(left, "Mel over hertz, 1 kHz = 1", "Hz", "mel")
    hertz = np.linspace(0, 11_000, 600)
    for scale, colour in (("htk", LIGHT.first), ("slaney", LIGHT.second)):
        name = {"htk": "HTK", "slaney": "Slaney"}[scale]
        left.plot(hertz, _relative_mel(hertz, scale), color=colour, linewidth=1.6, label=name)
    for low, high in (LOW_PAIR, HIGH_PAIR):
        bottom, top = _relative_mel(np.array([low, high]), "htk")
        left.fill_between([0, high], bottom, top, color=LIGHT.first, alpha=0.18, linewidth=0)
        left.fill_between([low, high], 0, top, color=LIGHT.muted, alpha=0.18, linewidth=0)
    left.set(xlim=(0, 11_000), ylim=(0, None))
    left.legend(frameon=False, labelcolor=LIGHT.ink, fontsize=9, loc="lower right")
    _axes(right, "Middles of 40 bands up to 8 kHz", "Hz", "", grid=False)
    for row, (scale, colour) in enumerate((("slaney", LIGHT.second), ("htk", LIGHT.first))):
        right.vlines(band_peaks(scale), row + 0.1, row + 0.9, color=colour, linewidth=1.4)
    right.set(yticks=[0.5, 1.5], yticklabels=["Slaney", "HTK"], xlim=(0, RATE / 2))
    return figure


def _relative_mel(hertz: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    return np.asarray(hz_to_mel(hertz, scale) / hz_to_mel(TONE_HZ, scale))


def scaling_figure() -> Figure:
    """Draw a log-mel spectrogram, the same with each frame scaled by itself, and the level of each frame."""
    clip = read_clip(CLIP)
    levels = log_mel_of(clip)
    framed = scale_each_frame(levels)
    seconds = len(clip.waveform) / RATE
    figure = _figure(4.2)
    panels = figure.subplots(2, 1, sharex=True)
    for panel, values, title, unit in (
        (panels[0], levels, "Log-mel spectrogram, one scale for the clip", "dB"),
        (panels[1], framed, "Each frame stretched over 0..1 by itself: the faint is as bright as the loud", "share"),
    ):
        _axes(panel, title, "", "band", grid=False)
        _bar(figure, _heat(panel, values, extent=(0, seconds, 0, len(values))), panel, unit)
    panels[1].set_xlabel("seconds", color=LIGHT.muted, fontsize=9)
    return figure
