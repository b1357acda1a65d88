"""How well a model tells arousal, valence and dominance of clips whose corpus has a value."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.evaluation.predictions import Predictions
from paraverbal.metrics.bootstrap import Interval
from paraverbal.metrics.dimensions import concordance_cc, concordance_interval, pearson_cc, rmse


@dataclass(frozen=True)
class DimensionScores:
    """Scores of one dimension.

    Attributes:
        ccc: Concordance correlation coefficient, -1 to 1; None where there is none.
        ccc_interval: Its 95 % interval, speakers drawn whole; None where there is none.
        pearson: Pearson correlation, -1 to 1; None where there is none.
        rmse: Root mean squared error, on the scale of the corpus.
        clips: Clips that have a value.
    """

    ccc: float | None
    ccc_interval: Interval | None
    pearson: float | None
    rmse: float
    clips: int


def dimensions_document(found: Predictions) -> dict[str, Any]:
    """Return name -> `DimensionScores` of each dimension that the model tells and the clips have, as JSON types."""
    truth = {name: np.array([row[name] for row in found.rows], dtype=np.float64) for name in found.dimensions}
    return scored_dimensions(truth, found.dimensions, found.speakers)


def scored_dimensions(
    truth: dict[str, NDArray[np.float64]], told: dict[str, NDArray[np.float64]], speakers: Sequence[str | None]
) -> dict[str, Any]:
    """Return name -> `DimensionScores` as JSON types.

    Args:
        truth: Name -> `[clip]`, NaN where the corpus has no value; a dimension without any is left out.
        told: Name -> `[clip]`.
        speakers: Of each clip; None: not known.
    """
    known = {name: np.isfinite(values) for name, values in truth.items()}
    groups = np.array(speakers, dtype=object)
    return {
        name: asdict(_scores(truth[name][chosen], told[name][chosen], groups[chosen].tolist()))
        for name, chosen in known.items()
        if chosen.any()
    }


def _scores(truth: NDArray[np.float64], told: NDArray[np.float64], speakers: list[str | None]) -> DimensionScores:
    return DimensionScores(
        ccc=_number(concordance_cc(truth, told)),
        ccc_interval=concordance_interval(truth, told, groups=speakers),
        pearson=_number(pearson_cc(truth, told)),
        rmse=rmse(truth, told),
        clips=len(truth),
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
