"""What weights of 8 bits save and cost: size, speed and UAR of a model and its int8 export. Needs PARAVERBAL_CORPORA.

    python benchmarks/int8.py [--model default] [--split docs/results/default-split.csv]

Speed: windows of 3 s through both graphs in turn, in one thread, by its own clock; the median of their ratio. UAR: the validation
and test clips of the training, which the split names; the interval draws whole speakers.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from paraverbal.audio import find_audio, read
from paraverbal.bundle.load import Model, load_model
from paraverbal.corpora import read_corpus
from paraverbal.report.deploy import Measured, export
from side_by_side import RESULTS

ROUNDS = 200
CLIPS = Path(__file__).parent.parent / "examples" / "clips"


def windows(model: Model) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """Return one window of each example clip, as the graph takes it: `[1, sample]`."""
    size = round(model.manifest.seconds * model.sampling_rate)
    clips = [read(file, sampling_rate=model.sampling_rate)[0][:size] for file in find_audio(CLIPS)]
    return [np.pad(clip, (0, size - len(clip)))[np.newaxis] for clip in clips]


def speeds(models: dict[str, Model]) -> dict[str, float]:
    """Return the median processor milliseconds of a window for each, and how many times as fast the last is as the first."""
    pieces = windows(next(iter(models.values())))
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for number in range(ROUNDS + 20):
        for name, model in models.items():
            begun = time.thread_time()
            model.run_windows(pieces[number % len(pieces)])
            seconds[name].append(time.thread_time() - begun)
    kept = [values[20:] for values in seconds.values()]
    ratio = statistics.median(first / last for first, last in zip(kept[0], kept[-1], strict=True))
    return {name: 1000 * statistics.median(values[20:]) for name, values in seconds.items()} | {"ratio": ratio}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--split", type=Path, default=RESULTS / "default-split.csv")
    given = parser.parse_args()
    full = load_model(given.model)
    corpora = Path(os.environ["PARAVERBAL_CORPORA"])
    corpus = read_corpus([corpora / str(data["name"]) for data in full.manifest.training_data])
    with tempfile.TemporaryDirectory() as folder:
        export(given.model, Path(folder) / "int8", precision="int8", measured=Measured(corpus, given.split, print))
        quantized = load_model(Path(folder) / "int8")
        sizes = [(model.folder / model.manifest.graph.file).stat().st_size / 1e6 for model in (full, quantized)]
        found = speeds({"fp32": full, "int8": quantized})
    lost = quantized.manifest.scores["int8"]
    told = {
        "float32, MB": sizes[0],
        "int8, MB": sizes[1],
        "float32, processor ms a window of 3 s": found["fp32"],
        "int8, processor ms a window of 3 s": found["int8"],
        "int8, times as fast": found["ratio"],
    }
    for part, row in lost.items():
        told[f"float32, UAR % of {row['clips']} {part} clips"] = 100 * row["uar_fp32"]
        told[f"int8, UAR % of {row['clips']} {part} clips"] = 100 * row["uar"]
        told[f"same answer, % of {part} clips"] = 100 * row["same"]
    document = {
        "name": "int8",
        "model": full.name,
        "unit": "as named",
        "rounds": 1,
        "cores": os.cpu_count(),
        "medians": {name: round(value, 2) for name, value in told.items()},
        "first": "float32, MB",
        "lost": lost,
    }
    (RESULTS / "bench-int8.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
