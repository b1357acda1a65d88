"""SAVEE: four men speak English sentences of the TIMIT corpus in seven emotions, neutral twice as often.

Names: `DC_a01.wav` or `DC/a01.wav` is speaker, emotion letters, number. The number counts within an emotion, so
`sentence` is letters and number together (`a01`); some sentences are the same in all emotions, which the names do not
tell.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from paraverbal.corpora.corpus import Row

NAME = "savee"
TITLE = "Surrey Audio-Visual Expressed Emotion Database"
LICENCE = "research use, on registration"
SOURCE = "http://kahlan.eps.surrey.ac.uk/savee/"
CITATION = (
    "S. Haq, P. J. B. Jackson: Multimodal emotion recognition. In: W. Wang (ed.), Machine Audition: Principles, "
    "Algorithms and Systems, IGI Global, 398-423, 2010"
)
LANGUAGE = "en"
CLIPS = 480
SPEAKERS = 4
LABELS: Mapping[str, tuple[str, str]] = {
    "a": ("anger", "anger"),
    "d": ("disgust", "disgust"),
    "f": ("fear", "fear"),
    "h": ("happiness", "happiness"),
    "n": ("neutral", "neutral"),
    "sa": ("sadness", "sadness"),
    "su": ("surprise", "surprise"),
}

_NAME = re.compile(r"(?P<speaker>DC|JE|JK|KL)[_/](?P<sentence>(?P<emotion>sa|su|[adfhn])\d{2})")


def parse(file: PurePosixPath) -> Row | None:
    """Return what file and folder name tell, or None when they are no names of this corpus."""
    match = _NAME.fullmatch(file.stem) or _NAME.fullmatch(f"{file.parent.name}/{file.stem}")
    if match is None:
        return None
    label, emotion = LABELS[match["emotion"]]
    return {
        "emotion": emotion,
        "label": label,
        "speaker": match["speaker"],
        "sex": "male",
        "language": LANGUAGE,
        "sentence": match["sentence"],
    }
