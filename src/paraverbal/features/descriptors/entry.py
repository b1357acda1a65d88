"""What is known of one descriptor, and how it is computed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.analysis import Analysis

Family = Literal[
    "time domain",
    "frequency domain",
    "time-frequency",
    "spectral",
    "prosodic",
    "voice quality",
    "dynamic",
    "timbre",
]
Bound = float | Literal["half the sampling rate"]
Value = NDArray[np.floating] | float


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """A quantity of sound, with what one must know to use it.

    Attributes:
        name: By which it is asked for.
        family: One of the eight families.
        also: Other families that it may be counted among.
        motion: `static` if it describes one moment, or the whole; `dynamic` if it describes change.
        scope: `frame`: a series `[frame]`, or `[feature, frame]`. `clip`: one number.
        unit: Of its values; empty for pure numbers.
        low: Lowest value that can occur, for samples in -1..1.
        high: Highest value that can occur.
        missing: Where there is no such value, so that it is NaN. `never`; in `silence`, which is a frame, or a clip, without any
            sound; `unvoiced`: without F0; `absent`: as `absent_where` says.
        absent_where: The rest of the sentence "NaN ...", if `missing` is `absent`.
        is_: What it is.
        formula: How it is computed, in the notation of `docs/descriptors.md`.
        source: Where the definition comes from, as a key of `references.REFERENCES`; empty for what needs none.
        emotion: What it tells about emotion. Findings name their source.
        fails: When it misleads.
        compute: Its values.
        counted_from: Number of the first of several features, such as 1 for F1; None for a single series.
    """

    name: str
    family: Family
    also: tuple[Family, ...] = ()
    motion: Literal["static", "dynamic"] = "static"
    scope: Literal["frame", "clip"] = "frame"
    unit: str
    low: Bound
    high: Bound
    missing: Literal["never", "silence", "unvoiced", "absent"]
    is_: str
    formula: str
    source: str
    emotion: str
    fails: str
    compute: Callable[[Analysis], Value]
    absent_where: str = ""
    counted_from: int | None = None

    def columns(self, values: NDArray[np.floating]) -> list[str]:
        """Return a name for each feature of a series `[frame]` or `[feature, frame]`, such as `mfcc_0`."""
        if self.counted_from is None:
            return [self.name]
        return [f"{self.name}_{number}" for number in range(self.counted_from, self.counted_from + len(values))]
