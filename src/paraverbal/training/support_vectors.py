"""Train a support vector machine: each cost once, and the best on the validation part is kept.

scikit-learn's `SVC` solves for the vectors, every class and every clip with the same weight; scores are those of the machine
that is exported, in float32. Nothing here sees the test part, and nothing is drawn: the same clips give the same machine.
"""

import time
import warnings
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from paraverbal.errors import RunError
from paraverbal.metrics.classes import accuracy, cross_entropy, support, uar
from paraverbal.models.svm import SupportVectorMachine
from paraverbal.settings import SvmSettings

Features = NDArray[np.float32]
Labels = NDArray[np.int64]
Part = tuple[Features, Labels]

# Steps of the solver for one pair of classes. Data that no hyperplane parts can take it for hours at a great cost.
MAX_STEPS = 1_000_000
# Clips that are scored at once, which bounds the memory of the kernel.
_BATCH = 256


@dataclass(frozen=True)
class CostTried:
    """One row of `history.jsonl`; scores are fractions, the loss is in nats, the time for fit and scores in seconds."""

    cost: float
    train_wa: float
    train_uar: float
    valid_loss: float
    valid_wa: float
    valid_uar: float
    seconds: float


@dataclass(frozen=True)
class SvmFit:
    """What a training gave: all costs tried, ascending; the index of the one kept; sentences on what went not quite well."""

    history: tuple[CostTried, ...]
    best: int
    warnings: tuple[str, ...]


def fit_support_vectors(
    machine: SupportVectorMachine,
    train: Part,
    valid: Part,
    settings: SvmSettings,
    *,
    seed: int,
    select_by: Literal["wa", "uar", "loss"],
) -> SvmFit:
    """Fit a machine for each cost, smallest first, and load the one that validates best; of equal ones, the first.

    A label without training clips is never predicted.

    Args:
        machine: Where the vectors go; its kernel is the one that is fitted.
        train: Standardised features float32 `[clip, feature]`, label indices `[clip]`.
        valid: The same of the validation part.
        settings: Costs and gamma. Gamma "scale" is 1 / (features x variance of all training values), 1 if that is 0.
        seed: Handed to the solver, which at present draws nothing.
        select_by: Greatest validation WA, greatest UAR, or least loss (cross-entropy of the softmax of the logits).

    Raises:
        RunError: Fewer than two classes in the training part, or features that are not finite or of another shape.
        MetricError: A part without clips, or a label index that the machine does not have.
    """
    for name, part in (("training", train), ("validation", valid)):
        _check(machine, part, name)
    if np.count_nonzero(support(train[1], machine.labels)) < 2:
        raise RunError("all training clips are of one class; a support vector machine needs at least two")
    gamma = _gamma(settings, train[0])
    history: list[CostTried] = []
    told: list[str] = []
    best, best_state = 0, machine.state_dict()
    for cost in sorted(set(settings.costs)):
        begun = time.perf_counter()
        fitted = _solve(train, kernel=machine.kernel, cost=cost, gamma=gamma, seed=seed)
        if fitted.fit_status_:
            told.append(
                f"cost {cost:g}: the solver stopped at {MAX_STEPS:,} steps before it had converged, so its scores are "
                "provisional; leave this cost out of model.costs, or keep it if it scores well"
            )
        _load(machine, fitted, gamma)
        history.append(_scores(machine, train, valid, cost=cost, begun=begun))
        if len(history) == 1 or _is_better(history[-1], history[best], select_by):
            best, best_state = len(history) - 1, machine.state_dict()
    machine.load_state_dict(best_state)
    return SvmFit(tuple(history), best, tuple(told))


def _check(machine: SupportVectorMachine, part: Part, name: str) -> None:
    features, labels = part
    support(labels, machine.labels)
    if features.shape != (len(labels), machine.features):
        raise RunError(
            f"the {name} features have shape {list(features.shape)}, expected {[len(labels), machine.features]}: "
            "one row for each clip, one column for each feature of the machine"
        )
    broken = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(broken):
        raise RunError(
            f"the features of {len(broken)} {name} clips are NaN or infinite, first of clip {broken[0]}; "
            "look at these recordings and at frontend.scaling"
        )


def _gamma(settings: SvmSettings, features: Features) -> float:
    if settings.gamma != "scale":
        return settings.gamma
    variance = float(features.var(dtype=np.float64))
    return 1 / (features.shape[1] * variance) if variance else 1.0


def _solve(train: Part, *, kernel: str, cost: float, gamma: float, seed: int) -> Any:
    """Return a fitted `SVC`."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import SVC

    solver = SVC(C=cost, kernel=kernel, gamma=gamma, max_iter=MAX_STEPS, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `fit_status_` says the same
        return solver.fit(*train)


def _load(machine: SupportVectorMachine, fitted: Any, gamma: float) -> None:
    """Hand the vectors of a fitted `SVC` to the machine."""
    classes = [int(label) for label in fitted.classes_]
    # Of two classes, SVC's attributes favour the second; of more, the first of each pair.
    sign = -1 if len(classes) == 2 else 1
    machine.load(
        torch.from_numpy(fitted.support_vectors_),
        torch.from_numpy(sign * _pair_coefficients(fitted.dual_coef_, fitted.n_support_)),
        intercepts=torch.from_numpy(sign * fitted.intercept_),
        pairs=list(combinations(classes, 2)),
        gamma=gamma,
    )


def _pair_coefficients(dual: NDArray[np.float64], counts: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the coefficients `[pair, vector]`.

    Args:
        dual: `[class - 1, vector]`, vectors ordered by class: a vector's coefficients against each of the other classes.
        counts: Vectors of each class, `[class]`.
    """
    ends = np.cumsum(counts)
    blocks = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
    pairs = list(combinations(range(len(counts)), 2))
    coefficients = np.zeros((len(pairs), dual.shape[1]))
    for row, (first, second) in enumerate(pairs):
        coefficients[row, blocks[first]] = dual[second - 1, blocks[first]]
        coefficients[row, blocks[second]] = dual[first, blocks[second]]
    return coefficients


def _scores(machine: SupportVectorMachine, train: Part, valid: Part, *, cost: float, begun: float) -> CostTried:
    train_prediction = _probabilities(machine, train[0]).argmax(axis=1)
    probabilities = _probabilities(machine, valid[0])
    valid_prediction = probabilities.argmax(axis=1)
    return CostTried(
        cost=cost,
        train_wa=accuracy(train[1], train_prediction),
        train_uar=uar(train[1], train_prediction, machine.labels),
        valid_loss=cross_entropy(valid[1], probabilities),
        valid_wa=accuracy(valid[1], valid_prediction),
        valid_uar=uar(valid[1], valid_prediction, machine.labels),
        seconds=round(time.perf_counter() - begun, 3),
    )


def _probabilities(machine: SupportVectorMachine, features: Features) -> NDArray[np.float64]:
    """Return the softmax of the machine's logits, `[clip, label]`."""
    device = machine.gamma.device
    with torch.inference_mode():
        parts = [machine(chunk.to(device)) for chunk in torch.split(torch.from_numpy(features).unsqueeze(2), _BATCH)]
    values: NDArray[np.float64] = torch.cat(parts).double().softmax(dim=1).cpu().numpy()
    return values


def _is_better(row: CostTried, best: CostTried, select_by: str) -> bool:
    if select_by == "loss":
        return row.valid_loss < best.valid_loss
    return bool(getattr(row, f"valid_{select_by}") > getattr(best, f"valid_{select_by}"))
