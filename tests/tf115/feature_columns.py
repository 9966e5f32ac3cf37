"""tf.feature_column: input_layer and linear_model, crosses, vocabularies, hashes, embeddings."""

import numpy as np
import tensorflow as tf

from harness import EXAMPLES, Exported, Program, Training, case, normal, one_hot, random, serialize

fc = tf.feature_column
COLORS = ["red", "green", "blue", "dark red"]
CITIES = ["Bern", "Oslo", "Wien", "Lima", "Rome", "", "Kyiv", "Bonn"]


def words(choices, *shape, **options):
    """Words of a list in an array; by default a column of EXAMPLES."""
    generator = random(options.get("salt", 0))
    return np.array(choices, object)[generator.randint(0, len(choices), shape or (EXAMPLES, 1))]


def whole(high, *shape, **options):
    generator = random(options.get("salt", 0))
    return generator.randint(options.get("low", 0), high, shape or (EXAMPLES, 1))


def placeholders(**features):
    """A dictionary of placeholders for the columns, and what to feed them."""
    kinds = {"O": tf.string, "i": tf.int64, "f": tf.float32}
    made = {
        name: tf.placeholder(kinds[array.dtype.kind], [None, *list(array.shape[1:])], name)
        for name, array in features.items()
    }
    return made, {made[name]: array for name, array in features.items()}


def network(net, classes=3):
    net = tf.layers.dense(net, 8, tf.nn.relu, name="hidden")
    return tf.layers.dense(net, classes, name="logits")


@case
def columns_numeric_bucketized():
    """Numbers, one scaled and one of two dimensions, and buckets of two dimensions."""
    features, data = placeholders(
        age=normal(EXAMPLES, 1, salt=1) * 20 + 40,
        place=normal(EXAMPLES, 2, salt=2),
        fare=normal(EXAMPLES, salt=3),
    )
    columns = [
        fc.numeric_column("age", normalizer_fn=lambda x: (x - 40) / 20),
        fc.numeric_column("place", shape=[2]),
        fc.bucketized_column(fc.numeric_column("place", shape=[2]), [-1.0, 0.0, 0.5]),
        fc.bucketized_column(fc.numeric_column("fare"), [0.0, 1.0]),
    ]
    return Program(data, network(fc.input_layer(features, columns)))


@case
def columns_vocabulary():
    """A vocabulary of words as an indicator, of numbers as an embedding, words out of it too."""
    features, data = placeholders(
        color=words([*COLORS, "pink"], salt=1), rooms=whole(8, salt=2), city=words(CITIES, salt=3)
    )
    color = fc.categorical_column_with_vocabulary_list("color", COLORS)
    rooms = fc.categorical_column_with_vocabulary_list("rooms", [1, 2, 3, 5])
    city = fc.categorical_column_with_vocabulary_list("city", CITIES[:4], num_oov_buckets=3)
    columns = [
        fc.indicator_column(color),
        fc.embedding_column(rooms, 3),
        fc.embedding_column(city, 4),
        fc.indicator_column(city),
    ]
    return Program(data, network(fc.input_layer(features, columns)))


@case
def columns_hash_buckets():
    """Words and numbers hashed into buckets, one and several of them an example, combined."""
    features, data = placeholders(
        user=whole(10**9, EXAMPLES, 1, salt=1),
        tags=words(CITIES, EXAMPLES, 4, salt=2),
        links=whole(30, EXAMPLES, 3, low=-1, salt=3),
    )
    user = fc.categorical_column_with_hash_bucket("user", 20, tf.int64)
    tags = fc.categorical_column_with_hash_bucket("tags", 12)
    links = fc.categorical_column_with_hash_bucket("links", 9, tf.int64)
    columns = [
        fc.embedding_column(user, 3, combiner="sum"),
        fc.embedding_column(tags, 4, combiner="sqrtn"),
        fc.embedding_column(links, 2),
        fc.indicator_column(tags),
    ]
    return Program(data, network(fc.input_layer(features, columns)))


