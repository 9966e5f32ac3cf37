"""Chapter D: pictures in float64, an autoencoder, taxi fares; and data that does not fit them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tfmigrate.cli.main import run
from tfmigrate.course import catalogue, prepare
from tfmigrate.course import datasets as data
from tfmigrate.course.lockstep import compare_training
from tfmigrate.course.request import Request
from tfmigrate.course.setting import Setting
from tfmigrate.course.training import train
from tfmigrate.course.values import compare_values
from tfmigrate.errors import UserError
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("course-other-data")

ROWS = [system.name for system in catalogue.CHAPTERS["D"][1]]
ADAM = ["autoencoder", "fare", "wide-deep"]


@pytest.fixture(scope="module")
def workers():
    with Worker("legacy") as legacy, Worker("modern") as modern:
        yield {"legacy": legacy, "modern": modern}


@pytest.fixture(scope="module")
def trained(workers):
    """Trains a row for two epochs; each row once, all with the same two processes."""
    done = {}

    def trained(name):
        if name not in done:
            entry = catalogue.find(name)
            done[name] = compare_training(entry, entry.program, Request(epochs=2), workers, None)
        return done[name]

    return trained


@pytest.fixture(scope="module")
def values(workers):
    """The values of a row, compared; each row once."""
    done = {}

    def values(name):
        if name not in done:
            entry = catalogue.find(name)
            done[name] = compare_values(entry, entry.also, Request(), workers)
        return done[name]

    return values


@pytest.fixture
def both(values):
    """(row, value) → the value on both sides."""

    def both(row, name):
        (value,) = [value for value in values(row).values if value.name == name]
        return value.legacy, value.modern

    return both


@pytest.mark.parametrize("row", ROWS)
def test_both_sides_train_in_step(row, trained):
    assert trained(row), str(trained(row))


@pytest.mark.parametrize("row", ROWS)
def test_both_sides_agree_in_values(row, values):
    assert values(row), str(values(row))


def lines(comparison, what):
    """The lines of that name of the parity tables, of all cases."""
    return [line for d in comparison.devices for line in d.parity if line.what == what]


@pytest.mark.parametrize("row", ADAM)
def test_float32_stays_within_a_millionth_of_the_loss(row, trained):
    (line,) = lines(trained(row), "loss, first steps, with TF1's Adam")
    assert line.difference.max_rel <= 1e-6


@pytest.mark.parametrize("row", ["fare", "wide-deep"])
def test_what_differs_is_rounding_for_float64_shrinks_it(row, trained):
    if not lines(trained(row), "weights, after training, with TF1's Adam")[0].difference.differing:
        return  # nothing that could shrink
    (line,) = lines(trained(row), "loss, all epochs, in float64")
    assert line.difference.max_rel <= 1e-11


def test_the_autoencoder_has_the_same_weights_in_the_end(trained):
    (line,) = lines(trained("autoencoder"), "weights, after training, with TF1's Adam")
    assert line.difference.max_ulp == 0


@pytest.mark.parametrize("row", ROWS)
def test_moved_weights_give_the_same_outputs_to_the_last_bit(row, trained):
    for line in lines(trained(row), "logits, weights just moved"):
        assert line.difference.max_ulp == 0


@pytest.mark.parametrize("row", ["cats", "autoencoder", "fare"])
def test_the_trained_checkpoint_is_converted_without_loss(row, trained):
    (line,) = lines(trained(row), "trained checkpoint, converted")
    assert line.difference.max_ulp == 0


# --- cats


def test_cats_differ_by_units_of_the_last_place_of_float64_in_every_case(trained):
    cases = {outcome.case: outcome for outcome in trained("cats").devices}
    assert list(cases) == ["plain", "L2", "dropout"]
    for outcome in cases.values():
        session, tape = (side.arrays["losses"] for side in outcome.sides)
        assert session.dtype == tape.dtype == np.float64
        np.testing.assert_allclose(tape, session, rtol=1e-15)


def test_the_penalty_is_l2_times_the_squares_of_the_two_hidden_kernels(trained):
    """Half of it, as tf.nn.l2_loss gives, or one kernel alone would be a quarter off."""
    arrays = trained("cats").devices[1].sides[0].arrays
    weights = {k.removeprefix("weight:"): a for k, a in arrays.items() if k.startswith("weight:")}
    penalty = 0.01 * sum((weights[f"hidden{i}/kernel"] ** 2).sum() for i in (1, 2))
    cats = prepare.cat_or_not(data.load("cats-like"))
    h = cats.x_train.reshape(len(cats.x_train), -1)
    for name in ("hidden1", "hidden2"):
        h = np.maximum(h @ weights[f"{name}/kernel"] + weights[f"{name}/bias"], 0)
    logits = h @ weights["cat/kernel"] + weights["cat/bias"]
    cross_entropy = np.logaddexp(0, np.where(cats.y_train > 0.5, -logits, logits)).mean()
    last = trained("cats").devices[1].sides[0].epochs[-1].loss  # on the way to these weights
    assert penalty > 0.3
    assert last == pytest.approx(cross_entropy + penalty, abs=0.06)


def test_shuffled_shifted_and_mirrored_pictures_are_those_of_tensorflow_1(both):
    """The losses of the first epoch, as TensorFlow 1.15.5 gave them for the same pictures."""
    expected = [
        0.715954918389402,
        0.7424469613579683,
        0.780835198136322,
        0.7656208741538154,
        0.7677240395987033,
        0.6183547627071646,
    ]
    for losses in both("cats", "losses"):
        np.testing.assert_allclose(losses[0], expected, rtol=1e-12)


def test_an_augmented_picture_is_mirrored_then_shifted(both):
    """Drawn: 0.1, mirror; 0.2 and 0.9, of nine places down and across, the second and the ninth."""
    picture = prepare.cat_or_not(data.load("cats-like")).x_train[0]
    expected = np.pad(picture[:, ::-1], [(4, 4), (4, 4), (0, 0)], "symmetric")[1:65, 8:72]
    for augmented in both("cats", "augmented picture"):
        np.testing.assert_array_equal(augmented, expected)


def test_cats_are_split_in_three_and_normalized_by_the_training_set():
    cats = data.load("cats-like")
    prepared = prepare.cat_or_not(cats)
    parts = prepared.arrays
    assert [len(parts[f"x_{part}"]) for part in ("train", "dev", "test")] == [169, 40, 50]
    assert parts["x_train"].mean() == pytest.approx(0, abs=1e-12)
    assert parts["x_train"].std() == pytest.approx(1)
    pixels = cats.x_train[40:]
    np.testing.assert_allclose(parts["x_dev"], (cats.x_train[:40] - pixels.mean()) / pixels.std())
    np.testing.assert_array_equal(parts["y_dev"][:, 0], cats.y_train[:40])
    assert {array.dtype for array in parts.values()} == {np.dtype(np.float64)}


# --- autoencoder


def test_a_picture_is_three_numbers_a_row_in_between(both):
    for code in both("autoencoder", "code"):
        assert code.shape == (360, 28, 3)
        assert code.any()


def test_decoder_after_encoder_is_the_autoencoder(both):
    apart = both("autoencoder", "picture, from the code")
    whole = both("autoencoder", "picture, from the picture")
    for side in (0, 1):
        np.testing.assert_array_equal(apart[side], whole[side])


def test_the_autoencoder_learns_and_its_error_is_numpys(trained):
    pictures = prepare.themselves(data.load("digits")).x_test
    for side in trained("autoencoder").devices[0].sides:
        error = ((side.arrays["logits_after"].astype(float) - pictures) ** 2).mean()
        assert side.epochs[-1].metric == pytest.approx(error, rel=1e-5)
        assert side.epochs[-1].loss < side.epochs[0].loss


# --- fare


@pytest.mark.parametrize("row", ["fare", "wide-deep"])
def test_rmse_is_numpys(row, trained):
    fares = prepare.fares(data.load("fares-like")).y_test
    for side in trained(row).devices[0].sides:
        error = np.sqrt(((side.arrays["logits_after"].astype(float) - fares) ** 2).mean())
        assert side.epochs[-1].metric == pytest.approx(error, rel=1e-6)


def test_a_mean_of_roots_is_less_than_the_root_of_the_mean(both):
    for right, averaged in zip(
        both("fare", "rmse of the test set"),
        both("fare", "rmse, averaged over batches"),
        strict=True,
    ):
        assert averaged < right - 0.1


def test_virtual_epochs_are_as_many_as_evaluations(both):
    assert [len(history) for history in both("fare", "rmse after each")] == [5, 5]
    assert both("fare", "steps in a virtual epoch") == (4000 // (32 * 5),) * 2


# --- wide-deep


@pytest.mark.parametrize(
    ("cross", "first", "total"),
    [
        ("drop-off", [15, 30, 98, 30, 98, 30, 84, 98], 104289),
        ("pick-up", [30, 22, 84, 30, 30, 42, 30, 30], 100625),
        ("pair", [3316, 2701, 6021, 7304, 8511, 9490, 9790, 8511], 10537687),
    ],
)
def test_trips_are_in_the_buckets_of_tensorflow_1(cross, first, total, both):
    """The buckets of the first trips, and the sum over all, as TensorFlow 1.15.5 gave them."""
    for buckets in both("wide-deep", cross):
        assert buckets[:8].tolist() == first
        assert buckets.sum() == total


def test_trips_from_the_same_place_share_a_bucket(both):
    x = prepare.fares(data.load("fares-like")).x_train
    longitude = np.digitize(x[:, 0], np.linspace(-74.02, -73.78, 9).astype(np.float32))
    latitude = np.digitize(x[:, 1], np.linspace(40.64, 40.86, 9).astype(np.float32))
    for buckets in both("wide-deep", "pick-up"):
        places = {}
        for place, bucket in zip(zip(longitude, latitude, strict=True), buckets, strict=True):
            assert places.setdefault(place, bucket) == bucket


def test_hashing_hashes_puts_trips_elsewhere(both):
    assert both("wide-deep", "pair, hashed twice: share in the same bucket")[1] < 0.01


def test_adam_sums_the_gradients_of_a_row_before_it_squares_them(both):
    """Adam's first step is rate · g / |g|, whatever g; Keras: (g + g) / sqrt(g² + g²)."""
    assert both("wide-deep", "step of a row seen twice") == pytest.approx((0.001, 0.001), rel=1e-5)
    (_, keras) = both("wide-deep", "step of a row seen twice, Keras")
    assert keras == pytest.approx(0.001 * np.sqrt(2), rel=1e-4)


