"""Numbers behind the splits: which unit (a file, a speaker) goes to which part.

Parts are numbered 0, 1, ... with the wanted `shares` `[part]`, which sum to 1. Part 0 is the training part.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# The search for groups: that many orders of the groups are tried, then that often the best draw is changed in places.
DRAWS = 2048
ROUNDS = 16
_LARGEST_SEARCH = 500_000  # draws x groups, so that thousands of groups stay quick and small
_CHANGED_GROUPS = 2.0  # of the best draw, on average
_MISSING = 1000.0  # for a class missing from a part: above any sum of deviations ...
_MISSING_FROM_TRAIN = 10.0 * _MISSING  # ... and what is not trained cannot be recognised


def stratified(classes: Integers, shares: Floats, generator: np.random.Generator) -> Integers:
    """Draw a part for each unit at random, each class in these shares as near as whole units allow.

    Args:
        classes: Class of each unit `[unit]`; a class with at least as many units as there are parts is in each part.
        shares: `[part]`.
        generator: Source of randomness.

    Returns:
        Part of each unit `[unit]`.
    """
    parts = np.zeros(len(classes), dtype=np.int64)
    for one in np.unique(classes):
        members = generator.permutation(np.flatnonzero(classes == one))
        parts[members] = np.repeat(np.arange(len(shares)), whole_counts(len(members), shares))
    return parts


def whole_counts(total: int, shares: Floats) -> Integers:
    """Return whole counts `[part]` with this sum, nearest to the shares (largest remainder), none 0 if possible."""
    exact = total * shares
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(counts - exact, kind="stable")
    counts[order[: total - counts.sum()]] += 1
    while total >= len(shares) and counts.min() == 0:
        counts[counts.argmax()] -= 1
        counts[counts.argmin()] += 1
    return counts


def groups_apart(classes: Integers, groups: Integers, shares: Floats, generator: np.random.Generator) -> Integers:
    """Draw a part for each unit so that no group is in two parts and the class shares are as near as a search finds.

    The groups are put into many random orders; in each, the parts are cut where their shares end. The best of these
    draws is then changed at random places, and a better one taken, several times. Best is: no class missing from a
    part, then the least sum over parts and classes of (reached share - wanted share)^2 / wanted share.

    Args:
        classes: Class of each unit `[unit]`, 0 to number of classes - 1.
        groups: Group of each unit `[unit]`, 0 to number of groups - 1; at least as many groups as parts.
        shares: `[part]`.
        generator: Source of randomness.

    Returns:
        Part of each unit `[unit]`.
    """
    counts = np.zeros((groups.max() + 1, classes.max() + 1))
    np.add.at(counts, (groups, classes), 1.0)
    draws = int(np.clip(_LARGEST_SEARCH // len(counts), 64, DRAWS))
    orders = generator.permuted(np.tile(np.arange(len(counts)), (draws, 1)), axis=1)
    parts = _cut(orders, counts.sum(axis=1), shares)
    for _ in range(ROUNDS):
        best = parts[np.argmin(_distance(parts, counts, shares))]
        parts = _change(best, draws, len(shares), generator)
    chosen: Integers = parts[np.argmin(_distance(parts, counts, shares))]
    return chosen[groups]


def linked(pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return file -> number of its group, given pairs of file and speaker; who share a file are in one group."""
    leader: dict[str, str] = {}
    speakers_of: dict[str, list[str]] = {}
    for file, speaker in sorted(pairs):
        speakers_of.setdefault(file, []).append(speaker)
    for speakers in speakers_of.values():
        leaders = sorted({_leader(leader, speaker) for speaker in speakers})
        leader.update(dict.fromkeys(leaders, leaders[0]))
    numbers = {name: number for number, name in enumerate(sorted({_leader(leader, name) for name in leader}))}
    return {file: numbers[_leader(leader, speakers[0])] for file, speakers in speakers_of.items()}


def _leader(leader: dict[str, str], speaker: str) -> str:
    while leader.setdefault(speaker, speaker) != speaker:
        speaker = leader[speaker]
    return speaker


def _cut(orders: Integers, sizes: Floats, shares: Floats) -> Integers:
    """Return the part of each group `[draw, group]`: along each order the last part comes first, part 0 is the rest."""
    ordered = sizes[orders]
    middle = (np.cumsum(ordered, axis=1) - ordered / 2) / sizes.sum()
    places = np.arange(orders.shape[1])
    part_in_order = np.zeros(orders.shape, dtype=np.int64)
    end = np.zeros(len(orders), dtype=np.int64)
    boundary = 0.0
    for part in range(len(shares) - 1, 0, -1):
        boundary += shares[part]
        start = end
        end = np.clip((middle < boundary).sum(axis=1), start + 1, len(places) - part)
        part_in_order[(places >= start[:, None]) & (places < end[:, None])] = part
    parts = np.empty_like(part_in_order)
    np.put_along_axis(parts, orders, part_in_order, axis=1)
    return parts


def _change(parts: Integers, draws: int, count: int, generator: np.random.Generator) -> Integers:
    """Return draws `[draw, group]` near one `[group]`: the first is the same, in others some groups change parts."""
    shape = (draws, len(parts))
    changed = generator.random(shape) < _CHANGED_GROUPS / len(parts)
    changed[0] = False
    return np.where(changed, generator.integers(count, size=shape), parts)


def _distance(parts: Integers, counts: Floats, shares: Floats) -> Floats:
    """Return how far each draw `[draw]` is from the wanted shares of each class."""
    totals = counts.sum(axis=0)
    distance = np.zeros(len(parts))
    for part, share in enumerate(shares):
        reached = (parts == part).astype(np.float64) @ counts / totals  # [draw, class]
        missing = _MISSING if part else _MISSING_FROM_TRAIN
        distance += ((reached - share) ** 2 / share).sum(axis=1) + missing * (reached == 0).sum(axis=1)
    return distance
