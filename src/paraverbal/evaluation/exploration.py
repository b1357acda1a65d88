"""Corpus -> what is in it as numbers: each clip's length and level, which descriptors tell emotions apart, a map, outliers."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.read import Waveform, read
from paraverbal.errors import AudioError
from paraverbal.evaluation.descriptor_effects import EffectTable, descriptor_effects
from paraverbal.evaluation.outliers import Outlier, Signal, outliers, signal_of
from paraverbal.evaluation.projection import Projection, project
from paraverbal.features.describe import Features, describe
from paraverbal.features.store import features_of_each
from paraverbal.metrics.classes import Floats

if TYPE_CHECKING:
    from paraverbal.corpora.corpus import Corpus

SET = "functionals"
# The functional that is 0 in a clip without voiced frames.
VOICE = "VoicedSegmentsPerSec"
# Processes that compute functionals.
WORKERS = 2
# Threads that decode, which releases the interpreter's lock.
_READERS = 4
COUNTED = ("emotion", "label", "speaker", "sex", "language", "intensity", "sentence", "corpus")

# Recordings, and the name of a set of features -> the features of each, or why there are none.
Measure = Callable[[Sequence[str], str], Iterable[Features | AudioError]]


@dataclass(frozen=True)
class Clip:
    """An utterance that could be read: its row in short, and what its waveform tells."""

    file: str
    start: float | None
    end: float | None
    emotion: str
    speaker: str | None
    signal: Signal

    @property
    def name(self) -> str:
        """The file, with the times of a part of it, as `talk.wav#t=1.5,3`."""
        return _name(vars(self))


@dataclass(frozen=True, eq=False)
class Exploration:
    """What is in a corpus.

    Attributes:
        clips: That could be read and measured.
        names: Of the functionals.
        values: `[clip, quantity]`, NaN where a functional does not exist.
        effects: Which functionals tell emotions apart.
        projection: The map; None with fewer than two clips, or where nothing varies.
        outliers: The furthest first.
        failed: `{file, error}` of each clip that could not be read or measured.
        counts: Column -> value -> clips, of columns that are known; the most frequent first.
        speaker_emotions: Speaker -> emotion -> clips.
    """

    clips: tuple[Clip, ...]
    names: tuple[str, ...]
    values: Floats
    effects: EffectTable
    projection: Projection | None
    outliers: list[Outlier]
    failed: list[dict[str, str]]
    counts: dict[str, dict[str, int]]
    speaker_emotions: dict[str, dict[str, int]]

    def to_dict(self) -> dict[str, Any]:
        """Return what was found as JSON values, without the table of functionals itself."""
        return {
            "effects": asdict(self.effects),
            "explained": None if self.projection is None else list(self.projection.explained),
            "outliers": [
                {"file": self.clips[one.clip].name, "score": one.score, "reasons": list(one.reasons)}
                for one in self.outliers
            ],
            "failed": self.failed,
            "counts": self.counts,
        }


def explore(corpus: "Corpus", *, measure: Measure | None = None) -> Exploration:
    """Read and measure every clip of a corpus, and tell what is in it.

    Args:
        corpus: The corpus; a row with `start` and `end` is the part between them.
        measure: What computes functionals; None for the 88 of eGeMAPS, in two processes.

    Returns:
        What was found. A clip that cannot be read is in `failed` and nowhere else; if none can, the rest is empty.
    """
    rows = corpus.table.to_dicts()
    several = len({row["corpus"] for row in rows}) > 1
    heard = _signals(corpus, rows)
    described = _described(corpus, rows, heard, measure or partial(features_of_each, workers=WORKERS))
    clips, features, failed, good = [], [], [], []
    for row, signal, found in zip(rows, heard, described, strict=True):
        if isinstance(signal, Signal) and isinstance(found, Features):
            clips.append(Clip(row["file"], row["start"], row["end"], row["emotion"], speaker_of(row, several), signal))
            features.append(found)
            good.append(row)
        else:
            problem = signal if isinstance(signal, str) else str(found)
            failed.append({"file": _name(row), "error": problem})
    names = features[0].names if features else ()
    values = np.array([one.values[:, 0] for one in features], dtype=np.float64).reshape(len(features), len(names))
    values[~np.isfinite(values) | _voiceless(values, names)] = np.nan
    emotions, speakers = [clip.emotion for clip in clips], [clip.speaker for clip in clips]
    return Exploration(
        clips=tuple(clips),
        names=names,
        values=values,
        effects=descriptor_effects(values, names, emotions, speakers),
        projection=project(values, names, emotions, speakers),
        outliers=outliers([clip.signal for clip in clips], values, names),
        failed=failed,
        counts=_counts(good, several),
        speaker_emotions=_speaker_emotions(good, several),
    )


def speaker_of(row: Mapping[str, Any], several: bool) -> str | None:
    """Return who speaks, `corpus/speaker` where several corpora are joined; None where that is not known."""
    if row["speaker"] is None:
        return None
    return f"{row['corpus']}/{row['speaker']}" if several else str(row["speaker"])


def _name(row: Mapping[str, Any]) -> str:
    if row["start"] is None and row["end"] is None:
        return str(row["file"])
    end = "" if row["end"] is None else f",{row['end']:g}"
    return f"{row['file']}#t={row['start'] or 0:g}{end}"


def _part(corpus: "Corpus", row: Mapping[str, Any]) -> tuple[Waveform, int]:
    """Return the waveform of an utterance, at its own rate, and the rate."""
    start = row["start"] or 0.0
    duration = None if row["end"] is None else row["end"] - start
    return read(corpus.path(row["file"]), offset=start, duration=duration)


def _signals(corpus: "Corpus", rows: Sequence[Mapping[str, Any]]) -> list[Signal | str]:
    """Return what each waveform tells, or what is wrong with it."""
    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(partial(_signal, corpus), rows))


def _signal(corpus: "Corpus", row: Mapping[str, Any]) -> Signal | str:
    try:
        return signal_of(*_part(corpus, row))
    except AudioError as error:
        return error.problem
    except OSError as error:
        return f"cannot be read ({error.strerror or error}); check the path and its permissions"


def _described(
    corpus: "Corpus", rows: Sequence[Mapping[str, Any]], heard: Sequence[Signal | str], measure: Measure
) -> list[Features | AudioError | None]:
    """Return the functionals of each utterance; files together, parts of files one by one; None of what cannot be read."""
    good = [isinstance(one, Signal) for one in heard]
    whole = [row["start"] is None and row["end"] is None for row in rows]
    files = [str(corpus.path(row["file"])) for row, *both in zip(rows, good, whole, strict=True) if all(both)]
    found = iter(measure(files, SET) if files else ())
    return [
        None if not is_good else next(found) if is_whole else _describe_part(corpus, row)
        for row, is_good, is_whole in zip(rows, good, whole, strict=True)
    ]


def _describe_part(corpus: "Corpus", row: Mapping[str, Any]) -> Features | AudioError:
    try:
        told = describe(*_part(corpus, row))
    except AudioError as error:
        return error
    return Features(_name(row), tuple(told), np.array([list(told.values())], dtype=np.float32).T, np.empty(0))


def _voiceless(values: Floats, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return where a clip without voice has the zeros that models take for what only voiced frames have."""
    voiced = np.array(["_sma3nz_" in name and "UV" not in name for name in names], dtype=bool)
    if VOICE not in names:
        return np.zeros(values.shape, dtype=bool)
    result: NDArray[np.bool_] = (values[:, [names.index(VOICE)]] == 0) & voiced
    return result


def _counts(rows: Sequence[Mapping[str, Any]], several: bool) -> dict[str, dict[str, int]]:
    """Return column -> value -> clips of what is known, the most frequent first; labels that are the emotions are left out."""
    columns = {name: [row[name] for row in rows] for name in COUNTED}
    columns["speaker"] = [speaker_of(row, several) for row in rows]
    if columns["label"] == columns["emotion"]:
        del columns["label"]
    if not several:
        del columns["corpus"]
    counted = {
        name: Counter(sorted(value for value in values if value is not None)) for name, values in columns.items()
    }
    return {name: dict(counts.most_common()) for name, counts in counted.items() if counts}


def _speaker_emotions(rows: Sequence[Mapping[str, Any]], several: bool) -> dict[str, dict[str, int]]:
    counts = Counter((speaker_of(row, several), row["emotion"]) for row in rows)
    emotions = sorted({row["emotion"] for row in rows})
    speakers = sorted({speaker for speaker, _ in counts if speaker is not None}, key=_in_order)
    return {speaker: {emotion: counts[speaker, emotion] for emotion in emotions} for speaker in speakers}


def _in_order(name: str) -> tuple[int, str]:
    """Sort `9` before `10`."""
    return len(name), name
