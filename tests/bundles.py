"""A bundle so small that its answer can be worked out by hand: all that it tells follows from the mean square alone."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from paraverbal.bundle.format import Graph, Manifest

LABELS = ("anger", "neutral", "sadness")
WEIGHTS = np.float32([[20, 0, -20]])
BIAS = np.float32([-1, 0, 1])
SLOPES = np.float32([[10, -10, 30]])  # of dimensions over the mean square


def expected(mean_square):
    """Return the probabilities of a window by its mean square."""
    powers = np.exp(mean_square * WEIGHTS[0].astype(np.float64) + BIAS)
    return powers / powers.sum()


def write_graph(path, labels=LABELS, input_name="waveform", output_name="probabilities", dimensions=0):
    """Write waveform [batch, sample] -> softmax(mean square * WEIGHTS + BIAS) [batch, label], and mean square * SLOPES."""
    count = len(labels)
    constants = {"weights": np.resize(WEIGHTS, (1, count)), "bias": np.resize(BIAS, count)}
    outputs = [helper.make_tensor_value_info(output_name, TensorProto.FLOAT, ["batch", count])]
    told = []
    if dimensions:
        constants["slopes"] = SLOPES[:, :dimensions]
        told = [helper.make_node("MatMul", ["power", "slopes"], ["dimensions"])]
        outputs.append(helper.make_tensor_value_info("dimensions", TensorProto.FLOAT, ["batch", dimensions]))
    graph = helper.make_graph(
        [
            helper.make_node("Mul", [input_name, input_name], ["squares"]),
            helper.make_node("ReduceMean", ["squares"], ["power"], axes=[1], keepdims=1),
            helper.make_node("Gemm", ["power", "weights", "bias"], ["logits"]),
            helper.make_node("Softmax", ["logits"], [output_name], axis=1),
            *told,
        ],
        "tiny",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, ["batch", "sample"])],
        outputs,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def write_bundle(folder, **changes):
    """Write a bundle of a tiny model at 16 kHz with windows of one second; `changes` are fields of its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "name": "tiny",
        "labels": LABELS,
        "sampling_rate": 16000,
        "seconds": 1.0,
        "hop_seconds": 1.0,
        "parameters": 6,
        "licence": "CC0-1.0",
        "graph": Graph(),
    }
    Manifest(**values | changes).write(folder)
    write_graph(folder / "model.onnx", dimensions=len(changes.get("dimensions", ())))
    return folder
