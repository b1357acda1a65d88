"""What a bundle folder holds, and its manifest `bundle.json`.

| file | what |
|---|---|
| `bundle.json` | the manifest: labels, rate, windows, recipe, training data with licences, scores with their protocol |
| `model.onnx` | the graph: waveform float32 `[batch, sample]`, or features -> probabilities float32 `[batch, label]` |
| `tokenizer.json` | of a model that reads text: how it is cut into tokens |
| `README.md` | the model card |

The format has a number. A newer number than `FORMAT` is refused; each older one keeps its reader.
"""

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from paraverbal.errors import BundleError

FORMAT = 4
MANIFEST = "bundle.json"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
# What a model can take, in the order in which the graph is told what there is.
MODALITIES = ("audio", "text")

_WORDS = {
    "short": ("pad", "keep"),
    "denoise": ("none", "profile", "adaptive"),
    "level": ("none", "peak", "rms"),
    "precision": ("fp32", "int8"),
}


@dataclass(frozen=True)
class Graph:
    """Where the exported network is and what its ends are called.

    Attributes:
        file: File name inside the bundle folder.
        input: Name of the waveform, float32 `[batch, sample]`; or of features `[batch, feature, frame]`, where the manifest
            names an extractor.
        output: Name of the probabilities, float32 `[batch, label]`.
        dimensions: Name of arousal and the like, float32 `[batch, dimension]`; an output only where the model tells some.
        tokens: Name of the token ids, int64 `[batch, token]`; this input and the next two only where the model reads text.
        token_mask: Name of the attention mask, int64 `[batch, token]`, 0 at padding.
        present: Name of what tells which of the modalities each clip has, int64 `[batch, modality]`, 0 or 1.
    """

    file: str = "model.onnx"
    input: str = "waveform"
    output: str = "probabilities"
    dimensions: str = "dimensions"
    tokens: str = "tokens"
    token_mask: str = "token_mask"
    present: str = "present"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a bundle says about its model.

    Attributes:
        name: Name of the model.
        labels: Emotions, in the order of the network's output.
        dimensions: Of arousal, valence, dominance those that it tells too, on the scale of the corpora that trained it.
        modalities: What the model takes: `audio`, `text`, or both; what a clip lacks of it may be missing.
        sampling_rate: Of the waveform that the network takes, in hertz.
        seconds: Length of a window; a longer clip is cut into windows.
        short: What happens to a shorter clip: `pad`, zeros at its end, or `keep`, it stays as long as it is.
        denoise: `none`, `profile` or `adaptive`: noise reduction before all else, which needs the extra `denoise`.
        hop_seconds: Greatest distance of two windows.
        level: `none`, `peak` or `rms`: what is done to the level of a clip before it is cut.
        extractor: Settings, with `kind`, of the front end that is computed in NumPy before the graph; empty: it is inside.
        minimum_samples: Fewest samples that the network can take.
        parameters: Trained numbers in the network.
        layers: `{name, type, output, parameters}` of each layer.
        recipe: The complete recipe that it was trained with.
        training_data: `{name, licence, source, clips, languages, emotions}` of each corpus; clips and emotions (with their
            clips) are those of its training part; with `through`, those that the model of this name had heard.
        licence: Of the weights.
        scores: `{protocol, selected_on, valid, test, test_by_corpus}`, with `{uar, wa, macro_f1, loss, clips, uar_interval,
            speakers}` for each part, and for each corpus of the test part; `test_per_class`, label -> `{precision, recall,
            f1, support}`; `test_answered`, `{share, accuracy}` of the clips above the threshold; where it was measured,
            `robustness`, rows of `{what, uar, lost}`; of an int8 graph those of the fp32 one, and under `int8` what was
            lost, where it was measured.
        temperature: Probabilities are raised to 1 / temperature and normalised; 1 leaves them.
        threshold: An answer of less confidence is uncertain; chosen on validation clips, 0: none ever is.
        quantile: Labels of probability 1 - quantile or more form the set that held the truth in 90 % of the validation
            clips; 1: all labels.
        precision: Of the graph's weights: `fp32` as trained, or `int8`, quantized.
        graph: Where the network is.
    """

    name: str
    labels: tuple[str, ...]
    sampling_rate: int
    seconds: float
    hop_seconds: float
    dimensions: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ("audio",)
    short: str = "pad"
    denoise: str = "none"
    level: str = "none"
    extractor: Mapping[str, Any] = field(default_factory=dict)
    minimum_samples: int = 1
    parameters: int = 0
    layers: tuple[Mapping[str, Any], ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    training_data: tuple[Mapping[str, Any], ...] = ()
    licence: str = ""
    scores: Mapping[str, Any] = field(default_factory=dict)
    temperature: float = 1.0
    threshold: float = 0.0
    quantile: float = 1.0
    precision: str = "fp32"
    graph: Graph = Graph()

    @classmethod
    def read(cls, folder: str | Path) -> "Manifest":
        """Read the manifest of a bundle folder.

        Raises:
            BundleError: No `bundle.json` in it, not JSON, a newer format, or a value that is missing or impossible.
        """
        path = Path(folder) / MANIFEST
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise BundleError(
                f"{path}: there is no such file; a bundle folder with a {MANIFEST} was expected"
            ) from error
        except (OSError, ValueError) as error:
            raise BundleError(f"{path}: cannot be read as JSON ({error}); export the model again") from error
        if not isinstance(document, dict):
            raise BundleError(f"{path}: holds no JSON object; export the model again")
        try:
            return _reader(document.get("format"))(document)
        except BundleError as error:
            raise BundleError(f"{path}: {error}") from error

    def write(self, folder: str | Path) -> Path:
        """Write `bundle.json` into an existing folder, whole or not at all, and return its path."""
        path = Path(folder) / MANIFEST
        text = json.dumps({"format": FORMAT} | asdict(self), indent=1, ensure_ascii=False, allow_nan=False)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(text + "\n", encoding="utf-8")
        unfinished.replace(path)
        return path


def _reader(number: Any) -> Callable[[Mapping[str, Any]], Manifest]:
    if isinstance(number, int) and not isinstance(number, bool):
        if number in _READERS:
            return _READERS[number]
        if number > FORMAT:
            raise BundleError(
                f"bundle format {number} is newer than {FORMAT}, the newest known here: pip install --upgrade paraverbal"
            )
    raise BundleError(f"format {number!r} is no bundle format; a number from 1 to {FORMAT} was expected")


def _read(document: Mapping[str, Any]) -> Manifest:
    """Read formats 1 to 4. Keys that are not known are left alone, so that a format may gain some without a new number."""
    required = ("name", "labels", "sampling_rate", "seconds", "hop_seconds", "graph")
    missing = [key for key in required if key not in document]
    if missing:
        raise BundleError(f"{', '.join(missing)} missing; export the model again")
    known = {item.name for item in fields(Manifest)}
    values = {key: value for key, value in document.items() if key in known}
    graph = _mapping("graph", document["graph"])
    values["graph"] = Graph(**{item.name: str(graph.get(item.name, item.default)) for item in fields(Graph)})
    for key in ("labels", "dimensions", "layers", "training_data"):
        values[key] = _list(key, document.get(key, []))
    values["modalities"] = _list("modalities", document.get("modalities", ["audio"]))
    for key in ("recipe", "scores", "extractor"):
        values[key] = _mapping(key, document.get(key, {}))
    manifest = Manifest(**values)
    _check(manifest)
    return manifest


# Format 2 has `short` and `denoise`, 3 `dimensions` and `extractor`, 4 `modalities`; what the others say by their silence are
# the defaults.
_READERS = {1: _read, 2: _read, 3: _read, 4: _read}


def _check(manifest: Manifest) -> None:
    _check_words(manifest)
    _check_numbers(manifest)
    if os.path.basename(manifest.graph.file) != manifest.graph.file:  # noqa: PTH119
        raise BundleError(f"graph.file is {manifest.graph.file!r}, a file name inside the bundle folder was expected")


def _check_words(manifest: Manifest) -> None:
    labels = manifest.labels
    if not labels or not all(isinstance(label, str) for label in labels) or len(set(labels)) < len(labels):
        raise BundleError(f"labels {list(labels)} are not a list of different words; export the model again")
    names = manifest.dimensions
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise BundleError(f"dimensions {list(names)} are not a list of different words; export the model again")
    modalities = manifest.modalities
    if not modalities or list(modalities) != [name for name in MODALITIES if name in modalities]:
        raise BundleError(
            f"modalities are {list(modalities)}, some of {', '.join(MODALITIES)} were expected; export the model again"
        )
    for key in ("name", "licence"):
        if not isinstance(getattr(manifest, key), str):
            raise BundleError(f"{key} is {getattr(manifest, key)!r}, a text was expected; export the model again")
    for key, known in _WORDS.items():
        if getattr(manifest, key) not in known:
            raise BundleError(
                f"{key} is {getattr(manifest, key)!r}, one of {', '.join(known)} was expected; export the model again"
            )


def _check_numbers(manifest: Manifest) -> None:
    for key in ("sampling_rate", "seconds", "hop_seconds", "minimum_samples", "temperature"):
        value = getattr(manifest, key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
            raise BundleError(f"{key} is {value!r}, a number above 0 was expected; export the model again")
    for key in ("threshold", "quantile"):
        value = getattr(manifest, key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise BundleError(f"{key} is {value!r}, a number from 0 to 1 was expected; export the model again")
    for key in ("sampling_rate", "minimum_samples"):
        if not isinstance(getattr(manifest, key), int):
            raise BundleError(
                f"{key} is {getattr(manifest, key)!r}, a whole number was expected; export the model again"
            )


def _list(key: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise BundleError(f"{key} is {value!r}, a list was expected; export the model again")
    return tuple(value)


def _mapping(key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BundleError(f"{key} is {value!r}, an object was expected; export the model again")
    return value
