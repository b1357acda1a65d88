"""Clips of different lengths: masked batches beside a batch of one, clips per second of the same network.

`batch of one, fp32` is the loop as published: one clip a step, Adam, plain fp32. The others go through our trainer.
Lengths are those of AESDD's clips in frames of 512 samples at 44.1 kHz: 200 to 500. Each variant is a process of its own.
"""

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
    """Clips per second of the published loop, the second time through the clips."""
    built, clips = model(recipe), data()
    built.train()
    optimizer = torch.optim.Adam(built.network.parameters(), lr=1e-3)
    begun = 0.0
    for _ in range(2):
        begun = time.perf_counter()
        for features, truth in zip(clips.features, clips.truth, strict=True):
            loss = functional.cross_entropy(built.classify(features.unsqueeze(0)), torch.tensor([truth]))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return CLIPS / (time.perf_counter() - begun)


def ours(recipe: str, batch_size: int) -> float:
    """Clips per second of our trainer, the third time through the clips."""
    clips = data()
    settings = read_recipe(recipe).training.model_copy(update={"epochs": 3, "batch_size": batch_size})
    few = ClipFeatures(clips.features[:4], np.arange(5), clips.truth[:4])
    last = Trainer(model(recipe), settings, AugmentSettings()).fit(clips, few).history[-1]
    return last.samples_per_second if isinstance(last, Epoch) else 0.0


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
