"""One command from recordings to a run folder: seeded, honest about leaks, and never over what is there."""

import csv
import json
import shutil

import numpy as np
import polars as pl
import pytest
import soundfile
from safetensors.torch import load_file
from tests.tiny import TINY, small

import paraverbal as pv
from paraverbal.config import read_recipe
from paraverbal.corpora import read_corpus
from paraverbal.corpora.split import Split, holdout, write
from paraverbal.errors import BundleError, CorpusError, LabelError, RecipeError, RunError, SplitError
from paraverbal.evaluation.evaluate import evaluate
from paraverbal.evaluation.protocol import Result
from paraverbal.experiment import Run, train
from paraverbal.metrics.classes import accuracy, cross_entropy, macro_f1, uar
from paraverbal.report.text import label_map_text

LABELS = ["anger", "fear", "happiness", "neutral", "sadness"]
STABLE_KEYS = [
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
]
RUN_KEYS = ["parts", "recipe", "epochs", "best_epoch", "minutes", "parameters", "failed"]


def stop_at(words):
    """Interrupt a training when it tells these words, as Ctrl-C would."""

    def progress(line):
        if words in line:
            raise KeyboardInterrupt

    return progress


def content(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def scores_of(rows):
    truth = [LABELS.index(row["emotion"]) for row in rows]
    probabilities = np.array([[float(row[f"p_{label}"]) for label in LABELS] for row in rows])
    predicted = [LABELS.index(row["predicted"]) for row in rows]  # rounded probabilities may be equal
    return {
        "wa": accuracy(truth, predicted),
        "uar": uar(truth, predicted, 5),
        "macro_f1": macro_f1(truth, predicted, 5),
        "loss": cross_entropy(truth, probabilities),
        "clips": len(rows),
    }


def speakers_of(rows, part):
    return {row["file"].split("/")[1].split("_")[0] for row in rows if row["split"] == part}


@pytest.fixture(scope="module")
def leaky(tiny_recipe, synthetic, tmp_path_factory):
    """A run on a published split that shares speakers and has no validation part, chosen on the test part."""
    corpus = read_corpus(synthetic)
    folder = tmp_path_factory.mktemp("leaky")
    write(holdout(corpus, seed=3), folder / "given.csv")
    text = (folder / "given.csv").read_text()
    (folder / "given.csv").write_text(text.replace(",valid\n", ",train\n"))
    recipe = read_recipe("cnn-lstm", [*TINY, "training.select_on=test", "training.epochs=1", "frontend.scaling=train"])
    return train(recipe, corpus, output=folder / "run", split=folder / "given.csv"), folder / "given.csv"


def test_a_run_folder_holds_all_that_it_should(run):
    names = {
        "bundle/README.md",
        "bundle/bundle.json",
        "bundle/model.onnx",
        "bundle/model.safetensors",
        "checkpoint/state.safetensors",
        "history.jsonl",
        "predictions.csv",
        "recipe.toml",
        "report.html",
        "result.json",
        "split.csv",
    }
    assert names <= content(run.folder).keys()
    assert not [name for name in content(run.folder) if name.startswith(".") or ".part" in name or ".tmp" in name]
    assert len((run.folder / "history.jsonl").read_text().splitlines()) == 2
    assert "<html" in (run.folder / "report.html").read_text()


def test_the_recipe_is_complete_and_says_how_the_clips_were_split(run, tiny_recipe):
    kept = read_recipe(run.folder / "recipe.toml")
    assert kept.split.protocol == "speakers"
    assert kept == tiny_recipe.model_copy(update={"split": kept.split})


def test_the_split_covers_the_corpus_and_keeps_speakers_apart(run, split_rows, flawed):
    assert sorted(row["file"] for row in split_rows) == sorted(row["file"] for row in rows_of(flawed / "clips.csv"))
    parts = [speakers_of(split_rows, part) for part in ("train", "valid", "test")]
    assert all(parts)
    assert sum(map(len, parts)) == len(set.union(*parts)) == 4
    assert run.document["audit"]["shared_speakers"]["verdict"] == "ok"


def test_the_result_has_its_stable_keys(run):
    document = json.loads((run.folder / "result.json").read_text())
    assert document == run.document
    assert set(STABLE_KEYS + RUN_KEYS) <= document.keys()
    assert document["labels"] == LABELS
    assert list(document["parts"]) == ["train", "valid", "test"]
    assert (document["protocol"], document["selected_on"]) == ("speakers", "valid")
    assert document["audit"]["selection"]["verdict"] == "ok"
    assert (document["epochs"], document["recipe"]["name"]) == (2, "cnn-lstm")
    for part in document["parts"].values():
        assert np.sum(part["confusion"]) == part["clips"] == sum(one["support"] for one in part["per_class"].values())


def test_every_score_follows_from_the_predictions(run):
    rows = rows_of(run.folder / "predictions.csv")
    for part, scores in run.document["parts"].items():
        found = scores_of([row for row in rows if row["split"] == part])
        assert found == {key: pytest.approx(scores[key], abs=1e-5) for key in found}
    assert {key: run.document[key] for key in STABLE_KEYS if key != "audit"} == {
        key: value for key, value in run.document["parts"]["test"].items() if key != "audit"
    }


def test_there_is_a_prediction_for_each_clip_that_can_be_read(run, split_rows):
    rows = rows_of(run.folder / "predictions.csv")
    expected = {(row["file"], row["split"], row["emotion"]) for row in split_rows if row["file"] != "fear/s2_02.wav"}
    assert {(row["file"], row["split"], row["emotion"]) for row in rows} == expected
    assert len(rows) == len(expected) == 39
    for row in rows:
        probabilities = {label: float(row[f"p_{label}"]) for label in LABELS}
        assert probabilities[row["predicted"]] == max(probabilities.values()) == float(row["confidence"])


def test_a_broken_file_is_left_out_and_listed(run):
    (failed,) = run.document["failed"]
    assert failed["file"] == "fear/s2_02.wav"
    assert "fear/s2_02.wav: " in failed["error"]


def test_the_best_epoch_is_the_one_that_validates_best(run):
    history = [json.loads(line) for line in (run.folder / "history.jsonl").read_text().splitlines()]
    best = max(history, key=lambda row: (row["valid_wa"], -row["epoch"]))
    assert run.document["best_epoch"] == best["epoch"]
    valid = run.document["parts"]["valid"]
    assert valid["wa"] == pytest.approx(best["valid_wa"])


def test_before_its_temperature_the_bundle_has_the_loss_of_the_best_epoch_and_with_it_no_more(run):
    history = [json.loads(line) for line in (run.folder / "history.jsonl").read_text().splitlines()]
    best = history[run.document["best_epoch"] - 1]
    rows = [row for row in rows_of(run.folder / "predictions.csv") if row["split"] == "valid"]
    probabilities = np.array([[float(row[f"p_{label}"]) for label in LABELS] for row in rows])
    powers = probabilities**run.model.manifest.temperature
    truth = [LABELS.index(row["emotion"]) for row in rows]
    before = cross_entropy(truth, powers / powers.sum(axis=1, keepdims=True))
    assert before == pytest.approx(best["valid_loss"], abs=1e-3)
    assert run.document["parts"]["valid"]["loss"] <= best["valid_loss"]


def test_the_bundle_predicts_what_the_run_reports(run, flawed):
    row = rows_of(run.folder / "predictions.csv")[0]
    prediction = pv.predict(flawed / row["file"], model=run.folder)
    assert prediction.emotion == row["predicted"]
    assert prediction.confidence == pytest.approx(float(row["confidence"]), abs=1e-6)


def test_the_bundle_tells_data_licence_and_scores(run):
    manifest = run.model.manifest
    assert manifest.scores["test"]["uar"] == run.document["uar"]
    assert (manifest.scores["protocol"], manifest.scores["selected_on"]) == ("speakers", "valid")
    assert [(data["name"], data["languages"]) for data in manifest.training_data] == [("flawed", ["el"])]
    assert manifest.recipe == run.document["recipe"]
    assert manifest.parameters == run.document["parameters"]
    assert "cnn-lstm" in (run.folder / "bundle" / "README.md").read_text()


def test_a_run_tells_its_scores(run):
    assert isinstance(run, Run)
    assert isinstance(run.result, Result)
    assert run.result.uar == run.document["uar"]
    assert f"test UAR {run.document['uar']:.3f}" in repr(run)


def test_the_same_command_gives_the_same_weights(run, tiny_recipe, flawed, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tiny_recipe, flawed, output=tmp_path / "again", progress=stop_at("exporting"))
    for name in ("split.csv", "recipe.toml"):
        assert (tmp_path / "again" / name).read_bytes() == (run.folder / name).read_bytes()
    keys = ("epoch", "train_loss", "train_wa", "train_uar", "valid_loss", "valid_wa", "valid_uar", "learning_rate")
    histories = [
        [[json.loads(line)[key] for key in keys] for line in (folder / "history.jsonl").read_text().splitlines()]
        for folder in (tmp_path / "again", run.folder)
    ]
    assert histories[0] == histories[1]


def test_an_interrupted_run_goes_on_to_the_weights_and_scores_of_one_that_was_not(run, tiny_recipe, flawed, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(tiny_recipe, flawed, output=folder, progress=stop_at("epoch 1/2"))
    assert not (folder / "bundle").exists()
    lines = []
    resumed = train(tiny_recipe, flawed, output=folder, resume=True, progress=lines.append)
    assert any("going on after epoch 1" in line for line in lines)
    assert not any(line.startswith("epoch 1/2") for line in lines)
    weights = "bundle/model.safetensors"
    assert (folder / weights).read_bytes() == (run.folder / weights).read_bytes()
    assert {key: resumed.document[key] for key in STABLE_KEYS} == {key: run.document[key] for key in STABLE_KEYS}


def test_going_on_with_a_finished_run_leaves_its_weights(run, tiny_recipe, flawed, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder)
    again = train(tiny_recipe, flawed, output=folder, resume=True)
    assert again.document == run.document
    for name in ("bundle/model.safetensors", "split.csv", "recipe.toml", "history.jsonl", "predictions.csv"):
        assert (folder / name).read_bytes() == (run.folder / name).read_bytes()


def test_going_on_where_nothing_was_begun_begins(tiny_recipe, flawed, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tiny_recipe, flawed, output=tmp_path / "new", resume=True, progress=stop_at("training cnn-lstm"))
    assert (tmp_path / "new" / "split.csv").is_file()


def test_a_folder_that_holds_something_is_left_as_it_is(run, tiny_recipe, flawed, tmp_path):
    before = content(run.folder)
    with pytest.raises(RunError, match=r"is not empty; give another --output, or --resume"):
        train(tiny_recipe, flawed, output=run.folder)
    assert content(run.folder) == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RunError, match="is a file, a folder was expected"):
        train(tiny_recipe, flawed, output=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_cannot_go_on_with_other_settings_or_another_corpus(run, flawed, tmp_path):
    before = content(run.folder)
    other = read_recipe("cnn-lstm", [*TINY, "training.learning_rate=0.5"])
    with pytest.raises(RunError, match=r"was begun with other settings, see its recipe\.toml"):
        train(other, flawed, output=run.folder, resume=True)
    soundfile.write(tmp_path / "x.wav", np.zeros(16000), 16000)
    (tmp_path / "clips.csv").write_text("file,emotion,speaker\nx.wav,anger,1\n")
    with pytest.raises(SplitError, match="files of the split are not in the corpus"):
        train(read_recipe("cnn-lstm", TINY), tmp_path, output=run.folder, resume=True)
    assert content(run.folder) == before


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"recipe": "cnn-lstn"}, RecipeError, "did you mean 'cnn-lstm'"),
        ({"corpus": "nowhere"}, CorpusError, "nowhere: no such folder or file"),
        ({"fold": 2}, SplitError, "protocol auto makes none; give the split file"),
        ({"split": "nowhere.csv"}, SplitError, r"nowhere\.csv: no such split file"),
    ],
)
def test_a_wrong_request_writes_nothing(tiny_recipe, flawed, tmp_path, arguments, error, words):
    with pytest.raises(error, match=words):
        train(**{"recipe": tiny_recipe, "corpus": flawed, "output": tmp_path / "run"} | arguments)
    assert list(tmp_path.iterdir()) == []


