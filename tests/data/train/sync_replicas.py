"""SyncReplicasOptimizer with one replica, whose train operation waits in a queue."""

from golden import *

rng = start(76)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 9, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
step = tf.train.get_or_create_global_step()
optimizer = tf.train.SyncReplicasOptimizer(tf.train.MomentumOptimizer(0.1, 0.9), 1, 1)
train = optimizer.minimize(loss, step)
saver = tf.train.Saver(save_relative_paths=True)
batch, golden, losses = classes(rng, x, y, 6, 3), {}, []
content = {
    "case": "sync_replicas",
    "inputs": [x.name],
    "kind": "SyncReplicasOptimizer with one replica",
    "loss": loss.name,
    "outputs": [logits.name],
    "right": "Exact continuation, as with the optimizer in it alone.",
    "steps_after": STEPS,
    "steps_before": 10,
    "train_op": train.name,
    "written_by": "tensorflow " + tf.__version__,
}
hooks = [optimizer.make_session_run_hook(True, num_tokens=1)]
with tf.train.MonitoredTrainingSession(hooks=hooks) as session:
    for _ in range(10):
        session.run(train, batch(16))
    prefix = os.path.join(sys.argv[1], "model.ckpt")
    saver.save(session._tf_sess(), prefix)
    given = batch(7)
    golden["in_x:0"] = given[x]
    golden["out_" + logits.name] = session._tf_sess().run(logits, given)
    for k in range(STEPS):
        feeds = batch(16)
        for t, v in feeds.items():
            golden[f"feed_{k}_{t.name}"] = np.asarray(v, t.dtype.as_numpy_dtype)
        losses.append(session.run(loss, feeds))
        session.run(train, feeds)
    for v in tf.global_variables():
        golden["after_" + v.op.name] = session._tf_sess().run(v)
golden["train_losses"] = np.asarray(losses)
np.savez_compressed(os.path.join(sys.argv[1], "golden.npz"), **golden)
with open(os.path.join(sys.argv[1], "case.json"), "w") as file:
    json.dump(content, file, indent=1, sort_keys=True)
    file.write("\n")
