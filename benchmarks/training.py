"""Training of `cnn-lstm`: our loop beside a plain fp32 loop of the same network, samples per second.

`fp32 loop` is what a tutorial writes; the steps between tell what each measure is worth. Each variant is a process of its
own, because the allocator's settings hold for a whole process.
"""

import time

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from paraverbal.batches import ClipFeatures
from paraverbal.config import read_recipe
from paraverbal.models.model import SpeechModel
from paraverbal.training.loop import Trainer
from paraverbal.training.memory import keep_freed_memory
from side_by_side import run

LABELS = ("anger", "fear", "happiness", "neutral", "sadness")
CLIPS = 96
BATCH = 32


def model() -> SpeechModel:
    torch.manual_seed(0)
    return SpeechModel(read_recipe("cnn-lstm"), LABELS)


def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return -80 * torch.rand(CLIPS, 128, 282), torch.arange(CLIPS) % len(LABELS)


def plain(network: nn.Module, bf16: bool) -> float:
    """Samples per second of a plain loop, the second time through the data."""
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-5)
    features, labels = data()
    for _ in range(2):
        begun = time.perf_counter()
        for start in range(0, CLIPS, BATCH):
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logits = network(features[start : start + BATCH])
            loss = functional.cross_entropy(logits.float(), labels[start : start + BATCH])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return CLIPS / (time.perf_counter() - begun)


def fp32_loop() -> float:
    return plain(model().network, bf16=False)


def bf16_loop() -> float:
    return plain(model().network, bf16=True)


def bf16_channels_last_loop() -> float:
    return plain(model().network.to(memory_format=torch.channels_last), bf16=True)


def fp32_kept_memory_loop() -> float:
    keep_freed_memory()
    return plain(model().network, bf16=False)


def paraverbal() -> float:
    """Our trainer, its augmentation and its batches included."""
    features, labels = data()
    clips = ClipFeatures(list(features), np.arange(CLIPS + 1), labels.numpy())
    recipe = read_recipe("cnn-lstm")
    settings = recipe.training.model_copy(update={"epochs": 2})
    trainer = Trainer(model(), settings, recipe.augment)
    few = ClipFeatures(list(features[:4]), np.arange(5), labels[:4].numpy())
    trainer.fit(clips, few)
    return trainer.history[-1].samples_per_second


if __name__ == "__main__":
    run(
        "training",
        __file__,
        {
            "fp32 loop": fp32_loop,
            "fp32, memory kept": fp32_kept_memory_loop,
            "bf16": bf16_loop,
            "bf16, channels last": bf16_channels_last_loop,
            "paraverbal": paraverbal,
        },
        "samples/s",
    )
