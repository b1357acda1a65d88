"""One clip and the network that it passes: which clip, what each stage makes of it, what the result depends on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from paraverbal.audio.read import info
from paraverbal.augment.spectrogram import SpectrogramChange, apply_change, draw_change
from paraverbal.batches import Clip, read_windows
from paraverbal.bundle.format import Manifest
from paraverbal.config import parse_recipe, read_recipe
from paraverbal.corpora import read_corpus
from paraverbal.corpora.corpus import Corpus, Origin
from paraverbal.corpora.split import read as read_split
from paraverbal.models.catalog import LABELS
from paraverbal.models.model import SpeechModel
from paraverbal.settings import LogMelSettings

EMOTION = "anger"


@dataclass(frozen=True)
class Subject:
    """The clip that is followed, and the network that it passes.

    Attributes:
        row: The clip's row of the corpus.
        origin: The corpus that it is from.
        part: Part of the run that it belongs to, or None where no split is known.
        seconds: Its duration.
        file_rate: Sampling rate of its file in hertz.
        windows: The windows that it is cut into, `[window, sample]`, at the recipe's rate.
        model: The network, ready to answer.
        name: Of the trained model, or None where the weights are untrained.
    """

    row: dict[str, Any]
    origin: Origin
    part: str | None
    seconds: float
    file_rate: int
    windows: NDArray[np.float32]
    model: SpeechModel
    name: str | None

    @property
    def front_end(self) -> LogMelSettings:
        """The settings of the network's front end.

        Raises:
            SystemExit: It is no log-mel spectrogram.
        """
        settings = self.model.recipe.frontend
        if not isinstance(settings, LogMelSettings):
            raise SystemExit(f"a network on log-mel spectrograms was expected, this one takes {settings.kind}")
        return settings

    @property
    def window_seconds(self) -> float:
        """Length of a window."""
        audio = self.model.recipe.audio
        return audio.samples / audio.sampling_rate


@dataclass(frozen=True)
class Trace:
    """What one window is at each stage; all float32, without the axis batch."""

    waveform: NDArray[np.float32]
    log_mel: NDArray[np.float32]
    maps: tuple[NDArray[np.float32], ...]
    sequence: NDArray[np.float32]
    states: NDArray[np.float32]
    hidden: NDArray[np.float32]
    logits: NDArray[np.float32]

    @property
    def last(self) -> NDArray[np.float32]:
        """The LSTM's output at the last step, `[unit]`."""
        return np.asarray(self.states[-1])

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """Softmax of the logits, `[label]`."""
        powers = np.exp(self.logits - self.logits.max())
        return np.asarray(powers / powers.sum(), dtype=np.float32)


def load(folder: Path | None) -> tuple[SpeechModel, str | None]:
    """Return the network of a run or bundle folder and its name; untrained, and no name, without a folder."""
    if folder is None:
        torch.manual_seed(0)
        return SpeechModel(read_recipe("cnn-lstm"), LABELS).eval(), None
    bundle = folder / "bundle" if (folder / "bundle").is_dir() else folder
    manifest = Manifest.read(bundle)
    model = SpeechModel(parse_recipe(manifest.recipe), manifest.labels)
    model.load_state_dict(load_file(bundle / "model.safetensors"))
    return model.eval(), manifest.name


def choose(corpus: Corpus, run: Path | None) -> tuple[dict[str, Any], str | None]:
    """Return the row of the first angry clip by name, of the run's test part where there is a split, and its part."""
    rows = sorted(corpus.table.iter_rows(named=True), key=lambda row: str(row["file"]))
    angry = [row for row in rows if row["emotion"] == EMOTION]
    split = None if run is None else run / "split.csv"
    if split is None or not split.is_file():
        part = None
    else:
        part = "test"
        tested = set(read_split(split).files(part))
        angry = [row for row in angry if row["file"] in tested]
    if not angry:
        raise SystemExit(f"{corpus.name}: no clip of {EMOTION} in the test part of {split}")
    return angry[0], part


def make_subject(folder: Path, run: Path | None) -> Subject:
    corpus = read_corpus(folder)
    row, part = choose(corpus, run)
    model, name = load(run)
    file = corpus.path(row["file"])
    origin = next(origin for origin in corpus.origins if origin.name == row["corpus"])
    windows = np.stack(read_windows(Clip(file, 0), model.recipe.audio))
    header = info(file)
    return Subject(row, origin, part, header.seconds, header.sampling_rate, windows, model, name)


def trace(model: SpeechModel, waveform: NDArray[np.float32]) -> Trace:
    """Pass one window `[sample]` through the network and keep what each stage gives."""
    network = model.network
    kept: dict[str, NDArray[np.float32]] = {}

    def keep(name: str, module: nn.Module) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Tensor | tuple[Tensor, Any]) -> None:
            maps = output[0] if isinstance(output, tuple) else output  # a block gives lengths beside its maps
            kept[name] = maps[0].numpy()

        return module.register_forward_hook(hook)

    def keep_input(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        kept["sequence"] = inputs[0][0].numpy()

    stages = {"log_mel": model.frontend, "states": network.lstm, "hidden": network.hidden, "logits": network.output}
    blocks = {f"block {index}": block for index, block in enumerate(network.blocks)}
    handles = [keep(name, module) for name, module in {**stages, **blocks}.items()]
    handles.append(network.lstm.register_forward_pre_hook(keep_input))
    try:
        with torch.inference_mode():
            model(torch.from_numpy(waveform)[None])
    finally:
        for handle in handles:
            handle.remove()
    maps = tuple(kept.pop(name) for name in blocks)
    kept["hidden"] = np.maximum(kept["hidden"], 0)  # the hook sees the layer before its ReLU
    return Trace(waveform=waveform, maps=maps, **kept)


def influence(model: SpeechModel, sequence: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return how much each step of the sequence moves a part of the last step's output, relative to the most.

    Measured as the norm of the gradient of the part's norm with respect to the step, `[step]`.
    """
    lstm = model.network.lstm
    first = nn.LSTM(lstm.input_size, lstm.hidden_size, batch_first=True, bidirectional=True)
    first.load_state_dict({name: tensor for name, tensor in lstm.state_dict().items() if "_l0" in name})
    steps = torch.from_numpy(sequence.copy())[None].requires_grad_()
    forward, backward = lstm(steps)[0, -1].chunk(2)
    parts = {
        "forward half": forward,
        "backward half": backward,
        "backward half of the first layer": first(steps)[0][0, -1].chunk(2)[1],
    }
    moved: dict[str, NDArray[np.float32]] = {}
    for name, part in parts.items():
        (gradient,) = torch.autograd.grad(part.norm(), steps, retain_graph=True)
        sizes = gradient[0].norm(dim=1).numpy()
        moved[name] = sizes / sizes.max()
    return moved


def augmented(subject: Subject, log_mel: NDArray[np.float32]) -> list[tuple[SpectrogramChange, NDArray[np.float32]]]:
    """Return the changed copies that an epoch would show of a spectrogram, each with what was drawn."""
    settings, seed = subject.model.recipe.augment, subject.model.recipe.training.seed
    copies = []
    for copy in range(1, settings.copies + 1):
        rng = np.random.default_rng((seed, copy))
        change = draw_change(settings, (log_mel.shape[0], log_mel.shape[1]), rng)
        copies.append((change, apply_change(log_mel, change, rng)))
    return copies
