"""The role of each variable, inferred only from its name.

Where there is a graph, roles are read from it and these guesses give way. Slot names are those of
tensorflow/python/training/*.py and, for Keras, tensorflow/python/keras/optimizer_v2/*.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from .variable import Variable

Kind = Literal["weight", "slot", "moving_average", "step", "bookkeeping"]


@dataclass(frozen=True, slots=True)
class Role:
    """What one variable is for.

    Args:
        kind: a weight; a slot; a moving average (of a weight, or batch-norm statistics); a step;
            bookkeeping (beta powers, hyper-parameters, counters, flags such as is_training).
        optimizer: the class the slot or beta power belongs to, "Adam"; another name where the
            class is unknown.
        slot: which of the optimizer's: "m", "v", "momentum", "accumulator", "rms", …; for
            bookkeeping the hyper-parameter; None where the name does not tell.
        of: the variable it is a slot or a moving average of.
        instance: counts the optimizers of one class on one variable, from 0.
        evidence: "graph" where it was read from the graph, "name" where it was guessed.
    """

    kind: Kind
    optimizer: str | None = None
    slot: str | None = None
    of: str | None = None
    instance: int = 0
    evidence: Literal["graph", "name"] = "name"


# Slots in the order in which each optimizer makes them: w/Adam is m, w/Adam_1 is v.
SLOTS: dict[str, tuple[str, ...]] = {
    "AdagradDA": ("gradient_accumulator", "gradient_squared_accumulator"),
    "ProximalAdagrad": ("accumulator",),
    "Adagrad": ("accumulator",),
    "Adadelta": ("accum", "accum_update"),
    "AdaMax": ("m", "v"),
    "AdamW": ("m", "v"),
    "Nadam": ("m", "v"),
    "Adam": ("m", "v"),
    "RMSProp": ("rms", "momentum"),
    "MomentumW": ("momentum",),
    "Momentum": ("momentum",),
    "LARSOptimizer": ("momentum",),
    "Ftrl": ("accum", "linear"),
}
CENTERED_RMSPROP = ("rms", "mg", "momentum")

# Keras names each slot for what it is: training/Adam/dense/kernel/m.
_KERAS_CLASSES = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Adam", "Nadam", "Ftrl")
_KERAS_SLOTS = {
    "m",
    "v",
    "vhat",
    "rms",
    "mg",
    "momentum",
    "accumulator",
    "accum_grad",
    "accum_var",
    "linear",
    "average",
    "velocity",
}
_HYPERPARAMETERS = {
    "lr",
    "learning_rate",
    "decay",
    "beta_1",
    "beta_2",
    "rho",
    "momentum",
    "epsilon",
    "schedule_decay",
}
_STEPS = {
    "global_step",
    "globalstep",
    "step",
    "steps",
    "iter",
    "iteration",
    "iterations",
    "training_step",
    "train_step",
}
_COUNTERS = {
    "save_counter",
    "local_step",
    "good_steps",
    "current_loss_scale",
    "loss_scale",
    "learning_rate",
    "lr",
    "epoch",
}
_FLAGS = re.compile(r"(is_?)?(training|train|test|testing)(_?(flag|mode|phase))?|phase(_train)?")
_STATISTIC = re.compile(
    r"(.+_)?(moving|running|pop|population)_?(mean|avg|average|variance|var|std|stddev)"
    r"|renorm_(mean|stddev)(_weight)?"
)
_NUMBERED = re.compile(r"(.+?)(?:_(\d+))?")
_MAX_NAME = 4096  # characters; nobody writes longer names, and patterns take their time on them
_ATTRIBUTE = "/.ATTRIBUTES/VARIABLE_VALUE"
_OBJECT_SLOT = re.compile(r"(.+)/\.OPTIMIZER_SLOT/(.+)/(\w+)/\.ATTRIBUTES/VARIABLE_VALUE")


def guess_roles(variables: Mapping[str, Variable]) -> dict[str, Role]:
    """The role of every variable, from names, and from shapes: a slot has its variable's shape.

    Args:
        variables: name → description, as ``Checkpoint.variables``.

    Returns:
        name → role, in the same order. What has no telling name is a weight.
    """
    roles = {name: _by_name(variable, variables) for name, variable in variables.items()}
    return _number_slots(roles)


def _by_name(variable: Variable, variables: Mapping[str, Variable]) -> Role:
    name = variable.name
    if len(name) > _MAX_NAME:
        return Role("weight")
    if match := _OBJECT_SLOT.fullmatch(name):
        return Role("slot", match[2].rpartition("/")[2], match[3], match[1] + _ATTRIBUTE)
    if name == "_CHECKPOINTABLE_OBJECT_GRAPH":
        return Role("bookkeeping")
    base, _, last = name.removesuffix(_ATTRIBUTE).rpartition("/")
    stem = (_NUMBERED.fullmatch(last) or [last, last])[1]
    return (
        _scalar(variable, base, last.lower(), stem.lower())
        or _average(variable, base, stem, variables)
        or _slot(variable, base, last, stem, variables)
        or Role("weight")
    )


def _scalar(variable: Variable, base: str, last: str, stem: str) -> Role | None:
    """Steps, beta powers, hyper-parameters, counters and flags: one number each."""
    if variable.size != 1 or len(variable.shape) > 1:
        return None
    if match := re.fullmatch(r"beta([12])_power", stem):
        return Role("bookkeeping", "Adam", f"beta{match[1]}_power")
    whole = variable.dtype.startswith(("int", "uint"))
    keras = _keras_class(base)
    if stem in _STEPS and (whole or stem == "global_step" or keras):
        return Role("step", keras)
    if last in _HYPERPARAMETERS and (keras or base.endswith("optimizer")):
        return Role("bookkeeping", keras, last)
    if stem in _COUNTERS or variable.dtype == "bool" or _FLAGS.fullmatch(stem):
        return Role("bookkeeping")
    return None


def _average(
    variable: Variable, base: str, stem: str, variables: Mapping[str, Variable]
) -> Role | None:
    if stem == "ExponentialMovingAverage" or (stem == "biased" and base in variables):
        return Role("moving_average", slot=stem, of=_owner(base, variable, variables))
    if _STATISTIC.fullmatch(stem.lower()):
        return Role("moving_average", slot=stem)
    return None


def _slot(
    variable: Variable, base: str, last: str, stem: str, variables: Mapping[str, Variable]
) -> Role | None:
    owner = _owner(base, variable, variables) if base else None
    keras = _keras_class(base)
    if keras and last in _KERAS_SLOTS and owner:
        return Role("slot", keras, last, owner)
    if keras and stem == "Variable":
        # Keras before 2.3 numbered all slots of a model through: training/Adam/Variable_7.
        return Role("slot", keras)
    if owner and last in ("adam_m", "adam_v"):  # AdamWeightDecayOptimizer of BERT and its kin
        return Role("slot", "AdamWeightDecay", last[-1], owner)
    if stem in SLOTS and base and (owner or base not in variables):
        # Without its variable it is a slot still: a Saver with a var_list leaves such behind.
        return Role("slot", stem, None, owner)
    named = next((c for c in SLOTS if c.lower() in stem.lower()), None)
    if owner and (named or re.search(r"optimi[sz]er|momentum|sgd", stem, re.IGNORECASE)):
        return Role("slot", named or stem, None, owner)
    return None


def _owner(base: str, variable: Variable, variables: Mapping[str, Variable]) -> str | None:
    """The variable that a slot called ``base/…`` belongs to: one of the same shape.

    A scope around the optimizer is put before the variable's name; a partitioned variable's slots
    carry garbled pieces of it after (see :mod:`.partial`).
    """

    def fits(name: str) -> bool:
        return name in variables and variables[name].shape == variable.shape

    if fits(base + _ATTRIBUTE):
        return base + _ATTRIBUTE
    inner = base
    while inner:
        if fits(inner):
            return inner
        inner = inner.partition("/")[2]
    owner = base
    while owner := owner.rpartition("/")[0]:
        if fits(owner) and _garbled(owner, base[len(owner) + 1 :]):
            return owner
    return None


def _garbled(owner: str, rest: str) -> bool:
    """Whether ``rest`` is what is left of ``<scope>/<owner>/part_<n>`` cut at its front."""
    whole = f"/{owner}/part_#"
    rest = re.sub(r"\d+$", "#", rest)
    return whole.endswith(rest) or f"/{rest}".endswith(whole)


def _keras_class(base: str) -> str | None:
    """The Keras optimizer in a path such as training/Adam_1/dense/kernel."""
    for part in base.split("/")[:2]:
        match = _NUMBERED.fullmatch(part)
        if match and match[1] in _KERAS_CLASSES:
            return match[1]
    return None


def _number_slots(roles: dict[str, Role]) -> dict[str, Role]:
    """Tell m from v, and one optimizer from the next, by the numbers TF1 put behind the names."""
    families: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for name, role in roles.items():
        if role.kind == "slot" and role.slot is None and role.optimizer in SLOTS:
            match = _NUMBERED.fullmatch(name)
            if match:
                families[match[1], role.optimizer].append((int(match[2] or 0), name))
    for (_, optimizer), members in families.items():
        names = [name for _, name in sorted(members)]
        for instance, group in enumerate(_by_optimizer(optimizer, names)):
            for name, slot in group:
                roles[name] = replace(roles[name], slot=slot, instance=instance)
    return roles


def _by_optimizer(optimizer: str, names: list[str]) -> Iterator[Iterable[tuple[str, str]]]:
    slots = SLOTS[optimizer]
    if optimizer == "RMSProp" and len(names) % 3 == 0 and len(names) % 2:
        slots = CENTERED_RMSPROP  # six names may be two centered or three plain: plain, then
    for start in range(0, len(names), len(slots)):
        yield zip(names[start : start + len(slots)], slots, strict=False)
