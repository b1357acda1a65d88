"""TESS: an older and a younger woman speak 200 words in the sentence "Say the word ...", in seven emotions.

Names: `OAF_back_angry.wav` is speaker (OAF older, YAF younger), word, emotion (`ps`: pleasant surprise, which becomes
surprise). One file of the distribution has OA for OAF.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from paraverbal.corpora.corpus import Row

NAME = "tess"
TITLE = "Toronto Emotional Speech Set"
LICENCE = "CC BY-NC-ND 4.0"
SOURCE = "https://doi.org/10.5683/SP2/E8H2MF"
CITATION = "M. K. Pichora-Fuller, K. Dupuis: Toronto emotional speech set (TESS). Borealis, 2020"
LANGUAGE = "en"
CLIPS = 2800
SPEAKERS = 2
LABELS: Mapping[str, tuple[str, str]] = {
    "angry": ("angry", "anger"),
    "disgust": ("disgust", "disgust"),
    "fear": ("fear", "fear"),
    "happy": ("happy", "happiness"),
    "neutral": ("neutral", "neutral"),
    "ps": ("pleasant surprise", "surprise"),
    "sad": ("sad", "sadness"),
}
AGES = {"OAF": 64.0, "YAF": 26.0}  # years

_NAME = re.compile(rf"(?P<speaker>OAF?|YAF)_(?P<word>[A-Za-z']+)_(?P<emotion>{'|'.join(LABELS)})")


def parse(file: PurePosixPath) -> Row | None:
    """Return what the file name tells, or None when it is no name of this corpus."""
    match = _NAME.fullmatch(file.stem)
    if match is None:
        return None
    label, emotion = LABELS[match["emotion"]]
    speaker = "YAF" if match["speaker"] == "YAF" else "OAF"
    return {
        "emotion": emotion,
        "label": label,
        "speaker": speaker,
        "sex": "female",
        "age": AGES[speaker],
        "language": LANGUAGE,
        "sentence": match["word"],
        "transcript": f"Say the word {match['word']}",
    }
