"""Train the published systems as `published.toml` plans it, and keep what came out in `results/published.jsonl`.

    python docs/published.py [--runs FOLDER] [--workers 2] [--only WORD]... [--minutes M]

Needs PARAVERBAL_CORPORA and, for the public folds, PARAVERBAL_SPLITS (else `../splits/emobox` beside the corpora). What is
already in the file is not trained again; an interrupted training goes on. Each worker trains with one thread.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PLAN = HERE / "published.toml"
KEPT = HERE / "results" / "published.jsonl"
# Of each corpus and fold, in the order of the files' names: emotions and speakers of the test clips.
CLIPS = HERE / "results" / "test-clips.json"
SCORES = ("uar", "wa", "loss", "clips")


@dataclass(frozen=True)
class Unit:
    """One training: a run of the plan, one fold, one seed."""

    run: dict[str, Any]
    corpus: str
    fold: int
    seed: int

    @property
    def name(self) -> str:
        """Name of the run folder."""
        return f"{self.run['name']}-{self.corpus}-fold{self.fold}-seed{self.seed}"

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What tells it from all others."""
        return (self.run["name"], self.corpus, self.fold, self.seed)


def plan() -> dict[str, Any]:
    """Return the plan."""
    return tomllib.loads(PLAN.read_text(encoding="utf-8"))


def units(document: dict[str, Any]) -> list[Unit]:
    """Return every training of the plan: the first of each run, then the second of each, and so on."""
    listed = [list(_units(run)) for run in document["run"]]
    longest = max(map(len, listed))
    return [units[place] for place in range(longest) for units in listed if place < len(units)]


def _units(run: dict[str, Any]) -> Iterator[Unit]:
    for place in run["on"]:
        for fold in place.get("folds", [1]):
            for seed in place.get("seeds", [0]):
                yield Unit(run, place["corpus"], fold, seed)


def kept() -> list[dict[str, Any]]:
    """Return what is known of the trainings that are done."""
    if not KEPT.is_file():
        return []
    return [json.loads(line) for line in KEPT.read_text(encoding="utf-8").splitlines() if line.strip()]


def split_file(corpus: str, corpora: Path, runs: Path) -> Path:
    """Return the split of a corpus of the plan; that with a fold for each speaker is written first."""
    splits = Path(os.environ.get("PARAVERBAL_SPLITS", corpora.parent / "splits" / "emobox"))
    name, _, protocol = corpus.partition("-")
    if not protocol:
        return splits / f"{name}.csv"
    path = runs / f"{corpus}.csv"
    if not path.is_file():
        _write_loso(corpora / name, path)
    return path


def _write_loso(folder: Path, path: Path) -> None:
    from paraverbal.corpora import read_corpus

    rows = list(read_corpus(folder).table.iter_rows(named=True))
    speakers = sorted({row["speaker"] for row in rows})
    partial = path.with_suffix(".part")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "emotion", "fold", "split"])
        for fold, speaker in enumerate(speakers, 1):
            for row in rows:
                part = "test" if row["speaker"] == speaker else "train"
                writer.writerow([row["file"], row["emotion"], fold, part])
    partial.replace(path)


def command(unit: Unit, corpora: Path, runs: Path) -> list[str]:
    """Return the command line that trains a unit."""
    settings = [*unit.run.get("set", []), f"training.seed={unit.seed}"]
    return [
        str(Path(sys.executable).parent / "paraverbal"),
        "train",
        unit.run["recipe"],
        *("--corpus", str(corpora / unit.corpus.partition("-")[0])),
        *("--split", str(split_file(unit.corpus, corpora, runs)), "--fold", str(unit.fold)),
        *("--output", str(runs / unit.name), "--resume"),
        *(part for setting in settings for part in ("--set", setting)),
    ]


def train(unit: Unit, corpora: Path, runs: Path) -> dict[str, Any] | None:
    """Train a unit and return what is kept of it; None if it failed, which its log tells."""
    folder = runs / unit.name
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (runs / f"{unit.name}.log").open("w", encoding="utf-8") as log:
        done = subprocess.run(
            command(unit, corpora, runs), env=environment, stdout=log, stderr=subprocess.STDOUT, check=False
        )
    if not (folder / "result.json").is_file():
        print(f"{unit.name}: exit {done.returncode}, see its log", file=sys.stderr, flush=True)
        return None
    return summary(unit, folder)


