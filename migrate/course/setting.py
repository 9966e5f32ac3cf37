"""The hyper-parameters of a run, checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import UserError
from .datasets import Dataset
from .prepare import Prepared
from .programs import Training


@dataclass(frozen=True)
class Setting:
    """The hyper-parameters of a run, checked.

    Attributes:
        seed: of the initial weights.
        logdir: where TensorBoard's event files go, or None.
        logical_cpus: how many devices to divide the CPU into.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    logdir: str | None = None
    logical_cpus: int = 1

    @classmethod
    def of(
        cls,
        program: Training,
        data: str | None,
        epochs: int | None,
        batch_size: int | None,
        learning_rate: float | None,
        seed: int,
        logdir: str | None = None,
        logical_cpus: int = 1,
    ) -> Setting:
        """The values of the request, with the system's own as defaults.

        Raises:
            UserError: a value is out of range.
        """
        epochs = program.epochs_on(data) if epochs is None else epochs
        batch_size = program.batch_size if batch_size is None else batch_size
        learning_rate = program.learning_rate if learning_rate is None else learning_rate
        for name, value in (("epochs", epochs), ("batch size", batch_size)):
            if value < 1:
                raise UserError(f"{name} is {value}", expected="1 or more")
        if not 0 < learning_rate < float("inf"):
            raise UserError(f"learning rate is {learning_rate}", expected="a finite number above 0")
        if not 0 <= seed < 2**31:
            raise UserError(f"seed is {seed}", expected="0 to 2147483647")
        return cls(epochs, batch_size, learning_rate, seed, logdir, logical_cpus)

    def logging_to(self, folder: Path) -> Setting:
        """The same, with TensorBoard logs."""
        return replace(self, logdir=str(folder))

    def check(self, prepared: Prepared, dataset: Dataset) -> None:
        """Checks the batch size against the data.

        Raises:
            UserError: a batch would be larger than the training set.
        """
        check_batch_size(self.batch_size, prepared, dataset)


def check_batch_size(batch_size: int, prepared: Prepared, dataset: Dataset) -> None:
    """Checks a batch size against the data.

    Raises:
        UserError: a batch would be larger than the training set.
    """
    if batch_size > len(prepared.x_train):
        raise UserError(
            f"batch size {batch_size:,} is more than the {len(prepared.x_train):,} "
            f"training examples of {dataset.name}"
        )
