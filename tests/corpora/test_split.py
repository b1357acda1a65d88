import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpora.making import balanced, corpus_of

from paraverbal.corpora import crema_d, read_corpus, split
from paraverbal.corpora.corpus import Corpus, Origin, join
from paraverbal.corpora.split import PARTS, Split
from paraverbal.errors import SplitError
from paraverbal.settings import SplitSettings

rules = pytest.mark.parametrize("rule", [split.holdout, split.speakers_apart])


def parts_of(made: Split) -> list[set[str]]:
    return [set(made.files(part)) for part in PARTS]


def assert_covers(corpus: Corpus, made: Split) -> None:
    train, valid, test = parts_of(made)
    assert not train & valid and not train & test and not valid & test
    assert train | valid | test == set(corpus.table["file"])
    assert made.table.select("file", "emotion").equals(corpus.table.select("file", "emotion"))
    assert made.table.columns == ["file", "emotion", "fold", "split"]


def assert_apart(corpus: Corpus, made: Split) -> None:
    assert not any(split.shared_speakers(corpus, made).values())


def shares(made: Split) -> dict[str, list[float]]:
    """Return the shares of train, valid and test by emotion."""
    by_emotion = made.table.group_by("emotion").agg((pl.col("split") == part).mean().alias(part) for part in PARTS)
    return {row[0]: list(row[1:]) for row in by_emotion.iter_rows()}


clips = st.lists(
    st.tuples(st.sampled_from(["anger", "fear", "neutral"]), st.sampled_from("abcdefgh")), min_size=9, max_size=80
)


@settings(max_examples=20)
@given(clips=clips, valid=st.floats(0.05, 0.4), test=st.floats(0.05, 0.4), seed=st.integers(0, 99))
def test_holdout_covers_all_and_keeps_each_emotions_share(
    clips: list[tuple[str, str]], valid: float, test: float, seed: int
) -> None:
    corpus = corpus_of(clips + [(emotion, "x") for emotion in ("anger", "fear", "neutral") for _ in range(3)])
    made = split.holdout(corpus, valid=valid, test=test, seed=seed)
    assert_covers(corpus, made)
    counts = dict(corpus.table["emotion"].value_counts().iter_rows())
    for emotion, reached in shares(made).items():
        assert min(reached) > 0
        assert reached == pytest.approx([1 - valid - test, valid, test], abs=2 / counts[emotion])


@settings(max_examples=20)
@given(clips=clips, seed=st.integers(0, 99))
def test_speakers_apart_covers_all_and_shares_no_speaker(clips: list[tuple[str, str]], seed: int) -> None:
    more = [(emotion, speaker) for emotion in ("anger", "fear", "neutral") for speaker in "xyz"]
    corpus = corpus_of(clips + more)
    made = split.speakers_apart(corpus, valid=0.15, test=0.15, seed=seed)
    assert_covers(corpus, made)
    assert_apart(corpus, made)
    assert all(min(reached) > 0 for reached in shares(made).values())


@pytest.mark.parametrize("speakers", [3, 4, 6, 24])
def test_speakers_apart_is_as_near_to_the_shares_as_whole_speakers_allow(speakers: int) -> None:
    corpus = balanced(speakers)
    made = split.speakers_apart(corpus, valid=0.15, test=0.15, seed=0)
    assert_apart(corpus, made)
    for reached in shares(made).values():
        assert reached == pytest.approx(
            [0.7, 0.15, 0.15], abs=max(0.5 / speakers + 0.01, 1 / speakers - 0.14, 0.05) * 2
        )


@rules
def test_the_same_seed_gives_the_same_split_whatever_the_order_of_rows(rule: Callable[..., Split]) -> None:
    corpus = balanced(12)
    shuffled = Corpus(corpus.name, corpus.root, corpus.table.sample(fraction=1, shuffle=True, seed=1), corpus.origins)
    assert parts_of(rule(corpus, seed=4)) == parts_of(rule(corpus, seed=4)) == parts_of(rule(shuffled, seed=4))
    assert parts_of(rule(corpus, seed=4)) != parts_of(rule(corpus, seed=5))


