"""What stands around a model of tokens: what cuts text into words before it, frames its tokens, and joins them again.

| function | cuts at | joins again |
|---|---|---|
| `metaspace` | spaces, which become `▁` and stay, and punctuation | exactly |
| `byte_level` | words with the space before them, as GPT-2 | exactly |
| `wordpiece` | spaces, punctuation, and around each Chinese character, as BERT | up to spaces |
| `clip` | as CLIP: lower case, contractions, runs of letters, single digits | up to spaces and case |
"""

from typing import TYPE_CHECKING

from paraverbal.text.library import tokenizers
from paraverbal.text.merges import END_OF_WORD
from paraverbal.text.special import SpecialTokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Backend

PREFIX = "##"  # of a piece that does not begin a word, in WordPiece

# CLIP's words: English contractions, runs of letters, single digits, runs of what is neither.
_CLIP_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def metaspace(backend: "Backend") -> None:
    """Surround a BPE of characters."""
    parts = tokenizers()
    spaces = parts.pre_tokenizers.Metaspace(prepend_scheme="never")
    punctuation = parts.pre_tokenizers.Punctuation("isolated")
    backend.pre_tokenizer = parts.pre_tokenizers.Sequence([spaces, punctuation])
    backend.decoder = parts.decoders.Metaspace(prepend_scheme="never")


def byte_level(backend: "Backend") -> None:
    """Surround a BPE of bytes."""
    parts = tokenizers()
    backend.pre_tokenizer = parts.pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = parts.decoders.ByteLevel()


def wordpiece(vocabulary: dict[str, int], unknown: str, lowercase: bool) -> "Backend":
    """Return a WordPiece of a vocabulary that holds `unknown`; `lowercase` also takes accents off, as in BERT."""
    parts = tokenizers()
    backend: Backend = parts.Tokenizer(parts.models.WordPiece(vocabulary, unk_token=unknown))
    backend.normalizer = parts.normalizers.BertNormalizer(lowercase=lowercase)
    backend.pre_tokenizer = parts.pre_tokenizers.BertPreTokenizer()
    backend.decoder = parts.decoders.WordPiece(PREFIX)
    return backend


def clip(backend: "Backend") -> None:
    """Surround a BPE of bytes whose words end on `</w>`."""
    parts = tokenizers()
    spaces = parts.normalizers.Replace(parts.Regex(r"\s+"), " ")
    backend.normalizer = parts.normalizers.Sequence([parts.normalizers.NFC(), spaces, parts.normalizers.Lowercase()])
    words = parts.pre_tokenizers.Split(parts.Regex(_CLIP_WORDS), "removed", invert=True)
    symbols = parts.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.pre_tokenizer = parts.pre_tokenizers.Sequence([words, symbols])
    ends = parts.decoders.Replace(END_OF_WORD, " ")
    backend.decoder = parts.decoders.Sequence([parts.decoders.ByteLevel(), ends, parts.decoders.Strip(" ", 0, 1)])


def lowercase(backend: "Backend") -> None:
    """Let a tokenizer without a normaliser read capitals as small letters."""
    backend.normalizer = tokenizers().normalizers.Lowercase()


def frame(backend: "Backend", special: SpecialTokens) -> None:
    """Let a tokenizer put `special.opening` before a text, `special.closing` behind it and behind the second of a pair.

    The second text and what closes it are segment 1, all before them segment 0. Roles that are None are left out.
    """
    opening = [f"{special.opening}:0"] if special.opening is not None else []
    closing = [f"{special.closing}:{{segment}}"] if special.closing is not None else []
    single = " ".join([*opening, "$A:0", *closing]).format(segment=0)
    second = " ".join(["$B:1", *closing]).format(segment=1)
    backend.add_special_tokens(special.names)
    used = dict.fromkeys(name for name in (special.opening, special.closing) if name is not None)
    backend.post_processor = tokenizers().processors.TemplateProcessing(
        single=single,
        pair=f"{single} {second}",
        special_tokens=[(name, backend.token_to_id(name)) for name in used],
    )
