"""Write `settings.md`: every setting of a recipe, from the settings classes of `paraverbal.settings`.

    python docs/settings.py [--output FILE]

Type, default and range come from the classes, what a setting means from the comment beside (or above) its field. For
fields whose name says enough in the source, `MEANINGS` says it here, under `section.key`, or under `kind.key` and
`family.key` where one of several means something else; an entry without a field is an error. A section with several kinds
has a table for each class that its kinds are made of, so that what they share stands once.
"""

import argparse
import ast
import inspect
import io
import json
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

from paraverbal.config import recipe_names
from paraverbal.settings import Recipe

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
    "augment.noise_snr_db": "dB",
    "augment.pitch_semitones": "semitones",
    "augment.shift": "share",
    "augment.noise_deviation": "that of the features",
    "augment.roll": "share",
    "augment.frequency_mask": "bands",
    "augment.time_mask": "frames",
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
    "frontend.scaling": "of the features: as they are; mean 0 and deviation 1 over the clip, of each feature in the clip, "
    "or of each feature in the training data; or onto 0..1",
    "frontend.frames": "that each clip is brought to",
    "frontend.interpolation": "of a clip with more frames than that",
    "frontend.coefficients": "cosine coefficients",
    "augment.copies": "changed copies of each clip in an epoch, beside the clip itself",
    "augment.probability": "of each change, for each copy",
    "model.family": "chooses the network",
    "model.channels": "a convolution for each number: its channels",
    "model.batch_norm": "whether each channel is normalised over the batch, behind its convolution",
    "cnn-lstm.lstm_units": "in each direction",
    "local-features-lstm.lstm_units": "size of the embedding",
    "model.lstm_layers": "stacked LSTM layers",
    "cnn-lstm.hidden_units": "size of the embedding",
    "model.units": "size of the embedding",
    "model.layers": "stacked recurrent layers",
    "model.kernel": "inner product, or exp(-gamma x squared distance)",
    "model.dropout": "share of values set to zero in training",
    "training.plateau_factor": "what the learning rate is multiplied by",
    "training.seed": "of the split, the first weights and every draw",
    "training.epochs": "at most",
    "training.batch_size": "clips in a step",
    "training.optimizer": "Adam, or stochastic gradient descent",
    "training.learning_rate": "of the optimiser, at the beginning",
    "split.folds": "how many",
    "split.valid": "of the clips, for choosing the epoch",
    "split.test": "of the clips, for the score",
}
_SYMBOLS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}

HEAD = """\
# Settings of a recipe

Made by `docs/settings.py` from `src/paraverbal/settings/`; change the settings there, not this page.

A recipe is TOML: three keys at its head, then sections. `[frontend]` and `[model]` must be there; every key that is left
out has its default. An unknown key or an impossible value is an error before any work. `--set
section.key=value` overrides one setting on the command line, and `extends = "NAME"` at the head takes over another recipe of
the package, so that only what differs is written.

{recipes}
"""


def comments(settings: type[BaseModel]) -> dict[str, str]:
    """Return the comment of each field that the class itself declares: beside it, else on the lines right above it."""
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
        kind = "word" if isinstance(arguments[0], str) else "whole number"
        return kind, [" or ".join(json.dumps(value) for value in arguments)]
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
    if isinstance(entry, annotated_types.MultipleOf):
        yield f"a multiple of {entry.multiple_of}"
    if isinstance(entry, annotated_types.MinLen):
        yield f"at least {entry.min_length} of them"


