"""The words of corpora become canonical emotions, or an error that says how to map them."""

import pytest

from paraverbal.emotions import EMOTIONS, canonical
from paraverbal.errors import LabelError


def test_the_canonical_labels_are_ten_and_sorted():
    assert len(EMOTIONS) == 10
    assert list(EMOTIONS) == sorted(EMOTIONS)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_canonical_label_stays_in_any_case(emotion):
    assert canonical(emotion) == canonical(emotion.upper()) == canonical(f" {emotion.title()} ") == emotion


@pytest.mark.parametrize(
    ("label", "emotion"),
    [
        ("Fearful", "fear"),
        ("ps", "surprise"),
        ("pleasant_surprise", "surprise"),
        ("Pleasant-Surprised", "surprise"),
        ("joy", "happiness"),
        ("SAD", "sadness"),
        ("neu", "neutral"),
    ],
)
def test_other_words_are_mapped(label, emotion):
    assert canonical(label) == emotion


def test_own_words_are_asked_first_and_without_regard_to_case():
    assert canonical("Wut", {"wut": "anger"}) == "anger"
    assert canonical("happy", {"Happy": "calm"}) == "calm"


def test_an_unknown_word_is_an_error_that_names_the_nearest_and_the_remedy():
    with pytest.raises(LabelError) as caught:
        canonical("angy")
    for words in ("'angy'", "did you mean 'angry'?", "--labels 'angy=EMOTION'", *EMOTIONS):
        assert words in str(caught.value)


@pytest.mark.parametrize("label", ["", "a", "unknown", "01"])
def test_codes_and_nothing_are_no_emotions(label):
    with pytest.raises(LabelError):
        canonical(label)


def test_a_word_mapped_to_what_is_no_emotion_is_an_error():
    with pytest.raises(LabelError, match="'wrath', which is no emotion known here"):
        canonical("Wut", {"wut": "wrath"})