@case
def columns_identity():
    """Numbers as they are, with a default for those beyond, in an embedding and an indicator."""
    features, data = placeholders(day=whole(7, salt=1), hour=whole(30, EXAMPLES, 2, low=-1, salt=2))
    day = fc.categorical_column_with_identity("day", 7)
    hour = fc.categorical_column_with_identity("hour", 24, default_value=0)
    columns = [fc.indicator_column(day), fc.embedding_column(hour, 5), fc.indicator_column(hour)]
    return Program(data, network(fc.input_layer(features, columns)))


@case
def columns_shared_embedding():
    """One table for what is watched and what is offered."""
    features, data = placeholders(
        watched=words(CITIES, EXAMPLES, 3, salt=1), offered=words(CITIES, salt=2)
    )
    columns = [
        fc.categorical_column_with_vocabulary_list(key, ["Bern", "Oslo", "Lima", "Rome", "Kyiv"])
        for key in ("watched", "offered")
    ]
    shared = fc.shared_embedding_columns(columns, 4)
    return Program(data, network(fc.input_layer(features, shared)))


@case
def columns_crossed():
    """Crosses of buckets, words, numbers and vocabularies; another hash key; several values."""
    features, data = placeholders(
        lat=normal(EXAMPLES, 1, salt=1),
        lon=normal(EXAMPLES, 1, salt=2),
        color=words([*COLORS, "pink"], salt=3),
        tags=words(CITIES, EXAMPLES, 2, salt=4),
        rooms=whole(9, salt=5),
    )
    edges = [-1.0, -0.3, 0.3, 1.0]
    lat, lon = (fc.bucketized_column(fc.numeric_column(key), edges) for key in ("lat", "lon"))
    color = fc.categorical_column_with_vocabulary_list("color", COLORS)
    rooms = fc.categorical_column_with_identity("rooms", 9)
    columns = [
        fc.indicator_column(fc.crossed_column([lat, lon], 15)),
        fc.embedding_column(fc.crossed_column([lat, "tags", rooms], 40, hash_key=7), 3),
        fc.indicator_column(fc.crossed_column([color, "tags"], 11)),
        fc.embedding_column(fc.crossed_column(["color", lon], 13), 2, combiner="sum"),
    ]
    return Program(data, network(fc.input_layer(features, columns)))


@case
def columns_linear_model():
    """linear_model over columns of every kind."""
    features, data = placeholders(
        age=normal(EXAMPLES, 1, salt=1),
        place=normal(EXAMPLES, 2, salt=2),
        color=words([*COLORS, "pink"], salt=3),
        tags=words(CITIES, EXAMPLES, 2, salt=4),
    )
    bucket = fc.bucketized_column(fc.numeric_column("place", shape=[2]), [-0.5, 0.5])
    age = fc.bucketized_column(fc.numeric_column("age"), [-1.0, 0.0, 1.0])
    color = fc.categorical_column_with_vocabulary_list("color", COLORS)
    columns = [
        fc.numeric_column("age"),
        bucket,
        color,
        fc.categorical_column_with_hash_bucket("tags", 10),
        fc.crossed_column([age, "color"], 12),
    ]
    return Program(data, fc.linear_model(features, columns, units=2, sparse_combiner="mean"))


@case
def columns_weighted():
    """Words with weights, in an embedding and in a linear model."""
    features, data = placeholders(
        tags=words(CITIES[:5], EXAMPLES, 3, salt=1), counts=np.abs(normal(EXAMPLES, 3, salt=2)) + 1
    )
    tags = fc.categorical_column_with_hash_bucket("tags", 10)
    weighted = fc.weighted_categorical_column(tags, "counts")
    net = fc.input_layer(features, [fc.embedding_column(weighted, 4)])
    return Program(data, network(net) + fc.linear_model(features, [weighted], units=3))


