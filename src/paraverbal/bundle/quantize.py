"""ONNX graph of floats -> the same with weights of 8 bits: a fraction of the size, and what it costs in answers is checked.

Weights are rounded once, to 255 levels for each output channel (Krishnamoorthi, "Quantizing deep convolutional networks for
efficient inference", 2018, arXiv 1806.08342, sections 2.1 and 3.1.1). Matrix products and LSTMs are also computed in 8 bits:
what flows in is rounded while the graph runs, to 256 levels for each tensor. Convolutions are not, because that takes three
times the time of floats on a CPU: their weights are brought back to floats where they are used. The front end stays as it is:
power spectra span eight decades, of which 256 levels keep two.
"""

import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic

from paraverbal.bundle.format import Manifest
from paraverbal.errors import ExportError

OPERATORS = ("LSTM", "MatMul", "Gemm")
# Computed in floats, with weights that are kept in 8 bits.
KEPT = ("Conv",)
# Weights are -127 to 127 steps: as many below 0 as above it.
LEVELS = 127

# Weights of the front end have this in their names (`models/model.py: SpeechModel.frontend`).
_FRONT_END = "frontend"

# Noise of these batches and lengths is heard by both graphs. A mean difference of a probability above this is no rounding.
CHECK_BATCHES = (1, 3)
CHECK_SECONDS = (1.0, 3.0)
TOKENS = 8
TOLERANCE = 0.1

# Tells onnxruntime that nothing else is to be done before, of which it would warn.
_PREPARED = ("onnx.quant.pre_process", "onnxruntime.quant")


def quantize(source: Path, target: Path) -> None:
    """Write a graph with weights of 8 bits.

    Args:
        source: The ONNX graph of floats.
        target: Where to write; the same source gives the same bytes.

    Raises:
        ExportError: The graph holds no matrix product, LSTM or convolution whose weights are its own.
    """
    model = onnx.load(source)
    if not _has_weights(model.graph):
        known = ", ".join((*OPERATORS, *KEPT))
        raise ExportError(f"{source}: holds none of {known} with weights, so int8 would change nothing")
    # Shapes that were inferred for floats would contradict those of the new nodes.
    del model.graph.value_info[:]
    properties = {item.key: item.value for item in model.metadata_props}
    onnx.helper.set_model_props(model, properties | dict([_PREPARED]))
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.onnx"
        quantize_dynamic(
            model,
            draft,
            op_types_to_quantize=list(OPERATORS),
            nodes_to_exclude=[node.name for node in model.graph.node if _is_front_end(node)],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
        quantized = onnx.load(draft)
    _keep_in_8_bits(quantized.graph)
    del quantized.metadata_props[:]
    onnx.helper.set_model_props(quantized, properties)
    onnx.save(quantized, target)


def check_quantized(source: Path, target: Path, manifest: Manifest) -> float:
    """Compare a quantized graph with its source on noise, and return the mean difference of a probability.

    Args:
        source: The graph of floats.
        target: The quantized one.
        manifest: What both are of.

    Raises:
        ExportError: The difference is above 0.1, or a probability is no number.
    """
    sessions = [
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in (source, target)
    ]
    differences = []
    for batch, seconds in product(CHECK_BATCHES, CHECK_SECONDS):
        given = _noise(sessions[0], manifest, batch, seconds)
        first, second = (session.run([manifest.graph.output], given)[0] for session in sessions)
        differences.append(float(np.abs(first - second).mean()))
    if not max(differences) <= TOLERANCE:
        raise ExportError(
            f"int8 changes probabilities by {max(differences):.2g} in the mean (at most {TOLERANCE:g} is allowed): this "
            "network does not stand it; export fp32"
        )
    return max(differences)


def _noise(session: Any, manifest: Manifest, batch: int, seconds: float) -> dict[str, NDArray[Any]]:
    """Return noise of rising loudness, or random features; beside it, where a model reads text, the first token a few times."""
    generator = np.random.default_rng(batch)
    samples = max(round(seconds * manifest.sampling_rate), manifest.minimum_samples)
    given: dict[str, NDArray[Any]] = {}
    for end in session.get_inputs():
        free = samples if len(end.shape) == 2 and end.type == "tensor(float)" else TOKENS
        shape = [batch, *(size if isinstance(size, int) else free for size in end.shape[1:])]
        if end.name == manifest.graph.input:
            rising = 1 if manifest.extractor else 0.1 * np.linspace(0.05, 1, shape[-1])
            given[end.name] = (rising * generator.standard_normal(shape)).astype(np.float32)
        else:
            given[end.name] = np.ones(shape, np.int64)
    return given


def _keep_in_8_bits(graph: Any) -> None:
    """Put the weights of convolutions into the graph as 8 bits with a scale for each channel, and bring them back to floats.

    By plain multiplication, which onnxruntime does once, when it loads the graph; `DequantizeLinear` it would do at each run.
    """
    names = {node.input[1] for node in graph.node if node.op_type in KEPT and not _is_front_end(node)}
    for value in [value for value in graph.initializer if value.name in names]:
        weights = onnx.numpy_helper.to_array(value)
        steps = np.abs(weights).max(axis=tuple(range(1, weights.ndim)), keepdims=True) / LEVELS
        steps = np.maximum(steps, np.finfo(np.float32).tiny).astype(np.float32)
        rounded, floats, scale = (f"{value.name}_{word}" for word in ("quantized", "floats", "scale"))
        graph.initializer.remove(value)
        kept = {rounded: np.round(weights / steps).astype(np.int8), scale: steps}
        graph.initializer.extend(onnx.numpy_helper.from_array(one, name) for name, one in kept.items())
        graph.node.insert(0, onnx.helper.make_node("Mul", [floats, scale], [value.name], f"{value.name}_bring_back"))
        graph.node.insert(0, onnx.helper.make_node("Cast", [rounded], [floats], floats, to=onnx.TensorProto.FLOAT))


def _has_weights(graph: Any) -> bool:
    own = {value.name for value in graph.initializer}
    return any(
        node.op_type in (*OPERATORS, *KEPT) and not _is_front_end(node) and bool(own & set(node.input[1:]))
        for node in graph.node
    )


def _is_front_end(node: Any) -> bool:
    return any(_FRONT_END in name for name in node.input)
