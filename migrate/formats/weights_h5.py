"""Keras ``.weights.h5`` without a model: a checkpoint's scopes laid out as Keras layers.

Keras 3 finds a layer's weights by its class and its place among the layers of that class
(``layers/dense_1/vars/0``), not by its name (keras/src/saving/saving_lib.py). A checkpoint knows
no classes, so each is inferred from the variables of one scope: ``kernel`` of rank 2 and ``bias``
are a Dense, of rank 4 a Conv2D, ``moving_mean`` is a BatchNormalization's. Layers of a class stand
in the natural order of their scopes (``dense_2`` before ``dense_10``). A sequential or functional
model with those layers, made in that order, loads the file with ``load_weights``. What is under no
scope are the model's own variables; a scope that fits no class is a ``layer``.

Each group carries its scope as ``name``, as in Keras, and each dataset its variable as
``tensorflow_name``, both by :func:`tfmigrate.formats.names.escape`. With a model at hand,
``--model`` is exact where this infers.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import h5py

from ..checkpoint.tensors import Fate, Progress, TensorSource, raw_chunks
from ..checkpoint.variable import Variable, numpy_dtype
from .atomic import whole_file
from .names import escape, natural

_MAX_NAME = 60_000  # HDF5 keeps an attribute below 64 KiB

# What TF1's makers called a layer's variables → what Keras calls them, in Keras's order.
_ROLES = {
    "depthwise_kernel": ("depthwise_kernel", "depthwise_weights"),
    "pointwise_kernel": ("pointwise_kernel", "pointwise_weights"),
    "embeddings": ("embeddings", "embedding"),
    "kernel": ("kernel", "weights", "weight", "W", "w"),
    "gamma": ("gamma",),
    "bias": ("bias", "biases", "b"),
    "beta": ("beta",),
    "moving_mean": ("moving_mean",),
    "moving_variance": ("moving_variance",),
}
_ROLE = {alias: role for role, aliases in _ROLES.items() for alias in aliases}
_BY_RANK = {2: "dense", 3: "conv1d", 4: "conv2d", 5: "conv3d"}


def write(
    path: Path, source: TensorSource, *, force: bool = False, progress: Progress | None = None
) -> list[Fate]:
    """Writes every tensor that HDF5 and Keras can hold.

    Args:
        path: the file, ``….weights.h5`` if Keras is to read it.
        source: the tensors; slots of optimizers are best left out.
        force: replace a file that is there.
        progress: told of the bytes as they are written.

    Returns:
        One fate a tensor, in the source's order; strings, float8 and resources are skipped.

    Raises:
        UserError: ``path`` cannot be written, or a tensor cannot be read.
    """
    fates = {}
    layers: dict[str, list[Variable]] = defaultdict(list)
    for name, v in source.variables.items():
        if v.dtype in ("resource", "variant", "string") or v.dtype.startswith("float8"):
            fates[name] = Fate(name, None, f"Keras does not support {v.dtype} weights")
        elif len(escape(name).encode()) > _MAX_NAME:
            fates[name] = Fate(name, None, f"its name is longer than HDF5's {_MAX_NAME:,} bytes")
        else:
            layers[name.rpartition("/")[0]].append(v)
    with whole_file(path, force=force) as temporary:
        places = []
        counts: dict[str, int] = defaultdict(int)
        with h5py.File(temporary, "w", libver=("earliest", "v110")) as file:
            for scope in sorted(layers, key=natural):
                kind, variables = _layer(layers[scope])
                group = f"layers/{kind}{_suffix(counts[kind])}/vars" if scope else "vars"
                counts[kind] += bool(scope)
                file.create_group(group).attrs["name"] = escape(scope)
                for i, v in enumerate(variables):
                    places.append((v.name, _reserve(file[group], str(i), v)))
                    fates[v.name] = Fate(v.name, f"{group}/{i}")
        # HDF5 has laid the file out; its places are now filled as plain bytes, which keeps memory
        # at one piece of one tensor and reports a full disk as the system does.
        with open(temporary, "r+b") as data:
            os.posix_fallocate(data.fileno(), 0, max(os.fstat(data.fileno()).st_size, 1))
            for name, offset in places:
                if offset is None:
                    continue
                data.seek(offset)
                for piece in raw_chunks(source, name):
                    data.write(piece)
                    if progress:
                        progress(len(piece))
    return [fates[name] for name in source.variables]


def _suffix(count: int) -> str:
    return f"_{count}" if count else ""


def _layer(variables: list[Variable]) -> tuple[str, list[Variable]]:
    """The Keras class that the variables of a scope look like, and these in that class's order."""
    roles = {_ROLE.get(v.name.rpartition("/")[2]): v for v in variables}
    if None in roles or len(roles) != len(variables):
        return "layer", sorted(variables, key=lambda v: natural(v.name))
    ordered = [roles[role] for role in _ROLES if role in roles]
    present = set(roles)
    if {"depthwise_kernel", "pointwise_kernel"} <= present:
        kind = "separable_conv2d"
    elif {"moving_mean", "moving_variance"} <= present:
        kind = "batch_normalization"
    elif present == {"gamma", "beta"}:
        kind = "layer_normalization"
    elif present == {"embeddings"}:
        kind = "embedding"
    elif present <= {"kernel", "bias"} and "kernel" in present:
        kind = _BY_RANK.get(len(roles["kernel"].shape), "layer")
    else:
        kind = "layer"
    return kind, ordered


def _reserve(group: h5py.Group, key: str, v: Variable) -> int | None:
    """Makes an empty dataset; its offset in the file, None if it holds nothing."""
    dtype = numpy_dtype(v.dtype)
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.CONTIGUOUS)
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    simple = h5py.h5s.create_simple(v.shape) if v.shape else h5py.h5s.create(h5py.h5s.SCALAR)
    made = h5py.h5d.create(
        group.id, key.encode(), h5py.h5t.py_create(dtype, logical=True), simple, dcpl=plist
    )
    dataset = h5py.Dataset(made)
    dataset.attrs["tensorflow_name"] = escape(v.name)
    if dtype.isbuiltin != 1:
        dataset.attrs["dtype"] = dtype.name  # Keras's own convention: opaque bytes and this
    offset: int | None = made.get_offset()
    return offset
