"""Several corpora train one model: their label sets united or kept apart, their clips drawn evenly."""

import shutil

import numpy as np
import polars as pl
import pytest
from tests.tiny import TINY

import paraverbal as pv
from paraverbal.batches import ClipFeatures
from paraverbal.config import read_recipe
from paraverbal.errors import RecipeError, SplitError
from paraverbal.settings import AugmentSettings
from paraverbal.training.samples import TrainingSamples


@pytest.fixture(scope="module")
def second(synthetic, tmp_path_factory):
    """A corpus of other speakers that has anger and neutral alone."""
    folder = tmp_path_factory.mktemp("corpus") / "second"
    shutil.copytree(synthetic, folder)
    table = pl.read_csv(folder / "clips.csv", schema_overrides={"speaker": pl.String})
    table = table.filter(pl.col("emotion").is_in(["anger", "neutral"]))
    table.with_columns("x" + pl.col("speaker")).write_csv(folder / "clips.csv")
    for file in folder.rglob("*.flac"):
        if file.parent.name not in ("anger", "neutral"):
            file.unlink()
    return folder


def trained(corpora, output, *overrides):
    told = []
    recipe = read_recipe("cnn-lstm", [*TINY, "training.epochs=1", *overrides])
    return pv.train(recipe, corpora, output=output, progress=told.append), told


def test_emotions_of_one_corpus_alone_are_told(synthetic, second, tmp_path):
    run, told = trained([synthetic, second], tmp_path / "run")
    notice = "fear, happiness, sadness only from synthetic: a model can tell these by how that corpus sounds"
    assert f"notice: {notice}" in told
    assert notice in run.document["notices"]
    assert {one["name"] for one in run.model.manifest.training_data} == {"synthetic", "second"}


def test_label_sets_kept_apart_train_and_balance_is_in_the_recipe(synthetic, second, tmp_path):
    settings = ("training.label_sets=own", 'training.balance=["corpus", "emotion"]')
    run, _ = trained([synthetic, second], tmp_path / "run", *settings)
    assert run.document["recipe"]["training"]["label_sets"] == "own"
    assert run.document["recipe"]["training"]["balance"] == ["corpus", "emotion"]
    assert sorted(run.model.labels) == ["anger", "fear", "happiness", "neutral", "sadness"]
    plain, _ = trained([synthetic, second], tmp_path / "plain")
    assert run.document["parts"]["train"]["loss"] != plain.document["parts"]["train"]["loss"]


def test_a_corpus_of_one_emotion_cannot_keep_its_own_labels(synthetic, second, tmp_path):
    one = tmp_path / "one"
    shutil.copytree(second, one)
    table = pl.read_csv(one / "clips.csv").filter(pl.col("emotion") == "anger")
    table.write_csv(one / "clips.csv")
    shutil.rmtree(one / "neutral")
    with pytest.raises(SplitError, match="one has only anger to train; leave that corpus out"):
        trained([synthetic, one], tmp_path / "run", "training.label_sets=own")
    assert not (tmp_path / "run").exists()


def test_corpora_without_a_common_emotion_train_and_it_is_told(synthetic, second, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(synthetic, other)
    table = pl.read_csv(other / "clips.csv").filter(pl.col("emotion").is_in(["fear", "sadness"]))
    table.with_columns("y" + pl.col("speaker").cast(pl.String)).write_csv(other / "clips.csv")
    for name in ("anger", "neutral", "happiness"):
        shutil.rmtree(other / name)
    _, told = trained([second, other], tmp_path / "run")
    assert any("anger, neutral only from second; fear, sadness only from other" in line for line in told)


def test_clips_are_drawn_by_their_shares_and_the_epoch_stays_as_long():
    shares = np.array([0.5, 0.5, 0.0, 0.0])
    data = ClipFeatures([], np.arange(5), np.zeros(4, np.int64), shares=shares)
    samples = TrainingSamples.__new__(TrainingSamples)
    samples.data, samples.settings, samples.seed, samples.lengths = data, AugmentSettings(), 0, np.ones(4, np.int64)
    drawn = [np.concatenate(samples._parts(3, epoch))[:, 0] for epoch in range(50)]
    assert all(len(one) == 4 for one in drawn)
    counts = np.bincount(np.concatenate(drawn), minlength=4) / 200
    np.testing.assert_allclose(counts, shares, atol=0.08)
    assert any(not np.array_equal(one, drawn[0]) for one in drawn)


@pytest.mark.parametrize(
    "setting",
    ['training.balance=["emotion"]', "training.label_sets=own", "training.init=default", "training.select_by=last"],
)
def test_a_support_vector_machine_says_what_it_cannot_do(setting):
    with pytest.raises(RecipeError, match="an svm"):
        read_recipe("spectral-svm", [setting])
