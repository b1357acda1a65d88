"""File -> waveform a block at a time, and resampling that goes on from block to block: memory does not grow with length."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from paraverbal.audio import arrays, wav
from paraverbal.audio.read import ESTIMATED_LENGTH, mean_of_channels, open_sound, read, read_frames, truncated
from paraverbal.errors import AudioError, EmptyAudioError, NonFiniteAudioError

Waveform = NDArray[np.float32]

# About a second and a half at 44.1 kHz: 256 kB a channel.
BLOCK_SAMPLES = 1 << 16


def blocks(file: str | Path, *, samples: int = BLOCK_SAMPLES) -> Iterator[Waveform]:
    """Yield a recording a block at a time, at its own rate (`info(file).sampling_rate`), the mean of its channels.

    Joined, the blocks are what `read(file)` returns.

    Args:
        file: What `read` takes.
        samples: Samples of a block; the last one may be shorter.

    Yields:
        Float32 `[sample]`, at least one sample each.

    Raises:
        AudioError: As of `read`; what is found only on the way (a truncated FLAC, a NaN) after the blocks before it.
    """
    if arrays.is_address(file):
        row, _ = read(file)
        yield from (row[first : first + samples] for first in range(0, len(row), samples))
        return
    with open_sound(file) as sound:
        if sound.frames == 0:
            raise EmptyAudioError(file, "holds no samples; record or export it again")
        share = wav.share_present(file) if sound.format in wav.FORMATS else 1.0
        if share < 1:
            seconds = sound.frames / sound.samplerate
            raise truncated(file, seconds / share, seconds)
        yield from _decoded(file, sound, samples)


def _decoded(file: str | Path, sound: Any, samples: int) -> Iterator[Waveform]:
    done = 0
    while len(block := read_frames(file, sound, 0, samples)):
        if not np.isfinite(block).all():
            where = done + int(np.argmin(np.isfinite(block).all(axis=1)))
            raise NonFiniteAudioError(file, f"sample {where} is NaN or infinite; export the recording again")
        done += len(block)
        yield mean_of_channels(block)
    if done < sound.frames and sound.format not in ESTIMATED_LENGTH:
        raise truncated(file, sound.frames / sound.samplerate, done / sound.samplerate)


class BlockResampler:
    """Change of sampling rate with state: joined, the blocks that come out are `resample` of those that went in.

    The filter is linear in phase, so it holds back what it needs of the future: 20 to 40 ms at usual rates, 120 ms from 8
    to 16 kHz; nothing if both rates are the same.

    Args:
        source_rate: Rate of the blocks in hertz.
        target_rate: The wanted rate in hertz.

    Raises:
        AudioError: A rate is not a finite number above 0.
    """

    def __init__(self, source_rate: float, target_rate: float) -> None:
        for rate in (source_rate, target_rate):
            if not (math.isfinite(rate) and rate > 0):
                raise AudioError(None, f"a sampling rate of {rate} Hz is impossible; give a number above 0")
        self._stream = (
            None
            if source_rate == target_rate
            else soxr.ResampleStream(source_rate, target_rate, 1, dtype="float32", quality="HQ")
        )

    def feed(self, block: Waveform) -> Waveform:
        """Return the float32 samples that can be told after `block` (float32 `[sample]`): often a few less, or none."""
        if self._stream is None or len(block) == 0:
            return block
        return np.asarray(self._stream.resample_chunk(np.ascontiguousarray(block)), dtype=np.float32)

    def flush(self) -> Waveform:
        """Return the samples that were held back; the resampler has ended."""
        if self._stream is None:
            return np.zeros(0, np.float32)
        return np.asarray(self._stream.resample_chunk(np.zeros(0, np.float32), last=True), dtype=np.float32)
