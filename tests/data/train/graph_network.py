"""A step of a graph network: edges, each with its sender and receiver, are added up at nodes."""

from golden import *

rng = start(74)
nodes = tf.placeholder(tf.float32, [None, 4], "nodes")
edges = tf.placeholder(tf.float32, [None, 3], "edges")
senders = tf.placeholder(tf.int32, [None], "senders")
receivers = tf.placeholder(tf.int32, [None], "receivers")
labels = tf.placeholder(tf.float32, [None, 2], "labels")
e = tf.concat([edges, tf.gather(nodes, receivers), tf.gather(nodes, senders)], 1)
e = tf.layers.dense(e, 6, tf.nn.relu, name="edge")
arrived = tf.math.unsorted_segment_sum(e, receivers, tf.shape(nodes)[0])
kinds = tf.math.unsorted_segment_sum(e, tf.minimum(senders, 2), 3)  # of a fixed number
h = tf.layers.dense(tf.concat([nodes, arrived], 1), 5, tf.nn.relu, name="node")
h += tf.layers.dense(tf.reshape(kinds, [1, 18]), 5, name="kind")
out = tf.layers.dense(h, 2, name="out")
loss = tf.reduce_mean(tf.square(out - labels))
train = tf.train.AdamOptimizer(0.01).minimize(loss)


def batch(n):
    ends = rng.randint(0, n, (2, n))
    numbers = {nodes: rng.randn(n, 4), edges: rng.randn(n, 3), labels: rng.randn(n, 2)}
    return {**numbers, senders: ends[0], receivers: ends[1]}


write(
    "rows added up by segments",
    "keras.ops.segment_sum for as many segments as a run, or the graph, says; exact continuation.",
    [nodes, edges, senders, receivers],
    [out],
    train,
    loss,
    batch,
)
