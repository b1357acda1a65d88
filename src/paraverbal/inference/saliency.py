"""What in a recording speaks for an emotion: each patch of the spectrogram is removed in turn, and the answer heard again.

Occlusion (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2): nothing of the
network need be known but its answers, so it holds for any bundle, and for front ends outside the graph. The patch is removed
from the waveform (`occlusion.py`), because a waveform is what the graph takes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paraverbal.audio.segment import pad_or_trim
from paraverbal.bundle.load import Model
from paraverbal.bundle.temperature import tempered
from paraverbal.errors import LabelError, nearest
from paraverbal.inference.occlusion import Patches

SECONDS = 0.25
BANDS = 12

# Below this a probability is as good as none: keeps log-odds finite.
LEAST_PROBABILITY = 1e-9

DIGITS = 6

# Windows [window, sample] -> outputs [window, label, ...].
Hears = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Saliency:
    """What speaks for an emotion, and what against it.

    Attributes:
        values: How far the emotion's log-odds fall where a patch is removed, in nats, float32 `[band, time]`; above 0: the patch
            speaks for the emotion, below 0: against it.
        start_seconds: Where each patch begins, float64 `[time]`.
        end_seconds: Where it ends.
        low_hz: Lower edge of each band, float64 `[band]`.
        high_hz: Upper edge.
        emotion: What was asked for.
        probability: Of the emotion in the whole recording, 0..1.
    """

    values: NDArray[np.float32]
    start_seconds: NDArray[np.float64]
    end_seconds: NDArray[np.float64]
    low_hz: NDArray[np.float64]
    high_hz: NDArray[np.float64]
    emotion: str
    probability: float

    @property
    def per_time(self) -> NDArray[np.float32]:
        """Sum over the bands, float32 `[time]`."""
        return np.asarray(self.values.sum(axis=0))

    @property
    def per_band(self) -> NDArray[np.float32]:
        """Sum over time, float32 `[band]`."""
        return np.asarray(self.values.sum(axis=1))

    @property
    def per_second(self) -> NDArray[np.float32]:
        """Sum over bands and patches of each second, float32 `[second]`; a patch over a border is shared by its length."""
        seconds = np.arange(max(1, int(np.ceil(self.end_seconds[-1] - 1e-9))))[:, np.newaxis]
        shared = np.minimum(self.end_seconds, seconds + 1) - np.maximum(self.start_seconds, seconds)
        shares = np.maximum(0, shared) / (self.end_seconds - self.start_seconds)
        return np.asarray(shares @ self.per_time, np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it: `emotion probability seconds bands values per_time per_second per_band`."""
        return {
            "emotion": self.emotion,
            "probability": round(self.probability, DIGITS),
            "seconds": _pairs(self.start_seconds, self.end_seconds),
            "bands": _pairs(self.low_hz, self.high_hz),
            "values": _rounded(self.values),
            "per_time": _rounded(self.per_time),
            "per_second": _rounded(self.per_second),
            "per_band": _rounded(self.per_band),
        }


