"""How much of a sound is voice and how much is noise: HNR of each frame, SNR of a recording.

Source of HNR: Boersma 1993, Proceedings of the Institute of Phonetic Sciences Amsterdam 17, 97-110, equation 4.
"""

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.frames import frame_blocks, require_finite
from paraverbal.features.pitch import Pitch
from paraverbal.features.pulses import match

# Segments of 13.3 ms, a period of 75 Hz, are compared: long enough for a stable value, short enough that F0 stands still.
_SEGMENT_HZ = 75.0

# The period is looked for this close to that of F0, which a window of 40 ms has smoothed.
_TOLERANCE = 0.05

# 1 - 1e-9 is 90 dB; float32 waveforms know no more, and a synthetic sound that repeats exactly would have infinitely many.
_MOST_ALIKE = 1 - 1e-9

# No correlation above 0, no harmonic part: -60 dB.
_LEAST_ALIKE = 1e-6

# Frames of the signal-to-noise ratio: long enough for three periods of 75 Hz, short enough to fall between words.
_FRAME_SECONDS, _HOP_SECONDS = 0.040, 0.010

# A tenth of the frames for the noise, a tenth for the loudest speech; speech is what lies at most 15.9 dB below, the margin
# of the active speech level of ITU-T P.56.
_SHARE = 0.1
_ACTIVE = 10**-1.59

# What rounding to 16 bits adds: a step squared by 12 (power). Digital silence between words counts as this much noise.
_ROUNDING = 2.0**-30 / 12


def hnr(waveform: NDArray[np.floating], sampling_rate: float, pitch: Pitch) -> NDArray[np.float32]:
    """Return the harmonics-to-noise ratio of each frame.

    A share `r` of a frame's energy repeats itself after a period, `1 - r` does not: the ratio is `10 log10(r / (1 - r))`.
    `r` is the normalised cross-correlation of two neighbouring segments at the period.

    Args:
        waveform: `[sample]`; neither level nor DC offset matters.
        sampling_rate: In hertz.
        pitch: F0 of the same waveform.

    Returns:
        float32 `[frame]` in dB, -60 to 90, of the frames of `pitch`; NaN in unvoiced ones. 20 dB says that 1 % of the
        energy is noise, usual for a sustained vowel; a hoarse voice lies under 10 dB, running speech between.

    Raises:
        NonFiniteAudioError: The waveform holds NaN or infinite samples.
    """
    require_finite(waveform)
    ratios = np.full(len(pitch.f0), np.nan, np.float32)
    voiced = pitch.voiced
    if not voiced.any():
        return ratios
    period = sampling_rate / pitch.f0[voiced].astype(np.float64)
    segment = max(sampling_rate / _SEGMENT_HZ, float(period.max()))
    first = pitch.times[voiced] * sampling_rate - period / 2
    _, alike = match(waveform, first, period, window=segment, tolerance=_TOLERANCE)
    alike = np.clip(alike, _LEAST_ALIKE, _MOST_ALIKE)
    ratios[voiced] = 10 * np.log10(alike / (1 - alike))
    return ratios


def snr(waveform: NDArray[np.floating], sampling_rate: float) -> float:
    """Return how far speech stands above the noise between words, in dB.

    The noise is the mean power of the quietest tenth of frames of 40 ms. Speech is the mean power of all frames which,
    without the noise, lie at most 15.9 dB below the loudest tenth, less the noise. So the recording must hold pauses of a
    tenth of its length in all, and noise must be steady: reverberation and breath between words count as noise.

    Args:
        waveform: `[sample]` in -1..1; a DC offset does not matter.
        sampling_rate: In hertz.

    Returns:
        dB, at most about 100, because digital silence counts as the rounding noise of 16 bits. Steady noise alone gives 0 dB
        or less. NaN where nothing rises above that rounding, or there are fewer than 10 frames.

    Raises:
        NonFiniteAudioError: The waveform holds NaN or infinite samples.
    """
    power = np.sort(_powers(waveform, sampling_rate))
    count = int(_SHARE * len(power))
    if count == 0 or power[-1] <= _ROUNDING:
        return float("nan")
    noise = max(float(power[:count].mean()), _ROUNDING)
    speech = power - noise
    active = speech[speech >= _ACTIVE * speech[-count:].mean()]
    active = active[active > 0]
    return float(10 * np.log10(active.mean() / noise)) if len(active) else float("nan")


def _powers(waveform: NDArray[np.floating], sampling_rate: float) -> NDArray[np.float64]:
    """Return the variance of each frame that lies wholly within the waveform, `[frame]`."""
    size = 2 * max(1, round(_FRAME_SECONDS * sampling_rate / 2))
    hop_length = max(1, round(_HOP_SECONDS * sampling_rate))
    powers = np.concatenate(
        [block.var(axis=1, dtype=np.float64) for _, block in frame_blocks(waveform, size, hop_length)]
    )
    first = -(-size // 2 // hop_length)
    return powers[first : (len(waveform) - size // 2) // hop_length + 1]
