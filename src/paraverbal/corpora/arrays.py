"""Waveforms and labels in one `.npz`: `train_X [clip, sample]` with `train_t [clip]`, or `X` with `y`.

The recordings are the only 2-d array of floats, or `train_X` or `X` among several; the labels are the array of this
name's partner, or the only 1-d one as long. Only headers and labels are read. A row's `file` is its address,
`data.npz::12@48000`.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.corpora.corpus import Corpus, Origin, Row
from paraverbal.emotions import EMOTIONS, canonical
from paraverbal.errors import CorpusError, LabelError

NAME = "arrays"
SUFFIXES = frozenset({".npz"})
RECORDINGS = ("train_X", "X")
LABELS = ("train_t", "train_y", "t", "y", "labels", "label", "emotion")
SAMPLING_RATES = ("sampling_rate", "sample_rate", "sr")


def read(
    path: Path,
    *,
    name: str | None = None,
    labels: Mapping[str, str] | None = None,
    sampling_rate: int | None = None,
) -> Corpus:
    """Read a file of arrays.

    Args:
        path: The `.npz` file.
        name: What to call the corpus; by default the file's name without suffix.
        labels: The file's own labels, numbers as text, -> canonical emotions (`{"1": "anger"}`).
        sampling_rate: In hertz; goes before the one in the file (`sampling_rate`, `sample_rate` or `sr`).

    Raises:
        CorpusError: Not an `.npz`, no recordings or labels in it, their numbers differ, or no sampling rate.
        LabelError: Labels are numbers and `labels` does not map them, or a label has no known emotion.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            shapes = _shapes(path)
            clips = shapes[_recordings(path, shapes)][0][0]
            words = _words(arrays[_label_name(path, shapes, clips)])
            rate = sampling_rate or _stated_rate(path, arrays)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, CorpusError):
            raise
        raise CorpusError(f"{path}: cannot be read as .npz arrays ({error}); write it with numpy.savez") from error
    rows = [_row(path, index, word, labels, rate) for index, word in enumerate(words)]
    return Corpus.from_rows(path.parent, rows, Origin(name or path.stem))


def _shapes(path: Path) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """Return shape and type of each array, from its header alone."""
    shapes = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as stream:
                version = np.lib.format.read_magic(stream)
                header = (
                    np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                )
                shape, _, dtype = header(stream)
                shapes[member.removesuffix(".npy")] = (shape, dtype)
    return shapes


def _recordings(path: Path, shapes: Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]) -> str:
    fitting = [name for name, (shape, dtype) in shapes.items() if len(shape) == 2 and dtype.kind == "f"]
    if len(fitting) == 1:
        return fitting[0]
    chosen = next((name for name in RECORDINGS if name in fitting), None)
    if chosen is None:
        raise CorpusError(
            f"{path}: no array of recordings among {_listed(shapes)}; expected floats [clip, sample] named "
            f"{' or '.join(RECORDINGS)}, or the only 2-d one"
        )
    return chosen


def _label_name(path: Path, shapes: Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]], clips: int) -> str:
    fitting = [name for name, (shape, _) in shapes.items() if shape == (clips,)]
    chosen = next((name for name in LABELS if name in fitting), fitting[0] if len(fitting) == 1 else None)
    if chosen is None:
        raise CorpusError(
            f"{path}: no array of {clips} labels, one for each recording, among {_listed(shapes)}; expected a 1-d "
            f"array named {' or '.join(LABELS[:4])}, or the only one of this length"
        )
    return chosen


def _listed(shapes: Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]) -> str:
    return ", ".join(f"{name} {list(shape)} {dtype}" for name, (shape, dtype) in shapes.items()) or "nothing"


def _words(labels: NDArray[Any]) -> list[str]:
    """Return labels as text; 1.0 is "1"."""
    if labels.dtype.kind == "f" and np.all(labels == np.round(labels)):
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8")
    return [str(label) for label in labels.tolist()]


def _stated_rate(path: Path, arrays: Mapping[str, NDArray[Any]]) -> int:
    stated = next((arrays[key] for key in SAMPLING_RATES if key in arrays), None)
    if stated is None:
        raise CorpusError(
            f"{path}: does not state its sampling rate; give it: --sampling-rate 48000 (in Python sampling_rate=48000), "
            f"or save it in the file under {SAMPLING_RATES[0]!r}"
        )
    if stated.size != 1 or stated.dtype.kind not in "iuf" or not stated.item() >= 1:
        raise CorpusError(f"{path}: {SAMPLING_RATES[0]} is {stated.tolist()!r}; expected one number of hertz")
    return int(stated.item())


def _row(path: Path, index: int, word: str, labels: Mapping[str, str] | None, rate: int) -> Row:
    if word.lstrip("-").isdigit() and word not in (labels or {}):
        raise LabelError(
            f"{path}: label {word} is a number and nothing says which emotion it is; give --labels {word}=EMOTION, or "
            f"labels={{'{word}': EMOTION}} in Python, for each number (emotions: {', '.join(EMOTIONS)})"
        )
    try:
        emotion = canonical(word, labels)
    except LabelError as error:
        raise LabelError(f"{path}: row {index}: {error}") from error
    return {"file": f"{path.name}::{index}@{rate}", "emotion": emotion, "label": word}
