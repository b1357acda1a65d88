"""Whom a model serves worse: scores by speaker, sex, language, intensity, sentence, corpus and duration.

The mean over all clips hides a group that is understood badly. Every group here has its size and an interval beside its
score, since small groups differ by chance alone, and the largest gap between many groups is large by chance.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from paraverbal.corpora.corpus import Corpus
from paraverbal.errors import MetricError
from paraverbal.evaluation.predictions import Predictions, duration
from paraverbal.metrics import bootstrap
from paraverbal.metrics import classes as scores
from paraverbal.metrics.bootstrap import Interval
from paraverbal.metrics.classes import Integers

COLUMNS = ("speaker", "sex", "language", "intensity", "sentence", "corpus")
DURATION = "duration"
# Ids that each corpus gives anew: speaker 03 of one is nobody of another.
OWN_IDS = frozenset({"speaker", "sentence"})
# A gap is looked for between groups of at least as many clips.
LEAST_CLIPS = 10

Keys = Sequence[str | None]


@dataclass(frozen=True)
class GroupScores:
    """Scores of the clips of one group, as fractions.

    Attributes:
        group: The value that they share.
        clips: Number of clips.
        speakers: Number of known speakers.
        emotions: Emotions that occur, over whose recalls the UAR is the mean.
        uar: Unweighted average recall.
        wa: Accuracy.
        uar_interval: Its 95 % interval (low, high); None where there is none.
        wa_interval: That of the accuracy.
        drawn: What the intervals are drawn from: `speakers`, or `clips` where one speaker, or none, is known. An interval
            of clips says how the same people would score with other clips, nothing of other people.
        warning: Why the intervals are not to be relied on; None if nothing speaks against them.
    """

    group: str
    clips: int
    speakers: int
    emotions: tuple[str, ...]
    uar: float
    wa: float
    uar_interval: Interval | None
    wa_interval: Interval | None
    drawn: str
    warning: str | None


@dataclass(frozen=True)
class Gap:
    """The largest difference in UAR between two groups of at least `LEAST_CLIPS` clips.

    Attributes:
        value: UAR of `best` minus that of `worst`, as a fraction.
        best: The group of the highest UAR, the first on a tie.
        worst: The group of the lowest.
        warning: Why they are hard to compare (other emotions); None if nothing speaks against it.
    """

    value: float
    best: str
    worst: str
    warning: str | None


@dataclass(frozen=True)
class GroupTable:
    """Scores by one column.

    Attributes:
        column: What the clips are grouped by.
        uar: Unweighted average recall of all clips, as a fraction.
        groups: Scores of each group; durations rise, all else is sorted by name.
        unknown: Clips whose value is not known; they are in no group.
        gap: None with fewer than two groups of at least `LEAST_CLIPS` clips.
    """

    column: str
    uar: float
    groups: tuple[GroupScores, ...]
    unknown: int
    gap: Gap | None

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON types: the attributes by name, an interval as `[low, high]`."""
        document = asdict(self)
        for group in document["groups"]:
            group["emotions"] = list(group["emotions"])
            for name in ("uar_interval", "wa_interval"):
                group[name] = None if group[name] is None else list(group[name])
        return {**document, "groups": list(document["groups"])}


def groups_document(corpus: Corpus, predictions: Predictions) -> dict[str, Any]:
    """Return the scores of the groups of a corpus's clips, durations among them, as JSON types."""
    seconds = [duration(corpus, row) for row in predictions.rows]
    return {name: table.to_dict() for name, table in group_scores(predictions, seconds=seconds).items()}


def group_scores(
    predictions: Predictions, *, seconds: Sequence[float | None] | None = None, draws: int = 1000, seed: int = 0
) -> dict[str, GroupTable]:
    """Score the clips by speaker, sex, language, intensity, sentence, corpus and duration.

    Ids of speakers and sentences are written `corpus/id` where the clips are of several corpora.

    Args:
        predictions: What a model said of the clips.
        seconds: Duration of each clip, `[clip]`, None or NaN where unknown; they are cut into three groups of about as many
            clips. None makes no table of durations.
        draws: Draws of the bootstrap for each group.
        seed: Its seed.

    Returns:
        A table for each column of which a value is known.

    Raises:
        MetricError: No clips, or not one duration for each.
    """
    rows = predictions.rows
    if not rows:
        raise MetricError("there are no predictions; a score needs at least one clip")
    columns: dict[str, Keys] = {column: _values(predictions, column) for column in COLUMNS}
    order = None
    if seconds is not None:
        if len(seconds) != len(rows):
            raise MetricError(
                f"seconds has {len(seconds)} entries for {len(rows)} clips; give one for each, None if unknown"
            )
        columns[DURATION], order = _thirds(seconds)
    drawing = _Drawing(predictions, columns["speaker"], draws, seed)
    return {
        column: _table(drawing, column, keys, order if column == DURATION else None)
        for column, keys in columns.items()
        if any(key is not None for key in keys)
    }


