"""Networks of any number of calls: repeated units, and units whose wiring and sizes vary."""

from __future__ import annotations

import random

from tfmigrate.plan import Call, Input, Layer, Output, Plan, Value


class _Maker:
    """A plan, layer by layer."""

    def __init__(self) -> None:
        self.image = Value((None, 8, 8, 4), "float32", "image")
        self.calls: list[Call] = []

    def layer(self, kind: str, name: str, *values: object, **arguments: object) -> Value:
        made = Value((None, 8, 8, 4), "float32")
        layer = Layer(name, kind, arguments, name.replace("_", "/"))
        self.calls.append(Call(layer, values, {}, (made,)))
        return made

    def plan(self, result: Value) -> Plan:
        inputs, outputs = [Input("image:0", "image", self.image)], [Output("y:0", result)]
        return Plan("net", "model.ckpt", inputs, outputs, self.calls)


def repeated(size: int) -> Plan:
    """Four stages of equal residual units."""
    maker = _Maker()
    x = maker.image
    count = max(1, size // 28)
    for stage in range(4):
        for unit in range(count):
            name, y = f"stage{stage}_unit{unit}", x
            for part in "ab":
                y = maker.layer("Conv2D", f"{name}_{part}", y, filters=2**stage, kernel_size=3)
                y = maker.layer("BatchNormalization", f"{name}_{part}_bn", y)
                y = maker.layer("Activation", f"{name}_{part}_relu", y, activation="relu")
            x = maker.layer("Add", f"{name}_add", [x, y])
    return maker.plan(x)


def varying(size: int) -> Plan:
    """Cells whose layers, sizes and wiring are drawn."""
    draw, maker = random.Random(0), _Maker()
    values = [maker.image]
    for number in range(size):
        name, x = f"cell{number // 20}_part{number % 20}", draw.choice(values[-6:])
        kind = draw.randrange(4)
        if kind == 0:
            given = {"filters": draw.choice((8, 16, 32)), "kernel_size": draw.choice((1, 3, 5))}
            values.append(maker.layer("Conv2D", name, x, **given))
        elif kind == 1:
            values.append(maker.layer("BatchNormalization", name, x))
        elif kind == 2:
            values.append(maker.layer("Activation", name, x, activation="relu"))
        else:
            values.append(maker.layer("Add", name, [x, draw.choice(values[-6:])]))
    return maker.plan(values[-1])
