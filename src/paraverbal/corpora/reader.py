"""Path -> Corpus: the right parser is found from the file names."""

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from paraverbal.corpora import aesdd, arrays, crema_d, emodb, folder, ravdess, savee, table, tess, urdu
from paraverbal.corpora.corpus import AUDIO_SUFFIXES, Corpus, Origin, Row, audio_files, join
from paraverbal.emotions import EMOTIONS, canonical
from paraverbal.errors import CorpusError, nearest


class Loader(Protocol):
    """What the module of every corpus has: origin, what may be done with it, what to expect, how names read."""

    NAME: str
    TITLE: str
    LICENCE: str
    SOURCE: str
    CITATION: str
    LANGUAGE: str
    CLIPS: int
    SPEAKERS: int
    LABELS: Mapping[str, tuple[str, str]]

    def parse(self, file: PurePosixPath) -> Row | None:
        """Return what a file's name tells, or None when it does not fit."""


LOADERS: tuple[Loader, ...] = (aesdd, crema_d, emodb, ravdess, savee, tess, urdu)

# Corpora that bring a table of their speakers: name -> root -> speaker -> values of columns.
SPEAKER_TABLES: Mapping[str, Callable[[Path], Mapping[str, Row]]] = {crema_d.NAME: crema_d.read_speakers}

_FOLDERS_NAMED = 8  # in an error
LEAST_FIT = 0.9  # share of the audio files whose names a parser must understand
LEAST_FOLDER_FIT = 0.5  # from here on it is a folder per emotion; a file in no emotion folder is then an error


@dataclass(frozen=True)
class _Request:
    """What the caller of `read_corpus` asked for beside the path."""

    name: str | None
    columns: Mapping[str, str] | None
    labels: Mapping[str, str]
    sampling_rate: int | None


def read_corpus(
    path: str | Path | Sequence[str | Path],
    *,
    name: str | None = None,
    columns: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    sampling_rate: int | None = None,
) -> Corpus:
    """Read a corpus: a folder of recordings, a CSV or TSV table, an `.npz` of waveforms, or several of these.

    The parser of a folder is found from its file names: the one that understands the most of them, at least 90 %, else
    the only table in it with columns for file and emotion, else a folder per emotion, else the only table or `.npz` in
    it. Samples are not read.

    Args:
        path: Where it is. Several paths are joined into one corpus; the column `corpus` tells them apart.
        name: What to call it; by default the known corpus's name, else the folder's or file's.
        columns: Our column -> the table's, for example `{"emotion": "feeling"}`; the folder is then read by its table.
        labels: The corpus's own words -> canonical emotions, for example `{"Wut": "anger"}`; asked before our own.
        sampling_rate: For an `.npz` that does not state it, in hertz.

    Raises:
        CorpusError: The path is missing, has no audio, or nothing known fits; the message says what was looked for.
        LabelError: A label has no known emotion.
    """
    words = {str(word): emotion for word, emotion in (labels or {}).items()}
    for word in words:
        canonical(word, words)
    if isinstance(path, str | Path):
        return _read_one(Path(path), _Request(name, columns, words, sampling_rate))
    if not path:
        raise CorpusError("no corpus was given; give a folder, a .csv or .tsv table, or an .npz")
    request = _Request(None, columns, words, sampling_rate)
    return join(_told_apart([_read_one(Path(one), request) for one in path]), name)


def _told_apart(corpora: Sequence[Corpus]) -> list[Corpus]:
    """Return the corpora with a number after names that are there already; two parts of a known corpus stay one."""
    known = {loader.NAME for loader in LOADERS}
    taken: Counter[str] = Counter()
    apart = []
    for corpus in corpora:
        taken[corpus.name] += corpus.name not in known
        count = taken[corpus.name]
        apart.append(corpus.renamed(f"{corpus.name}-{count}") if count > 1 else corpus)
    return apart


def _read_one(path: Path, request: _Request) -> Corpus:
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise CorpusError(f"{path}: no such folder or file{nearest(path.name, beside)}")
    if path.is_dir():
        return _read_folder(path, request)
    if path.suffix.lower() in table.SUFFIXES:
        return table.read(path, name=request.name, columns=request.columns, labels=request.labels)
    if path.suffix.lower() in arrays.SUFFIXES:
        return arrays.read(path, name=request.name, labels=request.labels, sampling_rate=request.sampling_rate)
    raise CorpusError(f"{path}: is not a corpus; give a folder of recordings, a .csv or .tsv table, or an .npz")


