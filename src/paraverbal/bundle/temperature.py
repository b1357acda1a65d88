"""Temperature: one number that makes probabilities less, or more, sure of themselves, and never changes which is greatest.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017. It is applied to the probabilities of
a clip, the mean over its windows; for a clip of one window that is the softmax of logits / temperature.
"""

import numpy as np
from numpy.typing import NDArray


def tempered(probabilities: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return probabilities `[..., label]` raised to 1 / temperature and normalised; 1 leaves them as they are.

    Example:
        >>> tempered(np.array([0.9, 0.1]), 2.0).round(2).tolist()
        [0.75, 0.25]
    """
    if temperature == 1:
        return probabilities
    # Relative to the largest, so that a low temperature does not make all of them 0.
    powers = (probabilities / probabilities.max(axis=-1, keepdims=True)) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
