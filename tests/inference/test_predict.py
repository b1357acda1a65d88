"""One recording gives one prediction; of many, a bad one does not stop the rest."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.bundles import LABELS, expected, write_bundle

from paraverbal.audio import read
from paraverbal.bundle import load
from paraverbal.errors import AudioFormatError, AudioNotFoundError, BundleError, ParaverbalError
from paraverbal.inference import predict as predict_module
from paraverbal.inference.predict import Failure, Prediction, gather, predict, predict_each

ORDER = ("a loud.wav", "b quiet.flac", "c broken.wav", "more/d loud.ogg")


def test_a_recording_gets_the_models_probabilities(clips, model):
    file = clips / "a loud.wav"
    prediction = predict(file, model=model)
    probabilities = expected(np.mean(read(file)[0] ** 2))
    assert (prediction.file, prediction.start, prediction.end) == (str(file), 0.0, 1.0)
    assert list(prediction.probabilities) == list(LABELS)
    np.testing.assert_allclose(list(prediction.probabilities.values()), probabilities, atol=1e-6)
    assert prediction.emotion == "anger"
    assert prediction.confidence == prediction.probabilities["anger"]
    assert prediction.warnings == []


def test_an_answer_below_the_models_threshold_is_uncertain(clips, model):
    file = clips / "a loud.wav"
    sure = predict(file, model=model)
    assert not sure.uncertain
    for threshold, uncertain in ((sure.confidence + 0.001, True), (sure.confidence - 0.001, False)):
        folder = write_bundle(model.folder.parent / f"threshold {uncertain}", threshold=threshold)
        found = predict(file, model=folder)
        assert (found.uncertain, found.emotion) == (uncertain, sure.emotion)


def test_the_end_is_the_files_own_duration(clips, model):
    assert predict(clips / "b quiet.flac", model=model).end == 2.5


def test_values_are_plain_python_numbers(clips, model):
    prediction = predict(clips / "a loud.wav", model=model)
    assert {type(value) for value in prediction.probabilities.values()} == {float}


def test_a_model_may_be_loaded_or_a_folder_or_the_default(clips, model, monkeypatch):
    file = str(clips / "a loud.wav")
    assert predict(file, model=model.folder) == predict(file, model=str(model.folder)) == predict(file, model=model)
    write_bundle(model.folder.parent / "bundled" / "default")
    monkeypatch.setattr(load, "BUNDLED", model.folder.parent / "bundled")
    assert predict(file) == predict(file, model="default") == predict(file, model=model)
    with pytest.raises(BundleError, match="did you mean 'default'"):
        predict(file, model="defaul")


def test_window_and_hop_reach_the_model(clips, model):
    file = clips / "more" / "d loud.ogg"
    waveform, rate = read(file)
    for arguments in ({"window": 0.3}, {"window": 0.5, "hop": 0.1}, {"hop": 0.25}):
        found = predict(file, model=model, **arguments)
        np.testing.assert_allclose(list(found.probabilities.values()), model(waveform, rate, **arguments), atol=1e-7)


def test_several_paths_give_a_list_in_order(clips, model):
    files = [clips / "b quiet.flac", clips / "a loud.wav"]
    predictions = predict(files, model=model)
    assert [prediction.file for prediction in predictions] == [str(file) for file in files]
    assert predictions == [predict(file, model=model) for file in files]
    assert predict([files[0]], model=model) == [predict(files[0], model=model)]
    assert predict([], model=model) == []


def test_a_folder_gives_a_list_and_a_bad_file_in_it_is_raised(clips, model):
    with pytest.raises(AudioFormatError, match=r"c broken\.wav: cannot be read as audio"):
        predict(clips, model=model)
    (clips / "c broken.wav").unlink()
    assert [Path(found.file).name for found in predict(clips, model=model)] == [
        "a loud.wav",
        "b quiet.flac",
        "d loud.ogg",
    ]


def test_an_impossible_window_is_a_value_error(clips, model):
    for paths in (clips / "a loud.wav", [clips / "a loud.wav", clips / "b quiet.flac"]):
        with pytest.raises(ValueError, match="window is 0 s"):
            predict(paths, model=model, window=0)


def test_in_a_batch_a_bad_file_fails_and_the_rest_goes_on(clips, model):
    outcomes = list(predict_each(gather(clips), model))
    assert [outcome.file for outcome in outcomes] == [str(clips / name) for name in ORDER]
    assert [type(outcome) for outcome in outcomes] == [Prediction, Prediction, Failure, Prediction]
    assert [outcome.emotion for outcome in outcomes if isinstance(outcome, Prediction)] == ["anger", "sadness", "anger"]
    assert outcomes[2].error.startswith("cannot be read as audio (Format not recognised)")


def test_a_missing_path_and_a_folder_without_audio_fail_on_their_own(clips, model, tmp_path):
    (tmp_path / "nothing").mkdir()
    given = [tmp_path / "gone.wav", clips / "a loud.wav", tmp_path / "nothing"]
    missing, found, empty = predict_each(gather(given), model)
    assert missing == Failure(str(given[0]), "there is no such file; check the path")
    assert found.emotion == "anger"
    assert empty.error.startswith("no recordings in this folder")
    with pytest.raises(AudioNotFoundError, match="no recordings in this folder"):
        predict(tmp_path / "nothing", model=model)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_many_workers_give_what_one_gives_in_order(tmp_path, model, monkeypatch, workers):
    files = []
    for number in range(40):
        files.append(tmp_path / f"{number}.wav")
        soundfile.write(files[-1], np.full(8000 - 150 * number, number / 40, np.float32), 16000)
    monkeypatch.setattr(predict_module, "processors", lambda: workers)
    outcomes = list(predict_each(files, model))
    assert outcomes == [predict(file, model=model) for file in files]


def test_a_batch_that_is_left_early_ends(clips, model, monkeypatch):
    monkeypatch.setattr(predict_module, "processors", lambda: 2)
    outcomes = predict_each([clips / "a loud.wav"] * 50, model)
    assert next(outcomes).emotion == "anger"
    outcomes.close()


def test_a_graph_that_fails_is_a_failure_of_its_clip(clips, model, monkeypatch):
    def fail(*_, **__):
        raise ParaverbalError("the graph fails")

    monkeypatch.setattr(model, "run_windows", fail)
    (outcome,) = predict_each([clips / "a loud.wav"], model)
    assert outcome == Failure(str(clips / "a loud.wav"), "the graph fails")


def test_a_file_that_the_system_refuses_is_a_failure(clips, model, monkeypatch):
    def refuse(file, **_):
        raise PermissionError(13, "Permission denied", file)

    monkeypatch.setattr(predict_module, "read", refuse)
    (outcome,) = predict_each([clips / "a loud.wav"], model)
    assert outcome.error == "cannot be read (Permission denied); check the path and its permissions"


def test_paths_are_files_folders_and_lists_in_the_order_given(clips, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text(f"# clips to judge\n\nclips/b quiet.flac\n{clips}/a loud.wav\n  clips/more  \nclips/gone.wav\n")
    folder = [str(clips / name) for name in ORDER]
    in_list = [str(clips / name) for name in ("b quiet.flac", "a loud.wav", "more/d loud.ogg", "gone.wav")]
    assert gather(clips) == gather(str(clips)) == folder
    assert gather([listed, clips / "a loud.wav", clips]) == [*in_list, str(clips / "a loud.wav"), *folder]
    assert gather([]) == []


def test_a_list_file_is_predicted_as_a_list(clips, model):
    listed = clips / "one.txt"
    listed.write_text("\ufeffa loud.wav\r\n", encoding="utf-8")
    assert predict(listed, model=model) == [predict(clips / "a loud.wav", model=model)]


def test_a_list_that_is_no_text_or_names_nothing_is_an_error(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AudioFormatError, match=re.escape("list.txt: not a text in UTF-8")):
        gather(listed)
    listed.write_text("# nothing\n\n")
    with pytest.raises(AudioNotFoundError, match=re.escape("list.txt: the list names no recordings")):
        gather([listed])
