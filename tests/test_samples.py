"""Bad input: each refusal is one line that names the numbers, the column and the cure."""

import warnings

import numpy as np
import pytest

from pellucid import Network
from pellucid.losses import loss
from pellucid.samples import (
    ScaleWarning,
    as_array,
    as_inputs,
    as_targets,
    as_weights,
    one_hot,
    warn_of_scale,
)

CROSS_ENTROPY = loss("cross_entropy")


def refused(message, function, *arguments, **keywords):
    with pytest.raises(ValueError, match=message) as error:
        function(*arguments, **keywords)
    assert "\n" not in str(error.value)


# --- what becomes an array ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], "float64"),
        ([True, False], "float64"),
        (np.arange(3, dtype=np.uint8), "float64"),
        (np.ones(3, dtype=np.float16), "float64"),
        (np.ones(3, dtype=np.float32), "float32"),
        (["1.5", "-2"], "float64"),
    ],
)
def test_floats_keep_their_size_and_everything_else_becomes_float64(values, dtype):
    assert as_array(values).dtype.name == dtype


def test_a_float64_array_is_not_copied():
    X = np.ones((3, 2))
    assert as_array(X) is X


@pytest.mark.parametrize("bad", ["red", "12,5", ""])
def test_text_where_numbers_are_needed_is_shown(bad):
    for values in ([[1.0, 2.0], [3, bad]], np.array([[1.0, bad]], dtype=object)):
        refused(f"expected numbers, found {bad!r}: encode text first", as_array, values)


def test_none_is_a_missing_number():
    refused("X holds nan in column 1, first in row 0", as_inputs, [[1.0, None, 3.0]], 3)


# --- inputs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "n_inputs", "shape"),
    [
        ([1, 2, 3], 3, (1, 3)),
        ([1, 2, 3], 1, (3, 1)),
        ([5], 1, (1, 1)),
        ([[1, 2, 3]], 3, (1, 3)),
        (np.zeros((4, 2)), 2, (4, 2)),
    ],
)
def test_one_row_may_be_flat_and_so_may_one_column(X, n_inputs, shape):
    assert as_inputs(X, n_inputs).shape == shape


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[1, 2]], "X has 2 columns and the network takes 3 inputs"),
        ([1, 2, 3, 4], "X has 4 columns and the network takes 3 inputs"),
        (np.zeros((2, 3, 1)), "X has 3 dimensions: expected rows of 3 numbers"),
        (5.0, "X has 0 dimensions"),
        ([], "X is empty"),
        (np.zeros((0, 3)), "X is empty: it has no rows"),
        ([[1, 2, 3], [4, np.nan, 6]], "X holds nan in column 1, first in row 1"),
        ([[1, 2, np.inf], [4, 5, 6]], "X holds inf in column 2, first in row 0"),
        ([[1, 2, 3], [4, 5, -np.inf]], "X holds -inf in column 2, first in row 1"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_both_numbers(X, message):
    refused(message, as_inputs, X, 3)
    refused(message, Network([3, 2], seed=0).forward, X)


def test_the_first_bad_column_is_named_and_the_first_row_of_it():
    X = np.zeros((5, 4))
    X[1, 3] = X[4, 2] = X[2, 2] = np.nan
    refused("X holds nan in column 2, first in row 2: fill in or drop", as_inputs, X, 4)


# --- targets -----------------------------------------------------------------------------------


def test_flat_targets_are_taken_where_there_is_one_way_to_read_them():
    assert as_targets([1, 2, 3], 3, 1).tolist() == [[1], [2], [3]]
    assert as_targets([1, 2, 3], 1, 3).tolist() == [[1, 2, 3]]
    assert as_targets(5, 1, 1).tolist() == [[5]]
    assert as_targets([2, 0], 2, 3, CROSS_ENTROPY).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert as_targets([[1], [2]], 2, 1).tolist() == [[1], [2]]
    # As many rows as classes: one number a row can only be its class.
    assert as_targets([2, 0, 1], 3, 3, CROSS_ENTROPY).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("y", "n", "k", "message"),
    [
        # The classic trap: (4,) against (4, 1) must not become (4, 4), nor (4, 2) be filled.
        ([1, 2, 3, 4], 4, 2, r"y has shape \(4,\) and the network needs \(4, 2\)"),
        ([[1, 2, 3, 4]], 4, 1, r"y has shape \(1, 4\) and the network needs \(4, 1\)"),
        ([[1], [2]], 2, 2, r"y has shape \(2, 1\) and the network needs \(2, 2\)"),
        ([1, 2, 3], 3, 3, r"y has shape \(3,\) and the network needs \(3, 3\)"),
        ([1, 2, 3], 4, 1, r"y has shape \(3,\) and the network needs \(4, 1\)"),
        (5.0, 3, 1, r"y has shape \(\) and the network needs \(3, 1\)"),
        (np.zeros((2, 2, 1)), 2, 2, r"y has shape \(2, 2, 1\)"),
        ([], 2, 1, r"y has shape \(0,\) and the network needs \(2, 1\)"),
        ([1.0, np.nan], 2, 1, "y holds nan in column 0, first in row 1"),
        ([[1, 2], [np.inf, 4]], 2, 2, "y holds inf in column 0, first in row 1"),
    ],
)
def test_targets_are_never_broadcast_and_both_shapes_are_named(y, n, k, message):
    refused(message, as_targets, y, n, k)
    network = Network([3, k], seed=0)
    before = network.theta.copy()
    refused(message, network.train, np.zeros((n, 3)), y, epochs=1)
    refused(message, network.loss_and_gradient, np.zeros((n, 3)), y)
    assert np.array_equal(network.theta, before)


