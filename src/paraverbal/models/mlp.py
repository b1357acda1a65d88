"""`mlp`: linear layers on the statistics of a clip."""

from torch import Tensor, nn

from paraverbal.settings import MlpSettings


class MultilayerPerceptron(nn.Module):
    """Features `[batch, feature, 1]` -> logits `[batch, label]`.

    Args:
        settings: Widths and dropout.
        rows: Features of a clip.
        frames: Frames of a clip; None counts as 1.
        labels: Number of outputs.
    """

    def __init__(self, settings: MlpSettings, rows: int, frames: int | None, labels: int) -> None:
        super().__init__()
        self.minimum_frames = 1
        widths = (rows * (frames or 1), *settings.widths)
        self.hidden = nn.Sequential()
        for place, (given, units) in enumerate(zip(widths, settings.widths, strict=False)):
            self.hidden.add_module(f"linear{place}", nn.Linear(given, units))
            self.hidden.add_module(f"relu{place}", nn.ReLU())
            self.hidden.add_module(f"dropout{place}", nn.Dropout(settings.dropout))
        self.output = nn.Linear(widths[-1], labels)

    def embed(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return what the last hidden layer gives, `[batch, unit]`; every clip is one frame, so `lengths` says nothing."""
        embeddings: Tensor = self.hidden(features.flatten(1))
        return embeddings

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return logits `[batch, label]`."""
        logits: Tensor = self.output(self.embed(features))
        return logits
