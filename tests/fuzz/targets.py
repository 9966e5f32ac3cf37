"""What is fuzzed: each reader of files from strangers, as a function of one string of bytes.

A target writes its bytes as the files that the reader wants, and lets the reader read them. It ends
in a result or in a UserError; anything else is a finding. Nothing here imports TensorFlow.
"""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import h5py
import numpy as np
from tfmigrate.checkpoint import Variable, bundle, open_checkpoint, table, write_bundle
from tfmigrate.errors import UserError, understanding
from tfmigrate.formats import Tensors, keras_file
from tfmigrate.formats.keras_file import KerasFile
from tfmigrate.graph import read_graph
from tfmigrate.graph.files import protos
from tfmigrate.graph.interface.interface import InputTensor
from tfmigrate.inspection import inspect
from tfmigrate.mapping.resolving import resolve
from tfmigrate.mapping.rules import read_map
from tfmigrate.mapping.variables import ModelVariable
from tfmigrate.mapping.way_back import map_of_report, plan_way_back
from tfmigrate.sources import open_source
from tfmigrate.verification.feeding import read_data
from tfmigrate.verification.subject import find_subject

from tests.cases import DATA, Case, unpack
from tests.checkpoint import hostile as checkpoints
from tests.conversion import hostile as graphs

SPLIT = b"\n\xfe--\xfe\n"  # between the files of one input
_LONGEST_SEED = 48 << 10  # bytes
_UNPACKED = TemporaryDirectory(prefix="tfmigrate-seeds-")
_CASES = Path(__file__).parents[1] / "checkpoint" / "data"


class Target(NamedTuple):
    """A reader.

    Attributes:
        name: one word.
        reads: what it reads, in words.
        run: reads the bytes in an empty folder; raises UserError where it refuses them.
        seeds: inputs to begin with.
        covers: the modules and packages whose coverage guides.
        mutate: changes bytes and keeps their structure; takes a seed.
        weight: the share of the time, 1 being usual.
    """

    name: str
    reads: str
    run: Callable[[bytes, Path], None]
    seeds: Callable[[], list[bytes]]
    covers: tuple[str, ...]
    mutate: Callable[[bytes, int], bytes] | None = None
    weight: float = 1


class _Equal(int):
    """A checksum that equals every other."""

    __hash__ = int.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


@contextmanager
def without_checksums() -> Iterator[None]:
    """Lets damage through the checksums of checkpoints and zip archives, to what is behind them."""
    with (
        patch.object(table, "mask", _Equal),
        patch.object(bundle, "mask", _Equal),
        patch.object(zipfile.ZipExtFile, "_update_crc", lambda self, data: None),
    ):
        yield


@cache
def _case(name: str) -> Case:
    return Case(unpack(DATA / f"{name}.zip", Path(_UNPACKED.name) / name))


def _file(name: str, file: str) -> bytes:
    """One file of a packed case."""
    return (_case(name).folder / file).read_bytes()


_V2 = ("dtypes", "train_adam", "partitioned", "ema_shadow", "layers_batchnorm_dense")
_META = ("dtypes", "train_sgd", "lstm_dynamic", "partitioned", "ema_shadow", "lenet_raw",
         "layers_batchnorm_dense", "slim_cnn_bn", "v1_format", "train_adam")  # fmt: skip


def _short(seeds: list[bytes]) -> list[bytes]:
    return [seed for seed in seeds if len(seed) <= _LONGEST_SEED]


def _read_all(path: Path, truth: checkpoints.Truth | None = None) -> None:
    """Every tensor; refuses where one of them is refused."""
    if checkpoints.look(path.parent, path.name, truth) == "refused":
        raise UserError("refused")


# Checkpoints


def _damaged_checkpoint(data: bytes, folder: Path) -> None:
    """Checksums on: what is read must be what was written."""
    rng = random.Random(data)
    source, files, truth = checkpoints.drawn(rng, _all_checkpoints())
    checkpoints.write(folder, files)
    _read_all(folder / source, truth)


@cache
def _all_checkpoints() -> list[tuple[str, checkpoints.Files, checkpoints.Truth]]:
    with TemporaryDirectory() as folder:
        return checkpoints.all_cases(Path(folder))


def _v2(data: bytes, folder: Path) -> None:
    index, *shards = data.split(SPLIT)
    (folder / "x.index").write_bytes(index)
    for number, shard in enumerate(shards[:4]):
        (folder / f"x.data-{number:05d}-of-{min(len(shards), 4):05d}").write_bytes(shard)
    with without_checksums():
        _read_all(folder / "x")


