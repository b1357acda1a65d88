"""What is in a corpus: clips, hours, emotions, speakers, and the files that are broken."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paraverbal.audio.read import read
from paraverbal.errors import AudioError

if TYPE_CHECKING:
    from paraverbal.corpora.corpus import Corpus

# Decoding releases the interpreter's lock, so threads share the processors well.
_WORKERS = 4


@dataclass(frozen=True)
class Inventory:
    """What is in a corpus; every file was decoded.

    Attributes:
        name: The corpus.
        clips: Utterances that can be read.
        seconds: Their duration together.
        shortest: `{file, seconds}` of the shortest, None if no file can be read.
        longest: `{file, seconds}` of the longest.
        emotions: Canonical emotion -> clips that can be read.
        labels: The corpus's own word -> clips that can be read.
        speakers: Speaker -> clips that can be read; empty where no speaker is known. With several corpora
            `corpus/speaker`.
        broken: `{file, error}` of each file that cannot be read.
        skipped: Audio files whose names do not fit the corpus, so that they are not in it.
        licence: As its source states it.
        source: Where it is from.
    """

    name: str
    clips: int
    seconds: float
    shortest: dict[str, Any] | None
    longest: dict[str, Any] | None
    emotions: dict[str, int]
    labels: dict[str, int]
    speakers: dict[str, int]
    broken: list[dict[str, str]]
    skipped: list[str]
    licence: str
    source: str

    def to_dict(self, audit: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the inventory as JSON values; `audit` is the answer of `audit()` for a split, None without a split."""
        return asdict(self) | {"audit": audit}


def inventory(corpus: "Corpus") -> Inventory:
    """Count what is in a corpus, decoding each file: only that finds the broken ones.

    Args:
        corpus: The corpus; a row with `start` and `end` counts as the part between them.

    Returns:
        The counts. A file that is missing, empty, damaged or not audio is in `broken` and nowhere else.
    """
    rows = corpus.table.select("file", "start", "end", "emotion", "label", "speaker", "corpus").to_dicts()
    files = list(dict.fromkeys(row["file"] for row in rows))
    with ThreadPoolExecutor(_WORKERS) as pool:
        decoded = dict(zip(files, pool.map(_seconds_or_error, [corpus.path(file) for file in files]), strict=True))
    broken = [{"file": file, "error": found} for file, found in decoded.items() if isinstance(found, str)]
    good = [row for row in rows if not isinstance(decoded[row["file"]], str)]
    durations = [(row["file"], _utterance_seconds(row, decoded[row["file"]])) for row in good]
    several = len({row["corpus"] for row in rows}) > 1
    return Inventory(
        name=corpus.name,
        clips=len(good),
        seconds=sum(seconds for _, seconds in durations),
        shortest=_clip(min(durations, key=_by_seconds, default=None)),
        longest=_clip(max(durations, key=_by_seconds, default=None)),
        emotions=_counts(row["emotion"] for row in good),
        labels=_counts(row["label"] for row in good),
        speakers=_counts(_speaker(row, several) for row in good),
        broken=broken,
        skipped=list(corpus.skipped),
        licence=corpus.licence,
        source=corpus.source,
    )


def _seconds_or_error(file: str | Path) -> float | str:
    """Return the duration of a file in seconds, or what is wrong with it."""
    try:
        waveform, rate = read(file)
    except AudioError as error:
        return error.problem
    except OSError as error:
        return f"cannot be read ({error.strerror or error}); check the path and its permissions"
    return len(waveform) / rate


def _utterance_seconds(row: dict[str, Any], file_seconds: float | str) -> float:
    whole = float(file_seconds)
    start = row["start"] or 0.0
    end = whole if row["end"] is None else min(whole, row["end"])
    return max(0.0, end - start)


def _clip(clip: tuple[str, float] | None) -> dict[str, Any] | None:
    return None if clip is None else {"file": clip[0], "seconds": clip[1]}


def _by_seconds(clip: tuple[str, float]) -> float:
    return clip[1]


def _speaker(row: dict[str, Any], several: bool) -> str | None:
    if row["speaker"] is None:
        return None
    return f"{row['corpus']}/{row['speaker']}" if several else str(row["speaker"])


def _counts(words: Iterable[str | None]) -> dict[str, int]:
    """Count words, sorted by word; unknown ones are left out."""
    counts = Counter(word for word in words if word is not None)
    return {word: counts[word] for word in sorted(counts)}
