"""What each kind of input adds to a decision, by leaving it out.

The value of a set of inputs is the probability that the model gives, from them alone, to the emotion that it decided on with
all of them; of no input at all it is one in as many as there are labels. The share of an input is what it adds to that value,
the mean over all orders in which the inputs can be added (Shapley, "A Value for n-Person Games", 1953; for predictions:
Štrumbelj and Kononenko 2010). Shares add up to the confidence less the value of nothing. One below 0 spoke against the decision.
"""

from collections.abc import Mapping
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

Subset = frozenset[str]


def shapley(values: Mapping[Subset, float]) -> dict[str, float]:
    """Return the share of each player of a game.

    Args:
        values: What each set of players reaches together, the empty set too; a set for each combination.

    Example:
        >>> values = {frozenset(): 0.5, frozenset("a"): 0.9, frozenset("t"): 0.5, frozenset("at"): 0.9}
        >>> {name: round(share, 3) for name, share in shapley(values).items()}
        {'a': 0.4, 't': 0.0}
    """
    players = sorted(frozenset().union(*values))
    return {player: _share(player, players, values) for player in players}


def _share(player: str, players: list[str], values: Mapping[Subset, float]) -> float:
    others = [other for other in players if other != player]
    total = 0.0
    for size in range(len(players)):
        weight = factorial(size) * factorial(len(others) - size) / factorial(len(players))
        for chosen in combinations(others, size):
            without = frozenset(chosen)
            total += weight * (values[without | {player}] - values[without])
    return total


def two_shares(
    both: NDArray[np.floating], first: NDArray[np.floating], second: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares `[clip]` of two inputs in what both together decided.

    Args:
        both: Probabilities `[clip, label]` from both.
        first: From the first alone.
        second: From the second alone.
    """
    rows, decided = np.arange(len(both)), both.argmax(axis=1)
    nothing = 1 / both.shape[1]
    together, one, other = (values[rows, decided].astype(np.float64) for values in (both, first, second))
    return (together - other + one - nothing) / 2, (together - one + other - nothing) / 2
