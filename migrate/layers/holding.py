"""Variables that stay one weight, whole, where the graph uses them in several ways or in part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import fields, replace

from ..plan import Network, Plan, Read, Weight
from ..plan.elements import Taken, taken
from .registry import UnsupportedError
from .view import View

Fill = Callable[[View, Network], None]
_MOST_TRIES = 16  # plans that are made to see which variables can be held


def keep_whole(
    view: View, plan: Network, fill: Fill, trained: Collection[str], read: Read | None
) -> None:
    """Fills a plan so that each variable is in it once, and whole, as far as that can be.

    A layer's weight is the best place of a variable. Where that would copy it, leave a part of it
    out, or train what was computed from it, the model has the variable itself, and computes.

    Args:
        fill: fills a plan from a view.
        trained: variables that an optimizer moves, as the checkpoint calls them.
        read: checkpoint name → array.
    """
    first = _filled(view, plan, fill)
    assert first is not None
    held = _in_pieces(first.weights) | _changed(first.weights, trained, read)
    best = _holding(view, plan, fill, held) or first
    _tell(best)
    for each in fields(best):
        setattr(plan, each.name, getattr(best, each.name))


def _holding(view: View, plan: Network, fill: Fill, wanted: set[str]) -> Network | None:
    """The plan that holds as many of some variables as it can; None where it can hold none."""
    held, tries = set(wanted), 0
    while held and tries < _MOST_TRIES:
        tries += 1
        made = _filled(view.holding(held), plan, fill, may_fail=True)
        if made is None:
            if len(held) == 1 or len(held) + tries > _MOST_TRIES:
                return None
            tries += len(held)
            alone = ((n, _filled(view.holding({n}), plan, fill, may_fail=True)) for n in held)
            possible = {name for name, found in alone if found is not None}
            if possible == held:  # each alone, but not together
                return None
            held = possible
            continue
        # A recurrent layer keeps what it needs of a variable, whoever else holds it.
        still = _in_pieces(made.weights) & held
        if not still:
            return made
        held -= still
    return None


def _filled(view: View, plan: Network, fill: Fill, *, may_fail: bool = False) -> Network | None:
    """A filled copy of a plan; None where an operation has no form."""
    made = replace(plan, notes=[*plan.notes], warnings=[*plan.warnings])
    made.inputs, made.outputs, made.calls, made.weights = [], [], [], []
    try:
        fill(view, made)
    except UnsupportedError:
        if not may_fail:
            raise
        return None
    return made


def _of_all(weights: Iterable[Weight]) -> Taken:
    total = Taken()
    for weight in weights:
        total.add(taken(weight.recipe))
    return total


def _in_pieces(weights: Collection[Weight]) -> set[str]:
    """Variables of which a part is left out, or is there more than once."""
    total = _of_all(weights)
    return {name for name in total.counts if total.repeats(name) or not total.covers(name)}


def _changed(weights: Collection[Weight], trained: Collection[str], read: Read | None) -> set[str]:
    """Trained variables of whose steps a weight's would be others."""
    found: set[str] = set()
    for weight in weights:
        sources = set(weight.recipe.sources) & set(trained)
        if sources and read is not None and not weight.recipe.keeps_steps(read):
            found |= set(weight.recipe.sources)
    return found


def _tell(plan: Network) -> None:
    """Says which variables are copied or cut all the same."""
    total, targets = Taken(), dict[str, list[str]]()
    for weight in plan.weights:
        part = taken(weight.recipe)
        total.add(part)
        for name in part.counts:
            targets.setdefault(name, []).append(weight.target)
    for name, where in targets.items():
        if total.repeats(name):
            plan.warnings.append(
                f"{name} becomes {len(where)} separate weights of the model "
                f"({', '.join(where)}). Predictions are not affected, but training changes "
                "each copy separately."
            )
        if not total.covers(name) and isinstance(plan, Plan):
            plan.cut[name] = "the outputs do not use the rest"
            plan.warnings.append(
                f"Only a part of {name} is in the model ({', '.join(where)}), because the "
                "outputs do not use the rest."
            )
