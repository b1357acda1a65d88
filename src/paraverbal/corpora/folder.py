"""A folder per emotion: `anger/x.wav`, `speaker 1/angry/x.wav`, `train/happy/day 2/x.wav`.

The emotion of a file is the folder nearest to it whose name is a known emotion word. Speakers stay unknown.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from paraverbal.corpora.corpus import Corpus, Origin, Row
from paraverbal.emotions import EMOTIONS, canonical
from paraverbal.errors import LabelError, nearest

NAME = "folder per emotion"


def parse(file: PurePosixPath, labels: Mapping[str, str] | None = None) -> Row | None:
    """Return label and emotion of a file, or None when no folder above it is an emotion word.

    Args:
        file: Relative to the corpus folder.
        labels: Names of folders -> canonical emotions; asked first.
    """
    for name in reversed(file.parent.parts):
        try:
            return {"label": name, "emotion": canonical(name, labels)}
        except LabelError:
            continue
    return None


def read(
    root: Path, files: Sequence[PurePosixPath], *, name: str | None = None, labels: Mapping[str, str] | None = None
) -> Corpus:
    """Read a folder per emotion.

    Raises:
        LabelError: A file lies in no emotion folder; all such folders are named.
    """
    parsed = {file: parse(file, labels) for file in files}
    _reject_unknown(root, [file for file, row in parsed.items() if row is None])
    rows = [{"file": file.as_posix(), **row} for file, row in parsed.items() if row is not None]
    return Corpus.from_rows(root, rows, Origin(name or root.resolve().name))


def _reject_unknown(root: Path, files: Sequence[PurePosixPath]) -> None:
    if not files:
        return
    folders = sorted({file.parent.as_posix() for file in files})
    word = PurePosixPath(folders[0]).name
    raise LabelError(
        f"{root}: {len(files)} files lie in no emotion folder, but in {', '.join(folders[:5])}"
        f"{nearest(word.lower(), EMOTIONS)}; move them away, or map the folder to one of {', '.join(EMOTIONS)} "
        f"(--labels '{word}=EMOTION', labels={{{word!r}: EMOTION}} in Python)"
    )
