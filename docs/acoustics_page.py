"""The section of `results.md` on descriptors beside Praat's and openSMILE's, from what `make bench` wrote."""

import json
from pathlib import Path
from typing import Any

from published_page import table

FOLDER = Path(__file__).parent / "results"

HEAD = """## Descriptors beside Praat and openSMILE

Made by `benchmarks/praat.py`, `egemaps.py` and `functionals_svm.py` over real clips of the corpora, the same ones each time."""
PRAAT = """Beside Praat, {clips} clips, {frames} frames: voicing agrees on {voicing} % of frames, F0 lies within 2 % on {f0} %
of those that both call voiced. Formants: median difference F1 {f1} %, F2 {f2} %. Correlation over clips:"""
EGEMAPS = """Beside openSMILE's eGeMAPSv02, {clips} clips at 16 kHz: median correlation over the 88 {median}, {good} of them 0.9
or more. Speed at the same number of workers, in one run: {ratios}. Under 0.7: {poor}."""
SVM = "The same SVM on both sets, speakers apart; mean over {cuts} cuts of validation speakers, least and greatest:"


def section() -> str:
    """Return the section; without what was not measured yet."""
    parts = [text for text in (_praat(), _egemaps(), _svm()) if text]
    return "\n\n".join([HEAD, *parts]) if parts else ""


def _read(name: str) -> dict[str, Any] | None:
    path = FOLDER / f"bench-{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _praat() -> str:
    found = _read("praat")
    if found is None:
        return ""
    f0, formants = found["f0"]["all"], found["formants"]["median_difference_percent"]["all"]
    head = PRAAT.format(
        clips=found["clips"],
        frames=found["frames"],
        voicing=f"{100 * f0['voicing_agreement']:.1f}",
        f0=f"{100 * f0['f0_within_2_percent']:.1f}",
        f1=formants["F1"],
        f2=formants["F2"],
    )
    rows = [
        [name.replace("_", " "), f"{one['correlation']:.2f}", f"{one['median_ours']:.4g}", f"{one['median_praat']:.4g}"]
        for name, one in found["over_clips"].items()
        if {"correlation", "median_ours", "median_praat"} <= one.keys()
    ]
    return f"{head}\n\n{table(['', 'correlation', 'median, ours', 'median, Praat'], rows)}"


def _egemaps() -> str:
    found = _read("egemaps")
    if found is None:
        return ""
    ratios = found["ratio_at_same_workers"].items()
    head = EGEMAPS.format(
        clips=sum(found["clips"].values()),
        median=f"{found['median_correlation']:.3f}",
        good=found["at_least_0.9"],
        ratios=", ".join(f"{ratio} times with {workers}" for workers, ratio in ratios),
        poor="; ".join(f"`{name}` {one['correlation']:.2f} ({one['why']})" for name, one in found["poor"].items()),
    )
    rows = [[f"`{name}`", f"{value:.3f}"] for name, value in found["correlations"].items()]
    details = table(["functional", "correlation"], rows)
    return f"{head}\n\n<details><summary>All 88</summary>\n\n{details}\n\n</details>"


def _svm() -> str:
    found = _read("functionals_svm")
    if found is None:
        return ""
    rows = []
    for one in found["results"]:
        cells = [
            f"{100 * one['uar'][who]:.1f} ({100 * min(each):.1f} to {100 * max(each):.1f})"
            for who, each in one["uar_of_each_cut"].items()
        ]
        rows.append([one["corpus"], str(one["folds"]), str(one["clips"]), *cells])
    cuts = len(next(iter(found["results"][0]["uar_of_each_cut"].values())))
    header = ["corpus", "folds", "clips", *(f"UAR, {who}" for who in found["results"][0]["uar"])]
    return f"{SVM.format(cuts=cuts)}\n\n{table(header, rows)}"
