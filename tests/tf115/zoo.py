"""Builds a network of the zoo under TensorFlow 1.15: `python zoo.py ENTRY.json FOLDER`.

Runs under Python 3.7 with the packages of the entry. Trains two steps, brings moving averages to
where long training brings them, and saves; then writes the answers at two sizes. The code of an
entry makes the graph; it finds `tf`, `np`, `normal`, `whole`, and defines

- `feed(batch, size)`: input → array, and `sizes`: two pairs of these;
- `outputs`: tensors;
- `loss`, `optimizer`, and `label(batch, size)`: placeholder → array, where it can be trained;
- `inference` and `training`: what is fed besides, such as `{is_training: False}`;
- `updates`: of moving averages, if they are not in `tf.GraphKeys.UPDATE_OPS`.
"""

import json
import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

STEPS = 2
UPDATES = 20
random = np.random.RandomState(0)


def normal(*shape):
    return random.normal(0, 1, shape).astype("float32")


def whole(most, *shape):
    return random.randint(0, most, shape)


def settle(session, updates, feeds):
    """Sets each moving average to the statistics of one batch, which it approaches.

    Without this, deep networks that hardly trained have the same output for all inputs. An update
    is m' = m + (1 - decay) * (batch - m): as many again on one batch move m by decay ** UPDATES of
    what the first ones did.
    """
    averages = [v for v in tf.global_variables() if v.dtype.base_dtype == tf.float32]
    states = [session.run(averages)]
    for _ in range(2):
        for _ in range(UPDATES):
            session.run(updates, feeds)
        states.append(session.run(averages))
    for variable, (before, once, twice) in zip(averages, zip(*states)):
        moved = np.abs(once - before) > 1e-5 * (np.abs(before) + 1)
        if moved.any():
            kept = np.median((twice - once)[moved] / (once - before)[moved])
            variable.load(before + (once - before) / (1 - kept), session)


def main():
    entry_path, folder = sys.argv[1:]
    with open(entry_path) as file:
        entry = json.load(file)
    tf.logging.set_verbosity("ERROR")
    tf.set_random_seed(1)
    made = {"tf": tf, "np": np, "normal": normal, "whole": whole, "inference": {}, "training": {}}
    exec(entry["network"], made)  # the entry is part of this project
    outputs, sizes = made["outputs"], made["sizes"]
    session = made.get("session") or tf.Session()
    train = None
    updates = made.get("updates") or tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    if "loss" in made:
        with tf.control_dependencies(updates):
            train = made["optimizer"].minimize(made["loss"], tf.train.get_or_create_global_step())
    fresh = [tf.global_variables_initializer(), tf.local_variables_initializer()]
    session.run([*fresh, tf.tables_initializer()])
    feeds = {**made["feed"](*sizes[0]), **made["training"]}
    for _ in range(STEPS if train is not None else 0):
        session.run(train, {**feeds, **made["feed"](*sizes[0]), **made["label"](*sizes[0])})
    if updates:
        settle(session, updates, feeds)
    tf.train.Saver().save(session, os.path.join(folder, "model.ckpt"))
    golden = {}
    for which, size in enumerate(sizes):
        feeds = made["feed"](*size)
        answers = session.run(outputs, {**feeds, **made["inference"]})
        golden.update({f"in{which}_{t.name}": value for t, value in feeds.items()})
        golden.update({f"out{which}_{t.name}": a for t, a in zip(outputs, answers)})
    np.savez(os.path.join(folder, "golden.npz"), **golden)
    graph = session.graph.as_graph_def()
    trained = sum(int(np.prod(v.shape.as_list())) for v in tf.trainable_variables())
    with open(os.path.join(folder, "built.json"), "w") as file:
        json.dump({"operations": len(graph.node), "parameters": trained}, file)


main()
