"""Tiny and odd tables are learnt from, and what cannot be is refused with what to do about it."""

import datetime
import decimal

import numpy as np
import pandas
import polars
import pytest

from pellucid import TabularClassifier, TabularRegressor

SMALL = {"min_steps": 60, "bag": 2, "hidden_layer_sizes": (16,), "random_state": 0}
RNG = np.random.default_rng(0)
X40 = {"a": np.arange(40.0)}
Y40 = np.array([0, 1] * 20)


def classes(X, y, **settings):
    return TabularClassifier(**SMALL | settings).fit(X, y)


def numbers(X, y, **settings):
    return TabularRegressor(**SMALL | settings).fit(X, y)


# --- tiny -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 7, 8, 10])
def test_a_handful_of_rows_is_learnt(n):
    table = {"a": 5.0 + np.arange(n), "b": ["x", "y"] * (n // 2) + ["x"] * (n % 2)}
    y = np.arange(n) >= n / 2
    model = classes(table, y, min_steps=200)
    assert (model.predict(table) == y).mean() > 0.7
    assert model.predict_proba(table).sum(axis=1) == pytest.approx(np.ones(n))
    of_numbers = numbers(table, 2 * np.arange(float(n)))
    assert np.isfinite(of_numbers.predict(table)).all()
    assert np.isnan(model.oob_score_) == np.isnan(of_numbers.oob_score_) == (n < 8)
    assert len(model.leaderboard_["member"]) == 2


def test_one_row_is_refused():
    for make in (lambda v: {"a": v}, lambda v: pandas.DataFrame({"a": v})):
        with pytest.raises(ValueError, match=r"1 sample\(s\) while a minimum of 2 is required"):
            numbers(make([1.0]), [1.0])
        with pytest.raises(ValueError, match=r"0 sample\(s\) while a minimum of 2 is required"):
            numbers(make([]), [])
    with pytest.raises(ValueError, match="a minimum of 2 is required"):
        numbers(np.ones((1, 1)), [1.0])


def test_one_column_of_any_kind_is_enough():
    y = np.array([0.0, 1.0] * 30)
    days = [datetime.date(2011, 1, 3 + i % 2) for i in range(60)]
    for column in (y + 5, ["no", "yes"] * 30, y > 0, days, ["2011-01-03", "2011-01-04"] * 30):
        model = numbers({"a": column}, y, min_steps=200, column_types={"a": _kind(column)})
        assert model.score({"a": column}, y) > 0.8


def _kind(column):
    if isinstance(column, np.ndarray):
        return "boolean" if column.dtype == bool else "number"
    return "category" if column[0] == "no" else "date"


def test_many_columns_of_few_rows():
    X = np.random.default_rng(0).normal(size=(50, 200))
    model = classes(X, X[:, 0] > 0)
    assert model.predict_proba(X).shape == (50, 2)
    assert np.isfinite(numbers(X, 2 * X[:, 0]).predict(X)).all()


def test_a_table_that_is_all_text():
    rng = np.random.default_rng(0)
    words = {name: rng.choice(["red", "green", "blue", None], 200) for name in "abc"}
    y = np.where(words["a"] == "red", "hot", "cold")
    model = classes(words, y, min_steps=150)
    assert model.score(words, y) > 0.95
    many = {"word": [f"w{i % 60}" for i in range(240)]}  # encoded by the target
    y = np.array([i % 60 < 30 for i in range(240)])
    assert classes(many, y, min_steps=150).score(many, y) > 0.9


def test_columns_that_hold_nothing_but_gaps_here_and_there():
    table = {"a": [1.0, None] * 20, "gone": [None] * 40, "n": [3] * 40, "b": ["x", None] * 20}
    y = np.array([1, 0] * 20)
    model = classes(table, y)
    assert model.score(table, y) == 1.0
    assert [column.name for column in model.schema_.used] == ["a", "b"]


# --- classes --------------------------------------------------------------------------------------


def test_a_class_of_one_row_is_a_class():
    y = ["often"] * 25 + ["seldom"] * 14 + ["once"]
    model = classes(X40, y, bag=4, min_steps=300)
    assert model.classes_.tolist() == ["often", "once", "seldom"]
    assert model.predict_proba(X40).shape == (40, 3)
    assert np.isnan(model.oob_decision_function_[39]).all()  # all networks have seen it
    assert not np.isnan(model.oob_decision_function_[:39]).any()
    alone = classes({"a": np.arange(9.0)}, list("abcdefghi"))
    assert np.isnan(alone.oob_score_)


def test_many_classes_are_told_apart_and_too_many_refused_with_advice():
    x = np.repeat(np.arange(100.0), 4)
    model = classes({"a": x}, x.astype(int), min_steps=20)
    assert model.predict_proba({"a": x[:8]}).shape == (8, 100)
    many = np.arange(4000) // 2
    said = (
        "the target has 2000 classes in 4000 rows, and at most 1000 can be told apart: put rare "
        "ones together as one, or predict what they stand for as numbers with TabularRegressor"
    )
    with pytest.raises(ValueError, match=said):
        classes({"a": many}, many)
    with pytest.raises(ValueError, match="2000 classes"):
        classes({"a": many * 1.5, "target": [f"person {i}" for i in many]}, "target")


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (["yes"] * 40, "the target has one class only, 'yes': expected two or more"),
        ([1] * 40, "the target has one class only, 1: expected two or more"),
        ([True] * 40, "the target has one class only, True: expected two or more"),
    ],
)
def test_one_class_is_none(y, said):
    for X, target in ((X40, y), (X40 | {"target": y}, "target")):
        with pytest.raises(ValueError, match=said):
            classes(X, target)


