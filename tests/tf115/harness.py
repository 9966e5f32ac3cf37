"""Builds a TF1 program, trains it a little, and writes it with the answers TF 1.15 gives."""

import json
import os
import shutil
import zlib
from collections import OrderedDict

import numpy as np
import tensorflow as tf
from tensorflow.tools.graph_transforms import TransformGraph

CASES = OrderedDict()
EXAMPLES = 16
MOVING = ("moving_mean", "moving_variance")


def case(function):
    """Register a function that builds a program in the default graph; its name is the case's."""
    assert function.__name__ not in CASES, function.__name__
    CASES[function.__name__] = function
    return function


class Program:
    """What a case function has built: what to feed, what to fetch, how to train and to save.

    `inputs` maps tensors to arrays; `feed` holds inference values of keep_prob, is_training and
    the like; `train` is (operation, feeds) and is run `steps` times; `form` is `checkpoint`,
    `v1`, `frozen`, `folded` or `saved_model`, which may bring `signatures`; `prefix` is where a
    checkpoint goes in the case's folder. `second` is what `inputs` takes at another batch size or
    length: those answers are kept too.
    """

    def __init__(self, inputs, outputs, feed=None, train=None, steps=5, form="checkpoint", **more):
        self.inputs = {t: np.asarray(v, t.dtype.as_numpy_dtype) for t, v in inputs.items()}
        self.outputs = outputs if isinstance(outputs, list) else [outputs]
        self.feed = feed or {}
        self.train = train
        self.steps = steps
        self.form = form
        self.saver = more.pop("saver", None)
        self.session = more.pop("session", None)
        self.signatures = more.pop("signatures", None)
        self.prefix = more.pop("prefix", "model.ckpt")
        self.second = more.pop("second", {})
        assert not more, more


class Training:
    """A program to go on training: `batches` of (x, y) for the placeholders `x` and `y`.

    Where it takes several of either, `x` and `y` are lists, and so is each half of a batch.
    """

    def __init__(self, x, y, output, loss, train_op, batches, train_feed=None, feed=None):
        self.x, self.y, self.output, self.loss, self.train_op = x, y, output, loss, train_op
        self.batches = batches
        self.train_feed = train_feed or {}
        self.feed = feed or {}


class Exported:
    """An estimator of the library: trained on `features` and `labels`, exported by `receiver`."""

    def __init__(self, estimator, features, labels, receiver):
        self.estimator, self.features, self.labels = estimator, features, labels
        self.receiver = receiver


def random(salt=0):
    """A generator that depends on nothing but the salt."""
    return np.random.RandomState(1000 + salt)


def normal(*shape, **options):
    return random(options.get("salt", 0)).normal(0, 1, shape).astype("float32")


def one_hot(classes, count=EXAMPLES, salt=7):
    return np.eye(classes, dtype="float32")[random(salt).randint(0, classes, count)]


def _perturb(session, name):
    """Move weights and moving statistics away from its initial value: zero biases hide mistakes."""
    generator = np.random.RandomState(zlib.crc32(name.encode()) % 2**31)
    moving = [v for v in tf.global_variables() if v.op.name.endswith(MOVING)]
    for variable in tf.trainable_variables() + moving:
        value = session.run(variable)
        noise = generator.normal(0, 0.1, value.shape).astype("float32")
        positive = variable.op.name.endswith("moving_variance")
        variable.load(value * np.exp(noise * 3) if positive else value + noise, session)


def _write_json(folder, **content):
    content["written_by"] = "tensorflow " + tf.__version__
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump(content, file, indent=1, sort_keys=True)


def _initializers():
    tables = tf.tables_initializer()
    return [tf.global_variables_initializer(), tf.local_variables_initializer(), tables]


def _names(tensors):
    return [tensor.name for tensor in tensors]


def _stored(array):
    """Words as bytes of a fixed length, which need no pickle."""
    return array.astype(bytes) if array.dtype.hasobject else array


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


