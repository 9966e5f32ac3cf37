"""Where a network ends that a suppression or a decoder follows."""

import pytest
from tfmigrate.graph import Graph, Node
from tfmigrate.graph.interface.ends import before_ends


def graph(*nodes: tuple[str, ...]) -> Graph:
    """Nodes as name, operation and inputs."""
    return Graph({name: Node(name, op, inputs) for name, op, *inputs in nodes})


NETWORK = (
    ("x", "Placeholder"), ("boxes", "Reshape", "x:0"), ("scores", "Sigmoid", "x:0"),
    ("few", "Const"),
)  # fmt: skip
CHOSEN = ("chosen", "NonMaxSuppressionV3", "passed:0", "scores:0", "few:0", "few:0", "few:0")


def test_a_detector_ends_with_its_boxes_and_scores() -> None:
    found = graph(
        *NETWORK, ("passed", "Identity", "boxes:0"), CHOSEN,
        ("kept", "GatherV2", "boxes:0", "chosen:0", "few:0"),
    )  # fmt: skip
    outputs, note = before_ends(found, ["kept:0", "scores:0"])
    assert outputs == ("boxes:0", "scores:0")
    assert "NonMaxSuppressionV3" in note
    assert "kept:0 is computed from these" in note


def test_a_recognizer_ends_with_what_its_decoder_takes_after_a_loop() -> None:
    found = graph(
        *NETWORK, ("loop", "Exit", "boxes:0"), ("logits", "Transpose", "loop:0", "few:0"),
        ("words", "CTCGreedyDecoder", "logits:0", "few:0"), ("dense", "SparseToDense", "words:1"),
    )  # fmt: skip
    assert before_ends(found, ["dense:0"])[0] == ("logits:0",)


@pytest.mark.parametrize(
    "rest",
    [
        (("passed", "Identity", "boxes:0"), CHOSEN, ("kept", "Exit", "chosen:0")),
        (("kept", "GatherV2", "boxes:0", "few:0", "few:0"),),
        tuple(
            (f"c{i}", "NonMaxSuppression", f"b{i}:0", "scores:0", "few:0") for i in range(9)
        )
        + tuple((f"b{i}", "Slice", "boxes:0") for i in range(9))
        + (("kept", "ConcatV2", *(f"c{i}:0" for i in range(9))),),
    ],
    ids=["in a loop", "none", "one for each class"],
)  # fmt: skip
def test_other_outputs_stay(rest: tuple[tuple[str, ...], ...]) -> None:
    assert before_ends(graph(*NETWORK, *rest), ["kept:0"]) == (("kept:0",), "")
