"""A training case converted in a worker that serves all tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tfmigrate.carrying import carry_training
from tfmigrate.emit import source as emit_source
from tfmigrate.graph.interface import find_interface
from tfmigrate.plan import Plan
from tfmigrate.plan.fates import fates
from tfmigrate.plan.training import TrainingPlan
from tfmigrate.planning import inference_part, make_plan
from tfmigrate.sources import Source, open_source
from tfmigrate.worker import Worker
from tfmigrate.writing import build_model


@dataclass(frozen=True)
class Case:
    """A checkpoint in the middle of training, and what TensorFlow 1.15 did next."""

    folder: Path

    @property
    def meta(self) -> dict[str, Any]:
        return json.loads((self.folder / "case.json").read_text())

    def golden(self) -> dict[str, np.ndarray]:
        return dict(np.load(self.folder / "golden.npz", allow_pickle=False))


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
    text = emit_source(plan)
    (folder / "model.py").write_text(text, encoding="utf-8")
    return build_model(worker, plan, source, text, folder / "model.keras", 120)