def _v2_seeds() -> list[bytes]:
    names = [f"model.ckpt.{end}" for end in ("index", "data-00000-of-00001")]
    seeds = [SPLIT.join(_file(f"goldens/{case}", name) for name in names) for case in _V2]
    for name in ("v2_shards", "v2_scoped_slots"):
        shards = sorted(_CASES.glob(f"{name}.data-*"))
        files = [_CASES / f"{name}.index", *shards]
        seeds.append(SPLIT.join(file.read_bytes() for file in files))
    rng = random.Random(0)
    return seeds + [checkpoints.hostile_index(rng)[:4096] + SPLIT + bytes(64) for _ in range(40)]


def _v1(data: bytes, folder: Path) -> None:
    files = data.split(SPLIT)[:4]
    for number, content in enumerate(files):
        name = f"x-{number:05d}-of-{len(files):05d}" if len(files) > 1 else "x"
        (folder / name).write_bytes(content)
    with without_checksums():
        _read_all(folder / "x")


def _v1_seeds() -> list[bytes]:
    shards = [_CASES / f"v1_shards-0000{i}-of-00002" for i in range(2)]
    return [
        _file("goldens/v1_format", "model.ckpt"),
        *((_CASES / name).read_bytes() for name in ("v1_types", "v1_parts")),
        SPLIT.join(shard.read_bytes() for shard in shards),
    ]


@cache
def _small_checkpoint() -> tuple[bytes, bytes]:
    with TemporaryDirectory() as folder:
        files = write_bundle(Path(folder) / "x", [("w", np.arange(3.0)), ("step", np.array(7))])
        return files[0].read_bytes(), files[1].read_bytes()


def _state(data: bytes, folder: Path) -> None:
    """The file ``checkpoint`` of a folder with three checkpoints."""
    (folder / "checkpoint").write_bytes(data)
    (folder / "sub").mkdir()
    for name in ("m-1", "m-2", "sub/m-3"):
        for end, content in zip(("index", "data-00000-of-00001"), _small_checkpoint(), strict=True):
            (folder / f"{name}.{end}").write_bytes(content)
    open_checkpoint(folder)


def _state_seeds() -> list[bytes]:
    text = 'model_checkpoint_path: "{0}"\nall_model_checkpoint_paths: "{1}"\n'
    paths = ("m-2", "sub/m-3", "/other/m-1", r"C:\\runs\\m-2", "../m-1", "gone", ".", "")
    return [text.format(path, "m-1").encode() for path in paths] + [
        _file("goldens/train_sgd", "checkpoint"), b"", b'model_checkpoint_path: "m-1\\"',
    ]  # fmt: skip


# Graphs


def _understand(path: Path) -> None:
    """All that commands read from a source before a worker starts."""
    source = open_source(path)
    if source.graph is not None:
        with understanding():
            source.refuse_contradictions()
            source.recipes()
    for variable in source.variables():
        with suppress(UserError):
            source.read_weight(variable.name)
    _ = source.roles, source.averages, source.average_reasons(), source.average_note()


def _graph(data: bytes, folder: Path) -> None:
    path = folder / "graph.pb"
    path.write_bytes(data)
    graph = read_graph(path)
    for node in graph.nodes.values():
        for key in node.attrs:
            with suppress(UserError):
                _ = node.attrs[key]
    with suppress(UserError):  # one that is not frozen
        _understand(path)
    inspect(path).to_dict()


def _metas() -> list[bytes]:
    return [_file(f"goldens/{name}", "model.ckpt.meta") for name in _META]


def _graph_seeds() -> list[bytes]:
    metas = [protos.MetaGraphDef.FromString(meta).graph_def for meta in _metas()]
    frozen = _file("goldens/frozen_mlp", "frozen.pb")
    return _short([frozen, *_metas(), *(graph.SerializeToString() for graph in metas)])


def _text(data: bytes, folder: Path) -> None:
    path = folder / "graph.pbtxt"
    path.write_bytes(data)
    read_graph(path)
    inspect(path).to_dict()


