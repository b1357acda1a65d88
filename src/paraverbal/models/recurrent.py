"""Recurrent layers, the family `recurrent`, and the form in which the layers are exported.

`torch.onnx.export` unrolls `nn.LSTM` step by step, which takes a minute and can fix the length of the input. For the
export, `as_onnx_nodes` puts in its place a layer that draws itself as a single ONNX `LSTM` node.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from paraverbal.models.masking import Lengths
from paraverbal.settings import RecurrentSettings

# torch keeps the gates as input, forget, cell, output; ONNX wants input, output, forget, cell. A plain RNN has none.
_ONNX_GATES = {"LSTM": (0, 3, 1, 2), "RNN": (0,)}
_ONNX_OPSET = 18


class LSTM(nn.LSTM):
    """Bidirectional LSTM over `[batch, frame, feature]`, output `[batch, frame, 2 * unit]`; state starts at zero."""

    def __init__(self, features: int, units: int, layers: int, dropout: float) -> None:
        super().__init__(
            features, units, layers, batch_first=True, bidirectional=True, dropout=dropout if layers > 1 else 0.0
        )

    def forward(self, sequence: Tensor, lengths: Lengths = None) -> Tensor:  # type: ignore[override]
        """Return the hidden states of both directions, joined, for every frame; zeros behind a clip's end."""
        if lengths is None:
            hidden: Tensor = super().forward(sequence)[0]
            return hidden
        packed = pack_padded_sequence(sequence, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states = super().forward(packed)[0]
        padded: Tensor = pad_packed_sequence(states, batch_first=True, total_length=sequence.shape[1])[0]
        return padded


class Recurrent(nn.Module):
    """LSTM or plain RNN (Elman 1990, tanh) over `[batch, frame, feature]`, forward in time, output `[batch, frame, unit]`.

    In one direction a frame's state depends on nothing behind it, so that padding behind a clip needs no mask.
    """

    def __init__(self, cell: str, features: int, units: int, layers: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        kind = nn.LSTM if cell == "lstm" else nn.RNN
        self.layers = kind(features, units, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)

    def forward(self, sequence: Tensor) -> Tensor:
        """Return the state of every frame."""
        device = sequence.device.type
        if torch.is_autocast_enabled(device):
            # torch hands float32 to oneDNN all the same, which has no LSTM in bfloat16 on processors that lack AVX-512.
            sequence = sequence.to(torch.get_autocast_dtype(device))
        states: Tensor = self.layers(sequence)[0]
        return states


def last_state(states: Tensor, lengths: Lengths) -> Tensor:
    """Return the state `[batch, unit]` at the last frame of each clip, of `states [batch, frame, unit]`."""
    if lengths is None:
        return states[:, -1]
    return states[torch.arange(len(states), device=states.device), lengths - 1]


class RecurrentNetwork(nn.Module):
    """The family `recurrent`: features `[batch, feature, frame]` -> logits `[batch, label]`, by the last state.

    Args:
        settings: Cell and size.
        rows: Features of a frame.
        frames: Not needed: any number of frames.
        labels: Number of labels.
    """

    def __init__(self, settings: RecurrentSettings, rows: int, frames: int | None, labels: int) -> None:
        super().__init__()
        self.minimum_frames = settings.least_frames
        self.token_width = settings.units
        self.recurrent = Recurrent(settings.cell, rows, settings.units, settings.layers, settings.dropout)
        self.dropout = nn.Dropout(settings.dropout)
        self.output = nn.Linear(settings.units, labels)

    def embed(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the embedding `[batch, unit]`: the state at each clip's last frame."""
        return self.summary(*self.tokens(features, lengths))

    def tokens(self, features: Tensor, lengths: Lengths = None) -> tuple[Tensor, Lengths]:
        """Return the state of each frame, `[batch, frame, unit]`, and the lengths."""
        return self.recurrent(features.transpose(1, 2)), lengths

    def summary(self, tokens: Tensor, lengths: Lengths = None) -> Tensor:
        """Return the embedding `[batch, unit]` of what `tokens` returned."""
        return last_state(tokens, lengths)

    def forward(self, features: Tensor, lengths: Lengths = None) -> Tensor:
        """Return logits `[batch, label]`."""
        logits: Tensor = self.output(self.dropout(self.embed(features, lengths)))
        return logits


class _OnnxLayer(nn.Module):
    """One layer as an ONNX node, which takes `[frame, batch, feature]`, gives `[frame, direction, batch, unit]`."""

    weights: Tensor
    recurrences: Tensor
    biases: Tensor

    def __init__(self, recurrent: nn.RNNBase, layer: int) -> None:
        super().__init__()
        self.units = recurrent.hidden_size
        self.operator = recurrent.mode.removesuffix("_TANH")
        self.direction = "bidirectional" if recurrent.bidirectional else "forward"
        directions = ("", "_reverse") if recurrent.bidirectional else ("",)
        gates = _ONNX_GATES[self.operator]

        def joined(parameter: str) -> list[Tensor]:
            tensors = (getattr(recurrent, f"{parameter}_l{layer}{direction}") for direction in directions)
            return [torch.cat([tensor.detach().chunk(len(gates))[gate] for gate in gates]) for tensor in tensors]

        self.register_buffer("weights", torch.stack(joined("weight_ih")))
        self.register_buffer("recurrences", torch.stack(joined("weight_hh")))
        biases = torch.cat([torch.stack(joined("bias_ih")), torch.stack(joined("bias_hh"))], dim=1)
        self.register_buffer("biases", biases)

    def forward(self, sequence: Tensor) -> Tensor:
        batch, frames, _ = sequence.shape
        hidden: Tensor = torch.onnx.ops.symbolic(
            self.operator,
            (sequence.transpose(0, 1), self.weights, self.recurrences, self.biases),
            attrs={"hidden_size": self.units, "direction": self.direction},
            dtype=sequence.dtype,
            shape=(frames, len(self.weights), batch, self.units),
            version=_ONNX_OPSET,
        )
        return hidden.permute(2, 0, 1, 3).flatten(2)


class _OnnxLayers(nn.Module):
    """Recurrent layers one behind the other, for clips of one length."""

    def __init__(self, recurrent: nn.RNNBase) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(_OnnxLayer(recurrent, layer) for layer in range(recurrent.num_layers)))

    def forward(self, sequence: Tensor, lengths: Lengths = None) -> Tensor:
        hidden: Tensor = self.layers(sequence)
        return hidden


def as_onnx_nodes(model: nn.Module) -> nn.Module:
    """Return a copy of a model whose recurrent layers can be exported, but not run."""
    model = copy.deepcopy(model)
    for name, module in list(model.named_modules()):
        if isinstance(module, LSTM | Recurrent):
            layers = module.layers if isinstance(module, Recurrent) else module
            model.set_submodule(name, _OnnxLayers(layers))
    return model
