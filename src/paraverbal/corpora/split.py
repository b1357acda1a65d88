"""Split: which utterance trains, which validates, which tests.

`valid` is for every choice (epochs, thresholds), `test` for the number that is reported; so a speaker should be in one
part only. All draws are seeded and do not depend on the order of the rows. A file with several utterances stays whole.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from paraverbal.corpora import draw
from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.draw import Floats, Integers
from paraverbal.corpora.match import match_files
from paraverbal.errors import SplitError, nearest

if TYPE_CHECKING:
    from paraverbal.settings import SplitSettings

PARTS = ("train", "valid", "test")
PAIRS = ("train/valid", "train/test", "valid/test")
SCHEMA = {"file": pl.String, "emotion": pl.String, "fold": pl.Int64, "split": pl.String}
LEAST_SPEAKERS = 3  # one for each part
LEAST_SHARE = 1e-9  # of a part; a smaller one is what rounding left of 0

ValidOf = Literal["all", "rest"]  # what the share of the validation part is a share of

_OTHER_WORDS = {"training": "train", "val": "valid", "validation": "valid", "dev": "valid", "development": "valid"}


@dataclass(frozen=True, repr=False, eq=False)
class Split:
    """Rows `file, emotion, fold, split`: `split` is train, valid or test, `fold` counts from 1.

    Raises:
        SplitError: A word that is no part, or a file in two parts of the same fold.
    """

    table: pl.DataFrame

    def __post_init__(self) -> None:
        wrong = self.table.filter(~pl.col("split").is_in(PARTS) | pl.col("split").is_null())
        if len(wrong):
            file, word = wrong.row(0, named=True)["file"], wrong["split"][0]
            raise SplitError(f"{file}: split is {word!r}{nearest(str(word), PARTS)}; expected {', '.join(PARTS)}")
        counted = self.table.group_by("fold", "file").agg(pl.col("split").n_unique())
        twice = counted.filter(pl.col("split") > 1).sort("fold", "file")
        if len(twice):
            fold, file = twice.row(0)[:2]
            raise SplitError(f"{len(twice)} files are in two parts of one fold, for example {file} in fold {fold}")

    @property
    def folds(self) -> list[int]:
        """The folds, sorted."""
        return sorted(self.table["fold"].unique().to_list())

    def files(self, part: str, fold: int | None = None) -> list[str]:
        """Return the files of a part, each once, in the order of the table.

        Args:
            part: train, valid or test.
            fold: Which fold; may be left out where there is only one.

        Raises:
            SplitError: No such part or fold, or several folds and none chosen.
        """
        if part not in PARTS:
            raise SplitError(f"part {part!r} is unknown{nearest(part, PARTS)}; known: {', '.join(PARTS)}")
        table = self.one_fold(fold).table
        return table.filter(pl.col("split") == part)["file"].unique(maintain_order=True).to_list()

    def one_fold(self, fold: int | None = None) -> "Split":
        """Return the split with one fold only; `fold` may be left out where there is only one.

        Raises:
            SplitError: No such fold, or several folds and none chosen.
        """
        known = ", ".join(map(str, self.folds))
        if fold is None and len(self.folds) > 1:
            raise SplitError(f"the split has the folds {known}; choose one (--fold N)")
        if fold is not None and fold not in self.folds:
            raise SplitError(f"fold {fold} is not in the split; it has {known}")
        return self if fold is None else Split(self.table.filter(pl.col("fold") == fold))

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        counts = {part: int((self.table["split"] == part).sum()) for part in PARTS}
        return f"Split({', '.join(f'{part} {count}' for part, count in counts.items())}; folds {self.folds})"


def read(path: str | Path) -> Split:
    """Read a split from CSV with the columns `file` and `split`, and if there `emotion` and `fold` (else null and 1).

    `val`, `validation` and `dev` are read as valid, `training` as train.

    Raises:
        SplitError: No such file, not CSV, a column is missing, or a value is wrong; the message names the file.
    """
    if not Path(path).is_file():
        raise SplitError(f"{path}: no such split file; it is a CSV with the columns file, emotion, fold, split")
    try:
        table = pl.read_csv(path, infer_schema_length=0)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise SplitError(f"{path}: not a CSV table: {error}") from error
    for column in ("file", "split"):
        if column not in table.columns:
            raise SplitError(f"{path}: has no column {column!r}; its columns are {', '.join(table.columns)}")
    try:
        return Split(_tidy(table))
    except SplitError as error:
        raise SplitError(f"{path}: {error}") from error


def write(split: Split, path: str | Path) -> None:
    """Write a split as CSV `file, emotion, fold, split`; an older file at `path` stays until the new one is whole."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    split.table.write_csv(unfinished)
    unfinished.replace(path)


