"""Reads the weights of a ``.keras`` or ``.weights.h5`` file, without Keras or TensorFlow.

Keras stores weights by class and number (``layers/dense_1/vars/0``) with the layer's name as an
attribute (keras/src/saving/saving_lib.py). Here they get the paths that the opened model gives
them, ``layer/kernel``: which number is which comes from the layer's class, and from
``config.json`` where options decide. A layer of an unknown class keeps numbers: ``layer/0``.
"""

from __future__ import annotations

import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np

from ..checkpoint.tensors import CHUNK
from ..checkpoint.variable import Variable
from ..errors import UserError, printable
from .names import natural

_WEIGHTS_FILE, _CONFIG_FILE = "model.weights.h5", "config.json"
_MAX_CONFIG = 256 << 20

# What reading an archive, HDF5 in it, or JSON raises where the file is damaged. h5py lets through
# the errors of the archive that it reads from.
_DAMAGE = (
    OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, KeyError, RuntimeError,
    ValueError,
)  # fmt: skip

# Class in snake case, as group names have it → its weights in their order (keras/src/layers/).
_KERNEL_BIAS = ("kernel", "bias")
_WEIGHTS = {
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "cell": ("kernel", "recurrent_kernel", "bias"),
    "dense": _KERNEL_BIAS,
    "einsum_dense": _KERNEL_BIAS,
    "embedding": ("embeddings",),
    "group_normalization": ("gamma", "beta"),
    "layer_normalization": ("gamma", "beta"),
    "p_re_lu": ("alpha",),
    "separable_conv1d": ("depthwise_kernel", "pointwise_kernel", "bias"),
    "separable_conv2d": ("depthwise_kernel", "pointwise_kernel", "bias"),
} | {
    f"{kind}{rank}d{end}": _KERNEL_BIAS
    for rank in (1, 2, 3)
    for kind, end in (("conv", ""), ("conv", "_transpose"), ("depthwise_conv", ""))
}
# The option of a class that leaves a weight out.
_OPTIONS = {"bias": "use_bias", "gamma": "scale", "beta": "center"}


class KerasFile:
    """The weights in a file that Keras saved, read one at a time.

    Args:
        path: ``….keras`` or ``….weights.h5``.
        stored: name each array by its place in the file (``layers/dense_1/vars/0``), and list the
            optimizer's arrays too, which are left out otherwise.

    Attributes:
        variables: path in the model → description, in natural order.
        optimizer: the class of the optimizer that the model is compiled with, or None.

    Raises:
        UserError: it is neither, or something in it points outside it.
    """

    def __init__(self, path: Path, *, stored: bool = False):
        self.path = path
        self.optimizer: str | None = None
        self._files = ExitStack()
        self._datasets: dict[str, h5py.Dataset] = {}
        try:
            file, layers = self._open()
            seen = {_address(file)}
            places = _places(file, "", seen) if stored else self._walk(file, "", "", layers, seen)
            found = dict(places)
        except _DAMAGE as error:
            self._files.close()
            raise UserError(
                f"{printable(path)} is not a file of Keras weights: {printable(error)}",
                expected="model.keras or model.weights.h5, saved by Keras 3",
            ) from None
        except UserError:
            self._files.close()
            raise
        self._datasets = {name: found[name] for name in sorted(found, key=natural)}
        self.variables = {
            name: Variable(name, tuple(d.shape), _dtype(d).name, int(d.nbytes))
            for name, d in self._datasets.items()
        }

    def __enter__(self) -> KerasFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.close()

    def read(self, name: str) -> np.ndarray:
        """One weight."""
        dataset = self._datasets[name]
        try:
            values = np.asarray(dataset[()])
            return values.view(_dtype(dataset)) if values.dtype.kind == "V" else values
        except (*_DAMAGE, MemoryError) as error:
            raise UserError(
                f"cannot read {printable(name)} in {printable(self.path)}: {printable(error)}"
            ) from None

    def read_flat_chunks(self, name: str, chunk_bytes: int = CHUNK) -> Iterator[np.ndarray]:
        """One weight, as one piece."""
        yield self.read(name).reshape(-1)

    def _open(self) -> tuple[h5py.File, dict[str, dict[str, Any]]]:
        """The HDF5 file, and each layer's configuration by its name."""
        if not zipfile.is_zipfile(self.path):
            return self._files.enter_context(h5py.File(self.path, "r")), {}
        archive = self._files.enter_context(zipfile.ZipFile(self.path))
        if archive.getinfo(_CONFIG_FILE).file_size > _MAX_CONFIG:
            raise ValueError(f"{_CONFIG_FILE} is too large")
        layers: dict[str, dict[str, Any]] = {}
        config = json.loads(archive.read(_CONFIG_FILE))
        _collect(config, layers)
        self.optimizer = _optimizer_of(config)
        member = self._files.enter_context(archive.open(_WEIGHTS_FILE))
        return self._files.enter_context(h5py.File(member, "r")), layers

    def _walk(
        self,
        group: h5py.Group,
        where: str,
        prefix: str,
        layers: dict[str, dict[str, Any]],
        seen: set[int],
    ) -> Iterator[tuple[str, h5py.Dataset]]:
        own = _member(group, "vars", seen)
        if isinstance(own, h5py.Group):
            if where:  # the model's own name is no part of a path
                name = own.attrs.get("name", where.rpartition("/")[2])
                layer = name.decode() if isinstance(name, bytes) else str(name)
                prefix = f"{prefix}{layer}/"
            numbers = sorted(own, key=natural)
            config = layers.get(prefix.rstrip("/").rpartition("/")[2], {})
            names = _names(_kind(where.rpartition("/")[2]), len(numbers), config)
            for number, name in zip(numbers, names or numbers, strict=True):
                dataset = _member(own, number, seen)
                if isinstance(dataset, h5py.Dataset):
                    yield prefix + name, dataset
        for name in group:
            if name == "vars" or (not where and name == "optimizer"):
                continue
            child = _member(group, name, seen)
            if isinstance(child, h5py.Group):
                yield from self._walk(child, f"{where}/{name}".lstrip("/"), prefix, layers, seen)


