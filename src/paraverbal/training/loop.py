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
from torch import Tensor, nn

from paraverbal.batches import Batch, ClipFeatures, collate, collate_beside
from paraverbal.errors import RunError
from paraverbal.metrics.classes import accuracy, cross_entropy, uar
from paraverbal.metrics.dimensions import mean_ccc
from paraverbal.models.model import SpeechModel
from paraverbal.settings import AugmentSettings, TrainingSettings
from paraverbal.training.averaging import WeightAverage
from paraverbal.training.checkpoint import (
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
    with_prefix,
    without_prefix,
)
from paraverbal.training.losses import concordance_loss, emotion_loss
from paraverbal.training.memory import keep_freed_memory
from paraverbal.training.mixing import Mixing, draw_mixing
from paraverbal.training.samples import TrainingSamples
from paraverbal.training.schedule import Schedule, build_optimizer
from paraverbal.training.support_vectors import CostTried

# Windows that are validated at once.
_VALIDATION_BATCH = 32
# Keeps the seeds of the epochs of one run apart from those of a run with the next seed.
_SEED_STRIDE = 1_000_003


@dataclass(frozen=True)
class Epoch:
    """One row of `history.jsonl`; scores are fractions, losses in nats, times in seconds.

    Those of the training part are measured as it is trained: changed clips, dropout, weights that move. `valid_ccc` is the
    mean over the dimensions that are learnt, None if none is; the loss of the training part holds theirs too.
    """

    epoch: int
    train_loss: float
    train_wa: float
    train_uar: float
    valid_loss: float
    valid_wa: float
    valid_uar: float
    learning_rate: float
    seconds: float
    samples_per_second: float
    valid_ccc: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as `history.jsonl` has it, without what is None."""
        return {key: value for key, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Fit:
    """What a training gave: all its epochs, or costs tried by an svm, and the one, from 1, that the model now holds."""

    history: tuple[Epoch, ...] | tuple[CostTried, ...]
    best_epoch: int


@dataclass(frozen=True)
class ClipAnswers:
    """What a model says of clips: probabilities `[clip, label]`, and dimensions `[clip, dimension]` on their own scale."""

    probabilities: NDArray[np.float64]
    dimensions: NDArray[np.float64]


@dataclass(frozen=True)
class _Step:
    """One step: its loss, and truth and answer of each of its samples."""

    loss: float
    truth: NDArray[np.int64]
    answer: NDArray[np.int64]


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
        network = model.network.to(memory_format=torch.channels_last)
        optimizer = build_optimizer(network, settings)
        self.network, self.optimizer = self.fabric.setup(network, optimizer)
        model.scaling.to(self.fabric.device)
        model.fit.to(self.fabric.device)
        if model.dimensions is not None:
            model.dimensions.to(self.fabric.device)
        self.schedule = Schedule(optimizer, settings)
        self.average = WeightAverage(model.network, settings.average)
        self.least = (
            2 if any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules()) else 1
        )
        self.history: list[Epoch] = []
        self.best: dict[str, Tensor] = {}
        self.best_epoch = 0
        self._restore()

    def fit(self, train: ClipFeatures, valid: ClipFeatures, progress: Callable[[Epoch], None] | None = None) -> Fit:
        """Train until the epochs or the patience end, then load the best epoch's weights."""
        samples = TrainingSamples(train, self.augment, self.settings.seed, self.model)
        self.schedule.set_length(samples.steps(self.settings.batch_size, self.least))
        while not self._finished():
            row = self._epoch(len(self.history) + 1, samples, valid)
            self.history.append(row)
            if self._is_best(row):
                self.best_epoch = row.epoch
                with self.average.used():
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
        if not self.best_epoch or self.settings.select_by == "last":
            return True
        best = self.history[self.best_epoch - 1]
        if self.settings.select_by == "loss":
            return row.valid_loss < best.valid_loss
        score = f"valid_{self.settings.select_by}"
        return bool(getattr(row, score) > getattr(best, score))

    def _epoch(self, epoch: int, samples: TrainingSamples, valid: ClipFeatures) -> Epoch:
        begun = time.perf_counter()
        learning_rate = self.schedule.learning_rate
        torch.manual_seed(self.settings.seed * _SEED_STRIDE + epoch)  # dropout, places
        self.model.train()
        steps = [self._step(batch, epoch) for batch in samples.batches(self.settings.batch_size, epoch, self.least)]
        trained = time.perf_counter() - begun
        if not steps:
            raise RunError(f"{len(samples.data)} training clips make no batch of {self.least}; add recordings")
        train_truth = np.concatenate([step.truth for step in steps])
        train_answer = np.concatenate([step.answer for step in steps])
        with self.average.used():
            answers = clip_answers(self.model, valid)
        probabilities = answers.probabilities
        if not (
            np.isfinite(probabilities).all() and np.isfinite(answers.dimensions).all()
        ):  # the last step threw the weights away after its loss was taken
            raise RunError(self._diverged(epoch))
        truth = valid.truth
        valid_loss = cross_entropy(truth, probabilities)
        self.schedule.after_epoch(valid_loss)
        answer, labels = probabilities.argmax(axis=1), len(self.model.labels)
        return Epoch(
            epoch=epoch,
            train_loss=float(np.mean([step.loss for step in steps])),
            train_wa=accuracy(train_truth, train_answer),
            train_uar=uar(train_truth, train_answer, labels),
            valid_loss=valid_loss,
            valid_wa=accuracy(truth, answer),
            valid_uar=uar(truth, answer, labels),
            learning_rate=learning_rate,
            seconds=round(time.perf_counter() - begun, 3),
            samples_per_second=round(len(train_truth) / trained, 1),
            valid_ccc=None if valid.dimensions is None else mean_ccc(valid.dimensions, answers.dimensions),
        )

    def _step(self, batch: Batch, epoch: int) -> _Step:
        self.schedule.before_step()
        features, lengths, labels = self.fabric.to_device((batch.features, batch.lengths, batch.labels))
        given = self.model.prepare(features, lengths)
        mixing = draw_mixing(len(labels), self.augment.mixup) if self.augment.mixup else None
        if mixing is not None:
            given = mixing.features(*given)
        joined = () if batch.beside is None else (self.fabric.to_device(batch.beside),)
        shares = self.model.view_shares
        views = {"twice": True} if len(shares) > 1 else {}
        answers = self.network(*given, *joined, **views).float().chunk(len(shares))
        losses = [self._loss(answer, batch, labels, mixing) for answer in answers]
        loss = torch.stack([share * one for share, one in zip(shares, losses, strict=True)]).sum()
        logits = self.model.parted(answers[0])[0]
        value = loss.item()
        if not np.isfinite(value):
            raise RunError(self._diverged(epoch))
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        self.average.after_step()
        return _Step(value, batch.labels.numpy(), logits.detach().argmax(dim=1).cpu().numpy())

    def _loss(self, answer: Tensor, batch: Batch, labels: Tensor, mixing: Mixing | None) -> Tensor:
        logits, values = self.model.parted(answer)
        possible = None if batch.possible is None else self.fabric.to_device(batch.possible)
        loss = self._emotion_loss(logits, labels, mixing, possible)
        if self.model.dimensions is not None and batch.dimensions is not None:
            truth = self.model.dimensions.standardised(self.fabric.to_device(batch.dimensions))
            truth = truth if mixing is None else mixing.values(truth)
            loss = loss + self.settings.dimension_weight * concordance_loss(values, truth)
        return loss

    def _emotion_loss(self, logits: Tensor, labels: Tensor, mixing: Mixing | None, possible: Tensor | None) -> Tensor:
        smoothing = self.settings.label_smoothing
        own = emotion_loss(logits, labels, smoothing, possible)
        if mixing is None:
            return own
        theirs = None if possible is None else possible[mixing.partners]
        mixed_in = emotion_loss(logits, labels[mixing.partners], smoothing, theirs)
        return mixing.share * own + (1 - mixing.share) * mixed_in

    def _diverged(self, epoch: int) -> str:
        kept = f"; the checkpoint of epoch {epoch - 1} is kept" if epoch > 1 and self.folder else ""
        rate = self.settings.learning_rate
        return (
            f"the loss is no number any more in epoch {epoch}: the likely cause is the learning rate ({rate:g}, "
            f"{self.settings.optimizer}), which throws the weights further with every step{kept}; begin again in another "
            f"folder with a lower one, as --set training.learning_rate={rate / 10:g}"
        )

    def _save(self) -> None:
        if self.folder is None:
            return
        tensors = {
            **with_prefix("network", self.model.network.state_dict()),
            **with_prefix("best", self.best),
            **with_prefix("optimizer", optimizer_tensors(self.optimizer)),
            **with_prefix("average", self.average.tensors()),
        }
        values: dict[str, Any] = {
            "best_epoch": self.best_epoch,
            "schedule": self.schedule.state_dict(),
            "averaged_steps": self.average.steps,
            "learning_rate": self.schedule.learning_rate,
            "history": [row.to_dict() for row in self.history],
        }
        save_checkpoint(self.folder / "checkpoint", tensors, values)
        lines = "".join(json.dumps(row.to_dict()) + "\n" for row in self.history)
        (self.folder / "history.jsonl").write_text(lines, encoding="utf-8")

    def _restore(self) -> None:
        found = load_checkpoint(self.folder / "checkpoint") if self.folder else None
        if found is None:
            return
        tensors, values = found
        self.model.network.load_state_dict(without_prefix("network", tensors))
        restore_optimizer(self.optimizer, without_prefix("optimizer", tensors), values["learning_rate"])
        self.schedule.load_state_dict(values["schedule"])
        self.average.restore(without_prefix("average", tensors), values.get("averaged_steps", 0))
        self.best = without_prefix("best", tensors)
        self.best_epoch = values["best_epoch"]
        self.history = [Epoch(**row) for row in values["history"]]


