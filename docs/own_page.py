"""The section of `results.md` on our own model, from `results/published.jsonl` and `results/test-clips.json`."""

import json
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.metrics.bootstrap import intervals
from paraverbal.metrics.classes import uar
from paraverbal.metrics.comparison import holm, paired_bootstrap
from paraverbal.report.tables import interval, p_value, signed, signed_interval
from published import CLIPS, kept, plan
from published_page import table

Line = dict[str, Any]
Answers = NDArray[np.int64]

OWN = "paraverbal-small"
NAMES = {
    "aesdd": "AESDD, 1 fold, speakers shared",
    "urdu": "URDU, 1 fold, speakers shared",
    "ravdess": "RAVDESS, 8 emotions, 6 folds, speakers apart",
    "aesdd-loso": "AESDD, a speaker left out",
    "urdu-loso": "URDU, a speaker left out",
}
FOLDS = {"aesdd": 1, "urdu": 1, "ravdess": 6, "aesdd-loso": 6, "urdu-loso": 29}
# UAR in percent of frozen encoders with a trained head, from EmoBox (Ma et al., Interspeech 2024), and what we set out to reach.
ENCODERS = ("wav2vec 2.0 base", "HuBERT base", "WavLM large", "Whisper large v3")
YARDSTICK = {
    "aesdd": (67.59, 82.30, 84.40, 79.13),
    "urdu": (87.50, 88.41, 86.61, 82.52),
    "ravdess": (54.33, 65.43, 72.00, 75.32),
}
AIMS = {"aesdd": 92, "urdu": 97, "ravdess": 76}

INTERVALS = """The interval holds 95 % of the draws of whole speakers, over the test clips of all folds and seeds together: what
other speakers would change. `seeds`: the UAR of each seed, over the test clips of its folds together; UAR: their mean."""
PAIRED = """### Each published system beside ours

The same folds; the test clips of all folds and seeds that were trained, in pairs: UAR of ours minus theirs, whole speakers drawn
10,000 times; p after Holm."""


def section() -> str:
    """Return the section; empty while nothing was trained."""
    lines = [line for line in kept() if "answers" in line]
    own = [line for line in lines if line["recipe"] == OWN]
    if not own:
        return ""
    group = next(group for group in plan()["group"] if group["name"] == "own")
    parts = [f"## {group['title']}", group["text"], _scores(own), INTERVALS]
    paired = _paired(own, lines)
    return "\n\n".join([*parts, *([PAIRED, paired] if paired else [])])


def _scores(own: Sequence[Line]) -> str:
    header = [
        "corpus and protocol",
        *ENCODERS,
        "to reach",
        "ours: UAR",
        "interval",
        "seeds",
        "trainings",
        "epochs",
        "minutes each",
    ]
    rows = []
    for corpus, name in NAMES.items():
        lines = [line for line in own if line["corpus"] == corpus]
        if not lines:
            continue
        clips = _clips()
        truth, answers, groups = _joined(lines, clips)
        found = intervals(truth, answers, int(truth.max()) + 1, groups=groups)
        seeds = sorted({line["seed"] for line in lines})
        by_seed = [_uar([line for line in lines if line["seed"] == seed], clips) for seed in seeds]
        yardstick = [f"{value:.2f}" for value in YARDSTICK.get(corpus, ())] or [""] * len(ENCODERS)
        rows.append(
            [
                *(name, *yardstick, str(AIMS.get(corpus, ""))),
                f"**{100 * statistics.mean(by_seed):.1f}**",
                interval(found.uar),
                " ".join(f"{100 * value:.1f}" for value in by_seed),
                f"{len(lines)} of {3 * FOLDS[corpus]}",
                " ".join(map(str, sorted({line["most_epochs"] for line in lines}))),
                f"{statistics.mean(line['minutes'] for line in lines):.1f}",
            ]
        )
    return table(header, rows)


def _paired(own: Sequence[Line], lines: Sequence[Line]) -> str:
    """Return a row for each published run and corpus with folds in common."""
    clips = _clips()
    found = []
    for run in (run for run in plan()["run"] if run["recipe"] != OWN):
        for corpus in NAMES:
            theirs = {
                (line["fold"], line["seed"]): line
                for line in lines
                if (line["run"], line["corpus"]) == (run["name"], corpus)
            }
            ours = {(line["fold"], line["seed"]): line for line in own if line["corpus"] == corpus}
            common = sorted(set(ours) & set(theirs))
            if common:
                found.append((run["name"], corpus, [theirs[key] for key in common], [ours[key] for key in common]))
    rows, p_values = [], []
    for name, corpus, theirs_lines, our_lines in found:
        truth, first, groups = _joined(our_lines, clips)
        _, second, _ = _joined(theirs_lines, clips)
        pair = paired_bootstrap(truth, first, second, int(truth.max()) + 1, groups=groups)
        difference = f"{signed(pair.uar.value)} ({signed_interval(pair.uar.interval)})"
        p_values.append(1.0 if pair.uar.p is None else pair.uar.p)
        uars = [f"{100 * _uar(some, clips):.1f}" for some in (theirs_lines, our_lines)]
        rows.append([name, NAMES[corpus], str(len(our_lines)), *uars, difference])
    adjusted = [p_value(p) for p in holm(p_values)] if p_values else []
    header = ["run", "corpus and protocol", "trainings", "UAR", "ours", "difference", "p"]
    return table(header, [[*row, p] for row, p in zip(rows, adjusted, strict=True)]) if rows else ""


def _uar(lines: Sequence[Line], clips: dict[str, Any]) -> float:
    """Return the UAR of the test clips of all folds together: a fold of one speaker may lack emotions."""
    truth, answers, _ = _joined(lines, clips)
    return uar(truth, answers, int(truth.max()) + 1)


def _clips() -> dict[str, Any]:
    clips: dict[str, Any] = json.loads(CLIPS.read_text(encoding="utf-8"))
    return clips


def _joined(lines: Sequence[Line], clips: dict[str, Any]) -> tuple[Answers, Answers, list[str]]:
    """Return truth, answers and speakers of the test clips of some trainings, one after the other."""
    known = [clips[f"{line['corpus']}-{line['fold']}"] for line in lines]
    truth = _numbers("".join(one["truth"] for one in known))
    answers = _numbers("".join(line["answers"] for line in lines))
    return truth, answers, [speaker for one in known for speaker in one["speakers"].split(" ")]


def _numbers(letters: str) -> Answers:
    return np.frombuffer(letters.encode("ascii"), dtype=np.uint8).astype(np.int64) - ord("a")
