"""Files as a published split names them -> files of the corpus at hand, elsewhere or of another format."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import PurePosixPath

from paraverbal.corpora.corpus import Corpus
from paraverbal.emotions import canonical
from paraverbal.errors import LabelError, SplitError

# The ways to compare, the strictest first.
_KEYS: tuple[Callable[[PurePosixPath], str], ...] = (
    lambda file: file.as_posix(),
    lambda file: file.with_suffix("").as_posix(),
    lambda file: file.name,
    lambda file: file.stem,
)


def match_files(corpus: Corpus, files: Sequence[str], emotions: Sequence[str | None]) -> list[str | None]:
    """Return the corpus's file for each given one: by path, by path without extension, or by a unique file name.

    Args:
        corpus: The recordings.
        files: As the split names them.
        emotions: As the split names them, or None. A row whose emotion the corpus does not hold has no file (None).

    Raises:
        SplitError: No file of the corpus fits (some names are given), or the emotions differ.
    """
    own: dict[str, set[str]] = {}  # a file may hold several utterances
    for file, emotion in corpus.table.select("file", "emotion").iter_rows():
        own.setdefault(file, set()).add(emotion)
    lookups = [_unique(own, key) for key in _KEYS]
    wanted = [_known(emotion) for emotion in emotions]
    kept = set(corpus.emotions)
    found = [
        None if emotion is not None and emotion not in kept else _look_up(file, lookups)
        for file, emotion in zip(files, wanted, strict=True)
    ]
    _reject_unmatched(corpus, files, wanted, found)
    _reject_other_emotion(own, wanted, found)
    return found


def _unique(files: Collection[str], key: Callable[[PurePosixPath], str]) -> dict[str, str]:
    keys = [key(PurePosixPath(file)) for file in files]
    counts = Counter(keys)
    return {name: file for name, file in zip(keys, files, strict=True) if counts[name] == 1}


def _look_up(file: str, lookups: Sequence[Mapping[str, str]]) -> str | None:
    path = PurePosixPath(file.replace("\\", "/"))
    matches = (lookup.get(key(path)) for key, lookup in zip(_KEYS, lookups, strict=True))
    return next((match for match in matches if match is not None), None)


def _known(emotion: str | None) -> str | None:
    try:
        return None if emotion is None else canonical(emotion)
    except LabelError:
        return None  # a word of the split's own: nothing to compare


def _reject_unmatched(
    corpus: Corpus, files: Sequence[str], wanted: Sequence[str | None], found: Sequence[str | None]
) -> None:
    kept = set(corpus.emotions)
    missing = sorted(
        {
            file
            for file, emotion, match in zip(files, wanted, found, strict=True)
            if match is None and (emotion is None or emotion in kept)
        }
    )
    if missing:
        raise SplitError(
            f"{len(missing)} of {len(set(files))} files of the split are not in the corpus {corpus.name}, for example "
            f"{', '.join(missing[:3])}; give the split of this corpus, or the complete corpus"
        )


def _reject_other_emotion(
    own: Mapping[str, set[str]], wanted: Sequence[str | None], found: Sequence[str | None]
) -> None:
    for emotion, file in zip(wanted, found, strict=True):
        if file is not None and emotion is not None and emotion not in own[file]:
            said = " and ".join(sorted(own[file]))
            raise SplitError(f"{file}: the split says {emotion}, the corpus {said}; give the split of this corpus")
