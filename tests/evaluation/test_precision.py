import numpy as np
import polars as pl
import pytest
from tests.bundles import write_bundle, write_graph

from paraverbal.bundle.load import Model
from paraverbal.corpora import Split, read_corpus
from paraverbal.errors import CorpusError
from paraverbal.evaluation.precision import precision_loss


class Sayer(Model):
    """Says one emotion of every window."""

    says = 0

    def run_windows(self, pieces, **_):
        row = np.full(len(self.labels), 0.1, np.float32)
        row[self.says] = 1 - 0.1 * (len(row) - 1)
        return np.tile(row, (len(pieces), 1))


@pytest.fixture
def models(tmp_path, synthetic):
    labels = tuple(read_corpus(synthetic).emotions)
    folders = [write_bundle(tmp_path / name, labels=labels) for name in ("full", "rounded")]
    for folder in folders:
        write_graph(folder / "model.onnx", labels=labels)
    first, second = (Sayer(folder) for folder in folders)
    second.says = 1
    return first, second


@pytest.fixture
def corpus(synthetic):
    return read_corpus(synthetic)


def split_of(corpus, parts):
    """Return a split in which each emotion's clips go to parts in turn."""
    table = corpus.table.select("file", "emotion")
    places = [parts[number % len(parts)] for number in range(len(table))]
    return Split(table.with_columns(fold=pl.lit(1, pl.Int64), split=pl.Series(places)))


def test_the_same_model_loses_nothing(models, corpus):
    found = precision_loss(models[0], models[0], corpus, split_of(corpus, ["train", "valid", "test"]))
    for part in ("valid", "test"):
        assert found[part]["lost"] == 0
        assert found[part]["interval"] == [0, 0]
        assert found[part]["same"] == 1
        assert found[part]["loss"] == found[part]["loss_fp32"]


def test_what_differs_is_told_of_each_part(models, corpus):
    split = split_of(corpus, ["train", "valid", "test"])
    told = []
    found = precision_loss(*models, corpus, split, told.append)
    for part in ("valid", "test"):
        rows = corpus.table.filter(pl.col("file").is_in(split.files(part)))
        first, second = ((rows["emotion"] == models[0].labels[index]).mean() for index in (0, 1))
        assert (found[part]["wa_fp32"], found[part]["wa"]) == pytest.approx((first, second))
        assert found[part]["clips"] == len(rows)
        assert found[part]["same"] == 0
    assert [words.split(" ")[0] for words in told] == ["valid:", "test:"]


def test_a_split_without_clips_to_use_is_refused(models, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(type(corpus), "path", lambda self, file: tmp_path / "nothing.wav")
    with pytest.raises(CorpusError, match="give the corpora of the training"):
        precision_loss(*models, corpus, split_of(corpus, ["train", "valid", "test"]))
