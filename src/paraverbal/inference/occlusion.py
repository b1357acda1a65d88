"""Waveform -> the same without one patch of its spectrogram: a band of frequencies during a stretch of time.

A patch is not cut out but brought down to what lies under it: each bin of the spectrum to the level that it has in the quiet
tenth of the recording, and at least 30 dB below its mean, with the phase that it had. A hole of digital silence would be
something that no network was trained on, and would tell more of the hole than of what was there.

The change is the inverse transform of what is taken away (short-time Fourier transform, overlap-add with the window on both
sides; Griffin and Lim 1984, eq. 6), so that a waveform from which nothing is taken stays as it is to the last bit, and samples
away from the patch do too. The patches share the spectrogram among them without gap or overlap.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import RecipeError
from paraverbal.features.frames import hann
from paraverbal.features.spectral import hz_to_mel, mel_to_hz

Waveform = NDArray[np.float32]

# A frame is the power of two nearest to this: harmonics of a low voice are told apart, and syllables too.
FRAME_SECONDS = 0.032
HOPS_A_FRAME = 4  # the squares of a Hann window add up to a constant

# What is left in a patch: the level of this share of the frames at most, and at least so far below the mean.
QUIET_SHARE = 0.1
LEAST_FALL_DB = 30.0

# A waveform of just so many stretches is not cut into one more because of rounding.
_SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Change:
    """What is added to a waveform so that patches of one stretch of time vanish.

    Attributes:
        start: The first sample that changes.
        added: One row for each band, float32 `[band, sample]`.
    """

    start: int
    added: NDArray[np.float32]


class Patches:
    """The patches of a waveform: bands of equal width in mel, stretches of equal length in time.

    Args:
        waveform: Float32 `[sample]`, at least one sample.
        sampling_rate: In hertz.
        seconds: Greatest length of a patch; the waveform is cut into equal stretches of at most that.
        bands: How many, from 0 Hz to half the sampling rate.

    Attributes:
        edges_seconds: Where stretches begin and end, float64 `[stretch + 1]`.
        edges_hz: Where bands begin and end, float64 `[band + 1]`.

    Raises:
        RecipeError: `seconds` is less than a frame's hop or not finite, or a band would be narrower than the spectrum's bins.
    """

    def __init__(self, waveform: Waveform, sampling_rate: int, *, seconds: float, bands: int) -> None:
        self._size = 2 ** max(4, round(math.log2(FRAME_SECONDS * sampling_rate)))
        self._hop = self._size // HOPS_A_FRAME
        self._length = len(waveform)
        duration = len(waveform) / sampling_rate
        if not (math.isfinite(seconds) and seconds * sampling_rate >= self._hop):
            least = self._hop / sampling_rate
            raise RecipeError(f"patches of {seconds} s are too short; give at least {least:g} s, for example 0.25")
        # None is shorter than a hop: each has a frame of its own.
        stretches = min(math.ceil(duration / seconds - _SLACK), len(waveform) // self._hop)
        self.edges_seconds = np.linspace(0, duration, max(1, stretches) + 1)
        self.edges_hz = _band_edges(sampling_rate, bands)
        self._band_bins = _bins_of(self.edges_hz, sampling_rate, self._size)
        self._window = hann(self._size)
        self._spectrum = self._transformed(waveform)
        self._removed = self._spectrum * (_gain(np.abs(self._spectrum)) - 1)

    def changes(self, stretch: int) -> Change:
        """Return what removes each band in one stretch, counted from 0."""
        frames = self._frames_of(stretch)
        kept = np.zeros((len(self._band_bins), len(frames), self._removed.shape[1]), np.complex128)
        for band, bins in enumerate(self._band_bins):
            kept[band, :, bins] = self._removed[frames[0] : frames[-1] + 1, bins]
        return self._added(kept, int(frames[0]))

    @property
    def stretches(self) -> int:
        """How many stretches of time there are."""
        return len(self.edges_seconds) - 1

    def _transformed(self, waveform: Waveform) -> NDArray[np.complex128]:
        """Return the spectrum `[frame, bin]`; a frame of zeros is around the waveform, so that the sums hold at its ends."""
        total = 2 * self._size + self._hop * math.ceil(self._length / self._hop)
        padded = np.zeros(total)
        padded[self._size : self._size + self._length] = waveform
        frames = np.lib.stride_tricks.sliding_window_view(padded, self._size)[:: self._hop]
        return np.fft.rfft(frames * self._window, axis=-1)

    def _frames_of(self, stretch: int) -> NDArray[np.int64]:
        """Return the frames whose middle lies in a stretch; those that stand over an end belong to the outermost."""
        middles = self._hop * np.arange(len(self._spectrum)) - self._size // 2
        borders = np.round(self.edges_seconds[1:-1] * (self._length / self.edges_seconds[-1]))
        return np.flatnonzero(np.searchsorted(borders, middles, side="right") == stretch)

    def _added(self, spectra: NDArray[np.complex128], first_frame: int) -> Change:
        """Return spectra `[band, frame, bin]` as samples, only those inside the waveform."""
        pieces = np.fft.irfft(spectra, n=self._size, axis=-1) * self._window
        bands, frames = pieces.shape[:2]
        summed = np.zeros((bands, (frames - 1) * self._hop + self._size))
        for frame in range(frames):
            summed[:, frame * self._hop : frame * self._hop + self._size] += pieces[:, frame]
        summed /= HOPS_A_FRAME * 3 / 8  # the sum of the squared windows that stand over a sample
        start = first_frame * self._hop - self._size
        inside = summed[:, max(0, -start) : max(0, self._length - start)]
        return Change(max(0, start), inside.astype(np.float32))


def _gain(magnitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by what a spectrum `[frame, bin]` is multiplied to be brought down to what lies under it; at most 1."""
    loud = np.sqrt(np.mean(magnitude**2, axis=0)) * 10 ** (-LEAST_FALL_DB / 20)
    floor = np.minimum(np.quantile(magnitude, QUIET_SHARE, axis=0), loud)
    return np.asarray(np.minimum(1, floor / np.maximum(magnitude, np.finfo(float).tiny)))


def _band_edges(sampling_rate: int, bands: int) -> NDArray[np.float64]:
    if bands < 1:
        raise RecipeError(f"{bands} bands are impossible; give at least 1, for example 12")
    edges = mel_to_hz(np.linspace(0, hz_to_mel(sampling_rate / 2), bands + 1))
    edges[-1] = sampling_rate / 2
    return edges


def _bins_of(edges_hz: NDArray[np.float64], sampling_rate: int, size: int) -> list[slice]:
    """Return the bins of each band."""
    borders = np.searchsorted(np.fft.rfftfreq(size, 1 / sampling_rate), edges_hz)
    borders[-1] = size // 2 + 1
    if (np.diff(borders) < 1).any():
        raise RecipeError(
            f"{len(edges_hz) - 1} bands are narrower than the spectrum's {sampling_rate / size:g} Hz; give fewer, as 12"
        )
    return [slice(int(first), int(end)) for first, end in pairwise(borders)]
