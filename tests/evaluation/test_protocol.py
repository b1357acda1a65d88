import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.errors import MetricError, RunError
from paraverbal.evaluation.protocol import Result, Training, read_document, run_document, write_document
from paraverbal.metrics.bootstrap import intervals

LABELS = ("anger", "fear", "neutral")
TRUTH = np.array([0, 0, 1, 1, 1])
PROBABILITIES = np.array(
    [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1], [0.3, 0.3, 0.4]], dtype=np.float32
)
KEYS = "uar wa macro_f1 loss labels per_class confusion ece brier intervals clips protocol selected_on audit"
TRAINING = Training(
    recipe={"name": "cnn-lstm", "training": {"epochs": 9}},
    epochs=9,
    best_epoch=4,
    minutes=1.5,
    parameters=123,
    failed=[{"file": "a.wav", "error": "no samples"}],
)


def result(**changes):
    options = {"labels": LABELS, "protocol": "speakers", "selected_on": "valid", **changes}
    return Result.from_predictions(TRUTH, PROBABILITIES, **options)


def test_a_result_scores_the_most_probable_class():
    scored = result()
    assert scored.wa == pytest.approx(3 / 5)
    assert scored.uar == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert scored.confusion == [[1, 1, 0], [0, 2, 1], [0, 0, 0]]
    assert scored.loss == pytest.approx(-np.log([0.8, 0.2, 0.8, 0.6, 0.3]).mean(), abs=1e-6)
    assert scored.clips == 5


def test_a_label_without_clips_has_no_scores_and_support_zero():
    assert result().per_class["neutral"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert result().per_class["anger"] == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }


def test_the_keys_of_a_result_are_the_stable_ones():
    assert sorted(result().to_dict()) == sorted(KEYS.split())


def test_the_calibration_of_a_result_is_what_its_probabilities_are_worth():
    """Three clips are right, at 0.8, 0.8 and 0.6, two are wrong, at 0.7 and 0.4; no bin holds both kinds."""
    scored = result()
    assert scored.ece == pytest.approx((0.2 + 0.2 + 0.4 + 0.7 + 0.4) / 5, abs=1e-6)
    assert scored.brier == pytest.approx(((PROBABILITIES - np.eye(3)[TRUTH]) ** 2).sum(axis=1).mean(), abs=1e-6)


def test_intervals_are_of_95_percent_and_hold_the_score():
    truth = np.tile([0, 1, 2], 40)
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), 120) * 0.5 + 0.5 * np.eye(3)[np.roll(truth, 1)]
    probabilities[:80] = 0.1 + 0.7 * np.eye(3)[truth[:80]]
    speakers = [f"s{clip // 12}" for clip in range(120)]
    scored = Result.from_predictions(
        truth, probabilities, labels=LABELS, protocol="speakers", selected_on="valid", speakers=speakers
    )
    found, expected = scored.intervals, intervals(truth, probabilities.argmax(axis=1), 3, groups=speakers)
    assert (found["level"], found["clips"], found["clusters"], found["warning"]) == (0.95, 120, 10, None)
    for key in ("uar", "wa", "macro_f1"):
        low, high = found[key]
        assert low < getattr(scored, key) < high
        assert (low, high) == getattr(expected, key)
    assert {label: tuple(found["recall"][label]) for label in LABELS} == dict(zip(LABELS, expected.recall, strict=True))
    alone = Result.from_predictions(truth, probabilities, labels=LABELS, protocol="speakers", selected_on="valid")
    assert alone.intervals["clusters"] == 120
    assert np.ptp(alone.intervals["wa"]) < np.ptp(found["wa"])


def test_few_clips_and_one_speaker_are_warned_of():
    assert "rests on only 5 clips" in result().intervals["warning"]
    alone = result(speakers=["03"] * 5).intervals
    assert (alone["uar"], alone["wa"], alone["clusters"]) == (None, None, 1)
    assert alone["warning"].startswith("There is no interval: 5 clips of a single group")
    assert alone["recall"] == {"anger": None, "fear": None, "neutral": None}


def test_a_result_of_before_there_were_intervals_is_read():
    document = result().to_dict()
    for key in ("ece", "brier", "intervals"):
        del document[key]
    old = Result.from_dict(document)
    assert (old.ece, old.brier, old.intervals) == (None, None, {})
    assert old.uar == result().uar


def test_probabilities_that_are_no_numbers_are_an_error():
    with pytest.raises(MetricError, match="must be finite"):
        Result.from_predictions(TRUTH, PROBABILITIES * np.nan, labels=LABELS, protocol="p", selected_on="valid")


def test_a_result_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        result().uar = 1.0


def test_a_written_result_reads_back_equal(tmp_path):
    scored = result(audit={"shared_speakers": {"train/test": ["03"]}})
    scored.write(tmp_path / "result.json")
    assert Result.read(tmp_path / "result.json") == scored
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=20),
    st.integers(0, 2**32 - 1),
)
def test_any_result_survives_json(truth, seed):
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(3), len(truth))
    scored = Result.from_predictions(np.array(truth), probabilities, labels=LABELS, protocol="p", selected_on="valid")
    assert Result.from_dict(json.loads(json.dumps(scored.to_dict(), allow_nan=False))) == scored


def test_probabilities_of_another_number_of_labels_are_an_error():
    with pytest.raises(MetricError, match=r"3 classes, expected 2 \['anger', 'fear'\]"):
        result(labels=["anger", "fear"])


def test_no_clips_are_an_error():
    with pytest.raises(MetricError, match="empty"):
        Result.from_predictions([], np.empty((0, 3)), labels=LABELS, protocol="p", selected_on="valid")


def test_a_run_document_is_the_test_result_with_all_parts_and_the_training():
    parts = {"test": result(audit={"leaks": 1}), "train": result(), "valid": result()}
    document = run_document(parts, TRAINING)
    assert set(document) == {
        *KEYS.split(),
        "parts",
        "recipe",
        "epochs",
        "best_epoch",
        "minutes",
        "parameters",
        "failed",
    }
    assert list(document["parts"]) == ["train", "valid", "test"]
    assert all("audit" not in part for part in document["parts"].values())
    assert document["audit"] == {"leaks": 1}
    assert Result.from_dict(document) == parts["test"]
    assert Result.from_dict(document["parts"]["valid"]) == parts["valid"]
    assert document["failed"] == [{"file": "a.wav", "error": "no samples"}]
    json.dumps(document, allow_nan=False)


def test_a_run_document_without_a_test_part_is_an_error():
    with pytest.raises(RunError, match="needs the part 'test', got train"):
        run_document({"train": result()}, TRAINING)


def test_a_missing_key_is_named(tmp_path):
    write_document({"uar": 0.5}, tmp_path / "result.json")
    with pytest.raises(RunError, match=r"result.json: this is no result: it lacks wa, macro_f1"):
        Result.read(tmp_path / "result.json")


@pytest.mark.parametrize(("text", "message"), [("[1]", "JSON list"), ("{", "cannot be read as JSON")])
def test_a_file_that_is_no_json_object_is_an_error(tmp_path, text, message):
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(RunError, match=message):
        read_document(tmp_path / "result.json")


def test_a_missing_file_is_an_error_that_says_what_was_expected(tmp_path):
    with pytest.raises(RunError, match="finished run"):
        read_document(tmp_path / "result.json")


def test_a_value_that_json_does_not_have_is_an_error_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "result.json"
    write_document({"uar": 0.5}, path)
    with pytest.raises(RunError, match="cannot be written"):
        write_document({"uar": float("nan")}, path)
    assert read_document(path) == {"uar": 0.5}
