"""Make a corpus of synthetic voices whose arousal, valence and dominance are known: a table and recordings of 0.6 s.

    python examples/make_dimensions.py FOLDER [--speakers 6] [--clips 24]

Arousal drives loudness, dominance the pitch (lower with more), valence the brightness, each from 1 to 5; the emotion is the
quadrant of arousal and valence. Every tenth clip has no values, as rated corpora have gaps. It shows `training.dimensions`:

    paraverbal train examples/dimensions.toml --corpus FOLDER --output runs/dimensions
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import soundfile

SAMPLING_RATE = 16_000
SECONDS = 0.6
LEAST, GREATEST = 1.0, 5.0
HARMONICS = 20
# Level in dB below full scale, fundamental in hertz and fall of the harmonics in dB an octave, at both ends of the scale.
LEVELS_DB = (-40.0, -10.0)
FUNDAMENTALS_HZ = (260.0, 110.0)
TILTS_DB = (-18.0, -3.0)
QUADRANTS = {(True, True): "happiness", (True, False): "anger", (False, True): "calm", (False, False): "sadness"}


def between(ends: tuple[float, float], value: float) -> float:
    """Return what lies between two ends where `value` lies between 1 and 5."""
    share = (value - LEAST) / (GREATEST - LEAST)
    return ends[0] + share * (ends[1] - ends[0])


def voice(arousal: float, valence: float, dominance: float, rng: np.random.Generator) -> np.ndarray:
    """Return a voice, float32 `[sample]`."""
    time = np.arange(round(SECONDS * SAMPLING_RATE)) / SAMPLING_RATE
    fundamental = between(FUNDAMENTALS_HZ, dominance) * 2 ** rng.normal(0, 0.02)
    numbers = np.arange(1, HARMONICS + 1)
    amplitudes = 10 ** (between(TILTS_DB, valence) * np.log2(numbers) / 20)
    phases = rng.uniform(0, 2 * np.pi, HARMONICS)
    heard = amplitudes @ np.sin(2 * np.pi * fundamental * numbers[:, np.newaxis] * time + phases[:, np.newaxis])
    heard *= np.hanning(len(time)) ** 0.25
    rms = 10 ** ((between(LEVELS_DB, arousal) - 3) / 20)
    heard = rms * heard / np.sqrt(np.mean(heard**2)) + 1e-4 * rng.standard_normal(len(time))
    return np.asarray(np.clip(heard, -1, 1), dtype=np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a corpus with known arousal, valence and dominance.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--speakers", type=int, default=6)
    parser.add_argument("--clips", type=int, default=24, help="of each speaker")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    arguments.folder.mkdir(parents=True)
    rows = []
    for speaker in range(1, arguments.speakers + 1):
        for clip in range(arguments.clips):
            arousal, valence, dominance = rng.uniform(LEAST, GREATEST, 3)
            file = f"s{speaker}_{clip:02}.wav"
            soundfile.write(arguments.folder / file, voice(arousal, valence, dominance, rng), SAMPLING_RATE)
            values = ["", "", ""] if clip % 10 == 9 else [f"{value:.3f}" for value in (arousal, valence, dominance)]
            middle = (LEAST + GREATEST) / 2
            rows.append([file, QUADRANTS[arousal > middle, valence > middle], f"s{speaker}", *values])
    with (arguments.folder / "table.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table)
        writer.writerow(["file", "emotion", "speaker", "arousal", "valence", "dominance"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
