"""paraverbal: what a voice says beside its words. Speech emotion recognition from recordings to deployable models.

Public names are imported when they are first used, so that `import paraverbal` costs next to nothing and needs no extra.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paraverbal.audit import inventory as inventory
    from paraverbal.bundle.load import Model as Model
    from paraverbal.bundle.load import load_model as load_model
    from paraverbal.config import read_recipe as read_recipe
    from paraverbal.config import recipe_names as recipe_names
    from paraverbal.corpora import Corpus as Corpus
    from paraverbal.corpora import Split as Split
    from paraverbal.corpora import read_corpus as read_corpus
    from paraverbal.errors import ParaverbalError as ParaverbalError
    from paraverbal.evaluation.compare import compare as compare
    from paraverbal.evaluation.compare import read_predictions as read_predictions
    from paraverbal.evaluation.evaluate import evaluate as evaluate
    from paraverbal.evaluation.protocol import Result as Result
    from paraverbal.experiment import CrossValidation as CrossValidation
    from paraverbal.experiment import Run as Run
    from paraverbal.experiment import clip_embeddings as clip_embeddings
    from paraverbal.experiment import crossval as crossval
    from paraverbal.experiment import train as train
    from paraverbal.features.describe import describe as describe
    from paraverbal.inference.predict import Prediction as Prediction
    from paraverbal.inference.predict import predict as predict
    from paraverbal.inference.saliency import Saliency as Saliency
    from paraverbal.inference.saliency import saliency as saliency
    from paraverbal.inference.stream import Stream as Stream
    from paraverbal.inference.timeline import Timeline as Timeline
    from paraverbal.inference.timeline import timeline as timeline
    from paraverbal.report.page import write_report as write_report
    from paraverbal.settings import Recipe as Recipe

__version__ = "0.1.0"

# Public name -> module that defines it.
_HOMES = {
    "Corpus": "corpora",
    "CrossValidation": "experiment",
    "Model": "bundle.load",
    "ParaverbalError": "errors",
    "Prediction": "inference.predict",
    "Recipe": "settings",
    "Result": "evaluation.protocol",
    "Run": "experiment",
    "Saliency": "inference.saliency",
    "Split": "corpora",
    "Stream": "inference.stream",
    "Timeline": "inference.timeline",
    "clip_embeddings": "experiment",
    "compare": "evaluation.compare",
    "crossval": "experiment",
    "describe": "features.describe",
    "evaluate": "evaluation.evaluate",
    "inventory": "audit",
    "load_model": "bundle.load",
    "predict": "inference.predict",
    "read_predictions": "evaluation.compare",
    "read_corpus": "corpora",
    "read_recipe": "config",
    "recipe_names": "config",
    "saliency": "inference.saliency",
    "timeline": "inference.timeline",
    "train": "experiment",
    "write_report": "report.page",
}

__all__ = ["__version__", *sorted(_HOMES)]  # noqa: PLE0604 (the names are strings)


def __getattr__(name: str) -> Any:
    """Import a public name from its home; a missing optional dependency is named with the extra that installs it."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'paraverbal' has no attribute {name!r}")
    try:
        value = getattr(import_module(f"paraverbal.{home}"), name)
    except ModuleNotFoundError as error:
        from paraverbal.errors import MissingExtraError

        missing = MissingExtraError.of(error)
        if missing is None:
            raise
        raise missing from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
