"""What a conversion is asked for, and what of it does not go together: refused before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..emit import STYLES
from ..errors import UserError, nearest, printable
from ..formats import FORMATS
from ..formats.keras_file import how_to_open, kind_of_file
from ..mapping.users_model import is_users_model, twin_of

MODEL_FORMATS = {
    "keras": "a Keras model with its source",
    "saved_model": "the unchanged graph, as a trainable SavedModel of TensorFlow 2",
    "torch": "a Keras model, and its weights as a state_dict of PyTorch",
}
KNOWN_FORMATS = (*MODEL_FORMATS, *FORMATS)


@dataclass(frozen=True)
class Request:
    """The options of one conversion that say what is to be made, as :func:`convert` takes them."""

    source: Path
    inputs: Sequence[str] | None = None
    outputs: Sequence[str] | None = None
    feed: Mapping[str, Any] | None = None
    to: Sequence[str] = ()
    map: str | Path | None = None
    model: str | None = None
    ema: str = "raw"
    keras: str = "keras"
    style: str = "blocks"
    reference: str | Path | None = None
    backends: Mapping[str, str] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    like: str | Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """What is read and must not be replaced by the output."""
        code = self.model.rpartition(":")[0] if self.model is not None else ""
        given = (self.source, self.map, code, self.like)
        return tuple(Path(path) for path in given if path)

    @property
    def back(self) -> bool:
        """Whether the source is a file of Keras, on its way back to TF1."""
        return self.source.is_file() and self.source.suffix in (".keras", ".h5")

    @property
    def variables_alone(self) -> bool:
        """Whether no model is to be made."""
        return bool(self.to) and not any(name in MODEL_FORMATS for name in self.to)

    @property
    def shares_workers(self) -> bool:
        """Whether it runs in workers that other conversions use too; no function of a user does."""
        mapped = self.map is not None or is_users_model(self.model)
        return not (self.back or self.variables_alone or mapped)

    def check(self) -> None:
        """Looks at the options alone, not at the source.

        Raises:
            UserError: one is unknown, or two contradict each other.
        """
        self._check_values()
        if self.like is not None and (not self.back or self.map is not None):
            where = "with --map" if self.back else "for a source of TensorFlow 1"
            raise UserError(f"--like has no effect {where}", try_="without it")
        if self.back:
            self._check_back()
        elif is_users_model(self.model) or self.map is not None:
            self._check_map()
        else:
            self._check_model()

    def _check_values(self) -> None:
        for name in self.to:
            if name not in KNOWN_FORMATS:
                raise UserError(
                    f"there is no format {printable(name)!r}",
                    expected=f"one of {', '.join(KNOWN_FORMATS)}",
                    try_=nearest(name, KNOWN_FORMATS),
                )
        if self.ema not in ("prefer", "raw"):
            raise UserError(f"--ema is {printable(self.ema)}", expected="prefer or raw")
        if self.keras not in ("keras", "tf-keras"):
            raise UserError(f"--keras is {printable(self.keras)}", expected="keras or tf-keras")
        for flag, value in (("--keras tf-keras", self.keras), ("--to saved_model", self.to)):
            idle = "--backend" if self.backends else "--export" if self.exports else None
            if idle and flag.split()[1] in value:
                raise UserError(
                    f"{flag} makes a model that only TensorFlow runs, so {idle} would have no "
                    "effect",
                    try_="without it",
                )
        if self.style not in STYLES:
            raise UserError(f"--style is {printable(self.style)}", expected=" or ".join(STYLES))
        twin_of(self.model)  # which refuses a name that is no system's

    def _check_back(self) -> None:
        name = printable(self.source)
        if not self.to or set(self.to) & set(MODEL_FORMATS):
            raise UserError(
                f"{name} is {kind_of_file(self.source)}, not a checkpoint of TensorFlow 1",
                expected="a checkpoint, a graph or a SavedModel of TensorFlow 1",
                try_=f"{how_to_open(self.source)}; or --to tf1 to convert its weights back to TF1",
            )
        self._refuse(
            f"{name} is converted back to TF1",
            graph=True,
            model=True,
            ema=True,
            keras=True,
        )

    def _check_map(self) -> None:
        if self.model is not None and not is_users_model(self.model):
            raise UserError(
                f"--map and --model {self.model} contradict each other: a map needs your own model",
                try_="--model FILE.py:FUNCTION, or one of the two",
            )
        self._refuse("names and the map assign the weights", graph=True)
        if self.model is None:
            for name in (n for n in self.to if n in MODEL_FORMATS):
                raise UserError(
                    f"--to {name} needs a model, and --map does not name one",
                    try_="--model FILE.py:FUNCTION as well",
                )
            self._refuse("--map without --model only renames variables", keras=True)
        for name, does in (("saved_model", "keeps"), ("torch", "reads the layers of")):
            if name in self.to:
                raise UserError(
                    f"--to {name} {does} the graph and cannot use your own model",
                    try_="--to keras",
                )

    def _check_model(self) -> None:
        if self.variables_alone:
            what = f"--to {' --to '.join(self.to)} writes only the variables"
            self._refuse(what, graph=True, model=True, ema=True, keras=True)
        if self.model is not None:
            self._refuse(f"--model {self.model} does not use the graph", graph=True)
        if "saved_model" in self.to:
            if other := next((name for name in ("keras", "torch") if name in self.to), None):
                raise UserError(
                    f"--to {other} and --to saved_model are two conversions",
                    try_="one after the other",
                )
            self._refuse("--to saved_model keeps the graph unchanged", model=True, keras=True)

    def _refuse(
        self,
        why: str,
        *,
        graph: bool = False,
        model: bool = False,
        ema: bool = False,
        keras: bool = False,
    ) -> None:
        """Refuses options that would have no effect."""
        given = []
        if graph:
            listed: dict[str, Any] = {"--inputs": self.inputs, "--outputs": self.outputs}
            listed |= {"--feed": self.feed, "--reference": self.reference}
            listed |= {"--backend": self.backends, "--export": self.exports}
            given += [flag for flag, value in listed.items() if value]
        if model and self.model is not None:
            given.append("--model")
        if ema and self.ema != "raw":
            given.append(f"--ema {self.ema}")
        if keras and self.keras != "keras":
            given.append(f"--keras {self.keras}")
        if (graph or keras) and self.style != STYLES[0]:
            given.append(f"--style {self.style}")
        if given:
            raise UserError(
                f"{why}, so {' and '.join(given)} would have no effect",
                try_=f"without {'it' if len(given) == 1 else 'them'}",
            )