def row(keys: list[str], field: FieldInfo, comment: str) -> str:
    """Return one row of a table.

    Args:
        keys: Under which unit and meaning are looked up, the first first; the last part of each is the field's name.
        field: The field.
        comment: What the source says of it.

    Raises:
        SystemExit: Nothing says what the field means.
    """
    meaning = "; ".join(part for part in (_said(MEANINGS, keys), comment) if part)
    if not meaning:
        raise SystemExit(
            f"{keys[-1]}: give it a comment in its settings class, or an entry in MEANINGS of docs/settings.py"
        )
    kind, limits = kind_and_range(field.annotation, field.metadata)
    name = keys[-1].rpartition(".")[2]
    cells = [f"`{name}`", kind, _said(UNITS, keys), _default(field), ", ".join(limits), meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _said(words: dict[str, str], keys: list[str]) -> str:
    return next((words[key] for key in keys if key in words), "")


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return ""
    if isinstance(field.default, str | bool):
        return f"`{json.dumps(field.default)}`"
    if isinstance(field.default, tuple):
        return f"`{list(field.default)}`"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"


def table(prefixes: list[str], settings: type[BaseModel], chooser: str = "") -> str:
    """Return the table of the fields that a class itself declares, without the chooser and without sections; else ""."""
    said = comments(settings)
    rows = [
        row([f"{prefix}{name}" for prefix in prefixes], settings.model_fields[name], said[name])
        for name in own_fields(settings)
        if name != chooser and not classes(settings.model_fields[name].annotation)
    ]
    head = ["| key | type | unit | default | range | meaning |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) if rows else ""


def own_fields(settings: type[BaseModel]) -> list[str]:
    """Return the fields that a class itself declares."""
    return [name for name in settings.model_fields if name in vars(settings).get("__annotations__", {})]


def classes(annotation: Any) -> list[type[BaseModel]]:
    """Return the settings classes that a section may have: one, or one for each kind or family."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in typing.get_args(annotation) for found in classes(argument)]


def section(name: str, kinds: list[type[BaseModel]], chooser: str | None) -> str:
    """Return the text of a section; one with several kinds lists them, then what they share, then each one's own."""
    if not chooser:
        return f"{_first_line(kinds[0])}\n\n{table([f'{name}.'], kinds[0])}"
    words = {kind: str(kind.model_fields[chooser].default) for kind in kinds}
    listed = "\n".join(f"- `{word}`: {_first_line(kind)}" for kind, word in words.items())
    parts = [f"`{chooser}` {MEANINGS[f'{name}.{chooser}']} and must be given:\n\n{listed}"]
    for settings in _declaring(kinds):
        having = [word for kind, word in words.items() if issubclass(kind, settings)]
        prefixes = [f"{name}."] if len(having) > 1 else [f"{having[0]}.", f"{name}."]
        text = table(prefixes, settings, chooser)
        if text:
            title = "All kinds" if len(having) == len(kinds) else ", ".join(f"`{word}`" for word in having)
            parts.append(f"### {title}\n\n{text}")
    return "\n\n".join(parts)


def _declaring(kinds: list[type[BaseModel]]) -> list[type[BaseModel]]:
    """Return the classes that declare the fields of several kinds, each once, those that more kinds share first."""
    found = dict.fromkeys(base for kind in kinds for base in reversed(kind.__mro__) if issubclass(base, BaseModel))
    return sorted(
        (base for base in found if own_fields(base)), key=lambda base: -sum(issubclass(k, base) for k in kinds)
    )


def _first_line(settings: type[BaseModel]) -> str:
    return (settings.__doc__ or "").splitlines()[0]


def page() -> str:
    """Return the text of `settings.md`."""
    sections = [table([""], Recipe)]
    keys = set(Recipe.model_fields)
    for name, field in Recipe.model_fields.items():
        kinds = classes(field.annotation)
        if kinds:
            chooser = field.discriminator if isinstance(field.discriminator, str) else None
            sections.append(f"## `[{name}]`\n\n{section(name, kinds, chooser)}")
        for kind in kinds:
            prefixes = (
                [name] if not field.discriminator else [name, kind.model_fields[str(field.discriminator)].default]
            )
            keys |= {f"{prefix}.{key}" for prefix in prefixes for key in kind.model_fields}
    gone = sorted({*UNITS, *MEANINGS} - keys)
    if gone:
        raise SystemExit(f"docs/settings.py describes settings that do not exist: {', '.join(gone)}")
    names = ", ".join(f"`{name}`" for name in recipe_names())
    recipes = textwrap.fill(f"Recipes in the package: {names}.", 125, break_on_hyphens=False)
    return "\n\n".join([HEAD.format(recipes=recipes).rstrip(), *sections]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Write docs/settings.md from the settings classes.")
    parser.add_argument("--output", type=Path, default=TARGET, help="where to write (default: settings.md beside this)")
    target = parser.parse_args().output
    target.write_text(page(), encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main()
