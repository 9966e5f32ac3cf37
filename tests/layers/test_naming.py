"""Names of layers: whole scopes, and the word for what a layer does where a scope has more."""

from __future__ import annotations

from tfmigrate.layers.naming import hint_of, name_layers
from tfmigrate.plan import Layer


def named(
    *wishes: tuple[str, str], weights: tuple[str, ...] = ("Conv2D", "Dense", "Bias")
) -> list[str]:
    """The names that layers of these kinds and scopes get, each after the one before."""
    layers = [
        Layer("", kind, {"activation": "relu"} if kind == "Activation" else {})
        for kind, _ in wishes
    ]
    pairs = [(layer, scope) for layer, (_, scope) in zip(layers, wishes, strict=True)]
    before = dict(zip(layers[1:], layers, strict=False))
    name_layers(pairs, set(), [y for y in layers if y.kind in weights], before=before)
    return [layer.name for layer in layers]


def test_layers_of_one_scope_are_called_by_what_they_do() -> None:
    assert named(
        ("Conv2D", "stage1/unit1/conv1"), ("Activation", "stage1/unit1"),
        ("Conv2D", "stage1/unit1/conv2"), ("Add", "stage1/unit1"), ("Activation", "stage1/unit1"),
        ("Dense", "logits"),
    ) == [
        "stage1_unit1_conv1", "stage1_unit1_conv1_relu", "stage1_unit1_conv2", "stage1_unit1_add",
        "stage1_unit1_add_relu", "logits",
    ]  # fmt: skip


def test_a_layer_that_is_alone_in_its_scope_keeps_its_name() -> None:
    assert named(("MaxPooling2D", "net/pool1"), ("Dense", "net/fc")) == ["pool1", "fc"]


def test_two_layers_with_weights_of_one_scope_differ_by_their_kind() -> None:
    assert named(("Dense", "a/query"), ("Bias", "a/query"), ("Dense", "b/key")) == [
        "a_query", "a_query_bias", "b_key",
    ]  # fmt: skip


def test_a_whole_scope_is_kept_however_long() -> None:
    scope = "bert/encoder/layer_11/attention/output/LayerNorm_of_the_whole_block"
    assert named(("Dense", scope), ("Dense", "out"))[0] == scope.replace("/", "_")


def test_values_are_called_by_words_of_the_graph_and_never_by_those_of_python() -> None:
    assert hint_of("layer_0/attention/self/MatMul") == "attention"
    assert hint_of("encoder/input/Relu") == "encoder"
    assert hint_of("self/add") == "self"
