"""Frames with voice -> stretches of speech, and how well two detectors agree."""

import math

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Region = tuple[float, float]

# A voiceless onset lies before the first frame that is found, and an ending fades.
PAD_BEFORE_SECONDS = 0.15
PAD_AFTER_SECONDS = 0.1

# Less of a pause is a stop consonant or a breath, less of a voice a click.
SHORTEST_PAUSE_SECONDS = 0.3
SHORTEST_SPEECH_SECONDS = 0.1


def regions(flags: Flags, *, frame_seconds: float, hop_seconds: float, seconds: float) -> list[Region]:
    """Return the stretches of speech of a recording.

    Args:
        flags: Whether there is voice in each frame, `[frame]`, as detectors of `inference.activity` give it.
        frame_seconds: Length of a frame.
        hop_seconds: From one frame's start to the next; a frame stands for so much around its middle.
        seconds: Length of the recording.

    Returns:
        Start and end in seconds, in order and apart from each other: voices of at least 0.1 s, with 0.15 s before and 0.1 s
        after, joined where less than 0.3 s is between them.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    lead = (frame_seconds - hop_seconds) / 2
    found: list[Region] = []
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if (end - first) * hop_seconds < SHORTEST_SPEECH_SECONDS:
            continue
        start = max(0.0, lead + first * hop_seconds - PAD_BEFORE_SECONDS)
        stop = min(seconds, lead + end * hop_seconds + PAD_AFTER_SECONDS)
        # Frames stand for what is around their middles; what is beyond the last one belongs to it.
        stop = seconds if end == len(flags) and seconds - stop < frame_seconds else stop
        if found and start - found[-1][1] < SHORTEST_PAUSE_SECONDS:
            start, _ = found.pop()
        if start < stop:
            found.append((start, stop))
    return found


def grid(found: list[Region], seconds: float, *, step_seconds: float = 0.01) -> Flags:
    """Return whether there is speech every 10 ms, `[step]`: regions in a form that can be compared."""
    steps = math.ceil(seconds / step_seconds)
    is_speech = np.zeros(steps, dtype=bool)
    for start, end in found:
        is_speech[round(start / step_seconds) : round(end / step_seconds)] = True
    return is_speech
