"""``--to torch``: weights under PyTorch's names and shapes, held against what TF 1.15 computed.

Once by PyTorch's formulas in numpy, as its documentation has them, and once by PyTorch itself,
where it is at hand. The cases ``pytorch_*`` in ``data`` were written by ``tests/tf115/pytorch.py``.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from cases import CaseOf
from interpreters import skip_without
from tfmigrate.plan import Layer, Plan, Weight
from tfmigrate.plan.network import Call, Input, Value
from tfmigrate.plan.pytorch import state_dict_of
from tfmigrate.plan.recipe import variable
from tfmigrate.worker import Worker

from .networks import OF_SCALE, Case, unpack

MODULES = Path(__file__).with_name("pytorch_modules.py")

Arrays = Mapping[str, np.ndarray]
State = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, list[str]]
StateOf = Callable[[str], State]


@pytest.fixture(scope="module")
def state_of(
    tmp_path_factory: pytest.TempPathFactory, case_of: CaseOf, graph_worker: Worker
) -> StateOf:
    """Name of a case → its state_dict, an input, the output of TF 1.15, and warnings."""
    folder = tmp_path_factory.mktemp("cases")
    unpack("pytorch", folder)
    unpack("cell_gru_cudnn_compatible", folder)

    def make(name: str) -> State:
        path = folder / name if (folder / name).is_dir() else case_of(f"goldens/{name}").folder
        case = Case(path)
        plan = case.plan(graph_worker)
        found, warnings = state_dict_of(plan)
        arrays = {entry.name: entry.recipe.make(case.source.read) for entry in found}
        assert all(arrays[entry.name].shape == entry.recipe.shape for entry in found)
        (given,) = (case.arrays[f"in_{put.tensor}"] for put in plan.inputs)
        (expected,) = (case.arrays[f"out_{output.tensor}"] for output in plan.outputs)
        return arrays, given, expected, warnings

    return make


def conv2d(
    x: np.ndarray, weight: np.ndarray, bias: object = 0.0, *, groups: int = 1, stride: int = 1,
    pad: tuple[int, int] = (0, 0),
) -> np.ndarray:  # fmt: skip
    """torch.nn.functional.conv2d: x (N, C, H, W), weight (out, C / groups, kh, kw)."""
    x = np.pad(x, ((0, 0), (0, 0), pad, pad))
    out, per, kh, kw = weight.shape
    height, width = ((n - k) // stride + 1 for n, k in zip(x.shape[2:], (kh, kw), strict=True))
    made = np.zeros((len(x), out, height, width))
    for channel in range(out):
        first = channel // (out // groups) * per
        for i in range(height):
            for j in range(width):
                rows, columns = (
                    slice(i * stride, i * stride + kh),
                    slice(j * stride, j * stride + kw),
                )
                part = x[:, first : first + per, rows, columns]
                made[:, channel, i, j] = (part * weight[channel]).sum((1, 2, 3))
    return made + np.reshape(bias, (1, -1, 1, 1))


def conv_transpose2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int
) -> np.ndarray:
    """torch.nn.functional.conv_transpose2d: weight (in, out, kh, kw)."""
    _, out, kh, kw = weight.shape
    height, width = ((n - 1) * stride + k for n, k in zip(x.shape[2:], (kh, kw), strict=True))
    made = np.zeros((len(x), out, height, width))
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            added = np.einsum("nc,cokl->nokl", x[:, :, i, j], weight)
            made[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] += added
    return made + bias.reshape(1, -1, 1, 1)


def linear(x: np.ndarray, state: Arrays, name: str) -> np.ndarray:
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def batch_norm(x: np.ndarray, state: Arrays, name: str, eps: float) -> np.ndarray:
    parts = (state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    mean, variance, gamma, beta = (a.reshape(1, -1, *[1] * (x.ndim - 2)) for a in parts)
    return (x - mean) / np.sqrt(variance + eps) * gamma + beta


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def recurrent(x: np.ndarray, state: Arrays, name: str, ending: str = "") -> np.ndarray:
    """torch.nn.LSTM, or GRU where there are three gates; x (N, L, H); the output of each step."""
    inner = {
        p: state[f"{name}.{p}_l0{ending}"] for p in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }
    units = inner["weight_hh"].shape[1]
    h, c, steps = np.zeros((len(x), units)), np.zeros((len(x), units)), []
    for at in range(x.shape[1]):
        a = np.split(
            x[:, at] @ inner["weight_ih"].T + inner["bias_ih"], len(inner["bias_ih"]) // units, 1
        )
        b = np.split(h @ inner["weight_hh"].T + inner["bias_hh"], len(a), 1)
        if len(a) == 4:
            i, f, g, o = (left + right for left, right in zip(a, b, strict=True))
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            r, z = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
            h = (1 - z) * np.tanh(a[2] + r * b[2]) + z * h
        steps.append(h)
    return np.stack(steps, 1)


def channels_first(x: np.ndarray) -> np.ndarray:
    return x.transpose(0, 3, 1, 2)


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def max_pool(x: np.ndarray) -> np.ndarray:
    n, c, height, width = x.shape
    return x.reshape(n, c, height // 2, 2, width // 2, 2).max((3, 5))


def slim_cnn_bn(x: np.ndarray, s: Arrays) -> np.ndarray:
    x = np.pad(channels_first(x), ((0, 0), (0, 0), (0, 1), (0, 1)))
    x = relu(batch_norm(conv2d(x, s["conv1.weight"], stride=2), s, "conv1_BatchNorm", 1e-3))
    x = conv2d(max_pool(x), s["conv2.weight"], pad=(1, 1))
    x = relu(batch_norm(x, s, "conv2_BatchNorm", 1e-3))
    return linear(x.reshape(len(x), -1), s, "logits")


def separable(x: np.ndarray, s: Arrays) -> np.ndarray:
    name = "depthwise_conv2d"
    x = channels_first(x)
    x = relu(conv2d(x, s[f"{name}.weight"], s[f"{name}.bias"], groups=3, pad=(1, 1)))
    x = conv2d(x, s["separable.depthwise.weight"], groups=6)
    x = conv2d(x, s["separable.pointwise.weight"], s["separable.pointwise.bias"])
    x = relu(batch_norm(x, s, "norm", 1e-3)).reshape(len(x), -1)
    return linear(batch_norm(x, s, "flat_norm_1", 1e-2), s, "out")


def decoder(x: np.ndarray, s: Arrays) -> np.ndarray:
    x = channels_first(relu(linear(x, s, "first")).reshape(-1, 3, 4, 6))
    x = relu(conv_transpose2d(x, s["up.weight"], s["up.bias"], 2))
    return conv_transpose2d(x, s["image.weight"], s["image.bias"], 1).transpose(0, 2, 3, 1)


def words(ids: np.ndarray, s: Arrays) -> np.ndarray:
    x = s["table.weight"][ids] + s["positions/bias"]
    return linear(recurrent(x, s, "rnn")[:, -1], s, "out")


def both_ways(x: np.ndarray, s: Arrays) -> np.ndarray:
    forward = recurrent(x, s, "bidirectional")
    backward = recurrent(x[:, ::-1], s, "bidirectional", "_reverse")[:, ::-1]
    return linear(np.concatenate([forward, backward], -1), s, "dense")


def gru(x: np.ndarray, s: Arrays) -> np.ndarray:
    return linear(recurrent(x, s, "rnn_gru")[:, -1], s, "out")


def mlp(x: np.ndarray, s: Arrays) -> np.ndarray:
    return linear(relu(linear(x, s, "dense")), s, "dense_1")


FORMULAS: dict[str, Callable[[np.ndarray, Arrays], np.ndarray]] = {
    "train_adam": mlp,
    "slim_cnn_bn": slim_cnn_bn,
    "pytorch_separable": separable,
    "pytorch_decoder": decoder,
    "pytorch_words": words,
    "pytorch_both_ways": both_ways,
    "cell_gru_cudnn_compatible": gru,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_formulas_of_pytorch_compute_what_tensorflow_1_did(
    name: str, state_of: StateOf
) -> None:
    state, given, expected, _ = state_of(name)
    made = FORMULAS[name](given, state)
    assert made.shape == expected.shape
    assert np.abs(made - expected).max() <= OF_SCALE * np.abs(expected).max()


def test_modules_of_pytorch_load_them_strictly_and_compute_the_same(
    state_of: StateOf, tmp_path: Path
) -> None:
    python = skip_without("torch")
    for name in FORMULAS:
        state, given, expected, _ = state_of(name)
        np.savez(
            tmp_path / f"{name}-state.npz", **{k.replace("/", "%2F"): v for k, v in state.items()}
        )
        np.savez(tmp_path / f"{name}-golden.npz", given=given, expected=expected)
    run = subprocess.run([python, str(MODULES), str(tmp_path)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == len(FORMULAS)


def test_what_a_module_must_do_itself_is_said(state_of: StateOf) -> None:
    (reshape,) = state_of("pytorch_decoder")[3]
    assert "images of the shape [3, 4, 6], channels last" in reshape
    (alone,) = state_of("pytorch_words")[3]
    assert "No module of PyTorch has positions/bias" in alone
    assert state_of("slim_cnn_bn")[3] == []


def _called(layer: Layer, taken: Value, shape: tuple[int | None, ...]) -> Call:
    return Call(layer, (taken,), {}, (Value(shape, "float32"),))


def _plan(layer: Layer, *shapes: tuple[str, tuple[int, ...]]) -> Plan:
    weights = [Weight(f"{layer.name}/{p}", variable(p, s, "float32")) for p, s in shapes]
    x = Value((None, 5, 4), "float32")
    call = _called(layer, x, (None, 3))
    return Plan("m", "m", inputs=[Input("x:0", "x", x)], calls=[call], weights=weights)


@pytest.mark.parametrize(
    ("kind", "arguments", "reason"),
    [
        ("GRU", {"reset_after": False}, "reset gate after the product"),
        ("LSTM", {"recurrent_activation": "hard_sigmoid"}, "other activations"),
        ("MultiHeadAttention", {}, "no module for MultiHeadAttention"),
    ],
)
def test_a_layer_of_another_formula_keeps_its_names(
    kind: str, arguments: dict[str, object], reason: str
) -> None:
    found, (warning,) = state_dict_of(_plan(Layer("a", kind, arguments), ("kernel", (4, 9))))
    (entry,) = found
    assert (entry.name, entry.counterpart) == ("a/kernel", False)
    assert reason in entry.done
    assert "a/kernel" in warning


def test_an_unknown_use_of_a_flattened_image_is_a_warning() -> None:
    image = Value((None, 2, 2, 3), "float32")
    flat = _called(Layer("flatten", "Flatten"), image, (None, 12))
    joined = Call(
        "keras.ops.concatenate", ([flat.outputs[0], image],), {}, (Value((None, 20), ""),)
    )
    dense = _called(Layer("d", "Dense"), joined.outputs[0], (None, 2))
    plan = Plan(
        "m", "m", inputs=[Input("x:0", "x", image)], calls=[flat, joined, dense],
        weights=[Weight("d/kernel", variable("k", (20, 2), "float32"))],
    )  # fmt: skip
    found, (warning,) = state_dict_of(plan)
    assert found[0].done == "transpose"
    assert "concatenate depends on a flattened image" in warning


def _after_convolution(*between: tuple[Layer | str, tuple[int, ...], bool]) -> Plan:
    """A convolution that gives (2, 3, 4), some calls (two outputs where True), a dense layer."""
    image = Value((None, 2, 3, 2), "float32")
    calls = [_called(Layer("c", "Conv2D"), image, (None, 2, 3, 4))]
    for function, shape, two in between:
        outputs = tuple(Value((None, *shape), "float32") for _ in range(1 + two))
        calls.append(Call(function, calls[-1].outputs, {}, outputs))
    calls.append(_called(Layer("d", "Dense"), calls[-1].outputs[0], (None, 5)))
    rows = int(np.prod(calls[-2].outputs[0].shape[1:]))
    weights = [Weight("d/kernel", variable("k", (rows, 5), "float32"))]
    return Plan("m", "m", inputs=[Input("x:0", "x", image)], calls=calls, weights=weights)


FLATTEN = Layer("f", "Flatten")


@pytest.mark.parametrize(
    "between",
    [
        [("keras.ops.split", (2, 3, 2), True), ("keras.ops.maximum", (2, 3, 2), False)],
        [("getitem", (1, 3, 4), False)],
        [("keras.ops.tile", (2, 3, 8), False)],
    ],
)
def test_functions_that_keep_the_axes_of_an_image(
    between: list[tuple[Layer | str, tuple[int, ...], bool]],
) -> None:
    """What comes of the image, flattened with the channels first, by the turned kernel."""
    shape = between[-1][1]
    found, warnings = state_dict_of(
        _after_convolution(*between, (FLATTEN, (int(np.prod(shape)),), False))
    )
    kernel, x = np.random.rand(np.prod(shape), 5), np.random.rand(1, *shape)
    turned = found[0].recipe.make(lambda name: kernel)
    np.testing.assert_allclose(
        channels_first(x).reshape(1, -1) @ turned.T, x.reshape(1, -1) @ kernel
    )
    assert warnings == []


@pytest.mark.parametrize(
    "between",
    [
        [("keras.ops.mean", (3, 4), False), (FLATTEN, (12,), False)],
        [(Layer("r", "Reshape"), (6, 4), False), (FLATTEN, (24,), False)],
        [("keras.ops.stack", (2, 2, 3, 4), False), (FLATTEN, (48,), False)],
        [(Layer("p", "Permute", {"dims": (2, 1, 3)}), (3, 2, 4), False), (FLATTEN, (24,), False)],
    ],
)
def test_other_axes_made_of_an_image_are_a_warning(
    between: list[tuple[Layer | str, tuple[int, ...], bool]],
) -> None:
    found, (warning,) = state_dict_of(_after_convolution(*between))
    assert found[0].done == "transpose"
    assert "computed from images with the channels last" in warning


def test_channels_that_the_graph_puts_first_itself_need_no_word() -> None:
    permute = Layer("p", "Permute", {"dims": (3, 1, 2)})
    plan = _after_convolution((permute, (4, 2, 3), False), (FLATTEN, (24,), False))
    found, warnings = state_dict_of(plan)
    assert (found[0].done, warnings) == ("transpose", [])


def test_a_dense_layer_called_on_an_image_and_on_another_value_is_a_warning() -> None:
    plan = _after_convolution((FLATTEN, (24,), False))
    plan.calls.append(_called(plan.calls[-1].function, Value((None, 24), "float32"), (None, 5)))
    _, (warning,) = state_dict_of(plan)
    assert "d is called on flattened images of the shape [2, 3, 4] and on other values" in warning
