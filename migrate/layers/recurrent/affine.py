"""Gates before their activation: sums of matrix products, whatever operations they are written in.

``concat([x, h]) @ kernel``, ``x @ w + h @ u``, one matrix a gate or one for all, split before or
after the product: each becomes an :class:`Affine`, and two that compute the same compare equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from ...graph.nodes import Node, split_tensor
from ...plan import Recipe, concatenate
from ..view import View

ADDITIONS = ("Add", "AddV2", "BiasAdd")
_DEEPEST = 16


@dataclass(frozen=True)
class Block:
    """A rectangle of a kernel, or a stretch of a bias (then ``rows`` is (0, 0))."""

    recipe: Recipe
    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for the same numbers of the same variable."""
        return (self.recipe.key, self.rows, self.columns)

    @property
    def width(self) -> int:
        """How many columns."""
        return self.columns[1] - self.columns[0]

    def part(
        self, rows: tuple[int, int] | None = None, columns: tuple[int, int] | None = None
    ) -> Block:
        """A block within; ranges count from the start of this one."""
        (top, _), (left, _) = self.rows, self.columns
        return Block(
            self.recipe,
            (top + rows[0], top + rows[1]) if rows else self.rows,
            (left + columns[0], left + columns[1]) if columns else self.columns,
        )


@dataclass(frozen=True)
class Affine:
    """``sum(leaf @ kernel) + sum(biases) + offset``, of shape (batch, width).

    Attributes:
        terms: leaves (tensors) with the kernels they are multiplied by.
        biases: blocks that are added.
        offset: a constant that is added: a scalar or (width,).
    """

    terms: tuple[tuple[str, Block], ...]
    biases: tuple[Block, ...]
    offset: Any
    width: int

    @property
    def leaves(self) -> tuple[str, ...]:
        """What is multiplied, in order."""
        return tuple(leaf for leaf, _ in self.terms)

    def kernel(self, leaf: str) -> Block | None:
        """What a leaf is multiplied by."""
        return next((block for name, block in self.terms if name == leaf), None)

    def columns(self, start: int, stop: int) -> Affine:
        """A range of the units."""
        offset = self.offset
        if np.ndim(offset):
            offset = offset[start:stop]
        return Affine(
            tuple((leaf, block.part(columns=(start, stop))) for leaf, block in self.terms),
            tuple(block.part(columns=(start, stop)) for block in self.biases),
            offset,
            stop - start,
        )

    def plus(self, other: Affine) -> Affine | None:
        """The sum, or None where a leaf would be multiplied twice."""
        if set(self.leaves) & set(other.leaves):
            return None
        width = max(self.width, other.width)
        return Affine(
            self.terms + other.terms,
            self.biases + other.biases,
            self.offset + other.offset,
            width,
        )


def affine(view: View, tensor: str, depth: int = 0) -> Affine | None:
    """The form of a tensor of shape (batch, units); None where it is no such sum."""
    tensor = view.resolve(tensor)
    if tensor in view.inputs or depth > _DEEPEST:
        return None
    added = _constant(view, tensor)
    if added is not None:
        return added
    node, index = view.graph.node(tensor), split_tensor(tensor)[1]
    if node.op in ADDITIONS:
        left = affine(view, node.inputs[0], depth + 1)
        right = affine(view, node.inputs[1], depth + 1) if left else None
        return left.plus(right) if left and right else None
    if node.op == "MatMul":
        return _product(view, node)
    span = columns_of(view, node, index)
    if span is None:
        return None
    source = affine(view, span[0], depth + 1)
    return source.columns(*span[1:]) if source and source.terms else None


def _constant(view: View, tensor: str) -> Affine | None:
    """A bias or a constant: (units,), (1, units) or a scalar."""
    value = view.static(tensor)
    if value is not None and not _is_weight(view, tensor):
        if value.ndim > 1 and value.shape[0] != 1:
            return None
        flat = value.reshape(-1)
        offset = flat[0] if np.all(flat == flat[:1]) and flat.size else flat
        return Affine((), (), offset, 0) if flat.size else None
    vector = weight(view, tensor)
    if vector is not None and vector.rows == (0, 1) and vector.recipe.shape[0] == 1:
        width = vector.recipe.shape[1]
        vector = Block(vector.recipe.reshape(width), (0, 0), vector.columns)
    if vector is None or vector.rows != (0, 0):
        return None
    return Affine((), (vector,), np.float32(0), vector.width)


