"""Networks of TensorFlow 1.15 with their answers, and models held against them."""

import json
import tarfile
from pathlib import Path

import numpy as np
from tfmigrate.conversion.output import build_model
from tfmigrate.emit import source as emit_source
from tfmigrate.graph.interface.interface import find_interface
from tfmigrate.layers.planning import inference_part, make_plan
from tfmigrate.plan import Layer, Plan
from tfmigrate.plan.balance import balance
from tfmigrate.plan.fates import fates
from tfmigrate.sources import open_source
from tfmigrate.worker import Worker
from tfmigrate.worker.original import complete_shapes

DATA = Path(__file__).with_name("data")
OF_SCALE = 2e-5  # of the greatest output: what the project promises


def unpack(archive: str, into: Path) -> None:
    """Unpacks an archive of ``data``."""
    with tarfile.open(DATA / f"{archive}.tar.xz") as packed:
        packed.extractall(into, filter="data")


class Case:
    """A source with the answers of TensorFlow 1.15."""

    def __init__(self, folder: Path):
        self.meta = json.loads((folder / "case.json").read_text())
        self.arrays = dict(np.load(folder / "golden.npz"))
        files = (folder / name for name in ("frozen.pb", "saved_model"))
        path = next((file for file in files if file.exists()), folder / "model.ckpt")
        self.source = open_source(path)

    def plan(self, worker: Worker | None = None) -> Plan:
        assert self.source.graph is not None
        meta = self.meta
        interface = find_interface(self.source.graph, meta["inputs"], meta["outputs"])
        if worker is not None:
            complete_shapes(self.source, interface, worker, 60)
        return make_plan(self.source, interface, inference_part(self.source, interface))


def kinds(plan: Plan) -> list[str]:
    found = []
    for layer in plan.layers:
        inner = layer.arguments.get("layer")
        found.append(f"{layer.kind}({inner.kind})" if isinstance(inner, Layer) else layer.kind)
    return found


def assert_computes(case: Case, plan: Plan, worker: Worker, folder: Path) -> None:
    known = fates(plan, case.source.variables(), case.source.roles)
    assert balance(plan, known).unaccounted == 0
    text = emit_source(plan)
    build_model(worker, plan, case.source, text, folder / "model.keras", 60)
    sets = ["", *("2" for name in case.arrays if name.startswith("in2_"))]
    for each in dict.fromkeys(sets):  # the second has another batch size or length
        given = {str(i): case.arrays[f"in{each}_{put.tensor}"] for i, put in enumerate(plan.inputs)}
        made = worker.call("build", {"step": "predict"}, given, timeout=60).arrays
        for index, output in enumerate(plan.outputs):
            expected = case.arrays[f"out{each}_{output.tensor}"]
            assert made[str(index)].shape == expected.shape
            assert np.abs(made[str(index)] - expected).max() <= OF_SCALE * np.abs(expected).max()
