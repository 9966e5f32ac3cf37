"""Datasets: the one that ships, MNIST in its places, and files of the user's."""

from __future__ import annotations

import urllib.error

import numpy as np
import pytest
from tfmigrate.course import datasets as data
from tfmigrate.course import prepare
from tfmigrate.course.datasets.digits import enlarge
from tfmigrate.errors import UserError


def write(path, **changes):
    """An .npz file of 6 training and 4 test examples, with changes; None leaves a key out."""
    arrays = {
        "x_train": np.zeros((6, 2, 2)),
        "y_train": np.arange(6) % 3,
        "x_test": np.zeros((4, 2, 2)),
        "y_test": np.arange(4) % 3,
    } | changes
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    return str(path)


def test_digits_are_real_and_ship_with_the_package():
    digits = data.load("digits")
    assert digits.x_train.shape == (1437, 28, 28)
    assert digits.x_test.shape == (360, 28, 28)
    assert digits.x_train.dtype == np.uint8
    assert digits.x_train.max() == 255
    assert digits.num_classes == 10
    # A nearest-mean classifier is right far more often than the 10 % of chance.
    x, y, x_test, y_test = digits.flat()
    means = (y.T @ x) / y.sum(0)[:, None]
    nearest = ((x_test[:, None] - means) ** 2).sum(2).argmin(1)
    assert (nearest == y_test.argmax(1)).mean() > 0.8


def test_enlarging_keeps_flat_areas_flat_and_the_brightest_bright():
    assert (enlarge(np.full((1, 8, 8), 16, np.uint8)) == 255).all()
    assert (enlarge(np.zeros((1, 8, 8), np.uint8)) == 0).all()


def test_flat_gives_rows_of_float32_and_one_hot_classes(tmp_path):
    loaded = data.load(write(tmp_path / "d.npz", x_train=np.full((6, 2, 2), 255, np.uint8)))
    x, y, x_test, _ = loaded.flat()
    assert (x.shape, x.dtype, x.max()) == ((6, 4), np.float32, 255)
    assert x_test.shape == (4, 4)
    np.testing.assert_array_equal(y.argmax(1), np.arange(6) % 3)
    np.testing.assert_array_equal(y.sum(1), 1)


@pytest.mark.parametrize("changes", [{"x_test": None}, {"y_train": np.ones((6, 1, 2))}])
def test_what_a_file_lacks_is_told_in_one_line_whatever_its_name(tmp_path, changes):
    with pytest.raises(UserError) as caught:
        data.load(write(tmp_path / "a\nb.npz", **changes))
    assert str(caught.value).isprintable()


def test_a_file_spares_a_twelfth_of_its_training_examples_for_validation(tmp_path):
    x, y = np.arange(24 * 4, dtype="u1").reshape(24, 2, 2), np.arange(24) % 2
    dataset = data.load(write(tmp_path / "d.npz", x_train=x, y_train=y))
    prepared = prepare.validated(prepare.scaled_classes)(dataset)
    assert (len(prepared.x_train), len(prepared.x_test)) == (22, 2)
    np.testing.assert_array_equal(prepared.y_test, y[:2])
    few = data.load(write(tmp_path / "few.npz", x_train=x[:11], y_train=y[:11]))
    with pytest.raises(UserError, match=r"has 11 training examples.*expected 12 or more"):
        prepare.validated(prepare.scaled_classes)(few)


def test_one_hot_and_column_labels_are_understood(tmp_path):
    one_hot = data.load(write(tmp_path / "a.npz", y_train=np.eye(3)[np.arange(6) % 3]))
    column = data.load(write(tmp_path / "b.npz", y_train=(np.arange(6) % 3)[:, None]))
    np.testing.assert_array_equal(one_hot.y_train, column.y_train)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"y_test": None},
            "lacks y_test; it contains x_train, y_train, x_test; expected x_train, ",
        ),
        ({"x_test": np.zeros((4, 3))}, "x_train has examples of shape (2, 2) and x_test of (3,)"),
        ({"y_test": np.arange(3)}, "has 4 x_test and 3 y_test"),
        (
            {"y_train": np.arange(6) + 0.5},
            "y_train in {path} does not contain classes; expected integers",
        ),
        ({"y_train": np.arange(6) - 1}, "y_train in {path} does not contain classes"),
        (
            {"y_train": np.zeros((6, 2, 2))},
            "y_train in {path} has shape (6, 2, 2); expected (examples,)",
        ),
        ({"x_train": np.full((6, 2, 2), "a")}, "x_train in {path} is <U1; expected numbers"),
        ({"y_train": np.full(6, np.nan)}, "y_train in {path} does not contain classes"),
        ({"y_train": np.full(6, 1e300)}, "y_train in {path} does not contain classes"),
        ({"x_train": np.float32(1)}, "x_train in {path} is a single number"),
        ({"x_test": np.zeros((0, 2, 2))}, "x_test in {path} is empty, shape (0, 2, 2)"),
    ],
)
def test_a_file_that_is_no_dataset_is_named_with_its_fault(changes, problem, tmp_path):
    path = write(tmp_path / "d.npz", **changes)
    with pytest.raises(UserError) as caught:
        data.load(path)
    assert problem.format(path=path) in str(caught.value)


def test_what_is_no_npz_file_is_refused(tmp_path):
    path = tmp_path / "d.npz"
    path.write_bytes(b"text")
    with pytest.raises(UserError, match=r"is not an \.npz file; expected an intact \.npz file"):
        data.load(str(path))


def test_pickles_are_never_loaded(tmp_path):
    path = tmp_path / "d.npz"
    write(path, x_train=np.array([{}] * 6, object))
    with pytest.raises(UserError, match="contains Python objects"):
        data.load(str(path))


def test_a_name_that_is_neither_dataset_nor_file(tmp_path):
    with pytest.raises(
        UserError, match=r"no dataset 'mnits'; expected digits, mnist, .* or the path"
    ):
        data.load("mnits")
    with pytest.raises(UserError, match=r"there is no file .*gone\.npz"):
        data.load(str(tmp_path / "gone.npz"))


def test_mnist_is_found_in_the_named_folder_first_then_in_the_keras_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TFMIGRATE_DATA", str(tmp_path / "mine"))
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    write(tmp_path / "keras" / "datasets" / "mnist.npz", x_train=np.ones((6, 2, 2)))
    assert data.load("mnist").x_train.max() == 1
    (tmp_path / "mine").mkdir()
    write(tmp_path / "mine" / "mnist.npz")
    assert data.load("mnist").x_train.max() == 0


def test_without_mnist_and_network_the_three_ways_are_named(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("TFMIGRATE_DATA", raising=False)
    monkeypatch.setattr("urllib.request.urlopen", no_network)
    with pytest.raises(UserError) as caught:
        data.load("mnist")
    message = str(caught.value)
    assert "no route to host" in message
    for way in ("TFMIGRATE_DATA", str(tmp_path / "datasets"), "network connection"):
        assert way in message
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_download_is_not_kept(tmp_path, monkeypatch):
    import io

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("TFMIGRATE_DATA", raising=False)
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO(b"not mnist"))
    with pytest.raises(UserError, match="the download is damaged"):
        data.load("mnist")
    assert list(tmp_path.rglob("*.npz*")) == []


def test_the_real_mnist_loads(shared, monkeypatch):
    monkeypatch.setenv("TFMIGRATE_DATA", str(shared / "data"))
    mnist = data.load("mnist")
    assert (mnist.x_train.shape, mnist.x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
