"""Prepares a dataset for a system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..errors import UserError, printable
from .datasets import Dataset, taxi

# Arguments of the build functions that follow from the data.
OF_DATA = frozenset(
    ("num_inputs", "num_classes", "num_rows", "num_columns", "height", "width", "size")
)


@dataclass(frozen=True)
class Prepared:
    """Arrays as the twins take them.

    Attributes:
        sizes: properties of the data that the build functions receive: num_inputs, num_classes …
        more: further arrays, by name.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    sizes: dict[str, int] = field(default_factory=dict)
    more: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """By the names above."""
        parts = ("x_train", "y_train", "x_test", "y_test")
        return {**{k: getattr(self, k) for k in parts}, **self.more}

    def as_type(self, dtype: str) -> dict[str, np.ndarray]:
        """The same, floats converted."""
        return {k: a.astype(dtype) if a.dtype.kind == "f" else a for k, a in self.arrays.items()}


def raw(dataset: Dataset) -> Prepared:
    """x (examples, features) float32, unscaled; y one-hot float32."""
    return Prepared(*_of_classes(dataset).flat(), _sizes(dataset))


def scaled(dataset: Dataset) -> Prepared:
    """x (examples, features) float32 divided by 255, y one-hot float32."""
    x, y, x_test, y_test = _of_classes(dataset).flat()
    return Prepared(x / np.float32(255), y, x_test / np.float32(255), y_test, _sizes(dataset))


def scaled_classes(dataset: Dataset) -> Prepared:
    """x (examples, features) float32 divided by 255, y integer classes."""
    x, _, x_test, _ = _of_classes(dataset).flat()
    classes = dataset.y_train.astype(np.int64), dataset.y_test.astype(np.int64)
    return Prepared(
        x / np.float32(255), classes[0], x_test / np.float32(255), classes[1], _sizes(dataset)
    )


def scaled_images(dataset: Dataset) -> Prepared:
    """x (examples, height, width) float32 divided by 255, y integer classes.

    Raises:
        UserError: the examples are not pictures of one channel.
    """
    plain = scaled_classes(dataset)
    shape = dataset.x_train.shape[1:]
    if len(shape) != 2:
        raise UserError(
            f"{dataset.name} has examples of shape {shape}", expected="pictures: (height, width)"
        )
    sizes = {"height": shape[0], "width": shape[1], "num_classes": dataset.num_classes}
    x, x_test = (x.reshape(-1, *shape) for x in (plain.x_train, plain.x_test))
    return Prepared(x, plain.y_train, x_test, plain.y_test, sizes)


def ten_classes(prepare: Callable[[Dataset], Prepared]) -> Callable[[Dataset], Prepared]:
    """The same preparation of datasets that have ten classes, and of no others."""

    def prepare_ten(dataset: Dataset) -> Prepared:
        if _of_classes(dataset).num_classes != 10:
            raise UserError(
                f"{dataset.name} has {dataset.num_classes} classes",
                expected="10; the second network learns to distinguish classes 5 and 6",
            )
        return prepare(dataset)

    return prepare_ten


def standardized_classes(dataset: Dataset) -> Prepared:
    """As ``scaled_classes``, then minus each pixel's mean over its deviation, in training.

    A pixel that never changes has deviation 0; it becomes 0.
    """
    plain = scaled_classes(dataset)
    mean, deviation = plain.x_train.mean(0), plain.x_train.std(0)
    deviation = np.where(deviation == 0, np.float32(1), deviation)
    return Prepared(
        (plain.x_train - mean) / deviation,
        plain.y_train,
        (plain.x_test - mean) / deviation,
        plain.y_test,
        plain.sizes,
    )


