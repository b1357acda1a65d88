"""Scores of dimensions rest on the clips that have a value; those of one speaker are drawn together."""

import json

import numpy as np
import pytest
from scipy.stats import pearsonr

from paraverbal.corpora.corpus import COLUMNS
from paraverbal.evaluation.dimensions import dimensions_document, scored_dimensions
from paraverbal.evaluation.predictions import Predictions
from paraverbal.metrics.dimensions import concordance_interval

NAN = float("nan")
RNG = np.random.default_rng(0)
TRUTH = RNG.uniform(1, 5, 40)
TOLD = TRUTH + RNG.normal(0.3, 0.6, 40)
SPEAKERS = [f"s{clip % 5}" for clip in range(40)]


def scores(truth=TRUTH, told=TOLD, speakers=SPEAKERS):
    return scored_dimensions({"valence": truth}, {"valence": told}, speakers).get("valence")


def test_the_scores_are_those_of_their_formulas():
    found = scores()
    apart = np.mean((TRUTH - TOLD) ** 2)
    assert found["pearson"] == pytest.approx(pearsonr(TRUTH, TOLD).statistic)
    assert found["rmse"] == pytest.approx(np.sqrt(apart))
    assert found["ccc"] == pytest.approx(1 - apart / np.mean((TRUTH[:, None] - TOLD) ** 2))
    assert found["ccc_interval"] == concordance_interval(TRUTH, TOLD, groups=SPEAKERS)
    assert found["clips"] == 40


def test_a_clip_without_a_value_does_not_count():
    gone = np.arange(40) % 3 == 0
    kept = [speaker for speaker, out in zip(SPEAKERS, gone, strict=True) if not out]
    assert scores(np.where(gone, NAN, TRUTH)) == scores(TRUTH[~gone], TOLD[~gone], kept)


def test_a_dimension_that_no_clip_has_is_left_out_and_of_one_clip_only_the_error_is_told():
    assert scores(np.full(40, NAN)) is None
    alone = scores(np.where(np.arange(40) == 7, TRUTH, NAN))
    assert alone == {
        "ccc": None,
        "ccc_interval": None,
        "pearson": None,
        "rmse": pytest.approx(abs(TRUTH[7] - TOLD[7])),
        "clips": 1,
    }


def test_an_unknown_speaker_is_a_group_of_its_own():
    assert scores(speakers=[None] * 40)["ccc_interval"] == concordance_interval(TRUTH, TOLD)
    assert scores(speakers=["s1"] * 40)["ccc_interval"] is None


def test_an_answer_that_never_varies_has_a_ccc_of_0_and_no_correlation():
    found = scores(told=np.full(40, 3.0))
    assert (found["ccc"], found["pearson"]) == (0, None)
    assert json.loads(json.dumps(found, allow_nan=False))["ccc_interval"] == pytest.approx([0, 0], abs=1e-12)


def test_the_document_takes_truths_from_the_rows_and_speaks_json():
    rows = tuple(
        dict.fromkeys(COLUMNS)
        | {"file": f"{clip}.wav", "speaker": SPEAKERS[clip], "arousal": None if clip < 3 else TRUTH[clip]}
        for clip in range(40)
    )
    told = {"arousal": TOLD, "dominance": TOLD}
    zeros = np.zeros(40, np.int64)
    found = dimensions_document(Predictions(rows, zeros, np.ones((40, 1)), ("anger",), (), False, told))
    assert list(found) == ["arousal"]  # of dominance no value is known
    assert found["arousal"] == scores(TRUTH[3:], TOLD[3:], SPEAKERS[3:])
    assert json.loads(json.dumps(found))["arousal"]["clips"] == 37
    bare = Predictions(rows, zeros, np.ones((40, 1)), ("anger",), ())
    assert dimensions_document(bare) == {}
