"""The section of `results.md` on what hearing the test speakers is worth, from `results/speakers.json`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from published_page import table

KEPT = Path(__file__).parent / "results" / "speakers.json"
NAMES = {"aesdd": "AESDD", "ravdess": "RAVDESS"}

HEAD = """## What hearing the test speakers in training is worth

Made by `python docs/speakers.py`: each recipe is cross-validated twice over the same clips, {folds} folds each, once with clips
drawn at random (`--protocol kfold`) and once with whole speakers apart (`--protocol speakers`). Every clip is tested once in
both, so that `paraverbal compare` can test the difference in pairs: speakers are drawn whole, 95 % intervals."""

USUAL = """### The usual folds, one command each

`paraverbal crossval RECIPE --corpus aesdd --protocol loso` and `--corpus ravdess --protocol official --split ravdess.csv`
(EmoBox's six folds); the test clips of all folds are scored together."""

AGAIN = "The first fold trained once more, alone, gives the same predictions and scores to the last bit: {told}."


def section() -> str:
    """Return the section; empty while nothing is kept."""
    if not KEPT.is_file():
        return ""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    told = ", ".join(f"`{recipe}` {'yes' if same else 'NO'}" for recipe, same in kept["repeated"].items())
    parts = [HEAD.format(folds=kept["folds"]), _pairs(kept)]
    parts += [USUAL, _usual(kept)] if kept["usual"] else []
    parts += [AGAIN.format(told=told)] if told else []
    return "\n\n".join(parts)


def _pairs(kept: dict[str, Any]) -> str:
    header = ["recipe", "corpus", "speakers shared, UAR", "speakers apart, UAR", "difference", "p", "p (McNemar, WA)"]
    rows = []
    for pair in kept["pairs"].values():
        settings = f" ({', '.join(pair['set'])})" if pair["set"] else ""
        compared = pair["pair"]
        rows.append(
            [
                f"`{pair['recipe']}`{settings}",
                NAMES[pair["corpus"]],
                _scored(pair["shared"]),
                _scored(pair["apart"]),
                f"{100 * compared['uar_difference']:+.1f} ({_ends(compared['uar_interval'], '+.1f')})",
                _p(compared["p_uar"]),
                _p(compared["p_mcnemar"]),
            ]
        )
    notes = sorted({pair["pair"]["warning"] for pair in kept["pairs"].values() if pair["pair"]["warning"]})
    return "\n\n".join([table(header, rows), *notes])


def _usual(kept: dict[str, Any]) -> str:
    header = ["recipe", "corpus", "protocol", "folds", "clips", "UAR", "WA", "UAR over folds"]
    rows = [
        [
            f"`{one['recipe']}`",
            NAMES[one["corpus"]],
            one["protocol"],
            str(len(one["folds"])),
            str(one["clips"]),
            _scored(one),
            f"{100 * one['wa']:.1f}",
            f"{100 * one['spread']['uar']['least']:.1f} to {100 * one['spread']['uar']['greatest']:.1f}",
        ]
        for one in kept["usual"].values()
    ]
    return table(header, rows)


def _scored(result: dict[str, Any]) -> str:
    return f"{100 * result['uar']:.1f} ({_ends(result['intervals']['uar'], '.1f')})"


def _ends(interval: Sequence[float] | None, form: str) -> str:
    return "–" if interval is None else f"{100 * interval[0]:{form}} to {100 * interval[1]:{form}}"


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}" if value >= 0.001 else "< 0.001"
