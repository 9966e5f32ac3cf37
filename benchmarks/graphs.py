"""Understanding a graph of 17,000 operations: time and memory beside TensorFlow's own, in one run.

An LSTM of 10 units, unrolled by hand, with its gradients and Adam. TensorFlow reads the same graph
and restores its variables; tfmigrate finds network, loss and optimizer, and plans the Keras model.
The exit status is 1 if a target is missed; how it is measured, ``race.py`` says.

    python benchmarks/graphs.py [--steps 164] [--turns 3]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from race import PYTHON, race, tell

CONVERT = [*PYTHON, "-m", "tfmigrate", "convert-ckpt", "--dry-run", "--json"]

# Prints the number of operations.
MAKE = """
import sys
import tensorflow.compat.v1 as tf
steps, units = int(sys.argv[2]), 10
with tf.Graph().as_default() as graph:
    x = tf.placeholder(tf.float32, [None, steps, 3], "x")
    y = tf.placeholder(tf.float32, [None, 2], "y")
    kernel = tf.get_variable("lstm/kernel", [3 + units, 4 * units])
    bias = tf.get_variable("lstm/bias", [4 * units], initializer=tf.zeros_initializer())
    h = c = tf.zeros([tf.shape(x)[0], units])
    for step in tf.unstack(x, axis=1):
        i, j, f, o = tf.split(tf.matmul(tf.concat([step, h], 1), kernel) + bias, 4, 1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        h = tf.tanh(c) * tf.sigmoid(o)
    w = tf.get_variable("w", [units, 2])
    b = tf.get_variable("b", [2], initializer=tf.zeros_initializer())
    logits = tf.add(tf.matmul(h, w), b, name="logits")
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    tf.train.AdamOptimizer(0.001).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, sys.argv[1])
    print(len(graph.get_operations()))
"""

TENSORFLOW = """
import sys
import tensorflow.compat.v1 as tf
with tf.Graph().as_default(), tf.Session() as session:
    tf.train.import_meta_graph(sys.argv[1] + ".meta").restore(session, sys.argv[1])
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=164)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        prefix = str(Path(scratch, "model.ckpt"))
        make = [*PYTHON, "-c", MAKE, prefix, str(options.steps)]
        size = int(subprocess.run(make, capture_output=True, text=True, check=True).stdout)
        found = race(
            {
                "convert --dry-run": [*CONVERT, prefix],
                "inspect": [*PYTHON, "-m", "tfmigrate", "inspect", prefix],
                "TensorFlow": [*PYTHON, "-c", TENSORFLOW, prefix],
            },
            options.turns,
        )
    theirs = found["TensorFlow"]["seconds"]
    met = found["convert --dry-run"]["seconds"] <= theirs + 10
    rows = [
        {
            "what": f"{size:,} operations: {name}",
            **one,
            "ratio": one["seconds"] / theirs,
            "to": "TensorFlow's import_meta_graph",
        }
        for name, one in found.items()
    ]
    return tell(rows, [(f"{size:,} operations at most 10 s beyond TensorFlow's", met)])


if __name__ == "__main__":
    sys.exit(main())
