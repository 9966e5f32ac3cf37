"""What a training step is given: inputs, labels and weights, from a file or drawn; switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, printable
from ..formats.npz import read as read_npz
from ..graph import Graph, InputTensor, Interface, dropout_value, tensor_name
from ..graph.sources import PARSED, READING_OPS
from ..plan import Plan
from ..plan.examples import KINDS, integer_bounds, random_inputs
from ..plan.training import Formula, OutputLoss

BATCH = 32
_FEWEST_STEPS = 3  # of a sequence whose length nobody feeds
_OPEN_SIZE = 8  # of a dimension that the graph leaves open, as random inputs have it
_SAME_NUMBERS = ("keras.ops.cast", "keras.ops.reshape", "keras.ops.squeeze")
Predict = Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]]
"""Inputs of a model, in the order of the interface → its outputs."""
_BY_SIGN = ("sigmoid", "binary", "log_loss", "hinge")


def read_data(path: str | Path, tensors: Sequence[InputTensor]) -> dict[str, np.ndarray]:
    """The arrays of an .npz for some tensors of a graph.

    Raises:
        UserError: the file cannot be read, an array is missing, names no example, or has another
            shape or kind of values than the graph says.
    """
    arrays: dict[str, np.ndarray] = {}
    for name, array in read_npz(Path(path)).items():
        if tensor_name(name) in arrays:
            raise UserError(
                f"{printable(path)} has two arrays for {printable(tensor_name(name))}",
                expected="one for each tensor",
            )
        arrays[tensor_name(name)] = array
    missing = [given.tensor for given in tensors if given.tensor not in arrays]
    if missing:
        raise UserError(
            f"{printable(path)} has no array {printable(', '.join(missing))}",
            expected=", ".join(printable(given.tensor) for given in tensors),
        )
    found = {}
    for given in tensors:
        array = arrays[given.tensor]
        fits = given.shape is None or (
            len(given.shape) == array.ndim
            and all(s in (None, n) for s, n in zip(given.shape, array.shape, strict=True))
        )
        if not fits:
            raise UserError(
                f"{printable(given.tensor)} of {printable(path)} has shape {array.shape}",
                expected=str(given.shape),
            )
        kinds = "SU" if given.dtype == "string" else "biuf"
        if array.dtype.kind not in (kinds + "c" if given.dtype.startswith("complex") else kinds):
            raise UserError(
                f"{printable(given.tensor)} of {printable(path)} is {array.dtype}",
                expected=f"values of {given.dtype}",
            )
        if not array.size:
            raise UserError(
                f"{printable(given.tensor)} of {printable(path)} is empty, shape {array.shape}",
                expected="one example or more",
            )
        found[given.tensor] = array
    return found


@dataclass(frozen=True)
class Feeding:
    """What the steps of a training are given.

    Attributes:
        inputs: of the model, in the order of the interface.
        others: tensors that only the loss takes: labels, weights.
        data: all examples by tensor, of which each step takes the next batch; None to draw them.
        plan: with its training.
        seed: of what is drawn.
        size: how many examples a step takes.
        kind: of the inputs that are drawn, as :func:`random_inputs` has it.
    """

    inputs: tuple[InputTensor, ...]
    others: tuple[InputTensor, ...]
    data: Mapping[str, np.ndarray] | None
    plan: Plan
    seed: int
    size: int = BATCH
    kind: str = KINDS[0]

    @classmethod
    def of(
        cls,
        graph: Graph,
        interface: Interface,
        plan: Plan,
        data: str | Path | None,
        seed: int,
        size: int = BATCH,
    ) -> Feeding:
        """Reads the file, if there is one.

        Raises:
            UserError: it lacks an array, or has one of another shape.
        """
        assert plan.training is not None
        taken = {given.tensor for given in interface.inputs}
        named = [t for loss in plan.training.losses for t in (*loss.labels, loss.weights) if t]
        rows = {sparse.values for loss in plan.training.losses for sparse in loss.sparse}
        others = tuple(
            InputTensor(
                t, (None, None) if t in rows else graph.shape(t), graph.dtype(t) or "float32"
            )
            for t in dict.fromkeys(named)
            if t not in taken
        )
        arrays = None if data is None else read_data(data, (*interface.inputs, *others))
        feeding = cls(interface.inputs, others, arrays, plan, seed, size)
        feeding.check(data)
        return feeding

    def check(self, path: str | Path | None) -> None:
        """Whether the arrays have as many examples.

        Raises:
            UserError: they have not.
        """
        counts = {tensor: len(array) for tensor, array in self._batched().items()}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{printable(tensor)} has {n}" for tensor, n in counts.items())
            raise UserError(
                f"the arrays of {printable(path)} have different numbers of examples",
                expected=f"the same number in each, but {told}",
            )

    def batch(self, step: int, predict: Predict) -> dict[str, np.ndarray]:
        """What one step is given, by tensor; after the last example the first comes again.

        Args:
            predict: the model: labels that are drawn are as large as what it gives.
        """
        if self.data is None:
            made = random_inputs(self.plan, self.size, self.seed + step, kind=self.kind)
            size = len(next(iter(made.values()))) if made else self.size
            return made | self._drawn(size, step, self._shapes(made, predict), made)
        batched = self._batched()
        count = min((len(array) for array in batched.values()), default=0)
        size = min(self.size, count)
        chosen = (step * size + np.arange(size)) % max(count, 1)
        return {**self.data, **{tensor: array[chosen] for tensor, array in batched.items()}}

    def _batched(self) -> dict[str, np.ndarray]:
        data = self.data or {}
        open_ = (*self.inputs, *self.others)
        free = [i.tensor for i in open_ if i.shape is None or (i.shape and i.shape[0] is None)]
        return {tensor: data[tensor] for tensor in free if tensor in data and data[tensor].ndim}

    def _shapes(
        self, made: Mapping[str, np.ndarray], predict: Predict
    ) -> list[Sequence[int | None]]:
        """The outputs' shapes, by a run where the plan leaves more than the batch open."""
        shapes = [output.value.shape or (None,) for output in self.plan.outputs]
        if all(None not in shape[1:] for shape in shapes):
            return list(shapes)
        found = predict([made[given.tensor] for given in self.inputs])
        return [(None, *array.shape[1:]) for array in found]

    def _drawn(
        self,
        size: int,
        step: int,
        outputs: Sequence[Sequence[int | None]],
        inputs: Mapping[str, np.ndarray],
    ) -> dict[str, np.ndarray]:
        """Class numbers for integers, one of them for a softmax, 0 or 1 for a sigmoid, else any."""
        generator = np.random.default_rng((self.seed + step, 1))
        assert self.plan.training is not None
        made: dict[str, np.ndarray] = {}
        for loss in self.plan.training.losses:
            output, lengths = tuple(outputs[loss.output]), _lengths(loss)
            for sparse in loss.sparse:
                steps = inputs.get(sparse.lengths, np.full(size, _FEWEST_STEPS))
                made[sparse.values] = _rows(generator, steps, output[-1] or 2)
            for given in self.others:
                if given.tensor in made or given.tensor not in (*loss.labels, loss.weights):
                    continue
                shape = output if given.shape is None else given.shape
                if given.shape is None and given.dtype.startswith("int"):
                    shape = output[:-1]
                numbers = _are_class_numbers(loss, given.tensor)
                if numbers and len(shape) == len(output) and shape[-1] is None:
                    shape = (*shape[:-1], 1)
                alike = 0 <= len(output) - len(shape) <= 1 and shape[:1] == (None,)
                if alike:  # where the graph does not say it, the output does
                    pairs = zip(shape, output, strict=False)
                    shape = tuple(b if a is None else a for a, b in pairs)
                sizes = [size, *[_OPEN_SIZE] * len(shape)]
                sizes = [sizes[at] if known is None else known for at, known in enumerate(shape)]
                weighs = given.tensor == loss.weights
                kind = "binary" if _compares(loss) else "index" if _looks_up(loss) else loss.name
                if given.tensor in lengths:
                    array = generator.integers(*lengths[given.tensor], sizes)
                elif numbers:
                    array = generator.integers(0, output[-1] or 2, sizes)
                else:
                    array = _random(generator, sizes, given.dtype, kind, output[-1], weighs)
                made[given.tensor] = array.astype(given.dtype)
        return made


