"""Waveform -> what would have been recorded under worse conditions: noise, a telephone, a codec, a wrong gain, a room, a cut.

Every function takes a float32 waveform `[sample]` in -1..1 and returns a new one, of the same length unless it says otherwise;
nothing is delayed. What is random is drawn from the generator that is given, so the same seed gives the same samples.
`CONDITIONS` names the conditions under which a model is tried.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from paraverbal.audio.resample import resample
from paraverbal.audio.segment import pad_or_trim
from paraverbal.errors import AudioFormatError, nearest

Waveform = NDArray[np.float32]
Change = Callable[[Waveform, int, np.random.Generator], Waveform]

# A telephone line: ITU-T G.712 asks for this pass band of lines that are sampled at 8 kHz.
TELEPHONE_RATE = 8000
TELEPHONE_BAND = (300.0, 3400.0)
# Kaiser's formulas for 50 dB beside the band and edges 150 Hz wide, of which the -6 dB point is the middle.
TELEPHONE_TAPS = 157
TELEPHONE_BETA = 4.55
MU = 255  # ITU-T G.711
COMPANDED_STEPS = 127  # on each side of 0: eight bits with the sign

# Container and encoding, as libsndfile names them.
CODECS: Mapping[str, tuple[str, str]] = MappingProxyType({"mp3": ("MP3", "MPEG_LAYER_III"), "ogg": ("OGG", "VORBIS")})
# The rates of MPEG audio layer III, in hertz.
CODEC_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
# Frames given to an encoder at a time: older libsndfile overruns its stack when Vorbis gets a long clip at once.
CODEC_BLOCK = 16_384
# A decoder that gives more samples than this beyond what was coded has not taken away the codec's delay.
CODEC_TAIL = 16

REVERBERATION_SECONDS = 0.5


@dataclass(frozen=True)
class Condition:
    """A way in which a recording can be worse.

    Attributes:
        what: What is done, for a reader.
        change: (waveform, sampling rate in Hz, generator) -> waveform.
        codec: The encoder it needs, one of `CODECS`; None needs none.
    """

    what: str
    change: Change
    codec: str | None = None

    def __call__(self, waveform: Waveform, rate: int, rng: np.random.Generator) -> Waveform:
        """Return the changed waveform."""
        return self.change(waveform, rate, rng)

    def problem(self) -> str | None:
        """Return why it cannot be applied on this machine, or None."""
        return None if self.codec is None else encoder_problem(self.codec)


def add_noise(
    waveform: Waveform, snr_db: float, rng: np.random.Generator, *, colour: Literal["white", "pink"] = "white"
) -> Waveform:
    """Add steady noise.

    Args:
        waveform: `[sample]`.
        snr_db: Mean power of the whole clip over that of the noise, in dB, met exactly; pauses in a clip make its speech
            stand out more than this says.
        rng: Where the noise is drawn from; the same draw at another ratio is the same noise, louder or softer.
        colour: `white` has equal power at all frequencies, `pink` equal power in all octaves.

    Returns:
        The sum, not limited to -1..1. Silence stays silence.
    """
    given = np.array(waveform, dtype=np.float32)
    noise = rng.standard_normal(given.size)
    if colour == "pink":
        noise = _pink(noise)
    power, noise_power = _power(given), _power(noise)
    if not power or not noise_power:
        return given
    noisy: Waveform = (given + np.sqrt(power / noise_power * 10 ** (-snr_db / 10)) * noise).astype(np.float32)
    return noisy


def telephone(waveform: Waveform, rate: int, *, mu_law: bool = False) -> Waveform:
    """Send a waveform through a telephone line: 300 to 3400 Hz at 8 kHz, and back to its own rate.

    The filter is a symmetric windowed sinc of 20 ms, so that phases stay.

    Args:
        waveform: `[sample]`.
        rate: In Hz.
        mu_law: Keep eight bits of each sample, on the logarithmic scale of ITU-T G.711, after limiting to -1..1. The scale is
            the continuous one of the formula, not the straight pieces that hardware makes of it.
    """
    given = np.array(waveform, dtype=np.float32)
    if not given.size:
        return given
    line = resample(given, rate, TELEPHONE_RATE)
    half = TELEPHONE_TAPS // 2
    filtered = np.convolve(line, _band_pass())[half : half + line.size].astype(np.float32) if line.size else line
    heard = _companded(filtered) if mu_law else filtered
    return pad_or_trim(resample(heard, TELEPHONE_RATE, rate), given.size)


def code(waveform: Waveform, rate: int, codec: str) -> Waveform:
    """Encode a waveform and decode it again, in memory, at the standard quality of libsndfile.

    That is a changing bit rate: for speech at 16 kHz about 30 kbit/s (MP3) or 35 (Vorbis). A rate that MP3 does not have is
    brought to the next higher one, at most 48 kHz, and back.

    Args:
        waveform: `[sample]`; it is limited to -1..1.
        rate: In Hz.
        codec: `mp3` or `ogg` (Vorbis).

    Raises:
        AudioFormatError: This build of libsndfile has no such encoder.
        ValueError: Another codec.
    """
    given = np.array(waveform, dtype=np.float32)
    if codec not in CODECS:
        raise ValueError(f"codec {codec!r} is unknown{nearest(codec, CODECS)}; known: {', '.join(CODECS)}")
    if not given.size:
        return given
    coded_rate = next((known for known in CODEC_RATES if known >= rate), CODEC_RATES[-1])
    limited = np.clip(resample(given, rate, coded_rate), -1, 1)
    decoded = _aligned(_through(limited, coded_rate, codec), limited)
    return pad_or_trim(resample(decoded, coded_rate, rate), given.size)


def encoder_problem(codec: str) -> str | None:
    """Return why this machine cannot encode `mp3` or `ogg`, or None if it can."""
    try:
        code(np.zeros(CODEC_RATES[0], np.float32), CODEC_RATES[0], codec)
    except AudioFormatError as error:
        return error.problem
    return None


def gain(waveform: Waveform, db: float) -> Waveform:
    """Amplify by `db` decibels; what goes beyond full scale is cut off at -1 and 1, as a converter does."""
    amplified: Waveform = np.clip(np.asarray(waveform, np.float64) * 10 ** (db / 20), -1, 1).astype(np.float32)
    return amplified


def reverberate(waveform: Waveform, rate: int, rt60: float, rng: np.random.Generator) -> Waveform:
    """Put the speaker into a room: the direct sound, and a tail of noise that decays exponentially behind it.

    Tail and direct sound have the same energy, as at the critical distance of a room, and the impulse response as a whole has
    energy 1, so the level stays about the same. It ends where it has decayed by 60 dB, and the clip where it ended before.
    Source: Polack, "La transmission de l'energie sonore dans les salles", 1988 (the tail as decaying noise).

    Args:
        waveform: `[sample]`.
        rate: In Hz.
        rt60: Seconds in which the tail decays by 60 dB.
        rng: Where the tail is drawn from.

    Raises:
        ValueError: `rt60` is not above 0.
    """
    if not rt60 > 0:
        raise ValueError(f"rt60 is {rt60} s, expected a time above 0, such as 0.5")
    given = np.array(waveform, dtype=np.float32)
    seconds = np.arange(1, round(rt60 * rate) + 1) / rate
    tail = rng.standard_normal(seconds.size) * 10 ** (-3 * seconds / rt60)
    energy = float(np.sum(tail**2))
    response = np.concatenate([[1.0], tail / np.sqrt(energy)]) / np.sqrt(2) if energy else np.ones(1)
    return _convolved(given, response)[: given.size].astype(np.float32)


def crop(waveform: Waveform, rate: int, seconds: float) -> Waveform:
    """Return the stretch of `seconds` that has the most energy, the first of several; a shorter clip as it is.

    It is what is left of a clip whose start and end were cut off by a hasty detector of speech: the loudest part, not
    the middle, which in a short sentence may be a pause.

    Raises:
        ValueError: `seconds` is not above 0.
    """
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}, expected a time above 0, such as 1")
    given = np.array(waveform, dtype=np.float32)
    samples = max(1, round(seconds * rate))
    if given.size <= samples:
        return given
    sums = np.concatenate([[0.0], np.cumsum(np.square(given, dtype=np.float64))])
    start = int(np.argmax(sums[samples:] - sums[:-samples]))
    return given[start : start + samples]


def _noisy(snr_db: float) -> Condition:
    return Condition(
        f"white noise, {snr_db:g} dB below the clip", lambda waveform, _, rng: add_noise(waveform, snr_db, rng)
    )


def _amplified(db: float) -> Condition:
    return Condition(f"gain of {db:+g} dB, cut off at full scale", lambda waveform, *_: gain(waveform, db))


def _coded(codec: str) -> Condition:
    container, encoding = CODECS[codec]
    what = f"coded as {container} ({encoding.capitalize()})" if codec == "ogg" else f"coded as {container}"
    return Condition(f"{what} and decoded", lambda waveform, rate, _: code(waveform, rate, codec), codec)


# In the order of a table; `clean` comes first and is what the others are compared with.
CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        "clean": Condition("as it was recorded", lambda waveform, *_: np.array(waveform, dtype=np.float32)),
        **{f"noise_{snr_db}_db": _noisy(snr_db) for snr_db in (20, 10, 5, 0)},
        "telephone": Condition(
            "300 to 3400 Hz at 8 kHz, mu-law of 8 bits",
            lambda waveform, rate, _: telephone(waveform, rate, mu_law=True),
        ),
        "mp3": _coded("mp3"),
        "ogg": _coded("ogg"),
        "gain_plus_20_db": _amplified(20),
        "gain_minus_20_db": _amplified(-20),
        "reverberation": Condition(
            f"a room that takes {REVERBERATION_SECONDS:g} s to decay by 60 dB",
            lambda waveform, rate, rng: reverberate(waveform, rate, REVERBERATION_SECONDS, rng),
        ),
        "crop_1_s": Condition("only the loudest second", lambda waveform, rate, _: crop(waveform, rate, 1.0)),
    }
)


def _power(samples: NDArray[np.floating]) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0


def _pink(white: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return noise whose power falls as 1 / frequency, without a constant part."""
    if not white.size:
        return white
    spectrum = np.fft.rfft(white)
    spectrum[0] = 0
    spectrum[1:] /= np.sqrt(np.arange(1, spectrum.size))
    return np.fft.irfft(spectrum, white.size)


