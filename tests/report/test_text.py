import dataclasses

import numpy as np
import pytest

from paraverbal.evaluation.protocol import Result, read_document
from paraverbal.report.text import (
    comparison_text,
    crossval_text,
    dimensions_text,
    example_text,
    intervals_text,
    label_map_text,
    result_text,
    run_text,
)


def test_the_label_map_has_name_index_and_one_hot_vector():
    assert label_map_text(["anger", "fear", "sadness"]).splitlines() == [
        "anger    0  [1. 0. 0.]",
        "fear     1  [0. 1. 0.]",
        "sadness  2  [0. 0. 1.]",
    ]


@pytest.mark.parametrize("labels", [1, 2, 10])
def test_the_vectors_of_a_label_map_are_the_rows_of_the_identity(labels):
    lines = label_map_text([f"emotion {index}" for index in range(labels)]).splitlines()
    vectors = [[float(number) for number in line.partition("[")[2].rstrip("]").split()] for line in lines]
    assert np.array_equal(vectors, np.eye(labels))


def test_an_example_is_told_line_by_line_and_an_unknown_speaker_as_such():
    found = {"path": "a/b.wav", "emotion": "fear", "speaker": "03", "duration": 2.004}
    assert example_text(found) == "path: a/b.wav\nemotion: fear\nspeaker: 03\nduration: 2.00 s"
    assert "speaker: unknown\n" in example_text({**found, "speaker": None})


def test_the_text_of_a_run_tells_the_epoch_that_was_kept_and_of_an_svm_the_cost(run_folder):
    document = read_document(run_folder / "result.json")
    assert "2,752,197 parameters, epoch 31 of 40, 12.3 minutes" in run_text(document)
    model = {"family": "svm", "costs": [0.01, 0.1, 1.0, 10.0]}
    svm = {**document, "recipe": {"name": "svm", "model": model}, "epochs": 4, "best_epoch": 3}
    assert run_text(svm).startswith("svm: 2,752,197 parameters, cost 1 of the 4 tried,")


def test_intervals_are_a_sentence_that_names_what_was_drawn(result):
    assert intervals_text(dataclasses.replace(result, intervals={})) == ""
    found = {**result.intervals, "uar": [0.5, 0.75], "wa": [0.25, 1.0], "macro_f1": None, "clusters": 12, "clips": 149}
    told = dataclasses.replace(result, intervals=found)
    assert intervals_text(told) == "95 % intervals, drawn from 12 speakers: UAR 50.0 to 75.0, WA 25.0 to 100.0"
    assert "drawn from 149 clips: " in intervals_text(result)
    few = dataclasses.replace(result, intervals={**found, "uar": None, "wa": None, "warning": "Too few."})
    assert intervals_text(few) == "no intervals\nnotice: Too few."


def test_run_and_evaluation_tell_the_intervals(result, run_folder):
    assert intervals_text(result) in result_text(result)
    document = read_document(run_folder / "result.json")
    assert intervals_text(Result.from_dict(document)) in run_text(document)
    assert "95 % intervals" not in result_text(dataclasses.replace(result, intervals={}))


def folds_document(result, count):
    """The document of a cross-validation with the same scores in each fold."""
    scores = {key: getattr(result, key) for key in ("uar", "wa", "macro_f1", "loss", "clips")}
    deviation = None if count == 1 else 0.1
    return {
        **result.to_dict(),
        "protocol": "loso",
        "audit": {f"fold {fold}": result.audit for fold in range(1, count + 1)},
        "folds": [{"fold": fold, **scores} for fold in range(1, count + 1)],
        "spread": {"uar": {"mean": 0.5, "deviation": deviation, "least": 0.25, "greatest": 0.75, "count": count}},
        "recipe": {"name": "spectral-svm"},
    }


