"""The network part of a prediction: exported graph in onnxruntime beside eager torch, milliseconds per 3 s clip, one thread."""

import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import onnxruntime
import torch

from paraverbal.config import read_recipe
from paraverbal.models.model import SpeechModel
from paraverbal.models.recurrent import as_onnx_nodes
from side_by_side import run

CLIPS = 40


def model() -> SpeechModel:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    return SpeechModel(read_recipe("cnn-lstm"), ("anger", "fear", "happiness", "neutral", "sadness")).eval()


def milliseconds(predict: Callable[[], object]) -> float:
    """Median of many calls, after a few that are not counted."""
    times = []
    for _ in range(CLIPS + 5):
        begun = time.perf_counter()
        predict()
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times[5:])


def eager() -> float:
    network, features = model().network, torch.rand(1, 128, 282)
    with torch.inference_mode():
        return milliseconds(lambda: network(features))


def exported() -> float:
    features = torch.rand(2, 128, 282)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "network.onnx"
        axes = ({0: torch.export.Dim("batch"), 2: torch.export.Dim("frame", min=8)},)
        program = torch.onnx.export(
            as_onnx_nodes(model().network), (features,), dynamo=True, dynamic_shapes=axes, verbose=False
        )
        if program is None:
            raise RuntimeError("no ONNX program")
        program.save(str(path), external_data=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    one = features[:1].numpy()
    return milliseconds(lambda: session.run(None, {name: one}))


if __name__ == "__main__":
    run("prediction", __file__, {"eager torch": eager, "exported graph": exported}, "ms per clip")
