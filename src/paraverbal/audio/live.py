"""Sound as it happens: from a microphone, or from a file at the speed of its own time."""

import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.blocks import blocks
from paraverbal.audio.read import info
from paraverbal.errors import AudioError, MissingExtraError

Waveform = NDArray[np.float32]

# A block of a microphone: short beside what a window takes, long beside the work for it.
BLOCK_SECONDS = 0.05

# Blocks that may wait: more than ten seconds behind, sound is lost.
_WAITING = 200

# A driver that sends nothing for so long has lost its device.
_PATIENCE_SECONDS = 5.0


@contextmanager
def microphone(device: str | int | None = None) -> Iterator[tuple[int, Iterator[Waveform]]]:
    """Open a microphone; give its sampling rate in hertz and blocks of it, float32 `[sample]`, without end.

    Args:
        device: Its number or a part of its name; None takes the system's default.

    Raises:
        MissingExtraError: sounddevice is not installed.
        AudioError: PortAudio is not there, there is no such device, it cannot be opened, or it falls silent.
    """
    library = _sounddevice()
    waiting: queue.Queue[Waveform] = queue.Queue(_WAITING)

    def take(samples: Waveform, *_: Any) -> None:
        if not waiting.full():
            waiting.put(samples[:, 0].copy())

    try:
        rate = round(library.query_devices(device, "input")["default_samplerate"])
        size = round(BLOCK_SECONDS * rate)
        opened = library.InputStream(
            samplerate=rate, blocksize=size, device=device, channels=1, dtype="float32", callback=take
        )
        opened.start()
    except (library.PortAudioError, ValueError) as error:
        raise AudioError(
            None,
            f"no microphone can be opened ({error}); connect one, name another with --device, or give --from FILE",
        ) from error
    try:
        yield rate, _heard(waiting)
    finally:
        opened.close()


def at_real_speed(file: str | Path) -> tuple[int, Iterator[Waveform]]:
    """Return the sampling rate of a recording and blocks of 50 ms of it, each when its time has come.

    Raises:
        AudioError: It cannot be read.
    """
    rate = info(file).sampling_rate
    return rate, _paced(blocks(file, samples=max(1, round(BLOCK_SECONDS * rate))), rate)


def _paced(given: Iterator[Waveform], rate: int) -> Iterator[Waveform]:
    begun, samples = time.monotonic(), 0
    for block in given:
        samples += len(block)
        time.sleep(max(0.0, begun + samples / rate - time.monotonic()))
        yield block


def _heard(waiting: "queue.Queue[Waveform]") -> Iterator[Waveform]:
    while True:
        try:
            yield waiting.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty as error:
            raise AudioError(
                None, f"the microphone has sent nothing for {_PATIENCE_SECONDS:g} s; is it still connected?"
            ) from error


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ModuleNotFoundError as error:
        if error.name != "sounddevice":
            raise
        raise MissingExtraError(
            "this needs sounddevice, which is not installed: pip install 'paraverbal[live]'; or give --from FILE",
            name=error.name,
        ) from error
    except OSError as error:
        raise AudioError(
            None,
            f"no microphone can be used: {error}; install PortAudio (Debian: apt install libportaudio2), "
            "or give --from FILE",
        ) from error
    return sounddevice
