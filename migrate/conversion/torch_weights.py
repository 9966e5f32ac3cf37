"""The file of weights for PyTorch, and its part of report.json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoint.variable import Variable
from ..formats import Tensors, safetensors
from ..plan.pytorch import Parameter
from ..plan.recipe import Read

TORCH_FILE = "model.torch.safetensors"


def write_state_dict(path: Path, state: Sequence[Parameter], read: Read) -> None:
    """Writes the tensors, for ``module.load_state_dict(safetensors.torch.load_file(path))``.

    Args:
        read: a variable of the checkpoint → its values.

    Raises:
        UserError: ``path`` cannot be written, or a variable cannot be read.
    """
    recipes = {entry.name: entry.recipe for entry in state}

    def values(name: str) -> np.ndarray:
        return np.ascontiguousarray(recipes[name].make(read)).reshape(recipes[name].shape)

    held = {name: Variable(name, r.shape, r.dtype, r.nbytes) for name, r in recipes.items()}
    safetensors.write(path, Tensors(held, values), framework="pt")


def torch_entries(state: Sequence[Parameter]) -> dict[str, Any]:
    """The report's ``torch``; nothing where no such file was asked for."""
    if not state:
        return {}
    return {
        "torch": [
            {
                "name": entry.name,
                "variable": entry.target or None,
                "shape": list(entry.recipe.shape),
                "from_shape": list(entry.shape) if entry.target else None,
                "done": entry.done,
                "counterpart": entry.counterpart,
            }
            for entry in state
        ]
    }
