"""Encoders and targets by hand, against scikit-learn's, and on the real tables."""

import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pellucid.preprocessing import (
    MOST_LEVELS,
    ClassTarget,
    NumericTarget,
    TableEncoder,
    infer_task,
    split_rows,
)
from pellucid.scaling import Scaler
from pellucid.tables import read_table


@pytest.fixture(scope="module")
def tabular() -> Path:
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PELLUCID_DATA", beside)) / "tabular"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}: set PELLUCID_DATA to the one that holds tabular/")
    return folder


def through_json(part):
    """What a model file does to it."""
    return type(part).from_dict(json.loads(json.dumps(part.to_dict(), allow_nan=False)))


PEOPLE = pl.DataFrame(
    {
        "age": [20, None, 40, 60],
        "work": ["b", "a", None, "b"],
        "member": [True, False, False, True],
        "weight": [1.0, 2.0, 3.0, float("nan")],
    }
)


# --- inputs -----------------------------------------------------------------------------------


def test_a_table_by_hand():
    encoder = TableEncoder.fit(PEOPLE, scaling="maximum")
    assert encoder.feature_names == (
        "age",
        "age missing",
        "work=a",
        "work=b",
        "work missing",
        "member=false",
        "member=true",
        "weight",
        "weight missing",
    )
    third = 1 / 3
    assert encoder.transform(PEOPLE) == pytest.approx(
        np.array(
            [
                [third, 0, 0, 1, 0, 0, 1, third, 0],
                [2 * third, 1, 1, 0, 0, 1, 0, 2 * third, 0],
                [2 * third, 0, 0, 0, 1, 1, 0, 1.0, 0],
                [1.0, 0, 0, 1, 0, 0, 1, 2 * third, 1],
            ]
        )
    )
    assert encoder.notes == ("missing numbers are marked and get the median: 'age', 'weight'",)


def test_as_scikit_learn_does(tabular):
    frame = read_table(tabular / "california-housing.csv.gz").frame.drop("median_house_value")
    train, other = frame[::2], frame[1::2]
    encoder = TableEncoder.fit(train)
    numeric, text = frame.columns[:-1], frame.columns[-1:]
    peer = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), list(range(8))),
        (OneHotEncoder(sparse_output=False, handle_unknown="ignore"), [8]),
    ).fit(train.to_numpy())
    for part in (train, other):
        X = encoder.transform(part)
        flag = encoder.feature_names.index("total_bedrooms missing")
        assert np.delete(X, flag, axis=1) == pytest.approx(
            peer.transform(part.to_numpy()), abs=1e-9
        )
        assert X[:, flag].sum() == part["total_bedrooms"].null_count() > 0
    levels = [f"{text[0]}={level}" for level in sorted(train[text[0]].unique())]
    assert [name for name in encoder.feature_names if "=" in name] == levels
    assert set(numeric) < set(encoder.feature_names)


def test_only_training_rows_are_learnt_from():
    encoder = TableEncoder.fit(PEOPLE[:2].drop("member"))
    X = encoder.transform(PEOPLE)
    assert encoder.feature_names == ("age", "age missing", "work=a", "work=b", "weight")
    assert X[2].tolist() == [20.0, 0.0, 0.0, 0.0, 3.0]  # no missing work in training: zeros
    assert X[3, -1] == 0.0  # a missing weight is the median of 1 and 2, their mean


@pytest.mark.parametrize("scaling", ["standard", "maximum", "shared_maximum", "none"])
def test_saved_and_read_again(scaling):
    encoder = TableEncoder.fit(PEOPLE, scaling=scaling)
    again = through_json(encoder)
    assert (again.transform(PEOPLE) == encoder.transform(PEOPLE)).all()
    for part in ("columns", "scaling", "dropped", "notes", "feature_names"):
        assert getattr(again, part) == getattr(encoder, part)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": []}, "damaged"),
        ({"scaler": {"shift": [0, 0, 0], "scale": [1, 1, 1]}}, "3 numbers for 2 columns"),
        ({"scaler": {"shift": [0, 0], "scale": [1, 0]}}, "not 0"),
        (
            {"columns": [{"name": "a", "median": float("nan"), "marks_missing": False}]},
            "the median of 'a' is nan",
        ),
        ({"columns": [{"name": "a"}]}, "damaged"),
        ({"columns": [{"name": "a", "levels": ["x", "x"], "marks_missing": False}]}, "damaged"),
        ({"columns": 3}, "damaged"),
    ],
)
def test_a_damaged_model_is_refused(change, message):
    fields = TableEncoder.fit(PEOPLE).to_dict() | change
    with pytest.raises(ValueError, match=message):
        TableEncoder.from_dict(fields)


