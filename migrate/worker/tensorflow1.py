"""Runs an original graph in TensorFlow 1: a program of its own, for the interpreter that has it.

It needs TensorFlow 1 and numpy alone, on Python 3.5 or newer, so it shares no code with the rest.
It reads frames from stdin and answers on stdout: the length of a header (8 bytes, little-endian),
the header (JSON: the message and the name, dtype and shape of each array), the arrays' bytes in C
order.
"""

import json
import os
import platform
import select
import struct
import sys
import threading
import traceback

_LENGTH = struct.Struct("<Q")
_GIVEN = "tfmigrate_given"  # placeholders of ours must not take a name of the graph
_WHAT = {
    "open": "import the original graph",
    "assign": "restore the variables of the original graph",
    "run": "run the original graph",
    "values": "read the variables of the original graph",
}


class Refused(Exception):
    """What the caller gave cannot be worked with; the message says why."""


class Session:
    """A graph and its session; each method is one step: (request, arrays) -> (data, arrays)."""

    def __init__(self, tf, np):
        from tensorflow.python.ops import gen_resource_variable_ops, gen_state_ops

        self._tf, self._np = tf, np
        self._reference, self._resource = gen_state_ops, gen_resource_variable_ops
        self._graph = self._session = None
        self._given = {}

    def open(self, request, arrays):
        """Imports ``graphdef``, the bytes of a GraphDef, with placeholders for given tensors."""
        tf, graph = self._tf, self._tf.Graph()
        definition = tf.GraphDef()
        definition.ParseFromString(arrays["graphdef"].tobytes())
        with graph.as_default():
            made = {
                tensor: tf.placeholder(tf.as_dtype(kind), name=_GIVEN)
                for tensor, kind in sorted(request["given"].items())
            }
            used = {t: p for t, p in made.items() if t in set(request["used"])}
            tf.import_graph_def(definition, input_map=used, name="")
        if self._session is not None:
            self._session.close()
        self._graph, self._session = graph, tf.Session(graph=graph)
        self._given = {tensor: placeholder.name for tensor, placeholder in made.items()}
        operations = {operation.name for operation in graph.get_operations()}
        for name in request["initializers"]:
            if name in operations:
                self._session.run(graph.get_operation_by_name(name))
        known = self._tensors()
        return {"layers": [t for t in request["layers"] if t in known]}, {}

    def assign(self, request, arrays):
        """Sets variables by the name of their node; those that the graph lacks are left out."""
        tf, settings, feeds = self._tf, [], {}
        with self._graph.as_default():
            for name, array in arrays.items():
                variable = self._variable(name)
                if variable is None:
                    continue
                resource = variable.dtype == tf.resource
                kind = (
                    tf.as_dtype(variable.op.get_attr("dtype"))
                    if resource
                    else variable.dtype.base_dtype
                )
                given = tf.placeholder(kind, array.shape, _GIVEN)
                if resource:
                    setting = self._resource.assign_variable_op(variable, given)
                else:
                    setting = self._reference.assign(variable, given, validate_shape=False)
                settings.append(setting)
                feeds[given] = array.astype(kind.as_numpy_dtype)
        self._session.run(settings, feeds)  # in one run, as in rungraph.py
        return {}, {}

    def run(self, request, arrays):
        """Fetches tensors under feeds; arrays are feeds by tensor name."""
        known, feeds = self._tensors(), {}
        for tensor, array in arrays.items():
            name = self._given.get(tensor, tensor)
            if name in known:
                kind = self._graph.get_tensor_by_name(name).dtype.base_dtype
                feeds[name] = array.astype(kind.as_numpy_dtype)
        wanted = [self._given.get(tensor, tensor) for tensor in request["fetches"]]
        made = self._session.run(wanted, feeds)
        return {}, {t: self._plain(value) for t, value in zip(request["fetches"], made)}

    def values(self, request, arrays):
        """What variables hold now, by the name of their node; those not there are left out."""
        tf, found = self._tf, {}
        with self._graph.as_default():
            for name in request["variables"]:
                variable = self._variable(name)
                if variable is None:
                    continue
                if variable.dtype == tf.resource:
                    kind = tf.as_dtype(variable.op.get_attr("dtype"))
                    variable = self._resource.read_variable_op(variable, kind)
                found[name] = variable
        made = self._session.run(found)
        return {}, {name: self._plain(value) for name, value in made.items()}

    def _variable(self, name):
        try:
            return self._graph.get_tensor_by_name(name + ":0")
        except KeyError:
            return None

    def _tensors(self):
        return {o.name for op in self._graph.get_operations() for o in op.outputs}

    def _plain(self, value):
        """An array that may leave the process: strings as bytes of a fixed length, no None."""
        array = self._np.asarray(0 if value is None else value)
        return array.astype(bytes) if array.dtype.hasobject else array