def _text_seeds() -> list[bytes]:
    frozen = protos.GraphDef.FromString(_file("goldens/frozen_mlp", "frozen.pb"))
    saved = protos.SavedModel.FromString(
        _file("goldens/saved_model_mlp", "saved_model/saved_model.pb")
    )
    meta = protos.MetaGraphDef.FromString(_file("goldens/softmax_regression", "model.ckpt.meta"))
    return [
        *_short([str(message).encode() for message in (frozen, saved, meta)]),
        b"# a graph\nnode { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: 1 } } }",
        b"node <name: 'x' op: 'Const'> versions { producer: 27 } library { }",
    ]


def _meta(data: bytes, folder: Path) -> None:
    """A ``.meta`` beside an intact checkpoint, or one that is damaged as well."""
    for end, content in zip(_MODEL, data.split(SPLIT), strict=False):
        (folder / f"x.{end}").write_bytes(content)
    with without_checksums():
        inspect(folder / "x", tree=True).to_dict()
        _understand(folder / "x")


_MODEL = ("meta", "index", "data-00000-of-00001")


def _meta_seeds() -> list[bytes]:
    names = [name for name in _META if name != "v1_format"]
    return _short(
        [SPLIT.join(_file(f"goldens/{n}", f"model.ckpt.{end}") for end in _MODEL) for n in names]
    )


def _mutate_meta(data: bytes, seed: int) -> bytes:
    meta, *rest = data.split(SPLIT)
    return SPLIT.join([_mutated(meta, protos.MetaGraphDef, seed), *rest])


def _mutated(data: bytes, kind: type, seed: int) -> bytes:
    """A graph with other nodes; other bytes where it is none."""
    try:
        return graphs.mutate(data, kind, seed)
    except Exception:
        return checkpoints.damage(random.Random(seed), data, b"\x0a\x00")


def _mutate_graph(data: bytes, seed: int) -> bytes:
    with suppress(Exception):
        if protos.MetaGraphDef.FromString(data).HasField("graph_def"):
            return _mutated(data, protos.MetaGraphDef, seed)
    return _mutated(data, protos.GraphDef, seed)


def _saved_model(data: bytes, folder: Path) -> None:
    graph, *rest = data.split(SPLIT)
    (folder / "saved_model.pb").write_bytes(graph)
    if rest:
        (folder / "variables").mkdir()
    for end, content in zip(_MODEL[1:], rest, strict=False):
        (folder / "variables" / f"variables.{end}").write_bytes(content)
    with without_checksums():
        inspect(folder).to_dict()
        _understand(folder)


def _saved_model_seeds() -> list[bytes]:
    files = ["saved_model.pb", *(f"variables/variables.{end}" for end in _MODEL[1:])]
    contents = [_file("goldens/saved_model_mlp", f"saved_model/{file}") for file in files]
    return [SPLIT.join(contents), contents[0]]


def _mutate_saved_model(data: bytes, seed: int) -> bytes:
    graph, *rest = data.split(SPLIT)
    saved = protos.SavedModel()
    with suppress(Exception):
        saved.ParseFromString(graph)
    for meta in saved.meta_graphs:
        changed = _mutated(meta.SerializeToString(), protos.MetaGraphDef, seed)
        with suppress(Exception):
            meta.ParseFromString(changed)
    return SPLIT.join([saved.SerializeToString(), *rest])


# Files of Keras


_H5_TYPES = ("<f4", "<f8", "<f2", "<i4", "<i8", "|u1", "|b1", "|S4", "|V2", "|V3", "<c8", ">f4")


def _tree(lines: list[bytes]) -> bytes:
    """An HDF5 file as lines say: ``path type sizes``, ``path @name value``, ``path = path``.

    h5py writes it, so HDF5 itself is not what is tested; what Keras may find in it is.
    """
    out = BytesIO()
    with h5py.File(out, "w") as file:
        for line in lines[:60]:
            words = line.decode("utf-8", "replace").replace("\0", "").split(" ", 2)
            with suppress(Exception):
                _grow(file, *words)
    return out.getvalue()


def _grow(file: h5py.File, path: str, what: str = "", rest: str = "") -> None:
    if what.startswith("@"):
        values: dict[str, Any] = {"0": 0, "[]": np.zeros(2), "none": h5py.Empty("f"), "b": b"\xff"}
        file.require_group(path) if path not in file else None
        file[path].attrs[what[1:]] = values.get(rest, rest)
    elif what == "=":
        file[path] = file[rest]
    elif what == "->":
        file[path] = h5py.SoftLink(rest)
    elif what == "->>":
        file[path] = h5py.ExternalLink("other.h5", rest)
    elif what == "null":
        file.create_dataset(path, data=h5py.Empty("f"))
    elif what == "text":
        file.create_dataset(path, data=rest)
    elif what in _H5_TYPES:
        sizes = [min(int(size) % 9, 8) for size in rest.split(",")[:4] if size]
        file.create_dataset(path, data=np.ones(sizes, "u1").astype(what))
    else:
        file.require_group(path)


