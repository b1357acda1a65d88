"""A recipe: all settings of a training together, and what only holds between its sections."""

from typing import Self

from pydantic import model_validator

from paraverbal.settings.base import Settings
from paraverbal.settings.frontends import FrontEnd, MelSettings
from paraverbal.settings.networks import Network
from paraverbal.settings.stages import AudioSettings, AugmentSettings, SplitSettings, TrainingSettings


class Recipe(Settings):
    """A complete recipe, resolved: what a run folder keeps as `recipe.toml`."""

    name: str
    title: str = ""
    source: str = ""
    audio: AudioSettings = AudioSettings()
    frontend: FrontEnd
    augment: AugmentSettings = AugmentSettings()
    model: Network
    training: TrainingSettings = TrainingSettings()
    split: SplitSettings = SplitSettings()

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_front_end()
        self._check_network()
        return self

    def _check_front_end(self) -> None:
        highest = self.frontend.fmax if isinstance(self.frontend, MelSettings) else "half"
        if highest != "half" and highest > self.audio.sampling_rate / 2:
            raise ValueError(
                f"frontend.fmax ({highest:g} Hz) is above half of audio.sampling_rate ({self.audio.sampling_rate} Hz)"
            )
        if self.frontend.fft_size > self.audio.samples:
            raise ValueError(
                f"frontend.fft_size ({self.frontend.fft_size}) is longer than a window ({self.audio.samples} samples)"
            )
        masked = self.augment.frequency_mask[1]
        if self.augment.copies and masked >= self.frontend.rows:
            raise ValueError(f"augment.frequency_mask ({masked}) would mask all {self.frontend.rows} bands")

    def _check_network(self) -> None:
        functionals = self.frontend.kind == "spectral_functionals"
        if functionals != (self.model.family == "svm"):
            raise ValueError(
                f"model.family {self.model.family!r} and frontend.kind {self.frontend.kind!r} do not fit: an svm takes "
                "spectral_functionals, every network takes frames"
            )
        if functionals:
            if self.frontend.fit != "none":
                raise ValueError('statistics of a clip have no frames to fit; set frontend.fit to "none"')
            if self.augment.copies:
                raise ValueError("an svm takes clips as they are; set augment.copies to 0")
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
        batch_norm = getattr(self.model, "batch_norm", self.model.family in ("cnn-lstm", "local-features-lstm"))
        if batch_norm and self.training.batch_size < 2:
            raise ValueError("training.batch_size is 1, where batch normalisation has no variance; give at least 2")
