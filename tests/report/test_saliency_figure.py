import numpy as np
import pytest
from matplotlib.colors import to_rgb
from tests.voices import vowel

from paraverbal.features.spectral import hz_to_mel
from paraverbal.inference.saliency import Saliency
from paraverbal.report.figures import DARK
from paraverbal.report.saliency_figure import AGAINST, FOR, STRONGEST_COVER, saliency_figure, write_saliency_figure

HERTZ = np.float64([0, 1000, 8000])
TIMES = np.float64([0, 0.5, 1.0, 1.5])


def found(values):
    return Saliency(np.float32(values), TIMES[:-1], TIMES[1:], HERTZ[:-1], HERTZ[1:], "anger", 0.75)


def panels(figure):
    spectrum, above, beside = figure.axes
    return spectrum, above, beside


def test_the_strongest_patch_covers_most_and_colours_tell_for_from_against():
    spectrum, _, _ = panels(saliency_figure(found([[2, 0, 0], [0, -1, 0]]), vowel(1.5), 16000))
    (mesh,) = spectrum.collections
    covers = np.asarray(mesh.get_array()).reshape(2, 3, 4)
    assert covers[0, 0] == pytest.approx([*to_rgb(FOR), STRONGEST_COVER])
    assert covers[1, 1] == pytest.approx([*to_rgb(AGAINST), STRONGEST_COVER / 2])
    assert covers[0, 1, 3] == 0


def test_patches_lie_where_they_are_in_time_and_on_the_mel_scale():
    spectrum, _, _ = panels(saliency_figure(found([[2, 0, 0], [0, -1, 0]]), vowel(1.5), 16000))
    corners = np.asarray(spectrum.collections[0].get_coordinates())
    assert corners[0, :, 0] == pytest.approx(TIMES)
    assert corners[:, 0, 1] == pytest.approx(hz_to_mel(HERTZ))
    assert spectrum.get_xlim() == (0, 1.5)


def test_bars_are_the_sums_per_time_and_band_and_words_those_per_second():
    _, above, beside = panels(saliency_figure(found([[2, 0, 1], [0, -1, 0]]), vowel(1.5), 16000))
    assert [bar.get_height() for bar in above.patches] == [2, -1, 1]
    assert [bar.get_width() for bar in beside.patches] == [3, -1]
    assert [text.get_text() for text in above.texts] == ["Σ +1.0", "Σ +1.0"]


def test_the_title_names_the_clip_the_emotion_and_its_probability():
    _, above, _ = panels(saliency_figure(found(np.ones((2, 3))), vowel(1.5), 16000, title="clip.wav"))
    assert above.get_title(loc="left") == "clip.wav: anger 0.75"


def test_silence_can_be_drawn_and_the_same_gives_the_same_bytes(tmp_path):
    files = [tmp_path / "first.png", tmp_path / "second.png"]
    for file in files:
        write_saliency_figure(found(np.zeros((2, 3))), np.zeros(24000, np.float32), 16000, file, palette=DARK)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].read_bytes().startswith(b"\x89PNG")
