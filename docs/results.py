"""`docs/results.md` from the small files in `docs/results/`, which commands write: nothing is typed.

python docs/results.py keep NAME RUN    keep what a run's result.json says as docs/results/NAME.json
python docs/results.py                  write docs/results.md
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import acoustics_page
import elsewhere_page
import fusion_page
import own_page
import published_page
import speakers_page
from published_page import table

FOLDER = Path(__file__).parent / "results"
PAGE = Path(__file__).parent / "results.md"
PARTS = ("train", "valid", "test")

# What the source of `cnn-lstm` claims (docs/sources.md): accuracy on 15 % of 900 clips, split at random.
CLAIM_WA = 0.8741
CLAIM_CLIPS = 135
CLAIM_RUNS = ("aesdd", "ravdess-holdout", "ravdess-speakers")
CLAIM_TEXT = """## `cnn-lstm` beside its claim

{table}

The source's corpus cannot be had, and who speaks in it is not stated, so its number can be neither repeated nor refuted.
What can be said: on RAVDESS's five emotions the same network, front end, augmentation and schedule gives {random} UAR when
clips are split at random, as the source did, and {apart} when the speakers of the test part are new. The difference, {worth}
points, is what hearing the test speakers in training is worth; a score from a random split says nothing of new speakers.
AESDD's public fold shares all its speakers and sentences between train and test. The source chose its epoch on validation
data, as is done here, but scaled its spectrograms by the maximum of all clips, the test part's included. RAVDESS is here at
16 kHz and was brought to 48 kHz, so its bands up to 8 kHz are whole. The intervals take clips as independent, which clips of
one speaker are not: they are too narrow."""

HEAD = """# Results

Made by `make results` from `docs/results/*.json`, which `python docs/results.py keep NAME RUN` and `make bench` write.
Scores are in percent. UAR is the mean recall over classes, WA the accuracy. An epoch was chosen on validation clips cut
from train, or was the last; test clips were used once. On 149 clips a clip is 0.7 points, and seeds differ by more than
that: where a row does not say how many there are, it is one.
`docs/results/default-split.csv` is the split of the bundled default model: `evaluate default --split` with it is fair.
"""


def keep(name: str, run: Path) -> None:
    """Keep what is small and lasting of a run."""
    document = json.loads((run / "result.json").read_text())
    manifest = json.loads((run / "bundle" / "bundle.json").read_text())
    keys = ("uar", "wa", "macro_f1", "loss", "clips")
    shared = document["audit"].get("shared_speakers", {})
    kept = {
        "recipe": document["recipe"]["name"],
        "corpora": [data["name"] for data in manifest["training_data"]],
        "labels": document["labels"],
        "protocol": document["protocol"],
        "selected_on": document["selected_on"],
        "shared_speakers": shared.get("verdict"),
        "shared_speakers_detail": shared.get("detail"),
        "epochs": document["epochs"],
        "most_epochs": document["recipe"]["training"]["epochs"],
        "best_epoch": document["best_epoch"],
        "minutes": document["minutes"],
        "parameters": document["parameters"],
        "parts": {part: {key: document["parts"][part][key] for key in keys} for part in PARTS},
        "per_class": document["per_class"],
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def run_row(name: str, kept: dict[str, Any]) -> list[str]:
    parts = kept["parts"]
    scores = [percent(parts[part][key]) for part in ("valid", "test") for key in ("uar", "wa")]
    speakers = {"ok": "apart", "leak": "shared"}.get(kept["shared_speakers"], "unknown")
    clips = " / ".join(str(parts[part]["clips"]) for part in PARTS)
    limit = ", the most allowed" if kept["epochs"] == kept["most_epochs"] else ""
    epochs = f"{kept['best_epoch']} of {kept['epochs']}{limit}"
    return [name, kept["protocol"], speakers, clips, *scores, epochs, f"{kept['minutes']:.0f}"]


def runs_section(documents: dict[str, dict[str, Any]]) -> str:
    header = ["run", "split", "speakers", "train / valid / test"]
    header += ["valid UAR", "valid WA", "test UAR", "test WA", "epoch", "minutes"]
    return table(header, [run_row(name, kept) for name, kept in documents.items()])


def claim_section(runs: dict[str, dict[str, Any]]) -> str:
    """Return what the source of `cnn-lstm` claims beside what the recipe gives here."""
    low, high = wilson(CLAIM_WA, CLAIM_CLIPS)
    rows = [["source, its own corpus", "random", "unknown", str(CLAIM_CLIPS), percent(CLAIM_WA), f"{low} to {high}"]]
    for name in CLAIM_RUNS:
        test = runs[name]["parts"]["test"]
        low, high = wilson(test["wa"], test["clips"])
        split, speakers = run_row(name, runs[name])[1:3]
        rows.append([name, split, speakers, str(test["clips"]), percent(test["wa"]), f"{low} to {high}"])
    apart, random = (runs[name]["parts"]["test"] for name in ("ravdess-speakers", "ravdess-holdout"))
    return CLAIM_TEXT.format(
        table=table(["run", "split", "speakers", "test clips", "test WA", "95 % interval"], rows),
        worth=percent(random["uar"] - apart["uar"]),
        random=percent(random["uar"]),
        apart=percent(apart["uar"]),
    )


def wilson(share: float, count: int) -> tuple[str, str]:
    """Return the 95 % interval of a share of `count` clips, in percent (Wilson 1927); clips are taken as independent."""
    z = 1.96
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return percent(middle - half), percent(middle + half)


def classes_section(name: str, kept: dict[str, Any]) -> str:
    rows = [
        [label, *(percent(row[key]) for key in ("precision", "recall", "f1")), str(row["support"])]
        for label, row in kept["per_class"].items()
    ]
    detail = f"\n\n{kept['shared_speakers_detail']}" if kept["shared_speakers_detail"] else ""
    return f"### {name}\n\n" + table(["emotion", "precision", "recall", "F1", "clips"], rows) + detail


def bench_section(document: dict[str, Any]) -> str:
    compared = document["unit"] != "as named"  # else the variants are different things
    rows = [
        [variant, f"{value:g}", *([f"{document['ratio_to_first'][variant]:.2f}"] if compared else [])]
        for variant, value in document["medians"].items()
    ]
    rounds = f"Median of {document['rounds']} rounds in turn" if document["rounds"] > 1 else "One run"
    head = f"### {document['name']}\n\n{rounds}, {document['cores']} cores.\n\n"
    return head + table(["variant", document["unit"], *([f"x {document['first']}"] if compared else [])], rows)


def page() -> str:
    """Return the page."""
    runs: dict[str, dict[str, Any]] = {}
    benches: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.json")):
        document = json.loads(path.read_text())
        if path.stem.startswith("bench-"):
            benches += [document] if "unit" in document else []
        elif "parts" in document:
            runs[path.stem] = document
    sections = [HEAD.strip(), "## Trainings", runs_section(runs)]
    if set(CLAIM_RUNS) <= set(runs):
        sections.append(claim_section(runs))
    pages = (
        own_page.section(),
        elsewhere_page.section(),
        published_page.section(),
        speakers_page.section(),
        fusion_page.section(),
        acoustics_page.section(),
    )
    sections += [text for text in pages if text]
    sections += ["## Class by class, test part", *(classes_section(name, kept) for name, kept in runs.items())]
    sections += ["## Speed", *map(bench_section, benches)]
    return "\n\n".join(sections) + "\n"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["keep", name, run]:
            keep(name, Path(run))
        case []:
            PAGE.write_text(page())
        case _:
            sys.exit(__doc__)
