"""`cnn-lstm`: convolutions find patterns in the spectrogram, a bidirectional LSTM follows them through time.

At 128 bands and 282 frames, five classes and the settings' defaults: `[1, 128, 282]` -> `[32, 64, 141]` -> `[64, 32, 70]`
-> `[128, 16, 35]` -> 35 frames of 2048 features -> 35 x 256 -> the last frame's 256 -> 128 -> 5; 2,752,197 parameters.

The state at the last frame holds the whole clip in the forward direction; in the backward one it has read that frame alone,
and the rest only through the layer below. So does the published network, which is kept as it was.
"""

import torch
from torch import Tensor, nn

from paraverbal.models.cnn import ConvBlock
from paraverbal.models.masking import Lengths
from paraverbal.models.recurrent import LSTM, last_state
from paraverbal.settings import CnnLstmSettings


class CnnLstm(nn.Module):
    """Spectrograms `[batch, band, frame]` -> logits `[batch, label]`.

    Args:
        settings: Channels and units.
        rows: Bands.
        frames: Not needed: any number of frames from `minimum_frames` on.
        labels: Number of labels.
    """

    def __init__(self, settings: CnnLstmSettings, rows: int, frames: int | None, labels: int) -> None:
        super().__init__()
        self.minimum_frames = settings.least_frames
        pairs = zip((1, *settings.channels), settings.channels, strict=False)
        self.blocks = nn.ModuleList(ConvBlock(pair, batch_norm=True, halve=True) for pair in pairs)
        self.dropout = nn.Dropout(settings.dropout)
        features = settings.channels[-1] * (rows // settings.least_rows)
        self.token_width = 2 * settings.lstm_units
        self.lstm = LSTM(features, settings.lstm_units, settings.lstm_layers, settings.dropout)
        self.hidden = nn.Linear(2 * settings.lstm_units, settings.hidden_units)
        self.output = nn.Linear(settings.hidden_units, labels)

    def embed(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the embedding `[batch, hidden_units]` of spectrograms `[batch, band, frame]`."""
        return self.summary(*self.tokens(features, lengths))

    def tokens(self, features: Tensor, lengths: Lengths = None) -> tuple[Tensor, Lengths]:
        """Return the states of the LSTM, `[batch, frame, unit]`, and their lengths."""
        maps = features.unsqueeze(1)
        for block in self.blocks:
            maps, lengths = block(maps, lengths)
        sequence = self.dropout(maps).permute(0, 3, 1, 2).flatten(2)
        return self.lstm(sequence, lengths), lengths

    def summary(self, tokens: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the embedding `[batch, hidden_units]` of what `tokens` returned."""
        return torch.relu(self.hidden(self.dropout(last_state(tokens, lengths))))

    def forward(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return logits `[batch, label]`."""
        logits: Tensor = self.output(self.dropout(self.embed(features, lengths)))
        return logits
