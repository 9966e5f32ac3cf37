"""A training case converted in a worker that serves all tests."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from cases import Case
from tfmigrate.conversion.output import build_model
from tfmigrate.emit import source as emit_source
from tfmigrate.graph import find_training
from tfmigrate.graph.interface.interface import find_interface
from tfmigrate.layers.planning import inference_part, make_plan
from tfmigrate.plan import Plan
from tfmigrate.plan.balance import balance
from tfmigrate.plan.fates import fates
from tfmigrate.plan.training import TrainingPlan
from tfmigrate.sources import Source, open_source
from tfmigrate.training import carry_training
from tfmigrate.worker import Worker


def plan_of(case: Case, outputs: Sequence[str] | None = None) -> tuple[Source, Plan]:
    """The plan with its training, as a conversion makes it."""
    source = open_source(case.folder / "model.ckpt")
    assert source.graph is not None
    interface = find_interface(source.graph, None, outputs, saved=source.recipes().keys())
    plan = make_plan(source, interface, inference_part(source, interface))
    carry_training(source.graph, plan, source.recipes(), source.read)
    plan.fates = fates(plan, source.variables(), source.roles)
    return source, plan


def training_of(plan: Plan) -> TrainingPlan:
    assert plan.training is not None
    return plan.training


def build(source: Source, plan: Plan, worker: Worker, folder: Path) -> dict[str, str]:
    """Writes model.py and model.keras; gives target → path in the saved model."""
    assert balance(plan, plan.fates).unaccounted == 0
    text = emit_source(plan)
    (folder / "model.py").write_text(text, encoding="utf-8")
    return build_model(worker, plan, source, text, folder / "model.keras", 120)


def unpacked_to(folder: Path, archive: str) -> Path:
    """Unpacks an archive of ``data`` into a folder, and gives that."""
    with tarfile.open(Path(__file__).with_name("data") / f"{archive}.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    return folder


OF_LOSS, OF_WEIGHT = 5e-6, 1e-5  # relative to the greatest loss; absolute: what is promised


def assert_goes_on(
    case: Case,
    worker: Worker,
    ask: Callable[..., Any],
    folder: Path,
    outputs: Sequence[str] | None = None,
) -> str:
    """Converts a case and trains on as TensorFlow 1.15 did; gives model.py.

    Args:
        outputs: those that are asked for; None to convert without hints.
    """
    golden = case.arrays
    source, plan = plan_of(case, outputs)
    assert [output.tensor for output in plan.outputs] == case.meta["outputs"]
    paths = build(source, plan, worker, folder)
    answer = ask("go_on", str(folder), batches_of(case, plan, source))

    expected = golden["train_losses"].reshape(-1)
    of_float16 = case.meta.get("tolerance", 0.0)
    of_loss = max(OF_LOSS, of_float16)
    assert np.abs(answer["losses"] - expected).max() <= of_loss * np.abs(expected).max()

    def after(name: str) -> np.ndarray:
        return golden[f"after_{name}"] if f"after_{name}" in golden else source.read(name)

    for weight in plan.weights:
        held = answer["weights"][paths[weight.target].partition("/")[2]]
        apart = np.abs(held - weight.recipe.make(after)).max()
        assert apart <= max(OF_WEIGHT, of_float16), weight.target
    return (folder / "model.py").read_text()


def batches_of(case: Case, plan: Plan, source: Source | None = None) -> list[tuple[Any, ...]]:
    """What ``train_on_batch`` takes for each step after the checkpoint; of all towers, if any."""
    golden, training = case.arrays, training_of(plan)
    graph = None if source is None else source.graph
    towers = None if graph is None else find_training(graph).towers

    def fed(tensor: str, step: int) -> np.ndarray:
        if towers is None:
            return one_fed(tensor, step)
        names = (towers.parts.get(tensor, tensor), *towers.inputs.get(tensor, ()))
        return np.concatenate([one_fed(name, step) for name in names])

    def one_fed(tensor: str, step: int) -> np.ndarray:
        if f"feed_{tensor}" in golden:
            return golden[f"feed_{tensor}"][step]
        if f"feed_{step}_{tensor}" in golden:
            return golden[f"feed_{step}_{tensor}"]
        return golden["train_x" if tensor in case.meta["inputs"] else "train_y"][step]

    indices = {s.values: s.indices for loss in training.losses for s in loss.sparse}

    def labels(tensor: str, step: int) -> np.ndarray:
        given = fed(tensor, step)
        if tensor in indices:  # of a SparseTensor: padded rows
            places = fed(indices[tensor], step)
            rows = np.full(places.max(axis=0) + 1, -1)
            rows[tuple(places.T)] = given
            return rows
        # Labels are kept one-hot where the graph is fed classes.
        is_one_hot = "train_y" in golden and "sparse" in training.summary["loss"]
        return given.argmax(-1) if is_one_hot else given

    found: list[tuple[Any, ...]] = []
    for step in range(len(golden["train_losses"])):
        x = [fed(given.tensor, step) for given in plan.inputs]
        y = [labels(tensor, step) for loss in training.losses for tensor in loss.labels]
        weights = [fed(w, step) for w in training.summary["sample_weights"] if w is not None]
        found.append((*(each if len(each) > 1 else each[0] for each in (x, y)), *weights))
    return found
