#!/usr/bin/env bash
# tf.train.Checkpoint.restore puts tf_keras Adam's second moments into Keras 3 Adam's first moments, and no weights.
#
# Library: tf_keras 2.21.0 writes, keras 3.15.1 on tensorflow 2.21.0 reads; Python 3.11.
# Behavior: Both name optimizer variables by their place in a list. Keras 3 has the learning rate in place 1, so each slot
#   is read one place off: v of a kernel becomes its momentum, m of the next kernel becomes its velocity. The kernels keep
#   their random values, because tf_keras writes layer_with_weights-0 and Keras 3 looks for other edges. restore() raises
#   nothing when the shapes agree, and assert_nontrivial_match() passes.
# Guess: The same classes with the same attribute names restore, or restore raises; at worst it restores nothing.
# Why it matters: TF2 checkpoints are the usual middle station between TF1 and Keras 3. A run resumed this way has a
#   negative "second moment" and starts from random weights, while its learning rate and step count look right.
# Seen: Keras 3 momentum = tf_keras v, Keras 3 velocity = tf_keras m of the next kernel, iterations 3, kernels not restored.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern tf_keras==2.21.0

"$WORK/modern/bin/python" - <<'PY'
import os

import keras
import numpy as np
import tensorflow as tf
import tf_keras


def build(library, rate):
    dense = library.layers.Dense
    model = library.Sequential([library.Input((2,)), dense(2, use_bias=False), dense(2, use_bias=False)])
    model.compile(library.optimizers.Adam(rate), "mse")
    return model


data = np.random.default_rng(0).random((8, 2)).astype("float32")
old = build(tf_keras, 0.01)
old.fit(data, data, epochs=3, verbose=0)
path = tf.train.Checkpoint(model=old, optimizer=old.optimizer).save(os.path.join(os.environ["WORK"], "ckpt"))
_, m0, v0, m1, v1 = [v.numpy() for v in old.optimizer.variables]

new = build(keras, 0.5)
new.optimizer.build(new.trainable_variables)
fresh = [w.copy() for w in new.get_weights()]
status = tf.train.Checkpoint(model=new, optimizer=new.optimizer).restore(path)
status.assert_nontrivial_match()
_, rate, momentum0, velocity0, momentum1, velocity1 = [v.numpy() for v in new.optimizer.variables]

print("momentum of kernel 0 is v of kernel 0:", np.array_equal(momentum0, v0))
print("velocity of kernel 0 is m of kernel 1:", np.array_equal(velocity0, m1))
print("momentum of kernel 1 is v of kernel 1:", np.array_equal(momentum1, v1))
print("velocity of kernel 1:", velocity1.ravel())
print("iterations", int(new.optimizer.iterations), "learning rate", np.ravel(rate))
print("kernels restored:", [not np.array_equal(a, b) for a, b in zip(fresh, new.get_weights())])
assert np.array_equal(momentum0, v0) and np.array_equal(velocity0, m1) and np.array_equal(momentum1, v1)
assert not velocity1.any() and int(new.optimizer.iterations) == 3
assert all(np.array_equal(a, b) for a, b in zip(fresh, new.get_weights()))
PY
