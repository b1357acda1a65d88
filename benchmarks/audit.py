"""Comparing RAVDESS's 1440 recordings with each other, in seconds, with one thread and with two; needs PARAVERBAL_CORPORA."""

import os
import time
from pathlib import Path

from paraverbal.audit import duplicates
from paraverbal.corpora.corpus import audio_files
from side_by_side import run


def seconds(workers: int) -> float:
    folder = Path(os.environ["PARAVERBAL_CORPORA"]) / "ravdess"
    files = [folder / file for file in audio_files(folder)]
    begun = time.perf_counter()
    duplicates(files, workers=workers)
    return time.perf_counter() - begun


if __name__ == "__main__":
    variants = {"one thread": lambda: seconds(1), "two threads": lambda: seconds(2)}
    run("audit", __file__, variants, "seconds for 1440 clips")
