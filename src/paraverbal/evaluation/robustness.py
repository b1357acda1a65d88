"""What is left of a model's scores where recordings are worse than those it was made of.

Each clip is read once and predicted under every condition, so that all conditions are scored on the same clips, and what one
of them costs can be drawn clip by clip, which is far more exact than two scores side by side.
"""

import zlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.degrade import CONDITIONS, Condition
from paraverbal.audio.read import read
from paraverbal.bundle.load import Model
from paraverbal.corpora.corpus import Corpus
from paraverbal.errors import AudioError, CorpusError, MetricError
from paraverbal.evaluation.groups import to_draw
from paraverbal.evaluation.predictions import Row
from paraverbal.metrics import classes as scores
from paraverbal.metrics.bootstrap import Interval, cluster_indices, doubt, intervals
from paraverbal.metrics.comparison import paired_bootstrap

CLEAN = "clean"
DRAWS = 2000
ALONE = "One speaker or none is known, so clips were drawn one by one: the intervals say nothing of other speakers."

Progress = Callable[[int, int], None]
Outcome = NDArray[np.float64] | AudioError  # `[condition, label]`


@dataclass(frozen=True)
class ConditionScores:
    """Scores under one condition; fractions, but for `loss`.

    Attributes:
        condition: Its name.
        what: What was done to the clips.
        uar: Unweighted average recall.
        wa: Accuracy.
        loss: Mean cross-entropy in nats.
        uar_interval: 95 % interval of the UAR, (low, high), by speakers where they are known; None where there is none.
        lost: UAR of the clean clips minus this one: positive where the condition does harm; 0 for the clean clips.
        lost_interval: Its 95 % interval by the paired bootstrap; None for the clean clips.
        p: Two-sided p value of the loss, not adjusted for the number of conditions; None for the clean clips.
    """

    condition: str
    what: str
    uar: float
    wa: float
    loss: float
    uar_interval: Interval | None
    lost: float
    lost_interval: Interval | None
    p: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes as JSON types, an interval as `[low, high]`."""
        bounds = {name: getattr(self, name) for name in ("uar_interval", "lost_interval")}
        return {**asdict(self), **{name: None if one is None else list(one) for name, one in bounds.items()}}


@dataclass(frozen=True)
class RobustnessTable:
    """Scores of the same clips under several conditions.

    Attributes:
        rows: Conditions in the order given.
        clips: Number of clips that were predicted under all of them.
        clusters: Number of speakers that were drawn from, a clip of no known speaker counts as one; where only one
            speaker, or none, is known, the number of clips, which were drawn instead.
        seed: Of noise and reverberation, and of the draws.
        left_out: Condition -> why this machine cannot apply it.
        failed: `{file, error}` of each clip that could not be read or predicted.
        warning: Why the intervals are not to be relied on; None if nothing speaks against them.
    """

    rows: tuple[ConditionScores, ...]
    clips: int
    clusters: int
    seed: int
    left_out: Mapping[str, str]
    failed: tuple[Mapping[str, str], ...]
    warning: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON types: the attributes by name."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "clips": self.clips,
            "clusters": self.clusters,
            "seed": self.seed,
            "left_out": dict(self.left_out),
            "failed": [dict(entry) for entry in self.failed],
            "warning": self.warning,
        }


def robustness(
    model: Model,
    corpus: Corpus,
    rows: Sequence[Row],
    *,
    conditions: Mapping[str, Condition] = CONDITIONS,
    seed: int = 0,
    workers: int = 2,
    progress: Progress | None = None,
) -> RobustnessTable:
    """Predict clips again under conditions that do harm.

    What is random in a condition is drawn from the seed and the clip alone: it does not depend on the other clips, their order
    or the number of workers, and noise of several ratios is the same noise.

    Args:
        model: A loaded model.
        corpus: Where the recordings are.
        rows: Which of its rows; test clips, as a rule.
        conditions: By name; `clean` must be among them.
        seed: Of noise and reverberation, and of the bootstrap's draws.
        workers: Clips that are worked on at a time.
        progress: Told how many clips of how many are done.

    Raises:
        CorpusError: A row's emotion is none of the model's labels, or no clip can be used.
        MetricError: `clean` is not among the conditions.
    """
    if CLEAN not in conditions:
        raise MetricError(
            f"conditions are {', '.join(conditions) or 'none'}; add {CLEAN!r}, which they are compared with"
        )
    _reject_unknown(model, corpus, rows)
    problems = {name: condition.problem() for name, condition in conditions.items()}
    left_out = {name: problem for name, problem in problems.items() if problem is not None}
    applied = {name: condition for name, condition in conditions.items() if name not in left_out}
    outcomes = _outcomes(lambda row: _predicted(model, corpus, row, applied, seed), rows, workers, progress)
    good = [(row, one) for row, one in zip(rows, outcomes, strict=True) if not isinstance(one, AudioError)]
    failed = [(row, one) for row, one in zip(rows, outcomes, strict=True) if isinstance(one, AudioError)]
    if not good:
        raise CorpusError(f"{corpus.name}: none of the {len(rows)} recordings can be used")
    probabilities = dict(zip(applied, np.stack([one for _, one in good], axis=1), strict=True))
    clips = _Clips.of(model.labels, [row for row, _ in good], probabilities[CLEAN], seed)
    return RobustnessTable(
        rows=tuple(clips.scored(name, applied[name].what, values) for name, values in probabilities.items()),
        clips=len(good),
        clusters=clips.clusters,
        seed=seed,
        left_out=left_out,
        failed=tuple({"file": row["file"], "error": str(error)} for row, error in failed),
        warning=clips.warning,
    )


@dataclass(frozen=True)
class _Clips:
    """What the scores of every condition need.

    Attributes:
        truth: Index of each clip's emotion, `[clip]`.
        clean: Index of what was predicted of the clean clip, `[clip]`.
        classes: Number of labels.
        groups: What is drawn: the speaker of each clip; None draws single clips.
        seed: Of the draws.
        warning: Why the intervals are not to be relied on.
    """

    truth: NDArray[np.int64]
    clean: NDArray[np.int64]
    classes: int
    groups: tuple[Hashable, ...] | None
    seed: int
    warning: str | None

    @classmethod
    def of(cls, labels: Sequence[str], rows: Sequence[Row], clean: NDArray[np.float64], seed: int) -> "_Clips":
        truth = np.array([labels.index(row["emotion"]) for row in rows], dtype=np.int64)
        drawn = to_draw([_speaker(row) for row in rows])
        found = [doubt(len(rows), _count(drawn, len(rows))), ALONE if drawn is None else None]
        warning = " ".join(sentence for sentence in found if sentence) or None
        return cls(truth, clean.argmax(axis=1), len(labels), drawn, seed, warning)

    @property
    def clusters(self) -> int:
        return _count(self.groups, len(self.truth))

    def scored(self, name: str, what: str, probabilities: NDArray[np.float64]) -> ConditionScores:
        """Return the scores of a condition, `probabilities [clip, label]`."""
        predicted, clean = probabilities.argmax(axis=1), name == CLEAN
        drawing: Any = {"groups": self.groups, "draws": DRAWS, "seed": self.seed}
        lost = paired_bootstrap(self.truth, self.clean, predicted, self.classes, **drawing).uar
        return ConditionScores(
            condition=name,
            what=what,
            uar=scores.uar(self.truth, predicted, self.classes),
            wa=scores.accuracy(self.truth, predicted),
            loss=scores.cross_entropy(self.truth, probabilities),
            uar_interval=intervals(self.truth, predicted, self.classes, **drawing).uar,
            lost=lost.value,
            lost_interval=None if clean else lost.interval,
            p=None if clean else lost.p,
        )


def _outcomes(
    attempt: Callable[[Row], Outcome], rows: Sequence[Row], workers: int, progress: Progress | None
) -> list[Outcome]:
    outcomes = []
    with ThreadPoolExecutor(workers) as pool:
        for outcome in pool.map(attempt, rows):
            outcomes.append(outcome)
            if progress:
                progress(len(outcomes), len(rows))
    return outcomes


def _predicted(model: Model, corpus: Corpus, row: Row, conditions: Mapping[str, Condition], seed: int) -> Outcome:
    """Return the probabilities of a clip `[condition, label]`, or why there are none."""
    start, end = row["start"] or 0.0, row["end"]
    drawn = [seed, zlib.crc32(f"{row['file']} {start} {end}".encode())]
    try:
        waveform, rate = read(corpus.path(row["file"]), offset=start, duration=None if end is None else end - start)
        changed = (condition(waveform, rate, np.random.default_rng(drawn)) for condition in conditions.values())
        return np.array([model(one, rate) for one in changed], dtype=np.float64)
    except AudioError as error:
        return error


def _reject_unknown(model: Model, corpus: Corpus, rows: Sequence[Row]) -> None:
    unknown = sorted({row["emotion"] for row in rows} - set(model.labels))
    if unknown:
        raise CorpusError(
            f"{corpus.name}: the model does not know {', '.join(unknown)} (it knows {', '.join(model.labels)}); "
            "give rows of emotions that it knows"
        )


def _speaker(row: Row) -> Hashable:
    """Return who speaks, told apart by corpus; None where unknown."""
    return None if row["speaker"] is None else (row["corpus"], row["speaker"])


def _count(groups: Sequence[Hashable] | None, clips: int) -> int:
    return int(cluster_indices(groups, clips).max()) + 1
