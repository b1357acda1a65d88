"""Loudness as heard: the auditory spectrum of the eGeMAPS, averaged.

Power in 26 mel bands is weighed by how well the ear hears each, and compressed (Stevens 1957: loudness goes with the cube root
of intensity). That is the auditory spectrum of perceptual linear prediction (Hermansky 1990, Perceptual linear predictive
analysis of speech, JASA 87, equations 3 to 7), on the mel scale. Unit: none. Silence has 0.001, loud speech 3 to 4, a
full-scale sine of 1000 Hz 2.0. It follows recording gain, so it compares speakers only at the same microphone and level.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paraverbal.features.frames import frame_blocks
from paraverbal.features.spectral import hz_to_mel, mel_to_hz
from paraverbal.features.spectral_shape import power_of

_BANDS = 26
_LOW_HZ = 20.0
_HIGH_HZ = 8000.0
_COMPRESSION = 0.33

# Least power of a band: about one step of 16 bits, squared (2 ** -30). openSMILE's value.
_LEAST_BAND_POWER = 9.3e-10

# Frame and transform at 16 kHz, on whose scale the numbers are defined.
_FRAME_SECONDS = 0.020
_REFERENCE_SIZES = 320 * 512


def loudness(waveform: NDArray[np.floating], sampling_rate: int, *, hop_seconds: float = 0.010) -> NDArray[np.float32]:
    """Return the loudness of each frame of 20 ms.

    Args:
        waveform: `[sample]`, in -1..1.
        sampling_rate: In hertz. The scale is that of 16 kHz, whatever the rate; under it the highest bands are empty.
        hop_seconds: From one frame's middle to the next.

    Returns:
        float32 `[frame]`, on the grid of `features.frames`.

    Raises:
        NonFiniteAudioError: The waveform holds NaN or infinite samples.
    """
    size = 2 * max(1, round(_FRAME_SECONDS * sampling_rate / 2))
    fft_size = 1 << (size - 1).bit_length()
    frequencies = np.fft.rfftfreq(fft_size, 1 / sampling_rate)
    scale = np.float32(_REFERENCE_SIZES / (size * fft_size))
    return np.concatenate(
        [
            from_power(scale * power_of(frames, "hamming", fft_size), frequencies)
            for _, frames in frame_blocks(waveform, size, max(1, round(hop_seconds * sampling_rate)))
        ]
    )


def from_power(power: NDArray[np.floating], frequencies: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the loudness of spectra that are there already.

    Args:
        power: `[frame, bin]`, squared magnitudes of frames of 20 ms at 16 kHz (Hamming window, transform of 512). For other
            sizes multiply by `320 * 512 / (frame * transform)`.
        frequencies: `[bin]` in hertz, evenly spaced from 0 on.

    Returns:
        Mean of the auditory spectrum over its bands, float32 `[frame]`.
    """
    filters, weights = _ear(len(frequencies), float(frequencies[-1]))
    bands = np.maximum(power.astype(np.float32, copy=False) @ filters, np.float32(_LEAST_BAND_POWER))
    return np.asarray(np.power(weights * bands, np.float32(_COMPRESSION)).mean(axis=1), dtype=np.float32)


def equal_loudness(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how well the ear hears each frequency, as a weight of power, about 3 at its best near 3 kHz.

    Hermansky 1990, equation 7: a high-pass of 40 phon. The fall over 5 kHz is openSMILE's: of the 7th order in
    frequency instead of the 6th, and the whole times `1e32`.
    """
    radians = 2 * np.pi * hertz
    squared = radians**2
    rise = (squared + 56.8e6) * squared**2 / ((squared + 6.3e6) ** 2 * (squared + 0.38e9))
    return 1e32 * rise / (radians**7 + 1.7e31)


@lru_cache(maxsize=8)
def _ear(bins: int, highest_hz: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return triangles in mel `[bin, band]` and the weight of each band `[band]`."""
    edges = np.linspace(hz_to_mel(_LOW_HZ, "htk"), hz_to_mel(_HIGH_HZ, "htk"), _BANDS + 2)
    mel = hz_to_mel(np.linspace(0, highest_hz, bins), "htk")[:, np.newaxis]
    lower, peak, upper = edges[:-2], edges[1:-1], edges[2:]
    filters = np.maximum(0, np.minimum((mel - lower) / (peak - lower), (upper - mel) / (upper - peak)))
    return filters.astype(np.float32), equal_loudness(mel_to_hz(peak, "htk")).astype(np.float32)
