"""Does what is called salient matter? What is lost when it is removed, beside as much of anything. Needs PARAVERBAL_CORPORA.

    python benchmarks/saliency.py [--model default]

Deletion test (Samek et al., "Evaluating the visualization of what a deep neural network has learned", IEEE TNNLS 2017): of real
clips, 5, 10 and 20 % of the patches are removed at once, the most salient for the predicted emotion or as many drawn at random,
and the fall of its probability is told.
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio import find_audio, read
from paraverbal.bundle.load import Model, load_model
from paraverbal.inference.occlusion import Patches
from paraverbal.inference.saliency import BANDS, SECONDS, saliency
from side_by_side import RESULTS

CORPORA = ("aesdd", "ravdess", "urdu")
CLIPS = 14  # of each corpus
SHARES = (0.05, 0.1, 0.2)
DRAWS = 5

Waveform = NDArray[np.float32]


def removed(waveform: Waveform, patches: Patches, chosen: NDArray[np.int64], bands: int) -> Waveform:
    """Return a waveform without some patches, numbered as in the flattened `[band, time]`."""
    changed = waveform.copy()
    for band, stretch in np.stack(np.unravel_index(chosen, (bands, patches.stretches)), axis=1).tolist():
        change = patches.changes(stretch)
        changed[change.start : change.start + change.added.shape[1]] += change.added[band]
    return changed


def falls(model: Model, waveform: Waveform, rng: np.random.Generator) -> tuple[list[tuple[float, float]], float]:
    """Return for each share the fall by the most salient patches and by random ones, and the seconds a saliency took."""
    begun = time.process_time()
    found = saliency(model, waveform)
    seconds = time.process_time() - begun
    patches = Patches(waveform, model.sampling_rate, seconds=SECONDS, bands=BANDS)
    label = model.labels.index(found.emotion)

    def fall(chosen: NDArray[np.int64]) -> float:
        left = model(removed(waveform, patches, chosen, BANDS), model.sampling_rate)[label]
        return found.probability - float(left)

    rows = []
    for share in SHARES:
        count = max(1, round(share * found.values.size))
        best = np.argsort(-found.values, axis=None)[:count]
        anything = [fall(rng.choice(found.values.size, count, replace=False)) for _ in range(DRAWS)]
        rows.append((fall(best), float(np.mean(anything))))
    return rows, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    model = load_model(parser.parse_args().model)
    rng = np.random.default_rng(0)
    folder = Path(os.environ["PARAVERBAL_CORPORA"])
    rows, spent, heard = [], 0.0, 0.0
    for name in CORPORA:
        files = find_audio(folder / name)
        for file in files[:: len(files) // CLIPS][:CLIPS]:
            waveform = model.prepare(*read(file))
            found, seconds = falls(model, waveform, rng)
            rows.append(found)
            spent += seconds
            heard += len(waveform) / model.sampling_rate
    means = np.mean(rows, axis=0)
    told: dict[str, float] = {}
    for share, (best, anything) in zip(SHARES, means.tolist(), strict=True):
        told[f"fall of probability, most salient {100 * share:g} % removed"] = best
        told[f"fall of probability, random {100 * share:g} % removed"] = anything
    shares = np.mean([[best > anything for best, anything in one] for one in rows], axis=0)
    told["clips where the most salient 10 % matter more, %"] = 100 * float(shares[SHARES.index(0.1)])
    told["processor seconds a second of sound"] = spent / heard
    document: dict[str, Any] = {
        "name": "saliency",
        "model": model.name,
        "clips": len(rows),
        "unit": "as named",
        "rounds": 1,
        "cores": os.cpu_count(),
        "medians": {name: round(value, 3) for name, value in told.items()},
        "first": next(iter(told)),
    }
    (RESULTS / "bench-saliency.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
