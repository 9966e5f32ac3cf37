#!/usr/bin/env bash
# tf.train.Checkpoint restores a TF1 checkpoint by name into variables and tf_keras models, and nothing into a Keras 3 model.
#
# Library: tensorflow 2.21.0, keras 3.15.1, tf_keras 2.21.0; tensorflow 1.15.5 writes the checkpoint.
# Behavior: restore() accepts a checkpoint of a Saver, warns of "a name-based tf.train.Saver checkpoint", and matches the names
#   of variables. The variables of a Keras 3 model are called dense/kernel and dense/bias, just like those of the checkpoint,
#   and keep their initial values all the same. With expect_partial() nothing tells.
# Guess: the weights are there. TensorFlow's guide to migrating checkpoints restores Keras models like this, the names agree, and
#   the same lines with tf_keras do it.
# Why it matters: the lines of the guide end without an error, and the model predicts with random weights. Assign the arrays of
#   tf.train.load_checkpoint yourself, or let assert_existing_objects_matched() say that nothing was restored.
# Seen: a tf.Variable and tf_keras: 7 and 5, as saved; Keras 3: 0 for both, AssertionError "Some objects had attributes which were
#   not restored".
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tensorflow1
modern tf_keras==2.21.0

cd "$WORK"
"$WORK/tf1/bin/python" - 2>/dev/null <<'PY'
import tensorflow as tf

tf.get_variable("dense/kernel", [3, 2], initializer=tf.constant_initializer(7.0))
tf.get_variable("dense/bias", [2], initializer=tf.constant_initializer(5.0))
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    tf.train.Saver().save(session, "old/model.ckpt")
PY
"$WORK/modern/bin/python" - 2>/dev/null <<'PY'
import keras
import tensorflow as tf
import tf_keras


class Module(tf.Module):
    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(tf.zeros([3, 2]), name="dense/kernel")
        self.bias = tf.Variable(tf.zeros([2]), name="dense/bias")


def model_of(library):
    x = library.Input((3,))
    y = library.layers.Dense(2, kernel_initializer="zeros", name="dense")(x)
    return library.Model(x, y)


def restored(thing):
    tf.train.Checkpoint(thing).restore("old/model.ckpt").expect_partial()
    return [float(v.numpy().max()) for v in thing.variables]


module, old, new = Module(), model_of(tf_keras), model_of(keras)
found = {"tf.Variable": sorted(restored(module)), "tf_keras": restored(old), "Keras 3": restored(new)}
names = [v.path for v in new.variables]
print("names in Keras 3:", names)
print(found)
assert names == ["dense/kernel", "dense/bias"]
assert found == {"tf.Variable": [5.0, 7.0], "tf_keras": [7.0, 5.0], "Keras 3": [0.0, 0.0]}
try:
    tf.train.Checkpoint(new).restore("old/model.ckpt").assert_existing_objects_matched()
    raise SystemExit("it says nothing")
except AssertionError as error:
    print("asked, it says:", str(error).splitlines()[0])
    assert "were not restored" in str(error)
PY