@rules
def test_a_class_with_one_clip_is_an_error_that_names_it_and_the_remedy(rule: Callable[..., Split]) -> None:
    corpus = corpus_of([("anger", str(number)) for number in range(9)] + [("calm", "1")])
    with pytest.raises(
        SplitError, match="'calm' has 1 clip, but train, valid, test need one each: add clips, or leave"
    ):
        rule(corpus)


@rules
@pytest.mark.parametrize(("valid", "test"), [(0.6, 0.4), (0.0, 0.2), (0.2, -0.1), (1.0, 0.2)])
def test_impossible_shares_are_an_error(rule: Callable[..., Split], valid: float, test: float) -> None:
    with pytest.raises(SplitError, match="the shares are train"):
        rule(balanced(6), valid=valid, test=test)


@rules
def test_utterances_of_one_file_stay_in_one_part(rule: Callable[..., Split]) -> None:
    rows = [
        {"file": f"{file}.wav", "emotion": emotion, "speaker": f"{file % 5}", "start": start, "end": start + 1.0}
        for file in range(40)
        for start, emotion in ((0.0, "anger"), (1.0, "fear"))
    ]
    corpus = Corpus.from_rows(Path("made"), rows, Origin("made"))
    made = rule(corpus)
    assert len(made) == 80
    assert_covers(corpus, made)
    assert parts_of(split.official(corpus, made)) == parts_of(made)
    assert bool(split.shared_speakers(corpus, made)["train/test"]) == (rule is split.holdout)


def test_speakers_who_talk_in_one_file_stay_together() -> None:
    rows = [
        {"file": f"{pair}.wav", "emotion": "anger", "speaker": f"{pair}{who}", "start": start}
        for pair in range(6)
        for who, start in (("a", 0.0), ("b", 1.0))
    ]
    corpus = Corpus.from_rows(Path("made"), rows, Origin("made"))
    assert_apart(corpus, split.speakers_apart(corpus))


def test_too_few_or_unknown_speakers_cannot_be_apart() -> None:
    with pytest.raises(SplitError, match=r"2 speakers .* cannot be in 3 parts"):
        split.speakers_apart(balanced(2))
    with pytest.raises(SplitError, match="1 clips have no speaker"):
        split.speakers_apart(corpus_of([("anger", "a"), ("anger", "b"), ("anger", None), ("anger", "c")]))


def test_speakers_of_different_corpora_with_one_id_are_different() -> None:
    first, second = balanced(3, each=9), balanced(3, each=9).renamed("other")
    second = Corpus("other", Path("elsewhere"), second.table, second.origins)
    both = join([first, second])
    made = split.speakers_apart(both, valid=0.2, test=0.2)
    assert_apart(both, made)
    shared = split.shared_speakers(both, split.holdout(both, valid=0.2, test=0.4))["train/test"]
    assert shared == [f"{name}/{number:02d}" for name in ("made", "other") for number in range(3)]


@pytest.mark.parametrize(
    ("corpus", "protocol", "apart"),
    [
        (balanced(3, each=8), "auto", True),
        (balanced(2, each=8), "auto", False),
        (corpus_of([("anger", None)] * 9), "auto", False),
        (balanced(6, each=8), "holdout", False),
        (balanced(6, each=8), "speakers", True),
    ],
)
def test_a_recipe_keeps_speakers_apart_where_it_can_and_is_not_told_otherwise(
    corpus: Corpus, protocol: str, apart: bool
) -> None:
    made = split.make(corpus, SplitSettings.model_validate({"protocol": protocol}), seed=0)
    expected = split.speakers_apart(corpus) if apart else split.holdout(corpus)
    assert parts_of(made) == parts_of(expected)


def test_known_speakers_are_apart_by_default_although_others_are_unknown() -> None:
    known = [(emotion, speaker) for speaker in "abcdef" for emotion in ("anger", "fear") for _ in range(4)]
    corpus = corpus_of([*known, *[("anger", None)] * 7, *[("fear", None)] * 7])
    made = split.make(corpus, SplitSettings())
    assert_covers(corpus, made)
    assert_apart(corpus, made)
    nobody = set(corpus.table.filter(pl.col("speaker").is_null())["file"])
    assert sum(bool(nobody & part) for part in parts_of(made)) > 1


