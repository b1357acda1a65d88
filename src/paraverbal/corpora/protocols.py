"""Protocols: how all clips of a corpus come to be tested, in folds, each with train, valid and test.

| protocol | test part of a fold | kept apart in validation |
|---|---|---|
| holdout | a share of the clips, at random; one fold | nothing |
| kfold | a kth of the clips, at random | nothing |
| speakers | a kth of the speakers | speakers |
| loso | one speaker | speakers |
| sentences | a kth of the sentences | sentences, where two or more are left |
| corpora | one of the joined corpora | speakers, where at least 3 are known |

But for holdout, each clip is in exactly one test part. Folds of a published split come from its file (`split.official`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paraverbal.corpora import draw
from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.draw import Floats, Integers
from paraverbal.corpora.split import (
    LEAST_SPEAKERS,
    PARTS,
    SCHEMA,
    Split,
    _shares,
    _speaker_keys,
    _units,
    holdout,
)
from paraverbal.errors import SplitError, nearest

DEFAULT_FOLDS = 5
COUNTED = ("kfold", "speakers", "sentences")  # how many folds can be said; the other protocols have their own number

# Protocol -> the column whose values are in one test part each.
_TEST_APART = {"speakers": "speaker", "loso": "speaker", "sentences": "sentence", "corpora": "corpus"}
PROTOCOLS = ("holdout", "kfold", *_TEST_APART)

# Protocol -> what validation keeps apart: a column, and how many of its values the training part must have for that;
# None: nothing. The first that leaves each emotion in the training part is taken.
_VALID_APART: Mapping[str, tuple[tuple[str, int] | None, ...]] = {
    "kfold": (None,),
    "speakers": (("speaker", 2),),
    "loso": (("speaker", 2),),
    "sentences": (("sentence", 2), ("speaker", LEAST_SPEAKERS), None),
    "corpora": (("speaker", LEAST_SPEAKERS), None),
}

_PLURAL = {"speaker": "speakers", "sentence": "sentences", "corpus": "corpora"}
_INSTEAD = {"speaker": "kfold", "sentence": "speakers or kfold", "corpus": "speakers or kfold"}
_LEAST = {"speaker": LEAST_SPEAKERS, "sentence": 2, "corpus": 2}  # without so many there are no folds
_OMIT = "leave it out (split.emotions lists those to keep)"

_Mask = NDArray[np.bool_]


def make_folds(
    corpus: Corpus, protocol: str, *, folds: int | None = None, valid: float = 0.15, test: float = 0.15, seed: int = 0
) -> Split:
    """Split a corpus into folds, each with train, valid and test.

    Validation is cut from a fold's training part by the rule that made its test part, with two exceptions. `corpora`:
    a whole corpus would cost too much, so speakers are kept apart where at least 3 are known (clips without speaker go
    anywhere) and each emotion can still be trained; else clips are drawn at random, each emotion in the same share.
    `sentences`: where a fold has but one sentence to train on, or none to spare, the same.

    A file with several utterances stays whole; speakers (sentences) who share a file are one group. The draw does not
    depend on the order of the rows.

    Args:
        corpus: What to split. With `corpora`, emotions that not all of its corpora have are left out (`left_out`).
        protocol: holdout, kfold, speakers, loso, sentences or corpora.
        folds: How many; only for kfold, speakers (else 5) and sentences (else 5, or as many as there are sentences).
        valid: Share of the fold's training clips that validates, 0 to 1; with holdout, share of all clips.
        test: Share of all clips, 0 to 1; for holdout only, the others test every clip.
        seed: The same seed gives the same split.

    Returns:
        A row for each utterance and fold. Folds count from 1; those of loso and corpora are in the order of the names.

    Raises:
        SplitError: No such protocol; an impossible number of folds or share; a clip without speaker or sentence; too
            few of them, or of corpora; an emotion with too few clips, or of one speaker (sentence) alone, so that the
            fold that tests it could not train it.
    """
    _check_request(protocol, folds)
    if protocol == "holdout":
        return holdout(corpus, valid=valid, test=test, seed=seed)
    shares = _shares(valid)
    clips = _Clips.of(_of_shared_emotions(corpus) if protocol == "corpora" else corpus)
    tested = _tested(clips, protocol, folds, np.random.default_rng(seed))
    _check_tested(clips, tested)
    ways = [None if way is None else _Groups.of(clips, *way) for way in _VALID_APART[protocol]]
    tables = []
    for fold in range(1, int(tested.max()) + 2):
        is_test = tested == fold - 1
        is_valid = _validated(clips, ~is_test, ways, shares, np.random.default_rng([seed, fold]))
        _check_fold(clips, is_test, is_valid, fold)
        tables.append(_fold(clips, fold, np.where(is_test, 2, is_valid)))
    return Split(pl.concat(tables))


def shared_emotions(corpus: Corpus) -> tuple[str, ...]:
    """Return the emotions that all corpora joined in this one have, sorted; those are what `corpora` splits."""
    of_each = corpus.table.group_by("corpus").agg(pl.col("emotion").unique())["emotion"].to_list()
    return tuple(sorted(set.intersection(*map(set, of_each))))


def left_out(corpus: Corpus) -> dict[str, int]:
    """Return what the protocol `corpora` leaves out: emotion that not all joined corpora have -> clips, sorted."""
    counts = corpus.table.filter(~pl.col("emotion").is_in(shared_emotions(corpus)))["emotion"].value_counts()
    return dict(counts.sort("emotion").iter_rows())


@dataclass(frozen=True)
class _Clips:
    """A corpus with its rows sorted, so that their order is no matter; `table` has the rows in the given order."""

    corpus: Corpus
    table: pl.DataFrame
    emotions: list[str]  # by class
    classes: Integers  # [clip]

    @classmethod
    def of(cls, corpus: Corpus) -> "_Clips":
        ordered = replace(corpus, table=corpus.table.sort("file", "start", "end"))
        emotions, classes = np.unique(ordered.table["emotion"].to_numpy().astype(str), return_inverse=True)
        return cls(ordered, corpus.table, emotions.tolist(), classes)

    def untrained(self, held_out: _Mask) -> list[str]:
        """Return the emotions of which no clip is left beside those held out."""
        trained = set(self.classes[~held_out].tolist())
        return [emotion for number, emotion in enumerate(self.emotions) if number not in trained]

    @property
    def files(self) -> list[str]:
        return self.corpus.table["file"].to_list()

    def keys(self, column: str) -> pl.DataFrame:
        """Return `file, key`: each file's values of a column, told from those of other corpora; null: unknown."""
        return _speaker_keys(replace(self.corpus, table=self.corpus.table.with_columns(speaker=pl.col(column))))


