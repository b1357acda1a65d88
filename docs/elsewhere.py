"""What a model is worth on a corpus that it has never heard, and after a few clips of it: `results/elsewhere.json`.

    python docs/elsewhere.py [--runs FOLDER] [--only corpora|transfer]

First each corpus is left out in turn (`crossval --protocol corpora`, on the emotions that all share), for our own model and the
baselines. Then the models of those folds are fine-tuned on a few clips of the corpus that they have not heard, beside the same
network trained from scratch on the same clips; both are tested on all clips of the other half of its speakers. What is done is
kept. Needs PARAVERBAL_CORPORA.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from paraverbal.batches import Clip, ClipFeatures, compute_features
from paraverbal.config import read_recipe
from paraverbal.corpora import read_corpus
from paraverbal.metrics.classes import uar
from paraverbal.models.model import SpeechModel
from paraverbal.settings import Recipe
from paraverbal.training.loop import Trainer, clip_answers
from paraverbal.training.transfer import begin_with
from speakers import program, run

KEPT = Path(__file__).parent / "results" / "elsewhere.json"
CORPORA = ("aesdd", "ravdess", "urdu")
OWN = "paraverbal-robust"
# How often each is trained; a support vector machine gives the same each time.
RECIPES = {OWN: 3, "spectral-svm": 1, "functionals-svm": 1}
SCORES = ("uar", "wa", "macro_f1", "clips", "intervals", "folds", "labels")

# For a few clips of one corpus: features are computed once, and an epoch holds each clip.
FEW = ["augment.noise_snr_db=none", "training.balance=[]"]
SIZES = (10, 30, 100)
SEEDS = (0, 1, 2)
STEPS = 300
BATCH = 16
# Of fine-tuning a third of the recipe's, as is usual; from scratch the recipe's own. Neither was chosen on these clips.
RATES = {"fine-tuned": 3e-4, "from scratch": 1e-3}


@dataclass(frozen=True)
class Halves:
    """Features of a corpus, computed once: clips to learn from, and those of other speakers to test on."""

    labels: tuple[str, ...]
    learn: ClipFeatures
    test: ClipFeatures


def left_out(recipe: str, corpora: Path, output: Path) -> dict[str, Any]:
    """Return the result of leaving each corpus out in turn."""
    asked = [program(), "crossval", recipe, "--protocol", "corpora", "--output", str(output), "--resume"]
    asked += [part for name in CORPORA for part in ("--corpus", str(corpora / name))]
    asked += ["--seeds", str(RECIPES[recipe])]
    if not (output / "result.json").is_file():
        run(asked)
    document = json.loads((output / "result.json").read_text(encoding="utf-8"))
    by_seed = [seed["uar"] for seed in document.get("seeds", [document])]
    return {"by_seed": by_seed, **{key: document[key] for key in SCORES}, "minutes": document["minutes"]}


def fold_of(name: str, output: Path) -> Path:
    """Return the run folder of the fold whose test part is a corpus."""
    for folder in sorted(output.glob("seed-0/fold-*")):
        document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        if list(document["corpora"]) == [name]:
            return folder
    raise SystemExit(f"{output}: has no fold that leaves {name} out")


def halves(folder: Path, recipe: Recipe) -> Halves:
    """Read a corpus; every second of its speakers, in the order of their names, is to be tested."""
    corpus = read_corpus(folder)
    rows = list(corpus.table.sort("file").iter_rows(named=True))
    labels = tuple(sorted({row["emotion"] for row in rows}))
    tested = set(sorted({row["speaker"] for row in rows})[1::2])
    model = SpeechModel(recipe, labels)
    parts = []
    for test in (False, True):
        chosen = [row for row in rows if (row["speaker"] in tested) == test]
        clips = [Clip(corpus.path(row["file"]), labels.index(row["emotion"])) for row in chosen]
        parts.append(compute_features(clips, model)[0])
    return Halves(labels, *parts)


def drawn(truth: NDArray[np.int64], size: int, seed: int) -> NDArray[np.int64]:
    """Return which clips are learnt from: as many of each emotion as can be, more of them when `size` is greater."""
    rng = np.random.default_rng(seed)
    queues = [list(rng.permutation(np.flatnonzero(truth == label))) for label in range(int(truth.max()) + 1)]
    chosen: list[int] = []
    while len(chosen) < size and any(queues):
        chosen += [int(queue.pop()) for queue in queues if queue]
    return np.array(sorted(chosen[:size]))


def part(data: ClipFeatures, clips: NDArray[np.int64]) -> ClipFeatures:
    """Return some of the clips, each of which is one window."""
    return ClipFeatures([data.features[index] for index in clips], np.arange(len(clips) + 1), data.truth[clips])


def learnt(data: Halves, recipe: Recipe, size: int, *, seed: int, base: Path | None) -> float:
    """Return the test UAR of a network trained on `size` clips, beginning with `base` or anew."""
    few = part(data.learn, drawn(data.learn.truth, size, seed))
    epochs = round(STEPS / math.ceil(len(few) / BATCH))
    settings = recipe.training.model_copy(
        update={
            "seed": seed,
            "epochs": epochs,
            "batch_size": min(BATCH, len(few)),
            "learning_rate": RATES["from scratch" if base is None else "fine-tuned"],
        }
    )
    torch.manual_seed(seed)
    model = SpeechModel(recipe, data.labels)
    model.scaling.fit(few.features)
    if base is not None:
        begin_with(model, str(base))
    Trainer(model, settings, recipe.augment).fit(few, few)
    probabilities = clip_answers(model, data.test).probabilities
    return uar(data.test.truth, probabilities.argmax(axis=1), len(data.labels))


def transferred(name: str, data: Halves, base: Path, seed: int) -> None:
    """Learn a few clips of a corpus, with one draw of clips, beginning with `base` and anew; keep each UAR as it comes."""
    recipe = read_recipe(OWN, FEW)
    found = read()["transfer"].get(name, {"labels": len(data.labels), "test_clips": len(data.test)})
    for size in SIZES:
        for how, begin in (("fine-tuned", base), ("from scratch", None)):
            values = found.setdefault(f"{how} {size}", [])
            if len(values) == seed:
                values.append(round(learnt(data, recipe, size, seed=seed, base=begin), 4))
                print(f"{name}, {size} clips, {how}, seed {seed}: UAR {values[-1]:.3f}", file=sys.stderr, flush=True)
                keep("transfer", name, found)


def keep(section: str, name: str, found: Any) -> None:
    """Write down what was found beside what is there."""
    kept = read()
    kept[section][name] = found
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def read() -> dict[str, Any]:
    """Return what is kept."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    return {"corpora": {}, "transfer": {}} | kept


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Leave each corpus out in turn, then learn a few clips of it.")
    parser.add_argument("--runs", type=Path, default=Path("runs/elsewhere"), help="where cross-validations go")
    parser.add_argument("--only", choices=("corpora", "transfer"), help="only this part")
    given = parser.parse_args(arguments)
    corpora = Path(os.environ["PARAVERBAL_CORPORA"])
    given.runs.mkdir(parents=True, exist_ok=True)
    for recipe in RECIPES if given.only != "transfer" else ():
        keep("corpora", recipe, left_out(recipe, corpora, given.runs / recipe))
    if given.only != "corpora":
        data = {name: halves(corpora / name, read_recipe(OWN, FEW)) for name in CORPORA}
        for seed, name in product(SEEDS, CORPORA):
            transferred(name, data[name], fold_of(name, given.runs / OWN), seed)


if __name__ == "__main__":
    main()
