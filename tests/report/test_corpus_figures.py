import numpy as np
import pytest

from paraverbal.emotions import EMOTIONS
from paraverbal.report.corpus_figures import EMOTION_COLOURS, colour_of, descriptor_figure, histogram_figure, map_figure
from paraverbal.report.figures import DARK, LIGHT, png


def brightness(colour):
    """Relative luminance of WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(first, second):
    low, high = sorted((brightness(first), brightness(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_every_emotion_has_a_colour_that_can_be_seen(emotion, palette):
    assert contrast(colour_of(emotion, palette), palette.surface) > 2.9


def test_marks_tell_emotions_apart_without_colours():
    assert len({mark for _, _, mark in EMOTION_COLOURS.values()}) == len(EMOTIONS)


def test_histograms_share_their_bins_and_count_every_clip():
    figure = histogram_figure({"anger": [1.0, 2.0, 2.1], "fear": [5.0]}, "s")
    panels = [axes for axes in figure.axes if axes.get_visible()]
    heights = [[bar.get_height() for bar in axes.patches] for axes in panels]
    assert [sum(row) for row in heights] == [3, 1]
    assert [axes.get_title(loc="left") for axes in panels] == ["anger  (3)", "fear  (1)"]
    edges = [[bar.get_x() for bar in axes.patches] for axes in panels]
    assert edges[0] == edges[1]
    assert (edges[0][0], panels[1].patches[-1].get_x() + panels[1].patches[-1].get_width()) == pytest.approx((1, 5))


def test_boxes_end_at_the_quartiles():
    values = np.random.default_rng(0).normal(0, 1, 500)
    (axes,) = descriptor_figure({"anger": values, "fear": values + 3}, "dB").axes
    for bar, own in zip(axes.patches, (values, values + 3), strict=True):
        assert (bar.get_x(), bar.get_x() + bar.get_width()) == pytest.approx(np.quantile(own, [0.25, 0.75]))
    assert axes.get_xlabel() == "dB"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["anger", "fear"]


@pytest.mark.parametrize("values", [{"fear": np.array([2.0])}, {"anger": np.zeros(3), "fear": np.zeros(1)}])
def test_a_single_value_can_be_drawn(values):
    assert png(descriptor_figure(values, "")).startswith(b"\x89PNG")
    assert png(histogram_figure(values, "s")).startswith(b"\x89PNG")


def test_the_map_shows_every_clip_once_under_its_group():
    places = np.random.default_rng(0).normal(0, 1, (9, 2))
    figure = map_figure(places, ["anger", "fear", None] * 3, (0.4, 0.1), emotions=True)
    (axes,) = figure.axes
    lines = {line.get_label(): line for line in axes.lines}
    assert set(lines) == {"anger", "fear", "unknown"}
    assert np.array(lines["fear"].get_xydata()) == pytest.approx(places[1::3])
    assert axes.get_xlabel() == "first component, 40.0 % of the variance"


@pytest.mark.parametrize(("speakers", "named", "legends"), [(12, 0, 1), (20, 20, 0), (60, 0, 0)])
def test_many_speakers_are_named_on_the_map_in_place_of_a_legend(speakers, named, legends):
    groups = [f"s{n % speakers}" for n in range(120)]
    places = np.random.default_rng(0).normal(0, 1, (120, 2))
    figure = map_figure(places, groups, (0.4, 0.1), emotions=False, palette=DARK)
    assert len(figure.axes[0].texts) == named
    assert len(figure.legends) == legends
    assert len({line.get_color() for line in figure.axes[0].lines}) == speakers