def _is_weight(view: View, tensor: str) -> bool:
    recipe = view.recipe(tensor)
    return recipe is not None and bool(recipe.sources)


def _product(view: View, node: Node) -> Affine | None:
    if node.attrs.get("transpose_a"):
        return None
    kernel = weight(view, node.inputs[1], flip=bool(node.attrs.get("transpose_b")))
    if kernel is None or kernel.rows == (0, 0):
        return None
    height = kernel.rows[1] - kernel.rows[0]
    parts = concatenated(view, node.inputs[0])
    sizes = [width_of(view, part) for part in parts]
    if sizes.count(None) == 1:
        sizes[sizes.index(None)] = height - sum(size or 0 for size in sizes)
    if None in sizes or sum(size or 0 for size in sizes) != height:
        return None
    terms, top = [], 0
    for part, size in zip(parts, sizes, strict=True):
        bottom = top + (size or 0)
        terms.append((part, kernel.part(rows=(top, bottom))))
        top = bottom
    return Affine(tuple(terms), (), np.float32(0), kernel.width)


def concatenated(view: View, tensor: str) -> list[str]:
    """What is joined along the last of two axes to make a tensor; else the tensor."""
    tensor = view.resolve(tensor)
    node = view.graph.node(tensor)
    if tensor in view.inputs or node.op not in ("ConcatV2", "Concat"):
        return [tensor]
    last = node.op == "ConcatV2"
    parts = node.inputs[:-1] if last else node.inputs[1:]
    if view.scalar(node.inputs[-1] if last else node.inputs[0]) not in (1, -1):
        return [tensor]
    return [leaf for part in parts for leaf in concatenated(view, part)]


def width_of(view: View, tensor: str) -> int | None:
    """The size of a tensor's last axis."""
    shape = _shape(view, tensor)
    return shape[-1] if shape else None


def _shape(view: View, tensor: str) -> tuple[int | None, ...] | None:
    # A resource variable's node has the shape of its handle, a scalar.
    recipe = view.recipe(tensor)
    return view.shape(tensor) if recipe is None else recipe.shape


def columns_of(view: View, node: Node, index: int) -> tuple[str, int, int] | None:
    """Of which tensor of two axes (or one, a bias) an output is a range of columns, and which."""
    if node.op in ("Split", "SplitV"):
        last = node.op == "SplitV"
        source, axis = (
            (node.inputs[0], node.inputs[2]) if last else (node.inputs[1], node.inputs[0])
        )
        rank = _rank(view, source)
        axis_at = view.scalar(axis)
        if axis_at not in ((-1, 0) if rank == 1 else (-1, 1)):
            return None
        if last:
            sizes = view.sizes(node.inputs[1])
            if sizes is None or None in sizes or -1 in sizes:
                return None
            edges = np.cumsum([0, *(size or 0 for size in sizes)])
            return source, int(edges[index]), int(edges[index + 1])
        shape = view.shape(f"{node.name}:{index}")
        whole = _inferred_width(view, source)
        size = shape[-1] if shape and shape[-1] else None
        if size is None and whole:
            size = whole // node.attrs["num_split"]
        return None if size is None else (source, index * size, (index + 1) * size)
    if node.op in ("StridedSlice", "Slice"):
        return _slice_columns(view, node)
    return None


def _inferred_width(view: View, tensor: str) -> int | None:
    """The size of a tensor's last axis, from the kernels behind it where it is not recorded."""
    known = width_of(view, tensor)
    if known is not None:
        return known
    node = view.node(tensor)
    if len(node.inputs) == 1:  # an activation of all gates at once
        return _inferred_width(view, node.inputs[0])
    form = affine(view, tensor)
    return form.width or None if form else None


def _rank(view: View, tensor: str) -> int:
    shape = _shape(view, tensor)
    return 2 if shape is None else len(shape)


