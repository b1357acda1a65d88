"""Every number of `models.md`, and every table, for its template."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import models_parts as parts
from models_clip import Subject, Trace, batch_of_two
from models_figures import MAPS_SHOWN
from models_references import REFERENCES
from models_sequences import attention_values, direction_values, recurrent_values
from models_training import optimizer_values, output_values, schedule_values, selection_values
from walkthrough_values import _axes, _parameters, _table

Values = NDArray[np.floating]

POOLED_EXAMPLE = np.array([[1.0, 3.0], [2.0, 5.0]])  # reference 1's
DROPOUT_DRAWS = 10_000
PIECE = 12  # bands and frames of a pooled map that are drawn
SOURCE_TRAINING_CLIPS = 604 - parts.SELECTION_CLIPS


def page_values(subject: Subject, first: Trace) -> dict[str, Any]:
    """Return the values of all placeholders of the template."""
    return {
        **clip_values(subject, first),
        **convolution_values(subject, first),
        **normalisation_values(subject, first),
        **activation_values(first),
        **pooling_values(subject, first),
        **dropout_values(subject, first),
        **recurrent_values(subject),
        **direction_values(subject),
        **attention_values(subject),
        **output_values(subject, first),
        **optimizer_values(),
        **schedule_values(),
        **selection_values(),
        **mask_values(subject),
        "references": "\n".join(f"- {reference}" for reference in REFERENCES),
    }


def clip_values(subject: Subject, first: Trace) -> dict[str, Any]:
    model = subject.model
    weights = (
        "**The weights are untrained** (random, as a training begins): shapes and quantities are right, what its pictures "
        "show means nothing yet."
        if subject.name is None
        else f"The weights are those of a trained `{subject.name}`{subject.told}."
    )
    return {
        "recipe": model.recipe.name,
        "file": subject.row["file"],
        "corpus": f"{subject.origin.citation}. Licence: {subject.origin.licence}",
        "weights": weights,
        "seconds": len(subject.waveform) / model.recipe.audio.sampling_rate,
        "rate": model.recipe.audio.sampling_rate,
        "parameters": model.parameters_count,
        "labels": len(model.labels),
    }


def convolution_values(subject: Subject, first: Trace) -> dict[str, Any]:
    convolution = subject.network.blocks[0].convolution
    kernels, biases = convolution.weight.detach().numpy(), convolution.bias.detach().numpy()
    channel = int(np.argmax(np.abs(kernels).sum(axis=(1, 2, 3))))
    row, column = (int(place) for place in np.unravel_index(first.features.argmax(), first.features.shape))
    row, column = (
        min(max(place, 1), size - 2) for place, size in zip((row, column), first.features.shape, strict=True)
    )
    patch = first.features[row - 1 : row + 2, column - 1 : column + 2]
    by_hand = float((patch.astype(np.float64) * kernels[channel, 0]).sum() + biases[channel])
    return {
        "channel": channel + 1,
        "row": row + 1,
        "column": column + 1,
        "patch": _grid(patch[::-1]),  # the highest band on top, as it is drawn
        "kernel": _grid(kernels[channel, 0][::-1]),
        "bias": float(biases[channel]),
        "by_hand": by_hand,
        "by_torch": float(first.convolved[0][channel, row, column]),
        "layers": _layers_table(subject, first),
        "reach": convolution.kernel_size[0] // 2,
        "maps_shown": MAPS_SHOWN,
        "dense": int(first.features.size * first.convolved[0].size),
        "shared": _parameters(convolution),
    }


def _layers_table(subject: Subject, first: Trace) -> str:
    rows, field, step = [], 1, 1
    for number, (block, maps) in enumerate(zip(subject.network.blocks, first.maps, strict=True), 1):
        convolution = block.convolution
        field += 2 * step
        if block.pool is not None:
            field, step = field + step, 2 * step
        inputs, outputs = convolution.in_channels, convolution.out_channels
        formula = f"(9 x {inputs} + 1) x {outputs} = {(9 * inputs + 1) * outputs:,}"
        rows.append([f"block {number}", _axes(maps), formula, f"{field} x {field}"])
    output = subject.network.output
    formula = f"({output.in_features} + 1) x {output.out_features} = {_parameters(output):,}"
    rows.append(["mean, linear layer", f"`[{output.out_features}]`", formula, "all"])
    rows.append(["together", "", f"{subject.model.parameters_count:,}", ""])
    return _table([["", "shape here", "parameters", "one value sees"], *rows])


def normalisation_values(subject: Subject, first: Trace) -> dict[str, Any]:
    before, after = normalised(first)
    norm = nn.BatchNorm2d(len(before))
    padded, lengths = batch_of_two(subject)
    inside = [features[:, :length] for features, length in zip(padded, lengths, strict=True)]
    return {
        "bn_mean_low": float(before.mean(axis=(1, 2)).min()),
        "bn_mean_high": float(before.mean(axis=(1, 2)).max()),
        "bn_deviation_low": float(before.std(axis=(1, 2)).min()),
        "bn_deviation_high": float(before.std(axis=(1, 2)).max()),
        "bn_mean_after": float(np.abs(after.mean(axis=(1, 2))).max()),
        "bn_deviation_after": float(np.abs(after.std(axis=(1, 2)) - 1).max()),
        "bn_epsilon": norm.eps,
        "bn_momentum": norm.momentum,
        "bn_steps": 50,
        "bn_old": (1 - float(norm.momentum or 0)) ** 50,
        "bn_parameters": _parameters(norm),
        "bn_channels": len(before),
        "padded_deviation": float(padded.std()),
        "inside_deviation": float(torch.cat(inside, dim=1).std()),
    }


def normalised(first: Trace) -> tuple[Values, Values]:
    """Return the first convolution's output `[channel, band, frame]` before and after batch normalisation."""
    before = first.convolved[0]
    with torch.inference_mode():
        after = nn.BatchNorm2d(len(before)).train()(torch.tensor(before)[None])[0].numpy()
    return before, after


