"""CREMA-D: 91 actors speak twelve English sentences in six emotions, one of the sentences in three intensities.

Names: `1074_IWL_ANG_XX.wav` is actor, sentence, emotion, intensity (XX: not asked for; one file of the distribution
has X). Sex and age are in the corpus's own `VideoDemographics.csv`, which is read if it lies in the folder or the one
above it.
"""

import csv
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from paraverbal.corpora.corpus import Row
from paraverbal.errors import CorpusError

NAME = "crema_d"
TITLE = "Crowd-sourced Emotional Multimodal Actors Dataset"
LICENCE = "Open Database License (ODbL) 1.0"
SOURCE = "https://github.com/CheyneyComputerScience/CREMA-D"
CITATION = (
    "H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova, R. Verma: CREMA-D: Crowd-sourced Emotional "
    "Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), 377-390, 2014"
)
LANGUAGE = "en"
CLIPS = 7442
SPEAKERS = 91
LABELS: Mapping[str, tuple[str, str]] = {
    "ANG": ("ANG", "anger"),
    "DIS": ("DIS", "disgust"),
    "FEA": ("FEA", "fear"),
    "HAP": ("HAP", "happiness"),
    "NEU": ("NEU", "neutral"),
    "SAD": ("SAD", "sadness"),
}
INTENSITIES = {"LO": "low", "MD": "medium", "HI": "high", "XX": None, "X": None}
SENTENCES = {
    "DFA": "Don't forget a jacket",
    "IEO": "It's eleven o'clock",
    "IOM": "I'm on my way to the meeting",
    "ITH": "I think I have a doctor's appointment",
    "ITS": "I think I've seen this before",
    "IWL": "I would like a new alarm clock",
    "IWW": "I wonder what this is about",
    "MTI": "Maybe tomorrow it will be cold",
    "TAI": "The airplane is almost full",
    "TIE": "That is exactly what happened",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}
SPEAKER_TABLE = "VideoDemographics.csv"

_NAME = re.compile(
    rf"(?P<actor>1\d{{3}})_(?P<sentence>{'|'.join(SENTENCES)})_(?P<emotion>{'|'.join(LABELS)})_(?P<intensity>LO|MD|HI|XX?)"
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
        "language": LANGUAGE,
        "sentence": match["sentence"],
        "intensity": INTENSITIES[match["intensity"]],
        "transcript": SENTENCES[match["sentence"]],
    }


def read_speakers(root: Path) -> Mapping[str, Row]:
    """Return sex and age by speaker from the corpus's own table; empty where it is not there.

    Raises:
        CorpusError: The table lacks one of the columns ActorID, Age, Sex, or an age is no number.
    """
    tables = sorted(root.glob(f"*{SPEAKER_TABLE}")) or sorted(root.parent.glob(f"*{SPEAKER_TABLE}"))
    if not tables:
        return {}
    try:
        with tables[0].open(encoding="utf-8-sig", newline="") as lines:
            return {
                row["ActorID"]: {"sex": row["Sex"].lower(), "age": float(row["Age"])} for row in csv.DictReader(lines)
            }
    except (KeyError, ValueError, AttributeError) as error:
        raise CorpusError(
            f"{tables[0]}: not CREMA-D's table of actors ({error}); expected the columns ActorID, Age, Sex"
        ) from error