def test_a_model_with_a_part_missing_is_refused():
    fields = TableEncoder.fit(PEOPLE).to_dict()
    for part in fields:
        with pytest.raises(ValueError, match=rf"damaged.*{part}"):
            TableEncoder.from_dict({key: fields[key] for key in fields if key != part})


def test_columns_of_no_use():
    n = 60
    frame = pl.DataFrame(
        {
            "same": [5] * n,
            "one": ["x"] * n,
            "void": pl.Series([None] * n, dtype=pl.String),
            "nan": [float("nan")] * n,
            "name": [f"p{i}" for i in range(n)],
            "x": range(n),
        }
    )
    encoder = TableEncoder.fit(frame)
    assert encoder.feature_names == ("x",)
    assert dict(encoder.dropped) == {
        "same": "the same in every row",
        "one": "the same in every row",
        "void": "every value is missing",
        "nan": "every value is missing",
        "name": "nearly every value is different",
    }
    assert "not used, the same in every row: 'same', 'one'" in encoder.notes
    with pytest.raises(ValueError, match="no column is of use"):
        TableEncoder.fit(frame.drop("x"))
    with pytest.raises(ValueError, match="no rows"):
        TableEncoder.fit(frame[:0])
    with pytest.raises(ValueError, match="unknown scaling 'standrd': did you mean standard"):
        TableEncoder.fit(frame, "standrd")


def test_few_rows_of_different_text_are_kept():
    frame = pl.DataFrame({"name": [f"p{i}" for i in range(50)]})
    assert len(TableEncoder.fit(frame).feature_names) == 50


def test_pixels_stay_in_place():
    frame = pl.DataFrame({"a": [0, 0], "b": [0, 255], "c": [7, 7]}).cast(pl.UInt8)
    encoder = TableEncoder.fit(frame, scaling="shared_maximum")
    assert encoder.transform(frame).tolist() == [[0, 0, 7 / 255], [0, 1, 7 / 255]]


def test_the_most_frequent_levels_are_kept():
    values = [f"v{i:03}" for i in range(MOST_LEVELS + 2)]
    frame = pl.DataFrame({"kind": values + values[2:] + values[1:2] * 2 + ["v101"]})
    encoder = TableEncoder.fit(frame)
    kept = {name.removeprefix("kind=") for name in encoder.feature_names}
    # v000 comes once and v002 .. v100 twice: of these, the last by name gives way.
    assert kept == set(values) - {"v000", "v100"}
    assert list(encoder.feature_names) == sorted(encoder.feature_names)
    assert "102 different values: the 100 most frequent" in encoder.notes[0]
    assert encoder.transform(frame[:1]).sum() == 0


def test_columns_are_found_by_name():
    encoder = TableEncoder.fit(PEOPLE)
    X = encoder.transform(PEOPLE)
    shuffled = PEOPLE.select("weight", pl.lit("more").alias("other"), "work", "member", "age")
    assert (encoder.transform(shuffled) == X).all()
    with pytest.raises(ValueError, match="no column 'weight': did you mean weigth"):
        encoder.transform(PEOPLE.rename({"weight": "weigth"}))


def test_numbers_that_arrive_as_text():
    encoder = TableEncoder.fit(PEOPLE)
    as_text = PEOPLE.with_columns(pl.Series("age", [" 20", "?", "40.0", "6e1"]))
    assert (encoder.transform(as_text) == encoder.transform(PEOPLE)).all()
    with pytest.raises(ValueError, match="column 'age' holds 'old' in row 2: expected finite"):
        encoder.transform(PEOPLE.with_columns(pl.Series("age", ["1", None, "old", "x"])))


