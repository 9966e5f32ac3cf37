"""An Estimator-like pipeline: a one-shot iterator with shuffle, repeat and batch inside the graph
gives ids, segments and labels of a fixed batch.
"""

from golden import *

rng = start(59)
data = {
    "ids": rng.randint(0, 9, (40, 6)).astype("int32"),
    "seg": rng.randint(0, 2, (40, 6)).astype("int32"),
    "label": rng.randint(0, 3, 40).astype("int32"),
}
rows = tf.data.Dataset.from_tensor_slices(data).shuffle(40, seed=1).repeat()
f = rows.batch(8, drop_remainder=True).make_one_shot_iterator().get_next()
words, segments = tf.get_variable("words", [9, 4]), tf.get_variable("segments", [2, 4])
e = tf.reshape(tf.gather(words, tf.reshape(f["ids"], [-1])), [8, 6, 4])
hot = tf.one_hot(tf.reshape(f["seg"], [-1]), 2)
e += tf.reshape(tf.matmul(hot, segments), [8, 6, 4])
logits = tf.layers.dense(tf.reduce_mean(e, 1), 3, name="out")
loss = tf.losses.sparse_softmax_cross_entropy(f["label"], logits)
step = tf.train.get_or_create_global_step()
train = tf.train.AdamOptimizer(0.01).minimize(loss, step)


def batch(n):
    i = rng.permutation(40)[:8]
    return {f[k]: data[k][i] for k in sorted(f)}


write(
    "inputs from a dataset iterator in the graph",
    "Inputs are the iterator's own components ids and seg ([8, 6] each, the batch open where it "
    "can be), not tensors from behind a reshape; exact continuation with the label component.",
    [f["ids"], f["seg"]],
    [logits],
    train,
    loss,
    batch,
    size=8,
    sizes=(8,),
)
