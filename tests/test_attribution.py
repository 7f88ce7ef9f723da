"""What the columns did adds up to the answer, and is what the model's own answers say."""

import json
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.inspection import permutation_importance as sklearns
from sklearn.metrics import d2_pinball_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pellucid import (
    ACTIVATIONS,
    Activation,
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Recipe,
    TabularClassifier,
    TabularRegressor,
    datasets,
    save,
)
from pellucid.attribution import METHODS, attribute, permutation_importance
from pellucid.subject import subject_of
from pellucid.tables import Table, read_table, table_of_columns

SMALL = {"hidden_layer_sizes": (64, 64), "bag": 2, "min_steps": 150, "max_epochs": 12}
FILES = sorted((Path(__file__).parent / "data").glob("format-*/*.safetensors"))
HIDDEN = [name for name in ACTIVATIONS if name != "softmax"]


@pytest.fixture(scope="module")
def digits():
    data = datasets.load("digits")
    return np.asarray(data.X, float) / 16.0, np.asarray(data.y, int)


@pytest.fixture(scope="module")
def frames(tabular):
    names = {
        "adult": "adult.data.gz", "california": "california-housing.csv.gz",
        "bike": "bike-hourly.csv.gz",
    }  # fmt: skip
    return {name: read_table(tabular / file).frame for name, file in names.items()}


@pytest.fixture(scope="module")
def bags(frames):
    """Name -> a small bag, steep as bags are, and rows it has not seen."""
    made = {}
    for name, target in (("adult", "column_15"), ("california", "median_house_value")):
        kind = TabularClassifier if name == "adult" else TabularRegressor
        frame = frames[name]
        made[name] = kind(**SMALL, random_state=0).fit(frame[:3000], target), frame[4000:4006]
    frame = frames["bike"]
    bike = TabularRegressor(**SMALL, random_state=0).fit(frame[:3000], frame.columns[-1])
    return made | {"bike": (bike, frame[4000:4006])}


@pytest.fixture(scope="module")
def predictor(frames):
    recipe = Recipe(hidden=(24,), settings={"epochs": 3})
    table = Table(frames["adult"][:3000], "adult")
    return Predictor.fit(table, "column_15", recipe).predictor, frames["adult"][4000:4006]


def complete(found):
    size = np.maximum(1.0, np.maximum(np.abs(found.outputs), np.abs(found.baseline_outputs)))
    return bool((np.abs(found.gaps) <= 1e-6 * size).all())


# --- completeness -------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", HIDDEN)
def test_integrated_gradients_are_complete_for_every_activation(activation, digits):
    X, y = digits
    network = Network([64, 24, 16, 10], activation, "softmax", seed=0)
    rate = 1e-4 if activation == "exp" else 2e-3
    network.train(X[:600], y[:600], epochs=5, learning_rate=rate)
    for of in ("probability", "score"):
        found = attribute(network, X[600:612], of=of)
        assert np.abs(found.values).max() > 1e-3
        assert complete(found), (of, found.gaps)


def test_they_are_for_an_activation_of_ones_own_that_is_all_kinks(digits):
    X, _ = digits

    def saw(z):
        return np.abs(z - np.round(z))

    zigzag = Activation("saw", saw, lambda da, z, a: da * np.sign(z - np.round(z)))
    assert complete(attribute(Network([64, 6, 3], zigzag, "softmax", seed=0), X[:2], output=1))


@pytest.mark.parametrize("name", ["adult", "california", "bike"])
def test_they_are_for_steep_bags_of_float32_with_cells_and_cut_offs(name, bags):
    model, rows = bags[name]
    found = attribute(model, rows)
    assert complete(found), found.gaps
    assert found.columns == subject_of(model).columns


def test_they_are_where_outputs_are_cut_off_on_the_way(bags):
    model, rows = bags["california"]
    low, high = model._bounds
    try:
        model._bounds = (-0.1, 0.1)
        found = attribute(model, rows)
        assert complete(found), found.gaps
        assert (np.ptp(found.values, axis=1) > 0.0).sum() >= 3  # others stay beyond a bound
    finally:
        model._bounds = low, high


