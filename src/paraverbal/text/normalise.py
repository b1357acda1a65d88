"""Bringing text into the one form that tokenizers are given, whatever it came as.

It is little, because a pretrained tokenizer normalises further in its own way, and must get what it was trained on: text that
is printable and composed goes through unchanged. What is done to the rest:

| text | becomes |
|---|---|
| empty, or of white space alone | as it is; encoded, it is its special tokens alone |
| a letter and its accent as two code points | one code point (Unicode NFC), so that both spellings are the same tokens |
| line breaks, tabs, other white space among the controls | a space each |
| other control characters (Unicode category Cc, such as NUL) and the byte order mark | removed |
| half of a surrogate pair, as badly decoded files hold | U+FFFD, the replacement character |
| emoji, joiners, marks of direction, any script | as they are |
"""

import re
import unicodedata

from paraverbal.errors import TextError

_SPACES = re.compile("\r\n|[\t\n\v\f\r\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def clean(text: str) -> str:
    r"""Return a text as tokenizers are given it; cleaning it again changes nothing.

    Raises:
        TextError: It is no `str`, such as None for a transcript that is missing.

    Example:
        >>> clean("Kids are\ttalking\x00 by the door\n")
        'Kids are talking by the door '
    """
    if not isinstance(text, str):
        raise TextError(f"text is {text!r}, expected a str; leave out what has no transcript, or give ''")
    if not text.isprintable():
        text = _CONTROLS.sub("", _SPACES.sub(" ", text))
        text = _SURROGATES.sub(_REPLACEMENT, text)
    return unicodedata.normalize("NFC", text)
