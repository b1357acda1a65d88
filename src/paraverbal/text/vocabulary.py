"""Extending the vocabulary of a tokenizer by words of a language or a field that it cuts into many pieces.

A vocabulary that was learned on English spells a Chinese character by two or three bytes, and a term of law or medicine by
many pieces. Words that become tokens of their own shorten the input; their rows of the embedding table start at the mean of
the rows of their old pieces, so that the model begins where it was, and are learned from there (as Hewitt, "Initializing New
Word Embeddings for Pretrained Language Models", 2021, argues for means over random rows).

An added word is found before the text is cut otherwise, the longest first from the left. Where it has a Chinese character it is
found anywhere; else only as a whole word, between what are no letters, so that `art` is not taken out of `heart`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import TextError
from paraverbal.text.library import tokenizers
from paraverbal.text.normalise import clean
from paraverbal.text.tokenizer import Tokenizer
from paraverbal.text.words import has_chinese, is_chinese, segment

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Backend

Table = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Saving:
    """The length of the same texts in the tokens of two tokenizers, without special tokens.

    Attributes:
        characters: Of the cleaned texts.
        before: Tokens of the first tokenizer.
        after: Tokens of the second.
    """

    characters: int
    before: int
    after: int

    @property
    def before_per_character(self) -> float:
        """Tokens per character of the first tokenizer; 0 without text."""
        return self.before / self.characters if self.characters else 0.0

    @property
    def after_per_character(self) -> float:
        """Tokens per character of the second tokenizer; 0 without text."""
        return self.after / self.characters if self.characters else 0.0

    @property
    def saved(self) -> float:
        """The share of the tokens that the second saves; below 0 if it needs more, 0 without text."""
        return 1 - self.after / self.before if self.before else 0.0


@dataclass(frozen=True, eq=False)
class Extension:
    """A tokenizer with words added.

    Attributes:
        tokenizer: The new tokenizer; old tokens keep their ids.
        words: What was added. Words that were one token already are not among them.
        ids: The id of each word. They follow the old ones, but for words that the vocabulary held and the tokenizer never
            made, such as Chinese words in BERT's: those keep theirs.
        pieces: The old ids of each word, in their order.
        old_size: Tokens before.
    """

    tokenizer: Tokenizer
    words: tuple[str, ...]
    ids: tuple[int, ...]
    pieces: tuple[tuple[int, ...], ...]
    old_size: int


def count_tokens(tokenizer: Tokenizer, texts: Iterable[str]) -> int:
    """Return how many tokens texts have together, without special tokens."""
    return sum(map(len, tokenizer.pieces(list(texts))))


def saving(before: Tokenizer, after: Tokenizer, texts: Sequence[str]) -> Saving:
    """Compare the length of texts in two tokenizers; a longest input cuts nothing here.

    Args:
        before: The tokenizer to compare with.
        after: The other, such as an extended one.
        texts: Best other texts than the words were found in: those flatter.
    """
    characters = sum(len(clean(text)) for text in texts)
    return Saving(characters, count_tokens(before, texts), count_tokens(after, texts))


def find_words(texts: Iterable[str], tokenizer: Tokenizer, count: int, *, minimum_count: int = 2) -> list[str]:
    """Find the Chinese words whose own tokens would shorten texts most.

    jieba cuts the texts; of words of two characters or more, those come first whose occurrences times old pieces less one
    are the most, then those that occurred first. Words that are one token already are left out.

    Args:
        texts: A corpus of the field.
        tokenizer: The one to extend.
        count: Words at most.
        minimum_count: How often a word must occur.

    Raises:
        MissingExtraError: jieba is not installed.
    """
    counts = Counter(word for words in segment(map(clean, texts)) for word in words if is_chinese(word))
    frequent = [word for word, number in counts.items() if number >= minimum_count and len(word) > 1]
    pieces = dict(zip(frequent, tokenizer.pieces(frequent), strict=True))
    gains = {word: counts[word] * (len(pieces[word]) - 1) for word in frequent}
    ranked = sorted(frequent, key=gains.__getitem__, reverse=True)
    return [word for word in ranked[:count] if gains[word] > 0]


def extend(tokenizer: Tokenizer, words: Iterable[str]) -> Extension:
    """Add words to a tokenizer as tokens of their own.

    Args:
        tokenizer: It stays as it is.
        words: Found by `find_words`, or listed. Each is added once, cleaned, without spaces around it;
            words that the normaliser makes equal, as by small letters, are one.

    Raises:
        TextError: A word that is empty, or a special token.
    """
    backend = tokenizer.backend()
    cleaned = _distinct(backend, [clean(word).strip() for word in words])
    refused = {"", *tokenizer.special.names} & set(cleaned)
    if refused:
        raise TextError(f"cannot add the word {refused.pop()!r}: it is empty or a special token; leave it out")
    pieces = {word: ids for word, ids in zip(cleaned, tokenizer.pieces(cleaned), strict=True) if len(ids) > 1}
    backend.add_tokens([_added(word) for word in pieces])
    extended = Tokenizer(backend, tokenizer.special, max_length=tokenizer.max_length, pretrained=tokenizer.pretrained)
    ids = tuple(extended.id_of(word) for word in pieces)
    return Extension(extended, tuple(pieces), ids, tuple(map(tuple, pieces.values())), tokenizer.size)


def extended_table(table: Table, extension: Extension) -> Table:
    """Return an embedding table with the rows of added words, each the mean of the rows of its old pieces.

    Args:
        table: `[token, dimension]` of the old vocabulary; it may have spare rows behind, which are used first.
        extension: What `extend` returned.

    Returns:
        A copy of the same type with at least as many rows as there are tokens; old rows are as they were.

    Raises:
        TextError: Fewer rows than the old vocabulary has tokens.
    """
    if table.ndim != 2 or len(table) < extension.old_size:
        raise TextError(
            f"table is {list(table.shape)}, expected [token, dimension] with {extension.old_size} rows or more, one for "
            "each token of the old vocabulary"
        )
    missing = max(0, max(extension.ids, default=-1) + 1 - len(table))
    extended = np.pad(table, ((0, missing), (0, 0)))
    for index, pieces in zip(extension.ids, extension.pieces, strict=True):
        extended[index] = table[list(pieces)].mean(axis=0)
    return extended


def _distinct(backend: "Backend", words: list[str]) -> list[str]:
    read = backend.normalizer.normalize_str if backend.normalizer else str
    kept: dict[str, str] = {}
    for word in words:
        kept.setdefault(read(word), word)
    return list(kept.values())


def _added(word: str) -> Any:
    # A Chinese word must match the text before BERT sets its characters apart; another follows the normaliser's capitals.
    is_anywhere = has_chinese(word)
    return tokenizers().AddedToken(word, single_word=not is_anywhere, normalized=not is_anywhere)
