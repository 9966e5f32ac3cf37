"""an Estimator's SavedModel whose signature renames inputs and outputs.

Right: the Keras model's inputs are named age and hours, its outputs score and chance (as the
signature has them), not Placeholder_1 or head/add.
"""

import shutil
import tempfile

from golden import *

describe(__doc__, expect_outcome="keras")


def model_fn(features, labels, mode):
    h = tf.concat([features["age"], features["hours"]], 1)
    h = tf.layers.dense(h, 7, tf.nn.tanh, name="h")
    z = tf.layers.dense(h, 1, name="z")
    p = tf.sigmoid(z)
    out = {"score": z, "chance": p}
    loss = tf.losses.sigmoid_cross_entropy(labels, z) if labels is not None else None
    op = (
        tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
        if loss is not None
        else None
    )
    return tf.estimator.EstimatorSpec(
        mode,
        out,
        loss,
        op,
        export_outputs={"serving_default": tf.estimator.export.PredictOutput(out)},
    )


d = tempfile.mkdtemp()
r = R.rand(16, 4).astype("f")
lab = (r.sum(1, keepdims=True) > 2).astype("f")


def data():
    return tf.data.Dataset.from_tensors(({"age": r[:, :1], "hours": r[:, 1:]}, lab)).repeat(3)


e = tf.estimator.Estimator(
    model_fn,
    d,
    tf.estimator.RunConfig(
        tf_random_seed=3,
        session_config=tf.ConfigProto(
            intra_op_parallelism_threads=1, inter_op_parallelism_threads=1
        ),
    ),
)
e.train(data, steps=3)


def serve():
    a = tf.placeholder(tf.float32, [None, 1])
    b = tf.placeholder(tf.float32, [None, 3])
    return tf.estimator.export.ServingInputReceiver({"age": a, "hours": b}, {"age": a, "hours": b})


p = e.export_saved_model(d + "/export", serve)
shutil.rmtree("saved_model", ignore_errors=True)
shutil.move(p.decode(), "saved_model")
shutil.rmtree(d)
tf.reset_default_graph()
with session() as s:
    g = tf.saved_model.loader.load(s, ["serve"], "saved_model").signature_def["serving_default"]
    T = tf.get_default_graph().get_tensor_by_name
    CASE["signature"] = {
        "inputs": {k: v.name for k, v in sorted(g.inputs.items())},
        "outputs": {k: v.name for k, v in sorted(g.outputs.items())},
    }
    i = {k: T(v.name) for k, v in g.inputs.items()}
    o = [T(v.name) for k, v in sorted(g.outputs.items())]
    record(
        s,
        o,
        {i["age"]: R.rand(4, 1).astype("f"), i["hours"]: R.rand(4, 3).astype("f")},
        {i["age"]: R.rand(9, 1).astype("f"), i["hours"]: R.rand(9, 3).astype("f")},
    )