def test_numbers_with_fractions_are_no_classes():
    for X, y in ((X40, RNG.normal(size=40)), (X40 | {"t": RNG.normal(size=40)}, "t")):
        with pytest.raises(ValueError, match="Unknown label type: continuous"):
            classes(X, y)


# --- targets --------------------------------------------------------------------------------------


def gap(y, dtype=None):
    y = list(y)
    y[11] = y[30] = None
    return pandas.Series(y, dtype=dtype)


@pytest.mark.parametrize(
    "y",
    [
        gap(Y40.astype(float)),
        gap(Y40.tolist(), "Int64"),
        gap((Y40 > 0).tolist(), "boolean"),
        gap(["x", "y"] * 20),
        gap(["x", "y"] * 20, "category"),
        polars.Series(gap(["x", "y"] * 20, object).tolist()),
        gap(["x", "y"] * 20, object).tolist(),
        np.where(np.isin(np.arange(40), [11, 30]), " ? ", "x").astype(object),
    ],
)
def test_rows_whose_target_is_missing_are_counted_and_the_first_is_named(y):
    said = r" is missing in 2 rows, first in row 12 \(counted from 1\): .*; drop those rows"
    for X, target in ((X40, y), (X40 | {"t": y}, "t")):
        with pytest.raises(ValueError, match="^target '.*'" + said):
            classes(X, target)


def test_targets_that_are_numbers_however_written():
    y = np.arange(40.0) / 4
    expected = numbers(X40, y).predict(X40)
    for same in (
        y.tolist(), [str(v) for v in y], [decimal.Decimal(str(v)) for v in y], y.astype(object),
        y.astype(np.float32), pandas.Series(y, dtype="Float64"), polars.Series(y),
    ):  # fmt: skip
        np.testing.assert_allclose(numbers(X40, same).predict(X40), expected)
        np.testing.assert_allclose(numbers(X40 | {"t": same}, "t").predict(X40), expected)
    yes = numbers(X40, y > 5).predict(X40)
    np.testing.assert_array_equal(yes, numbers(X40, (y > 5) * 1.0).predict(X40))


def test_a_target_that_is_the_same_everywhere_is_predicted():
    model = numbers(X40, np.full(40, 7.5))
    assert model.predict(X40).tolist() == [7.5] * 40
    assert model.predict_interval(X40)[0].tolist() == [7.5, 7.5]


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (["1"] * 7 + ["much"] * 33, "target '.*' holds 'much' in row 8 .*: expected numbers; to te"
                                    "ll classes apart, use TabularClassifier"),
        ([0.0] * 4 + [np.inf] + [1.0] * 35, r"target '.*' is inf in row 5 .*: expected finite num"),
        ([0.0] * 4 + [-np.inf] + [1.0] * 35, r"target '.*' is -inf in row 5 "),
        ([0.5] * 4 + [-1e200] + [1e10] * 35, r"target '.*' is -1e\+200 in row 5 .*: expected numbe"
                                             r"rs up to 1e\+150; divide them by a constant"),
    ],
)  # fmt: skip
def test_targets_that_are_no_numbers_are_named(y, said):
    for X, target in ((X40, y), (X40 | {"t": y}, "t")):
        with pytest.raises(ValueError, match=said):
            numbers(X, target)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (X40 | {"t": [datetime.date(2011, 1, 1)] * 40}, "t", "target 't' holds dates: expected n"),
        (X40 | {"t": [[1]] * 40}, "t", "target 't' holds neither numbers nor text: expected numb"),
        (X40, np.full(40, "2011-01-31", "M8[D]"), "target 'target' holds dates: expected numbers"),
        (X40, None, r"y is None: requires y to be passed; .*such as y='a'"),
        (np.ones((40, 1)), None, "requires y to be passed, but the target y is None"),
        (
            X40 | {"price": Y40},
            "prices",
            r"y is 'prices', no column of the table: did you mean pri",
        ),
        (np.ones((40, 1)), "price", "y is 'price', and an array has no columns by name"),
        ({"t": Y40}, "t", r"0 feature\(s\) in the table while a minimum of 1 is required"),
        (X40, np.zeros((40, 2)), r"y should be a 1d array, got an array of shape \(40, 2\)"),
    ],
)
@pytest.mark.parametrize("fit", [classes, numbers])
def test_targets_that_are_none_are_refused(fit, X, y, said):
    with pytest.raises(ValueError, match=said):
        fit(X, y)


