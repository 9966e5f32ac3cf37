"""The rows of docs/training.md: parts of a program's training, and their form in Keras."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recognized:
    """One row.

    Attributes:
        what: in the graph.
        becomes: in model.py.
        differs: between the two, or "".
        cases: programs of TensorFlow 1.15 that the tests train on with, by their names in
            tests/data/train.
    """

    what: str
    becomes: str
    differs: str = ""
    cases: tuple[str, ...] = ()


STEPS = (
    Recognized(
        "gradients clipped by value, norm or global norm",
        "`clipvalue`, `clipnorm`, `global_clipnorm`",
        cases=("towers_split", "accumulation_reset", "keras_clipnorm"),
    ),
    Recognized(
        "gradients multiplied, signed, centralized, clipped by average norm; weight decay that is "
        "added to them",
        "a function of gradient and weight in an optimizer class `GraphOptimizer`",
        "the class comes with model.py",
        (
            "multiplier_slim",
            "sign_of_gradient",
            "centralised",
            "clip_average_norm",
            "decay_in_gradient",
        ),
    ),
    Recognized(
        "gradients multiplied by a mask, a constant or a variable of the weight's shape",
        "such a function; the optimizer keeps the mask",
        "a new optimizer has a mask of ones; model.keras has the program's",
        ("masked_gradient",),
    ),
    Recognized(
        "noise added to gradients",
        "such a function that draws with `keras.random`",
        "other numbers in each run, of the same distribution; the steps are not compared",
        ("gradient_noise",),
    ),
    Recognized(
        "a loss multiplied by a constant, and gradients divided by it",
        "neither",
        cases=("loss_scale",),
    ),
    Recognized(
        "weights assigned before or after the update: decoupled decay, maximum norms, clipping",
        "functions that `GraphOptimizer` applies before or after its updates",
        cases=("adamw_contrib", "max_norm_after", "variable_clipping", "keras_constraint"),
    ),
    Recognized(
        "an optimizer written with assignments: BERT's Adam, LARS, momentum",
        "an optimizer class with the same formula",
        "powers of beta are computed from the iterations; Shampoo and GGT, whose slots have other "
        "shapes than the weights, are named",
        ("bert_adam_decay", "lars", "momentum_by_hand", "adam_by_hand"),
    ),
    Recognized(
        "gradients added up in variables and applied every N steps in a `tf.cond`",
        "`gradient_accumulation_steps=N`, with the sums and the count of the round",
        "a learning rate that goes by updates is read through `ByRound`",
        ("accumulation_cond", "accumulation_branch", "accumulation_reset", "accumulation_by_hand"),
    ),
    Recognized(
        "gradients added up and applied by operations that the program runs itself",
        "`gradient_accumulation_steps=N` if the graph divides by N, else none; a warning",
        "the sums start from 0; the steps are not compared",
        ("accumulation_apart",),
    ),
    Recognized(
        "towers on parts of a batch, or fed with their own, whose gradients are averaged or added",
        "one tower on the whole batch",
        "batch normalization takes the statistics of the whole batch; a warning if that shows",
        ("towers_split", "towers_own_inputs", "towers_parts"),
    ),
    Recognized(
        "`SyncReplicasOptimizer`",
        "the optimizer in it: the model is one replica",
        "with several, a warning: the program takes the mean of their gradients; no steps are "
        "compared, because its train operation waits for the others",
        ("sync_replicas",),
    ),
    Recognized(
        "rounding and signs with the gradient of the identity; gradients turned around or scaled "
        "(`gradient_override_map`)",
        "a layer `StraightThrough`",
        cases=("straight_through", "own_gradients"),
    ),
    Recognized(
        "`x + tf.stop_gradient(f(x) - x)`",
        "the same with `keras.ops.stop_gradient`",
        cases=("own_gradients",),
    ),
    Recognized(
        "`tf.quantization.fake_quant_with_min_max_*`",
        "a layer `FakeQuantization`",
        "its limits are not trained",
        ("own_gradients",),
    ),
    Recognized(
        "several optimizers of one loss",
        "an optimizer `Together`",
        cases=("two_rates",),
    ),
    Recognized(
        "losses that a program minimizes in turn, with an optimizer each or one for all: GANs, "
        "actor and critic",
        "an optimizer `InTurn` with the state of all, and for each further loss a function, "
        "`generator_trainer(model)`, that gives a compiled model of the same layers",
        "the outputs of all networks have to be asked for with `--outputs`, which a warning lists",
        (
            *("gan_pair", "gan_one_optimizer", "gan_conditional", "wgan_turns", "gan_penalty"),
            "actor_critic",
        ),
    ),
    Recognized(
        "a penalty on gradients of a network (WGAN-GP)",
        "the gradient is an output of the model, by the weights of the same layers, which may be "
        "called in reverse",
        "its tensor has to be asked for with `--outputs`, which a warning lists",
        ("gan_penalty",),
    ),
    Recognized(
        "slots that the checkpoint does not contain",
        "slots with their initial values, and a warning",
        cases=("slots_missing",),
    ),
    Recognized(
        "a loss that is not reduced",
        'a loss with `reduction="sum"`',
        cases=("loss_not_reduced",),
    ),
    Recognized(
        "softmax or sigmoid in the network and again in the loss",
        "a loss `OfActivated`: Keras would undo one of the two",
        cases=("softmax_twice",),
    ),
    Recognized(
        "a loss with no class in Keras, of the outputs and labels",
        "a function `graph_loss` with the formula of the graph",
        cases=("fm_log_loss", "hard_examples"),
    ),
    Recognized(
        "a loss that takes inputs of the model",
        "`compute_loss` of a class `GraphModel` reads them from x",
        cases=("ctc_lstm", "crf_fixed"),
    ),
    Recognized(
        "a loss that takes trained variables directly, up to three: log variances of tasks, the "
        "transitions of a CRF, a kernel of the network",
        "weights of the model: those of layers, others in a layer `LossParameter`; `compute_loss` "
        "of `GraphModel` takes them",
        cases=("uncertainty_weights", "crf_tagger"),
    ),
    Recognized(
        "`tf.nn.ctc_loss` of a `tf.sparse_placeholder`",
        "`CTCLoss`, with the last class as blank",
        "labels are rows, padded with -1; with `preprocess_collapse_repeated`, "
        "`ignore_longer_outputs_than_inputs` or `ctc_merge_repeated=False` it is named, and not "
        "carried over; labels that are longer than their frames raise an error in TF1, and have a "
        "very large loss in Keras",
        ("ctc_lstm", "ctc_open"),
    ),
    Recognized(
        "`tf.contrib.crf.crf_log_likelihood`",
        "`CRFLogLikelihood`",
        cases=("crf_tagger", "crf_fixed"),
    ),
)
"""What a step does besides the formula of the optimizer, and losses that surprise."""

NAMED = (
    "target networks and other operations that a program runs besides its train operation",
    "losses that also depend on another network: a warning names the outputs that carry them",
    "gradients that a program replaces by anything but the incoming one, times a number",
    "moving averages of weights that nothing in the model reads",
)
"""What is not carried over, and is named in the report."""
