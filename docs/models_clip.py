"""One real clip, the convolutional network that it passes, and MFCC frames for the recurrent layers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from paraverbal.batches import Clip, read_windows
from paraverbal.bundle.format import Manifest
from paraverbal.config import parse_recipe, read_recipe
from paraverbal.corpora import read_corpus
from paraverbal.corpora.corpus import Origin
from paraverbal.features.spectral import mfcc
from paraverbal.models.catalog import LABELS
from paraverbal.models.model import SpeechModel
from paraverbal.settings import Recipe
from walkthrough_clip import choose

Values = NDArray[np.floating]

RECIPE = "adaptive-cnn-3"
SEQUENCE_RECIPE = "baseline-lstm"
SEQUENCES = 24  # clips whose MFCC the recurrent layers read
STEPS = 80  # frames of each


@dataclass(frozen=True)
class Subject:
    """The clip that is followed, and the network that it passes.

    Attributes:
        row: The clip's row of the corpus.
        origin: The corpus that it is from.
        waveform: The clip as the network hears it, `[sample]`.
        model: The network, ready to answer.
        name: Of the trained model, or None where the weights are untrained.
        told: How far it was trained and what it scores, where a run tells it; begins with a colon.
        sequences: Standardised MFCC of other clips, `[sequence, step, coefficient]`.
    """

    row: dict[str, Any]
    origin: Origin
    waveform: Values
    model: SpeechModel
    name: str | None
    told: str
    sequences: Values

    @property
    def network(self) -> Any:
        """The network behind the front end."""
        return self.model.network


@dataclass(frozen=True)
class Trace:
    """What a clip is at each stage, without the axis batch.

    Attributes:
        features: What the network reads, scaled, `[band, frame]`.
        convolved: Output of each convolution, `[channel, band, frame]`.
        maps: Output of each block: after maximum and ReLU, `[channel, band, frame]`.
        embedding: What the last layer reads, `[unit]`.
        logits: `[label]`.
    """

    features: Values
    convolved: tuple[Values, ...]
    maps: tuple[Values, ...]
    embedding: Values
    logits: Values


def load(folder: Path | None) -> tuple[SpeechModel, str | None]:
    """Return the network of a run or bundle folder and its name; untrained, and no name, without a folder."""
    if folder is None:
        torch.manual_seed(0)
        return SpeechModel(read_recipe(RECIPE), LABELS).eval(), None
    bundle = folder / "bundle" if (folder / "bundle").is_dir() else folder
    manifest = Manifest.read(bundle)
    model = SpeechModel(parse_recipe(manifest.recipe), manifest.labels)
    model.load_state_dict(load_file(bundle / "model.safetensors"))
    if getattr(model.recipe.model, "head", "") != "average":
        raise SystemExit(f"{folder}: a {model.recipe.name}; give the run of a cnn that averages, such as {RECIPE}")
    return model.eval(), manifest.name


def make_subject(folder: Path, run: Path | None) -> Subject:
    corpus = read_corpus(folder)
    row, _ = choose(corpus, run)
    model, name = load(run)
    waveform = read_windows(Clip(corpus.path(row["file"]), 0), model.recipe.audio)[0]
    origin = next(origin for origin in corpus.origins if origin.name == row["corpus"])
    files = sorted(str(file) for file in corpus.table["file"])
    spread = files[:: max(1, len(files) // (4 * SEQUENCES))]  # more than are needed: some clips are too short
    sequences = read_sequences([Path(corpus.path(file)) for file in spread])
    return Subject(row, origin, waveform, model, name, _told(run), sequences)


def _told(run: Path | None) -> str:
    file = None if run is None else run / "result.json"
    if file is None or not file.is_file():
        return ""
    document = json.loads(file.read_text(encoding="utf-8"))
    return (
        f": epoch {document['best_epoch']} of {document['epochs']}, chosen on validation clips; on its {document['clips']} test "
        f"clips, of which this is one, it has a UAR of {100 * document['uar']:.1f} %"
    )


def read_sequences(files: Sequence[Path]) -> Values:
    """Return the first frames of the first clips that are long enough, each coefficient standardised per clip."""
    recipe = read_recipe(SEQUENCE_RECIPE)
    found: list[Values] = []
    for file in files:
        coefficients = clip_coefficients(file, recipe)
        if coefficients.shape[1] >= STEPS:
            found.append(standardised(coefficients[:, :STEPS]).T)
        if len(found) == SEQUENCES:
            break
    return np.stack(found)


def clip_coefficients(file: Path, recipe: Recipe) -> Values:
    """Return the MFCC `[coefficient, frame]` of a clip's first window."""
    waveform = read_windows(Clip(file, 0), recipe.audio)[0]
    if recipe.frontend.kind != "mfcc":
        raise SystemExit(f"{recipe.name}: front end {recipe.frontend.kind}; MFCC are needed")
    return mfcc(waveform, recipe.audio.sampling_rate, recipe.frontend)


def standardised(values: Values) -> Values:
    """Return values `[row, column]` with mean 0 and deviation 1 in each row."""
    deviation = np.maximum(values.std(axis=1, keepdims=True), 1e-6)
    return np.asarray((values - values.mean(axis=1, keepdims=True)) / deviation)


def scaled_features(subject: Subject, waveform: Values) -> Tensor:
    """Return what the network reads of a waveform `[sample]`, `[1, band, frame]`."""
    features = subject.model.frontend(torch.tensor(waveform, dtype=torch.float32)[None])
    scaled: Tensor = subject.model.prepare(features)[0]
    return scaled


def trace(subject: Subject) -> Trace:
    """Pass the clip through the network and keep what each stage gives."""
    convolved: list[Values] = []
    maps: list[Values] = []

    def keep(store: list[Values]) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            store.append((output[0] if isinstance(output, tuple) else output)[0].numpy())

        return hook

    blocks = list(subject.network.blocks)
    handles = [block.register_forward_hook(keep(maps)) for block in blocks]
    handles += [block.convolution.register_forward_hook(keep(convolved)) for block in blocks]
    with torch.inference_mode():
        features = scaled_features(subject, subject.waveform)
        embedding = subject.network.embed(features)
        for handle in handles:
            handle.remove()
        logits = subject.network(features)
    return Trace(features[0].numpy(), tuple(convolved), tuple(maps), embedding[0].numpy(), logits[0].numpy())


def batch_of_two(subject: Subject) -> tuple[Tensor, Tensor]:
    """Return the clip and its first third, padded to one length: features `[2, band, frame]`, and their frames `[2]`."""
    third = subject.waveform[: len(subject.waveform) // 3]
    with torch.inference_mode():
        whole, part = (scaled_features(subject, waveform)[0] for waveform in (subject.waveform, third))
    lengths = torch.tensor([whole.shape[1], part.shape[1]])
    padded = torch.zeros(2, *whole.shape)
    padded[0], padded[1, :, : part.shape[1]] = whole, part
    return padded, lengths
