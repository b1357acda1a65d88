"""Log-mel spectrograms of 3 s at 48 kHz: ours in NumPy and in torch beside librosa, times real time, one thread."""

import time

import librosa
import numpy as np
import torch

from paraverbal.config import read_recipe
from paraverbal.features.spectral import log_mel
from paraverbal.models.frontend import LogMel
from paraverbal.settings import LogMelSettings
from side_by_side import run

RATE = 48_000
CLIPS = 40


def clips() -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal((CLIPS, 3 * RATE))).astype(np.float32)


def settings() -> LogMelSettings:
    found = read_recipe("cnn-lstm").frontend
    if not isinstance(found, LogMelSettings):
        raise TypeError(f"cnn-lstm has the front end {found.kind}, a log-mel spectrogram was expected")
    return found


def with_librosa() -> float:
    def one(waveform: np.ndarray) -> None:
        power = librosa.feature.melspectrogram(y=waveform, sr=RATE, n_fft=1024, hop_length=512, n_mels=128, fmax=8000)
        librosa.power_to_db(power, ref=np.max)

    one(clips()[0])
    begun = time.perf_counter()
    for waveform in clips():
        one(waveform)
    return 3 * CLIPS / (time.perf_counter() - begun)


def with_numpy() -> float:
    chosen = settings()
    log_mel(clips()[0], RATE, chosen)
    begun = time.perf_counter()
    for waveform in clips():
        log_mel(waveform, RATE, chosen)
    return 3 * CLIPS / (time.perf_counter() - begun)


def with_torch() -> float:
    torch.set_num_threads(1)
    front_end = LogMel(settings(), RATE)
    waveforms = torch.from_numpy(clips())
    with torch.inference_mode():
        front_end(waveforms[:1])
        begun = time.perf_counter()
        for waveform in torch.split(waveforms, 1):
            front_end(waveform)
    return 3 * CLIPS / (time.perf_counter() - begun)


if __name__ == "__main__":
    run("frontend", __file__, {"librosa": with_librosa, "NumPy": with_numpy, "torch": with_torch}, "x real time")
