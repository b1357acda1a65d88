"""What a recipe builds, for `paraverbal recipes`."""

from typing import Any

from paraverbal.config import read_recipe, recipe_names
from paraverbal.models.fitting import frames_of
from paraverbal.models.model import Layer, SpeechModel, summary
from paraverbal.settings import NOMINAL_LONGEST_SECONDS, AudioSettings, Recipe

# The number of labels at which recipes are compared.
LABELS = ("anger", "fear", "happiness", "neutral", "sadness")


def catalog() -> list[dict[str, Any]]:
    """Return `name, parameters` (at 5 labels)`, input, source` and `title` of each recipe.

    A support vector machine has no trained parameters before it has seen data: 0.
    """
    return [entry(read_recipe(name))[0] for name in recipe_names()]


def entry(recipe: Recipe) -> tuple[dict[str, Any], list[Layer]]:
    """Return what `catalog` says of a recipe, and its layers."""
    model = SpeechModel(recipe, LABELS)
    layers = summary(model)
    audio, front_end = recipe.audio, recipe.frontend
    frames = front_end.frames if front_end.fit == "resize" else frames_of(front_end, audio.samples)
    is_free = audio.short == "keep" and front_end.fit == "none" and frames > 1
    shape = f"{front_end.rows} x {'frames' if is_free else frames}"
    description = {
        "name": recipe.name,
        "parameters": model.parameters_count,
        "input": _input(recipe, f"{_length(audio)} at {audio.sampling_rate} Hz -> {front_end.kind} {shape}"),
        "source": recipe.source,
        "title": recipe.title,
    }
    return description, layers


def _input(recipe: Recipe, heard: str) -> str:
    """Return what a recipe hears, with what it reads, if it does."""
    if not recipe.text.is_read:
        return heard
    read = f"text of up to {recipe.text.max_length} tokens"
    return read if recipe.model.family == "text" else f"{heard}; {read}"


def _length(audio: AudioSettings) -> str:
    """Return how much of a clip the model hears at once."""
    if audio.seconds == "longest":
        return f"the longest training clip ({NOMINAL_LONGEST_SECONDS:g} s)"
    return f"whole clips up to {audio.seconds:g} s" if audio.short == "keep" else f"{audio.seconds:g} s"
