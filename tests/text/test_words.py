"""jieba cuts Chinese into words, quietly; sentences are drawn from its dictionary by frequency."""

import subprocess
import sys
from collections import Counter

import pytest
from tests.text.tiny import LAW, MEDICINE

from paraverbal.text import TextError, draw_sentences, segment
from paraverbal.text.words import LONGEST, SHORTEST, STOP, _dictionary, is_chinese

QUIET = """
import logging, sys, tempfile
tempfile.tempdir = sys.argv[1]
from paraverbal.text import draw_sentences, segment
segment(["人民法院"])
draw_sentences(3)
"""


def test_every_character_is_in_a_word_in_order():
    texts = [*LAW, *MEDICINE, "", "Hello 你好, CT检查 😀"]
    assert ["".join(words) for words in segment(texts)] == texts


def test_terms_of_law_are_words():
    assert {"原告", "人民法院", "被告", "提起"} <= set(segment(LAW)[0])


def test_the_same_seed_draws_the_same_sentences_and_another_others():
    assert draw_sentences(50, seed=3) == draw_sentences(50, seed=3)
    assert not set(draw_sentences(50, seed=3)) & set(draw_sentences(50, seed=4))
    assert draw_sentences(0) == []


def test_words_are_drawn_as_often_as_the_dictionary_says():
    words, probabilities = _dictionary()
    assert probabilities.sum() == pytest.approx(1)
    shares = Counter()
    for word, probability in zip(words, probabilities, strict=True):
        shares.update({letter: probability * number for letter, number in Counter(word).items()})
    text = "".join(draw_sentences(20_000)).replace(STOP, "")
    found = Counter(text)
    for letter, share in shares.most_common(100):
        expected = len(text) * share / shares.total()
        assert abs(found[letter] - expected) < 5 * expected**0.5


def test_a_sentence_has_five_to_fifteen_words_and_a_stop():
    sentences = draw_sentences(300)
    longest = max(len(word) for word in _dictionary()[0])
    assert all(sentence.endswith(STOP) and sentence.count(STOP) >= 1 for sentence in sentences)
    assert all(SHORTEST < len(sentence) <= LONGEST * longest + 1 for sentence in sentences)


def test_a_negative_count_is_an_error():
    with pytest.raises(TextError, match="count is -1"):
        draw_sentences(-1)


def test_a_word_is_chinese_if_all_of_it_is():
    assert [is_chinese(word) for word in ("法院", "㐀", "CT检查", "court", "", "。", "ア")] == [
        True,
        True,
        *[False] * 5,
    ]


def test_jieba_says_nothing_and_leaves_no_cache(tmp_path):
    command = [sys.executable, "-W", "error", "-c", QUIET, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert list(tmp_path.iterdir()) == []
