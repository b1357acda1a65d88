"""A recipe: all settings of a training together, and what only holds between its sections."""

from typing import Self

from pydantic import model_validator

from paraverbal.settings.base import Settings
from paraverbal.settings.frontends import FramedSettings, FrontEnd, MelSettings
from paraverbal.settings.networks import Network
from paraverbal.settings.stages import AudioSettings, AugmentSettings, SplitSettings, TrainingSettings
from paraverbal.settings.text import FusionSettings, TextSettings

# Families with batch normalisation throughout.
NORMALISED = ("cnn-lstm", "local-features-lstm", "residual")
LEAST_EGEMAPS_RATE = 8000  # hertz; they are defined at 16,000


class Recipe(Settings):
    """A complete recipe, resolved: what a run folder keeps as `recipe.toml`."""

    name: str
    title: str = ""
    source: str = ""
    audio: AudioSettings = AudioSettings()
    frontend: FrontEnd
    augment: AugmentSettings = AugmentSettings()
    model: Network
    text: TextSettings = TextSettings()
    fusion: FusionSettings = FusionSettings()
    training: TrainingSettings = TrainingSettings()
    split: SplitSettings = SplitSettings()

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_front_end()
        self._check_network()
        self._check_text()
        return self

    def _check_text(self) -> None:
        if not self.text.is_read:
            if self.model.family == "text":
                raise ValueError('model.family "text" hears no voice, and text.encoder "none" reads no text; set one')
            return
        if self.model.family == "svm":
            raise ValueError("an svm is not trained by gradient, so nothing can be joined with it; take an mlp")
        if self.model.family == "text" and self.fusion.kind == "middle" and self.fusion.attention == "cross":
            raise ValueError(
                'fusion.attention "cross" needs a voice beside the text; take "joint", or a network for the voice'
            )
        if self.fusion.kind == "late" and self.fusion.mix == "weights":
            kinds = 1 if self.model.family == "text" else 2
            if len(self.fusion.weights) != kinds:
                raise ValueError(f"fusion.weights has {len(self.fusion.weights)} numbers; give {kinds}")
        if self.augment.mixup:
            raise ValueError("augment.mixup mixes two voices, but their texts cannot be; set it to 0")

    def _check_front_end(self) -> None:
        highest = self.frontend.fmax if isinstance(self.frontend, MelSettings) else "half"
        if highest != "half" and highest > self.audio.sampling_rate / 2:
            raise ValueError(
                f"frontend.fmax ({highest:g} Hz) is above half of audio.sampling_rate ({self.audio.sampling_rate} Hz)"
            )
        if isinstance(self.frontend, FramedSettings) and self.frontend.fft_size > self.audio.samples:
            raise ValueError(
                f"frontend.fft_size ({self.frontend.fft_size}) is longer than a window ({self.audio.samples} samples)"
            )
        masked = self.augment.frequency_mask[1]
        if self.augment.copies and masked >= self.frontend.rows:
            raise ValueError(f"augment.frequency_mask ({masked}) would mask all {self.frontend.rows} bands")

    def _check_network(self) -> None:
        if self.frontend.whole_clip != (self.model.family in ("svm", "mlp")):
            raise ValueError(
                f"model.family {self.model.family!r} and frontend.kind {self.frontend.kind!r} do not fit: an svm and an mlp "
                "take spectral_functionals or egemaps, every other network takes frames"
            )
        if not isinstance(self.frontend, FramedSettings) or self.frontend.whole_clip:
            self._check_whole_clip()
            return
        frames = 1 + self.audio.samples // self.frontend.hop_length
        if self.frontend.fit == "resize":
            frames = self.frontend.frames
        least_rows, least_frames = self.model.least_rows, self.model.least_frames
        if self.frontend.rows < least_rows or frames < least_frames:
            raise ValueError(
                f"model {self.model.family} needs {least_rows} bands and {least_frames} frames at least; a window has "
                f"{self.frontend.rows} bands (frontend) and {frames} frames (audio.seconds, frontend.hop_length)"
            )
        flat = getattr(self.model, "head", "") == "flatten"
        if flat and self.frontend.fit == "none" and self.audio.short == "keep":
            raise ValueError('model.head "flatten" needs one number of frames: set frontend.fit or audio.short = "pad"')
        batch_norm = getattr(self.model, "batch_norm", self.model.family in NORMALISED)
        if batch_norm and self.training.batch_size < 2:
            raise ValueError("training.batch_size is 1, where batch normalisation has no variance; give at least 2")

    def _check_whole_clip(self) -> None:
        if self.frontend.kind == "egemaps" and self.audio.sampling_rate < LEAST_EGEMAPS_RATE:
            raise ValueError(
                f"audio.sampling_rate is {self.audio.sampling_rate} Hz; frontend.kind egemaps needs {LEAST_EGEMAPS_RATE} at least"
            )
        if self.frontend.fit != "none":
            raise ValueError('statistics of a clip have no frames to fit; set frontend.fit to "none"')
        if self.augment.copies and (self.augment.frequency_mask[1] or self.augment.time_mask[1]):
            raise ValueError("statistics of a clip have no bands or frames to mask; set augment's masks to [0, 0]")
        if self.model.family != "svm":
            return
        if self.augment.copies:
            raise ValueError("an svm takes clips as they are; set augment.copies to 0")
        if self.training.balance or self.training.label_sets != "united" or self.training.init != "none":
            raise ValueError(
                "an svm learns from all clips alike, and anew; leave training.balance, label_sets and init out"
            )
        if self.training.select_by == "last":
            raise ValueError("an svm has no last epoch; set training.select_by to wa, uar or loss")
        if self.training.dimensions:
            raise ValueError("an svm tells emotions only; take a network to learn training.dimensions")
