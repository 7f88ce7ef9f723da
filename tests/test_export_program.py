"""A program gives the answers of the model it was made of, and names what it cannot be made of."""

from datetime import datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

import pellucid
from pellucid import MLPClassifier, MLPRegressor, Network, Predictor, Recipe, datasets
from pellucid.activations import ACTIVATIONS
from pellucid.export import FORMS, translate
from pellucid.export.dates import days_of, text_of
from pellucid.export.program import CATEGORY, DATE, PARTS, Column, Number, Program, part_of
from pellucid.tables import Table, read_table
from pellucid.tabular.schema import DATE_FORMATS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FILES = {
    "adult": ("adult.data.gz", "column_15"),
    "california": ("california-housing.csv.gz", "median_house_value"),
    "bike": ("bike-hourly.csv.gz", "cnt"),
}
ROWS, FIRST = 1000, 1500  # to compare on, and before them to train on


@cache
def frame(folder, name):
    """Rows from all over a file, since some are in order."""
    file, target = FILES[name]
    return read_table(folder / file).frame.sample(ROWS + FIRST, seed=0), target


@cache
def bag_of(folder, name):
    rows, target = frame(folder, name)
    kind = pellucid.TabularClassifier if name == "adult" else pellucid.TabularRegressor
    settings = {"hidden_layer_sizes": (16, 8), "bag": 2, "min_steps": 30, "bins": 6}
    return kind(**settings, random_state=0).fit(rows[:FIRST], target)


@cache
def predictor_of(folder, name):
    rows, target = frame(folder, name)
    return Predictor.fit(Table(rows[:FIRST]), target, Recipe(settings={"epochs": 3})).predictor


def own_answers(model, rows):
    if hasattr(model, "classes_") or getattr(model, "task", "") == "classification":
        return model.predict_proba(rows)
    return np.asarray(model.predict(rows)).reshape(len(rows), -1)


def assert_same(translation, model, rows, tolerance):
    own = own_answers(model, rows)
    columns = translation.take(rows)
    for found in (translation.program.run(columns), translation.answers(columns)):
        assert found.shape == own.shape
        assert np.abs(found - own).max() <= tolerance * max(1.0, np.abs(own).max())


@pytest.mark.parametrize("name", FILES)
def test_a_bag_on_real_rows(tabular, name):
    rows, target = frame(tabular, name)
    model = bag_of(tabular, name)
    assert_same(translate(model), model, rows[FIRST:].drop(target), 1e-6)


@pytest.mark.parametrize("name", FILES)
def test_a_predictor_on_real_rows(tabular, name):
    rows, target = frame(tabular, name)
    model = predictor_of(tabular, name)
    assert_same(translate(model), model, rows[FIRST:].drop(target), 1e-12)


