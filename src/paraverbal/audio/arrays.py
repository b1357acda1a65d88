"""Rows of a 2-d array in an `.npz` file as recordings: `data.npz::12@48000` is row 12, at 48000 Hz."""

import os
import re
import threading
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import AudioFormatError, AudioNotFoundError

_ADDRESS = re.compile(r"(?P<file>.+\.npz)::(?P<row>\d+)@(?P<rate>[1-9]\d*)", re.DOTALL)

# Where a file has several 2-d arrays, the one that holds the recordings; `train_X` is what the source of `cnn-lstm` calls it.
_NAMES = ("train_X", "X")

_lock = threading.Lock()


def is_address(file: str | Path) -> bool:
    """Tell whether this is the address of a row of an array."""
    return _ADDRESS.fullmatch(str(file)) is not None


def read_row(file: str | Path) -> tuple[NDArray[Any], int]:
    """Return the row `[sample]` that an address names, in the array's own type, and its sampling rate in hertz.

    Raises:
        AudioNotFoundError: There is no such file or row.
        AudioFormatError: Not an `.npz` file, or without a 2-d array of floats.
    """
    match = _ADDRESS.fullmatch(str(file))
    if match is None:
        raise AudioFormatError(file, "not the address of a row of an array; expected something like data.npz::12@48000")
    array = _recordings(match["file"])
    row = int(match["row"])
    if row >= len(array):
        raise AudioNotFoundError(file, f"there is no row {row}; the array has {len(array)} rows, counted from 0")
    return array[row], int(match["rate"])


def _recordings(file: str) -> NDArray[Any]:
    try:
        stat = os.stat(file)  # noqa: PTH116
    except OSError as error:
        raise AudioNotFoundError(file, "there is no such file; check the path") from error
    # The last array stays in memory, as its rows are read one after the other, and the lock keeps threads
    # from loading it twice.
    with _lock:
        return _load(file, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1)
def _load(file: str, _changed: int, _size: int) -> NDArray[Any]:
    try:
        with Path(file).open("rb") as stream, np.lib.npyio.NpzFile(stream, allow_pickle=False) as arrays:
            name = _name(arrays)
            if name is None:
                raise AudioFormatError(
                    file,
                    f"no array of recordings found; a 2-d array of floats [clip, sample] named {' or '.join(_NAMES)}, "
                    f"or the only 2-d one, was expected, and it holds {', '.join(arrays.files) or 'nothing'}",
                )
            array: NDArray[Any] = arrays[name]
            return array
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, AudioFormatError):
            raise
        raise AudioFormatError(file, f"cannot be read as .npz arrays ({error}); write it with numpy.savez") from error


def _name(arrays: Any) -> str | None:
    fitting: list[str] = [
        name.removesuffix(".npy") for name in arrays.zip.namelist() if name.endswith(".npy") and _fits(arrays, name)
    ]
    if len(fitting) == 1:
        return fitting[0]
    return next((name for name in _NAMES if name in fitting), None)


def _fits(arrays: Any, name: str) -> bool:
    """Tell from the header alone, without reading the array, whether it is 2-d and of floats."""
    with arrays.zip.open(name) as stream:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(stream)
    return len(shape) == 2 and np.issubdtype(dtype, np.floating)