def _places(group: h5py.Group, where: str, seen: set[int]) -> Iterator[tuple[str, h5py.Dataset]]:
    """Every array, by its place in the file."""
    for name in group:
        child = _member(group, name, seen)
        if isinstance(child, h5py.Group):
            yield from _places(child, f"{where}{name}/", seen)
        elif child is not None:
            yield where + name, child


def _optimizer_of(config: Any) -> str | None:
    """The class of the optimizer in config.json, or None."""
    found = config
    for key in ("compile_config", "optimizer", "class_name"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def _legacy(path: Path) -> tuple[bool, str] | None:
    """Of an HDF5 file by Keras 2: whether it holds a whole model, and by which version; or None."""
    try:
        with h5py.File(path, "r") as file:
            version = file.attrs.get("keras_version")
            whole = "model_config" in file.attrs
    except OSError:
        return None
    if version is None:
        return None
    return whole, version.decode("utf-8", "replace") if isinstance(version, bytes) else str(version)


def kind_of_file(path: Path) -> str:
    """A ``.keras`` or ``.h5`` file in words: a model or weights, and by which Keras."""
    legacy = _legacy(path)
    if legacy is None:
        return "a Keras file"
    whole, version = legacy
    content = "a whole model" if whole else "the weights of a model"
    return f"a Keras {printable(version)} file with {content}"


def how_to_open(path: Path) -> str:
    """Which Keras opens a ``.keras`` or ``.h5`` file, and how.

    Keras 3 refuses the initializers in a model of Keras 2.2 (their ``dtype``); tf-keras does not.
    """
    legacy = _legacy(path)
    file = repr(printable(path.name))
    if legacy is None:
        return f"keras.models.load_model({file})"
    if legacy[0]:
        return f"tf_keras.models.load_model({file}) and model.save_weights for Keras 3"
    return f"model.load_weights({file}) on the model that these weights belong to"


def _address(item: h5py.Group) -> int:
    """Where an object lies in its file."""
    return h5py.h5o.get_info(item.id).addr


def _member(group: h5py.Group, name: str, seen: set[int]) -> h5py.Group | h5py.Dataset | None:
    """A member that lies in the file itself: links and storage elsewhere could read any file.

    Args:
        seen: the addresses of the groups so far. A group in two places could be in 2^n of them.
    """
    link = group.get(name, getlink=True)
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        raise UserError(f"{printable(name)} in {printable(group.file.filename)} is a link")
    item = group[name]
    if isinstance(item, h5py.Group):
        if _address(item) in seen:
            raise UserError(f"{printable(item.name)} is in two places of the file")
        seen.add(_address(item))
    if isinstance(item, h5py.Dataset):
        if item.shape is None:
            raise UserError(f"{printable(item.name)} has neither a shape nor values")
        if item.external or item.is_virtual:
            raise UserError(f"{printable(item.name)} stores its values in another file")
        if item.size and not item.id.get_storage_size():
            raise UserError(f"{printable(item.name)} has a shape but no values")
    return item


def _kind(group: str) -> str:
    """``dense_1`` → ``dense``; the class of a group."""
    return group if group in _WEIGHTS else re.sub(r"_\d+$", "", group)


def _names(kind: str, count: int, config: dict[str, Any]) -> list[str] | None:
    """What each number of a layer's weights is; None where that cannot be known."""
    if kind not in _WEIGHTS:
        return None
    names = [n for n in _WEIGHTS[kind] if config.get(_OPTIONS.get(n, ""), True)]
    if len(names) != count and kind != "batch_normalization":
        names = list(_WEIGHTS[kind][:count])  # without a configuration: the bias is the last
    return names if len(names) == count else None


def _collect(config: Any, layers: dict[str, dict[str, Any]]) -> None:
    """Every object with a name and a configuration, anywhere in config.json."""
    waiting = [config]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            inner = item.get("config")
            if isinstance(inner, dict) and isinstance(inner.get("name"), str):
                layers[inner["name"]] = inner
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _dtype(dataset: h5py.Dataset) -> np.dtype:
    if dataset.attrs.get("dtype") == "bfloat16":  # Keras's convention: opaque bytes and this
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return dataset.dtype
