"""Settings of what is done around front end and network: reading, augmenting, training, splitting."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from paraverbal.emotions import DIMENSIONS, EMOTIONS
from paraverbal.errors import nearest
from paraverbal.settings.base import FROM_LIST, Count, NotNegative, Positive, Probability, Range, Settings, Share, Whole

# What `audio.seconds = "longest"` counts as before the training clips are known: the longest clip of CREMA-D.
NOMINAL_LONGEST_SECONDS = 5.005


class AudioSettings(Settings):
    """File -> waveform: mono, at one rate, cut into windows."""

    sampling_rate: Annotated[int, Field(ge=4000, le=192_000)] = 16_000
    # a longer clip is cut into windows of this length; "longest": that of the longest training clip
    seconds: Literal["longest"] | Positive = 3.0
    hop_seconds: Positive = 3.0  # at most this far apart; the windows of a clip are evenly spaced and reach its end
    # a clip shorter than a window: zeros at its end, or kept as long as it is (batches then carry lengths)
    short: Literal["pad", "keep"] = "pad"
    # noise reduction before anything else: none; with the clip's first second as profile of the noise; or adaptive,
    # without a profile (needs the extra denoise)
    denoise: Literal["none", "profile", "adaptive"] = "none"
    level: Literal["none", "peak", "rms"] = "none"

    @property
    def samples(self) -> int:
        """Samples of a window."""
        seconds = NOMINAL_LONGEST_SECONDS if self.seconds == "longest" else self.seconds
        return round(seconds * self.sampling_rate)


class AugmentSettings(Settings):
    """Changes drawn for each training clip; `copies = 0` trains on the clips as they are.

    An epoch holds each clip once unchanged and `copies` times changed. Each change is applied with `probability`.
    Changes of the waveform come first, in the order noise, pitch, stretch, shift; then those of the features, in the order
    warp, crop, gain, noise, roll, factor, masks; mixing of two clips comes last, after scaling.
    """

    copies: Whole = 0
    keep_original: bool = True  # false: an epoch holds each clip `copies` times changed, and never as it is
    probability: Probability = 0.7
    draw: Literal["epoch", "once"] = "epoch"  # changes are drawn anew each epoch, or once for the whole training
    noise_snr_db: Literal["none"] | Range = "none"  # white noise is added; its range of signal-to-noise ratios
    pitch_semitones: NotNegative = 0.0  # greatest shift of pitch, up or down; the duration stays
    stretch: Annotated[tuple[Positive, Positive], FROM_LIST] = (
        1.0,
        1.0,
    )  # range of the factor of duration; pitch stays
    shift: Probability = 0.0  # greatest circular shift of the waveform in time, as a share of it
    # range of the factor by which the features are stretched in time
    time_warp: Annotated[tuple[Positive, Positive], FROM_LIST] = (1.0, 1.0)
    # range of the factor by which their bands move up: pitch and formants together
    frequency_warp: Annotated[tuple[Positive, Positive], FROM_LIST] = (1.0, 1.0)
    # of each clip, a piece of this length is shown, at a place drawn anew; always, whatever `probability`
    crop_seconds: Literal["none"] | Positive = "none"
    # a clip shorter than the piece: as it is, or again from its beginning
    crop_short: Literal["keep", "repeat"] = "keep"
    gain_db: Range = (0.0, 0.0)  # range of what is added to features in decibels
    filter_db: Range = (0.0, 0.0)  # range of the gains of a filter over their bands, as of another microphone
    noise_deviation: NotNegative = 0.0  # of normal noise added to the features, in their unit
    roll: Probability = 0.0  # greatest circular shift of the features in time, as a share of the frames
    # range of the number that the features are multiplied by
    factor: Annotated[tuple[Positive, Positive], FROM_LIST] = (1.0, 1.0)
    frequency_mask: Annotated[tuple[Whole, Whole], FROM_LIST] = (0, 0)  # range of bands that are masked, in one piece
    time_mask: Annotated[tuple[Whole, Whole], FROM_LIST] = (0, 0)  # range of frames that are masked, in one piece
    # drawn: a mask's width lies in that range; up_to: its greatest width does, and the width is drawn from 0 to that
    mask_width: Literal["drawn", "up_to"] = "drawn"
    masks: Count = 1  # of each of the two kinds
    # a mask holds the least, the mean, or the greatest value of the clip
    mask_value: Literal["floor", "mean", "max"] = "floor"
    # two clips of a batch and their emotions are mixed in a share from Beta(mixup, mixup); 0: none are
    mixup: NotNegative = 0.0

    @property
    def changes_waveform(self) -> bool:
        """Whether a change needs the waveform, so that features cannot be computed once."""
        changes = self.noise_snr_db != "none" or self.pitch_semitones or self.shift or self.stretch != (1.0, 1.0)
        return bool(self.copies and changes)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.keep_original or self.copies):
            raise ValueError("augment.keep_original is false and augment.copies 0: nothing is shown; set copies to 1")
        ranges = ("factor", "stretch", "noise_snr_db", "frequency_mask", "time_mask")
        for name in (*ranges, "time_warp", "frequency_warp", "gain_db"):
            value = getattr(self, name)
            if value != "none" and value[0] > value[1]:
                raise ValueError(
                    f"augment.{name} goes from {value[0]:g} to {value[1]:g}; give the smaller number first"
                )
        return self


class TrainingSettings(Settings):
    """The optimiser, its schedule, and when to stop."""

    seed: Whole = 0
    epochs: Count = 200
    batch_size: Count = 32
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: Positive = 1e-3
    weight_decay: NotNegative = 1e-5  # L2, added to the gradient; adamw: taken from the weights themselves
    momentum: Share = 0.9  # sgd only, Nesterov's
    # adam and adamw only: what a step keeps of the running means of gradients and of their squares; with batches k times as
    # large and a rate of sqrt(k) times, 1 - k (1 - beta) keeps the memory as long in clips (Malladi et al. 2022)
    betas: Annotated[tuple[Share, Share], FROM_LIST] = (0.9, 0.999)
    # plateau: x `plateau_factor` when validation loss stands still; time: / (1 + decay x step), as in Keras;
    # exponential: x (1 - decay) after each epoch; one_cycle: up to the rate in the first `warmup`, then down to nothing
    schedule: Literal["plateau", "constant", "time", "exponential", "one_cycle"] = "plateau"
    warmup: Share = 0.3  # one_cycle only: share of all steps
    decay: Share = 0.0  # time and exponential only
    plateau_factor: Annotated[float, Field(gt=0, le=1)] = 0.5
    plateau_patience: Whole = 5  # epochs without a lower validation loss before that
    stop_patience: Count = 35  # epochs without a better validation score before training ends
    # the best epoch by this is kept; ccc: mean over dimensions; last: the last one, whatever it scores
    select_by: Literal["wa", "uar", "loss", "ccc", "last"] = "wa"
    select_on: Literal["valid", "test"] = (
        "valid"  # "test" only reproduces published numbers; every report then says "optimistic"
    )
    # a model whose weights it begins with: name, bundle folder, run folder or hf:// address; none: it begins anew
    init: str = "none"
    # clips are drawn so that each value of the first column is as frequent, within it each of the second, and so on; without
    # any, an epoch holds each clip
    balance: Annotated[tuple[Literal["corpus", "emotion", "speaker"], ...], FROM_LIST] = ()
    # united: any clip could have any emotion; own: a clip could only have those of its corpus, and the others' logits do not
    # count in its loss
    label_sets: Literal["united", "own"] = "united"
    label_smoothing: Share = 0.0  # share of each truth that is spread over all emotions
    # weights that are validated and kept are a running mean, in which a step counts 1 - average; 0: those of the last step
    average: Share = 0.0
    precision: Literal["auto", "32", "bf16"] = "auto"  # auto: bf16 where the processor computes in it
    # arousal, valence, dominance: learnt beside the emotions, on the clips for which the corpus has a value
    dimensions: Annotated[tuple[str, ...], FROM_LIST] = ()
    dimension_weight: Positive = 1.0  # of their loss (1 - CCC, mean over dimensions) beside that of the emotions

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in self.dimensions:
            if name not in DIMENSIONS:
                known = ", ".join(DIMENSIONS)
                raise ValueError(f"training.dimensions: {name!r} is unknown{nearest(name, DIMENSIONS)}; known: {known}")
        if len(set(self.dimensions)) < len(self.dimensions):
            raise ValueError(f"training.dimensions names one twice: {', '.join(self.dimensions)}")
        if self.dimensions and self.batch_size < 2:
            raise ValueError("training.batch_size is 1, over which no CCC exists; give at least 2 to learn dimensions")
        if self.select_by == "ccc" and not self.dimensions:
            raise ValueError('training.select_by is "ccc", but no training.dimensions are learnt; name them')
        return self


class SplitSettings(Settings):
    """How train, valid and test are cut from a corpus."""

    # auto: speakers apart where at least 3 are known, else holdout, at random; official: what a split file says;
    # kfold, speakers, loso (a speaker left out), sentences, corpora (a corpus left out): also as folds, for crossval
    protocol: Literal["auto", "speakers", "holdout", "official", "kfold", "loso", "sentences", "corpora"] = "auto"
    folds: Whole = 0  # of kfold, speakers, sentences as folds; 0: as many as `crossval` takes by itself
    valid: Annotated[float, Field(gt=0, lt=1)] = 0.15
    # what `valid` is a share of: all clips, or those that are left when the test part is cut
    valid_of: Literal["all", "rest"] = "all"
    test: Annotated[float, Field(gt=0, lt=1)] = 0.15
    emotions: Annotated[tuple[str, ...], FROM_LIST] = ()  # only these; empty: all that the corpus has

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.valid_of == "all" and self.valid + self.test >= 1:
            raise ValueError(f"valid ({self.valid:g}) and test ({self.test:g}) leave nothing to train on")
        for emotion in self.emotions:
            if emotion not in EMOTIONS:
                raise ValueError(
                    f"emotions: {emotion!r} is unknown{nearest(emotion, EMOTIONS)}; known: {', '.join(EMOTIONS)}"
                )
        return self
