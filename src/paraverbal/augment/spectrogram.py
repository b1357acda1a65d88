"""Changes of a spectrogram in its own unit: noise, circular shift in time, multiplication, masks.

On a spectrogram in dB below its maximum (-80..0), the multiplication stretches the distances to the maximum, and noise
of deviation 0.008 dB is far below what any front end resolves. They are kept as published.

Masks of bands and of frames are those of SpecAugment (Park et al. 2019), at most one of each, without the time warp.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from paraverbal.settings import AugmentSettings

Spectrogram = NDArray[np.float32]


@dataclass(frozen=True)
class SpectrogramChange:
    """What was drawn for one clip; the defaults change nothing.

    Attributes:
        noise_deviation: Standard deviation of the noise, in the spectrogram's unit.
        shift: Frames by which the spectrogram is rolled towards later.
        factor: Number that every value is multiplied by.
        bands: First masked band, and the first one behind the mask.
        frames: First masked frame, and the first one behind the mask; after the roll.
        mask_value: What a mask holds: the `floor` (least) or the `max` (greatest) value of the changed spectrogram.
    """

    noise_deviation: float = 0.0
    shift: int = 0
    factor: float = 1.0
    bands: tuple[int, int] = (0, 0)
    frames: tuple[int, int] = (0, 0)
    mask_value: Literal["floor", "max"] = "floor"


def draw_change(settings: "AugmentSettings", shape: tuple[int, int], rng: np.random.Generator) -> SpectrogramChange:
    """Draw a change for a spectrogram of `shape` (bands, frames).

    Each part is drawn with `settings.probability` of its own. A mask has a size and a place that are uniform among those
    possible; it covers half of the bands or frames at most, so that something is left to hear.
    """
    noise, roll, factor = rng.random(3) < settings.probability
    bands, frames = shape
    # The fields in the order of their draws. A mask that is off draws nothing: a seed gives what it gave before masks.
    return SpectrogramChange(
        noise_deviation=settings.noise_deviation if noise else 0.0,
        shift=int(frames * settings.roll * rng.random()) if roll else 0,
        factor=rng.uniform(*settings.factor) if factor else 1.0,
        bands=_draw_mask(settings.frequency_mask, bands, settings.probability, rng),
        frames=_draw_mask(settings.time_mask, frames, settings.probability, rng),
        mask_value=settings.mask_value,
    )


def apply_change(spectrogram: Spectrogram, change: SpectrogramChange, rng: np.random.Generator) -> Spectrogram:
    """Return a changed copy of `spectrogram [band, frame]`: noise first, then the roll, the factor, and the masks."""
    changed = spectrogram
    if change.noise_deviation:
        noise = rng.standard_normal(spectrogram.shape, dtype=np.float32)
        changed = changed + np.float32(change.noise_deviation) * noise
    changed = np.roll(changed, change.shift, axis=-1) * np.float32(change.factor)
    value = changed.max() if change.mask_value == "max" else changed.min()
    changed[slice(*change.bands)] = value
    changed[:, slice(*change.frames)] = value
    return changed


def _draw_mask(sizes: tuple[int, int], total: int, probability: float, rng: np.random.Generator) -> tuple[int, int]:
    if not sizes[1] or rng.random() >= probability:
        return 0, 0
    least, most = (min(size, total // 2) for size in sizes)
    size = int(rng.integers(least, most, endpoint=True))
    start = int(rng.integers(total - size, endpoint=True))
    return (start, start + size) if size else (0, 0)
