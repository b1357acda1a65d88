"""Wall seconds from a folder of recordings to a model beyond 74.38 %, a published system's best with its epoch chosen on test.

`paraverbal train paraverbal-tiny` on AESDD, EmoBox's fold, in a process of its own: recordings are read, features computed, the
network trained for as many epochs as are set beforehand, the graph exported. Then the model is there, and the first time is
taken. Its test UAR is looked at only after that; evaluation and report are in the second time. Needs PARAVERBAL_CORPORA, and
PARAVERBAL_SPLITS unless the splits lie where `docs/published.py` looks for them.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from side_by_side import RESULTS

AIM = 74.38
RECIPE = "paraverbal-tiny"
SETTINGS = ["training.epochs=31", "split.valid=0.05"]
SEEDS = (0, 1, 2)


def trained(folder: Path, seed: int) -> dict[str, float]:
    """Return seconds and scores of one training."""
    corpora = Path(os.environ["PARAVERBAL_CORPORA"])
    splits = Path(os.environ.get("PARAVERBAL_SPLITS", corpora.parent / "splits" / "emobox"))
    program = str(Path(sys.executable).parent / "paraverbal")
    asked = [program, "train", RECIPE, "--corpus", str(corpora / "aesdd"), "--split", str(splits / "aesdd.csv")]
    for setting in (*SETTINGS, f"training.seed={seed}"):
        asked += ["--set", setting]
    begun = time.time()
    done = subprocess.run([*asked, "--output", str(folder)], check=False, capture_output=True, text=True)
    seconds = time.time() - begun
    if done.returncode > 1:  # 1: a recording could not be read, as one of AESDD's
        raise SystemExit(done.stderr)
    document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    written = (folder / "bundle" / "model.onnx").stat().st_mtime - begun
    return {"seed": seed, "model": round(written, 1), "seconds": round(seconds, 1), "uar": document["uar"]}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = [trained(Path(folder) / str(seed), seed) for seed in SEEDS]
    peak = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e9
    seconds = {f"seed {run['seed']}: seconds to the model": run["model"] for run in runs}
    whole = {f"seed {run['seed']}: seconds with evaluation and report": run["seconds"] for run in runs}
    scores = {f"seed {run['seed']}: test UAR in %, to pass {AIM}": round(100 * run["uar"], 2) for run in runs}
    document = {
        "name": "time_to_accuracy",
        "unit": "as named",
        "rounds": 1,
        "cores": os.cpu_count(),
        "medians": {**seconds, **whole, **scores, "memory at most in GB": round(peak, 2)},
        "settings": [RECIPE, *SETTINGS],
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "bench-time_to_accuracy.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
