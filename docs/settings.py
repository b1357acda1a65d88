"""Write `settings.md`: every setting of a recipe, from the settings classes of `config.py`.

    python docs/settings.py [--output FILE]

Type, default and range come from the classes, what a setting means from the comment beside (or above) its field. For
fields whose name says enough in the source, `MEANINGS` says it here; an entry without a field is an error.
"""

import argparse
import ast
import inspect
import io
import textwrap
import tokenize
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from paraverbal.config import Recipe, recipe_names

TARGET = Path(__file__).parent / "settings.md"

UNITS = {
    "audio.sampling_rate": "Hz",
    "audio.seconds": "s",
    "audio.hop_seconds": "s",
    "frontend.fft_size": "samples",
    "frontend.hop_length": "samples",
    "frontend.fmin": "Hz",
    "frontend.fmax": "Hz",
    "frontend.floor_db": "dB",
    "frontend.epsilon": "power",
    "augment.noise_deviation": "dB, or what the spectrogram is in",
    "augment.roll": "share",
    "model.dropout": "share",
    "training.plateau_patience": "epochs",
    "training.stop_patience": "epochs",
    "split.valid": "share",
    "split.test": "share",
}
MEANINGS = {
    "name": "of the recipe; if not given, that of its file without `.toml`",
    "title": "one line about it, for lists and reports",
    "source": "where the published system is described",
    "audio.sampling_rate": "every recording is brought to this rate",
    "audio.level": "what is done to the level of a clip: nothing, greatest sample to 1, or root mean square to a fixed level",
    "frontend.kind": "chooses the front end",
    "frontend.fft_size": "length of a frame",
    "frontend.hop_length": "distance of two frames",
    "frontend.bands": "mel bands, rows of the spectrogram",
    "frontend.fmin": "lower edge of the lowest band",
    "frontend.scale": "mel scale: linear below 1 kHz (Slaney), or 2595 log10(1 + f / 700) (HTK)",
    "frontend.norm": "each band's triangle has an area of 1 (Slaney), or a peak of 1",
    "frontend.log": "decibels, or natural logarithm",
    "frontend.scaling": "of the spectrogram: as it is; mean 0 and deviation 1 over the clip, in each band of the clip, "
    "or in each band of the training data; or onto 0..1",
    "augment.copies": "changed copies of each clip in an epoch, beside the clip itself",
    "augment.probability": "of each change, for each copy",
    "model.family": "chooses the network",
    "model.channels": "a block of convolutions for each number: its channels",
    "model.lstm_units": "in each direction",
    "model.lstm_layers": "stacked LSTM layers",
    "model.hidden_units": "size of the embedding",
    "model.dropout": "share of values set to zero in training",
    "training.seed": "of the split, the first weights and every draw",
    "training.epochs": "at most",
    "training.batch_size": "spectrograms in a step",
    "training.learning_rate": "of Adam, at the beginning",
    "split.valid": "of the clips, for choosing the epoch",
    "split.test": "of the clips, for the score",
}
_SYMBOLS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}

HEAD = """\
# Settings of a recipe

Made by `docs/settings.py` from `src/paraverbal/config.py`; change the settings there, not this page.

A recipe is TOML: three keys at its head, then sections. `[frontend]` and `[model]` must be there; every key that is left
out has its default. An unknown key or an impossible value is an error before any work. `--set
section.key=value` overrides one setting on the command line, and `extends = "NAME"` at the head takes over another recipe of
the package, so that only what differs is written. Recipes in the package: {recipes}.
"""


