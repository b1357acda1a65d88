"""Recurrent layers: the last state, how far back it remembers, and what is exported of it."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from paraverbal.bundle.save import _quiet_export
from paraverbal.models.recurrent import LSTM, Recurrent, RecurrentNetwork, as_onnx_nodes, last_state
from paraverbal.settings import RecurrentSettings


def test_the_last_state_is_that_of_each_clips_last_frame() -> None:
    states = torch.arange(2 * 3 * 2).view(2, 3, 2)
    assert last_state(states, None).tolist() == [[4, 5], [10, 11]]
    assert last_state(states, torch.tensor([3, 1])).tolist() == [[4, 5], [6, 7]]


def test_the_last_state_is_that_which_torch_gives_for_packed_clips() -> None:
    torch.manual_seed(0)
    recurrent, lengths = Recurrent("lstm", 3, 5, layers=2).eval(), torch.tensor([4, 9, 1])
    sequence = torch.randn(3, 9, 3)
    packed = nn.utils.rnn.pack_padded_sequence(sequence, lengths, batch_first=True, enforce_sorted=False)
    (hidden, _) = recurrent.layers(packed)[1]
    torch.testing.assert_close(last_state(recurrent(sequence), lengths), hidden[-1])


def test_the_bidirectional_states_are_those_of_each_clip_alone_and_zero_behind_its_end() -> None:
    torch.manual_seed(0)
    lstm, lengths = LSTM(3, 5, 2, 0.0).eval(), torch.tensor([4, 9, 1])
    sequence = torch.randn(3, 9, 3)
    found = lstm(sequence, lengths)
    for clip, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(found[clip, :length], lstm(sequence[clip : clip + 1, :length])[0])
        assert not found[clip, length:].any()


def test_a_batch_whose_longest_clip_does_not_fill_it_keeps_its_frames() -> None:
    assert LSTM(3, 5, 1, 0.0)(torch.randn(2, 9, 3), torch.tensor([4, 2])).shape == (2, 9, 10)


def test_a_plain_network_is_elmans_equation() -> None:
    torch.manual_seed(0)
    recurrent = Recurrent("rnn", 3, 4)
    parameters = dict(recurrent.layers.named_parameters())
    frames, state = torch.randn(6, 3), torch.zeros(4)
    for frame in frames:
        given = parameters["weight_ih_l0"] @ frame + parameters["bias_ih_l0"]
        state = torch.tanh(given + parameters["weight_hh_l0"] @ state + parameters["bias_hh_l0"])
    torch.testing.assert_close(recurrent(frames.unsqueeze(0))[0, -1], state)


def reach(recurrent: Recurrent, frames: int) -> Tensor:
    """Return how much each of `frames` frames moves the last state: the norm of its gradient, `[frame]`."""
    torch.manual_seed(1)
    sequence = torch.randn(1, frames, recurrent.layers.input_size, requires_grad=True)
    recurrent(sequence)[0, -1].sum().backward()
    return sequence.grad[0].norm(dim=1)


def test_the_gradient_of_a_plain_network_fades_over_100_frames_and_that_of_an_lstm_which_keeps_does_not() -> None:
    torch.manual_seed(0)
    plain, gated = Recurrent("rnn", 8, 32), Recurrent("lstm", 8, 32)
    with torch.no_grad():
        gated.layers.bias_hh_l0[32:64] = 5.0  # the forget gate, which stands open
    faded, kept = reach(plain, 100), reach(gated, 100)
    assert faded[-1] > 1e-2
    assert faded[0] < 1e-6 * faded[-1]
    assert kept[0] > 1e-3 * kept[-1]
    assert faded[0] < 1e-6 * kept[0]


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_the_parameters_are_those_of_the_gates(cell) -> None:
    gates = {"lstm": 4, "rnn": 1}[cell]
    settings = RecurrentSettings(cell=cell, units=7, layers=2)
    network = RecurrentNetwork(settings, rows=5, frames=None, labels=3)
    layers = gates * 7 * (5 + 7 + 2) + gates * 7 * (7 + 7 + 2)
    assert sum(parameter.numel() for parameter in network.parameters()) == layers + 7 * 3 + 3


def exported(network: nn.Module, rows: int, file: Path) -> onnxruntime.InferenceSession:
    axes = ({0: torch.export.Dim("batch", min=1), 2: torch.export.Dim("frame", min=1)},)
    with _quiet_export():
        program = torch.onnx.export(
            as_onnx_nodes(network), (torch.zeros(2, rows, 20),), dynamo=True, dynamic_shapes=axes, verbose=False
        )
    program.save(str(file), external_data=False)
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_the_graph_has_one_node_for_each_layer_and_agrees_with_torch(cell, layers, tmp_path) -> None:
    torch.manual_seed(0)
    settings = RecurrentSettings(cell=cell, units=6, layers=layers, dropout=0.5)
    network = RecurrentNetwork(settings, rows=5, frames=None, labels=3).eval()
    session = exported(network, 5, tmp_path / "graph.onnx")
    nodes = [node.op_type for node in onnx.load(tmp_path / "graph.onnx").graph.node]
    assert nodes.count({"lstm": "LSTM", "rnn": "RNN"}[cell]) == layers
    rng = np.random.default_rng(0)
    for batch in (1, 3):
        for frames in (1, 57):
            features = rng.normal(0, 2, (batch, 5, frames)).astype(np.float32)
            with torch.inference_mode():
                expected = network(torch.from_numpy(features)).numpy()
            (given,) = session.run(None, {session.get_inputs()[0].name: features})
            np.testing.assert_allclose(given, expected, atol=1e-5)


def test_what_is_exported_is_a_copy() -> None:
    network = RecurrentNetwork(RecurrentSettings(units=6), rows=5, frames=None, labels=3)
    as_onnx_nodes(network)
    assert isinstance(network.recurrent, Recurrent)
    assert network(torch.zeros(1, 5, 4)).shape == (1, 3)
