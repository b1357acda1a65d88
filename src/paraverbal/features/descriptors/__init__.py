"""The registry of descriptors: every quantity that is measured of a sound, in eight families, each with what one must know of it.

One file per family, `timing` beside `prosodic`; all entries are alike (`entry.Descriptor`). `docs/descriptors.md` is made from
them. Families: time domain, frequency domain, time-frequency, spectral, prosodic, voice quality, dynamic, timbre.
"""

from collections.abc import Iterable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import RecipeError, nearest
from paraverbal.features.analysis import DEFAULTS, Analysis, AnalysisSettings
from paraverbal.features.descriptors import (
    dynamic,
    frequency_domain,
    prosodic,
    spectral,
    timbre,
    time_domain,
    time_frequency,
    timing,
    voice_quality,
)
from paraverbal.features.descriptors.entry import Bound, Descriptor, Family
from paraverbal.features.frames import frame_times

__all__ = [
    "DESCRIPTORS",
    "FAMILIES",
    "Bound",
    "Descriptor",
    "Family",
    "describe_clip",
    "describe_frames",
    "frame_seconds",
    "names",
]

FAMILIES: tuple[Family, ...] = get_args(Family)

_FILES = (
    time_domain,
    frequency_domain,
    time_frequency,
    spectral,
    prosodic,
    timing,
    voice_quality,
    dynamic,
    timbre,
)

DESCRIPTORS: dict[str, Descriptor] = {entry.name: entry for file in _FILES for entry in file.DESCRIPTORS}


def names(scope: Literal["frame", "clip"] | None = None) -> list[str]:
    """Return the names of all descriptors, family by family; of one scope if it is given."""
    return [name for name, entry in DESCRIPTORS.items() if scope in (None, entry.scope)]


def describe_frames(
    waveform: NDArray[np.floating],
    sampling_rate: int,
    names: Iterable[str] | None = None,
    settings: AnalysisSettings = DEFAULTS,
) -> dict[str, NDArray[np.float32]]:
    """Return descriptors of each frame.

    Args:
        waveform: `[sample]`, in -1..1.
        sampling_rate: In hertz.
        names: Which descriptors; None for all that have the scope `frame`. All of an hour need much memory: the spectrogram alone
            has 1.5 kB a frame.
        settings: How the recording is analysed.

    Returns:
        Name -> float32 `[frame]`, or `[feature, frame]` where a descriptor has several features; NaN where it does not exist.

    Raises:
        RecipeError: There is no such descriptor, or it is one of a whole clip.
        NonFiniteAudioError: The waveform holds NaN or infinite samples.

    Example:
        >>> rate = 16_000
        >>> tone = np.sin(2 * np.pi * 200 * np.arange(rate) / rate).astype(np.float32)
        >>> describe_frames(tone, rate, ["f0"])["f0"].shape
        (101,)
    """
    chosen = _chosen(names, "frame")
    analysis = Analysis(waveform, sampling_rate, settings)
    return {entry.name: np.asarray(entry.compute(analysis), dtype=np.float32) for entry in chosen}


def describe_clip(
    waveform: NDArray[np.floating],
    sampling_rate: int,
    names: Iterable[str] | None = None,
    settings: AnalysisSettings = DEFAULTS,
) -> dict[str, float]:
    """Return descriptors of a whole clip, name -> number; arguments and errors as for `describe_frames`."""
    chosen = _chosen(names, "clip")
    analysis = Analysis(waveform, sampling_rate, settings)
    return {entry.name: float(entry.compute(analysis)) for entry in chosen}


def frame_seconds(frames: int, sampling_rate: int, settings: AnalysisSettings = DEFAULTS) -> NDArray[np.float64]:
    """Return the middles of the first `frames` frames of `describe_frames` in seconds, `[frame]`."""
    return frame_times(frames, max(1, round(settings.hop_seconds * sampling_rate)), sampling_rate)


def _chosen(wanted: Iterable[str] | None, scope: Literal["frame", "clip"]) -> list[Descriptor]:
    known = names(scope)
    chosen = known if wanted is None else list(wanted)
    for name in chosen:
        if name in DESCRIPTORS and name not in known:
            other = "describe_clip" if scope == "frame" else "describe_frames"
            raise RecipeError(f"{name} is a descriptor of a {DESCRIPTORS[name].scope}; {other} gives it")
        if name not in DESCRIPTORS:
            raise RecipeError(f"no descriptor {name!r}{nearest(name, known)}; descriptors.names() lists them")
    return [DESCRIPTORS[name] for name in chosen]
