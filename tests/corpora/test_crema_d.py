import csv
import shutil
from pathlib import Path

import polars as pl
import pytest
from tests.corpora.making import touch

from paraverbal.corpora import crema_d, read_corpus
from paraverbal.errors import CorpusError


@pytest.fixture
def real_names(corpora: Path) -> list[str]:
    with (corpora.parent / "splits" / "emobox" / "crema_d.csv").open(newline="") as lines:
        return [row["file"] for row in csv.DictReader(lines)]


@pytest.mark.corpus
def test_all_7442_real_names_are_read_with_the_table_of_actors(
    corpora: Path, real_names: list[str], tmp_path: Path
) -> None:
    touch(tmp_path, real_names)
    shutil.copy(corpora.parent / "reference" / "crema-d-VideoDemographics.csv", tmp_path)
    corpus = read_corpus(tmp_path)
    assert corpus.name == "crema_d"
    assert len(corpus) == crema_d.CLIPS == 7442
    assert corpus.skipped == ()
    table = corpus.table
    assert table["speaker"].n_unique() == crema_d.SPEAKERS == 91
    assert table["sentence"].n_unique() == 12
    counts = dict(table["emotion"].value_counts().iter_rows())
    assert counts == dict.fromkeys(("anger", "disgust", "fear", "happiness", "sadness"), 1271) | {"neutral": 1087}
    assert table["sex"].null_count() == table["age"].null_count() == 0
    sexes = dict(table.unique("speaker")["sex"].value_counts().iter_rows())
    assert sexes == {"male": 48, "female": 43}
    actor = table.filter(pl.col("speaker") == "1001").row(0, named=True)
    assert (actor["age"], actor["sex"]) == (51.0, "male")


@pytest.mark.corpus
def test_every_real_name_agrees_with_the_label_that_the_published_split_states(corpora: Path) -> None:
    words = {"angry": "anger", "happy": "happiness", "sad": "sadness"}
    with (corpora.parent / "splits" / "emobox" / "crema_d.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            parsed = crema_d.parse(Path(row["file"]))
            assert parsed is not None
            assert parsed["emotion"] == words.get(row["emotion"], row["emotion"])


def test_without_the_table_of_actors_sex_and_age_are_unknown(tmp_path: Path) -> None:
    corpus = read_corpus(touch(tmp_path, ["AudioWAV/1001_DFA_ANG_XX.wav"]))
    assert corpus.table.select("sex", "age").row(0) == (None, None)


def test_the_table_of_actors_is_found_beside_the_folder_of_recordings(tmp_path: Path) -> None:
    touch(tmp_path, ["AudioWAV/1001_DFA_ANG_XX.wav"])
    (tmp_path / "VideoDemographics.csv").write_text('"ActorID","Age","Sex"\n1001,51,"Male"\n')
    corpus = read_corpus(tmp_path / "AudioWAV")
    assert corpus.table.select("sex", "age").row(0) == ("male", 51.0)


@pytest.mark.parametrize(
    "text", ["Actor,Age\n1001,51\n", "ActorID,Age,Sex\n1001,old,Male\n", "ActorID,Age,Sex\n1001\n"]
)
def test_a_wrong_table_of_actors_is_an_error_with_its_name(tmp_path: Path, text: str) -> None:
    touch(tmp_path, ["1001_DFA_ANG_XX.wav"])
    (tmp_path / "VideoDemographics.csv").write_text(text)
    with pytest.raises(CorpusError, match=r"VideoDemographics\.csv: not CREMA-D's table of actors"):
        read_corpus(tmp_path)
