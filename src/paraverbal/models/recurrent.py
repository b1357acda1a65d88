"""Recurrent layers, and the form in which they are exported.

`torch.onnx.export` unrolls `nn.LSTM` step by step, which takes a minute and can fix the length of the input. For the
export, `as_onnx_nodes` puts in its place a layer that draws itself as a single ONNX `LSTM` node.
"""

import copy

import torch
from torch import Tensor, nn

# torch keeps the gates as input, forget, cell, output; ONNX wants input, output, forget, cell.
_ONNX_GATES = (0, 3, 1, 2)
_ONNX_OPSET = 18


class LSTM(nn.LSTM):
    """Bidirectional LSTM over `[batch, frame, feature]`, output `[batch, frame, 2 * unit]`; state starts at zero."""

    def __init__(self, features: int, units: int, layers: int, dropout: float) -> None:
        super().__init__(
            features, units, layers, batch_first=True, bidirectional=True, dropout=dropout if layers > 1 else 0.0
        )

    def forward(self, sequence: Tensor) -> Tensor:  # type: ignore[override]
        """Return the hidden states of both directions, joined, for every frame."""
        hidden: Tensor = super().forward(sequence)[0]
        return hidden


class _OnnxLayer(nn.Module):
    """One layer of an `LSTM` as an ONNX node, which takes `[frame, batch, feature]`, gives `[frame, direction, batch, unit]`."""

    weights: Tensor
    recurrences: Tensor
    biases: Tensor

    def __init__(self, lstm: LSTM, layer: int) -> None:
        super().__init__()
        self.units = lstm.hidden_size

        def both(parameter: str) -> list[Tensor]:
            tensors = (getattr(lstm, f"{parameter}_l{layer}{direction}") for direction in ("", "_reverse"))
            return [torch.cat([tensor.detach().chunk(4)[gate] for gate in _ONNX_GATES]) for tensor in tensors]

        self.register_buffer("weights", torch.stack(both("weight_ih")))
        self.register_buffer("recurrences", torch.stack(both("weight_hh")))
        self.register_buffer("biases", torch.cat([torch.stack(both("bias_ih")), torch.stack(both("bias_hh"))], dim=1))

    def forward(self, sequence: Tensor) -> Tensor:
        batch, frames, _ = sequence.shape
        hidden: Tensor = torch.onnx.ops.symbolic(
            "LSTM",
            (sequence.transpose(0, 1), self.weights, self.recurrences, self.biases),
            attrs={"hidden_size": self.units, "direction": "bidirectional"},
            dtype=sequence.dtype,
            shape=(frames, 2, batch, self.units),
            version=_ONNX_OPSET,
        )
        return hidden.permute(2, 0, 1, 3).flatten(2)


def as_onnx_nodes(model: nn.Module) -> nn.Module:
    """Return a copy of a model whose recurrent layers can be exported, but not run."""
    model = copy.deepcopy(model)
    for name, module in list(model.named_modules()):
        if isinstance(module, LSTM):
            nodes = nn.Sequential(*(_OnnxLayer(module, layer) for layer in range(module.num_layers)))
            model.set_submodule(name, nodes)
    return model
