import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpora.making import balanced, corpus_of

from paraverbal.corpora import protocols, read_corpus, split
from paraverbal.corpora.corpus import Corpus, Origin, Row, join
from paraverbal.corpora.protocols import make_folds
from paraverbal.corpora.split import PARTS, Split
from paraverbal.errors import SplitError

EMOTIONS = ("anger", "fear", "neutral")
COLUMN = {"speakers": "speaker", "loso": "speaker", "sentences": "sentence", "corpora": "corpus"}
every_protocol = pytest.mark.parametrize("protocol", protocols.PROTOCOLS)
every_clip_tested = pytest.mark.parametrize("protocol", protocols.PROTOCOLS[1:])


def said(rows: Iterable[tuple[str, str | None, str | None]], *, name: str = "made") -> Corpus:
    """Return a corpus of (emotion, speaker, sentence) in a folder of its own."""
    made: list[Row] = [
        {"file": f"{number:04d}.wav", "emotion": emotion, "speaker": speaker, "sentence": sentence}
        for number, (emotion, speaker, sentence) in enumerate(rows)
    ]
    return Corpus.from_rows(Path(name), made, Origin(name))


def sayings(speakers: int, sentences: int, emotions: Iterable[str] = EMOTIONS, *, name: str = "made") -> Corpus:
    """Return a corpus in which every speaker says every sentence once with every emotion."""
    return said(
        (
            (emotion, f"{speaker:02d}", f"{sentence:02d}")
            for speaker in range(speakers)
            for sentence in range(sentences)
            for emotion in emotions
        ),
        name=name,
    )


def three_corpora() -> Corpus:
    return join([sayings(4, 3, name="a"), sayings(5, 4, name="b"), sayings(6, 3, name="c")])


def rows_of(corpus: Corpus, made: Split, part: str, fold: int) -> pl.DataFrame:
    return corpus.table.filter(pl.col("file").is_in(made.files(part, fold)))


def values(corpus: Corpus, made: Split, part: str, fold: int, column: str) -> set[tuple[str, str]]:
    """Return the values of a column in a part, each with its corpus."""
    rows = rows_of(corpus, made, part, fold)
    return set(zip(rows["corpus"], rows[column], strict=True))


def assert_apart(corpus: Corpus, made: Split, column: str, *, valid: bool = True) -> None:
    for fold in made.folds:
        train, validate, test = (values(corpus, made, part, fold, column) for part in PARTS)
        assert test.isdisjoint(train | validate)
        assert not valid or train.isdisjoint(validate)


def assert_whole(corpus: Corpus, made: Split) -> None:
    """Check what every protocol promises but holdout: each clip in each fold and in one test part; all is trained."""
    files = set(corpus.table["file"])
    for fold in made.folds:
        parts = [set(made.files(part, fold)) for part in PARTS]
        assert all(parts)
        assert sum(map(len, parts)) == len(files) == len(set.union(*parts))
        assert set(rows_of(corpus, made, "train", fold)["emotion"]) == set(corpus.emotions)
        of_fold = made.one_fold(fold).table
        assert of_fold.select("file", "emotion").equals(corpus.table.select("file", "emotion"))
    tested = [file for fold in made.folds for file in made.files("test", fold)]
    assert sorted(tested) == sorted(files)
    assert made.folds == list(range(1, len(made.folds) + 1))
    assert made.table.columns == list(split.SCHEMA)


@every_clip_tested
def test_every_clip_is_tested_once_and_apart_from_what_chose_and_trained(protocol: str) -> None:
    corpus = three_corpora()
    made = make_folds(corpus, protocol, seed=3)
    assert_whole(corpus, made)
    if protocol in COLUMN:
        assert_apart(corpus, made, COLUMN[protocol], valid=protocol != "corpora")
    if protocol == "corpora":
        assert_apart(corpus, made, "speaker")


