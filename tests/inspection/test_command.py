"""tfmigrate inspect as a person or a program meets it: what is printed, and how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import tfmigrate
from tfmigrate.cli.main import run
from tfmigrate.report import plain


def ramp(*shape, start=0.5):
    return (np.arange(np.prod(shape, dtype=int)) * 0.01 + start).reshape(shape).astype(np.float32)


def trained():
    """A small network in mid-training, with one weight that went wrong."""
    weights = {
        "layer1/kernel": ramp(4, 3),
        "layer1/bias": ramp(3, start=2),
        "layer2/kernel": ramp(3, 2, start=4),
        "layer2/bias": np.zeros(2, "f4"),
    }
    slots = {
        f"{name}/{slot}": array * 0.1 + at
        for name, array in weights.items()
        for at, slot in enumerate(("Adam", "Adam_1"))
    }
    weights["layer2/kernel"][1, 1] = np.nan
    power = np.float32(0.999) ** np.float32(21)
    shared = {"beta1_power": np.float32(0.1), "beta2_power": power, "global_step": np.int64(20)}
    return weights | slots | shared


HOSTILE = ["a\x1b[31m", "b\nc", "[bold]d[/bold]/w", "e\u202eflow", "../../f", "g'\"\\", "<b>h</b>"]


def printed(capsys, *arguments):
    status = run(["inspect", *map(str, arguments)])
    streams = capsys.readouterr()
    assert streams.err == ""
    return status, streams.out


def test_what_people_see(write, capsys, snapshot):
    status, out = printed(capsys, write("model.ckpt-20", trained()))
    assert status == 0
    snapshot("trained", out)


@pytest.mark.parametrize("options", [["--stats"], ["--tree"], ["--sort", "role"]])
def test_what_options_show(write, capsys, snapshot, options):
    _, out = printed(capsys, write("model.ckpt-20", trained()), *options)
    snapshot("_".join(options).strip("-").replace("--", ""), out)


def test_what_a_difference_looks_like(write, capsys, snapshot):
    before = trained()
    after = {name.replace("layer1", "first"): array for name, array in before.items()}
    after["layer2/bias"] = ramp(2)
    after["global_step"] = np.int64(40)
    after["first/kernel/Adam"] = after["first/kernel/Adam"] + 3
    after["beta2_power"] = np.zeros(3, "f4")
    status, out = printed(capsys, write("before", before), "--diff", write("after", after))
    assert status == 1
    snapshot("diff", out)


def test_two_of_the_same_end_with_0(write, capsys):
    arrays = {"w": ramp(3)}
    status, out = printed(capsys, write("a", arrays), "--diff", write("b", arrays))
    assert status == 0
    assert re.search(r"unchanged +1 +bit for bit", out)


def test_names_are_data(write, capsys, snapshot):
    path = write("model.ckpt", {name: ramp(2, start=i) for i, name in enumerate(HOSTILE)})
    _, out = printed(capsys, path)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", out)
    snapshot("hostile", out)
    html = tfmigrate.inspect(path)._repr_html_()
    assert "&lt;b&gt;h&lt;/b&gt;" in html
    assert "<b>h" not in html
    _, out = printed(capsys, path, "--json")
    assert {v["name"] for v in json.loads(out)["variables"]} == set(HOSTILE)
    _, tree = printed(capsys, path, "--tree")
    assert "[bold]d[/" in tree


def test_names_of_any_length_are_whole_in_a_pipe(write, capsys):
    name = "/".join(["scope"] * 30)
    _, out = printed(capsys, write("model.ckpt", {name: ramp(2)}))
    assert f"{name}   [2]" in out


def test_many_variables_are_listed_as_few_are(write, capsys):
    few = {f"layer{n}/kernel": np.float32(n) for n in range(10)}
    many = {f"layer{n}/kernel": np.float32(n) for n in range(1_500)}
    _, short = printed(capsys, write("few", few))
    _, long = printed(capsys, write("many", many))
    rows = [line.split() for line in long.splitlines() if line.startswith("layer")]
    assert [row[0] for row in rows] == sorted(many)
    assert set(short.splitlines()[-1].split()) - {"layer9/kernel"} <= set(rows[0])
    assert len({len(line) for line in long.splitlines() if line.startswith("layer")}) == 1


def test_json(write, capsys):
    status, out = printed(capsys, write("model.ckpt-20", trained()), "--json", "--filter", "*2/*")
    document = json.loads(out)
    assert status == 0
    assert document["schema"] == 1
    assert document["source"]["format"] == "v2"
    assert document["roles"]["slot"] == {"variables": 8, "elements": 46, "bytes": 184}
    assert {step["value"] for step in document["steps"]} == {20}
    assert {w["kind"] for w in document["warnings"]} == {"nan", "no_gradient"}
    kernel = next(v for v in document["variables"] if v["name"] == "layer2/kernel")
    assert kernel["values"]["nan"] == 1
    slot = next(v for v in document["variables"] if v["name"] == "layer2/kernel/Adam_1")
    assert (slot["optimizer"], slot["slot"], slot["of"]) == ("Adam", "v", "layer2/kernel")
    assert len(document["variables"]) == 6


@pytest.mark.parametrize("sort", ["name", "size", "shape"])
def test_sort(write, sort):
    result = tfmigrate.inspect(write("model.ckpt", trained()), sort=sort)
    keys = {
        "name": lambda e: e.name,
        "size": lambda e: -e.nbytes,
        "shape": lambda e: (len(e.shape), e.shape),
    }
    ordered = [keys[sort](entry) for entry in result.selected]
    assert ordered == sorted(ordered)


def test_what_cannot_be_shown_is_one_line(write, capsys):
    path = write("model.ckpt", {"dense/kernel": ramp(2)})
    assert run(["inspect", str(path), "--filter", "dense/kernal"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "try --filter 'dense/kernel'" in error
    assert run(["inspect", str(path), "--diff", str(path), "--tree"]) == 2
    assert "no effect with --diff" in capsys.readouterr().err
    assert run(["inspect", "nothing.ckpt"]) == 2
    assert capsys.readouterr().err.startswith("error: nothing.ckpt does not exist")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {}])
def test_a_pipe_gets_plain_text_and_tensorflow_stays_away(write, environment):
    path = write("model.ckpt", trained())
    program = (
        "import sys\nfrom tfmigrate.cli.main import run\n"
        f"status = run(['inspect', {str(path)!r}, '--stats'])\n"
        "assert status == 0\n"
        "heavy = {'tensorflow', 'keras', 'tf_keras', 'h5py'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "layer1/kernel/Adam_1" in done.stdout


def test_many_variables_are_the_same_in_json(write, capsys):
    arrays = {f"layer{n}/kernel": np.float32(n) for n in range(1_500)}
    path = write("many", arrays)
    _, out = printed(capsys, path, "--json")
    document = json.loads(out)
    assert [v["name"] for v in document["variables"]] == sorted(arrays)
    assert document == json.loads(json.dumps(plain(tfmigrate.inspect(path).to_dict())))
