"""``--train``: losses, gradients, weights and slots of both sides, on random or given batches.

The cases in ``data/trained.tar.xz`` were written by ``tests/tf115``.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfmigrate.conversion.output import build_model
from tfmigrate.emit import source as emit_source
from tfmigrate.errors import UserError
from tfmigrate.graph import find_interface
from tfmigrate.layers.planning import inference_part, make_plan
from tfmigrate.sources import open_source
from tfmigrate.training import carry_training
from tfmigrate.verification import verify
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("verification")

Workers = tuple[Worker, Worker]
Converted = Callable[[str], tuple[Path, Path]]
BrokenModel = Callable[[str], tuple[Path, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("trained")
    with tarfile.open(Path(__file__).with_name("data") / "trained.tar.xz") as packed:
        packed.extractall(made, filter="data")
    return made


@pytest.fixture
def built(folder: Path, workers: Workers, tmp_path: Path) -> Converted:
    """Name of a case → its checkpoint, and a folder with model.keras and model.py."""

    def build(name: str) -> tuple[Path, Path]:
        source = open_source(folder / name / "model.ckpt")
        assert source.graph is not None
        interface = find_interface(source.graph, saved=source.recipes().keys())
        plan = make_plan(source, interface, inference_part(source, interface))
        carry_training(source.graph, plan, source.recipes(), source.read)
        text = emit_source(plan)
        (tmp_path / "model.py").write_text(text)
        build_model(workers[1], plan, source, text, tmp_path / "model.keras", 60)
        report = {
            "schema": 1,
            "source": {"path": "model.ckpt"},
            "inputs": [{"tensor": given.tensor} for given in plan.inputs],
            "outputs": [{"tensor": output.tensor} for output in plan.outputs],
            "fed": plan.fed,
        }
        (tmp_path / "report.json").write_text(json.dumps(report))
        return folder / name / "model.ckpt", tmp_path

    return build


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dropout_three_ways", None),  # keep_prob, rate= and a constant rate: none drops anything
        ("stacked_lstm_dropout", None),  # in a loop
        ("train_fed_learning_rate", None),
        ("partitioned_axis_size", None),
        ("bn_contrib_no_gamma", "fully_connected/bias not compared after training"),
        ("bn_slim_arg_scope", None),  # is_training=False while it is trained
    ],
)
def test_training_goes_on_alike(
    name: str, said: str | None, built: Converted, workers: Workers
) -> None:
    feed = {"learning_rate": 0.2} if name == "train_fed_learning_rate" else None
    result = verify(*built(name), train=3, feed=feed, workers=workers)
    assert result, str(result)
    assert result.trained is not None
    assert len(result.trained.losses) == 3
    assert result.trained.gradients
    assert len({expected for expected, _ in result.trained.losses}) == 3
    assert [note for note in result.trained.notes if said and said in note] or not said


def test_gradients_are_those_of_each_weight(converted: Converted, workers: Workers) -> None:
    result = verify(*converted("train_adam_l2"), train=1, workers=workers)
    assert result.trained is not None
    gradients = result.trained.gradients
    assert gradients.keys() == result.trained.weights.keys()
    assert all(d.scale > 1e-3 for d in gradients.values())
    assert "gradient of the first step" in str(result)
    document = json.loads(json.dumps(result.to_dict()))
    assert document["training"]["gradients"].keys() == gradients.keys()


def test_a_loss_that_was_changed_shows_in_the_gradients(
    broken: BrokenModel, workers: Workers
) -> None:
    source, model = broken("train_sgd_expdecay")
    text = (model.folder / "model.py").read_text()
    changed = text.replace("from_logits=True", "from_logits=True, label_smoothing=0.1")
    (model.folder / "model.py").write_text(changed)
    config = _compiled_with(model, label_smoothing=0.1)
    assert config
    result = verify(source, model.folder, train=1, workers=workers)
    assert not result
    assert result.trained is not None
    assert all(map(result.allowed.holds, result.outputs.values()))
    wrong = [
        target
        for target in result.trained.gradients
        if not result.trained.gradient_holds(target, result.allowed)
    ]
    assert wrong == list(result.trained.gradients)


def _compiled_with(model: Any, **changes: Any) -> bool:
    """Whether the loss in model.keras was changed."""
    done = []

    def edit(data: bytes) -> bytes:
        config = json.loads(data)
        config["compile_config"]["loss"]["config"].update(changes)
        done.append(True)
        return json.dumps(config).encode()

    model._rewrite("config.json", edit)
    return bool(done)


def _batches(goldens: Path, name: str, **left: str) -> dict[str, np.ndarray]:
    golden = np.load(goldens / name / "golden.npz")
    meta = json.loads((goldens / name / "case.json").read_text())
    x, y = golden["train_x"], golden["train_y"]
    return {
        meta["inputs"][0]: x.reshape(-1, *x.shape[2:]),
        meta["labels"][0]: y.reshape(-1, *y.shape[2:]),
    }


def test_batches_may_come_from_a_file(
    converted: Converted, workers: Workers, goldens: Path, tmp_path: Path
) -> None:
    arrays = _batches(goldens, "train_adam")
    np.savez(tmp_path / "data.npz", **arrays)
    result = verify(*converted("train_adam"), train=4, data=tmp_path / "data.npz", workers=workers)
    assert result
    assert result.trained is not None
    # The first loss is that of the first 32 examples, worked out here.
    x, y = (array[:32].astype("float64") for array in arrays.values())
    source, _ = converted("train_adam")
    read = open_source(source).read
    hidden = np.maximum(x @ read("w0") + read("b0"), 0)
    logits = hidden @ read("w1") + read("b1")
    logits -= logits.max(1, keepdims=True)
    loss = np.mean(np.log(np.exp(logits).sum(1)) - (logits * y).sum(1))
    assert result.trained.losses[0][0] == pytest.approx(loss, rel=1e-5)


def test_a_file_without_labels_is_refused_naming_all_arrays(
    converted: Converted, workers: Workers, goldens: Path, tmp_path: Path
) -> None:
    inputs, labels = _batches(goldens, "train_adam").items()
    np.savez(tmp_path / "data.npz", **dict([inputs]))
    with pytest.raises(UserError) as caught:
        verify(*converted("train_adam"), train=1, data=tmp_path / "data.npz", workers=workers)
    assert f"has no array {labels[0]}" in caught.value.problem
    assert caught.value.expected == f"{inputs[0]}, {labels[0]}"
    np.savez(tmp_path / "data.npz", **dict([inputs]), **{labels[0]: labels[1][:5]})
    with pytest.raises(UserError, match="different numbers of examples"):
        verify(*converted("train_adam"), train=1, data=tmp_path / "data.npz", workers=workers)


def test_the_state_of_an_optimizer_that_the_checkpoint_lacks_starts_anew_on_both_sides(
    built: Converted, workers: Workers
) -> None:
    result = verify(*built("trainable_only_saver"), train=2, workers=workers)
    assert result
    assert result.trained is not None
    assert result.trained.weights


def test_a_loss_that_nobody_knows_is_refused(built: Converted, workers: Workers) -> None:
    checkpoint, folder = built("bn_slim_arg_scope")
    with pytest.raises(UserError, match="does not train this model"):
        verify(
            checkpoint, folder, outputs=["images:0"], inputs=["images:0"], train=1, workers=workers
        )


def test_what_was_lifted_has_no_training_to_compare(
    workers: Workers, goldens: Path, tmp_path: Path
) -> None:
    lifted = tmp_path / "saved_model"
    lifted.mkdir()
    (lifted / "saved_model.pb").touch()
    with pytest.raises(UserError, match="unchanged graph; its training is not carried over"):
        verify(goldens / "train_sgd" / "model.ckpt", lifted, train=2, workers=workers)
