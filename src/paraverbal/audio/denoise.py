"""Noise reduction by spectral gating, by the library noisereduce (extra `denoise`).

A frequency of a frame passes where it is above a threshold: in `profile` that of a stationary noise, known from the
recording's first second; in `adaptive` the recording's own mean over about two seconds around the frame. A recording whose
first second is speech loses speech in `profile`, and what lasts for seconds counts as noise in `adaptive`.

The gate is smoothed over 500 Hz and 50 ms, in frames of 1024 samples: it is kinder to narrow sounds at higher rates. Of a
steady tone far above the noise, `profile` takes 0.8 dB at 44.1 kHz, but 14 dB at 16 kHz.

noisereduce 3.0 writes recordings of more than 600,000 samples through a temporary file. Here they go through it in the same
pieces, in memory, with equal result. It imports torch where that is installed, and does not use it.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import nearest, optional

Waveform = NDArray[np.float32]

KINDS = ("none", "profile", "adaptive")
PROFILE_SECONDS = 1.0
FFT_SIZE = 1024
HOP_LENGTH = FFT_SIZE // 4
SMOOTHING_MS = 50.0  # the gate is smoothed over this time; less than a hop is an error of the library
PIECE = 600_000  # samples; long recordings are taken in such pieces, as the library does
CONTEXT = 30_000  # samples on each side of a piece, zeros beyond the recording


def denoise(waveform: Waveform, sampling_rate: int, kind: Literal["none", "profile", "adaptive"]) -> Waveform:
    """Reduce the noise of a recording as a recipe asks for with `audio.denoise`.

    Args:
        waveform: Finite float32 `[sample]`.
        sampling_rate: In Hz, 4000 to 192000.
        kind: `none` (as it is), `profile` (the first second is noise) or `adaptive` (without a profile).

    Returns:
        Float32 `[sample]`, as many as were given. Unchanged are silence; with `profile` fewer than 1024 samples, of
        which there is no spectrum; and what the library would silence altogether or not keep finite.

    Raises:
        ValueError: Another kind.
        MissingExtraError: noisereduce is not installed.
    """
    if kind not in KINDS:
        raise ValueError(f"denoise {kind!r} is unknown{nearest(kind, KINDS)}; known: {', '.join(KINDS)}")
    samples = np.asarray(waveform, dtype=np.float32)
    if kind == "none" or not samples.any():
        return samples
    gate: dict[str, Any] = {"stationary": False}
    if kind == "profile":
        if samples.size < FFT_SIZE:
            return samples
        gate = {"stationary": True, "y_noise": samples[: round(PROFILE_SECONDS * sampling_rate)]}
    return _gated(samples, sampling_rate, gate)


def _gated(samples: Waveform, sampling_rate: int, gate: dict[str, Any]) -> Waveform:
    # The last piece of several is filled up with zeros, as the library does.
    pieces = -(-samples.size // PIECE)
    width = samples.size if pieces == 1 else PIECE
    padded = np.pad(samples, (CONTEXT, CONTEXT + pieces * width - samples.size))
    starts = range(0, pieces * width, width)
    gated = [_piece(padded[start : start + width + 2 * CONTEXT], sampling_rate, gate) for start in starts]
    joined = np.concatenate(gated)[: samples.size]
    return joined if joined.any() else samples


def _piece(padded: Waveform, sampling_rate: int, gate: dict[str, Any]) -> Waveform:
    smooth = sampling_rate * SMOOTHING_MS / 1000 >= HOP_LENGTH
    with np.errstate(all="ignore"):  # of the thread alone; what is not finite is not used
        gated = _reduce_noise(
            padded,
            sampling_rate,
            **gate,
            time_mask_smooth_ms=SMOOTHING_MS if smooth else None,
            n_fft=FFT_SIZE,
            chunk_size=None,
            padding=0,
        )[CONTEXT:-CONTEXT]
    return gated if np.isfinite(gated).all() else padded[CONTEXT:-CONTEXT]


def _reduce_noise(waveform: Waveform, sampling_rate: int, **options: Any) -> Waveform:
    reduce_noise = optional("noisereduce").reduce_noise
    return np.asarray(reduce_noise(waveform, sampling_rate, **options, n_jobs=1, use_torch=False), dtype=np.float32)
