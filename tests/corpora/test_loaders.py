"""Every parser of a known corpus, in one loop; what is special about one has its own file."""

from pathlib import Path, PurePosixPath

import pytest
from tests.corpora.making import touch

from paraverbal.corpora import LOADERS, read_corpus
from paraverbal.corpora.corpus import COLUMNS
from paraverbal.corpora.reader import Loader
from paraverbal.emotions import EMOTIONS

# Name of the corpus -> names of files and what each tells.
EXAMPLES = {
    "aesdd": {"fear/f10 (01).flac": {"emotion": "fear", "speaker": "1", "sentence": "10"}},
    "crema_d": {
        "AudioWAV/1074_IEO_HAP_LO.wav": {
            "emotion": "happiness",
            "speaker": "1074",
            "intensity": "low",
            "transcript": "It's eleven o'clock",
        },
        "1040_ITH_SAD_X.wav": {"emotion": "sadness", "intensity": None, "sentence": "ITH"},
    },
    "emodb": {
        "wav/03a01Fa.wav": {"emotion": "happiness", "label": "Freude", "speaker": "03", "sex": "male", "age": 31.0},
        "16b10Wb.wav": {"emotion": "anger", "speaker": "16", "sex": "female", "sentence": "b10"},
        "09a02L.wav": {"emotion": "boredom", "speaker": "09", "transcript": "Das will sie am Mittwoch abgeben"},
    },
    "ravdess": {
        "Actor_12/03-01-06-02-01-02-12.wav": {
            "emotion": "fear",
            "label": "fearful",
            "speaker": "12",
            "sex": "female",
            "intensity": "strong",
            "sentence": "01",
            "transcript": "Kids are talking by the door",
        },
        "03-01-02-01-02-01-01.wav": {"emotion": "calm", "speaker": "01", "sex": "male", "intensity": "normal"},
    },
    "savee": {
        "DC_sa01.wav": {"emotion": "sadness", "speaker": "DC", "sex": "male", "sentence": "sa01"},
        "AudioData/JE/su15.wav": {"emotion": "surprise", "speaker": "JE"},
        "KL/n30.wav": {"emotion": "neutral", "speaker": "KL"},
    },
    "tess": {
        "OAF_Fear/OAF_back_fear.wav": {"emotion": "fear", "speaker": "OAF", "age": 64.0, "sex": "female"},
        "YAF_dog_ps.wav": {"emotion": "surprise", "label": "pleasant surprise", "transcript": "Say the word dog"},
        "OA_bite_neutral.wav": {"emotion": "neutral", "speaker": "OAF"},
    },
    "urdu": {"Angry/SM1_F10_A010.wav": {"emotion": "anger", "speaker": "SM1", "sex": "male", "label": "Angry"}},
}
each_loader = pytest.mark.parametrize("loader", LOADERS, ids=lambda loader: loader.NAME)


@each_loader
def test_a_loader_says_what_its_corpus_is(loader: Loader) -> None:
    for text in (loader.NAME, loader.TITLE, loader.LICENCE, loader.SOURCE, loader.CITATION):
        assert text.strip() == text != ""
    assert loader.SOURCE.startswith("http")
    assert len(loader.LANGUAGE) == 2
    assert loader.CLIPS >= loader.SPEAKERS > 0


@each_loader
def test_labels_of_a_loader_are_canonical_emotions(loader: Loader) -> None:
    assert len(loader.LABELS) >= 4
    assert {emotion for _, emotion in loader.LABELS.values()} <= set(EMOTIONS)


@each_loader
def test_names_of_a_corpus_tell_what_they_should(loader: Loader) -> None:
    for file, expected in EXAMPLES[loader.NAME].items():
        row = loader.parse(PurePosixPath(file))
        assert row is not None
        assert {column: row.get(column) for column in expected} == expected
        assert row["language"] == loader.LANGUAGE
        assert set(row) <= set(COLUMNS)


@each_loader
def test_names_of_other_corpora_do_not_fit(loader: Loader) -> None:
    others = [file for name, files in EXAMPLES.items() if name != loader.NAME for file in files]
    for file in (*others, "clip.wav", "anger/a1.wav", "03-01-06.wav"):
        assert loader.parse(PurePosixPath(file)) is None


@each_loader
def test_a_folder_of_a_corpus_is_recognised(loader: Loader, tmp_path: Path) -> None:
    files = EXAMPLES[loader.NAME]
    corpus = read_corpus(touch(tmp_path, files))
    assert corpus.name == loader.NAME
    assert sorted(corpus.table["file"]) == sorted(files)
    assert (corpus.licence, corpus.source, corpus.citation) == (loader.LICENCE, loader.SOURCE, loader.CITATION)
    assert set(corpus.table["corpus"]) == {loader.NAME}
