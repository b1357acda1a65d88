"""Recordings -> which of them are the same, whatever their format, rate or level.

Identical bytes are found by their hash. Of all others a fingerprint is taken; clips whose descriptors are alike are
candidates, and a candidate is a twin if the fingerprints correlate where they are best aligned.
"""

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.read import read
from paraverbal.errors import AudioError
from paraverbal.features.fingerprint import LONGEST_SECONDS, Fingerprint, fingerprint, similarity

# Least similarity of a copy that is the same, and of one that was changed a little. Measured on AESDD, RAVDESS and URDU
# (2444 clips). Of 12,107 pairs, among them all with similar descriptors, all 720 repetitions of RAVDESS and a quarter of
# those of one speaker and sentence, half score below 0.23, 99 % below 0.63; the highest is 1.000 (RAVDESS's one double
# clip), the next 0.790 (a repetition). Of 120 clips and their copies, the lowest scored: 8 kHz 0.993, 20 dB quieter 0.987,
# silence of up to 2 s on both sides 0.979 (with noise of -50 dB in it 0.926), Vorbis 0.963 and at its lowest rate 0.939,
# Opus 0.981, MP3 0.974 and at its lowest rate 0.942, 8 kHz with silence as MP3 0.953, clipped at two thirds of the peak
# 0.952, twice as loud and clipped 0.888, noise at 20 dB 0.969, white noise at 10 dB 0.814 (2 % below 0.83, 5 % below
# 0.87). Missed are 16 % of those made 20 dB louder and clipped there, 8 % of those 1 % slower, and most that are 3 % slower.
SAME = 0.87
CHANGED = 0.83

# Of the copies above, descriptors have an inner product of 0.85 or more, but where they are pressed into clipping.
_ALIKE = 0.75
_MOST_CANDIDATES = 64
_ROWS = 1024  # of the table of all inner products that are in memory at a time

# Silence before the sound is read beyond what is compared.
_SECONDS = LONGEST_SECONDS + 10

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Twins:
    """What was found among some files.

    Attributes:
        pairs: `(file, file, similarity)` of each pair whose similarity is `CHANGED` or more, the most alike first; 1 for
            identical bytes. Files are named as they were given, in that order.
        compared: How many files were compared.
        skipped: Files that cannot be read, or hold too little sound to be compared.
    """

    pairs: list[tuple[str, str, float]]
    compared: int
    skipped: list[str]


def duplicates(
    files: Sequence[Path | str], *, progress: Progress | None = None, workers: int = 2
) -> list[tuple[str, str, float]]:
    """Find recordings that are the same: identical bytes, or copies of another format, rate, level or silence around.

    Args:
        files: Recordings; or rows of an array, `data.npz::12@48000`.
        progress: Told how many files of how many are done.
        workers: Threads.

    Returns:
        `(file, file, similarity)` of each pair, the most alike first; similarity is `SAME` to 1. Files that cannot be read
        are in no pair.
    """
    return [pair for pair in compare(files, progress=progress, workers=workers).pairs if pair[2] >= SAME]


def compare(files: Sequence[Path | str], *, progress: Progress | None = None, workers: int = 2) -> Twins:
    """Compare all recordings with each other; arguments as of `duplicates`, but slightly changed copies count, too."""
    names = list(dict.fromkeys(str(file) for file in files))
    groups = _same_bytes(names)
    taken: list[Fingerprint | AudioError | OSError | None] = []
    done = 0
    with ThreadPoolExecutor(workers) as pool:
        for group, found in zip(groups, pool.map(_listen, [group[0] for group in groups]), strict=True):
            taken.append(found)
            done += len(group)
            if progress:
                progress(done, len(names))
        known = [index for index, found in enumerate(taken) if isinstance(found, Fingerprint)]
        prints = [found for found in taken if isinstance(found, Fingerprint)]
        candidates = list(_candidates(prints))
        scores = pool.map(partial(_score, prints), candidates)
        alike = [
            (known[first], known[second], score) for (first, second), score in zip(candidates, scores, strict=True)
        ]
    pairs = [
        (one, other, score)
        for first, second, score in alike
        if score >= CHANGED
        for one, other in itertools.product(groups[first], groups[second])
    ]
    skipped = []
    for group, found in zip(groups, taken, strict=True):
        if isinstance(found, Exception) or (found is None and len(group) == 1):
            skipped += group
        else:
            pairs += [(one, other, 1.0) for one, other in itertools.combinations(group, 2)]
    return Twins(_in_order(pairs, names), len(names) - len(skipped), sorted(skipped))


def _in_order(pairs: list[tuple[str, str, float]], names: list[str]) -> list[tuple[str, str, float]]:
    place = {name: index for index, name in enumerate(names)}
    ordered = [(one, other, score) if place[one] < place[other] else (other, one, score) for one, other, score in pairs]
    return sorted(ordered, key=lambda pair: (-pair[2], place[pair[0]], place[pair[1]]))


def _same_bytes(files: list[str]) -> list[list[str]]:
    """Group files of identical bytes; only those of equal size are read."""
    sizes: dict[int | str, list[str]] = defaultdict(list)
    for file in files:
        sizes[_size(file)].append(file)
    groups: dict[tuple[object, object], list[str]] = defaultdict(list)
    for size, equal in sizes.items():
        for file in equal:
            groups[size, _digest(file) if len(equal) > 1 else None].append(file)
    return list(groups.values())


def _size(file: str) -> int | str:
    """Return the bytes of a file; of what is no file, such as a row of an array, its name, which no other has."""
    path = Path(file)
    try:
        return path.stat().st_size if path.is_file() else file
    except OSError:
        return file


def _digest(file: str) -> bytes | str:
    try:
        with Path(file).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return file


def _listen(file: str) -> Fingerprint | AudioError | OSError | None:
    try:
        return fingerprint(*read(file, duration=_SECONDS))
    except (AudioError, OSError) as error:
        return error


def _candidates(prints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Yield pairs of clips with similar descriptors, the nearest of each clip only."""
    if len(prints) < 2:
        return
    descriptors = np.stack([one.descriptor for one in prints])
    kept = min(_MOST_CANDIDATES, len(prints) - 1)
    found: set[tuple[int, int]] = set()
    for begin in range(0, len(prints), _ROWS):
        alike: NDArray[np.float32] = descriptors[begin : begin + _ROWS] @ descriptors.T
        rows = np.arange(len(alike))
        alike[rows, begin + rows] = -1
        nearest = np.argpartition(-alike, kept - 1, axis=1)[:, :kept]
        row, column = np.nonzero(np.take_along_axis(alike, nearest, axis=1) >= _ALIKE)
        others = nearest[row, column]
        found |= {
            (min(one, other), max(one, other))
            for one, other in zip((begin + row).tolist(), others.tolist(), strict=True)
        }
    yield from sorted(found)


def _score(prints: Sequence[Fingerprint], pair: tuple[int, int]) -> float:
    return similarity(prints[pair[0]], prints[pair[1]])
