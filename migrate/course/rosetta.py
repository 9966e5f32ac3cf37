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
        tf1: the symbols, as in the legacy twin of ``row``.
        tf2: what to write instead; dotted names and ``name=`` in it are found in the modern twin.
        trap: where the two differ.
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
        "A call with a new shape traces a tf.function again, unless it has an input_signature=.",
        "mlp",
    ),
    Line(
        "tf.placeholder_with_default",
        "an argument with a default: training=",
        (
            "In TF1 the default holds unless the phase is fed; a custom training loop must "
            "pass training=True."
        ),
        "update-ops",
    ),
    Line(
        "tf.Session, session.run",
        "a call: model(x), .fit, .predict",
        (
            "One session.run computes all its tensors in one pass; two calls compute twice and "
            "draw two dropout masks."
        ),
        "mlp-deep",
    ),
    Line(
        "tf.reset_default_graph",
        "none: keras.Sequential and functions own what they create",
        "If a program builds a network twice in a graph, the graph has two sets of variables.",
        "save-restore",
    ),
    Line(
        "tf.global_variables_initializer",
        "none: a variable has its value when it is created",
        "In TF1, if it runs after a restore, it overwrites the restored values.",
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
        "TF1 builds both branches of a cond; ops that are created outside the branches always run.",
        "cats",
    ),
    Line(
        "tf.gradients",
        "tf.GradientTape",
        (
            "A tape watches trainable variables automatically, and other tensors only after "
            "tape.watch."
        ),
        "perceptron",
    ),
    Line(
        "tf.set_random_seed",
        "tf.random.set_seed, keras.utils.set_random_seed",
        (
            "In TF1 the seed belongs to the graph, and the seed of an op depends on the number "
            "of ops before it."
        ),
        "deep-100",
    ),
    Line(
        "tf.device, tf.ConfigProto",
        "tf.device, tf.config.list_logical_devices",
        (
            "In TF1 each session configures its devices; in TF2 the process does so once, "
            "before the first use."
        ),
        "devices",
    ),
    # --- variables and layers
    Line(
        "tf.Variable",
        "variables that a layer creates (keras.layers.Dense), or a tf.Variable of a tf.Module",
        "Without a name, the key in the checkpoint depends on the order of creation.",
        "unnamed-variables",
    ),
    Line(
        "tf.get_variable, tf.variable_scope",
        "a keras.layers.Layer, called as often as needed",
        "TF1 shares weights by name and AUTO_REUSE, Keras by calling the same object.",
        "dense-from-scratch",
    ),
    Line(
        "tf.trainable_variables",
        "model.trainable_variables, layer.trainable",
        "In Keras freeze a layer before compile; in TF1 leave its variables out of var_list.",
        "transfer",
    ),
    Line(
        "tf.layers.dense",
        "keras.layers.Dense",
        "The name is a variable scope; using it again without reuse=True is an error.",
        "mlp-deep",
    ),
    Line(
        "tf.layers.flatten",
        "keras.layers.Flatten",
        (
            "Both keep the order of the axes; a change of data format reorders the rows of the "
            "next kernel."
        ),
        "mlp-128",
    ),
    Line(
        "tf.nn.dropout",
        "tf.nn.dropout, whose second argument is rate; keras.layers.Dropout",
        "keep_prob in TF1, the share to drop in TF2: 0.8 works in TF1 and ruins training in TF2.",
        "keep-prob",
    ),
    Line(
        "tf.layers.dropout",
        "keras.layers.Dropout",
        "Off in TF1 unless training is fed; in Keras on within fit and off elsewhere.",
        "mlp-dropout",
    ),
    Line(
        "tf.layers.batch_normalization",
        "keras.layers.BatchNormalization",
        "momentum 0.99 and epsilon 1e-3 are the same; tf.contrib's version has decay 0.999.",
        "batch-norm",
    ),
    Line(
        "tf.GraphKeys.UPDATE_OPS",
        "none: .fit does it, as does training=True in a call",
        (
            "If the collection does not run, the moving statistics stay at 0 and 1, and TF1 "
            "does not warn."
        ),
        "batch-norm",
    ),
    Line(
        "tf.nn.selu, tf.initializers.lecun_normal",
        'keras.layers.Dense(n, "selu", kernel_initializer="lecun_normal")',
        "SELU normalizes itself only with LeCun's initializer and standardized inputs.",
        "deep-100",
    ),
    Line(
        "tf.nn.leaky_relu",
        'activation="leaky_relu" of keras.layers.Dense',
        "The slope is 0.2 in both; in the layer keras.layers.LeakyReLU it is 0.3.",
        "activations",
    ),
    Line(
        "tf.glorot_uniform_initializer",
        'the default of keras.layers.Dense: "glorot_uniform"',
        (
            "The default in both; the same seed draws different numbers, so copy the weights "
            "instead of drawing them again."
        ),
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
        "input_layer sorts columns by name, which sets the order of the rows of the next kernel.",
        "wide-deep",
    ),
    Line(
        "tf.nn.embedding_lookup",
        "keras.layers.Embedding",
        (
            "If a batch contains a row twice, TF1's Adam squares the sum of its gradients, "
            "Keras's squares each."
        ),
        "wide-deep",
    ),
    # --- losses and regularization
    Line(
        "tf.nn.softmax_cross_entropy_with_logits_v2",
        "tf.nn.softmax_cross_entropy_with_logits; "
        "keras.losses.CategoricalCrossentropy(from_logits=True)",
        "Without from_logits=True Keras treats logits as probabilities.",
        "softmax",
    ),
    Line(
        "tf.nn.sparse_softmax_cross_entropy_with_logits",
        "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
        "TF1 needs classes of dtype int32 or int64; Keras casts them.",
        "mlp-128",
    ),
    Line(
        "tf.nn.sigmoid_cross_entropy_with_logits",
        "keras.losses.BinaryCrossentropy(from_logits=True)",
        "Without from_logits=True Keras expects probabilities and clips them at 1e-7.",
        "transfer",
    ),
    Line(
        "tf.nn.l2_loss",
        "keras.regularizers.L2, keras.regularizers.L1L2",
        "tf.nn.l2_loss contains a factor 1/2: β in TF1 is β / 2 in Keras.",
        "mlp-regularized",
    ),
    Line(
        "tf.GraphKeys.REGULARIZATION_LOSSES",
        "model.losses",
        (
            "Both versions keep them separate from the loss: fit adds them; a custom training "
            "loop must add them itself."
        ),
        "cats",
    ),
    Line(
        "tf.clip_by_norm",
        "keras.constraints.MaxNorm",
        "In TF1 it is an op that must depend on the update, and the axis must be given.",
        "regularization",
    ),
    # --- optimizers and schedules
    Line(
        "tf.train.GradientDescentOptimizer",
        "keras.optimizers.SGD; variable.assign_sub under a tape",
        "The learning rate defaults to 0.01 in Keras; TF1 has no default.",
        "mlp",
    ),
    Line(
        "tf.train.MomentumOptimizer",
        "keras.optimizers.SGD(momentum=)",
        "TF1 sums gradients, Keras sums steps: they differ after the learning rate changes.",
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
        "The mean square starts at 1 in TF1 and at 0 in Keras; decay became rho.",
        "optimizers",
    ),
    Line(
        "tf.train.exponential_decay, tf.train.inverse_time_decay, tf.train.piecewise_constant",
        "keras.optimizers.schedules",
        "TF1 counts steps only if minimize receives global_step.",
        "schedules",
    ),
    # --- data, files, logs
    Line(
        "tf.data.make_initializable_iterator, tf.errors.OutOfRangeError",
        "for batch in tf.data.Dataset.from_tensor_slices(…)",
        "A TF1 pipeline must be initialized before each epoch, and ends with an exception.",
        "cats",
    ),
    Line(
        "tf.data.make_one_shot_iterator",
        ".repeat, and .fit with steps_per_epoch=",
        "An endless dataset has no epochs: set when to evaluate.",
        "fare",
    ),
    Line(
        "tf.train.Saver",
        "model.save; tf.train.Checkpoint",
        "A Saver matches by variable name, a Checkpoint by attribute path, a .keras file by layer.",
        "mlp",
    ),
    Line(
        "tf.train.import_meta_graph",
        "keras.saving.load_model",
        ".meta contains the graph, without weights and without the code that feeds it.",
        "save-restore",
    ),
    Line(
        "tf.saved_model.simple_save, tf.saved_model.loader.load",
        "model.export; tf.saved_model.load",
        "A client sees only the signature, which names the inputs.",
        "export",
    ),
    Line(
        "tf.summary.FileWriter, tf.summary.scalar, tf.summary.merge_all",
        "keras.callbacks.TensorBoard",
        "A TF1 summary is an op: the program must run it and write its result.",
        "tensorboard",
    ),
    Line(
        "tf.get_default_graph",
        "model.summary; keras.utils.plot_model",
        "A TF1 graph knows only ops; only their names show which of them form a layer.",
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
    return _pattern(symbol).search(code) is not None


@cache
def _pattern(symbol: str) -> re.Pattern[str]:
    # A name that begins elsewhere (session.run) or with what it is of (model.save).
    member = re.sub(r"^(?:model|layer|tape|variable|dataset)(?=\.)", "", symbol)
    start = r"\b" if member[0] != "." else ""
    end = r"" if member.endswith("=") else r"\b"
    return re.compile(f"{start}{re.escape(member)}{end}")


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
