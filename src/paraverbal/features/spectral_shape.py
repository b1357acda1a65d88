"""The shape of a spectrum in single numbers: where its power lies, how it spreads, tilts and changes.

Every function takes `power [frame, bin]`, squared magnitudes of any scale, and `frequencies [bin]` in hertz, ascending, and
returns float32 `[frame]`. Shares and moments of a frame without any power do not exist and are NaN; its levels are those of
the floor, so that their differences are 0 dB. A band ends at the highest frequency there is, if that lies within it.

The four that belong to the eGeMAPS (Eyben et al. 2016, The Geneva minimalistic acoustic parameter set, IEEE Transactions on
Affective Computing 7) follow its text; where openSMILE, its reference implementation, answers otherwise, an argument says so.
"""

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import RecipeError
from paraverbal.features.decibels import amplitude_to_decibels, power_to_decibels
from paraverbal.features.frames import WindowName
from paraverbal.features.frames import window as window_of

# Least power of a bin that counts in a slope. openSMILE's too: digital silence tells it, through the fault in its slopes.
LEAST_BIN_POWER = 1e-14

# Frames transformed at once. Results of 100 kB stay in the cache and in memory that the process has already: twice as fast as
# one of 600 kB, for which the system is asked for new pages each time.
_CHUNK = 64

Array = NDArray[np.floating]


