"""Changes of a waveform: noise, pitch, duration, circular shift in time.

Pitch and duration are changed by the library Signalsmith Stretch (package `python-stretch`, extra `train`), which works in
blocks of 0.12 s, compensates its own delay, and draws random phases for stretches of 2 and more: from a seed that is
fixed here. It takes clips of any length, but one shorter than a block comes out 2 to 7 dB weaker; such a clip keeps its
pitch and its duration.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from paraverbal.settings import AugmentSettings

Waveform = NDArray[np.float32]

ENGINE_SEED = 0
# Share of a clip's energy that must be left: 40 dB.
_SILENCED = 1e-4


@dataclass(frozen=True)
class WaveformChange:
    """What was drawn for one clip; the defaults change nothing.

    Attributes:
        noise_snr_db: Mean power of the clip over that of the white noise that is added, in dB; None: no noise.
        pitch_semitones: Shift of pitch, up where positive; the duration stays.
        stretch: Factor of the duration, above 1 is slower; the pitch stays.
        shift: Circular shift towards later, as a share of the (stretched) clip.
        seed: Of the noise.
    """

    noise_snr_db: float | None = None
    pitch_semitones: float = 0.0
    stretch: float = 1.0
    shift: float = 0.0
    seed: int = 0


def draw_waveform_change(settings: "AugmentSettings", rng: np.random.Generator) -> WaveformChange:
    """Draw a change; each part is drawn with `settings.probability` of its own.

    The signal-to-noise ratio and the shift are uniform in their ranges, the factor of duration is uniform in its
    logarithm, and the pitch is a whole number of semitones, 0 among them, if the greatest one is whole, else any number.
    """
    noise, pitch, stretch, shift = rng.random(4) < settings.probability
    snr_db = None if settings.noise_snr_db == "none" else rng.uniform(*settings.noise_snr_db)
    semitones = _draw_semitones(settings.pitch_semitones, rng)
    shortest, longest = settings.stretch
    factor = shortest * (longest / shortest) ** rng.random()
    share = settings.shift * rng.random()
    seed = int(rng.integers(2**32))
    noisy = noise and snr_db is not None
    return WaveformChange(
        noise_snr_db=snr_db if noisy else None,
        pitch_semitones=semitones if pitch else 0.0,
        stretch=factor if stretch else 1.0,
        shift=share if shift else 0.0,
        seed=seed if noisy else 0,
    )


def apply_waveform_change(waveform: Waveform, sampling_rate: int, change: WaveformChange) -> Waveform:
    """Return a changed copy of a waveform: noise first, then pitch, stretch, shift.

    Args:
        waveform: Finite float32 `[sample]`, of any length.
        sampling_rate: In Hz.
        change: What to do, as `draw_waveform_change` draws it.

    Returns:
        Float32 `[sample]`: `round(samples x stretch)` of them if the clip is stretched, else as many as were given. A part
        that would leave NaN, infinity or silence (`is_silenced`) of a clip that was none of these is left out, and silence
        stays silence.

    Raises:
        ModuleNotFoundError: `python-stretch` (extra `train`) is not installed, and pitch or duration is to change.
    """
    given = np.array(waveform, dtype=np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is left out
        if change.noise_snr_db is not None:
            given = _usable(_with_noise(given, change.noise_snr_db, change.seed), given)
    if change.pitch_semitones:
        given = _usable(_processed(given, sampling_rate, semitones=change.pitch_semitones), given)
    if change.stretch != 1:
        given = _usable(_processed(given, sampling_rate, stretch=change.stretch), given)
    return np.roll(given, int(given.size * change.shift))


def _draw_semitones(greatest: float, rng: np.random.Generator) -> float:
    if greatest >= 1 and float(greatest).is_integer():
        return float(rng.integers(-int(greatest), int(greatest), endpoint=True))
    return rng.uniform(-greatest, greatest)


def _with_noise(waveform: Waveform, snr_db: float, seed: int) -> Waveform:
    if not waveform.size:
        return waveform
    power = np.mean(np.square(waveform, dtype=np.float64))
    deviation = np.sqrt(power * np.float64(10) ** (-snr_db / 10))
    noise = np.random.default_rng(seed).standard_normal(waveform.size, dtype=np.float32)
    noisy: Waveform = (waveform + deviation * noise).astype(np.float32)
    return noisy


def _processed(waveform: Waveform, sampling_rate: int, *, semitones: float = 0.0, stretch: float = 1.0) -> Waveform:
    from python_stretch.Signalsmith import Stretch

    engine = Stretch(ENGINE_SEED)
    engine.preset(1, sampling_rate)
    if waveform.size < engine.blockSamples():
        return waveform
    if semitones:
        engine.setTransposeSemitones(semitones)
    if stretch != 1:
        engine.setTimeFactor(1 / stretch)  # its factor is one of speed
    changed = np.asarray(engine.process(waveform[np.newaxis]), dtype=np.float32)[0]
    # The length is promised, however the library rounds.
    samples = round(waveform.size * stretch)
    filled = np.zeros(samples, np.float32)
    filled[: changed.size] = changed[:samples]
    return filled


def is_silenced(changed: Waveform, given: Waveform) -> bool:
    """Return whether a change took so much of a clip's level, 40 dB or more, that nothing is left to hear; never of silence."""
    before, after = (float(np.sum(np.square(one, dtype=np.float64))) for one in (given, changed))
    return before > 0 and after <= before * _SILENCED


def _usable(changed: Waveform, given: Waveform) -> Waveform:
    usable = bool(np.all(np.isfinite(changed))) and not is_silenced(changed, given)
    return changed if usable else given
