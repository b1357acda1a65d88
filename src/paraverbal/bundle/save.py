"""Trained model -> bundle folder: weights, from which training can go on, ONNX graph, and `bundle.json`.

The graph takes waveforms `[batch, sample]` and gives probabilities `[batch, label]`, both axes free. It is compared with
the trained network at several batches and lengths before anything is put in place; a difference is an `ExportError`.
"""

import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from paraverbal.bundle.format import MANIFEST, Manifest
from paraverbal.errors import BundleError, ExportError
from paraverbal.models.model import SpeechModel
from paraverbal.models.recurrent import as_onnx_nodes

GRAPH = "model.onnx"
WEIGHTS = "model.safetensors"

# What the graph is compared at: batches, seconds, and the greatest difference of a probability.
CHECK_BATCHES = (1, 2, 7)
CHECK_SECONDS = (0.5, 3.0, 11.0)
TOLERANCE = 1e-4


class _Probabilities(nn.Module):
    """What is exported: the model with the softmax behind it."""

    def __init__(self, model: SpeechModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, waveform: Tensor) -> Tensor:
        probabilities: Tensor = self.model(waveform).softmax(dim=1)
        return probabilities


def save_bundle(model: SpeechModel, manifest: Manifest, folder: str | Path) -> Path:
    """Write a bundle; an existing one at `folder` is replaced only when the new one is whole and right.

    Args:
        model: The trained model.
        manifest: What `bundle.json` will say.
        folder: Where to write.

    Raises:
        ExportError: The exported graph gives other probabilities than the network.
        BundleError: There is something else than a bundle at `folder`.
    """
    folder = Path(folder)
    if folder.exists() and not (folder / MANIFEST).is_file():
        raise BundleError(f"{folder}: is there already and no bundle; give another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        export_graph(model, draft / GRAPH)
        check_graph(model, draft / GRAPH)
        save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, draft / WEIGHTS)
        manifest.write(draft)
        draft.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def export_graph(model: SpeechModel, path: Path) -> None:
    """Write the ONNX graph: input `waveform` float32 `[batch, sample]`, output `probabilities` float32 `[batch, label]`."""
    example = torch.zeros(2, model.recipe.audio.samples)
    axes = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("sample", min=max(model.minimum_samples, 1))}
    with _quiet_export():
        program = torch.onnx.export(
            as_onnx_nodes(_Probabilities(model).eval()),
            (example,),
            dynamo=True,
            input_names=["waveform"],
            output_names=["probabilities"],
            dynamic_shapes=({0: axes[0], 1: axes[1]},),
            verbose=False,
        )
    if program is None:
        raise ExportError("torch gave no ONNX program")
    program.model.metadata_props.update(
        labels=json.dumps(model.labels), sampling_rate=str(model.recipe.audio.sampling_rate)
    )
    program.save(str(path), external_data=False)


@contextmanager
def _quiet_export() -> Iterator[None]:
    """Silence what torch and onnxscript say of their own deprecations and of packages that are not installed."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def check_graph(model: SpeechModel, path: Path) -> None:
    """Compare the graph with the network on noise of changing loudness.

    Raises:
        ExportError: A probability differs by more than 1e-4.
    """
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    eager = _Probabilities(model).eval()
    rng = np.random.default_rng(0)
    for batch in CHECK_BATCHES:
        for seconds in CHECK_SECONDS:
            samples = max(round(seconds * model.recipe.audio.sampling_rate), model.minimum_samples)
            loudness = np.linspace(0.05, 1, samples) ** rng.uniform(0.2, 3, (batch, 1))
            waveforms = (0.1 * loudness * rng.standard_normal((batch, samples))).astype(np.float32)
            with torch.inference_mode():
                expected = eager(torch.from_numpy(waveforms)).numpy()
            given = session.run(None, {"waveform": waveforms})[0]
            difference = float(np.abs(given - expected).max()) if given.shape == expected.shape else float("inf")
            if not difference <= TOLERANCE:
                raise ExportError(
                    f"the exported graph differs from the network by {difference:.2g} (at most {TOLERANCE:g} is allowed) "
                    f"for {batch} clips of {seconds:g} s; the bundle was not written"
                )
