"""The pictures of `concepts.md` on voices, in the hand of the walkthrough's."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from concepts_pictures import SHOWN_HZ, spectrogram_panel
from concepts_signals import RATE, TONES, Samples, Voice, glottal_source, sing, tract_response
from concepts_values import read_clip
from concepts_voices import (
    CLIPS,
    EDGE,
    MISSING_HZ,
    STEADY_HZ,
    STEADY_SECONDS,
    TONE_SECONDS,
    four_voices,
    phonemes,
    pitch_of,
    prosody_of,
    steady,
    sung_tone,
    without_fundamental,
)
from paraverbal.features import pitch
from paraverbal.features.decibels import amplitude_to_decibels
from paraverbal.features.spectral_shape import spectrum
from paraverbal.report.clip_analysis import NARROW, PlotSettings, analyse
from paraverbal.report.clip_figures import descriptors_figure, frame_at
from paraverbal.report.figures import LIGHT
from walkthrough_figures import _axes, _figure


def source_figure() -> Figure:
    """Draw the spectra of a source, of a tract, and of the vowel that both make, at two F0."""
    figure = _figure(4.3)
    voice = Voice()
    for row, hertz in zip(figure.subplots(2, 3, sharex=True, sharey=True), (STEADY_HZ, 2 * STEADY_HZ), strict=True):
        f0 = steady(hertz)
        curves = {
            f"source, F0 {hertz:g} Hz": _spectrum_of(glottal_source(f0, voice)),
            "tract": _tract_levels(voice),
            "vowel /a/": _spectrum_of(sing(f0, voice)),
        }
        for panel, (name, (frequencies, levels)) in zip(row, curves.items(), strict=True):
            _axes(panel, name, "Hz" if hertz > STEADY_HZ else "", "")
            panel.plot(frequencies, levels - levels.max(), color=LIGHT.second, linewidth=1.1)
            panel.set(xlim=(0, SHOWN_HZ), ylim=(-65, 5))
            if name == "vowel /a/":
                panel.vlines(voice.resonances[:4], -65, 5, color=LIGHT.first, linewidth=1, linestyle=(0, (3, 3)))
        row[0].set_ylabel("dB", color=LIGHT.muted, fontsize=9)
    return figure


def _spectrum_of(waveform: Samples) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    frame, _ = frame_at(waveform, RATE, STEADY_SECONDS / 2, 0.08)
    frequencies, levels = spectrum(frame, "hann", RATE)
    shown = frequencies <= SHOWN_HZ
    return frequencies[shown], levels[shown]


def _tract_levels(voice: Voice) -> tuple[NDArray[np.float64], NDArray[np.floating]]:
    frequencies = np.linspace(0, SHOWN_HZ, 600)
    return frequencies, amplitude_to_decibels(np.abs(tract_response(frequencies, voice.resonances)))


def phonemes_figure() -> Figure:
    """Draw three vowels and a hiss, with formants where it is voiced."""
    waveform, starts = phonemes()
    settings = PlotSettings(show=("waveform", "spectrogram"))
    figure = descriptors_figure(analyse(waveform, RATE, settings), settings)
    for name, start in starts:
        figure.axes[0].text(start + 0.15, 1.1, f"/{name}/", transform=figure.axes[0].get_xaxis_transform(), ha="center")
    return figure


def missing_figure() -> Figure:
    """Draw a sound without its fundamental: waveform, spectrum, and the F0 that is found."""
    sound = without_fundamental()
    figure = _figure(2.6)
    left, right = figure.subplots(1, 2)
    _axes(left, "It repeats itself once a period", "milliseconds", "sample value")
    shown = slice(RATE // 5, RATE // 5 + RATE // 40)  # begins with a period
    left.plot(1000 * np.arange(RATE // 40) / RATE, sound[shown], color=LIGHT.second, linewidth=1.2)
    for period in np.arange(0, 0.0251, 1 / MISSING_HZ):
        left.axvline(1000 * period, color=LIGHT.first, linewidth=1, linestyle=(0, (3, 3)))
    _axes(right, "Nothing at F0 itself (dashed)", "Hz", "dB of full scale")
    frequencies, levels = spectrum(sound[: RATE // 2], "hann", RATE)
    right.plot(frequencies, levels, color=LIGHT.second, linewidth=1.2)
    right.axvline(MISSING_HZ, color=LIGHT.first, linewidth=1.2, linestyle=(0, (3, 3)))
    right.set(xlim=(0, 2000), ylim=(-100, 0))
    return figure


def tones_figure() -> Figure:
    """Draw F0 of the four tones as asked for and as measured in the syllables that were made."""
    figure = _figure(2.5)
    for panel, (name, steps) in zip(figure.subplots(1, len(TONES), sharey=True), TONES.items(), strict=True):
        wanted, _, found = sung_tone(steps)
        _axes(panel, f"{name}  ({', '.join(map(str, steps))})", "seconds", "")
        panel.plot(np.arange(len(wanted)) / RATE, wanted, color=LIGHT.grid, linewidth=6)
        inside = (found.times > EDGE * TONE_SECONDS / 2) & (found.times < (1 - EDGE / 2) * TONE_SECONDS)
        panel.plot(found.times[inside], found.f0[inside], "o", color=LIGHT.second, markersize=3)
        panel.set(xlim=(0, TONE_SECONDS), ylim=(95, 240))
    figure.axes[0].set_ylabel("F0 (Hz)", color=LIGHT.muted, fontsize=9)
    return figure


def intonation_figure() -> Figure:
    """Draw F0 of the example clips in semitones around each one's mean, with straight pieces laid over."""
    figure = _figure(3.9)
    for panel, name in zip(figure.subplots(2, 3, sharex=True, sharey=True).flat, CLIPS, strict=True):
        clip = read_clip(name)
        found, movement = pitch_of(clip), prosody_of(clip)
        _axes(panel, name, "", "")
        panel.plot(found.times, _semitones(found.f0, movement.f0_mean_hz), "o", color=LIGHT.second, markersize=1.8)
        for piece in movement.movements:
            ends = _semitones(np.array([piece.start_hz, piece.end_hz]), movement.f0_mean_hz)
            panel.plot([piece.start_seconds, piece.end_seconds], ends, color=LIGHT.first, linewidth=1.4)
        panel.set_ylim(-14, 9)
    for panel in figure.axes[3:]:
        panel.set_xlabel("seconds", color=LIGHT.muted, fontsize=9)
    for panel in figure.axes[::3]:
        panel.set_ylabel("semitones", color=LIGHT.muted, fontsize=9)
    return figure


def _semitones(hertz: NDArray[np.floating], reference: float) -> NDArray[np.floating]:
    return np.asarray(12 * np.log2(hertz / reference))


def qualities_figure() -> Figure:
    """Draw F0 and narrow-band spectrograms of four voices that differ in one thing each."""
    voices = four_voices()
    figure = _figure(3.6)
    rows = figure.subplots(2, len(voices), sharex=True, sharey="row", height_ratios=(1, 2))
    for (top, bottom), spoken in zip(rows.T, voices, strict=True):
        found = pitch.track(spoken.waveform, RATE)
        _axes(top, spoken.name, "", "")
        top.plot(found.times, found.f0, color=LIGHT.second, linewidth=1.6)
        spectrogram_panel(bottom, spoken.waveform, NARROW, "")
    rows[0, 0].set_ylabel("F0 (Hz)", color=LIGHT.muted, fontsize=9)
    rows[1, 0].set_ylabel("Hz", color=LIGHT.muted, fontsize=9)
    return figure


def plot_figure() -> Figure:
    """Draw a clip as `paraverbal plot` does."""
    clip = read_clip("happy_1")
    return descriptors_figure(analyse(clip.waveform, RATE), title=f"{clip.name}.flac")
