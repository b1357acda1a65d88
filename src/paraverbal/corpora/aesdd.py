"""AESDD, the Acted Emotional Speech Dynamic Database: actors speak the same Greek sentences in five emotions.

Names: `a03 (4).wav` is emotion letter, utterance 03, speaker 4; a second take ends in a letter (`a06 (5)b`), and some
speaker numbers are padded (`d03 (01)` is speaker 1). Which speaker is of which sex is not published with the
recordings. One file of the distribution, `s05 (3).wav`, holds no samples.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from paraverbal.corpora.corpus import Row

NAME = "aesdd"
TITLE = "Acted Emotional Speech Dynamic Database"
LICENCE = "research use, no licence text (a mirror states CC BY 4.0)"
SOURCE = "http://m3c.web.auth.gr/research/aesdd-speech-emotion-recognition/"
CITATION = (
    "N. Vryzas, R. Kotsakis, A. Liatsou, C. A. Dimoulas, G. Kalliris: Speech emotion recognition for performance "
    "interaction. Journal of the Audio Engineering Society 66(6), 457-467, 2018"
)
LANGUAGE = "el"
CLIPS = 605
SPEAKERS = 6
LABELS: Mapping[str, tuple[str, str]] = {
    "a": ("anger", "anger"),
    "d": ("disgust", "disgust"),
    "f": ("fear", "fear"),
    "h": ("happiness", "happiness"),
    "s": ("sadness", "sadness"),
}

_NAME = re.compile(r"(?P<emotion>[adfhs])(?P<sentence>\d{2}) ?\((?P<speaker>\d{1,2})\)[a-z]?")


def parse(file: PurePosixPath) -> Row | None:
    """Return what the file name tells, or None when it is no name of this corpus."""
    match = _NAME.fullmatch(file.stem)
    if match is None:
        return None
    label, emotion = LABELS[match["emotion"]]
    return {
        "emotion": emotion,
        "label": label,
        "speaker": str(int(match["speaker"])),
        "language": LANGUAGE,
        "sentence": match["sentence"],
    }
