"""A table to predict may have its columns in another order, more of them, and values unheard of."""

import warnings

import numpy as np
import pandas
import polars
import pytest
from sklearn.exceptions import NotFittedError

from pellucid import TableWarning, TabularClassifier, TabularRegressor

SMALL = {"min_steps": 60, "bag": 2, "hidden_layer_sizes": (16,), "random_state": 0}
RNG = np.random.default_rng(0)
N = 120
TABLE = pandas.DataFrame(
    {
        "a": RNG.normal(size=N),
        "b": np.where(np.arange(N) % 7 == 0, np.nan, RNG.normal(size=N)),
        "kind": np.array(["up", "down", "flat"])[RNG.integers(0, 3, N)],
        "same": [7] * N,
    }
)
Y = TABLE["a"] + (TABLE["kind"] == "up")


@pytest.fixture(scope="module")
def model():
    return TabularRegressor(**SMALL).fit(TABLE, Y)


@pytest.fixture(scope="module")
def of_array():
    return TabularRegressor(**SMALL).fit(TABLE[["a", "b"]].to_numpy(), Y)


# --- names ----------------------------------------------------------------------------------------


def test_names_of_columns_are_kept_and_arrays_have_none(model, of_array):
    assert model.feature_names_in_.tolist() == ["a", "b", "kind", "same"]
    assert (model.n_features_in_, of_array.n_features_in_) == (4, 2)
    assert model.target_name_ == "target"
    assert not hasattr(of_array, "feature_names_in_")
    assert [column.name for column in of_array.schema_] == ["x1", "x2"]


@pytest.mark.parametrize("make", [lambda t: t, polars.from_pandas, lambda t: t.to_dict("list")])
def test_columns_may_come_in_another_order(model, make):
    expected = model.predict(TABLE)
    others = TABLE[["same", "kind", "b", "a"]]
    np.testing.assert_allclose(model.predict(make(others)), expected, rtol=1e-6)


@pytest.mark.parametrize("rows", [3, N])
def test_columns_that_are_not_known_are_ignored_with_a_warning(model, rows):
    more = TABLE.assign(c=1, d="x")[:rows]
    with pytest.warns(TableWarning, match="training did not have are ignored: 'c', 'd'"):
        predicted = model.predict(more)
    np.testing.assert_allclose(predicted, model.predict(TABLE)[:rows], rtol=1e-6)


