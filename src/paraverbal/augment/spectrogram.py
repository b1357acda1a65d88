"""Changes of a spectrogram in its own unit: warp, crop, gain, filter, noise, circular shift in time, multiplication, masks.

On a spectrogram in dB below its maximum (-80..0), the multiplication stretches the distances to the maximum, and noise
of deviation 0.008 dB is far below what any front end resolves. They are kept as published.

Masks of bands and of frames are those of SpecAugment (Park et al. 2019). The warp of time is uniform over the clip, as a
change of speed; that of frequency moves all bands by one factor on the mel scale, as a vocal tract of another length
does (Jaitly and Hinton 2013, there on a scale that is linear up to 4.8 kHz). A filter is a line of gains over the bands, as
another microphone, room or throat gives (after Nam, Kim and Park, "FilterAugment", ICASSP 2022).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from paraverbal.settings import AugmentSettings

Spectrogram = NDArray[np.float32]
Span = tuple[int, int]

# Gains that a filter is drawn with.
_FILTER_KNOTS = 5

_MASK_VALUES: dict[str, Callable[[Spectrogram], np.float32]] = {"floor": np.min, "mean": np.mean, "max": np.max}


@dataclass(frozen=True)
class SpectrogramChange:
    """What was drawn for one clip; the defaults change nothing.

    Attributes:
        duration: Factor of the clip's duration, above 1 is slower.
        frequency: Factor by which the bands are moved up.
        crop: First frame that is shown, and how many there are, both of the warped clip, which begins again where it is
            shorter; None: all.
        gain_db: What is added to every value.
        filter_db: What is added to the bands, at places evenly spaced from the first to the last one; linear between them.
        noise_deviation: Standard deviation of the noise, in the spectrogram's unit.
        shift: Frames by which the spectrogram is rolled towards later.
        factor: Number that every value is multiplied by.
        bands: First masked band, and the first one behind the mask; of each mask.
        frames: First masked frame, and the first one behind the mask; of each mask, after crop and roll.
        mask_value: What a mask holds: the `floor` (least), `mean` or `max` (greatest) value of the changed spectrogram.
    """

    duration: float = 1.0
    frequency: float = 1.0
    crop: Span | None = None
    gain_db: float = 0.0
    filter_db: tuple[float, ...] = ()
    noise_deviation: float = 0.0
    shift: int = 0
    factor: float = 1.0
    bands: tuple[Span, ...] = ()
    frames: tuple[Span, ...] = ()
    mask_value: Literal["floor", "mean", "max"] = "floor"


def draw_change(
    settings: "AugmentSettings", shape: tuple[int, int], rng: np.random.Generator, *, crop_frames: int | None = None
) -> SpectrogramChange:
    """Draw a change for a spectrogram of `shape` (bands, frames).

    Each part but the crop is drawn with `settings.probability` of its own. A mask's size is uniform in the range that is set,
    or from 0 up to a greatest size that is (`settings.mask_width`), its place among those possible; it covers half of the
    bands or frames at most, so that something is left to hear.

    Args:
        settings: What is changed.
        shape: Bands and frames.
        rng: Source of the draws. What is off draws nothing, so that a seed gives what it gave before that came to be.
        crop_frames: Frames of `settings.crop_seconds`; None shows all.
    """
    noise, roll, factor = rng.random(3) < settings.probability
    bands, frames = shape
    duration = _draw_factor(settings.time_warp, settings.probability, rng)
    frequency = _draw_factor(settings.frequency_warp, settings.probability, rng)
    frames = max(1, round(frames * duration))
    crop = None
    if crop_frames is not None and (crop_frames < frames or settings.crop_short == "repeat"):
        last = frames - crop_frames if crop_frames <= frames else frames - 1
        crop = int(rng.integers(last, endpoint=True)), crop_frames
        frames = crop_frames
    gain = rng.uniform(*settings.gain_db) if any(settings.gain_db) and rng.random() < settings.probability else 0.0
    knots = ()
    if any(settings.filter_db) and rng.random() < settings.probability:
        knots = tuple(rng.uniform(*settings.filter_db, size=_FILTER_KNOTS).tolist())
    # The fields in the order of their draws.
    return SpectrogramChange(
        duration=duration,
        frequency=frequency,
        crop=crop,
        gain_db=gain,
        filter_db=knots,
        noise_deviation=settings.noise_deviation if noise else 0.0,
        shift=int(frames * settings.roll * rng.random()) if roll else 0,
        factor=rng.uniform(*settings.factor) if factor else 1.0,
        bands=_draw_masks(settings.frequency_mask, bands, settings, rng),
        frames=_draw_masks(settings.time_mask, frames, settings, rng),
        mask_value=settings.mask_value,
    )


def apply_change(spectrogram: Spectrogram, change: SpectrogramChange, rng: np.random.Generator) -> Spectrogram:
    """Return a changed copy of `spectrogram [band, frame]`, in the order of the fields; a crop has fewer frames.

    Masks that would leave nothing but one value are left out.
    """
    changed = _warped(spectrogram, change)
    if change.noise_deviation:
        noise = rng.standard_normal(changed.shape, dtype=np.float32)
        changed = changed + np.float32(change.noise_deviation) * noise
    changed = np.roll(changed, change.shift, axis=-1) * np.float32(change.factor)
    if not (change.bands or change.frames):
        return changed
    masked = changed.copy()
    value = _MASK_VALUES[change.mask_value](changed)
    for span in change.bands:
        masked[slice(*span)] = value
    for span in change.frames:
        masked[:, slice(*span)] = value
    return changed if np.ptp(masked) == 0 else masked


def _warped(spectrogram: Spectrogram, change: SpectrogramChange) -> Spectrogram:
    """Return the piece that is shown, stretched in time and frequency, by linear interpolation."""
    bands, frames = spectrogram.shape
    whole = max(1, round(frames * change.duration))
    first, count = change.crop or (0, whole)
    if change.duration == 1.0 and first + count <= whole:
        changed = spectrogram[:, first : first + count]
    else:
        shown = np.arange(first, first + count) % whole
        changed = _sampled(spectrogram, (shown + 0.5) / change.duration - 0.5)
    if change.frequency != 1.0:
        changed = _sampled(changed.T, (np.arange(bands) + 0.5) / change.frequency - 0.5).T
    if change.filter_db:
        gains = np.interp(np.linspace(0, 1, bands), np.linspace(0, 1, len(change.filter_db)), change.filter_db)
        changed = changed + gains.astype(np.float32)[:, np.newaxis]
    return changed + np.float32(change.gain_db) if change.gain_db else changed


def _sampled(values: Spectrogram, places: NDArray[np.floating]) -> Spectrogram:
    """Return `values [row, column]` at `places [place]` between its columns; beyond an end it holds the last one."""
    places = np.clip(places, 0, values.shape[1] - 1)
    lower = np.minimum(places.astype(np.int64), max(values.shape[1] - 2, 0))
    upper = np.minimum(lower + 1, values.shape[1] - 1)
    share = (places - lower).astype(np.float32)
    return values[:, lower] * (1 - share) + values[:, upper] * share


def _draw_factor(ends: tuple[float, float], probability: float, rng: np.random.Generator) -> float:
    """Return a factor, uniform in its logarithm, or 1."""
    if ends == (1.0, 1.0) or rng.random() >= probability:
        return 1.0
    return float(ends[0] * (ends[1] / ends[0]) ** rng.random())


def _draw_masks(
    sizes: tuple[int, int], total: int, settings: "AugmentSettings", rng: np.random.Generator
) -> tuple[Span, ...]:
    drawn = (_draw_mask(sizes, total, settings, rng) for _ in range(settings.masks if sizes[1] else 0))
    return tuple(span for span in drawn if span is not None)


def _draw_mask(
    sizes: tuple[int, int], total: int, settings: "AugmentSettings", rng: np.random.Generator
) -> Span | None:
    if rng.random() >= settings.probability:
        return None
    least, most = (min(size, total // 2) for size in sizes)
    size = int(rng.integers(least, most, endpoint=True))
    if settings.mask_width == "up_to":
        size = int(rng.integers(size, endpoint=True))
    start = int(rng.integers(total - size, endpoint=True))
    return (start, start + size) if size else None
