"""EMO-DB, the Berlin database: ten actors speak ten German sentences in seven emotions; recognised takes were kept.

Names: `03a01Fa.wav` is speaker, sentence, letter of the German emotion word, version.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from paraverbal.corpora.corpus import Row

NAME = "emodb"
TITLE = "Berlin Database of Emotional Speech"
LICENCE = "free to use with citation, no licence text (a mirror states CC0 1.0)"
SOURCE = "http://emodb.bilderbar.info"
CITATION = (
    "F. Burkhardt, A. Paeschke, M. Rolfes, W. F. Sendlmeier, B. Weiss: A database of German emotional speech. "
    "Interspeech, 1517-1520, 2005"
)
LANGUAGE = "de"
CLIPS = 535
SPEAKERS = 10
LABELS: Mapping[str, tuple[str, str]] = {
    "A": ("Angst", "fear"),
    "E": ("Ekel", "disgust"),
    "F": ("Freude", "happiness"),
    "L": ("Langeweile", "boredom"),
    "N": ("neutral", "neutral"),
    "T": ("Trauer", "sadness"),
    "W": ("Wut", "anger"),
}
# Speaker -> sex, age in years.
ACTORS = {
    "03": ("male", 31.0),
    "08": ("female", 34.0),
    "09": ("female", 21.0),
    "10": ("male", 32.0),
    "11": ("male", 26.0),
    "12": ("male", 30.0),
    "13": ("female", 32.0),
    "14": ("female", 35.0),
    "15": ("male", 25.0),
    "16": ("female", 31.0),
}
SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank",
    "a02": "Das will sie am Mittwoch abgeben",
    "a04": "Heute abend könnte ich es ihm sagen",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück",
    "a07": "In sieben Stunden wird es soweit sein",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen",
}

_NAME = re.compile(rf"(?P<speaker>{'|'.join(ACTORS)})(?P<sentence>{'|'.join(SENTENCES)})(?P<emotion>[AEFLNTW])[a-z]?")


def parse(file: PurePosixPath) -> Row | None:
    """Return what the file name tells, or None when it is no name of this corpus."""
    match = _NAME.fullmatch(file.stem)
    if match is None:
        return None
    label, emotion = LABELS[match["emotion"]]
    sex, age = ACTORS[match["speaker"]]
    return {
        "emotion": emotion,
        "label": label,
        "speaker": match["speaker"],
        "sex": sex,
        "age": age,
        "language": LANGUAGE,
        "sentence": match["sentence"],
        "transcript": SENTENCES[match["sentence"]],
    }
