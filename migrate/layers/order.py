"""The order of the calls: what several parts of a network take is made before them."""

from __future__ import annotations

from ..plan import Call, Network

_FAR = 12  # calls between the first and the last that take a value
_MOST_CALLS = 40  # that make such a value: more of them are a part themselves


def hoist(plan: Network) -> None:
    """Moves masks and the like, which the first part makes and all take, to where they can be.

    A graph lists what an output needs as it is met: a mask stands in the midst of the first layer.
    """
    made = {id(value): i for i, call in enumerate(plan.calls) for value in call.outputs}
    users: dict[int, list[int]] = {}
    for index, call in enumerate(plan.calls):
        for value in call.values:
            if id(value) in made:
                users.setdefault(made[id(value)], []).append(index)
    for output in plan.outputs:
        if id(output.value) in made:
            users.setdefault(made[id(output.value)], []).append(len(plan.calls))
    keys = [(index, 0) for index in range(len(plan.calls))]
    for index, taken in users.items():
        if taken[-1] - taken[0] >= _FAR:
            needed = _only_for(index, plan.calls, made, users)
            after = _last_given(needed, plan.calls, made)
            if needed and after + 1 < min(needed):
                for inner in needed:
                    keys[inner] = min(keys[inner], (after, 1))
    order = sorted(range(len(plan.calls)), key=lambda index: keys[index])
    plan.calls = [plan.calls[index] for index in order]


def _only_for(
    index: int, calls: list[Call], made: dict[int, int], users: dict[int, list[int]]
) -> set[int]:
    """The call and those that serve nothing else; none where there are many."""
    found, waiting = {index}, [index]
    while waiting and len(found) <= _MOST_CALLS:
        for value in calls[waiting.pop()].values:
            before = made.get(id(value))
            if before is not None and before not in found and found.issuperset(users[before]):
                found.add(before)
                waiting.append(before)
    return found if len(found) <= _MOST_CALLS else set()


def _last_given(needed: set[int], calls: list[Call], made: dict[int, int]) -> int:
    """The last call that gives one of them something; -1 where only inputs do."""
    given = (made.get(id(value), -1) for index in needed for value in calls[index].values)
    return max((index for index in given if index not in needed), default=-1)
