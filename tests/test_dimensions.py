"""Arousal, valence and dominance from recordings to report, on made voices of which they are known."""

import csv
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile
import torch
from examples.make_dimensions import QUADRANTS, voice
from safetensors.torch import load_file
from scipy.stats import pearsonr

import paraverbal as pv
from paraverbal import cli
from paraverbal.batches import Clip, compute_features
from paraverbal.bundle.format import Manifest
from paraverbal.config import read_recipe
from paraverbal.errors import SplitError
from paraverbal.experiment.run import add_robustness
from paraverbal.models.model import SpeechModel
from paraverbal.training.loop import clip_answers

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = ("arousal", "valence", "dominance")
# The recipe of the example, quicker: coarser features, fewer epochs of larger steps.
QUICK = (
    "frontend.hop_length=512",
    "frontend.bands=32",
    "training.batch_size=8",
    "training.epochs=20",
    "training.learning_rate=1e-2",
    "training.precision='32'",
)


def rows_of(path, part=None):
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if part in (None, row.get("split"))]


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voices") / "voices"
    command = [sys.executable, str(EXAMPLES / "make_dimensions.py"), str(folder), "--speakers", "5", "--clips", "24"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def recipe():
    return read_recipe(EXAMPLES / "dimensions.toml", QUICK)


@pytest.fixture(scope="module")
def told(recipe, voices, tmp_path_factory):
    """A run that tells dimensions, from recordings to report; tests leave it as it is."""
    return pv.train(recipe, voices, output=tmp_path_factory.mktemp("dimensions") / "run")


@pytest.fixture(scope="module")
def rated(told):
    """Truth and answer of the test clips that have a value, by dimension."""
    rows = rows_of(told.folder / "predictions.csv", "test")
    return {
        name: np.array([(float(row[name]), float(row[f"d_{name}"])) for row in rows if row[name]]).T for name in NAMES
    }


def test_the_made_corpus_has_values_from_1_to_5_gaps_and_an_emotion_for_each_quadrant(voices):
    rows = rows_of(voices / "table.csv")
    assert Counter(row["speaker"] for row in rows) == {f"s{who}": 24 for who in range(1, 6)}
    assert Counter(row["arousal"] == "" for row in rows) == {True: 10, False: 110}
    for row in rows:
        assert soundfile.info(voices / row["file"]).duration == pytest.approx(0.6)
        assert len({row[name] == "" for name in NAMES}) == 1
        if row["arousal"]:
            assert all(1 <= float(row[name]) <= 5 for name in NAMES)
            assert row["emotion"] == QUADRANTS[float(row["arousal"]) > 3, float(row["valence"]) > 3]


def test_arousal_is_heard_as_level_valence_as_brightness_and_dominance_as_pitch():
    def heard(**changes):
        samples = voice(**{"arousal": 3.0, "valence": 3.0, "dominance": 3.0} | changes, rng=np.random.default_rng(0))
        spectrum = np.abs(np.fft.rfft(samples)) ** 2
        frequency = np.fft.rfftfreq(len(samples), 1 / 16_000)
        return {
            "arousal": 10 * np.log10(np.mean(samples**2)),
            "valence": spectrum @ frequency / spectrum.sum(),
            "dominance": -frequency[spectrum.argmax()],
        }

    for name in NAMES:
        low, high = (heard(**{name: value})[name] for value in (1.5, 4.5))
        assert low < high, name


def test_each_dimension_of_speakers_not_heard_before_is_told(told):
    found = told.document["dimensions"]
    assert list(found) == list(NAMES)
    for name in NAMES:
        assert found[name]["ccc"] > 0.4, name  # 0 without learning
    assert told.document["uar"] > 0.5  # chance: 0.25


def test_the_scores_follow_from_the_predictions(told, rated):
    for name, (truth, answer) in rated.items():
        found = told.document["dimensions"][name]
        bias = 2 * truth.std() * answer.std() / (truth.var() + answer.var() + (truth.mean() - answer.mean()) ** 2)
        assert found["pearson"] == pytest.approx(pearsonr(truth, answer).statistic, abs=1e-4)
        assert found["ccc"] == pytest.approx(found["pearson"] * bias, abs=1e-4)
        assert found["rmse"] == pytest.approx(np.sqrt(np.mean((truth - answer) ** 2)), abs=1e-4)
        assert found["clips"] == len(truth) == 22  # of 24, as two have no values
        assert found["ccc_interval"] is None  # one speaker alone is tested


def test_clips_without_values_are_scored_as_emotions_and_told_all_the_same(told):
    rows = [row for row in rows_of(told.folder / "predictions.csv", "test") if not row["arousal"]]
    assert len(rows) == 2
    assert all(row["valence"] == row["dominance"] == "" and float(row["d_arousal"]) > 0 for row in rows)
    assert told.document["clips"] == 24


def test_the_exported_graph_answers_as_the_network(told, recipe, voices):
    network = SpeechModel(recipe, told.model.labels)
    network.load_state_dict(load_file(told.folder / "bundle" / "model.safetensors"))
    rows = rows_of(told.folder / "predictions.csv", "test")
    data, _ = compute_features([Clip(voices / row["file"], 0, dimensions=(1.0, 1.0, 1.0)) for row in rows], network)
    answers = clip_answers(network.eval(), data).dimensions
    written = np.array([[float(row[f"d_{name}"]) for name in NAMES] for row in rows])
    np.testing.assert_allclose(answers, written, atol=1e-3)
    waveform = torch.from_numpy(soundfile.read(voices / rows[0]["file"], dtype="float32")[0])[None]
    session = onnxruntime.InferenceSession(str(told.folder / "bundle" / "model.onnx"))
    probabilities, dimensions = session.run(["probabilities", "dimensions"], {"waveform": waveform.numpy()})
    with torch.inference_mode():
        logits, expected = network.answer(network.frontend(waveform))
    np.testing.assert_allclose(probabilities, logits.softmax(dim=1).numpy(), atol=1e-4)
    np.testing.assert_allclose(dimensions, expected.numpy(), atol=1e-3)


def test_the_scale_is_that_of_the_training_clips(told, voices):
    files = {row["file"] for row in rows_of(told.folder / "split.csv", "train")}
    rows = [row for row in rows_of(voices / "table.csv") if row["file"] in files and row["arousal"]]
    values = np.array([[float(row[name]) for name in NAMES] for row in rows])
    weights = load_file(told.folder / "bundle" / "model.safetensors")
    np.testing.assert_allclose(weights["dimensions.mean"].numpy(), values.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(weights["dimensions.deviation"].numpy(), values.std(axis=0), rtol=1e-5)


def test_the_best_epoch_is_that_of_the_highest_ccc_on_validation_which_the_bundle_has_too(told):
    history = [json.loads(line) for line in (told.folder / "history.jsonl").read_text().splitlines()]
    best = max(history, key=lambda row: (row["valid_ccc"], -row["epoch"]))
    assert told.document["best_epoch"] == best["epoch"]
    rows = [row for row in rows_of(told.folder / "predictions.csv", "valid") if row["arousal"]]
    pairs = [np.array([(float(row[name]), float(row[f"d_{name}"])) for row in rows]).T for name in NAMES]
    cccs = [
        2 * np.cov(*pair, bias=True)[0, 1] / (pair.var(axis=1).sum() + np.diff(pair.mean(axis=1))[0] ** 2)
        for pair in pairs
    ]
    assert np.mean(cccs) == pytest.approx(best["valid_ccc"], abs=1e-3)


def test_model_bundle_and_card_say_what_is_told(told):
    assert told.model.dimensions == told.model.manifest.dimensions == NAMES
    assert "dimensions float32 [batch, dimension]: arousal, valence, dominance" in repr(told.model)
    assert json.loads((told.folder / "bundle" / "bundle.json").read_text())["dimensions"] == list(NAMES)
    assert "arousal, valence, dominance" in (told.folder / "bundle" / "README.md").read_text()


def test_prediction_tells_what_the_run_reports(told, voices):
    row = rows_of(told.folder / "predictions.csv", "test")[0]
    prediction = pv.predict(voices / row["file"], model=told.folder)
    assert prediction.emotion == row["predicted"]
    assert list(prediction.dimensions) == list(NAMES)
    assert prediction.dimensions == {name: pytest.approx(float(row[f"d_{name}"]), rel=1e-4) for name in NAMES}
    waveform, rate = soundfile.read(voices / row["file"], dtype="float32")
    answer = told.model.answer(waveform, rate)
    np.testing.assert_array_equal(answer.probabilities, told.model(waveform, rate))
    assert answer.dimensions.tolist() == list(prediction.dimensions.values())


def test_the_dimensions_of_a_longer_clip_are_the_mean_over_its_windows(told):
    model, rng = told.model, np.random.default_rng(0)
    halves = [voice(value, 3.0, 3.0, rng) for value in (1.5, 4.5)]
    alone = [model.answer(half, 16_000).dimensions for half in halves]
    np.testing.assert_allclose(
        model.answer(np.concatenate(halves), 16_000).dimensions, np.mean(alone, axis=0), atol=1e-4
    )
    assert alone[0][0] < alone[1][0]


def test_the_report_has_their_section_figure_and_scores(told):
    page = (told.folder / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="dimensions">Dimensions</h2>' in page
    for found in told.document["dimensions"].values():
        assert f"<td>{found['ccc']:.3f}</td>" in page
    assert (told.folder / "dimensions.png").read_bytes().startswith(b"\x89PNG")
    assert f"arousal CCC {told.document['dimensions']['arousal']['ccc']:.3f}" in page


def test_a_report_without_predictions_has_the_table_and_no_figure(told, tmp_path):
    shutil.copytree(told.folder, tmp_path / "run")
    for name in ("predictions.csv", "history.jsonl"):
        (tmp_path / "run" / name).unlink()
    from paraverbal.report.page import write_report

    page = write_report(tmp_path / "run").read_text(encoding="utf-8")
    assert '<h2 id="dimensions">' in page
    assert 'class="dimensions"' not in page


def stop_at(words):
    def progress(line):
        if words in line:
            raise KeyboardInterrupt

    return progress


def test_an_interrupted_training_goes_on_to_the_weights_of_one_that_was_not(told, recipe, voices, tmp_path):
    for resume, words in ((False, "epoch 3/20"), (True, "exporting")):
        with pytest.raises(KeyboardInterrupt):
            pv.train(recipe, voices, output=tmp_path / "run", resume=resume, progress=stop_at(words))
    first, second = (
        load_file(folder / "checkpoint" / "state.safetensors") for folder in (told.folder, tmp_path / "run")
    )
    assert first.keys() == second.keys()
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())
    kept = load_file(told.folder / "bundle" / "model.safetensors")
    best = {name.partition(".")[2]: tensor for name, tensor in second.items() if name.startswith("best.")}
    assert all(torch.equal(kept[f"network.{name}"], tensor) for name, tensor in best.items())


def test_an_evaluation_tells_them_with_an_interval_over_speakers(told, voices, monkeypatch, capsys):
    arguments = ["evaluate", str(told.folder), "--corpus", str(voices)]
    found = [run_command(monkeypatch, capsys, *arguments, *more) for more in (["--json"], [])]
    dimensions = json.loads(found[0])["dimensions"]
    for name in NAMES:
        low, high = dimensions[name]["ccc_interval"]
        assert low <= dimensions[name]["ccc"] <= high
        assert dimensions[name]["clips"] == 110
        assert f"{name:9}  {dimensions[name]['ccc']:.3f}  {low:.3f} to {high:.3f}" in found[1]


def run_command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["paraverbal", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
        sys.exit(0)
    assert ended.value.code in (0, None)
    return capsys.readouterr().out


def test_worse_recordings_are_added_to_result_and_report(told, voices, tmp_path):
    folder, counts = tmp_path / "run", []
    shutil.copytree(told.folder, folder)
    (folder / "history.jsonl").unlink()  # curves take the longest to draw
    again = add_robustness(type(told)(folder, told.document), voices, lambda done, clips: counts.append((done, clips)))
    kept = Manifest.read(folder / "bundle").scores["robustness"]
    assert kept == [{key: row[key] for key in ("what", "uar", "lost")} for row in again.document["robustness"]["rows"]]
    assert kept[1]["what"] in (folder / "bundle" / "README.md").read_text(encoding="utf-8")
    found = again.document["robustness"]
    assert found["rows"][0]["condition"] == "clean"
    assert found["rows"][0]["uar"] == told.document["uar"]
    assert found["clips"] == 24
    assert json.loads((folder / "result.json").read_text()) == again.document
    assert {key: again.document[key] for key in told.document} == told.document
    assert 'id="robustness"' in (folder / "report.html").read_text()
    assert counts[-1] == (24, 24)


def test_worse_recordings_of_another_corpus_are_refused_and_change_nothing(told, synthetic):
    before = (told.folder / "result.json").read_bytes()
    with pytest.raises(SplitError, match="not in the corpus"):
        add_robustness(told, synthetic)
    assert (told.folder / "result.json").read_bytes() == before
