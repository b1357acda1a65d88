"""Variants of the same work measured in turn, A B A B …, each in a process of its own; ratios of medians are what counts."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

RESULTS = Path(__file__).parent.parent / "docs" / "results"


def alternate(script: str, variants: list[str], rounds: int) -> dict[str, float]:
    """Run `python script VARIANT` in turn and return the median of the number that each prints."""
    numbers: dict[str, list[float]] = {variant: [] for variant in variants}
    for _ in range(rounds):
        for variant in variants:
            output = subprocess.run(
                [sys.executable, script, variant], check=True, capture_output=True, text=True
            ).stdout
            numbers[variant].append(float(output.split()[-1]))
    return {variant: statistics.median(values) for variant, values in numbers.items()}


def run(name: str, script: str, variants: Mapping[str, Callable[[], float]], unit: str, rounds: int = 3) -> None:
    """Be one variant if the command line names one, else measure all and write `docs/results/bench-NAME.json`."""
    if len(sys.argv) > 1:
        print(variants[sys.argv[1]]())
        return
    medians = alternate(script, list(variants), rounds)
    first = next(iter(variants))
    document = {
        "name": name,
        "unit": unit,
        "rounds": rounds,
        "cores": os.cpu_count(),
        "medians": {variant: round(value, 4) for variant, value in medians.items()},
        "ratio_to_first": {variant: round(value / medians[first], 2) for variant, value in medians.items()},
        "first": first,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"bench-{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))
