"""Canonical emotion labels, how the words of corpora map onto them, and the dimensions beside them.

Ten categories cover the corpora that are read here. A corpus keeps its own word in the column `label`; the column
`emotion` holds the canonical one. What the mapping loses: grades and blends ("pleasant surprise" of TESS becomes
surprise), and the distinction of happiness, joy, amusement and elation.
"""

from collections.abc import Mapping

from paraverbal.errors import LabelError, nearest

EMOTIONS = (
    "anger",
    "boredom",
    "calm",
    "contempt",
    "disgust",
    "fear",
    "happiness",
    "neutral",
    "sadness",
    "surprise",
)

# What raters say on scales in place of a word. Each corpus has its own scale (1 to 5, 1 to 7, -1 to 1), which is kept.
DIMENSIONS = ("arousal", "valence", "dominance")

# Other words -> canonical. Full words only: one-letter codes belong to the parser of the corpus that uses them.
_SYNONYMS = {
    "angry": "anger",
    "ang": "anger",
    "mad": "anger",
    "bored": "boredom",
    "calmness": "calm",
    "contemptuous": "contempt",
    "disgusted": "disgust",
    "dis": "disgust",
    "afraid": "fear",
    "anxiety": "fear",
    "anxious": "fear",
    "fearful": "fear",
    "fea": "fear",
    "scared": "fear",
    "amusement": "happiness",
    "hap": "happiness",
    "happy": "happiness",
    "joy": "happiness",
    "joyful": "happiness",
    "neu": "neutral",
    "neutrality": "neutral",
    "sad": "sadness",
    "sorrow": "sadness",
    "pleasant surprise": "surprise",
    "pleasant surprised": "surprise",
    "ps": "surprise",
    "sur": "surprise",
    "surprised": "surprise",
}


def canonical(label: str, mapping: Mapping[str, str] | None = None) -> str:
    """Return the canonical emotion of a corpus's own word, without regard to case, `_` or `-`.

    Args:
        label: The corpus's word.
        mapping: Words of this corpus -> canonical emotions; asked first.

    Raises:
        LabelError: The word is not known; the message names the nearest known one.

    Example:
        >>> canonical("Fearful")
        'fear'
        >>> canonical("Wut", {"wut": "anger"})
        'anger'
    """
    own = {word.lower(): emotion for word, emotion in (mapping or {}).items()}
    word = label.strip().lower()
    emotion = own.get(word)
    if emotion is not None:
        if emotion not in EMOTIONS:
            known = ", ".join(EMOTIONS)
            raise LabelError(f"label {label!r} is mapped to {emotion!r}, which is no emotion known here ({known})")
        return emotion
    word = word.replace("_", " ").replace("-", " ")
    if word in EMOTIONS:
        return word
    if word in _SYNONYMS:
        return _SYNONYMS[word]
    raise LabelError(
        f"label {label!r} is no emotion known here{nearest(word, (*EMOTIONS, *_SYNONYMS))}. "
        f"Map it to one of {', '.join(EMOTIONS)}: --labels '{label}=EMOTION' (in Python labels={{{label!r}: EMOTION}})"
    )
