"""Every number of `concepts.md` on signals: sampling, channels, spectra, frames, decibels, mel."""

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concepts_references import REFERENCES
from concepts_signals import RATE, Samples, hiss, sine
from paraverbal.audio.read import Waveform, read
from paraverbal.audio.resample import resample
from paraverbal.features.decibels import amplitude_to_decibels, power_to_decibels
from paraverbal.features.frames import WindowName, frame_count, frame_times
from paraverbal.features.spectral import hz_to_mel, log_mel, mel_to_hz
from paraverbal.features.spectral_shape import spectrum
from paraverbal.features.time_domain import energy, intensity
from paraverbal.settings import LogMelSettings

CLIPS = Path(__file__).parent.parent / "examples" / "clips"
CLIP = "neutral_1"

BITS = 16
ALIAS_RATE = 8000
TONE_HZ = 1000.0
PARTS = ((200.0, 0.6), (400.0, 0.3), (600.0, 0.15))  # hertz and amplitude of a sum of three sines
WINDOWS: tuple[WindowName, ...] = ("rectangular", "hann", "hamming", "blackman")
WINDOW_SAMPLES = 400
BETWEEN_BINS = 25.5  # a frequency in bins: half-way between two
FAR_BINS = 20  # from that frequency
FRAME_MS, HOP_MS, SPAN_SECONDS = 25, 10, 3
REFERENCE_RATE, REFERENCE_FFT, REFERENCE_HOP = 22_050, 2048, 512  # of the log-mel example in a reference
BANDS = 40
LOW_PAIR, HIGH_PAIR = (500.0, 1000.0), (10_000.0, 10_500.0)
MEL_FACTOR, MEL_CORNER_HZ = 2595.0, 700.0  # of HTK's formula
RATIOS = (0.5, 1, 2, 10, 100, 1000)


@dataclass(frozen=True, eq=False)
class Clip:
    """An example clip, float32 `[sample]` at `RATE`."""

    name: str
    waveform: Waveform


def read_clip(name: str) -> Clip:
    """Return an example clip by its name."""
    waveform, _ = read(CLIPS / f"{name}.flac", sampling_rate=RATE)
    return Clip(name, waveform)


def signal_values() -> dict[str, Any]:
    """Return all values of this module for the template."""
    clip = read_clip(CLIP)
    return {
        **sampling_values(clip),
        **channel_values(),
        **fourier_values(clip),
        **frame_values(),
        **decibel_values(clip),
        **mel_values(),
        **log_mel_values(clip),
        **scaling_values(clip),
        "references": "\n".join(f"- {entry}" for entry in REFERENCES),
    }


