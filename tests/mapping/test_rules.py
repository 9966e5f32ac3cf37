"""The map file: what it may say, what it means, and its way back."""

from __future__ import annotations

import re

import hypothesis.strategies as st
import pytest
from hypothesis import given
from tfmigrate.errors import UserError
from tfmigrate.mapping import Map, Rule, read_map
from tfmigrate.mapping.operations import LSTM, Split, forget_bias
from tfmigrate.mapping.rules import captures, fill

TEXT = """
[rename]
"w0" = "dense/kernel"
"layer_*/w" = "layer_{1}/kernel"

[[change]]
from = "rnn/kernel"
to = ["lstm/kernel", "lstm/recurrent_kernel"]
steps = [{ gates = "lstm" }, { split = [2, 3], axis = 0 }]

[[change]]
from = "rnn/bias"
to = "lstm/bias"
steps = [{ gates = "lstm" }, { forget_bias = 1.0 }]

[skip]
"global_step" = "counted anew"
"""


def read(tmp_path, text: str) -> Map:
    (tmp_path / "map.toml").write_text(text, "utf-8")
    return read_map(tmp_path / "map.toml")


def test_a_map_is_read(tmp_path):
    found = read(tmp_path, TEXT)
    assert found.rules == (
        Rule(("w0",), ("dense/kernel",)),
        Rule(("layer_*/w",), ("layer_{1}/kernel",)),
        Rule(
            ("rnn/kernel",),
            ("lstm/kernel", "lstm/recurrent_kernel"),
            (LSTM, Split(0, (2, 3))),
        ),
        Rule(("rnn/bias",), ("lstm/bias",), (LSTM, forget_bias(1.0))),
    )
    assert found.skips == {"global_step": "counted anew"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "is not TOML"),
        ("x = " + "[" * 3000, "is not TOML"),
        ("x = " + "9" * 5000, "is not TOML"),
        (f'[[change]]\nfrom="a"\nto="b"\nsteps=[{{ add = 1{"0" * 400} }}]', "add: .*too large"),
        ("[renames]\n", "no key 'renames'.*try rename"),
        ("[rename]\na = 1\n", "expected text in quotes"),
        ('[[change]]\nfrom = "a"\n', "change 1 has no to"),
        ('[[change]]\nfrom = []\nto = "b"\n', "from is empty"),
        ('[change]\nfrom = "a"\n', "double brackets"),
        (
            '[[change]]\nfrom="a"\nto="b"\nsteps=[{ transpos = true }]',
            "no step 'transpos'.*transpose",
        ),
        ('[[change]]\nfrom="a"\nto="b"\nsteps=[{ split = 3 }]', "not a list of integers"),
        (
            '[[change]]\nfrom="a"\nto="b"\nsteps=[{ split = [1], axes = 0 }]',
            "no key 'axes'.*try axis",
        ),
        ('[[change]]\nfrom="a"\nto="b"\nsteps=[{ gates = "r,u" }]', "needs to"),
        ('[[change]]\nfrom="a"\nto="b"\nsteps=[{ cast = "float33" }]', "no dtype"),
    ],
)
def test_what_a_map_may_not_say_is_one_clear_error(tmp_path, text, words):
    with pytest.raises(UserError, match=words):
        read(tmp_path, text)


def test_a_map_that_is_not_there_can_be_proposed(tmp_path):
    with pytest.raises(UserError, match="--write-map"):
        read_map(tmp_path / "none.toml")


def test_a_map_that_is_a_folder_is_one_clear_error(tmp_path):
    with pytest.raises(UserError, match="cannot read the map"):
        read_map(tmp_path)


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("layer_*/w", "layer_1/w", ("1",)),
        ("layer_*/w", "layer_1/x/w", None),
        ("**/w", "layer_1/x/w", ("layer_1/x",)),
        ("*.*", "a.b", ("a", "b")),
        ("a.b", "axb", None),
        ("a*", "a\nb", ("\nb",)),
        ("[a]*", "[a]/", None),
    ],
)
def test_stars(pattern, name, found):
    assert captures(pattern, name) == found


@given(
    st.lists(st.sampled_from(["a", "b", "ab", "/", "*", "**"]), max_size=7).map("".join),
    st.text("ab/", max_size=9),
)
def test_stars_are_those_of_a_regular_expression(pattern, name):
    stars = {"*": "([^/]*)", "**": "(.*)"}
    parts = (stars.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*)", pattern))
    match = re.fullmatch("".join(parts), name, re.DOTALL)
    assert captures(pattern, name) == (match and match.groups())


def test_stars_and_numbers_beyond_the_values_stay():
    assert fill("*/{2}*", ("a",)) == "a/{2}*"


def test_many_stars_and_a_long_name_end_at_once():
    """A regular expression would try each division of the name among twenty stars."""
    assert captures("**a" * 20 + "b", "a" * 300) is None
    assert captures("**a" * 20, "a" * 300) == ("a" * 280, *[""] * 19)


words = st.text("abc[](){}.\\$ ", min_size=1, max_size=5)  # between stars: ** is one star


@given(st.lists(words, min_size=2, max_size=4), st.data())
def test_a_rule_and_its_inverse_bring_every_name_back(literals, data):
    # Digits are kept out of the literals: {1} among them would be a capture.
    stars = len(literals) - 1
    order = data.draw(st.permutations(range(1, stars + 1)))
    target = "-".join(f"{{{n}}}" for n in order)
    rule = Rule(("*".join(literals),), (f"x/{target}",))
    values = [data.draw(st.text("yz", max_size=3)) for _ in range(stars)]
    name = "".join(a + b for a, b in zip(literals, [*values, ""], strict=True))
    there = fill(rule.targets[0], captures(rule.sources[0], name))
    back = rule.inverse()
    assert fill(back.targets[0], captures(back.sources[0], there)) == name


def test_the_way_back_names_every_rule_that_has_none(tmp_path):
    text = """
    [rename]
    "layer_*/w" = "one/kernel"
    [[change]]
    from = ["a", "b"]
    to = "c"
    steps = [{ concat = 0 }]
    """
    with pytest.raises(UserError, match=r"layer_\*/w: .*; a: concat needs sizes"):
        read(tmp_path, text).inverse()


def test_a_map_without_an_inverse_is_reported_in_printable_text(tmp_path):
    mapping = read(tmp_path, '[rename]\n"*/w" = "a\u008e"\n')
    with pytest.raises(UserError, match="does not use each") as raised:
        mapping.inverse()
    assert str(raised.value).isprintable()


def test_the_way_back_of_a_map(tmp_path):
    back = read(tmp_path, TEXT).inverse()
    assert back.rules[0] == Rule(("dense/kernel",), ("w0",))
    assert back.rules[1] == Rule(("layer_*/kernel",), ("layer_{1}/w",))
    assert back.rules[2].sources == ("lstm/kernel", "lstm/recurrent_kernel")
    assert [str(step) for step in back.rules[2].steps] == [
        "concat along axis 0",
        "gates i,f,j,o to i,j,f,o",
    ]