@pytest.mark.parametrize(
    "values", [[1.0, float("nan"), float("-inf"), 2.0], ["1", "2", "-inf", ""]]
)
def test_infinite_numbers_are_refused(values):
    frame = PEOPLE.with_columns(pl.Series("weight", values))
    encoder = TableEncoder.fit(PEOPLE)
    with pytest.raises(ValueError, match=r"column 'weight' holds '?-inf'? in row 2"):
        encoder.transform(frame)
    if frame["weight"].dtype.is_numeric():
        with pytest.raises(ValueError, match="column 'weight' holds -inf in row 2"):
            TableEncoder.fit(frame)


@pytest.mark.parametrize(
    ("levels", "arriving", "expected"),
    [
        (["1", "2", "x"], [2, 1, 3], [1, 0, None]),
        (["1", "2", "x"], [2.0, 1.0, 1.5], [1, 0, None]),
        (["1.0", "2.0", "x"], [2, 1, 3], [1, 0, None]),
        (["01", "2", "x"], ["01", "1", " 2 "], [0, None, 1]),
        (["False", "True"], [True, False, None], [1, 0, None]),
        (["false", "true"], ["TRUE", "False", "maybe"], [1, 0, None]),
        (["false", "true", "x"], ["TRUE", "false", "x"], [None, 0, 2]),
        (["a", "b"], ["B", "b", "?"], [None, 1, None]),
    ],
)
def test_text_that_arrives_otherwise(levels, arriving, expected):
    encoder = TableEncoder.fit(pl.DataFrame({"c": levels * 2}))
    X = encoder.transform(pl.DataFrame({"c": arriving}))
    found = [int(row.argmax()) if row.any() else None for row in X]
    assert found == expected


def test_categories_are_text():
    frame = pl.DataFrame({"c": pl.Series(["b", "a", "b"], dtype=pl.Categorical)})
    assert TableEncoder.fit(frame).feature_names == ("c=a", "c=b")


def test_as_many_rows_as_you_like():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a": rng.normal(size=10_001), "t": rng.choice(["u", "v"], 10_001)})
    X = TableEncoder.fit(frame).transform(frame)
    assert X[:, 0] == pytest.approx(StandardScaler().fit_transform(frame[["a"]].to_numpy())[:, 0])
    assert (X[:, 1] == (frame["t"] == "u").to_numpy()).all()
    assert TableEncoder.fit(frame).transform(frame[:0]).shape == (0, 3)


# --- targets ----------------------------------------------------------------------------------


def test_two_classes_have_one_output():
    target = ClassTarget.fit(pl.Series(["yes", "no", "yes"]))
    assert target.classes == ("no", "yes")
    assert target.n_outputs == 1
    assert target.encode(pl.Series(["yes", "no"])).tolist() == [[1.0], [0.0]]
    assert target.decode([[0.4], [0.6]]).tolist() == ["no", "yes"]
    assert target.probabilities([0.25, 1.0]).tolist() == [[0.75, 0.25], [0.0, 1.0]]


def test_three_classes_are_one_hot():
    target = ClassTarget.fit(pl.Series([30, 10, 20, 10]))
    assert target.classes == (10, 20, 30)
    assert target.n_outputs == 3
    assert target.encode(pl.Series([30, 10])).tolist() == [[0, 0, 1], [1, 0, 0]]
    labels = target.decode([[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]])
    assert labels.tolist() == [30, 10]
    assert labels.dtype == np.int64
    with pytest.raises(ValueError, match=r"outputs have shape \(1, 2\): expected \(n, 3\)"):
        target.decode([[0.1, 0.9]])


@pytest.mark.parametrize(
    "values", [["a", "b"], [1, 2, 3], [0.5, 1.5], [True, False], ["1", "1.0", "x"], ["True", "no"]]
)
def test_labels_there_and_back(values):
    series = pl.Series("t", values)
    target = through_json(ClassTarget.fit(series))
    assert [type(label) for label in target.classes] == [type(v) for v in values]
    y = target.encode(series)
    assert target.decode(y).tolist() == values
    assert target.probabilities(y).sum(axis=1).tolist() == [1.0] * len(values)