# --- values of columns ----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinities_are_named(value):
    a = np.arange(40.0)
    a[[5, 9]] = value
    said = rf"'{{}}' holds {value} in row 6 \(counted from 1\): expected finite numbers, or NaN"
    with pytest.raises(ValueError, match=said.format("a")):
        numbers({"a": a}, Y40)
    with pytest.raises(ValueError, match=said.format("x1")):
        numbers(a[:, None], Y40)
    with pytest.raises(ValueError, match=r"'a' holds inf in row 2 .*: expected finite numbers"):
        numbers({"a": [1, 10**400] * 20}, Y40)


def test_numbers_far_apart_are_learnt():
    a = np.r_[np.arange(38.0), 1e200, -1e200]
    model = numbers({"a": a, "tiny": a * 1e-300}, Y40)
    assert np.isfinite(model.predict({"a": [1e300], "tiny": [1.0]})).all()


def test_mixed_columns_are_refused_before_anything_is_trained():
    told = []
    said = r"column 'a' holds text among numbers: 'oops' in row 3 .*column_types=\{'a': 'number'\}"
    with pytest.raises(ValueError, match=said):
        classes({"a": [1, 2, "oops", 4] * 10}, Y40, callbacks=[told.append])
    assert not told


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bag", 0), ("bag", 1.5), ("validation_fraction", 0), ("validation_fraction", 0.6),
        ("refit", "yes"), ("hidden_layer_sizes", 8), ("activation", "rely"), ("dropout", 1.0),
        ("learning_rate_init", 0.0), ("weight_decay", -1.0), ("schedule", "cosin"),
        ("batch_size", 0), ("min_steps", 0), ("max_epochs", 0), ("bins", -1), ("max_levels", 0),
        ("column_types", ["a"]), ("max_time", 0.0), ("n_jobs", 0), ("n_jobs", -2),
        ("callbacks", print), ("engine", "fast"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_named_with_what_is_expected(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of TabularRegressor must be"):
        numbers(X40, Y40, **{name: value})


def test_settings_of_classes_and_of_layers_are_looked_at_too():
    for name, value in (("label_smoothing", 1.0), ("calibrate", "yes"), ("class_weight", "even")):
        with pytest.raises(ValueError, match=f"The '{name}' parameter of TabularClassifier must"):
            classes(X40, Y40, **{name: value})
    with pytest.raises(ValueError, match=r"hidden_layer_sizes is \(4, 0\): expected whole numbers"):
        classes(X40, Y40, hidden_layer_sizes=(4, 0))
    assert len(numbers(X40, Y40, hidden_layer_sizes=())._bag.members) == 2


def test_a_numeric_target_with_a_word_among_it_is_no_target_of_classes(tmp_path):
    path = tmp_path / "prices.csv"
    prices = [str(100 + i) for i in range(60)]
    prices[16] = "oops"
    path.write_text("size,price\n" + "".join(f"{i},{p}\n" for i, p in enumerate(prices)))
    message = "target 'price' holds text among numbers: 'oops' in row 17"
    for kind in (TabularClassifier, TabularRegressor):
        with pytest.raises(ValueError, match="'oops' in row 17"):
            kind(**SMALL).fit(path, "price")
    with pytest.raises(ValueError, match=message):
        TabularClassifier(**SMALL).fit(path, "price")
