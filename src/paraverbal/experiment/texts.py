"""Transcripts of a corpus -> the tokenizer of a run, and the tokens of each clip.

A tokenizer is trained on the transcripts of the training part alone: words of the other parts are as unknown to it as those
of a stranger.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.split import Split
from paraverbal.errors import CorpusError, TextError, optional
from paraverbal.evaluation.protocol import PARTS
from paraverbal.experiment.plan import rows
from paraverbal.models.fusion import TEXT
from paraverbal.settings import TOKENIZER_KINDS, Recipe, TextSettings
from paraverbal.text import Tokenizer, load_tokenizer, train_tokenizer
from paraverbal.text.reading import read_tokens

# What a recipe's "auto" trains.
DEFAULT_KIND = "byte-bpe"
# Files of a tokenizer, of which a hub has one or several.
HUB_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
)

Row = Mapping[str, Any]


def tokenizer_of(recipe: Recipe, corpus: Corpus, split: Split, tell: Callable[[str], None]) -> Tokenizer | None:
    """Return the tokenizer that a recipe asks for, trained or loaded; None if it reads no text.

    Args:
        recipe: Its section `text`.
        corpus: The clips.
        split: Which are in the training part.
        tell: Told how many clips lack a transcript.

    Raises:
        CorpusError: No clip of the training part has a transcript.
        TextError: The tokenizer cannot be loaded.
        MissingExtraError: tokenizers is not installed, or transformers for a name of the hub.
    """
    settings = recipe.text
    if not settings.is_read:
        return None
    found = {part: [row["transcript"] for row in rows(corpus, split, part)] for part in PARTS}
    texts = [text for text in found["train"] if text is not None]
    if not texts:
        raise CorpusError(
            f"{corpus.name}: no clip of part train has a transcript; give a table with a column transcript "
            "(or --columns transcript=COLUMN), or take a recipe without text"
        )
    for part, given in found.items():
        if None in given:
            tell(f"notice: {given.count(None)} of {len(given)} clips of part {part} have no transcript")
    return make_tokenizer(settings, texts)


def tokens_of(tokenizer: Tokenizer, clips: Sequence[Row]) -> list[dict[str, NDArray[np.int64]]]:
    """Return the token ids of each row's transcript, int64 `[token]`, under `text`; nothing for a row without one."""
    texts = sorted({row["transcript"] for row in clips} - {None})
    known = {text: ids for text, ids in zip(texts, read_tokens(tokenizer, texts), strict=True) if len(ids)}
    return [{TEXT: known[row["transcript"]]} if row["transcript"] in known else {} for row in clips]


def make_tokenizer(settings: TextSettings, texts: Sequence[str]) -> Tokenizer:
    """Return the tokenizer that the settings ask for: trained on texts, or loaded, from files or the hub.

    Raises:
        TextError, MissingExtraError: As `tokenizer_of`.
    """
    kind = settings.tokenizer
    if kind == "auto":
        kind = settings.pretrained or DEFAULT_KIND
    if kind in TOKENIZER_KINDS:
        return train_tokenizer(
            texts, kind, settings.vocabulary_size, lowercase=settings.lowercase, max_length=settings.max_length
        )
    loaded = load_tokenizer(kind if Path(kind).exists() or not settings.pretrained else _from_hub(kind))
    longest = min(settings.max_length, loaded.max_length or settings.max_length)
    return loaded.limited(longest)


def _from_hub(name: str) -> Path:
    """Return the folder in which the tokenizer of a hub's model lies, fetched if it is not there."""
    cached_file = optional("transformers.utils.hub").cached_file
    options = {"_raise_exceptions_for_missing_entries": False}
    try:
        files = [cached_file(name, file, **options) for file in HUB_FILES]
    except (OSError, ValueError) as error:
        raise TextError(f"{name}: no tokenizer can be had from the hub ({error}); give a folder") from error
    folders = [Path(file).parent for file in files if file is not None]
    if not folders:
        raise TextError(f"{name}: the hub has no tokenizer of this name; give a folder with {HUB_FILES[0]}")
    return folders[0]
