"""Training a tokenizer on texts, such as the transcripts of a corpus. The same texts in the same order give the same bytes.

| kind | begins with | joins | unknown |
|---|---|---|---|
| `bpe` | the characters of the texts | the most frequent neighbours | other characters |
| `byte-bpe` | the 256 bytes | the same | nothing |
| `wordpiece` | characters, marked `##` inside a word | the same; reads the longest piece first | words that cannot be spelt |

Sources: Sennrich, Haddow and Birch 2016 for `bpe`, Radford and others 2019 for `byte-bpe` (`merges.py` names both); Schuster
and Nakajima, "Japanese and Korean Voice Search", 2012, for `wordpiece`, which chose what to join by likelihood.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from paraverbal.errors import TextError, nearest
from paraverbal.text import pipelines
from paraverbal.text.library import tokenizers
from paraverbal.text.merges import BYTES, byte_symbols
from paraverbal.text.normalise import clean
from paraverbal.text.special import BERT, SEQUENCE, SpecialTokens
from paraverbal.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Backend

    from paraverbal.corpora import Corpus

KINDS = ("bpe", "byte-bpe", "wordpiece")

# Bytes leave nothing unknown.
_STYLES = {"bpe": SEQUENCE, "byte-bpe": replace(SEQUENCE, unknown=None), "wordpiece": BERT}


def transcripts(corpus: "Corpus") -> list[str]:
    """Return the transcripts of a corpus in the order of its rows; rows without one are left out."""
    return [str(text) for text in corpus.table["transcript"].drop_nulls().to_list()]


def train_tokenizer(
    texts: Iterable[str],
    kind: str,
    vocabulary_size: int,
    *,
    special: SpecialTokens | None = None,
    lowercase: bool = False,
    minimum_count: int = 2,
    max_length: int | None = None,
) -> Tokenizer:
    """Train a tokenizer.

    Args:
        texts: What to learn from; they are cleaned as all texts are.
        kind: `bpe`, `byte-bpe` or `wordpiece`.
        vocabulary_size: Tokens at most, special tokens included; fewer where the texts have no more to join. Characters
            come before joined ones, so it is exceeded where the texts have more characters.
        special: They get the first ids. None: BERT style for `wordpiece`, else sequence style (<bos> 0, <eos> 1, <pad> 2).
        lowercase: Whether capitals are read as small letters.
        minimum_count: How often neighbours must occur to be joined.
        max_length: The longest input in tokens.

    Raises:
        TextError: Another kind, a size that has no room for what the kind begins with, no text at all, or a style that
            lacks the unknown token which the kind needs.
        MissingExtraError: The library tokenizers is not installed.
    """
    if kind not in KINDS:
        raise TextError(f"tokenizer kind {kind!r} is unknown{nearest(kind, KINDS)}; known: {', '.join(KINDS)}")
    chosen = special or _STYLES[kind]
    if kind != "byte-bpe" and chosen.unknown is None:
        raise TextError(f"special tokens without an unknown one cannot serve {kind!r}; name one, or train 'byte-bpe'")
    least = len(chosen.names) + (BYTES if kind == "byte-bpe" else 1)
    if vocabulary_size < least:
        raise TextError(f"vocabulary_size is {vocabulary_size}, expected {least} or more for {kind!r}")
    cleaned = [clean(text) for text in texts]
    if not any(text.strip() for text in cleaned):
        raise TextError(f"there is no text to train on: {len(cleaned)} texts, all empty")
    options = {"vocab_size": vocabulary_size, "min_frequency": minimum_count, "show_progress": False}
    if kind == "wordpiece":
        backend = _wordpiece(cleaned, chosen, lowercase, options)
    else:
        backend = _byte_pairs(cleaned, chosen, kind == "byte-bpe", options, lowercase=lowercase)
    pipelines.frame(backend, chosen)
    return Tokenizer(backend, chosen, max_length=max_length)


def _byte_pairs(
    texts: list[str], special: SpecialTokens, is_byte_level: bool, options: dict[str, Any], *, lowercase: bool
) -> "Backend":
    library = tokenizers()
    backend: Backend = library.Tokenizer(library.models.BPE(unk_token=None if is_byte_level else special.unknown))
    (pipelines.byte_level if is_byte_level else pipelines.metaspace)(backend)
    if lowercase:
        pipelines.lowercase(backend)
    alphabet = byte_symbols() if is_byte_level else []
    trainer = library.trainers.BpeTrainer(special_tokens=special.names, initial_alphabet=alphabet, **options)
    backend.train_from_iterator(texts, trainer)
    return backend


def _wordpiece(texts: list[str], special: SpecialTokens, lowercase: bool, options: dict[str, Any]) -> "Backend":
    library = tokenizers()
    untrained = pipelines.wordpiece({str(special.unknown): 0}, str(special.unknown), lowercase)
    # The library numbers the pieces inside words in an order that changes from run to run, and breaks ties by number. Named
    # beforehand, like special tokens, they are numbered in order; a new tokenizer then holds them as what they are.
    inside = sorted(set().union(*(_inside(untrained, text) for text in texts)))
    trainer = library.trainers.WordPieceTrainer(special_tokens=[*special.names, *inside], **options)
    untrained.train_from_iterator(texts, trainer)
    return pipelines.wordpiece(untrained.get_vocab(), str(special.unknown), lowercase)


def _inside(backend: "Backend", text: str) -> set[str]:
    words = backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(text))
    return {pipelines.PREFIX + character for word, _ in words for character in word[1:]}