LETTERS = {"train": "-", "valid": "v", "test": "t"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (split.holdout, "-ttv-tv--ttttv------t-tvt-v--vt-t---"),
        (split.speakers_apart, "------------tttttttttttt------vvvvvv"),
    ],
)
def test_a_seed_gives_the_split_that_it_always_gave(rule: Callable[..., Split], expected: str) -> None:
    made = rule(balanced(6, each=2), valid=0.2, test=0.3, seed=42)
    assert "".join(LETTERS[part] for part in made.table["split"]) == expected


TWICE_CUT = SplitSettings(protocol="holdout", valid=0.05, test=0.3, valid_of="rest")
CREMA_D = {"anger": 1271, "disgust": 1271, "fear": 1271, "happiness": 1271, "neutral": 1087, "sadness": 1271}


def assert_cut_as_published(corpus: Corpus, made: Split) -> None:
    assert_covers(corpus, made)
    train, valid, test = (len(files) for files in parts_of(made))
    assert (train + valid, test, train, valid) == (5209, 2233, 4948, 261)
    counts = made.table.group_by("emotion").agg((pl.col("split") == part).sum().alias(part) for part in PARTS)
    for emotion, *reached in counts.iter_rows():
        rest = CREMA_D[emotion] - reached[2]
        assert reached[2] == pytest.approx(0.3 * CREMA_D[emotion], abs=1)
        assert reached[1] == pytest.approx(0.05 * rest, abs=1)
        assert reached[0] == pytest.approx(0.95 * rest, abs=1)


def test_thirty_percent_then_five_of_the_rest_of_7442_clips_are_2233_and_261() -> None:
    corpus = corpus_of((emotion, None) for emotion, count in CREMA_D.items() for _ in range(count))
    made = split.make(corpus, TWICE_CUT, seed=42)
    assert_cut_as_published(corpus, made)
    assert parts_of(made) != parts_of(split.make(corpus, TWICE_CUT, seed=43))


@pytest.mark.corpus
def test_the_names_of_crema_d_are_cut_into_the_published_sizes(corpora: Path) -> None:
    listed = pl.read_csv(corpora.parent / "splits" / "emobox" / "crema_d.csv")["file"]
    rows = [{"file": file, **(crema_d.parse(PurePosixPath(file)) or {})} for file in listed]
    corpus = Corpus.from_rows(Path("crema_d"), rows, Origin(crema_d.NAME))
    assert len(corpus) == 7442
    assert_cut_as_published(corpus, split.make(corpus, TWICE_CUT, seed=42))


@pytest.mark.parametrize("each", [1, 2])
def test_an_emotion_with_few_clips_is_in_every_part_however_small_the_share(each: int) -> None:
    corpus = balanced(3, each=each)
    made = split.holdout(corpus, valid=0.01, test=0.01, valid_of="rest")
    assert_covers(corpus, made)
    assert [len(files) for files in parts_of(made)] == [9 * each - 6, 3, 3]


def test_speakers_stay_apart_where_validation_is_a_share_of_the_rest() -> None:
    corpus = balanced(20)
    settings = SplitSettings(protocol="speakers", valid=0.25, test=0.2, valid_of="rest")
    made = split.make(corpus, settings, seed=1)
    assert_apart(corpus, made)
    assert [len(files) for files in parts_of(made)] == [144, 48, 48]
    assert parts_of(made) == parts_of(split.make(corpus, settings.model_copy(update={"protocol": "auto"}), seed=1))


@rules
@pytest.mark.parametrize(("valid", "test"), [(1.0, 0.3), (0.0, 0.3), (0.2, 1.0), (1.2, 0.3)])
def test_impossible_shares_of_the_rest_are_an_error(rule: Callable[..., Split], valid: float, test: float) -> None:
    with pytest.raises(SplitError, match="the shares are train"):
        rule(balanced(6), valid=valid, test=test, valid_of="rest")


