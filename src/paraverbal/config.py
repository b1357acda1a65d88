"""Recipes: TOML <-> typed, frozen settings.

A recipe has the sections `audio`, `frontend`, `augment`, `model`, `training` and `split`. Every key has a default but
`frontend.kind` and `model.family`, which choose the settings class of their section. A variant names the recipe that it
`extends` and holds only what differs. An unknown key, a wrong type or an impossible value is a `RecipeError` before any
work. This module knows no stage: it only holds what stages are told.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator

from paraverbal.emotions import EMOTIONS
from paraverbal.errors import RecipeError, nearest

Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
FROM_LIST = Strict(False)  # TOML has lists, settings hold tuples


class Settings(BaseModel):
    """Base of all settings: frozen, no key that is not declared, no other type, no infinite number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class AudioSettings(Settings):
    """File -> waveform: mono, at one rate, cut into windows of one length."""

    sampling_rate: Annotated[int, Field(ge=4000, le=192_000)] = 16_000
    seconds: Positive = (
        3.0  # a longer clip is cut into windows of this length, a shorter one is padded with zeros at its end
    )
    hop_seconds: Positive = 3.0  # at most this far apart; the windows of a clip are evenly spaced and reach its end
    level: Literal["none", "peak", "rms"] = "none"

    @property
    def samples(self) -> int:
        """Samples of a window."""
        return round(self.seconds * self.sampling_rate)


class LogMelSettings(Settings):
    """Waveform -> log-mel spectrogram `[band, frame]`; units are hertz and samples."""

    kind: Literal["log_mel"] = "log_mel"
    fft_size: Annotated[int, Field(ge=16, multiple_of=2)] = 1024
    hop_length: Count = 512
    bands: Count = 128
    fmin: Annotated[float, Field(ge=0)] = 0.0
    fmax: Literal["half"] | Positive = "half"  # "half": half the sampling rate
    scale: Literal["slaney", "htk"] = "slaney"
    norm: Literal["slaney", "none"] = "slaney"
    log: Literal["db", "ln"] = "db"
    reference: Literal["max"] | Positive = "max"  # dB only: the window's own maximum, or a power
    floor_db: Literal["none"] | Positive = 80.0  # dB only: nothing lies further than this below the window's maximum
    epsilon: Positive = 1e-10  # dB: least power; ln: added to the power
    scaling: Literal["none", "clip", "band", "train", "unit"] = "none"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.fmax != "half" and self.fmax <= self.fmin:
            raise ValueError(f"fmax ({self.fmax:g} Hz) must be above fmin ({self.fmin:g} Hz)")
        return self


