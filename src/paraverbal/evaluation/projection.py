"""A map of clips: the plane in which their descriptors differ most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paraverbal.evaluation.descriptor_effects import speaker_groups
from paraverbal.metrics.classes import Floats, Integers
from paraverbal.metrics.effects import Layout, class_effects, without_groups

# Quantities that are named for each axis.
LOADINGS_NAMED = 4

Loadings = tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class Projection:
    """Clips as points of a plane: the two directions in which standardised functionals differ most.

    Attributes:
        places: `[clip, 2]`, in standard deviations.
        explained: Share of the variance of all functionals along each axis.
        loadings: The functionals that make up most of each axis, with their weight.
        by_emotion: Share of the plane's variance that emotions explain, epsilon squared of a one-way layout; None unknown.
        by_speaker: The same of speakers.
    """

    places: Floats
    explained: tuple[float, float]
    loadings: tuple[Loadings, Loadings]
    by_emotion: float | None
    by_speaker: float | None


def project(
    values: ArrayLike, names: Sequence[str], emotions: Sequence[str], speakers: Sequence[str | None]
) -> Projection | None:
    """Return the clips on the first two principal components of the standardised quantities.

    A value that is NaN counts as the mean; a quantity that does not vary is left out. The sign of an axis is that of its
    strongest quantity. None with fewer than two clips, or where nothing varies.
    """
    table = np.asarray(values, dtype=np.float64)
    if len(table) < 2:
        return None
    known = ~np.isnan(table)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, table, np.where(known, table, 0).sum(axis=0) / count)
    centred = without_groups(filled, Layout.of(np.zeros(len(table), dtype=np.int64)))
    deviation = np.sqrt(np.square(centred).mean(axis=0))
    varying = np.flatnonzero(deviation)
    if not varying.size:
        return None
    places, weights, shares = _plane(centred[:, varying] / deviation[varying])
    listed = [names[column] for column in varying.tolist()]
    return Projection(
        places=places,
        explained=(float(shares[0]), float(shares[1])),
        loadings=(_strongest(weights[0], listed), _strongest(weights[1], listed)),
        by_emotion=_share(places, np.unique(np.asarray(emotions, dtype=str), return_inverse=True)[1]),
        by_speaker=_share(places, speaker_groups(speakers)),
    )


def _plane(standard: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the places `[clip, 2]`, the weights `[2, quantity]` and the shares of variance `[component]` of the components."""
    left, sizes, axes = np.linalg.svd(standard, full_matrices=False)
    kept = min(2, len(sizes))
    places, weights = np.zeros((len(standard), 2)), np.zeros((2, standard.shape[1]))
    strongest = np.abs(axes[:kept]).argmax(axis=1)
    signs = np.where(axes[np.arange(kept), strongest] < 0, -1.0, 1.0)
    places[:, :kept] = left[:, :kept] * sizes[:kept] * signs
    weights[:kept] = axes[:kept] * signs[:, np.newaxis]
    shares = np.append(np.square(sizes) / np.square(sizes).sum(), 0.0)
    return places, weights, shares


def _strongest(weights: Floats, names: Sequence[str]) -> Loadings:
    order = np.argsort(-np.abs(weights), kind="stable")[:LOADINGS_NAMED]
    return tuple((names[index], float(weights[index])) for index in order if weights[index])


def _share(places: Floats, groups: Integers | None) -> float | None:
    """Return the share of the variance of both axes together that groups explain; None where it cannot be told."""
    if groups is None:
        return None
    found, variance = class_effects(places, Layout.of(groups)).epsilon_squared, places.var(axis=0)
    known = np.isfinite(found)
    return float((found[known] * variance[known]).sum() / variance[known].sum()) if known.any() else None