@case
def columns_sparse_placeholders():
    """sparse_placeholder features in tf.nn.embedding_lookup_sparse behind a safe lookup."""
    tags = words(CITIES, EXAMPLES, 3, salt=1)
    features = {"tags": tf.placeholder(tf.string, [None, 3], "tags"), "x": None}
    features["x"] = tf.placeholder(tf.float32, [None, 2], "x")
    columns = [
        fc.embedding_column(fc.categorical_column_with_hash_bucket("tags", 10), 4),
        fc.numeric_column("x", shape=[2]),
    ]
    with tf.variable_scope("net", partitioner=tf.fixed_size_partitioner(2)):
        net = fc.input_layer(features, columns)
    return Program({features["tags"]: tags, features["x"]: normal(EXAMPLES, 2)}, network(net))


def slices(x, *names):
    return {name: x[:, i : i + 1] for i, name in enumerate(names)}


def data_batches(classes, count=30):
    generator = random(5)
    return [
        (
            np.concatenate(
                [
                    generator.normal(0, 1, (EXAMPLES, 2)),
                    generator.randint(0, 9, (EXAMPLES, 2)),
                ],
                1,
            ).astype("float32"),
            one_hot(classes, salt=step) if classes > 1 else generator.normal(0, 1, (EXAMPLES, 1)),
        )
        for step in range(count)
    ]


def wide_and_deep(x):
    """A cross and an embedding of what was cut from one placeholder."""
    features = slices(x, "lat", "lon", "day", "hour")
    features["day"] = tf.cast(features["day"], tf.int64)
    features["hour"] = tf.cast(features["hour"], tf.int64)
    lat, lon = (
        fc.bucketized_column(fc.numeric_column(key), [-1.0, 0.0, 1.0]) for key in ("lat", "lon")
    )
    cross = fc.crossed_column([lat, lon], 10)
    day = fc.categorical_column_with_hash_bucket("day", 6, tf.int64)
    hour = fc.categorical_column_with_identity("hour", 9)
    columns = [
        fc.indicator_column(cross),
        fc.embedding_column(day, 3),
        fc.embedding_column(hour, 4),
    ]
    return features, columns, [cross, day]


def classifier(optimizer):
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.float32, [None, 3], name="y")
    features, columns, _ = wide_and_deep(x)
    logits = network(fc.input_layer(features, columns))
    losses = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(losses)
    return Training(x, y, logits, loss, optimizer.minimize(loss), data_batches(3))


@case
def train_columns_adam():
    """input_layer under Adam."""
    return classifier(tf.train.AdamOptimizer(0.01))


@case
def train_columns_adagrad():
    """input_layer under Adagrad, the estimators' default for the deep part."""
    return classifier(tf.train.AdagradOptimizer(0.05))


@case
def train_columns_linear_ftrl():
    """linear_model under Ftrl, the estimators' default for the wide part."""
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.float32, [None, 1], name="y")
    features, _, columns = wide_and_deep(x)
    output = fc.linear_model(features, [*columns, fc.numeric_column("lat")])
    loss = tf.reduce_mean(tf.square(output - y))
    train = tf.train.FtrlOptimizer(0.2).minimize(loss)
    return Training(x, y, output, loss, train, data_batches(1))


def estimator_columns():
    """Wide and deep columns of words, hashes, buckets and numbers, and features for them."""
    age = fc.numeric_column("age")
    ages = fc.bucketized_column(age, [-1.0, 0.0, 1.0])
    color = fc.categorical_column_with_vocabulary_list("color", COLORS)
    tags = fc.categorical_column_with_hash_bucket("tags", 10)
    wide = [ages, color, tags, fc.crossed_column([ages, "color"], 12)]
    deep = [age, fc.indicator_column(color), fc.embedding_column(tags, 3)]
    features = {
        "age": normal(EXAMPLES, 1, salt=1),
        "color": words([*COLORS, "pink"], salt=2),
        "tags": words(CITIES, EXAMPLES, 2, salt=3),
    }
    return wide, deep, features


