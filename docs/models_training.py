"""The numbers of `models.md` on loss, optimisers, schedules and the choice of an epoch."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import models_parts as parts
from models_clip import Subject, Trace
from walkthrough_values import _table

Values = NDArray[np.floating]

PLATEAU_EPOCHS = 60
STOP_PATIENCE = 8
SELECTION_ACCURACY = 0.695  # mean of what reference 2's notebook prints of epochs 155 to 300 of its best run
SELECTION_EPOCHS = 300
SOURCE_DECAY = (1e-4, 1e-6)  # reference 3: learning rate, decay


def output_values(subject: Subject, first: Trace) -> dict[str, Any]:
    (logits, claimed), (second, second_claimed) = parts.SOFTMAX_CLAIMS
    probabilities = parts.softmax(logits)
    rows = [
        ["logit", *(f"{value:g}" for value in logits)],
        ["claimed", *(f"{value:.2f}" for value in claimed)],
        ["computed", *(f"{value:.3f}" for value in probabilities)],
    ]
    target = np.eye(len(logits))[3]
    tensor = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    loss = nn.functional.cross_entropy(tensor[None], torch.tensor([3]))
    gradient = torch.autograd.grad(loss, tensor)[0].numpy()
    labels, found = subject.model.labels, parts.softmax(first.logits)
    truth = labels.index(subject.row["emotion"])
    return {
        "softmax": _table([["class", "0", "1", "2", "3", "4"], *rows]),
        "right_class": 3,
        "wrong_class": 0,
        "claimed_sum": sum(claimed),
        "right_loss_claimed": -np.log(claimed[3]),
        "right_loss": parts.cross_entropy(logits, 3),
        "wrong_loss_claimed": -np.log(claimed[0]),
        "wrong_loss": parts.cross_entropy(logits, 0),
        "second_claimed": second_claimed[3],
        "second": float(parts.softmax(second)[3]),
        "shift": 100,
        "shift_difference": float(np.abs(parts.softmax(np.array(logits) + 100) - probabilities).max()),
        "gradient": ", ".join(f"{value:.3f}" for value in gradient),
        "gradient_difference": float(np.abs(gradient - (probabilities - target)).max()),
        "guess": float(np.log(len(labels))),
        "guess_six": float(np.log(6)),
        "truth": labels[truth],
        "truth_probability": float(found[truth]),
        "loss": -float(np.log(found[truth])),
        "six": 6,
    }


def optimizer_values() -> dict[str, Any]:
    losses = optimizer_losses()
    rows = [
        [name, "never" if parts.steps_until(values) is None else f"{parts.steps_until(values)}", f"{values[-1]:.1e}"]
        for name, values in losses.items()
    ]
    head = ["", f"steps to {parts.REACHED:.1%} of the first loss", f"loss after {parts.BOWL_STEPS} steps"]
    return {
        "optimizers": _table([head, *rows]),
        "steep": parts.STEEPNESS[1] / parts.STEEPNESS[0],
        "bowl_limit": 2 / max(parts.STEEPNESS),
        "bowl_rate": 1 / max(parts.STEEPNESS),
        "bowl_flat": 1 - min(parts.STEEPNESS) / max(parts.STEEPNESS),
        "momentum": 0.9,
        "momentum_steps": 1 / (1 - 0.9),
        "betas": "0.9 and 0.999",
    }


def optimizer_losses() -> dict[str, Values]:
    return {name: parts.bowl_losses(make) for name, make in parts.optimizers().items()}


def schedule_losses() -> Values:
    """Return the made-up validation loss `[epoch]` of the page: it falls, wavers and rises again."""
    epochs = np.arange(PLATEAU_EPOCHS)
    noise = np.random.default_rng(3).normal(0, 0.02, PLATEAU_EPOCHS)
    return np.asarray(0.7 + 0.9 * np.exp(-epochs / 7) + 0.004 * np.maximum(epochs - 20, 0) + noise)


def stopped() -> tuple[int, int]:
    """Return the epoch of that loss that early stopping keeps, and the last one."""
    return parts.stop_epoch(-schedule_losses(), STOP_PATIENCE)


def softmax_example() -> tuple[Values, Values]:
    """Return reference 1's logits `[label]` and the probabilities that they have."""
    logits = np.array(parts.SOFTMAX_CLAIMS[0][0])
    return logits, parts.softmax(logits)


def schedules() -> dict[str, Values]:
    """Return the learning rate `[epoch]` of each schedule, by name."""
    return {
        "plateau": parts.plateau(schedule_losses(), 1e-3, 0.5, 5),
        "time decay": parts.time_decay(1e-3, 0.05, PLATEAU_EPOCHS),
        "exponential": parts.exponential_decay(1e-3, 0.05, PLATEAU_EPOCHS),
    }


def schedule_values() -> dict[str, Any]:
    rates, (rate, decay) = schedules(), SOURCE_DECAY
    steps = 10_000
    best, end = stopped()
    cuts = np.flatnonzero(np.diff(rates["plateau"]) < 0) + 2
    return {
        "plateau_cuts": ", ".join(map(str, cuts)),
        "plateau_patience": 5,
        "plateau_factor": 0.5,
        "decay": 0.05,
        "source_decay": decay,
        "source_steps": steps,
        "source_left": float(parts.time_decay(rate, decay, steps + 1)[-1]) / rate,
        "half_steps": int(1 / decay),
        "stop_patience": STOP_PATIENCE,
        "stop_best": best,
        "stop_end": end,
        "stop_epochs": PLATEAU_EPOCHS,
    }


def selection_curve() -> Values:
    return parts.best_of(range(1, SELECTION_EPOCHS + 1), SELECTION_ACCURACY)


def selection_values() -> dict[str, Any]:
    best = selection_curve()
    return {
        "selection_epochs": SELECTION_EPOCHS,
        "selection_clips": parts.SELECTION_CLIPS,
        "selection_accuracy": SELECTION_ACCURACY,
        "selection_ten": float(best[9]),
        "selection_ten_epochs": 10,
        "selection_best": float(best[-1]),
        "selection_gain": 100 * float(best[-1] - SELECTION_ACCURACY),
    }
