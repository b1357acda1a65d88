"""URDU: clips of Urdu talk shows in four emotions, spontaneous speech.

Names: `SM1_F10_A010.wav` is S with the sex and the speaker's number, the file's number, emotion letter with a number.
The file names know 29 speakers (some with two clips); the authors count 38.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from paraverbal.corpora.corpus import Row

NAME = "urdu"
TITLE = "URDU-Dataset"
LICENCE = "research use, no licence text"
SOURCE = "https://github.com/siddiquelatif/URDU-Dataset"
CITATION = (
    "S. Latif, A. Qayyum, M. Usman, J. Qadir: Cross lingual speech emotion recognition: Urdu vs. Western languages. "
    "International Conference on Frontiers of Information Technology (FIT), 88-93, 2018"
)
LANGUAGE = "ur"
CLIPS = 400
SPEAKERS = 29
LABELS: Mapping[str, tuple[str, str]] = {
    "A": ("Angry", "anger"),
    "H": ("Happy", "happiness"),
    "N": ("Neutral", "neutral"),
    "S": ("Sad", "sadness"),
}

_NAME = re.compile(r"(?P<speaker>S(?P<sex>[MF])\d+)_F\d+_(?P<emotion>[AHNS])\d+")


def parse(file: PurePosixPath) -> Row | None:
    """Return what the file name tells, or None when it is no name of this corpus."""
    match = _NAME.fullmatch(file.stem)
    if match is None:
        return None
    label, emotion = LABELS[match["emotion"]]
    return {
        "emotion": emotion,
        "label": label,
        "speaker": match["speaker"],
        "sex": "male" if match["sex"] == "M" else "female",
        "language": LANGUAGE,
    }
