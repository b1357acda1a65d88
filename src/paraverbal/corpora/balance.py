"""How often training shows each clip, so that no corpus, emotion or speaker drowns the others."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paraverbal.corpora.corpus import Row


def balanced_shares(rows: Sequence[Row], by: Sequence[str]) -> NDArray[np.float64]:
    """Return the probability with which each clip is drawn, `[clip]`; they add up to 1.

    Each value of the first column is as probable as any other; within it, each value of the second that occurs there; and so
    on; within the last, each clip. A clip without a value belongs to those without.

    Args:
        rows: The clips.
        by: Columns, for example `corpus`, `emotion`, `speaker`; none: all clips alike.

    Example:
        >>> rows = [{"emotion": "anger"}, {"emotion": "anger"}, {"emotion": "sadness"}]
        >>> balanced_shares(rows, ["emotion"]).tolist()
        [0.25, 0.25, 0.5]
    """
    shares = np.ones(len(rows))
    groups: list[tuple[object, ...]] = [()] * len(rows)
    for column in by:
        inner = [(*group, row[column]) for group, row in zip(groups, rows, strict=True)]
        values = Counter(group[:-1] for group in set(inner))  # how many values each group has
        shares /= np.array([values[group] for group in groups])
        groups = inner
    sizes = Counter(groups)
    return shares / np.array([sizes[group] for group in groups], dtype=np.float64)


def labels_of_corpora(rows: Sequence[Row], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Return which labels each clip's corpus has among `rows`, `[clip, label]`."""
    known: dict[object, set[object]] = {}
    for row in rows:
        known.setdefault(row["corpus"], set()).add(row["emotion"])
    return np.array([[label in known[row["corpus"]] for label in labels] for row in rows], dtype=np.bool_)
