"""The section of `results.md` on corpora that a model has not heard, from `results/elsewhere.json`."""

import statistics
from typing import Any

from elsewhere import CORPORA, OWN, SIZES, STEPS, read
from published_page import percent, table

NAMES = {"aesdd": "AESDD", "ravdess": "RAVDESS", "urdu": "URDU"}

HEAD = """## On a corpus that the model has not heard

Made by `python docs/elsewhere.py`: `crossval RECIPE --protocol corpora` over {corpora}, on the emotions that all share
({labels}); chance is {chance} UAR. This is what to expect of a recording of other people, another language and another
microphone. Folds and interval (whole speakers drawn again) are those of the first seed."""
TRANSFER = """### After a few clips of it

`{own}`, begun with the fold above that has not heard the corpus (`train --init`), beside the same network from scratch, on the
same clips, neither with noise: as many of each emotion as can be, of half of the speakers; tested on all clips of the others.
{steps} steps each; mean over the draws of clips (least to greatest)."""


def section() -> str:
    """Return the section; empty while nothing is kept."""
    kept = read()
    if not kept["corpora"]:
        return ""
    labels = next(iter(kept["corpora"].values()))["labels"]
    corpora = ", ".join(NAMES[name] for name in CORPORA)
    head = HEAD.format(corpora=corpora, labels=", ".join(labels), chance=f"{100 / len(labels):.1f}")
    parts = [head, _left_out(kept["corpora"])]
    if kept["transfer"]:
        parts += [TRANSFER.format(own=OWN, steps=STEPS), _transfer(kept["transfer"])]
    return "\n\n".join(parts)


def _left_out(kept: dict[str, Any]) -> str:
    rows = []
    for recipe, found in kept.items():
        low, high = found["intervals"]["uar"]
        folds = [f"{100 * fold['uar']:.1f}" for fold in found["folds"]]
        rows.append(
            [
                *(f"`{recipe}`", *folds, f"{100 * found['uar']:.1f} ({100 * low:.1f} to {100 * high:.1f})"),
                " ".join(f"{100 * value:.1f}" for value in found["by_seed"]),
            ]
        )
    folds = next(iter(kept.values()))["folds"]
    tested = [str(fold.get("test", NAMES[name])) for fold, name in zip(folds, CORPORA, strict=True)]
    return table(["recipe", *(f"{name} left out: UAR" for name in tested), "all clips: UAR", "each seed"], rows)


def _transfer(kept: dict[str, Any]) -> str:
    rows = []
    for name, found in kept.items():
        for size in SIZES:
            values = [found.get(f"{how} {size}", []) for how in ("fine-tuned", "from scratch")]
            draws = list(zip(*values, strict=False))  # that both have
            if draws:
                gain = statistics.mean(tuned - scratch for tuned, scratch in draws)
                what = f"{NAMES[name]}, {found['labels']} emotions"
                uars = map(percent, zip(*draws, strict=True))
                rows.append([what, str(size), str(len(draws)), *uars, f"{100 * gain:+.1f}"])
    return table(["corpus", "clips", "draws", "fine-tuned: UAR", "from scratch: UAR", "difference"], rows)
