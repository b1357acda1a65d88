"""Numbers behind the splits: which unit (a file, a speaker) goes to which part, or is tested in which fold.

Parts are numbered 0, 1, ... with the wanted `shares` `[part]`, which sum to 1. Part 0 is the training part. Folds are
numbered 0, 1, ..., all alike.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
_Change = Callable[[Integers, int, int, np.random.Generator], Integers]

# The search for groups: that many orders of the groups are tried, then that often the best draw is changed in places.
DRAWS = 2048
ROUNDS = 16
FOLD_ROUNDS = 48  # many folds have more places to go to than three parts
_LARGEST_SEARCH = 500_000  # draws x groups, so that thousands of groups stay quick and small
_ROUNDING = 1e-9  # a share of units that is whole but for the computer's rounding is whole
_CHANGED_GROUPS = 2.0  # of the best draw, on average
_MISSING = 1000.0  # for a class missing from a part: above any sum of deviations ...
_MISSING_FROM_TRAIN = 10.0 * _MISSING  # ... and what is not trained cannot be recognised
_IMPOSSIBLE = 1e9  # for a fold that cannot be used: above any number of classes missing from folds


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


def stratified_in_turn(classes: Integers, valid: float, test: float, generator: np.random.Generator) -> Integers:
    """Draw test (part 2) from all units, then valid (part 1) from those that are left; part 0 is the rest.

    Each of the two is as large as its share of the units it is cut from, rounded up, but has a unit of each class.

    Args:
        classes: Class of each unit `[unit]`, 0 to number of classes - 1, each with at least 3 units.
        valid: Share of what is left without the test part, 0 to 1.
        test: Share of all units, 0 to 1.
        generator: Source of randomness.

    Returns:
        Part of each unit `[unit]`.
    """
    sizes = np.bincount(classes)
    tested = counts_to_cut(sizes, test, left=2)
    validated = counts_to_cut(sizes - tested, valid, left=1)
    parts = np.zeros(len(classes), dtype=np.int64)
    for one in range(len(sizes)):
        members = generator.permutation(np.flatnonzero(classes == one))
        parts[members[: tested[one]]] = 2
        parts[members[tested[one] : tested[one] + validated[one]]] = 1
    return parts


def counts_to_cut(sizes: Integers, share: float, *, left: int) -> Integers:
    """Return how many units of each class `[class]` a part takes that is this share of all, rounded up.

    The classes share them by largest remainder; each gives at least one and keeps at least `left`.

    Args:
        sizes: Units of each class `[class]`, each more than `left`.
        share: 0 to 1.
        left: Units of a class that are not taken, at least.
    """
    most = sizes - left
    total = min(max(math.ceil(share * sizes.sum() - _ROUNDING), len(sizes)), int(most.sum()))
    exact = total * sizes / sizes.sum()
    counts: Integers = np.clip(np.floor(exact).astype(np.int64), 1, most)
    while counts.sum() < total:
        counts[np.argmax(np.where(counts < most, exact - counts, -np.inf))] += 1
    while counts.sum() > total:
        counts[np.argmax(np.where(counts > 1, counts - exact, -np.inf))] -= 1
    return counts


def stratified_folds(classes: Integers, folds: int, generator: np.random.Generator) -> Integers:
    """Draw the fold that tests each unit at random: sizes of folds, and of each class in them, differ by 1 at most.

    Args:
        classes: Class of each unit `[unit]`.
        folds: Number of folds.
        generator: Source of randomness.

    Returns:
        Fold of each unit `[unit]`, 0 to folds - 1.
    """
    drawn = generator.permutation(len(classes))
    by_class = drawn[np.argsort(classes[drawn], kind="stable")]
    tested = np.empty(len(classes), dtype=np.int64)
    tested[by_class] = np.arange(len(classes)) % folds  # going on from class to class keeps the folds' sizes even
    return tested


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
    counts = _counts(classes, groups)
    sizes = counts.sum(axis=1)
    chosen = _search(
        sizes, shares, lambda parts: _distance(parts, counts, shares), generator, change=_change, rounds=ROUNDS
    )
    return chosen[groups]


def folds_apart(
    classes: Integers, groups: Integers, folds: int, generator: np.random.Generator, *, least: int = 1
) -> Integers:
    """Draw the fold that tests each unit so that no group is in two folds and the folds are as even as a search finds.

    The search is that of `groups_apart`, but in half of the changed draws two groups change places. Best is: each fold
    has its groups, no class is in one fold alone (the fold that tests it could not train it), as few classes as
    possible are missing from folds, then the least sum over folds of (reached share - 1/folds)^2, of each class and of
    all units.

    Args:
        classes: Class of each unit `[unit]`, 0 to number of classes - 1.
        groups: Group of each unit `[unit]`, 0 to number of groups - 1.
        folds: Number of folds; at most as many as there are groups.
        generator: Source of randomness.
        least: Groups that each fold has at least.

    Returns:
        Fold of each unit `[unit]`, 0 to folds - 1. Where there are not enough groups, a class may still be in one fold
        alone: that is for the caller to see.
    """
    counts = _counts(classes, groups)
    shares = np.full(folds, 1 / folds)
    sizes = counts.sum(axis=1)
    chosen = _search(
        sizes,
        shares,
        lambda parts: _unevenness(parts, counts, folds, least),
        generator,
        change=_change_or_swap,
        rounds=FOLD_ROUNDS,
    )
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


def _counts(classes: Integers, groups: Integers) -> Floats:
    """Return how many units of each class each group has `[group, class]`."""
    counts = np.zeros((groups.max() + 1, classes.max() + 1))
    np.add.at(counts, (groups, classes), 1.0)
    return counts


def _search(
    sizes: Floats,
    shares: Floats,
    distance: Callable[[Integers], Floats],
    generator: np.random.Generator,
    *,
    change: _Change,
    rounds: int,
) -> Integers:
    """Return the part of each group `[group]` in the draw whose `distance` is the least of all that were tried.

    Args:
        sizes: Units of each group `[group]`.
        shares: `[part]`.
        distance: Draws `[draw, group]` -> how bad each is `[draw]`.
        generator: Source of randomness.
        change: The best draw `[group]`, number of draws, number of parts, generator -> draws near it `[draw, group]`.
        rounds: How often the best draw is changed.
    """
    draws = int(np.clip(_LARGEST_SEARCH // len(sizes), 64, DRAWS))
    orders = generator.permuted(np.tile(np.arange(len(sizes)), (draws, 1)), axis=1)
    parts = _cut(orders, sizes, shares)
    for _ in range(rounds):
        best = parts[np.argmin(distance(parts))]
        parts = change(best, draws, len(shares), generator)
    chosen: Integers = parts[np.argmin(distance(parts))]
    return chosen


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


def _change_or_swap(parts: Integers, draws: int, count: int, generator: np.random.Generator) -> Integers:
    """Return what `_change` does, but in the second half of the draws two groups have changed places."""
    changed = _change(parts, draws, count, generator)
    rows = np.arange(draws // 2, draws)
    first, second = generator.integers(len(parts), size=(2, len(rows)))
    changed[rows] = parts
    changed[rows, first], changed[rows, second] = parts[second], parts[first]
    return changed


def _distance(parts: Integers, counts: Floats, shares: Floats) -> Floats:
    """Return how far each draw `[draw]` is from the wanted shares of each class."""
    totals = counts.sum(axis=0)
    distance = np.zeros(len(parts))
    for part, share in enumerate(shares):
        reached = (parts == part).astype(np.float64) @ counts / totals  # [draw, class]
        missing = _MISSING if part else _MISSING_FROM_TRAIN
        distance += ((reached - share) ** 2 / share).sum(axis=1) + missing * (reached == 0).sum(axis=1)
    return distance


def _unevenness(parts: Integers, counts: Floats, folds: int, least: int) -> Floats:
    """Return how far each draw `[draw]` is from folds that are alike, in each class and in all."""
    counts = np.column_stack([counts, counts.sum(axis=1)])  # the last column: all classes
    totals = counts.sum(axis=0)
    uneven = np.zeros(len(parts))
    for fold in range(folds):
        inside = (parts == fold).astype(np.float64)
        inside_counts = inside @ counts  # [draw, class]
        reached = inside_counts / totals
        alone = (inside_counts == totals).any(axis=1)
        uneven += ((reached - 1 / folds) ** 2).sum(axis=1) + _MISSING * (reached == 0).sum(axis=1)
        uneven += _IMPOSSIBLE * (alone.astype(np.float64) + (inside.sum(axis=1) < least))
    return uneven