@every_protocol
def test_the_same_seed_gives_the_same_folds_whatever_the_order_of_rows(protocol: str) -> None:
    corpus = three_corpora()
    shuffled = replace(corpus, table=corpus.table.sample(fraction=1, shuffle=True, seed=1))
    made, again, other = (
        make_folds(which, protocol, seed=seed).table.sort("fold", "file")
        for which, seed in ((corpus, 4), (shuffled, 4), (corpus, 5))
    )
    assert made.equals(again)
    assert not made.equals(other)


@every_clip_tested
def test_utterances_of_one_file_stay_in_one_part_whatever_the_order_of_rows(protocol: str) -> None:
    whole = sayings(6, 3)
    second = whole.table.with_columns(start=pl.lit(1.0), emotion=pl.col("emotion").replace("anger", "calm"))
    first = whole.table.with_columns(start=pl.lit(0.0))
    made = Corpus("made", Path("made"), pl.concat([first, second]), whole.origins)
    corpus = join([made, sayings(3, 3, (*EMOTIONS, "calm"), name="other")])
    folds = make_folds(corpus, protocol)
    assert_whole(corpus, folds)
    backwards = replace(corpus, table=corpus.table.reverse())
    assert make_folds(backwards, protocol).table.sort(pl.all()).equals(folds.table.sort(pl.all()))


def test_holdout_is_the_holdout_that_there_was() -> None:
    corpus = balanced(6)
    made = make_folds(corpus, "holdout", valid=0.2, test=0.25, seed=7)
    assert made.table.equals(split.holdout(corpus, valid=0.2, test=0.25, seed=7).table)
    assert made.folds == [1]


counts = st.lists(st.integers(7, 40), min_size=2, max_size=5)


@settings(max_examples=20)
@given(counts=counts, folds=st.integers(2, 7), seed=st.integers(0, 99))
def test_kfold_has_folds_and_emotions_alike_within_one_clip(counts: list[int], folds: int, seed: int) -> None:
    emotions = ("anger", "calm", "fear", "neutral", "sadness")
    corpus = corpus_of((emotion, None) for emotion, count in zip(emotions, counts, strict=False) for _ in range(count))
    made = make_folds(corpus, "kfold", folds=folds, valid=0.2, seed=seed)
    assert_whole(corpus, made)
    assert len(made.folds) == folds
    sizes = [len(made.files("test", fold)) for fold in made.folds]
    assert max(sizes) - min(sizes) <= 1
    for emotion in corpus.emotions:
        tested = [(rows_of(corpus, made, "test", fold)["emotion"] == emotion).sum() for fold in made.folds]
        assert max(tested) - min(tested) <= 1
        for fold, count in zip(made.folds, tested, strict=True):
            of_part = [(rows_of(corpus, made, part, fold)["emotion"] == emotion).sum() for part in ("train", "valid")]
            rest = (corpus.table["emotion"] == emotion).sum() - count
            assert min(of_part) >= 1
            assert of_part[1] == pytest.approx(0.2 * rest, abs=1)