def test_wide_deep_beats_fare_on_the_real_validation_set(workers, shared):
    dataset = data.load(str(shared / "data" / "taxi"))
    errors = {}
    for row in ("fare", "wide-deep"):
        entry = catalogue.find(row)
        setting = Setting.of(
            entry.program, data="taxi", epochs=2, batch_size=None, learning_rate=None, seed=0
        )
        prepared = entry.program.prepare(dataset)
        for form in entry.program.forms:
            worker = workers["legacy" if form == "session" else "modern"]
            side = train(worker, entry, entry.program, form, prepared, setting, device="cpu")
            errors[row, form] = side.epochs[-1].metric
    for form in ("session", "keras"):
        assert errors["wide-deep", form] < 0.8 * errors["fare", form]


# --- data that does not fit


def write(path, pictures, classes):
    """An .npz file of pictures and classes, the same for training and testing."""
    np.savez(path, x_train=pictures, y_train=classes, x_test=pictures, y_test=classes)
    return str(path)


def test_cats_need_color_pictures_of_two_classes(tmp_path):
    gray = data.load("digits")
    with pytest.raises(UserError) as caught:
        prepare.cat_or_not(gray)
    assert str(caught.value) == (
        "digits has examples of 28 × 28 in 10 classes; expected square pictures with 3 colors, of "
        "2 classes; try --data cats-like"
    )
    pictures = np.zeros((6, 8, 8, 3), np.uint8)
    three = data.load(write(tmp_path / "three.npz", pictures, np.arange(6) % 3))
    with pytest.raises(UserError, match="8 × 8 × 3 in 3 classes; expected square pictures"):
        prepare.cat_or_not(three)


