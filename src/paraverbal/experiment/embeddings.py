"""Clips as vectors: what a trained network makes of each before its last layer, for neighbours and analogies among them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from paraverbal.batches import Clip, collate, collate_beside, compute_features
from paraverbal.bundle.format import TOKENIZER, WEIGHTS, Manifest
from paraverbal.config import parse_recipe
from paraverbal.corpora.corpus import Corpus
from paraverbal.errors import BundleError, CorpusError
from paraverbal.evaluation.predictions import Row, clip_name
from paraverbal.experiment.texts import tokens_of
from paraverbal.models.model import SpeechModel
from paraverbal.text import EmbeddingTable, load_tokenizer

# Windows that pass the network at once.
_BATCH = 32


def trained_model(folder: str | Path) -> SpeechModel:
    """Return the network of a run in torch, with its trained weights, ready to answer.

    Args:
        folder: A run folder, or its bundle.

    Raises:
        BundleError: No bundle with `model.safetensors`, or one that is damaged.
    """
    bundle = Path(folder) / "bundle" if (Path(folder) / "bundle").is_dir() else Path(folder)
    manifest = Manifest.read(bundle)
    recipe = parse_recipe(dict(manifest.recipe))
    tokenizer = load_tokenizer(bundle / TOKENIZER) if recipe.text.is_read else None
    model = SpeechModel(recipe, manifest.labels, tokenizer)
    try:
        model.load_state_dict(load_file(bundle / WEIGHTS))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise BundleError(f"{bundle / WEIGHTS}: cannot be read as the weights of this model ({error})") from error
    return model.eval()


def clip_embeddings(
    model: SpeechModel | str | Path, corpus: Corpus, rows: Sequence[Row] | None = None
) -> EmbeddingTable:
    """Return the embedding of each clip, the mean over its windows, under the clip's name.

    Args:
        model: A trained network, or the folder of its run.
        corpus: The clips; their transcripts count where the model reads text.
        rows: Some of its rows; None: all. A clip that cannot be read is left out.

    Raises:
        BundleError: As `trained_model`.
        CorpusError: No clip can be read.

    Example:
        `clip_embeddings("runs/x", corpus).neighbours("anger/s1_01.flac")`
    """
    network = model if isinstance(model, SpeechModel) else trained_model(model)
    chosen = list(corpus.table.iter_rows(named=True)) if rows is None else list(rows)
    data, names = _features(network, corpus, chosen)
    owner = np.repeat(np.arange(len(names)), np.diff(data.first))
    vectors: list[np.ndarray] = []
    with torch.inference_mode():
        for first in range(0, len(owner), _BATCH):
            features, lengths = collate(data.features[first : first + _BATCH])
            beside = collate_beside(data, owner[first : first + _BATCH])
            joined = () if beside is None else (beside,)
            vectors.append(network.network.embed(*network.prepare(features, lengths), *joined).float().numpy())
    counts = np.diff(data.first)[:, np.newaxis]
    return EmbeddingTable(tuple(names), np.add.reduceat(np.concatenate(vectors), data.first[:-1], axis=0) / counts)


def _features(network: SpeechModel, corpus: Corpus, rows: Sequence[Row]) -> tuple[Any, list[str]]:
    """Return the features of the rows that can be read, and their names."""
    beside = [{} for _ in rows] if network.tokenizer is None else tokens_of(network.tokenizer, rows)
    clips = [
        Clip(corpus.path(row["file"]), place, start=row["start"], end=row["end"], beside=read)
        for place, (row, read) in enumerate(zip(rows, beside, strict=True))
    ]
    data, failed = compute_features(clips, network)
    if not len(data):
        reason = f"; the first: {failed[0][1]}" if failed else ""
        raise CorpusError(f"{corpus.name}: none of the {len(clips)} recordings can be used{reason}")
    return data, [clip_name(rows[int(place)]) for place in data.truth]
