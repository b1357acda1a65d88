"""The section of `results.md` on the published systems, from `published.toml` and `results/published.jsonl`."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from published import kept, plan

FOLDER = Path(__file__).parent / "results"
CORPORA = {"aesdd": "AESDD", "aesdd-loso": "AESDD, a speaker left out", "ravdess": "RAVDESS"}
FOLDS = {"aesdd": 1, "aesdd-loso": 6, "ravdess": 6}  # of the published systems

Line = dict[str, Any]

HEAD = """## The published systems

Made by `make published`; every training, with fold and seed, is a line of `docs/results/published.jsonl`. UAR and WA in percent,
loss in nats, of the test part; several seeds or folds as mean (least to greatest). With the temperature fitted on validation."""
MISSING = "not yet run: {names}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, numbers to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def percent(values: Sequence[float]) -> str:
    """Return fractions as their mean in percent, with least and greatest if there are several."""
    mean = f"{100 * statistics.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ({100 * min(values):.1f} to {100 * max(values):.1f})"


def scores(lines: Sequence[Line], key: str, part: str = "test") -> list[float]:
    """Return one score of each training."""
    return [line["parts"][part][key] for line in lines]


def trainings(lines: Sequence[Line]) -> str:
    """Return how many trainings a row is made of."""
    corpus = lines[0]["corpus"]
    folds, seeds = {line["fold"] for line in lines}, {line["seed"] for line in lines}
    words = [f"{len(folds)} of {FOLDS[corpus]} folds"] if FOLDS[corpus] > 1 else []
    words += [f"{len(seeds)} seeds"] if len(seeds) > 1 else []
    return ", ".join(words) or "1 seed"


def epochs(lines: Sequence[Line]) -> str:
    """Return the best epochs, of how many."""
    best = sorted(line["best_epoch"] for line in lines)
    last = max(line["epochs"] for line in lines)
    return f"{best[0]} of {last}" if len(set(best)) == 1 else f"{best[0]} to {best[-1]} of {last}"


def row(lines: Sequence[Line]) -> list[str]:
    """Return what a row says of some trainings: scores, epochs, speed, time."""
    speeds = [line["samples_per_second"] for line in lines if line["samples_per_second"]]
    return [
        trainings(lines),
        percent(scores(lines, "uar", "valid")),
        percent(scores(lines, "uar")),
        percent(scores(lines, "wa")),
        f"{statistics.mean(scores(lines, 'loss')):.3f}",
        epochs(lines),
        f"{statistics.median(speeds):.0f}" if speeds else "",
        f"{statistics.mean(line['minutes'] for line in lines):.1f}",
    ]


def fewer_epochs(run: Line) -> str:
    """Return how many epochs a run has, and how many were published; empty where they are as many."""
    if "published_epochs" not in run:
        return ""
    epochs = dict(setting.split("=", 1) for setting in run["set"])["training.epochs"]
    return f"{epochs} (published: {run['published_epochs']})"


HEADER = ["trainings", "valid UAR", "test UAR", "test WA", "test loss", "best epoch", "clips/s", "minutes each"]


def group_section(group: Line, runs: Sequence[Line], lines: Sequence[Line]) -> str:
    """Return one group: its text and a row for each run and corpus; of the folds that it names, if it names any."""
    if "only" in group:
        lines = [line for line in lines if [line["corpus"], line["fold"]] in group["only"]]
    rows, missing = [], []
    for run in runs:
        found = False
        for corpus in FOLDS:
            of_corpus = [line for line in lines if line["run"] == run["name"] and line["corpus"] == corpus]
            if of_corpus:
                found = True
                what = run.get("what", run["name"])
                rows.append([what, CORPORA[corpus], run.get("claim", ""), fewer_epochs(run), *row(of_corpus)])
        if not found:
            missing.append(run["name"])
    body = table(["run", "corpus", "claim", "epochs here", *HEADER], rows) if rows else ""
    notes = MISSING.format(names=", ".join(missing)) if missing else ""
    said = NOTES.get(group["name"], lambda _: "")(lines)
    return "\n\n".join(part for part in (f"### {group['title']}", group["text"], body, said, notes) if part)


def selection_note(lines: Sequence[Line]) -> str:
    """Return what choosing on the test clips is worth, seed by seed."""
    by_run = {name: {line["seed"]: line for line in lines if line["run"] == name} for name in SELECTION}
    valid, test = (by_run[name] for name in SELECTION)
    seeds = sorted(set(valid) & set(test))
    if not seeds:
        return ""
    gains = [100 * (test[seed]["parts"]["test"]["wa"] - valid[seed]["parts"]["test"]["wa"]) for seed in seeds]
    listed = ", ".join(f"{gain:+.1f}" for gain in gains)
    return f"Choosing the epoch on the test clips adds {statistics.mean(gains):.1f} points of WA ({listed} for seeds {seeds})."


def batch_note(lines: Sequence[Line]) -> str:
    """Return what masked batches give beside the batch of one, in UAR and in clips per second."""
    sentences = []
    for settings, *names in BATCHES:
        one, sixteen = (scores([line for line in lines if line["run"] == name], "uar") for name in names)
        if one and sixteen:
            sentences.append(f"{settings}: {beside(one, sixteen)}.")
    bench = json.loads((FOLDER / "bench-batches.json").read_text(encoding="utf-8"))
    masked, alone = (bench["ratio_to_first"][f"3 layers: {name}"] for name in ("masked 16", "batch of one"))
    sentences.append(
        f"Side by side in one run on {bench['cores']} cores ([speed](#batches)), they train {masked:.1f} times as many clips per "
        f"second as one clip a step in fp32, as published, and {masked / alone:.1f} times as many as one clip a step in the "
        "precision of the recipe; 5 times were hoped for."
    )
    return " ".join(sentences)


def beside(one: Sequence[float], sixteen: Sequence[float]) -> str:
    """Return how the UAR of batches of 16 lies to that of the batch of one, and how far seeds are apart."""
    gap = 100 * (statistics.mean(sixteen) - statistics.mean(one))
    side = f"{abs(gap):.1f} points {'above' if gap > 0 else 'below'} the batch of one"
    apart = [f"{100 * (max(values) - min(values)):.1f}" for values in (one, sixteen) if len(values) > 1]
    return f"{side}, seeds up to {' and '.join(apart)} apart" if apart else side


SELECTION = ("adaptive-cnn-3", "adaptive-cnn-3-test")
# Settings, one clip a step, batches of 16.
BATCHES = (
    (
        "Batches of 16, 4e-3 and betas of 0 and 0.984, no noise reduction",
        "adaptive-cnn-3-noisy-one",
        "adaptive-cnn-3-noisy-betas",
    ),
    ("4e-3 and Adam's usual betas, no noise reduction", "adaptive-cnn-3-noisy-one", "adaptive-cnn-3-noisy-rate0.004"),
    ("2e-3 and Adam's usual betas, no noise reduction", "adaptive-cnn-3-noisy-one", "adaptive-cnn-3-noisy"),
    ("4e-3 and betas of 0 and 0.984, noise reduction by profile", "adaptive-cnn-3", "adaptive-cnn-3-betas"),
    ("2e-3 and Adam's usual betas, noise reduction by profile", "adaptive-cnn-3", "adaptive-cnn-3-batch16"),
    ("The same in 300 epochs", "adaptive-cnn-3", "adaptive-cnn-3-batch16-300"),
)
NOTES = {"selection": selection_note, "batch": batch_note}


def recipes_section(group: Line, runs: Sequence[Line], lines: Sequence[Line]) -> str:
    """Return every recipe in a row: the claim, and the scores on each corpus."""
    claims: dict[str, str] = {}
    names: dict[str, list[str]] = {}
    caps: dict[str, list[str]] = {}
    for run in runs:
        claims.setdefault(run["recipe"], run.get("claim", ""))
        names.setdefault(run["recipe"], []).append(run["name"])
        if fewer_epochs(run):
            caps.setdefault(run["recipe"], []).append(f"{CORPORA[run['on'][0]['corpus']]}: {fewer_epochs(run)}")
    rows = []
    for recipe, members in names.items():
        cells = [recipe, claims[recipe]]
        for corpus in FOLDS:
            of_corpus = [line for line in lines if line["run"] in members and line["corpus"] == corpus]
            of_corpus = of_corpus or earlier(recipe, corpus)
            if of_corpus:
                what = f"{percent(scores(of_corpus, 'uar'))}; WA {percent(scores(of_corpus, 'wa'))}"
                cells.append(f"{what}; loss {statistics.mean(scores(of_corpus, 'loss')):.3f}; {trainings(of_corpus)}")
            else:
                cells.append("")
        rows.append([*cells, "; ".join(caps.get(recipe, []))])
    header = ["recipe", "claim", *(f"{name}: test UAR" for name in CORPORA.values()), "fewer epochs than published"]
    return "\n\n".join([f"### {group['title']}", group["text"], table(header, rows)])


def earlier(recipe: str, corpus: str) -> list[Line]:
    """Return a training that an older file holds: that of `cnn-lstm` on AESDD."""
    path = FOLDER / f"{corpus}.json"
    if not path.is_file():
        return []
    document = json.loads(path.read_text(encoding="utf-8"))
    return [{**document, "corpus": corpus, "fold": 1, "seed": 0}] if document["recipe"] == recipe else []


def section() -> str:
    """Return the whole section; empty while nothing was trained."""
    document, lines = plan(), kept()
    if not lines:
        return ""
    parts = [HEAD]
    for group in document["group"]:
        if group["name"] == "own":
            continue
        runs = [run for run in document["run"] if group["name"] in run["group"]]
        make = recipes_section if group["name"] == "recipes" else group_section
        parts.append(make(group, runs, lines))
    return "\n\n".join(parts)
