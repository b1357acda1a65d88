"""Reading a tokenizer that was trained elsewhere, from its files alone; no network is asked.

| given | read as |
|---|---|
| a folder with `tokenizer.json` | that file; roles and limits from `tokenizer_config.json`, `special_tokens_map.json` |
| a folder with `vocab.txt` | WordPiece, BERT style; `do_lower_case` from `tokenizer_config.json`, true where it says nothing |
| a folder with `vocab.json` and `merges.txt` | byte-level BPE, as GPT-2, RoBERTa; as CLIP where words end on `</w>` |
| `*.json` | a `tokenizer.json` |
| `*.txt`, `*.txt.gz`, two symbols a line | ranked merges, as CLIP's |
| `*.txt`, a token a line | WordPiece, BERT style |
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paraverbal.errors import TextError
from paraverbal.text import pipelines
from paraverbal.text.library import tokenizers
from paraverbal.text.merges import CLIP_FILE, END_OF_WORD, Merge, merges_vocabulary, read_lines, read_merges
from paraverbal.text.special import BERT, CLIP, SpecialTokens
from paraverbal.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Backend

FOLDER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json with merges.txt")

# Limits above this are a way to write "none": tokenizer_config.json then says 1e30.
_NO_LIMIT = 10_000_000

# Names of a role in the configuration files, and of tokens that play it where no file says so.
_KEYS = {
    "opening": "cls_token",
    "closing": "sep_token",
    "pad": "pad_token",
    "unknown": "unk_token",
    "mask": "mask_token",
}
_COMMON = {"pad": ("[PAD]", "<pad>"), "unknown": ("[UNK]", "<unk>"), "mask": ("[MASK]", "<mask>")}


def load_tokenizer(path: str | Path, *, merges: int | None = None, max_length: int | None = None) -> Tokenizer:
    """Read a pretrained tokenizer.

    Args:
        path: A folder or a file, as in the table above.
        merges: How many merges of a ranked list to use; None: all, of CLIP's own file as many as CLIP uses.
        max_length: The longest input in tokens; None: as the files say, without limit where they say nothing.

    Returns:
        A tokenizer with `pretrained` true. Its special tokens are those that the files name, and those that they frame
        texts with.

    Raises:
        TextError: No such file, nothing in the folder that is known, or a file that is damaged.
        MissingExtraError: The library tokenizers is not installed.
    """
    path = Path(path)
    if path.is_dir():
        loaded = _from_folder(path)
    elif path.suffix == ".json":
        loaded = _from_json(path, {})
    else:
        loaded = _from_lines(path, merges)
    return loaded if max_length is None else loaded.limited(max_length)


def wordpiece_tokenizer(
    vocabulary: Mapping[str, int],
    special: SpecialTokens = BERT,
    *,
    lowercase: bool = True,
    max_length: int | None = None,
    pretrained: bool = True,
) -> Tokenizer:
    """Return a WordPiece tokenizer of a vocabulary.

    Args:
        vocabulary: Token -> id; pieces inside a word begin with `##`.
        special: Tokens by role; those that the vocabulary lacks are left out, all but the unknown one.
        lowercase: Whether capitals are read as small letters and accents taken off.
        max_length: The longest input in tokens.
        pretrained: Whether a model was trained on it.

    Raises:
        TextError: A vocabulary without the unknown token.
    """
    if special.unknown is None or special.unknown not in vocabulary:
        raise TextError(
            f"the vocabulary of {len(vocabulary):,} tokens lacks {special.unknown!r}, which WordPiece needs"
        )
    found = _within(special, vocabulary)
    backend = pipelines.wordpiece(dict(vocabulary), special.unknown, lowercase)
    pipelines.frame(backend, found)
    return Tokenizer(backend, found, max_length=max_length, pretrained=pretrained)


def merges_tokenizer(merges: list[Merge], special: SpecialTokens = CLIP, *, max_length: int | None = None) -> Tokenizer:
    """Return the byte-level tokenizer of ranked merges, as CLIP's: lower case, words ending on `</w>`, framed.

    Args:
        merges: In order of rank, as `read_merges` returns them.
        special: Names an opening and a closing token, which get the last two ids.
        max_length: The longest input in tokens (of CLIP 77).

    Raises:
        TextError: No opening or no closing token.
    """
    if special.opening is None or special.closing is None:
        raise TextError(f"special tokens are {special}, expected an opening and a closing one")
    vocabulary = merges_vocabulary(merges, special.opening, special.closing)
    backend = _byte_pairs(vocabulary, merges)
    pipelines.frame(backend, special)
    return Tokenizer(backend, special, max_length=max_length, pretrained=True)


def _from_lines(path: Path, count: int | None) -> Tokenizer:
    lines = [line for line in read_lines(path) if line.strip() and "#version" not in line]
    if lines and len(lines[0].split(" ")) == 1 and not path.name.startswith(CLIP_FILE):
        return _from_vocabulary(path, {})
    return merges_tokenizer(read_merges(path, count))


def _from_folder(folder: Path) -> Tokenizer:
    settings = {**_document(folder / "special_tokens_map.json"), **_document(folder / "tokenizer_config.json")}
    if (folder / "tokenizer.json").exists():
        return _from_json(folder / "tokenizer.json", settings)
    if (folder / "vocab.txt").exists():
        return _from_vocabulary(folder / "vocab.txt", settings)
    if (folder / "vocab.json").exists() and (folder / "merges.txt").exists():
        return _from_vocabulary_and_merges(folder, settings)
    raise TextError(f"{folder}: holds no tokenizer; expected {', '.join(FOLDER_FILES)}")


def _from_json(path: Path, settings: Mapping[str, Any]) -> Tokenizer:
    try:
        backend: Backend = tokenizers().Tokenizer.from_buffer("\n".join(read_lines(path)).encode())
    except ValueError as error:
        raise TextError(f"{path}: is no tokenizer.json that the installed tokenizers reads ({error})") from error
    limit, pad = (backend.truncation or {}).get("max_length"), (backend.padding or {}).get("pad_token")
    backend.no_truncation()
    backend.no_padding()
    special = _special(settings, backend, pad)
    return Tokenizer(backend, special, max_length=_limit(settings) or limit, pretrained=True)


def _from_vocabulary(path: Path, settings: Mapping[str, Any]) -> Tokenizer:
    lines = [line.rstrip("\r") for line in read_lines(path)]
    vocabulary = {token: index for index, token in enumerate(lines[: -1 if lines[-1] == "" else None])}
    special = replace(BERT, **_named(settings))
    lowercase = bool(settings.get("do_lower_case", True))
    try:
        return wordpiece_tokenizer(vocabulary, special, lowercase=lowercase, max_length=_limit(settings))
    except TextError as error:
        raise TextError(f"{path}: {error}") from error


def _from_vocabulary_and_merges(folder: Path, settings: Mapping[str, Any]) -> Tokenizer:
    vocabulary = _document(folder / "vocab.json")
    merges = read_merges(folder / "merges.txt")
    lacking = {token for first, second in merges for token in (first, second, first + second)} - vocabulary.keys()
    if lacking or not all(isinstance(index, int) for index in vocabulary.values()):
        raise TextError(f"{folder}: vocab.json lacks {len(lacking)} tokens of merges.txt, or holds what is no id")
    backend = _byte_pairs(vocabulary, merges)
    special = SpecialTokens(**_named(settings))
    if backend.model.end_of_word_suffix:  # CLIP, whose files call its two tokens bos and eos
        special = replace(special, opening=_name(settings, "bos_token"), closing=_name(settings, "eos_token"))
    special = _within(special, vocabulary)
    pipelines.frame(backend, special)
    return Tokenizer(backend, special, max_length=_limit(settings), pretrained=True)


def _byte_pairs(vocabulary: Mapping[str, int], merges: list[Merge]) -> "Backend":
    library = tokenizers()
    is_clip = any(second.endswith(END_OF_WORD) for _, second in merges) or "a" + END_OF_WORD in vocabulary
    suffix = {"end_of_word_suffix": END_OF_WORD} if is_clip else {}
    backend: Backend = library.Tokenizer(library.models.BPE(dict(vocabulary), merges, **suffix))
    (pipelines.clip if is_clip else pipelines.byte_level)(backend)
    return backend


def _special(settings: Mapping[str, Any], backend: "Backend", pad: str | None) -> SpecialTokens:
    # What the files name; what the tokenizer frames texts with; what is called as such tokens commonly are.
    named = _named(settings)
    framed = backend.encode("a")
    is_special = framed.special_tokens_mask or [0]
    opening = framed.tokens[0] if is_special[0] else None
    closing = framed.tokens[-1] if is_special[-1] else None
    named = {"opening": opening, "closing": closing, **named}
    found = {"pad": pad, "unknown": getattr(backend.model, "unk_token", None)}
    for role, names in _COMMON.items():
        common = next((name for name in names if backend.token_to_id(name) is not None), None)
        named.setdefault(role, found.get(role) or common)
    return _within(SpecialTokens(**named), backend.get_vocab())


def _named(settings: Mapping[str, Any]) -> dict[str, str | None]:
    return {role: name for role, key in _KEYS.items() if (name := _name(settings, key)) is not None}


def _name(settings: Mapping[str, Any], key: str) -> str | None:
    value = settings.get(key)
    # Written as a token, or as an object with its properties.
    content = value.get("content") if isinstance(value, Mapping) else value
    return content if isinstance(content, str) else None


def _within(special: SpecialTokens, vocabulary: Mapping[str, int]) -> SpecialTokens:
    return SpecialTokens(**{role: name if name in vocabulary else None for role, name in asdict(special).items()})


def _limit(settings: Mapping[str, Any]) -> int | None:
    limit = settings.get("model_max_length")
    return int(limit) if isinstance(limit, int | float) and 0 < limit < _NO_LIMIT else None


def _document(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        document = json.loads("\n".join(read_lines(path)))
    except json.JSONDecodeError as error:
        raise TextError(f"{path}: is no JSON ({error})") from error
    if not isinstance(document, dict):
        raise TextError(f"{path}: holds a {type(document).__name__}, expected a JSON object")
    return document
