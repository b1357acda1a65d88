"""Which descriptors tell emotions apart: effect sizes, intervals and corrected tests of a table of clips."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from paraverbal.metrics.bootstrap import Interval, doubt
from paraverbal.metrics.classes import Floats, Integers
from paraverbal.metrics.comparison import holm
from paraverbal.metrics.effects import (
    Effects,
    Layout,
    class_effects,
    class_levels,
    effect_draws,
    effect_intervals,
    without_groups,
)
from paraverbal.metrics.significance import benjamini_hochberg, kruskal_wallis, permutation_test

# With a smaller share of clips whose speaker is known, speakers are not looked at.
LEAST_KNOWN = 0.5
DRAWS = 2000
# The least p value is 1 in 10,000, so that 88 tests can be significant after Holm's correction.
PERMUTATIONS = 9999


@dataclass(frozen=True)
class DescriptorEffect:
    """How one descriptor differs between emotions.

    Attributes:
        name: The descriptor.
        epsilon_squared: Share of its variance that emotions explain beside speakers, less chance; 0 to 1, or slightly below.
        interval: 95 % interval of it by bootstrap; None where there is none.
        p: Of the test, before correction.
        p_holm: After Holm's, over all descriptors that were tested.
        p_bh: After Benjamini's and Hochberg's.
        clips: That have the descriptor.
        highest: Emotion of the highest mean, and how many deviations (of the descriptor within speakers) it lies above the rest.
        lowest: The same of the lowest.
    """

    name: str
    epsilon_squared: float
    interval: Interval | None
    p: float
    p_holm: float
    p_bh: float
    clips: int
    highest: tuple[str, float]
    lowest: tuple[str, float]


@dataclass(frozen=True)
class EffectTable:
    """Which descriptors tell emotions apart.

    Attributes:
        ranked: The largest effect first.
        skipped: Descriptor -> why it was not tested.
        speakers: Groups whose mean was taken out; 0 where speakers are not known.
        unknown: Clips of no known speaker, which are one such group together.
        test: `permutation` within speakers, or `kruskal-wallis` where speakers are not known.
        drawn: What the intervals were drawn from: `speakers`, or `clips` with fewer than two of them.
        clips: Number of clips.
        warning: Why nothing, or little, can be said; None if nothing speaks against it.
    """

    ranked: tuple[DescriptorEffect, ...]
    skipped: dict[str, str]
    speakers: int
    unknown: int
    test: str
    drawn: str
    clips: int
    warning: str | None


def descriptor_effects(
    values: ArrayLike, names: Sequence[str], emotions: Sequence[str], speakers: Sequence[str | None], *, seed: int = 0
) -> EffectTable:
    """Return which descriptors tell emotions apart, the largest effect first.

    Where speakers are known, their means are taken out and p is from permutations within speakers; else p is Kruskal's and
    Wallis's. `metrics.effects` and `metrics.significance` tell how.

    Args:
        values: `[clip, quantity]`; clips where a quantity is NaN are left out for it.
        names: Of the quantities.
        emotions: Of the clips.
        speakers: Of the clips, None where one is not known.
        seed: Of the draws and permutations.
    """
    table = np.asarray(values, dtype=np.float64)
    labels, classes = np.unique(np.asarray(emotions, dtype=str), return_inverse=True)
    groups = speaker_groups(speakers)
    found: dict[str, DescriptorEffect] = {}
    skipped: dict[str, str] = {}
    missing = np.isnan(table)
    for pattern in np.unique(missing, axis=1).T if table.size else ():
        columns = np.flatnonzero((missing == pattern[:, np.newaxis]).all(axis=0))
        inside = ~pattern
        chosen = [names[column] for column in columns.tolist()]
        if len(np.unique(classes[inside])) < 2:
            skipped |= dict.fromkeys(chosen, "fewer than two emotions have it")
            continue
        layout = Layout.of(classes[inside], None if groups is None else groups[inside])
        part = table[np.ix_(inside, columns)]
        told = _effects_of(part, chosen, layout, labels.tolist(), by_rank=groups is None, seed=seed)
        found |= told
        reasons = dict(zip(chosen, _why_not(part, layout), strict=True))
        skipped |= {name: reason for name, reason in reasons.items() if name not in told}
    clusters = 0 if groups is None else int(groups.max()) + 1
    ranked = sorted(_corrected(list(found.values())), key=_by_size)
    return EffectTable(
        ranked=tuple(ranked),
        skipped=skipped,
        speakers=clusters,
        unknown=0 if groups is None else sum(speaker is None for speaker in speakers),
        test="kruskal-wallis" if groups is None else "permutation",
        drawn="speakers" if clusters > 1 else "clips",
        clips=len(table),
        warning=_warning(labels.tolist(), len(table), clusters or len(table), bool(ranked), skipped),
    )


def speaker_groups(speakers: Sequence[str | None]) -> Integers | None:
    """Return the index of each clip's speaker, the unknown ones together; None where fewer than half are known."""
    known = sum(speaker is not None for speaker in speakers)
    if not known or known < LEAST_KNOWN * len(speakers):
        return None
    words = np.array(["" if speaker is None else f"s{speaker}" for speaker in speakers])
    return np.unique(words, return_inverse=True)[1].astype(np.int64)


