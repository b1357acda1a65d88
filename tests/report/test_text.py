import numpy as np
import pytest

from paraverbal.report.text import example_text, label_map_text, run_text


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
    from paraverbal.evaluation.protocol import read_document

    document = read_document(run_folder / "result.json")
    assert "2,752,197 parameters, epoch 31 of 40, 12.3 minutes" in run_text(document)
    svm = {**document, "recipe": {"name": "svm", "model": {"family": "svm"}}, "epochs": 5, "best_epoch": 3}
    assert run_text(svm).startswith("svm: 2,752,197 parameters, cost 3 of 5,")
