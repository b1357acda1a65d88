"""The worst mistakes as sound: short excerpts, coded in memory, that a page can play without a file beside it."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import matplotlib.image
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from paraverbal.audio.read import info, read
from paraverbal.errors import AudioError
from paraverbal.features.spectral import log_mel
from paraverbal.report.embedding import data_uri, flac
from paraverbal.report.figures import DARK, LIGHT, Palette
from paraverbal.report.run import Mistake
from paraverbal.settings import LogMelSettings

Recordings = Mapping[str, str | Path]

EXCERPTS = 6
SECONDS = 6.0
# Enough for speech, and six excerpts of it take about a quarter of a megabyte.
SAMPLING_RATE = 16_000
FLOOR_DB = 60.0  # what lies further below the loudest is drawn as silence
# 20 ms a pixel.
SPECTROGRAM = LogMelSettings(fft_size=512, hop_length=320, bands=64, floor_db=FLOOR_DB)


@dataclass(frozen=True)
class Excerpt:
    """The beginning of a clip that was taken for another emotion.

    Attributes:
        mistake: What was predicted.
        audio: FLAC, mono, 16 kHz: the same bytes each time, which an Ogg stream with its random number is not.
        seconds: How long it is.
        cut: Whether the clip goes on.
        light: Its spectrogram, PNG, for light surroundings: time from left to right, 0 to 8 kHz on a mel scale upwards.
        dark: The same for dark ones.
    """

    mistake: Mistake
    audio: bytes
    seconds: float
    cut: bool
    light: bytes
    dark: bytes

    @property
    def address(self) -> str:
        """The sound as a data URI."""
        return data_uri(self.audio, "audio/flac")


def excerpts(mistakes: Sequence[Mistake], recordings: Recordings, count: int = EXCERPTS) -> list[Excerpt]:
    """Return excerpts of the first mistakes, of 6 seconds at most.

    Args:
        mistakes: The worst first.
        recordings: File, as the corpus names it, -> its path, or the address of an array's row. Mistakes about others, and
            about recordings that cannot be read any more, are passed over.
        count: At most so many.
    """
    return list(islice(_readable(mistakes, recordings), count))


def _readable(mistakes: Sequence[Mistake], recordings: Recordings) -> Iterator[Excerpt]:
    for mistake in mistakes:
        place = _place(mistake.file, recordings)
        if place is None:
            continue
        try:
            yield _excerpt(mistake, *place)
        except AudioError:
            continue


def _place(name: str, recordings: Recordings) -> tuple[str | Path, float, float | None] | None:
    """Return path, start and end in seconds of what `predictions.csv` names, as `talk.wav` or `talk.wav#t=1.5,3`."""
    if name in recordings:
        return recordings[name], 0.0, None
    file, _, times = name.rpartition("#t=")
    start, _, end = times.partition(",")
    try:
        return (recordings[file], float(start), float(end) if end else None) if file in recordings else None
    except ValueError:
        return None


def _excerpt(mistake: Mistake, path: str | Path, start: float, end: float | None) -> Excerpt:
    length = (info(path).seconds if end is None else end) - start
    seconds = SECONDS if end is None else min(SECONDS, length)
    waveform, _ = read(path, sampling_rate=SAMPLING_RATE, offset=start, duration=seconds)
    levels = log_mel(waveform, SAMPLING_RATE, SPECTROGRAM)
    return Excerpt(
        mistake=mistake,
        audio=flac(waveform, SAMPLING_RATE),
        seconds=len(waveform) / SAMPLING_RATE,
        cut=length > SECONDS,
        light=_picture(levels, LIGHT),
        dark=_picture(levels, DARK),
    )


def _picture(levels: NDArray[np.float32], palette: Palette) -> bytes:
    """Return a spectrogram `[band, frame]` in dB as a PNG, a pixel a value."""
    colours = LinearSegmentedColormap.from_list("level", [palette.surface, palette.second, palette.ink])
    loudest = float(levels.max())
    buffer = io.BytesIO()
    matplotlib.image.imsave(
        buffer,
        levels,
        format="png",
        cmap=colours,
        origin="lower",
        vmin=loudest - FLOOR_DB,
        vmax=loudest,
    )
    return buffer.getvalue()