def holdout(
    corpus: Corpus, *, valid: float = 0.15, test: float = 0.15, valid_of: ValidOf = "all", seed: int = 0
) -> Split:
    """Split at random, each emotion in the same shares. Speakers are in several parts: no number for new speakers.

    Args:
        corpus: What to split.
        valid: Share of the files, 0 to 1.
        test: Share of the files, 0 to 1; with `valid` of all below 1.
        valid_of: What `valid` is a share of. `all`: all files. `rest`: those that are left when test is cut; then both
            parts are rounded up, as where a system cuts its data twice: 30 % and 5 % of 7442 files are 2233 and 261.
        seed: The same seed gives the same split.

    Raises:
        SplitError: An emotion has too few files for three parts, or a share is impossible.
    """
    units = _units(corpus)
    shares = _shares(_of_all(valid, test, valid_of), test)
    _check_counts(units, PARTS)
    generator = np.random.default_rng(seed)
    if valid_of == "rest":
        return _as_split(corpus, units, draw.stratified_in_turn(units.classes, valid, test, generator))
    return _as_split(corpus, units, draw.stratified(units.classes, shares, generator))


def speakers_apart(
    corpus: Corpus, *, valid: float = 0.15, test: float = 0.15, valid_of: ValidOf = "all", seed: int = 0
) -> Split:
    """Split so that no speaker is in two parts and each emotion's shares are as near as a seeded search finds.

    Speakers of different corpora are different, even if they have the same id.

    Args:
        corpus: What to split; every clip has a speaker, and there are at least 3.
        valid: Share of the files, 0 to 1.
        test: Share of the files, 0 to 1; with `valid` of all below 1.
        valid_of: What `valid` is a share of: `all` files, or the `rest` that is left when test is cut.
        seed: The same seed gives the same split.

    Raises:
        SplitError: A clip without speaker, fewer than 3 speakers, an emotion with too few files, an impossible share.
    """
    unknown = corpus.table["speaker"].null_count()
    if unknown:
        raise SplitError(f"corpus {corpus.name}: {unknown} clips have no speaker; give speakers or split by holdout")
    return _known_speakers_apart(corpus, _shares(_of_all(valid, test, valid_of), test), seed)


def _known_speakers_apart(corpus: Corpus, shares: Floats, seed: int) -> Split:
    """Do as `speakers_apart`, but take each file without a speaker as if nobody else had spoken in it."""
    units = _units(corpus)
    if units.groups < LEAST_SPEAKERS:
        raise SplitError(
            f"corpus {corpus.name}: {units.groups} speakers (those who share a file count as one) cannot be in 3 "
            f"parts; add speakers or split by holdout"
        )
    _check_counts(units, PARTS)
    parts = draw.groups_apart(units.classes, units.speakers, shares, np.random.default_rng(seed))
    return _as_split(corpus, units, parts)


