import pytest

from paraverbal.errors import RunError
from paraverbal.evaluation.protocol import read_document, write_document
from paraverbal.report.run import Mistake, confident_mistakes, read_run, told_dimensions


def row(file, truth, predicted, confidence, split="test"):
    probabilities = {"p_fear": "0.2", "p_anger": confidence}
    return {
        "file": file,
        "split": split,
        "emotion": truth,
        "predicted": predicted,
        "confidence": confidence,
    } | probabilities


def test_a_run_folder_is_read_with_all_that_it_holds(make_run):
    run = read_run(make_run())
    assert list(run.parts) == ["train", "valid", "test"]
    assert run.result.clips == 149
    assert len(run.history) == 40
    assert run.clips["anger"] == {"train": 84, "valid": 15, "test": 30}
    assert run.manifest["name"] == "cnn-lstm"
    assert run.recipe.startswith("title")


def test_only_the_result_must_be_there(make_run):
    folder = make_run()
    for name in ("history.jsonl", "predictions.csv", "split.csv", "recipe.toml", "bundle/bundle.json"):
        (folder / name).unlink()
    run = read_run(folder)
    assert (run.history, run.predictions, run.clips, run.manifest, run.recipe) == ([], [], {}, {}, "")


def test_an_unfinished_run_is_an_error(tmp_path):
    with pytest.raises(RunError, match=r"expected the result\.json of a finished run"):
        read_run(tmp_path)


def test_a_damaged_history_is_an_error_that_names_the_file(make_run):
    folder = make_run()
    (folder / "history.jsonl").write_text('{"epoch": 1')
    with pytest.raises(RunError, match=r"history\.jsonl: cannot be read as JSON lines"):
        read_run(folder)


def test_mistakes_of_the_test_part_come_with_the_most_confident_first():
    rows = [
        row("a.wav", "fear", "anger", "0.6"),
        row("b.wav", "fear", "anger", "0.8"),
        row("c.wav", "anger", "anger", "0.9"),
        row("d.wav", "fear", "anger", "0.99", split="train"),
    ]
    mistakes = confident_mistakes(rows)
    assert [mistake.file for mistake in mistakes] == ["b.wav", "a.wav"]
    assert mistakes[0] == Mistake("b.wav", "fear", "anger", 0.8, 0.2)
    assert confident_mistakes(rows, count=1) == mistakes[:1]


def test_a_mistake_about_a_label_the_model_does_not_know_has_no_probability_of_the_truth():
    assert confident_mistakes([row("a.wav", "calm", "anger", "0.6")])[0].truth_probability is None


@pytest.mark.parametrize("broken", [{"file": "a.wav"}, row("a.wav", "fear", "anger", "high")])
def test_predictions_without_the_expected_columns_are_an_error(broken):
    with pytest.raises(RunError, match=r"predictions\.csv: expected file, split"):
        confident_mistakes([broken])


def told(true, answer, split="test"):
    return {"split": split, "valence": true, "d_valence": answer, "arousal": "", "d_arousal": "1"}


def test_what_was_told_of_dimensions_is_read_with_what_is_true_where_that_is_known():
    rows = [told("1.5", "2"), told("", "3"), told("4", "3.25"), told("5", "1", split="valid")]
    assert told_dimensions(rows) == {"valence": [(1.5, 2.0), (4.0, 3.25)]}
    assert told_dimensions(rows, "valid") == {"valence": [(5.0, 1.0)]}
    assert told_dimensions([row("a.wav", "fear", "anger", "0.6")]) == told_dimensions([]) == {}


@pytest.mark.parametrize("broken", [told("much", "1"), told("1", ""), {"split": "test", "d_valence": "1"}])
def test_dimensions_that_are_no_numbers_are_an_error(broken):
    with pytest.raises(RunError, match=r"predictions\.csv: expected split, and a number in each d_<dimension>; got"):
        told_dimensions([broken])


def test_the_clips_of_several_folds_are_not_counted_as_one(make_run):
    folder = make_run()
    document = read_document(folder / "result.json")
    write_document({**document, "folds": []}, folder / "result.json")
    assert read_run(folder).clips == {}
