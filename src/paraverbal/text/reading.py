"""What a model reads of texts: their token ids, or nothing where there is nothing that it could read."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paraverbal.text.normalise import clean
from paraverbal.text.tokenizer import Tokenizer


def read_tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> list[NDArray[np.int64]]:
    """Return the token ids of each text, int64 `[token]`, framed and cut to the longest input.

    A text of white space alone, or of tokens that are all unknown, says nothing, and its special tokens alone would say
    something to a model: such a text has no tokens, and counts as missing.
    """
    if not texts:
        return []
    encoding = tokenizer.encode(list(texts))
    unknown = tokenizer.unknown_share(encoding)
    ends = [
        0 if not clean(text).strip() or share == 1 else int(length)
        for text, share, length in zip(texts, unknown, encoding.lengths, strict=True)
    ]
    return [ids[:end] for ids, end in zip(encoding.ids, ends, strict=True)]
