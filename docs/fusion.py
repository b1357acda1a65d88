"""What text is worth beside the voice, and what a model loses that lacks one of them: `results/fusion.json`.

    python docs/fusion.py [--runs FOLDER] [--only made|ravdess]

On a made corpus (`examples/make_text_corpus.py`) whose words tell half of the emotions and whose voice the other half, and on
RAVDESS, whose two sentences are the same in every emotion (folds 2 to 6 of EmoBox). Each kind of fusion is trained beside the
voice alone and, on the made corpus, the text alone; every model of both is tested with the voice alone, the text alone, and
shuffled texts. A finished run is kept; each result is written down when it is there.

RAVDESS needs PARAVERBAL_CORPORA, and for the fold PARAVERBAL_SPLITS as `published.py`.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parent / "results" / "fusion.json"
MAKER = Path(__file__).parent.parent / "examples" / "make_text_corpus.py"

# Many test speakers: emotions that a model cannot tell apart it guesses, and on few clips luck would be points.
SPEAKERS, REPEATS = 56, 6
TRAIN_SPEAKERS, VALID_SPEAKERS = 12, 4

# Of RAVDESS these: the kinds of fusion were settled with fold 1 at hand, whose test clips had been seen (docs/log.md).
FOLDS = ("2", "3", "4", "5", "6")

# Emotions that the made corpus's voice tells; of the others its words tell.
BY_VOICE = ("anger", "happiness", "sadness")

# What is trained: name -> recipe and settings.
MODELS = {
    "audio": ("audio-text-early", ["text.encoder=none"]),
    "text": ("text-only", []),
    "early": ("audio-text-early", []),
    "middle": ("audio-text-middle", []),
    "cross": ("audio-text-middle", ["fusion.attention=cross"]),
    "late": ("audio-text-late", []),
}
# Of each corpus: what is trained, and with which settings. Pieces of clips are shown of RAVDESS, which halves the time.
PARTS: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "made": (tuple(MODELS), ["training.epochs=30"]),
    "ravdess": (
        ("audio", "early", "middle", "late"),
        ["training.epochs=30", "augment.crop_seconds=2.0", "augment.copies=1", "augment.keep_original=false"],
    ),
}


def made(folder: Path) -> tuple[Path, Path]:
    """Return the made corpus and its split, made now unless they are there."""
    corpus, split = folder / "made", folder / "made-split.csv"
    if not split.is_file():
        asked = ["--speakers", str(SPEAKERS), "--repeats", str(REPEATS)]
        subprocess.run([sys.executable, str(MAKER), str(corpus), *asked], check=True, stdout=sys.stderr)
        with (corpus / "clips.csv").open(encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table))
        with split.open("w", encoding="utf-8", newline="") as table:
            writer = csv.writer(table)
            writer.writerow(["file", "emotion", "fold", "split"])
            writer.writerows([row["file"], row["emotion"], 1, part_of(row["speaker"])] for row in rows)
    return corpus, split


def part_of(speaker: str) -> str:
    """Return the part of a made speaker, `s1` to `s56`."""
    number = int(speaker.removeprefix("s"))
    return "train" if number <= TRAIN_SPEAKERS else "valid" if number <= TRAIN_SPEAKERS + VALID_SPEAKERS else "test"


def ravdess(folder: Path) -> tuple[Path, Path]:
    """Return RAVDESS and the folds of EmoBox's split that are used, written now unless they are there."""
    corpus, split = Path(os.environ["PARAVERBAL_CORPORA"]) / "ravdess", folder / "ravdess-split.csv"
    splits = Path(os.environ.get("PARAVERBAL_SPLITS", corpus.parent.parent / "splits" / "emobox"))
    if not split.is_file():
        with (splits / "ravdess.csv").open(encoding="utf-8", newline="") as table:
            head, *rows = csv.reader(table)
        with split.open("w", encoding="utf-8", newline="") as table:
            csv.writer(table).writerows([head, *(row for row in rows if row[head.index("fold")] in FOLDS)])
    return corpus, split


def trained(name: str, part: str, corpus: Path, split: Path, folder: Path) -> Path:
    """Return the run of a model, or its cross-validation where the split has folds, trained now unless it is there."""
    recipe, settings = MODELS[name]
    run = folder / f"{part}-{name}"
    how = ["train", recipe] if part == "made" else ["crossval", recipe, "--protocol", "official"]
    asked = [str(Path(sys.executable).parent / "paraverbal"), *how, "--corpus", str(corpus), "--resume"]
    asked += ["--split", str(split), "--output", str(run)]
    for setting in (*settings, *PARTS[part][1]):
        asked += ["--set", setting]
    if not (run / "result.json").is_file():
        done = subprocess.run(asked, check=False, stdout=sys.stderr)
        if done.returncode > 1:
            raise SystemExit(f"{' '.join(asked)}: exit {done.returncode}")
    return run


def told(run: Path) -> dict[str, Any]:
    """Return what is kept of a run; `recall` of the emotions that the made corpus's voice tells, and of those its words tell."""
    document = json.loads((run / "result.json").read_text(encoding="utf-8"))
    keys = ("uar", "wa", "clips", "parameters", "epochs", "minutes", "ablation")
    tables = {"": run / "predictions.csv"}
    tables |= {name: run / "ablation" / f"{name.replace(' ', '-')}.csv" for name in ("audio only", "text only")}
    recall = {name: recalls(table) for name, table in tables.items() if table.is_file()}
    return {key: document[key] for key in keys if key in document} | {"recall": recall}


def recalls(table: Path) -> dict[str, float]:
    """Return the mean recall over the emotions that a voice tells, and over those that words tell, of the test clips."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    right: dict[str, list[bool]] = {}
    for row in rows:
        right.setdefault(row["emotion"], []).append(row["emotion"] == row["predicted"])
    by_emotion = {emotion: sum(found) / len(found) for emotion, found in right.items()}
    parts = {"audio": BY_VOICE, "text": tuple(sorted(set(by_emotion) - set(BY_VOICE)))}
    return {name: sum(by_emotion.get(one, 0.0) for one in emotions) / len(emotions) for name, emotions in parts.items()}


def compared(runs: dict[str, Path]) -> list[dict[str, Any]]:
    """Return the paired comparison of each run with the first."""
    first, *others = runs
    program = str(Path(sys.executable).parent / "paraverbal")
    pairs = []
    for name in others:
        asked = [program, "compare", str(runs[name]), str(runs[first]), "--json"]
        done = subprocess.run(asked, check=True, capture_output=True, text=True)
        pairs.append({**json.loads(done.stdout)["pairs"][0], "first": name, "second": first})
    return pairs


def keep(part: str, found: dict[str, Any]) -> None:
    """Write down what was found beside what is there."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    kept[part] = {**kept.get(part, {}), **found}
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train with and without text on two corpora.")
    parser.add_argument("--runs", type=Path, default=Path("runs/fusion"), help="where corpus and runs go")
    parser.add_argument("--only", choices=tuple(PARTS), help="one of the corpora")
    arguments = parser.parse_args()
    arguments.runs.mkdir(parents=True, exist_ok=True)
    for part, read in (("made", made), ("ravdess", ravdess)):
        if arguments.only not in (None, part):
            continue
        corpus, split = read(arguments.runs)
        names, settings = PARTS[part]
        runs = {name: trained(name, part, corpus, split, arguments.runs) for name in names}
        models = {name: {"recipe": MODELS[name], **told(run)} for name, run in runs.items()}
        keep(part, {"set": settings, "models": models, "pairs": compared(runs)})


if __name__ == "__main__":
    main()
