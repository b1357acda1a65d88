"""How descriptors move: differences of a series over time, and the rise and fall of a clip's amplitude.

A series is `[..., frame]`. NaN, where a quantity does not exist, spreads to the frames whose difference needs it.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.frames import frame_times
from paraverbal.features.time_domain import rms

# Where a rise or a fall counts as begun and as done: the convention of transition times (IEEE Std 181-2011).
_BEGUN = 0.1
_DONE = 0.9


@dataclass(frozen=True)
class Envelope:
    """How the amplitude of a clip rises and falls. Times are in seconds, levels in the waveform's unit.

    Attributes:
        attack_seconds: From the first frame with a tenth of the peak to the first with nine tenths of it.
        decay_seconds: From the peak to the first frame behind it that has gone nine tenths of the way to the sustained level.
        sustain_level: Median from the peak to the last frame with a tenth of the peak, as a share of the peak, 0..1.
        release_seconds: From the last frame with nine tenths of the sustained level to the last with a tenth of the peak.
        times: Middle of each frame, float64 `[frame]`.
        level: Root mean square of each frame, float32 `[frame]`.

    In silence the first four are NaN.
    """

    attack_seconds: float
    decay_seconds: float
    sustain_level: float
    release_seconds: float
    times: NDArray[np.float64]
    level: NDArray[np.float32]


def delta(series: NDArray[np.floating], width: int = 2) -> NDArray[np.floating]:
    """Return the slope of each series around each frame, per frame, by linear regression.

    `sum(n * (x[t + n] - x[t - n])) / (2 * sum(n^2))` for `n = 1..width`, the outermost frames repeated behind the ends
    (Young et al. 2006, The HTK Book, equation 5.16).

    Args:
        series: `[..., frame]`.
        width: Frames on each side.

    Returns:
        Of the same shape and type.
    """
    if series.shape[-1] == 0:
        return series.copy()
    frames = series.shape[-1]
    padded = np.pad(series, [(0, 0)] * (series.ndim - 1) + [(width, width)], mode="edge")
    slopes = np.zeros_like(series)
    for step in range(1, width + 1):
        ahead = padded[..., width + step : width + step + frames]
        behind = padded[..., width - step : width - step + frames]
        slopes += step * (ahead - behind)
    slopes /= 2 * sum(step**2 for step in range(1, width + 1))
    return slopes


def delta_delta(series: NDArray[np.floating], width: int = 2) -> NDArray[np.floating]:
    """Return `delta` of `delta`, the curvature of each series, per frame squared; arguments as for `delta`."""
    return delta(delta(series, width), width)


def envelope(
    waveform: NDArray[np.floating], sampling_rate: int, *, frame_seconds: float = 0.030, hop_seconds: float = 0.005
) -> Envelope:
    """Return the amplitude envelope of a clip and its attack, decay, sustain and release.

    The four belong to one sound, a note or a vowel. Of a sentence they describe the whole arc around its loudest moment.

    Args:
        waveform: `[sample]`.
        sampling_rate: In hertz.
        frame_seconds: Of a frame; at least two periods of the voice. No rise shorter than 0.8 of it can be seen.
        hop_seconds: From one frame to the next, the resolution of the times.

    Raises:
        NonFiniteAudioError: The waveform holds NaN or infinite samples.

    Source: the parts are those of synthesisers; their thresholds as in Peeters 2004, A large set of audio features, 4.1.
    """
    hop_length = max(1, round(hop_seconds * sampling_rate))
    level = rms(waveform, 2 * max(1, round(frame_seconds * sampling_rate / 2)), hop_length)
    times = frame_times(len(level), hop_length, sampling_rate)
    peak = int(level.argmax())
    if level[peak] == 0:
        return Envelope(math.nan, math.nan, math.nan, math.nan, times, level)
    loud = np.flatnonzero(level >= _BEGUN * level[peak])
    risen = int((level >= _DONE * level[peak]).argmax())
    falling = level[peak : loud[-1] + 1]
    sustained = float(np.median(falling))
    settled = int((falling <= sustained + (1 - _DONE) * (level[peak] - sustained)).argmax())
    held = np.flatnonzero(falling >= _DONE * sustained)[-1]
    second = hop_length / sampling_rate
    return Envelope(
        attack_seconds=float(risen - loud[0]) * second,
        decay_seconds=settled * second,
        sustain_level=sustained / float(level[peak]),
        release_seconds=float(len(falling) - 1 - held) * second,
        times=times,
        level=level,
    )
