"""Changes of a spectrogram in its own unit: noise, circular shift in time, multiplication.

On a spectrogram in dB below its maximum (-80..0), the multiplication stretches the distances to the maximum, and noise
of deviation 0.008 dB is far below what any front end resolves. They are kept as published.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from paraverbal.config import AugmentSettings


@dataclass(frozen=True)
class SpectrogramChange:
    """What was drawn for one clip; the defaults change nothing.

    Attributes:
        noise_deviation: Standard deviation of the noise, in the spectrogram's unit.
        shift: Frames by which the spectrogram is rolled towards later.
        factor: Number that every value is multiplied by.
    """

    noise_deviation: float = 0.0
    shift: int = 0
    factor: float = 1.0


def draw_change(settings: "AugmentSettings", frames: int, rng: np.random.Generator) -> SpectrogramChange:
    """Draw a change for a spectrogram of `frames` frames; each part is drawn with `settings.probability` of its own."""
    noise, roll, factor = rng.random(3) < settings.probability
    return SpectrogramChange(
        noise_deviation=settings.noise_deviation if noise else 0.0,
        shift=int(frames * settings.roll * rng.random()) if roll else 0,
        factor=rng.uniform(*settings.factor) if factor else 1.0,
    )


def apply_change(
    spectrogram: NDArray[np.float32], change: SpectrogramChange, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a changed copy of `spectrogram [band, frame]`: noise first, then the roll, then the factor."""
    changed = spectrogram
    if change.noise_deviation:
        noise = rng.standard_normal(spectrogram.shape, dtype=np.float32)
        changed = changed + np.float32(change.noise_deviation) * noise
    return np.roll(changed, change.shift, axis=-1) * np.float32(change.factor)
