"""Targets there and back, and what kind of target a column is."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import StandardScaler

from pellucid.scaling import Scaler
from pellucid.tables import read_table
from pellucid.targets import ClassTarget, NumericTarget, infer_task


def through_json(part):
    """What a model file does to it."""
    return type(part).from_dict(json.loads(json.dumps(part.to_dict(), allow_nan=False)))


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
    message = "target 't' is missing in 2 rows, first in row 2: drop those rows"
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
    with pytest.raises(ValueError, match="column 'price' holds 'dear' in row 2"):
        NumericTarget.fit(pl.Series("price", ["1", "dear"]))
    with pytest.raises(ValueError, match="column 'price' holds inf in row 1"):
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


def test_bikes_and_california_tasks(tabular):
    for name, target in (("bike-hourly", "cnt"), ("california-housing", "median_house_value")):
        frame = read_table(tabular / f"{name}.csv.gz").frame
        assert infer_task(frame[target])[0] == "regression"
