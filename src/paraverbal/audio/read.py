"""File -> waveform, and every way in which a file can fail to be one.

Conventions: samples are float32 in -1..1 (files of float samples may exceed that, and are left as they are); times are
seconds; rates are hertz. Row 12 of a 2-d array in an `.npz` file, at 48000 Hz, has the address `data.npz::12@48000`.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from paraverbal.audio import arrays, wav
from paraverbal.audio.resample import resample
from paraverbal.errors import AudioFormatError, AudioNotFoundError, EmptyAudioError, NonFiniteAudioError

Waveform = NDArray[np.float32]

# What libsndfile reads and users keep recordings in.
AUDIO_SUFFIXES = frozenset(
    {".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".sph", ".w64", ".wav"}
)

# An MP3 of changing bit rate without a Xing header does not tell its length: libsndfile estimates it from the first frame,
# and reads no further if it guesses too little.
ESTIMATED_LENGTH = frozenset({"MP3"})

# Libsndfile's way to say that a header tells no length is a number of frames beyond any recording.
_MOST_FRAMES = 2**53


@dataclass(frozen=True)
class AudioInfo:
    """What the header of a recording says; nothing is decoded.

    Attributes:
        seconds: Duration; an estimate for an MP3 without a Xing header.
        sampling_rate: In hertz.
        channels: Number of channels.
        format: Container as libsndfile names it, such as `WAV`; `NPZ` for a row of an array.
        subtype: Encoding of a sample, such as `PCM_16`.
    """

    seconds: float
    sampling_rate: int
    channels: int
    format: str
    subtype: str


def read(
    file: str | Path,
    *,
    sampling_rate: int | None = None,
    offset: float = 0.0,
    duration: float | None = None,
    mono: bool = True,
) -> tuple[Waveform, int]:
    """Read a recording.

    Args:
        file: WAV, FLAC, OGG, MP3 or another format of libsndfile; or a row of an array, `data.npz::12@48000`.
        sampling_rate: Rate of the result in hertz; None keeps the file's own.
        offset: Where to start, in seconds.
        duration: How much to read at most, in seconds; None reads to the end.
        mono: Return the mean of the channels; else all channels.

    Returns:
        The waveform, float32 `[sample]` in -1..1 (`[channel, sample]` if not `mono`), and its sampling rate in hertz.

    Raises:
        AudioNotFoundError: There is no such file.
        AudioFormatError: A folder, not audio, truncated or damaged.
        EmptyAudioError: The file is empty, holds no samples, or none after `offset`.
        NonFiniteAudioError: A sample is NaN or infinite.
        ValueError: `offset` is negative, or `duration` or `sampling_rate` is not above 0.
    """
    _check_times(offset, duration)
    if arrays.is_address(file):
        samples, rate = _array_part(file, offset, duration)
    else:
        samples, rate = _decode(file, offset, duration)
    if not np.isfinite(samples).all():
        where = int(np.argmin(np.isfinite(samples).all(axis=1)))
        raise NonFiniteAudioError(file, f"sample {where} is NaN or infinite; export the recording again")
    waveform = mean_of_channels(samples) if mono else np.ascontiguousarray(samples.T)
    if sampling_rate is None:
        return waveform, rate
    return resample(waveform, rate, sampling_rate), sampling_rate


def info(file: str | Path) -> AudioInfo:
    """Return what the header of a recording says, without decoding it.

    Raises:
        AudioNotFoundError: There is no such file.
        AudioFormatError: A folder, not audio, or the header is damaged.
        EmptyAudioError: The file is empty (0 bytes).
    """
    if arrays.is_address(file):
        row, rate = arrays.read_row(file)
        return AudioInfo(len(row) / rate, rate, 1, "NPZ", row.dtype.name)
    with open_sound(file) as sound:
        seconds = sound.frames / sound.samplerate
        return AudioInfo(seconds, sound.samplerate, sound.channels, sound.format, sound.subtype)


def find_audio(folder: str | Path) -> list[Path]:
    """Return the recordings in a folder and its subfolders, sorted; hidden files and folders are skipped.

    A recording is a file with one of `AUDIO_SUFFIXES`, in capital or small letters; nothing is opened.

    Raises:
        AudioNotFoundError: There is no such folder.
    """
    top = Path(folder)
    if not top.is_dir():
        raise AudioNotFoundError(folder, "there is no such folder; check the path")
    found: list[Path] = []
    seen: set[str] = set()
    for parent, subfolders, names in os.walk(top, followlinks=True):
        real = os.path.realpath(parent)
        subfolders[:] = [] if real in seen else [name for name in subfolders if not name.startswith(".")]
        found += [] if real in seen else [Path(parent, name) for name in names if _is_audio_name(name)]
        seen.add(real)
    return sorted(found)


def _is_audio_name(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in AUDIO_SUFFIXES


def _check_times(offset: float, duration: float | None) -> None:
    if not (math.isfinite(offset) and offset >= 0):
        raise ValueError(f"offset is {offset} s; it must be 0 or more")
    if duration is not None and not duration > 0:
        raise ValueError(f"duration is {duration} s; it must be above 0, or None to read to the end")


def _check_file(file: str | Path) -> None:
    """Raise what libsndfile would report without a reason: a missing, empty or unreadable file, or a folder."""
    path = Path(file)
    if path.is_dir():
        if find_audio(path):
            raise AudioFormatError(file, "this is a folder, one recording was expected; give a file in it")
        known = " ".join(sorted(AUDIO_SUFFIXES))
        raise AudioNotFoundError(
            file, f"no recordings in this folder; files that end in one of {known} were looked for"
        )
    if not path.exists():
        raise AudioNotFoundError(file, "there is no such file; check the path")
    if path.stat().st_size == 0:
        raise EmptyAudioError(file, "the file is empty (0 bytes); copy or record it again")


def _decode(file: str | Path, offset: float, duration: float | None) -> tuple[Waveform, int]:
    """Return the samples `[sample, channel]` of a part of a file, and its rate."""
    with open_sound(file) as sound:
        rate = int(sound.samplerate)
        if sound.frames == 0:
            raise EmptyAudioError(file, "holds no samples; record or export it again")
        share = wav.share_present(file) if sound.format in wav.FORMATS else 1.0
        if share < 1:
            raise truncated(file, sound.frames / rate / share, sound.frames / rate)
        start, wanted = _part(file, sound.frames, rate, offset, duration)
        samples = read_frames(file, sound, start, wanted)
        estimated = sound.format in ESTIMATED_LENGTH
    if len(samples) == 0 and estimated:
        raise EmptyAudioError(file, f"holds no samples from {offset:g} s on")
    if len(samples) < wanted and not estimated:
        raise truncated(file, (start + wanted) / rate, (start + len(samples)) / rate)
    return samples, rate


def open_sound(file: str | Path) -> soundfile.SoundFile:
    """Open a recording for reading; what is wrong with the file is an AudioError."""
    _check_file(file)
    try:
        sound = soundfile.SoundFile(os.fspath(file))
    except soundfile.LibsndfileError as error:
        raise AudioFormatError(
            file,
            f"cannot be read as audio ({_reason(error)}); if it plays elsewhere, convert it to WAV or FLAC, "
            "else get a whole copy of it",
        ) from error
    if sound.frames > _MOST_FRAMES:
        sound.close()
        raise AudioFormatError(
            file,
            "its header does not tell its length, as where a program wrote it to a pipe; write it to a file, for example "
            "with `ffmpeg -i FILE NEW.flac`",
        )
    return sound


def read_frames(file: str | Path, sound: soundfile.SoundFile, start: int, frames: int) -> Waveform:
    """Return samples `[sample, channel]` of an open recording: `start` are skipped, at most `frames` read."""
    try:
        if start > 0:
            sound.seek(start)
        samples: Waveform = sound.read(frames, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioFormatError(
            file, f"truncated or damaged, decoding fails ({_reason(error)}); get a whole copy of it"
        ) from error
    return samples


def _reason(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error : ").rstrip(".")


def truncated(file: str | Path, promised: float, found: float) -> AudioFormatError:
    """Return the error of a recording that holds fewer seconds than its header promises."""
    return AudioFormatError(
        file,
        f"truncated: its header promises {promised:.3f} s and only {found:.3f} s are there; get a whole copy of it",
    )


def _array_part(file: str | Path, offset: float, duration: float | None) -> tuple[Waveform, int]:
    row, rate = arrays.read_row(file)
    if len(row) == 0:
        raise EmptyAudioError(file, "the row holds no samples")
    start, wanted = _part(file, len(row), rate, offset, duration)
    return np.asarray(row[start : start + wanted, np.newaxis], dtype=np.float32), rate


def _part(file: str | Path, length: int, rate: int, offset: float, duration: float | None) -> tuple[int, int]:
    """Return the first sample and the number of samples that `offset` and `duration` ask for."""
    start = round(offset * rate)
    if start >= length:
        raise EmptyAudioError(
            file, f"nothing to read: the offset of {offset:g} s is not before its end at {length / rate:g} s"
        )
    rest = length - start
    return start, rest if duration is None else min(rest, max(1, round(min(duration, rest / rate) * rate)))


def mean_of_channels(samples: Waveform) -> Waveform:
    """Return the mean `[sample]` of `samples [sample, channel]`."""
    if samples.shape[1] == 1:
        return samples[:, 0]
    return np.asarray(samples.mean(axis=1), dtype=np.float32)