@pytest.mark.parametrize(
    ("name", "y", "message"),
    [
        ("binary_cross_entropy", [[2.0, 0.0]], "y goes from 0 to 2 and .* takes targets from 0 to"),
        ("cross_entropy", [[-1.0, 1.0]], "y goes from -1 to 1 and loss 'cross_entropy' takes"),
        ("poisson", [[-3.0, 1.0]], "y goes from -3 to 1 and loss 'poisson' takes targets from 0"),
    ],
)
def test_targets_that_a_loss_cannot_take_are_refused_with_its_range(name, y, message):
    refused(message, as_targets, y, 1, 2, loss(name))


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([0, 3, 1, 0], "y goes from 0 to 3: as classes for 3 outputs, expected whole numbers from"),
        ([-1, 0, 1, 0], "y goes from -1 to 1: .* whole numbers from 0 to 2"),
        ([0.5, 0, 1, 1], "expected whole numbers from 0 to 2"),
        ([0, np.nan, 1, 1], "y holds nan"),
    ],
)
def test_classes_that_the_network_does_not_have_are_refused(classes, message):
    refused(message, as_targets, classes, 4, 3, CROSS_ENTROPY)


def test_one_hot_rows_have_a_single_one_in_the_right_place():
    rows = one_hot([2, 0, 1, 2], 3)
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


# --- weights -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], r"sample_weight has shape \(2,\): expected one for each of 3 rows"),
        ([[1], [2], [3]], r"sample_weight has shape \(3, 1\)"),
        ([1, -1, 1], "sample_weight has a value below 0"),
        ([0, 0, 0], "rows need some weight"),
        ([1, np.nan, 1], "sample_weight holds nan in column 0, first in row 1"),
    ],
)
def test_weights_that_weigh_nothing_are_refused(weights, message):
    refused(message, as_weights, weights, 3)


def test_no_weights_stay_none():
    assert as_weights(None, 3) is None


# --- scales ------------------------------------------------------------------------------------


def test_raw_pixels_get_a_warning_that_says_how_large_they_are():
    X = np.random.default_rng(0).integers(0, 17, (50, 64)).astype(float)
    X[0, 7] = 16
    with pytest.warns(ScaleWarning, match="large.*goes up to 16.*divide"):
        warn_of_scale(X)


def test_columns_of_very_different_size_get_a_warning_with_the_ratio():
    X = np.array([[0.5, 60000.0], [-1.0, 20000.0]])
    with pytest.warns(ScaleWarning, match=r"column 1 .*column 0 .*6e\+04"):
        warn_of_scale(X)


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((3, 2)),
        np.eye(3),
        np.random.default_rng(0).normal(size=(200, 5)),
        np.random.default_rng(0).uniform(0, 1, (200, 5)),
        np.array([[1.0, 0.0], [0.5, 0.0]]),  # an empty column has no scale
        np.array([[0.01, 1.0], [-0.02, 2.0]]),
    ],
)
def test_ordinary_inputs_get_no_warning(X):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_scale(X)


def test_training_warns_of_the_scale_before_it_starts_and_still_trains():
    X = np.array([[1.0, 5e5], [2.0, 1e5]])
    network = Network([2, 1], seed=0)
    with pytest.warns(ScaleWarning, match="very different scales"):
        history = network.train(X, [0.0, 1.0], epochs=2, batch_size="full")
    assert len(history) == 2
