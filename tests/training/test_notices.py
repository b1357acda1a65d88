import math
from types import SimpleNamespace

import pytest

from paraverbal.training.notices import chance_notice, divergence_notice

LABELS = 4  # chance is 25 %, the loss of equal probabilities 1.386
EQUAL = math.log(LABELS)


def epoch(train_uar=None, valid_uar=0.25, train_loss=EQUAL):
    row = {"epoch": 1, "train_loss": train_loss, "valid_uar": valid_uar}
    return row if train_uar is None else {**row, "train_uar": train_uar}


@pytest.mark.parametrize(("best", "stayed"), [(0.25, True), (0.299, True), (0.301, False), (0.9, False)])
def test_training_stayed_at_chance_if_no_epoch_is_5_points_above_it_on_training_clips(best, stayed):
    history = [epoch(0.2, 0.6, 0.5), epoch(best, 0.6, 0.5), epoch(0.26, 0.6, 0.5)]
    assert bool(chance_notice(history, LABELS)) == stayed


@pytest.mark.parametrize(
    ("valid_uar", "loss_share", "stayed"),
    [(0.25, 1.0, True), (0.27, 0.98, True), (0.28, 1.0, False), (0.25, 0.96, False)],
)
@pytest.mark.parametrize("train_uar", [None, 0.35])
def test_or_if_neither_validation_nor_the_loss_left_it(train_uar, valid_uar, loss_share, stayed):
    history = [epoch(train_uar, 0.2, 1.5), epoch(train_uar, valid_uar, loss_share * EQUAL)]
    assert bool(chance_notice(history, LABELS)) == stayed


def test_the_sentence_names_the_best_values_chance_and_likely_causes():
    notice = chance_notice([epoch(0.26, 0.24, 1.39), epoch(0.28, 0.25, 1.38), epoch(0.27, 0.2, 1.385)], LABELS)
    for words in (
        "28.0 % on training clips and 25.0 % on validation clips",
        "chance is 25.0 %",
        "least training loss is 1.380, where equal probabilities give 1.386",
        "learning_rate is too high or too low",
        "ReLUs are dead",
    ):
        assert words in notice


def test_rows_may_be_objects():
    rows = [epoch(0.26), epoch(0.27)]
    assert chance_notice([SimpleNamespace(**row) for row in rows], LABELS) == chance_notice(rows, LABELS) is not None


def test_an_svm_has_other_causes_and_no_training_loss():
    rows = [{"cost": cost, "train_uar": 0.26, "valid_uar": 0.25, "valid_loss": 1.4} for cost in (0.01, 0.1)]
    notice = chance_notice(rows, LABELS)
    assert "model.costs" in notice
    assert "learning_rate" not in notice and "training loss" not in notice
    assert chance_notice([*rows, {**rows[0], "cost": 1.0, "train_uar": 0.8}], LABELS) is None


def test_a_history_that_tells_nothing_gives_no_notice():
    assert chance_notice([], LABELS) is None
    assert chance_notice([{"epoch": 1, "valid_uar": 0.25}], LABELS) is None


@pytest.mark.parametrize(("last", "diverged"), [(9.9 * EQUAL, False), (10.1 * EQUAL, True), (1e11, True)])
def test_training_diverged_if_its_last_loss_is_beyond_ten_times_that_of_equal_probabilities(last, diverged):
    notice = divergence_notice([epoch(0.3, train_loss=1e12), epoch(0.3, train_loss=last)], LABELS)
    assert bool(notice) == diverged
    if notice:
        assert f"its last loss is {last:.3g}, where equal probabilities give 1.386" in notice
        assert "training.learning_rate that is too high" in notice


def test_what_has_no_training_loss_did_not_diverge():
    assert divergence_notice([], LABELS) is None
    assert divergence_notice([{"cost": 1.0, "train_uar": 0.8, "valid_uar": 0.25, "valid_loss": 99.0}], LABELS) is None
