"""tf.contrib.quantize's evaluation graph, frozen (fake quantization of weights and activations).

Right: Keras layers with the fake quantization kept (or lifted with FakeQuantWithMinMaxVars named);
the numbers include the rounding.
"""

from golden import *

describe(__doc__, expect_outcome="keras", also_right="lifted")

x = tf.placeholder(tf.float32, [None, 8, 8, 2], "image")
C = tf.contrib.layers
h = C.conv2d(
    x,
    6,
    3,
    normalizer_fn=C.batch_norm,
    normalizer_params={"is_training": False, "fused": True, "scale": True},
    activation_fn=tf.nn.relu6,
    scope="c1",
)
o = tf.identity(C.fully_connected(C.flatten(h), 5, activation_fn=None, scope="fc"), "logits")
tf.contrib.quantize.create_eval_graph(tf.get_default_graph())
with session() as s:
    start(s)
    for v in tf.global_variables():
        if v.op.name.endswith("/min"):
            v.load(
                np.full(
                    v.shape.as_list(),
                    0.0 if "act_quant" in v.op.name and "c1" in v.op.name else -3.0,
                    "f",
                ),
                s,
            )
        if v.op.name.endswith("/max"):
            v.load(np.full(v.shape.as_list(), 5.0 if "act_quant" in v.op.name else 3.0, "f"), s)
    frozen(s, [o])
    record(s, [o], {x: floats(4, 8, 8, 2)}, {x: floats(7, 8, 8, 2)})
