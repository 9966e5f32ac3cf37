"""Writes a case: a checkpoint of TensorFlow 1.15, its answers, and its training continued.

`python NAME.py FOLDER` writes into FOLDER the checkpoint, golden.npz and case.json. README.md in
the folder above says what they hold.
"""

import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.compat.v1.logging.set_verbosity("ERROR")
STEPS = 6


def start(seed):
    """Seeds the graph, and returns a generator for the data."""
    tf.set_random_seed(seed)
    return np.random.RandomState(seed)


def classes(rng, x, y, width, number):
    """A batch of points and the class of each by a fixed linear map."""
    plane = rng.randn(width, number)

    def batch(n):
        points = rng.randn(n, width).astype("float32")
        return {x: points, y: (points @ plane).argmax(1)}

    return batch


def write(
    kind,
    right,
    inputs,
    outputs,
    train,
    loss,
    batch,
    before=10,
    then=(),
    size=16,
    sizes=(7, 3),
    inference=None,
    meta=True,
    extra=None,
    strip=False,
    saved=None,
    turns=(),
):
    """Train, save, and record.

    `then` are ops that the program runs after each step. Variables that are not `saved` start anew.
    `turns` are losses that the program minimizes besides: train op, loss, and after how many steps.
    """
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    inference = inference or {}
    saver = tf.train.Saver(saved, save_relative_paths=True)
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    golden = {}

    with tf.Session(config=config) as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])

        def step(feeds, number):
            values = [session.run(loss, feeds)]
            session.run(train, feeds)
            for op in then:
                session.run(op, feeds)
            for other, own, every in turns:
                if (number + 1) % every == 0:
                    values.append(session.run(own, feeds))
                    session.run(other, feeds)
            return values

        for number in range(before):
            step(batch(size), number)
        prefix = os.path.join(folder, "model.ckpt")
        saver.save(session, prefix, write_meta_graph=meta, strip_default_attrs=strip)
        start_values = session.run(tf.trainable_variables())
        for mark, n in zip(("", "2"), sizes):
            given = {t: v for t, v in batch(n).items() if t in inputs}
            answers = session.run(outputs, {**given, **inference})
            for t, v in given.items():
                golden[f"in{mark}_{t.name}"] = np.asarray(v, t.dtype.as_numpy_dtype)
            for t, v in zip(outputs, answers):
                assert np.isfinite(v).all(), t.name
                assert v.std() > 1e-6 or v.size < 4, t.name
                golden[f"out{mark}_{t.name}"] = v
        session.run(tf.global_variables_initializer())
        saver.restore(session, prefix)
        losses = []
        for k in range(STEPS):
            feeds = batch(size)
            for t, v in feeds.items():
                golden[f"feed_{k}_{t.name}"] = np.asarray(v, t.dtype.as_numpy_dtype)
            losses += step(feeds, k)
        golden["train_losses"] = np.asarray(losses)
        assert np.isfinite(golden["train_losses"]).all(), "loss not finite"
        for v in saved or tf.global_variables():
            golden["after_" + v.op.name] = session.run(v)
        ends = session.run(tf.trainable_variables())
        assert any(np.abs(a - b).max() > 1e-7 for a, b in zip(start_values, ends)), "nothing moved"
    np.savez_compressed(os.path.join(folder, "golden.npz"), **golden)
    content = {
        "case": name,
        "kind": kind,
        "inputs": [t.name for t in inputs],
        "outputs": [t.name for t in outputs],
        "loss": loss.name,
        "train_op": train.name,
        "train_then": [op.name for op in then],
        "turns": [[op.name, own.name, every] for op, own, every in turns],
        "inference_feed": {t.name: v for t, v in inference.items()},
        "steps_before": before,
        "steps_after": STEPS,
        "meta": meta,
        "right": right,
        "written_by": "tensorflow " + tf.__version__,
    }
    content.update(extra or {})
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump(content, file, indent=1, sort_keys=True)
        file.write("\n")
