"""The Rosetta table: what TF1 writes, what is written now, the trap, and the row that shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..report import Block, Heading, Paragraph, Result, Table


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        tf1: the symbols, as the legacy twin of ``row`` has them.
        tf2: what to write instead; dotted names and ``name=`` in it are found in the modern twin.
        trap: where the two are not the same.
        row: the system of the course that shows it.
    """

    tf1: str
    tf2: str
    trap: str
    row: str


LINES = (
    # --- graphs and sessions
    Line(
        "tf.placeholder",
        "an argument of a tf.function; keras.Input in a model",
        "A call with another shape traces a tf.function again, unless it has an input_signature=.",
        "mlp",
    ),
    Line(
        "tf.placeholder_with_default",
        "an argument with a default: training=",
        "The phase that nobody feeds is the default; a loop of one's own has to say training=True.",
        "update-ops",
    ),
    Line(
        "tf.Session, session.run",
        "a call: model(x), .fit, .predict",
        "One run gives all its tensors from one pass; two calls compute twice, and draw two masks.",
        "mlp-deep",
    ),
    Line(
        "tf.reset_default_graph",
        "none: keras.Sequential and functions own what they make",
        "A network that is built twice in a graph has two sets of variables.",
        "save-restore",
    ),
    Line(
        "tf.global_variables_initializer",
        "none: a variable has its value when it is made",
        "In TF1 it also overwrites what was restored, if it runs afterwards.",
        "mlp",
    ),
    Line(
        "tf.control_dependencies",
        "none: the lines of a tf.function run in their order",
        "An operation that nothing depends on never runs in a graph.",
        "update-ops",
    ),
    Line(
        "tf.cond",
        "if, which dataset.map and tf.function turn into a tf.cond",
        "Both branches of a TF1 cond are built; what is made outside of them runs in any case.",
        "cats",
    ),
    Line(
        "tf.gradients",
        "tf.GradientTape",
        "A tape watches variables by itself, and a tensor only if tape.watch says so.",
        "perceptron",
    ),
    Line(
        "tf.set_random_seed",
        "tf.random.set_seed, keras.utils.set_random_seed",
        "In TF1 the seed is the graph's, and the seed of an operation counts operations before it.",
        "deep-100",
    ),
    Line(
        "tf.device, tf.ConfigProto",
        "tf.device, tf.config.list_logical_devices",
        "A session has devices of its own; in TF2 they are set once, before first use.",
        "devices",
    ),
    # --- variables and layers
    Line(
        "tf.Variable",
        "what a layer makes for itself (keras.layers.Dense), or a tf.Variable of a tf.Module",
        "Without a name the key in the checkpoint is the order of creation.",
        "unnamed-variables",
    ),
    Line(
        "tf.get_variable, tf.variable_scope",
        "a keras.layers.Layer, called as often as needed",
        "Weights are shared by name and AUTO_REUSE in TF1, by calling the same object in Keras.",
        "dense-from-scratch",
    ),
    Line(
        "tf.trainable_variables",
        "model.trainable_variables, layer.trainable",
        "A frozen layer is set before compile; TF1 leaves it out of var_list.",
        "transfer",
    ),
    Line(
        "tf.layers.dense",
        "keras.layers.Dense",
        "The name is a scope of variables; the same name again is an error without reuse=True.",
        "mlp-deep",
    ),
    Line(
        "tf.layers.flatten",
        "keras.layers.Flatten",
        "Both keep the order of the axes; after a change of data format the kernel's rows move.",
        "mlp-128",
    ),
    Line(
        "tf.nn.dropout",
        "tf.nn.dropout, whose second argument is rate; keras.layers.Dropout",
        "keep_prob in TF1, the share to drop in TF2: 0.8 is both a good and a fatal value.",
        "keep-prob",
    ),
    Line(
        "tf.layers.dropout",
        "keras.layers.Dropout",
        "Off in TF1 unless training is fed; on in Keras within fit, and off elsewhere.",
        "mlp-dropout",
    ),
    Line(
        "tf.layers.batch_normalization",
        "keras.layers.BatchNormalization",
        "momentum 0.99 and epsilon 1e-3 are the same; the decay of tf.contrib's was 0.999.",
        "batch-norm",
    ),
    Line(
        "tf.GraphKeys.UPDATE_OPS",
        "none: .fit does it, as does training=True in a call",
        "Without the collection the moving statistics stay at 0 and 1, and nothing is said.",
        "batch-norm",
    ),
    Line(
        "tf.nn.selu, tf.initializers.lecun_normal",
        'keras.layers.Dense(n, "selu", kernel_initializer="lecun_normal")',
        "SELU keeps its promise with LeCun's initializer and standardized inputs alone.",
        "deep-100",
    ),
    Line(
        "tf.nn.leaky_relu",
        'activation="leaky_relu" of keras.layers.Dense',
        "The slope is 0.2 in both; that of the layer keras.layers.LeakyReLU is 0.3.",
        "activations",
    ),
    Line(
        "tf.glorot_uniform_initializer",
        'the default of keras.layers.Dense: "glorot_uniform"',
        "The default of both; the seeds give other numbers, so weights are moved, never redrawn.",
        "autoencoder",
    ),
    Line(
        "tf.random_normal",
        "tf.random.normal; keras.initializers.RandomNormal",
        "Sigma is 1 in tf.random_normal, and 0.05 in Keras's initializer.",
        "mlp",
    ),
    Line(
        "tf.feature_column",
        "keras.layers.HashedCrossing, keras.layers.Discretization, keras.layers.CategoryEncoding",
        "input_layer orders columns by name, and with them the rows of the next kernel.",
        "wide-deep",
    ),
    Line(
        "tf.nn.embedding_lookup",
        "keras.layers.Embedding",
        "Of a row that a batch has twice TF1's Adam squares the sum, Keras's each gradient.",
        "wide-deep",
    ),
    # --- losses and regularization
    Line(
        "tf.nn.softmax_cross_entropy_with_logits_v2",
        "tf.nn.softmax_cross_entropy_with_logits; "
        "keras.losses.CategoricalCrossentropy(from_logits=True)",
        "Without from_logits=True Keras takes logits for probabilities.",
        "softmax",
    ),
    Line(
        "tf.nn.sparse_softmax_cross_entropy_with_logits",
        "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
        "TF1 wants the classes as int32 or int64; Keras casts what it is given.",
        "mlp-128",
    ),
    Line(
        "tf.nn.sigmoid_cross_entropy_with_logits",
        "keras.losses.BinaryCrossentropy(from_logits=True)",
        "Without from_logits=True Keras takes probabilities, and clips them at 1e-7.",
        "transfer",
    ),
    Line(
        "tf.nn.l2_loss",
        "keras.regularizers.L2, keras.regularizers.L1L2",
        "tf.nn.l2_loss has a half in it: β there is β / 2 in Keras.",
        "mlp-regularized",
    ),
    Line(
        "tf.GraphKeys.REGULARIZATION_LOSSES",
        "model.losses",
        "Kept apart in both eras: fit adds them, a loop of one's own has to.",
        "cats",
    ),
    Line(
        "tf.clip_by_norm",
        "keras.constraints.MaxNorm",
        "In TF1 an operation that has to depend on the update; over which axis, it must be told.",
        "regularization",
    ),
    # --- optimizers and schedules
    Line(
        "tf.train.GradientDescentOptimizer",
        "keras.optimizers.SGD; variable.assign_sub under a tape",
        "The default of Keras is 0.01; TF1 has none.",
        "mlp",
    ),
    Line(
        "tf.train.MomentumOptimizer",
        "keras.optimizers.SGD(momentum=)",
        "TF1 sums gradients, Keras sums steps: they part where the learning rate changes.",
        "momentum-schedule",
    ),
    Line(
        "tf.train.AdamOptimizer",
        "keras.optimizers.Adam(epsilon=)",
        "epsilon is 1e-8 in TF1, 1e-7 in Keras; TF1's betas are rounded to float32.",
        "mlp-deep",
    ),
    Line(
        "tf.train.RMSPropOptimizer",
        "keras.optimizers.RMSprop",
        "TF1 starts the mean of squares at 1, Keras at 0; decay became rho.",
        "optimizers",
    ),
    Line(
        "tf.train.exponential_decay, tf.train.inverse_time_decay, tf.train.piecewise_constant",
        "keras.optimizers.schedules",
        "TF1 counts steps only where minimize is given global_step.",
        "schedules",
    ),
    # --- data, files, logs
    Line(
        "tf.data.make_initializable_iterator, tf.errors.OutOfRangeError",
        "for batch in tf.data.Dataset.from_tensor_slices(…)",
        "A TF1 pipeline is initialized before each epoch, and ends by an exception.",
        "cats",
    ),
    Line(
        "tf.data.make_one_shot_iterator",
        ".repeat, and .fit with steps_per_epoch=",
        "An endless dataset has no epoch: where to evaluate has to be said.",
        "fare",
    ),
    Line(
        "tf.train.Saver",
        "model.save; tf.train.Checkpoint",
        "A Saver goes by names; a Checkpoint by attribute paths; a .keras file by layers.",
        "mlp",
    ),
    Line(
        "tf.train.import_meta_graph",
        "keras.saving.load_model",
        ".meta holds the graph without weights and without the code that fed it.",
        "save-restore",
    ),
    Line(
        "tf.saved_model.simple_save, tf.saved_model.loader.load",
        "model.export; tf.saved_model.load",
        "The signature is what a client sees: its names are those of the inputs.",
        "export",
    ),
    Line(
        "tf.summary.FileWriter, tf.summary.scalar, tf.summary.merge_all",
        "keras.callbacks.TensorBoard",
        "A TF1 summary is an operation: it has to be run, and its result to be written.",
        "tensorboard",
    ),
    Line(
        "tf.get_default_graph",
        "model.summary; keras.utils.plot_model",
        "A TF1 graph knows operations; which of them are a layer is in their names.",
        "summary",
    ),
)

