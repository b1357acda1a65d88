"""Settings of the front ends: what is computed of a waveform. `kind` chooses one."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from paraverbal.settings.base import Count, NotNegative, Positive, Settings


class FrontEndSettings(Settings):
    """What all front ends share: how a clip's features are scaled and brought to one size."""

    # statistics of a clip: one frame, however long it is; only svm and mlp take them
    whole_clip: ClassVar[bool] = False

    scaling: Literal["none", "clip", "band", "train", "unit"] = "none"
    # brings all clips to one number of frames, after scaling: none; pad: to those of a window, at a place drawn in
    # training and centred otherwise; resize: to `frames`, zeros behind a shorter clip, a longer one interpolated
    fit: Literal["none", "pad", "resize"] = "none"
    frames: Count = 256  # resize only
    interpolation: Literal["linear", "cubic", "band_limited"] = "linear"  # resize only


class FramedSettings(FrontEndSettings):
    """What front ends share that cut a waveform into frames of samples."""

    fft_size: Annotated[int, Field(ge=16, multiple_of=2)] = 1024
    hop_length: Count = 512


class MelSettings(FramedSettings):
    """What all front ends share that begin with mel bands; units are hertz and samples."""

    bands: Count = 128
    fmin: NotNegative = 0.0
    fmax: Literal["half"] | Positive = "half"  # "half": half the sampling rate
    scale: Literal["slaney", "htk"] = "slaney"
    norm: Literal["slaney", "none"] = "slaney"
    log: Literal["db", "ln"] = "db"
    reference: Literal["max"] | Positive = "max"  # dB only: the window's own maximum, or a power
    floor_db: Literal["none"] | Positive = 80.0  # dB only: nothing lies further than this below the window's maximum
    epsilon: Positive = 1e-10  # dB: least power; ln: added to the power

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.fmax != "half" and self.fmax <= self.fmin:
            raise ValueError(f"fmax ({self.fmax:g} Hz) must be above fmin ({self.fmin:g} Hz)")
        return self


class LogMelSettings(MelSettings):
    """Waveform -> log-mel spectrogram `[band, frame]`."""

    kind: Literal["log_mel"] = "log_mel"

    @property
    def rows(self) -> int:
        """Features of a frame."""
        return self.bands


class CepstralSettings(MelSettings):
    """What front ends share that go on from mel bands to their cosine transform."""

    coefficients: Count = 40  # from the 0th, the frame's mean level, on

    @model_validator(mode="after")
    def _fewer_than_bands(self) -> Self:
        if self.coefficients > self.bands:
            raise ValueError(f"frontend.coefficients ({self.coefficients}) cannot be more than bands ({self.bands})")
        return self


class MfccSettings(CepstralSettings):
    """Waveform -> mel-frequency cepstral coefficients `[coefficient, frame]`: the cosine transform of the log-mel bands."""

    kind: Literal["mfcc"] = "mfcc"

    @property
    def rows(self) -> int:
        """Features of a frame."""
        return self.coefficients


class FunctionalsSettings(CepstralSettings):
    """Waveform -> statistics over frames `[feature, 1]`: of log-mel bands, MFCC, and the differences of both."""

    whole_clip: ClassVar[bool] = True

    kind: Literal["spectral_functionals"] = "spectral_functionals"

    @property
    def rows(self) -> int:
        """Features of a clip: mean, deviation, minimum and maximum of each band, coefficient and difference."""
        return 4 * 2 * (self.bands + self.coefficients)


class EgemapsFrontEndSettings(FrontEndSettings):
    """Waveform -> the 88 acoustic functionals of eGeMAPS `[feature, 1]`, computed in NumPy before the graph."""

    whole_clip: ClassVar[bool] = True

    kind: Literal["egemaps"] = "egemaps"
    f0_low_hz: Annotated[float, Field(ge=25)] = 55.0  # lowest F0 in hertz; lower for creaky voices
    f0_high_hz: Annotated[float, Field(le=2000)] = 1000.0  # highest F0 in hertz; 500 avoids octave errors for adults

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.f0_high_hz < 2 * self.f0_low_hz:
            raise ValueError(
                f"frontend.f0_high_hz ({self.f0_high_hz:g}) must be at least twice f0_low_hz ({self.f0_low_hz:g})"
            )
        return self

    @property
    def rows(self) -> int:
        """Features of a clip."""
        return 88


class ZcrRmsSettings(FramedSettings):
    """Waveform -> zero-crossing rate of each frame, then root mean square of each frame, joined: `[1, point]`."""

    kind: Literal["zcr_rms"] = "zcr_rms"

    @property
    def rows(self) -> int:
        """Features of a point."""
        return 1


FrontEnd = Annotated[
    LogMelSettings | MfccSettings | FunctionalsSettings | ZcrRmsSettings | EgemapsFrontEndSettings,
    Field(discriminator="kind"),
]