def test_they_are_for_a_steep_step_that_a_few_points_would_miss():
    network = Network([1, 1, 1], "sigmoid", "identity", seed=0)
    network.weights, network.biases = [[[1e5]], [[1.0]]], [[-43210.0], [0.0]]
    found = attribute(network, [[1.0]])
    assert complete(found)
    assert found.values[0, 0] == pytest.approx(1.0, abs=1e-6)


# --- what it is of ------------------------------------------------------------------------------


def test_of_a_straight_line_all_methods_say_weight_times_distance():
    rng = np.random.default_rng(0)
    w, x, x0 = rng.normal(size=(3, 5))
    network = Network([5, 1], seed=0)
    network.weights = [w[:, None]]
    for method in ("integrated_gradients", "gradient_x_input"):
        found = attribute(network, x, method, baseline=x0)
        np.testing.assert_allclose(found.values[0], w * (x - x0), rtol=1e-14, atol=1e-15)
    np.testing.assert_array_equal(attribute(network, x, "gradient").values[0], w)


def test_a_column_without_weight_did_nothing_and_equal_ones_did_the_same():
    network = Network([4, 8, 3], "relu", "softmax", seed=3)
    W = network.weights[0]
    W[1], W[3] = 0.0, W[0]
    network.weights = [W, network.weights[1]]
    found = attribute(network, [[0.7, 5.0, -1.0, 0.7], [0.2, -3.0, 0.4, 0.2]])
    assert (found.values[:, 1] == 0.0).all()
    np.testing.assert_allclose(found.values[:, 0], found.values[:, 3], rtol=1e-12)
    assert np.abs(found.values[:, 0]).min() > 1e-4


def test_from_a_row_to_itself_nothing_is_to_share(digits):
    network = Network([64, 8, 10], "tanh", "softmax", seed=0)
    found = attribute(network, digits[0][:3], baseline=digits[0][:3])
    assert (found.values == 0.0).all()


def test_the_levels_and_marks_of_a_column_are_summed(predictor):
    model, rows = predictor
    subject = subject_of(model)
    found = attribute(model, rows)
    x = subject.encode(rows)
    inner = attribute(model.network, x, baseline=found.baseline_inputs, output=None)
    np.testing.assert_array_equal(inner.outputs, found.outputs)
    for j, column in enumerate(found.columns):
        own = [
            i for i, name in enumerate(model.encoder.feature_names)
            if name == column or name.startswith((f"{column}=", f"{column} missing"))
        ]  # fmt: skip
        assert own
        np.testing.assert_allclose(found.values[:, j], inner.values[:, own].sum(axis=1), atol=1e-12)


def test_the_outputs_are_the_models_own_answers(digits, bags, predictor, frames):
    X, y = digits
    estimator = MLPClassifier((20,), learning_rate_init=0.02, random_state=0, early_stopping=True)
    estimator.fit(X[:500], y[:500])
    own = estimator.predict_proba(X[500:510])
    found = attribute(estimator, X[500:510])
    np.testing.assert_allclose(found.outputs, own.max(axis=1), rtol=1e-12)
    assert list(found.explained) == estimator.predict(X[500:510]).tolist()
    np.testing.assert_allclose(attribute(estimator, X[500:510], output=3).outputs, own[:, 3])
    model, rows = predictor
    np.testing.assert_allclose(
        attribute(model, rows).outputs, model.predict_proba(rows).max(axis=1), rtol=1e-9
    )
    for name, (bag, rows) in bags.items():
        own = bag.predict_proba(rows).max(axis=1) if name == "adult" else bag.predict(rows)
        np.testing.assert_allclose(attribute(bag, rows).outputs, own, rtol=1e-4, atol=1e-5)