@dataclass(frozen=True)
class _Groups:
    """Clips that must stay together: a file's, and those with one value of a column, also through other files."""

    numbers: Integers  # [clip], 0 to number of groups - 1, in the order of the values
    known: _Mask  # [clip]; a file without value is a group, too
    least: int  # groups with a known value that are needed to keep them apart

    @classmethod
    def of(cls, clips: _Clips, column: str, least: int) -> "_Groups":
        keys = clips.keys(column).with_columns(pl.col("key").fill_null(pl.format("file {}", "file")))
        numbers = draw.linked(keys.iter_rows())
        known = clips.corpus.table[column].is_not_null().to_numpy()
        return cls(np.array([numbers[file] for file in clips.files], dtype=np.int64), known, least)

    @property
    def count(self) -> int:
        return int(self.numbers.max()) + 1

    def fits(self, chosen: _Mask) -> bool:
        return len(np.unique(self.numbers[chosen & self.known])) >= self.least


def _tested(clips: _Clips, protocol: str, folds: int | None, generator: np.random.Generator) -> Integers:
    """Return the fold that tests each clip `[clip]`, from 0."""
    if protocol == "kfold":
        return _at_random(clips, folds or DEFAULT_FOLDS, generator)
    column = _TEST_APART[protocol]
    _check_known(clips, column)
    groups = _Groups.of(clips, column, _LEAST[column])
    _check_groups(clips, column, groups)
    if protocol not in COUNTED:
        return groups.numbers
    if folds is None:
        folds = min(DEFAULT_FOLDS, groups.count) if protocol == "sentences" else DEFAULT_FOLDS
    _check_enough(clips, column, groups.count, folds)
    # where there are two folds, the one trains and validates what the other tests: each needs two groups
    least = 2 if folds == 2 and groups.count > LEAST_SPEAKERS else 1
    return draw.folds_apart(clips.classes, groups.numbers, folds, generator, least=least)


def _at_random(clips: _Clips, folds: int, generator: np.random.Generator) -> Integers:
    units = _units(clips.corpus)
    needed = max(folds, 4 if folds == 2 else 3)  # one for each test part, and two where it is not tested
    for emotion, count in zip(units.emotions, np.bincount(units.classes), strict=True):
        if count < needed:
            raise SplitError(
                f"emotion {emotion!r} has {count} {'file' if count == 1 else 'files'}, but {folds} folds with train, "
                f"valid and test need {needed}: add clips, take another number of folds, or {_OMIT}"
            )
    numbers = dict(zip(units.files, draw.stratified_folds(units.classes, folds, generator), strict=True))
    return np.array([numbers[file] for file in clips.files], dtype=np.int64)


def _validated(
    clips: _Clips, rest: _Mask, ways: list[_Groups | None], shares: Floats, generator: np.random.Generator
) -> _Mask:
    """Return which of the clips that are left without the test part validate `[clip]`: the first way that is good."""
    is_valid = np.zeros(len(rest), dtype=np.bool_)
    for groups in ways:
        if groups is None:
            is_valid = _valid_at_random(clips, rest, shares, generator)
        elif groups.fits(rest):
            classes, numbers = (np.unique(of[rest], return_inverse=True)[1] for of in (clips.classes, groups.numbers))
            is_valid = np.zeros(len(rest), dtype=np.bool_)
            is_valid[rest] = draw.groups_apart(classes, numbers, shares, generator) == 1
        if is_valid.any() and not clips.untrained(~rest | is_valid):
            break
    return is_valid


