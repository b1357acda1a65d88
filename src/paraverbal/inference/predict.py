"""Recordings -> predictions: one file, or many at once, where a bad one does not stop the rest.

This road has numpy, soundfile, soxr and onnxruntime under it and nothing else; a model that reads text also tokenizers.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paraverbal.audio.read import find_audio, read
from paraverbal.bundle.load import Answer, Model, Probabilities, load_model
from paraverbal.errors import AudioError, AudioFormatError, AudioNotFoundError, ParaverbalError
from paraverbal.inference.shares import shapley
from paraverbal.inference.transcripts import texts_of
from paraverbal.inference.warn import signal_warnings, text_warnings

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
        shares: Of a model that takes voice and text, what each of the two adds to the confidence, see `shares.py`; else empty.
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
    shares: dict[str, float] = field(default_factory=dict)


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
    path_or_paths: str | Path | Iterable[str | Path] | None,
    *,
    model: str | Path | Model | None = None,
    window: float | None = None,
    hop: float | None = None,
    text: str | Sequence[str | None] | Mapping[str, str] | None = None,
) -> Prediction | list[Prediction]:
    """Predict the emotion in a recording, or in each of several.

    Args:
        path_or_paths: A recording; or a folder (searched through), a list file (`.txt`), or several of all these. None, with
            a `text`: what is said is judged without a voice.
        model: A loaded model, a name, a bundle folder or a run folder; None takes the bundled default.
        window: Length in seconds of the windows that are averaged; None takes the model's.
        hop: Greatest distance of two windows in seconds.
        text: What is said, for a model that reads text: of one recording a text; of several as many, in order, None where it
            is not known; or file -> text, as `transcripts.read_transcripts` returns it.

    Returns:
        One prediction for one recording; a list, in order, for anything else.

    Raises:
        AudioError: A recording cannot be read. To go on with the rest, use `predict_each` of this module.
        BundleError: There is no such model, or it is broken.
        TextError: A text for a model that reads none, another number of texts than of recordings, or neither a recording
            nor a text.
        ValueError: `window` or `hop` is not above 0.
    """
    loaded = model if isinstance(model, Model) else load_model(model)
    if path_or_paths is None:
        return _predict_text(texts_of([""], text)[0], loaded)
    if isinstance(path_or_paths, str | Path) and not _names_several(Path(path_or_paths)):
        file = str(path_or_paths)
        return _predict_file(file, loaded, window, hop, texts_of([file], text)[0])
    predictions = []
    files = gather(path_or_paths)
    for outcome in _outcomes(files, loaded, window, hop, texts_of(files, text)):
        if isinstance(outcome, ParaverbalError):
            raise outcome
        predictions.append(outcome)
    return predictions


def predict_each(
    paths: Iterable[str | Path],
    model: Model,
    *,
    window: float | None = None,
    hop: float | None = None,
    text: str | Sequence[str | None] | Mapping[str, str] | None = None,
) -> Iterator[Prediction | Failure]:
    """Yield a prediction for each recording, in order, or a failure for one that cannot be judged.

    Clips are worked on in parallel, one thread a processor.

    Args:
        paths: Recordings, as `gather` gives them.
        model: The model.
        window: Length in seconds of the windows that are averaged; None takes the model's.
        hop: Greatest distance of two windows in seconds.
        text: What is said in them, as `predict` takes it.

    Raises:
        TextError: A text for a model that reads none, or another number of texts than of recordings.
        ValueError: `window` or `hop` is not above 0.
    """
    files = [str(path) for path in paths]
    for file, outcome in zip(files, _outcomes(files, model, window, hop, texts_of(files, text)), strict=True):
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


def _predict_file(
    file: str, model: Model, window: float | None, hop: float | None, text: str | None = None
) -> Prediction:
    waveform, rate = read(file)
    answer = model.answer(waveform, rate, window=window, hop=hop, text=text)
    warnings = [*signal_warnings(waveform, rate), *text_warnings(model, text, answer.missing)]
    alone = {}
    if len(model.modalities) > 1 and not answer.missing:
        alone["audio"] = model.answer(waveform, rate, window=window, hop=hop).probabilities
        alone["text"] = model.answer(None, rate, text=text).probabilities
    return _prediction(file, len(waveform) / rate, model, answer, warnings, alone)


def _predict_text(text: str | None, model: Model) -> Prediction:
    answer = model.answer(None, model.sampling_rate, text=text)
    return _prediction("", 0.0, model, answer, text_warnings(model, text, answer.missing), {})


def _prediction(
    file: str, seconds: float, model: Model, answer: Answer, warnings: list[str], alone: Mapping[str, Probabilities]
) -> Prediction:
    probabilities = answer.probabilities.tolist()
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    return Prediction(
        file=file,
        start=0.0,
        end=seconds,
        emotion=model.labels[best],
        confidence=probabilities[best],
        probabilities=dict(zip(model.labels, probabilities, strict=True)),
        warnings=warnings,
        uncertain=probabilities[best] < model.manifest.threshold,
        dimensions=dict(zip(model.dimensions, answer.dimensions.tolist(), strict=True)),
        shares=_shares(model, answer, best, alone),
    )


def _shares(model: Model, answer: Answer, best: int, alone: Mapping[str, Probabilities]) -> dict[str, float]:
    """Return what voice and text add to the confidence; none of a model that takes one of them alone."""
    if len(model.modalities) < 2:
        return {}
    nothing, together = 1 / len(model.labels), float(answer.probabilities[best])
    if answer.missing:
        return {name: 0.0 if name in answer.missing else together - nothing for name in model.modalities}
    values = {frozenset({name}): float(probabilities[best]) for name, probabilities in alone.items()}
    found = shapley({frozenset(): nothing, frozenset(model.modalities): together, **values})
    return {name: found[name] for name in model.modalities}


def _outcome(
    file: str, model: Model, window: float | None, hop: float | None, text: str | None
) -> Prediction | ParaverbalError:
    try:
        return _predict_file(file, model, window, hop, text)
    except ParaverbalError as error:
        return error
    except OSError as error:
        return AudioFormatError(file, f"cannot be read ({error.strerror or error}); check the path and its permissions")


def _outcomes(
    files: Sequence[str], model: Model, window: float | None, hop: float | None, texts: Sequence[str | None]
) -> Iterator[Prediction | ParaverbalError]:
    """Yield what becomes of each file, in order."""
    if any(text is not None for text in texts):
        _ = model.tokenizer  # an error before any work, for a model that reads no text
    workers = min(len(files), processors())
    if workers <= 1:
        yield from (_outcome(file, model, window, hop, text) for file, text in zip(files, texts, strict=True))
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Prediction | ParaverbalError]] = deque()
        try:
            for file, text in zip(files, texts, strict=True):
                waiting.append(pool.submit(_outcome, file, model, window, hop, text))
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
