"""Scalers: what training rows taught, applied to new rows and undone again."""

import numpy as np
import pytest

from pellucid.scaling import SCALERS, Scaler


def table():
    return np.random.default_rng(0).normal([5.0, -300.0, 0.01], [2.0, 50.0, 0.001], (60, 3))


def test_the_exam_inputs_by_hand():
    scaler = Scaler.maximum([[2, 9], [1, 5], [3, 6]])
    np.testing.assert_allclose(
        scaler.transform([[2, 9], [1, 5], [3, 6]]),
        [[2 / 3, 1], [1 / 3, 5 / 9], [1, 6 / 9]], rtol=1e-15,
    )  # fmt: skip
    # The new row by the training rows' maxima, not by its own.
    np.testing.assert_allclose(scaler.transform([4, 8]), [4 / 3, 8 / 9], rtol=1e-15)


def test_targets_by_a_hundred_come_back_as_scores():
    scaler = Scaler.by(100)
    np.testing.assert_allclose(scaler.transform([[92], [86], [89]])[:, 0], [0.92, 0.86, 0.89])
    np.testing.assert_allclose(scaler.inverse([[0.5]]), [[50.0]])


def test_standard_gives_mean_0_and_deviation_1():
    Z = Scaler.standard(table()).transform(table())
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-12)


def test_maximum_reaches_1_in_every_column_and_keeps_signs():
    Z = Scaler.maximum(table()).transform(table())
    np.testing.assert_allclose(np.abs(Z).max(axis=0), 1, rtol=1e-15)
    assert np.array_equal(np.sign(Z), np.sign(table()))


def test_shared_maximum_keeps_the_columns_proportions():
    Z = Scaler.shared_maximum([[0, 16], [8, 4]]).transform([[0, 16], [8, 4]])
    assert Z.tolist() == [[0, 1], [0.5, 0.25]]


def test_none_changes_nothing():
    assert np.array_equal(Scaler.none(table()).transform(table()), table())


@pytest.mark.parametrize("name", SCALERS)
def test_inverse_undoes_transform_and_a_dictionary_holds_it_all(name):
    scaler = SCALERS[name](table())
    again = Scaler.from_dict(scaler.to_dict())
    np.testing.assert_allclose(scaler.inverse(scaler.transform(table())), table(), rtol=1e-12)
    assert np.array_equal(again.transform(table()), scaler.transform(table()))


@pytest.mark.parametrize("name", SCALERS)
@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 1e9])
@pytest.mark.parametrize("n", [1, 3, 10, 97])
def test_a_column_without_spread_stays_harmless(name, value, n):
    X = np.column_stack([np.full(n, value), np.linspace(0, 1, n)])
    scaler = SCALERS[name](X)
    assert np.all(np.isfinite(scaler.transform(X)))
    # A new value a little off must not be blown up: rounding is no spread.
    off = np.array([[abs(value) * 1e-9 + 1e-9, 0.0]])
    moved = scaler.transform(X[:1] + off)
    assert abs(moved[0, 0] - scaler.transform(X[:1])[0, 0]) < 2.0


def test_a_flat_column_is_one_column():
    assert Scaler.standard([1.0, 2.0, 3.0]).shift.tolist() == [2.0]


@pytest.mark.parametrize("number", [0, float("nan"), float("inf")])
def test_scaling_by_nothing_is_refused(number):
    with pytest.raises(ValueError, match="expected a finite number that is not 0"):
        Scaler.by(number)


@pytest.mark.parametrize(
    "fields",
    [{"shift": [0.0], "scale": [0.0]}, {"shift": [float("nan")], "scale": [1.0]},
     {"shift": [0.0], "scale": [float("inf")]}],
)  # fmt: skip
def test_damaged_numbers_are_refused(fields):
    with pytest.raises(ValueError, match=r"where a number was expected|scale of 0"):
        Scaler.from_dict(fields)