def _compares(loss: OutputLoss) -> bool:
    """Whether a formula asks what its labels are equal to."""
    calls = loss.new.body.calls if isinstance(loss.new, Formula) else []
    return any(call.function in ("keras.ops.equal", "keras.ops.not_equal") for call in calls)


def _are_class_numbers(loss: OutputLoss, tensor: str) -> bool:
    """Whether a formula takes labels as numbers of classes, whatever their own type."""
    if not isinstance(loss.new, Formula) or tensor not in loss.labels:
        return False
    body = loss.new.body
    reached = {id(body.inputs[loss.labels.index(tensor)].value)}
    for call in body.calls:
        if not call.values or id(call.values[0]) not in reached:
            continue
        if call.function == "keras.ops.sparse_categorical_crossentropy":
            return True
        if call.function in _SAME_NUMBERS:
            reached |= {id(value) for value in call.outputs}
    return False


def _looks_up(loss: OutputLoss) -> bool:
    """Whether a formula takes elements by their number."""
    calls = loss.new.body.calls if isinstance(loss.new, Formula) else []
    return any(call.function == "keras.ops.take" for call in calls)


def _lengths(loss: OutputLoss) -> dict[str, tuple[int, int]]:
    """The least and one more than the largest of what a formula takes as lengths, by tensor."""
    if not isinstance(loss.new, Formula):
        return {}
    body = loss.new.body
    pairs = zip(loss.labels, body.inputs, strict=False)
    found = ((tensor, integer_bounds(body, given.value)) for tensor, given in pairs)
    return {tensor: limits for tensor, limits in found if limits is not None and limits[0] > 0}