class AugmentSettings(Settings):
    """Changes drawn for each training clip; `copies = 0` trains on the clips as they are.

    An epoch holds each clip once unchanged and `copies` times changed. Each change is applied with `probability`.
    """

    copies: Annotated[int, Field(ge=0)] = 0
    probability: Probability = 0.7
    noise_deviation: Annotated[float, Field(ge=0)] = 0.0  # of normal noise added to the spectrogram, in its unit
    roll: Probability = 0.0  # greatest circular shift in time, as a share of the frames
    # range of the number that the spectrogram is multiplied by
    factor: Annotated[tuple[Positive, Positive], FROM_LIST] = (1.0, 1.0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        low, high = self.factor
        if low > high:
            raise ValueError(f"augment.factor goes from {low:g} to {high:g}; give the smaller number first")
        return self


class CnnLstmSettings(Settings):
    """Convolutions over the spectrogram, then a bidirectional LSTM over its frames."""

    family: Literal["cnn-lstm"] = "cnn-lstm"
    channels: Annotated[tuple[Count, ...], Field(min_length=1), FROM_LIST] = (32, 64, 128)
    lstm_units: Count = 128
    lstm_layers: Count = 2
    hidden_units: Count = 128
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3


class TrainingSettings(Settings):
    """The optimiser, its schedule, and when to stop."""

    seed: Annotated[int, Field(ge=0)] = 0
    epochs: Count = 200
    batch_size: Annotated[int, Field(ge=2)] = 32  # batch normalisation has no variance in a batch of one
    learning_rate: Positive = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-5  # L2, added to the gradient as Adam does
    plateau_factor: Annotated[float, Field(gt=0, le=1)] = 0.5  # learning rate x this when validation loss stands still
    plateau_patience: Annotated[int, Field(ge=0)] = 5  # epochs without a lower validation loss before that
    stop_patience: Count = 35  # epochs without a better validation score before training ends
    select_by: Literal["wa", "uar"] = "wa"  # the score whose best epoch is kept
    select_on: Literal["valid", "test"] = (
        "valid"  # "test" only reproduces published numbers; every report then says "optimistic"
    )
    precision: Literal["auto", "32", "bf16"] = "auto"  # auto: bf16 where the processor computes in it


class SplitSettings(Settings):
    """How train, valid and test are cut from a corpus."""

    # auto: speakers apart where at least 3 are known, else holdout, at random; official: what a split file says
    protocol: Literal["auto", "speakers", "holdout", "official"] = "auto"
    valid: Annotated[float, Field(gt=0, lt=1)] = 0.15
    test: Annotated[float, Field(gt=0, lt=1)] = 0.15
    emotions: Annotated[tuple[str, ...], FROM_LIST] = ()  # only these; empty: all that the corpus has

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.valid + self.test >= 1:
            raise ValueError(f"valid ({self.valid:g}) and test ({self.test:g}) leave nothing to train on")
        for emotion in self.emotions:
            if emotion not in EMOTIONS:
                raise ValueError(
                    f"emotions: {emotion!r} is unknown{nearest(emotion, EMOTIONS)}; known: {', '.join(EMOTIONS)}"
                )
        return self


class Recipe(Settings):
    """A complete recipe, resolved: what a run folder keeps as `recipe.toml`."""

    name: str
    title: str = ""
    source: str = ""
    audio: AudioSettings = AudioSettings()
    frontend: LogMelSettings
    augment: AugmentSettings = AugmentSettings()
    model: CnnLstmSettings
    training: TrainingSettings = TrainingSettings()
    split: SplitSettings = SplitSettings()

    @model_validator(mode="after")
    def _check(self) -> Self:
        highest = self.frontend.fmax
        if highest != "half" and highest > self.audio.sampling_rate / 2:
            raise ValueError(
                f"frontend.fmax ({highest:g} Hz) is above half of audio.sampling_rate ({self.audio.sampling_rate} Hz)"
            )
        if self.frontend.fft_size > self.audio.samples:
            raise ValueError(
                f"frontend.fft_size ({self.frontend.fft_size}) is longer than a window ({self.audio.samples} samples)"
            )
        bands, frames = self.frontend.bands, 1 + self.audio.samples // self.frontend.hop_length
        halvings = len(self.model.channels)
        if min(bands, frames) < 2**halvings:
            raise ValueError(
                f"model.channels halves the spectrogram {halvings} times, which needs {2**halvings} bands and frames; "
                f"a window has {bands} bands (frontend.bands) and {frames} frames (audio.seconds, frontend.hop_length)"
            )
        return self


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with paraverbal, sorted."""
    folder = resources.files("paraverbal") / "recipes"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def read_recipe(recipe: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe by name or from a TOML file.

    Args:
        recipe: One of `recipe_names()`, or the path of a TOML file.
        overrides: `section.key=value`, value as in TOML (a bare word is taken as a string).

    Raises:
        RecipeError: No such recipe, not TOML, an unknown key (the nearest valid one is named), or a wrong value.

    Example:
        >>> read_recipe("cnn-lstm", ["training.epochs=3"]).training.epochs
        3
    """
    name, text = _recipe_text(recipe)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"recipe {name}: not valid TOML: {error}") from error
    if "extends" in document:
        document = _extended(name, document)
    for override in overrides:
        _override(document, override)
    return parse_recipe({"name": name} | document)


