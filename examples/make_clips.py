"""Make the example clips: six sentences of our own, spoken by espeak-ng with settings that suggest an emotion.

    python examples/make_clips.py [FOLDER]

Nobody feels anything in these clips: they are synthetic speech, fast and loud for "angry", slow and low for "sad". They
prove that the road from a file to a prediction works, and nothing about how well emotions are recognised. Only this
script needs espeak-ng (on Debian: apt-get install espeak-ng); the clips themselves are in the repository.
"""

import argparse
import io
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

SAMPLING_RATE = 16_000
PEAK = 0.9  # of the loudest clip; the others keep their distance to it
MARGIN_SECONDS = 0.1  # of silence kept before and after the speech


@dataclass(frozen=True)
class Clip:
    """A sentence and how it is spoken.

    Attributes:
        text: What is said.
        voice: A voice of espeak-ng; `+f2` and the like are women's variants.
        words_per_minute: Speed; 175 is espeak-ng's own.
        pitch: 0 to 99; 50 is the voice's own.
        pitch_range: Of the melody, in percent of the voice's own.
        level_db: Loudness against the loudest clip.
    """

    text: str
    voice: str
    words_per_minute: int
    pitch: int
    pitch_range: int
    level_db: float


CLIPS = {
    "angry_1": Clip("You left the gate open again and the dog ran down the road!", "en-us", 225, 62, 190, 0.0),
    "fearful_1": Clip("There is somebody on the stairs and the lamp will not come on.", "en-us+f2", 235, 85, 60, -8.0),
    "happy_1": Clip("The parcel came today and everything fits just right!", "en-us+f3", 185, 78, 230, -3.0),
    "neutral_1": Clip("The next bus to the harbour leaves at twenty past nine.", "en-us", 165, 45, 80, -8.0),
    "neutral_2": Clip("The keys are in the second drawer below the window.", "en-us+f2", 160, 45, 80, -8.0),
    "sad_1": Clip("The old house by the lake is empty now.", "en-us", 105, 22, 35, -14.0),
}


def speak(clip: Clip) -> NDArray[np.float32]:
    """Return a clip as espeak-ng speaks it, resampled, `[sample]`, scaled to a peak of 1."""
    text = f'<speak><prosody range="{clip.pitch_range}%">{clip.text}</prosody></speak>'
    options = ["-v", clip.voice, "-s", str(clip.words_per_minute), "-p", str(clip.pitch)]
    spoken = subprocess.run(["espeak-ng", "-m", *options, "--stdout", text], check=True, capture_output=True)
    waveform, sampling_rate = soundfile.read(io.BytesIO(spoken.stdout), dtype="float32")
    resampled = soxr.resample(waveform, sampling_rate, SAMPLING_RATE)
    return np.asarray(resampled / np.abs(resampled).max(), dtype=np.float32)


def trim(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the waveform with `MARGIN_SECONDS` of silence before and after what is louder than -40 dB."""
    loud = np.flatnonzero(np.abs(waveform) > 0.01)
    margin = round(MARGIN_SECONDS * SAMPLING_RATE)
    return np.pad(waveform[loud[0] : loud[-1] + 1], margin)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the example clips with espeak-ng.")
    default = Path(__file__).parent / "clips"
    parser.add_argument("folder", type=Path, nargs="?", default=default, help="where to write (default: clips/ here)")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, clip in CLIPS.items():
        waveform = PEAK * 10 ** (clip.level_db / 20) * trim(speak(clip))
        file = folder / f"{name}.flac"
        soundfile.write(file, waveform, SAMPLING_RATE, subtype="PCM_16")
        print(f"{file}: {len(waveform) / SAMPLING_RATE:.2f} s, {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
