"""Every fold trained, all their test clips scored together; what was finished is kept, and nothing is mixed."""

import csv
import json
import shutil
import statistics
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn import metrics
from tests.tiny import small

import paraverbal as pv
from paraverbal.config import read_recipe
from paraverbal.corpora.corpus import Corpus, Origin, join
from paraverbal.corpora.protocols import make_folds
from paraverbal.corpora.split import Split, write
from paraverbal.errors import RunError, SplitError
from paraverbal.evaluation.predictions import Predictions, write_predictions
from paraverbal.evaluation.protocol import Result, Training, run_document, write_document
from paraverbal.experiment.plan import rows
from paraverbal.experiment.run import train
from paraverbal.report.page import write_report

MODULE = sys.modules["paraverbal.experiment.crossval"]  # the package shows the function of this name
EMOTIONS = ("anger", "fear", "neutral")
GROUPED = ("speaker", "sex", "duration")  # of the made corpus
QUICK = ("model.costs=[1.0]", "split.protocol=loso")


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def clips_of(folder, fold):
    return [row for row in rows_of(folder / f"fold-{fold}" / "predictions.csv") if row["split"] == "test"]


def content(folder):
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def without_minutes(document):
    return {key: value for key, value in document.items() if key != "minutes"}


def sayings(name, *, speakers=4, emotions=EMOTIONS, sentences=3):
    """A corpus of no files: each speaker says each sentence with each emotion."""
    made = [
        {"file": f"{emotion}/s{who}_{what}.wav", "emotion": emotion, "speaker": f"s{who}", "sentence": f"{what}"}
        for emotion in emotions
        for who in range(speakers)
        for what in range(sentences)
    ]
    return Corpus.from_rows(Path(name), made, Origin(name))


@pytest.fixture(scope="module")
def voices(synthetic):
    """Three speakers of the made corpus, three emotions."""
    corpus = pv.read_corpus(synthetic).filter(emotions=EMOTIONS)
    return replace(corpus, table=corpus.table.filter(pl.col("speaker") != "s4"))


@pytest.fixture(scope="module")
def finished(voices, tmp_path_factory):
    """A cross-validation from recordings to scores, a speaker left out in each fold; tests leave it as it is."""
    return pv.crossval(small("spectral-svm", *QUICK), voices, output=tmp_path_factory.mktemp("crossval") / "loso")


@pytest.fixture
def untrained(monkeypatch):
    """Cross-validates without training: each fold's run holds drawn predictions; returns the plans carried out."""
    plans = []

    def carry_out(plan, *, tell, twins):
        plans.append(plan)
        clips = tuple(rows(plan.corpus, plan.split, "test"))
        truth = np.array([plan.labels.index(row["emotion"]) for row in clips])
        number = zlib.crc32(str(sorted(row["file"] for row in clips)).encode())
        generator = np.random.default_rng([number, plan.recipe.training.seed])
        drawn = generator.dirichlet(np.ones(len(plan.labels)), len(clips))
        joined = plan.corpus.table["corpus"].n_unique() > 1
        told = {name: generator.uniform(1, 5, len(clips)) for name in plan.recipe.training.dimensions}
        found = Predictions(clips, truth, drawn, plan.labels, (), joined, told)
        write_predictions({"test": found}, plan.folder / "predictions.csv")
        split, selected_on = plan.recipe.split.protocol, plan.recipe.training.select_on
        result = Result.from_predictions(truth, drawn, labels=plan.labels, protocol=split, selected_on=selected_on)
        training = Training(plan.recipe.model_dump(mode="json"), 1, 1, minutes=0.1, parameters=1)
        write_document(run_document({"test": result}, training), plan.folder / "result.json")

    monkeypatch.setattr(MODULE, "carry_out", carry_out)
    monkeypatch.setattr(MODULE, "write_report", lambda folder, _: (folder / "report.html").touch())  # takes seconds
    monkeypatch.setattr(MODULE, "twins_of", lambda corpus: None)
    return plans