def test_labels_with_a_full_stop():
    target, notes = ClassTarget(("<=50K", ">50K")), []
    y = target.encode(pl.Series([">50K.", "<=50K."]), notes)
    assert y.tolist() == [[1.0], [0.0]]
    assert notes == ["the full stop is dropped from '<=50K.', '>50K.'"]
    with pytest.raises(ValueError, match="target 'income' has 'lots', and the model knows"):
        target.encode(pl.Series("income", [">50K.", "lots", ">50K"]), notes)
    assert len(notes) == 1
    mixed = ClassTarget(("a.", "b", "c"))  # only labels that are not known lose theirs
    assert mixed.encode(pl.Series(["a.", "b.", "b"])).argmax(axis=1).tolist() == [0, 1, 1]


def test_one_class_only():
    with pytest.raises(ValueError, match="one class only \\('a'\\)"):
        ClassTarget.fit(pl.Series(["a", "a"]))
    with pytest.raises(ValueError, match="comes twice"):
        ClassTarget(("a", "b", "a"))


@pytest.mark.parametrize(
    "values", [["a", None, "?", "b"], [1, None, None, 2], [1.0, np.nan, None, 2.0]]
)
def test_missing_targets_are_refused(values):
    series = pl.Series("t", values)
    message = "target 't' is missing in 2 rows, first in row 1: drop those rows"
    makers = [ClassTarget.fit]
    if series.dtype.is_numeric():
        makers += [
            NumericTarget.fit,
            NumericTarget(Scaler.by(1.0)).encode,
            ClassTarget((1, 2)).encode,
        ]
    for make in makers:
        with pytest.raises(ValueError, match=message):
            make(series)


def test_numeric_targets():
    y = pl.Series("price", [1.0, 2.0, 6.0])
    target = through_json(NumericTarget.fit(y))
    encoded = target.encode(y)
    assert encoded == pytest.approx(StandardScaler().fit_transform(y.to_numpy()[:, None]))
    assert target.decode(encoded) == pytest.approx(y.to_numpy())
    assert target.decode(encoded).shape == (3,)
    assert NumericTarget.fit(y, "maximum").encode(y)[-1, 0] == 1.0
    assert NumericTarget.fit(y, "none").encode(y)[:, 0].tolist() == y.to_list()
    assert NumericTarget.fit(y, 100.0).decode([[0.06]]).tolist() == [6.0]
    with pytest.raises(ValueError, match="column 'price' holds 'dear' in row 1"):
        NumericTarget.fit(pl.Series("price", ["1", "dear"]))
    with pytest.raises(ValueError, match="column 'price' holds inf in row 0"):
        NumericTarget.fit(pl.Series("price", [np.inf, 1.0]))


def test_several_numeric_targets():
    frame = pl.DataFrame({"a": [1.0, 3.0], "b": [10, 20]})
    target = through_json(NumericTarget.fit(frame))
    assert target.names == ("a", "b")
    assert target.n_outputs == 2
    assert target.encode(frame).tolist() == [[-1, -1], [1, 1]]
    assert target.decode([[0, 0]]).tolist() == [[2.0, 15.0]]
    with pytest.raises(ValueError, match=r"expected \(n, 2\)"):
        target.encode(frame["a"])


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b", "c"], "classification"),
        ([True, False], "classification"),
        ([0, 1, 1, 0], "classification"),  # a gate
        ([0.5, 1.5, 0.5], "classification"),
        ([92, 86, 89], "regression"),  # the exam
        (list(range(10)) * 5, "classification"),
        (list(range(10)) * 4, "regression"),
        (list(range(20)) * 5, "classification"),
        (list(range(21)) * 5, "regression"),
        ([0.5, 1.0, 1.5] * 20, "regression"),
        ([1.0, 2.0, 3.0] * 20, "classification"),
        ([1, 1, 1, 1, 1, None], "classification"),  # and then refused as one class only
    ],
)
def test_the_task_is_inferred(values, task):
    inferred, reason = infer_task(pl.Series("t", values))
    assert inferred == task
    assert reason.startswith("target 't' ")


def test_no_task_without_values():
    with pytest.raises(ValueError, match="target 't' has no values"):
        infer_task(pl.Series("t", [None, None], dtype=pl.Float64))


# --- rows -------------------------------------------------------------------------------------


SHARES = st.floats(0.0, 0.49)


