"""The picture shows the recording and its segments, for a second as for hours."""

import io
from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest
import soundfile
from tests.voices import spoken

from paraverbal.emotions import EMOTIONS
from paraverbal.inference.predict import Prediction
from paraverbal.inference.timeline import Timeline
from paraverbal.report.figures import DARK, LIGHT, png
from paraverbal.report.timeline_figure import (
    COLOURS,
    MOST_COLUMNS,
    clock,
    colours_of,
    outline,
    timeline_figure,
    write_timeline_figure,
)

LABELS = ("anger", "sadness")


def segment(start, end, emotion="anger", confidence=0.7, uncertain=False):
    return Prediction("a.wav", start, end, emotion, confidence, dict.fromkeys(LABELS, 0.5), [], uncertain)


def told(file, seconds, *segments):
    empty = np.zeros(0)
    return Timeline(str(file), seconds, LABELS, (), segments, (), empty, empty, np.zeros((0, 2)), 3.0, 1.0, 3)


@pytest.fixture
def recording(tmp_path):
    soundfile.write(tmp_path / "a.wav", spoken(-1, 2, -1, 1, rate=22050), 22050)
    return tmp_path / "a.wav"


def test_a_column_holds_least_and_greatest_sample_and_the_mean_power(tmp_path):
    waveform = np.zeros(4 * 16000, np.float32)
    waveform[16000:32000] = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    waveform[50000] = -0.9
    soundfile.write(tmp_path / "a.wav", waveform, 16000, subtype="FLOAT")
    seen = outline(tmp_path / "a.wav", 4.0)
    assert len(seen.lowest) == len(seen.highest) == seen.power.shape[1] == 400
    np.testing.assert_allclose(seen.highest[101:199], 0.5, atol=1e-3)
    assert seen.lowest[50000 * 400 // 64000] == np.float32(-0.9)
    assert not seen.highest[:100].any()
    tone = seen.power[:, 150].argmax()
    assert (seen.power[tone, 103:197] > 1e3 * seen.power[tone, :97].max()).all()


@pytest.mark.parametrize("seconds", [0.001, 0.5, 30.0])
def test_each_column_of_any_recording_has_its_part_of_the_spectrum(tmp_path, seconds):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, max(1, round(seconds * 8000)))
    soundfile.write(tmp_path / "a.wav", noise, 8000)
    seen = outline(tmp_path / "a.wav", len(noise) / 8000)
    assert 1 <= seen.power.shape[1] <= MOST_COLUMNS
    if seconds > 0.1:
        assert (seen.power[:20].sum(axis=0) > 0).all()
        assert (seen.highest > 0.2).mean() > 0.95


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_picture_has_the_colours_of_its_emotions(recording, palette):
    found = told(recording, 5.0, segment(1, 3), segment(4, 5, "sadness", 0.5))
    picture = matplotlib.image.imread(io.BytesIO(png(timeline_figure(found, outline(recording, 5.0), palette))))
    colours = {tuple(pixel) for pixel in np.round(255 * picture[::2, ::2, :3]).astype(int).reshape(-1, 3).tolist()}
    for emotion in LABELS:
        wanted = tuple(int(COLOURS[emotion][place : place + 2], 16) for place in (1, 3, 5))
        assert wanted in colours


def test_bars_stand_where_the_segments_do_and_uncertain_ones_are_hatched(recording):
    found = told(recording, 5.0, segment(1, 3), segment(4, 5, "sadness", 0.5, True))
    figure = timeline_figure(found, outline(recording, 5.0))
    bars = figure.axes[2].patches
    assert [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in bars] == [(1, 2, 70), (4, 1, 50)]
    assert [bool(bar.get_hatch()) for bar in bars] == [False, True]
    assert [text.get_text() for text in figure.axes[2].texts] == ["anger"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["anger", "sadness", "uncertain"]


def test_silence_can_be_drawn(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(16000), 16000)
    write_timeline_figure(told(tmp_path / "a.wav", 1.0), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_timeline_gives_the_same_bytes(recording):
    found = told(recording, 5.0, segment(1, 3))
    pictures = [png(timeline_figure(found, outline(recording, 5.0))) for _ in range(2)]
    assert pictures[0] == pictures[1]
    other = replace(found, segments=(segment(1, 3, "sadness"),))
    assert png(timeline_figure(other, outline(recording, 5.0))) != pictures[0]


def test_every_emotion_has_a_colour_of_its_own_and_other_words_get_greys():
    assert set(COLOURS) == set(EMOTIONS)
    assert len(set(COLOURS.values())) == len(COLOURS)
    given = colours_of(["anger", "joy", "bliss"])
    assert given["anger"] == COLOURS["anger"]
    assert len(set(given.values())) == 3


@pytest.mark.parametrize(
    ("seconds", "longest", "expected"),
    [(12.5, 60, "12.5"), (125, 600, "2:05"), (3725, 36000, "1:02:05"), (5, 600, "0:05")],
)
def test_times_are_written_as_suits_the_recording(seconds, longest, expected):
    assert clock(seconds, longest) == expected