def folder_of(root, clips):
    """Make a folder per emotion of short noise; `clips` is emotion -> number."""
    rng = np.random.default_rng(0)
    for emotion, count in clips.items():
        (root / emotion).mkdir(parents=True)
        for number in range(count):
            soundfile.write(root / emotion / f"{number}.wav", rng.uniform(-0.1, 0.1, 8000), 16000)
    return root


def test_a_class_with_one_clip_is_an_error_before_any_work(tiny_recipe, tmp_path):
    corpus = folder_of(tmp_path / "corpus", {"anger": 6, "fear": 6, "neutral": 1})
    with pytest.raises(SplitError, match="emotion 'neutral' has 1 clip, but train, valid, test need one each"):
        train(tiny_recipe, corpus, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_part_without_a_clip_that_can_be_read_is_an_error_that_names_the_first(tiny_recipe, tmp_path):
    corpus = folder_of(tmp_path / "corpus", {"anger": 6, "fear": 6})
    for file in corpus.rglob("*.wav"):
        file.write_bytes(b"no audio")
    with pytest.raises(CorpusError, match=r"none of the \d+ recordings of part train can be used; the first: .*\.wav"):
        train(tiny_recipe, corpus, output=tmp_path / "run")


def test_where_speakers_are_unknown_the_split_is_random_and_says_so(tiny_recipe, tmp_path):
    corpus, lines = folder_of(tmp_path / "corpus", {"anger": 6, "fear": 6}), []

    def progress(line):
        lines.append(line)
        stop_at("training cnn-lstm")(line)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_recipe, corpus, output=tmp_path / "run", progress=progress)
    assert read_recipe(tmp_path / "run" / "recipe.toml").split.protocol == "holdout"
    assert any(line.startswith("notice: no speaker is known") for line in lines)


