"""Utterances + front end + augmentation -> batches.

Every clip is cut into the windows that prediction will cut it into, and the features of each window are computed once. An
epoch shows each clip `1 + copies` times: once as it is, then changed; each time with one of its windows, drawn anew. Where
a change needs the waveform, the waveforms are kept, and the features of a changed copy are computed when it is shown. All
draws depend only on seed, epoch, clip and copy, so that an epoch can be repeated alone.
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
from paraverbal.augment.spectrogram import SpectrogramChange, apply_change, draw_change
from paraverbal.augment.waveform import (
    WaveformChange,
    apply_waveform_change,
    draw_waveform_change,
    is_silenced,
)
from paraverbal.errors import AudioError
from paraverbal.settings import AudioSettings, AugmentSettings, FramedSettings

if TYPE_CHECKING:
    from paraverbal.models.model import SpeechModel

# Windows that pass the front end at once: enough to keep it busy, few enough to fit the cache.
_FRONTEND_BATCH = 16
# Clips that are read at most before the front end has seen them: bounds the waveforms in memory.
_READ_AHEAD = 64
# Batches whose samples are sorted by length together: more pad less, fewer keep the order more random.
_SORTED_TOGETHER = 16


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
        return cut, _features(cut, model)

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


def _features(cut: Sequence[NDArray[np.float32]], model: "SpeechModel") -> list[Tensor]:
    """Return the features `[feature, frame]` of windows of one length."""
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


def epoch_order(
    clips: int,
    copies: int,
    seed: int,
    epoch: int,
    *,
    original: bool = True,
    shares: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Return the shuffled samples of an epoch as `[sample, 2]`: clip, and copy (0: unchanged).

    Args:
        clips: How many there are.
        copies: Changed samples of each clip.
        seed: Of the order.
        epoch: Which epoch.
        original: Show each clip unchanged, too.
        shares: Probability of each clip `[clip]`, by which as many are drawn, with replacement; None: each once.
    """
    rng = np.random.default_rng((seed, epoch))
    drawn = np.arange(clips) if shares is None else rng.choice(clips, clips, p=shares)
    shown = np.arange(0 if original else 1, 1 + copies)
    return rng.permutation(np.stack(np.meshgrid(drawn, shown, indexing="ij"), axis=-1).reshape(-1, 2))


