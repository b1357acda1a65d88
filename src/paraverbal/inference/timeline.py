"""Emotion over time in a recording of any length: where there is speech, what the windows there say, segments of it.

The recording is read, resampled, searched for speech and cut a block at a time, and several windows go through the network at
once, on all processors. What is kept of a window is a row of numbers, so ten hours need about as much memory as a minute.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.blocks import BlockResampler, blocks
from paraverbal.audio.read import info
from paraverbal.bundle.load import Model, load_model
from paraverbal.errors import AudioError, BundleError, RecipeError
from paraverbal.inference.activity import ALL, Flags
from paraverbal.inference.predict import Failure, Prediction, processors
from paraverbal.inference.segments import cells, smoothed, stretches
from paraverbal.inference.speech import Region, regions
from paraverbal.inference.stream import BATCH, judge
from paraverbal.inference.warn import text_warnings
from paraverbal.inference.windows import HOP_SECONDS, LEAST_SPEECH_SECONDS, WINDOW_SECONDS, Window, Windows

# Windows whose mean a segment is told from; odd, so that a window is in the middle of those around it.
SMOOTH = 3

# Batches under way or waiting, for each worker: bounds what is in memory.
_AHEAD = 3

# Told of progress: seconds done, seconds of the recording.
Progress = Callable[[float, float], None]


@dataclass(frozen=True, eq=False)
class Timeline:
    """Emotion over time in a recording.

    Attributes:
        file: The recording, as it was given.
        seconds: Its length.
        labels: The model's emotions.
        dimensions: The model's dimensions; mostly none.
        segments: Predictions for stretches of speech, in order and apart from each other.
        speech: Start and end of each stretch of speech, in seconds.
        starts: Where each judged window starts, in seconds, float64 `[window]`.
        ends: Where it ends.
        answers: What the model said of each, not smoothed: probabilities and dimensions, float32 `[window, value]`.
        window: Length of a window in seconds.
        hop: From one window's start to the next.
        smooth: Windows that were averaged for the segments.
        warnings: Sentences about what makes the timeline doubtful.
    """

    file: str
    seconds: float
    labels: tuple[str, ...]
    dimensions: tuple[str, ...]
    segments: tuple[Prediction, ...]
    speech: tuple[Region, ...]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    answers: NDArray[np.float32]
    window: float
    hop: float
    smooth: int
    warnings: tuple[str, ...] = ()


def timeline(
    file: str | Path,
    *,
    model: str | Path | Model | None = None,
    window: float = WINDOW_SECONDS,
    hop: float = HOP_SECONDS,
    smooth: int = SMOOTH,
    speech: str = "energy",
    progress: Progress | None = None,
) -> Timeline:
    """Return the emotion over time in a recording.

    Level and noise reduction that the model asks for are applied to each window by itself, as a stream must; the windows are
    those of `pv.Stream`, and so are their answers.

    Args:
        file: A recording.
        model: A loaded model, a name, a bundle folder or a run folder; None takes the bundled default.
        window: Length of a window in seconds.
        hop: From one window's start to the next; at most `window`.
        smooth: Windows whose probabilities are averaged for the segments, an odd number; 1 for none.
        speech: How speech is found: `energy` (energy and voicing), `silero` (extra `vad`) or `all` (the whole recording).
        progress: Called for each block with the seconds done and the seconds in all.

    Raises:
        AudioError: The recording cannot be read to its end.
        BundleError: There is no such model, or it is broken.
        RecipeError: `window`, `hop`, `smooth` or `speech` is impossible.
        MissingExtraError: `silero` without the extra `vad`, or the model needs noise reduction.
    """
    if smooth < 1 or smooth % 2 == 0:
        raise RecipeError(f"smooth {smooth}: an odd number of windows was expected, 1 for none")
    loaded = model if isinstance(model, Model) else load_model(model)
    reading = _Reading(file, Windows(loaded.sampling_rate, window=window, hop=hop, speech=speech), loaded, progress)
    found = list(_judged(reading, loaded))
    rows = np.concatenate(found) if found else np.zeros((0, 2 + len(loaded.labels) + len(loaded.dimensions)))
    starts, ends, answers = rows[:, 0], rows[:, 1], rows[:, 2:].astype(np.float32)
    spoken = reading.speech(is_all=speech == ALL)
    middles = (starts + ends) / 2
    means = smoothed(answers, middles, hop * (smooth - 1) / 2)
    told = tuple(_segments(str(file), loaded, spoken, means, cells(starts, ends)))
    silent = "no speech was found, so there is no emotion to tell; --speech all judges every window"
    return Timeline(
        str(file),
        reading.seconds,
        loaded.labels,
        loaded.dimensions,
        told,
        tuple(spoken),
        starts,
        ends,
        answers,
        window,
        hop,
        smooth,
        (*text_warnings(loaded, None, ["text"]), *([] if told else [silent])),
    )


def timeline_each(
    files: Iterable[str | Path], model: Model, *, progress: Progress | None = None, **settings: Any
) -> Iterator[Timeline | Failure]:
    """Yield the timeline of each recording, in order, or a failure for one that cannot be judged.

    Args:
        files: Recordings, as `gather` gives them.
        model: The model.
        progress: As of `timeline`.
        **settings: `window`, `hop`, `smooth` and `speech` of `timeline`.

    Raises:
        RecipeError: A setting is impossible.
        MissingExtraError: As of `timeline`.
    """
    for file in files:
        try:
            yield timeline(file, model=model, progress=progress, **settings)
        except AudioError as error:
            yield Failure(str(file), error.problem)
        except BundleError as error:
            yield Failure(str(file), str(error))
        except OSError as error:
            yield Failure(str(file), f"cannot be read ({error.strerror or error}); check the path and its permissions")


class _Reading:
    """One pass over a recording: yields batches of windows with speech, and knows afterwards where speech was."""

    def __init__(self, file: str | Path, windows: Windows, model: Model, progress: Progress | None) -> None:
        self.windows = windows
        self.seconds = 0.0
        self._file = file
        self._rate = model.sampling_rate
        self._progress = progress
        self._flags: list[Flags] = []

    def __iter__(self) -> Iterator[list[Window]]:
        waiting: list[Window] = []
        for windows, flags in self._cut():
            self._flags.append(flags)
            waiting += [window for window in windows if window.speech_seconds >= LEAST_SPEECH_SECONDS]
            while len(waiting) >= BATCH:
                yield waiting[:BATCH]
                waiting = waiting[BATCH:]
        if waiting:
            yield waiting

    def _cut(self) -> Iterator[tuple[list[Window], Flags]]:
        header = info(self._file)
        resampler = BlockResampler(header.sampling_rate, self._rate)
        samples = 0
        for block in blocks(self._file):
            samples += len(block)
            self.seconds = samples / header.sampling_rate
            yield self.windows.feed(resampler.feed(block))
            if self._progress is not None:
                self._progress(self.seconds, max(self.seconds, header.seconds))
        yield self.windows.feed(resampler.flush())
        yield self.windows.flush()

    def speech(self, *, is_all: bool) -> list[Region]:
        if is_all:
            return [(0.0, self.seconds)]
        detector = self.windows.detector
        return regions(
            np.concatenate(self._flags),
            frame_seconds=detector.frame_seconds,
            hop_seconds=detector.hop_seconds,
            seconds=self.seconds,
        )


def _judged(reading: _Reading, model: Model) -> Iterator[NDArray[np.float64]]:
    """Yield start and end in seconds and the model's answer for each window, `[window, 2 + value]`, in order."""
    workers = processors()
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[NDArray[np.float64]]] = deque()
        try:
            for batch in reading:
                waiting.append(pool.submit(_rows, model, batch, reading.windows.size))
                if len(waiting) > workers * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _rows(model: Model, batch: list[Window], size: int) -> NDArray[np.float64]:
    starts = np.array([window.start for window in batch])
    ends = starts + [len(window.samples) for window in batch]
    times = np.stack([starts, ends], axis=1) / model.sampling_rate
    return np.concatenate([times, judge(model, batch, size)], axis=1)


def _segments(
    file: str,
    model: Model,
    speech: list[Region],
    rows: NDArray[np.float64],
    borders: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> Iterator[Prediction]:
    """Yield the segments, in order."""
    for region in speech:
        for one in stretches(region, rows, *borders, len(model.labels)):
            probabilities, dimensions = np.split(one.answer, [len(model.labels)])
            best = int(np.argmax(probabilities))
            yield Prediction(
                file=file,
                start=one.start,
                end=one.end,
                emotion=model.labels[best],
                confidence=float(probabilities[best]),
                probabilities=dict(zip(model.labels, probabilities.tolist(), strict=True)),
                uncertain=bool(probabilities[best] < model.manifest.threshold),
                dimensions=dict(zip(model.dimensions, dimensions.tolist(), strict=True)),
            )
