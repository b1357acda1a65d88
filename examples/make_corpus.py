"""Make a synthetic corpus: vowels of made-up speakers in five manners of speaking, for demonstrations and tests.

    python examples/make_corpus.py OUT [--speakers 6] [--repeats 4] [--seed 0]

Source and filter: a train of glottal pulses, shaped by three formants that move from vowel to vowel. Speakers differ in
pitch and in the length of the vocal tract, "emotions" in pitch, its movement, speed, loudness, effort and breath. It is
no speech and proves nothing about recognising people: it only shows that the road from recordings to a model works.

OUT gets a folder per emotion (`anger/s1_01.flac`, 16 kHz, mono) and `clips.csv` with file, emotion, speaker and sex. The
same arguments make the same files.
"""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float64]

SAMPLING_RATE = 16_000
FRAME = 512  # samples in which the vocal tract stands still, 32 ms; half-overlapping Hann windows sum to 1
FFT_SIZE = 1024  # room for the formants to ring beyond their frame

# First three formants of an adult man in Hz, rounded from Peterson and Barney, 1952; two higher ones stand still.
VOWELS = np.array([[730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410], [300, 870, 2240]])
HIGHER_FORMANTS = np.array([3500, 4500])
BANDWIDTHS = np.array([80, 100, 140, 200, 260])


@dataclass(frozen=True)
class Voice:
    """A made-up speaker: mean pitch in Hz, and formants relative to an adult man's."""

    name: str
    sex: str
    pitch: float
    formant_scale: float


@dataclass(frozen=True)
class Manner:
    """How an emotion is spoken, relative to a speaker's habit.

    Attributes:
        pitch: Factor on the mean pitch.
        swing: Pitch movement within and between syllables, in semitones.
        slope: Pitch at the end against the beginning, in semitones.
        rate: Syllables per second.
        level: Loudness in dB.
        tilt: Effort: change of the spectrum in dB per octave.
        breath: Noise in the voice, deviation against that of the pulses.
    """

    pitch: float
    swing: float
    slope: float
    rate: float
    level: float
    tilt: float
    breath: float


MANNERS = {
    "anger": Manner(pitch=1.25, swing=3.0, slope=-3.0, rate=5.2, level=0.0, tilt=4.0, breath=0.03),
    "fear": Manner(pitch=1.45, swing=1.5, slope=2.0, rate=5.4, level=-9.0, tilt=0.0, breath=0.25),
    "happiness": Manner(pitch=1.35, swing=5.0, slope=2.0, rate=4.4, level=-4.0, tilt=2.0, breath=0.06),
    "neutral": Manner(pitch=1.0, swing=1.5, slope=-2.0, rate=4.2, level=-10.0, tilt=0.0, breath=0.06),
    "sadness": Manner(pitch=0.88, swing=0.8, slope=-4.0, rate=2.8, level=-16.0, tilt=-4.0, breath=0.20),
}