def _band_pass() -> NDArray[np.float64]:
    """Return the telephone's filter `[tap]`, symmetric: the difference of two windowed low passes."""
    times = np.arange(TELEPHONE_TAPS) - TELEPHONE_TAPS // 2
    low, high = (2 * edge / TELEPHONE_RATE for edge in TELEPHONE_BAND)
    ideal = high * np.sinc(high * times) - low * np.sinc(low * times)
    return np.asarray(ideal * np.kaiser(TELEPHONE_TAPS, TELEPHONE_BETA))


def _companded(waveform: Waveform) -> Waveform:
    limited = np.clip(waveform, -1, 1).astype(np.float64)
    logarithmic = np.log1p(MU * np.abs(limited)) / np.log1p(MU)
    kept = np.round(COMPANDED_STEPS * logarithmic) / COMPANDED_STEPS
    expanded: Waveform = (np.sign(limited) * np.expm1(kept * np.log1p(MU)) / MU).astype(np.float32)
    return expanded


def _through(waveform: Waveform, rate: int, codec: str) -> Waveform:
    """Return what a codec makes of a waveform, as its decoder gives it."""
    container, encoding = CODECS[codec]
    buffer = io.BytesIO()
    try:
        with soundfile.SoundFile(buffer, "w", rate, 1, encoding, format=container) as sound:
            for start in range(0, waveform.size, CODEC_BLOCK):
                sound.write(waveform[start : start + CODEC_BLOCK])
        buffer.seek(0)
        decoded, _ = soundfile.read(buffer, dtype="float32")
    except (soundfile.LibsndfileError, ValueError) as error:
        version = soundfile.__libsndfile_version__
        problem = f"libsndfile {version} cannot write {container} ({error}); install one that can, such as the wheel's"
        raise AudioFormatError(None, problem) from error
    return np.asarray(decoded, dtype=np.float32)


def _aligned(decoded: Waveform, coded: Waveform) -> Waveform:
    """Return as many samples as were coded: those that resemble them most, if the decoder left the codec's delay in."""
    extra = decoded.size - coded.size
    if extra <= CODEC_TAIL:
        return pad_or_trim(decoded, coded.size)
    alike = np.fft.irfft(np.fft.rfft(decoded) * np.conj(np.fft.rfft(coded, decoded.size)), decoded.size)
    delay = int(np.argmax(alike[: extra + 1]))
    return decoded[delay : delay + coded.size]


def _convolved(waveform: Waveform, response: NDArray[np.float64]) -> NDArray[np.float64]:
    size = waveform.size + response.size - 1
    points = 1 << max(size - 1, 1).bit_length()
    return np.fft.irfft(np.fft.rfft(waveform, points) * np.fft.rfft(response, points), points)