def saliency(
    model: Model,
    waveform: ArrayLike,
    emotion: str | None = None,
    *,
    sampling_rate: float | None = None,
    seconds: float = SECONDS,
    bands: int = BANDS,
) -> Saliency:
    """Return which parts of a recording speak for an emotion.

    The waveform is prepared and cut into windows as for a prediction, and the probability is that of the prediction. Each patch
    costs one more answer for each window that it lies in: about 50 answers a second of sound.

    Args:
        model: The model.
        waveform: Float `[sample]` in -1..1.
        emotion: One of the model's labels; None takes the most probable.
        sampling_rate: Of the waveform, in hertz; None: that of the model.
        seconds: Greatest length of a patch.
        bands: Bands of equal width in mel, from 0 Hz to half the model's sampling rate.

    Raises:
        AudioError: As of a prediction: no samples, not finite, not one row of floats, an impossible rate.
        LabelError: The model does not know the emotion.
        RecipeError: `seconds` or `bands` is impossible.
        MissingExtraError: The model needs noise reduction, and noisereduce is not installed.

    Example:
        >>> import paraverbal as pv
        >>> model = pv.load_model("default")
        >>> found = pv.saliency(model, np.zeros(8000, np.float32), "sadness", bands=2)
        >>> found.values.tolist()  # two bands, two quarters of a second: in silence there is nothing to remove
        [[0.0, 0.0], [0.0, 0.0]]
    """
    index = None if emotion is None else _index(model, emotion)
    prepared = model.prepare(waveform, model.sampling_rate if sampling_rate is None else sampling_rate)
    patches = Patches(prepared, model.sampling_rate, seconds=seconds, bands=bands)
    hearing = _Hearing(model.run_windows, prepared, *model.cut_plan(len(prepared)))
    whole = _calibrated(hearing.mean, model)
    index = int(np.argmax(whole)) if index is None else index
    before = _log_odds(whole, index)
    values = np.zeros((bands, patches.stretches))
    for stretch in range(patches.stretches):
        change = patches.changes(stretch)
        values[:, stretch] = before - _log_odds(
            _calibrated(hearing.with_change(change.start, change.added), model), index
        )
    return Saliency(
        values.astype(np.float32),
        patches.edges_seconds[:-1],
        patches.edges_seconds[1:],
        patches.edges_hz[:-1],
        patches.edges_hz[1:],
        model.labels[index],
        float(whole[index]),
    )


class _Hearing:
    """What a network says of a waveform, and of changed ones; only windows that a change reaches are heard again."""

    def __init__(
        self, hears: Hears, waveform: NDArray[np.float32], starts: NDArray[np.int64], size: int, width: int
    ) -> None:
        self._hears = hears
        self._waveform = waveform
        self._starts, self._size, self._width = starts, size, width
        self._outputs = np.stack([self._heard(waveform[np.newaxis], start)[0] for start in starts])

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean output over the windows, `[value]`."""
        return np.asarray(self._outputs.mean(axis=0))

    def with_change(self, start: int, added: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the mean outputs `[row, value]` when rows `[row, sample]` are added from a sample on, each by itself."""
        end = start + added.shape[1]
        totals = np.tile(self._outputs.sum(axis=0), (len(added), 1))
        for number, first in enumerate(self._starts):
            if first < end and first + self._size > start:
                stretch = np.arange(max(first, start), min(first + self._size, end))
                rows = np.tile(self._waveform[first : first + self._size], (len(added), 1))
                rows[:, stretch - first] += added[:, stretch - start]
                totals += self._heard(rows, 0) - self._outputs[number]
        return totals / len(self._starts)

    def _heard(self, rows: NDArray[np.float32], start: int) -> NDArray[np.float64]:
        cut = pad_or_trim(rows[:, start : start + self._size], self._width)
        return self._hears(np.ascontiguousarray(cut)).astype(np.float64)


def _index(model: Model, emotion: str) -> int:
    if emotion not in model.labels:
        guess = nearest(emotion, model.labels)
        raise LabelError(f"{model.name} does not know {emotion!r}{guess}; it knows {', '.join(model.labels)}")
    return model.labels.index(emotion)


def _calibrated(outputs: NDArray[np.float64], model: Model) -> NDArray[np.float64]:
    """Return the probabilities `[..., label]` of mean outputs, with the model's temperature."""
    return tempered(outputs[..., : len(model.labels)], model.manifest.temperature)


def _log_odds(probabilities: NDArray[np.float64], index: int) -> NDArray[np.float64]:
    """Return the log-odds of a label against all others, in nats; of the sum of the others, which is exact where 1 - p is not."""
    others = np.delete(probabilities, index, axis=-1).sum(axis=-1)
    odds = np.maximum(probabilities[..., index], LEAST_PROBABILITY) / np.maximum(others, LEAST_PROBABILITY)
    return np.asarray(np.log(odds))


def _pairs(first: NDArray[np.float64], second: NDArray[np.float64]) -> list[list[float]]:
    return [_rounded(pair) for pair in np.stack([first, second], axis=1)]


def _rounded(values: NDArray[np.floating]) -> list[Any]:
    return list(np.round(values.astype(np.float64), DIGITS).tolist())