def test_pictures_of_another_size_are_taken_and_blank_ones_do_not_divide_by_zero(tmp_path):
    pictures = np.full((10, 8, 8, 3), 7, np.uint8)
    two = data.load(write(tmp_path / "two.npz", pictures, np.arange(10) % 2))
    prepared = prepare.cat_or_not(two)
    assert prepared.sizes == {"size": 8}
    assert [len(prepared.x_train), len(prepared.more["x_dev"])] == [8, 2]
    assert not prepared.x_train.any()


def test_the_autoencoder_needs_gray_pictures():
    with pytest.raises(UserError, match="cats-like has examples of 64 × 64 × 3 in 2 classes; exp"):
        prepare.themselves(data.load("cats-like"))


def test_fares_need_the_five_columns():
    with pytest.raises(UserError) as caught:
        prepare.fares(data.load("digits"))
    assert str(caught.value) == (
        "digits has examples of 28 × 28 in 10 classes; expected fares to predict from pickuplon, "
        "pickuplat, dropofflon, dropofflat, passengers; try --data fares-like, or the folder of "
        "the taxi fares"
    )
    other = dataclasses.replace(data.load("fares-like"), columns=("a",))
    with pytest.raises(UserError, match="examples of 5 with numbers to predict; expected fares"):
        prepare.fares(other)


def test_the_command_line_says_it_in_one_line(capfd):
    assert run(["compare", "wide-deep", "--data", "digits"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: digits has examples of 28 × 28 in 10 classes; expected fares")
    assert err.count("\n") == 1
