"""What a recipe builds, for `paraverbal recipes`."""

from typing import Any

from paraverbal.config import Recipe, read_recipe, recipe_names
from paraverbal.models.model import Layer, SpeechModel, summary

# The number of labels at which recipes are compared.
LABELS = ("anger", "fear", "happiness", "neutral", "sadness")


def catalog() -> list[dict[str, Any]]:
    """Return `name, parameters` (at 5 labels)`, input, source` and `title` of each recipe."""
    return [entry(read_recipe(name))[0] for name in recipe_names()]


def entry(recipe: Recipe) -> tuple[dict[str, Any], list[Layer]]:
    """Return what `catalog` says of a recipe, and its layers."""
    model = SpeechModel(recipe, LABELS)
    layers = summary(model)
    shape = " x ".join(map(str, layers[0].output[1:]))
    audio = recipe.audio
    description = {
        "name": recipe.name,
        "parameters": model.parameters_count,
        "input": f"{audio.seconds:g} s at {audio.sampling_rate} Hz -> {recipe.frontend.kind} {shape}",
        "source": recipe.source,
        "title": recipe.title,
    }
    return description, layers