def test_columns_that_are_not_used_and_the_target_may_be_there_or_not(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predicted = model.predict(TABLE.drop(columns="same").assign(target=0))
    np.testing.assert_array_equal(predicted, model.predict(TABLE))


@pytest.mark.parametrize("rows", [3, N])
def test_columns_that_are_missing_are_named(model, rows):
    said = r"columns seen in training are missing: 'b', 'kind'\. The table has 'a', 'same'"
    with pytest.raises(ValueError, match=said):
        model.predict(TABLE[["a", "same"]][:rows])


def test_an_array_is_taken_by_the_order_of_its_columns(model, of_array):
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        predicted = model.predict(TABLE.to_numpy(object))
    np.testing.assert_array_equal(predicted, model.predict(TABLE))
    with (
        pytest.warns(UserWarning, match="does not have valid feature names"),
        pytest.raises(ValueError, match="X has 2 features, but TabularRegressor is expecting 4"),
    ):
        model.predict(TABLE[["a", "b"]].to_numpy())
    array = TABLE[["a", "b"]].to_numpy()
    np.testing.assert_array_equal(of_array.predict(array.tolist()), of_array.predict(array))


def test_a_table_is_taken_by_a_model_of_arrays_by_the_order_of_its_columns(of_array):
    expected = of_array.predict(TABLE[["a", "b"]].to_numpy())
    with pytest.warns(UserWarning, match="X has feature names, but TabularRegressor was fitted w"):
        predicted = of_array.predict(TABLE[["a", "b"]])
    np.testing.assert_array_equal(predicted, expected)
    by_dict = of_array.predict({"first": TABLE["a"].tolist(), "second": TABLE["b"].tolist()})
    np.testing.assert_array_equal(by_dict, expected)
    with pytest.raises(ValueError, match="X has 1 features, but TabularRegressor is expecting 2"):
        of_array.predict({"first": [1.0]})


def test_a_model_is_fitted_before_it_predicts():
    for kind in (TabularClassifier, TabularRegressor):
        with pytest.raises(NotFittedError, match=f"This {kind.__name__} instance is not fitted"):
            kind().predict(TABLE)
        with pytest.raises(NotFittedError):
            kind().permutation_importance(TABLE, Y)


# --- values ---------------------------------------------------------------------------------------


def test_a_level_that_training_did_not_have_counts_for_none_of_those_it_had(model):
    row = {"a": [0.5] * 4, "b": [0.0] * 4, "kind": ["up", "down", "sideways", None]}
    up, down, new, missing = model.predict(row)
    assert up > down
    assert new == missing  # training had no missing ones, so they are as unheard of
    assert np.isfinite(new)
    assert model.unseen(row) == ["rows whose 'kind' is new: 1"]


def test_what_a_table_has_that_is_new_is_told(model):
    table = TABLE.assign(kind=["sideways"] * 5 + ["up"] * (N - 5))
    assert model.unseen(table) == ["rows whose 'kind' is new: 5"]
    assert model.unseen(TABLE) == []


def test_numbers_may_be_missing_that_never_were(model):
    row = {"a": [None, TABLE["a"].median()], "b": [0.0, 0.0], "kind": ["up", "up"]}
    missing, median = model.predict(row)
    assert missing == pytest.approx(median, rel=1e-5)


def test_text_that_is_numbers_is_read_and_other_text_named(model):
    row = {"a": ["0.5"], "b": [" -1 "], "kind": ["up"]}
    plain = {"a": [0.5], "b": [-1], "kind": ["up"]}
    assert model.predict(row) == model.predict(plain)
    with pytest.raises(ValueError, match=r"'a' holds 'much' in row 2 .*: expected numbers"):
        model.predict({"a": ["0.5", "much"], "b": [0, 0], "kind": ["up", "up"]})
    with pytest.raises(ValueError, match=r"'b' holds -inf in row 1 .*: expected finite numbers"):
        model.predict({"a": [0.5], "b": [-np.inf], "kind": ["up"]})


def test_booleans_may_be_written_in_more_ways_than_one():
    table = {"yes": [True, False] * 30, "x": np.arange(60.0)}
    model = TabularClassifier(**SMALL).fit(table, ["in", "out"] * 30)
    for same in ([True, False], [1, 0], [1.0, 0.0], ["true", "FALSE"], [" True", "0"]):
        assert model.predict({"yes": same, "x": [30.0, 30.0]}).tolist() == ["in", "out"]
    with pytest.raises(
        ValueError, match=r"'yes' holds 'no' in row 2 .*: expected true or false, 1"
    ):
        model.predict({"yes": ["true", "no", "yes"], "x": [0.0] * 3})


def test_what_was_said_of_a_column_holds_when_predicting():
    table = {"a": [1, 2, "oops", 4] * 20, "b": [1, 2] * 40}
    model = TabularRegressor(**SMALL, column_types={"a": "number", "b": "category"})
    model.fit(table, np.arange(80.0))
    assert [column.kind for column in model.schema_] == ["number", "category"]
    assert model.schema_["a"].missing == 20
    missing, text = model.predict({"a": [None, "anything"], "b": ["1", 1.0]})
    assert missing == text


def test_no_rows_give_no_answers(model):
    assert model.predict(TABLE[:0]).shape == (0,)
    assert model.predict({name: [] for name in TABLE}).shape == (0,)


def test_predicting_changes_neither_the_table_nor_the_model(model):
    before, again = TABLE.copy(), model.predict(TABLE)
    model.predict(TABLE.assign(kind="new")[:3])
    model.permutation_importance(TABLE, Y, n_repeats=1)
    pandas.testing.assert_frame_equal(before, TABLE)
    np.testing.assert_array_equal(model.predict(TABLE), again)
