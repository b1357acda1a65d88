"""`make demo` on a fresh clone: seconds from nothing to predictions, and megabytes of what it installed."""

import subprocess
import tempfile
import time
from pathlib import Path

from side_by_side import run

PROJECT = Path(__file__).parent.parent


def demo() -> tuple[float, float]:
    """Return seconds and megabytes of the demo in a clone of its own."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "paraverbal"
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
        begun = time.perf_counter()
        subprocess.run(["make", "demo"], cwd=clone, check=True, capture_output=True)
        seconds = time.perf_counter() - begun
        (packages,) = (clone / ".venv" / "lib").glob("python*/site-packages")
        return seconds, sum(file.stat().st_size for file in packages.rglob("*") if file.is_file()) / 1e6


def demo_seconds() -> float:
    return demo()[0]


def core_megabytes() -> float:
    return demo()[1]


if __name__ == "__main__":
    variants = {"make demo, seconds": demo_seconds, "core install, MB": core_megabytes}
    run("install", __file__, variants, "as named", rounds=1)
