"""Cutting a waveform into overlapping frames, and the windows that weigh them.

Frames are centred: frame `t` has its middle at sample `t * hop_length`, and zeros stand where it reaches over an end. A
waveform of `n` samples has `1 + n // hop_length` frames, so an empty one has a single frame of zeros. This is librosa's
convention (`center=True, pad_mode="constant"`).
"""

from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import NonFiniteAudioError, RecipeError, nearest

WindowName = Literal["rectangular", "hann", "hamming", "blackman"]

# Weights of 1, -cos(x) and cos(2x) in each window (Harris 1978, sections V.C to V.E, rounded as usual).
_COSINE_WEIGHTS: dict[str, tuple[float, float, float]] = {
    "rectangular": (1.0, 0.0, 0.0),
    "hann": (0.5, 0.5, 0.0),
    "hamming": (0.54, 0.46, 0.0),
    "blackman": (0.42, 0.5, 0.08),
}


def frame_count(samples: int, hop_length: int) -> int:
    """Return the number of centred frames of a waveform of `samples` samples."""
    return 1 + samples // hop_length


def frame_times(frames: int, hop_length: int, sampling_rate: float) -> NDArray[np.float64]:
    """Return the middles of the first `frames` frames in seconds, float64 `[frame]`, from 0 on."""
    return np.arange(frames, dtype=np.float64) * (hop_length / sampling_rate)


def frame(waveform: NDArray[np.floating], size: int, hop_length: int) -> NDArray[np.floating]:
    """Return centred frames `[frame, sample]` of `waveform [sample]`, a read-only view of a padded copy."""
    padded = np.pad(waveform, size // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop_length][
        : frame_count(len(waveform), hop_length)
    ]


def frame_blocks(
    waveform: NDArray[np.floating], size: int, hop_length: int, block: int = 1024
) -> Iterator[tuple[int, NDArray[np.floating]]]:
    """Return the frames of `frame` a block at a time, so that an hour of audio needs no more memory than a minute.

    Args:
        waveform: `[sample]`.
        size: Samples of a frame.
        hop_length: Samples from one frame's middle to the next.
        block: Most frames of a block.

    Returns:
        Pairs of a block's first frame and its frames `[frame, sample]`, in the waveform's type: read-only views that
        overlap in memory. Only blocks that reach over an end of the waveform are copied.

    Raises:
        NonFiniteAudioError: The waveform holds NaN or infinite samples; raised at once, before the first block.
    """
    require_finite(waveform)
    frames = frame_count(len(waveform), hop_length)
    return (
        (first, _block(waveform, size, hop_length, range(first, min(first + block, frames))))
        for first in range(0, frames, block)
    )


def require_finite(waveform: NDArray[np.floating]) -> None:
    """Raise `NonFiniteAudioError` if the waveform holds NaN or infinite samples."""
    bad = len(waveform) - np.count_nonzero(np.isfinite(waveform))
    if bad:
        raise NonFiniteAudioError(
            None, f"{bad} of {len(waveform)} samples are NaN or infinite; repair or leave out the recording"
        )


def window(name: WindowName, size: int) -> NDArray[np.float64]:
    """Return a periodic window for spectral analysis, float64 `[sample]`, with a peak of 1 at sample `size / 2`.

    Periodic: the window's next sample would be its first again, as the Fourier transform of `size` samples assumes.

    | name | width of the main lobe in bins | highest side lobe |
    |---|---|---|
    | `rectangular` | 2 | -13 dB |
    | `hann` | 4 | -31 dB |
    | `hamming` | 4 | -43 dB |
    | `blackman` | 6 | -58 dB |

    Raises:
        RecipeError: There is no window of this name.

    Source: Harris 1978, On the use of windows for harmonic analysis with the DFT, Proceedings of the IEEE 66, table 1.
    """
    if name not in _COSINE_WEIGHTS:
        known = get_args(WindowName)
        raise RecipeError(f"no window {name!r}{nearest(str(name), known)}; there are {', '.join(known)}")
    constant, first, second = _COSINE_WEIGHTS[name]
    angle = 2 * np.pi * np.arange(size) / size
    weights: NDArray[np.float64] = constant - first * np.cos(angle) + second * np.cos(2 * angle)
    return weights


def hann(size: int) -> NDArray[np.float64]:
    """Return the periodic Hann window `[sample]`, as spectral analysis uses it (Harris 1978, eq. 27)."""
    return window("hann", size)


def _block(waveform: NDArray[np.floating], size: int, hop_length: int, frames: range) -> NDArray[np.floating]:
    start = frames.start * hop_length - size // 2
    stop = (frames.stop - 1) * hop_length - size // 2 + size
    samples = waveform[max(start, 0) : max(stop, 0)]
    before = max(-start, 0)
    if len(samples) < stop - start:
        samples = np.pad(samples, (before, stop - start - before - len(samples)))
    return np.lib.stride_tricks.sliding_window_view(samples, size)[::hop_length]