def test_digits():
    digits = datasets.load("digits")
    model = MLPClassifier((20,), max_iter=10, random_state=0).fit(digits.X, digits.y)
    assert_same(translate(model), model, digits.X[:ROWS], 1e-12)
    model = Predictor.fit(digits.table(), recipe=Recipe(settings={"epochs": 3})).predictor
    assert_same(translate(model), model, digits.table().frame[:ROWS].drop("digit"), 1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_networks(name, dtype):
    X = np.random.default_rng(0).normal(size=(50, 4))
    for settings in ({}, {"bias": False}, {"scale_inputs": True}):
        model = Network([4, 6, 5, 3], name, dtype=dtype, seed=0, **settings)
        program = translate(model).program
        found = program.outputs(X)
        np.testing.assert_allclose(found, model.predict(X), rtol=1e-5, atol=1e-6)
        assert program.dtype == dtype


def test_a_single_sigmoid_tells_two_classes_apart():
    X = np.random.default_rng(0).normal(size=(5, 3))
    model = Network([3, 4, 1], "relu", "sigmoid", seed=0)
    program = translate(model).program
    q = model.predict(X)
    np.testing.assert_allclose(program.outputs(X), np.hstack([1 - q, q]), rtol=1e-14)
    assert program.labels(program.outputs(X)) == (q[:, 0] > 0.5).astype(int).tolist()


# --- dates ----------------------------------------------------------------------------------------


def test_parts_of_dates_are_those_of_datetime():
    rng = np.random.default_rng(0)
    edges = ["1600-02-29", "1700-02-28", "1900-03-01", "1969-12-31", "2000-02-29", "2100-12-31"]
    dates = [datetime.fromisoformat(edge) + timedelta(hours=h) for edge in edges for h in (0, 23)]
    first = datetime(1583, 1, 1)
    dates += [first + timedelta(seconds=int(s)) for s in rng.integers(0, 10**11 // 4, 2000)]
    days = np.array([(date - datetime(1970, 1, 1)) / timedelta(days=1) for date in dates])
    expected = {
        "year": [date.year for date in dates],
        "month": [date.month for date in dates],
        "day of week": [date.weekday() for date in dates],
        "hour": [date.hour + date.minute / 60 + date.second / 3600 for date in dates],
        "days elapsed": days,
    }
    assert tuple(expected) == PARTS
    for part, numbers in expected.items():
        np.testing.assert_allclose(part_of(days, part), numbers, atol=1e-9)


@pytest.mark.parametrize("date_format", DATE_FORMATS)
def test_dates_come_back_from_text(date_format):
    date = datetime(1999, 3, 4, 5, 6)
    days = (date - datetime(1970, 1, 1)) / timedelta(days=1)
    whole = date_format and "%H" not in date_format
    text = text_of(days, date_format)
    assert days_of(text, date_format) == (np.floor(days) if whole else days)
    assert np.isnan(days_of(text_of(np.nan, date_format), date_format))
    with pytest.raises(ValueError, match="yesterday"):
        days_of("yesterday", date_format)


# --- rows to try it on ----------------------------------------------------------------------------


def test_example_rows_have_all_levels_and_what_is_unknown_and_missing(tabular):
    program = translate(bag_of(tabular, "adult")).program
    table = program.example_rows(200)
    for column in program.columns:
        if column.kind == CATEGORY:
            assert set(table[column.name]) == {*column.levels, "", "?!"}
    again = program.example_rows(200)
    assert all(list(map(repr, table[name])) == list(map(repr, again[name])) for name in table)


def test_example_rows_have_gaps_and_dates_that_can_be_written():
    program = Program(
        (Column("a"), Column("b", gaps=False), Column("day", DATE, date_format="%d.%m.%y")),
        (Number(0, absent=1.0), Number(1), Number(2, "days elapsed", 19000.0, 1e-4)),
        (0,), (), (), translate(Network([4, 1], seed=0)).program.networks,
        translate(Network([4, 1], seed=0)).program.answer,
    )  # fmt: skip
    table = program.example_rows(64)
    assert np.isnan(table["a"]).any()
    assert not np.isnan(table["b"]).any()
    assert {1969 <= year <= 2068 for year in part_of(table["day"], "year")} == {True}
    assert [days_of(text_of(d, "%d.%m.%y"), "%d.%m.%y") for d in table["day"]] == [*table["day"]]


def test_how_text_is_read_is_known():
    n = 60
    rows = {
        "day": [f"{1 + i % 28}.{1 + i % 12}.2011" for i in range(n)],
        "wet": ["true", "false"] * (n // 2),
        "odd": [str(i) if i % 7 else "none of it" for i in range(n)],
    }
    model = pellucid.TabularRegressor(
        hidden_layer_sizes=(4,), bag=1, min_steps=5, random_state=0, column_types={"odd": "number"}
    ).fit(rows, np.arange(float(n)))
    day, wet, odd = translate(model).program.columns
    assert (day.kind, day.date_format) == (DATE, "%d.%m.%Y")
    assert (wet.boolean, wet.lenient, odd.boolean, odd.lenient) == (True, False, False, True)


# --- what is refused ------------------------------------------------------------------------------

X = np.random.default_rng(0).normal(size=(60, 3))
LABELS = make_multilabel_classification(60, 3, n_classes=3, random_state=0)


def own_activation():
    return Network([3, 2, 1], (lambda z: z * z, lambda da, z, a: 2 * z * da), seed=0)


def quantiles():
    return MLPRegressor("quantile", quantile=[0.1, 0.9], max_iter=2).fit(X, X[:, 0])


def dates():
    days = np.array(["2011-01-31", "2011-02-01", "2011-02-02"] * 20, "datetime64[D]")
    return MLPClassifier(max_iter=2).fit(X, days)


REFUSED = {
    "classes that are dates": (dates, "the classes are dates: an export tells texts"),
    "several labels": (lambda: MLPClassifier(max_iter=2).fit(*LABELS), "multilabel-indicator"),
    "several quantiles": (quantiles, "one model for each quantile"),
    "an activation of one's own": (own_activation, "activation"),
    "an estimator that is not fitted": (MLPClassifier, "not fitted"),
    "a bag that is not fitted": (pellucid.TabularRegressor, "not fitted"),
    "another library's": (lambda: LinearRegression().fit(X, X), "LinearRegression cannot be"),
    "no model at all": (lambda: {"a": 1}, "dict cannot be exported: expected a fitted Network"),
    "a step that is no scaler": (
        lambda: make_pipeline(PolynomialFeatures(), MLPRegressor(max_iter=2)).fit(X, X[:, 0]),
        "step PolynomialFeatures cannot be exported",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refusals_name_the_part(what):
    make, message = REFUSED[what]
    model = make()
    with pytest.raises((TypeError, ValueError), match=message):
        translate(model)


def test_a_table_with_a_column_that_is_missing_is_refused(tabular):
    rows, _ = frame(tabular, "adult")
    with pytest.raises((KeyError, ValueError), match="column_4"):
        translate(bag_of(tabular, "adult")).take(rows.drop("column_4"))
    wrong = rows.with_columns(column_1=pl.lit("old"))
    with pytest.raises(ValueError, match="column_1"):
        translate(bag_of(tabular, "adult")).take(wrong)


@pytest.mark.filterwarnings("ignore:.* is not compiled:UserWarning")
@pytest.mark.parametrize("form", FORMS)
def test_what_was_written_is_called_as_it_was_asked_for(tmp_path, form):
    made = FORMS[form](Network([2, 1], seed=0), tmp_path / "sums.py")
    assert made.form == form
    assert made.path.stat().st_size == made.size
