"""A plan for a checkpoint without a graph: a chain of dense layers, known by names and shapes.

That is the kind the system ``mlp`` saves: a matrix and a vector a layer, of any sizes, any number
of hidden layers, ReLU between them, and logits at the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..checkpoint import Variable
from ..errors import UserError, printable
from .model import Plan
from .network import Call, Input, Layer, Output, Value, Weight
from .recipe import Read, variable

_MOST_SEARCHED = 12  # matrices whose order is searched for; beyond that names must give it


def mlp_plan(weights: Sequence[Variable], name: str, origin: str, *, asked: bool) -> Plan | None:
    """The plan of a chain of dense layers.

    Args:
        weights: the checkpoint's variables of role weight.
        name: of the model.
        origin: where it comes from.
        asked: the user says that it is one; otherwise it must be beyond doubt.

    Returns:
        None where the variables make no chain and nobody said that they do, or where more than
        one order or pairing fits.

    Raises:
        UserError: the user says it is one and it is not; all that does not fit, at once.
    """
    pairs, problems, doubtful = _pairs(weights)
    if problems or not pairs:
        if not asked:
            return None
        listed = "; ".join(problems) or "it contains no weights"
        raise UserError(
            f"the variables do not form an mlp: {listed}",
            expected="a matrix (inputs, units) and a bias (units,) for each layer, in a chain",
            try_="without --model, or with --map",
        )
    if doubtful and not asked:
        return None
    plan = Plan(name, origin)
    x = Value((None, pairs[0][0].shape[0]), pairs[0][0].dtype, "x")
    plan.inputs.append(Input("x:0", "x", x))
    for index, (kernel, bias) in enumerate(pairs):
        last = index == len(pairs) - 1
        units = kernel.shape[1]
        hidden = "hidden" if len(pairs) == 2 else f"hidden_{index + 1}"
        arguments = {"units": units} | ({} if last else {"activation": "relu"})
        if kernel.dtype != "float32":
            arguments["dtype"] = kernel.dtype
        layer = Layer("logits" if last else hidden, "Dense", arguments)
        value = Value((None, units), kernel.dtype)
        plan.calls.append(Call(layer, (x,), {}, (value,)))
        for path, v in (("kernel", kernel), ("bias", bias)):
            recipe = variable(v.name, v.shape, v.dtype)
            plan.weights.append(Weight(f"{layer.name}/{path}", recipe))
        x = value
    plan.outputs.append(Output("logits:0", x))
    how = "as given by --model" if asked else "the only chain that its names and shapes allow"
    told = (
        "There is no graph. The variables are treated as dense layers with ReLU between "
        f"them, {how}."
    )
    plan.warnings.append(told)
    return plan


def _pairs(
    weights: Sequence[Variable],
) -> tuple[list[tuple[Variable, Variable]], list[str], bool]:
    """Kernel and bias of each layer in order; what does not fit; whether another way fits too."""
    matrices = sorted((v for v in weights if len(v.shape) == 2), key=_natural)
    vectors = sorted((v for v in weights if len(v.shape) == 1), key=_natural)
    others = [v for v in weights if len(v.shape) not in (1, 2)]
    problems = [f"{_named(v)} does not belong to a dense layer" for v in others]
    if len(matrices) != len(vectors):
        problems.append(f"{len(matrices)} matrices and {len(vectors)} biases do not form pairs")
    chains = _chains(matrices)
    if not chains:
        problems += _broken(matrices)
    if problems:
        return [], problems, False
    chain = chains[0]
    left = list(vectors)
    pairs = []
    doubtful = len(chains) > 1 or any(_unnamed(v) for v in weights)
    for index, kernel in enumerate(chain):
        fitting = [v for v in left if v.shape[0] == kernel.shape[1]]
        if not fitting:
            problems.append(
                f"no bias of shape ({kernel.shape[1]},) is left for {_named(kernel)}"
                f" (there are {', '.join(map(_named, left)) or 'none'})"
            )
            continue
        akin = [v for v in fitting if _stem(v) == _stem(kernel) and _stem(v)]
        bias = akin[0] if akin else fitting[0]
        doubtful = doubtful or (len(fitting) > 1 and not akin and _rank(fitting[0]) != index)
        left.remove(bias)
        pairs.append((kernel, bias))
    return pairs, problems, doubtful


def _chains(matrices: Sequence[Variable]) -> list[list[Variable]]:
    """The orders in which each matrix takes what the one before gives; the order of names first."""
    if not matrices:
        return []
    found = []
    if all(a.shape[1] == b.shape[0] for a, b in pairwise(matrices)):
        found.append(list(matrices))
    if len(matrices) <= _MOST_SEARCHED:
        waiting = [[start] for start in matrices]
        while waiting and len(found) < 2:
            chain = waiting.pop()
            if len(chain) == len(matrices):
                if not found or [v.name for v in chain] != [v.name for v in found[0]]:
                    found.append(chain)
                continue
            ends = [v for v in matrices if v not in chain and v.shape[0] == chain[-1].shape[1]]
            waiting.extend([*chain, v] for v in ends)
    return found


def _broken(matrices: Sequence[Variable]) -> list[str]:
    problems = []
    for a, b in pairwise(matrices):
        if a.shape[1] == b.shape[0]:
            continue
        cause = ""
        if a.shape[1] == b.shape[1]:
            cause = f"; {printable(b.name)!r} looks transposed"
        elif a.shape[0] == b.shape[0]:
            cause = f"; {printable(a.name)!r} looks transposed"
        problems.append(
            f"{_named(a)} has {a.shape[1]} outputs and {_named(b)} has {b.shape[0]} inputs{cause}"
        )
    return problems or ["it contains no matrix"]


def _named(v: Variable) -> str:
    return f"{printable(v.name)!r} {v.shape}"


def _unnamed(v: Variable) -> bool:
    return bool(re.fullmatch(r"Variable(_\d+)?", v.name))


def _natural(v: Variable) -> list[tuple[int, int, str]]:
    """A sort key that counts: w2 before w10, ``Variable`` before ``Variable_1``."""
    parts = re.findall(r"\d+|\D+", v.name)
    return [(0, int(p), "") if p.isdigit() else (1, 0, p.rstrip("_")) for p in parts]


def _rank(v: Variable) -> int:
    digits = re.findall(r"\d+", v.name)
    return int(digits[-1]) if digits else 0


def _stem(v: Variable) -> str:
    """What tells a layer: the scope, or the name without its word for weight or bias."""
    scope, _, last = v.name.rpartition("/")
    words = r"(?i)kernel|weights?|biase?s?|^w(?=[\d_]|$)|^b(?=[\d_]|$)|_w$|_b$|w$|b$"
    return f"{scope}/{re.sub(words, '', last).strip('_')}".strip("/") or "0"


def forward(plan: Plan, read: Read, x: np.ndarray) -> np.ndarray:
    """What such a plan computes, in numpy.

    Args:
        read: variable name → array.
        x: (examples, inputs).

    Returns:
        The logits, (examples, classes).
    """
    recipes = {weight.target: weight.recipe for weight in plan.weights}
    for layer in plan.layers:
        kernel, bias = (recipes[f"{layer.name}/{part}"].make(read) for part in ("kernel", "bias"))
        x = x @ kernel + bias
        if layer.arguments.get("activation") == "relu":
            x = np.maximum(x, 0)
    return x