def test_the_score_is_the_sum_that_the_last_layer_activates(digits):
    X = digits[0][:4]
    network = Network([64, 8, 10], "tanh", "softmax", seed=0)
    np.testing.assert_allclose(
        attribute(network, X, output=6, of="score").outputs, network.trace(X).z[-1][:, 6]
    )
    two = Network([64, 8, 1], "tanh", "sigmoid", seed=0)
    z = two.trace(X).z[-1][:, 0]
    for label, sign in ((0, -1.0), (1, 1.0)):
        found = attribute(two, X, output=label, of="score")
        np.testing.assert_allclose(found.outputs, sign * z)
        assert complete(found)


def test_the_usual_baseline_is_a_row_of_medians_and_unknown_levels(bags, predictor, frames):
    model, rows = bags["adult"]
    trained = frames["adult"][:3000]
    empty = {
        name: [trained[name].median() if trained[name].dtype.is_numeric() else "?!"]
        for name in model.feature_names_in_
    }
    found = attribute(model, rows, output=">50K")
    expected = model.predict_proba(empty)[0, list(model.classes_).index(">50K")]
    np.testing.assert_allclose(found.baseline_outputs, expected, atol=2e-4)
    explicit = attribute(model, rows, output=">50K", baseline=empty)
    np.testing.assert_allclose(explicit.values, found.values, atol=2e-3)
    table, rows = predictor
    medians = {column.name: column.median for column in table.encoder.columns
               if hasattr(column, "median")}  # fmt: skip
    row = pl.DataFrame({name: [medians.get(name, "?!")] for name in subject_of(table).columns})
    np.testing.assert_allclose(
        attribute(table, rows, output="<=50K").baseline_outputs, table.predict_proba(row)[0, 0]
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_files_of_every_kind_are_explained(path):
    subject = subject_of(path)
    if subject.takes_tables:
        rows = subject.model if hasattr(subject.model, "example_rows") else subject.encoding
        rows = table_of_columns(rows.example_rows()).frame
    else:
        rows = np.random.default_rng(0).normal(size=(3, len(subject.columns)))
    answers = subject.answers(rows)
    for i in range(answers.shape[1]):
        output = i if subject.classes is None else subject.classes[i]
        found = attribute(path, rows, output=output)
        assert complete(found)
        if "quantiles" in path.stem:
            continue  # which the model puts in order
        tolerance = 1e-4 if "tabular" in path.stem or "32" in path.stem else 1e-9
        np.testing.assert_allclose(found.outputs, answers[:, i], rtol=tolerance, atol=tolerance)


# --- slopes -------------------------------------------------------------------------------------


def test_the_slope_is_that_of_the_models_own_answers(digits, frames):
    X, y = digits
    california = frames["california"].drop_nulls()[:800]
    numbers = california.select(pl.col(pl.Float64, pl.Int64)).to_numpy().astype(float)
    pipeline = make_pipeline(
        StandardScaler(),
        MLPRegressor(
            hidden_layer_sizes=(10,), activation="tanh", learning_rate_init=0.02, random_state=0
        ),
    )
    pipeline.fit(numbers[:, :-1], numbers[:, -1] / 1e5)
    network = Network([64, 12, 10], "swish", "softmax", seed=0)
    network.train(X[:300], y[:300], epochs=5)
    cases = [(network, X[300:303], 1e-5, {"output": 4}), (pipeline, numbers[:3, :-1], 1e-4, {})]
    for model, rows, h, more in cases:
        slopes = attribute(model, rows, "gradient", **more).values
        for j in range(rows.shape[1]):
            step = np.zeros(rows.shape[1])
            step[j] = h * (rows[:, j].std() or 1.0)
            up, down = (subject_of(model).answers(rows + s * step) for s in (1, -1))
            measured = (up - down)[:, more.get("output", 0)] / (2 * step[j])
            np.testing.assert_allclose(slopes[:, j], measured, rtol=1e-4, atol=1e-8)


def test_the_slope_of_a_bag_goes_through_squashing_cells_and_dates(bags):
    model, rows = bags["california"]
    slopes = attribute(model, rows, "gradient")
    checked = 0
    for j, name in enumerate(slopes.columns):
        if not rows[name].dtype.is_numeric():
            continue
        scale = next(n.scale for n in model._bag.encoder.numbers if n.source == name)
        h = 2e-3 / scale
        moved = [
            attribute(model, rows.with_columns(pl.col(name) + s * h)).outputs for s in (-1, 0, 1)
        ]
        left, right = (moved[1] - moved[0]) / h, (moved[2] - moved[1]) / h
        inside = np.abs(left - right) < 0.02 * np.abs(left + right)  # no edge of a cell is near
        checked += inside.sum()
        np.testing.assert_allclose(
            slopes.values[inside, j], 0.5 * (left + right)[inside], rtol=0.03
        )
    assert checked > 20


def test_gradient_times_input_is_the_slope_of_the_inputs_times_their_distance(predictor):
    model, rows = predictor
    found = attribute(model, rows, "gradient_x_input", output=">50K")
    x = subject_of(model).encode(rows)
    slopes = model.network.input_gradient(x)[:, -1]
    np.testing.assert_allclose(
        found.sums, (slopes * (x - found.baseline_inputs)).sum(axis=1), rtol=1e-9
    )


# --- reading it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["adult", "california", "bike"])
@pytest.mark.parametrize("method", METHODS)
def test_the_printed_numbers_add_up_and_fit_80_columns(name, method, bags):
    model, rows = bags[name]
    found = attribute(model, rows, method)
    for i in range(len(found)):
        text = str(found[i])
        lines = text.splitlines()
        assert max(map(len, lines)) <= 80, text
        if method == "gradient":
            continue
        numbers = [
            (line, Decimal(re.search(r"  +([+-][\d,.]+)", line)[1].replace(",", "")))
            for line in lines[1:]
        ]
        at = next(i for i, (line, _) in enumerate(numbers) if line.startswith("sum of"))
        columns, total, rest = numbers[:at], numbers[at][1], numbers[at + 1 :]
        assert sum(value for _, value in columns) == total
        assert total + sum(value for _, value in rest[:-1]) == rest[-1][1]
        places = -rest[-1][1].as_tuple().exponent
        assert float(rest[-1][1]) == pytest.approx(found.outputs[i], abs=0.5001 * 10**-places)
    assert max(map(len, str(found).splitlines())) <= 80


def test_it_is_plain_data_and_html(bags):
    model, rows = bags["adult"]
    found = attribute(model, rows)
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [sum(row["values"]) for row in data["rows"]] == pytest.approx(found.sums.tolist())
    assert data["rows"][0]["holds"] == list(rows.drop("column_15").row(0))
    for shown in (found, found[0], permutation_importance(model, rows, "column_15", n_repeats=1)):
        html = shown._repr_html_()
        assert "column_6" in html
        assert html.count("<div") == html.count("</div")


def test_a_file_gives_what_the_model_gives(bags, tmp_path):
    for name, (model, rows) in bags.items():
        save(model, tmp_path / f"{name}.safetensors")
        np.testing.assert_array_equal(
            attribute(tmp_path / f"{name}.safetensors", rows[:1], "gradient_x_input").values,
            attribute(model, rows[:1], "gradient_x_input").values,
        )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"method": "gradients"}, "gradient"),
        ({"of": "logit"}, "'probability' or 'score'"),
        ({"output": "ten"}, "no class: expected one of '0', '1', '2'"),
        ({"baseline": np.zeros((2, 3))}, "2 rows and X has 4"),
    ],
)
def test_what_cannot_be_asked_is_refused(more, words):
    network = Network([3, 4, 3], "relu", "softmax", seed=0)
    with pytest.raises(ValueError, match=words):
        attribute(network, np.ones((4, 3)), **more)


