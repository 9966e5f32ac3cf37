"""The original graph in a worker: opened with the checkpoint's values, fed, fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .graph import Interface
from .planning import graph_request
from .sources import Source
from .worker import Worker
from .worker.batches import batches


class Original:
    """A graph that can be run; nothing happens before :meth:`open`.

    Args:
        bypass: node of a dropout → the tensor it repeats in inference.
        timeout: seconds without a sign of life after which the worker is ended.
    """

    def __init__(
        self,
        source: Source,
        interface: Interface,
        worker: Worker,
        *,
        bypass: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ):
        self._source, self._interface, self._worker = source, interface, worker
        self._request = graph_request(source, interface, bypass)
        self._timeout = timeout

    def open(self, layers: Sequence[str] = (), *, wide: bool = False) -> list[str]:
        """Imports what the outputs (and ``layers``, tensors) need, and restores its variables.

        Args:
            wide: in float64 what is float32.

        Returns:
            Those of ``layers`` that are there.

        Raises:
            UserError: TensorFlow cannot import the graph.
        """
        request = {"fetches": self._interface.outputs, "layers": list(layers), "wide": wide}
        opened = self._call({"step": "open", **self._request, **request})[0]
        if self._source.checkpoint is not None:
            made = ((n, r.make(self._source.read)) for n, r in self._source.recipes().items())
            for group in batches((name, a) for name, a in made if a.dtype != object):
                self._call({"step": "assign"}, group)
        return opened["layers"]

    def run(
        self, given: Mapping[str, np.ndarray], fetches: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Fetches tensors, the outputs by default; what is fed for inference is fed here too."""
        wanted = list(self._interface.outputs if fetches is None else fetches)
        fed = {tensor: np.asarray(value) for tensor, value in self._interface.fed.items()}
        return self._call({"step": "run", "fetches": wanted}, {**fed, **given})[1]

    def values(self, variables: Sequence[str]) -> dict[str, np.ndarray]:
        """What variables hold now, by the name of their node."""
        return self._call({"step": "values", "variables": list(variables)})[1]

    def _call(
        self, request: Mapping[str, object], arrays: Mapping[str, np.ndarray] | None = None
    ) -> tuple[dict, dict[str, np.ndarray]]:
        reply = self._worker.call("rungraph", request, arrays, timeout=self._timeout)
        return reply.data, reply.arrays
