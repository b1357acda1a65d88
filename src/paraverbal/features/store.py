"""Features of many recordings, computed side by side, and written as CSV, Parquet or NumPy arrays."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import AudioError, ParaverbalError
from paraverbal.features.describe import SETS, Features

SUFFIXES = (".csv", ".parquet", ".npz")
# Recordings that a worker process takes at a time.
_CHUNK = 4


def check_target(path: Path) -> None:
    """Raise a ParaverbalError if a file of this name cannot hold features."""
    if path.suffix.lower() not in SUFFIXES:
        raise ParaverbalError(f"{path}: features are written as {', '.join(SUFFIXES)}; give such a name")
    if path.suffix.lower() == ".parquet":
        import polars  # noqa: F401 (a missing extra is told before the work)


def features_of_each(files: Sequence[str], kind: str, *, workers: int = 1) -> Iterator[Features | AudioError]:
    """Yield the features of each recording, in order, or why there are none.

    Args:
        files: Recordings.
        kind: One of `SETS`.
        workers: Processes; NumPy holds one core, so more of them are faster from some dozen recordings on.
    """
    jobs = [(file, kind) for file in files]
    if workers <= 1 or len(files) <= workers:
        yield from map(_attempt, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_attempt, jobs, chunksize=_CHUNK)


def _attempt(job: tuple[str, str]) -> Features | AudioError:
    file, kind = job
    try:
        return SETS[kind](file)
    except AudioError as error:
        return error


def write(found: Iterable[Features], path: Path, *, channel_axis: bool = False) -> int:
    """Write features, and return of how many recordings.

    - `.csv`, `.parquet`: functionals as a row a recording, `file` and a column each; series as a row a frame, `file`, `time`
      (its centre in seconds) and a column each. Empty (null) where a value does not exist.
    - `.npz`: `values` float32 `[clip, feature, frame]`, zeros behind a clip's last frame, `lengths` (frames of each clip),
      `names` (of the features) and `files`.

    Args:
        found: In the order of the rows; all of one kind.
        path: Its suffix says the form.
        channel_axis: `.npz` only: `[clip, channel, feature, frame]` with one channel, as image networks take it.

    Raises:
        ParaverbalError: Another suffix, or an axis asked for that the form does not have.
    """
    check_target(path)
    form = path.suffix.lower()
    if channel_axis and form != ".npz":
        raise ParaverbalError(f"{path}: only .npz has axes; leave out the channel axis, or write a .npz")
    if form == ".npz":
        return _write_npz(list(found), path, channel_axis)
    return _write_csv(found, path) if form == ".csv" else _write_parquet(list(found), path)


def _columns(one: Features) -> tuple[list[str], NDArray[np.float64]]:
    """Return the columns beside `file`, and the rows `[frame, column]`."""
    values = one.values.T.astype(np.float64)
    if not len(one.times):
        return list(one.names), values
    return ["time", *one.names], np.column_stack([one.times, values])


def _write_csv(found: Iterable[Features], path: Path) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for one in found:
            columns, rows = _columns(one)
            if not count:
                writer.writerow(["file", *columns])
            writer.writerows([one.file, *("" if np.isnan(value) else f"{value:.7g}" for value in row)] for row in rows)
            count += 1
    return count


def _write_parquet(found: Sequence[Features], path: Path) -> int:
    import polars as pl

    if not found:
        pl.DataFrame({"file": []}, schema={"file": pl.String}).write_parquet(path)
        return 0
    columns = _columns(found[0])[0]
    rows = [_columns(one)[1] for one in found]
    files = [one.file for one, values in zip(found, rows, strict=True) for _ in values]
    table = pl.DataFrame(np.concatenate(rows).astype(np.float32), schema=columns).fill_nan(None)
    table.insert_column(0, pl.Series("file", files)).write_parquet(path)
    return len(found)


def _write_npz(found: Sequence[Features], path: Path, channel_axis: bool) -> int:
    lengths = np.array([one.values.shape[1] for one in found], dtype=np.int64)
    names = found[0].names if found else ()
    values = np.zeros((len(found), len(names), int(lengths.max(initial=0))), dtype=np.float32)
    for row, one in zip(values, found, strict=True):
        row[:, : one.values.shape[1]] = one.values
    if channel_axis:
        values = values[:, np.newaxis]
    np.savez_compressed(
        path, values=values, lengths=lengths, names=np.array(names), files=np.array([one.file for one in found])
    )
    return len(found)