def sampling_values(clip: Clip) -> dict[str, Any]:
    alias = ALIAS_RATE - TONE_HZ
    low, high = (sine(hertz, 1, rate=ALIAS_RATE) for hertz in (TONE_HZ, alias))
    fast = sine(alias, 1).astype(np.float32)
    clean = resample(fast, RATE, ALIAS_RATE)
    return {
        "clip": clip.name,
        "seconds": len(clip.waveform) / RATE,
        "rate": RATE,
        "samples": len(clip.waveform),
        "gap_us": 1e6 / RATE,
        "bits": BITS,
        "steps": 2**BITS,
        "step_db": -float(amplitude_to_decibels(2.0 ** (1 - BITS))),
        "nyquist": RATE / 2,
        "alias_rate": ALIAS_RATE,
        "tone_hz": TONE_HZ,
        "alias_hz": alias,
        "alias_difference": float(np.abs(low - high).max()),
        "dropped_db": _level(fast[:: RATE // ALIAS_RATE]),
        "filtered_db": _level(clean[ALIAS_RATE // 4 : -ALIAS_RATE // 4]),
    }


def channel_values() -> dict[str, Any]:
    tone = sine(TONE_HZ, 1)
    other = hiss(1, seed=1)
    alike = hiss(1)
    return {
        "same_db": _level((tone + tone) / 2) - _level(tone),
        "opposite": float(np.abs((tone - tone) / 2).max()),
        "unrelated_db": _level(np.concatenate([alike, other])) - _level((alike + other) / 2),
        "delay_ms": 1000 / (2 * TONE_HZ),
        "delay_cm": 100 * 343 / (2 * TONE_HZ),
    }


def fourier_values(clip: Clip) -> dict[str, Any]:
    mixture = np.sum([sine(hertz, WINDOW_SAMPLES / RATE, amplitude=level) for hertz, level in PARTS], axis=0)
    frequencies, levels = spectrum(mixture, "rectangular", RATE)
    found = {hertz: 10 ** (float(levels[np.searchsorted(frequencies, hertz)]) / 20) for hertz, _ in PARTS}
    forwards, backwards = (np.abs(np.fft.rfft(samples)) for samples in (clip.waveform, clip.waveform[::-1]))
    return {
        "parts": listed(f"{level:g} at {hertz:g} Hz" for hertz, level in PARTS),
        "parts_found": listed(f"{level:.4f}" for level in found.values()),
        "bin_hz": RATE / WINDOW_SAMPLES,
        "window_samples": WINDOW_SAMPLES,
        "window_ms": 1000 * WINDOW_SAMPLES / RATE,
        "backwards": float(np.abs(forwards - backwards).max() / forwards.max()),
        "windows": table(
            ("window", "a sine between two bins is read as", f"{FAR_BINS} bins away there seems to be"), _leaks()
        ),
    }


def _leaks() -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name in WINDOWS:
        levels = leak(name)
        near = levels[int(BETWEEN_BINS)]
        rows.append((name, f"{near:.1f} dB", f"{levels[round(BETWEEN_BINS) + FAR_BINS]:.0f} dB"))
    return rows


def leak(name: WindowName) -> NDArray[np.float32]:
    """Return the spectrum `[bin]` in dB of a sine of full scale between two bins, through a window."""
    tone = np.cos(2 * np.pi * BETWEEN_BINS * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)
    return spectrum(tone, name, RATE)[1]


def frame_values() -> dict[str, Any]:
    size, hop, samples = (round(value * RATE) for value in (FRAME_MS / 1000, HOP_MS / 1000, SPAN_SECONDS))
    click = np.zeros(samples, np.float32)
    click[RATE] = 1
    loud = np.flatnonzero(energy(click, size, hop))
    times = frame_times(frame_count(samples, hop), hop, RATE)[loud]
    middle = float(times.mean())
    return {
        "frame_ms": FRAME_MS,
        "hop_ms": HOP_MS,
        "overlap_ms": FRAME_MS - HOP_MS,
        "frame_samples": size,
        "hop_samples": hop,
        "span": SPAN_SECONDS,
        "frames_quotient": samples / hop,
        "frames_centred": frame_count(samples, hop),
        "frames_inside": 1 + (samples - size) // hop,
        "click_seconds": 1.0,
        "click_frames": len(loud),
        "click_middle": middle,
        "click_start": middle - FRAME_MS / 2000,
        "late_ms": FRAME_MS / 2,
        "reference_late_ms": 500 * REFERENCE_FFT / REFERENCE_RATE,
        "reference_fft": REFERENCE_FFT,
        "reference_rate": REFERENCE_RATE,
    }


def decibel_values(clip: Clip) -> dict[str, Any]:
    rows = [
        (f"{ratio:g}", f"{float(power_to_decibels(ratio)):.2f} dB", f"{float(amplitude_to_decibels(ratio)):.2f} dB")
        for ratio in RATIOS
    ]
    level = intensity(clip.waveform, 2 * round(0.0125 * RATE), RATE // 100)
    loud = float(np.quantile(level, 0.95))
    return {
        "one": 1,
        "ten": 10,
        "twenty": 20,
        "ratios": table(("ratio", "of power", "of amplitude"), rows),
        "sine_rms_db": _level(sine(TONE_HZ, 1)),
        "loud_db": loud,
        "loud_rms": 10 ** (loud / 20),
        "praat_db": loud - float(amplitude_to_decibels(2e-5)),
        "pressure_db": -float(amplitude_to_decibels(2e-5)),
    }


def mel_values() -> dict[str, Any]:
    rows = []
    for name, distance in (
        ("hertz", lambda low, high: high - low),
        ("semitones", lambda low, high: 12 * np.log2(high / low)),
        ("mel, HTK's formula", lambda low, high: float(hz_to_mel(high, "htk") - hz_to_mel(low, "htk"))),
        ("mel, Slaney's formula", lambda low, high: float(hz_to_mel(high) - hz_to_mel(low))),
        ("bandwidths of hearing", lambda low, high: hearing_bands(high) - hearing_bands(low)),
    ):
        near, far = distance(*LOW_PAIR), distance(*HIGH_PAIR)
        rows.append((name, f"{near:.4g}", f"{far:.3g}", f"{near / far:.3g}"))
    low, high = (f"{pair[0]:,.0f} to {pair[1]:,.0f} Hz" for pair in (LOW_PAIR, HIGH_PAIR))
    htk, slaney = band_peaks("htk"), band_peaks("slaney")
    furthest = int(np.abs(htk / slaney - 1).argmax())
    return {
        "mel_table": table(("", low, high, "ratio"), rows),
        "low_a": LOW_PAIR[0],
        "low_b": LOW_PAIR[1],
        "high_a": HIGH_PAIR[0],
        "high_b": HIGH_PAIR[1],
        "bands": BANDS,
        "htk_below": int((htk < TONE_HZ).sum()),
        "slaney_below": int((slaney < TONE_HZ).sum()),
        "furthest": furthest + 1,
        "furthest_htk": htk[furthest],
        "furthest_slaney": slaney[furthest],
        "mel_factor": MEL_FACTOR,
        "mel_corner": MEL_CORNER_HZ,
        "thousand_htk": float(hz_to_mel(TONE_HZ, "htk")),
        "thousand_slaney": float(hz_to_mel(TONE_HZ)),
    }


def hearing_bands(hertz: float) -> float:
    """Return how many bandwidths of the ear's filters lie below a frequency (Glasberg and Moore 1990, eq. 4)."""
    return float(21.4 * np.log10(1 + 4.37 * hertz / 1000))


def band_peaks(scale: str) -> NDArray[np.float64]:
    """Return the middles of `BANDS` mel bands up to half of `RATE`, in hertz."""
    edges = np.linspace(0, float(hz_to_mel(RATE / 2, scale)), BANDS + 2)
    return mel_to_hz(edges[1:-1], scale)


def log_mel_by_hand(waveform: Samples, rate: int, size: int, hop: int, bands: int) -> Samples:
    """Return a log-mel spectrogram `[band, frame]` in dB below its maximum, with nothing but NumPy."""
    padded = np.pad(waveform, size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    edges_mel = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), bands + 2)
    edges = 700 * (10 ** (edges_mel / 2595) - 1)
    bins = np.fft.rfftfreq(size, 1 / rate)
    rise = (bins - edges[:-2, np.newaxis]) / np.diff(edges)[:-1, np.newaxis]
    fall = (edges[2:, np.newaxis] - bins) / np.diff(edges)[1:, np.newaxis]
    filters = np.maximum(0, np.minimum(rise, fall))
    mel = filters @ power.T
    return np.asarray(10 * np.log10(np.maximum(mel, 1e-10) / mel.max()))


def log_mel_values(clip: Clip) -> dict[str, Any]:
    size, hop = 512, 160
    ours = log_mel_of(clip, scale="htk", norm="none")
    by_hand = log_mel_by_hand(clip.waveform.astype(np.float64), RATE, size, hop, ours.shape[0])
    frames = 1 + SPAN_SECONDS * REFERENCE_RATE // REFERENCE_HOP
    return {
        "example_error": _message_of_the_example(frames),
        "example_hop": REFERENCE_FFT - REFERENCE_HOP,
        "example_overlap": REFERENCE_HOP,
        "example_frames": 1 + SPAN_SECONDS * REFERENCE_RATE // (REFERENCE_FFT - REFERENCE_HOP),
        "meant_frames": frames,
        "log_mel_code": inspect.getsource(log_mel_by_hand).strip(),
        "by_hand": float(np.abs(np.maximum(by_hand, -80) - ours).max()),
    }


def _message_of_the_example(frames: int) -> str:
    """Return what NumPy says to a row of 128 frequencies times the power of all bins `[bin, frame]`."""
    mel_frequencies = np.linspace(0, REFERENCE_RATE // 2, 128)
    try:
        np.dot(mel_frequencies, np.ones((1 + REFERENCE_FFT // 2, frames)))
    except ValueError as error:
        return str(error)
    raise SystemExit("the example of the reference runs; rewrite what the page says of it")


def log_mel_of(clip: Clip, **change: Any) -> NDArray[np.float32]:
    """Return the log-mel spectrogram `[band, frame]` of a clip, in dB, 80 dB deep."""
    settings = LogMelSettings(**{"fft_size": 512, "hop_length": 160, "bands": 64, "floor_db": 80.0, **change})
    return log_mel(clip.waveform, RATE, settings)


def scale_each_frame(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a spectrogram `[band, frame]` with every frame stretched over 0..1, constant ones at 0."""
    low, high = levels.min(axis=0), levels.max(axis=0)
    return np.asarray((levels - low) / np.where(high > low, high - low, 1), dtype=np.float32)


def scaling_values(clip: Clip) -> dict[str, Any]:
    levels = log_mel_of(clip)
    framed = scale_each_frame(levels)
    loudest = levels.max(axis=0)
    heard = loudest > loudest.min()
    quiet = np.flatnonzero(heard)[np.argmin(loudest[heard])]
    return {
        "quiet_seconds": float(quiet) / 100,
        "quiet_db": -float(loudest[quiet]),
        "framed_top": float(framed[:, heard].max(axis=0).min()),
    }


def _level(samples: NDArray[np.floating]) -> float:
    """Return the level of a whole signal in dB of full scale."""
    return float(power_to_decibels(np.mean(np.square(samples, dtype=np.float64))))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def listed(words: Iterable[str]) -> str:
    """Return words as `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}"