def test_the_text_of_a_cross_validation_has_a_line_for_each_fold_and_one_for_all(result):
    text = crossval_text(folds_document(result, 3))
    lines = text.splitlines()
    assert lines[0] == "spectral-svm: 3 folds; split: a speaker left out (loso)"
    assert [line.split()[0] for line in lines[3:7]] == ["fold", "fold", "fold", "all"]
    assert lines[6].split()[1:3] == [str(result.clips), f"{100 * result.uar:.1f}"]
    assert lines[7] == "UAR over folds: mean 50.0, 25.0 to 75.0, standard deviation 10.0"
    assert intervals_text(result) in text
    assert "fold 2: leak: speakers are in two parts" in text


def test_one_fold_has_no_deviation(result):
    assert "standard deviation" not in crossval_text(folds_document(result, 1))


PAIR = {
    "first": "one",
    "second": "other",
    "uar_difference": 0.1,
    "uar_interval": [-0.05, 0.25],
    "wa_difference": -0.02,
    "wa_interval": None,
    "p_uar": 0.0004,
    "p_wa": None,
    "p_mcnemar": 0.25,
    "p_adjusted": None,
    "clips": 60,
    "clusters": 10,
    "warning": "Few clips.",
}


def test_a_comparison_has_the_scores_a_line_for_each_pair_and_each_warning_once():
    scores = [
        {"name": "one", "uar": 0.6, "wa": 0.5, "loss": 1.2},
        {"name": "other", "uar": 0.5, "wa": 0.52, "loss": 1.4},
    ]
    text = comparison_text({"results": scores, "pairs": [PAIR, {**PAIR, "second": "third", "warning": "Few clips."}]})
    assert ["one", "60.0", "50.0", "1.200"] in [line.split() for line in text.splitlines()]
    (line,) = [line for line in text.splitlines() if line.startswith("one - other")]
    assert line.split()[3:] == ["+10.0", "-5.0", "to", "+25.0", "<", "0.001", "-2.0", "–", "0.250", "–"]
    assert "one - third" in text
    assert text.endswith("60 clips, 10 drawn groups\nnotice: Few clips.")


DIMENSIONS = {
    "arousal": {"ccc": 0.5, "ccc_interval": [0.25, 0.75], "pearson": 0.6, "rmse": 1.0, "clips": 20},
    "valence": {"ccc": None, "ccc_interval": None, "pearson": None, "rmse": 0.5, "clips": 1},
}


def test_dimensions_are_a_table_and_nothing_where_none_are_told():
    assert [line.split() for line in dimensions_text(DIMENSIONS).splitlines()[1:]] == [
        ["arousal", "0.500", "0.250", "to", "0.750", "0.600", "1.000", "20"],
        ["valence", "–", "–", "–", "0.500", "1"],
    ]
    assert dimensions_text({}) == ""


def test_runs_and_cross_validations_tell_dimensions_and_a_run_what_worse_recordings_cost(result, run_folder, evaluated):
    table = dimensions_text(DIMENSIONS)
    document = read_document(run_folder / "result.json")
    assert table in run_text({**document, "dimensions": DIMENSIONS})
    assert table in crossval_text({**folds_document(result, 2), "dimensions": DIMENSIONS})
    assert "white noise" not in run_text(document)
    assert "white noise" in run_text({**document, "robustness": read_document(evaluated / "result.json")["robustness"]})


def test_the_text_of_several_seeds_has_their_spread_and_names_the_one_it_tells(result):
    spread = {"uar": {"mean": 0.4, "deviation": 0.02, "least": 0.38, "greatest": 0.42, "count": 2}}
    several = {**folds_document(result, 2), "seeds": [{"seed": 7}, {"seed": 8}], "seed_spread": spread}
    lines = crossval_text(several).splitlines()
    assert "seed 7, UAR over folds: mean 50.0, 25.0 to 75.0, standard deviation 10.0" in lines
    assert "UAR over seeds, all folds: mean 40.0, 38.0 to 42.0, standard deviation 2.0" in lines
