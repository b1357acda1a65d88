"""`cnn-lstm`: convolutions find patterns in the spectrogram, a bidirectional LSTM follows them through time.

At 128 bands and 282 frames, five classes and the settings' defaults: `[1, 128, 282]` -> `[32, 64, 141]` -> `[64, 32, 70]`
-> `[128, 16, 35]` -> 35 frames of 2048 features -> 35 x 256 -> the last frame's 256 -> 128 -> 5; 2,752,197 parameters.

The state at the last frame holds the whole clip in the forward direction; in the backward one it has read that frame alone,
and the rest only through the layer below. So does the published network, which is kept as it was.
"""

import torch
from torch import Tensor, nn

from paraverbal.config import CnnLstmSettings
from paraverbal.models.recurrent import LSTM


class ConvBlock(nn.Sequential):
    """Convolution 3 x 3, batch normalisation, ReLU, maximum of 2 x 2: halves bands and frames, rounding down.

    The maximum is taken before the ReLU: both orders give the same output and the same gradient, and this one passes a
    quarter of the values through the ReLU.
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1),
            nn.BatchNorm2d(channels_out),
            nn.MaxPool2d(2),
            nn.ReLU(),
        )


class CnnLstm(nn.Module):
    """Spectrograms `[batch, band, frame]` -> logits `[batch, label]`."""

    def __init__(self, settings: CnnLstmSettings, bands: int, labels: int) -> None:
        super().__init__()
        channels = (1, *settings.channels)
        self.minimum_frames = 2 ** len(settings.channels)
        self.convolutions = nn.Sequential(*map(ConvBlock, channels, settings.channels))
        self.dropout = nn.Dropout(settings.dropout)
        features = settings.channels[-1] * (bands // self.minimum_frames)
        self.lstm = LSTM(features, settings.lstm_units, settings.lstm_layers, settings.dropout)
        self.hidden = nn.Linear(2 * settings.lstm_units, settings.hidden_units)
        self.output = nn.Linear(settings.hidden_units, labels)

    def embed(self, features: Tensor) -> Tensor:
        """Return the embedding `[batch, hidden_units]` of spectrograms `[batch, band, frame]`."""
        maps = self.dropout(self.convolutions(features.unsqueeze(1)))
        sequence = maps.permute(0, 3, 1, 2).flatten(2)
        last = self.lstm(sequence)[:, -1]
        return torch.relu(self.hidden(self.dropout(last)))

    def forward(self, features: Tensor) -> Tensor:
        """Return logits `[batch, label]`."""
        logits: Tensor = self.output(self.dropout(self.embed(features)))
        return logits
