"""Every number of `concepts.md` on voices: bands and striations, formants, pitch, tones, intonation, qualities."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concepts_signals import RATE, STEP_SEMITONES, TONES, VOWELS, Samples, Voice, contour, hiss, sine, sing
from concepts_values import Clip, listed, read_clip, table
from paraverbal.features import formants, harmonicity, pitch
from paraverbal.features.pitch import Pitch, PitchSettings
from paraverbal.features.prosody import Prosody, prosody
from paraverbal.features.pulses import jitter_shimmer
from paraverbal.features.spectral_shape import spectrum
from paraverbal.features.time_domain import intensity
from paraverbal.report.clip_analysis import NARROW, WINDOW_MS, PlotSettings, analyse, spectrogram

STEADY_HZ, STEADY_SECONDS = 110.0, 0.8
STRIATED_HZ = 730.0  # a row of the wide-band spectrogram, near F1 of "a"
TONE_SECONDS = 0.45
EDGE = 0.15  # of a tone at each end, where it is faded, left out of the comparison
MISSING_HZ, MISSING_FIRST = 150.0, 4  # a voice without its harmonics below the fourth
LOWEST_F0_HZ = 50.0  # of the example clips: one is spoken that low
CLIPS = ("angry_1", "fearful_1", "happy_1", "neutral_1", "neutral_2", "sad_1")
LOW_CLIP = "sad_1"
BAND_CLIP = "angry_1"  # of the wide-band and narrow-band picture
WIDE = PlotSettings(spectrogram="wide")


@dataclass(frozen=True, eq=False)
class Spoken:
    """A made voice of which one thing is changed.

    Attributes:
        name: What is changed.
        waveform: float `[sample]` at `RATE`.
    """

    name: str
    waveform: Samples


def voice_values() -> dict[str, Any]:
    """Return all values of this module for the template."""
    return {
        **band_values(),
        **source_values(),
        **pitch_values(),
        **tone_values(),
        **intonation_values(),
        **quality_values(),
    }


def steady(hz: float = STEADY_HZ, seconds: float = STEADY_SECONDS) -> Samples:
    """Return F0 `[sample]` that stands still."""
    return np.full(round(seconds * RATE), hz)


def band_values() -> dict[str, Any]:
    vowel = sing(steady()).astype(np.float32)
    wide, narrow = (spectrogram(vowel, RATE, settings) for settings in (WIDE, NARROW))
    inside = slice(len(wide.times) // 4, -len(wide.times) // 4)
    row = wide.levels[np.searchsorted(wide.frequencies, STRIATED_HZ), inside]
    column = narrow.levels[narrow.frequencies < 1000, len(narrow.times) // 2]
    clip = analyse(read_clip(BAND_CLIP).waveform, RATE)
    shares = {
        kind: sum(part.seconds for part in clip.stretches if part.kind == kind) for kind in ("voiced", "unvoiced")
    }
    return {
        "wide_ms": WINDOW_MS["wide"],
        "narrow_ms": WINDOW_MS["narrow"],
        "wide_hz": bandwidth(WINDOW_MS["wide"]),
        "narrow_hz": bandwidth(WINDOW_MS["narrow"]),
        "product": bandwidth(WINDOW_MS["wide"]) * WINDOW_MS["wide"] / 1000,
        "steady_hz": STEADY_HZ,
        "period_ms": 1000 / STEADY_HZ,
        "striation_ms": 1000 * spacing(row, float(wide.column_seconds)),
        "harmonic_hz": spacing(column, float(narrow.frequencies[1])),
        "high_voice": 1000 / WINDOW_MS["wide"],
        "band_clip": BAND_CLIP,
        "band_voiced": shares["voiced"],
        "band_unvoiced": shares["unvoiced"],
    }


def bandwidth(window_ms: float) -> float:
    """Return the width in hertz, at 3 dB below its peak, of a sine seen through a Hann window."""
    size = round(window_ms * RATE / 1000)
    hertz = np.arange(0, 4 * RATE / size, 0.5)
    turns = np.exp(-2j * np.pi / RATE * np.outer(hertz, np.arange(size)))
    response = np.abs(turns @ np.hanning(size + 1)[:size])
    return float(2 * hertz[response >= response[0] / np.sqrt(2)][-1])


def spacing(levels: NDArray[np.floating], step: float) -> float:
    """Return the mean distance of the maxima of a series, whose values are `step` apart."""
    inner = levels[1:-1]
    peaks = 1 + np.flatnonzero((inner > levels[:-2]) & (inner >= levels[2:]) & (inner > levels.max() - 30))
    return step * float(np.diff(peaks).mean())


def source_values() -> dict[str, Any]:
    rows = []
    for name, wanted in VOWELS.items():
        found = median_formants(sing(steady(), Voice(formants=wanted)))
        pairs = [f"{hertz:.0f} / {measured:.0f}" for hertz, measured in zip(wanted, found, strict=False)]
        rows.append((f"/{name}/", *pairs))
    low, high = (median_formants(sing(steady(hertz)))[:2] for hertz in (STEADY_HZ, 2 * STEADY_HZ))
    return {
        "vowels": table(("vowel", "F1 set / found (Hz)", "F2", "F3"), rows),
        "low_formants": listed(f"{hertz:.0f}" for hertz in low),
        "high_formants": listed(f"{hertz:.0f}" for hertz in high),
        "octave_hz": 2 * STEADY_HZ,
    }


def median_formants(waveform: Samples) -> NDArray[np.float32]:
    """Return the medians of F1, F2 and F3 in hertz."""
    found = formants.track(waveform, RATE, formants.FormantSettings(ceiling_hz=5000.0)).frequencies
    return np.asarray(np.nanmedian(found[:3, 5:-5], axis=1), dtype=np.float32)


def without_fundamental() -> Samples:
    """Return a sum of neighbouring harmonics without the first ones."""
    numbers = range(MISSING_FIRST, MISSING_FIRST + 6)
    return np.asarray(np.mean([sine(number * MISSING_HZ, STEADY_SECONDS) for number in numbers], axis=0))


def pitch_values() -> dict[str, Any]:
    sound = without_fundamental()
    frequencies, levels = spectrum(sound[: RATE // 2], "hann", RATE)
    found = pitch.track(sound, RATE)
    strongest = [number for name in CLIPS for number in strongest_harmonic(read_clip(name))]
    return {
        "missing_hz": MISSING_HZ,
        "missing_first": MISSING_FIRST * MISSING_HZ,
        "missing_level": float(levels[np.searchsorted(frequencies, MISSING_HZ)]),
        "missing_found": float(np.nanmedian(found.f0)),
        "first_strongest": strongest.count(1) / len(strongest),
    }


def strongest_harmonic(clip: Clip) -> list[int]:
    """Return for each voiced frame which of the first ten harmonics is the strongest."""
    found = pitch_of(clip)
    narrow = spectrogram(clip.waveform, RATE, NARROW)
    columns = np.clip(np.searchsorted(narrow.times, found.times[found.voiced]), 0, len(narrow.times) - 1)
    hertz = np.outer(found.f0[found.voiced], np.arange(1, 11))
    rows = np.clip(np.rint(hertz / narrow.frequencies[1]).astype(int), 0, len(narrow.frequencies) - 1)
    strongest = narrow.levels[rows, columns[:, np.newaxis]].argmax(axis=1) + 1
    return [int(number) for number in strongest]


def pitch_of(clip: Clip) -> Pitch:
    """Return F0 of an example clip."""
    return pitch.track(clip.waveform, RATE, PitchSettings(low_hz=LOWEST_F0_HZ))


def prosody_of(clip: Clip) -> Prosody:
    """Return the prosody of an example clip."""
    level = intensity(clip.waveform, round(0.04 * RATE), RATE // 100)
    return prosody(pitch_of(clip), level, len(clip.waveform) / RATE)


def sung_tone(steps: tuple[int, ...]) -> tuple[Samples, Samples, Pitch]:
    """Return F0 that was asked for `[sample]`, the syllable, and F0 that is measured in it."""
    wanted = contour(tuple(float(step) for step in steps), TONE_SECONDS)
    spoken = sing(wanted)
    return wanted, spoken, pitch.track(spoken, RATE)


def tone_values() -> dict[str, Any]:
    errors, rows = [], []
    for name, steps in TONES.items():
        wanted, _, found = sung_tone(steps)
        inside = found.voiced & (found.times > EDGE * TONE_SECONDS) & (found.times < (1 - EDGE) * TONE_SECONDS)
        asked = wanted[np.minimum((found.times[inside] * RATE).astype(int), len(wanted) - 1)]
        errors.append(np.abs(found.f0[inside] / asked - 1))
        rows.append((name, " ".join(map(str, steps)), f"{wanted[0]:.0f}", f"{wanted.min():.0f}", f"{wanted[-1]:.0f}"))
    return {
        "tones": table(("syllable", "steps", "begins (Hz)", "lowest (Hz)", "ends (Hz)"), rows),
        "tone_error": float(np.median(np.concatenate(errors))),
        "step_semitones": STEP_SEMITONES,
    }


def intonation_values() -> dict[str, Any]:
    rows = []
    for name in CLIPS:
        found = prosody_of(read_clip(name))
        numbers = (f"{found.f0_mean_hz:.0f}", f"{found.f0_range_semitones:.1f}", f"{found.intensity_mean_db:.0f}")
        rows.append(
            (f"`{name}`", *numbers, f"{found.f0_slope_semitones_per_second:+.1f}", f"{found.speech_seconds:.2f}")
        )
    head = ("clip", "mean F0 (Hz)", "range (semitones)", "level (dB)", "slope (semitones/s)", "speech (s)")
    usual = pitch.track(read_clip(LOW_CLIP).waveform, RATE)
    lower = pitch_of(read_clip(LOW_CLIP))
    return {
        "prosody": table(head, rows),
        "low_clip": LOW_CLIP,
        "low_default_hz": PitchSettings.low_hz,
        "low_default": float(usual.voiced.mean()),
        "low_wide_hz": LOWEST_F0_HZ,
        "low_wide": float(lower.voiced.mean()),
    }


def four_voices() -> list[Spoken]:
    """Return a made phrase, and the same with prosody, timbre or voice quality changed."""
    flat, lively = (contour(steps, STEADY_SECONDS) for steps in ((2.0, 3.0, 2.0), (1.0, 5.0, 1.0)))
    return [
        Spoken("as it was", sing(flat)),
        Spoken("prosody", sing(lively)),
        Spoken("timbre", sing(flat, Voice(stretch=1.18))),
        Spoken("voice quality", sing(flat, Voice(jitter=0.02, shimmer=0.15, breath=0.25))),
    ]


def quality_values() -> dict[str, Any]:
    rows = [(spoken.name, *_measured(spoken.waveform)) for spoken in four_voices()]
    head = (
        "changed",
        "mean F0 (Hz)",
        "range (semitones)",
        "F1 (Hz)",
        "F2 (Hz)",
        "jitter (%)",
        "shimmer (dB)",
        "HNR (dB)",
    )
    return {"qualities": table(head, rows)}


def _measured(waveform: Samples) -> tuple[str, ...]:
    found = pitch.track(waveform, RATE)
    level = intensity(waveform, round(0.04 * RATE), RATE // 100)
    movement = prosody(found, level, len(waveform) / RATE)
    low, high = median_formants(waveform)[:2]
    trembling = jitter_shimmer(waveform, RATE, found)
    ratio = float(np.nanmean(harmonicity.hnr(waveform, RATE, found)))
    return (
        f"{movement.f0_mean_hz:.0f}",
        f"{movement.f0_range_semitones:.1f}",
        f"{low:.0f}",
        f"{high:.0f}",
        f"{100 * trembling.jitter_local:.2f}",
        f"{trembling.shimmer_local_db:.2f}",
        f"{ratio:.1f}",
    )


def phonemes() -> tuple[Samples, list[tuple[str, float]]]:
    """Return four phonemes one after the other, and where each begins in seconds."""
    parts = [(name, sing(steady(seconds=0.3), Voice(formants=hertz))) for name, hertz in VOWELS.items()]
    parts.append(("ʃ", hiss(0.3)))
    starts = np.cumsum([0, *(len(part) for _, part in parts)])[:-1] / RATE
    return np.concatenate([part for _, part in parts]), [
        (name, float(at)) for (name, _), at in zip(parts, starts, strict=True)
    ]
