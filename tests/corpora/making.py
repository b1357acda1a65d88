"""Made-up corpora for the tests of this folder: empty files, since a table of utterances never reads samples."""

from collections.abc import Iterable
from pathlib import Path

from paraverbal.corpora.corpus import Corpus, Origin, Row


def touch(root: Path, files: Iterable[str]) -> Path:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def corpus_of(clips: Iterable[tuple[str, str | None]], *, name: str = "made") -> Corpus:
    """Return a corpus of (emotion, speaker) with files named by their number."""
    rows: list[Row] = [
        {"file": f"{number:04d}.wav", "emotion": emotion, "label": emotion, "speaker": speaker}
        for number, (emotion, speaker) in enumerate(clips)
    ]
    return Corpus.from_rows(Path("made"), rows, Origin(name))


def balanced(speakers: int, emotions: Iterable[str] = ("anger", "fear", "neutral"), each: int = 4) -> Corpus:
    """Return a corpus with `each` clips of every emotion by every speaker."""
    return corpus_of(
        (emotion, f"{speaker:02d}") for speaker in range(speakers) for emotion in emotions for _ in range(each)
    )