def parsing(columns):
    """A receiver of serialized examples."""
    spec = fc.make_parse_example_spec(columns)
    return tf.estimator.export.build_parsing_serving_input_receiver_fn(spec)


def raw(features):
    """A receiver of the features themselves."""
    made, _ = placeholders(**features)
    return tf.estimator.export.ServingInputReceiver(made, made)


@case
def estimator_linear_classifier():
    """LinearClassifier of two classes, exported with a parser."""
    wide, _, features = estimator_columns()
    estimator = tf.estimator.LinearClassifier(wide)
    return Exported(estimator, features, random(4).randint(0, 2, EXAMPLES), parsing(wide))


@case
def estimator_dnn_classifier():
    """DNNClassifier of three named classes, exported with a parser."""
    _, deep, features = estimator_columns()
    names = ["low", "middle", "high"]
    estimator = tf.estimator.DNNClassifier([8, 5], deep, n_classes=3, label_vocabulary=names)
    return Exported(estimator, features, words(names, EXAMPLES, 1, salt=4), parsing(deep))


@case
def estimator_combined_classifier():
    """DNNLinearCombinedClassifier, exported with a parser."""
    wide, deep, features = estimator_columns()
    estimator = tf.estimator.DNNLinearCombinedClassifier(
        linear_feature_columns=wide, dnn_feature_columns=deep, dnn_hidden_units=[8], n_classes=3
    )
    labels = random(4).randint(0, 3, EXAMPLES)
    return Exported(estimator, features, labels, parsing(wide + deep))


@case
def estimator_combined_regressor_raw():
    """DNNLinearCombinedRegressor, exported with placeholders of the features."""
    wide, deep, features = estimator_columns()
    estimator = tf.estimator.DNNLinearCombinedRegressor(
        linear_feature_columns=wide, dnn_feature_columns=deep, dnn_hidden_units=[8]
    )
    return Exported(estimator, features, normal(EXAMPLES, 1, salt=4), lambda: raw(features))


@case
def columns_lifted_words():
    """Words of a text, split by an operation that Keras has no form for, and a vocabulary."""
    text = tf.placeholder(tf.string, [None], "text")
    color = tf.placeholder(tf.string, [None, 1], "color")
    split = tf.string_split(text)
    ids = tf.SparseTensor(
        split.indices, tf.string_to_hash_bucket_fast(split.values, 20), split.dense_shape
    )
    table = tf.get_variable("words", [20, 4])
    net = tf.nn.safe_embedding_lookup_sparse(table, ids)
    column = fc.categorical_column_with_vocabulary_list("color", COLORS)
    colors = fc.input_layer({"color": color}, [fc.indicator_column(column)])
    texts = np.array(["Rome or Bern", "Oslo", "a b c d", "Wien Lima"] * 4, object)
    data = {text: texts, color: words(COLORS, salt=1)}
    return Program(data, network(tf.concat([net, colors], 1)))


@case
def columns_lifted_parser():
    """Parsed features of which one goes where Keras has no form for it."""
    spec = {"tags": tf.VarLenFeature(tf.string), "age": tf.FixedLenFeature([1], tf.float32)}
    serialized = tf.placeholder(tf.string, [None], "examples")
    features = tf.parse_example(serialized, spec)
    first = tf.reshape(tf.sparse_tensor_to_dense(features["tags"], "")[:, :1], [-1, 1])
    length = tf.cast(tf.strings.length(first), tf.float32)
    tags = fc.categorical_column_with_hash_bucket("tags", 10)
    net = fc.input_layer(features, [fc.embedding_column(tags, 3), fc.numeric_column("age")])
    out = network(tf.concat([net, length], 1)) * tf.ones([tf.shape(serialized)[0], 1])
    data = {"age": normal(EXAMPLES, 1), "tags": words(CITIES[:5], EXAMPLES, 2)}
    return Program({serialized: serialize(data)}, out)