def _write_inference(name, program, folder):
    session = program.session or tf.Session()
    if program.session is None:
        session.run(_initializers())
    _perturb(session, name)
    if program.train is not None:
        operation, feeds = program.train
        for _ in range(program.steps):
            session.run(operation, feeds)
    feeds = dict(program.feed)
    feeds.update(program.inputs)
    answers = session.run(program.outputs, feeds)
    feeds.update(program.second)
    second = session.run(program.outputs, feeds) if program.second else []
    assert all(np.isfinite(answer).all() for answer in answers), "not finite"
    assert all(answer.std() > 1e-4 for answer in answers), "answers hardly vary"
    if program.form in ("checkpoint", "v1"):
        version = tf.train.SaverDef.V1 if program.form == "v1" else tf.train.SaverDef.V2
        saver = program.saver or tf.train.Saver(write_version=version)
        os.makedirs(os.path.dirname(os.path.join(folder, program.prefix)), exist_ok=True)
        saver.save(session, os.path.join(folder, program.prefix))
    elif program.form in ("frozen", "folded"):
        outputs = [tensor.op.name for tensor in program.outputs]
        graph = tf.graph_util.convert_variables_to_constants(
            session, session.graph.as_graph_def(), outputs
        )
        if program.form == "folded":
            inputs = [tensor.op.name for tensor in program.inputs]
            steps = ["strip_unused_nodes", "fold_constants", "fold_batch_norms"]
            graph = TransformGraph(graph, inputs, outputs, steps)
        with open(os.path.join(folder, "frozen.pb"), "wb") as file:
            file.write(graph.SerializeToString())
    else:
        builder = tf.saved_model.builder.SavedModelBuilder(os.path.join(folder, "saved_model"))
        signatures = program.signatures or {
            "serving_default": tf.saved_model.signature_def_utils.predict_signature_def(
                {tensor.op.name: tensor for tensor in program.inputs},
                {f"output_{i}": tensor for i, tensor in enumerate(program.outputs)},
            )
        }
        builder.add_meta_graph_and_variables(
            session,
            [tf.saved_model.tag_constants.SERVING],
            signature_def_map=signatures,
            assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS),
            main_op=tf.tables_initializer(),
        )
        builder.save()
    golden = {"in_" + tensor.name: _stored(value) for tensor, value in program.inputs.items()}
    golden.update({"out_" + t.name: answer for t, answer in zip(program.outputs, answers)})
    golden.update({"in2_" + t.name: _stored(np.asarray(v)) for t, v in program.second.items()})
    golden.update({"out2_" + t.name: answer for t, answer in zip(program.outputs, second)})
    np.savez_compressed(os.path.join(folder, "golden.npz"), **golden)
    renamed = {} if program.prefix == "model.ckpt" else {"checkpoint": program.prefix}
    _write_json(
        folder,
        case=name,
        inputs=_names(program.inputs),
        outputs=_names(program.outputs),
        inference_feed={tensor.name: _plain(v) for tensor, v in program.feed.items()},
        **renamed,
    )
    session.close()


def _label(placeholder, value):
    """Labels are kept one-hot; a placeholder of integers is fed the class."""
    return value.argmax(1) if placeholder.dtype.is_integer else value


def _listed(value):
    return value if isinstance(value, (list, tuple)) else [value]


def _several(x, y):
    return isinstance(x, list) or isinstance(y, list)


def _continue(session, x, y, loss, train_op, train_feed, batches):
    losses = []
    for batch_x, batch_y in batches:
        feeds = dict(train_feed)
        if _several(x, y):
            feeds.update(zip(_listed(x) + _listed(y), _listed(batch_x) + _listed(batch_y)))
        else:
            feeds.update({x: batch_x, y: _label(y, batch_y)})
        losses.append(session.run(loss, feeds))
        session.run(train_op, feeds)
    return np.array(losses, "float32")


