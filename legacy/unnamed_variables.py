"""unnamed-variables in TensorFlow 1: a Saver goes by names, and gives its own to the nameless."""

import os

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- variables
def variable(shape, fill, name):
    """A variable that is easy to recognize."""
    return tf.Variable(tf.fill(shape, fill), name=name)


# --- save
def save(prefix, named):
    """Saves encoder and decoder, both [3, 3], and a head [3, 2], made in this order."""
    with tf.Graph().as_default(), tf.Session() as session:
        variable([3, 3], 1.0, "encoder" if named else None)
        variable([3, 3], 2.0, "decoder" if named else None)
        variable([3, 2], 3.0, "head" if named else None)
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, prefix)
        print("saved:", ", ".join(v.op.name for v in tf.global_variables()))


# --- restore
def restore(prefix, order, named):
    """Makes the same variables in another order, and restores.

    Args:
        order: what the program calls them, in the order of creation.

    Returns:
        Their values by what the program calls them.
    """
    shapes = {"encoder": [3, 3], "decoder": [3, 3], "head": [3, 2]}
    with tf.Graph().as_default(), tf.Session() as session:
        made = {name: variable(shapes[name], 0.0, name if named else None) for name in order}
        tf.train.Saver().restore(session, prefix)
        return session.run(made)


# --- trap
def trap(folder):
    """Without names they are Variable, Variable_1 …, by the order of creation."""
    return run(os.path.join(folder, "unnamed.ckpt"), named=False)


# --- cure
def cure(folder):
    """With names the order does not matter."""
    return run(os.path.join(folder, "named.ckpt"), named=True)


# --- loop
def run(prefix, named):
    """Saves once, and restores in two other orders of creation."""
    save(prefix, named)
    try:
        restore(prefix, ["head", "encoder", "decoder"], named)
        error = "restored"
    except tf.errors.InvalidArgumentError as caught:
        text = str(caught)  # many lines, of which this is the one that matters
        error = text[text.index("Assign requires") :].splitlines()[0]
    print("head created first:", error)

    weights = restore(prefix, ["decoder", "encoder", "head"], named)  # shapes agree: no error
    for name, value in sorted(weights.items()):
        print(f"decoder made first: {name} is full of {value.mean():.0f}s")
    return {
        "head created first": error,
        "encoder": weights["encoder"],
        "decoder": weights["decoder"],
        "head": weights["head"],
    }
