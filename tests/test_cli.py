"""The commands answer with results on stdout, one sentence on stderr, and 0, 1 or 2."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.bundles import LABELS, write_bundle
from tests.tiny import TINY

from paraverbal.bundle import load
from paraverbal.corpora import read_corpus
from paraverbal.experiment import CrossValidation

STABLE_KEYS = {
    "uar",
    "wa",
    "macro_f1",
    "loss",
    "labels",
    "per_class",
    "confusion",
    "ece",
    "brier",
    "intervals",
    "clips",
    "protocol",
    "selected_on",
    "audit",
}
SCORES = ("uar", "wa", "macro_f1", "loss", "clips")
COMMANDS = (
    "predict",
    "saliency",
    "listen",
    "train",
    "crossval",
    "evaluate",
    "compare",
    "corpus",
    "features",
    "plot",
    "recipes",
    "models",
    "report",
    "export",
)
SETTINGS = [part for setting in TINY for part in ("--set", setting)]

# Hides modules as if they were not installed, then runs the command line.
WITHOUT = """
import sys
hidden = set(sys.argv.pop(1).split(","))

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hide())
from paraverbal.__main__ import main
main()
"""
EXTRAS = "torch,polars,lightning_fabric,safetensors,onnx,onnxscript,matplotlib,jinja2,transformers,sklearn,librosa"


@pytest.fixture
def model(tmp_path):
    return write_bundle(tmp_path / "tiny")


@pytest.fixture
def clips(tmp_path):
    """Two recordings and a text that is none."""
    folder = tmp_path / "clips"
    folder.mkdir()
    soundfile.write(folder / "a loud.wav", np.random.default_rng(0).uniform(-0.9, 0.9, 16000), 16000)
    soundfile.write(folder / "b quiet.flac", np.random.default_rng(1).uniform(-0.01, 0.01, 32000), 16000)
    (folder / "c broken.wav").write_text("Dear diary, today I recorded nothing.")
    return folder


def hidden(modules, *arguments):
    command = [sys.executable, "-c", WITHOUT, modules, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_good_recordings_are_a_table_and_all_is_well(command, clips, model):
    code, out, err = command("predict", clips / "a loud.wav", clips / "b quiet.flac", "--model", model)
    assert (code, err) == (0, "")
    heading, first, second = out.splitlines()
    assert heading.split() == ["file", "emotion", "confidence", "next"]
    assert "a loud.wav" in first
    assert " anger " in first
    assert " sadness " in second


def test_a_broken_recording_does_not_stop_the_rest(command, clips, model):
    code, out, err = command("predict", clips, "--model", model, "--json")
    first, second, third = map(json.loads, out.splitlines())
    assert code == 1
    for line in (first, second):
        assert list(line) == ["file", "start", "end", "emotion", "confidence", "probabilities", "warnings", "uncertain"]
        assert list(line["probabilities"]) == list(LABELS)
    assert list(third) == ["file", "error"]
    assert third["file"] == str(clips / "c broken.wav")
    assert err == f"{clips / 'c broken.wav'}: {third['error']}\n"


def test_csv_has_a_row_for_each_recording(command, clips, model):
    code, out, _ = command("predict", clips, "--model", model, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 1
    assert [row["emotion"] for row in rows] == ["anger", "sadness", ""]
    assert rows[2]["error"]


def test_a_missing_path_and_a_folder_without_audio_fail_on_their_own(command, clips, model, tmp_path):
    (tmp_path / "nothing").mkdir()
    given = [tmp_path / "gone.wav", tmp_path / "nothing", clips / "a loud.wav"]
    code, out, err = command("predict", *given, "--model", model, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [Path(line["file"]).name for line in lines] == ["gone.wav", "nothing", "a loud.wav"]
    assert lines[2]["emotion"] == "anger"
    assert "gone.wav: there is no such file; check the path" in err
    assert "nothing: no recordings in this folder" in err


def test_a_list_file_names_recordings(command, clips, model, refused):
    (clips / "list.txt").write_text("# mine\na loud.wav\n\nb quiet.flac\n")
    code, out, _ = command("predict", clips / "list.txt", "--model", model, "--json")
    assert code == 0
    assert [Path(json.loads(line)["file"]).name for line in out.splitlines()] == ["a loud.wav", "b quiet.flac"]
    (clips / "list.txt").write_text("# nothing\n")
    assert "the list names no recordings" in refused("predict", clips / "list.txt", "--model", model)


def test_bad_recordings_of_every_kind_fail_with_a_sentence_and_odd_ones_do_not(command, model, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 48000).astype(np.float32)
    with_nan, with_inf = noise.copy(), noise.copy()
    with_nan[100], with_inf[100] = np.nan, np.inf
    soundfile.write(folder / "bad nan.wav", with_nan, 16000, subtype="FLOAT")
    soundfile.write(folder / "bad inf.wav", with_inf, 16000, subtype="FLOAT")
    soundfile.write(folder / "bad length.wav", noise[:0], 16000)
    (folder / "bad empty.wav").write_bytes(b"")
    (folder / "bad 36 bytes.wav").write_bytes(b"RIFF\x1c\x00\x00\x00WAVEfmt " + bytes(20))
    soundfile.write(folder / "bad truncated.flac", noise, 16000)
    (folder / "bad truncated.flac").write_bytes((folder / "bad truncated.flac").read_bytes()[:30000])
    (folder / "bad text.wav").write_text("words")
    soundfile.write(folder / "good 20 ms.wav", noise[:320], 16000)
    soundfile.write(folder / "good silence.wav", 0 * noise, 16000)
    soundfile.write(folder / "good 8 channels.wav", np.stack([noise] * 8, axis=1), 16000)
    soundfile.write(folder / "good 4 khz.wav", noise[:8000], 4000)
    soundfile.write(folder / "good 192 khz.wav", noise, 192000)
    code, out, err = command("predict", folder, "--model", model, "--json")
    lines = {Path(line["file"]).name: line for line in map(json.loads, out.splitlines())}
    assert code == 1
    assert len(lines) == 12
    for name, line in lines.items():
        assert ("error" in line) == name.startswith("bad")
        if "error" in line:
            assert "\n" not in line["error"]
            assert f"{name}: {line['error']}" in err
        else:
            assert sum(line["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert "short" in lines["good 20 ms.wav"]["warnings"][0]
    assert "silence" in lines["good silence.wav"]["warnings"][0]
    assert "narrow band" in lines["good 4 khz.wav"]["warnings"][0]


def test_output_goes_to_a_file(command, clips, model, tmp_path):
    (tmp_path / "out.json").write_text("older")
    arguments = ("predict", clips / "a loud.wav", "--model", model, "--json", "--output", tmp_path / "out.json")
    assert command(*arguments) == (0, "", "")
    assert json.loads((tmp_path / "out.json").read_text())["emotion"] == "anger"


def test_output_that_cannot_be_written_is_refused_before_any_work(refused, clips, model, tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("recordings were predicted")

    monkeypatch.setattr("paraverbal.inference.predict.predict_each", never)
    for output in (tmp_path / "no folder" / "out.csv", tmp_path):
        sentence = refused("predict", clips, "--model", model, "--output", output)
        assert sentence.startswith(f"error: {output}: cannot be written (")
        assert "give another --output" in sentence


def test_a_wrong_request_leaves_an_older_output(refused, clips, model, tmp_path):
    (tmp_path / "out.csv").write_text("older")
    refused("predict", clips, "--model", tmp_path, "--output", tmp_path / "out.csv")
    refused("predict", clips, "--model", model, "--window", "0", "--output", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "older"


def test_a_typo_in_the_name_of_a_model_names_the_nearest(refused, clips, tmp_path, monkeypatch):
    write_bundle(tmp_path / "bundled" / "default")
    monkeypatch.setattr(load, "BUNDLED", tmp_path / "bundled")
    assert "did you mean 'default'?" in refused("predict", clips, "--model", "defualt")
    assert "bundle.json" in refused("predict", clips, "--model", clips)


@pytest.mark.parametrize("option", ["--window", "--hop"])
@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e9"])
def test_an_impossible_window_is_one_sentence(refused, clips, model, option, seconds):
    sentence = refused("predict", clips, "--model", model, f"{option}={seconds}")
    assert f"{option} {float(seconds):g}: expected seconds above 0" in sentence


def test_a_window_of_ones_own_is_taken(command, clips, model):
    whole, halves = (
        command("predict", clips / "a loud.wav", "--model", model, "--json", *window)
        for window in ((), ("--window", "0.5", "--hop", "0.25"))
    )
    assert (whole[0], halves[0]) == (0, 0)
    assert whole[1] != halves[1]


def test_two_forms_at_once_are_refused(refused, clips, model):
    assert "give one of them" in refused("predict", clips, "--model", model, "--json", "--csv")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cnn-lstn"], "did you mean 'cnn-lstm'?"),
        (["gone.toml"], "gone.toml: no such file"),
        (["cnn-lstm", "--set", "training.epoch=3"], "unknown key training.epoch (did you mean 'epochs'?)"),
        (["cnn-lstm", "--set", "epochs=3"], "expected section.key=value"),
        (["cnn-lstm", "--set", "training.epochs=many"], "training.epochs = 'many'"),
        (["cnn-lstm", "--protocol", "speaker"], "split.protocol = 'speaker'"),
        (["cnn-lstm", "--protocol", "official"], "give it with --split"),
        (["cnn-lstm", "--emotions", "angre"], "'angre' is no emotion known here (did you mean"),
        (["cnn-lstm", "--labels", "Wut"], "--labels 'Wut': expected name=value"),
        (["cnn-lstm", "--labels", "Wut=wrath"], "'wrath', which is no emotion"),
        (["cnn-lstm", "--fold", "2"], "give the split file that has them (--split FILE), or one of --protocol"),
        (["cnn-lstm", "--protocol", "loso"], "the split has the folds 1, 2, 3, 4; choose one (--fold N)"),
        (["cnn-lstm", "--protocol", "loso", "--fold", "9"], "fold 9 is not in the split; it has 1, 2, 3, 4"),
        (["cnn-lstm", "--split", "gone.csv"], "gone.csv: no such split file"),
        (["cnn-lstm", "--corpus", "gone"], "gone: no such folder or file"),
        (["cnn-lstm", "--columns", "emotion=feelin"], "no column 'feelin'"),
    ],
)
def test_a_training_that_is_asked_for_wrongly_is_refused_before_any_work(
    refused, flawed, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    corpus = [] if "--corpus" in arguments else ["--corpus", flawed]
    assert words in refused("train", *arguments, *corpus)
    assert list(tmp_path.iterdir()) == []


def test_a_training_prints_one_document_and_tells_what_was_left_out(command, flawed, run, tmp_path, monkeypatch):
    asked = {}

    def train(recipe, corpus, *, progress, **others):
        progress("epoch 1/2")
        asked.update(others, recipe=recipe, corpus=corpus)
        return run

    monkeypatch.setattr("paraverbal.experiment.train", train)
    output = tmp_path / "run"
    code, out, err = command("train", "cnn-lstm", "--corpus", flawed, *SETTINGS, "--output", output, "--json")
    assert code == 1
    assert json.loads(out) == run.document
    assert out.count("\n") == 1
    assert "epoch 1/2\n" in err
    assert "left out: " in err
    assert "s2_02.wav" in err
    assert asked["recipe"].training.epochs == 2
    assert asked["output"] == output
    assert (asked["split"], asked["fold"], asked["resume"]) == (None, None, False)
    code, out, _ = command(
        "train",
        "cnn-lstm",
        "--corpus",
        flawed,
        "--resume",
        "--fold",
        "2",
        "--emotions",
        "angry,sad",
        "--protocol=holdout",
    )
    assert asked["output"] == Path("runs/cnn-lstm-flawed")
    assert (asked["fold"], asked["resume"], asked["recipe"].split.protocol) == (2, True, "holdout")
    assert asked["recipe"].split.emotions == ("anger", "sadness")
    for words in ("split: speakers", "UAR", "anger", "epoch"):
        assert words in out


def test_a_training_is_scored_again_on_worse_recordings_where_that_is_asked_for(command, flawed, run, monkeypatch):
    found = {"rows": [], "clips": 5, "clusters": 1, "seed": 0, "left_out": {}, "failed": [], "warning": None}
    given = []

    def add(finished, corpus, progress):
        given.append((finished, corpus.name))
        return replace(finished, document={**finished.document, "robustness": found})

    monkeypatch.setattr("paraverbal.experiment.train", lambda *_, **__: run)
    monkeypatch.setattr("paraverbal.experiment.run.add_robustness", add)
    arguments = ("train", "cnn-lstm", "--corpus", flawed, "--json")
    assert "robustness" not in json.loads(command(*arguments)[1])
    assert given == []
    assert json.loads(command(*arguments, "--robustness")[1])["robustness"] == found
    assert given == [(run, "flawed")]


def test_predictions_have_the_dimensions_that_a_model_tells(command, clips, tmp_path):
    model = write_bundle(tmp_path / "rated", dimensions=("arousal", "valence"))
    _, out, _ = command("predict", clips, "--model", model, "--json")
    first, _, broken = map(json.loads, out.splitlines())
    assert list(first["dimensions"]) == ["arousal", "valence"]
    assert first["dimensions"]["arousal"] == pytest.approx(-first["dimensions"]["valence"], abs=1e-5)
    assert "dimensions" not in broken
    _, out, _ = command("predict", clips, "--model", model, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["arousal"] for row in rows] == [f"{first['dimensions']['arousal']:g}", rows[1]["arousal"], ""]
    assert float(rows[0]["arousal"]) > float(rows[1]["arousal"]) > 0
    assert f"arousal {first['dimensions']['arousal']:.2f}" in command("predict", clips, "--model", model)[1]


@pytest.fixture
def alone(tmp_path):
    """Six recordings of one speaker."""
    folder = tmp_path / "alone"
    folder.mkdir()
    for clip in range(6):
        soundfile.write(folder / f"{clip}.wav", np.random.default_rng(clip).uniform(-0.5, 0.5, 8000), 16000)
    rows = [f"{clip}.wav,{('anger', 'fear')[clip % 2]},s1" for clip in range(6)]
    (folder / "clips.csv").write_text("\n".join(["file,emotion,speaker", *rows]) + "\n")
    return folder


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--protocol", "auto"], "protocol auto makes none; give the split file that has them (--split FILE)"),
        (["--protocol", "official"], "protocol official makes none; give the split file"),
        (["--protocol", "losso"], "split.protocol = 'losso'"),
        (["--protocol", "loso", "--folds", "3"], "protocol loso has its own number; leave --folds out"),
        (["--protocol", "kfold", "--folds", "1"], "folds is 1; expected 2 or more"),
        (["--protocol", "kfold", "--set", "split.folds=1"], "folds is 1; expected 2 or more"),
        (["--protocol", "speakers", "--folds", "-1"], "split.folds"),
        (["--protocol", "speakers", "--folds", "9"], "4 speakers (those who share a file count as one) cannot be in 9"),
        (["--protocol", "sentences"], "clips have no sentence"),
        (["--protocol", "corpora"], "is one corpus, but protocol corpora leaves out one of several"),
        (["--protocol", "official", "--split", "gone.csv"], "gone.csv: no such split file"),
        (["--protocol", "loso", "--emotions", "boredom"], "no clip of 'boredom'"),
    ],
)
def test_a_cross_validation_that_is_asked_for_wrongly_is_refused_before_any_work(
    refused, synthetic, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    assert words in refused("crossval", "spectral-svm", "--corpus", synthetic, *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("protocol", ["loso", "speakers"])
def test_one_speaker_cannot_be_left_out(refused, alone, tmp_path, protocol):
    output = tmp_path / "cv"
    sentence = refused("crossval", "spectral-svm", "--corpus", alone, "--protocol", protocol, "--output", output)
    assert "corpus alone: 1 speaker (those who share a file count as one), but 3 are needed; add speakers" in sentence
    assert "or take protocol kfold" in sentence
    assert not output.exists()


def test_a_cross_validation_prints_one_document_and_tells_what_was_left_out(
    command, flawed, run, tmp_path, monkeypatch
):
    asked = {}
    folds = [{"fold": fold, **{key: run.document[key] for key in SCORES}} for fold in (1, 2)]
    spread = {"mean": 0.5, "deviation": 0.1, "least": 0.4, "greatest": 0.6, "count": 2}
    document = {**run.document, "audit": {"fold 1": run.document["audit"]}, "folds": folds, "spread": {"uar": spread}}

    def crossval(recipe, corpus, *, progress, **others):
        progress("fold 1")
        asked.update(others, recipe=recipe)
        return CrossValidation(tmp_path, document)

    monkeypatch.setattr("paraverbal.experiment.crossval", crossval)
    arguments = ("crossval", "spectral-svm", "--corpus", flawed, "--protocol", "speakers")
    code, out, err = command(*arguments, "--folds", "3", "--output", tmp_path / "cv", "--json")
    assert (code, json.loads(out), out.count("\n")) == (1, document, 1)
    assert "fold 1\n" in err
    assert "left out: " in err and "s2_02.wav" in err
    assert f"report: {tmp_path / 'cv' / 'report.html'}\n" in err
    assert (asked["output"], asked["split"], asked["resume"], asked["seeds"]) == (tmp_path / "cv", None, False, 1)
    assert (asked["recipe"].split.protocol, asked["recipe"].split.folds) == ("speakers", 3)
    more = ("--set", "split.folds=4", "--resume", "--emotions", "angry,sad", "--seeds", "3")
    code, out, _ = command(*arguments, *more)
    assert asked["output"] == Path("runs/spectral-svm-flawed-speakers")
    assert (asked["recipe"].split.folds, asked["resume"], asked["seeds"]) == (4, True, 3)
    assert asked["recipe"].split.emotions == ("anger", "sadness")
    for words in ("2 folds; split: speakers", "fold 2", "all", "standard deviation 10.0"):
        assert words in out


def answers(folder, right, *, emotions=("anger", "fear", "sadness"), **changes):
    """Write a `predictions.csv` of 60 clips by ten speakers; `right` of ten are right; `changes` are of the first."""
    folder.mkdir()
    rows = []
    for clip in range(60):
        truth = emotions[clip % 3]
        predicted = truth if clip % 10 < right else emotions[(clip + 1) % 3]
        probabilities = {f"p_{label}": 0.8 if label == predicted else 0.1 for label in emotions}
        row = {"file": f"{clip}.wav", "split": "test", "emotion": truth, "predicted": predicted, "confidence": 0.8}
        rows.append({**row, "speaker": f"s{clip // 6}", **probabilities})
    rows[0].update(changes)
    with (folder / "predictions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_two_results_are_compared_in_one_document_or_a_table(command, tmp_path):
    better, worse = answers(tmp_path / "better", 8), answers(tmp_path / "worse", 4)
    code, out, err = command("compare", better, worse / "predictions.csv", "--json")
    found = json.loads(out)
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert list(found) == ["results", "pairs"]
    assert [(result["name"], result["wa"]) for result in found["results"]] == [
        (str(better), pytest.approx(0.8)),
        (str(worse / "predictions.csv"), pytest.approx(0.4)),
    ]
    (pair,) = found["pairs"]
    assert set(pair) == {
        *("first", "second", "uar_difference", "uar_interval", "wa_difference", "wa_interval"),
        *("p_uar", "p_wa", "p_mcnemar", "p_adjusted", "clips", "clusters", "warning"),
    }
    assert pair["wa_difference"] == pytest.approx(0.4)
    assert (pair["clips"], pair["clusters"], pair["warning"]) == (60, 10, None)
    low, high = pair["uar_interval"]
    assert 0 < low < pair["uar_difference"] < high
    assert pair["p_mcnemar"] == pytest.approx(2 * 0.5**24)  # 24 clips that only the better one has right
    code, out, _ = command("compare", better, worse)
    for words in ("+40.0", "< 0.001", "60 clips, 10 drawn groups"):
        assert words in out


def test_the_run_itself_is_compared_with_its_own_predictions(command, run):
    code, out, _ = command("compare", run.folder, run.folder / "predictions.csv", "--json")
    found = json.loads(out)
    assert code == 0
    assert [result["uar"] for result in found["results"]] == [pytest.approx(run.document["uar"])] * 2
    assert found["pairs"][0]["uar_difference"] == 0
    assert found["pairs"][0]["p_mcnemar"] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"file": "other.wav"}, "are about other clips: 2 (0.wav, other.wav) in one of them only"),
        ({"emotion": "fear"}, "do not agree on the emotion of 1 (0.wav)"),
        ({"speaker": "s9"}, "do not agree on the speakers of the clips"),
        ({"p_anger": "nan"}, "predictions.csv: probabilities must be finite"),
        ({"p_anger": "much"}, "a probability or dimension is not a number"),
        ({"predicted": "joy"}, "line 2: predicted is 'joy', expected one of anger, fear, sadness"),
    ],
)
def test_results_that_cannot_be_compared_are_refused(refused, tmp_path, changes, words):
    assert words in refused("compare", answers(tmp_path / "one", 8), answers(tmp_path / "other", 8, **changes))


def test_one_result_the_same_twice_other_labels_and_none_are_refused(refused, tmp_path):
    one = answers(tmp_path / "one", 8)
    other = answers(tmp_path / "other", 8, emotions=("anger", "fear", "joy"))
    assert "needs the predictions of at least two models, got 1" in refused("compare", one)
    assert "results are given more than once" in refused("compare", one, one)
    assert "have other labels" in refused("compare", one, other)
    assert "no such file; expected the predictions.csv of a run" in refused("compare", one, tmp_path / "gone")


def test_a_folder_that_holds_something_is_refused_and_left(refused, flawed, run):
    before = (run.folder / "result.json").read_bytes()
    sentence = refused("train", "cnn-lstm", "--corpus", flawed, *SETTINGS, "--output", run.folder)
    assert "is not empty; give another --output, or --resume" in sentence
    assert (run.folder / "result.json").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_one_sentence(refused, flawed, clips):
    output = clips / "a loud.wav" / "run"
    assert f"{output}: " in refused("train", "cnn-lstm", "--corpus", flawed, *SETTINGS, "--output", output)


def test_a_corpus_is_told_with_its_broken_files_and_stable_keys(command, flawed, split_rows, run):
    code, out, _ = command("corpus", flawed, "--json")
    found = json.loads(out)
    assert code == 1
    assert out.count("\n") == 1
    assert {"name", "clips", "seconds", "emotions", "speakers", "broken", "audit"} <= found.keys()
    assert (found["name"], found["clips"], found["audit"]) == ("flawed", 39, {})
    assert found["speakers"] == {"s1": 10, "s2": 9, "s3": 10, "s4": 10}
    assert [broken["file"] for broken in found["broken"]] == ["fear/s2_02.wav"]
    code, out, _ = command("corpus", flawed, "--split", run.folder / "split.csv", "--json")
    assert json.loads(out)["audit"]["fold 1"]["shared_speakers"]["verdict"] == "ok"
    code, out, _ = command("corpus", flawed)
    for words in ("39 clips", "anger 8", "fear 7", "speakers: 4", "broken: ", "s2_02.wav"):
        assert words in out


def test_a_label_that_is_not_known_is_one_sentence_with_file_and_remedy(refused, command, tmp_path):
    soundfile.write(tmp_path / "x.wav", np.zeros(16000), 16000)
    (tmp_path / "clips.csv").write_text("file,emotion\nx.wav,Wut\n")
    for arguments in (["corpus", tmp_path], ["train", "cnn-lstm", "--corpus", tmp_path]):
        sentence = refused(*arguments)
        assert "clips.csv: line 2 (x.wav): label 'Wut' is no emotion known here" in sentence
        assert "--labels 'Wut=EMOTION'" in sentence
    code, out, _ = command("corpus", tmp_path, "--labels", "Wut=anger")
    assert code == 0
    assert "emotions: anger 1" in out


def test_one_clip_of_an_emotion_is_told_and_drawn(command, synthetic, tmp_path):
    picture = tmp_path / "clip.png"
    code, out, err = command("corpus", synthetic, "--example", "fearful", "--seed", "3", "--json", "--plot", picture)
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert list(found) == ["path", "emotion", "speaker", "duration"]
    assert found["emotion"] == "fear"
    assert found["duration"] == soundfile.info(found["path"]).duration
    assert Path(found["path"]).name.startswith(found["speaker"])
    assert picture.read_bytes().startswith(b"\x89PNG")
    code, out, _ = command("corpus", synthetic, "--example", "fear", "--seed", "3")
    assert code == 0
    assert out.splitlines()[:3] == [f"{key}: {found[key]}" for key in ("path", "emotion", "speaker")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--example", "feer"], "--example: 'feer' is no emotion known here (did you mean 'fear'?)"),
        (["--example", "boredom"], "no clip of 'boredom'"),
        (["--plot", "clip.png"], "--plot clip.png draws one clip; say of which emotion, as --example fear"),
        (["--example", "fear", "--plot", "clip.jpg"], "a PNG is written"),
        (["--example", "fear", "--plot", "gone/clip.png"], "gone/clip.png: No such file or directory"),
    ],
)
def test_an_example_that_cannot_be_is_one_sentence(refused, synthetic, arguments, words):
    assert words in refused("corpus", synthetic, *arguments)


def test_an_example_that_cannot_be_read_is_its_error_and_1(command, flawed, tmp_path):
    drawn = {seed: read_corpus(flawed).sample("fear", seed)["file"] for seed in range(50)}
    seed = next(seed for seed, file in drawn.items() if file == "fear/s2_02.wav")
    picture = tmp_path / "clip.png"
    code, out, err = command("corpus", flawed, "--example", "fear", "--seed", seed, "--plot", picture)
    assert (code, out) == (1, "")
    assert err.startswith(f"error: {flawed / 'fear' / 's2_02.wav'}: ")
    assert err.count("\n") == 1
    assert not picture.exists()


def test_a_corpus_that_is_none_is_one_sentence(refused, tmp_path):
    assert "no recordings" in refused("corpus", tmp_path)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "one.wav").touch()
    assert "no known corpus" in refused("corpus", tmp_path)
    assert "no such folder or file" in refused("corpus", tmp_path / "gone")


def test_an_evaluation_is_one_document_and_two_files(command, flawed, run, tmp_path):
    arguments = ("evaluate", run.folder, "--corpus", flawed, "--split", run.folder / "split.csv")
    code, out, _ = command(*arguments, "--json", "--output", tmp_path / "out")
    found = json.loads(out)
    assert code == (1 if "s2" in {row["file"].split("/")[1][:2] for row in rows_of_test(run)} else 0)
    assert set(found) >= STABLE_KEYS
    assert found["uar"] == run.document["uar"]
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == found
    with (tmp_path / "out" / "predictions.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == found["clips"]


def rows_of_test(run):
    with (run.folder / "predictions.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == "test"]


def test_an_evaluation_with_a_broken_file_ends_with_1_and_tells_the_leak(command, flawed, run):
    code, out, err = command("evaluate", run.folder, "--corpus", flawed)
    assert code == 1
    assert "left out: " in err
    assert "s2_02.wav" in err
    assert "leak: the model was trained on clips of flawed" in out


def test_an_evaluation_into_a_folder_that_holds_something_is_refused_before_any_work(
    refused, flawed, run, clips, monkeypatch
):
    monkeypatch.setattr("paraverbal.evaluation.evaluate.evaluate_predictions", None)
    assert "not empty; give another --output" in refused("evaluate", run.folder, "--corpus", flawed, "--output", clips)


def test_recipes_are_a_list_and_each_is_shown_with_its_layers(command, refused):
    code, out, _ = command("recipes", "--json")
    (entry,) = [entry for entry in json.loads(out) if entry["name"] == "cnn-lstm"]
    assert code == 0
    assert {"name", "parameters", "input", "source"} <= entry.keys()
    assert entry["parameters"] == 2_752_197
    assert "2,752,197 parameters at 5 emotions" in command("recipes")[1]
    shapes = {entry["name"]: entry["input"].split()[-1] for entry in json.loads(out)}
    assert (shapes["spectral-svm"], shapes["functionals-mlp"], shapes["paraverbal-small"]) == ("1", "1", "frames")
    document = json.loads(command("recipes", "cnn-lstm", "--json")[1])
    assert document["recipe"]["audio"]["sampling_rate"] == 48000
    assert sum(layer["parameters"] for layer in document["layers"]) == 2_752_197
    assert "[training]\n" in command("recipes", "cnn-lstm")[1]
    assert "did you mean 'cnn-lstm'?" in refused("recipes", "cnn-ltsm")


def test_models_are_a_list_and_each_is_shown(command, refused, run, tmp_path, monkeypatch):
    write_bundle(tmp_path / "bundled" / "default", name="default")
    monkeypatch.setattr(load, "BUNDLED", tmp_path / "bundled")
    (entry,) = json.loads(command("models", "--json")[1])
    assert entry == {
        "name": "default",
        "labels": list(LABELS),
        "sampling_rate": 16000,
        "parameters": 6,
        "licence": "CC0-1.0",
    }
    assert "default: 6 parameters" in command("models")[1]
    assert json.loads(command("models", run.folder, "--json")[1])["scores"]["protocol"] == "speakers"
    assert "trained on" in command("models", run.folder)[1]
    assert "did you mean 'default'?" in refused("models", "defaul")


def test_a_report_is_written_anew(command, refused, run, flawed, tmp_path):
    page = run.folder / "report.html"
    command("report", run.folder, "--corpus", flawed)
    before = page.read_text()
    code, out, err = command("report", run.folder)
    assert code == 0
    assert "split: speakers" in out
    assert err == f"report: {page}\n"
    assert len(page.read_text()) < len(before), "without the recordings there is nothing to hear"
    command("report", run.folder, "--corpus", flawed)
    assert page.read_text() == before
    assert "result.json: no such file" in refused("report", tmp_path)


def test_an_export_predicts_and_does_not_go_over_what_is_there(command, refused, run, flawed, tmp_path):
    code, out, _ = command("export", run.folder, "--output", tmp_path / "out")
    assert (code, out) == (0, f"{tmp_path / 'out'}\n")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["README.md", "bundle.json", "model.onnx"]
    clip = flawed / "anger" / "s1_01.flac"
    answers = [command("predict", clip, "--model", model, "--json") for model in (run.folder, tmp_path / "out")]
    assert answers[0] == answers[1]
    assert "not empty" in refused("export", run.folder, "--output", tmp_path / "out")


@pytest.mark.parametrize("arguments", [["predict"], ["predict", "x", "--windo", "3"], ["trian"], ["train", "cnn-lstm"]])
def test_what_is_no_command_is_2_without_a_traceback(command, arguments):
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert "Error" in err or "error" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(command, name):
    code, out, _ = command(name, "--help")
    assert code == 0
    assert f"paraverbal {name}" in out


def test_without_extras_a_clip_is_predicted(clips, model):
    done = hidden(EXTRAS, "predict", clips / "a loud.wav", "--model", model, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["emotion"] == "anger"


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "cnn-lstm", "--corpus", "here"],
        ["crossval", "cnn-lstm", "--corpus", "here", "--protocol", "loso"],
        ["evaluate", "MODEL", "--corpus", "here"],
        ["corpus", "here"],
        ["recipes"],
        ["report", "here"],
    ],
)
def test_without_extras_what_needs_them_names_the_command_that_installs_them(arguments, model, tmp_path):
    (tmp_path / "result.json").write_text("{}")
    given = [{"MODEL": model, "here": tmp_path}.get(argument, argument) for argument in arguments]
    done = hidden(EXTRAS, *given)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: this needs ")
    assert done.stderr.endswith("which is not installed: pip install 'paraverbal[train]'\n")
    assert done.stderr.count("\n") == 1


def test_a_missing_module_that_is_no_extra_is_not_hidden(clips, model):
    done = hidden("soundfile", "predict", clips, "--model", model)
    assert "ModuleNotFoundError: No module named 'soundfile'" in done.stderr
