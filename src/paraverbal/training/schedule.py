"""The learning rate over a training: four rules, each of which can be interrupted and taken up again."""

from typing import Any

import torch

from paraverbal.settings import TrainingSettings


class Schedule:
    """Sets the learning rate of an optimiser.

    `constant` leaves it. `plateau` multiplies it by `plateau_factor` when the validation loss has not been lower for more
    than `plateau_patience` epochs. `time` is rate / (1 + decay x step), steps counted from 0, as Keras's `decay`.
    `exponential` multiplies it by 1 - decay after each epoch.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, settings: TrainingSettings) -> None:
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

    def before_step(self) -> None:
        """Call before each step."""
        if self.settings.schedule == "time":
            self._set(self.settings.learning_rate / (1 + self.settings.decay * self.steps))
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


def build_optimizer(network: torch.nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    """Return Adam, or stochastic gradient descent with Nesterov's momentum."""
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            network.parameters(),
            lr=settings.learning_rate,
            momentum=settings.momentum,
            nesterov=settings.momentum > 0,
            weight_decay=settings.weight_decay,
        )
    return torch.optim.Adam(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
