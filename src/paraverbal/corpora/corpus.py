"""Corpus: a table of utterances, never samples.

A row is an utterance; `file` is a path relative to `Corpus.root` with forward slashes, or the address of a row of an
array (`data.npz::12@48000`: row 12, at 48000 Hz). Whether a file can be read is not asked here: a broken recording
has its row.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import polars as pl

from paraverbal.emotions import canonical
from paraverbal.errors import CorpusError, nearest

Row = Mapping[str, str | float | None]  # values of one utterance by column; absent columns are null

# Column -> type. `start` and `end` are seconds within the file (null: the whole file), `age` is in years, `sex`
# "female" or "male", `language` ISO 639-1, `label` the corpus's own word; all ids are strings, so that "03" is not 3.
COLUMNS: Mapping[str, Any] = {
    "file": pl.String,
    "start": pl.Float64,
    "end": pl.Float64,
    "emotion": pl.String,
    "label": pl.String,
    "speaker": pl.String,
    "sex": pl.String,
    "age": pl.Float64,
    "language": pl.String,
    "sentence": pl.String,
    "intensity": pl.String,
    "transcript": pl.String,
    "arousal": pl.Float64,
    "valence": pl.Float64,
    "dominance": pl.Float64,
    "corpus": pl.String,
}

# What libsndfile reads, by suffix in lower case.
AUDIO_SUFFIXES = frozenset(
    {".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".sph", ".w64", ".wav"}
)

_ARRAY_ADDRESS = re.compile(r".+\.npz::\d+@\d+")


@dataclass(frozen=True)
class Origin:
    """Where the recordings of a corpus come from, and what may be done with them.

    `clips` and `speakers` are the counts of the complete corpus, None where nobody states them.
    """

    name: str
    licence: str = "unknown"
    source: str = "unknown"
    citation: str = ""
    clips: int | None = None
    speakers: int | None = None


@dataclass(frozen=True, repr=False, eq=False)
class Corpus:
    """A table of utterances with the folder that their files are relative to.

    `table` has the columns of `COLUMNS`. `origins` has one entry for each corpus that was joined into this one; its
    name is the value in the column `corpus`. `skipped` lists audio files whose names did not fit the corpus.
    """

    name: str
    root: Path
    table: pl.DataFrame
    origins: tuple[Origin, ...]
    skipped: tuple[str, ...] = ()

    @classmethod
    def from_rows(cls, root: Path, rows: Sequence[Row], origin: Origin, skipped: Iterable[str] = ()) -> "Corpus":
        """Make a corpus of rows; absent columns become null.

        Raises:
            CorpusError: No rows, or the same utterance (file, start, end) twice.
        """
        if not rows:
            raise CorpusError(f"{root}: the corpus {origin.name} has no utterances")
        complete = [{**dict.fromkeys(COLUMNS), **row, "corpus": origin.name} for row in rows]
        table = pl.DataFrame(complete, schema=dict(COLUMNS))
        _reject_twice(root, table)
        return cls(origin.name, root, table, (origin,), tuple(skipped))

    @property
    def emotions(self) -> tuple[str, ...]:
        """The canonical emotions in the table, sorted."""
        return tuple(sorted(self.table["emotion"].unique().to_list()))

    @property
    def licence(self) -> str:
        """The licence of each corpus, as its source states it."""
        return self._of_origins([origin.licence for origin in self.origins])

    @property
    def source(self) -> str:
        """Where each corpus can be had."""
        return self._of_origins([origin.source for origin in self.origins])

    @property
    def citation(self) -> str:
        """The paper of each corpus."""
        return self._of_origins([origin.citation for origin in self.origins])

    def path(self, file: str) -> Path | str:
        """Return where a row's `file` is: a path, or the address of an array's row (`/folder/data.npz::12@48000`)."""
        path = self.root / file
        return str(path) if _ARRAY_ADDRESS.fullmatch(file) else path

    def paths(self) -> dict[str, Path | str]:
        """Return where each file of the table is."""
        return {file: self.path(file) for file in self.table["file"].unique(maintain_order=True)}

    def filter(self, *, emotions: Iterable[str]) -> "Corpus":
        """Return the corpus with only these emotions.

        Raises:
            LabelError: A word that is no emotion.
            CorpusError: An emotion that the corpus does not have.
        """
        wanted = [self._own_emotion(emotion) for emotion in emotions]
        return replace(self, table=self.table.filter(pl.col("emotion").is_in(wanted)))

    def renamed(self, name: str) -> "Corpus":
        """Return the corpus under another name, in the column `corpus` too; for a corpus that is not joined."""
        origins = tuple(replace(origin, name=name) for origin in self.origins)
        return replace(self, name=name, table=self.table.with_columns(corpus=pl.lit(name)), origins=origins)

    def sample(self, emotion: str | None = None, seed: int = 0) -> dict[str, Any]:
        """Return one row, drawn at random, by column name; the same seed draws the same row.

        Raises:
            LabelError: `emotion` is no emotion.
            CorpusError: The corpus does not have it.
        """
        table = self.table if emotion is None else self.filter(emotions=[emotion]).table
        return table.row(int(np.random.default_rng(seed).integers(len(table))), named=True)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        counts = self.table["emotion"].value_counts().sort("emotion").iter_rows()
        emotions = ", ".join(f"{emotion} {count}" for emotion, count in counts)
        speakers = self.table.drop_nulls("speaker").select("corpus", "speaker").n_unique()
        known = f"{speakers} speakers" if speakers else "speakers unknown"
        skipped = f", {len(self.skipped)} files skipped" if self.skipped else ""
        return f"Corpus({self.name}: {len(self)} clips, {known}; {emotions}{skipped}; {self.root})"

    def _own_emotion(self, emotion: str) -> str:
        word = canonical(emotion)
        if word not in self.emotions:
            known = ", ".join(self.emotions)
            raise CorpusError(f"corpus {self.name}: no clip of {word!r}{nearest(word, self.emotions)}; it has {known}")
        return word

    def _of_origins(self, values: Sequence[str]) -> str:
        if len(values) == 1:
            return values[0]
        return "; ".join(f"{origin.name}: {value}" for origin, value in zip(self.origins, values, strict=True))


def join(corpora: Sequence[Corpus], name: str | None = None) -> Corpus:
    """Join corpora into one; files become relative to the folder that all roots share, so they stay unique.

    Raises:
        CorpusError: The same utterance is in two of them, or they have no folder in common (other drives).
    """
    try:
        root = Path(os.path.commonpath([corpus.root.resolve() for corpus in corpora]))
    except ValueError as error:
        places = ", ".join(str(corpus.root) for corpus in corpora)
        raise CorpusError(f"{places}: have no folder in common; put the corpora on one drive") from error
    tables = [_relative_to(root, corpus) for corpus in corpora]
    table = pl.concat(tables)
    _reject_twice(root, table)
    origins = tuple({origin.name: origin for corpus in corpora for origin in corpus.origins}.values())
    skipped = tuple(file for corpus in corpora for file in _prefixed(root, corpus, corpus.skipped))
    return Corpus(name or "+".join(origin.name for origin in origins), root, table, origins, skipped)


def audio_files(folder: Path) -> list[PurePosixPath]:
    """Return the audio files below a folder, by suffix, relative to it and sorted; hidden ones are left out."""
    files: list[PurePosixPath] = []
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        folders[:] = [] if real in seen else [name for name in folders if not name.startswith(".")]
        if real not in seen:
            inside = PurePosixPath(Path(place).relative_to(folder).as_posix())
            files += [inside / name for name in names if _is_audio(name)]
        seen.add(real)
    return sorted(files)


def _is_audio(name: str) -> bool:
    return not name.startswith(".") and PurePosixPath(name).suffix.lower() in AUDIO_SUFFIXES


def _relative_to(root: Path, corpus: Corpus) -> pl.DataFrame:
    files = _prefixed(root, corpus, corpus.table["file"].to_list())
    return corpus.table.with_columns(pl.Series("file", files, dtype=pl.String))


def _prefixed(root: Path, corpus: Corpus, files: Iterable[str]) -> list[str]:
    prefix = PurePosixPath(corpus.root.resolve().relative_to(root).as_posix())
    return [(prefix / file).as_posix() for file in files]  # an absolute file stays as it is


def _reject_twice(root: Path, table: pl.DataFrame) -> None:
    twice = table.filter(pl.struct("file", "start", "end").is_duplicated())["file"].unique().sort().to_list()
    if twice:
        raise CorpusError(
            f"{root}: {len(twice)} files are listed more than once, for example {', '.join(twice[:3])}; "
            f"list each once, or give the rows different start and end"
        )
