"""Train a network on features, keep the epoch that validates best, survive interruptions.

Nothing here sees the test part. Each epoch draws from generators seeded with (seed, epoch) alone, so that a run resumed
after any epoch ends with the same weights as one that was never interrupted.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from paraverbal.batches import ClipFeatures, epoch_batches
from paraverbal.config import AugmentSettings, TrainingSettings
from paraverbal.errors import RunError
from paraverbal.metrics.classes import accuracy, cross_entropy, uar
from paraverbal.models.model import SpeechModel
from paraverbal.training.checkpoint import (
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
    with_prefix,
    without_prefix,
)
from paraverbal.training.memory import keep_freed_memory

# Windows that are validated at once.
_VALIDATION_BATCH = 32
# Keeps the seeds of the epochs of one run apart from those of a run with the next seed.
_SEED_STRIDE = 1_000_003


@dataclass(frozen=True)
class Epoch:
    """One row of `history.jsonl`; scores are fractions, losses in nats, times in seconds."""

    epoch: int
    train_loss: float
    valid_loss: float
    valid_wa: float
    valid_uar: float
    learning_rate: float
    seconds: float
    samples_per_second: float


@dataclass(frozen=True)
class Fit:
    """What a training gave: all its epochs, and the one whose weights the model now holds."""

    history: tuple[Epoch, ...]
    best_epoch: int


class Trainer:
    """Trains `model.network` in place.

    Args:
        model: Its scaling must have been fitted.
        settings: Optimiser, schedule, stopping.
        augment: What an epoch shows of each clip.
        folder: Run folder, for `history.jsonl` and `checkpoint/`, from which it goes on if there is one; None keeps
            nothing on disk.

    Raises:
        RunError: The checkpoint is damaged.
    """

    def __init__(
        self, model: SpeechModel, settings: TrainingSettings, augment: AugmentSettings, folder: Path | None = None
    ) -> None:
        keep_freed_memory()
        self.model = model
        self.settings = settings
        self.augment = augment
        self.folder = folder
        self.precision = precision(settings)
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it announces the precision on stderr
        self.fabric = Fabric(accelerator="auto", devices=1, precision=self.precision)
        network = model.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.Adam(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=settings.plateau_factor, patience=settings.plateau_patience
        )
        self.network, self.optimizer = self.fabric.setup(network, optimizer)
        model.scaling.to(self.fabric.device)
        self.history: list[Epoch] = []
        self.best: dict[str, Tensor] = {}
        self.best_epoch = 0
        self._restore()

    def fit(self, train: ClipFeatures, valid: ClipFeatures, progress: Callable[[Epoch], None] | None = None) -> Fit:
        """Train until the epochs or the patience end, then load the best epoch's weights."""
        while not self._finished():
            row = self._epoch(len(self.history) + 1, train, valid)
            self.history.append(row)
            if self._is_best(row):
                self.best_epoch = row.epoch
                self.best = {name: tensor.clone() for name, tensor in self.model.network.state_dict().items()}
            self._save()
            if progress:
                progress(row)
        self.model.network.load_state_dict(self.best)
        self.model.cpu().eval()
        return Fit(tuple(self.history), self.best_epoch)

    def _finished(self) -> bool:
        done = len(self.history)
        return done >= self.settings.epochs or done - self.best_epoch >= self.settings.stop_patience

    def _is_best(self, row: Epoch) -> bool:
        if not self.best_epoch:
            return True
        score = f"valid_{self.settings.select_by}"
        return bool(getattr(row, score) > getattr(self.history[self.best_epoch - 1], score))

    def _epoch(self, epoch: int, train: ClipFeatures, valid: ClipFeatures) -> Epoch:
        begun = time.perf_counter()
        learning_rate = self.optimizer.param_groups[0]["lr"]
        torch.manual_seed(self.settings.seed * _SEED_STRIDE + epoch)  # dropout
        self.model.train()
        losses = []
        batches = epoch_batches(train, self.augment, self.settings.batch_size, seed=self.settings.seed, epoch=epoch)
        for batch in batches:
            losses.append(self._step(batch.features, batch.labels))
        trained = time.perf_counter() - begun
        if not np.isfinite(losses).all():
            raise RunError(f"the loss is no number any more in epoch {epoch}; lower training.learning_rate")
        probabilities = clip_probabilities(self.model, valid)
        truth = valid.truth
        valid_loss = cross_entropy(truth, probabilities)
        self.schedule.step(valid_loss)
        prediction = probabilities.argmax(axis=1)
        return Epoch(
            epoch=epoch,
            train_loss=float(np.mean(losses)),
            valid_loss=valid_loss,
            valid_wa=accuracy(truth, prediction),
            valid_uar=uar(truth, prediction, len(self.model.labels)),
            learning_rate=learning_rate,
            seconds=round(time.perf_counter() - begun, 3),
            samples_per_second=round(len(train) * (1 + self.augment.copies) / trained, 1),
        )

    def _step(self, features: Tensor, labels: Tensor) -> float:
        features, labels = self.fabric.to_device((features, labels))
        logits = self.network(self.model.scaling(features))
        loss = functional.cross_entropy(logits.float(), labels)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return loss.item()

    def _save(self) -> None:
        if self.folder is None:
            return
        tensors = {
            **with_prefix("network", self.model.network.state_dict()),
            **with_prefix("best", self.best),
            **with_prefix("optimizer", optimizer_tensors(self.optimizer)),
        }
        values: dict[str, Any] = {
            "best_epoch": self.best_epoch,
            "schedule": self.schedule.state_dict(),
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "history": [vars(row) for row in self.history],
        }
        save_checkpoint(self.folder / "checkpoint", tensors, values)
        lines = "".join(json.dumps(vars(row)) + "\n" for row in self.history)
        (self.folder / "history.jsonl").write_text(lines, encoding="utf-8")

    def _restore(self) -> None:
        found = load_checkpoint(self.folder / "checkpoint") if self.folder else None
        if found is None:
            return
        tensors, values = found
        self.model.network.load_state_dict(without_prefix("network", tensors))
        restore_optimizer(self.optimizer, without_prefix("optimizer", tensors), values["learning_rate"])
        self.schedule.load_state_dict(values["schedule"])
        self.best = without_prefix("best", tensors)
        self.best_epoch = values["best_epoch"]
        self.history = [Epoch(**row) for row in values["history"]]


def precision(settings: TrainingSettings) -> Any:
    """Return Fabric's name for the precision: bfloat16 if asked for, or where the processor computes in it."""
    if settings.precision == "32":
        return "32-true"
    native = torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported()
    return "bf16-mixed" if settings.precision == "bf16" or native else "32-true"


def clip_probabilities(model: SpeechModel, data: ClipFeatures) -> NDArray[np.float64]:
    """Return the probabilities `[clip, label]` of clips in float32: the mean over the windows of each."""
    training = model.training
    model.eval()
    device = next(model.network.parameters()).device
    with torch.inference_mode():
        parts = [
            model.network(model.scaling(chunk.to(device))).softmax(dim=1)
            for chunk in torch.split(data.features, _VALIDATION_BATCH)
        ]
    model.train(training)
    windows = torch.cat(parts).cpu().double().numpy()
    counts = np.diff(data.first)
    mean: NDArray[np.float64] = np.add.reduceat(windows, data.first[:-1], axis=0) / counts[:, np.newaxis]
    return mean
