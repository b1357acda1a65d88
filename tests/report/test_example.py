from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import soundfile

from paraverbal.corpora.corpus import Corpus, Origin
from paraverbal.errors import AudioNotFoundError, CorpusError, LabelError, ParaverbalError
from paraverbal.report.example import check_request, draw_example, plot_example, show_example


@pytest.fixture
def corpus(tmp_path):
    """Three clips of fear, each the first, second or third second of a file that rises; one of anger that is gone."""
    soundfile.write(tmp_path / "long.wav", np.repeat([0.1, 0.2, 0.3], 8000), 8000, subtype="FLOAT")
    rows = [
        {"file": "long.wav", "emotion": "fear", "speaker": "03", "start": float(start), "end": start + 1.0}
        for start in range(3)
    ]
    return Corpus.from_rows(tmp_path, [*rows, {"file": "gone.wav", "emotion": "anger"}], Origin("made"))


def test_an_example_is_the_part_that_the_corpus_says(corpus, tmp_path):
    example = draw_example(corpus, "fearful", seed=1)
    drawn = corpus.sample("fear", seed=1)
    assert np.unique(example.waveform) == pytest.approx([0.1 * (drawn["start"] + 1)])
    assert example.to_dict() == {
        "path": str(tmp_path / "long.wav"),
        "emotion": "fear",
        "speaker": "03",
        "duration": 1.0,
    }


def test_other_seeds_draw_other_clips_and_the_same_seed_the_same(corpus):
    levels = [draw_example(corpus, "fear", seed=seed).waveform[0] for seed in (*range(12), *range(12))]
    assert levels[:12] == levels[12:]
    assert len(set(levels)) == 3


def test_the_picture_of_an_example_is_a_png(corpus, tmp_path):
    plot_example(draw_example(corpus, "fear"), tmp_path / "clip.png")
    assert matplotlib.image.imread(tmp_path / "clip.png").shape[1] > 1000


@pytest.mark.parametrize(
    ("emotion", "error"), [("anger", AudioNotFoundError), ("calm", CorpusError), ("x", LabelError)]
)
def test_what_cannot_be_drawn_or_read_is_an_error_and_no_picture(corpus, tmp_path, emotion, error):
    with pytest.raises(error):
        show_example(corpus, emotion, plot=tmp_path / "clip.png")
    assert not (tmp_path / "clip.png").exists()


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ((None, Path("a.png"), None), "--plot a.png draws one clip; say of which emotion"),
        (("fear", Path("a.jpg"), None), "--plot a.jpg: a PNG is written"),
        (("fear", None, Path("split.csv")), "--example fear and --split split.csv were both given"),
    ],
)
def test_a_request_that_does_not_fit_is_an_error(request_, words):
    with pytest.raises(ParaverbalError, match=words):
        check_request(*request_)
