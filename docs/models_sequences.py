"""The numbers of `models.md` on recurrent layers and attention."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import models_parts as parts
from models_clip import STEPS, Subject
from paraverbal.models.local_features import SelfAttention
from walkthrough_values import _parameters, _table

Values = NDArray[np.floating]

UNITS = 128  # of the recurrent layers of the page
CURVES: Mapping[str, tuple[str, float | None]] = {
    "plain RNN": ("rnn", None),
    "LSTM, as torch begins": ("lstm", None),
    "LSTM, forget bias 1": ("lstm", 1.0),
    "LSTM, forget bias 3": ("lstm", 3.0),
}
FADED = 0.01  # of a gradient counts as gone


def recurrent_values(subject: Subject) -> dict[str, Any]:
    layer, sequence = the_lstm(subject), subject.sequences[0]
    gates = parts.lstm_gates(layer, sequence)
    with torch.inference_mode():
        by_torch = layer(torch.tensor(sequence, dtype=torch.float32)[None])[0][0].numpy()
    curves = gradient_curves(subject)
    rows = [
        [name, f"{_forget(subject, *CURVES[name])}", f"{parts.factor_per_step(values):.3f}", _gone(values)]
        for name, values in curves.items()
    ]
    plain, fresh, *_ = curves.values()
    return {
        "coefficients": sequence.shape[1],
        "steps": STEPS,
        "sequences": len(subject.sequences),
        "units": UNITS,
        "rnn_parameters": _parameters(parts.recurrent_layer("rnn", sequence.shape[1], UNITS)),
        "lstm_parameters": _parameters(layer),
        "gate_count": 4,
        "gates_difference": float(np.abs(gates.state - by_torch).max()),
        "forget_mean": float(gates.forget.mean()),
        "gradients": _table([["layer", "mean forget gate", "factor per step", f"below {FADED:.0%} after"], *rows]),
        "rnn_far": float(plain[40] / plain[0]),
        "lstm_far": float(curves["LSTM, forget bias 1"][40] / curves["LSTM, forget bias 1"][0]),
        "far": 40,
        "rnn_factor": parts.factor_per_step(plain),
        "lstm_factor": parts.factor_per_step(fresh),
    }


def the_lstm(subject: Subject) -> nn.LSTM:
    """Return the LSTM whose gates the page shows: untrained, forget gates begun half open."""
    layer = parts.recurrent_layer("lstm", subject.sequences.shape[2], UNITS)
    if not isinstance(layer, nn.LSTM):
        raise TypeError(f"{type(layer).__name__} where an LSTM was asked for")
    return layer


def gradient_curves(subject: Subject) -> dict[str, Values]:
    """Return the gradient `[distance]` of each layer of CURVES, by name."""
    features = subject.sequences.shape[2]
    return {
        name: parts.gradient_by_distance(
            parts.recurrent_layer(cell, features, UNITS, forget_bias=bias), subject.sequences
        )
        for name, (cell, bias) in CURVES.items()
    }


def _forget(subject: Subject, cell: str, bias: float | None) -> str:
    if cell == "rnn":
        return ""
    layer = parts.recurrent_layer("lstm", subject.sequences.shape[2], UNITS, forget_bias=bias)
    gates = parts.lstm_gates(layer, subject.sequences[0]) if isinstance(layer, nn.LSTM) else None
    return "" if gates is None else f"{gates.forget.mean():.3f}"


def _gone(gradient: Values) -> str:
    steps = parts.steps_until(gradient, FADED)
    return f"more than {len(gradient) - 1} steps" if steps is None else f"{steps} steps"


def direction_values(subject: Subject) -> dict[str, Any]:
    torch.manual_seed(0)
    features = subject.sequences.shape[2]
    layers = {
        "LSTM": nn.LSTM(features, UNITS, batch_first=True),
        "both directions": nn.LSTM(features, UNITS, batch_first=True, bidirectional=True),
        "both directions, two layers": nn.LSTM(features, UNITS, num_layers=2, batch_first=True, bidirectional=True),
    }
    sequence = torch.tensor(subject.sequences[:1], dtype=torch.float32)
    changed = sequence.clone()
    changed[:, 0] += 1
    with torch.inference_mode():
        rows = [
            [name, f"`[{STEPS}, {layer(sequence)[0].shape[2]}]`", f"{_parameters(layer):,}"]
            for name, layer in layers.items()
        ]
        both = layers["both directions"]
        moved = (both(changed)[0] - both(sequence)[0])[0].abs()
    return {
        "directions": _table([["", "output", "parameters"], *rows]),
        "backward_moved": float(moved[-1, UNITS:].max()),
        "backward_moved_first": float(moved[0, UNITS:].max()),
        "forward_moved": float(moved[-1, :UNITS].max()),
    }


def attention_values(subject: Subject) -> dict[str, Any]:
    torch.manual_seed(0)
    states = torch.tensor(subject.sequences[:1], dtype=torch.float32)
    attention, seen = SelfAttention(states.shape[2]), torch.tensor([STEPS // 2])
    changed = states.clone()
    changed[:, STEPS // 2 :] += 1
    with torch.inference_mode():
        difference = (attention(changed, seen) - attention(states, seen))[:, : STEPS // 2].abs().max()
        mixture = attention(torch.ones_like(states))
    return {
        "attention_difference": float(difference),
        "attention_ones": float((mixture - 1).abs().max()),
        "attention_pairs": STEPS * STEPS,
    }