def _keras_tree(data: bytes, folder: Path) -> None:
    config, *rest = data.split(SPLIT)
    weights = _tree(rest[0].split(b"\n") if rest else [])
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", weights)
    (folder / "model.weights.h5").write_bytes(weights)
    for file in (path, folder / "model.weights.h5"):
        keras_file.kind_of_file(file)
        keras_file.how_to_open(file)
    for file, stored in ((folder / "model.weights.h5", True), (path, False)):
        with KerasFile(file, stored=stored) as opened:
            for name, variable in opened.variables.items():
                assert opened.read(name).shape == variable.shape


_CONFIG = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {
        "name": "outer",
        "layers": [
            {"class_name": "Dense", "config": {"name": "dense", "units": 3, "use_bias": True}},
            {"class_name": "BatchNormalization", "config": {"name": "bn", "scale": False}},
        ],
    },
    "compile_config": {"optimizer": {"class_name": "Adam", "config": {}}},
}
_TREE = b"""layers/dense @name dense
layers/dense/vars/0 <f4 4,3
layers/dense/vars/1 <f4 3
layers/batch_normalization @name bn
layers/batch_normalization/vars/0 <f4 3
layers/batch_normalization/vars/1 <f4 3
layers/batch_normalization/vars/2 <f4 3
layers/lstm/cell/vars/0 |V2 4,3
layers/lstm/cell/vars/0 @dtype bfloat16
layers/dense_1 = layers/dense
layers/embedding -> layers/dense
layers/conv2d ->> /x
layers/my/vars/words text abc
layers/my/vars/nothing null
optimizer/vars/0 <i8 1
vars
 @keras_version 2.2.4
 @model_config {}"""


def _keras_tree_seeds() -> list[bytes]:
    config = json.dumps(_CONFIG).encode()
    rows = _TREE.split(b"\n")
    trees = [rows[:n] for n in (0, 3, 7, 9, 10)] + [[*rows[:9], row] for row in rows[10:]]
    return [config + SPLIT + b"\n".join(tree) for tree in trees]


@cache
def _keras_archives() -> tuple[list[bytes], set[bytes]]:
    """Archives as Keras writes them, and the HDF5 files in them."""
    archives, known = [], set()
    for rows in (3, 9):
        weights = _tree(_TREE.split(b"\n")[:rows])
        known.add(weights)
        for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            out = BytesIO()
            with zipfile.ZipFile(out, "w", packing) as archive:
                archive.writestr("metadata.json", '{"keras_version": "3.12.0"}')
                archive.writestr("config.json", json.dumps(_CONFIG))
                archive.writestr("model.weights.h5", weights)
            archives.append(out.getvalue())
    return archives, known


def _keras_archive(data: bytes, folder: Path) -> None:
    """Any bytes, but HDF5 opens only what is intact: HDF5 itself is not what is tested."""
    known = _keras_archives()[1]

    def opened(file: Any, mode: str) -> h5py.File:
        try:
            content = file.read() if hasattr(file, "read") else Path(file).read_bytes()
        except Exception as error:  # as h5py reports what a file object raises
            raise OSError(str(error)) from None
        if content not in known:
            raise OSError("file signature not found")
        return h5py.File(BytesIO(content), mode)

    path = folder / "model.keras"
    path.write_bytes(data)
    only_intact = SimpleNamespace(**{**vars(h5py), "File": opened})
    with (
        without_checksums(),
        patch.object(keras_file, "h5py", only_intact),
        KerasFile(path) as file,
    ):
        for name in file.variables:
            file.read(name)


# Reports, maps, data


def _report(data: bytes, folder: Path) -> None:
    """As ``verify`` reads it, and as a map for the way back to TensorFlow 1."""
    (folder / "report.json").write_bytes(data)
    (folder / "model.keras").write_bytes(b"")
    subject = find_subject(folder)
    _ = subject.pairs, subject.source
    if subject.report:
        map_of_report(dict(subject.report), "report.json").inverse()


