"""The section of `results.md` on voice and words together, from `results/fusion.json`."""

import json
from pathlib import Path
from typing import Any

from published_page import table

KEPT = Path(__file__).parent / "results" / "fusion.json"

NAMES = {
    "audio": "voice alone",
    "text": "text alone",
    "early": "early",
    "middle": "middle, joint",
    "cross": "middle, cross-attention",
    "late": "late",
}
HEAD = """## Voice and words

Made by `python docs/fusion.py`. Each kind of fusion is trained beside models of one kind of input; every model of both is then
tested as it is, without the text, without the voice, and with the texts of other clips. UAR in percent."""

MADE = """### A made corpus that needs both

`examples/make_text_corpus.py`: of six emotions the voice tells three and the words the other three, so that the best a model
can do with one of them is four of six, {ceiling:.1f} %. Of those it cannot know it guesses one in three, which moves its UAR by
a point or two. So the recall of the three emotions that it can know stands beside, of a model of both with that kind of input
alone, and of the model that was trained for it. {clips} test clips of speakers whom no model has heard ({settings})."""

RAVDESS = """### RAVDESS, where the words tell nothing

Its two sentences are the same in every emotion. Folds 2 to 6 of EmoBox, {clips} test clips of all of them ({settings}); the kinds
of fusion were settled with fold 1 at hand, and how they are trained was changed once after scores of the others had been seen
(`docs/log.md`). What a model of both adds to the voice alone is tested in pairs, speakers drawn whole; shuffled texts should cost
nothing."""


def section() -> str:
    """Return the section; empty while nothing is kept."""
    if not KEPT.is_file():
        return ""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    parts = [HEAD]
    parts += [_made(kept["made"])] if "made" in kept else []
    parts += [_ravdess(kept["ravdess"])] if "ravdess" in kept else []
    return "\n\n".join(parts)


def _made(kept: dict[str, Any]) -> str:
    models = kept["models"]
    rows = []
    for name, model in models.items():
        known = {kind: model["recall"].get(f"{kind} only", {}).get(kind) for kind in ("audio", "text")}
        if name in known:
            known[name] = model["recall"][""][name]
        rows.append([NAMES[name], *_cells(model), *(_percent(one) for one in known.values())])
    head = MADE.format(ceiling=100 * 4 / 6, clips=models["audio"]["clips"], settings=_settings(kept))
    columns = ["model", "UAR", "voice only", "text only", "shuffled text", "known by voice only", "known by text only"]
    return f"{head}\n\n{table(columns, rows)}"


def _ravdess(kept: dict[str, Any]) -> str:
    models = kept["models"]
    pairs = {pair["first"]: pair for pair in kept["pairs"]}
    rows = []
    for name, model in models.items():
        told = ["–", "–", "–"]
        if name in pairs:
            pair = pairs[name]
            text = next(
                one for one in model["ablation"]["pairs"] if (one["first"], one["second"]) == ("both", "audio only")
            )
            told = [
                f"{100 * pair['uar_difference']:+.1f} {_ends(pair['uar_interval'])}",
                f"{100 * text['uar_difference']:+.1f} {_ends(text['uar_interval'])}",
                _p(text["p_adjusted"]),
            ]
        rows.append([NAMES[name], *_cells(model), *told])
    head = RAVDESS.format(clips=models["audio"]["clips"], settings=_settings(kept))
    columns = ["model", "UAR", "voice only", "text only", "shuffled text"]
    columns += ["against the voice alone", "what its text adds", "p (Holm)"]
    notes = sorted({pair["warning"] for pair in kept["pairs"] if pair["warning"]})
    return "\n\n".join([head, table(columns, rows), *notes])


def _cells(model: dict[str, Any]) -> list[str]:
    given = _given(model)
    parts = [given.get(name) for name in ("audio only", "text only", "shuffled text")]
    return [_percent(one) for one in (model["uar"], *parts)]


def _given(model: dict[str, Any]) -> dict[str, float]:
    return {row["name"]: row["uar"] for row in model.get("ablation", {}).get("results", [])}


def _settings(kept: dict[str, Any]) -> str:
    return ", ".join(f"`{setting}`" for setting in kept["set"])


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _ends(interval: list[float] | None) -> str:
    return "" if interval is None else f"({100 * interval[0]:+.1f} to {100 * interval[1]:+.1f})"


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}" if value >= 0.001 else "< 0.001"
