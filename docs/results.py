"""`docs/results.md` from the small files in `docs/results/`, which commands write: nothing is typed.

    python docs/results.py keep NAME RUN    keep what a run's result.json says as docs/results/NAME.json
    python docs/results.py                  write docs/results.md
"""

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
PAGE = Path(__file__).parent / "results.md"
PARTS = ("train", "valid", "test")

HEAD = """# Results

Made by `make results` from `docs/results/*.json`, which `python docs/results.py keep NAME RUN` and `make bench` write. Scores are in
percent. UAR is the mean recall over classes, WA the accuracy. The epoch was chosen on validation clips cut from train; test clips
were used once. One seed each: on 149 clips a clip is 0.7 points, and seeds differ by more than that.
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
        "best_epoch": document["best_epoch"],
        "minutes": document["minutes"],
        "parameters": document["parameters"],
        "parts": {part: {key: document["parts"][part][key] for key in keys} for part in PARTS},
        "per_class": document["per_class"],
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table, numbers to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def run_row(name: str, kept: dict[str, Any]) -> list[str]:
    parts = kept["parts"]
    scores = [percent(parts[part][key]) for part in ("valid", "test") for key in ("uar", "wa")]
    speakers = {"ok": "apart", "leak": "shared"}.get(kept["shared_speakers"], "unknown")
    clips = " / ".join(str(parts[part]["clips"]) for part in PARTS)
    epochs = f"{kept['best_epoch']} of {kept['epochs']}"
    return [name, kept["protocol"], speakers, clips, *scores, epochs, f"{kept['minutes']:.0f}"]


def runs_section(documents: dict[str, dict[str, Any]]) -> str:
    header = ["run", "split", "speakers", "train / valid / test"]
    header += ["valid UAR", "valid WA", "test UAR", "test WA", "epoch", "minutes"]
    return table(header, [run_row(name, kept) for name, kept in documents.items()])


def classes_section(name: str, kept: dict[str, Any]) -> str:
    rows = [
        [label, *(percent(row[key]) for key in ("precision", "recall", "f1")), str(row["support"])]
        for label, row in kept["per_class"].items()
    ]
    detail = f"\n\n{kept['shared_speakers_detail']}" if kept["shared_speakers_detail"] else ""
    return f"### {name}\n\n" + table(["emotion", "precision", "recall", "F1", "clips"], rows) + detail


def bench_section(document: dict[str, Any]) -> str:
    rows = [
        [variant, f"{value:g}", f"{document['ratio_to_first'][variant]:.2f}"]
        for variant, value in document["medians"].items()
    ]
    head = f"### {document['name']}\n\nMedian of {document['rounds']} rounds in turn, {document['cores']} cores.\n\n"
    return head + table(["variant", document["unit"], f"x {document['first']}"], rows)


def page() -> str:
    """Return the page."""
    runs: dict[str, dict[str, Any]] = {}
    benches: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.json")):
        document = json.loads(path.read_text())
        if path.stem.startswith("bench-"):
            benches.append(document)
        else:
            runs[path.stem] = document
    notes = FOLDER / "notes.md"
    sections = [HEAD.strip(), "## Trainings", runs_section(runs)]
    if notes.is_file():
        sections.append(notes.read_text().strip())
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