_REPORT = {
    "schema": 1,
    "source": {"path": "model.ckpt", "format": "v2"},
    "outcome": "keras",
    "inputs": [{"tensor": "x:0", "name": "x"}],
    "outputs": [{"tensor": "y:0", "name": "y"}],
    "layers": [{"name": "dense", "tensor": "y:0", "class": "Dense"}],
    "variables": [
        {"name": "w", "role": "weight", "fate": "converted", "target": "dense/kernel",
         "path": "dense/kernel", "untouched": True},
        {"name": "step", "role": "step", "fate": "skipped", "target": None, "reason": "a count"},
    ],
    "fed": {"keep:0": 1.0},
    "asked": {},
    "parity": {"verdict": "pass", "examples": 4},
    "training": {"check": {"verdict": "pass"}},
}  # fmt: skip


def _report_seeds() -> list[bytes]:
    without = [{k: v for k, v in _REPORT.items() if k != key} for key in _REPORT]
    return [json.dumps(report).encode() for report in (_REPORT, *without)] + [b"[]", b"{}", b""]


_VARIABLES = {
    name: Variable(name, shape, "float32", 4 * int(np.prod(shape, dtype=int)))
    for name, shape in {
        "encoder/layer_0/w": (4, 6), "encoder/layer_1/w": (6, 6), "rnn/kernel": (7, 12),
        "rnn/bias": (12,), "w0": (4, 6), "global_step": (), "odd*name/{1}": (2,),
    }.items()
}  # fmt: skip
_MODEL_VARIABLES = [
    ModelVariable(path, shape, "float32")
    for path, shape in {
        "encoder_0/kernel": (4, 6), "encoder_1/kernel": (6, 6), "lstm/kernel": (4, 12),
        "lstm/recurrent_kernel": (3, 12), "lstm/bias": (12,), "dense/kernel": (6, 4),
    }.items()
]  # fmt: skip


def _map(data: bytes, folder: Path) -> None:
    path = folder / "map.toml"
    path.write_bytes(data)
    mapping = read_map(path)
    tensors = Tensors(_VARIABLES, lambda name: np.ones(_VARIABLES[name].shape, "f4"))
    for made in (
        lambda: resolve(mapping, _VARIABLES, _MODEL_VARIABLES),
        lambda: resolve(mapping, _VARIABLES, None),
        lambda: plan_way_back(tensors, mapping),
    ):
        with suppress(UserError):
            _apply(made(), tensors)
    mapping.inverse()


def _apply(plan: Any, tensors: Tensors) -> None:
    made = plan.tensors(tensors)
    for path, variable in made.variables.items():
        assert made.read(path).shape == variable.shape
    plan.rows(), plan.fates()


_MAPS = (
    '[rename]\n"w0" = "dense/kernel"\n"encoder/layer_*/w" = "encoder_{1}/kernel"\n',
    '[[change]]\nfrom = "rnn/kernel"\nto = ["lstm/kernel", "lstm/recurrent_kernel"]\n'
    'steps = [{ gates = "lstm" }, { split = [4, 3], axis = 0 }]\n',
    '[[change]]\nfrom = "rnn/bias"\nto = "lstm/bias"\nsteps = [{ gates = "gru" }, '
    "{ forget_bias = 1.0 }, { add = 0.5 }]\n",
    '[[change]]\nfrom = ["w0", "encoder/layer_1/w"]\nto = "a"\n'
    "steps = [{ concat = 0, sizes = [4, 6] }, { transpose = [1, 0] }]\n",
    '[[change]]\nfrom = "w0"\nto = "a"\nsteps = [{ reshape = [24], was = [4, 6] }, '
    '{ cast = "float16", was = "float32" }, { transpose = true }]\n',
    '[[change]]\nfrom = "rnn/bias"\nto = "b"\nsteps = [{ gates = "r,u", to = "u,r", axis = -1 }]\n',
    '[skip]\n"global_step" = "the new model counts its own steps"\n"**" = "rest"\n',
    '[rename]\n"odd*name/{1}" = "x"\n"**/w" = "{1}.kernel"\n"*/*" = "{2}/{1}"\n',
)


def _map_seeds() -> list[bytes]:
    return [text.encode() for text in (*_MAPS, "\n".join(_MAPS[:3] + _MAPS[6:7]), "")]


def _data(data: bytes, folder: Path) -> None:
    path = folder / "examples.npz"
    path.write_bytes(data)
    with without_checksums():
        read_data(path, [_X, _WORDS])


