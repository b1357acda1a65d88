"""What a run needs to go on after an interruption, in one file written atomically.

`checkpoint/state.safetensors` holds the tensors under dotted names (`network.…`, `best.…`, `optimizer.…`) and, as JSON
in the header, the plain values: epoch, scheduler, best score.
"""

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from paraverbal.errors import RunError

_FILE = "state.safetensors"


def save_checkpoint(folder: Path, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
    """Write a checkpoint so that the folder always holds a whole one, the old or the new."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{_FILE}.part"
    contiguous = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    save_file(contiguous, draft, metadata={"values": json.dumps(values)})
    with draft.open("r+b") as file:
        os.fsync(file.fileno())
    draft.replace(folder / _FILE)


def load_checkpoint(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Return tensors and values of a checkpoint, or None if there is none.

    Raises:
        RunError: There is a file, but it is not a whole checkpoint.
    """
    path = folder / _FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            values = json.loads(file.metadata()["values"])
            return {name: file.get_tensor(name) for name in file.keys()}, values  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path}: not a whole checkpoint ({error}); delete it to train from the beginning") from error


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimiser's state of each parameter under `index.name`."""
    state = optimizer.state_dict()["state"]
    return {f"{index}.{name}": value for index, values in state.items() for name, value in values.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], learning_rate: float) -> None:
    """Put back what `optimizer_tensors` returned, each tensor in the memory layout of its parameter."""
    document = optimizer.state_dict()
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = tensor
    for group in document["param_groups"]:
        group["lr"] = learning_rate
    optimizer.load_state_dict({"state": state, "param_groups": document["param_groups"]})
    # A checkpoint is contiguous, a convolution's weight channels-last: fused Adam would add them up in the wrong places.
    for parameter, values in optimizer.state.items():
        for name, value in values.items():
            if value.shape == parameter.shape:
                values[name] = torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)


def with_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return `tensors` with `prefix.` before each name."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with `prefix.`, without it."""
    start = f"{prefix}."
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
