"""Utterances + front end + augmentation -> batches.

Every clip is cut into the windows that prediction will cut it into, and the features of each window are computed once.
An epoch shows each clip `1 + copies` times: once as it is, then changed; each time with one of its windows, drawn anew.
All draws depend only on seed, epoch, clip and copy, so that an epoch can be repeated alone.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paraverbal.audio.level import level
from paraverbal.audio.read import read
from paraverbal.audio.segment import windows
from paraverbal.augment.spectrogram import apply_change, draw_change
from paraverbal.config import AudioSettings, AugmentSettings
from paraverbal.errors import AudioError

if TYPE_CHECKING:
    from paraverbal.models.model import SpeechModel

# Windows that pass the front end at once: enough to keep it busy, few enough to fit the cache.
_FRONTEND_BATCH = 16
# Clips that are read at most before the front end has seen them: bounds the waveforms in memory.
_READ_AHEAD = 64


@dataclass(frozen=True)
class Clip:
    """One utterance to read: its file, where it starts and ends in it (seconds; None: the whole file), its class."""

    file: str | Path
    truth: int
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class ClipFeatures:
    """Features of the windows of many clips, computed once.

    Attributes:
        features: Unscaled features of all windows, float32 `[window, band, frame]`.
        first: Index of each clip's first window, and the number of windows at the end, `[clip + 1]`.
        truth: Class of each clip, `[clip]`.
    """

    features: Tensor
    first: NDArray[np.int64]
    truth: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)


@dataclass(frozen=True)
class Batch:
    """What one step trains on: unscaled features `[batch, band, frame]` and labels `[batch]`."""

    features: Tensor
    labels: Tensor


def read_windows(clip: Clip, settings: AudioSettings) -> NDArray[np.float32]:
    """Return the windows `[window, sample]` of a clip, as prediction cuts them.

    Raises:
        AudioError: The file cannot be used.
    """
    duration = None if clip.end is None else clip.end - (clip.start or 0.0)
    waveform, _ = read(clip.file, sampling_rate=settings.sampling_rate, offset=clip.start or 0.0, duration=duration)
    hop = round(settings.hop_seconds * settings.sampling_rate)
    return windows(level(waveform, settings.level), settings.samples, hop)


def compute_features(
    clips: Sequence[Clip], model: "SpeechModel", *, workers: int = 2
) -> tuple[ClipFeatures, list[tuple[Clip, AudioError]]]:
    """Read clips and compute the features of all their windows.

    Returns:
        The features of the clips that could be read, in order, and those that could not with the reason.
    """

    def attempt(clip: Clip) -> NDArray[np.float32] | AudioError:
        try:
            return read_windows(clip, model.recipe.audio)
        except AudioError as error:
            return error

    features: list[Tensor] = []
    counts: list[int] = []
    truth: list[int] = []
    failed: list[tuple[Clip, AudioError]] = []
    chunks = [clips[start : start + _READ_AHEAD] for start in range(0, len(clips), _READ_AHEAD)]
    with ThreadPoolExecutor(workers) as pool, torch.inference_mode():
        for clip, outcome in (pair for chunk in chunks for pair in zip(chunk, pool.map(attempt, chunk), strict=True)):
            if isinstance(outcome, AudioError):
                failed.append((clip, outcome))
                continue
            features.extend(model.frontend(chunk) for chunk in torch.split(torch.from_numpy(outcome), _FRONTEND_BATCH))
            counts.append(len(outcome))
            truth.append(clip.truth)
    joined = torch.cat(features) if features else torch.zeros(0, model.recipe.frontend.bands, 0)
    return ClipFeatures(joined, np.cumsum([0, *counts]), np.array(truth, dtype=np.int64)), failed


def epoch_order(clips: int, copies: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the shuffled samples of an epoch as `[sample, 2]`: clip, and copy (0: unchanged)."""
    pairs = np.stack(np.meshgrid(np.arange(clips), np.arange(1 + copies), indexing="ij"), axis=-1).reshape(-1, 2)
    return np.random.default_rng((seed, epoch)).permutation(pairs)


def draw_sample(
    data: ClipFeatures, clip: int, copy: int, settings: AugmentSettings, key: tuple[int, int]
) -> NDArray[np.float32]:
    """Return the features `[band, frame]` that `clip` shows as its `copy`; `key` is seed and epoch."""
    rng = np.random.default_rng((*key, clip, copy))
    window = data.features[int(rng.integers(data.first[clip], data.first[clip + 1]))].numpy()
    if copy == 0:
        return window
    return apply_change(window, draw_change(settings, window.shape[-1], rng), rng)


def epoch_batches(
    data: ClipFeatures, settings: AugmentSettings, batch_size: int, *, seed: int, epoch: int
) -> Iterator[Batch]:
    """Yield the batches of one epoch; the next one is prepared while the caller computes.

    A batch of a single sample is left out, because batch normalisation has no variance there.
    """

    def prepare(pairs: NDArray[np.int64]) -> Batch:
        samples = [draw_sample(data, int(clip), int(copy), settings, (seed, epoch)) for clip, copy in pairs]
        return Batch(torch.from_numpy(np.stack(samples)), torch.from_numpy(data.truth[pairs[:, 0]]))

    order = epoch_order(len(data), settings.copies, seed, epoch)
    parts = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    parts = [part for part in parts if len(part) > 1]
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(prepare, parts[0]) if parts else None
        for following in [*parts[1:], None]:
            if pending is None:
                return
            batch = pending.result()
            pending = None if following is None else pool.submit(prepare, following)
            yield batch
