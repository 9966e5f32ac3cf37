"""tf.keras in TF 1.15's graph mode: batch norm and dropout by the learning phase, saved by
tf.train.Saver.

Right: Conv2D, BatchNormalization, ReLU, GlobalAveragePooling2D, Dropout(0.3), Dense;
keras_learning_phase gone into training=.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

K = tf.keras.layers
i = tf.keras.Input((10, 10, 2), name="image")
h = K.Conv2D(6, 3, name="conv")(i)
h = K.BatchNormalization(name="bn")(h)
h = K.GlobalAveragePooling2D()(K.ReLU()(h))
o = K.Dense(4, activation="softmax", name="fc")(K.Dropout(0.3)(h))
s = session()
tf.keras.backend.set_session(s)
phase = tf.keras.backend.learning_phase()
start(s)
checkpoint(s)
record(
    s,
    [o],
    {i: floats(3, 10, 10, 2)},
    {i: floats(5, 10, 10, 2)},
    fixed={phase: False} if phase.op.type == "Placeholder" else {},
)
