"""What hearing the test speakers in training is worth: `results/speakers.json`, shown in `results.md`.

    python docs/speakers.py [--runs FOLDER] [--only WORD]...

Each recipe is cross-validated twice on the same clips, with speakers shared (kfold) and apart (speakers), so that every clip
is tested once in both and the two can be compared in pairs; then on the corpora's usual folds. A finished cross-validation is
kept, a begun one goes on; each result is written down when it is there.

Needs PARAVERBAL_CORPORA and, for published folds, PARAVERBAL_SPLITS as `published.py`.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parent / "results" / "speakers.json"
FOLDS = 3
# Recipe -> settings: the default recipe is capped, to keep all within an hour of one core.
RECIPES = {
    "spectral-svm": [],
    "cnn-lstm-16khz": ["training.epochs=12", "augment.copies=1"],
}
CORPORA = ("aesdd", "ravdess")
SCORES = ("uar", "wa", "macro_f1", "clips", "intervals", "folds", "spread")


def command_line(recipe: str, corpus: Path, protocol: str, output: Path) -> list[str]:
    """Return the command that cross-validates; it goes on with what is there."""
    settings = [part for setting in RECIPES[recipe] for part in ("--set", setting)]
    splits = Path(os.environ.get("PARAVERBAL_SPLITS", corpus.parent.parent / "splits" / "emobox"))
    how = {
        "kfold": ["--folds", str(FOLDS)],
        "speakers": ["--folds", str(FOLDS)],
        "official": ["--split", str(splits / f"{corpus.name}.csv")],
        "loso": [],
    }
    asked = [program(), "crossval", recipe, "--corpus", str(corpus), "--protocol", protocol, *how[protocol]]
    return [*asked, *settings, "--output", str(output), "--resume"]


def cross_validated(recipe: str, corpus: Path, protocol: str, output: Path) -> dict[str, Any]:
    """Return the result of a cross-validation, run now unless it is there."""
    asked = command_line(recipe, corpus, protocol, output)
    if not (output / "result.json").is_file():
        run(asked)
    document = json.loads((output / "result.json").read_text(encoding="utf-8"))
    return {"protocol": protocol, **{key: document[key] for key in SCORES}, "minutes": document["minutes"]}


def pair_of(recipe: str, corpus: Path, runs: Path) -> dict[str, Any]:
    """Return both cross-validations of a recipe on a corpus, and their comparison."""
    folders = [runs / f"{recipe}-{corpus.name}-{protocol}" for protocol in ("kfold", "speakers")]
    shared, apart = (cross_validated(recipe, corpus, folder.name.rpartition("-")[2], folder) for folder in folders)
    told = subprocess.run(
        [program(), "compare", *map(str, folders), "--json"], check=True, capture_output=True, text=True
    ).stdout
    (compared,) = json.loads(told)["pairs"]
    pair = {key: value for key, value in compared.items() if key not in ("first", "second")}
    return {
        "recipe": recipe,
        "set": RECIPES[recipe],
        "corpus": corpus.name,
        "shared": shared,
        "apart": apart,
        "pair": pair,
    }


def repeated(recipe: str, corpus: Path, runs: Path) -> bool:
    """Return whether a fold trained once more, alone, gives the same scores and predictions to the last bit."""
    first, again = runs / f"{recipe}-{corpus.name}-speakers" / "fold-1", runs / f"{recipe}-{corpus.name}-fold-1-again"
    settings = ["split.protocol=speakers", f"split.folds={FOLDS}", *RECIPES[recipe]]
    asked = [program(), "train", recipe, "--corpus", str(corpus), "--fold", "1", "--output", str(again), "--resume"]
    if not (again / "result.json").is_file():
        run([*asked, *(part for setting in settings for part in ("--set", setting))])
    same = (first / "predictions.csv").read_bytes() == (again / "predictions.csv").read_bytes()
    documents = [json.loads((folder / "result.json").read_text(encoding="utf-8")) for folder in (first, again)]
    return same and all(
        documents[0][key] == documents[1][key] for key in ("uar", "wa", "macro_f1", "loss", "intervals")
    )


def program() -> str:
    """Return the command of this environment."""
    return str(Path(sys.executable).parent / "paraverbal")


def run(asked: list[str]) -> None:
    """Run a command; 1, a broken recording was left out, is no failure."""
    done = subprocess.run(asked, check=False, stdout=sys.stderr)
    if done.returncode > 1:
        raise SystemExit(f"{' '.join(asked)}: exit {done.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Cross-validate with speakers shared and apart.")
    parser.add_argument("--runs", type=Path, default=Path("runs/speakers"), help="where cross-validations go")
    parser.add_argument("--only", action="append", default=[], help="only recipes and corpora named with this word")
    arguments = parser.parse_args()
    corpora = Path(os.environ["PARAVERBAL_CORPORA"])
    arguments.runs.mkdir(parents=True, exist_ok=True)
    for recipe in RECIPES:
        for corpus in CORPORA:
            if all(word in f"{recipe}-{corpus}" for word in arguments.only):
                keep("pairs", f"{recipe} {corpus}", pair_of(recipe, corpora / corpus, arguments.runs))
    for corpus, protocol in (("aesdd", "loso"), ("ravdess", "official")):
        if not arguments.only:
            output = arguments.runs / f"spectral-svm-{corpus}-{protocol}"
            found = cross_validated("spectral-svm", corpora / corpus, protocol, output)
            keep("usual", corpus, {"recipe": "spectral-svm", "corpus": corpus, **found})
    for recipe in RECIPES:
        if all(word in recipe for word in arguments.only):
            keep("repeated", recipe, repeated(recipe, corpora / "aesdd", arguments.runs))


def keep(part: str, name: str, found: Any) -> None:
    """Write down what was found beside what is there."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    kept = {"folds": FOLDS, "pairs": {}, "usual": {}, "repeated": {}} | kept
    kept[part][name] = found
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
