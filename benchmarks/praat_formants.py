"""Formants beside Praat's, on 60 real clips: how far apart they are, and the time of a frame; needs PARAVERBAL_CORPORA.

Praat (`praat-parselmouth`) is installed for this alone. Both get 16 kHz, the same ceiling, 5000 Hz for men and 5500 Hz for
others, and the same window; compared are the frames that Praat's pitch calls voiced. Praat's frames stand elsewhere than ours;
it is asked for one each millisecond, so that what lies between two of them does not count. Times are those of frames 10 ms
apart, of one processor.
"""

import importlib
import json
import os
import random
import time
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.read import read
from paraverbal.corpora import aesdd, ravdess, urdu
from paraverbal.corpora.corpus import audio_files
from paraverbal.features.formants import FormantSettings, track
from side_by_side import RESULTS

CORPORA: tuple[ModuleType, ...] = (aesdd, ravdess, urdu)
CLIPS, SEED = 20, 0
RATE = 16_000
COMPARED = ("F1", "F2", "F3", "F4")

Errors = dict[str, NDArray[np.float64]]


def clips(corpus: ModuleType, root: Path) -> list[tuple[Path, float]]:
    """Return files drawn from a corpus and the ceiling of their speakers' formants in hertz."""
    known = [(file, row) for file in audio_files(root / corpus.NAME) if (row := corpus.parse(file)) is not None]
    known = [(file, row) for file, row in known if (root / corpus.NAME / file).stat().st_size > RATE]
    drawn = random.Random(SEED).sample(sorted(known, key=lambda pair: pair[0]), CLIPS)
    return [(root / corpus.NAME / file, 5000.0 if row.get("sex") == "male" else 5500.0) for file, row in drawn]


def compare(file: Path, ceiling_hz: float) -> tuple[Errors, dict[str, float]]:
    """Return relative differences to Praat on voiced frames, and seconds and frames of both."""
    praat = importlib.import_module("parselmouth")
    waveform, _ = read(file, sampling_rate=RATE)
    settings = FormantSettings(ceiling_hz=ceiling_hz)
    begun = time.thread_time()
    ours = track(waveform, RATE, settings)
    between = time.thread_time()
    sound = praat.Sound(waveform.astype(np.float64), RATE)
    window = settings.formants, ceiling_hz, settings.window_seconds, settings.pre_emphasis_hz
    sound.to_formant_burg(settings.hop_seconds, *window)
    ended = time.thread_time()
    theirs = sound.to_formant_burg(0.001, *window)
    pitch = sound.to_pitch(0.01)
    voiced = np.isfinite([pitch.get_value_at_time(moment) for moment in ours.times])
    errors = {}
    for number, name in enumerate(COMPARED):
        hertz = np.array([theirs.get_value_at_time(number + 1, moment) for moment in ours.times])
        both = voiced & np.isfinite(hertz) & np.isfinite(ours.frequencies[number])
        errors[name] = np.abs(ours.frequencies[number] - hertz)[both] / hertz[both]
    spent = {"ours": between - begun, "Praat": ended - between, "frames": float(len(ours.times))}
    return errors, spent


def measure(root: Path) -> dict[str, object]:
    """Return the medians of all frames and of each corpus, in percent, and microseconds per frame."""
    collected: dict[str, list[Errors]] = {}
    spent = []
    for corpus in CORPORA:
        for file, ceiling_hz in clips(corpus, root):
            errors, seconds = compare(file, ceiling_hz)
            collected.setdefault(corpus.NAME, []).append(errors)
            spent.append(seconds)
    collected["all"] = [errors for several in list(collected.values()) for errors in several]
    pooled = {
        group: {name: np.concatenate([errors[name] for errors in several]) for name in COMPARED}
        for group, several in collected.items()
    }
    frames = sum(seconds["frames"] for seconds in spent)
    return {
        "name": "praat-formants",
        "clips": len(spent),
        "voiced_frames": len(pooled["all"]["F1"]),
        "median_difference_percent": {
            group: {name: round(100 * float(np.median(values)), 2) for name, values in errors.items()}
            for group, errors in pooled.items()
        },
        "share_within_5_percent": {
            name: round(float(np.mean(values < 0.05)), 3) for name, values in pooled["all"].items()
        },
        "microseconds_per_frame": {
            who: round(1e6 * sum(seconds[who] for seconds in spent) / frames, 1) for who in ("ours", "Praat")
        },
    }


if __name__ == "__main__":
    document = measure(Path(os.environ["PARAVERBAL_CORPORA"]))
    (RESULTS / "bench-praat-formants.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))
