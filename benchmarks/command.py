"""Whole commands, seconds from start to end: `paraverbal predict` of one clip beside the imports it cannot do without."""

import subprocess
import sys
import time
from pathlib import Path

from side_by_side import run

CLIP = Path(__file__).parent.parent / "examples" / "clips" / "neutral_1.flac"


def seconds(*arguments: str) -> float:
    """One run, after one that is not counted."""
    for _ in range(2):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        elapsed = time.perf_counter() - begun
    return elapsed


def bare_imports() -> float:
    return seconds("-c", "import numpy, soundfile, onnxruntime")


def predict() -> float:
    return seconds("-m", "paraverbal", "predict", str(CLIP))


def usage() -> float:
    return seconds("-m", "paraverbal", "--help")


if __name__ == "__main__":
    run("command", __file__, {"bare imports": bare_imports, "predict": predict, "--help": usage}, "s", rounds=7)