def _rows(generator: np.random.Generator, steps: np.ndarray, classes: int) -> np.ndarray:
    """Labels of sequences, of any class but the last, that so many steps are enough for; padded."""
    counts = np.asarray(generator.integers(1, (steps + 1) // 2 + 1))
    rows = generator.integers(0, max(classes - 1, 1), (len(steps), counts.max()))
    return np.where(np.arange(counts.max()) < counts[:, None], rows, -1).astype("int32")


def _random(
    generator: np.random.Generator,
    sizes: list[int],
    dtype: str,
    kind: str,
    classes: int | None,
    weighs: bool,
) -> np.ndarray:
    if dtype.startswith(("int", "uint")):
        # Of one class there is only 0, but for what is no class: 0 or 1 of a sigmoid.
        most = 1 if kind == "index" and classes == 1 else max(classes or 2, 2)
        return generator.integers(1 if weighs else 0, most, sizes)
    if weighs:
        return generator.uniform(0.1, 1.0, sizes)
    if "softmax" in kind or "categorical" in kind:
        chosen = generator.integers(0, sizes[-1], sizes[:-1])
        return np.eye(sizes[-1])[chosen]
    if kind.startswith(_BY_SIGN):
        return generator.integers(0, 2, sizes)
    if kind.startswith(("graph_loss", "index")):  # of any kind: what logarithms take as well
        return generator.uniform(0.05, 0.95, sizes)
    return generator.standard_normal(sizes)


def switches(
    graph: Graph,
    interface: Interface,
    fetched: Sequence[str],
    given: Sequence[str],
    rates: Mapping[str, float],
) -> dict[str, Any]:
    """What steers the training of the original: flags say training, dropout drops nothing.

    Args:
        fetched: the tensors and operations that will be run.
        given: tensors that are fed anyway.
        rates: tensor of a learning rate that is fed → what it is in the model.

    Raises:
        UserError: something else would have to be fed.
    """
    behind = graph.ancestors(fetched, stop=given, control=True)
    fed: dict[str, Any] = {}
    for tensor, value in interface.fed.items():
        flag = isinstance(value, (bool, np.bool_)) and graph.dtype(tensor) == "bool"
        fed[tensor] = (not value) if flag else value
    for node in behind.values():
        tensor = f"{node.name}:0"
        if tensor in given or tensor in fed:
            continue
        if tensor in rates:
            fed[tensor] = rates[tensor]
        elif node.op in ("Placeholder", "PlaceholderV2"):
            raise UserError(
                f"training needs a value for {printable(tensor)}",
                try_=f"--feed {printable(tensor.partition(':')[0])}=VALUE",
            )
        elif node.op.startswith(READING_OPS):
            raise UserError(
                f"training reads from {printable(node.name)} ({node.op}), an input pipeline",
                expected="a graph that trains from placeholders, for --train",
            )
        elif node.op == PARSED:
            raise UserError(
                "training needs a feature of the parsed examples "
                f"({printable(node.name)}) that is not an input of the model",
                expected="labels that a program feeds, for --train",
            )
    return fed


def dropped_constants(graph: Graph, fetched: Sequence[str]) -> dict[str, float]:
    """Constants that are rates of dropout, or probabilities to keep, and at which nothing drops.

    Where the scale of what is kept is a constant of its own, that too, which is then 1.
    """
    behind = graph.ancestors(fetched, control=True)
    found = {}
    for node in behind.values():
        tensor = f"{node.name}:0"
        if node.op == "Const" and graph.dtype(tensor) in ("float32", "float64", "float16"):
            held = node.attrs.get("value")  # not by its static value: it may stand in a cond
            single = held is not None and held.size == 1
            value = dropout_value(graph, tensor, behind) if single else None
            if value is not None:
                found[node.name] = value
                found.update(dict.fromkeys(_scales(graph, tensor), 1.0))
    return found


def _scales(graph: Graph, rate: str) -> list[str]:
    """Constants s of ``where(random >= rate, x * s, 0)``, the dropout of TensorFlow 2."""
    masks = [f"{node.name}:0" for node in graph.consumers(rate) if node.op == "GreaterEqual"]
    kept = [
        node.inputs[1]
        for mask in masks
        for node in graph.consumers(mask)
        if node.op in ("Select", "SelectV2") and node.inputs[0] == mask
    ]
    products = [node for node in map(graph.node, kept) if node.op == "Mul"]
    factors = [graph.node(tensor) for node in products for tensor in node.inputs]
    return [node.name for node in factors if node.op == "Const" and node.attrs["value"].size == 1]