def test_the_folder_holds_the_folds_their_runs_and_all_of_them_together(finished):
    assert {entry.name for entry in finished.folder.iterdir()} == {
        "split.csv",
        "fold-1",
        "fold-2",
        "fold-3",
        "predictions.csv",
        "result.json",
        "report.html",
        *(f"{name}.png" for name in ("confusion-test", *(f"groups-{column}" for column in GROUPED))),
    }
    for fold in (1, 2, 3):
        assert {"bundle", "recipe.toml", "report.html", "result.json", "split.csv"} <= {
            entry.name for entry in (finished.folder / f"fold-{fold}").iterdir()
        }
    assert json.loads((finished.folder / "result.json").read_text()) == finished.document


def test_every_clip_is_tested_once_by_a_model_that_has_not_heard_its_speaker(finished, voices):
    rows = rows_of(finished.folder / "predictions.csv")
    assert sorted(row["file"] for row in rows) == sorted(voices.table["file"])
    assert {(row["fold"], row["speaker"]) for row in rows} == {("1", "s1"), ("2", "s2"), ("3", "s3")}
    for fold in (1, 2, 3):
        heard = [row for row in rows_of(finished.folder / f"fold-{fold}" / "split.csv") if row["split"] != "test"]
        assert not {f"s{fold}"} & {row["file"].split("/")[1][:2] for row in heard}


