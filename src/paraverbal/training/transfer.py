"""Training that begins with the weights of another model, for clips of a new corpus."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from paraverbal.bundle.format import TOKENIZER, WEIGHTS
from paraverbal.bundle.load import Model, load_model
from paraverbal.errors import RunError
from paraverbal.models.model import SpeechModel
from paraverbal.settings import Recipe

# Sections and keys of a recipe in which both models must be alike, or the weights would hear something else; () means all.
_HEARD: dict[str, tuple[str, ...]] = {"audio": ("sampling_rate", "denoise", "level"), "frontend": ()}
# What in section model changes no shape of the weights.
_FREE = ("dropout", "block_dropout")
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
        kept = f"; its answers for {', '.join(self.kept)} are kept" if self.kept else ""
        head = f"; a new head for {', '.join(self.new)}" if self.new else ""
        return f"beginning with the weights of {self.name}{kept}{head}"


def check_start(recipe: Recipe, source: str) -> Model:
    """Return the model that a training is to begin with, as far as recipes tell that it fits.

    Args:
        recipe: Of the training.
        source: As of `begin_with`.

    Raises:
        BundleError: There is no such model.
        RunError: It has no weights to go on with, hears something else, or its recipe makes another network.
    """
    loaded = load_model(source)
    if not (loaded.folder / WEIGHTS).is_file():
        raise RunError(
            f"{source}: has no {WEIGHTS}, which training needs to begin with; give a run folder, or a bundle that was exported "
            "with --weights"
        )
    given = loaded.manifest.recipe
    theirs = f"take the recipe that it was trained with ({given.get('name', 'unknown')}), or --set these"
    own = recipe.model_dump(mode="json")
    heard = [
        one
        for section, keys in _HEARD.items()
        for one in _differing(own[section], given.get(section, {}), section, keys)
    ]
    if heard:
        raise RunError(f"{source}: hears with another front end ({'; '.join(heard)}); {theirs}")
    built = tuple(key for key in own["model"] if key not in _FREE)
    differing = list(_differing(own["model"], given.get("model", {}), "model", built))
    if differing:
        raise RunError(f"{source}: is another network than the recipe's ({'; '.join(differing)}); {theirs}")
    return loaded


def _differing(own: Mapping[str, Any], given: Mapping[str, Any], section: str, keys: Sequence[str]) -> Iterator[str]:
    for key, value in own.items():
        if (not keys or key in keys) and given.get(key) != value:
            yield f"{section}.{key} {given.get(key)!r} there, {value!r} here"


def begin_with(model: SpeechModel, source: str) -> Start:
    """Give a model the scaling and weights of another one.

    Rows of the last layer go by their emotion: those of emotions that both know are kept, others stay as they were drawn.

    Args:
        model: Has just been made.
        source: A name, a bundle folder, a run folder or an address `hf://`; its bundle must hold `model.safetensors`.

    Raises:
        BundleError, RunError: As `check_start`, or the networks differ after all, or cut texts into other tokens.
    """
    loaded = check_start(model.recipe, source)
    given = load_file(loaded.folder / WEIGHTS)
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
