"""What a picture of a recording shows, computed by `features/`: spectrogram, F0, formants, intensity, voiced stretches.

A spectrogram is wide-band or narrow-band by the length of its window. One shorter than a glottal period sees single pulses as
vertical striations, and formants as broad bands; one that holds a few periods sees harmonics as horizontal lines. No window
sees both: its width in time and that in frequency have a constant product. Source: Koenig, Dunn and Lacy 1946, The sound
spectrograph, J. Acoust. Soc. Am. 18.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.read import Waveform, info, read
from paraverbal.audio.resample import resample
from paraverbal.errors import EmptyAudioError, RecipeError, nearest
from paraverbal.features import formants, pitch
from paraverbal.features.decibels import power_to_decibels
from paraverbal.features.formants import Formants, FormantSettings
from paraverbal.features.frames import frame_blocks, frame_count, frame_times, window
from paraverbal.features.pitch import Pitch, PitchSettings
from paraverbal.features.prosody import Stretch, stretches
from paraverbal.features.spectral import hz_to_mel, mel_filters, mel_to_hz
from paraverbal.features.spectral_shape import power_of
from paraverbal.features.time_domain import intensity
from paraverbal.settings import LogMelSettings

Panel = Literal["waveform", "spectrogram", "f0", "intensity", "voicing"]
Kind = Literal["wide", "narrow", "mel"]
Scale = Literal["linear", "log", "mel"]

PANELS: tuple[Panel, ...] = get_args(Panel)

# 5 ms is shorter than the period of any voice up to 200 Hz, 30 ms holds two periods from 67 Hz on; 25 ms is usual for mel.
WINDOW_MS: dict[str, float] = {"wide": 5.0, "narrow": 30.0, "mel": 25.0}
LONGEST_SECONDS = (
    60.0  # of a picture: at the usual width 40 ms an eighth of an inch, and still voiced stretches can be seen
)

_FRAMES_PER_WINDOW = 5  # 1 ms from frame to frame of a wide-band spectrogram
_COLUMNS = 2000  # at most, of a picture; of more frames the power is averaged
_LEAST_FFT_SIZE = 1024  # zeros behind a short frame: the same spectrum, drawn finely
_MEL_BANDS = 80
_LEAST_OFFSET = 0.01  # of the peak
_INTENSITY_PERIODS = 2.0  # of the lowest F0, so that the level does not beat with the voice


def _check_word(thing: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise RecipeError(f"no {thing} {word!r}{nearest(word, known)}; there are {', '.join(known)}")


@dataclass(frozen=True)
class PlotSettings:
    """What of a recording is drawn, and how.

    Attributes:
        show: Panels from top to bottom, of `PANELS`.
        spectrogram: `wide` (vertical striations), `narrow` (horizontal harmonics) or `mel` (80 mel bands).
        window_ms: Length of the spectrogram's Hann window; None takes that of `WINDOW_MS`.
        scale: Of the frequency axis: `linear`, `log` or `mel`; None takes `mel` for mel bands, else `linear`.
        low_hz: Lowest F0; 40 for a creaky voice.
        high_hz: Highest F0; 800 for a child.
        top_hz: Highest frequency of the spectrogram; higher ones are filtered out before all analysis.
        formants: Whether formants are drawn over the spectrogram, in voiced frames.
        start_seconds: Where the picture begins.
        end_seconds: Where it ends; None: with the recording. It is never longer than `LONGEST_SECONDS`.

    Raises:
        RecipeError: A word is unknown, no panel is given or one twice, or a number is out of its range.
    """

    show: tuple[str, ...] = PANELS
    spectrogram: str = "wide"
    window_ms: float | None = None
    scale: str | None = None
    low_hz: float = PitchSettings.low_hz
    high_hz: float = PitchSettings.high_hz
    top_hz: float = 8000.0
    formants: bool = True
    start_seconds: float = 0.0
    end_seconds: float | None = None

    def __post_init__(self) -> None:
        for panel in self.show:
            _check_word("panel", panel, PANELS)
        if not self.show or len(set(self.show)) < len(self.show):
            raise RecipeError(f"panels {', '.join(self.show) or 'none'}: give at least one, and each once")
        _check_word("spectrogram", self.spectrogram, get_args(Kind))
        if self.scale is not None:
            _check_word("scale", self.scale, get_args(Scale))
        PitchSettings(low_hz=self.low_hz, high_hz=self.high_hz)
        if self.window_ms is not None and not 1 <= self.window_ms <= 1000:
            raise RecipeError(f"a window of {self.window_ms} ms: give 1 to 1000, for example 5 (wide) or 30 (narrow)")
        if not self.top_hz >= 1000:
            raise RecipeError(f"frequencies up to {self.top_hz} Hz: give at least 1000")
        end = np.inf if self.end_seconds is None else self.end_seconds
        if not 0 <= self.start_seconds < end:
            raise RecipeError(f"from {self.start_seconds} to {end} s: begin at 0 or later and end after that")

    @property
    def window_seconds(self) -> float:
        """Length of the spectrogram's window."""
        return (self.window_ms or WINDOW_MS[self.spectrogram]) / 1000

    @property
    def axis(self) -> str:
        """Scale of the frequency axis, chosen or fitting."""
        return self.scale or ("mel" if self.spectrogram == "mel" else "linear")


