"""Byte-pair encoding by a ranked list of merges, and the files that hold one.

A word starts as its characters, or its bytes. Of all neighbours that the list holds, those that come first in it are joined,
wherever they stand; so on until no neighbours are in the list (Sennrich, Haddow and Birch, "Neural Machine Translation of
Rare Words with Subword Units", 2016, algorithm 1). With bytes instead of characters nothing is unknown (Radford and others,
"Language Models are Unsupervised Multitask Learners", 2019, section 2.2): 256 symbols spell every text.

A list file has a merge a line, two symbols with a space between, in order of rank, and may begin with a line `#version`.
"""

import gzip
import re
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from paraverbal.errors import TextError

Merge = tuple[str, str]

BYTES = 256
# What stands behind the last symbol of a word, so that `art` alone and `art` in `artful` are two tokens.
END_OF_WORD = "</w>"

# CLIP's file holds more merges than CLIP uses: these make its vocabulary 2 * 256 (the bytes, and the same at the end of a
# word) + 48,894 + 2 (the special tokens) = 49,408.
CLIP_FILE = "bpe_simple_vocab_16e6"
CLIP_MERGES = 48_894

_FILE_ENDS = re.compile(r"\.txt(\.gz)?$")


def byte_symbols() -> list[str]:
    """Return the 256 visible characters that stand for the 256 bytes, in the order of their ids.

    First the bytes that are visible characters of Latin-1 themselves (`!` to `~`, `¡` to `¬`, `®` to `ÿ`), then the
    others, in order, as the characters from U+0100 on. It is the assignment of GPT-2, which CLIP took over.
    """
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = BYTES - len(visible)
    return [chr(code) for code in [*visible, *range(BYTES, BYTES + others)]]


def merge_steps(symbols: Sequence[str], merges: Sequence[Merge]) -> list[list[str]]:
    """Join the symbols of a word step by step, by rank.

    Args:
        symbols: The word as its characters (a `str` will do), or as any symbols.
        merges: Pairs in order of rank, the first first.

    Returns:
        The word before the first step and after each; the last are its tokens. One step joins one pair wherever it
        stands, from the left.

    Example:
        >>> merge_steps("hello", [("l", "l"), ("h", "e"), ("ll", "o")])[1:]
        [['h', 'e', 'll', 'o'], ['he', 'll', 'o'], ['he', 'llo']]
    """
    rank = {merge: index for index, merge in reversed(list(enumerate(merges)))}
    steps = [list(symbols)]
    while pairs := [pair for pair in pairwise(steps[-1]) if pair in rank]:
        steps.append(_joined(steps[-1], min(pairs, key=rank.__getitem__)))
    return steps


def read_merges(file: str | Path, count: int | None = None) -> list[Merge]:
    """Read a ranked list of merges from a `.txt` or `.txt.gz`.

    Args:
        file: A merge a line, in order of rank; a line `#version` (or one that ends on it) may come first.
        count: How many to read; None for all, and of CLIP's own file as many as CLIP uses (48,894).

    Raises:
        TextError: No such file, not UTF-8, damaged, a line that is not two symbols, a symbol that no line before it makes
            of bytes, or fewer merges than `count`.
    """
    path = Path(file)
    lines = read_lines(path)
    if lines and "#version" in lines[0]:
        lines[0] = ""
    if count is None and _FILE_ENDS.sub("", path.name) == CLIP_FILE:
        count = CLIP_MERGES
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()][:count]
    if count is not None and len(numbered) < count:
        raise TextError(f"{path}: holds {len(numbered)} merges, {count} were asked for; give a smaller count")
    return _checked(path, numbered)


def merges_vocabulary(merges: Sequence[Merge], opening: str, closing: str) -> dict[str, int]:
    """Return token -> id as CLIP assigns them: bytes, bytes at the end of a word, merges by rank, opening, closing.

    Args:
        merges: In order of rank; at the end of a word their symbols end on `</w>`.
        opening: Token before a text.
        closing: Token behind it.
    """
    symbols = byte_symbols()
    ends = [symbol + END_OF_WORD for symbol in symbols]
    joined = [first + second for first, second in merges]
    return {token: index for index, token in enumerate([*symbols, *ends, *joined, opening, closing])}


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file, or of one packed by gzip where the name ends on `.gz`.

    Raises:
        TextError: No such file, not UTF-8, or damaged.
    """
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise TextError(
            f"{path}: no such file; give a tokenizer.json, a folder with one, or a list of merges"
        ) from error
    except (EOFError, OSError, UnicodeDecodeError, zlib.error) as error:
        raise TextError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    # Not splitlines(): a symbol may be a character that it takes for a line's end.
    return text.replace("\r\n", "\n").split("\n")


def _joined(symbols: list[str], pair: Merge) -> list[str]:
    result: list[str] = []
    index = 0
    while index < len(symbols):
        width = 2 if tuple(symbols[index : index + 2]) == pair else 1
        result.append("".join(symbols[index : index + width]))
        index += width
    return result


def _checked(path: Path, numbered: list[tuple[int, str]]) -> list[Merge]:
    known = {*byte_symbols(), *(symbol + END_OF_WORD for symbol in byte_symbols())}
    merges: list[Merge] = []
    for number, line in numbered:
        parts = line.split(" ")
        if len(parts) != 2 or not all(parts):
            raise TextError(f"{path}, line {number}: {line!r}, expected two symbols with one space between them")
        unknown = [part for part in parts if part not in known]
        if unknown:
            raise TextError(
                f"{path}, line {number}: {unknown[0]!r} is neither one of the {BYTES} byte symbols nor made by a line "
                "before; the merges must be in order of rank"
            )
        known.add("".join(parts))
        merges.append((parts[0], parts[1]))
    return merges