@pytest.mark.parametrize(("speakers", "folds"), [(10, 5), (12, 3), (8, 2), (5, 5), (24, 6)])
def test_equal_speakers_make_equal_folds(speakers: int, folds: int) -> None:
    corpus = balanced(speakers)
    made = make_folds(corpus, "speakers", folds=folds)
    assert_whole(corpus, made)
    assert_apart(corpus, made, "speaker")
    for fold in made.folds:
        assert set(rows_of(corpus, made, "test", fold)["emotion"].value_counts()["count"]) == {4 * speakers // folds}
        assert len(values(corpus, made, "valid", fold, "speaker")) == max(
            1, round(0.15 * (speakers - speakers // folds))
        )


@settings(max_examples=15)
@given(
    clips=st.lists(st.tuples(st.sampled_from(EMOTIONS), st.sampled_from("abcdefgh")), min_size=9, max_size=60),
    protocol=st.sampled_from(["speakers", "loso"]),
    seed=st.integers(0, 9),
)
def test_uneven_speakers_are_apart_and_every_emotion_is_trained(
    clips: list[tuple[str, str]], protocol: str, seed: int
) -> None:
    corpus = corpus_of(clips + [(emotion, speaker) for emotion in EMOTIONS for speaker in "wxyz"])
    made = make_folds(corpus, protocol, seed=seed)
    assert_whole(corpus, made)
    assert_apart(corpus, made, "speaker")


def test_in_two_folds_each_has_speakers_to_train_and_to_validate_although_one_speaks_most() -> None:
    corpus = corpus_of(
        (emotion, s) for s, each in zip("abcd", (30, 3, 3, 3), strict=True) for emotion in EMOTIONS * each
    )
    made = make_folds(corpus, "speakers", folds=2)
    assert_whole(corpus, made)
    assert_apart(corpus, made, "speaker")
    assert [len(values(corpus, made, "test", fold, "speaker")) for fold in made.folds] == [2, 2]


def test_loso_tests_one_speaker_in_each_fold_in_the_order_of_their_names() -> None:
    corpus = balanced(7)
    made = make_folds(corpus, "loso")
    assert [values(corpus, made, "test", fold, "speaker") for fold in made.folds] == [
        {("made", f"{number:02d}")} for number in range(7)
    ]


def test_loso_is_speakers_with_as_many_folds_as_speakers() -> None:
    corpus = balanced(6)
    alone, folds = make_folds(corpus, "loso"), make_folds(corpus, "speakers", folds=6)
    tested = [{frozenset(made.files("test", fold)) for fold in made.folds} for made in (alone, folds)]
    assert tested[0] == tested[1]


def test_speakers_of_two_corpora_with_one_id_are_two() -> None:
    corpus = join([sayings(3, 2, name="a"), sayings(3, 2, name="b")])
    assert len(make_folds(corpus, "loso").folds) == 6


def test_speakers_who_share_a_file_are_one_group_in_every_fold() -> None:
    rows = [
        {"file": f"{pair}{number}.wav", "emotion": emotion, "speaker": f"{pair}{who}", "start": float(who)}
        for pair in "abcd"
        for number, emotion in enumerate(("anger", "fear"))
        for who in range(2)
    ]
    corpus = Corpus.from_rows(Path("made"), rows, Origin("made"))
    made = make_folds(corpus, "loso")
    assert [len(values(corpus, made, "test", fold, "speaker")) for fold in made.folds] == [2, 2, 2, 2]
    assert_whole(corpus, made)
    assert_apart(corpus, made, "speaker")


@pytest.mark.parametrize(("sentences", "folds"), [(3, 3), (4, 4), (5, 5), (20, 5)])
def test_there_are_five_folds_of_sentences_or_as_many_as_sentences(sentences: int, folds: int) -> None:
    corpus = sayings(4, sentences)
    made = make_folds(corpus, "sentences")
    assert len(made.folds) == folds
    assert_whole(corpus, made)
    assert_apart(corpus, made, "sentence")
    assert split.shared_speakers(corpus, made)["train/test"] == ["00", "01", "02", "03"]


@pytest.mark.parametrize(("speakers", "apart"), [(6, True), (2, False)])
def test_with_two_sentences_the_one_that_is_not_tested_trains_and_validates(speakers: int, apart: bool) -> None:
    corpus = said(
        (emotion, f"{speaker}", sentence)
        for speaker in range(speakers)
        for emotion in EMOTIONS
        for sentence in ("kids", "dogs")
        for _ in range(3)
    )
    made = make_folds(corpus, "sentences")
    assert len(made.folds) == 2
    assert_whole(corpus, made)
    assert_apart(corpus, made, "sentence", valid=False)
    assert bool(split.shared_speakers(corpus, made)["train/valid"]) is not apart


def test_a_corpus_is_left_out_in_each_fold_in_the_order_of_names() -> None:
    corpus = three_corpora()
    made = make_folds(corpus, "corpora")
    tested = [set(rows_of(corpus, made, "test", fold)["corpus"]) for fold in made.folds]
    assert tested == [{"a"}, {"b"}, {"c"}]
    for fold in made.folds:
        assert len(made.files("valid", fold)) == pytest.approx(
            0.15 * (len(corpus) - len(made.files("test", fold))), rel=0.4
        )


def test_only_emotions_that_all_corpora_have_are_in_folds_of_corpora() -> None:
    corpus = join(
        [
            sayings(4, 2, ("anger", "fear", "neutral", "calm"), name="a"),
            sayings(3, 2, ("anger", "fear", "sadness", "neutral"), name="b"),
            sayings(5, 2, ("anger", "fear", "calm"), name="c"),
        ]
    )
    assert protocols.shared_emotions(corpus) == ("anger", "fear")
    assert protocols.left_out(corpus) == {"calm": 8 + 10, "neutral": 8 + 6, "sadness": 6}
    made = make_folds(corpus, "corpora")
    assert_whole(corpus.filter(emotions=["anger", "fear"]), made)
    assert len(corpus) - len(made.one_fold(1)) == sum(protocols.left_out(corpus).values())


def test_nothing_is_left_out_of_one_corpus() -> None:
    assert protocols.shared_emotions(balanced(3)) == EMOTIONS
    assert protocols.left_out(balanced(3)) == {}


def test_validation_of_corpora_is_stratified_where_no_speakers_are_known() -> None:
    unknown = said(((emotion, None, None) for emotion in EMOTIONS for _ in range(20)), name="b")
    corpus = join([balanced(4, each=5).renamed("a"), unknown])
    made = make_folds(corpus, "corpora")
    assert_whole(corpus, made)
    assert set(rows_of(corpus, made, "valid", 1)["emotion"].value_counts()["count"]) == {3}
    shared = [split.shared_speakers(corpus, made.one_fold(fold))["train/valid"] for fold in made.folds]
    assert shared == [[], []]


def test_validation_of_corpora_is_stratified_where_only_two_of_its_speakers_are_known() -> None:
    some = corpus_of([(emotion, speaker) for speaker in ("x", "y", None) for emotion in EMOTIONS for _ in range(20)])
    corpus = join([some.renamed("a"), sayings(4, 2, name="b")])
    made = make_folds(corpus, "corpora")
    assert set(rows_of(corpus, made, "valid", 2)["emotion"].value_counts()["count"]) == {9}
    assert split.shared_speakers(corpus, made.one_fold(2))["train/valid"] == ["a/x", "a/y"]


def test_validation_of_corpora_shares_speakers_rather_than_leave_an_emotion_untrained() -> None:
    alone = said(((emotion, emotion, None) for emotion in EMOTIONS for _ in range(8)), name="a")
    corpus = join([alone, sayings(4, 2, name="b")])
    made = make_folds(corpus, "corpora")
    assert_whole(corpus, made)
    assert split.shared_speakers(corpus, made.one_fold(2))["train/valid"] == [f"a/{emotion}" for emotion in EMOTIONS]


def test_an_emotion_of_two_speakers_is_tested_in_two_folds_and_trained_in_all() -> None:
    corpus = corpus_of([(emotion, s) for s in "abcdefghij" for emotion in EMOTIONS] + [("calm", "a"), ("calm", "b")])
    made = make_folds(corpus, "speakers", folds=2)
    assert_whole(corpus, made)
    assert all("calm" in set(rows_of(corpus, made, "test", fold)["emotion"]) for fold in (1, 2))


def test_folds_can_be_written_read_and_trained_one_by_one(tmp_path: Path) -> None:
    corpus = balanced(6)
    made = make_folds(corpus, "loso")
    split.write(made, tmp_path / "folds.csv")
    read = split.read(tmp_path / "folds.csv")
    assert read.table.equals(made.table)
    assert split.official(corpus, read, fold=4).table.equals(made.one_fold(4).table)


@pytest.mark.parametrize(
    ("protocol", "folds", "message"),
    [
        (
            "speaker",
            None,
            r"protocol 'speaker' is unknown \(did you mean 'speakers'\?\); known: holdout, kfold, speakers",
        ),
        ("official", None, "protocol 'official' is unknown.*split file: --split FILE"),
        ("kfold", 1, "folds is 1; expected 2 or more, or protocol holdout for one"),
        ("speakers", 0, "folds is 0; expected 2 or more"),
        ("sentences", -2, "folds is -2; expected 2 or more"),
        ("loso", 5, "5 folds were asked for, but protocol loso has its own number"),
        ("corpora", 2, "2 folds were asked for, but protocol corpora has its own number"),
        ("holdout", 3, "3 folds were asked for, but protocol holdout has its own number"),
        ("speakers", 7, r"6 speakers .* cannot be in 7 folds; take 6 at most \(--folds 6\)"),
        ("sentences", 4, r"3 sentences .* cannot be in 4 folds; take 3 at most \(--folds 3\)"),
        ("kfold", 19, "emotion 'anger' has 18 files, but 19 folds with train, valid and test need 19"),
        ("corpora", None, "corpus made is one corpus, but protocol corpora leaves out one of several"),
    ],
)
def test_an_impossible_request_is_an_error(protocol: str, folds: int | None, message: str) -> None:
    with pytest.raises(SplitError, match=message):
        make_folds(sayings(6, 3), protocol, folds=folds)


@pytest.mark.parametrize(
    ("corpus", "protocol", "folds", "message"),
    [
        (balanced(1), "loso", None, r"1 speaker \(.*\), but 3 are needed; add speakers, or take protocol kfold"),
        (balanced(2), "speakers", 2, r"2 speakers \(.*\), but 3 are needed"),
        (balanced(3), "speakers", 2, r"3 speakers cannot be in 2 folds.*--folds 3"),
        (balanced(4), "speakers", None, r"4 speakers .* cannot be in 5 folds; take 4 at most"),
        (balanced(6), "sentences", None, "72 of 72 clips have no sentence.*take protocol speakers or kfold"),
        (sayings(5, 1), "sentences", None, r"1 sentence \(.*\), but 2 are needed"),
        (corpus_of([("fear", "a"), ("fear", "b"), ("fear", None)]), "loso", None, "1 of 3 clips have no speaker"),
        (corpus_of([("fear", None)] * 9), "speakers", None, "9 of 9 clips have no speaker.*take protocol kfold"),
        (corpus_of([("fear", None)] * 9 + [("anger", None)] * 3), "kfold", 2, "'anger' has 3 files, but 2 .* need 4"),
        (corpus_of([("fear", None)] * 9 + [("anger", None)]), "kfold", 3, "'anger' has 1 file, but 3 .* need 3"),
        (
            join([sayings(3, 2, name="a"), sayings(3, 2, ["fear"], name="b")]),
            "corpora",
            None,
            "share 1 emotions: fear;",
        ),
        (join([sayings(3, 2, name="a"), sayings(3, 2, ["calm"], name="b")]), "corpora", None, "share 0 emotions;"),
        (
            join([sayings(3, 2, name="a"), sayings(1, 1, name="b")]),
            "corpora",
            None,
            "fold 1 tests 18 clips, and none of the 3 others",
        ),
    ],
)
def test_a_corpus_that_cannot_be_split_so_is_an_error(
    corpus: Corpus, protocol: str, folds: int | None, message: str
) -> None:
    with pytest.raises(SplitError, match=message):
        make_folds(corpus, protocol, folds=folds)


@pytest.mark.parametrize("protocol", ["speakers", "loso"])
def test_an_emotion_of_one_speaker_alone_is_an_error_that_names_both(protocol: str) -> None:
    corpus = corpus_of([(emotion, s) for s in "abcdef" for emotion in EMOTIONS] + [("calm", "e")] * 4)
    with pytest.raises(SplitError, match=r"'calm' has clips of speaker e alone.*split\.emotions lists"):
        make_folds(corpus, protocol)


def test_an_emotion_of_one_sentence_alone_is_an_error_that_names_both() -> None:
    corpus = join([sayings(3, 4, name="a"), sayings(3, 1, ("anger", "calm"), name="b")])
    with pytest.raises(SplitError, match="'calm' has clips of sentence b/00 alone"):
        make_folds(corpus, "sentences")


def test_an_emotion_that_validation_would_take_from_training_is_an_error() -> None:
    corpus = corpus_of([("anger", "a"), ("anger", "b"), ("fear", "b"), ("fear", "c")] * 2)
    with pytest.raises(
        SplitError, match="fold 2 tests 4 clips, and none of the 4 others can validate without leaving an"
    ):
        make_folds(corpus, "loso")


def test_emotions_that_cannot_all_be_in_two_folds_are_an_error() -> None:
    corpus = said(
        (emotion, None, who) for emotion, pair in zip(EMOTIONS, ("ab", "bc", "ca"), strict=True) for who in pair
    )
    with pytest.raises(SplitError, match=r"is tested in fold [12] alone.*another number of folds"):
        make_folds(corpus, "sentences", folds=2)


@pytest.mark.parametrize("valid", [0.0, 1.0, -0.1, 1.5])
@every_clip_tested
def test_an_impossible_share_is_an_error(protocol: str, valid: float) -> None:
    with pytest.raises(SplitError, match="the shares are train"):
        make_folds(three_corpora(), protocol, valid=valid)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "protocol", "folds"),
    [
        ("aesdd", "loso", 6),
        ("aesdd", "speakers", 5),
        ("aesdd", "sentences", 5),
        ("aesdd", "kfold", 5),
        ("ravdess", "loso", 24),
        ("ravdess", "speakers", 5),
        ("ravdess", "sentences", 2),
        ("urdu", "loso", 29),
        ("urdu", "speakers", 5),
        ("urdu", "kfold", 5),
    ],
)
def test_real_corpora_are_tested_whole_in_a_few_seconds(corpora: Path, name: str, protocol: str, folds: int) -> None:
    corpus = read_corpus(corpora / name)
    start = time.process_time()
    made = make_folds(corpus, protocol)
    assert time.process_time() - start < 3
    assert len(made.folds) == folds
    assert_whole(corpus, made)
    if protocol in COLUMN:
        assert_apart(corpus, made, COLUMN[protocol], valid=(name, protocol) != ("ravdess", "sentences"))
    speakers = [len(values(corpus, made, "test", fold, "speaker")) for fold in made.folds]
    assert protocol != "loso" or speakers == [1] * folds


@pytest.mark.corpus
def test_six_folds_of_ravdess_speakers_are_exactly_even_as_the_published_ones(corpora: Path) -> None:
    corpus = read_corpus(corpora / "ravdess")
    made = make_folds(corpus, "speakers", folds=6)
    published = split.read(corpora.parent / "splits" / "emobox" / "ravdess.csv")
    for fold in made.folds:
        counts, theirs = (
            sorted(rows_of(corpus, which, "test", fold)["emotion"].value_counts().iter_rows())
            for which in (made, published)
        )
        assert counts == theirs
        assert len(made.files("valid", fold)) == 180


@pytest.mark.corpus
def test_real_corpora_are_left_out_in_turn_on_the_emotions_they_share(corpora: Path) -> None:
    corpus = join([read_corpus(corpora / name) for name in ("aesdd", "ravdess", "urdu")])
    made = make_folds(corpus, "corpora")
    shared = corpus.filter(emotions=["anger", "happiness", "sadness"])
    assert protocols.shared_emotions(corpus) == shared.emotions
    assert_whole(shared, made)
    assert_apart(shared, made, "corpus", valid=False)
    assert_apart(shared, made, "speaker")
    assert [len(made.files("test", fold)) for fold in made.folds] == [363, 576, 300]
    assert sum(protocols.left_out(corpus).values()) == len(corpus) - len(shared) == 2445 - 1239


@pytest.mark.corpus
def test_real_speakers_without_sentences_cannot_have_them_apart(corpora: Path) -> None:
    with pytest.raises(SplitError, match="400 of 400 clips have no sentence"):
        make_folds(read_corpus(corpora / "urdu"), "sentences")
