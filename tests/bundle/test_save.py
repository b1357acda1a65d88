"""A bundle is written only when its graph answers as the network does, and replaces an older one as a whole."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file

import paraverbal
from paraverbal.audio.segment import windows
from paraverbal.bundle import save
from paraverbal.bundle.format import FORMAT, Manifest
from paraverbal.bundle.load import load_model
from paraverbal.bundle.save import check_graph, export_graph, save_bundle
from paraverbal.config import read_recipe
from paraverbal.errors import BundleError, ExportError
from paraverbal.models.model import SpeechModel

LABELS = ("anger", "fear", "happiness", "neutral", "sadness")


def lively(recipe, seed=0):
    """Return a model whose answers differ clearly from clip to clip, and whose batch statistics are not the initial ones."""
    torch.manual_seed(seed)
    model = SpeechModel(recipe, LABELS)
    model.train()
    with torch.no_grad():
        model(0.1 * torch.randn(4, recipe.audio.samples) * torch.linspace(0.01, 1, recipe.audio.samples))
        model.network.output.weight.mul_(8)
    return model.eval()


def manifest(model):
    audio = model.recipe.audio
    return Manifest(
        name=model.recipe.name,
        labels=model.labels,
        sampling_rate=audio.sampling_rate,
        seconds=audio.seconds,
        hop_seconds=audio.hop_seconds,
        minimum_samples=model.minimum_samples,
        parameters=model.parameters_count,
    )


def content(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture(scope="module")
def model(tiny_recipe):
    return lively(tiny_recipe)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    return save_bundle(model, manifest(model), tmp_path_factory.mktemp("run") / "new" / "bundle")


@pytest.fixture
def bundle(saved, tmp_path):
    """A copy of a bundle, which a test may spoil."""
    for name, data in content(saved).items():
        (tmp_path / "bundle").mkdir(exist_ok=True)
        (tmp_path / "bundle" / name).write_bytes(data)
    return tmp_path / "bundle"


def test_a_bundle_holds_graph_weights_and_manifest_and_nothing_is_left_beside(saved, model):
    assert sorted(content(saved)) == ["bundle.json", "model.onnx", "model.safetensors"]
    assert [entry.name for entry in saved.parent.iterdir()] == ["bundle"]
    assert Manifest.read(saved) == manifest(model)
    assert json.loads((saved / "bundle.json").read_text())["format"] == FORMAT == 4


def test_the_weights_are_those_of_the_model(saved, model):
    weights = load_file(saved / "model.safetensors")
    assert weights.keys() == model.state_dict().keys()
    assert all(torch.equal(weights[name], tensor) for name, tensor in model.state_dict().items())


def test_batch_and_time_are_free_and_the_ends_have_names(saved):
    graph = onnx.load(saved / "model.onnx").graph
    (waveform,), (probabilities,) = graph.input, graph.output
    assert (waveform.name, probabilities.name) == ("waveform", "probabilities")
    batch, sample = waveform.type.tensor_type.shape.dim
    assert batch.dim_param
    assert sample.dim_param
    assert probabilities.type.tensor_type.shape.dim[1].dim_value == len(LABELS)
    assert [node.op_type for node in graph.node].count("LSTM") == 2


def test_the_graph_holds_labels_and_rate_for_who_has_the_file_alone(saved, model):
    told = {entry.key: entry.value for entry in onnx.load(saved / "model.onnx").metadata_props}
    assert json.loads(told["labels"]) == list(LABELS)
    assert int(told["sampling_rate"]) == model.recipe.audio.sampling_rate


def test_a_folder_that_is_no_bundle_is_not_replaced(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match="is there already and no bundle"):
        save_bundle(model, manifest(model), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_the_real_recipe_answers_as_the_network_for_any_batch_and_length(tmp_path):
    model = lively(read_recipe("cnn-lstm"))
    assert model.parameters_count == 2_752_197
    loaded = load_model(save_bundle(model, manifest(model), tmp_path / "bundle"))
    rng = np.random.default_rng(5)
    answers = []
    for batch in (1, 2, 7):
        for seconds in (0.5, 3.0, 11.0):
            shape = (batch, round(seconds * 48000))
            waveforms = (0.1 * rng.uniform(0.1, 3, (batch, 1)) * rng.standard_normal(shape)).cumsum(axis=1)
            waveforms = (waveforms / np.abs(waveforms).max()).astype(np.float32)
            with torch.inference_mode():
                expected = model(torch.from_numpy(waveforms)).softmax(dim=1).numpy()
            np.testing.assert_allclose(loaded.run_windows(waveforms), expected, atol=1e-4)
            answers.append(expected)
    assert np.ptp(np.concatenate(answers), axis=0).max() > 0.01  # they differ, so that an agreement means something

    clip = (0.3 * rng.standard_normal(7 * 48000) * np.linspace(0, 1, 7 * 48000)).astype(np.float32)
    pieces = windows(clip, 3 * 48000, 3 * 48000)
    assert len(pieces) == 3
    with torch.inference_mode():
        mean = model(torch.from_numpy(pieces)).softmax(dim=1).mean(dim=0).numpy()
    np.testing.assert_allclose(loaded(clip, 48000), mean, atol=1e-4)


def test_the_shortest_waveform_that_the_manifest_allows_passes(saved, model):
    loaded = load_model(saved)
    shortest = np.random.default_rng(0).uniform(-0.5, 0.5, (1, model.minimum_samples)).astype(np.float32)
    with torch.inference_mode():
        expected = model(torch.from_numpy(shortest)).softmax(dim=1).numpy()
    np.testing.assert_allclose(loaded.run_windows(shortest), expected, atol=1e-4)
    assert loaded(shortest[0, :1], 16000, window=1e-3).sum() == pytest.approx(1)


@pytest.fixture
def export_copies(saved, monkeypatch):
    """Put the graph of the saved bundle in the place of an export, which takes seconds."""
    monkeypatch.setattr(save, "export_graph", lambda _, path: path.write_bytes((saved / "model.onnx").read_bytes()))


@pytest.mark.usefixtures("export_copies")
@pytest.mark.parametrize("there", [True, False])
def test_a_graph_of_another_network_is_not_written_and_an_older_bundle_stays(bundle, model, tmp_path, there):
    other = lively(model.recipe, seed=1)
    before = content(bundle)
    target = bundle if there else tmp_path / "fresh"
    with pytest.raises(
        ExportError, match=r"the exported graph differs from the network by .*the bundle was not written"
    ):
        save_bundle(other, manifest(other), target)
    assert content(bundle) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.usefixtures("export_copies")
def test_an_interrupted_save_leaves_the_older_bundle(bundle, model, monkeypatch, tmp_path):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    before = content(bundle)
    monkeypatch.setattr(save, "save_file", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_bundle(model, manifest(model), bundle)
    assert content(bundle) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.usefixtures("export_copies")
def test_a_newer_bundle_takes_the_place_of_the_older_one(bundle, model):
    (bundle / "stale.txt").write_text("of the older bundle")
    save_bundle(model, manifest(model), bundle)
    assert sorted(content(bundle)) == ["bundle.json", "model.onnx", "model.safetensors"]


def test_nan_in_the_network_is_no_agreement(saved, model):
    broken = lively(model.recipe)
    with torch.no_grad():
        broken.network.output.bias.fill_(float("nan"))
    with pytest.raises(ExportError, match="differs from the network by nan"):
        check_graph(broken, saved / "model.onnx")


def test_a_graph_of_other_labels_is_no_agreement(tiny_recipe, saved):
    torch.manual_seed(0)
    with pytest.raises(ExportError, match="differs from the network by inf"):
        check_graph(SpeechModel(tiny_recipe, LABELS[:3]), saved / "model.onnx")


def test_a_model_in_training_mode_is_exported_as_it_predicts(saved, model, tmp_path):
    try:
        export_graph(model.train(), tmp_path / "model.onnx")
    finally:
        model.eval()
    check_graph(model, tmp_path / "model.onnx")


def test_an_export_error_is_a_bundle_error():
    assert issubclass(ExportError, BundleError)


def test_weights_that_decayed_to_nothing_are_zeros_and_the_answers_stay(model, tmp_path):
    with torch.no_grad():
        weight = model.network.output.weight
        kept = weight.clone()
        weight[0, ::2] = 1e-30
        export_graph(model, tmp_path / "model.onnx")
        weight.copy_(kept)
    graph = onnx.load(tmp_path / "model.onnx").graph
    values = np.concatenate(
        [onnx.numpy_helper.to_array(one).ravel() for one in graph.initializer if one.data_type == 1]
    )
    assert not ((values != 0) & (np.abs(values) < 1e-20)).any()


def test_the_graph_does_not_name_folders_of_the_machine(model, tmp_path):
    export_graph(model, tmp_path / "model.onnx")
    content = (tmp_path / "model.onnx").read_bytes()
    bundled = (Path(paraverbal.__file__).parent / "models_bundled" / "default" / "model.onnx").read_bytes()
    for graph in (content, bundled):
        assert b"save.py" not in graph
        assert b"site-packages" not in graph