CLASSES = st.integers(0, 8)
LABELS = st.lists(CLASSES, max_size=25) | st.lists(CLASSES, min_size=20, max_size=200)


@given(LABELS, SHARES, SHARES, st.integers(0, 5), st.booleans())
def test_rows_are_shared_out(labels, validation, test, seed, stratified):
    n, labels = len(labels), np.array(labels, dtype=int)
    given_labels = labels if stratified else None
    parts = split_rows(n, given_labels, validation, test, seed)
    assert np.sort(np.concatenate(parts)).tolist() == list(range(n))
    assert all((np.diff(part) > 0).all() for part in parts)
    again = split_rows(n, given_labels, validation, test, seed)
    assert all((a == b).all() for a, b in zip(parts, again, strict=True))
    train, held, tested = parts
    if n < 20:
        assert len(train) == n
    elif stratified:
        assert set(labels[train]) == set(labels)
        for label, rows in zip(*np.unique(labels, return_counts=True), strict=True):
            counts = [(labels[part] == label).sum() for part in (tested, held)]
            assert counts[0] <= rows * test + 1
            assert counts[1] <= rows * validation + 1
            if rows * (1 - test - validation) >= 3:  # nothing had to be left for training
                assert counts[0] > rows * test - 1
                assert counts[1] > rows * validation - 1
    else:
        assert abs(len(tested) - n * test) <= 0.5
        assert abs(len(held) - n * validation) <= 0.5


def test_strata_keep_their_proportions():
    labels = np.repeat(["rare", "common"], [100, 900])
    parts = split_rows(1000, labels, seed=3)
    assert [len(part) for part in parts] == [700, 150, 150]
    assert [int((labels[part] == "rare").sum()) for part in parts] == [70, 15, 15]


def test_the_largest_remainders_round_up():
    labels = np.repeat([0, 1], [33, 67])  # 15 % of them: 4.95 and 10.05
    assert np.bincount(labels[split_rows(100, labels)[2]]).tolist() == [5, 10]


def test_a_row_of_each_class_stays_in_training():
    labels = np.repeat(np.arange(10), 2)  # 45 % of 20 rows twice: nine classes would give both
    train, *_ = split_rows(20, labels, 0.45, 0.45)
    assert np.bincount(labels[train]).tolist() == [1] * 9 + [2]


def test_splits_differ_by_seed():
    assert (split_rows(100, seed=0)[2] != split_rows(100, seed=1)[2]).any()


@pytest.mark.parametrize("shares", [(-0.1, 0.1), (0.5, 0.5), (0.1, np.nan)])
def test_shares_that_make_no_sense(shares):
    with pytest.raises(ValueError, match="expected at least 0 each"):
        split_rows(100, None, *shares)


def test_labels_of_another_length():
    with pytest.raises(ValueError, match=r"labels have shape \(3,\): expected one for each of 100"):
        split_rows(100, [1, 2, 3])


# --- real tables ------------------------------------------------------------------------------


def test_adult_from_end_to_end(tabular):
    train, test = (read_table(tabular / f"adult.{part}.gz").frame for part in ("data", "test"))
    encoder = through_json(TableEncoder.fit(train.drop("column_15")))
    X, X_test = encoder.transform(train), encoder.transform(test)
    # The set's own description: 6 continuous columns, 8 of 8, 16, 7, 14, 6, 5, 2 and 41 values,
    # of which three are also missing in some rows.
    assert X.shape == (32_561, 6 + (8 + 16 + 7 + 14 + 6 + 5 + 2 + 41) + 3)
    assert X_test.shape == (16_281, X.shape[1])
    assert np.isfinite(X).all()
    assert X[:, 0].std() == pytest.approx(1.0)
    assert encoder.notes == ()
    target, notes = ClassTarget.fit(train["column_15"]), []
    assert target.encode(train["column_15"]).mean() == pytest.approx(0.2408, abs=5e-5)
    assert target.encode(test["column_15"], notes).mean() == pytest.approx(0.2362, abs=5e-5)
    assert len(notes) == 1


def test_bikes_and_california_tasks(tabular):
    for name, target in (("bike-hourly", "cnt"), ("california-housing", "median_house_value")):
        frame = read_table(tabular / f"{name}.csv.gz").frame
        assert infer_task(frame[target])[0] == "regression"
