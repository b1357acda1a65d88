"""RAVDESS, speech part: 24 actors speak two English statements in eight emotions, all but neutral in two intensities.

Names: `03-01-06-01-02-01-12.wav` is modality (03 sound only, 01 the sound of a film), vocal channel (01 speech;
songs, 02, are not read), emotion, intensity, statement, repetition, actor. Actors with odd numbers are male, with
even ones female.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from paraverbal.corpora.corpus import Row

NAME = "ravdess"
TITLE = "Ryerson Audio-Visual Database of Emotional Speech and Song"
LICENCE = "CC BY-NC-SA 4.0"
SOURCE = "https://zenodo.org/records/1188976"
CITATION = (
    "S. R. Livingstone, F. A. Russo: The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS). "
    "PLoS ONE 13(5), e0196391, 2018"
)
LANGUAGE = "en"
CLIPS = 1440
SPEAKERS = 24
LABELS: Mapping[str, tuple[str, str]] = {
    "01": ("neutral", "neutral"),
    "02": ("calm", "calm"),
    "03": ("happy", "happiness"),
    "04": ("sad", "sadness"),
    "05": ("angry", "anger"),
    "06": ("fearful", "fear"),
    "07": ("disgust", "disgust"),
    "08": ("surprised", "surprise"),
}
INTENSITIES = {"01": "normal", "02": "strong"}
STATEMENTS = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}

_NAME = re.compile(
    r"0[13]-01-(?P<emotion>0[1-8])-(?P<intensity>0[12])-(?P<statement>0[12])-0[12]-(?P<actor>0[1-9]|1\d|2[0-4])"
)


def parse(file: PurePosixPath) -> Row | None:
    """Return what the file name tells, or None when it is no name of this corpus."""
    match = _NAME.fullmatch(file.stem)
    if match is None:
        return None
    label, emotion = LABELS[match["emotion"]]
    return {
        "emotion": emotion,
        "label": label,
        "speaker": match["actor"],
        "sex": "male" if int(match["actor"]) % 2 else "female",
        "language": LANGUAGE,
        "sentence": match["statement"],
        "intensity": INTENSITIES[match["intensity"]],
        "transcript": STATEMENTS[match["statement"]],
    }
