"""Trained model -> bundle folder: weights, from which training can go on, ONNX graph, and `bundle.json`.

The graph takes waveforms `[batch, sample]` and gives probabilities `[batch, label]`, both axes free, and dimensions
`[batch, dimension]` where the model has learnt some. Of a model that reads text it also takes token ids and their mask, and what
of voice and text there is. It is compared with the trained network at several batches and lengths, with and without voice and
text, before anything is put in place; a difference is an `ExportError`.
"""

import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir
import onnxruntime
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from paraverbal.bundle.format import MANIFEST, TOKENIZER, WEIGHTS, Graph, Manifest
from paraverbal.errors import BundleError, ExportError
from paraverbal.models.fusion import TEXT
from paraverbal.models.model import SpeechModel
from paraverbal.models.recurrent import as_onnx_nodes

GRAPH = "model.onnx"

# What the graph is compared at: batches, seconds, and the greatest difference of a probability, or of a dimension in units of
# its deviation over the training clips.
CHECK_BATCHES = (1, 2, 7)
CHECK_SECONDS = (0.5, 3.0, 11.0)
CHECK_TOKENS = (2, 9, 31)
TOLERANCE = 1e-4
# Weights below this add nothing to a sum of floats.
NEGLIGIBLE = 1e-20


class _Answers(nn.Module):
    """What is exported: the model with the softmax behind it, and its dimensions if it has any."""

    def __init__(self, model: SpeechModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, given: Tensor, tokens: Tensor | None = None, mask: Tensor | None = None, present: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        features = given if self.model.extractor else self.model.frontend(given)
        beside = None if tokens is None or mask is None else {TEXT: (tokens, mask)}
        logits, dimensions = self.model.answer(features, None, beside, present)
        probabilities = logits.softmax(dim=1)
        return (probabilities,) if self.model.dimensions is None else (probabilities, dimensions)


def save_bundle(model: SpeechModel, manifest: Manifest, folder: str | Path) -> Path:
    """Write a bundle; an existing one at `folder` is replaced only when the new one is whole and right.

    Args:
        model: The trained model.
        manifest: What `bundle.json` will say.
        folder: Where to write.

    Raises:
        ExportError: The exported graph gives other probabilities than the network.
        BundleError: There is something else than a bundle at `folder`, or the model reads text and has no tokenizer.
    """
    folder = Path(folder)
    if TEXT in model.modalities and model.tokenizer is None:
        raise BundleError(f"{folder}: the model reads text and has no tokenizer; build it with one")
    if folder.exists() and not (folder / MANIFEST).is_file():
        raise BundleError(f"{folder}: is there already and no bundle; give another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        export_graph(model, draft / GRAPH)
        check_graph(model, draft / GRAPH)
        if model.tokenizer is not None:
            model.tokenizer.save(draft / TOKENIZER)
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
    """Write the ONNX graph.

    Input `waveform` float32 `[batch, sample]`, or `features` `[batch, feature, 1]` of an extractor; outputs
    `probabilities` float32 `[batch, label]` and, where the model has
    some, `dimensions` float32 `[batch, dimension]`. A model that reads text also takes `tokens` and `token_mask`, int64
    `[batch, token]`, and `present`, int64 `[batch, modality]`.
    """
    batch = torch.export.Dim("batch", min=1)
    axes = {0: batch}
    if model.extractor:
        example = torch.zeros(2, model.recipe.frontend.rows, 1)
    else:
        example = torch.zeros(2, model.recipe.audio.samples)
        axes[1] = torch.export.Dim("sample", min=max(model.minimum_samples, 1))
    examples: list[Tensor] = [example]
    shapes: list[dict[int, Any]] = [axes]
    if TEXT in model.modalities:
        token = torch.export.Dim("token", min=1)
        examples += [*_texts(model, 2, CHECK_TOKENS[1]), torch.ones(2, len(model.modalities), dtype=torch.int64)]
        shapes += [{0: batch, 1: token}, {0: batch, 1: token}, {0: batch}]
    with _quiet_export():
        program = torch.onnx.export(
            as_onnx_nodes(_Answers(model).eval()),
            tuple(examples),
            dynamo=True,
            input_names=_inputs(model),
            output_names=_outputs(model),
            dynamic_shapes=tuple(shapes),
            verbose=False,
        )
    if program is None:
        raise ExportError("torch gave no ONNX program")
    program.model.metadata_props.update(
        labels=json.dumps(model.labels), sampling_rate=str(model.recipe.audio.sampling_rate)
    )
    drop_denormals(program.model)
    drop_traces(program.model)
    program.save(str(path), external_data=False)


def drop_traces(graph: Any) -> None:
    """Remove where in the source each node comes from, which names the folders of the machine that exported."""
    graph.graph.metadata_props.clear()
    for node in graph.graph.all_nodes():
        node.metadata_props.clear()
        for value in node.outputs:
            value.metadata_props.clear()


def drop_denormals(graph: Any) -> None:
    """Set weights that have decayed to nothing to 0: sums of numbers near the least float take twice the time."""
    for value in graph.graph.initializers.values():
        weights = value.const_value.numpy() if value.const_value is not None else np.empty(0)
        if weights.dtype == np.float32 and ((weights != 0) & (np.abs(weights) < NEGLIGIBLE)).any():
            kept = np.where(np.abs(weights) < NEGLIGIBLE, np.float32(0), weights)
            value.const_value = onnx_ir.tensor(kept, name=value.name)


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
    """Compare the graph with the network on noise of changing loudness, and on texts drawn at random.

    Raises:
        ExportError: A probability, or a dimension in units of its deviation, differs by more than 1e-4.
    """
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    eager = _Answers(model).eval()
    scales = [np.ones(1)] if model.dimensions is None else [np.ones(1), model.dimensions.deviation.numpy()]
    rng = np.random.default_rng(0)
    for batch in CHECK_BATCHES:
        for seconds, tokens in zip(CHECK_SECONDS, CHECK_TOKENS, strict=True):
            samples = max(round(seconds * model.recipe.audio.sampling_rate), model.minimum_samples)
            loudness = np.linspace(0.05, 1, samples) ** rng.uniform(0.2, 3, (batch, 1))
            waveforms = (0.1 * loudness * rng.standard_normal((batch, samples))).astype(np.float32)
            pieces = torch.from_numpy(waveforms)
            pieces = model.frontend(pieces) if model.extractor else pieces
            for beside in _checked_beside(model, batch, tokens):
                with torch.inference_mode():
                    expected = [one.numpy() for one in eager(pieces, *beside)]
                ends = dict(zip(_inputs(model), (pieces.numpy(), *(one.numpy() for one in beside)), strict=True))
                outputs = zip(session.run(_outputs(model), ends), expected, scales, strict=True)
                difference = max(_difference(one, other, scale) for one, other, scale in outputs)
                if not difference <= TOLERANCE:
                    raise ExportError(
                        f"the exported graph differs from the network by {difference:.2g} (at most {TOLERANCE:g} is allowed) "
                        f"for {batch} clips of {seconds:g} s; the bundle was not written"
                    )


def _checked_beside(model: SpeechModel, batch: int, tokens: int) -> Iterator[tuple[Tensor, ...]]:
    """Yield what the graph is given beside the voice: all there is, and in one batch each kind of input missing in turn."""
    if TEXT not in model.modalities:
        yield ()
        return
    kinds = len(model.modalities)
    texts = _texts(model, batch, tokens)
    yield *texts, torch.ones(batch, kinds, dtype=torch.int64)
    for missing in range(kinds if batch == CHECK_BATCHES[1] else 0):
        yield *texts, (torch.arange(kinds) != missing).long().expand(batch, -1).contiguous()


def _texts(model: SpeechModel, batch: int, tokens: int) -> tuple[Tensor, Tensor]:
    """Return token ids drawn at random, and their mask; the later texts of the batch are shorter."""
    size = model.recipe.text.vocabulary_size if model.tokenizer is None else model.tokenizer.size
    drawn = np.random.default_rng(tokens).integers(0, size, (batch, tokens))
    ends = np.maximum(tokens - np.arange(batch), 1)[:, np.newaxis]
    inside = (np.arange(tokens) < ends).astype(np.int64)
    return torch.from_numpy(drawn), torch.from_numpy(inside)


def _inputs(model: SpeechModel) -> list[str]:
    graph = Graph()
    beside = [graph.tokens, graph.token_mask, graph.present] if TEXT in model.modalities else []
    return [input_of(model), *beside]


def input_of(model: SpeechModel) -> str:
    """Return what the graph of a model takes: `waveform`, or the `features` of an extractor."""
    return "features" if model.extractor else "waveform"


def _outputs(model: SpeechModel) -> list[str]:
    return ["probabilities"] if model.dimensions is None else ["probabilities", "dimensions"]


def _difference(given: np.ndarray, expected: np.ndarray, scale: np.ndarray) -> float:
    if given.shape != expected.shape:
        return float("inf")
    return float(np.abs((given - expected) / scale).max())