def parse_recipe(document: Mapping[str, Any]) -> Recipe:
    """Check a recipe given as nested mappings.

    Raises:
        RecipeError: An unknown key or a wrong value; all of them are listed.
    """
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        details: dict[tuple[str | int, ...], list[Any]] = {}
        for detail in error.errors():
            details.setdefault(_location(detail), []).append(detail)
        problems = "; ".join(_problem(location, found) for location, found in details.items())
        raise RecipeError(f"recipe {document.get('name', '')}: {problems}") from error


def recipe_toml(recipe: Recipe) -> str:
    """Return the complete recipe as TOML, which `read_recipe` reads back to an equal recipe."""
    document = recipe.model_dump(mode="json")
    head = [f"{key} = {_toml(value)}" for key, value in document.items() if not isinstance(value, dict)]
    sections = [
        "\n".join([f"[{section}]", *(f"{key} = {_toml(value)}" for key, value in settings.items())])
        for section, settings in document.items()
        if isinstance(settings, dict)
    ]
    return "\n\n".join(["\n".join(head), *sections]) + "\n"


def _extended(name: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return the named recipe that a variant extends, with what the variant changes; that one may be a variant too."""
    base = str(document.pop("extends"))
    if base not in recipe_names():
        raise RecipeError(f"recipe {name}: extends {base!r}, which is unknown{nearest(base, recipe_names())}")
    merged: dict[str, Any] = tomllib.loads(_recipe_text(base)[1])
    if "extends" in merged:
        merged = _extended(base, merged)
    for key, value in document.items():
        older = merged.get(key)
        merged[key] = older | value if isinstance(older, dict) and isinstance(value, dict) else value
    return merged


def _recipe_text(recipe: str | Path) -> tuple[str, str]:
    path = Path(recipe)
    if path.suffix == ".toml" or path.is_file():
        if not path.is_file():
            raise RecipeError(f"recipe {recipe}: no such file; give a TOML file or one of {', '.join(recipe_names())}")
        try:
            return path.stem, path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise RecipeError(f"recipe {recipe}: not a text in UTF-8; save it as one") from error
    if str(recipe) not in recipe_names():
        known = recipe_names()
        raise RecipeError(f"recipe {str(recipe)!r} is unknown{nearest(str(recipe), known)}; known: {', '.join(known)}")
    entry = resources.files("paraverbal") / "recipes" / f"{recipe}.toml"
    return str(recipe), entry.read_text(encoding="utf-8")


def _override(document: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    section, dot, name = key.strip().partition(".")
    if not (equals and dot and name):
        raise RecipeError(f"setting {override!r}: expected section.key=value, for example training.epochs=20")
    try:
        parsed: Any = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    settings = document.get(section, {})
    if not isinstance(settings, dict):
        raise RecipeError(f"setting {override!r}: {section} is no section; expected section.key=value")
    document[section] = {**settings, name: parsed}


def _location(detail: Any) -> tuple[str | int, ...]:
    """Return section, key and index of a validation error, without the names that pydantic gives to alternatives."""
    return tuple(part for depth, part in enumerate(detail["loc"]) if depth < 2 or isinstance(part, int))


def _problem(location: tuple[str | int, ...], details: list[Any]) -> str:
    """Return the validation errors of pydantic for one key as a sentence that names it."""
    key, kind = ".".join(map(str, location)), details[0]["type"]
    if kind == "extra_forbidden":
        return f"unknown key {key}{nearest(str(location[-1]), _keys_beside(location))}"
    if kind == "missing":
        return f"{key} is missing"
    if kind == "value_error":
        return str(details[0]["msg"]).removeprefix("Value error, ")
    messages = [detail["msg"][0].lower() + detail["msg"][1:] for detail in details]
    return f"{key} = {details[0]['input']!r}: {', or '.join(messages)}"


def _keys_beside(location: tuple[str | int, ...]) -> list[str]:
    if len(location) == 1:
        return list(Recipe.model_fields)
    section: Any = Recipe.model_fields[str(location[0])].annotation
    return list(section.model_fields)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML escapes as JSON does
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)
