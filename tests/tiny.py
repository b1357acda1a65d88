"""Recipes made so small that each trains or exports in a second."""

from paraverbal.config import read_recipe
from paraverbal.settings import Recipe

# A cnn-lstm that trains in a second.
TINY = (
    "audio.sampling_rate=16000",
    "audio.seconds=1.0",
    "audio.hop_seconds=1.0",
    "frontend.fft_size=512",
    "frontend.hop_length=256",
    "frontend.bands=24",
    "model.channels=[4, 8]",
    "model.lstm_units=8",
    "model.hidden_units=8",
    "augment.copies=1",
    "training.batch_size=8",
    "training.epochs=2",
)

# What makes any recipe small, as far as it has the setting.
_SMALL = {
    "audio": {"sampling_rate": 16000, "seconds": 1.0, "hop_seconds": 1.0},
    "frontend": {"fft_size": 512, "hop_length": 256, "bands": 24, "coefficients": 12, "frames": 16},
    "model": {"channels": [4, 8], "pools": [2, 4], "pooled": 2, "lstm_units": 8, "units": 8},
}


def small(name: str, *overrides: str) -> Recipe:
    """Return a bundled recipe with small sizes; what makes it that recipe stays."""
    recipe = read_recipe(name)
    smaller = [
        f"{section}.{key}={value}"
        for section, values in _SMALL.items()
        for key, value in values.items()
        if key in type(getattr(recipe, section)).model_fields
    ]
    return read_recipe(name, [*smaller, *overrides])
