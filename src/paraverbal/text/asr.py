"""Transcripts made from recordings, by faster-whisper (extra `asr`) with a model from a local folder.

Whisper (Radford and others, "Robust Speech Recognition via Large-Scale Weak Supervision", 2022) hears 16 kHz. What it writes
of silence or noise may be words that nobody said; its own search for speech is used, which leaves out what has none.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from paraverbal.audio.resample import resample
from paraverbal.errors import TextError, optional

SAMPLING_RATE = 16_000
MODEL_FILE = "model.bin"


class Transcriber:
    """Waveform -> what is said in it.

    Args:
        folder: A model that faster-whisper reads: `model.bin`, `config.json`, `tokenizer.json`, `vocabulary.*`.
        language: ISO 639-1, such as `en`; None lets the model find out, of each recording.
        threads: Of the processor.

    Raises:
        TextError: There is no model in the folder, or it cannot be read.
        MissingExtraError: faster-whisper is not installed.
    """

    def __init__(self, folder: str | Path, *, language: str | None = None, threads: int = 1) -> None:
        self.folder = Path(folder)
        self.language = language
        if not (self.folder / MODEL_FILE).is_file():
            raise TextError(
                f"{folder}: no {MODEL_FILE} in it; give the folder of a model for faster-whisper, such as faster-whisper-small"
            )
        self._model: Any = _whisper()(
            str(self.folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )

    def __call__(self, waveform: ArrayLike, sampling_rate: float) -> str:
        """Return the transcript of a waveform `[sample]`; empty where nothing was understood."""
        samples = resample(np.asarray(waveform, np.float32), sampling_rate, SAMPLING_RATE)
        segments: Iterable[Any] = self._model.transcribe(samples, language=self.language, vad_filter=True)[0]
        return " ".join(segment.text.strip() for segment in segments).strip()


def _whisper() -> Any:
    return optional("faster_whisper").WhisperModel
