"""Settings of what a model reads beside the voice, and of how the two are joined."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from paraverbal.settings.base import FROM_LIST, Count, Positive, Settings, Share

# What `text.tokenizer` trains; any other word names files.
TOKENIZER_KINDS = ("bpe", "byte-bpe", "wordpiece")


class TextSettings(Settings):
    """Transcripts: how they are cut into tokens, and what reads the tokens. `encoder = "none"` reads none."""

    # none: the model hears the voice alone; transformer: a small one, trained from scratch; pretrained: any BERT-like
    # model of the library transformers (extra pretrained)
    encoder: Literal["none", "transformer", "pretrained"] = "none"
    # auto: a pretrained model's own, else byte-bpe; bpe, byte-bpe, wordpiece: trained on the transcripts of the training
    # part; any other word: a folder or file to load
    tokenizer: str = "auto"
    vocabulary_size: Count = 1000  # tokens at most, of a tokenizer that is trained
    lowercase: bool = True  # whether a tokenizer that is trained reads capitals as small letters
    max_length: Annotated[int, Field(ge=4)] = 128  # tokens of a text; what is behind is not read
    # what a sentence becomes: the vector of its opening token, the mean of all, or their mean by learned weights
    pooling: Literal["cls", "mean", "attention"] = "mean"
    width: Count = 64  # of a token's vector, transformer only
    layers: Count = 2  # transformer only
    heads: Count = 4  # transformer only; width must be a multiple of it
    dropout: Share = 0.1  # transformer only
    positions: Literal["sinusoidal", "learned"] = "sinusoidal"  # transformer only
    pretrained: str = ""  # folder or hub name of the pretrained model; its tokenizer is taken too, unless one is named
    frozen: bool = True  # whether a pretrained model stays as it is

    @property
    def is_read(self) -> bool:
        """Whether the model reads text."""
        return self.encoder != "none"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.width % self.heads or self.width % 2:
            raise ValueError(f"text.width is {self.width}; give an even multiple of text.heads ({self.heads})")
        if (self.encoder == "pretrained") != bool(self.pretrained):
            raise ValueError(
                'text.pretrained names the folder or hub name of a pretrained model, and goes with text.encoder = "pretrained"'
            )
        if self.encoder == "pretrained" and self.tokenizer in TOKENIZER_KINDS:
            raise ValueError(
                f"text.tokenizer {self.tokenizer!r} would be trained anew, but a pretrained model knows the tokens of its own "
                "alone; leave it out, or name the folder"
            )
        return self


class FusionSettings(Settings):
    """How voice and text are joined; without text nothing is."""

    # early: joined features of the whole clip; middle: the tokens of all in one transformer; late: mixed probabilities
    kind: Literal["early", "middle", "late"] = "early"
    # of middle. joint: each token hears all tokens; cross: those of each kind of input hear those of the others
    attention: Literal["joint", "cross"] = "joint"
    mix: Literal["learned", "weights"] = "learned"  # of late: how much each counts
    # of late: what is taken of the probabilities. geometric: what one rules out stays out; arithmetic: the surest decides
    mean: Literal["geometric", "arithmetic"] = "geometric"
    # of late with mix = "weights": of the voice first, then of the text
    weights: Annotated[tuple[Positive, ...], FROM_LIST] = (1.0, 1.0)
    units: Count = 64  # of early's hidden layer, and of middle's tokens
    layers: Count = 1  # middle only
    heads: Count = 4  # middle only; units must be a multiple of it
    dropout: Share = 0.1  # before the output, and in the transformer of middle
    # how much counts in training what is answered with the voice or the text of a clip hidden, so that each serves alone
    modality_dropout: Share = 0.3

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.units % self.heads or self.units % 2:
            raise ValueError(f"fusion.units is {self.units}; give an even multiple of fusion.heads ({self.heads})")
        return self