def power_of(frames: Array, window: WindowName = "hann", fft_size: int | None = None) -> NDArray[np.float32]:
    """Return the squared magnitudes `[frame, bin]` of `frames [frame, sample]`, weighed by a window.

    Args:
        frames: As `frames.frame_blocks` gives them.
        window: One of the four of `frames.window`.
        fft_size: Points of the transform, at least the samples of a frame; zeros fill the rest. None: the next power of 2.

    Returns:
        float32, `fft_size // 2 + 1` bins; `np.fft.rfftfreq(fft_size, 1 / sampling_rate)` are their frequencies.
    """
    size = frames.shape[-1]
    weights = window_of(window, size)  # float64: NumPy's transform takes four times as long in float32
    points = fft_size or 1 << (size - 1).bit_length()
    power = np.empty((len(frames), points // 2 + 1), dtype=np.float32)
    for first in range(0, len(frames), _CHUNK):
        transform = np.fft.rfft(frames[first : first + _CHUNK] * weights, points)
        power[first : first + _CHUNK] = np.square(transform.real) + np.square(transform.imag)
    return power


def spectrum(frame: Array, window: WindowName, sampling_rate: float) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the amplitude spectrum of one frame, as levels of the sines it is made of.

    Args:
        frame: `[sample]`, in -1..1.
        window: One of the four of `frames.window`.
        sampling_rate: In hertz.

    Returns:
        Frequencies in hertz, float64 `[bin]`, and levels in dB of full scale, float32 `[bin]`: a sine from -1 to 1 whose
        frequency is that of a bin has 0 dB there, whatever the window. Zero has -200 dB.
    """
    weights = window_of(window, len(frame))
    amplitudes = np.abs(np.fft.rfft(frame * weights)) / weights.sum()
    amplitudes[1 : (len(frame) + 1) // 2] *= 2  # each but 0 and half the rate stands for its negative frequency too
    frequencies = np.asarray(np.fft.rfftfreq(len(frame), 1 / sampling_rate), dtype=np.float64)
    return frequencies, amplitude_to_decibels(amplitudes).astype(np.float32)


def centroid(power: Array, frequencies: Array) -> NDArray[np.float32]:
    """Return the mean frequency weighed by power, in hertz: how bright a sound is."""
    return _divide(power @ frequencies.astype(power.dtype), power.sum(axis=1))


def bandwidth(power: Array, frequencies: Array) -> NDArray[np.float32]:
    """Return the standard deviation of frequency around the centroid, weighed by power, in hertz."""
    distance = frequencies.astype(power.dtype) - np.nan_to_num(centroid(power, frequencies))[:, np.newaxis]
    return np.sqrt(_divide(np.einsum("fb,fb,fb->f", power, distance, distance), power.sum(axis=1)))


def entropy(power: Array, frequencies: Array, *, normalised: bool = True) -> NDArray[np.float32]:
    """Return Shannon's entropy of the power as a distribution over bins: 0 for one sine, highest for white noise.

    Args:
        power: `[frame, bin]`.
        frequencies: `[bin]`, at least 2.
        normalised: As a share 0..1 of that of a flat spectrum, `log2(bins)`. Else in bits, which grow with the bins.

    Source: Misra et al. 2004, Spectral entropy based feature for robust ASR, equation 2.
    """
    shares = _divide(power, power.sum(axis=1, keepdims=True))
    logarithms = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    bits = -np.einsum("fb,fb->f", shares, logarithms)
    return np.asarray(bits / np.log2(len(frequencies)) if normalised else bits, dtype=np.float32)


def rolloff(power: Array, frequencies: Array, *, share: float = 0.85) -> NDArray[np.float32]:
    """Return the lowest frequency, in hertz, up to which a frame has `share` (0..1) of its power."""
    below = np.cumsum(power, axis=1, dtype=np.float64)
    reached = np.argmax(below >= share * below[:, -1:], axis=1)
    return np.asarray(np.where(below[:, -1] > 0, frequencies[reached], np.nan), dtype=np.float32)


def flux(
    power: Array, frequencies: Array, *, high_hz: float = 5000.0, previous: Array | None = None
) -> NDArray[np.float32]:
    """Return how much the magnitudes change from frame to frame: the root mean square of their differences.

    Args:
        power: `[frame, bin]`.
        frequencies: `[bin]`.
        high_hz: Bins under this frequency count. 5000 Hz as in the eGeMAPS.
        previous: Power `[bin]` of the frame before the first, where a waveform is done in blocks. None: flux begins with 0.

    Raises:
        RecipeError: No bin lies under `high_hz`.
    """
    magnitudes = np.sqrt(power[:, band(frequencies, 0, np.nextafter(high_hz, 0))])
    first = magnitudes[:1] if previous is None else np.sqrt(previous[np.newaxis, : magnitudes.shape[1]])
    change = np.diff(magnitudes, axis=0, prepend=first)
    mean_square = np.einsum("fb,fb->f", change, change) / change.shape[1]
    return np.asarray(np.sqrt(mean_square), dtype=np.float32)


def slope(
    power: Array, frequencies: Array, low_hz: float, high_hz: float, *, as_opensmile: bool = False
) -> NDArray[np.float32]:
    """Return the slope of the line of least squares through the levels of a band, in dB per hertz.

    Args:
        power: `[frame, bin]`; under `LEAST_BIN_POWER` it counts as that.
        frequencies: `[bin]`.
        low_hz: Lowest frequency of the band. In the eGeMAPS 0 or 500.
        high_hz: Highest frequency of the band. In the eGeMAPS 500 or 1500.
        as_opensmile: With the fault of openSMILE 3, whose regression divides its sums by one bin fewer than they hold. The
            line then runs through no mean, and its slope depends on the gain of the recording, which a slope should not.

    Raises:
        RecipeError: The band has fewer than 3 bins.
    """
    bins = band(frequencies, low_hz, high_hz, least=3)
    hertz = np.asarray(frequencies[bins], dtype=np.float64)
    count = len(hertz) - 1 if as_opensmile else len(hertz)
    weights = (hertz - hertz.sum() / count) / (np.sum(hertz**2) - hertz.sum() ** 2 / count)
    levels = power_to_decibels(power[:, bins], least=LEAST_BIN_POWER)
    return np.asarray(levels @ weights.astype(levels.dtype), dtype=np.float32)


def flatness(power: Array, frequencies: Array) -> NDArray[np.float32]:
    """Return the geometric mean of the power over its arithmetic mean: 0 for a sine, near 1 for a flat spectrum.

    White noise has about 0.56 (`exp(-0.5772)`), as the power of its bins is distributed exponentially. Bins under a
    billionth of a billionth of the frame's mean count as that.

    Source: Gray and Markel 1974, A spectral-flatness measure for studying the autocorrelation method, IEEE Trans. ASSP 22.
    """
    relative = _divide(power, power.sum(axis=1, keepdims=True) / len(frequencies))
    return np.asarray(np.exp(np.mean(np.log(np.maximum(relative, 1e-18)), axis=1)), dtype=np.float32)


def alpha_ratio(power: Array, frequencies: Array, *, low_hz: float = 50.0) -> NDArray[np.float32]:
    """Return the power of 1000 to 5000 Hz over that of `low_hz` to 1000 Hz, in dB: higher in a loud, pressed voice.

    The sign is openSMILE's; the paper writes the same ratio the other way round. openSMILE also starts at 0 Hz, so that a
    DC offset counts: `low_hz=0` gives its values.

    Raises:
        RecipeError: A band has no bin.
    """
    lower = power[:, band(frequencies, low_hz, np.nextafter(1000.0, 0))].sum(axis=1)
    upper = power[:, band(frequencies, 1000, 5000)].sum(axis=1)
    return (power_to_decibels(upper) - power_to_decibels(lower)).astype(np.float32)


def hammarberg_index(power: Array, frequencies: Array) -> NDArray[np.float32]:
    """Return the highest bin from 0 to 2000 Hz over the highest from 2000 to 5000 Hz, in dB: lower in a loud voice.

    Raises:
        RecipeError: A band has no bin.

    Source: Hammarberg et al. 1980, Perceptual and acoustic correlates of abnormal voice qualities, Acta Oto-Laryngologica 90.
    """
    lower = power[:, band(frequencies, 0, 2000)].max(axis=1)
    upper = power[:, band(frequencies, 2000, 5000)].max(axis=1)
    return (power_to_decibels(lower) - power_to_decibels(upper)).astype(np.float32)


def band(frequencies: Array, low_hz: float, high_hz: float, *, least: int = 1) -> slice:
    """Return where the bins of `low_hz <= frequency <= high_hz` lie.

    Raises:
        RecipeError: They are fewer than `least`.
    """
    start, stop = int(np.searchsorted(frequencies, low_hz)), int(np.searchsorted(frequencies, high_hz, side="right"))
    if stop - start < least:
        raise RecipeError(
            f"the spectrum has {stop - start} bins from {low_hz:g} to {high_hz:g} Hz, and {least} are needed: "
            "use longer frames, or a higher sampling rate"
        )
    return slice(start, stop)


def _divide(dividend: Array, divisor: Array) -> NDArray[np.float32]:
    quotient = np.full(np.broadcast_shapes(dividend.shape, divisor.shape), np.nan, dtype=np.float32)
    return np.divide(dividend, divisor, out=quotient, where=divisor > 0, casting="same_kind")