def test_a_recipe_may_want_some_emotions_only() -> None:
    made = split.make(balanced(6), SplitSettings(emotions=("anger", "fear")))
    assert set(made.table["emotion"]) == {"anger", "fear"}


def test_a_split_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = split.speakers_apart(balanced(6))
    split.write(made, tmp_path / "new" / "split.csv")
    assert split.read(tmp_path / "new" / "split.csv").table.equals(made.table)
    assert (tmp_path / "new" / "split.csv").read_text().startswith("file,emotion,fold,split\n0000.wav,anger,1,")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["split.csv"]


def test_other_words_for_parts_and_missing_columns_are_understood(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text("split,file\nTraining,03\ndev,3\ntest,1.wav\n")
    read = split.read(tmp_path / "split.csv")
    assert parts_of(read) == [{"03"}, {"3"}, {"1.wav"}]
    assert read.folds == [1]
    assert repr(read) == "Split(train 1, valid 1, test 1; folds [1])"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,emotion\n1.wav,anger\n", "has no column 'split'"),
        ("file,split\n1.wav,trian\n", r"1\.wav: split is 'trian' \(did you mean 'train'\?\)"),
        ("file,split\n1.wav,\n", r"1\.wav: split is None"),
        ("file,split\n,train\n", "line 2 names no file"),
        ("file,fold,split\n1.wav,one,train\n", r"fold of 1\.wav is 'one'"),
        ("file,fold,split\n1.wav,1,train\n1.wav,1,test\n", r"1 files are in two parts of one fold, for example 1\.wav"),
        ("", "not a CSV table"),
    ],
)
def test_a_wrong_split_file_is_an_error_with_its_name(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "split.csv").write_text(text)
    with pytest.raises(SplitError, match=r"split\.csv: .*" + message):
        split.read(tmp_path / "split.csv")


def test_a_missing_split_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SplitError, match="no such split file"):
        split.read(tmp_path / "split.csv")


def folded() -> Split:
    rows = [{"file": f"{number:04d}.wav", "emotion": None, "fold": fold, "split": "test" if number % 6 == fold else "train"}
            for fold in (1, 2) for number in range(72)]  # fmt: skip
    return Split(pl.DataFrame(rows, schema=split.SCHEMA))


def test_one_of_several_folds_must_be_chosen() -> None:
    with pytest.raises(SplitError, match=r"has the folds 1, 2; choose one \(--fold N\)"):
        folded().files("train")
    with pytest.raises(SplitError, match="fold 3 is not in the split; it has 1, 2"):
        split.official(balanced(6), folded(), fold=3)
    assert folded().files("test", fold=2)[:2] == ["0002.wav", "0008.wav"]


def test_a_part_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(SplitError, match=r"part 'tests' is unknown.*'test'"):
        folded().files("tests", fold=1)


def test_an_official_test_part_stays_and_validation_is_cut_from_train() -> None:
    corpus = balanced(6)
    made = split.official(corpus, folded(), fold=2, valid=0.25)
    assert made.files("test") == folded().files("test", 2)
    assert set(made.files("train")) | set(made.files("valid")) == set(folded().files("train", 2))
    assert len(made.files("valid")) == pytest.approx(0.25 * 60, abs=2)
    assert made.table["fold"].unique().to_list() == [2]


def test_an_official_validation_part_stays() -> None:
    corpus = balanced(6)
    made = split.speakers_apart(corpus)
    assert split.official(corpus, made).table.equals(made.table)


def test_an_official_split_of_test_clips_alone_stays() -> None:
    only_test = Split(folded().one_fold(1).table.filter(pl.col("split") == "test"))
    assert parts_of(split.official(balanced(6), only_test)) == [set(), set(), set(only_test.files("test"))]


def test_clips_that_the_official_split_does_not_list_are_left_out() -> None:
    table = folded().one_fold(1).table
    some = Split(table.filter(pl.col("file") != "0000.wav"))
    assert "0000.wav" not in split.official(balanced(6), some).table["file"]


