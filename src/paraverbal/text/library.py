"""What text needs from outside: the libraries of the extra `text`, imported when they are first used.

tokenizers costs 20 ms to import, jieba 40 ms. jieba also writes to the root of the log, warns while it is compiled, and reads
its dictionary from a cache in the temporary folder that anybody may have written; `paraverbal.text.words` goes around that.
"""

import warnings
from typing import Any

from paraverbal.errors import optional


class SpecialTokensWarning(UserWarning):
    """A text is encoded without the special tokens that its tokenizer's model was trained with."""


def tokenizers() -> Any:
    """Return the library tokenizers.

    Raises:
        MissingExtraError: It is not installed.
    """
    return optional("tokenizers")


def jieba() -> Any:
    """Return the library jieba, imported without its warnings (invalid escapes, `pkg_resources`).

    Raises:
        MissingExtraError: It is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return optional("jieba")
