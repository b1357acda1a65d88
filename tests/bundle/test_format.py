"""A manifest comes back as it was written; what is wrong in one is said with its file."""

import dataclasses
import json
import re

import pytest
from tests.bundles import LABELS

from paraverbal.bundle.format import FORMAT, Graph, Manifest
from paraverbal.errors import BundleError

MANIFEST = Manifest(
    name="größer",
    labels=LABELS,
    dimensions=("arousal", "valence"),
    sampling_rate=48000,
    seconds=3.0,
    hop_seconds=1.5,
    short="keep",
    denoise="profile",
    level="rms",
    minimum_samples=1024,
    parameters=2752197,
    layers=({"name": "lstm", "type": "LSTM", "output": [282, 256], "parameters": 1},),
    recipe={"audio": {"sampling_rate": 48000}},
    training_data=({"name": "aesdd", "licence": "research use", "source": "a page", "clips": 604},),
    licence="CC BY-NC-SA 4.0",
    scores={"protocol": "speakers", "selected_on": "valid", "test": {"uar": 0.8}},
    temperature=1.3,
    graph=Graph("model.onnx", "waveform", "probabilities"),
)


def document(folder, **changes):
    """Write the manifest with some keys changed; None takes a key away."""
    MANIFEST.write(folder)
    values = json.loads((folder / "bundle.json").read_text(encoding="utf-8")) | changes
    kept = {key: value for key, value in values.items() if value is not None}
    (folder / "bundle.json").write_text(json.dumps(kept), encoding="utf-8")
    return folder


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    assert MANIFEST.write(tmp_path) == tmp_path / "bundle.json"
    assert Manifest.read(tmp_path) == MANIFEST
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.json"]


def test_the_file_says_the_number_of_its_format_first(tmp_path):
    MANIFEST.write(tmp_path)
    values = json.loads((tmp_path / "bundle.json").read_text(encoding="utf-8"))
    assert next(iter(values.items())) == ("format", FORMAT)


def test_every_key_but_a_few_has_a_default(tmp_path):
    optional = (
        "dimensions",
        "short",
        "denoise",
        "level",
        "minimum_samples",
        "parameters",
        "layers",
        "recipe",
        "training_data",
        "licence",
        "scores",
    )
    manifest = Manifest.read(document(tmp_path, temperature=None, graph={}, **dict.fromkeys(optional)))
    assert (manifest.short, manifest.denoise, manifest.level) == ("pad", "none", "none")
    assert (manifest.minimum_samples, manifest.temperature) == (1, 1.0)
    assert (manifest.layers, manifest.recipe, manifest.graph, manifest.dimensions) == ((), {}, Graph(), ())


def test_keys_that_are_not_known_are_left_alone(tmp_path):
    assert Manifest.read(document(tmp_path, later="more")) == MANIFEST


def test_a_newer_format_says_how_to_upgrade(tmp_path):
    newer = FORMAT + 1
    words = f"bundle format {newer} is newer than {FORMAT}, the newest known here: pip install --upgrade paraverbal"
    with pytest.raises(BundleError, match=re.escape(f"bundle.json: {words}")):
        Manifest.read(document(tmp_path, format=newer))


def test_format_2_which_knew_no_dimensions_tells_none(tmp_path):
    assert Manifest.read(document(tmp_path, format=2, dimensions=None)).dimensions == ()


def test_format_1_which_knew_neither_is_of_padded_clips_without_noise_reduction(tmp_path):
    manifest = Manifest.read(document(tmp_path, format=1, short=None, denoise=None))
    assert manifest == dataclasses.replace(MANIFEST, short="pad", denoise="none")
    assert manifest.level == "rms"


@pytest.mark.parametrize("number", ["1", 0, True, 1.5, [1], {}, None])
def test_a_number_that_is_no_format_is_an_error(tmp_path, number):
    with pytest.raises(BundleError, match="is no bundle format"):
        Manifest.read(document(tmp_path, format=number))


def test_a_folder_without_a_manifest_says_what_was_expected(tmp_path):
    with pytest.raises(BundleError, match=r"bundle\.json: there is no such file; a bundle folder"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"[1]", b"3"])
def test_a_broken_manifest_is_an_error_with_its_file(tmp_path, content):
    (tmp_path / "bundle.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"bundle\.json: .*; export the model again"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": None, "seconds": None}, "labels, seconds missing"),
        ({"labels": "anger"}, "labels is 'anger', a list was expected"),
        ({"labels": []}, "not a list of different words"),
        ({"labels": ["anger", "anger"]}, "not a list of different words"),
        ({"dimensions": "arousal"}, "dimensions is 'arousal', a list was expected"),
        ({"dimensions": [1]}, "dimensions [1] are not a list of different words"),
        ({"dimensions": ["arousal", "arousal"]}, "dimensions ['arousal', 'arousal'] are not a list of different"),
        ({"labels": [1]}, "not a list of different words"),
        ({"labels": [["anger"]]}, "not a list of different words"),
        ({"sampling_rate": 0}, "sampling_rate is 0, a number above 0"),
        ({"sampling_rate": 16000.5}, "sampling_rate is 16000.5, a whole number"),
        ({"seconds": "3"}, "seconds is '3', a number above 0"),
        ({"hop_seconds": True}, "hop_seconds is True, a number above 0"),
        ({"temperature": float("nan")}, "temperature is nan, a number above 0"),
        ({"threshold": -0.1}, "threshold is -0.1, a number from 0 to 1"),
        ({"quantile": 1.5}, "quantile is 1.5, a number from 0 to 1"),
        ({"threshold": float("nan")}, "threshold is nan, a number from 0 to 1"),
        ({"level": "loud"}, "level is 'loud', one of none, peak, rms"),
        ({"short": "cut"}, "short is 'cut', one of pad, keep"),
        ({"denoise": True}, "denoise is True, one of none, profile, adaptive"),
        ({"recipe": []}, "recipe is [], an object was expected"),
        ({"graph": "model.onnx"}, "graph is 'model.onnx', an object"),
        ({"graph": {"file": "../model.onnx"}}, "a file name inside the bundle folder was expected"),
        ({"name": 3}, "name is 3, a text was expected"),
    ],
)
def test_an_impossible_value_is_named(tmp_path, changes, words):
    with pytest.raises(BundleError, match=re.escape(words)) as raised:
        Manifest.read(document(tmp_path, **changes))
    assert str(raised.value).startswith(str(tmp_path / "bundle.json"))


def test_format_3_which_knew_no_text_hears_the_voice_alone(tmp_path):
    assert Manifest.read(document(tmp_path, format=3, modalities=None)).modalities == ("audio",)


@pytest.mark.parametrize("modalities", [[], ["text", "audio"], ["audio", "audio"], ["video"], "audio"])
def test_modalities_that_there_are_not_are_refused(tmp_path, modalities):
    with pytest.raises(BundleError, match="modalities"):
        Manifest.read(document(tmp_path, modalities=modalities))
