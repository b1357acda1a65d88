"""A checkpoint is whole or an error, and what comes back is what was put in, bit for bit."""

import pytest
import torch
from torch import nn

from paraverbal.errors import RunError
from paraverbal.training import checkpoint
from paraverbal.training.checkpoint import (
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
    with_prefix,
    without_prefix,
)

TENSORS = {
    "network.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "network.count": torch.tensor(3),
    "best.weight": torch.tensor([float("inf"), -0.0, 1e-40]),
}
VALUES = {"epoch": 3, "best": 0.1 + 0.2, "schedule": {"bad": [1, 2], "mode": "min"}, "none": None}


def test_tensors_and_values_come_back(tmp_path):
    save_checkpoint(tmp_path / "new" / "checkpoint", TENSORS, VALUES)
    tensors, values = load_checkpoint(tmp_path / "new" / "checkpoint")
    assert values == VALUES
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor)


def test_a_tensor_that_is_a_view_is_saved_as_it_reads(tmp_path):
    save_checkpoint(tmp_path, {"view": torch.arange(12).reshape(3, 4).T}, {})
    assert load_checkpoint(tmp_path)[0]["view"].tolist() == torch.arange(12).reshape(3, 4).T.tolist()


def test_no_checkpoint_is_none(tmp_path):
    assert load_checkpoint(tmp_path) is None
    assert load_checkpoint(tmp_path / "nowhere") is None


def test_a_new_checkpoint_takes_the_place_of_the_old_one_and_leaves_nothing_beside(tmp_path):
    save_checkpoint(tmp_path, TENSORS, {"epoch": 1})
    save_checkpoint(tmp_path, TENSORS, {"epoch": 2})
    assert load_checkpoint(tmp_path)[1] == {"epoch": 2}
    assert [file.name for file in tmp_path.iterdir()] == ["state.safetensors"]


def test_an_interrupted_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, TENSORS, {"epoch": 1})

    def half(_, path, **__):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "save_file", half)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(tmp_path, TENSORS, {"epoch": 2})
    assert load_checkpoint(tmp_path)[1] == {"epoch": 1}


@pytest.mark.parametrize("damage", [lambda _: b"", lambda old: old[:-1], lambda old: old[:20], lambda _: b"x" * 500])
def test_a_damaged_file_is_an_error_that_names_it_and_the_remedy(tmp_path, damage):
    save_checkpoint(tmp_path, TENSORS, VALUES)
    file = tmp_path / "state.safetensors"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(RunError, match=r"state\.safetensors: not a whole checkpoint .*; delete it"):
        load_checkpoint(tmp_path)


def test_tensors_without_the_values_are_no_checkpoint(tmp_path):
    checkpoint.save_file(TENSORS, tmp_path / "state.safetensors")
    with pytest.raises(RunError, match="not a whole checkpoint"):
        load_checkpoint(tmp_path)


def adam(seed=0):
    torch.manual_seed(seed)
    network = nn.Linear(3, 2)
    return network, torch.optim.Adam(network.parameters(), lr=0.1)


def step(network, optimizer, count=1):
    for number in range(count):
        optimizer.zero_grad()
        network(torch.full((4, 3), 1.0 + number)).square().sum().backward()
        optimizer.step()


def test_adams_state_comes_back_through_a_file(tmp_path):
    network, optimizer = adam()
    step(network, optimizer, 3)
    optimizer.param_groups[0]["lr"] = 0.025
    save_checkpoint(tmp_path, optimizer_tensors(optimizer), {})
    other, restored = adam(seed=1)
    other.load_state_dict(network.state_dict())
    restore_optimizer(restored, load_checkpoint(tmp_path)[0], 0.025)
    assert restored.param_groups[0]["lr"] == 0.025
    state = restored.state_dict()["state"]
    assert state.keys() == {0, 1}
    for index, values in optimizer.state_dict()["state"].items():
        assert state[index].keys() == values.keys() == {"step", "exp_avg", "exp_avg_sq"}
        assert all(torch.equal(state[index][name], value) for name, value in values.items())
    step(network, optimizer, 2)
    step(other, restored, 2)
    assert torch.equal(network.weight, other.weight)


def fused(seed=0):
    """A convolution in the order in memory that training uses, and the optimiser that it uses."""
    torch.manual_seed(seed)
    network = nn.Conv2d(4, 3, 3).to(memory_format=torch.channels_last)
    return network, torch.optim.Adam(network.parameters(), lr=0.1, fused=True)


def test_a_fused_optimiser_goes_on_whatever_the_order_in_memory(tmp_path):
    def step(network, optimizer):
        optimizer.zero_grad()
        network(torch.arange(100.0).reshape(1, 4, 5, 5)).square().sum().backward()
        optimizer.step()

    network, optimizer = fused()
    step(network, optimizer)
    save_checkpoint(tmp_path, optimizer_tensors(optimizer), {})
    other, restored = fused(seed=1)
    other.load_state_dict(network.state_dict())
    restore_optimizer(restored, load_checkpoint(tmp_path)[0], 0.1)
    for one, its_optimizer in ((network, optimizer), (other, restored)):
        step(one, its_optimizer)
    assert not network.weight.is_contiguous()
    assert torch.equal(network.weight, other.weight)


def test_an_optimiser_that_has_not_stepped_has_no_tensors():
    _, optimizer = adam()
    assert optimizer_tensors(optimizer) == {}


def test_prefixes_tell_tensors_apart():
    both = {**with_prefix("best", {"a.b": 1}), **with_prefix("bestial", {"a": 2})}
    assert both == {"best.a.b": 1, "bestial.a": 2}
    assert without_prefix("best", both) == {"a.b": 1}