def test_the_scores_are_those_of_the_folds_clips_together(finished):
    rows = [row for fold in (1, 2, 3) for row in clips_of(finished.folder, fold)]
    truth, predicted = [row["emotion"] for row in rows], [row["predicted"] for row in rows]
    document, labels = finished.document, list(EMOTIONS)
    values = np.array([[float(row[f"p_{label}"]) for label in labels] for row in rows])
    probabilities = values / values.sum(axis=1, keepdims=True)  # six digits do not sum to 1
    assert document["labels"] == labels
    assert document["uar"] == pytest.approx(metrics.balanced_accuracy_score(truth, predicted))
    assert document["wa"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    assert document["macro_f1"] == pytest.approx(metrics.f1_score(truth, predicted, average="macro", zero_division=0))
    assert document["loss"] == pytest.approx(metrics.log_loss(truth, probabilities, labels=labels))
    assert document["confusion"] == metrics.confusion_matrix(truth, predicted, labels=labels).tolist()
    assert document["clips"] == len(rows) == 18


def test_the_spread_is_that_of_the_folds_own_scores(finished):
    folds = [json.loads((finished.folder / f"fold-{fold}" / "result.json").read_text()) for fold in (1, 2, 3)]
    assert [row["fold"] for row in finished.document["folds"]] == [1, 2, 3]
    for key in ("uar", "wa", "macro_f1", "loss"):
        values = [fold[key] for fold in folds]
        assert [row[key] for row in finished.document["folds"]] == values
        assert finished.document["spread"][key] == {
            "mean": pytest.approx(statistics.mean(values)),
            "deviation": pytest.approx(statistics.stdev(values)),
            "least": min(values),
            "greatest": max(values),
            "count": 3,
        }


def test_intervals_draw_the_speakers_of_all_folds_and_warn_of_few(finished):
    intervals = finished.document["intervals"]
    assert (intervals["level"], intervals["clips"], intervals["clusters"]) == (0.95, 18, 3)
    assert "18 clips and 3 groups (speakers)" in intervals["warning"]
    for key in ("uar", "wa", "macro_f1"):
        low, high = intervals[key]
        assert 0 <= low <= finished.document[key] <= high <= 1
    assert list(intervals["recall"]) == list(EMOTIONS)


def test_the_predictions_are_read_as_those_of_one_model(finished):
    table = pv.read_predictions(finished.folder)
    by_file = {row["file"]: row for fold in (1, 2, 3) for row in clips_of(finished.folder, fold)}
    for file, speaker, values in zip(table.files, table.speakers, table.probabilities, strict=True):
        assert speaker == by_file[file]["speaker"]
        assert values == pytest.approx([float(by_file[file][f"p_{label}"]) for label in EMOTIONS], abs=2e-6)
    for row in rows_of(finished.folder / "predictions.csv"):
        assert row["confidence"] == max(row[f"p_{label}"] for label in EMOTIONS) == row[f"p_{row['predicted']}"]


def test_a_cross_validation_tells_its_scores_and_what_leaks_in_each_fold(finished):
    assert isinstance(finished, pv.CrossValidation)
    assert finished.result.uar == finished.document["uar"]
    assert f"UAR {finished.document['uar']:.3f}, 3 folds, 18 clips, loso" in repr(finished)
    assert list(finished.document["audit"]) == ["fold 1", "fold 2", "fold 3"]
    assert {found["shared_speakers"]["verdict"] for found in finished.document["audit"].values()} == {"ok"}
    assert all(found["duplicate_audio"]["verdict"] == "ok" for found in finished.document["audit"].values())


def test_the_model_of_a_fold_predicts(finished, voices):
    (row, *_) = clips_of(finished.folder, 2)
    prediction = pv.predict(voices.path(row["file"]), model=finished.folder / "fold-2")
    assert prediction.emotion == row["predicted"]
    assert prediction.confidence == pytest.approx(float(row["confidence"]), abs=1e-6)


def test_going_on_trains_what_is_missing_to_the_same_numbers_and_keeps_the_rest(finished, voices, tmp_path):
    folder, told = tmp_path / "loso", []
    shutil.copytree(finished.folder, folder)
    shutil.rmtree(folder / "fold-2")
    times = {file: file.stat().st_mtime_ns for fold in ("fold-1", "fold-3") for file in (folder / fold).rglob("*")}
    again = pv.crossval(small("spectral-svm", *QUICK), voices, output=folder, resume=True, progress=told.append)
    assert without_minutes(again.document) == without_minutes(finished.document)
    for file in ("split.csv", "predictions.csv", "fold-2/predictions.csv", "fold-2/split.csv", "fold-2/recipe.toml"):
        assert (folder / file).read_bytes() == (finished.folder / file).read_bytes()
    assert times == {file: file.stat().st_mtime_ns for file in times}
    assert [line for line in told if line.startswith("fold")] == [
        "fold 1: done before",
        "fold 2",
        "fold 3: done before",
    ]


def test_other_folds_other_settings_and_a_folder_in_use_are_refused_and_left(finished, voices, untrained):
    before, loso = content(finished.folder), small("spectral-svm", *QUICK)
    with pytest.raises(RunError, match="is not empty; give another --output, or --resume"):
        pv.crossval(loso, voices, output=finished.folder)
    kfold = small("spectral-svm", "model.costs=[1.0]", "split.protocol=kfold", "split.folds=3")
    with pytest.raises(RunError, match=r"was begun with other folds, see its split\.csv; give the same"):
        pv.crossval(kfold, voices, output=finished.folder, resume=True)
    other = small("spectral-svm", "model.costs=[2.0]", "split.protocol=loso")
    with pytest.raises(RunError, match=r"fold-1: was begun with other settings, see its recipe\.toml: costs"):
        pv.crossval(other, voices, output=finished.folder, resume=True)
    with pytest.raises(RunError, match="is not empty"):
        pv.crossval(loso, voices, output=finished.folder / "fold-1", resume=True)
    assert content(finished.folder) == before
    assert untrained == []


def test_the_same_command_gives_the_same_bytes(untrained, tmp_path):
    asked, corpus = (
        read_recipe("spectral-svm", ["split.protocol=speakers", "split.folds=3"]),
        sayings("made", speakers=6),
    )
    found = [pv.crossval(asked, corpus, output=tmp_path / name) for name in ("one", "two")]
    assert content(found[0].folder) == content(found[1].folder)


@pytest.mark.parametrize(
    ("protocol", "folds", "apart"),
    [
        ("kfold", 5, None),
        ("kfold", 3, None),
        ("speakers", 3, "speaker"),
        ("loso", 6, "speaker"),
        ("sentences", 3, "sentence"),
    ],
)
def test_each_clip_is_tested_once_and_what_a_protocol_keeps_apart_is_apart(untrained, tmp_path, protocol, folds, apart):
    corpus = sayings("made", speakers=6)
    number = [f"split.folds={folds}"] if protocol != "loso" else []
    found = pv.crossval(
        read_recipe("spectral-svm", [f"split.protocol={protocol}", *number]), corpus, output=tmp_path / "cv"
    )
    rows = rows_of(tmp_path / "cv" / "predictions.csv")
    assert sorted(row["file"] for row in rows) == sorted(corpus.table["file"])
    assert [row["fold"] for row in found.document["folds"]] == list(range(1, folds + 1))
    assert found.document["protocol"] == protocol
    if apart:
        values = dict(corpus.table.select("file", apart).iter_rows())
        assert all(
            len({row["fold"] for row in rows if values[row["file"]] == value}) == 1 for value in set(values.values())
        )


def test_holdout_is_one_fold_without_a_deviation(untrained, tmp_path):
    found = pv.crossval(
        read_recipe("spectral-svm", ["split.protocol=holdout"]), sayings("made"), output=tmp_path / "cv"
    )
    assert found.document["spread"]["uar"]["deviation"] is None
    assert found.document["folds"][0]["clips"] == found.document["clips"] < 36


def test_corpora_are_left_out_one_by_one_over_the_emotions_that_all_have(untrained, tmp_path):
    corpus = join([sayings("a", emotions=EMOTIONS), sayings("b", emotions=("anger", "neutral", "sadness"))])
    told = []
    asked = read_recipe("spectral-svm", ["split.protocol=corpora"])
    found = pv.crossval(asked, corpus, output=tmp_path / "cv", progress=told.append)
    assert [line for line in told if "left out" in line] == [
        f"notice: 12 clips of {emotion} are left out, as not all corpora have it" for emotion in ("fear", "sadness")
    ]
    rows = rows_of(tmp_path / "cv" / "predictions.csv")
    assert {(row["fold"], row["file"][0]) for row in rows} == {("1", "a"), ("2", "b")}
    assert found.document["labels"] == ["anger", "neutral"]
    assert len(rows) == found.document["clips"] == 48


def test_speakers_of_the_same_name_in_two_corpora_are_two_speakers(untrained, tmp_path):
    corpus = join([sayings("a", speakers=3), sayings("b", speakers=3)])
    found = pv.crossval(read_recipe("spectral-svm", ["split.protocol=corpora"]), corpus, output=tmp_path / "cv")
    speakers = {row["speaker"] for row in rows_of(tmp_path / "cv" / "predictions.csv")}
    assert speakers == {f"{name}/s{who}" for name in "ab" for who in range(3)}
    assert found.document["intervals"]["clusters"] == 6


def published(corpus, tmp_path):
    """A file of two folds without validation: each tests two of the four speakers."""
    halves = [pl.col("file").str.contains("/s[01]_"), pl.col("file").str.contains("/s[23]_")]
    tables = [
        corpus.table.select(
            "file",
            "emotion",
            pl.lit(fold, pl.Int64).alias("fold"),
            pl.when(half).then(pl.lit("test")).otherwise(pl.lit("train")).alias("split"),
        )
        for fold, half in enumerate(halves, start=1)
    ]
    write(Split(pl.concat(tables)), tmp_path / "given.csv")
    return tmp_path / "given.csv"


@pytest.mark.parametrize("protocol", ["auto", "official"])
def test_published_folds_are_taken_as_they_are_and_validation_is_cut_from_train(untrained, tmp_path, protocol):
    corpus, told = sayings("made"), []
    given = published(corpus, tmp_path)
    asked = read_recipe("spectral-svm", [f"split.protocol={protocol}"])
    found = pv.crossval(asked, corpus, output=tmp_path / "cv", split=given, progress=told.append)
    assert (found.document["protocol"], len(found.document["folds"])) == ("official", 2)
    assert "official: 2 folds" in told[0]
    for plan, speakers in zip(untrained, (("0", "1"), ("2", "3")), strict=True):
        assert {file.split("/s")[1][0] for file in plan.split.files("test")} == set(speakers)
        assert plan.split.files("valid")
        assert not set(plan.split.files("valid")) & set(plan.split.files("test"))


def test_a_fault_in_any_fold_is_found_before_any_is_trained(untrained, tmp_path):
    corpus = sayings("made")
    given = published(corpus, tmp_path)
    text = given.read_text()
    given.write_text("\n".join(line.replace(",2,test", ",2,train") for line in text.splitlines()) + "\n")
    with pytest.raises(SplitError, match="the split has no clips for test"):
        pv.crossval("spectral-svm", corpus, output=tmp_path / "cv", split=given)
    given.write_text("\n".join(line.replace("anger,2,train", "anger,2,test") for line in text.splitlines()) + "\n")
    with pytest.raises(SplitError, match="no training clip of anger; leave them out"):
        pv.crossval("spectral-svm", corpus, output=tmp_path / "cv", split=given)
    assert not (tmp_path / "cv").exists()
    assert untrained == []


@pytest.mark.parametrize(
    ("protocol", "given", "words"),
    [
        ("auto", False, "protocol auto makes none; give the split file"),
        ("official", False, "protocol official makes none; give the split file"),
        ("loso", True, "protocol loso and a split file were given"),
    ],
)
def test_a_protocol_without_folds_or_with_a_file_too_many_writes_nothing(untrained, tmp_path, protocol, given, words):
    corpus = sayings("made")
    split = make_folds(corpus, "loso") if given else None
    with pytest.raises(SplitError, match=words):
        pv.crossval(
            read_recipe("spectral-svm", [f"split.protocol={protocol}"]), corpus, output=tmp_path / "cv", split=split
        )
    assert list(tmp_path.iterdir()) == []


def test_folds_with_other_emotions_are_scored_over_all_of_them(untrained, tmp_path):
    """An emotion that a fold did not train has the probability 0 in it."""
    corpus = sayings("made")
    given = published(corpus, tmp_path)
    given.write_text("\n".join(line for line in given.read_text().splitlines() if "fear,1" not in line) + "\n")
    found = pv.crossval("spectral-svm", corpus, output=tmp_path / "cv", split=given)
    assert [plan.labels for plan in untrained] == [("anger", "neutral"), EMOTIONS]
    rows = rows_of(tmp_path / "cv" / "predictions.csv")
    assert {row["p_fear"] for row in rows if row["fold"] == "1"} == {"0.000000"}
    assert min(float(row["p_fear"]) for row in rows if row["fold"] == "2") > 0
    assert found.document["labels"] == list(EMOTIONS)
    assert found.document["wa"] == np.mean([row["emotion"] == row["predicted"] for row in rows])
    assert found.document["per_class"]["fear"]["support"] == 6


def test_a_fold_that_was_begun_goes_on_with_its_split(untrained, tmp_path):
    asked, corpus = read_recipe("spectral-svm", ["split.protocol=loso"]), sayings("made")
    whole = pv.crossval(asked, corpus, output=tmp_path / "cv")
    (tmp_path / "cv" / "fold-3" / "result.json").unlink()
    time = (tmp_path / "cv" / "fold-3" / "recipe.toml").stat().st_mtime_ns
    untrained.clear()
    again = pv.crossval(asked, corpus, output=tmp_path / "cv", resume=True)
    assert [plan.folder.name for plan in untrained] == ["fold-3"]
    assert again.document == whole.document
    assert (tmp_path / "cv" / "fold-3" / "recipe.toml").stat().st_mtime_ns == time


def test_utterances_of_one_file_are_told_apart(untrained, tmp_path):
    made = [
        {"file": f"{who}.wav", "start": float(number), "end": number + 0.5, "emotion": emotion, "speaker": f"{who}"}
        for who in range(4)
        for number, emotion in enumerate(EMOTIONS * 2)
    ]
    corpus = Corpus.from_rows(Path("made"), made, Origin("made"))
    found = pv.crossval(read_recipe("spectral-svm", ["split.protocol=loso"]), corpus, output=tmp_path / "cv")
    files = pv.read_predictions(found.folder).files
    assert len(files) == len(set(files)) == found.document["clips"] == 24
    assert files[:2] == ("0.wav#t=0,0.5", "0.wav#t=1,1.5")


def test_a_run_of_one_training_is_no_cross_validation_to_go_on_with(untrained, tmp_path):
    corpus, asked = sayings("made"), read_recipe("spectral-svm", ["split.protocol=holdout"])

    def stop(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(asked, corpus, output=tmp_path / "run", progress=stop)
    before = content(tmp_path / "run")
    with pytest.raises(RunError, match="is not empty"):
        pv.crossval(asked, corpus, output=tmp_path / "run", resume=True)
    assert content(tmp_path / "run") == before


@pytest.fixture
def seeded(untrained, tmp_path):
    """A cross-validation of two folds with the seeds 3, 4 and 5."""
    asked = read_recipe("spectral-svm", ["split.protocol=speakers", "split.folds=2", "training.seed=3"])
    return pv.crossval(asked, sayings("made"), output=tmp_path / "cv", seeds=3)


def result_of(folder):
    return json.loads((folder / "result.json").read_text())


def test_each_seed_has_a_folder_of_its_folds_and_the_one_above_tells_the_first(seeded, untrained):
    above = {entry.name for entry in seeded.folder.iterdir()}
    assert {"seed-3", "seed-4", "seed-5", "split.csv", "predictions.csv", "result.json", "report.html"} <= above
    assert not any(name.startswith("fold") for name in above)
    for seed in (3, 4, 5):
        assert {"fold-1", "fold-2", "predictions.csv", "result.json", "report.html"} <= {
            entry.name for entry in (seeded.folder / f"seed-{seed}").iterdir()
        }
    first = seeded.folder / "seed-3"
    assert (seeded.folder / "predictions.csv").read_bytes() == (first / "predictions.csv").read_bytes()
    added = ("seeds", "seed_spread", "minutes")
    assert {key: value for key, value in seeded.document.items() if key not in added} == {
        key: value for key, value in result_of(first).items() if key != "minutes"
    }
    assert result_of(seeded.folder) == seeded.document
    assert seeded.document["minutes"] == pytest.approx(sum(0.1 for _ in untrained))


def test_all_seeds_train_the_same_folds_with_the_seed_of_the_recipe_and_the_next(seeded, untrained):
    assert [(plan.folder.parent.name, plan.folder.name) for plan in untrained] == [
        (f"seed-{seed}", f"fold-{fold}") for seed in (3, 4, 5) for fold in (1, 2)
    ]
    assert [plan.recipe.training.seed for plan in untrained] == [3, 3, 4, 4, 5, 5]
    for plan in untrained:
        assert plan.split.table.equals(untrained[int(plan.folder.name[-1]) - 1].split.table)


def test_the_spread_over_seeds_is_that_of_their_scores_over_all_folds(seeded):
    results = [result_of(seeded.folder / f"seed-{seed}") for seed in (3, 4, 5)]
    assert [row["seed"] for row in seeded.document["seeds"]] == [3, 4, 5]
    for key in ("uar", "wa", "macro_f1", "loss"):
        values = [result[key] for result in results]
        assert [row[key] for row in seeded.document["seeds"]] == values
        assert seeded.document["seed_spread"][key] == {
            "mean": pytest.approx(statistics.mean(values)),
            "deviation": pytest.approx(statistics.stdev(values)),
            "least": min(values),
            "greatest": max(values),
            "count": 3,
        }
    assert len({result["loss"] for result in results}) == 3


def test_more_seeds_are_added_to_those_that_are_done(seeded, untrained):
    asked = read_recipe("spectral-svm", ["split.protocol=speakers", "split.folds=2", "training.seed=3"])
    before, told = content(seeded.folder / "seed-4"), []
    untrained.clear()
    corpus = sayings("made")
    more = pv.crossval(asked, corpus, output=seeded.folder, seeds=4, resume=True, progress=told.append)
    assert {plan.folder.parent.name for plan in untrained} == {"seed-6"}
    assert "seed 4, fold 2: done before" in told
    assert "seed 6, fold 1" in told
    assert more.document["seeds"][:3] == seeded.document["seeds"]
    assert content(seeded.folder / "seed-4") == before


def test_one_seed_and_several_do_not_share_a_folder(seeded, untrained, tmp_path):
    corpus, asked = sayings("made"), read_recipe("spectral-svm", ["split.protocol=speakers", "split.folds=2"])
    again = asked.model_copy(update={"training": asked.training.model_copy(update={"seed": 3})})
    before = content(seeded.folder)
    with pytest.raises(RunError, match="was begun with several seeds; give --seeds as then, or another --output"):
        pv.crossval(again, corpus, output=seeded.folder, resume=True)
    assert content(seeded.folder) == before
    alone = pv.crossval(asked, corpus, output=tmp_path / "one")
    assert not {"seeds", "seed_spread"} & alone.document.keys()
    with pytest.raises(RunError, match="was begun with one seed"):
        pv.crossval(asked, corpus, output=tmp_path / "one", seeds=2, resume=True)


@pytest.mark.parametrize("seeds", [0, -1])
def test_no_seed_is_no_cross_validation(untrained, tmp_path, seeds):
    with pytest.raises(ValueError, match=f"seeds is {seeds}; train with one at least"):
        pv.crossval("spectral-svm", sayings("made"), output=tmp_path / "cv", seeds=seeds)
    assert list(tmp_path.iterdir()) == []


def test_the_report_has_a_table_of_folds_and_one_of_seeds(seeded):
    page = write_report(seeded.folder).read_text(encoding="utf-8")
    for name, told in (("fold", seeded.document["folds"]), ("seed", seeded.document["seeds"])):
        table = page[page.index(f"<h3>By {name}</h3>") :].partition("</table>")[0]
        for row in told:
            assert f'<th scope="row">{row[name]}</th><td>{row["clips"]}</td><td>{100 * row["uar"]:.1f}</td>' in table
    spread = seeded.document["seed_spread"]["uar"]
    assert f"UAR: mean {100 * spread['mean']:.1f} %" in page
    assert "paraverbal compare" in page and "paraverbal predict" not in page
    alone = write_report(seeded.folder / "seed-3").read_text(encoding="utf-8")
    assert "<h3>By fold</h3>" in alone and "<h3>By seed</h3>" not in alone


def test_groups_are_those_of_the_clips_of_all_folds(finished):
    speakers = finished.document["groups"]["speaker"]["groups"]
    assert {group["group"]: group["clips"] for group in speakers} == {"s1": 6, "s2": 6, "s3": 6}
    rows = rows_of(finished.folder / "predictions.csv")
    for group in speakers:
        own = [row for row in rows if row["speaker"] == group["group"]]
        assert group["wa"] == pytest.approx(np.mean([row["emotion"] == row["predicted"] for row in own]))


def test_dimensions_are_scored_over_the_clips_of_all_folds(untrained, tmp_path):
    corpus = sayings("made", sentences=4)
    values = [None if row % 5 == 0 else 1 + row % 4 for row in range(len(corpus))]
    rated = replace(corpus, table=corpus.table.with_columns(valence=pl.Series(values, dtype=pl.Float64)))
    asked = read_recipe("cnn-lstm", ["split.protocol=loso", "training.dimensions=['valence']"])
    found = pv.crossval(asked, rated, output=tmp_path / "cv").document["dimensions"]["valence"]
    rows = [row for row in rows_of(tmp_path / "cv" / "predictions.csv") if row["valence"]]
    truth, told = (np.array([float(row[column]) for row in rows]) for column in ("valence", "d_valence"))
    assert found["clips"] == len(rows) == sum(value is not None for value in values)
    assert found["pearson"] == pytest.approx(np.corrcoef(truth, told)[0, 1], abs=1e-6)
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean((truth - told) ** 2)), abs=1e-6)
    assert found["ccc_interval"][0] < found["ccc"] < found["ccc_interval"][1]
    with pytest.raises(SplitError, match=r"the clips of part train of made have no value of valence"):
        pv.crossval(asked, corpus, output=tmp_path / "none")
    assert not (tmp_path / "none").exists()