def precision(settings: TrainingSettings) -> Any:
    """Return Fabric's name for the precision: bfloat16 if asked for, or where the processor computes in it."""
    if settings.precision == "32":
        return "32-true"
    native = torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported()
    return "bf16-mixed" if settings.precision == "bf16" or native else "32-true"


def clip_answers(model: SpeechModel, data: ClipFeatures) -> ClipAnswers:
    """Return probabilities and dimensions of clips in float32: the mean over the windows of each."""
    training = model.training
    model.eval()
    device = next(model.scaling.buffers()).device
    # Windows of similar length together, so that little is padded.
    order = np.argsort([one.shape[-1] for one in data.features], kind="stable")
    clips = np.repeat(np.arange(len(data)), np.diff(data.first))
    windows = [np.zeros((len(order), count)) for count in (len(model.labels), len(model.recipe.training.dimensions))]
    with torch.inference_mode():
        for chunk in np.array_split(order, max(1, -(-len(order) // _VALIDATION_BATCH))):
            features, lengths = collate([data.features[index] for index in chunk])
            beside = collate_beside(data, clips[chunk])
            on_device = beside and {name: (ids.to(device), inside.to(device)) for name, (ids, inside) in beside.items()}
            lengths = None if lengths is None else lengths.to(device)
            logits, values = model.answer(features.to(device), lengths, on_device)
            windows[0][chunk] = logits.double().softmax(dim=1).cpu().numpy()
            windows[1][chunk] = values.double().cpu().numpy()
    model.train(training)
    counts = np.diff(data.first)[:, np.newaxis]
    return ClipAnswers(*(np.add.reduceat(one, data.first[:-1], axis=0) / counts for one in windows))
