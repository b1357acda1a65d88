"""A model: front end, scaling and network as one, from waveform to logits.

Every family answers the same calls: `network(features)` gives logits, `network.embed(features)` the embedding before the
last layer, `network.minimum_frames` the shortest input.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paraverbal.config import Recipe
from paraverbal.models.cnn_lstm import CnnLstm
from paraverbal.models.frontend import LogMel, Scaling

FAMILIES = {"cnn-lstm": CnnLstm}


class SpeechModel(nn.Module):
    """Waveforms `[batch, sample]` at the recipe's rate -> logits `[batch, label]`.

    Args:
        recipe: Its sections `audio`, `frontend` and `model` say what to build.
        labels: Emotions in the order of the logits.
    """

    def __init__(self, recipe: Recipe, labels: Sequence[str]) -> None:
        super().__init__()
        self.recipe = recipe
        self.labels = tuple(labels)
        self.frontend = LogMel(recipe.frontend, recipe.audio.sampling_rate)
        self.scaling = Scaling(recipe.frontend)
        self.network = FAMILIES[recipe.model.family](recipe.model, recipe.frontend.bands, len(self.labels))

    @property
    def minimum_samples(self) -> int:
        """Samples that a waveform must have at least, so that no pooling stage runs empty."""
        return int(self.network.minimum_frames - 1) * self.recipe.frontend.hop_length

    @property
    def parameters_count(self) -> int:
        """Number of trained parameters."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return logits `[batch, label]`."""
        logits: Tensor = self.network(self.scaling(self.frontend(waveforms)))
        return logits


@dataclass(frozen=True)
class Layer:
    """One layer of a summary: where it stands, what it is, what it gives for a batch of one, how many parameters."""

    name: str
    type: str
    output: tuple[int, ...]
    parameters: int


def summary(model: SpeechModel) -> list[Layer]:
    """Return the layers in the order in which one window of the recipe's length passes them."""
    layers: list[Layer] = []

    def note(name: str, module: nn.Module, output: Tensor) -> None:
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
            model.eval()(torch.zeros(1, model.recipe.audio.samples))
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    return layers