def make(corpus: Corpus, settings: "SplitSettings", seed: int = 0) -> Split:
    """Split as a recipe says; `auto` keeps speakers apart wherever at least 3 are known, else splits at random.

    Under `auto`, a file whose speaker is not known goes to any part.

    Args:
        corpus: What to split; only `settings.emotions` of it, if given, are in the split.
        settings: The section `split` of a recipe.
        seed: The same seed gives the same split.

    Raises:
        SplitError: As `holdout` and `speakers_apart`.
        CorpusError: The corpus lacks one of `settings.emotions`.
    """
    if settings.emotions:
        corpus = corpus.filter(emotions=settings.emotions)
    valid, test, valid_of = settings.valid, settings.test, settings.valid_of
    if settings.protocol == "speakers":
        return speakers_apart(corpus, valid=valid, test=test, valid_of=valid_of, seed=seed)
    known = _speaker_keys(corpus).drop_nulls("key")["key"].n_unique()
    if settings.protocol == "auto" and known >= LEAST_SPEAKERS and _units(corpus).groups >= LEAST_SPEAKERS:
        return _known_speakers_apart(corpus, _shares(_of_all(valid, test, valid_of), test), seed)
    return holdout(corpus, valid=valid, test=test, valid_of=valid_of, seed=seed)


def official(corpus: Corpus, split: Split, *, fold: int | None = None, valid: float = 0.15, seed: int = 0) -> Split:
    """Apply a published split to a corpus; without a validation part, one is cut from its training part, never test.

    Its rows are matched to the corpus's files by path, else by path without extension, else by file name where only
    one file has it. Clips of the corpus that the split does not list are left out, and so are rows of emotions that
    the corpus does not hold (a corpus that was filtered). Validation keeps speakers apart if the test part does, else
    it is stratified.

    Args:
        corpus: The recordings.
        split: The published split.
        fold: Which fold; may be left out where there is only one.
        valid: Share of the training files that becomes validation, 0 to 1.
        seed: The same seed gives the same validation part.

    Raises:
        SplitError: Rows without a file in the corpus (some are named), another emotion than the corpus's, no such fold,
            or too few training files of an emotion.
    """
    matched = _match(corpus, split.one_fold(fold))
    train = matched.files("train")
    if not train or "valid" in matched.table["split"].to_list():
        return matched
    units = _units(corpus, train)
    shares = _shares(valid)
    _check_counts(units, PARTS[:2])
    generator = np.random.default_rng(seed)
    if _test_is_apart(corpus, matched) and units.groups > 1:
        parts = draw.groups_apart(units.classes, units.speakers, shares, generator)
    else:
        parts = draw.stratified(units.classes, shares, generator)
    chosen = [units.files[index] for index in np.flatnonzero(parts == 1)]
    is_valid = pl.col("file").is_in(chosen)
    return Split(matched.table.with_columns(split=pl.when(is_valid).then(pl.lit("valid")).otherwise("split")))


def reject_lone_fold(fold: int | None) -> None:
    """Raise a SplitError if a fold was asked for where no split was given."""
    if fold is not None:
        raise SplitError(f"fold {fold} was asked for without the split that has it; give that too (--split FILE)")


def shared_speakers(corpus: Corpus, split: Split) -> dict[str, list[str]]:
    """Return the speakers that are in two parts of a fold, by pair of parts; all lists are empty if speakers are apart.

    Speakers are named `corpus/speaker` where several corpora are joined. Clips without speaker are not counted.

    Raises:
        SplitError: Rows of the split without a file in the corpus.

    Example:
        `{"train/valid": [], "train/test": ["SM1", "SM4"], "valid/test": []}`
    """
    rows = _match(corpus, split).table.join(_speaker_keys(corpus), on="file", how="inner").drop_nulls("key")
    shared: dict[str, set[str]] = {pair: set() for pair in PAIRS}
    for fold in split.folds:
        of_fold = rows.filter(pl.col("fold") == fold)
        speakers = {part: set(of_fold.filter(pl.col("split") == part)["key"]) for part in PARTS}
        for first, second in itertools.combinations(PARTS, 2):
            shared[f"{first}/{second}"] |= speakers[first] & speakers[second]
    return {pair: sorted(speakers) for pair, speakers in shared.items()}


@dataclass(frozen=True)
class _Units:
    """Files, sorted, with the class (of the first utterance) and the group of speakers of each as numbers `[file]`."""

    files: list[str]
    emotions: list[str]  # by class number
    classes: Integers
    speakers: Integers  # speakers who share a file are one group; a file without a known speaker is one, too

    @property
    def groups(self) -> int:
        return int(self.speakers.max()) + 1