_X = InputTensor("x:0", (None, 3), "float32")
_WORDS = InputTensor("words:0", (None,), "string")


def _data_seeds() -> list[bytes]:
    x, words = np.ones((2, 3), "f4"), np.array([b"a", b"bc"])
    sets: list[Mapping[str, np.ndarray]] = [
        {"x": x, "words": words}, {"x:0": x.astype(">f8"), "words:0": words.astype("U2")},
        {"x": np.asfortranarray(x), "words": words, "other": np.array(1)},
        {"x": x[:0], "words": words}, {"x": x, "words": words.astype(object)},
    ]  # fmt: skip
    seeds = []
    for arrays in sets:
        for save in (np.savez, np.savez_compressed):
            out = BytesIO()
            save(out, **arrays)
            seeds.append(out.getvalue())
    single = BytesIO()
    np.save(single, x)
    return [*seeds, single.getvalue(), b"", b"PK\x05\x06" + bytes(18)]


# Plans


@cache
def _plan_seeds() -> list[bytes]:
    from . import planning  # imports the whole converter, which other targets do without

    return _short([SPLIT.join(planning.files(_case(name))) for name in planning.CASES])


def _plan(data: bytes, folder: Path) -> None:
    from . import planning

    planning.plan(data.split(SPLIT), folder)


def _mutate_plan(data: bytes, seed: int) -> bytes:
    """Half of them from a whole network: damage upon damage is soon refused."""
    rng = random.Random(seed)
    graph, *rest = (rng.choice(_plan_seeds()) if rng.random() < 0.5 else data).split(SPLIT)
    kind = protos.MetaGraphDef if rest else protos.GraphDef
    return SPLIT.join([_mutated(graph, kind, seed), *rest])


_CHECKPOINT = ("tfmigrate.checkpoint",)
_GRAPH = ("tfmigrate.graph", "tfmigrate.inspection", "tfmigrate.sources")
_TARGETS = (
    Target(
        "damage", "V1 and V2 checkpoints with their checksums", _damaged_checkpoint,
        lambda: [bytes((n,)) for n in range(32)], _CHECKPOINT, weight=0.5,
    ),
    Target(
        "v2", "`.index` and `.data` of a V2 checkpoint", _v2, _v2_seeds, _CHECKPOINT, weight=2
    ),
    Target("v1", "the tables of a V1 checkpoint", _v1, _v1_seeds, _CHECKPOINT, weight=2),
    Target("state", "the file `checkpoint`", _state, _state_seeds, _CHECKPOINT, weight=3),
    Target("graph", "`.pb` and `.meta`", _graph, _graph_seeds, _GRAPH, _mutate_graph, 0.5),
    Target(
        "text", "`.pbtxt`", _text, _text_seeds, (*_GRAPH, "google.protobuf.text_format"), weight=0.5
    ),
    Target("meta", "`.meta` with its checkpoint", _meta, _meta_seeds, _GRAPH, _mutate_meta, 0.5),
    Target(
        "saved_model", "a SavedModel folder", _saved_model, _saved_model_seeds, _GRAPH,
        _mutate_saved_model, 0.5,
    ),
    Target(
        "keras_tree", "the content of `.keras` and `.weights.h5`", _keras_tree, _keras_tree_seeds,
        ("tfmigrate.formats",), weight=0.5,
    ),
    Target(
        "keras_archive", "the archive of `.keras`", _keras_archive, lambda: _keras_archives()[0],
        ("tfmigrate.formats", "zipfile"),
    ),
    Target(
        "report", "`report.json`", _report, _report_seeds,
        ("tfmigrate.report", "tfmigrate.verification.subject", "tfmigrate.mapping"), weight=5,
    ),
    Target("map", "a map file", _map, _map_seeds, ("tfmigrate.mapping", "tomllib"), weight=5),
    Target(
        "data", "the `.npz` of `--data`", _data, _data_seeds,
        ("tfmigrate.formats", "tfmigrate.verification.feeding", "zipfile"), weight=3,
    ),
    Target(
        "plan", "a graph, to the source of its model", _plan, _plan_seeds,
        ("tfmigrate.graph.interface", "tfmigrate.layers", "tfmigrate.emit.source"),
        _mutate_plan, 6,
    ),
)  # fmt: skip
TARGETS = {target.name: target for target in _TARGETS}