def _weights(session):
    """Trainable variables and moving statistics, by name."""
    moving = [v for v in tf.global_variables() if v.op.name.endswith(MOVING)]
    return {v.op.name: session.run(v) for v in tf.trainable_variables() + moving}


def _write_training(name, training, folder):
    before, after = training.batches[:20], training.batches[20:]
    session = tf.Session()
    session.run(_initializers())
    arguments = training.x, training.y, training.loss, training.train_op, training.train_feed
    _continue(session, *arguments, batches=before)
    tf.train.Saver().save(session, os.path.join(folder, "model.ckpt"))
    feeds = dict(training.feed)
    given = dict(zip(_listed(training.x), _listed(after[0][0])))
    feeds.update(given)
    outputs = _listed(training.output)
    answers = session.run(outputs, feeds)
    losses = _continue(session, *arguments, batches=after)
    assert np.isfinite(losses).all(), "not finite"
    assert all(np.isfinite(answer).all() for answer in answers), "not finite"
    golden = {"in_" + tensor.name: value for tensor, value in given.items()}
    golden.update({"out_" + t.name: answer for t, answer in zip(outputs, answers)})
    if _several(training.x, training.y):
        for tensors, half in ((_listed(training.x), 0), (_listed(training.y), 1)):
            for index, tensor in enumerate(tensors):
                values = [_listed(batch[half])[index] for batch in after]
                golden["feed_" + tensor.name] = np.stack(values)
    else:
        golden["train_x"] = np.stack([x for x, _ in after])
        golden["train_y"] = np.stack([y for _, y in after])
    golden["train_losses"] = losses
    golden.update({"after_" + key: value for key, value in _weights(session).items()})
    np.savez_compressed(os.path.join(folder, "golden.npz"), **golden)
    content = {
        "case": name,
        "inputs": _names(_listed(training.x)),
        "labels": _names(_listed(training.y)),
        "outputs": _names(outputs),
        "loss": training.loss.name,
        "train_op": training.train_op.name,
        "steps_before": len(before),
        "steps_after": len(after),
    }
    if training.feed:
        content["inference_feed"] = {t.name: v for t, v in training.feed.items()}
    if training.train_feed:
        content["training_feed"] = {t.name: v for t, v in training.train_feed.items()}
    _write_json(folder, **content)
    session.close()


def _write_exported(name, exported, folder):
    """A SavedModel; the inputs are the parsed features, or the placeholders of these."""
    exported.estimator.train(lambda: _endless(exported), steps=5)
    made = exported.estimator.export_saved_model(folder, exported.receiver)
    os.rename(made.decode(), os.path.join(folder, "saved_model"))
    with tf.Graph().as_default() as graph, tf.Session() as session:
        meta = tf.saved_model.loader.load(session, ["serve"], os.path.join(folder, "saved_model"))
        signatures = meta.signature_def
        key = "serving_default" if "serving_default" in signatures else "predict"
        tensors = [info.name for info in signatures[key].outputs.values()]
        outputs = [t for t in tensors if graph.get_tensor_by_name(t).dtype != tf.string]
        parsers = [op for op in graph.get_operations() if op.type.startswith("ParseExample")]
        if parsers:
            feeds = {"input_example_tensor:0": serialize(exported.features)}
            inputs = _parsed_inputs(parsers[0], exported.features)
        else:
            inputs = {f"{key}:0": array for key, array in exported.features.items()}
            feeds = inputs
        answers = session.run(outputs, feeds)
    golden = {"in_" + tensor: _stored(array) for tensor, array in inputs.items()}
    golden.update({"out_" + t: answer for t, answer in zip(outputs, answers)})
    np.savez_compressed(os.path.join(folder, "golden.npz"), **golden)
    _write_json(folder, case=name, inputs=list(inputs), outputs=outputs, inference_feed={})


def _endless(exported):
    """Endless batches of the one that there is."""
    return tf.data.Dataset.from_tensors((exported.features, exported.labels)).repeat()


