"""Text -> token ids with masks and segments, as arrays, and back.

`Tokenizer` holds a tokenizer of the library tokenizers and what a model needs to know beside it: the special tokens by their
role, the longest input, and whether a model was trained on it elsewhere. Its texts are cleaned first (`normalise.py`), and a
text that happens to contain `[SEP]` or `<eos>` is text: special tokens come from the tokenizer alone.

`offsets` count characters of the cleaned text, which is the given one unless it held what `clean` changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import TextError, nearest
from paraverbal.text.library import SpecialTokensWarning, tokenizers
from paraverbal.text.merges import byte_symbols
from paraverbal.text.normalise import clean
from paraverbal.text.special import SpecialTokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Backend

Ids = NDArray[np.int64]
Texts = str | Sequence[str]


@dataclass(frozen=True, eq=False)
class Encoding:
    """A batch of texts as tokens, padded on the right to one length.

    Attributes:
        ids: int64 `[batch, token]`; behind a text's end the id of the padding token, or 0 where there is none.
        mask: int64 `[batch, token]`, 1 at tokens and 0 at padding: the attention mask.
        segments: int64 `[batch, token]`, 1 at the second text of a pair, else 0.
        offsets: int64 `[batch, token, 2]`, begin and end of a token in its text, in characters; zeros at special tokens
            and padding. None unless asked for.
    """

    ids: Ids
    mask: Ids
    segments: Ids
    offsets: Ids | None = None

    @property
    def lengths(self) -> Ids:
        """Tokens of each text, `[batch]`, with special tokens and without padding."""
        lengths: Ids = self.mask.sum(axis=1)
        return lengths


class Tokenizer:
    """Text -> token ids and back.

    Args:
        backend: A tokenizer of the library; it is copied.
        special: Its special tokens by role.
        max_length: The longest input in tokens, special tokens included; longer texts are cut at the end, of a pair the
            longer one first. None: no limit.
        pretrained: Whether a model was trained on it elsewhere. Encoding without special tokens is then warned about.

    Raises:
        TextError: A special token that the vocabulary lacks, or a `max_length` without room for text.
        MissingExtraError: The library tokenizers is not installed.
    """

    def __init__(
        self, backend: "Backend", special: SpecialTokens, *, max_length: int | None = None, pretrained: bool = False
    ) -> None:
        self.special = special
        self.max_length = max_length
        self.pretrained = pretrained
        self._backend: Backend = tokenizers().Tokenizer.from_buffer(backend.to_str().encode())
        self._backend.no_padding()
        self._backend.no_truncation()
        self._backend.encode_special_tokens = True
        self._check_special()
        empty = self._backend.encode("")
        # What stands around every text, as the model's files say.
        self.frame = tuple(empty.tokens)
        self._has_segments = any(empty.type_ids)
        self._unknown = getattr(self._backend.model, "unk_token", None) or special.unknown
        self._misread = _misread(self._backend)
        self._limit(max_length)

    def __repr__(self) -> str:
        kind = type(self._backend.model).__name__
        return f"Tokenizer({kind}, {self.size:,} tokens, frame {' '.join(self.frame) or 'none'}, max_length {self.max_length})"

    @property
    def size(self) -> int:
        """Rows that an embedding table needs: the highest id and one."""
        return max(self.vocabulary().values(), default=-1) + 1

    def vocabulary(self) -> dict[str, int]:
        """Return token -> id, added tokens included."""
        return self._backend.get_vocab()

    def backend(self) -> "Backend":
        """Return a copy of the library's tokenizer, to build another on."""
        copy: Backend = tokenizers().Tokenizer.from_buffer(self._backend.to_str().encode())
        return copy

    def id_of(self, token: str) -> int:
        """Return the id of a token.

        Raises:
            TextError: The vocabulary has no such token; the message names the nearest.
        """
        found = self._backend.token_to_id(token)
        if found is None:
            raise TextError(f"token {token!r} is not in the vocabulary{nearest(token, self.vocabulary())}")
        return found

    def tokens(self, text: str, *, special_tokens: bool = False) -> list[str]:
        """Return the tokens of a text as the vocabulary writes them, for reading."""
        return self._backend.encode(clean(text), add_special_tokens=special_tokens).tokens

    def encode(
        self,
        texts: Texts,
        second: Texts | None = None,
        *,
        special_tokens: bool = True,
        length: int | None = None,
        offsets: bool = False,
    ) -> Encoding:
        """Return texts, or pairs of texts, as a padded batch.

        Args:
            texts: One text, or a batch of them.
            second: As many texts, each to follow its first as segment 1.
            special_tokens: Whether to frame them. A pretrained model is warned about without.
            length: Pad to so many tokens; None: to the longest of the batch.
            offsets: Whether to return them; a fifth more time.

        Raises:
            TextError: What is no text, another number of second texts, or a `length` below the longest text's.
        """
        self._warn_if_bare(special_tokens)
        inputs = _inputs(texts, second)
        encode = self._backend.encode_batch if offsets else self._backend.encode_batch_fast
        found = encode(inputs, add_special_tokens=special_tokens)
        rows = [one.ids for one in found]
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        mask = np.arange(_width(lengths, length)) < lengths[:, None]
        pad = self._backend.token_to_id(self.special.pad) if self.special.pad is not None else 0
        segments = np.zeros(mask.shape, np.int64)
        if second is not None or self._has_segments:
            segments = _padded([one.type_ids for one in found], mask, 0)
        return Encoding(
            ids=_padded(rows, mask, pad or 0),
            mask=mask.astype(np.int64),
            segments=segments,
            offsets=_padded_offsets(found, mask) if offsets else None,
        )

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text without special tokens, not cut to `max_length`."""
        whole = self if self.max_length is None else self.limited(None)
        found = whole._backend.encode_batch_fast([clean(text) for text in texts], add_special_tokens=False)
        return [one.ids for one in found]

    def decode(self, ids: Encoding | Sequence[Sequence[int]] | Ids, *, special_tokens: bool = False) -> list[str]:
        """Return the texts of a batch of ids.

        Text comes back as exactly as its tokens say: byte-level tokens give every byte back, WordPiece forgets spaces, and
        what was cut off or unknown stays so.

        Args:
            ids: An encoding, whose mask takes the padding out, or ids `[batch, token]`.
            special_tokens: Whether to write special tokens too.

        Raises:
            TextError: An id outside the vocabulary.
        """
        if isinstance(ids, Encoding):
            rows = [row[mask > 0].tolist() for row, mask in zip(ids.ids, ids.mask, strict=True)]
        else:
            rows = [[int(index) for index in row] for row in ids]
        size = self.size
        for index in chain.from_iterable(rows):
            if not 0 <= index < size:
                raise TextError(f"id {index} is outside the vocabulary of {size:,} tokens (0 to {size - 1})")
        return [self._text(row, skip=not special_tokens) for row in rows]

    def unknown_share(self, encoding: Encoding) -> NDArray[np.float64]:
        """Return the share of each text's tokens, special ones left out, that are unknown: `[batch]`, 0 to 1.

        A text without tokens has 0, and so has every text of a tokenizer that spells all there is by bytes. At 1 the model
        reads nothing of a text.
        """
        if self._unknown is None or self._unknown in self.frame:
            return np.zeros(len(encoding.ids))
        framed = [self.id_of(name) for name in {*self.frame, *self.special.names} - {self._unknown}]
        is_text = (encoding.mask > 0) & ~np.isin(encoding.ids, framed)
        unknown = (encoding.ids == self.id_of(self._unknown)) & is_text
        share: NDArray[np.float64] = unknown.sum(axis=1) / np.maximum(is_text.sum(axis=1), 1)
        return share

    def limited(self, max_length: int | None) -> "Tokenizer":
        """Return the same tokenizer with another longest input."""
        return Tokenizer(self._backend, self.special, max_length=max_length, pretrained=self.pretrained)

    def save(self, file: str | Path) -> None:
        """Write a `tokenizer.json` with `max_length` and padding, which `load_tokenizer` and the library itself read."""
        copy = self.backend()
        if self.max_length is not None:
            copy.enable_truncation(self.max_length)
        if self.special.pad is not None:
            copy.enable_padding(pad_id=self.id_of(self.special.pad), pad_token=self.special.pad)
        Path(file).write_text(copy.to_str(pretty=True) + "\n", encoding="utf-8")

    def _check_special(self) -> None:
        unknown = getattr(self._backend.model, "unk_token", None)
        for name in filter(None, [*self.special.names, unknown]):
            if self._backend.token_to_id(name) is None:
                raise TextError(f"special token {name!r} is not in the vocabulary; add it, or name the one that is")

    def _limit(self, max_length: int | None) -> None:
        if max_length is None:
            return
        least = self._backend.num_special_tokens_to_add(is_pair=True) + 2
        if max_length < least:
            raise TextError(
                f"max_length is {max_length}, expected {least} or more: special tokens and one of each text"
            )
        self._backend.enable_truncation(max_length)

    def _warn_if_bare(self, special_tokens: bool) -> None:
        if not self.pretrained:
            return
        named = [name for name in (self.special.opening, self.special.closing) if name is not None]
        missing = [name for name in named if name not in self.frame] if special_tokens else list(self.frame) or named
        if missing:
            warn(
                f"text is encoded without {' '.join(missing)}, with which this tokenizer's model was trained; "
                "it will read the text otherwise than it learned to",
                SpecialTokensWarning,
                stacklevel=3,
            )

    def _text(self, ids: list[int], skip: bool) -> str:
        parts: list[str] = []
        run: list[int] = []
        for index in ids:
            if index in self._misread:
                parts += [self._backend.decode(run, skip_special_tokens=skip), self._misread[index]]
                run = []
            else:
                run.append(index)
        return "".join([*parts, self._backend.decode(run, skip_special_tokens=skip)])


def _misread(backend: "Backend") -> dict[int, str]:
    # The library takes the letters of a word that was added for the symbols of bytes: é would come back as a broken byte.
    if "ByteLevel" not in repr(backend.decoder):
        return {}
    symbols = {symbol for symbol in byte_symbols() if not symbol.isascii()}
    added = {index: token.content for index, token in backend.get_added_tokens_decoder().items()}
    return {index: content for index, content in added.items() if symbols & set(content)}


def _inputs(texts: Texts, second: Texts | None) -> list[Any]:
    firsts = [clean(text) for text in ([texts] if isinstance(texts, str) else texts)]
    if second is None:
        return firsts
    seconds = [clean(text) for text in ([second] if isinstance(second, str) else second)]
    if len(seconds) != len(firsts):
        raise TextError(f"{len(firsts)} first texts and {len(seconds)} second ones; they must be pairs")
    return list(zip(firsts, seconds, strict=True))


def _width(lengths: Ids, length: int | None) -> int:
    longest = int(lengths.max(initial=0))
    if length is None:
        return longest
    if length < longest:
        raise TextError(
            f"length is {length}, but a text has {longest} tokens; set max_length, which cuts, or pad to more"
        )
    return length


def _padded(rows: list[list[int]], mask: NDArray[np.bool_], fill: int) -> Ids:
    padded = np.full(mask.shape, fill, np.int64)
    padded[mask] = np.fromiter(chain.from_iterable(rows), np.int64)
    return padded


def _padded_offsets(found: Sequence[Any], mask: NDArray[np.bool_]) -> Ids:
    padded = np.zeros((*mask.shape, 2), np.int64)
    pairs = chain.from_iterable(one.offsets for one in found)
    padded[mask] = np.fromiter(chain.from_iterable(pairs), np.int64).reshape(-1, 2)
    return padded