def test_numbers_that_are_none_are_refused_and_no_rows_are_no_rows():
    network = Network([2, 4, 1], "relu", seed=0)
    with pytest.raises(ValueError, match=r"X holds nan in row 2, column 'x1'"):
        attribute(network, [[1.0, 2.0], [np.nan, 1.0]])
    with pytest.raises(ValueError, match=r"baseline holds inf in row 1, column 'x2'"):
        attribute(network, [[1.0, 2.0]], baseline=[1.0, np.inf])
    for method in METHODS:
        found = attribute(network, np.zeros((0, 2)), method)
        assert found.values.shape == (0, 2)
        assert "no rows" in str(found)
        assert found.to_dict()["rows"] == []


def test_of_several_numbers_one_is_chosen():
    network = Network([3, 4, 2], "relu", seed=0)
    with pytest.raises(ValueError, match=r"2 numbers.*output=0 to 1"):
        attribute(network, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="output is 2"):
        attribute(network, [1.0, 2.0, 3.0], output=2)
    found = attribute(network, [1.0, 2.0, 3.0], output=1)
    assert found.outputs[0] == pytest.approx(network.predict([1.0, 2.0, 3.0])[1])


# --- permutation importance ---------------------------------------------------------------------


def test_importance_is_scikit_learns(digits):
    X, y = digits
    model = MLPClassifier((20,), learning_rate_init=0.02, random_state=0, early_stopping=True)
    model.fit(X[:500], y[:500])
    found = permutation_importance(model, X[500:700], y[500:700], n_repeats=2, random_state=1)
    own = sklearns(model, X[500:700], y[500:700], n_repeats=2, random_state=1)
    order = [int(name[1:]) - 1 for name in found.columns]
    np.testing.assert_array_equal(found.importance, own.importances_mean[order])
    np.testing.assert_array_equal(found.std, own.importances_std[order])
    assert found.score == model.score(X[500:700], y[500:700])
    assert (np.diff(found.importance) <= 0.0).all()
    assert max(map(len, str(found).splitlines())) <= 80


