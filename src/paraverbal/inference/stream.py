"""A voice as it arrives: blocks of any size go in, an estimate for each window comes out.

Level and noise reduction that the model asks for are applied to each window by itself, because a stream cannot know the rest;
the timeline of a file does the same. An estimate is therefore what `model(window, rate)` says of the same samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paraverbal.audio.blocks import BlockResampler
from paraverbal.audio.denoise import denoise
from paraverbal.audio.level import level
from paraverbal.audio.segment import pad_or_trim
from paraverbal.bundle.load import Model, checked_waveform
from paraverbal.bundle.temperature import tempered
from paraverbal.errors import RunError
from paraverbal.inference.windows import HOP_SECONDS, LEAST_SPEECH_SECONDS, WINDOW_SECONDS, Window, Windows

# A long block is taken in parts of so many seconds: memory stays that of a short one.
_PART_SECONDS = 1.0

# Windows that go through the network at once.
BATCH = 8


@dataclass(frozen=True)
class Estimate:
    """The emotion heard in a window.

    Attributes:
        start: Where the window starts, in seconds from the beginning of the stream.
        end: Where it ends.
        emotion: The most probable label.
        confidence: Its probability, 0..1.
        probabilities: Label -> probability, in the model's order; the sum is 1.
        uncertain: Whether the confidence is below the model's threshold.
        speech_seconds: How much speech was found in the window.
        dimensions: Arousal and the like, name -> value; empty for most models.
    """

    start: float
    end: float
    emotion: str
    confidence: float
    probabilities: dict[str, float]
    uncertain: bool
    speech_seconds: float
    dimensions: dict[str, float] = field(default_factory=dict)


class Stream:
    """A model that listens.

    Latency: the estimate of a window is returned by the call of `feed` that brings its last sample, after one pass through
    the network (about 10 ms for the bundled model on one core). If `sampling_rate` is not the model's, the resampling filter
    looks 20 to 40 ms ahead (120 ms from 8 to 16 kHz), and the estimate comes that much later; with `silero` up to 32 ms more.
    An emotion that begins now fills a window after `window` seconds, and half of one after half of them.

    A stream has the memory of one window, however long it listens. It is for one thread.

    Args:
        model: A loaded model.
        sampling_rate: Of the blocks that will be fed, in hertz.
        window: Length of a window in seconds.
        hop: From one window's start to the next, in seconds; at most `window`.
        speech: How speech is found: `energy` (energy and voicing), `silero` (extra `vad`) or `all`. Windows with less than
            0.25 s of it are passed over; with `all` none is.

    Raises:
        AudioError: The sampling rate is impossible.
        RecipeError: `window`, `hop` or `speech` is.
        MissingExtraError: `silero` without the extra `vad`.

    Example:
        >>> import paraverbal as pv
        >>> stream = pv.Stream(pv.load_model(), 16_000, speech="all")
        >>> blocks = np.zeros((100, 800), np.float32)
        >>> [(one.start, one.end) for block in blocks for one in stream.feed(block)]
        [(0.0, 3.0), (1.0, 4.0), (2.0, 5.0)]
        >>> stream.flush()
        []
    """

    def __init__(
        self,
        model: Model,
        sampling_rate: float,
        *,
        window: float = WINDOW_SECONDS,
        hop: float = HOP_SECONDS,
        speech: str = "energy",
    ) -> None:
        self.model = model
        self.sampling_rate = sampling_rate
        self.is_speech = False
        self._resampler = BlockResampler(sampling_rate, model.sampling_rate)
        self._windows = Windows(model.sampling_rate, window=window, hop=hop, speech=speech)
        self._part = max(1, round(_PART_SECONDS * sampling_rate))
        self._has_ended = False

    @property
    def seconds(self) -> float:
        """How much was heard so far, but for what the resampling filter holds back."""
        return self._windows.seconds

    def feed(self, block: ArrayLike) -> list[Estimate]:
        """Take samples and return an estimate for each window that they complete, in order.

        Afterwards `is_speech` tells whether there was speech in the last frame.

        Args:
            block: Float `[sample]` in -1..1, as many as there are; none is allowed.

        Raises:
            AudioError: Not one row of floats.
            NonFiniteAudioError: A sample is NaN or infinite; nothing of the block was taken.
            RunError: The stream has ended.
            MissingExtraError: The model needs noise reduction, and noisereduce is not installed.
        """
        if self._has_ended:
            raise RunError("the stream has ended with flush(); start a new one")
        given = np.asarray(block)
        if given.shape == (0,):
            return []
        samples = checked_waveform(given, self.sampling_rate)
        estimates: list[Estimate] = []
        for first in range(0, len(samples), self._part):
            estimates += self._take(self._resampler.feed(samples[first : first + self._part]))
        return estimates

    def flush(self) -> list[Estimate]:
        """End the stream and return the estimates of the last windows, of which one ends with the last sample."""
        if self._has_ended:
            return []
        self._has_ended = True
        estimates = self._take(self._resampler.flush())
        windows, flags = self._windows.flush()
        return estimates + self._estimates(windows, flags)

    def _take(self, samples: NDArray[np.float32]) -> list[Estimate]:
        return self._estimates(*self._windows.feed(samples))

    def _estimates(self, windows: Sequence[Window], flags: NDArray[np.bool_]) -> list[Estimate]:
        if len(flags):
            self.is_speech = bool(flags[-1])
        spoken = [window for window in windows if window.speech_seconds >= LEAST_SPEECH_SECONDS]
        answers = judge(self.model, spoken, self._windows.size)
        return [self._estimate(window, answer) for window, answer in zip(spoken, answers, strict=True)]

    def _estimate(self, window: Window, answer: NDArray[np.float32]) -> Estimate:
        model, rate = self.model, self.model.sampling_rate
        probabilities, dimensions = np.split(answer, [len(model.labels)])
        best = int(np.argmax(probabilities))
        return Estimate(
            start=window.start / rate,
            end=(window.start + len(window.samples)) / rate,
            emotion=model.labels[best],
            confidence=float(probabilities[best]),
            probabilities=dict(zip(model.labels, probabilities.tolist(), strict=True)),
            uncertain=bool(probabilities[best] < model.manifest.threshold),
            speech_seconds=window.speech_seconds,
            dimensions=dict(zip(model.dimensions, dimensions.tolist(), strict=True)),
        )


def judge(model: Model, windows: Sequence[Window], size: int) -> NDArray[np.float32]:
    """Return what a model says of windows, several at once: what `model.answer` says of each alone.

    Args:
        model: The model.
        windows: Stretches at the model's rate; noise reduction and level are applied to each by itself.
        size: Samples of a full window; a shorter one is filled up with zeros or kept, as the model was trained.

    Returns:
        Probabilities and dimensions, float32 `[window, label + dimension]`.
    """
    manifest, labels = model.manifest, len(model.labels)
    prepared = [_prepared(model, window.samples, size) for window in windows]
    answers = np.zeros((len(windows), labels + len(model.dimensions)), np.float32)
    first = 0
    while first < len(prepared):
        # All are of one length, but for the one of a short recording.
        same = [one for one in prepared[first : first + BATCH] if len(one) == len(prepared[first])]
        outputs = model.run_windows(np.stack(same))
        outputs[:, :labels] = tempered(outputs[:, :labels].astype(np.float64), manifest.temperature)
        answers[first : first + len(same)] = outputs
        first += len(same)
    return answers


def _prepared(model: Model, samples: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    manifest = model.manifest
    clean = denoise(samples, model.sampling_rate, manifest.denoise)  # type: ignore[arg-type]
    levelled = level(clean, manifest.level)  # type: ignore[arg-type]
    width = min(size, len(samples)) if manifest.short == "keep" else size
    return pad_or_trim(levelled, max(width, manifest.minimum_samples))
