import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.bundles import write_bundle

import paraverbal as pv
from paraverbal.bundle.format import Manifest
from paraverbal.bundle.quantize import check_quantized, quantize
from paraverbal.bundle.save import export_graph
from paraverbal.config import read_recipe
from paraverbal.errors import ExportError
from paraverbal.models.model import SpeechModel

DEFAULT = pv.load_model("default").folder / "model.onnx"


@pytest.fixture(scope="module")
def quantized(tmp_path_factory):
    target = tmp_path_factory.mktemp("int8") / "model.onnx"
    quantize(DEFAULT, target)
    return target


def nodes(path):
    return [node.op_type for node in onnx.load(path).graph.node]


def manifest_of(folder):
    return Manifest.read(folder)


def test_the_graph_shrinks_to_less_than_half(quantized):
    assert quantized.stat().st_size < 0.4 * DEFAULT.stat().st_size


def test_matrices_and_lstms_are_computed_in_8_bits_and_convolutions_in_floats(tmp_path):
    small = ["model.channels=[4, 6, 8]", "model.lstm_units=16", "model.hidden_units=16"]
    export_graph(SpeechModel(read_recipe("cnn-lstm-16khz", small), ("fear", "joy")), tmp_path / "floats.onnx")
    quantize(tmp_path / "floats.onnx", tmp_path / "int8.onnx")
    before, kinds = nodes(tmp_path / "floats.onnx"), nodes(tmp_path / "int8.onnx")
    assert kinds.count("DynamicQuantizeLSTM") == before.count("LSTM") == 2
    assert kinds.count("MatMulInteger") == 2
    assert kinds.count("Conv") == before.count("Conv")
    assert "ConvInteger" not in kinds


def test_weights_of_convolutions_are_off_by_half_a_step_at_most(quantized):
    kept = {value.name: numpy_helper.to_array(value) for value in onnx.load(quantized).graph.initializer}
    seen = 0
    for value in onnx.load(DEFAULT).graph.initializer:
        name, weights = value.name, numpy_helper.to_array(value)
        if "frontend" not in name and weights.ndim == 4:
            step = np.abs(weights).max(axis=(1, 2, 3), keepdims=True) / 127
            assert kept[f"{name}_quantized"].dtype == np.int8
            back = kept[f"{name}_quantized"] * kept[f"{name}_scale"]
            assert (np.abs(back - weights) <= 0.501 * step).all()
            assert name not in kept
            seen += 1
    assert seen >= 3


def test_a_channel_without_weights_stays_empty(tmp_path):
    weights = np.float32([[[0, 0]], [[0.5, -1]]])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", None, None]) for name in "xy"]
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "conv", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "conv.onnx")
    quantize(tmp_path / "conv.onnx", tmp_path / "int8.onnx")
    given = {"x": np.float32([[[1, 2, 3]]])}
    (found,) = onnxruntime.InferenceSession(str(tmp_path / "int8.onnx")).run(None, given)
    assert found[0, 0].tolist() == [0, 0]
    assert found[0, 1] == pytest.approx([-1.5, -2], abs=0.02)


def test_the_front_end_keeps_its_floats(quantized):
    kept = {value.name: value for value in onnx.load(quantized).graph.initializer}
    for value in onnx.load(DEFAULT).graph.initializer:
        if "frontend" in value.name:
            assert np.array_equal(numpy_helper.to_array(kept[value.name]), numpy_helper.to_array(value))


def test_answers_stay_close_at_any_batch_and_length(quantized):
    draws = np.random.default_rng(1)
    for batch, samples in ((1, 8000), (2, 48000), (5, 100_000)):
        given = {"waveform": (0.1 * draws.standard_normal((batch, samples))).astype(np.float32)}
        answers = [onnxruntime.InferenceSession(str(path)).run(None, given)[0] for path in (DEFAULT, quantized)]
        assert answers[1].shape == (batch, 8)
        assert np.abs(answers[0] - answers[1]).max() < 0.05
        assert np.abs(answers[0] - answers[1]).max() > 0


def test_labels_and_rate_stay_in_the_graph_and_nothing_is_added(quantized):
    properties = {item.key: item.value for item in onnx.load(quantized).metadata_props}
    assert properties == {item.key: item.value for item in onnx.load(DEFAULT).metadata_props}


def test_the_same_graph_gives_the_same_bytes(quantized, tmp_path):
    quantize(DEFAULT, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == quantized.read_bytes()


def test_the_difference_is_measured_on_noise(quantized):
    found = check_quantized(DEFAULT, quantized, manifest_of(DEFAULT.parent))
    assert 0 < found < 0.01


def test_a_graph_without_matrices_is_refused(tmp_path):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "sample"]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "none", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), tmp_path / "none.onnx")
    with pytest.raises(ExportError, match="int8 would change nothing"):
        quantize(tmp_path / "none.onnx", tmp_path / "int8.onnx")
    assert not (tmp_path / "int8.onnx").exists()


def test_a_graph_that_answers_otherwise_is_refused(tmp_path):
    folder = write_bundle(tmp_path / "tiny")
    changed = onnx.load(folder / "model.onnx")
    for value in changed.graph.initializer:
        if value.name == "bias":
            value.CopyFrom(numpy_helper.from_array(np.float32([5, 0, -5]), "bias"))
    onnx.save(changed, tmp_path / "other.onnx")
    with pytest.raises(ExportError, match=r"int8 changes probabilities by 0\.\d+ in the mean .* export fp32"):
        check_quantized(folder / "model.onnx", tmp_path / "other.onnx", manifest_of(folder))


def test_a_graph_of_features_is_checked_on_features(tmp_path):
    folder = write_bundle(tmp_path / "tiny", extractor={"kind": "egemaps"})
    quantize(folder / "model.onnx", tmp_path / "int8.onnx")
    assert check_quantized(folder / "model.onnx", tmp_path / "int8.onnx", manifest_of(folder)) < 0.01
