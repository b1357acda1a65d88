"""Chinese words by jieba, and made sentences drawn from its dictionary by frequency.

jieba's own start reads a cache in the temporary folder by `marshal`, which may be anybody's, and reports to standard error.
Here the dictionary is read from its file, in under a second, once a process.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import TextError
from paraverbal.text.library import jieba

# Words of a drawn sentence; with 1.6 characters a word in the mean that is a spoken sentence's length.
SHORTEST, LONGEST = 5, 15
STOP = "。"

# The block of common ideographs with its first extension, and the compatibility ideographs.
_IDEOGRAPHS = (("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"), ("\uf900", "\ufaff"))


def is_chinese(word: str) -> bool:
    """Return whether a word is of Chinese characters alone; no word is none."""
    return bool(word) and all(any(first <= letter <= last for first, last in _IDEOGRAPHS) for letter in word)


def has_chinese(word: str) -> bool:
    """Return whether a word holds a Chinese character."""
    return any(is_chinese(letter) for letter in word)


def segment(texts: Iterable[str]) -> list[list[str]]:
    """Return the words of each text as jieba cuts it: every character is in one of them, in order.

    Raises:
        MissingExtraError: jieba is not installed.
    """
    segmenter = _segmenter()
    return [segmenter.lcut(text) for text in texts]


def draw_sentences(count: int, *, seed: int = 0) -> list[str]:
    """Return made sentences: words of jieba's dictionary, drawn by their frequency, 5 to 15 a sentence, closed by `。`.

    They have the vocabulary and the frequencies of Chinese, but no grammar and no sense: for measuring speed and length.

    Args:
        count: Sentences; the first of a larger count are not those of a smaller one.
        seed: The same seed gives the same sentences.

    Raises:
        TextError: A negative count.
        MissingExtraError: jieba is not installed.
    """
    if count < 0:
        raise TextError(f"count is {count}, expected 0 or more sentences")
    words, probabilities = _dictionary()
    generator = np.random.default_rng(seed)
    lengths = generator.integers(SHORTEST, LONGEST, count, endpoint=True)
    drawn = words[generator.choice(len(words), lengths.sum(), p=probabilities)]
    ends = lengths.cumsum()
    return ["".join(drawn[end - length : end]) + STOP for end, length in zip(ends, lengths, strict=True)]


@cache
def _segmenter() -> Any:
    segmenter = jieba().Tokenizer()
    segmenter.FREQ, segmenter.total = segmenter.gen_pfdict(segmenter.get_dict_file())
    segmenter.initialized = True
    return segmenter


@cache
def _dictionary() -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    # Beginnings of words, which are no words themselves, stand in it with a frequency of 0.
    counts = {word: count for word, count in _segmenter().FREQ.items() if count > 0}
    frequencies = np.array(list(counts.values()), dtype=np.float64)
    return np.array(list(counts), dtype=object), frequencies / frequencies.sum()
