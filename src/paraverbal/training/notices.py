"""What a history tells that its user should know: that training stayed at chance, or diverged."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

# UAR on training clips that is no better than chance, above 1/K: a training that took hold is far beyond.
TRAIN_MARGIN = 0.05
# The same on validation clips, which are fewer; there the loss must confirm it ...
VALID_MARGIN = 0.02
# ... by staying above this share of ln K, the loss of equal probabilities.
LOSS_SHARE = 0.97

# A training loss above so many times ln K has left what any answer to an unknown clip could cost.
DIVERGED_SHARE = 10

CAUSES = "likely causes: training.learning_rate is too high or too low, or the ReLUs are dead (0 for every input)"
SVM_CAUSES = "likely causes: model.costs are too small, or the features do not tell these emotions apart"


def chance_notice(history: Sequence[Any], labels_count: int) -> str | None:
    """Return a sentence if training stayed at chance, else None.

    It did if the best UAR on training clips is below 1/K + 0.05; or if the best on validation clips is at most
    1/K + 0.02 while no training loss is at most 0.97 ln K, K being the number of labels. The best is taken over all
    rows; a score that no row has decides nothing.

    Args:
        history: Rows of `history.jsonl`, mappings or objects with these attributes: `train_uar`, `valid_uar` (0 to 1),
            `train_loss` (nats); of an svm with `cost` and without losses on training clips.
        labels_count: K, 2 or more.
    """
    rows = _mappings(history)
    train, valid = _best(max, rows, "train_uar"), _best(max, rows, "valid_uar")
    loss = _best(min, rows, "train_loss")
    chance = 1 / labels_count
    at_chance = train is not None and train < chance + TRAIN_MARGIN
    if valid is not None and loss is not None and loss > LOSS_SHARE * math.log(labels_count):
        at_chance = at_chance or valid <= chance + VALID_MARGIN
    return _sentence(train, valid, loss, labels_count, "cost" in rows[0]) if at_chance else None


def divergence_notice(history: Sequence[Any], labels_count: int) -> str | None:
    """Return a sentence if a network's training ended with a loss above 10 ln K, else None.

    Where batches are normalised, weights that are thrown ever further never give a loss that is no number.

    Args:
        history: Rows as those of `chance_notice`.
        labels_count: K, 2 or more.
    """
    rows = _mappings(history)
    loss = rows[-1].get("train_loss") if rows else None
    equal = math.log(labels_count)
    if loss is None or loss <= DIVERGED_SHARE * equal:
        return None
    return (
        f"training diverged: its last loss is {loss:.3g}, where equal probabilities give {equal:.3f}; the likely cause is a "
        "training.learning_rate that is too high"
    )


def _mappings(history: Sequence[Any]) -> list[Mapping[str, Any]]:
    return [row if isinstance(row, Mapping) else vars(row) for row in history]


def _best(choose: Callable[..., float], rows: Sequence[Mapping[str, Any]], key: str) -> float | None:
    values = [float(row[key]) for row in rows if row.get(key) is not None]
    return choose(values) if values else None


def _sentence(train: float | None, valid: float | None, loss: float | None, labels_count: int, is_svm: bool) -> str:
    parts = {"training": train, "validation": valid}
    scores = [f"{100 * score:.1f} % on {part} clips" for part, score in parts.items() if score is not None]
    found = f"the best UAR is {' and '.join(scores)}, where chance is {100 / labels_count:.1f} %"
    if loss is not None:
        found += f"; the least training loss is {loss:.3f}, where equal probabilities give {math.log(labels_count):.3f}"
    return f"training stayed at chance: {found}; {SVM_CAUSES if is_svm else CAUSES}"
