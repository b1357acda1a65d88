"""Training of `paraverbal-small` and `-tiny` beside a plain fp32 loop of the same network, clips of 3 s per second.

Ours with all that it draws: crops, warps, masks, mixtures; and the greatest memory of its process. Two threads.
"""

import resource
import time

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from paraverbal.batches import ClipFeatures
from paraverbal.config import read_recipe
from paraverbal.models.model import SpeechModel
from paraverbal.training.loop import Trainer
from side_by_side import run

LABELS = ("anger", "disgust", "fear", "happiness", "sadness")
CLIPS = 384
BATCH = 32
SECONDS = 4.0
FRAMES = 1 + round(100 * SECONDS)
CROP = 300


def model(recipe: str) -> SpeechModel:
    torch.manual_seed(0)
    torch.set_num_threads(2)
    made = SpeechModel(read_recipe(recipe), LABELS)
    made.scaling.fit(list(data()[0]))
    return made


def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return -80 * torch.rand(CLIPS, 80, FRAMES), torch.arange(CLIPS) % len(LABELS)


def plain(recipe: str) -> float:
    """Clips per second of a plain loop over crops, the second time through the data."""
    network = model(recipe).network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.05)
    features, labels = data()
    features = (features[:, :, :CROP] + 40) / 23
    for _ in range(2):
        begun = time.perf_counter()
        for start in range(0, CLIPS, BATCH):
            loss = functional.cross_entropy(
                network(features[start : start + BATCH]), labels[start : start + BATCH], label_smoothing=0.1
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return CLIPS / (time.perf_counter() - begun)


def ours(recipe: str) -> float:
    """Clips per second of our trainer in its last epoch."""
    features, labels = data()
    clips = ClipFeatures(list(features), np.arange(CLIPS + 1), labels.numpy())
    made = model(recipe)
    few = ClipFeatures(list(features[:4]), np.arange(5), labels[:4].numpy())
    trainer = Trainer(made, made.recipe.training.model_copy(update={"epochs": 3}), made.recipe.augment)
    trainer.fit(clips, few)
    return max(row.samples_per_second for row in trainer.history[1:])


def small_fp32_loop() -> float:
    return plain("paraverbal-small")


def small() -> float:
    return ours("paraverbal-small")


def tiny() -> float:
    return ours("paraverbal-tiny")


def gigabytes() -> float:
    """Greatest memory of a process that trains `paraverbal-small`, in 10^9 bytes."""
    ours("paraverbal-small")
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9


if __name__ == "__main__":
    variants = {"fp32 loop": small_fp32_loop, "paraverbal-small": small, "paraverbal-tiny": tiny}
    run("own_model", __file__, {**variants, "gigabytes": gigabytes}, "clips/s")
