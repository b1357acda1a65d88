"""Do energy and voicing find the speech that silero finds? Real clips with silence around them, quiet and in noise.

Needs PARAVERBAL_CORPORA and the extra `vad`. The limits of `inference.activity` were chosen on 36 clips that are left out here.
Both detectors' frames go through the same rules (`inference.speech`), and what is compared is speech or not, every 10 ms.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio import find_audio, read
from paraverbal.audio.degrade import add_noise
from paraverbal.inference.activity import make_detector
from paraverbal.inference.speech import grid, regions
from side_by_side import RESULTS

CORPORA = ("aesdd", "ravdess", "urdu")
RATE = 16_000
CHOSEN_ON = 12  # clips of each corpus, the 4th and then every so many
CLIPS = 20  # of each corpus, from the others
SILENCE_SECONDS = (1.0, 2.0)  # before and after each, drawn between
SILENCE_AMPLITUDE = 1e-4

Waveform = NDArray[np.float32]
Flags = NDArray[np.bool_]


def clips(folder: Path) -> list[Path]:
    files = find_audio(folder)
    used = set(files[3 :: len(files) // CHOSEN_ON][:CHOSEN_ON])
    rest = [file for file in files if file not in used]
    return rest[:: len(rest) // CLIPS][:CLIPS]


def between_silences(file: Path, rng: np.random.Generator) -> Waveform:
    before, after = (round(seconds * RATE) for seconds in rng.uniform(*SILENCE_SECONDS, 2))
    voice = np.pad(read(file, sampling_rate=RATE)[0], (before, after))
    return (voice + SILENCE_AMPLITUDE * rng.standard_normal(len(voice))).astype(np.float32)


def heard(kind: str, waveform: Waveform) -> Flags:
    detector = make_detector(kind, RATE)
    flags = np.concatenate([detector.feed(waveform), detector.flush()])
    seconds = len(waveform) / RATE
    frame, hop = detector.frame_seconds, detector.hop_seconds
    return grid(regions(flags, frame_seconds=frame, hop_seconds=hop, seconds=seconds), seconds)


def compared(found: Flags, reference: Flags) -> dict[str, float]:
    """Share of steps that agree, Cohen's kappa, share of the reference's speech that is found, of its silence that is not."""
    agreement = float(np.mean(found == reference))
    chance = found.mean() * reference.mean() + (1 - found.mean()) * (1 - reference.mean())
    return {
        "agreement": round(agreement, 4),
        "kappa": round(float((agreement - chance) / (1 - chance)), 4),
        "found": round(float(found[reference].mean()), 4),
        "false_alarms": round(float(found[~reference].mean()), 4),
    }


def noisy(colour: Literal["white", "pink"], snr_db: float) -> Callable[[Waveform, np.random.Generator], Waveform]:
    """Noise at a ratio to the mean power of the clip alone: the silence around it is taken off."""

    def change(waveform: Waveform, rng: np.random.Generator) -> Waveform:
        loud = np.flatnonzero(np.abs(waveform) > 6 * SILENCE_AMPLITUDE)
        share = (loud[-1] - loud[0]) / len(waveform)
        return add_noise(waveform, snr_db + 10 * float(np.log10(share)), rng, colour=colour)

    return change


CONDITIONS: dict[str, Callable[[Waveform, np.random.Generator], Waveform]] = {
    "quiet": lambda waveform, rng: waveform,
    "white, 10 dB": noisy("white", 10),
    "white, 0 dB": noisy("white", 0),
    "pink, 10 dB": noisy("pink", 10),
    "pink, 0 dB": noisy("pink", 0),
}


def measured(corpora: Path) -> dict[str, Any]:
    quiet = [
        between_silences(file, np.random.default_rng(number))
        for name in CORPORA
        for number, file in enumerate(clips(corpora / name))
    ]
    truth = np.concatenate([heard("silero", waveform) for waveform in quiet])
    rows = {}
    for name, change in CONDITIONS.items():
        changed = [change(waveform, np.random.default_rng(number)) for number, waveform in enumerate(quiet)]
        energy, silero = (np.concatenate([heard(kind, one) for one in changed]) for kind in ("energy", "silero"))
        rows[name] = {
            "energy with silero": compared(energy, silero),
            "energy with silero in quiet": compared(energy, truth),
            "silero with silero in quiet": compared(silero, truth),
        }
    return {
        "name": "activity",
        "clips": len(quiet),
        "hours": round(sum(map(len, quiet)) / RATE / 3600, 3),
        "conditions": rows,
    }


if __name__ == "__main__":
    document = measured(Path(os.environ["PARAVERBAL_CORPORA"]))
    (RESULTS / "bench-activity.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))
