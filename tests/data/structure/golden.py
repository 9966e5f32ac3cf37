"""Writes a case: a model of TensorFlow 1.15, and its answers at two sizes of batch or length.

`python NAME.py FOLDER` writes into FOLDER a checkpoint, frozen.pb or saved_model/, golden.npz and
case.json. README.md in the folder above says what they hold.
"""

import json
import os
import sys
import warnings
import zlib

warnings.filterwarnings("ignore")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.python.framework import graph_util  # noqa: E402

tf.compat.v1.logging.set_verbosity("ERROR")
OUT = os.path.abspath(sys.argv[1])
CASE = {"case": os.path.splitext(os.path.basename(sys.argv[0]))[0]}
POSITIVE = ["variance", "moving_var", "gamma", "scale"]  # names of weights that are above 0
R = np.random.RandomState(7)

os.makedirs(OUT, exist_ok=True)
os.chdir(OUT)  # file names inside a graph stay relative


def describe(text, **more):
    """Put both paragraphs of a docstring into case.json: the kind, and what is right."""
    kind, right = (" ".join(part.split()) for part in text.split("\n\nRight: "))
    CASE.update(kind=kind[:-1], right=right, **more)


def floats(*shape):
    return R.randn(*shape).astype("f")


def var(name, *shape, **more):
    return tf.get_variable(name, shape, more.pop("dtype", tf.float32), **more)


def number(name, shape):
    """The numbers of a weight, drawn from its name, so that each run writes the same."""
    draw = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
    if any(part in name for part in POSITIVE):
        return np.asarray(0.5 + draw.rand(*shape))
    scale = 1.3 / np.sqrt(max(1, np.prod(shape[:-1]))) if len(shape) > 1 else 0.2
    return np.asarray(draw.randn(*shape)) * scale


def session():
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    return tf.Session(config=config)


def start(s):
    """Initialize everything, then give each float variable the numbers of its name."""
    s.run(
        [
            tf.global_variables_initializer(),
            tf.local_variables_initializer(),
            tf.tables_initializer(),
        ]
    )
    for v in tf.global_variables():
        if v.dtype.base_dtype in (tf.float32, tf.float16, tf.float64):
            values = number(v.op.name, v.shape.as_list())
            v.load(np.asarray(values, v.dtype.base_dtype.as_numpy_dtype), s)


def typed(feed):
    """Arrays in the types of the tensors that they are fed to; words as they are."""
    kinds = {t: t.dtype.base_dtype for t in feed}
    return {
        t: np.asarray(a, None if kinds[t] == tf.string else kinds[t].as_numpy_dtype)
        for t, a in feed.items()
    }


def record(s, outs, feed, feed2=None, fixed=None, fixed2=None, rows=None):
    """Write golden.npz and case.json.

    `fixed` is fed too, but is not an input of the right model. `rows`: the graph takes so many rows
    alone; the answers to `feed2` are computed in pieces of so many.
    """
    fixed = fixed or {}
    golden = {}
    for mark, inputs, others in (("", feed, fixed), ("2", feed2, fixed2 or fixed)):
        if inputs is None:
            continue
        inputs, others = typed(inputs), typed(others)
        for prefix, arrays in (("in", inputs), ("feed", others)):
            golden.update({f"{prefix}{mark}_{t.name}": a for t, a in arrays.items()})
        if rows and mark:
            count = len(next(iter(inputs.values())))
            pieces = [np.arange(i, i + rows) % count for i in range(0, count, rows)]
            parts = [s.run(outs, {t: a[i] for t, a in inputs.items()}) for i in pieces]
            answers = [np.concatenate(part)[:count] for part in zip(*parts)]
        else:
            answers = s.run(outs, {**inputs, **others})
        golden.update({f"out{mark}_{t.name}": a for t, a in zip(outs, answers)})
    for key, array in golden.items():
        if array.dtype == object:
            golden[key] = np.asarray(array.tolist(), "S")  # needs no pickle
    np.savez_compressed(os.path.join(OUT, "golden.npz"), **golden)
    if rows:
        CASE["second_set"] = (
            f"the graph takes {rows} rows only: in2_/out2_ were computed in pieces of so many"
        )
    CASE.update(
        inputs=[t.name for t in feed],
        outputs=[t.name for t in outs],
        inference_feed={t.name: np.asarray(a).tolist() for t, a in fixed.items()},
        variables=len(tf.global_variables()),
        written_by="tensorflow " + tf.__version__,
    )
    with open(os.path.join(OUT, "case.json"), "w") as file:
        json.dump(CASE, file, indent=1)
        file.write("\n")


def checkpoint(s):
    tf.train.Saver(save_relative_paths=True).save(s, os.path.join(OUT, "model.ckpt"))


def frozen(s, outs):
    names = [t.op.name for t in outs]
    graph = graph_util.convert_variables_to_constants(s, s.graph_def, names)
    with open(os.path.join(OUT, "frozen.pb"), "wb") as file:
        file.write(graph.SerializeToString())


def finish(outs, feed, feed2=None, **more):
    """Write a checkpoint with its .meta, and the numbers of the same session."""
    with session() as s:
        start(s)
        checkpoint(s)
        record(s, outs, feed, feed2, **more)
