"""A plan → the source of ``model.py``: blocks and loops where it has them, else a list of calls."""

from __future__ import annotations

import ast
import textwrap

from ..outline import Outline, outline
from ..plan import Layer, Network, Plan, Unknown, Value
from .classes import pieces, with_bases
from .flat import Functional, Sequential, is_chain
from .optimizer import optimizer_source
from .outlined import Outlined
from .parameters import Parameters
from .render import WIDTH, Apply, Name, prose, render
from .training import arguments, asked_of, compile_model, formula_source, trainer_source
from .writer import BODY

STYLES = ("blocks", "flat")


def source(plan: Plan, *, legacy_keras: bool = False, style: str = "blocks") -> str:
    """The text of a module with ``build_model()``, formatted; it imports only what it needs.

    Args:
        style: of :data:`STYLES`; "flat" is one list of calls, without functions and loops.
        legacy_keras: as :func:`written` takes it.
    """
    return written(plan, outline_of(plan, style), style=style, legacy_keras=legacy_keras)


def outline_of(plan: Plan, style: str = "blocks") -> Outline | None:
    """The outline by which a plan is written, or None where it has no blocks and no loops."""
    if style == "flat":
        return None
    found = outline(plan, Parameters(plan).stand_ins())
    return found if found.repeats else None


def written(
    plan: Plan, found: Outline | None, *, style: str = "blocks", legacy_keras: bool = False
) -> str:
    """As :func:`source`, by an outline that was found before.

    Args:
        style: as :func:`source` takes it.
        legacy_keras: for tf-keras, which is Keras 2; whether it has all the names is not looked at.
    """
    kinds = [*plan.kinds, *(plan.training.kinds if plan.training else ())]
    parameters = Parameters(plan)
    body: Outlined | Sequential | Functional
    if found is not None:
        parameters.keep([step.calls[0].function for step in found.inline])
        body = Outlined(plan, found, parameters, legacy_keras)
    else:
        body = (
            Sequential(plan, parameters, legacy_keras)
            if is_chain(plan)
            else Functional(plan, parameters, legacy_keras, nests=style != "flat")
        )
    imports = {"import keras"}
    texts = []
    lines = body.lines()
    for name in with_bases(kinds):
        needed, text = pieces(name)
        imports.update(needed)
        texts.append(text)
    for formula in plan.training.formulas if plan.training else ():
        writer = Functional(formula.body, Parameters(formula.body), legacy_keras)
        lines_of = writer.function_lines(arguments(formula))
        texts.append(formula_source(formula, lines_of, prose(formula.tensor, 60)))
    if plan.training and (own := plan.training.own_optimizer):
        texts.append(optimizer_source(own, plan))
    texts += [
        _build_step(layer, body.steps[id(layer.step)], legacy_keras)
        for layer in plan.layers
        if layer.step
    ]
    texts += body.functions()
    texts.append(_build_model(plan, parameters, lines))
    if any(map(_uses_numpy, texts)):
        imports.add("import numpy as np")
    if plan.training:
        texts.append(compile_model(plan, plan.training))
        texts += [trainer_source(plan, turn) for turn in plan.training.turns]
    if legacy_keras:
        imports = {line.replace("import keras", "import tf_keras as keras") for line in imports}
    head = [_module_docstring(plan), "\n".join(sorted(imports))]
    return "\n\n".join(head) + "\n\n\n" + "\n\n\n".join(texts) + "\n"


def required(plan: Plan) -> dict[str, dict[str, Unknown]]:
    """The arguments without defaults: function of the source → argument → the number it is."""
    asked = asked_of(plan.training) if plan.training else {}
    return {"build_model": Parameters(plan).required, "compile_model": asked}


def _module_docstring(plan: Plan) -> str:
    title = prose(plan.name, 40) or "A model"
    text = f"{title}, converted by tfmigrate from {prose(plan.origin)}."
    lines = textwrap.wrap(text, WIDTH - 6)
    notes = [
        line
        for note in (*plan.notes, *plan.warnings)
        for line in textwrap.wrap(
            prose(note, 400), WIDTH, initial_indent="- ", subsequent_indent="  "
        )
    ]
    if len(lines) == 1 and not notes:
        return f'"""{lines[0]}"""'
    rest = ["", *notes] if notes else []
    return "\n".join(['"""' + lines[0], *lines[1:], *rest, '"""'])


def _uses_numpy(text: str) -> bool:
    """Whether code, and not only a name in a docstring, has ``np.``."""
    nodes = ast.walk(ast.parse(text)) if "np." in text else ()
    return any(isinstance(node, ast.Name) and node.id == "np" for node in nodes)


def _build_model(plan: Plan, parameters: Parameters, body: list[str]) -> str:
    signature = (
        "def "
        + render(
            Apply(Name("build_model"), [Name(n) for n in parameters.required], parameters.defaults),
            before=4,
            after=1,
        )
        + ":"
    )
    inputs = ", ".join(_described(i.name, i.value) for i in plan.inputs)
    outputs = ", ".join(_described(o.tensor, o.value) for o in plan.outputs)
    told = [f"Inputs: {inputs}.", f"Outputs: {outputs}."]
    told += [
        f"{name} is used in training; the TF1 program feeds it ({prose(number.tensor, 60)})."
        for name, number in parameters.required.items()
    ]
    lines = [line for text in told for line in textwrap.wrap(text, WIDTH - 4)]
    docstring = ["Builds the model with new, untrained weights.", "", *lines]
    return "\n".join(
        [
            signature,
            f'{BODY}"""{docstring[0]}',
            *(f"{BODY}{line}".rstrip() for line in docstring[1:]),
            f'{BODY}"""',
            *body,
        ]
    )


def _build_step(layer: Layer, name: str, legacy_keras: bool) -> str:
    """The function that builds the model of one step of a layer."""
    assert layer.step is not None
    lines = Functional(layer.step, Parameters(Network("", "")), legacy_keras).lines()
    docstring = f'{BODY}"""Builds the model of one step of {prose(layer.name, 50)}."""'
    return "\n".join([f"def {name}():", docstring, *lines])


def _described(name: str, value: Value) -> str:
    shape = "any shape" if value.shape is None else str(value.shape)
    return f"{prose(name, 60)}: {value.dtype} {shape}"
