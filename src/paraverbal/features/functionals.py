"""Statistics over the frames of a clip: one row of numbers for a clip of any length.

The series are those of the log-mel bands, then of the mel-frequency cepstral coefficients, then the differences over time
(frame `t + 1` minus frame `t`) of the bands, then of the coefficients. Each gives four numbers in a row: mean, deviation
(of the whole, not of a sample), minimum, maximum. `functional_names` spells the order out.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.spectral import cepstrum, log_mel

if TYPE_CHECKING:
    from paraverbal.settings import FunctionalsSettings

STATISTICS = ("mean", "deviation", "minimum", "maximum")


def functional_names(settings: "FunctionalsSettings") -> list[str]:
    """Return the name of each feature, such as `log_mel_17_mean` or `mfcc_3_difference_deviation`, counted from 0."""
    series = [f"log_mel_{band}" for band in range(settings.bands)]
    series += [f"mfcc_{coefficient}" for coefficient in range(settings.coefficients)]
    series += [f"{name}_difference" for name in series]
    return [f"{name}_{statistic}" for name in series for statistic in STATISTICS]


def spectral_functionals(
    waveform: NDArray[np.floating], sampling_rate: int, settings: "FunctionalsSettings"
) -> NDArray[np.float32]:
    """Return the statistics of a clip, before scaling.

    Args:
        waveform: `[sample]`, in -1..1.
        sampling_rate: In hertz.
        settings: FFT, bands, logarithm, number of coefficients.

    Returns:
        float32 `[feature, 1]`, in the order of `functional_names`. In a clip of one frame all differences are 0.
    """
    spectrogram = log_mel(waveform, sampling_rate, settings)
    series = np.concatenate([spectrogram, cepstrum(spectrogram, settings.coefficients)])
    differences = np.diff(series, axis=1) if series.shape[1] > 1 else np.zeros_like(series)
    return np.concatenate([_statistics(series), _statistics(differences)]).reshape(-1, 1)


def _statistics(series: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `[series, statistic]` of `series [series, frame]`."""
    return np.stack([series.mean(axis=1), series.std(axis=1), series.min(axis=1), series.max(axis=1)], axis=1)
