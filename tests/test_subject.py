"""A subject gives what its model gives, whatever the model, and knows where each input is from."""

import numpy as np
import polars
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pellucid
from pellucid import (
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Recipe,
    TabularClassifier,
    TabularRegressor,
    datasets,
)
from pellucid.encoding import TableEncoding
from pellucid.subject import CELL, LEVEL, MISSING, NUMERIC, subject_of
from pellucid.tables import Table, table_of

RNG = np.random.default_rng(0)
N = 120
PEOPLE = polars.DataFrame(
    {
        "age": [None if i % 17 == 0 else float(20 + i % 50) for i in range(N)],
        "work": [["shop", "farm", "office"][i % 3] for i in range(N)],
        "hours": RNG.uniform(10, 60, N).round(1),
        "rich": ["yes" if (i % 3 == 2) == (i % 50 > 20) else "no" for i in range(N)],
        "pay": RNG.uniform(1000, 5000, N).round(),
    }
)
FEATURES = ["age", "work", "hours"]


def fitted(kind):
    """A small model of each kind, its rows as its own `predict` takes them, and their answers."""
    X, words, pay = PEOPLE.select(FEATURES), PEOPLE["rich"].to_numpy(), PEOPLE["pay"].to_numpy()
    numbers = np.column_stack([PEOPLE["hours"].to_numpy(), np.arange(N) % 7.0])
    few = {
        "hidden_layer_sizes": (5,),
        "max_iter": 20,
        "random_state": 0,
        "tol": 1e9,
        "n_iter_no_change": 2,
    }
    plain = Recipe(hidden=(5,), settings={"epochs": 5})
    if kind == "Network":
        return Network([2, 3, 3], "tanh", "softmax", seed=0), numbers, np.arange(N) % 3
    if kind == "MLPClassifier":
        return MLPClassifier(**few).fit(numbers, words), numbers, words
    if kind == "MLPRegressor":
        return MLPRegressor(**few).fit(numbers, pay), numbers, pay
    if kind == "scaled":
        return make_pipeline(StandardScaler(), MLPRegressor(**few)).fit(numbers, pay), numbers, pay
    if kind == "encoded":
        model = make_pipeline(TableEncoding(), MLPClassifier(**few)).fit(X, words)
        return model, X, words
    if kind.startswith("Predictor"):
        target = "rich" if kind.endswith("classes") else "pay"
        other = "pay" if target == "rich" else "rich"
        model = Predictor.fit(Table(PEOPLE.drop(other)), target, plain).predictor
        return model, X, PEOPLE[target].to_numpy()
    settings = {"bag": 2, "min_steps": 30, "random_state": 0}
    if kind == "TabularClassifier":
        return TabularClassifier(**settings).fit(PEOPLE.drop("pay"), "rich"), X, words
    return TabularRegressor(**settings).fit(PEOPLE.drop("rich"), "pay"), X, pay


