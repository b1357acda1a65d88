"""The computations behind `models.md`: small experiments, each checked by a test or by a second way on the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Values = NDArray[np.floating]

# Worked examples of reference 1: logits, the probabilities it states, and the class it takes a loss of.
SOFTMAX_CLAIMS: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = (
    ((2.3, -1.1, 0.8, 3.5, -0.2), (0.09, 0.03, 0.20, 0.66, 0.07)),
    ((-1.2, 0.3, -0.8, 4.5, -2.1), (0.02, 0.08, 0.03, 0.85, 0.01)),
)

# The quadratic bowl of the optimisers: one direction is steep, one is flat.
STEEPNESS = (1.0, 50.0)
BOWL_START = (1.0, STEEPNESS[1] ** -0.5)  # both directions begin with the same share of the loss
BOWL_STEPS = 250
REACHED = 1e-3  # share of the loss at the start that counts as reached

# Simulated choice of an epoch on the test part, in the size of reference 2.
SELECTION_CLIPS = 121
SELECTION_DRAWS = 20_000


def softmax(logits: Sequence[float] | Values) -> Values:
    """Return probabilities `[label]` of logits `[label]`."""
    values = np.asarray(logits, dtype=np.float64)
    powers = np.exp(values - values.max())
    return np.asarray(powers / powers.sum())


def cross_entropy(logits: Sequence[float] | Values, truth: int) -> float:
    """Return minus the natural logarithm of the true label's probability."""
    return -float(np.log(softmax(logits)[truth]))


def recurrent_layer(cell: str, features: int, units: int, *, forget_bias: float | None = None) -> nn.LSTM | nn.RNN:
    """Return an untrained layer; `forget_bias` is added up in the forget gates of an LSTM, None leaves torch's own."""
    torch.manual_seed(0)
    if cell == "rnn":
        return nn.RNN(features, units, batch_first=True)
    layer = nn.LSTM(features, units, batch_first=True)
    if forget_bias is not None:
        with torch.no_grad():
            biases = dict(layer.named_parameters())
            biases["bias_ih_l0"][units : 2 * units].fill_(forget_bias)
            biases["bias_hh_l0"][units : 2 * units].zero_()
    return layer


