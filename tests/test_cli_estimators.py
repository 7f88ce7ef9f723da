"""Files of estimators and pipelines on the command line: predict, evaluate, check, info."""

import numpy as np
import polars
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pellucid
from pellucid import datasets
from pellucid.encoding import TableEncoding

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IRIS = datasets.load("iris")


@pytest.fixture
def iris(tmp_path):
    """A classifier of irises that knows no names of columns, in a file."""
    labels = np.array(["setosa", "versicolor", "virginica"])[IRIS.y]
    model = pellucid.MLPClassifier(max_iter=50, random_state=0).fit(IRIS.X, labels)
    pellucid.save(model, tmp_path / "iris.safetensors")
    return model


def test_an_estimator_predicts_and_is_measured(run, iris):
    made = run("predict", "iris.safetensors", "iris", "--probabilities", "--out", "out.csv")
    assert (made.code, made.out, made.err) == (0, "", "")
    table = polars.read_csv("out.csv")
    assert table.columns[0] == "species"
    assert table["species"].to_list() == iris.predict(IRIS.X).tolist()
    found = table.select(f"probability of {label}" for label in iris.classes_).to_numpy()
    np.testing.assert_array_equal(found, iris.predict_proba(IRIS.X))
    measured = run("evaluate", "iris.safetensors", "iris", "--json").json
    right = np.array(["setosa", "versicolor", "virginica"])[IRIS.y] == iris.predict(IRIS.X)
    assert measured["metrics"]["accuracy"] == pytest.approx(right.mean())
    assert run("check", "iris.safetensors").code == 0
    assert "MLPClassifier" in run("info", "iris.safetensors").out


def test_a_regressor_finds_its_columns_by_name(run, tmp_path, table):
    frame = polars.read_csv(table).drop_nulls()
    X, y = frame.select("length"), frame["price"].to_numpy()
    model = make_pipeline(StandardScaler(), pellucid.MLPRegressor(max_iter=30, random_state=0))
    model.fit(X, y)
    pellucid.save(model, tmp_path / "m.safetensors")
    frame.select("kind", "price", "length").write_csv("other.csv")
    made = run("predict", "m.safetensors", "other.csv")
    assert made.code == 0
    assert polars.read_csv(made.out.encode())["prediction"].to_list() == model.predict(X).tolist()
    measured = run("evaluate", "m.safetensors", "other.csv", "--target", "price", "--json").json
    assert measured["metrics"]["r2"] == pytest.approx(model.score(X, y))
    lost = run("evaluate", "m.safetensors", "other.csv")
    assert lost.code == 2
    assert "--target" in lost.err
    gap = run("predict", "m.safetensors", table)
    assert gap.code == 2
    assert "'length' is missing in row 1" in gap.err
    assert run("predict", "m.safetensors", "other.csv", "--probabilities").code == 2


def test_a_pipeline_with_an_encoding_takes_the_table_as_it_is(run, tmp_path, table):
    frame = polars.read_csv(table)
    X, y = frame.drop("kind"), frame["kind"].to_numpy()
    model = make_pipeline(TableEncoding(), pellucid.MLPClassifier(max_iter=30, random_state=0))
    model.fit(X, y)
    pellucid.save(model, tmp_path / "m.safetensors")
    made = run("predict", "m.safetensors", table)
    assert polars.read_csv(made.out.encode())["prediction"].to_list() == model.predict(X).tolist()
    described = run("info", "m.safetensors").out
    assert "predicts one of 'big', 'small' from 'length', 'colour', 'price'" in described


def test_the_wrong_columns_are_told(run, iris, table):
    wrong = run("predict", "iris.safetensors", "wine")
    assert wrong.code == 2
    assert "4 columns without names and the table has 13" in wrong.err
    text = run("predict", "iris.safetensors", table)
    assert text.code == 2
    assert "column 'colour' holds 'red' in row 1" in text.err