def summary(unit: Unit, folder: Path) -> dict[str, Any]:
    """Return what is kept of a finished training."""
    document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in (folder / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    speeds = [row["samples_per_second"] for row in rows if "samples_per_second" in row]
    parts = {part: {key: scores[key] for key in SCORES} for part, scores in document["parts"].items()}
    return {
        "run": unit.run["name"],
        "corpus": unit.corpus,
        "fold": unit.fold,
        "seed": unit.seed,
        "recipe": unit.run["recipe"],
        "set": unit.run.get("set", []),
        "parts": parts,
        "selected_on": document["selected_on"],
        "epochs": document["epochs"],
        "most_epochs": document["recipe"]["training"]["epochs"],
        "best_epoch": document["best_epoch"],
        "minutes": document["minutes"],
        "samples_per_second": statistics.median(speeds) if speeds else None,
        "parameters": document["parameters"],
        "notices": document.get("notices", []),
        "answers": answers(folder),
    }


def answers(folder: Path) -> str:
    """Return what a run said of each test clip, in the order of the files' names: a letter for each emotion, a the first."""
    rows = _test_rows(folder)
    labels = _labels(folder)
    return "".join(chr(ord("a") + labels.index(row["predicted"])) for row in rows)


def keep_clips(unit: Unit, folder: Path, corpora: Path) -> None:
    """Note truth and speakers of a unit's test clips, if that was not done before."""
    known = json.loads(CLIPS.read_text(encoding="utf-8")) if CLIPS.is_file() else {}
    key = f"{unit.corpus}-{unit.fold}"
    if key in known:
        return
    from paraverbal.corpora import read_corpus

    table = read_corpus(corpora / unit.corpus.partition("-")[0]).table
    speakers = dict(table.select("file", "speaker").iter_rows())
    rows, labels = _test_rows(folder), _labels(folder)
    known[key] = {
        "labels": labels,
        "truth": "".join(chr(ord("a") + labels.index(row["emotion"])) for row in rows),
        "speakers": " ".join(str(speakers[row["file"]]) for row in rows),
    }
    CLIPS.write_text(json.dumps(dict(sorted(known.items())), indent=0) + "\n", encoding="utf-8")


def _test_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "predictions.csv").open(newline="", encoding="utf-8") as file:
        return sorted((row for row in csv.DictReader(file) if row["split"] == "test"), key=lambda row: row["file"])


def _labels(folder: Path) -> list[str]:
    labels: list[str] = json.loads((folder / "result.json").read_text(encoding="utf-8"))["labels"]
    return labels


def fill(runs: Path, corpora: Path) -> None:
    """Add their answers to trainings that were kept without them, from their run folders."""
    by_key = {unit.key: unit for unit in units(plan())}
    lines = kept()
    for line in lines:
        unit = by_key[line["run"], line["corpus"], line["fold"], line["seed"]]
        folder = runs / unit.name
        if (folder / "predictions.csv").is_file():
            keep_clips(unit, folder, corpora)
            line.setdefault("answers", answers(folder))
    KEPT.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the published systems as published.toml plans it.")
    parser.add_argument("--runs", type=Path, default=Path("runs/published"), help="where run folders go")
    parser.add_argument("--workers", type=int, default=2, help="trainings at once, one thread each")
    parser.add_argument("--only", action="append", default=[], help="only runs whose folder name holds this word")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no training after so many minutes")
    parser.add_argument("--list", action="store_true", help="only tell what is still to do")
    parser.add_argument("--fill", action="store_true", help="only add answers to what was kept without them")
    arguments = parser.parse_args()
    if arguments.fill:
        fill(arguments.runs, Path(os.environ["PARAVERBAL_CORPORA"]))
        return
    done = {(line["run"], line["corpus"], line["fold"], line["seed"]) for line in kept()}
    todo = [unit for unit in units(plan()) if unit.key not in done]
    todo = [unit for unit in todo if all(word in unit.name for word in arguments.only)]
    if arguments.list:
        print("\n".join(unit.name for unit in todo))
        return
    arguments.runs.mkdir(parents=True, exist_ok=True)
    _work(todo, arguments, Path(os.environ["PARAVERBAL_CORPORA"]))


def _work(todo: list[Unit], arguments: argparse.Namespace, corpora: Path) -> None:
    """Train what is to do, some at a time, and write down each as it is done."""
    begun = time.monotonic()
    waiting: dict[Future[dict[str, Any] | None], Unit] = {}
    with ThreadPoolExecutor(arguments.workers) as pool:
        queue = list(todo)
        while queue or waiting:
            late = time.monotonic() - begun > 60 * arguments.minutes
            while queue and len(waiting) < arguments.workers and not late:
                unit = queue.pop(0)
                waiting[pool.submit(train, unit, corpora, arguments.runs)] = unit
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                unit, line = waiting.pop(future), future.result()
                if line is not None:
                    keep_clips(unit, arguments.runs / unit.name, corpora)
                    with KEPT.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(line) + "\n")
                    test = line["parts"]["test"]
                    print(f"{unit.name}: test UAR {test['uar']:.3f}, {line['minutes']:.1f} min", flush=True)


if __name__ == "__main__":
    main()
