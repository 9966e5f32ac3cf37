"""SyncReplicasOptimizer with one replica."""

from golden import *

rng = start(76)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 9, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
step = tf.train.get_or_create_global_step()
opt = tf.train.SyncReplicasOptimizer(tf.train.MomentumOptimizer(0.1, 0.9), 1, 1)
train = opt.minimize(loss, step)
hook = opt.make_session_run_hook(True, num_tokens=1)
saver = tf.train.Saver(save_relative_paths=True)
b = classes(rng, x, y, 6, 3)
folder = sys.argv[1]
golden, losses = {}, []
with tf.train.MonitoredTrainingSession(hooks=[hook]) as s:
    for k in range(10):
        s.run(train, b(16))
    raw = s._tf_sess()
    saver.save(raw, os.path.join(folder, "model.ckpt"))
    for k in range(6):
        f = b(16)
        for t, v in f.items():
            golden["feed_%d_%s" % (k, t.name)] = np.asarray(v, t.dtype.as_numpy_dtype)
        losses.append(s.run(loss, f))
        s.run(train, f)
    for v in tf.global_variables():
        golden["after_" + v.op.name] = raw.run(v)
golden["train_losses"] = np.array(losses)
np.savez_compressed(folder + "/golden.npz", **golden)
json.dump(
    {
        "case": "sync_replicas",
        "inputs": [x.name],
        "outputs": [logits.name],
        "kind": "SyncReplicasOptimizer with one replica",
        "loss": loss.name,
        "train_op": train.name,
        "right": "Exact continuation, as without it.",
    },
    open(folder + "/case.json", "w"),
    indent=1,
    sort_keys=True,
)