def gradient_by_distance(layer: nn.LSTM | nn.RNN, sequences: Values) -> Values:
    """Return how much the last state depends on each earlier input.

    Args:
        layer: A recurrent layer, batch first.
        sequences: `[sequence, step, feature]`.

    Returns:
        Norm of the gradient of the last state, along a direction drawn for each sequence, with respect to each input;
        the mean over the sequences, `[distance]`, at 0 the last step itself.
    """
    inputs = torch.tensor(sequences, dtype=torch.float32, requires_grad=True)
    last = layer(inputs)[0][:, -1]
    draws = torch.randn(last.shape, generator=torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad((last * functional.normalize(draws, dim=1)).sum(), inputs)
    return np.asarray(gradient.norm(dim=2).mean(dim=0).flip(0).numpy())


def factor_per_step(gradient: Values, first: int = 5, last: int = 40) -> float:
    """Return by how much a gradient `[distance]` changes from one step to the next, the geometric mean of a stretch."""
    last = min(last, len(gradient) - 1)
    return float((gradient[last] / gradient[first]) ** (1 / (last - first)))


@dataclass(frozen=True)
class Gates:
    """What an LSTM layer does at each step, all `[step, unit]`."""

    forget: Values
    entry: Values
    candidate: Values
    output: Values
    cell: Values
    state: Values


def lstm_gates(layer: nn.LSTM, sequence: Values) -> Gates:
    """Return gates, cell and state of the first layer for `sequence [step, feature]`, by the formulas of the page."""
    weights = {name: value.detach().double().numpy() for name, value in layer.named_parameters()}
    units = layer.hidden_size
    state, cell = np.zeros(units), np.zeros(units)
    kept = []
    for values in sequence.astype(np.float64):
        total = weights["weight_ih_l0"] @ values + weights["bias_ih_l0"]
        total = total + weights["weight_hh_l0"] @ state + weights["bias_hh_l0"]
        entry, forget, candidate, output = total.reshape(4, units)  # the order in which torch keeps them
        entry, forget, output = sigmoid(entry), sigmoid(forget), sigmoid(output)
        candidate = np.tanh(candidate)
        cell = forget * cell + entry * candidate
        state = output * np.tanh(cell)
        kept.append((forget, entry, candidate, output, cell, state))
    return Gates(*(np.array(values) for values in zip(*kept, strict=True)))


def sigmoid(values: Values) -> Values:
    return np.asarray(1 / (1 + np.exp(-values)))


def bowl_losses(make: Callable[[list[Tensor]], torch.optim.Optimizer]) -> Values:
    """Return the loss of each step `[step]` of an optimiser in the bowl; the first is that at the start."""
    place = torch.tensor(BOWL_START, dtype=torch.float64, requires_grad=True)
    steepness = torch.tensor(STEEPNESS, dtype=torch.float64)
    optimizer = make([place])
    losses = []
    for _ in range(BOWL_STEPS + 1):
        loss = 0.5 * (steepness * place.square()).sum()
        losses.append(loss.item())
        (place.grad,) = torch.autograd.grad(loss, place)
        optimizer.step()
    return np.array(losses)


def steps_until(losses: Values, share: float = REACHED) -> int | None:
    """Return the first step from which on the loss stays below a share of that at the start; None: never."""
    above = np.flatnonzero(losses > share * losses[0])
    first = int(above[-1]) + 1 if len(above) else 0
    return first if first < len(losses) else None


def optimizers() -> dict[str, Callable[[list[Tensor]], torch.optim.Optimizer]]:
    """Return the optimisers that are compared, by name, each with a step size that suits it."""
    rate = 1 / max(STEEPNESS)
    return {
        "SGD": lambda places: torch.optim.SGD(places, lr=rate),
        "momentum": lambda places: torch.optim.SGD(places, lr=rate, momentum=0.9),
        "Nesterov": lambda places: torch.optim.SGD(places, lr=rate, momentum=0.9, nesterov=True),
        "Adam": lambda places: torch.optim.Adam(places, lr=2.5 * rate),
    }


def time_decay(rate: float, decay: float, steps: int) -> Values:
    """Return the learning rate of each step `[step]`, divided by 1 + decay x step, as Keras does."""
    return np.asarray(rate / (1 + decay * np.arange(steps)))


def exponential_decay(rate: float, decay: float, epochs: int) -> Values:
    """Return the learning rate of each epoch `[epoch]`, (1 - decay) times that before."""
    return np.asarray(rate * (1 - decay) ** np.arange(epochs))


def plateau(losses: Values, rate: float, factor: float, patience: int) -> Values:
    """Return the learning rate of each epoch `[epoch]`: x factor when more than `patience` epochs brought no new low."""
    place = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([place], lr=rate)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=factor, patience=patience)
    rates = []
    for loss in losses:
        rates.append(optimizer.param_groups[0]["lr"])
        schedule.step(float(loss))
    return np.array(rates)


def stop_epoch(scores: Values, patience: int) -> tuple[int, int]:
    """Return the best epoch and the one after which training ends, both counted from 1."""
    best = 0
    for epoch, score in enumerate(scores):
        if score > scores[best]:
            best = epoch
        if epoch - best >= patience:
            return best + 1, epoch + 1
    return best + 1, len(scores)


def best_of(epochs: Sequence[int], accuracy: float, clips: int = SELECTION_CLIPS) -> Values:
    """Return the mean best score of so many epochs that all have one accuracy and differ by chance, `[entry]`."""
    generator = np.random.default_rng(0)
    scores = generator.binomial(clips, accuracy, size=(SELECTION_DRAWS // 10, max(epochs))) / clips
    running = np.maximum.accumulate(scores, axis=1).mean(axis=0)
    return np.asarray(running[np.array(epochs) - 1])