def test_importance_is_of_a_tables_columns_for_a_predictor_and_a_bag(predictor, bags, frames):
    rows = frames["adult"][4000:4500]
    table, answers = rows.drop("column_15"), rows["column_15"].to_numpy()
    found = permutation_importance(predictor[0], table, answers, random_state=0)
    assert set(found.columns) == set(table.columns)
    assert found.score == np.mean(predictor[0].predict(table) == answers)
    assert found.importance[0] > 0.01
    by_loss = permutation_importance(
        predictor[0], table, answers, scoring="neg_log_loss", random_state=0, n_repeats=2
    )
    assert by_loss.scoring == "neg_log_loss"
    assert by_loss.score < 0.0
    bag = bags["adult"][0]
    own = bag.permutation_importance(rows, random_state=0, n_repeats=2)
    found = permutation_importance(bag, rows, random_state=0, n_repeats=2)
    assert list(found.columns) == own["column"].tolist()
    np.testing.assert_array_equal(found.importance, own["importance"])
    assert found.score == bag.score(table, answers)


def test_importance_needs_answers_as_many_as_rows():
    network = Network([2, 1], seed=0)
    with pytest.raises(ValueError, match="y is None"):
        permutation_importance(network, [[1.0, 2.0]])
    with pytest.raises(ValueError, match="1 rows and y has 2"):
        permutation_importance(network, [[1.0, 2.0]], [1.0, 2.0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_importance_of_several_quantiles_is_by_their_pinball_loss():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = 2.0 * X[:, 1] + 0.1 * rng.normal(size=200)
    model = MLPRegressor(
        "quantile", (8,), quantile=[0.1, 0.5, 0.9], solver="lbfgs", max_iter=100, random_state=0
    )
    for made in (model, make_pipeline(StandardScaler(), clone(model))):
        made.fit(X, y)
        found = permutation_importance(made, X, y, random_state=0)
        assert found.columns[0] == "x2"
        assert found.importance[0] > 0.5 > 10 * found.importance[1]
        each = [
            d2_pinball_score(y, made.predict(X)[:, j], alpha=q)
            for j, q in enumerate([0.1, 0.5, 0.9])
        ]
        assert found.score == pytest.approx(np.mean(each))
        assert "D2" in str(found)