def _units(corpus: Corpus, files: Sequence[str] | None = None) -> _Units:
    table = corpus.table if files is None else corpus.table.filter(pl.col("file").is_in(files))
    first = table.unique("file", keep="first", maintain_order=True).sort("file")
    emotions, classes = np.unique(first["emotion"].to_numpy().astype(str), return_inverse=True)
    names = first["file"].to_list()
    unknown = pl.format("file {}", "file")
    keys = _speaker_keys(corpus).filter(pl.col("file").is_in(names)).with_columns(pl.col("key").fill_null(unknown))
    groups = draw.linked(keys.iter_rows())
    return _Units(names, emotions.tolist(), classes, np.array([groups[name] for name in names], dtype=np.int64))


def _speaker_keys(corpus: Corpus) -> pl.DataFrame:
    """Return `file, key`, a row for each file and speaker: a name that is unique among all corpora, or null."""
    several = corpus.table["corpus"].n_unique() > 1
    key = pl.format("{}/{}", "corpus", "speaker") if several else pl.col("speaker")
    return corpus.table.select("file", key.alias("key")).unique()


def _as_split(corpus: Corpus, units: _Units, parts: Integers) -> Split:
    words = pl.DataFrame({"file": units.files, "split": [PARTS[part] for part in parts]})
    rows = corpus.table.select("file", "emotion").join(words, on="file", how="left", maintain_order="left")
    return Split(rows.with_columns(fold=pl.lit(1, pl.Int64)).select(*SCHEMA))


def _test_is_apart(corpus: Corpus, split: Split) -> bool:
    keys = split.table.join(_speaker_keys(corpus), on="file", how="inner")
    return keys["key"].null_count() == 0 and not shared_speakers(corpus, split)["train/test"]


def _of_all(valid: float, test: float, valid_of: ValidOf) -> float:
    """Return `valid` as a share of all files."""
    return valid * (1 - test) if valid_of == "rest" else valid


def _shares(*others: float) -> Floats:
    shares = np.array([1 - sum(others), *others])
    if shares.min() < LEAST_SHARE:
        named = ", ".join(f"{part} {share:g}" for part, share in zip(PARTS, shares, strict=False))
        raise SplitError(f"the shares are {named}; each must be above 0, and valid and test together below 1")
    return shares


def _check_counts(units: _Units, parts: Sequence[str]) -> None:
    for emotion, count in zip(units.emotions, np.bincount(units.classes), strict=True):
        if count < len(parts):
            raise SplitError(
                f"emotion {emotion!r} has {count} {'clip' if count == 1 else 'clips'}, but {', '.join(parts)} need one "
                f"each: add clips, or leave it out (split.emotions lists those to keep)"
            )


def _tidy(table: pl.DataFrame) -> pl.DataFrame:
    if table["file"].null_count():
        line = int(table["file"].is_null().arg_true()[0]) + 2
        raise SplitError(f"line {line} names no file; give it one or remove the line")
    if "fold" not in table.columns:
        table = table.with_columns(fold=pl.lit("1"))
    if "emotion" not in table.columns:
        table = table.with_columns(emotion=pl.lit(None, pl.String))
    fold = table["fold"].cast(pl.Int64, strict=False)
    if fold.null_count():
        wrong = table.filter(fold.is_null()).row(0, named=True)
        raise SplitError(f"fold of {wrong['file']} is {wrong['fold']!r}; expected a whole number")
    word = pl.col("split").str.strip_chars().str.to_lowercase().replace(_OTHER_WORDS)
    return table.with_columns(word, fold).select(*SCHEMA)


def _match(corpus: Corpus, split: Split) -> Split:
    """Return the split with the corpus's own files and emotions, one row for each utterance and fold."""
    files = match_files(corpus, split.table["file"].to_list(), split.table["emotion"].to_list())
    rows = split.table.select("fold", "split").with_columns(file=pl.Series(files, dtype=pl.String)).drop_nulls("file")
    if not len(rows):
        raise SplitError(f"the split has no file of the corpus {corpus.name}")
    rows = rows.unique(maintain_order=True)
    return Split(rows.join(corpus.table.select("file", "emotion"), on="file", maintain_order="left").select(*SCHEMA))
