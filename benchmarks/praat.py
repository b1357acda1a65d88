"""F0, voicing, HNR, jitter and shimmer beside Praat's, on 60 real clips, and the time of both; needs PARAVERBAL_CORPORA.

Praat (`praat-parselmouth`) is installed for this alone. Both get the same samples at 16 kHz, less their mean: Praat's shimmer
takes a constant for voice, and some of these recordings hold one as strong as the voice. F0 is looked for from 75 to 600 Hz;
Praat's other values come from its cross-correlation methods with the values of its manual. Times are those of one processor, the
best of several rounds, as other work on the machine only ever adds to them.
"""

import importlib
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.audio.read import read
from paraverbal.features.harmonicity import hnr
from paraverbal.features.pitch import track
from paraverbal.features.pulses import jitter_shimmer
from praat_formants import CORPORA, RATE, clips, measure
from side_by_side import RESULTS

LOW_HZ, HIGH_HZ, HOP_SECONDS = 75.0, 600.0, 0.01

# Praat: shortest and longest period in seconds, greatest factor between neighbouring periods, and between amplitudes.
PERIODS, AMPLITUDE_FACTOR = (0.0001, 0.02, 1.3), 1.6

# Praat's harmonicity: hop, lowest F0, silence threshold, periods per window.
HARMONICITY = (HOP_SECONDS, LOW_HZ, 0.1, 1.0)

ROUNDS = 5

VALUES = ("hnr", "jitter", "shimmer", "shimmer_db")
AGAINST_ALL = "hnr_against_praats_of_all_sounding_frames"

Values = NDArray[np.float64]


def ours(waveform: NDArray[np.float32]) -> tuple[Values, Values, dict[str, float], dict[str, float]]:
    """Return F0 of our frames, their times, the values of the clip, and seconds."""
    begun = time.thread_time()
    pitch = track(waveform, RATE)
    tracked = time.thread_time()
    perturbation, ratios = jitter_shimmer(waveform, RATE, pitch), hnr(waveform, RATE, pitch)
    ended = time.thread_time()
    values = {
        "hnr": float(ratios[pitch.voiced].mean()),
        "jitter": perturbation.jitter_local,
        "shimmer": perturbation.shimmer_local,
        "shimmer_db": perturbation.shimmer_local_db,
    }
    seconds = {"F0": tracked - begun, "HNR, jitter, shimmer": ended - tracked}
    return pitch.f0.astype(np.float64), pitch.times, values, seconds


def praats(
    waveform: NDArray[np.float32], times: Values
) -> tuple[Values, NDArray[np.bool_], dict[str, float], dict[str, float]]:
    """Return Praat's F0 at `times`, whether they lie within its frames, the values of the clip, and seconds."""
    praat = importlib.import_module("parselmouth")
    call = importlib.import_module("parselmouth.praat").call
    sound = praat.Sound(waveform.astype(np.float64), RATE)
    begun = time.thread_time()
    pitch = sound.to_pitch(HOP_SECONDS, LOW_HZ, HIGH_HZ)
    tracked = time.thread_time()
    pulses = call([sound, pitch], "To PointProcess (cc)")
    values = {
        "jitter": call(pulses, "Get jitter (local)", 0, 0, *PERIODS),
        "shimmer": call([sound, pulses], "Get shimmer (local)", 0, 0, *PERIODS, AMPLITUDE_FACTOR),
        "shimmer_db": call([sound, pulses], "Get shimmer (local_dB)", 0, 0, *PERIODS, AMPLITUDE_FACTOR),
    }
    harmonicity = sound.to_harmonicity_cc(*HARMONICITY)
    ended = time.thread_time()
    f0 = np.array([pitch.get_value_at_time(moment) for moment in times])
    ratios, sounding = harmonicity.values[0], harmonicity.values[0] > -200
    voiced = np.isfinite([pitch.get_value_at_time(moment) for moment in harmonicity.xs()])
    values["hnr"] = float(ratios[sounding & voiced].mean())
    values[AGAINST_ALL] = float(ratios[sounding].mean())
    within = (times >= pitch.xs()[0]) & (times <= pitch.xs()[-1])
    return f0, within, values, {"F0": tracked - begun, "HNR, jitter, shimmer": ended - tracked}


def compare(file: Path) -> dict[str, Any]:
    """Return counts of frames, the values of both, seconds of both, and the clip's length."""
    waveform, _ = read(file, sampling_rate=RATE)
    waveform -= waveform.mean()
    rounds = []
    for _ in range(ROUNDS):
        f0, times, our_values, our_seconds = ours(waveform)
        their_f0, within, their_values, their_seconds = praats(waveform, times)
        rounds.append((our_seconds, their_seconds))
    voiced, theirs_voiced = np.isfinite(f0)[within], np.isfinite(their_f0)[within]
    both = voiced & theirs_voiced
    near = np.abs(f0[within][both] / their_f0[within][both] - 1) < 0.02
    return {
        "frames": np.array([len(voiced), np.sum(voiced == theirs_voiced), np.sum(both), np.sum(near)]),
        "values": (our_values, their_values),
        "seconds": [{name: min(both[side][name] for both in rounds) for name in our_seconds} for side in (0, 1)],
        "length": len(waveform) / RATE,
    }


def agreement(compared: list[dict[str, Any]]) -> dict[str, float]:
    """Return shares of frames: voicing the same, and F0 within 2 % where both are voiced."""
    frames, same, both, near = sum(clip["frames"] for clip in compared)
    return {"voicing_agreement": round(float(same / frames), 3), "f0_within_2_percent": round(float(near / both), 3)}


def correlations(compared: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return correlations of values over clips, and the medians of both."""
    pairs = {name: np.array([[side[name] for side in clip["values"]] for clip in compared]) for name in VALUES}
    pairs[AGAINST_ALL] = np.array([[clip["values"][0]["hnr"], clip["values"][1][AGAINST_ALL]] for clip in compared])
    return {
        name: {
            "correlation": round(float(np.corrcoef(values.T)[0, 1]), 3),
            "median_ours": round(float(np.median(values[:, 0])), 4),
            "median_praat": round(float(np.median(values[:, 1])), 4),
        }
        for name, values in pairs.items()
    }


def speed(compared: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return milliseconds for 3 s of sound, and how many times faster ours is."""
    length = sum(clip["length"] for clip in compared) / 3
    table = {}
    for name in compared[0]["seconds"][0]:
        mine, theirs = (1000 * sum(clip["seconds"][side][name] for clip in compared) / length for side in (0, 1))
        table[name] = {"ours_ms": round(mine, 2), "praat_ms": round(theirs, 2), "ratio": round(theirs / mine, 2)}
    return table


if __name__ == "__main__":
    root = Path(os.environ["PARAVERBAL_CORPORA"])
    by_corpus = {corpus.NAME: [compare(file) for file, _ in clips(corpus, root)] for corpus in CORPORA}
    everything = [clip for several in by_corpus.values() for clip in several]
    document = {
        "name": "praat",
        "clips": len(everything),
        "frames": int(sum(clip["frames"][0] for clip in everything)),
        "f0": {"all": agreement(everything), **{name: agreement(several) for name, several in by_corpus.items()}},
        "over_clips": correlations(everything),
        "for_3_seconds": speed(everything),
        "formants": measure(root),
    }
    (RESULTS / "bench-praat.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))