def test_an_official_split_of_another_corpus_is_an_error() -> None:
    with pytest.raises(
        SplitError, match=r"36 of 72 files of the split are not in the corpus made, for example 0036\.wav"
    ):
        split.official(balanced(3), folded(), fold=1)
    calm = Split(folded().table.with_columns(emotion=pl.lit("calm")))
    with pytest.raises(SplitError, match="no file of the corpus made"):
        split.official(balanced(6), calm, fold=1)


def test_a_class_with_one_training_clip_cannot_give_one_to_validation() -> None:
    corpus = corpus_of([("anger", "a"), ("anger", "a"), ("calm", "b"), ("calm", "c")])
    words = ["train", "train", "train", "test"]
    table = corpus.table.select("file", "emotion").with_columns(fold=pl.lit(1), split=pl.Series(words))
    with pytest.raises(SplitError, match="'calm' has 1 clip, but train, valid need one each"):
        split.official(corpus, Split(table))


def test_a_speaker_in_two_parts_is_found() -> None:
    corpus = corpus_of([("anger", speaker) for speaker in ("a", "b", "a", "c", "c", None)])
    words = ["train", "train", "test", "valid", "test", "test"]
    table = corpus.table.select("file", "emotion").with_columns(fold=pl.lit(1), split=pl.Series(words))
    shared = split.shared_speakers(corpus, Split(table))
    assert shared == {"train/valid": [], "train/test": ["a"], "valid/test": ["c"]}


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "speakers", "nearest"), [("aesdd", 6, 0.04), ("ravdess", 24, 0.05), ("urdu", 29, 0.14)]
)
def test_real_speakers_are_apart_with_every_emotion_everywhere_in_a_second(
    corpora: Path, name: str, speakers: int, nearest: float
) -> None:
    corpus = read_corpus(corpora / name)
    start = time.process_time()
    made = split.make(corpus, SplitSettings(), seed=0)
    assert time.process_time() - start < 1
    assert_covers(corpus, made)
    assert_apart(corpus, made)
    assert (
        sum(corpus.table.filter(pl.col("file").is_in(made.files(part)))["speaker"].n_unique() for part in PARTS)
        == speakers
    )
    for reached in shares(made).values():
        assert min(reached) > 0
        assert reached == pytest.approx([0.7, 0.15, 0.15], abs=nearest)


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "train", "test"), [("aesdd", 455, 149), ("urdu", 300, 100)])
def test_published_single_folds_share_speakers(corpora: Path, name: str, train: int, test: int) -> None:
    corpus = read_corpus(corpora / name)
    published = split.read(corpora.parent / "splits" / "emobox" / f"{name}.csv")
    made = split.official(corpus, published, valid=0.15, seed=0)
    assert len(made.files("test")) == test
    assert len(made.files("valid")) == pytest.approx(0.15 * train, abs=2)
    assert len(made.files("train")) + len(made.files("valid")) == train
    assert split.shared_speakers(corpus, made)["train/test"]
    assert "sadness/s05 (3).wav" not in made.table["file"]


@pytest.mark.corpus
def test_published_folds_of_ravdess_keep_speakers_apart_and_so_does_validation(corpora: Path) -> None:
    corpus = read_corpus(corpora / "ravdess")
    published = split.read(corpora.parent / "splits" / "emobox" / "ravdess.csv")
    assert published.folds == [1, 2, 3, 4, 5, 6]
    assert_apart(corpus, published)
    for fold in published.folds:
        made = split.official(corpus, published, fold=fold, valid=0.15, seed=fold)
        assert [len(files) for files in parts_of(made)] == [1020, 180, 240]
        assert_apart(corpus, made)


@pytest.mark.corpus
def test_a_published_split_fits_a_corpus_with_fewer_emotions(corpora: Path) -> None:
    corpus = read_corpus(corpora / "ravdess").filter(emotions=["anger", "fear", "happiness", "neutral", "sadness"])
    published = split.read(corpora.parent / "splits" / "emobox" / "ravdess.csv")
    made = split.official(corpus, published, fold=1, valid=0.15)
    assert len(made) == len(corpus) == 864
