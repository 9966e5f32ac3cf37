"""Ten steps of the TF1 side of each training row, under whichever TensorFlow runs this.

    python trace.py REPOSITORY INPUTS.npz OUTPUT.json

INPUTS has a JSON text ``cases`` (name → row's module, arguments of ``build``, batch size) and the
arrays ``<name>:x`` and ``<name>:y``. OUTPUT gets, by case, the losses, and the sum and the sum of
squares of each initial weight. Python 3.7 has to understand this file: so has TensorFlow 1.15.
"""

import importlib
import json
import os
import sys

import numpy as np

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # where it is Keras 2 that has tf.compat.v1.layers
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow.compat.v1 as tf


def load(repository, module):
    """The legacy twin, imported from its folder."""
    if repository not in sys.path:
        sys.path.append(repository)
    return importlib.import_module("legacy." + module)


def trace(twin, case, x, y):
    """Builds the network, draws its weights from its own seeds, trains for one epoch."""
    with tf.Graph().as_default(), tf.Session() as session:
        net = twin.build(**case["arguments"])
        variables = {v.op.name: v for v in tf.trainable_variables()}
        session.run(tf.global_variables_initializer())
        weights = {k: v.astype("f8") for k, v in sorted(session.run(variables).items())}
        size = case["batch_size"]
        if "part" in case:  # of a program with several networks, whose train() tells of epochs
            x, y = twin.split(x, y)[case["part"] != "a"]
            batches = [(x[i : i + size], y[i : i + size]) for i in range(0, 10 * size, size)]
            part = getattr(net, case["part"])
            losses = [twin.train(session, net.x, part, b, b, 1)[0] for b in batches]
        else:
            losses = twin.train(session, net, x, y, size)
    return {
        "weights": {k: [float(v.sum()), float((v**2).sum())] for k, v in weights.items()},
        "losses": [float(loss) for loss in losses],
    }


def main(repository, inputs, output):
    """Traces all cases."""
    traces = {"tensorflow": tf.__version__, "cases": {}}
    with np.load(inputs) as arrays:
        for name, case in json.loads(str(arrays["cases"])).items():
            twin = load(repository, case["module"])
            x, y = arrays[name + ":x"], arrays[name + ":y"]
            traces["cases"][name] = trace(twin, case, x, y)
    with open(output, "w") as file:
        json.dump(traces, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
