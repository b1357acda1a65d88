"""Recordings -> predictions: one file, or many at once, where a bad one does not stop the rest.

This road has numpy, soundfile, soxr and onnxruntime under it and nothing else.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paraverbal.audio.read import find_audio, read
from paraverbal.bundle.load import Model, load_model
from paraverbal.errors import AudioError, AudioFormatError, AudioNotFoundError, ParaverbalError
from paraverbal.inference.warn import signal_warnings

# A file of this suffix lists recordings, one path a line.
LIST_SUFFIX = ".txt"

# Clips that are under way or waiting for their turn, for each worker: bounds what a long list keeps in memory.
_AHEAD = 4


@dataclass(frozen=True)
class Prediction:
    """The emotion heard in a recording.

    Attributes:
        file: The recording, as it was given.
        start: Where the judged part starts, in seconds.
        end: Where it ends, in seconds.
        emotion: The most probable label.
        confidence: Its probability, 0..1.
        probabilities: Label -> probability, in the model's order; the sum is 1.
        warnings: Sentences about what the model was not made for.
        uncertain: Whether the confidence is below the threshold that the model's validation clips gave.
        dimensions: Arousal and the like, name -> value on the scale of the training corpora; empty for most models.
    """

    file: str
    start: float
    end: float
    emotion: str
    confidence: float
    probabilities: dict[str, float]
    warnings: list[str] = field(default_factory=list)
    uncertain: bool = False
    dimensions: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """A recording without a prediction.

    Attributes:
        file: The recording, as it was given.
        error: What is wrong with it and what to do, as one sentence without the file.
    """

    file: str
    error: str


def predict(
    path_or_paths: str | Path | Iterable[str | Path],
    *,
    model: str | Path | Model | None = None,
    window: float | None = None,
    hop: float | None = None,
) -> Prediction | list[Prediction]:
    """Predict the emotion in a recording, or in each of several.

    Args:
        path_or_paths: A recording; or a folder (searched through), a list file (`.txt`), or several of all these.
        model: A loaded model, a name, a bundle folder or a run folder; None takes the bundled default.
        window: Length in seconds of the windows that are averaged; None takes the model's.
        hop: Greatest distance of two windows in seconds.

    Returns:
        One prediction for one recording; a list, in order, for anything else.

    Raises:
        AudioError: A recording cannot be read. To go on with the rest, use `predict_each` of this module.
        BundleError: There is no such model, or it is broken.
        ValueError: `window` or `hop` is not above 0.
    """
    loaded = model if isinstance(model, Model) else load_model(model)
    if isinstance(path_or_paths, str | Path) and not _names_several(Path(path_or_paths)):
        return _predict_file(str(path_or_paths), loaded, window, hop)
    predictions = []
    for outcome in _outcomes(gather(path_or_paths), loaded, window, hop):
        if isinstance(outcome, ParaverbalError):
            raise outcome
        predictions.append(outcome)
    return predictions


def predict_each(
    paths: Iterable[str | Path], model: Model, *, window: float | None = None, hop: float | None = None
) -> Iterator[Prediction | Failure]:
    """Yield a prediction for each recording, in order, or a failure for one that cannot be judged.

    Clips are worked on in parallel, one thread a processor.

    Args:
        paths: Recordings, as `gather` gives them.
        model: The model.
        window: Length in seconds of the windows that are averaged; None takes the model's.
        hop: Greatest distance of two windows in seconds.

    Raises:
        ValueError: `window` or `hop` is not above 0.
    """
    files = [str(path) for path in paths]
    for file, outcome in zip(files, _outcomes(files, model, window, hop), strict=True):
        if isinstance(outcome, AudioError):
            yield Failure(file, outcome.problem)
        elif isinstance(outcome, ParaverbalError):
            yield Failure(file, str(outcome))
        else:
            yield outcome


def gather(paths: str | Path | Iterable[str | Path]) -> list[str]:
    """Expand paths to recordings, in order.

    Args:
        paths: A path or several: a recording stays; a folder becomes the recordings in it and its subfolders, sorted; a
            list file (`.txt`) becomes the paths in it, one a line and relative to the list file, where empty lines and
            lines that start with `#` are skipped.

    Returns:
        Paths of recordings. A missing path and a folder without recordings stay as they are: they fail on their own
        when they are read, and the rest goes on.

    Raises:
        AudioFormatError: A list file is not UTF-8 text.
        AudioNotFoundError: A list file names nothing.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    files: list[str] = []
    for path in given:
        entries = _listed(Path(path)) if _is_list(Path(path)) else [path]
        for entry in entries:
            files += _recordings(entry)
    return files


def _recordings(path: str | Path) -> list[str]:
    if Path(path).is_dir():
        return [str(file) for file in find_audio(path)] or [str(path)]
    return [str(path)]


def _is_list(path: Path) -> bool:
    return path.suffix.lower() == LIST_SUFFIX and path.is_file()


def _names_several(path: Path) -> bool:
    return path.is_dir() or _is_list(path)


def _listed(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise AudioFormatError(file, "not a text in UTF-8; a list file holds one path a line") from error
    paths = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not paths:
        raise AudioNotFoundError(file, "the list names no recordings; write one path a line")
    return [str(file.parent / path) for path in paths]


def _predict_file(file: str, model: Model, window: float | None, hop: float | None) -> Prediction:
    waveform, rate = read(file)
    answer = model.answer(waveform, rate, window=window, hop=hop)
    probabilities = answer.probabilities.tolist()
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    return Prediction(
        file=file,
        start=0.0,
        end=len(waveform) / rate,
        emotion=model.labels[best],
        confidence=probabilities[best],
        probabilities=dict(zip(model.labels, probabilities, strict=True)),
        warnings=signal_warnings(waveform, rate),
        uncertain=probabilities[best] < model.manifest.threshold,
        dimensions=dict(zip(model.dimensions, answer.dimensions.tolist(), strict=True)),
    )


def _outcome(file: str, model: Model, window: float | None, hop: float | None) -> Prediction | ParaverbalError:
    try:
        return _predict_file(file, model, window, hop)
    except ParaverbalError as error:
        return error
    except OSError as error:
        return AudioFormatError(file, f"cannot be read ({error.strerror or error}); check the path and its permissions")


def _outcomes(
    files: Sequence[str], model: Model, window: float | None, hop: float | None
) -> Iterator[Prediction | ParaverbalError]:
    """Yield what becomes of each file, in order."""
    workers = min(len(files), processors())
    if workers <= 1:
        yield from (_outcome(file, model, window, hop) for file in files)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Prediction | ParaverbalError]] = deque()
        try:
            for file in files:
                waiting.append(pool.submit(_outcome, file, model, window, hop))
                if len(waiting) > workers * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