def activation_values(first: Trace) -> dict[str, Any]:
    shares = [f"{np.mean(values <= 0):.0%}" for values in first.convolved]
    elu = nn.functional.elu(torch.tensor([-1.0, -3.0], dtype=torch.float64))
    return {
        "negative": ", ".join(shares[:-1]) + f" and {shares[-1]}",
        "zero": 0,
        "one": 1,
        "elu_points": "-1 and -3",
        "elu_one": float(elu[0]),
        "elu_three": float(elu[1]),
        "sigmoid_slope": float(parts.sigmoid(np.array(0.0))) * (1 - float(parts.sigmoid(np.array(0.0)))),
        "sigmoid_far": 4,
        "sigmoid_slope_far": float(parts.sigmoid(np.array(4.0)) * (1 - parts.sigmoid(np.array(4.0)))),
    }


def pooling_values(subject: Subject, first: Trace) -> dict[str, Any]:
    values = torch.tensor(first.convolved[0])
    pool = nn.MaxPool2d(2)
    difference = (torch.relu(pool(values)) - pool(torch.relu(values))).abs().max()
    padded, lengths = batch_of_two(subject)
    with torch.inference_mode():
        part = subject.network.embed(padded[1:, :, : int(lengths[1])])[0]
    return {
        "pool_rows": len(POOLED_EXAMPLE),
        "pool_example": _grid(POOLED_EXAMPLE, digits=0),
        "pool_maximum": float(POOLED_EXAMPLE.max()),
        "pool_mean": float(POOLED_EXAMPLE.mean()),
        "pool_difference": float(difference),
        "frames": int(lengths[0]),
        "part_frames": int(lengths[1]),
        "embedding": len(first.embedding),
        "part_embedding": len(part),
        "average_error": float(np.abs(first.maps[-1].mean(axis=(1, 2)) - first.embedding).max()),
        "flat": first.maps[-1].size,
    }


def pooled_piece(first: Trace) -> tuple[Values, Values]:
    """Return a piece of the liveliest map of the first block, `[band, frame]`, before its maximum and after."""
    before, after = np.maximum(first.convolved[0], 0), first.maps[0]
    channel = int(after.std(axis=(1, 2)).argmax())
    place = np.unravel_index(after[channel].argmax(), after[channel].shape)
    row, column = (
        int(np.clip(at - PIECE // 2, 0, size - PIECE)) for at, size in zip(place, after[channel].shape, strict=True)
    )
    piece = after[channel, row : row + PIECE, column : column + PIECE]
    return before[channel, 2 * row : 2 * (row + PIECE), 2 * column : 2 * (column + PIECE)], piece


def dropped(subject: Subject, first: Trace) -> Values:
    """Return the embedding `[unit]` as one step of training sees it."""
    torch.manual_seed(0)
    share = float(getattr(subject.model.recipe.model, "dropout", 0.0))
    return nn.functional.dropout(torch.tensor(first.embedding), share, training=True).numpy()


def dropout_values(subject: Subject, first: Trace) -> dict[str, Any]:
    share = float(getattr(subject.model.recipe.model, "dropout", 0.0))
    torch.manual_seed(0)
    embedding = torch.tensor(first.embedding)
    drawn = nn.functional.dropout(embedding.expand(DROPOUT_DRAWS, -1), share, training=True)
    return {
        "dropout": share,
        "kept": 1 - share,
        "dropout_factor": 1 / (1 - share),
        "dropout_draws": DROPOUT_DRAWS,
        "dropout_sum": float(embedding.sum()),
        "dropout_mean_sum": float(drawn.sum(dim=1).mean()),
        "dropout_unscaled": float(embedding.sum()) * (1 - share),
    }


def mask_values(subject: Subject) -> dict[str, Any]:
    padded, lengths = batch_of_two(subject)
    with torch.inference_mode():
        alone = subject.network(padded[1:, :, : int(lengths[1])])
        masked = subject.network(padded, lengths)[1:]
        blind = subject.network(padded)[1:]
    return {
        "epoch_steps": SOURCE_TRAINING_CLIPS,
        "mask_frames": int(lengths[0]),
        "mask_part": int(lengths[1]),
        "mask_share": 1 - int(lengths[1]) / int(lengths[0]),
        "mask_difference": float((masked - alone).abs().max()),
        "blind_difference": float((blind - alone).abs().max()),
    }


def _grid(values: Values, digits: int = 3) -> str:
    """Return a small matrix as text, a row a line."""
    return "\n".join(" ".join(f"{value:{digits + 4}.{digits}f}" for value in row) for row in values)
