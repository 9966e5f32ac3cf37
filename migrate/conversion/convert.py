"""The pipeline: a TensorFlow 1 source in, a folder with the Keras model and its proof out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import UserError, printable
from ..formats.atomic import check_folder
from ..mapping.converting import convert_back, convert_into_model, convert_names
from ..mapping.users_model import function_of, is_users_model, twin_of
from ..plan.examples import number_of, random_inputs
from ..plan.mlp import forward, mlp_plan
from ..sources import Source, open_source
from ..verification import Measured, check_exports
from ..worker import Worker
from ..worker.backends import check_device, interpreters, lower_precisions, usual_backends
from ..worker.events import Event
from .back import open_way_back
from .by_graph import GraphConversion
from .output import Output, differences
from .request import Request
from .result import Conversion

_TIMEOUT = 300.0
_NO_ORIGINAL = (
    "there is no graph next to the checkpoint, so the original cannot run; the activations and "
    "the order of the layers are assumed"
)


def convert(
    source: str | Path,
    output: str | Path | None = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    feed: Mapping[str, Any] | None = None,
    to: Sequence[str] = (),
    map: str | Path | None = None,
    like: str | Path | None = None,
    model: str | None = None,
    ema: str = "raw",
    keras: str = "keras",
    style: str = "blocks",
    training: bool = True,
    train_check: bool = True,
    dry_run: bool = False,
    force: bool = False,
    trust: bool = False,
    reference: str | Path | None = None,
    backends: Mapping[str, str | Path | None] | None = None,
    device: str = "cpu",
    precisions: Sequence[str] = (),
    exports: Mapping[str, str | Path | None] | None = None,
    timeout: float = _TIMEOUT,
    on_event: Event | None = None,
    workers: tuple[Worker, Worker] | None = None,
    room: Path | None = None,
) -> Conversion:
    """Converts a TensorFlow 1 checkpoint, frozen graph or SavedModel to Keras, and measures parity.

    Args:
        source: a checkpoint prefix, any of its files, a folder, a ``.meta``, a frozen ``.pb``, a
            SavedModel folder; for the way back a ``.keras`` or ``.weights.h5`` file.
        output: the folder to write; ``<name>-keras`` in the working folder by default, for the way
            back ``<name>-tf1``.
        inputs: tensors that become the model's inputs, where the guess is wrong.
        outputs: tensors that become its outputs.
        feed: placeholder → value, fixed for good.
        to: "keras", "saved_model", or of :data:`tfmigrate.formats.FORMATS`; without one of the
            first two the variables alone are written, under their names of TF1. By default
            "keras" where a model can be made of the source, else "npz".
        map: a map file: TF1 names to those of ``model``, or without a model to new names.
        like: for the way back: the source that was converted, where report.json beside the file
            does not lead to it.
        model: ``FILE.py:FUNCTION``, which builds the model that the weights go to; or "mlp" where
            there is no graph and the variables are a chain of dense layers.
        ema: "prefer": moving averages of weights instead of the weights; "raw": not.
        keras: "tf-keras" for a model of Keras 2.
        style: of model.py: "blocks", with a function for each kind of block, and loops; or "flat",
            one list of calls.
        training: carry loss, optimizer and its state over, where the graph has them.
        train_check: run some steps of the program's own train operation and of Keras's, and carry
            training over only where both agree.
        dry_run: plan, and write nothing.
        force: replace an output of an earlier conversion.
        trust: run the original graph even if it could touch files, the network or processes.
        reference: a Python interpreter that has TensorFlow 1: it runs the original, forward and in
            training, in place of ``tf.compat.v1`` here.
        backends: "tensorflow", "jax" or "torch" → a Python interpreter that has Keras with it, or
            None for this one: what was proved is proved there too. By default those that the
            environment variable ``TFMIGRATE_BACKENDS`` names.
        device: of these backends: "cpu", "gpu", "gpu:1" … ; the original is run on the CPU.
        precisions: "tf32", "bfloat16": what these backends compute in less than float32 is measured
            too, and not judged; by default both on a GPU.
        exports: "onnx", "litert", "tf_saved_model", "openvino" or "torch" → a Python interpreter
            that has what the format needs, or None for this one: the model is exported there, and
            the file is compared with the original.
        timeout: seconds without a sign of life after which a worker is ended.
        on_event: called as the work goes on, see :mod:`tfmigrate.worker.events`.
        workers: for the graph and for Keras, where two are at hand; else they are started. A
            function of ``model`` never runs there.
        room: of :func:`tfmigrate.formats.room_beside`, beside the output: where it grows, if the
            workers may write only there.

    Returns:
        A result that is true where parity holds.

    Raises:
        UserError: the source cannot be read or understood, or the output cannot be written.
    """
    path, to = Path(source), tuple(dict.fromkeys(to))
    programs, exporters = interpreters(backends or {}), check_exports(exports or {})
    usual = dict[str, str]()
    if backends is None and keras == "keras" and "saved_model" not in to:
        usual = interpreters(usual_backends())
    check_device(device, programs or usual)
    lower = lower_precisions(precisions, device, programs or usual)
    request = Request(
        path, inputs, outputs, feed, to, map, model, ema, keras, style, reference=reference,
        backends=programs, exports=exporters, like=like,
    )  # fmt: skip
    request.check()
    tell = on_event or (lambda event: None)
    common: dict[str, Any] = {"force": force, "dry_run": dry_run, "tell": tell}
    map_path = Path(map) if map is not None else None
    if request.back:
        stem = path.name.removesuffix(".h5").removesuffix(".weights").removesuffix(".keras")
        folder = Path(output if output is not None else f"{stem}-tf1")
        if not dry_run:
            check_folder(folder, force=force, spare=request.files)
        way = None
        if map_path is None:
            way = open_way_back(path, like, timeout=timeout, tell=tell, trust=trust)
        if way is not None:
            report = way.write(folder, to, force=force, dry_run=dry_run)
        else:
            report = convert_back(path, folder, map_path=map_path, to=to, **common)
        return Conversion(report, None if dry_run else folder)
    opened = open_source(source)
    opened.trusted = trust
    opened.prefer_averages = _prefers_averages(opened, ema)
    folder = Path(output if output is not None else f"{opened.name}-keras")
    if not dry_run:
        check_folder(folder, force=force, spare=(*request.files, *opened.files))
    if is_users_model(model) or map_path is not None:
        if model is None:
            assert map_path is not None
            report = convert_names(opened, folder, map_path, to=to or ("npz",), **common)
        else:
            report = convert_into_model(
                opened,
                folder,
                function_of(model),
                code=twin_of(model),
                map_path=map_path,
                to=to or ("keras",),
                legacy_keras=keras == "tf-keras",
                timeout=timeout,
                **common,
            )
        return Conversion(report, None if dry_run else folder)
    if "saved_model" in to and opened.graph is None:
        raise UserError(
            f"there is no graph next to {printable(path)}, so it cannot become a SavedModel",
            expected="a .meta file next to the checkpoint",
            try_="--to tf2 for the variables",
        )
    out = Output(opened, folder, to, keras, style, dry_run, force, timeout, tell, room)
    if request.variables_alone:
        return out.variables([])
    unused = {"--reference": reference, "--backend": backends, "--export": exports}
    for flag in (flag for flag, value in unused.items() if value and opened.graph is None):
        raise UserError(
            f"there is no graph beside {printable(path)}, so {flag} has no original to run",
            expected="a .meta file beside the checkpoint",
        )
    if model is not None or opened.graph is None:
        return _from_names(out, workers, asked=model is not None)
    conversion = GraphConversion(
        out, training, workers, train_check, reference, programs or usual, exporters, device, lower
    )
    return conversion.run(inputs, outputs, feed)


def _prefers_averages(source: Source, ema: str) -> bool:
    if ema == "prefer" and not source.averages:
        raise UserError(
            f"{printable(source.path)} contains no moving averages of weights", try_="without --ema"
        )
    return ema == "prefer"


def _from_names(
    output: Output, workers: tuple[Worker, Worker] | None, *, asked: bool
) -> Conversion:
    """Outcome ``keras`` for a chain of dense layers without a graph, else ``variables``."""
    source = output.source
    weights = [v for v in source.variables() if source.roles[v.name] == "weight"]
    plan = mlp_plan(weights, source.name, source.title, asked=asked)
    if plan is None:
        note = (
            "There is no graph next to the checkpoint, and its names and shapes do not "
            "determine the model with certainty. Only the variables were written. If the model "
            "is a chain of dense layers, use --model mlp."
        )
        return output.variables([note])
    plan.weights = [replace(w, recipe=source.recipe(str(w.recipe))) for w in plan.weights]
    meta = f"{printable(source.path.name)}.meta"
    advice = f"put {meta} next to the checkpoint and convert again; or compare with known outputs"
    with ExitStack() as stack:
        keras_worker = workers[1] if workers else stack.enter_context(Worker("Keras"))

        def compare(room: Path) -> Measured:
            given = random_inputs(plan)
            expected = forward(plan, source.read, given["x:0"])
            made = differences(keras_worker, plan, given, {"logits:0": expected}, output.timeout)
            return Measured(made, examples=number_of(given), unproved=_NO_ORIGINAL, advice=advice)

        return output.model(plan, keras_worker, compare, "the layers' formula in numpy")
