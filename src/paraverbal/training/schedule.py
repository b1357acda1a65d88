"""The learning rate over a training: five rules, each of which can be interrupted and taken up again."""

import math
from typing import Any

import torch

from paraverbal.settings import TrainingSettings

# Where one_cycle begins, as a share of the greatest rate, and where it ends, as a share of where it began.
ONE_CYCLE_START = 1 / 25
ONE_CYCLE_END = 1e-4


class Schedule:
    """Sets the learning rate of an optimiser.

    `constant` leaves it. `plateau` multiplies it by `plateau_factor` when the validation loss has not been lower for more
    than `plateau_patience` epochs. `time` is rate / (1 + decay x step), steps counted from 0, as Keras's `decay`.
    `exponential` multiplies it by 1 - decay after each epoch. `one_cycle` rises from a 25th of it to it over the first
    `warmup` of all steps, then falls to a 10,000th of that, both along half a cosine (Smith and Topin 2017, as it is usual).

    Args:
        optimizer: Whose rate is set.
        settings: Which rule.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, settings: TrainingSettings) -> None:
        self.total = settings.epochs
        self.optimizer = optimizer
        self.settings = settings
        self.steps = 0
        self.epochs = 0
        self._plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=settings.plateau_factor, patience=settings.plateau_patience
        )

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def set_length(self, epoch_steps: int) -> None:
        """Tell how many steps an epoch has, which one_cycle must know before the first."""
        self.total = self.settings.epochs * epoch_steps

    def before_step(self) -> None:
        """Call before each step."""
        if self.settings.schedule == "time":
            self._set(self.settings.learning_rate / (1 + self.settings.decay * self.steps))
        elif self.settings.schedule == "one_cycle":
            self._set(self.settings.learning_rate * one_cycle((self.steps + 0.5) / self.total, self.settings.warmup))
        self.steps += 1

    def after_epoch(self, valid_loss: float) -> None:
        """Call after each epoch with the validation loss."""
        self.epochs += 1
        if self.settings.schedule == "plateau":
            self._plateau.step(valid_loss)
        elif self.settings.schedule == "exponential":
            self._set(self.settings.learning_rate * (1 - self.settings.decay) ** self.epochs)

    def _set(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` takes, as JSON types."""
        return {"steps": self.steps, "epochs": self.epochs, "plateau": self._plateau.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self.steps, self.epochs = state["steps"], state["epochs"]
        self._plateau.load_state_dict(state["plateau"])


def one_cycle(progress: float, warmup: float) -> float:
    """Return the share of the greatest rate at `progress`, 0 to 1, of a training.

    Example:
        >>> one_cycle(0.3, 0.3)
        1.0
    """
    if progress < warmup:
        low, high, share = 1.0, ONE_CYCLE_START, progress / warmup
    else:
        low, high, share = ONE_CYCLE_START * ONE_CYCLE_END, 1.0, (progress - warmup) / (1 - warmup)
    return low + (high - low) * (1 + math.cos(math.pi * share)) / 2


def build_optimizer(network: torch.nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    """Return Adam, AdamW, or stochastic gradient descent with Nesterov's momentum.

    AdamW (Loshchilov and Hutter 2019) takes the decay from weights of layers alone, not from biases and normalisation.
    """
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            network.parameters(),
            lr=settings.learning_rate,
            momentum=settings.momentum,
            nesterov=settings.momentum > 0,
            weight_decay=settings.weight_decay,
        )
    if settings.optimizer == "adamw":
        weights = [one for one in network.parameters() if one.dim() > 1]
        others = [one for one in network.parameters() if one.dim() <= 1]
        groups = [
            {"params": weights, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=settings.betas, fused=True)
    return torch.optim.Adam(
        network.parameters(),
        lr=settings.learning_rate,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        fused=True,
    )