AS_USUAL = PlotSettings()
NARROW = PlotSettings(spectrogram="narrow")


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Levels over time and frequency.

    Attributes:
        levels: float32 `[row, column]` in dB: a sine of full scale has 0 dB in its row, or near it in a mel band.
        frequencies: float64 `[row]` in hertz, ascending.
        times: float64 `[column]`: middles in seconds from the beginning of the waveform, evenly spaced.
        column_seconds: From one column's middle to the next.
        averaged: Frames whose mean power a column shows.
        top_hz: Where the frequency axis ends: half the sampling rate.
    """

    levels: NDArray[np.float32]
    frequencies: NDArray[np.float64]
    times: NDArray[np.float64]
    column_seconds: float
    averaged: int
    top_hz: float


@dataclass(frozen=True, eq=False)
class ClipAnalysis:
    """A stretch of a recording and what was measured in it; times are in seconds from the stretch's beginning.

    Attributes:
        waveform: float32 `[sample]`, of at most twice `PlotSettings.top_hz`.
        sampling_rate: Of `waveform`, in hertz.
        start_seconds: Where the stretch begins in the recording.
        spectrogram: Of the waveform without its DC offset, which would hide what is low.
        pitch: F0 of each frame.
        formants: Of each frame, also of unvoiced ones; None where they were not asked for.
        intensity_db: float32 `[frame]`, of full scale, on the grid of `pitch`.
        stretches: Voiced, unvoiced and silent parts.
        note: What of the recording is left out, as a sentence; empty if nothing is.
    """

    waveform: Waveform
    sampling_rate: int
    start_seconds: float
    spectrogram: Spectrogram
    pitch: Pitch
    formants: Formants | None
    intensity_db: NDArray[np.float32]
    stretches: tuple[Stretch, ...]
    note: str = field(default="")

    @property
    def seconds(self) -> float:
        """How long the stretch is."""
        return len(self.waveform) / self.sampling_rate


def analyse_file(file: str | Path, settings: PlotSettings = AS_USUAL) -> ClipAnalysis:
    """Read the stretch of a recording that `settings` asks for, and measure it.

    Raises:
        AudioError: The file cannot be read, or has nothing in that stretch.
    """
    header = info(file)
    wanted = (settings.end_seconds or np.inf) - settings.start_seconds
    duration = float(min(wanted, LONGEST_SECONDS))
    rate = min(header.sampling_rate, round(2 * settings.top_hz))
    waveform, rate = read(file, sampling_rate=rate, offset=settings.start_seconds, duration=duration)
    left_out = min(header.seconds - settings.start_seconds, wanted) - duration
    note = ""
    if left_out > 1 / rate:
        note = f"{duration:g} s of {header.seconds:.0f} s; ask for the rest by its beginning and end"
    return analyse(waveform, rate, settings, start_seconds=settings.start_seconds, note=note)


def analyse(
    waveform: NDArray[np.floating],
    sampling_rate: int,
    settings: PlotSettings = AS_USUAL,
    *,
    start_seconds: float = 0.0,
    note: str = "",
) -> ClipAnalysis:
    """Measure all of a waveform `[sample]`; the beginning and end of `settings` are not looked at.

    Raises:
        NonFiniteAudioError: The waveform holds NaN or infinite samples.
        AudioError: It is empty, or its sampling rate too low for the range of F0.
    """
    rate = min(sampling_rate, round(2 * settings.top_hz))
    samples = resample(np.asarray(waveform, dtype=np.float32), sampling_rate, rate)
    if not len(samples):
        raise EmptyAudioError(None, f"{len(waveform)} samples at {sampling_rate} Hz are too few to draw; give more")
    found = pitch.track(samples, rate, PitchSettings(low_hz=settings.low_hz, high_hz=settings.high_hz))
    hop_length = max(1, round(PitchSettings.hop_seconds * rate))
    level = intensity(samples, round(_INTENSITY_PERIODS * rate / settings.low_hz), hop_length)
    resonances = formants.track(samples, rate, FormantSettings()) if settings.formants else None
    return ClipAnalysis(
        waveform=samples,
        sampling_rate=rate,
        start_seconds=start_seconds,
        spectrogram=spectrogram(samples, rate, settings),
        pitch=found,
        formants=resonances,
        intensity_db=level,
        stretches=stretches(found, level, len(samples) / rate),
        note=note,
    )


def spectrogram(waveform: NDArray[np.floating], sampling_rate: int, settings: PlotSettings = AS_USUAL) -> Spectrogram:
    """Return the spectrogram of a waveform `[sample]`, not empty, with window, hop and bands as `settings` has them."""
    size = max(2, round(settings.window_seconds * sampling_rate))
    hop_length = max(1, round(settings.window_seconds / _FRAMES_PER_WINDOW * sampling_rate))
    fft_size = max(_LEAST_FFT_SIZE, 1 << (2 * size - 1).bit_length())
    frames = frame_count(len(waveform), hop_length)
    averaged = -(-frames // _COLUMNS)
    weights, frequencies = _rows(fft_size, sampling_rate, settings)
    centred = waveform - _offset(waveform)
    columns = []
    for _, block in frame_blocks(centred, size, hop_length, averaged * max(1, 1024 // averaged)):
        power = power_of(block, "hann", fft_size)
        starts = np.arange(0, len(power), averaged)
        mean = np.add.reduceat(power, starts, axis=0) / np.diff(starts, append=len(power))[:, np.newaxis]
        columns.append(mean if weights is None else mean @ weights)
    full_scale = (window("hann", size).sum() / 2) ** 2
    column_seconds = averaged * hop_length / sampling_rate
    count = -(-frames // averaged)
    return Spectrogram(
        levels=power_to_decibels(np.concatenate(columns).T / full_scale).astype(np.float32),
        frequencies=frequencies,
        times=frame_times(count, averaged * hop_length, sampling_rate)
        + (averaged - 1) / 2 * hop_length / sampling_rate,
        column_seconds=column_seconds,
        averaged=averaged,
        top_hz=sampling_rate / 2,
    )


def to_axis(hz: NDArray[np.floating] | float, scale: str) -> NDArray[np.float64]:
    """Return where frequencies in hertz lie on an axis: hertz, octaves above 1 Hz, or mel (Slaney's)."""
    if scale == "log":
        return np.asarray(np.log2(np.maximum(hz, 1.0)))
    return hz_to_mel(np.asarray(hz, dtype=np.float64)) if scale == "mel" else np.asarray(hz, dtype=np.float64)


def from_axis(place: NDArray[np.floating], scale: str) -> NDArray[np.float64]:
    """Return the frequencies in hertz of places on an axis; the inverse of `to_axis`."""
    if scale == "log":
        return np.asarray(np.exp2(place))
    return mel_to_hz(np.asarray(place, dtype=np.float64)) if scale == "mel" else np.asarray(place, dtype=np.float64)


def _offset(waveform: NDArray[np.floating]) -> np.float32:
    """Return the mean of a waveform, or 0 if that is too small to be more than chance: it would be put into silence."""
    mean = waveform.mean(dtype=np.float64)
    return np.float32(mean if abs(mean) > _LEAST_OFFSET * np.abs(waveform).max() else 0)


def _rows(
    fft_size: int, sampling_rate: int, settings: PlotSettings
) -> tuple[NDArray[np.float32] | None, NDArray[np.float64]]:
    """Return what turns bins into rows, `[bin, row]` or None if they are the same, and the rows' frequencies."""
    if settings.spectrogram != "mel":
        return None, np.asarray(np.fft.rfftfreq(fft_size, 1 / sampling_rate), dtype=np.float64)
    bands = LogMelSettings(fft_size=fft_size, bands=_MEL_BANDS, norm="none")
    edges = np.linspace(0, float(hz_to_mel(sampling_rate / 2)), _MEL_BANDS + 2)
    # An area of one bin: the level of white noise is that of its bins.
    filters = mel_filters(bands, sampling_rate)
    areas = np.maximum(filters.sum(axis=1, keepdims=True), 1e-9)
    return (filters / areas).T.astype(np.float32), mel_to_hz(edges[1:-1])
