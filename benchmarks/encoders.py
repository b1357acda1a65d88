"""Prediction with the default model beside wav2vec 2.0 base, its encoder alone, one thread each.

Seconds of speech per second, over the example clips. Ours is all of it, from the file to probabilities; theirs, with random
weights (its speed does not depend on them), begins with the waveform and ends before any emotion is named.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import paraverbal as pv
from paraverbal.audio.read import read
from side_by_side import run

CLIPS = Path(__file__).parent.parent / "examples" / "clips"
RATE = 16000
PASSES = 4


FILES = sorted(CLIPS.glob("*.flac"))


def speed(listen: Callable[[int], object], seconds: float) -> float:
    """Return seconds of speech per second, the best of some passes over the clips: the first one is slow."""
    best = 0.0
    for _ in range(PASSES):
        begun = time.perf_counter()
        for index in range(len(FILES)):
            listen(index)
        best = max(best, seconds / (time.perf_counter() - begun))
    return best


def waveforms() -> list[NDArray[np.float32]]:
    return [read(file, sampling_rate=RATE)[0] for file in FILES]


def seconds() -> float:
    return sum(map(len, waveforms())) / RATE


def encoder() -> float:
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = Wav2Vec2Model(Wav2Vec2Config())  # the defaults are those of the base model: 12 layers of 768
    network.train(False)
    clips = [torch.from_numpy(clip).unsqueeze(0) for clip in waveforms()]
    with torch.inference_mode():
        return speed(lambda index: network(clips[index]).last_hidden_state, seconds())


def ours() -> float:
    model = pv.load_model("default")
    return speed(lambda index: pv.predict(FILES[index], model=model), seconds())


if __name__ == "__main__":
    run("encoders", __file__, {"wav2vec 2.0 base": encoder, "default model": ours}, "x real time")
