"""Rows made up from what a model knows: each is one it can predict, and none is of training."""

import json
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from pellucid import Predictor, Recipe, TabularClassifier, TabularRegressor, datasets
from pellucid.example_rows import ROWS, numbers
from pellucid.tables import Table, table_of_columns
from pellucid.tabular.values import as_date

SMALL = {"hidden_layer_sizes": (4,), "min_steps": 5, "bag": 1, "random_state": 0}


def columns(n=120):
    rng = np.random.default_rng(0)
    return {
        "size": np.where(np.arange(n) % 9, rng.lognormal(3.0, 2.0, n), np.nan),
        "hue": [None if i % 13 == 0 else ["red", "green", "blue"][i % 3] for i in range(n)],
        "place": [f"p{i % 40}" for i in range(n)],
        "iso": [f"2011-{1 + i % 12:02d}-{1 + i % 28:02d} {i % 24:02d}:30" for i in range(n)],
        "german": [f"{1 + i % 28}.{1 + i % 12}.{1990 + i % 30}" for i in range(n)],
        "wet": rng.integers(2, size=n).astype(bool),
        "same": np.ones(n),
    }


TABLE = pl.DataFrame(columns())
NUMBER = np.log(np.nan_to_num(TABLE["size"].to_numpy(), nan=1.0))
FIT = {TabularClassifier: NUMBER > 3.0, TabularRegressor: NUMBER}


def refuse_rows_of(table, rows):
    """None of the rows made up is one of the table's."""
    names = [name for name in rows if name in table.columns]
    texts = {tuple(map(str, row)) for row in table.select(names).rows()}
    assert not texts & {tuple(map(str, row)) for row in zip(*map(rows.get, names), strict=True)}


@pytest.mark.parametrize("kind", FIT)
def test_a_tabular_model_predicts_its_example_rows(kind):
    model = kind(**SMALL).fit(TABLE, FIT[kind])
    rows = model.example_rows()
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert list(rows) == [column.name for column in model.schema_.used]
    assert {len(values) for values in rows.values()} == {ROWS}
    assert all(None in values for values in rows.values())
    assert np.isfinite(np.asarray(model.predict(rows), float)).all()
    assert model.unseen(rows) == ["rows whose 'hue' is new: 1", "rows whose 'place' is new: 1"]
    refuse_rows_of(TABLE, rows)
    assert {True, False} <= {*rows["wet"]}
    formats = {"iso": "", "german": "%d.%m.%Y"}
    for name, date_format in formats.items():
        dates = {as_date(text, date_format) for text in rows[name] if text is not None}
        assert len(dates) > 4
        assert all(isinstance(date, datetime) for date in dates)
    middle = model.schema_["size"], np.nanmedian(TABLE["size"].to_numpy())
    assert rows["size"][0] == pytest.approx(middle[1], rel=1e-5)


def test_a_model_of_columns_without_names_gets_all_of_them():
    X = np.column_stack([np.arange(40.0), np.ones(40), np.arange(40) % 7])
    model = TabularRegressor(**SMALL).fit(X, -X[:, 0])
    rows = model.example_rows()
    assert list(rows) == ["x1", "x2", "x3"]
    assert rows["x2"] == [None] * ROWS
    assert model.predict(rows).shape == (ROWS,)


@pytest.mark.filterwarnings("ignore::pellucid.ScaleWarning")
@pytest.mark.parametrize("scaling", ["standard", "maximum", "shared_maximum", "none"])
def test_a_predictor_predicts_its_example_rows(scaling):
    table = Table(TABLE.with_columns(pl.Series("wet", NUMBER > 3.0).cast(pl.String)))
    recipe = Recipe(hidden=(3,), scaling=scaling, settings={"epochs": 1})
    predictor = Predictor.fit(table, "wet", recipe).predictor
    rows = predictor.example_rows()
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    frame = table_of_columns(rows).frame
    assert np.isfinite(predictor.predict_proba(frame)).all()
    notes = []
    predictor.inputs(frame, notes)
    assert len(notes) == sum("not seen in training" in values for values in rows.values())
    refuse_rows_of(TABLE, rows)


def test_pixels_have_examples_too():
    digits = datasets.load("digits").table()
    predictor = Predictor.fit(digits, recipe=Recipe(hidden=(4,), settings={"epochs": 1})).predictor
    rows = predictor.example_rows()
    assert len(rows) == 64
    assert predictor.predict(table_of_columns(rows).frame).shape == (ROWS,)


def test_numbers_that_would_be_infinite_are_not():
    assert all(value is None or abs(value) <= 1e300 for value in numbers(1e308, 1e308))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [1], "b": [1, 2]}, "columns have different lengths"),
        ({"a": [1, [2]]}, r"column 'a' holds \[2\] in row 2: expected a number, text"),
        ({"a": [{}]}, "column 'a' holds {} in row 1"),
        ({"a": [10**400]}, "column 'a' holds a number too large in row 1"),
    ],
)
def test_columns_that_make_no_table_are_refused(columns, message):
    with pytest.raises(ValueError, match=message):
        table_of_columns(columns)


def test_plain_values_become_columns_of_one_type_each():
    columns = {
        "whole": [1, 2**70, None], "number": [1, 2.5, None], "text": ["a", 1, None],
        "truth": [True, None, False], "none": [None, None, None],
    }  # fmt: skip
    frame = table_of_columns(columns).frame
    assert frame.dtypes == [pl.Float64, pl.Float64, pl.String, pl.Boolean, pl.String]
    assert frame["text"].to_list() == ["a", "1", None]
