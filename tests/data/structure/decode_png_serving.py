"""a serving graph that takes encoded images: map_fn over decode and resize, then a network
(SavedModel).

Right: decoding stays outside or lifted: either lifted whole (strings in), or Keras from the decoded
image on with a note that says what was left out. Never refused.
"""

from golden import *

describe(__doc__, expect_outcome="lifted", also_right="keras")

x = tf.placeholder(tf.string, [None], "encoded")


def one(b):
    i = tf.image.decode_png(b, 3)
    return tf.image.resize_bilinear(
        tf.expand_dims(tf.image.convert_image_dtype(i, tf.float32), 0), [16, 16]
    )[0]


h = tf.reshape(tf.map_fn(one, x, tf.float32), [-1, 16, 16, 3])
h = tf.layers.conv2d(h * 2.0 - 1.0, 6, 3, 2, "same", activation=tf.nn.relu, name="c1")
p = tf.nn.softmax(tf.layers.dense(tf.layers.flatten(h), 4, name="fc"), name="scores")
with session() as s:
    start(s)
    with tf.Graph().as_default() as g2:
        pngs = [
            tf.Session().run(tf.image.encode_png(R.randint(0, 256, (20 + i, 24, 3)).astype("u1")))
            for i in range(5)
        ]
    tf.saved_model.simple_save(s, "saved_model", {"image_bytes": x}, {"scores": p})
    record(s, [p], {x: np.array(pngs[:3], dtype=object)})
