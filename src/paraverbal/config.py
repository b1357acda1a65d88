"""Recipes: TOML <-> the typed, frozen settings of `settings`.

A recipe has the sections `audio`, `frontend`, `augment`, `model`, `training` and `split`. Every key has a default but
`frontend.kind` and `model.family`, which choose the settings class of their section. A variant names the recipe that it
`extends` and holds only what differs. An unknown key, a wrong type or an impossible value is a `RecipeError` before any
work.
"""

import json
import tomllib
import typing
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from paraverbal.errors import RecipeError, nearest
from paraverbal.settings import Recipe


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
    location = list(detail["loc"])
    if len(location) > 1 and location[1] in _classes(str(location[0])):
        del location[1]  # the kind or family that chose the class of the section
    return tuple(part for depth, part in enumerate(location) if depth < 2 or isinstance(part, int))


def _classes(section: str) -> dict[str, type[BaseModel]]:
    """Return the settings classes of a section by the word that chooses one; none where there is only one class."""
    field = Recipe.model_fields.get(section)
    if field is None or not field.discriminator:
        return {}
    classes: tuple[Any, ...] = typing.get_args(field.annotation)
    return {one.model_fields[field.discriminator].default: one for one in classes}


def _problem(location: tuple[str | int, ...], details: list[Any]) -> str:
    """Return the validation errors of pydantic for one key as a sentence that names it."""
    key, kind = ".".join(map(str, location)), details[0]["type"]
    if kind == "extra_forbidden":
        beside = _keys_beside(details[0]["loc"])
        return f"unknown key {key}{nearest(str(location[-1]), beside)}"
    if kind in ("missing", "union_tag_not_found"):
        chooser = getattr(Recipe.model_fields.get(key), "discriminator", None)
        return f"{key}.{chooser} is missing" if chooser else f"{key} is missing"
    if kind == "union_tag_invalid":
        chooser, known = details[0]["ctx"]["discriminator"].strip("'"), list(_classes(key))
        given = details[0]["ctx"]["tag"]
        return f"{key}.{chooser} = {given!r} is unknown{nearest(given, known)}; known: {', '.join(known)}"
    if kind == "value_error":
        return str(details[0]["msg"]).removeprefix("Value error, ")
    if kind == "tuple_type":
        usual = _class_of(details[0]["loc"]).model_fields[str(location[1])].default
        example = f", for example {_toml(list(usual))}" if usual else ""
        return f"{key} = {details[0]['input']!r}: expected a list in brackets{example}"
    messages = [detail["msg"][0].lower() + detail["msg"][1:] for detail in details]
    return f"{key} = {details[0]['input']!r}: {', or '.join(messages)}"


def _keys_beside(location: tuple[str | int, ...]) -> list[str]:
    if len(location) == 1:
        return list(Recipe.model_fields)
    return sorted(_class_of(location).model_fields)


def _class_of(location: tuple[str | int, ...]) -> Any:
    """Return the settings class of the section that a validation error of pydantic lies in."""
    section = str(location[0])
    return _classes(section).get(str(location[1]), Recipe.model_fields[section].annotation)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML escapes as JSON does
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)