def validated(prepare: Callable[[Dataset], Prepared]) -> Callable[[Dataset], Prepared]:
    """The same preparation with the validation examples in place of the test set.

    Where a dataset does not say which these are, it is the first twelfth, as of Fashion-MNIST.
    """

    def prepare_validated(dataset: Dataset) -> Prepared:
        count = dataset.num_valid or len(dataset.x_train) // 12
        if not count:
            raise UserError(
                f"{dataset.name} has {len(dataset.x_train)} training examples, too few to "
                "set some aside for validation",
                expected="12 or more",
            )
        split = Dataset(
            dataset.name,
            dataset.x_train[count:],
            dataset.y_train[count:],
            dataset.x_train[:count],
            dataset.y_train[:count],
            dataset.origin,
            columns=dataset.columns,
        )
        return prepare(split)

    return prepare_validated


def cat_or_not(dataset: Dataset) -> Prepared:
    """x (examples, size, size, 3), y (examples, 1), both float64; x_dev and y_dev besides.

    The first training examples are the dev set. All parts have the mean of the others subtracted
    and are divided by their deviation: two numbers, so that a picture stays one when it is shifted.
    """
    shape = dataset.x_train.shape[1:]
    square = len(shape) == 3 and shape[0] == shape[1] and shape[2] == 3
    if not square or _of_classes(dataset).num_classes != 2:
        raise UserError(
            f"{printable(dataset.name)} has {_kind(dataset)}",
            expected="square pictures with 3 colors, of 2 classes",
            try_="--data cats-like",
        )
    count = dataset.num_valid or len(dataset.x_train) // 5
    learned = dataset.x_train[count:].astype(np.float64)
    mean, deviation = learned.mean(), learned.std() or 1.0

    def normalized(x: np.ndarray) -> np.ndarray:
        return (x - mean) / deviation

    def targets(y: np.ndarray) -> np.ndarray:
        return y.reshape(-1, 1).astype(np.float64)

    return Prepared(
        normalized(learned),
        targets(dataset.y_train[count:]),
        normalized(dataset.x_test),
        targets(dataset.y_test),
        {"size": shape[0]},
        {
            "x_dev": normalized(dataset.x_train[:count]),
            "y_dev": targets(dataset.y_train[:count]),
        },
    )


def themselves(dataset: Dataset) -> Prepared:
    """x and y the same: (examples, rows, columns, 1) float32 divided by 255."""
    shape = dataset.x_train.shape[1:]
    if len(shape) != 2:
        raise UserError(
            f"{printable(dataset.name)} has {_kind(dataset)}",
            expected="gray pictures, of rows and columns",
            try_="--data digits",
        )
    x, x_test = (
        part[..., None].astype(np.float32) / np.float32(255)
        for part in (dataset.x_train, dataset.x_test)
    )
    return Prepared(x, x, x_test, x_test, {"num_rows": shape[0], "num_columns": shape[1]})


def fares(dataset: Dataset) -> Prepared:
    """x (examples, 5): the columns of the taxi fares, unscaled; y (examples, 1), in float32."""
    if dataset.columns != taxi.COLUMNS:
        raise UserError(
            f"{printable(dataset.name)} has {_kind(dataset)}",
            expected=f"fares to predict from {', '.join(taxi.COLUMNS)}",
            try_="--data fares-like, or the folder of the taxi fares",
        )
    x, y, x_test, y_test = (
        part.reshape(len(part), -1).astype(np.float32)
        for part in (dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test)
    )
    return Prepared(x, y, x_test, y_test)


def _kind(dataset: Dataset) -> str:
    shape = " × ".join(map(str, dataset.x_train.shape[1:]))
    if dataset.y_train.dtype.kind not in "iu":
        return f"examples of {shape} with numbers to predict"
    return f"examples of {shape} in {dataset.num_classes} classes"


def _sizes(dataset: Dataset) -> dict[str, int]:
    features = int(np.prod(dataset.x_train.shape[1:]))
    return {"num_inputs": features, "num_classes": dataset.num_classes}


def _of_classes(dataset: Dataset) -> Dataset:
    if dataset.y_train.dtype.kind not in "iu":
        raise UserError(f"{dataset.name} has numbers to predict", expected="a dataset of classes")
    return dataset
