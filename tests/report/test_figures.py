import io

import matplotlib
import matplotlib.image
import numpy as np
import pytest

from paraverbal.evaluation.protocol import Result
from paraverbal.features.spectral import log_mel
from paraverbal.report.figures import DARK, LIGHT, clip_figure, confusion_figure, curves_figure, png, write_png
from paraverbal.settings import LogMelSettings


def pixels(data):
    return matplotlib.image.imread(io.BytesIO(data))


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_confusion_figure_shows_counts_and_shares_of_the_row(result):
    shown = texts(confusion_figure(result))
    for row in result.confusion:
        for count in row:
            assert str(count) in shown
            if count:
                assert f"{100 * count / sum(row):.0f} %" in shown


def test_the_confusion_figure_names_true_classes_with_their_clips(result):
    axes = confusion_figure(result).axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list(result.labels)
    assert axes.get_yticklabels()[0].get_text() == f"anger  ({sum(result.confusion[0])})"


@pytest.mark.parametrize("classes", [1, 2, 10])
def test_any_number_of_classes_can_be_drawn(classes):
    labels = [f"emotion number {index}" for index in range(classes)]
    truth, probabilities = np.zeros(3, dtype=int), np.eye(classes)[[0, 0, 0]]
    result = Result.from_predictions(truth, probabilities, labels=labels, protocol="p", selected_on="valid")
    assert pixels(png(confusion_figure(result))).ndim == 3


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_a_figure_fills_its_background(result, palette):
    corner = pixels(png(confusion_figure(result, palette=palette)))[0, 0, :3]
    expected = [int(palette.surface[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    assert corner == pytest.approx(expected, abs=1 / 255)


def test_the_same_result_gives_the_same_bytes(result):
    assert png(confusion_figure(result)) == png(confusion_figure(result))


def test_the_curves_hold_every_epoch_of_training_and_validation(make_history):
    rows = make_history(12)
    loss, score, rate = curves_figure(rows, 9).axes
    for axes, key, scale in ((loss, "loss", 1), (score, "uar", 100)):
        train, valid = axes.get_lines()[:2]
        assert [train.get_label(), valid.get_label()] == ["train", "validation"]
        assert list(train.get_xdata()) == list(valid.get_xdata()) == list(range(1, 13))
        assert list(train.get_ydata()) == [scale * row[f"train_{key}"] for row in rows]
        assert list(valid.get_ydata()) == [scale * row[f"valid_{key}"] for row in rows]
    assert list(rate.get_lines()[0].get_ydata()) == [row["learning_rate"] for row in rows]


def test_the_kept_epoch_is_marked_in_every_panel_and_named_once(make_history):
    figure = curves_figure(make_history(12), 9)
    assert all(list(axes.get_lines()[-1].get_xdata()) == [9, 9] for axes in figure.axes)
    assert texts(figure) == ["kept: epoch 9"]
    assert texts(curves_figure(make_history(12))) == []


def test_an_old_history_without_training_scores_shows_those_of_validation(make_history):
    rows = [
        {key: value for key, value in row.items() if key not in ("train_wa", "train_uar")} for row in make_history(5)
    ]
    loss, score, _ = curves_figure(rows).axes
    assert [line.get_label() for line in loss.get_lines()] == ["train", "validation"]
    assert [line.get_label() for line in score.get_lines()] == ["validation"]


def test_the_curves_of_an_svm_are_scores_over_costs_on_a_logarithmic_axis(svm_history):
    figure = curves_figure(svm_history, 3)
    losses, axes = figure.axes
    assert list(losses.get_lines()[0].get_ydata()) == [row["valid_loss"] for row in svm_history]
    assert losses.get_xscale() == "log"
    train, valid, kept = axes.get_lines()
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0.01", "0.1", "1", "10"]
    assert list(train.get_ydata()) == [100 * row["train_uar"] for row in svm_history]
    assert list(valid.get_ydata()) == [100 * row["valid_uar"] for row in svm_history]
    assert list(kept.get_xdata()) == [1, 1]
    assert texts(figure) == ["kept: cost 1"]


def test_one_cost_can_be_drawn(svm_history):
    assert pixels(png(curves_figure(svm_history[:1], 1))).ndim == 3


@pytest.mark.parametrize("epochs", [1, 2, 60])
def test_a_training_of_any_length_can_be_drawn(tmp_path, make_history, epochs):
    rows = [{**row, "learning_rate": 1e-3 * 0.9**index} for index, row in enumerate(make_history(epochs))]
    write_png(curves_figure(rows, 1), tmp_path / "curves.png")
    assert pixels((tmp_path / "curves.png").read_bytes()).shape[1] > 1000


def tone(hertz, seconds=1.0, rate=16000):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def drawn(waveform, rate=16000, **changes):
    settings = LogMelSettings(**changes)
    return clip_figure(waveform, rate, log_mel(waveform, rate, settings), settings=settings, title="a clip")


def test_a_clip_is_drawn_over_its_seconds_with_its_greatest_amplitudes():
    wave, spectrum, _ = drawn(tone(440, 1.5)).axes
    (line,) = wave.get_lines()
    assert wave.get_xlim() == spectrum.get_xlim() == (0, 1.5)
    assert [line.get_ydata().min(), line.get_ydata().max()] == pytest.approx([-0.5, 0.5], abs=1e-4)
    assert line.get_xdata().max() < 1.5
    assert (wave.get_ylabel(), spectrum.get_xlabel()) == ("amplitude", "time (s)")


@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize("hertz", [500, 2000, 4000])
def test_a_tone_is_brightest_at_the_tick_of_its_frequency(scale, hertz):
    figure = drawn(tone(hertz), scale=scale, fmin=100.0)
    spectrum = figure.axes[1]
    (image,) = spectrum.get_images()
    levels = image.get_array()
    left, right, bottom, top = image.get_extent()
    band = levels.mean(axis=1).argmax()
    place = bottom + (band + 0.5) * (top - bottom) / len(levels)
    ticks = dict(zip((tick.get_text() for tick in spectrum.get_yticklabels()), spectrum.get_yticks(), strict=True))
    assert place == pytest.approx(ticks[str(hertz)], abs=(top - bottom) / len(levels))
    assert right - left == pytest.approx(levels.shape[1] * 512 / 16000)


def test_a_click_is_in_waveform_and_spectrogram_at_the_same_second():
    waveform = np.zeros(32000, dtype=np.float32)
    waveform[20000] = 1
    wave, spectrum, _ = drawn(waveform).axes
    (line,) = wave.get_lines()
    (image,) = spectrum.get_images()
    left, right, _, _ = image.get_extent()
    frames = image.get_array().shape[1]
    frame = left + (image.get_array().mean(axis=0).argmax() + 0.5) * (right - left) / frames
    assert line.get_xdata()[line.get_ydata().argmax()] == pytest.approx(1.25, abs=0.002)
    assert frame == pytest.approx(1.25, abs=512 / 16000)


@pytest.mark.parametrize("samples", [1, 300, 500_000])
def test_a_silent_clip_of_any_length_can_be_drawn(samples):
    assert pixels(png(drawn(np.zeros(samples, dtype=np.float32)))).shape[1] > 1000


def test_the_levels_are_labelled_with_their_unit():
    assert drawn(tone(440)).axes[2].get_ylabel() == "dB"
    assert drawn(tone(440), log="ln").axes[2].get_ylabel() == "ln power"


def test_drawing_changes_no_global_setting(result):
    before = dict(matplotlib.rcParams)
    png(confusion_figure(result))
    assert dict(matplotlib.rcParams) == before


def test_few_colours_take_fewer_bytes_and_look_the_same(result):
    many, few = png(confusion_figure(result)), png(confusion_figure(result), 256)
    assert len(few) < len(many) / 2
    assert np.abs(pixels(many)[:, :, :3] - pixels(few)[:, :, :3]).mean() < 0.001
