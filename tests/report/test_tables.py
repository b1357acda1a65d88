import numpy as np

from paraverbal.evaluation.protocol import Result
from paraverbal.report.tables import (
    align,
    confusion_table,
    decimals,
    decimals_interval,
    per_class_table,
    scores_table,
)


def small(selected_on="valid"):
    truth, probabilities = np.array([0, 0, 1, 1]), np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.3, 0.7, 0], [0, 1, 0]])
    return Result.from_predictions(
        truth, probabilities, labels=("anger", "fear", "joy"), protocol="holdout", selected_on=selected_on
    )


def test_the_scores_table_has_a_row_for_each_part():
    assert scores_table({"valid": small(), "test": small()}).splitlines() == [
        "       clips  UAR %  WA %  macro-F1 %   loss",
        "valid      4   75.0  75.0        73.3  0.518",
        "test       4   75.0  75.0        73.3  0.518",
    ]


def test_the_scores_table_says_optimistic_when_the_test_set_chose_the_weights():
    assert "optimistic" in scores_table({"test": small("test")})
    assert "optimistic" not in scores_table({"test": small()})


def test_the_table_of_classes_shows_a_dash_where_there_is_no_score():
    assert per_class_table(small()).splitlines() == [
        "       precision %  recall %  F1 %  clips",
        "anger        100.0      50.0  66.7      2",
        "fear          66.7     100.0  80.0      2",
        "joy              –         –     –      0",
    ]


def test_the_confusion_table_has_truth_in_rows():
    assert confusion_table(small()).splitlines() == [
        "truth \\ predicted  anger  fear  joy",
        "anger                  1     1    0",
        "fear                   0     2    0",
        "joy                    0     0    0",
    ]


def test_columns_are_as_wide_as_their_widest_cell():
    assert align([["a", "1"], ["bcd", "10"]]) == "a     1\nbcd  10"


def test_numbers_that_are_no_shares_have_three_decimals_and_a_dash_where_there_is_none():
    assert (decimals(-0.12345), decimals(0), decimals(None)) == ("-0.123", "0.000", "–")
    assert (decimals_interval((-0.5, 0.25)), decimals_interval(None)) == ("-0.500 to 0.250", "–")