def test_only_the_emotions_asked_for_are_trained(flawed, tmp_path):
    recipe = read_recipe("cnn-lstm", [*TINY, 'split.emotions=["anger", "sadness"]'])
    with pytest.raises(KeyboardInterrupt):
        train(recipe, flawed, output=tmp_path / "run", progress=stop_at("training cnn-lstm"))
    assert {row["emotion"] for row in rows_of(tmp_path / "run" / "split.csv")} == {"anger", "sadness"}


def test_a_given_split_keeps_its_test_part_and_validation_is_cut_from_train(leaky):
    run, given = leaky
    expected = {row["file"]: row["split"] for row in rows_of(given)}
    found = {row["file"]: row["split"] for row in rows_of(run.folder / "split.csv")}
    assert {file for file in found if found[file] == "test"} == {file for file in expected if expected[file] == "test"}
    valid = {file for file in found if found[file] == "valid"}
    assert valid
    assert {expected[file] for file in valid} == {"train"}
    assert run.document["protocol"] == "official"
    assert read_recipe(run.folder / "recipe.toml").split.protocol == "official"


def test_speakers_in_both_halves_of_a_given_split_are_a_leak_that_names_them(leaky):
    run, given = leaky
    rows = rows_of(given)
    shared = sorted(speakers_of(rows, "train") & speakers_of(rows, "test"))
    finding = run.document["audit"]["shared_speakers"]
    assert finding["verdict"] == "leak"
    assert shared
    assert finding["items"]["train/test"] == shared
    report = (run.folder / "report.html").read_text()
    assert all(speaker in report for speaker in shared)


