"""One recording, analysed once: what several descriptors share is computed when it is first asked for, and kept.

The mean of the recording is taken off first, so a DC offset changes nothing. All series lie on one grid of centred frames
(`features.frames`). Power is scaled so that a sine from -1 to 1 has 1, 0 dB, in its bin, whatever window and length.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import AudioError, RecipeError
from paraverbal.features import dynamics, formants, harmonicity, harmonics, linear_prediction, pitch, pulses
from paraverbal.features import loudness as loudness_model
from paraverbal.features import spectral_shape as shape
from paraverbal.features.decibels import power_to_decibels
from paraverbal.features.formants import Formants, FormantSettings
from paraverbal.features.frames import WindowName, frame_blocks, frame_count, frame_times, require_finite, window
from paraverbal.features.pitch import Pitch, PitchSettings
from paraverbal.features.prosody import Prosody, ProsodySettings, prosody
from paraverbal.features.rhythm import Rhythm, RhythmSettings, rhythm
from paraverbal.features.spectral import cepstrum, mel_filters
from paraverbal.features.time_domain import intensity

Series = NDArray[np.float32]
Values = NDArray[np.float64]
Measure = Callable[[Series, Values], NDArray[np.floating]]

# A mean under half a step of 16 bits is no offset; most recordings then need no copy.
_LEAST_OFFSET = 2.0**-16

# Spectra of shorter recordings, about 5 minutes at 16 kHz, are kept; those of longer ones computed anew each time.
_KEPT_BYTES = 32_000_000

# Frames that are worked on at once.
_BLOCK = 1024

# Levels of spectra end here, in dB of full scale: some way under the noise of 16 bits in one bin.
SPECTRAL_FLOOR_DB = -130.0
_LEAST_POWER = 10 ** (SPECTRAL_FLOOR_DB / 10)

# Bands of descriptors begin at 1500 and 2000 Hz; under this rate they would be empty. Telephones have 8 kHz.
LEAST_RATE = 6000

# Harmonics are followed up to here, so that there is one near F3.
_HIGHEST_HARMONIC_HZ = 5000.0


@dataclass(frozen=True)
class AnalysisSettings:
    """How a recording is analysed.

    Attributes:
        frame_seconds: Of a frame for spectra, zero crossings and energy.
        hop_seconds: From one frame's middle to the next; those of `pitch` and `formants` do not count.
        window: Of spectra.
        intensity_seconds: Of a frame for intensity: three periods of a voice of 75 Hz, so that periods do not show.
        harmonic_seconds: Of a frame for harmonics: long enough to keep those of a voice of 75 Hz apart.
        bands: Mel bands, from 0 Hz to half the sampling rate.
        coefficients: Cepstral coefficients, of mel bands and of linear prediction, from the 0th on.
        envelope_points: Frequencies of the spectral envelope, evenly from 0 Hz to half the sampling rate.
        harmonics: How many harmonics `harmonic_levels` has.
        pitch: F0.
        formants: Formants.
        prosody: Silence, pauses, stylisation.
        rhythm: Nuclei of syllables.

    Raises:
        RecipeError: A number is not above 0, or there are more coefficients than bands.
    """

    frame_seconds: float = 0.025
    hop_seconds: float = 0.010
    window: WindowName = "hann"
    intensity_seconds: float = 0.040
    harmonic_seconds: float = 0.060
    bands: int = 40
    coefficients: int = 13
    envelope_points: int = 65
    harmonics: int = 10
    pitch: PitchSettings = field(default_factory=PitchSettings)
    formants: FormantSettings = field(default_factory=FormantSettings)
    prosody: ProsodySettings = field(default_factory=ProsodySettings)
    rhythm: RhythmSettings = field(default_factory=RhythmSettings)

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, int | float) and not 0 < value < np.inf:
                raise RecipeError(f"{name} {value}: give a number above 0")
        if self.coefficients > self.bands:
            raise RecipeError(f"{self.coefficients} coefficients of {self.bands} bands: give at most as many as bands")


DEFAULTS = AnalysisSettings()


class Analysis:
    """What is measured of one recording. Each property is computed when it is first read.

    Args:
        waveform: `[sample]`, in -1..1. An empty one has a single frame of silence.
        sampling_rate: In hertz, at least `LEAST_RATE`.
        settings: How it is analysed.

    Raises:
        AudioError: The waveform has more than one channel, or the rate is too low.
        NonFiniteAudioError: The waveform holds NaN or infinite samples.

    Example:
        >>> rate = 16_000
        >>> tone = np.sin(2 * np.pi * 200 * np.arange(rate) / rate).astype(np.float32)
        >>> analysis = Analysis(tone, rate)
        >>> round(float(np.nanmedian(analysis.pitch.f0)))
        200
    """

    def __init__(
        self, waveform: NDArray[np.floating], sampling_rate: int, settings: AnalysisSettings = DEFAULTS
    ) -> None:
        samples = np.asarray(waveform, dtype=np.float32)
        if samples.ndim != 1:
            raise AudioError(None, f"a waveform of shape {samples.shape}; give one channel, [sample]")
        require_finite(samples)
        if not sampling_rate >= LEAST_RATE:
            raise AudioError(
                None, f"a sampling rate of {sampling_rate} Hz is too low for speech; give at least {LEAST_RATE} Hz"
            )
        mean = samples.mean(dtype=np.float64) if len(samples) else 0.0
        self.waveform: Series = samples - np.float32(mean) if abs(mean) > _LEAST_OFFSET else samples
        self.sampling_rate = sampling_rate
        self.settings = settings
        self.hop_length = max(1, round(settings.hop_seconds * sampling_rate))
        self.frame_length = self.samples_of(settings.frame_seconds)
        self.frames = frame_count(len(samples), self.hop_length)
        self._kept: list[Series] = []

    def samples_of(self, seconds: float) -> int:
        """Return the samples, an even number, of a frame of this length."""
        return 2 * max(1, round(seconds * self.sampling_rate / 2))

    @property
    def duration_seconds(self) -> float:
        """Length of the recording."""
        return len(self.waveform) / self.sampling_rate

    @cached_property
    def times(self) -> Values:
        """Middles of the frames in seconds, `[frame]`."""
        return frame_times(self.frames, self.hop_length, self.sampling_rate)

    @cached_property
    def fft_size(self) -> int:
        """Points of the Fourier transform of `frame_length` samples: the next power of 2."""
        return 1 << (self.frame_length - 1).bit_length()

    @cached_property
    def frequencies(self) -> Values:
        """Frequencies of the bins of the power spectra in hertz, `[bin]`."""
        return np.asarray(np.fft.rfftfreq(self.fft_size, 1 / self.sampling_rate), dtype=np.float64)

    def power_blocks(self) -> Iterator[Series]:
        """Yield the power spectra of all frames in order, `[frame, bin]` each, a block of frames at a time."""
        if self._kept:
            yield from self._kept
            return
        keep = 4 * self.frames * len(self.frequencies) <= _KEPT_BYTES
        blocks: list[Series] = []
        for _, frames in frame_blocks(self.waveform, self.frame_length, self.hop_length):
            power = self._power(frames, self.fft_size)
            if keep:
                blocks.append(power)
            yield power
        self._kept = blocks

    def rows(self) -> Iterator[slice]:
        """Yield the places of all frames, a block of frames at a time."""
        return (slice(first, min(first + _BLOCK, self.frames)) for first in range(0, self.frames, _BLOCK))

    def of_spectra(self, measure: Measure) -> Series:
        """Return `measure(power [frame, bin], frequencies [bin])` of all frames, float32 `[frame]` or `[frame, value]`."""
        parts = [measure(power, self.frequencies) for power in self.power_blocks()]
        return np.concatenate(parts, dtype=np.float32)

    def of_frames(self, measure: Callable[[NDArray[np.floating], int, int], Series]) -> Series:
        """Return `measure(waveform, frame_length, hop_length)`, `[frame]`."""
        return measure(self.waveform, self.frame_length, self.hop_length)

    @cached_property
    def flux(self) -> Series:
        """Root mean square of the change of magnitudes from frame to frame, `[frame]`."""
        parts: list[Series] = []
        previous = None
        for power in self.power_blocks():
            parts.append(shape.flux(power, self.frequencies, previous=previous))
            previous = power[-1].copy()
        return np.concatenate(parts)

    @cached_property
    def log_mel(self) -> Series:
        """Levels of mel bands in dB of full scale, no lower than `SPECTRAL_FLOOR_DB`, `[band, frame]`."""
        from paraverbal.settings import LogMelSettings  # pydantic is slow to import

        settings = LogMelSettings(fft_size=self.fft_size, bands=self.settings.bands, norm="none")
        filters = mel_filters(settings, self.sampling_rate).astype(np.float32).T
        levels = self.of_spectra(lambda power, _: power_to_decibels(power @ filters, least=_LEAST_POWER))
        return np.ascontiguousarray(levels.T)

    @cached_property
    def mfcc(self) -> Series:
        """Mel-frequency cepstral coefficients, `[coefficient, frame]`."""
        return cepstrum(self.log_mel, self.settings.coefficients)

    @cached_property
    def prediction(self) -> tuple[Values, Values]:
        """Linear predictors `[frame, order]` and what they leave, `[frame]`; of order 2 and one more for each kHz."""
        order = 2 + round(self.sampling_rate / 1000)
        weights = window("hamming", self.frame_length)
        blocks = frame_blocks(self.waveform, self.frame_length, self.hop_length)
        coefficients, gains = zip(
            *(linear_prediction.lpc(frames * weights, order) for _, frames in blocks), strict=True
        )
        return np.concatenate(coefficients), np.concatenate(gains)

    @cached_property
    def intensity(self) -> Series:
        """Level of each frame in dB of full scale, `[frame]`."""
        return intensity(self.waveform, self.samples_of(self.settings.intensity_seconds), self.hop_length)

    @cached_property
    def loudness(self) -> Series:
        """Loudness as heard, `[frame]`."""
        return loudness_model.loudness(
            self.waveform, self.sampling_rate, hop_seconds=self.hop_length / self.sampling_rate
        )

    @cached_property
    def pitch(self) -> Pitch:
        """F0 of each frame."""
        settings = replace(self.settings.pitch, hop_seconds=self.settings.hop_seconds)
        return pitch.track(self.waveform, self.sampling_rate, settings)

    @cached_property
    def f0(self) -> Series:
        """F0 of each frame in hertz, NaN where unvoiced, `[frame]`."""
        return self.pitch.f0

    @cached_property
    def semitones(self) -> Series:
        """F0 in semitones above 27.5 Hz, the lowest A of a piano, NaN where unvoiced, `[frame]`."""
        return np.asarray(12 * np.log2(self.f0 / np.float32(27.5)), dtype=np.float32)

    @cached_property
    def formants(self) -> Formants:
        """Frequencies, bandwidths and levels of the formants."""
        settings = replace(self.settings.formants, hop_seconds=self.settings.hop_seconds)
        return formants.track(self.waveform, self.sampling_rate, settings)

    @cached_property
    def perturbation(self) -> pulses.Perturbation:
        """Jitter and shimmer."""
        return pulses.jitter_shimmer(self.waveform, self.sampling_rate, self.pitch)

    @cached_property
    def harmonicity(self) -> Series:
        """Harmonics-to-noise ratio of each frame in dB, NaN where unvoiced, `[frame]`."""
        return harmonicity.hnr(self.waveform, self.sampling_rate, self.pitch)

    @cached_property
    def harmonics(self) -> Series:
        """Levels of the harmonics in dB of full scale, NaN where unvoiced, `[frame, harmonic]`."""
        size = self.samples_of(self.settings.harmonic_seconds)
        fft_size = 2 << (size - 1).bit_length()  # bins so close that the highest is within 0.4 dB of the harmonic
        frequencies = np.fft.rfftfreq(fft_size, 1 / self.sampling_rate)
        count = max(self.settings.harmonics, int(_HIGHEST_HARMONIC_HZ / self.settings.pitch.low_hz))
        parts = [
            harmonics.amplitudes(
                self._power(frames, fft_size), frequencies, self.f0[first : first + len(frames)], count
            )
            for first, frames in frame_blocks(self.waveform, size, self.hop_length)
        ]
        return np.concatenate(parts, dtype=np.float32)

    @cached_property
    def envelope(self) -> dynamics.Envelope:
        """Rise and fall of the amplitude."""
        return dynamics.envelope(self.waveform, self.sampling_rate)

    @cached_property
    def prosody(self) -> Prosody:
        """Pitch, level, stretches and pauses of the utterance."""
        return prosody(self.pitch, self.intensity, self.duration_seconds, self.settings.prosody)

    @cached_property
    def rhythm(self) -> Rhythm:
        """Rate and evenness of syllables."""
        return rhythm(self.pitch, self.intensity, self.prosody.stretches, self.settings.rhythm)

    def _power(self, frames: NDArray[np.floating], fft_size: int) -> Series:
        """Return power spectra `[frame, bin]`, a full sine having 1."""
        power = shape.power_of(frames, self.settings.window, fft_size)
        power *= np.float32(4 / window(self.settings.window, frames.shape[-1]).sum() ** 2)
        return power