def comments(settings: type[BaseModel]) -> dict[str, str]:
    """Return the comment of each field: beside it, else on the lines right above it."""
    source = textwrap.dedent(inspect.getsource(settings))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {token.start[0]: token for token in tokens if token.type == tokenize.COMMENT}
    own_line = {number for number, token in lines.items() if not token.line[: token.start[1]].strip()}
    body = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)).body
    fields = [node for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    found = {}
    for node in fields:
        inside = [number for number in range(node.lineno, (node.end_lineno or node.lineno) + 1) if number in lines]
        above: list[int] = []
        while (number := node.lineno - 1 - len(above)) in own_line:
            above.insert(0, number)
        text = " ".join(lines[number].string.lstrip("# ") for number in inside or above)
        found[ast.unparse(node.target)] = text
    return found


def kind_and_range(annotation: Any, metadata: list[Any]) -> tuple[str, list[str]]:
    """Return how a type reads, and what its values are limited to."""
    limits = [limit for entry in metadata for limit in _limits(entry)]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        kind, inner = kind_and_range(arguments[0], list(arguments[1:]))
        return kind, inner + limits
    if origin is Literal:
        return "word", [" or ".join(f'"{value}"' for value in arguments)]
    if origin in (Union, types.UnionType):
        parts = [kind_and_range(argument, []) for argument in arguments]
        kinds = " or ".join(dict.fromkeys(kind for kind, _ in parts))
        return kinds, ["; ".join(", ".join(part) for _, part in parts if part), *limits]
    if origin is tuple:
        kind, inner = kind_and_range(arguments[0], [])
        size = "" if Ellipsis in arguments else f"{len(arguments)} "
        return f"list of {size}{kind}s", [*(f"each {limit}" for limit in inner), *limits]
    return {int: "whole number", float: "number", str: "text", bool: "true or false"}[annotation], limits


def _limits(entry: Any) -> Iterator[str]:
    """Return the limits in a piece of metadata; pydantic's `Field` holds a list of them."""
    if isinstance(entry, FieldInfo):
        for part in entry.metadata:
            yield from _limits(part)
    for name, symbol in _SYMBOLS.items():
        if isinstance(entry, annotated_types.BaseMetadata) and hasattr(entry, name):
            yield f"{symbol} {getattr(entry, name):,}"
    if isinstance(entry, annotated_types.MinLen):
        yield f"at least {entry.min_length} of them"


def row(section: str, name: str, field: FieldInfo, comment: str) -> str:
    """Return one row of the table of a section.

    Raises:
        SystemExit: Nothing says what the field means.
    """
    key = f"{section}.{name}" if section else name
    meaning = "; ".join(part for part in (MEANINGS.get(key, ""), comment) if part)
    if not meaning:
        raise SystemExit(f"{key}: give it a comment in config.py, or an entry in MEANINGS of docs/settings.py")
    kind, limits = kind_and_range(field.annotation, field.metadata)
    cells = [f"`{name}`", kind, UNITS.get(key, ""), _default(field), ", ".join(limits), meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return ""
    if isinstance(field.default, str):
        return f'`"{field.default}"`'
    if isinstance(field.default, tuple):
        return f"`{list(field.default)}`"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"


def table(section: str, settings: type[BaseModel]) -> str:
    """Return the table of a section, without the fields that are sections themselves."""
    said = comments(settings)
    rows = [
        row(section, name, field, said.get(name, ""))
        for name, field in settings.model_fields.items()
        if not classes(field.annotation)
    ]
    return "\n".join(["| key | type | unit | default | range | meaning |", "|---|---|---|---|---|---|", *rows])


def classes(annotation: Any) -> list[type[BaseModel]]:
    """Return the settings classes that a section may have: one, or one for each kind or family."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in typing.get_args(annotation) for found in classes(argument)]


def page() -> str:
    """Return the text of `settings.md`."""
    sections = [table("", Recipe)]
    keys = set(Recipe.model_fields)
    for section, field in Recipe.model_fields.items():
        for settings in classes(field.annotation):
            first_line = (settings.__doc__ or "").splitlines()[0]
            sections.append(f"## `[{section}]`\n\n{first_line}\n\n{table(section, settings)}")
            keys |= {f"{section}.{name}" for name in settings.model_fields}
    gone = sorted({*UNITS, *MEANINGS} - keys)
    if gone:
        raise SystemExit(f"docs/settings.py describes settings that do not exist: {', '.join(gone)}")
    recipes = ", ".join(f"`{name}`" for name in recipe_names())
    return "\n\n".join([HEAD.format(recipes=recipes).rstrip(), *sections]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Write docs/settings.md from the settings classes.")
    parser.add_argument("--output", type=Path, default=TARGET, help="where to write (default: settings.md beside this)")
    target = parser.parse_args().output
    target.write_text(page(), encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main()
