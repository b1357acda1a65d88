import io

import matplotlib
import matplotlib.image
import numpy as np
import pytest

from paraverbal.evaluation.protocol import Result
from paraverbal.report.figures import DARK, LIGHT, confusion_figure, curves_figure, png, write_png


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


def test_the_curves_hold_every_epoch(make_history):
    rows = make_history(12)
    loss, score, rate = curves_figure(rows, best_epoch=9).axes
    train, valid = loss.get_lines()[:2]
    assert list(train.get_ydata()) == [row["train_loss"] for row in rows]
    assert list(valid.get_xdata()) == list(range(1, 13))
    assert list(score.get_lines()[0].get_ydata()) == [100 * row["valid_uar"] for row in rows]
    assert list(rate.get_lines()[0].get_ydata()) == [row["learning_rate"] for row in rows]
    assert "kept: epoch 9" in [text.get_text() for text in score.texts]


@pytest.mark.parametrize("epochs", [1, 2, 60])
def test_a_training_of_any_length_can_be_drawn(tmp_path, make_history, epochs):
    rows = [{**row, "learning_rate": 1e-3 * 0.9**index} for index, row in enumerate(make_history(epochs))]
    write_png(curves_figure(rows, best_epoch=1), tmp_path / "curves.png")
    assert pixels((tmp_path / "curves.png").read_bytes()).shape[1] > 1000


def test_drawing_changes_no_global_setting(result):
    before = dict(matplotlib.rcParams)
    png(confusion_figure(result))
    assert dict(matplotlib.rcParams) == before
