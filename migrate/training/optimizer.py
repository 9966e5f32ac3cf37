"""An optimizer of TensorFlow 1 → the Keras class with the same updates, and where slots go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..graph import LAZY, Clipping, Optimizer
from ..plan import Unknown
from ..plan.training import Formula, New


@dataclass(frozen=True)
class Form:
    """The Keras form of one optimizer.

    Attributes:
        kind: the class.
        arguments: hyper-parameter of TensorFlow 1 → argument.
        defaults: values of the class's arguments that need not be written.
        slots: slot of TensorFlow 1 → attribute of the optimizer that lists its variables.
        initial: the slot whose initial value is an argument ``initial_accumulator_value``.
        negated_rate: the slots hold ``-learning_rate`` times what TensorFlow 1's do.
    """

    kind: str
    arguments: Mapping[str, str]
    defaults: Mapping[str, Any]
    slots: Mapping[str, str]
    initial: str | None = None
    negated_rate: bool = False


_BETAS = {"beta1": "beta_1", "beta2": "beta_2", "epsilon": "epsilon"}
_ADAM_DEFAULTS = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False}
_MOMENTS = {"m": "_momentums", "v": "_velocities"}
_PENALTIES = {key: key for key in ("l1_regularization_strength", "l2_regularization_strength")}
_NO_PENALTY = dict.fromkeys(_PENALTIES, 0.0)
_FTRL = {
    **_PENALTIES,
    "l2_shrinkage_regularization_strength": "l2_shrinkage_regularization_strength",
    "learning_rate_power": "learning_rate_power",
}
_SIGN = {"beta": 0.9, "sign_decay": 1.0}
_MOMENTUM = {"momentum": "momentum", "use_nesterov": "nesterov"}

# Update rules: tensorflow/core/kernels/training_ops.cc beside keras/src/optimizers.
_FORMS = {
    "GradientDescent": Form("keras.optimizers.SGD", {}, {}, {}),
    "KerasMomentum": Form(
        "keras.optimizers.SGD", _MOMENTUM, {"nesterov": False}, {"momentum": "momentums"}
    ),
    "Adagrad": Form(
        "keras.optimizers.Adagrad",
        {"epsilon": "epsilon"},
        {"epsilon": 1e-7, "initial_accumulator_value": 0.1},
        {"accumulator": "_accumulators"},
        initial="accumulator",
    ),
    "Adadelta": Form(
        "keras.optimizers.Adadelta",
        {"rho": "rho", "epsilon": "epsilon"},
        {"rho": 0.95, "epsilon": 1e-7},
        {"accum": "_accumulated_grads", "accum_update": "_accumulated_delta_vars"},
    ),
    "RMSProp": Form(
        "RMSProp",
        {"decay": "rho", "momentum": "momentum", "epsilon": "epsilon", "centered": "centered"},
        {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-10, "centered": False},
        {"rms": "_velocities", "momentum": "_momentums", "mg": "_average_gradients"},
    ),
    "Adam": Form("keras.optimizers.Adam", _BETAS, _ADAM_DEFAULTS, _MOMENTS),
    "AdamWithAmsgrad": Form(
        "keras.optimizers.Adam",
        {**_BETAS, "amsgrad": "amsgrad"},
        _ADAM_DEFAULTS,
        {**_MOMENTS, "vhat": "_velocity_hats"},
    ),
    "AdaMax": Form("keras.optimizers.Adamax", _BETAS, _ADAM_DEFAULTS, {"m": "_m", "v": "_u"}),
    "Ftrl": Form(
        "keras.optimizers.Ftrl",
        _FTRL,
        {**_NO_PENALTY, "l2_shrinkage_regularization_strength": 0.0, "learning_rate_power": -0.5}
        | {"initial_accumulator_value": 0.1},
        {"accum": "_accumulators", "linear": "_linears"},
        initial="accum",
    ),
    "AdagradDA": Form(
        "AdagradDA",
        _PENALTIES,
        {**_NO_PENALTY, "initial_accumulator_value": 0.1},
        {
            "gradient_accumulator": "_gradient_sums",
            "gradient_squared_accumulator": "_square_sums",
        },
        initial="gradient_squared_accumulator",
    ),
    "ProximalAdagrad": Form(
        "ProximalAdagrad",
        _PENALTIES,
        {**_NO_PENALTY, "initial_accumulator_value": 0.1},
        {"accumulator": "_accumulators"},
        initial="accumulator",
    ),
    "AddSign": Form(
        "AddSign",
        {"alpha": "alpha", "beta": "beta", "sign_decay": "sign_decay"},
        {"alpha": 1.0, **_SIGN},
        {"m": "_averages"},
    ),
    "PowerSign": Form(
        "PowerSign",
        {"base": "log_base", "beta": "beta", "sign_decay": "sign_decay"},  # the kernel's "logbase"
        {"log_base": 1.0, **_SIGN},
        {"m": "_averages"},
    ),
    "ProximalGradientDescent": Form("ProximalGradientDescent", _PENALTIES, _NO_PENALTY, {}),
}
_NESTEROV_ADAM = Form("NesterovAdam", _BETAS, _ADAM_DEFAULTS, _MOMENTS)
_OWN_MOMENTUM = Form("Momentum", _MOMENTUM, {"nesterov": False}, {"momentum": "_accumulators"})
_KERAS_MOMENTUM = Form(
    "keras.optimizers.SGD",
    _MOMENTUM,
    {"nesterov": False},
    {"momentum": "momentums"},
    negated_rate=True,
)
_WITH_EMBEDDINGS = {
    "keras.optimizers.Adam": "SparseAdam",
    "keras.optimizers.Adagrad": "SparseAdagrad",
    "keras.optimizers.Adadelta": "SparseAdadelta",
    "keras.optimizers.Ftrl": "SparseFtrl",
    "Momentum": "SparseMomentum",
    "RMSProp": "SparseRMSProp",
}
_LAZY_ADAM = "LazyAdam"
CLIPPING = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}


def classes() -> dict[str, list[str]]:
    """Optimizer of tf.train → the classes that stand for it, those for embeddings last."""
    found = {name: [form.kind] for name, form in _FORMS.items()}
    found["Momentum"] = [_KERAS_MOMENTUM.kind, _OWN_MOMENTUM.kind]
    found["Adam"].append(_NESTEROV_ADAM.kind)
    for kinds in found.values():
        kinds += [_WITH_EMBEDDINGS[kind] for kind in kinds if kind in _WITH_EMBEDDINGS]
    found["Adam"].append(_LAZY_ADAM)
    return found


def form_of(optimizer: Optimizer, *, constant_rate: bool, sparse: bool) -> Form | None:
    """The form of an optimizer's class; None where there is none.

    Args:
        constant_rate: whether the learning rate stays what it is. Keras's momentum has the rate
            inside its accumulator, which is the same only then.
        sparse: whether some gradients are rows of an embedding, which Keras treats otherwise.
    """
    if sparse:
        if optimizer.class_name in ("AddSign", "PowerSign"):
            return None
        form = form_of(optimizer, constant_rate=False, sparse=False)
        if form is None or form is _NESTEROV_ADAM:  # contrib's is another one by rows
            return None
        if optimizer.hyperparameters.get(LAZY):
            return replace(form, kind=_LAZY_ADAM)
        return replace(form, kind=_WITH_EMBEDDINGS.get(form.kind, form.kind))
    if optimizer.class_name == "Momentum":
        return _KERAS_MOMENTUM if constant_rate else _OWN_MOMENTUM
    if "sign_decay" in optimizer.computed:  # by the step
        return None
    if optimizer.hyperparameters.get("use_nesterov") and optimizer.class_name == "Adam":
        return _NESTEROV_ADAM
    return _FORMS.get(optimizer.class_name)


def new_optimizer(
    form: Form,
    learning_rate: float | New | Formula | Unknown,
    hyperparameters: Mapping[str, Any],
    clipping: Clipping | None,
    initial: float | None,
) -> New:
    """The optimizer as the source makes it.

    Args:
        hyperparameters: of TensorFlow 1.
        initial: the initial value of the accumulator, where one is to be given.
    """
    given = dict(hyperparameters)
    if form.kind.endswith("Adagrad") and "epsilon" in form.arguments:
        given.setdefault("epsilon", 0.0)  # Adagrad of TensorFlow 1 has none
    if "amsgrad" in form.arguments:
        given["amsgrad"] = True
    arguments = {
        form.arguments[key]: value for key, value in given.items() if key in form.arguments
    }
    if form.initial is not None and initial is not None:
        arguments["initial_accumulator_value"] = initial
    written = {
        key: value
        for key, value in arguments.items()
        if key not in form.defaults or form.defaults[key] != value
    }
    if clipping is not None:
        written[CLIPPING[clipping.kind]] = clipping.by
    return New(form.kind, {"learning_rate": learning_rate, **written})
