"""Builds a network of the zoo under TensorFlow 1.15: `python zoo.py ENTRY.json FOLDER`.

Runs under Python 3.7 with the packages of the entry. Trains two steps, brings moving averages to
where long training brings them, and saves; then writes the answers at two sizes. The code of an
entry makes the graph; it finds `tf`, `np`, `normal`, `whole`, and defines

- `feed(batch, size)`: input → array, and `sizes`: two pairs of these;
- `outputs`: tensors;
- `loss` and `optimizer`, or `train`, and `label(batch, size)`: placeholder → array, where it can be
  trained;
- `inference` and `training`: what is fed besides, such as `{is_training: False}`;
- `updates`: of moving averages, if they are not in `tf.GraphKeys.UPDATE_OPS`.

With `two_graphs = true`, the graph that is saved was built for training, and another one answers:
the code finds `is_training`, True for the first and False for the second.
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


def build(entry, is_training):
    made = {"tf": tf, "np": np, "normal": normal, "whole": whole, "inference": {}, "training": {}}
    made["is_training"] = is_training
    exec(entry["network"], made)  # the entry is part of this project
    return made


def train(made, session, checkpoint):
    step = made.get("train")
    updates = made.get("updates") or tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    if "loss" in made and step is None:
        with tf.control_dependencies(updates):
            step = made["optimizer"].minimize(made["loss"], tf.train.get_or_create_global_step())
    fresh = [tf.global_variables_initializer(), tf.local_variables_initializer()]
    session.run([*fresh, tf.tables_initializer()])
    feeds = {}
    for _ in range(STEPS if step is not None else 1):
        feeds = {**made["feed"](*made["sizes"][0]), **made["training"]}
        if step is not None:
            feeds.update(made["label"](*made["sizes"][0]))
            session.run(step, feeds)
    if updates:
        settle(session, updates, feeds)
    tf.train.Saver().save(session, checkpoint)


def answers(made, session, names):
    golden = {}
    for which, size in enumerate(made["sizes"]):
        feeds = made["feed"](*size)
        values = session.run(made["outputs"], {**feeds, **made["inference"]})
        golden.update({f"in{which}_{t.name}": value for t, value in feeds.items()})
        golden.update({f"out{which}_{name}": value for name, value in zip(names, values)})
    return golden


def main():
    entry_path, folder = sys.argv[1:]
    with open(entry_path) as file:
        entry = json.load(file)
    tf.logging.set_verbosity("ERROR")
    tf.set_random_seed(1)
    checkpoint = os.path.join(folder, "model.ckpt")
    made = build(entry, True)
    session = made.get("session") or tf.Session()
    with session.graph.as_default():
        train(made, session, checkpoint)
        trained = sum(int(np.prod(v.shape.as_list())) for v in tf.trainable_variables())
    built = {"operations": len(session.graph.as_graph_def().node), "parameters": trained}
    names = [tensor.name for tensor in made["outputs"]]
    if entry.get("two_graphs"):
        tf.reset_default_graph()
        made, session = build(entry, False), tf.Session()
        tf.train.Saver().restore(session, checkpoint)
    np.savez(os.path.join(folder, "golden.npz"), **answers(made, session, names))
    with open(os.path.join(folder, "built.json"), "w") as file:
        json.dump(built, file)


main()