def without_speakers(values: ArrayLike, speakers: Sequence[str | None]) -> Floats:
    """Return values `[clip, quantity]` with each speaker's mean replaced by that of all clips; NaN stays NaN."""
    numbers = np.asarray(values, dtype=np.float64).copy()
    groups = speaker_groups(speakers)
    if groups is None:
        return numbers
    for column in numbers.T:
        known = ~np.isnan(column)
        if known.any():
            layout = Layout.of(np.zeros(known.sum(), dtype=np.int64), groups[known])
            column[known] = without_groups(column[known, np.newaxis], layout)[:, 0] + column[known].mean()
    return numbers


def _effects_of(
    values: Floats, names: Sequence[str], layout: Layout, labels: Sequence[str], *, by_rank: bool, seed: int
) -> dict[str, DescriptorEffect]:
    """Return the effects, before correction, of the quantities that can be tested."""
    effects = class_effects(values, layout)
    tested = np.flatnonzero(np.isfinite(effects.epsilon_squared))
    if not tested.size:
        return {}
    kept = values[:, tested]
    drawn = effect_draws(kept, layout, draws=DRAWS, seed=seed)
    test = kruskal_wallis if by_rank else partial(permutation_test, permutations=PERMUTATIONS, seed=seed)
    p = test(kept, layout)
    chosen = Effects(effects.epsilon_squared[tested], effects.f[tested], effects.df_classes, effects.df_error)
    intervals, levels = effect_intervals(chosen, drawn), _levels(kept, layout)
    there = np.unique(layout.classes).tolist()
    return {
        names[column]: DescriptorEffect(
            name=names[column],
            epsilon_squared=float(chosen.epsilon_squared[place]),
            interval=intervals[place],
            p=float(p[place]),
            p_holm=float(p[place]),
            p_bh=float(p[place]),
            clips=len(values),
            highest=max(((labels[one], float(levels[one, place])) for one in there), key=_by_level),
            lowest=min(((labels[one], float(levels[one, place])) for one in there), key=_by_level),
        )
        for place, column in enumerate(tested.tolist())
    }


def _levels(values: Floats, layout: Layout) -> Floats:
    """Return how far each class lies above the rest, `[class, quantity]`, in standard deviations within groups."""
    freedom = max(len(values) - layout.group_count, 1)
    deviation = np.sqrt(np.square(without_groups(values, layout)).sum(axis=0) / freedom)
    levels: Floats = class_levels(values, layout) / deviation
    return levels


def _by_size(effect: DescriptorEffect) -> tuple[float, str]:
    return -effect.epsilon_squared, effect.name


def _by_level(pair: tuple[str, float]) -> float:
    return pair[1]


def _corrected(found: Sequence[DescriptorEffect]) -> list[DescriptorEffect]:
    if not found:
        return []
    p = [one.p for one in found]
    return [
        replace(one, p_holm=after_holm, p_bh=after_bh)
        for one, after_holm, after_bh in zip(found, holm(p), benjamini_hochberg(p), strict=True)
    ]


def _why_not(values: Floats, layout: Layout) -> list[str]:
    """Return why each quantity has no effect."""
    effects, centred = class_effects(values, layout), without_groups(values, layout)
    if not effects.df_classes:
        return ["every speaker who has it has one emotion, which cannot be told from the speaker"] * values.shape[1]
    if effects.df_error < 1:
        return ["there are too few clips to tell emotion from chance"] * values.shape[1]
    return ["" if column.any() else "it does not vary" for column in centred.T]


def _warning(labels: Sequence[str], clips: int, clusters: int, tested: bool, skipped: dict[str, str]) -> str | None:
    if len(labels) < 2:
        return "Nothing can be told: " + (
            f"all clips are of one emotion, {labels[0]}." if labels else "there is no clip."
        )
    if not tested:
        return f"Nothing can be told: {next(iter(skipped.values()), 'there are no descriptors')}."
    return doubt(clips, clusters)
