"""What training shows of clips: each `1 + copies` times an epoch, once as it is, then changed.

Each time one of its windows is shown, drawn anew. Where a change needs the waveform, the features of a changed copy are
computed when it is shown. All draws depend only on seed, epoch, clip and copy, so that an epoch can be repeated alone, and
what was drawn can be read back. Clips of similar length share a batch.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paraverbal.audio.segment import pad_or_trim
from paraverbal.augment.spectrogram import SpectrogramChange, apply_change, draw_change
from paraverbal.augment.waveform import (
    WaveformChange,
    apply_waveform_change,
    draw_waveform_change,
    is_silenced,
)
from paraverbal.batches import Batch, ClipFeatures, collate, collate_beside, window_features
from paraverbal.settings import AugmentSettings, FramedSettings

if TYPE_CHECKING:
    from paraverbal.models.model import SpeechModel

# Batches whose samples are sorted by length together: more pad less, fewer keep the order more random.
_SORTED_TOGETHER = 16


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
        return window_features([given if is_silenced(fitted, given) else fitted], self.model)[0].numpy()

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
