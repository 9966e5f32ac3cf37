"""A tf.cond as a choice of two numbers that are both computed."""

from __future__ import annotations

from tfmigrate.graph import Graph, Node
from tfmigrate.graph.conds import as_choices


def graph_of(*nodes: Node) -> Graph:
    return Graph({node.name: node for node in nodes})


def cond(scope: str, predicate: str, true: str, false: str) -> list[Node]:
    """As TensorFlow 1 writes it: sides enter by Switches, or wait for one where they are made."""
    return [
        Node(f"{scope}/Switch", "Switch", (predicate, predicate)),
        Node(f"{scope}/switch_t", "Identity", (f"{scope}/Switch:1",)),
        Node(f"{scope}/made", "Const", control_inputs=(f"{scope}/switch_t",)),
        Node(f"{scope}/true", "Mul", (true, f"{scope}/made:0")),
        Node(f"{scope}/false", "Switch", (false, predicate)),
        Node(f"{scope}/Merge", "Merge", (f"{scope}/false:0", f"{scope}/true:0")),
    ]


GIVEN = [Node(name, "Placeholder") for name in ("warm", "late", "a", "b", "c")]


def test_what_is_true_is_chosen_first_and_switches_are_passed() -> None:
    graph = as_choices(graph_of(*GIVEN, *cond("cond", "warm:0", "a:0", "b:0")), "cond/Merge:0")
    chosen = graph.nodes["cond/Merge"]
    assert (chosen.op, chosen.inputs) == ("Select", ("warm:0", "cond/true:0", "b:0"))
    assert not graph.nodes["cond/made"].control_inputs


def test_one_cond_in_another_has_its_own_predicate() -> None:
    inner = cond("inner", "late:0", "a:0", "b:0")
    # Within the outer one, what the inner one takes has passed a Switch of the outer.
    inner[3] = Node("inner/true", "Mul", ("outer/a:1", "inner/made:0"))
    inner[4] = Node("inner/false", "Switch", ("outer/b:1", "late:0"))
    entering = [Node(f"outer/{name}", "Switch", (f"{name}:0", "warm:0")) for name in "ab"]
    outer = cond("outer", "warm:0", "inner/Merge:0", "c:0")
    graph = as_choices(graph_of(*GIVEN, *entering, *inner, *outer), "outer/Merge:0")
    assert graph.nodes["outer/Merge"].inputs == ("warm:0", "outer/true:0", "c:0")
    assert graph.nodes["inner/Merge"].inputs == ("late:0", "inner/true:0", "b:0")
    assert graph.nodes["inner/true"].inputs == ("a:0", "inner/made:0")