def make_corpus(folder: str | Path, speakers: int = 6, repeats: int = 4, seed: int = 0) -> Path:
    """Write the corpus: `speakers` x `repeats` clips of each emotion, 1 to 3 s long, and return its folder."""
    root = Path(folder)
    rows = []
    for emotion_index, emotion in enumerate(MANNERS):
        (root / emotion).mkdir(parents=True, exist_ok=True)
        for number in range(1, speakers + 1):
            voice = make_voice(number, seed)
            for repeat in range(1, repeats + 1):
                generator = np.random.default_rng([seed, number, emotion_index, repeat])
                file = f"{emotion}/{voice.name}_{repeat:02d}.flac"
                waveform = speak(voice, MANNERS[emotion], generator)
                soundfile.write(root / file, waveform, SAMPLING_RATE, subtype="PCM_16")
                rows.append({"file": file, "emotion": emotion, "speaker": voice.name, "sex": voice.sex})
    with (root / "clips.csv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, ["file", "emotion", "speaker", "sex"])
        writer.writeheader()
        writer.writerows(rows)
    return root


def make_voice(number: int, seed: int) -> Voice:
    """Return speaker `number`; odd ones are women."""
    generator = np.random.default_rng([seed, number])
    female = number % 2 == 1
    pitch = (205 if female else 115) * 2 ** (generator.normal(0, 1.5) / 12)
    formant_scale = (1.16 if female else 1.0) * generator.uniform(0.95, 1.05)
    return Voice(f"s{number}", "female" if female else "male", pitch, formant_scale)


def speak(voice: Voice, manner: Manner, generator: np.random.Generator) -> Samples:
    """Return a clip of six to nine syllables, `[sample]` in -1..1."""
    syllables = int(generator.integers(6, 10))
    rate = manner.rate * generator.uniform(0.9, 1.1)
    time = np.arange(round(SAMPLING_RATE * syllables / rate)) / SAMPLING_RATE * rate  # in syllables
    source = glottal_pulses(pitch_contour(voice, manner, time, generator))
    source += manner.breath * generator.normal(size=len(time))
    stress = np.interp(time, np.arange(syllables) + 0.5, generator.uniform(0.6, 1.0, syllables))
    loudness = stress * (0.15 + 0.85 * np.sin(np.pi * (time % 1)) ** 2)
    vowels = VOWELS[generator.integers(0, len(VOWELS), syllables)]
    formants = np.hstack([vowels, np.tile(HIGHER_FORMANTS, (syllables, 1))]) * voice.formant_scale
    speech = vocal_tract(source * loudness, time, formants, manner.tilt)
    speech *= 0.7 * 10 ** ((manner.level + generator.normal(0, 1)) / 20) / np.abs(speech).max()
    return np.clip(speech + 3e-4 * generator.normal(size=len(speech)), -1, 1)


def pitch_contour(voice: Voice, manner: Manner, time: Samples, generator: np.random.Generator) -> Samples:
    """Return the pitch at each sample in Hz: a slope, a target per syllable, a rise and fall within each."""
    syllables = int(np.ceil(time[-1]))
    targets = np.interp(time, np.arange(syllables) + 0.5, generator.normal(0, 0.7, syllables))
    within = 0.5 * np.sin(2 * np.pi * time)
    semitones = manner.swing * (targets + within) + manner.slope * (time / time[-1] - 0.5)
    factors = np.exp2((semitones + generator.normal(0, 0.5)) / 12)
    return np.asarray(voice.pitch * manner.pitch * factors, dtype=np.float64)


def glottal_pulses(pitch: Samples) -> Samples:
    """Return the derivative of the flow through the glottis, scaled to a deviation of 1.

    Rosenberg, 1971: opening 40 % of a period, closing 16 %.
    """
    opening, closing = 0.40, 0.16
    phase = np.cumsum(pitch / SAMPLING_RATE) % 1
    rise = 0.5 * (1 - np.cos(np.pi * phase / opening))
    fall = np.cos(0.5 * np.pi * (phase - opening) / closing)
    flow = np.where(phase < opening, rise, np.where(phase < opening + closing, fall, 0.0))
    pulses = np.diff(flow, prepend=0.0)
    return np.asarray(pulses / pulses.std(), dtype=np.float64)


def vocal_tract(source: Samples, time: Samples, formants: Samples, tilt: float) -> Samples:
    """Filter each frame by the formants at its centre and tilt its spectrum; the frames are overlapped and added."""
    hop = FRAME // 2
    padded = np.pad(source, (hop, FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::hop]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    centres = time[np.minimum(np.arange(len(frames)) * hop, len(time) - 1)]
    moving = [np.interp(centres, np.arange(len(formants)) + 0.5, column) for column in formants.T]
    response = resonances(np.stack(moving, axis=1)) * spectral_tilt(tilt)
    filtered = np.fft.irfft(np.fft.rfft(frames * window, FFT_SIZE) * response, FFT_SIZE)
    output = np.zeros(len(frames) * hop + FFT_SIZE)
    for index, frame in enumerate(filtered):
        output[index * hop : index * hop + FFT_SIZE] += frame
    return output[hop : hop + len(source)]


def resonances(formants: Samples) -> NDArray[np.complex128]:
    """Return the frequency response `[frame, bin]` of two-pole resonators in a row, formants `[frame, formant]` in Hz."""
    radius = np.exp(-np.pi * BANDWIDTHS / SAMPLING_RATE)
    angle = 2 * np.pi * formants[:, :, None] / SAMPLING_RATE
    delay = np.exp(-2j * np.pi * np.arange(FFT_SIZE // 2 + 1) / FFT_SIZE)
    poles = 1 - 2 * radius[:, None] * np.cos(angle) * delay + radius[:, None] ** 2 * delay**2
    gain = 1 - 2 * radius[:, None] * np.cos(angle) + radius[:, None] ** 2  # 1 at 0 Hz
    return np.asarray((gain / poles).prod(axis=1), dtype=np.complex128)


def spectral_tilt(db_per_octave: float) -> Samples:
    """Return gains `[bin]`, 1 at 500 Hz."""
    frequency = np.fft.rfftfreq(FFT_SIZE, 1 / SAMPLING_RATE)
    octaves = np.log2(np.maximum(frequency, 100) / 500)
    return np.asarray(10 ** (db_per_octave * octaves / 20), dtype=np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a synthetic corpus of vowels in five manners of speaking.")
    parser.add_argument("out", type=Path, help="folder to write into")
    parser.add_argument("--speakers", type=int, default=6, help="made-up speakers (default 6)")
    parser.add_argument("--repeats", type=int, default=4, help="clips of each speaker and emotion (default 4)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds make other speakers and clips (default 0)")
    options = parser.parse_args()
    folder = make_corpus(options.out, options.speakers, options.repeats, options.seed)
    print(f"{folder}: {options.speakers * options.repeats * len(MANNERS)} clips")


if __name__ == "__main__":
    main()