def test_choosing_on_the_test_part_is_a_leak_in_result_bundle_and_report(leaky):
    run, _ = leaky
    assert run.document["selected_on"] == "test"
    assert run.document["audit"]["selection"]["verdict"] == "leak"
    assert "optimistic" in run.document["audit"]["selection"]["detail"]
    assert run.model.manifest.scores["selected_on"] == "test"
    assert "optimistic" in (run.folder / "report.html").read_text()
    assert "optimistic" in (run.folder / "bundle" / "README.md").read_text()


def test_scaling_by_the_training_data_is_fitted_and_is_in_the_bundle(leaky):
    run, _ = leaky
    weights = load_file(run.folder / "bundle" / "model.safetensors")
    assert (weights["scaling.mean"] < -5).all()  # dB below the maximum
    assert (weights["scaling.deviation"] > 1).all()
    assert not (weights["scaling.deviation"] == 1).any()


@pytest.mark.parametrize("kept", ["train", "test"])
def test_a_given_split_without_test_or_train_clips_is_an_error_before_any_work(tiny_recipe, flawed, tmp_path, kept):
    split = holdout(read_corpus(flawed))
    one_part = Split(split.table.filter(split.table["split"] == kept))
    with pytest.raises(SplitError, match="the split has no clips for"):
        train(tiny_recipe, flawed, output=tmp_path / "run", split=one_part)
    assert not (tmp_path / "run").exists()


def test_a_split_with_an_emotion_that_does_not_train_is_an_error_and_one_of_fewer_emotions_trains_those(
    tiny_recipe, synthetic, tmp_path
):
    corpus = read_corpus(synthetic)
    some = holdout(corpus.filter(emotions=["anger", "fear", "sadness"]), valid=0.2, test=0.2)
    quick = tiny_recipe.model_copy(update={"training": tiny_recipe.training.model_copy(update={"epochs": 1})})
    told = []
    run = train(quick, corpus, split=some, output=tmp_path / "some", progress=told.append)
    assert run.document["labels"] == ["anger", "fear", "sadness"]
    assert [line for line in told if line.startswith("notice: 16 of 40 clips of the corpus are not in the split")]
    table = some.table.with_columns(
        split=pl.when(pl.col("emotion") == "anger").then(pl.lit("test")).otherwise(pl.col("split"))
    )
    with pytest.raises(SplitError, match="no training clip of anger; leave them out: --emotions fear,sadness"):
        train(quick, corpus, split=Split(table), output=tmp_path / "untrained")
    assert not (tmp_path / "untrained").exists()


