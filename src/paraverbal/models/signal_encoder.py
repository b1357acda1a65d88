"""What reads a signal beside the voice, step by step: skin conductance, pulse, movements of the face."""

from dataclasses import dataclass

from torch import Tensor, nn

from paraverbal.models.positions import SinusoidalPositions
from paraverbal.models.transformer import Pooling, TransformerLayer


@dataclass(frozen=True)
class SignalSettings:
    """Of a signal's encoder.

    Attributes:
        features: Numbers of a step, such as one of skin conductance.
        width: Of a step's vector; an even multiple of `heads`.
        layers: Of the transformer.
        heads: Of its attention.
        dropout: Of its weights.
        pooling: `cls`, `mean` or `attention`.
    """

    features: int
    width: int = 32
    layers: int = 1
    heads: int = 4
    dropout: float = 0.1
    pooling: str = "mean"


class SignalEncoder(nn.Module):
    """A small transformer over the steps of a signal, `[batch, step, feature]` -> `[batch, step, width]`.

    It answers as a text encoder does. Features should be near mean 0 and deviation 1; steps should be as coarse as what they
    tell of: of skin conductance, which moves within seconds, some ten a second are plenty.
    """

    def __init__(self, settings: SignalSettings) -> None:
        super().__init__()
        self.width = settings.width
        self.project = nn.Linear(settings.features, settings.width)
        self.positions = SinusoidalPositions(settings.width)
        self.layers = nn.ModuleList(
            TransformerLayer(settings.width, settings.heads, settings.dropout) for _ in range(settings.layers)
        )
        self.norm = nn.LayerNorm(settings.width)
        self.pooling = Pooling(settings.pooling, settings.width)

    def tokens(self, values: Tensor, inside: Tensor) -> Tensor:
        """Return a vector for each step."""
        sequence = self.positions(self.project(values))
        for layer in self.layers:
            sequence = layer(sequence, inside)
        normalised: Tensor = self.norm(sequence)
        return normalised

    def pooled(self, tokens: Tensor, inside: Tensor) -> Tensor:
        """Return the vector `[batch, width]` of each signal, of `tokens [batch, step, width]`."""
        vector: Tensor = self.pooling(tokens, inside)
        return vector
