"""Training that begins with the weights of another model, for clips of a new corpus."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from paraverbal.bundle.format import TOKENIZER, WEIGHTS
from paraverbal.bundle.load import Model, load_model
from paraverbal.errors import RunError
from paraverbal.models.model import SpeechModel

# Sections and keys of a recipe in which both models must be alike, or the weights would hear something else.
_HEARD: dict[str, tuple[str, ...]] = {"audio": ("sampling_rate", "denoise", "level"), "frontend": ()}
_HEAD = "network.output."


@dataclass(frozen=True)
class Start:
    """What a training began with.

    Attributes:
        name: Of the model that gave its weights.
        kept: Emotions whose rows of the last layer were kept.
        new: Emotions whose rows are new.
    """

    name: str
    kept: tuple[str, ...]
    new: tuple[str, ...]

    def __str__(self) -> str:
        head = f"; a new head for {', '.join(self.new)}" if self.new else ""
        return f"beginning with the weights of {self.name}{head}"


def begin_with(model: SpeechModel, source: str) -> Start:
    """Give a model the scaling and weights of another one.

    Rows of the last layer go by their emotion: those of emotions that both know are kept, others stay as they were drawn.

    Args:
        model: Has just been made.
        source: A name, a bundle folder, a run folder or an address `hf://`; its bundle must hold `model.safetensors`.

    Raises:
        BundleError: There is no such model.
        RunError: It has no weights to go on with, hears something else, or is another network.
    """
    loaded = load_model(source)
    file = loaded.folder / WEIGHTS
    if not file.is_file():
        raise RunError(
            f"{source}: has no {WEIGHTS}, which training needs to begin with; give the run folder that it was exported from"
        )
    _check_front_end(model, loaded.manifest.recipe, source)
    given = load_file(file)
    own = model.state_dict()
    _check_network(own, given, source)
    _check_tokenizer(model, loaded, source)
    labels = tuple(loaded.manifest.labels)
    with torch.no_grad():
        for name, tensor in own.items():
            if name.startswith(_HEAD):
                _copy_head(tensor, given[name], model.labels, labels)
            else:
                tensor.copy_(given[name])
    return Start(
        name=loaded.manifest.name,
        kept=tuple(label for label in model.labels if label in labels),
        new=tuple(label for label in model.labels if label not in labels),
    )


def _copy_head(own: Tensor, given: Tensor, labels: tuple[str, ...], known: tuple[str, ...]) -> None:
    for row, label in enumerate(labels):
        if label in known:
            own[row] = given[known.index(label)]
    if len(own) - len(labels) == len(given) - len(known):  # dimensions, behind the emotions
        own[len(labels) :] = given[len(known) :]


def _check_front_end(model: SpeechModel, recipe: Mapping[str, Any], source: str) -> None:
    own = model.recipe.model_dump(mode="json")
    differing = [
        f"{section}.{key} {recipe.get(section, {}).get(key)!r} there, {value!r} here"
        for section, keys in _HEARD.items()
        for key, value in own[section].items()
        if (not keys or key in keys) and recipe.get(section, {}).get(key) != value
    ]
    if differing:
        raise RunError(
            f"{source}: hears with another front end ({'; '.join(differing)}); take the recipe that it was trained with "
            f"({recipe.get('name', 'unknown')}), or --set these"
        )


def _check_tokenizer(model: SpeechModel, loaded: Model, source: str) -> None:
    """Raise where both read text and cut it into other tokens, whose rows of the table would be mistaken for each other."""
    if model.tokenizer is not None and loaded.tokenizer.vocabulary() != model.tokenizer.vocabulary():
        raise RunError(
            f"{source}: cuts texts into other tokens than this training; take its own, with "
            f"--set text.tokenizer={loaded.folder / TOKENIZER}"
        )


def _check_network(own: Mapping[str, Tensor], given: Mapping[str, Tensor], source: str) -> None:
    body = [name for name in own if not name.startswith(_HEAD)]
    same = set(own) == set(given) and all(own[name].shape == given[name].shape for name in body)
    if not same:
        odd = next((name for name in (*own, *given) if name not in own or name not in given), "")
        odd = odd or next(name for name in body if own[name].shape != given[name].shape)
        raise RunError(
            f"{source}: is another network than the recipe's ({odd} differs); take the recipe that it was trained with, and "
            "the same settings of section model"
        )