def _read_folder(path: Path, request: _Request) -> Corpus:
    files = audio_files(path)
    if files and request.columns is None:
        loader = max(LOADERS, key=lambda one: _fitting(one, files))
        if _fitting(loader, files) >= LEAST_FIT * len(files):
            return _read_known(path, files, loader, request)
        tables = [entry for entry in _beneath(path, table.SUFFIXES) if table.holds_utterances(entry)]
        if len(tables) == 1:
            return table.read(tables[0], name=request.name or path.resolve().name, labels=request.labels)
        fitting = sum(folder.parse(file, request.labels) is not None for file in files)
        if fitting >= LEAST_FOLDER_FIT * len(files):
            return folder.read(path, files, name=request.name, labels=request.labels)
    for suffixes in (table.SUFFIXES, arrays.SUFFIXES):
        found = _beneath(path, suffixes)
        if len(found) == 1:
            return _read_one(found[0], request)
    if request.columns is not None:
        count = len(_beneath(path, table.SUFFIXES))
        raise CorpusError(
            f"{path}: columns were given, so one .csv or .tsv in this folder was looked for, but it has {count}; "
            f"give the path of the table"
        )
    raise CorpusError(f"{path}: {_nothing_fits(files)}")


def _beneath(path: Path, suffixes: Container[str]) -> list[Path]:
    """Return the files of a folder itself with one of these suffixes, sorted."""
    return [entry for entry in sorted(path.iterdir()) if entry.suffix.lower() in suffixes and entry.is_file()]


def _fitting(loader: Loader, files: Sequence[PurePosixPath]) -> int:
    return sum(loader.parse(file) is not None for file in files)


def _read_known(root: Path, files: Sequence[PurePosixPath], loader: Loader, request: _Request) -> Corpus:
    speakers = _speakers(loader, root)
    own_words = {word.lower() for word in request.labels}
    rows: list[Row] = []
    skipped = []
    for file in files:
        row = loader.parse(file)
        if row is None:
            skipped.append(file.as_posix())
            continue
        label = str(row["label"])
        emotion = canonical(label, request.labels) if label.lower() in own_words else row["emotion"]
        rows.append({**row, **speakers.get(str(row["speaker"]), {}), "file": file.as_posix(), "emotion": emotion})
    return Corpus.from_rows(root, rows, _origin(loader, request.name), skipped)


def _origin(loader: Loader, name: str | None) -> Origin:
    return Origin(name or loader.NAME, loader.LICENCE, loader.SOURCE, loader.CITATION, loader.CLIPS, loader.SPEAKERS)


def _speakers(loader: Loader, root: Path) -> Mapping[str, Row]:
    read = SPEAKER_TABLES.get(loader.NAME)
    return read(root) if read else {}


def _nothing_fits(files: Sequence[PurePosixPath]) -> str:
    names = ", ".join(loader.NAME for loader in LOADERS)
    looked_for = (
        f"looked for names of {names}, for a folder per emotion ({', '.join(EMOTIONS)}, or words like them), and for "
        f"one .csv, .tsv or .npz in it"
    )
    if not files:
        return f"no recordings ({' '.join(sorted(AUDIO_SUFFIXES))}) in this folder; {looked_for}"
    nearest_loader = max(LOADERS, key=lambda one: _fitting(one, files))
    count = _fitting(nearest_loader, files)
    near = f"; {nearest_loader.NAME} fits {count} of them" if count else ""
    unknown = next(file for file in files if nearest_loader.parse(file) is None)
    folders = sorted({file.parent.name for file in files} - {""})
    named = f", in folders {', '.join(folders[:_FOLDERS_NAMED])}{' …' if len(folders) > _FOLDERS_NAMED else ''}"
    return (
        f"{len(files)} recordings{named if folders else ''}, but no known corpus (for example {unknown}{near}); "
        f"{looked_for}. Map each folder to an emotion (--labels {(folders or ['FOLDER'])[0]}=EMOTION, given again for "
        f"each; labels={{...}} in Python), or give a table of file and emotion"
    )