def to_draw(speakers: Sequence[Hashable]) -> tuple[Hashable, ...] | None:
    """Return what a bootstrap draws of clips: their speakers, or None, single clips, where one speaker or none is known.

    Example:
        >>> to_draw(["a", "a", "b"]), to_draw(["a", "a"]), to_draw([None, None])
        (('a', 'a', 'b'), None, None)
    """
    known = {speaker for speaker in speakers if speaker is not None}
    alone = not known or (len(known) == 1 and None not in speakers)
    return None if alone else tuple(speakers)


class _Drawing:
    """What the scores of any group need."""

    def __init__(self, predictions: Predictions, speakers: Keys, draws: int, seed: int) -> None:
        self.truth = predictions.truth
        self.predicted = predictions.probabilities.argmax(axis=1)
        self.labels, self.speakers = predictions.labels, np.array(speakers, dtype=object)
        self.draws, self.seed = draws, seed

    def uar(self) -> float:
        return scores.uar(self.truth, self.predicted, len(self.labels))

    def group(self, name: str, clips: Integers) -> GroupScores:
        """Return the scores of some clips, given by their indices."""
        true, predicted, count = self.truth[clips], self.predicted[clips], len(self.labels)
        speakers: list[Hashable] = self.speakers[clips].tolist()
        drawn = to_draw(speakers)
        found = bootstrap.intervals(true, predicted, count, groups=drawn, draws=self.draws, seed=self.seed)
        return GroupScores(
            group=name,
            clips=len(clips),
            speakers=len({speaker for speaker in speakers if speaker is not None}),
            emotions=tuple(self.labels[index] for index in np.unique(true)),
            uar=scores.uar(true, predicted, count),
            wa=scores.accuracy(true, predicted),
            uar_interval=found.uar,
            wa_interval=found.wa,
            drawn="clips" if drawn is None else "speakers",
            warning=found.warning,
        )


def _table(drawing: _Drawing, column: str, keys: Keys, order: Sequence[str] | None) -> GroupTable:
    members: dict[str, list[int]] = {}
    for clip, key in enumerate(keys):
        if key is not None:
            members.setdefault(key, []).append(clip)
    names = sorted(members) if order is None else [name for name in order if name in members]
    groups = tuple(drawing.group(name, np.array(members[name])) for name in names)
    unknown = sum(key is None for key in keys)
    return GroupTable(column, drawing.uar(), groups, unknown, _gap(groups))


def _gap(groups: Sequence[GroupScores]) -> Gap | None:
    large = [group for group in groups if group.clips >= LEAST_CLIPS]
    if len(large) < 2:
        return None
    best, worst = max(large, key=lambda group: group.uar), min(large, key=lambda group: group.uar)
    if best.uar == worst.uar:
        worst = large[1]  # all are equal
    return Gap(best.uar - worst.uar, best.group, worst.group, _other_emotions(best, worst))


def _other_emotions(best: GroupScores, worst: GroupScores) -> str | None:
    apart = sorted(set(best.emotions) ^ set(worst.emotions))
    if not apart:
        return None
    return f"Only one of the two has clips of {', '.join(apart)}, so their UARs are means over other emotions."


def _values(predictions: Predictions, column: str) -> list[str | None]:
    """Return the value of each clip in a column, None where unknown."""
    found = [row.get(column) for row in predictions.rows]
    if column in OWN_IDS:
        corpora = [row.get("corpus") for row in predictions.rows]
        if predictions.joined or len(set(corpora)) > 1:
            return [_within(corpus, value) for corpus, value in zip(corpora, found, strict=True)]
    return [None if value is None else str(value) for value in found]


def _within(corpus: Any, value: Any) -> str | None:
    return None if value is None else str(value) if corpus is None else f"{corpus}/{value}"


def _thirds(seconds: Sequence[float | None]) -> tuple[list[str | None], list[str]]:
    """Return the group of each clip's duration, and the names of the groups, the shortest first."""
    values = [math.nan if one is None else float(one) for one in seconds]
    known = [one for one in values if math.isfinite(one)]
    if not known:
        return [None] * len(values), []
    first, second = (float(edge) for edge in np.quantile(known, [1 / 3, 2 / 3]))
    names = [f"up to {first:.2f} s", f"{first:.2f} to {second:.2f} s", f"above {second:.2f} s"]
    return [names[(one > first) + (one > second)] if math.isfinite(one) else None for one in values], names