def serialize(features):
    """The examples as tf.train.Example; empty words are left out."""
    examples = []
    for row in range(EXAMPLES):
        lists = {}
        for key, array in features.items():
            values = array[row].tolist()
            if array.dtype.kind == "O":
                values = [value.encode() for value in values if value]
                lists[key] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
            else:
                lists[key] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        example = tf.train.Example(features=tf.train.Features(feature=lists))
        examples.append(example.SerializeToString())
    return examples


def _parsed_inputs(parser, features):
    """Tensor of a parser → array; a sparse feature goes by its name, as a dense one."""
    sparse = parser.get_attr("Nsparse")
    keys = [tf.contrib.util.constant_value(t) for t in parser.inputs[2 : 2 + len(features)]]
    inputs = {}
    for index, key in enumerate(key.item().decode() for key in keys):
        tensor = f"{key}:0" if index < sparse else f"{parser.name}:{2 * sparse + index}"
        inputs[tensor] = features[key]
    return inputs


def make(name, out):
    """Write the case `name` into the folder `out`/`name`, which appears whole or not at all."""
    folder = os.path.join(out, name)
    beside = os.path.join(out, "." + name)
    shutil.rmtree(beside, ignore_errors=True)
    os.makedirs(beside)
    tf.keras.backend.clear_session()
    with tf.Graph().as_default():
        tf.set_random_seed(zlib.crc32(name.encode()) % 2**31)
        built = CASES[name]()
        writers = {Training: _write_training, Exported: _write_exported}
        write = writers.get(type(built), _write_inference)
        write(name, built, beside)
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(beside, folder)


def _restore(folder, meta):
    """A session on what the case's files hold, and nothing else."""
    session = tf.Session()
    if os.path.exists(os.path.join(folder, "frozen.pb")):
        graph = tf.GraphDef()
        with open(os.path.join(folder, "frozen.pb"), "rb") as file:
            graph.ParseFromString(file.read())
        tf.import_graph_def(graph, name="")
    elif os.path.exists(os.path.join(folder, "saved_model")):
        tf.saved_model.loader.load(session, ["serve"], os.path.join(folder, "saved_model"))
    else:
        prefix = os.path.join(folder, meta.get("checkpoint", "model.ckpt"))
        tf.train.import_meta_graph(prefix + ".meta").restore(session, prefix)
        session.run(tf.tables_initializer())
    return session


def check(folder):
    """The largest differences of outputs, losses and weights, from the case's files alone."""
    with open(os.path.join(folder, "case.json")) as file:
        meta = json.load(file)
    golden = np.load(os.path.join(folder, "golden.npz"))
    differences = {}
    with tf.Graph().as_default() as graph:
        session = _restore(folder, meta)
        feeds = dict(meta.get("inference_feed", {}))
        feeds.update({tensor: golden["in_" + tensor] for tensor in meta["inputs"]})
        for tensor, answer in zip(meta["outputs"], session.run(meta["outputs"], feeds)):
            differences[tensor] = float(np.abs(answer - golden["out_" + tensor]).max())
        if "train_losses" in golden:
            x, y = ([graph.get_tensor_by_name(t) for t in meta[k]] for k in ("inputs", "labels"))
            loss = graph.get_tensor_by_name(meta["loss"])
            if "train_x" in golden:
                x, y = x[0], y[0]
                batches = list(zip(golden["train_x"], golden["train_y"]))
            else:
                halves = (zip(*(golden["feed_" + t.name] for t in tensors)) for tensors in (x, y))
                batches = list(zip(*(map(list, half) for half in halves)))
            losses = _continue(
                session, x, y, loss, meta["train_op"], meta.get("training_feed", {}), batches
            )
            differences["losses"] = float(np.abs(losses - golden["train_losses"]).max())
            differences["weights"] = max(
                float(np.abs(value - golden["after_" + key]).max())
                for key, value in _weights(session).items()
            )
        session.close()
    return differences
