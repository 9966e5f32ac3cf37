"""Writes tests/checkpoint/data with TensorFlow 1.15: the forms that the goldens do not have.

TensorFlow 2 cannot read most of them, hence the .npz of what the session held beside each.

Run with a Python that has tensorflow==1.15: python tests/checkpoint/make.py
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
NUMBERS = ["float32", "float64", "float16", "complex64", "complex128"]
NUMBERS += ["int8", "uint8", "int16", "int32", "int64"]


def values(kind):
    ramp = np.arange(-6, 6).reshape(3, 4)
    if kind.startswith("uint"):
        ramp = ramp + 6
    if kind == "int64":
        ramp = ramp * (1 << 60)
    if kind == "int32":
        ramp = ramp * (1 << 27)
    return ramp.astype(kind) * (1 + 2j if kind.startswith("complex") else 1)


def save(name, make, **options):
    with tf.Graph().as_default():
        tensors = make()
        config = tf.ConfigProto(device_count={"CPU": 2})
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            session.run(tf.get_collection("fill"))
            saver = tf.train.Saver(**options)
            prefix = os.path.join(DATA, name)
            saver.save(session, prefix, write_meta_graph=False, write_state=False)
            held = session.run(tensors)
            fixed = {n: np.array(a.tolist()) if a.dtype == object else a for n, a in held.items()}
            np.savez_compressed(prefix + ".npz", **fixed)


def every_type():
    initial = {"v_" + kind: values(kind).astype(kind) for kind in NUMBERS}
    initial["v_bool"] = np.array([True, False, True])
    initial["v_string"] = np.array([[b"", b"one"], [b"\xff\x01", b"x" * 300]], object)
    initial["scalar"] = np.float32(4)
    initial["empty"] = np.zeros((0, 3), "f")
    return {name: tf.Variable(array, name=name) for name, array in initial.items()}


def partitioned():
    ramp = np.arange(200 * 6, dtype="f").reshape(200, 6)
    words = np.array([[b"a", b"bc", b""], [b"def", b"g", b"h"]], object)
    rows, columns = (tf.fixed_size_partitioner(n, axis=axis) for axis, n in ((0, 3), (1, 2)))

    def variable(name, array, partitioner):
        def part(shape, dtype, partition_info):
            starts = partition_info.var_offset
            box = tuple(slice(a, a + n) for a, n in zip(starts, shape))  # noqa: B905
            return tf.constant(array[box])

        kind = tf.as_dtype(array.dtype)
        variable = tf.get_variable(
            name, array.shape, kind, initializer=part, partitioner=partitioner
        )
        return {name: tf.convert_to_tensor(variable)}

    with tf.device("/cpu:0"):
        tensors = variable("rows", ramp, rows)
        tensors["plain"] = tf.get_variable("plain", initializer=ramp[0])
    with tf.device("/cpu:1"):
        tensors.update(variable("columns", ramp, columns))
        tensors.update(variable("words", words, columns))
    return tensors


def scoped_slots():
    """Slots made inside a scope, of partitioned variables: each slice under a key of its own."""
    ramp = np.arange(12 * 4, dtype="f").reshape(12, 4)
    pieces = tf.fixed_size_partitioner(12)
    emb = tf.get_variable("emb", ramp.shape, initializer=tf.ones_initializer(), partitioner=pieces)
    one = tf.get_variable("net/one", [2], partitioner=tf.fixed_size_partitioner(1))
    loss = tf.reduce_sum(tf.square(emb)) + tf.reduce_sum(one)
    with tf.variable_scope("train"):
        tf.train.AdamOptimizer().minimize(loss)
    with tf.variable_scope("second_training"):
        tf.train.AdagradOptimizer(0.1).minimize(loss)
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    numbered = [v for v in tf.global_variables() if v.op.name.startswith("train/emb/part_")]
    fill = [v.assign(v + i) for i, v in enumerate(numbered)]
    tf.add_to_collection("fill", tf.group(*fill))
    joined = {
        slot: tf.concat([v for v in numbered if v.op.name.endswith(slot)], 0)
        for slot in ("/Adam", "/Adam_1")
    }
    return {"emb/art_0/Adam": joined["/Adam"], "emb/art_0/Adam_1": joined["/Adam_1"]}


V1, V2 = tf.train.SaverDef.V1, tf.train.SaverDef.V2
os.makedirs(DATA, exist_ok=True)
save("v1_types", every_type, write_version=V1)
save("v1_shards", partitioned, write_version=V1, sharded=True)
save("v1_parts", partitioned, write_version=V1)
save("v2_shards", partitioned, write_version=V2, sharded=True)
save("v2_scoped_slots", scoped_slots, write_version=V2)