_SYMBOL = re.compile(r"[A-Za-z_]*(?:\.[A-Za-z_]\w+)+|\b[a-z_]+=")


@cache
def symbols(text: str) -> tuple[str, ...]:
    """The dotted names (``tf.cond``, ``.fit``) and keywords (``rate=``) in a cell of the table."""
    return tuple(_SYMBOL.findall(text))


def found_in(symbol: str, code: str) -> bool:
    """Whether a line of a program has that symbol, and not only a longer one."""
    # A name that begins elsewhere (session.run) or with what it is of (model.save).
    member = re.sub(r"^(?:model|layer|tape|variable|dataset)(?=\.)", "", symbol)
    start = r"\b" if member[0] != "." else ""
    end = r"" if member.endswith("=") else r"\b"
    return re.search(f"{start}{re.escape(member)}{end}", code) is not None


class Rosetta(Result):
    """The table; always true."""

    def blocks(self) -> list[Block]:
        """One table."""
        rows = [(line.tf1, line.tf2, line.trap, line.row) for line in LINES]
        return [
            Heading("From TensorFlow 1 to TensorFlow 2 and Keras 3"),
            Table(("TF1", "TF2", "the trap", "shown by"), rows),
            Paragraph("tfmigrate lesson ROW shows both sides of a row", dim=True),
        ]

    def to_dict(self) -> dict[str, Any]:
        """The lines of the table."""
        return {"schema": 1, "rosetta": [vars(line) for line in LINES]}

    def __bool__(self) -> bool:
        return True