def by_length(
    order: NDArray[np.int64], lengths: NDArray[np.int64], batch_size: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Cut shuffled samples into batches of clips of similar length.

    Samples are sorted by length within 16 batches at a time, then the batches are shuffled.

    Args:
        order: Samples `[sample, 2]`: clip and copy.
        lengths: Frames of each clip, `[clip]`.
        batch_size: Samples of a batch; the last one may have fewer.
        rng: Source of the order of the batches.
    """
    size = batch_size * _SORTED_TOGETHER
    pools = [order[start : start + size] for start in range(0, len(order), size)]
    pools = [pool[np.argsort(lengths[pool[:, 0]], kind="stable")] for pool in pools]
    batches = [pool[start : start + batch_size] for pool in pools for start in range(0, len(pool), batch_size)]
    return [batches[index] for index in rng.permutation(len(batches))]


def crop_frames(model: "SpeechModel") -> int | None:
    """Return the frames of the pieces that training shows of each clip; None: clips are shown whole."""
    seconds, front_end = model.recipe.augment.crop_seconds, model.recipe.frontend
    if seconds == "none" or not isinstance(front_end, FramedSettings):
        return None
    return max(1, round(seconds * model.recipe.audio.sampling_rate / front_end.hop_length))


@dataclass(frozen=True)
class Change:
    """What was drawn for a clip as it is shown once.

    Attributes:
        window: Which of the clip's windows is shown.
        waveform: Change of the waveform; None: the waveforms are as they were.
        features: Change of the features; None: the clip is shown as it is.
    """

    window: int
    waveform: WaveformChange | None = None
    features: SpectrogramChange | None = None


class TrainingSamples:
    """What training shows of clips; all draws depend on seed, epoch, clip and copy, and can be read back.

    Args:
        data: Features of the clips; with their waveforms, if `settings` change those.
        settings: Copies and changes.
        seed: Of all draws.
        model: Whose front end computes the features of changed waveforms.

    Example:
        >>> clips = ClipFeatures([torch.zeros(8, 40)], np.arange(2), np.zeros(1, np.int64))
        >>> samples = TrainingSamples(clips, AugmentSettings(copies=1, probability=1.0, time_mask=(5, 5)), seed=0)
        >>> samples.change(clip=0, copy=1, epoch=3).features.frames
        ((21, 26),)
    """

    def __init__(
        self, data: ClipFeatures, settings: AugmentSettings, seed: int, model: "SpeechModel | None" = None
    ) -> None:
        self.data = data
        self.settings = settings
        self.seed = seed
        self.model = model
        # Frames of each clip's first window.
        self.lengths = np.array([data.features[int(index)].shape[-1] for index in data.first[:-1]], dtype=np.int64)
        self.crop_frames = None if model is None else crop_frames(model)
        if self.crop_frames is not None and not settings.keep_original:
            most = np.full_like(self.lengths, self.crop_frames)
            self.lengths = most if settings.crop_short == "repeat" else np.minimum(self.lengths, most)
        self._drawn: dict[tuple[int, int], Tensor] = {}

    def sample(self, clip: int, copy: int, epoch: int) -> Tensor:
        """Return the features `[feature, frame]` that `clip` shows as its `copy`."""
        if copy == 0 or self.settings.draw == "epoch":
            return self._draw(clip, copy, epoch)[0]
        if (clip, copy) not in self._drawn:
            self._drawn[clip, copy] = self._draw(clip, copy, 0)[0]
        return self._drawn[clip, copy]

    def change(self, clip: int, copy: int, epoch: int) -> Change:
        """Return what was drawn for what `sample` gives."""
        return self._draw(clip, copy, 0 if copy and self.settings.draw == "once" else epoch)[1]

    def _draw(self, clip: int, copy: int, epoch: int) -> tuple[Tensor, Change]:
        rng = np.random.default_rng((self.seed, epoch, clip, copy))
        index = int(rng.integers(self.data.first[clip], self.data.first[clip + 1]))
        window = index - int(self.data.first[clip])
        if copy == 0:
            return self.data.features[index], Change(window)
        features, of_waveform = self.data.features[index].numpy(), None
        if self.settings.changes_waveform:
            of_waveform = draw_waveform_change(self.settings, rng)
            features = self._changed(index, of_waveform)
        shape = (features.shape[0], features.shape[1])
        of_features = draw_change(self.settings, shape, rng, crop_frames=self.crop_frames)
        changed = apply_change(features, of_features, rng)
        missing = (1 if self.model is None else self.model.minimum_frames) - changed.shape[1]
        if missing > 0:
            changed = np.pad(changed, ((0, 0), (0, missing)), constant_values=changed.min())
        return torch.from_numpy(changed), Change(window, of_waveform, of_features)

    def _changed(self, index: int, change: WaveformChange) -> NDArray[np.float32]:
        """Return the features of a window whose waveform was changed; as long as a window at most.

        Those of the unchanged one, where the changed one, cut to that length, would hold nothing to hear.
        """
        if self.model is None:
            raise ValueError("changes of the waveform need the model whose front end computes the features")
        audio = self.model.recipe.audio
        given = self.data.waveforms[index]
        waveform = apply_waveform_change(given, audio.sampling_rate, change)
        least = self.model.minimum_samples if audio.short == "keep" else audio.samples
        fitted = pad_or_trim(waveform, min(max(len(waveform), least), max(audio.samples, least)))
        return _features([given if is_silenced(fitted, given) else fitted], self.model)[0].numpy()

    def batches(self, batch_size: int, epoch: int, least: int = 1) -> Iterator[Batch]:
        """Yield the batches of one epoch; the next one is prepared while the caller computes.

        Args:
            batch_size: Samples of a batch.
            epoch: Which epoch.
            least: Batches of fewer samples are left out: batch normalisation has no variance in a batch of one.
        """
        parts = [part for part in self._parts(batch_size, epoch) if len(part) >= least]
        with ThreadPoolExecutor(1) as pool:
            pending: Any = pool.submit(self._batch, parts[0], epoch) if parts else None
            for following in [*parts[1:], None]:
                if pending is None:
                    return
                batch = pending.result()
                pending = None if following is None else pool.submit(self._batch, following, epoch)
                yield batch

    def steps(self, batch_size: int, least: int = 1) -> int:
        """Return how many batches an epoch has."""
        samples = len(self.data) * (self.settings.copies + self.settings.keep_original)
        return samples // batch_size + (samples % batch_size >= max(least, 1))

    def _parts(self, batch_size: int, epoch: int) -> list[NDArray[np.int64]]:
        """Return the samples of each batch; of similar length, if clips differ in length."""
        settings = self.settings
        order = epoch_order(
            *(len(self.data), settings.copies, self.seed, epoch),
            original=settings.keep_original,
            shares=self.data.shares,
        )
        if len(self.lengths) and self.lengths.min() < self.lengths.max():
            return by_length(order, self.lengths, batch_size, np.random.default_rng((self.seed, epoch, 1)))
        return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]

    def _batch(self, pairs: NDArray[np.int64], epoch: int) -> Batch:
        features, lengths = collate([self.sample(int(clip), int(copy), epoch) for clip, copy in pairs])
        clips, values = pairs[:, 0], self.data.dimensions
        dimensions = None if values is None else torch.from_numpy(values[clips])
        beside = collate_beside(self.data, clips)
        possible = None if self.data.possible is None else torch.from_numpy(self.data.possible[clips])
        return Batch(features, lengths, torch.from_numpy(self.data.truth[clips]), dimensions, beside, possible)
