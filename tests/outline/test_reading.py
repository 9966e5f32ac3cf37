"""The figures of a source, counted by hand; and the page that shows them."""

from pathlib import Path

from .reading import Reading, read

PAGE = Path(__file__).parents[2] / "docs" / "readability.md"
SOURCE = '''
import keras


class Own(keras.layers.Layer):
    def call(self, x):
        return keras.ops.exp(x) + 1


def block(x, name):
    """A docstring."""
    x = keras.layers.Dense(8, name=f"{name}_a")(x)
    x = keras.layers.Dense(9, name="dense_1")(x)
    x_2 = keras.ops.exp(x)

    return x_2


def build_model(
    units=4,
):
    inputs = keras.Input((3,))
    x = keras.layers.Dense(4, name="dense")(inputs)
    y = keras.layers.Dense(4, name="dense_2")(
        x,
    )
    y = keras.ops.exp(y)
    for i in range(3):
        # A comment.
        y = 2 * y
    return keras.Model(inputs, y)


def compile_model(model):
    return model
'''


def test_a_source_is_counted() -> None:
    # 5 lines in block; 3 + 2 + 3 + 1 + 2 + 1 in build_model, whose 7 statements and the 4 of block
    # share three in a row.
    assert read(SOURCE) == Reading(lines=17, repeated=6 / 11, numbered=2, cut=1, raw=3)


def test_names_that_were_cut_are_counted() -> None:
    text = f'def build_model():\n    x = keras.layers.Dense(1, name="{"a" * 40}")(x)\n'
    assert read(text).cut == 1


def test_the_page_shows_networks_of_both_depths() -> None:
    cells = [line.split(" | ") for line in PAGE.read_text().splitlines() if " units | " in line]
    lengths = [row[1].partition(" → ") for row in cells]
    assert len(lengths) == 2
    assert lengths[0][2] == lengths[1][2]
    assert int(lengths[0][0]) < int(lengths[1][0])
