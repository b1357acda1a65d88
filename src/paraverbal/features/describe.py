"""Recording -> acoustic functionals by name, and the features that `paraverbal features` writes."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paraverbal.audio.blocks import BlockResampler, blocks
from paraverbal.audio.read import info, read
from paraverbal.audio.resample import resample
from paraverbal.errors import AudioError, EmptyAudioError

Waveform = NDArray[np.float32]

# What the descriptors are defined for: they look no higher than 8 kHz. A recording of a lower rate keeps its own, since
# bands that it does not have cannot be measured, down to the rate that F0 and the eGeMAPS need at least.
ANALYSIS_RATE = 16_000
LEAST_RATE = 8000
# From here on a recording is read and resampled in blocks: an hour at 44.1 kHz would take 600 MB before it is resampled.
LONG_SECONDS = 300.0

# A column for each of hundreds of bins is no table any more; `describe_frames` gives them when asked.
TOO_WIDE = ("power_spectrum",)


@dataclass(frozen=True)
class Features:
    """Features of one recording.

    Attributes:
        file: The recording, as it was given.
        names: Of the features.
        values: float32 `[feature, frame]`; functionals have one frame.
        times: Centre of each frame in seconds, `[frame]`; empty for functionals, which are of the whole recording.
    """

    file: str
    names: tuple[str, ...]
    values: NDArray[np.float32]
    times: NDArray[np.float64]


def describe(recording: str | Path | ArrayLike, sampling_rate: float | None = None) -> dict[str, float]:
    """Return the 88 functionals of eGeMAPS of a recording, name -> value; units are in `docs/descriptors.md`.

    Args:
        recording: A file, or a waveform `[sample]` in -1..1.
        sampling_rate: Of a waveform, in hertz; a file says its own.

    Raises:
        AudioError: The file cannot be read; the waveform is empty, not one row, or holds NaN.
        ValueError: A waveform without its sampling rate.

    Example:
        >>> import numpy as np
        >>> tone = 0.1 * np.sin(2 * np.pi * 220 * np.arange(16_000) / 16_000)
        >>> round(describe(tone, 16_000)["F0semitoneFrom27.5Hz_sma3nz_amean"])  # three octaves above 27.5 Hz
        36
    """
    from paraverbal.features.egemaps import NAMES, functionals

    waveform, rate = _waveform(recording, sampling_rate)
    return dict(zip(NAMES, functionals(waveform, rate).tolist(), strict=True))


def functionals_of(file: str | Path) -> Features:
    """Return the 88 functionals of a file."""
    found = describe(file)
    values = np.array(list(found.values()), dtype=np.float32)[:, np.newaxis]
    return Features(str(file), tuple(found), values, np.empty(0))


def descriptors_of(file: str | Path) -> Features:
    """Return all frame descriptors of a file but the power spectrum, every 10 ms; NaN where a descriptor does not exist."""
    from paraverbal.features.descriptors import DESCRIPTORS, describe_frames, frame_seconds, names

    waveform, rate = _waveform(file, None)
    found = describe_frames(waveform, rate, [name for name in names("frame") if name not in TOO_WIDE])
    columns = [DESCRIPTORS[name].columns(series) for name, series in found.items()]
    values = np.concatenate([np.atleast_2d(series) for series in found.values()])
    return Features(
        str(file), tuple(name for each in columns for name in each), values, frame_seconds(values.shape[1], rate)
    )


def log_mel_of(file: str | Path) -> Features:
    """Return the log-mel spectrogram of a file in dB below its loudest value: 64 bands up to 8 kHz, every 10 ms."""
    from paraverbal.features.spectral import log_mel
    from paraverbal.settings import LogMelSettings

    settings = LogMelSettings(fft_size=512, hop_length=160, bands=64, floor_db=80.0)
    waveform, _ = read(file, sampling_rate=ANALYSIS_RATE)
    values = log_mel(waveform, ANALYSIS_RATE, settings)
    times = np.arange(values.shape[1]) * settings.hop_length / ANALYSIS_RATE
    return Features(str(file), tuple(f"log_mel_{band}" for band in range(settings.bands)), values, times)


# What `paraverbal features --set` names.
SETS: dict[str, Callable[[str | Path], Features]] = {
    "functionals": functionals_of,
    "descriptors": descriptors_of,
    "log_mel": log_mel_of,
}


def analysis_rate(sampling_rate: float) -> int:
    """Return the rate at which a recording of `sampling_rate` is measured, both in hertz."""
    return round(max(LEAST_RATE, min(sampling_rate, ANALYSIS_RATE)))


def read_in_blocks(file: str | Path, sampling_rate: int) -> Waveform:
    """Return a recording resampled to `sampling_rate` hertz, `[sample]`, without ever holding it at its own rate."""
    found = info(file)
    resampler = BlockResampler(found.sampling_rate, sampling_rate)
    waveform = np.empty(math.ceil(found.seconds * sampling_rate) + 1, dtype=np.float32)
    filled = 0
    for piece in itertools.chain(map(resampler.feed, blocks(file)), map(BlockResampler.flush, [resampler])):
        waveform[filled : filled + len(piece)] = piece[: len(waveform) - filled]
        filled = min(filled + len(piece), len(waveform))
    return waveform[:filled]


def _waveform(recording: str | Path | ArrayLike, sampling_rate: float | None) -> tuple[Waveform, int]:
    """Return a recording at the analysis rate, or at its own if that is lower."""
    if isinstance(recording, str | Path):
        found = info(recording)
        rate = analysis_rate(found.sampling_rate)
        if found.seconds < LONG_SECONDS:
            return read(recording, sampling_rate=rate)
        return read_in_blocks(recording, rate), rate
    samples = np.asarray(recording, dtype=np.float32)
    if samples.ndim != 1:
        raise AudioError(
            None,
            f"a waveform of shape {samples.shape} was given, [sample] was expected; take the mean over its channels",
        )
    if not samples.size:
        raise EmptyAudioError(None, "a waveform without samples was given; give at least one")
    if sampling_rate is None:
        raise ValueError("a waveform was given without its sampling rate; give sampling_rate in hertz")
    rate = analysis_rate(sampling_rate)
    return resample(samples, sampling_rate, rate), rate
