"""The 88 eGeMAPS of real clips beside openSMILE's, number by number, and the time of both, at 1 and at 2 workers.

Needs `pip install opensmile` (for research and personal use only) and PARAVERBAL_CORPORA. `egemaps.py golden` writes what the
tests compare the example clips with.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.read import read
from paraverbal.features.egemaps import NAMES, functionals
from side_by_side import RESULTS

RATE = 16_000
CORPORA = ("aesdd", "ravdess", "urdu")
CLIPS_EACH = 20
ROUNDS = 3
POOR = 0.7
ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "features" / "egemaps_opensmile.json"

WHY = {
    "jitter": "openSMILE's mean rests on single jumps of 20 to 47 % of a period, repeated while a frame has no new period",
    "shimmer": "openSMILE goes from period to period in its own buffer; the same periods lie up to a hop elsewhere",
    "Slope": "slopes of F0 turn on single octave jumps at the ends of voiced stretches",
    "stddevNorm": "deviation over a mean that is near 0 in some clip",
    "F0": "single frames an octave off",
}

Row = NDArray[np.floating]


def draw() -> list[Path]:
    """Return the clips: so many of each corpus, by a fixed seed."""
    root, generator = Path(os.environ["PARAVERBAL_CORPORA"]), np.random.default_rng(0)
    drawn = []
    for corpus in CORPORA:
        files = sorted(file for file in (root / corpus).rglob("*") if file.suffix in (".flac", ".wav"))
        files = [file for file in files if file.stat().st_size > 100]
        drawn += [files[place] for place in sorted(generator.choice(len(files), CLIPS_EACH, replace=False))]
    return drawn


def load(file: Path) -> Row:
    return read(file, sampling_rate=RATE)[0]


def ours(waveform: Row) -> Row:
    return functionals(waveform, RATE)


def theirs(waveform: Row) -> Row:
    return np.asarray(_smile().process_signal(waveform, RATE).to_numpy()[0])


def seconds(function: Callable[[Row], Row], clips: list[Row], pool: ProcessPoolExecutor | None) -> float:
    begun = time.perf_counter()
    list(map(function, clips) if pool is None else pool.map(function, clips, chunksize=3))
    return time.perf_counter() - begun


def speed(clips: list[Row], workers: int) -> dict[str, float]:
    """Return times real time of both and their ratio, medians of rounds in turn."""
    duration = sum(map(len, clips)) / RATE
    times: dict[str, list[float]] = {"openSMILE": [], "paraverbal": []}
    pool = ProcessPoolExecutor(workers) if workers > 1 else None
    for turn in range(ROUNDS + 1):
        for name, function in (("openSMILE", theirs), ("paraverbal", ours)):
            taken = seconds(function, clips, pool)
            if turn > 0:  # the first round loads libraries and fills caches
                times[name].append(taken)
    if pool:
        pool.shutdown()
    ratios = [slow / fast for slow, fast in zip(times["openSMILE"], times["paraverbal"], strict=True)]
    found = {name: round(duration / statistics.median(values), 1) for name, values in times.items()}
    return found | {"ratio": round(statistics.median(ratios), 2)}


def correlations(clips: list[Row]) -> dict[str, float]:
    pairs = np.stack([(ours(clip), theirs(clip)) for clip in clips], axis=-1)
    return {name: round(float(np.corrcoef(*pairs[:, row])[0, 1]), 4) for row, name in enumerate(NAMES)}


def why(name: str) -> str:
    return next((reason for part, reason in WHY.items() if part in name), "")


def golden() -> None:
    clips = {file.name: theirs(load(file)) for file in sorted((ROOT / "examples" / "clips").glob("*.flac"))}
    values = {name: [float(f"{value:.6g}") for value in row.tolist()] for name, row in clips.items()}
    GOLDEN.write_text(json.dumps({"names": list(_smile().feature_names), "clips": values}) + "\n")


def describe(found: dict[str, float], speeds: dict[int, dict[str, float]]) -> dict[str, Any]:
    """Return what is written: the table of speeds as all benchmarks have it, and the correlations."""
    medians = {
        f"{name}, {workers} at work": speeds[workers][name]
        for workers in speeds
        for name in ("openSMILE", "paraverbal")
    }
    first = next(iter(medians))
    return {
        "name": "egemaps",
        "unit": "x real time",
        "rounds": ROUNDS,
        "cores": os.cpu_count(),
        "medians": medians,
        "ratio_to_first": {variant: round(value / medians[first], 2) for variant, value in medians.items()},
        "first": first,
        "ratio_at_same_workers": {str(workers): values["ratio"] for workers, values in speeds.items()},
        "clips": dict.fromkeys(CORPORA, CLIPS_EACH),
        "median_correlation": round(statistics.median(found.values()), 4),
        "at_least_0.9": sum(value >= 0.9 for value in found.values()),
        "poor": {name: {"correlation": value, "why": why(name)} for name, value in found.items() if value < POOR},
        "correlations": found,
    }


def main() -> None:
    clips = [load(file) for file in draw()]
    found = correlations(clips)
    speeds = {workers: speed(clips, workers) for workers in (1, 2)}
    document = describe(found, speeds)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "bench-egemaps.json").write_text(json.dumps(document, indent=1) + "\n")
    for name, value in found.items():
        print(f"{value:7.3f}  {name}")
    print(json.dumps({key: value for key, value in document.items() if key != "correlations"}, indent=1))


@cache
def _smile() -> Any:
    package = import_module("opensmile")
    return package.Smile(package.FeatureSet.eGeMAPSv02, package.FeatureLevel.Functionals)


if __name__ == "__main__":
    golden() if sys.argv[1:] == ["golden"] else main()