def _slice_columns(view: View, node: Node) -> tuple[str, int, int] | None:
    keys = strided_key(view, node) if node.op == "StridedSlice" else _slice_key(view, node)
    source = node.inputs[0]
    width = width_of(view, source)
    if keys is None or width is None or len(keys) != _rank(view, source):
        return None
    sizes = _shape(view, source) or ()
    for key, size in zip(keys[:-1], sizes, strict=False):
        if key != slice(None) and (size is None or key != slice(None, size)):
            return None
    if not isinstance(keys[-1], slice):
        return None
    start, stop, step = keys[-1].indices(width)
    return (source, start, stop) if step == 1 and stop > start else None


def _slice_key(view: View, node: Node) -> list[slice | int] | None:
    begin, size = (view.static(tensor) for tensor in node.inputs[1:3])
    if begin is None or size is None:
        return None
    pairs = zip(begin.tolist(), size.tolist(), strict=True)
    return [slice(b or None, None if n == -1 else b + n) for b, n in pairs]


def strided_key(view: View, node: Node) -> list[slice | int] | None:
    """The index of a StridedSlice, one entry an axis that it names; None where it is not static."""
    bounds = [view.static(tensor) for tensor in node.inputs[1:4]]
    masks = {key: node.attrs.get(f"{key}_mask", 0) for key in ("begin", "end", "shrink_axis")}
    if any(b is None for b in bounds) or node.attrs.get("new_axis_mask", 0):
        return None
    if node.attrs.get("ellipsis_mask", 0):
        return None
    found: list[slice | int] = []
    rows = zip(*(b.reshape(-1).tolist() for b in bounds if b is not None), strict=True)
    for axis, (begin, end, step) in enumerate(rows):
        bit = 1 << axis
        if masks["shrink_axis"] & bit:
            found.append(begin)
            continue
        first = None if masks["begin"] & bit or (begin == 0 and step > 0) else begin
        last = None if masks["end"] & bit else end
        found.append(slice(first, last, None if step == 1 else step))
    return found


def only(keys: Sequence[slice | int], axis: int) -> bool:
    """Whether an index leaves all other axes whole."""
    return all(key == slice(None) for at, key in enumerate(keys) if at != axis)


def weight(view: View, tensor: str, *, flip: bool = False) -> Block | None:
    """A tensor that is (a block of) a weight: a matrix (inputs, units), or a bias (units,)."""
    tensor = view.resolve(tensor)
    if tensor in view.inputs:
        return None
    node, index = view.graph.node(tensor), split_tensor(tensor)[1]
    span = None if flip else columns_of(view, node, index)
    if span is not None:
        whole = weight(view, span[0])
        return whole.part(columns=span[1:]) if whole else None
    recipe = view.recipe(tensor)
    if recipe is None or len(recipe.shape) not in (1, 2):
        return None
    if flip:
        recipe = recipe.transpose()
    if len(recipe.shape) == 1:
        return Block(recipe, (0, 0), (0, recipe.shape[0]))
    return Block(recipe, (0, recipe.shape[0]), (0, recipe.shape[1]))


def joined(blocks: Sequence[Block], text: str) -> Recipe:
    """Blocks side by side, as one step where they come from the same rows of one variable."""
    runs = [
        list(run) for _, run in groupby(blocks, key=lambda block: (block.recipe.key, block.rows))
    ]
    if len(runs) > 1:
        return concatenate([joined(run, text) for run in runs], -1)
    first = blocks[0]
    whole = first.recipe
    spans = [blocks[0].columns]
    for block in blocks[1:]:
        if spans[-1][1] == block.columns[0]:
            spans[-1] = (spans[-1][0], block.columns[1])
        else:
            spans.append(block.columns)
    if first.rows != (0, 0) and first.rows != (0, whole.shape[0]):
        whole = whole.rows(*first.rows)
    if spans == [(0, whole.shape[-1])]:
        return whole
    return whole.then(
        text if len(spans) > 1 else f"columns {spans[0][0]} to {spans[0][1]}",
        lambda a: np.concatenate([a[..., start:stop] for start, stop in spans], -1),
        shape=(*whole.shape[:-1], sum(stop - start for start, stop in spans)),
    )