KINDS = (
    "Network", "MLPClassifier", "MLPRegressor", "scaled", "encoded", "Predictor of classes",
    "Predictor", "TabularClassifier", "TabularRegressor",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("saved", [False, True])
def test_a_subject_answers_as_its_model_does_and_so_does_that_of_its_file(kind, saved, tmp_path):
    model, X, y = fitted(kind)
    source = model
    if saved:
        source = tmp_path / "model.safetensors"
        pellucid.save(model, source)
    subject = subject_of(source)
    inputs = subject.encode(X)
    assert inputs.shape == (N, len(subject.inputs))
    outputs = [network.predict(inputs.astype(network.theta.dtype)) for network in subject.networks]
    assert subject.answers_of(outputs) == pytest.approx(subject.answers(X), rel=1e-5)
    assert subject.encode_targets(y).shape == (N, subject.network.architecture.n_outputs)
    predicted = subject.predict(X)
    if kind == "Network":
        assert predicted.tolist() == model.predict(X).argmax(axis=1).tolist()
    else:
        assert predicted.tolist() == model.predict(X).tolist()
    if subject.task == "classification" and kind != "Network":
        assert subject.answers(X) == pytest.approx(model.predict_proba(X))
        rows = subject.encode_targets(y)
        of_second = rows[:, -1] if rows.shape[1] > 1 else rows[:, 0]
        assert (of_second == 1).tolist() == (y == subject.classes[-1]).tolist()


def test_inputs_know_the_column_they_come_from_and_how():
    subject = subject_of(fitted("Predictor of classes")[0])
    assert subject.columns == ("age", "work", "hours")
    assert [(i.name, subject.columns[i.column], i.kind, i.level) for i in subject.inputs] == [
        ("age", "age", NUMERIC, None),
        ("age missing", "age", MISSING, None),
        ("work=farm", "work", LEVEL, "farm"),
        ("work=office", "work", LEVEL, "office"),
        ("work=shop", "work", LEVEL, "shop"),
        ("hours", "hours", NUMERIC, None),
    ]
    row = {"age": [31.0], "work": ["office"], "hours": [40.0]}
    encoded = subject.encode(row)[0]
    age, hours = subject.inputs[0].number, subject.inputs[5].number
    assert encoded.tolist() == pytest.approx(
        [(31.0 - age.shift) * age.factor, 0, 0, 1, 0, (40.0 - hours.shift) * hours.factor]
    )


def test_the_cells_of_a_bag_are_told_from_its_numbers_and_lie_where_the_encoder_puts_them():
    model, X, _ = fitted("TabularRegressor")
    subject = subject_of(model)
    inputs = subject.encode(X)
    cells = [(i, each) for i, each in enumerate(subject.inputs) if each.kind == CELL]
    assert cells
    for i, each in cells:
        values = X[subject.columns[each.column]].to_numpy().astype(float)
        z = (values - each.number.shift) * each.number.factor
        z = z / np.hypot(1, z / each.number.limit)
        risen = np.clip((z - each.cell.low) * each.cell.slope, 0, 1)
        known = np.isfinite(values)
        assert inputs[known, i] == pytest.approx(risen[known], abs=1e-4)


@pytest.mark.parametrize("kind", ["Predictor", "TabularClassifier", "encoded"])
def test_a_row_is_written_by_name_or_in_order_with_gaps(kind):
    subject = subject_of(fitted(kind)[0])
    by_name = subject.encode(subject.row("hours=40, work=shop"))
    in_order = subject.encode(subject.row('?, "shop", 40'))
    assert by_name.tolist() == in_order.tolist()
    given = {"age": [None], "work": ["shop"], "hours": [40.0]}
    assert subject.encode(polars.DataFrame(given, strict=False)).tolist() == by_name.tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x1=1,x2=2,x1=3", "the row has 'x1' more than once: give it one value"),
        ("1", "the row has 1 value and the model takes 2 columns: 'x1', 'x2'"),
        ("1,2,3", "the row has 3 values"),
        ("1,two", "column 'x2' is given as 'two': expected a number"),
        ("x1=1", "the row has no 'x2'"),
        ("x1=1,x3=2", "the row has 'x3', which is no column of the model: it takes 'x1', 'x2'"),
        ("", "the row has 0 values"),
    ],
)
def test_what_is_no_row_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        subject_of(Network([2, 1])).row(text)


def test_a_table_is_divided_into_rows_and_answers():
    iris = datasets.load("iris")
    predictor = Predictor.fit(iris.table(), recipe=Recipe(settings={"epochs": 2})).predictor
    X, y = subject_of(predictor).divide(iris.table())
    assert X.columns == list(subject_of(predictor).columns)
    assert y.tolist() == iris.table().frame["species"].to_list()
    network = Network([4, 3], output_activation="softmax")
    X, y = subject_of(network).divide(iris.table())
    assert X.tolist() == iris.X.tolist()
    X, none = subject_of(network).divide(table_of(iris.X))
    assert (X.tolist(), none) == (iris.X.tolist(), None)
    with pytest.raises(ValueError, match="target is 'x' and the model predicts 'species'"):
        subject_of(predictor).divide(iris.table(), "x")


def test_what_is_no_model_of_ours_is_refused_by_name():
    with pytest.raises(TypeError, match="dict cannot be looked into: expected a fitted Network"):
        subject_of({})
    with pytest.raises(FileNotFoundError):
        subject_of("no such file")


def test_several_quantiles_are_asked_of_each_row_with_the_same_number():
    X, y = np.linspace(0, 1, 40)[:, None], np.linspace(3, 5, 40)
    model = MLPRegressor(
        hidden_layer_sizes=(4,),
        loss="quantile",
        quantile=[0.1, 0.9],
        random_state=0,
        tol=1e9,
        n_iter_no_change=2,
    ).fit(X, y)
    subject = subject_of(model)
    assert subject.encode_targets(y) == pytest.approx(np.column_stack([y, y]))
    assert subject.answers(X).tolist() == model.predict(X).tolist()
