"""The models that a service was started with: nothing else can be asked for, and a name is never a path."""

from collections.abc import Mapping
from typing import Any

from paraverbal.bundle.load import Model
from paraverbal.errors import nearest
from paraverbal.service.problems import RequestError

CARD = "README.md"


def chosen(models: Mapping[str, Model], name: str | None) -> Model:
    """Return the model of a name; None is the first.

    Raises:
        RequestError: 422, there is no such model.
    """
    if name is None:
        return next(iter(models.values()))
    if name not in models:
        raise RequestError(
            422, f"there is no model of this name here{nearest(name, models)}; known: {', '.join(models)}"
        )
    return models[name]


def entry(model: Model, *, is_default: bool) -> dict[str, Any]:
    """Return what `/v1/models` says of a model."""
    manifest, card = model.manifest, model.folder / CARD
    return {
        "name": model.name,
        "labels": list(model.labels),
        "dimensions": list(model.dimensions),
        "modalities": list(model.modalities),
        "sampling_rate": model.sampling_rate,
        "window_seconds": manifest.seconds,
        "licence": manifest.licence,
        "card": card.read_text(encoding="utf-8") if card.is_file() else "",
        "default": is_default,
    }
