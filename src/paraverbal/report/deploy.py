"""Bundle -> the folder that is handed on: graph, manifest, model card, without the weights for further training."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

from paraverbal.bundle.load import load_model
from paraverbal.errors import RunError
from paraverbal.report.card import model_card


def export(model: str | Path, folder: str | Path, *, name: str | None = None, licence: str | None = None) -> Path:
    """Write what deployment needs of a model into a new folder.

    Args:
        model: A name, a bundle folder or a run folder.
        folder: Where to write; must be empty or not there.
        name: What to call the model; None keeps its name.
        licence: Of the weights, for example `cc-by-nc-sa-4.0`; None keeps what the manifest says.

    Raises:
        BundleError: There is no such model.
        RunError: The folder is not empty.
    """
    loaded = load_model(model)
    folder = new_folder(folder)
    manifest = replace(loaded.manifest, name=name or loaded.manifest.name, licence=licence or loaded.manifest.licence)
    shutil.copyfile(loaded.folder / manifest.graph.file, folder / manifest.graph.file)
    manifest.write(folder)
    (folder / "README.md").write_text(model_card(asdict(manifest)), encoding="utf-8")
    return folder


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
