"""Compute the cases of changed kernels: `python kernels.py < CASES.json > VALUES.json`.

Runs under TensorFlow 1.15 (Python 3.7) and 2.21 alike. CASES.json is a list of [code, x, y]; code
is a TensorFlow 1 expression with `tf`, `x` and `y`. VALUES.json has the version, the cases and
their flat results.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow

tf = tensorflow.compat.v1


def value(code, x, y):
    """The result of one expression; fed, so that no constant is folded."""
    with tf.Graph().as_default(), tf.Session() as session:
        names = {n: tf.placeholder(tf.float32, np.shape(v), n) for n, v in (("x", x), ("y", y))}
        result = eval(code, {"tf": tf}, names)
        fed = {names["x"]: x, names["y"]: y}
        return np.asarray(session.run(result, fed), "float64").ravel().tolist()


def main():
    cases = json.load(sys.stdin)
    values = [value(*case) for case in cases]
    made = {"tensorflow": tensorflow.__version__, "cases": cases, "values": values}
    json.dump(made, sys.stdout)


main()