def test_an_official_split_must_be_given(flawed, tmp_path):
    recipe = read_recipe("cnn-lstm", [*TINY, "split.protocol=official"])
    with pytest.raises(SplitError, match="give it with --split"):
        train(recipe, flawed, output=tmp_path / "run")


def test_evaluating_a_run_on_its_own_split_gives_its_own_scores(run, flawed):
    result = evaluate(run.folder, flawed, split=run.folder / "split.csv")
    for key in ("uar", "wa", "macro_f1", "loss", "confusion", "per_class", "clips", "selected_on"):
        assert getattr(result, key) == run.document[key]
    assert result.protocol == "official"
    assert result.audit["training_data"]["verdict"] == "notice"
    assert result.audit["shared_speakers"]["verdict"] == "ok"


def test_evaluating_on_clips_that_were_trained_on_is_a_leak(run, flawed):
    result = evaluate(run.model, flawed)
    assert (result.clips, result.protocol) == (39, "all clips")
    finding = result.audit["training_data"]
    assert (finding["verdict"], finding["items"]) == ("leak", ["flawed"])


def test_evaluating_on_a_corpus_of_another_name_says_that_recordings_were_not_compared(run, synthetic):
    finding = evaluate(run.folder, read_corpus(synthetic, name="other")).audit["training_data"]
    assert (finding["verdict"], "not compared" in finding["detail"]) == ("notice", True)


def test_one_emotion_alone_and_a_split_file_with_another_protocol_are_errors(tiny_recipe, synthetic, tmp_path):
    corpus = read_corpus(synthetic)
    with pytest.raises(SplitError, match="only anger"):
        train(tiny_recipe, corpus.filter(emotions=["anger"]), output=tmp_path / "one")
    recipe = read_recipe("cnn-lstm", [*TINY, "split.protocol=speakers"])
    with pytest.raises(SplitError, match="protocol speakers and a split file"):
        train(recipe, corpus, split=holdout(corpus), output=tmp_path / "both")
    assert list(tmp_path.iterdir()) == []


def test_emotions_that_the_model_does_not_know_are_an_error_that_names_those_to_ask_for(run, tmp_path):
    corpus = folder_of(tmp_path / "corpus", {"anger": 1, "disgust": 1})
    with pytest.raises(CorpusError, match=r"does not know disgust \(it knows .*\); .*--emotions anger"):
        evaluate(run.folder, corpus)
    assert evaluate(run.folder, read_corpus(corpus).filter(emotions=["anger"])).clips == 1


def test_a_corpus_without_a_file_that_can_be_read_cannot_be_evaluated(run, tmp_path):
    corpus = folder_of(tmp_path / "corpus", {"anger": 1})
    (corpus / "anger" / "0.wav").write_bytes(b"")
    with pytest.raises(CorpusError, match="none of the 1 recordings can be used"):
        evaluate(run.folder, corpus)


def test_what_is_no_model_no_corpus_no_emotion_is_an_error(run, flawed, tmp_path):
    with pytest.raises(BundleError, match="no model in this folder"):
        evaluate(tmp_path, flawed)
    with pytest.raises(LabelError, match="did you mean 'anger'"):
        read_corpus(flawed).filter(emotions=["angerr"])


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("cnn-lstm", (*TINY, "training.learning_rate=1e-9"), "training stayed at chance: the best UAR is "),
        (
            "time-cnn-lstm",
            ("training.optimizer=sgd", "training.learning_rate=1e9", "training.epochs=2", "training.batch_size=8"),
            "training diverged: its last loss is ",
        ),
    ],
)
def test_what_a_user_should_know_of_a_training_is_told_kept_and_in_the_report(
    name, settings, words, synthetic, tmp_path
):
    told = []
    done = train(small(name, *settings), read_corpus(synthetic), output=tmp_path / "run", progress=told.append)
    (notice,) = (one for one in done.document["notices"] if one.startswith(words))
    assert f"notice: {notice}" in told
    assert words[1:] in (done.folder / "report.html").read_text()  # as a sentence, it begins with a capital


def test_the_labels_are_told_with_their_numbers_before_training(synthetic, tmp_path):
    told = []
    done = train(read_recipe("cnn-lstm", TINY), read_corpus(synthetic), output=tmp_path / "run", progress=told.append)
    (told_map,) = (one for one in told if one.startswith("labels, as the network numbers them:"))
    assert told_map.endswith(label_map_text(done.document["labels"]))
    assert told.index(told_map) < next(index for index, one in enumerate(told) if one.startswith("epoch 1/"))
