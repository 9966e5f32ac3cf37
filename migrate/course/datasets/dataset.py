"""A dataset: examples and targets, split for training, validation and testing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dataset:
    """Images or rows of features, with integer classes or with numbers to predict.

    Attributes:
        name: as the user gave it.
        x_train, x_test: any numeric dtype, examples first.
        y_train, y_test: integer classes from 0, or floats; shape (examples,).
        origin: where it came from, for people; says so where it is synthetic.
        num_valid: how many training examples, the first ones, are for validation where a system
            validates.
        columns: the names of the features, or empty.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    origin: str
    num_valid: int = 0
    columns: tuple[str, ...] = ()

    @property
    def num_classes(self) -> int:
        """One more than the greatest class."""
        return int(max(self.y_train.max(), self.y_test.max())) + 1

    def flat(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """x as float32 of shape (examples, features), unscaled; y one-hot in float32."""
        one_hot = np.eye(self.num_classes, dtype=np.float32)
        return (
            self.x_train.reshape(len(self.x_train), -1).astype(np.float32),
            one_hot[self.y_train],
            self.x_test.reshape(len(self.x_test), -1).astype(np.float32),
            one_hot[self.y_test],
        )
