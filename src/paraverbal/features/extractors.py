"""Front ends that stay outside the exported graph: acoustic descriptors, which no network computes.

Training, evaluation and prediction call the same function; what it gives goes into the graph in place of the waveform.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]


def extract(waveform: Waveform, sampling_rate: int, settings: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return the features of a window, float32 `[feature, frame]`.

    Args:
        waveform: `[sample]`, in -1..1.
        sampling_rate: In hertz.
        settings: Of the front end, with its `kind`, as a recipe's section `frontend` has them.

    Raises:
        ValueError: The kind is none of `EXTRACTORS`.
    """
    kind = settings.get("kind")
    if kind not in EXTRACTORS:
        raise ValueError(f"frontend.kind {kind!r} is computed in the graph or unknown; here: {', '.join(EXTRACTORS)}")
    return EXTRACTORS[kind](waveform, sampling_rate, settings)


def _egemaps(waveform: Waveform, sampling_rate: int, settings: Mapping[str, Any]) -> NDArray[np.float32]:
    from paraverbal.features.egemaps import EgemapsSettings, functionals

    chosen = EgemapsSettings(low_hz=settings["f0_low_hz"], high_hz=settings["f0_high_hz"])
    return functionals(waveform, sampling_rate, chosen)[:, np.newaxis]


EXTRACTORS: dict[str, Callable[[Waveform, int, Mapping[str, Any]], NDArray[np.float32]]] = {"egemaps": _egemaps}