class Channel:
    """Frames on two streams."""

    def __init__(self, source, sink):
        self._source, self._sink = source, sink

    def receive(self):
        """Reads one message and its arrays; an EOFError where the stream has ended."""
        import numpy as np

        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        header = json.loads(self._read(length).decode())
        arrays = {}
        for spec in header["arrays"]:
            kind, shape = _dtype(spec["dtype"]), tuple(spec["shape"])
            count = int(np.prod(shape, dtype=np.int64))
            data = self._read(count * kind.itemsize)
            arrays[spec["name"]] = np.frombuffer(data, kind, count).reshape(shape)
        return header["message"], arrays

    def send(self, message, arrays=None):
        """Writes one message and its arrays."""
        import numpy as np

        specs, parts = [], []
        for name, array in (arrays or {}).items():
            kind = array.dtype.name if array.dtype.kind == "V" else array.dtype.str
            specs.append({"name": name, "dtype": kind, "shape": array.shape})
            parts.append(np.ascontiguousarray(array).tobytes())
        header = json.dumps({"message": message, "arrays": specs}).encode()
        for part in [_LENGTH.pack(len(header)), header] + parts:
            self._sink.write(part)
        self._sink.flush()

    def _read(self, size):
        data = self._source.read(size)
        if len(data) < size:
            raise EOFError("the stream ended")
        return bytearray(data)


def _dtype(name):
    import numpy as np

    if name[0] in "<>|=":
        return np.dtype(name)
    import tensorflow as tf

    return np.dtype(tf.as_dtype(name).as_numpy_dtype)


def _started():
    """TensorFlow 1 and numpy; a Refused where there is another TensorFlow or none."""
    try:
        import numpy as np
        import tensorflow as tf
    except ImportError as error:
        raise Refused("has no TensorFlow that it can import: %s" % error)
    version = getattr(tf, "__version__", "of no version")
    if not version.startswith("1."):
        raise Refused("has TensorFlow %s" % version)
    return tf, np


def _gist(error):
    """The part of TensorFlow's message that says what is wrong, in one line."""
    lines = [n.strip() for n in str(getattr(error, "message", None) or error).splitlines()]
    skipped = ("Detected at", "File ", "Traceback", "[[", "<stack", "node ")
    told = [n for n in lines if n and not n.startswith(skipped)]
    return (told or lines or [""])[0][:240]


def _answer(session, message):
    """Does one step; a Refused where TensorFlow says no."""
    request, arrays = message
    try:
        return getattr(session, request["step"])(request, arrays)
    except Exception as error:
        what, kind = _WHAT[request["step"]], type(error).__name__
        if kind in ("ResourceExhaustedError", "MemoryError"):
            raise Refused("there is not enough memory to %s" % what)
        raise Refused("cannot %s: %s: %s" % (what, kind, _gist(error)))


def _end_with_the_command():
    """As in main.py."""
    command = select.poll()
    command.register(0, 0)
    command.poll()
    os._exit(0)


def main():
    """Answers ``version`` first, then the steps of a session, until stdin ends."""
    threading.Thread(target=_end_with_the_command, daemon=True).start()
    sys.path.pop(0)  # this file's own folder, whose modules are not for this interpreter
    # Whatever a library prints must not end up between two frames.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        tf, np = _started()
    except Refused as refused:
        header = json.dumps({"message": _refused(refused), "arrays": []}).encode()
        replies.write(_LENGTH.pack(len(header)) + header)
        replies.flush()
        return
    channel, session = Channel(sys.stdin.buffer, replies), Session(tf, np)
    while True:
        try:
            message, arrays = channel.receive()
        except EOFError:
            return
        request = message["request"]
        try:
            if request["step"] == "version":
                versions = {"tensorflow": tf.__version__, "python": platform.python_version()}
                data, made = versions, {}
            else:
                data, made = _answer(session, (request, arrays))
            channel.send({"kind": "reply", "data": data}, made)
        except Refused as refused:
            channel.send(_refused(refused))
        except Exception:
            channel.send({"kind": "failed", "trace": traceback.format_exc()})


def _refused(refused):
    return {"kind": "refused", "problem": str(refused), "expected": None, "try": None}


if __name__ == "__main__":
    main()
