"""Worse recordings of clips whose answer follows from their mean square: above 0.05 anger, below it sadness."""

import json

import numpy as np
import pytest
import soundfile
from tests.bundles import expected, write_bundle

from paraverbal.audio import degrade
from paraverbal.audio.degrade import CONDITIONS, Condition
from paraverbal.audio.read import read
from paraverbal.bundle.load import load_model
from paraverbal.corpora.corpus import Corpus, Origin
from paraverbal.errors import CorpusError, MetricError
from paraverbal.evaluation import robustness as module
from paraverbal.evaluation.predictions import predict_rows
from paraverbal.evaluation.robustness import robustness
from paraverbal.metrics.bootstrap import intervals
from paraverbal.metrics.comparison import paired_bootstrap

RATE = 16000
LOUD, SOFT = 0.1, 0.01  # mean squares
SPEAKERS = 4
ONLY = {name: CONDITIONS[name] for name in ("clean", "noise_0_db", "gain_plus_20_db", "gain_minus_20_db", "crop_1_s")}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model(write_bundle(tmp_path_factory.mktemp("robustness") / "bundle"))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Two loud clips of anger and two soft ones of sadness from each of four speakers, square waves of one second."""
    folder = tmp_path_factory.mktemp("robustness") / "corpus"
    folder.mkdir()
    wave = np.where(np.arange(RATE) % 40 < 20, 1.0, -1.0)
    rows = []
    for speaker in range(SPEAKERS):
        for emotion, power in (("anger", LOUD), ("sadness", SOFT)):
            for take in range(2):
                file = f"{emotion}_{speaker}_{take}.wav"
                soundfile.write(folder / file, wave * np.sqrt(power), RATE, subtype="FLOAT")
                rows.append({"file": file, "emotion": emotion, "speaker": f"s{speaker}"})
    return Corpus.from_rows(folder, rows, Origin("made"))


def rows_of(corpus):
    return list(corpus.table.iter_rows(named=True))


def scored(table):
    return {row.condition: row for row in table.rows}


def test_each_condition_does_what_follows_from_the_mean_squares(model, corpus):
    found = scored(robustness(model, corpus, rows_of(corpus), conditions=ONLY))
    uars = {"clean": 1.0, "noise_0_db": 1.0, "gain_plus_20_db": 0.5, "gain_minus_20_db": 0.5, "crop_1_s": 1.0}
    assert {name: row.uar for name, row in found.items()} == uars
    assert {name: row.wa for name, row in found.items()} == uars
    assert {name: row.lost for name, row in found.items()} == {name: 1 - uar for name, uar in uars.items()}
    assert found["gain_minus_20_db"].lost_interval == (0.5, 0.5)  # every speaker loses all of anger
    assert found["crop_1_s"].lost_interval == (0, 0)
    assert (found["clean"].lost_interval, found["clean"].p) == (None, None)


def test_the_loss_is_that_of_the_probabilities(model, corpus):
    found = scored(robustness(model, corpus, rows_of(corpus), conditions=ONLY))
    # Square waves with uncorrelated noise of equal power have twice the power; louder ones are cut off at full scale.
    powers = {"clean": (LOUD, SOFT), "noise_0_db": (2 * LOUD, 2 * SOFT), "gain_plus_20_db": (1, 1)}
    for name, (anger, sadness) in powers.items():
        loss = -np.mean([np.log(expected(anger)[0]), np.log(max(expected(sadness)[2], np.finfo(np.float32).eps))])
        assert found[name].loss == pytest.approx(loss, abs=0.02), name


def test_the_clean_clips_are_predicted_as_in_an_evaluation_and_intervals_are_by_speaker(model, corpus):
    rows = rows_of(corpus)
    rows[0]["emotion"] = "sadness"  # so that something is wrong
    found = scored(robustness(model, corpus, rows, conditions=ONLY, seed=4))
    plain = predict_rows(model, corpus, rows)
    predicted, speakers = plain.probabilities.argmax(axis=1), [row["speaker"] for row in rows]
    drawing = {"groups": speakers, "draws": module.DRAWS, "seed": 4}
    assert found["clean"].uar_interval == intervals(plain.truth, predicted, 3, **drawing).uar
    every = np.full(len(rows), 2)  # at -20 dB all are called sadness
    lost = paired_bootstrap(plain.truth, predicted, every, 3, **drawing).uar
    row = found["gain_minus_20_db"]
    assert (row.lost, row.lost_interval, row.p) == (lost.value, lost.interval, lost.p)
    assert row.lost_interval[0] < row.lost < row.lost_interval[1]


def test_each_recording_is_read_once_and_progress_told(model, corpus, monkeypatch):
    files, told = [], []

    def counting(file, **options):
        files.append(file)
        return read(file, **options)

    monkeypatch.setattr(module, "read", counting)
    rows = rows_of(corpus)
    table = robustness(model, corpus, rows, conditions=ONLY, progress=lambda done, total: told.append((done, total)))
    assert len(files) == len(set(files)) == len(rows) == table.clips
    assert told == [(done, len(rows)) for done in range(1, len(rows) + 1)]


def test_a_clip_is_degraded_the_same_whatever_is_beside_it(model, corpus):
    heard = {}

    def listen(waveform, _, rng):
        heard.setdefault(round(float(np.mean(waveform**2)), 2), []).append(rng.random())
        return waveform

    conditions = {"clean": CONDITIONS["clean"], "one": Condition("", listen), "two": Condition("", listen)}
    rows = rows_of(corpus)[:1]
    for chosen, workers, seed in ((rows, 1, 0), (rows_of(corpus)[2:4] + rows, 2, 0), (rows, 1, 1)):
        robustness(model, corpus, chosen, conditions=conditions, workers=workers, seed=seed)
    first, again, other = np.array(heard[LOUD]).reshape(3, 2)
    np.testing.assert_array_equal(first, again)
    assert first[0] == first[1]  # noise of all ratios is the same noise
    assert first[0] != other[0]
    assert len(set(heard[SOFT])) == 2


def test_a_broken_recording_is_counted_and_the_others_go_on(model, corpus, tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    rows = [*rows_of(corpus), rows_of(corpus)[0] | {"file": str(tmp_path / "broken.wav")}]
    table = robustness(model, corpus, rows, conditions=ONLY)
    assert table.clips == len(rows) - 1
    (failed,) = table.failed
    assert failed["file"].endswith("broken.wav")
    assert "cannot be read" in failed["error"]
    with pytest.raises(CorpusError, match="none of the 1 recordings can be used"):
        robustness(model, corpus, rows[-1:], conditions=ONLY)


def test_a_condition_without_its_encoder_is_left_out_with_the_reason(model, corpus, monkeypatch):
    monkeypatch.setattr(degrade, "encoder_problem", lambda codec: f"no encoder of {codec}")
    table = robustness(model, corpus, rows_of(corpus)[:4], conditions={**ONLY, "mp3": CONDITIONS["mp3"]})
    assert dict(table.left_out) == {"mp3": "no encoder of mp3"}
    assert list(scored(table)) == list(ONLY)


def test_of_one_speaker_clips_are_drawn_and_the_warning_says_so(model, corpus):
    table = robustness(model, corpus, [row for row in rows_of(corpus) if row["speaker"] == "s0"], conditions=ONLY)
    assert table.clusters == table.clips == 4
    assert "clips were drawn one by one" in table.warning
    assert "4 clips" in table.warning
    assert robustness(model, corpus, rows_of(corpus), conditions=ONLY).clusters == SPEAKERS


def test_the_table_is_json(model, corpus):
    document = robustness(model, corpus, rows_of(corpus), conditions=ONLY).to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["rows"][3]["lost_interval"] == [0.5, 0.5]


def test_all_conditions_can_be_applied(model, corpus):
    table = robustness(model, corpus, rows_of(corpus)[:4])
    assert {*scored(table), *table.left_out} == set(CONDITIONS)
    assert not table.failed


def test_what_cannot_be_compared_is_refused(model, corpus):
    rows = rows_of(corpus)
    with pytest.raises(MetricError, match="conditions are noise_0_db; add 'clean'"):
        robustness(model, corpus, rows, conditions={"noise_0_db": CONDITIONS["noise_0_db"]})
    with pytest.raises(CorpusError, match="does not know joy"):
        robustness(model, corpus, [rows[0] | {"emotion": "joy"}], conditions=ONLY)
