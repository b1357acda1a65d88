"""A model: front end, scaling and network as one, from waveform to logits.

Every family answers the same calls: `network(features, lengths)` gives logits, `network.embed(features, lengths)` the
embedding before the last layer, `network.minimum_frames` the shortest input. `lengths` is None where all clips of a batch
are equally long, as they are in the exported graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from paraverbal.features.extractors import EXTRACTORS
from paraverbal.models.cnn import Cnn
from paraverbal.models.cnn_lstm import CnnLstm
from paraverbal.models.dimensions import DimensionScale
from paraverbal.models.fitting import Fit, frames_of
from paraverbal.models.frontend import Scaling, front_end
from paraverbal.models.fusion import AUDIO, TEXT, Beside, Fusion
from paraverbal.models.local_features import LocalFeaturesLstm
from paraverbal.models.masking import Lengths
from paraverbal.models.mlp import MultilayerPerceptron
from paraverbal.models.recurrent import RecurrentNetwork
from paraverbal.models.residual import ResidualNetwork
from paraverbal.models.svm import SupportVectorMachine
from paraverbal.models.text_encoder import text_encoder
from paraverbal.settings import FramedSettings, Recipe
from paraverbal.text.tokenizer import Tokenizer

FAMILIES: dict[str, Any] = {
    "cnn": Cnn,
    "cnn-lstm": CnnLstm,
    "local-features-lstm": LocalFeaturesLstm,
    "mlp": MultilayerPerceptron,
    "recurrent": RecurrentNetwork,
    "residual": ResidualNetwork,
    "svm": SupportVectorMachine,
}


class SpeechModel(nn.Module):
    """Waveforms `[batch, sample]` at the recipe's rate -> logits `[batch, label]`.

    Args:
        recipe: Its sections `audio`, `frontend`, `model`, `text` and `fusion` say what to build.
        labels: Emotions in the order of the logits.
        tokenizer: Of a model that reads text; without it the model has the recipe's number of tokens, and cannot be saved.
    """

    def __init__(self, recipe: Recipe, labels: Sequence[str], tokenizer: Tokenizer | None = None) -> None:
        super().__init__()
        self.recipe = recipe
        self.labels = tuple(labels)
        settings = recipe.frontend
        window = frames_of(settings, recipe.audio.samples)
        self.frontend = front_end(settings, recipe.audio.sampling_rate)
        self.scaling = Scaling(settings)
        self.fit = Fit(settings, window)
        frames = {"none": window if recipe.audio.short == "pad" else None, "pad": window, "resize": settings.frames}
        self.tokenizer = tokenizer
        self.dimensions = DimensionScale(recipe.training.dimensions) if recipe.training.dimensions else None
        outputs = len(self.labels) + len(recipe.training.dimensions)
        self.network = self._network(frames[settings.fit], outputs)

    def _network(self, frames: int | None, outputs: int) -> Any:
        recipe = self.recipe
        family = FAMILIES.get(recipe.model.family)
        audio = None if family is None else family(recipe.model, recipe.frontend.rows, frames, outputs)
        if not recipe.text.is_read:
            return audio
        tokens = recipe.text.vocabulary_size if self.tokenizer is None else self.tokenizer.size
        encoders = {TEXT: text_encoder(recipe.text, tokens)}
        return Fusion(recipe.fusion, audio, encoders, labels=len(self.labels), outputs=outputs)

    @property
    def modalities(self) -> tuple[str, ...]:
        """What the model hears and reads: `audio`, `text`, or both."""
        return self.network.modalities if self.recipe.text.is_read else (AUDIO,)

    @property
    def view_shares(self) -> tuple[float, ...]:
        """How much each answer to a clip counts in training; more than one of a model that learns to lack a kind of input."""
        return self.network.view_shares if self.recipe.text.is_read else (1.0,)

    @property
    def minimum_frames(self) -> int:
        """Frames of features that a clip must have at least, so that no pooling stage runs empty."""
        if self.recipe.frontend.fit != "none" or not isinstance(self.recipe.frontend, FramedSettings):
            return 1
        return int(self.network.minimum_frames)

    @property
    def minimum_samples(self) -> int:
        """Samples that a waveform must have at least, which give the front end that many frames."""
        least, front_end = self.minimum_frames, self.recipe.frontend
        if least == 1 or not isinstance(front_end, FramedSettings):
            return 1
        if front_end.kind == "zcr_rms":
            least = -(-least // 2)  # each frame gives two points
        return max(1, (least - 1) * front_end.hop_length)

    @property
    def extractor(self) -> dict[str, Any]:
        """Settings of a front end that is computed before the graph, as `features.extractors` takes them; mostly empty."""
        front_end = self.recipe.frontend
        return front_end.model_dump(mode="json") if front_end.kind in EXTRACTORS else {}

    @property
    def parameters_count(self) -> int:
        """Number of trained parameters; those of a frozen encoder are none."""
        return sum(parameter.numel() for parameter in self.network.parameters() if parameter.requires_grad)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return logits `[batch, label]`."""
        return self.classify(self.frontend(waveforms))

    def prepare(self, features: Tensor, lengths: Lengths = None) -> tuple[Tensor, Lengths]:
        """Scale features `[batch, feature, frame]` and bring them to one number of frames if the recipe says so.

        Raises:
            ValueError: A clip has fewer frames than `minimum_frames`.
        """
        if lengths is not None and int(lengths.min()) < self.minimum_frames:
            raise ValueError(
                f"a clip of {int(lengths.min())} frames is in the batch; {self.recipe.model.family} needs "
                f"{self.minimum_frames} at least: pad its waveform to {self.minimum_samples} samples"
            )
        features = self.scaling(features, lengths)
        if self.recipe.frontend.fit == "none":
            return features, lengths
        return self.fit(features, lengths), None

    def classify(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return logits `[batch, label]` of features `[batch, feature, frame]` as the front end gives them."""
        return self.answer(features, lengths)[0]

    def answer(
        self, features: Tensor, lengths: Lengths = None, beside: Beside | None = None, present: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return logits `[batch, label]`, and the dimensions `[batch, dimension]` on their own scale.

        Args:
            features: `[batch, feature, frame]` as the front end gives them.
            lengths: Frames of each clip; None: all are full.
            beside: The texts, for a model that reads them; see `Fusion.forward`.
            present: Which clips have voice and text; see there.
        """
        joined = () if beside is None and present is None else (beside, present)
        logits, values = self.parted(self.network(*self.prepare(features, lengths), *joined))
        return logits, values if self.dimensions is None else self.dimensions(values)

    def parted(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return a network's outputs as logits `[batch, label]` and standardised dimensions `[batch, dimension]`."""
        labels = len(self.labels)
        return outputs[:, :labels], outputs[:, labels:]


@dataclass(frozen=True)
class Layer:
    """One layer of a summary: where it stands, what it is, what it gives for a batch of one, how many parameters."""

    name: str
    type: str
    output: tuple[int, ...]
    parameters: int


def _longest(model: SpeechModel) -> int:
    """Return the samples of an example: 3 s where clips keep their length."""
    audio = model.recipe.audio
    return max(model.minimum_samples, 3 * audio.sampling_rate) if audio.short == "keep" else audio.samples


def summary(model: SpeechModel) -> list[Layer]:
    """Return the layers in the order in which one window passes them; 3 s of it, where clips keep their length."""
    layers: list[Layer] = []

    def note(name: str, module: nn.Module, given: Any) -> None:
        output = given[0] if isinstance(given, tuple) else given  # a recurrent layer gives its states, too
        count = sum(parameter.numel() for parameter in module.parameters())
        layers.append(Layer(name, type(module).__name__, tuple(output.shape), count))

    handles = [
        module.register_forward_hook(lambda module, _, output, name=name: note(name, module, output))
        for name, module in model.named_modules()
        if not any(True for _ in module.children())
    ]
    training = model.training
    try:
        with torch.inference_mode():
            model.eval()(torch.zeros(1, min(model.recipe.audio.samples, _longest(model))))
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    return layers
