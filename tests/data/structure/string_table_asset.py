"""string hash table with a vocabulary file as the asset of a SavedModel.

Right: converts: words in, probabilities out, table inside (keras.layers.StringLookup) or lifted
with the asset copied; if the words must go, ids as input and the vocabulary beside the model. Not
refused as "reads files".
"""

from golden import *

describe(__doc__, expect_outcome="lifted", also_right="keras")

with open("vocab.txt", "w") as file:
    file.write("\n".join(["<pad>"] + [f"w{i}" for i in range(20)]) + "\n")
x = tf.placeholder(tf.string, [None, 5], "words_in")
table = tf.contrib.lookup.index_table_from_file("vocab.txt", num_oov_buckets=2)
e = tf.nn.embedding_lookup(var("embedding", 23, 6), table.lookup(x))
m = tf.reduce_mean(e, 1)
p = tf.nn.softmax(tf.layers.dense(m, 3, name="dense"), name="prob")
pool = np.array([b"w%d" % i for i in range(20)] + [b"<pad>", b"zzz", b"qq"], dtype=object)
with session() as s:
    start(s)
    tf.saved_model.simple_save(
        s, "saved_model", {"words": x}, {"probabilities": p}, legacy_init_op=tf.tables_initializer()
    )
    record(s, [p], {x: pool[R.randint(0, 23, (4, 5))]}, {x: pool[R.randint(0, 23, (7, 5))]})
os.remove("vocab.txt")
