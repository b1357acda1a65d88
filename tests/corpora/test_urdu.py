from pathlib import Path

import pytest

from paraverbal.corpora import read_corpus, urdu


@pytest.mark.corpus
def test_the_corpus_has_400_clips_of_29_speakers(corpora: Path) -> None:
    corpus = read_corpus(corpora / "urdu")
    counts = dict(corpus.table["emotion"].value_counts().iter_rows())
    assert len(corpus) == urdu.CLIPS
    assert counts == {"anger": 100, "happiness": 100, "neutral": 100, "sadness": 100}
    assert corpus.table["speaker"].n_unique() == urdu.SPEAKERS
    assert set(corpus.table["sex"]) == {"female", "male"}
    assert corpus.table["file"].str.split("/").list.first().equals(corpus.table["label"], check_names=False)
