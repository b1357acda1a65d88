"""Clips of different lengths: masked batches beside a batch of one, clips per second of the same network.

`batch of one, fp32` is the loop as published: one clip a step, Adam, plain fp32. The others go through our trainer. Each is
measured when it has warmed up, as the median over several times through the clips.
Lengths are those of AESDD's clips in frames of 512 samples at 44.1 kHz: 200 to 500. Each variant is a process of its own.
"""

import statistics
import time

import numpy as np
import torch
from torch.nn import functional

from paraverbal.batches import ClipFeatures
from paraverbal.config import read_recipe
from paraverbal.models.model import SpeechModel
from paraverbal.settings import AugmentSettings
from paraverbal.training.loop import Epoch, Trainer
from side_by_side import run

LABELS = ("anger", "disgust", "fear", "happiness", "sadness")
CLIPS = 192
WARM_UP, MEASURED = 2, 5  # times through the clips
SHORTEST, LONGEST = 200, 500


def model(recipe: str) -> SpeechModel:
    torch.manual_seed(0)
    return SpeechModel(read_recipe(recipe), LABELS)


def data() -> ClipFeatures:
    rng = np.random.default_rng(0)
    frames = rng.integers(SHORTEST, LONGEST, CLIPS)
    features = [torch.from_numpy(-80 * rng.random((128, count), dtype=np.float32)) for count in frames]
    return ClipFeatures(features, np.arange(CLIPS + 1), np.arange(CLIPS) % len(LABELS))


def published(recipe: str) -> float:
    """Clips per second of the published loop."""
    built, clips = model(recipe), data()
    built.train()
    optimizer = torch.optim.Adam(built.network.parameters(), lr=1e-3)
    speeds = []
    for _ in range(WARM_UP + MEASURED):
        begun = time.perf_counter()
        for features, truth in zip(clips.features, clips.truth, strict=True):
            loss = functional.cross_entropy(built.classify(features.unsqueeze(0)), torch.tensor([truth]))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        speeds.append(CLIPS / (time.perf_counter() - begun))
    return statistics.median(speeds[WARM_UP:])


def ours(recipe: str, batch_size: int) -> float:
    """Clips per second of our trainer."""
    clips = data()
    changes = {"epochs": WARM_UP + MEASURED, "batch_size": batch_size}
    settings = read_recipe(recipe).training.model_copy(update=changes)
    few = ClipFeatures(clips.features[:4], np.arange(5), clips.truth[:4])
    rows = Trainer(model(recipe), settings, AugmentSettings()).fit(clips, few).history[WARM_UP:]
    return statistics.median(row.samples_per_second for row in rows if isinstance(row, Epoch))


if __name__ == "__main__":
    run(
        "batches",
        __file__,
        {
            "3 layers: batch of one, fp32": lambda: published("adaptive-cnn-3"),
            "3 layers: batch of one": lambda: ours("adaptive-cnn-3", 1),
            "3 layers: masked 8": lambda: ours("adaptive-cnn-3", 8),
            "3 layers: masked 16": lambda: ours("adaptive-cnn-3", 16),
            "3 layers: masked 32": lambda: ours("adaptive-cnn-3", 32),
        },
        "clips/s",
    )
