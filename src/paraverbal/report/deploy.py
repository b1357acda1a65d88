"""Bundle -> the folder that is handed on: graph, manifest, model card; the weights for further training only where asked for."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paraverbal.bundle.format import TOKENIZER, WEIGHTS, Manifest
from paraverbal.bundle.load import Model, load_model
from paraverbal.errors import BundleError, ExportError, RunError, SplitError
from paraverbal.report.card import model_card

if TYPE_CHECKING:
    from paraverbal.corpora.corpus import Corpus

CARD = "README.md"
PRECISIONS = ("fp32", "int8")


@dataclass(frozen=True)
class Measured:
    """The recordings on which is measured what a lower precision costs.

    Attributes:
        corpus: The corpora of the training.
        split: Its split file; None takes `split.csv` of the run folder.
        progress: Told of what is being done.
    """

    corpus: "Corpus"
    split: Path | None = None
    progress: Callable[[str], None] | None = None


def export(
    model: str | Path,
    folder: str | Path,
    *,
    name: str | None = None,
    licence: str | None = None,
    precision: str = "fp32",
    measured: Measured | None = None,
    weights: bool = False,
) -> Path:
    """Write what deployment needs of a model into a new folder.

    Args:
        model: A name, a bundle folder or a run folder.
        folder: Where to write; must be empty or not there.
        name: What to call the model; None keeps its name.
        licence: Of the weights, for example `cc-by-nc-sa-4.0`; None keeps what the manifest says.
        precision: `fp32`, weights as they are, or `int8`, weights of 8 bits.
        measured: With `int8`: on what the loss of UAR is measured, which the card then tells; None: it says it was not.
        weights: Put `model.safetensors` beside the graph, from which another training can begin (`train --init`).

    Raises:
        BundleError: There is no such model, or it has no weights and they are asked for.
        ExportError: There is no such precision, or the graph cannot be quantized.
        RunError: The folder is not empty.
        SplitError: There is no split to measure on, or it does not fit the recordings.
        MissingExtraError: `int8` without the extra `train`.
    """
    loaded = load_model(model)
    _check_precision(precision, loaded.manifest, measured)
    if weights and not (loaded.folder / WEIGHTS).is_file():
        raise BundleError(f"{loaded.folder}: has no {WEIGHTS}; export the run folder, or leave the weights out")
    split = None if measured is None else _split_file(measured, loaded)
    manifest = replace(loaded.manifest, name=name or loaded.manifest.name, licence=licence or loaded.manifest.licence)
    folder = new_folder(folder)
    with ExitStack() as failing:
        failing.callback(shutil.rmtree, folder)
        manifest = _write_graph(loaded, manifest, folder, precision)
        for file in (TOKENIZER, WEIGHTS) if weights else (TOKENIZER,):
            if (loaded.folder / file).is_file():
                shutil.copyfile(loaded.folder / file, folder / file)
        manifest.write(folder)
        if measured is not None and split is not None:
            manifest = replace(manifest, scores={**manifest.scores, precision: _loss(loaded, folder, measured, split)})
            manifest.write(folder)
        write_card(folder)
        failing.pop_all()
    return folder


def write_card(folder: str | Path) -> Path:
    """Write a bundle's README.md anew from its `bundle.json`, which holds all that the card tells.

    Args:
        folder: A bundle folder; its graph is left as it is.

    Raises:
        BundleError: There is no bundle.
    """
    path = Path(folder) / CARD
    path.write_text(model_card(asdict(Manifest.read(folder))), encoding="utf-8")
    return path


def new_folder(folder: str | Path) -> Path:
    """Make a folder for output.

    Raises:
        RunError: It is a file, or holds something already.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{folder}: is there already and not empty; give another --output")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _check_precision(precision: str, manifest: Manifest, measured: Measured | None) -> None:
    if precision not in PRECISIONS:
        raise ExportError(f"precision {precision!r} is unknown; known: {', '.join(PRECISIONS)}")
    if manifest.precision != "fp32":
        raise ExportError(f"{manifest.name} is {manifest.precision} already; export the model that it was made from")
    if precision == "fp32" and measured is not None:
        raise ExportError("recordings measure what int8 costs; give --precision int8 too, or leave --corpus out")


def _write_graph(loaded: Model, manifest: Manifest, folder: Path, precision: str) -> Manifest:
    """Write the graph, and return the manifest that tells of its precision."""
    source, target = loaded.folder / manifest.graph.file, folder / manifest.graph.file
    if precision == "fp32":
        shutil.copyfile(source, target)
        return manifest
    from paraverbal.bundle.quantize import check_quantized, quantize

    quantize(source, target)
    check_quantized(source, target, manifest)
    return replace(manifest, precision=precision)


def _split_file(measured: Measured, loaded: Model) -> Path:
    """Return the split of the training: the one that was given, or the one that lies beside a run's bundle."""
    file = measured.split or loaded.folder.parent / "split.csv"
    if not file.is_file():
        raise SplitError(f"{file}: is not there; give the split.csv of the training with --split")
    return file


def _loss(loaded: Model, folder: Path, measured: Measured, split: Path) -> Mapping[str, Any]:
    from paraverbal.corpora.split import read
    from paraverbal.evaluation.precision import precision_loss

    return precision_loss(loaded, load_model(folder), measured.corpus, read(split), measured.progress)
