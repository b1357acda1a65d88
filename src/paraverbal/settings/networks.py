"""Settings of the networks. `family` chooses one; each says how small a spectrogram it can take."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from paraverbal.settings.base import FROM_LIST, Count, Counts, Positive, Settings, Share, Whole


class CnnSettings(Settings):
    """Convolutions over the spectrogram, then the mean of each channel, or all values, into one linear layer."""

    family: Literal["cnn"] = "cnn"
    channels: Counts = (16, 32, 64)
    pooled: Whole = 2  # after so many of the first convolutions, the maximum of 2 x 2 is taken
    batch_norm: bool = False
    # average: mean over bands and frames; flatten: all values, which needs one number of frames (frontend.fit)
    head: Literal["average", "flatten"] = "average"
    hidden_units: Whole = 0  # of a layer before the output; 0: none
    dropout: Share = 0.25

    @property
    def least_frames(self) -> int:
        """Fewest frames (and bands) that leave something to the last layer."""
        return int(2**self.pooled)

    @property
    def least_rows(self) -> int:
        """Fewest features of a frame."""
        return self.least_frames

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.pooled > len(self.channels):
            raise ValueError(f"model.pooled ({self.pooled}) is more than the {len(self.channels)} convolutions")
        return self


class CnnLstmSettings(Settings):
    """Convolutions over the spectrogram, then a bidirectional LSTM over its frames."""

    family: Literal["cnn-lstm"] = "cnn-lstm"
    channels: Counts = (32, 64, 128)
    lstm_units: Count = 128
    lstm_layers: Count = 2
    hidden_units: Count = 128
    dropout: Share = 0.3

    @property
    def least_frames(self) -> int:
        """Fewest frames that pass all blocks."""
        return int(2 ** len(self.channels))

    @property
    def least_rows(self) -> int:
        """Fewest features of a frame."""
        return self.least_frames


class LocalFeaturesSettings(Settings):
    """Local feature learning blocks (convolution, batch normalisation, ELU, maximum), then an LSTM."""

    family: Literal["local-features-lstm"] = "local-features-lstm"
    dimensions: Literal[1, 2] = 2  # 1: convolve over time alone, 2: over features and time
    channels: Counts = (64, 64, 128, 128)
    pools: Counts = (2, 4, 4, 4)  # length of the maximum after each convolution
    lstm_units: Count = 256
    attention: bool = False  # the mean of self-attention over time, in place of the last state
    dropout: Share = 0.0

    @property
    def least_frames(self) -> int:
        """Fewest frames that pass all blocks."""
        return math.prod(self.pools)

    @property
    def least_rows(self) -> int:
        """Fewest features of a frame."""
        return self.least_frames if self.dimensions == 2 else 1

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.pools) != len(self.channels):
            raise ValueError(
                f"model.pools has {len(self.pools)} numbers, model.channels {len(self.channels)}; give as many"
            )
        return self


class RecurrentSettings(Settings):
    """A recurrent layer over the frames; its last state goes into one linear layer."""

    family: Literal["recurrent"] = "recurrent"
    cell: Literal["lstm", "rnn"] = "lstm"  # rnn: without gates (Elman 1990), tanh
    units: Count = 128
    layers: Count = 1
    dropout: Share = 0.0

    @property
    def least_frames(self) -> int:
        """Fewest frames."""
        return 1

    @property
    def least_rows(self) -> int:
        """Fewest features of a frame."""
        return 1


class SvmSettings(Settings):
    """Support vector machine, one against one, on features standardised by the training clips."""

    family: Literal["svm"] = "svm"
    kernel: Literal["linear", "rbf"] = "rbf"
    # each is tried, and the best on the validation part is kept
    costs: Annotated[tuple[Positive, ...], Field(min_length=1), FROM_LIST] = (0.01, 0.1, 1.0, 10.0, 100.0)
    gamma: Literal["scale"] | Positive = "scale"  # of the rbf kernel; scale: 1 / (features x variance)

    @property
    def least_frames(self) -> int:
        """Fewest frames."""
        return 1

    @property
    def least_rows(self) -> int:
        """Fewest features of a frame."""
        return 1


class MlpSettings(Settings):
    """Linear layers with ReLU and dropout between, on the statistics of a clip."""

    family: Literal["mlp"] = "mlp"
    widths: Counts = (128,)  # units of each hidden layer
    dropout: Share = 0.5

    @property
    def least_frames(self) -> int:
        """Fewest frames."""
        return 1

    @property
    def least_rows(self) -> int:
        """Fewest features of a frame."""
        return 1


class ResidualSettings(Settings):
    """Residual convolutions over the spectrogram, then mean and deviation over time, weighted by attention."""

    family: Literal["residual"] = "residual"
    stem: Count = 32  # channels of the first convolution, which halves bands and frames
    channels: Counts = (48, 96, 192)  # of each stage; each halves the bands
    halved: Whole = 2  # stages, from the first, that halve the frames
    units: Count = 192  # of a frame, after the projection
    attention_units: Count = 64  # of the layer that weighs frames
    block_dropout: Share = 0.0  # of whole channels, after each stage
    dropout: Share = 0.3  # before the output

    @property
    def least_frames(self) -> int:
        """Fewest frames that pass all stages."""
        return int(2 ** (1 + min(self.halved, len(self.channels))))

    @property
    def least_rows(self) -> int:
        """Fewest features of a frame."""
        return int(2 ** (1 + len(self.channels)))


class TextOnlySettings(Settings):
    """No network for the voice: the transcript alone is read, as section `text` says."""

    family: Literal["text"] = "text"

    @property
    def least_frames(self) -> int:
        """Fewest frames."""
        return 1

    @property
    def least_rows(self) -> int:
        """Fewest features of a frame."""
        return 1


Network = Annotated[
    CnnSettings
    | CnnLstmSettings
    | LocalFeaturesSettings
    | RecurrentSettings
    | ResidualSettings
    | SvmSettings
    | MlpSettings
    | TextOnlySettings,
    Field(discriminator="family"),
]