def _valid_at_random(clips: _Clips, rest: _Mask, shares: Floats, generator: np.random.Generator) -> _Mask:
    units = _units(clips.corpus, clips.corpus.table.filter(pl.Series(rest))["file"].unique().to_list())
    parts = dict(zip(units.files, draw.stratified(units.classes, shares, generator), strict=True))
    return np.array([parts.get(file) == 1 for file in clips.files], dtype=np.bool_)


def _fold(clips: _Clips, fold: int, parts: Integers) -> pl.DataFrame:
    words = pl.DataFrame({"file": clips.files, "split": [PARTS[part] for part in parts]}).unique()
    rows = clips.table.select("file", "emotion").join(words, on="file", how="left", maintain_order="left")
    return rows.with_columns(fold=pl.lit(fold, pl.Int64)).select(*SCHEMA)


def _of_shared_emotions(corpus: Corpus) -> Corpus:
    names = sorted(corpus.table["corpus"].unique())
    if len(names) < 2:
        raise SplitError(
            f"corpus {corpus.name} is one corpus, but protocol corpora leaves out one of several: give more, or take "
            f"protocol {_INSTEAD['corpus']}"
        )
    shared = shared_emotions(corpus)
    if len(shared) < 2:
        raise SplitError(
            f"the corpora {', '.join(names)} share {len(shared)} emotions{': ' * bool(shared)}{', '.join(shared)}; "
            f"protocol corpora needs two that all of them have: leave a corpus out, or take protocol speakers"
        )
    return corpus.filter(emotions=shared)


def _check_request(protocol: str, folds: int | None) -> None:
    if protocol not in PROTOCOLS:
        raise SplitError(
            f"protocol {protocol!r} is unknown{nearest(protocol, PROTOCOLS)}; known: {', '.join(PROTOCOLS)} (and "
            f"official, whose folds are those of a split file: --split FILE)"
        )
    if folds is not None and protocol not in COUNTED:
        raise SplitError(
            f"{folds} folds were asked for, but protocol {protocol} has its own number; leave --folds out, or take one "
            f"of {', '.join(COUNTED)}"
        )
    if folds is not None and folds < 2:
        raise SplitError(f"folds is {folds}; expected 2 or more, or protocol holdout for one")


def _check_known(clips: _Clips, column: str) -> None:
    unknown = clips.table[column].null_count()
    if unknown:
        raise SplitError(
            f"corpus {clips.corpus.name}: {unknown} of {len(clips.table)} clips have no {column}; give it (a table may "
            f"have a column of that name), or take protocol {_INSTEAD[column]}"
        )


def _check_groups(clips: _Clips, column: str, groups: _Groups) -> None:
    """Raise a SplitError if there are too few groups, or an emotion of one group alone."""
    if groups.count < groups.least:
        names = _PLURAL[column] if groups.count > 1 else column
        raise SplitError(
            f"corpus {clips.corpus.name}: {groups.count} {names} (those who share a file count as one), but "
            f"{groups.least} are needed; add {_PLURAL[column]}, or take protocol {_INSTEAD[column]}"
        )
    for number, emotion in enumerate(clips.emotions):
        if len(np.unique(groups.numbers[clips.classes == number])) == 1:
            rows = clips.table.filter(pl.col("emotion") == emotion)
            names = ", ".join(sorted(clips.keys(column).join(rows, on="file", how="semi")["key"].unique()))
            raise SplitError(
                f"emotion {emotion!r} has clips of {column} {names} alone, so the fold that tests them has none to "
                f"train: add clips of other {_PLURAL[column]}, or {_OMIT}"
            )


def _check_enough(clips: _Clips, column: str, count: int, folds: int) -> None:
    if count < folds:
        raise SplitError(
            f"corpus {clips.corpus.name}: {count} {_PLURAL[column]} (those who share a file count as one) cannot be in "
            f"{folds} folds; take {count} at most (--folds {count})"
        )
    if folds == 2 and count == LEAST_SPEAKERS and column == "speaker":
        raise SplitError(
            f"corpus {clips.corpus.name}: 3 speakers cannot be in 2 folds, since one would be left to train and "
            f"validate where two are tested; take 3 (--folds 3)"
        )


def _check_tested(clips: _Clips, tested: Integers) -> None:
    for number, emotion in enumerate(clips.emotions):
        folds = np.unique(tested[clips.classes == number])
        if len(folds) == 1:
            raise SplitError(
                f"emotion {emotion!r} is tested in fold {folds[0] + 1} alone, which then has no clip of it to train, "
                f"and no other way was found: take another number of folds, or {_OMIT}"
            )


def _check_fold(clips: _Clips, is_test: _Mask, is_valid: _Mask, fold: int) -> None:
    untrained = clips.untrained(is_test | is_valid)
    if untrained:
        raise SplitError(
            f"fold {fold} has no clip of {untrained[0]!r} left to train beside those that test and validate: add clips "
            f"of it by others, or {_OMIT}"
        )
    if not is_valid.any():
        raise SplitError(
            f"fold {fold} tests {is_test.sum()} clips, and none of the {(~is_test).sum()} others can validate without "
            f"leaving an emotion untrained: add clips, by more speakers if they are to be apart"
        )
