"""Utterances + front end + augmentation -> batches.

Every clip is cut into the windows that prediction will cut it into, and the features of each window are computed once. What
training shows of them, and in which order, is `training/samples.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paraverbal.audio.denoise import denoise
from paraverbal.audio.level import level
from paraverbal.audio.read import read
from paraverbal.audio.segment import pad_or_trim, windows
from paraverbal.errors import AudioError
from paraverbal.settings import AudioSettings

if TYPE_CHECKING:
    from paraverbal.models.model import SpeechModel

# Windows that pass the front end at once: enough to keep it busy, few enough to fit the cache.
_FRONTEND_BATCH = 16
# Clips that are read at most before the front end has seen them: bounds the waveforms in memory.
_READ_AHEAD = 64


@dataclass(frozen=True)
class Clip:
    """One utterance to read: its file, where it starts and ends in it (seconds; None: the whole file), its class.

    `dimensions` holds its arousal and the like, as far as the recipe learns them; NaN where the corpus has none. `beside` holds
    other sequences by name: token ids of its transcript, int64 `[token]`, or features `[step, feature]`. `share` is the
    probability with which training draws it, where clips are not all shown alike; `possible` tells of each label whether
    it could be the clip's, where not all could.
    """

    file: str | Path
    truth: int
    start: float | None = None
    end: float | None = None
    dimensions: tuple[float, ...] = ()
    beside: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    share: float = 0.0
    possible: tuple[bool, ...] = ()


@dataclass(frozen=True)
class ClipFeatures:
    """Features of the windows of many clips, computed once.

    Attributes:
        features: Unscaled features of each window, float32 `[feature, frame]`; the number of frames may differ.
        first: Index of each clip's first window, and the number of windows at the end, `[clip + 1]`.
        truth: Class of each clip, `[clip]`.
        waveforms: Each window, float32 `[sample]`; empty unless they were asked for.
        dimensions: Arousal and the like of each clip, float32 `[clip, dimension]`, NaN where unknown; None: none is learnt.
        beside: Other sequences of each clip by name, which may lack some; empty where no clip has any.
        shares: Probability with which each clip is drawn, `[clip]`; None: an epoch holds each clip.
        possible: Which labels a clip could have, `[clip, label]`; None: all of them.
    """

    features: Sequence[Tensor]
    first: NDArray[np.int64]
    truth: NDArray[np.int64]
    waveforms: Sequence[NDArray[np.float32]] = ()
    dimensions: NDArray[np.float32] | None = None
    beside: Sequence[Mapping[str, NDArray[Any]]] = ()
    shares: NDArray[np.float64] | None = None
    possible: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.truth)


@dataclass(frozen=True)
class Batch:
    """What one step trains on.

    Attributes:
        features: Unscaled, `[batch, feature, frame]`, zeros behind the end of a clip.
        lengths: Frames of each clip, int64 `[batch]`; None if all are full.
        labels: `[batch]`.
        dimensions: `[batch, dimension]`, NaN where unknown; None: none is learnt.
        beside: Other sequences by name, as `collate_beside` returns them; None where there are none.
        possible: Which labels a clip could have, bool `[batch, label]`; None: all of them.
    """

    features: Tensor
    lengths: Tensor | None
    labels: Tensor
    dimensions: Tensor | None = None
    beside: dict[str, tuple[Tensor, Tensor]] | None = None
    possible: Tensor | None = None


def read_windows(clip: Clip, settings: AudioSettings, least: int = 1) -> list[NDArray[np.float32]]:
    """Return the windows of a clip, float32 `[sample]` each, as prediction cuts them.

    Args:
        clip: The utterance.
        settings: Rate, noise reduction, level, length.
        least: Samples that the model needs at least; a shorter clip gets zeros at its end.

    Raises:
        AudioError: The file cannot be used.
    """
    duration = None if clip.end is None else clip.end - (clip.start or 0.0)
    rate = settings.sampling_rate
    waveform, _ = read(clip.file, sampling_rate=rate, offset=clip.start or 0.0, duration=duration)
    waveform = level(denoise(waveform, rate, settings.denoise), settings.level)
    if settings.short == "keep" and len(waveform) <= settings.samples:
        return [pad_or_trim(waveform, max(len(waveform), least))]
    return list(windows(waveform, settings.samples, round(settings.hop_seconds * rate)))


def compute_features(
    clips: Sequence[Clip], model: "SpeechModel", *, workers: int = 2, keep_waveforms: bool = False
) -> tuple[ClipFeatures, list[tuple[Clip, AudioError]]]:
    """Read clips and compute the features of all their windows.

    Args:
        clips: The utterances.
        model: Whose front end computes the features.
        workers: Threads that read and compute, each on its own: torch's, which share the work on one clip, cost more
            than they give.
        keep_waveforms: Keep the windows too, for changes of the waveform.

    Returns:
        The features of the clips that could be read, in order, and those that could not with the reason.
    """

    def attempt(clip: Clip) -> tuple[list[NDArray[np.float32]], list[Tensor]] | AudioError:
        try:
            cut = read_windows(clip, model.recipe.audio, model.minimum_samples)
        except AudioError as error:
            return error
        return cut, window_features(cut, model)

    features: list[Tensor] = []
    waveforms: list[NDArray[np.float32]] = []
    counts: list[int] = []
    used: list[Clip] = []
    failed: list[tuple[Clip, AudioError]] = []
    chunks = [clips[start : start + _READ_AHEAD] for start in range(0, len(clips), _READ_AHEAD)]
    with _single_threaded(), ThreadPoolExecutor(workers) as pool:
        for clip, outcome in (pair for chunk in chunks for pair in zip(chunk, pool.map(attempt, chunk), strict=True)):
            if isinstance(outcome, AudioError):
                failed.append((clip, outcome))
                continue
            cut, found = outcome
            features.extend(found)
            if keep_waveforms:
                waveforms.extend(cut)
            counts.append(len(cut))
            used.append(clip)
    truth = np.array([clip.truth for clip in used], dtype=np.int64)
    values = np.array([clip.dimensions for clip in used], dtype=np.float32)
    first = np.cumsum([0, *counts])
    beside = [clip.beside for clip in used] if any(clip.beside for clip in used) else []
    shares = np.array([clip.share for clip in used])
    possible = np.array([clip.possible for clip in used], dtype=np.bool_)
    data = ClipFeatures(
        features,
        first,
        truth,
        waveforms,
        dimensions=values if values.size else None,
        beside=beside,
        shares=shares / shares.sum() if shares.any() else None,
        possible=possible if possible.size else None,
    )
    return data, failed


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Let torch work on one thing with one thread, in threads begun meanwhile, too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def window_features(cut: Sequence[NDArray[np.float32]], model: "SpeechModel") -> list[Tensor]:
    """Return the features `[feature, frame]` of windows of one length, float32 `[sample]` each."""
    with torch.inference_mode():
        parts = torch.split(torch.from_numpy(np.stack(cut)), _FRONTEND_BATCH)
        return [features for part in parts for features in model.frontend(part)]


def collate(features: Sequence[Tensor]) -> tuple[Tensor, Tensor | None]:
    """Return features `[feature, frame]` of clips as one tensor `[batch, feature, frame]`, and their lengths.

    Zeros stand behind the end of a clip; the lengths are None if all clips are equally long.
    """
    lengths = torch.tensor([one.shape[-1] for one in features])
    longest = int(lengths.max())
    if int(lengths.min()) == longest:
        return torch.stack(list(features)), None
    padded = torch.zeros(len(features), features[0].shape[0], longest)
    for row, one in zip(padded, features, strict=True):
        row[:, : one.shape[-1]] = one
    return padded, lengths


def collate_beside(data: ClipFeatures, clips: Iterable[int]) -> dict[str, tuple[Tensor, Tensor]] | None:
    """Return the other sequences of clips by name: values, zeros behind an end, and what is inside.

    Values are token ids int64 `[batch, step]` or features float32 `[batch, step, feature]`; what is inside is int64
    `[batch, step]`, 1 or 0, all 0 for a clip without such a sequence. One that no clip has is not there. None: the data
    have none.
    """
    if not data.beside:
        return None
    rows = [data.beside[clip] for clip in clips]
    return {name: _padded([row.get(name) for row in rows]) for name in sorted({name for row in rows for name in row})}


def _padded(sequences: Sequence[NDArray[Any] | None]) -> tuple[Tensor, Tensor]:
    first = next(one for one in sequences if one is not None)
    longest = max(1, *(0 if one is None else len(one) for one in sequences))
    values = np.zeros((len(sequences), longest, *first.shape[1:]), first.dtype)
    inside = np.zeros((len(sequences), longest), np.int64)
    for row, one in enumerate(sequences):
        if one is not None:
            values[row, : len(one)] = one
            inside[row, : len(one)] = 1
    return torch.from_numpy(values), torch.from_numpy(inside)
