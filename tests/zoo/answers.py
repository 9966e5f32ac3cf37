"""Runs a converted model by plain Keras on what TensorFlow 1.15 was given: `answers.py CASE OUT`.

Prints, as JSON, the largest difference of each size relative to the scale, or why there is none.
"""

import importlib.util
import json
import sys
from pathlib import Path

import keras
import numpy as np

SAME = 2e-4
"""Of the scale, ten times what may differ: outputs that vary less prove nothing."""


def main() -> None:
    case, out = map(Path, sys.argv[1:])
    report = json.loads((out / "report.json").read_text())
    spec = importlib.util.spec_from_file_location("model", out / "model.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    model = keras.models.load_model(out / "model.keras")
    golden = np.load(case / "golden.npz")
    print(json.dumps([_difference(model, report, golden, which) for which in (0, 1)]))


def _difference(
    model: keras.Model, report: dict, golden: "np.lib.npyio.NpzFile", which: int
) -> float | str:
    try:
        given = [golden[f"in{which}_{i['tensor']}"] for i in report["inputs"]]
        made = model(given[0] if len(given) == 1 else given, training=False)
        made = made if isinstance(made, (list, tuple)) else [made]
        worst = 0.0
        for output, array in zip(report["outputs"], made, strict=True):
            wanted = golden[f"out{which}_{output['tensor']}"].astype("float64")
            found = keras.ops.convert_to_numpy(array).astype("float64")
            if wanted.shape != found.shape:
                return f"shape {found.shape} for {wanted.shape}"
            varies = np.ptp(wanted, axis=0 if len(wanted) > 1 else None).max()
            if varies < SAME * np.abs(wanted).max():
                return "the same for all examples"
            worst = max(worst, float(np.abs(wanted - found).max() / np.abs(wanted).max()))
        return worst
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"


main()
