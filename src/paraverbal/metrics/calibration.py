"""How sure a model may be: the temperature that fits its probabilities to what was true."""

import numpy as np
from numpy.typing import ArrayLike

from paraverbal.bundle.temperature import tempered
from paraverbal.metrics.classes import cross_entropy

# Temperatures that are tried, 2 % apart: fewer than a hundred clips do not tell nearer ones apart.
CANDIDATES = np.geomspace(0.5, 20, 187)


def fit_temperature(truth: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the temperature, 0.5 to 20, at which the probabilities of validation clips have the least cross-entropy.

    Args:
        truth: Class of each clip, integers `[clip]`.
        probabilities: `[clip, label]`, before any temperature.

    Raises:
        MetricError: As `cross_entropy`.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    losses = [cross_entropy(truth, tempered(values, float(candidate))) for candidate in CANDIDATES]
    return round(float(CANDIDATES[int(np.argmin(losses))]), 3)
