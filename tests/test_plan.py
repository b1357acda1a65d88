"""What a run is going to do is decided, checked and written before any work."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.corpora.making import balanced

import paraverbal as pv
from paraverbal.config import read_recipe
from paraverbal.corpora.corpus import Corpus, Origin, join
from paraverbal.corpora.protocols import make_folds
from paraverbal.corpora.split import Split, holdout, make, write
from paraverbal.errors import RunError, SplitError
from paraverbal.experiment.plan import folds_of, labels_of, make_plan, planned, rows, wanted


def recipe(*overrides):
    return read_recipe("spectral-svm", overrides)


def decide(asked, corpus, output, *, split=None, fold=None, resume=False):
    return make_plan(asked, corpus, output=output, split=split, fold=fold, resume=resume)


def corpus_named(name, *emotions):
    """A corpus of three speakers who say each emotion twice; its speakers have the same names as everywhere."""
    made = [
        {"file": f"{emotion}/s{speaker}_{clip}.wav", "emotion": emotion, "speaker": f"s{speaker}"}
        for emotion in emotions
        for speaker in range(3)
        for clip in range(2)
    ]
    return Corpus.from_rows(Path(name), made, Origin(name))


def test_a_plan_is_written_whole_and_read_again(tmp_path):
    corpus = balanced(6)
    plan = decide(recipe(), corpus, tmp_path / "run")
    assert sorted(file.name for file in plan.folder.iterdir()) == ["recipe.toml", "split.csv"]
    assert plan.recipe.split.protocol == "speakers"
    assert plan.labels == corpus.emotions
    again = decide(recipe(), corpus, tmp_path / "run", resume=True)
    assert (again.recipe, again.labels) == (plan.recipe, plan.labels)
    assert again.split.table.equals(plan.split.table)


def test_a_folder_that_holds_something_is_only_gone_on_with_and_only_with_the_same_settings(tmp_path):
    corpus = balanced(6)
    decide(recipe(), corpus, tmp_path / "run")
    with pytest.raises(RunError, match="is not empty; give another --output, or --resume"):
        decide(recipe(), corpus, tmp_path / "run")
    with pytest.raises(RunError, match=r"other settings, see its recipe\.toml: batch_size = 32"):
        decide(recipe("training.batch_size=8"), corpus, tmp_path / "run", resume=True)


@pytest.mark.parametrize("protocol", ["kfold", "speakers", "loso"])
def test_a_fold_of_a_protocol_is_that_of_all_its_folds(tmp_path, protocol):
    corpus, asked = balanced(6), recipe(f"split.protocol={protocol}", "training.seed=3")
    folds = folds_of(asked, corpus)
    plan = decide(asked, corpus, tmp_path / "run", fold=2)
    assert plan.split.table.equals(folds.one_fold(2).table)
    assert plan.recipe == asked
    assert folds.table.equals(make_folds(corpus, protocol, seed=3).table)


def test_the_number_of_folds_is_the_recipes_else_what_the_protocol_takes_by_itself():
    corpus = balanced(6)
    assert len(folds_of(recipe("split.protocol=speakers", "split.folds=3"), corpus).folds) == 3
    assert len(folds_of(recipe("split.protocol=speakers"), corpus).folds) == 5
    with pytest.raises(SplitError, match="protocol loso has its own number; leave --folds out"):
        folds_of(recipe("split.protocol=loso", "split.folds=3"), corpus)


@pytest.mark.parametrize("valid_of", ["all", "rest"])
def test_the_one_fold_of_holdout_is_what_train_takes_without_one(valid_of):
    asked, corpus = recipe("split.protocol=holdout", f'split.valid_of="{valid_of}"'), balanced(6)
    assert folds_of(asked, corpus).table.equals(make(corpus, asked.split, 0).table)
    assert planned(asked, corpus, None, 1)[1].table.equals(planned(asked, corpus, None, None)[1].table)


@pytest.mark.parametrize("protocol", ["auto", "official"])
def test_a_protocol_without_folds_says_where_there_are_some(protocol):
    with pytest.raises(
        SplitError, match=rf"protocol {protocol} makes none; give the split file .* or one of --protocol"
    ):
        folds_of(recipe(f"split.protocol={protocol}"), balanced(6))


def test_a_protocol_of_several_folds_asks_which(tmp_path):
    with pytest.raises(SplitError, match=r"the split has the folds .*; choose one \(--fold N\)"):
        decide(recipe("split.protocol=loso"), balanced(6), tmp_path / "run")
    with pytest.raises(SplitError, match="fold 9 is not in the split"):
        decide(recipe("split.protocol=loso"), balanced(6), tmp_path / "run", fold=9)
    assert list(tmp_path.iterdir()) == []


def test_a_split_file_makes_the_protocol_official_and_a_protocol_beside_it_is_refused(tmp_path):
    corpus = balanced(6)
    write(holdout(corpus), tmp_path / "split.csv")
    plan = decide(recipe(), corpus, tmp_path / "run", split=tmp_path / "split.csv")
    assert plan.recipe.split.protocol == "official"
    assert plan.split.table.equals(holdout(corpus).table)
    with pytest.raises(SplitError, match="protocol loso and a split file were given"):
        planned(recipe("split.protocol=loso"), corpus, tmp_path / "split.csv", 1)
    with pytest.raises(SplitError, match="give it with --split"):
        planned(recipe("split.protocol=official"), corpus, None, None)


def test_what_is_wanted_are_the_emotions_asked_for_and_with_corpora_those_that_all_have():
    corpus = join([corpus_named("a", "anger", "fear", "neutral"), corpus_named("b", "anger", "neutral", "sadness")])
    assert wanted(corpus, recipe()).emotions == ("anger", "fear", "neutral", "sadness")
    assert wanted(corpus, recipe('split.emotions=["anger", "fear"]')).emotions == ("anger", "fear")
    assert wanted(corpus, recipe("split.protocol=corpora")).emotions == ("anger", "neutral")


def test_corpora_that_share_no_emotion_are_named():
    corpus = join([corpus_named("a", "anger", "fear"), corpus_named("b", "neutral", "sadness")])
    asked = recipe("split.protocol=corpora")
    with pytest.raises(SplitError, match="the corpora a, b share 0 emotions; protocol corpora needs two"):
        folds_of(asked, wanted(corpus, asked))


def test_labels_are_those_trained_and_no_other_part_has_more():
    corpus = balanced(6)
    split = holdout(corpus)
    assert labels_of(corpus, split) == corpus.emotions
    tested = pl.when(pl.col("emotion") == corpus.emotions[0]).then(pl.lit("test")).otherwise("split")
    with pytest.raises(SplitError, match=f"no training clip of {corpus.emotions[0]}; leave them out: --emotions"):
        labels_of(corpus, Split(split.table.with_columns(split=tested)))


def test_the_rows_of_the_parts_are_the_corpus_in_its_order():
    corpus = balanced(6)
    split = holdout(corpus)
    parts = {part: [row["file"] for row in rows(corpus, split, part)] for part in ("train", "valid", "test")}
    order = corpus.table["file"].to_list()
    assert sorted((file for files in parts.values() for file in files), key=order.index) == order
    assert all(files == sorted(files, key=order.index) for files in parts.values())


def test_train_takes_the_fold_that_cross_validation_has(synthetic, tmp_path):
    asked = recipe("split.protocol=loso")

    def stop(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pv.train(asked, synthetic, output=tmp_path / "run", fold=2, progress=stop)
    write(folds_of(asked, pv.read_corpus(synthetic)).one_fold(2), tmp_path / "expected.csv")
    assert (tmp_path / "run" / "split.csv").read_bytes() == (tmp_path / "expected.csv").read_bytes()


def rated(speakers, name="valence", values=None):
    """A corpus whose clips have the values in turn; None: none."""
    corpus = balanced(speakers)
    given = [None if values is None else values[row % len(values)] for row in range(len(corpus))]
    return replace(corpus, table=corpus.table.with_columns(pl.Series(name, given, dtype=pl.Float64)))


def network(*overrides):
    return read_recipe("cnn-lstm", ["training.dimensions=['valence']", *overrides])


@pytest.mark.parametrize(
    ("values", "had"),
    [(None, "part train of made have no value"), ((2.0, None), "part train of made have one value only")],
)
def test_a_dimension_without_two_values_to_learn_from_is_an_error_before_any_work(tmp_path, values, had):
    with pytest.raises(SplitError, match=rf"{had} of valence; .* \(or --columns valence=COLUMN\), or leave it out"):
        decide(network(), rated(6, values=values), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("chosen_on", ["valid", "test"])
def test_the_part_that_chooses_the_epoch_needs_values_and_no_other_does(tmp_path, chosen_on):
    corpus, other = rated(6, values=(1.0, 2.0, None)), {"valid": "test", "test": "valid"}[chosen_on]
    split = holdout(corpus)
    asked = network(f"training.select_on={chosen_on}")
    for part, name in ((other, "kept"), (chosen_on, "refused")):
        emptied = pl.when(pl.col("file").is_in(split.files(part))).then(None).otherwise("valence")
        without = replace(corpus, table=corpus.table.with_columns(valence=emptied))
        if part == other:
            assert decide(asked, without, tmp_path / name, split=split).recipe.training.dimensions == ("valence",)
        else:
            with pytest.raises(SplitError, match=f"part {part} of made have no value of valence"):
                decide(asked, without, tmp_path / name, split=split)
