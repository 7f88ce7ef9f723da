"""Decision boundaries, and the moons by hidden size and by lambda, against what models predict."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.colors import to_hex
from sklearn.datasets import make_blobs

from pellucid import MLPClassifier, MLPRegressor, Network, TabularClassifier, datasets, one_hot
from pellucid.encoding import TableEncoding
from pellucid.plots import (
    DecisionBoundaryDisplay,
    moons_comparison,
    regularisation_strip,
    side_by_side,
    theme,
)
from pictures import assert_readable

# Models are trained for as long as a picture needs, which is not until they are done.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

MOONS = datasets.load("moons")
IRIS = datasets.load("iris")


@pytest.fixture(scope="module")
def moons():
    network = Network([2, 20, 2], "tanh", "softmax", seed=0)
    network.train(MOONS.X, MOONS.y, solver="lbfgs", epochs=100)
    return network


def test_the_mesh_is_what_the_model_predicts_there(moons):
    display = DecisionBoundaryDisplay.from_estimator(moons, MOONS.X, MOONS.y, resolution=40)
    across, up = np.meshgrid(display.x0, display.x1)
    p = moons.predict(np.column_stack([across.ravel(), up.ravel()]))
    assert np.array_equal(display.surface_.get_array().ravel(), p.argmax(axis=1))
    assert np.allclose(display.surface_.get_alpha().ravel(), 0.1 + 0.4 * (2 * p.max(axis=1) - 1))
    assert display.x0[0] < MOONS.X[:, 0].min() < MOONS.X[:, 0].max() < display.x0[-1]


def test_points_are_the_data_by_class_and_the_title_the_hidden_size(moons):
    display = DecisionBoundaryDisplay.from_estimator(moons, MOONS.X, MOONS.y)
    for c, (colour, _) in enumerate(theme().styles(2)):
        of_c = [p for p in display.points_ if to_hex(p.get_facecolor()[0]) == colour]
        drawn = np.concatenate([p.get_offsets() for p in of_c])
        expected = MOONS.X[MOONS.y == c]
        assert np.array_equal(drawn[np.lexsort(drawn.T)], expected[np.lexsort(expected.T)])
    assert display.ax_.get_title() == "hidden 20"
    assert [t.get_text() for t in display.ax_.get_legend().get_texts()] == ["0", "1"]


def test_columns_that_are_not_drawn_hold_their_medians():
    frame = pd.DataFrame(IRIS.X, columns=list(IRIS.feature_names))
    labels = np.array(IRIS.class_names)[IRIS.y]
    model = MLPClassifier((6,), solver="lbfgs", max_iter=20, random_state=0)
    model.fit(frame, labels)
    pair = ("petal width (cm)", "sepal length (cm)")
    for features in (pair, (3, 0)):
        display = DecisionBoundaryDisplay.from_estimator(
            model, frame, labels, features=features, resolution=20
        )
        assert display.names == pair
        row = frame.median()
        row[pair[0]], row[pair[1]] = display.x0[7], display.x1[13]
        p = model.predict_proba(row.to_frame().T)[0]
        assert display.answers[13, 7] == pytest.approx(p, rel=1e-9)
        assert display.ax_.get_title().endswith("2 other columns held at their medians")
    assert display.classes == ("setosa", "versicolor", "virginica")


def test_columns_of_text_hold_what_is_most_frequent_and_are_no_axis():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({
        "age": rng.integers(18, 80, 120), "pay": rng.normal(10, 3, 120),
        "work": rng.choice(["none", "own", "own", "state"], 120),
    })  # fmt: skip
    y = np.where(frame["pay"].to_numpy() + frame["age"].to_numpy() / 10 > 15, "yes", "no")
    model = TabularClassifier(
        hidden_layer_sizes=(8,), bag=2, min_steps=50, max_epochs=5, random_state=0
    ).fit(frame, y)
    display = DecisionBoundaryDisplay.from_estimator(
        model, frame, y, features=("age", "pay"), resolution=15
    )
    row = pl.DataFrame({"age": [display.x0[3]], "pay": [display.x1[9]], "work": ["own"]})
    assert display.answers[9, 3] == pytest.approx(model.predict_proba(row)[0], rel=1e-5)
    with pytest.raises(ValueError, match=r"'work' holds no numbers.*choose two of 'age', 'pay'"):
        DecisionBoundaryDisplay.from_estimator(model, frame, y, features=("age", "work"))


def test_a_pipeline_of_a_table_and_a_model_file_serve_too(tmp_path):
    from sklearn.pipeline import make_pipeline

    import pellucid

    frame = pl.DataFrame({
        "x": MOONS.X[:, 0], "z": MOONS.X[:, 1], "hue": np.tile(["red", "blue"], 100)
    })  # fmt: skip
    model = make_pipeline(
        TableEncoding(), MLPClassifier((5,), solver="lbfgs", max_iter=15, random_state=0)
    )
    model.fit(frame, MOONS.y)
    pellucid.save(model, tmp_path / "moons.safetensors")
    given = {"features": ("x", "z"), "resolution": 12}
    shown = [
        DecisionBoundaryDisplay.from_estimator(one, frame, MOONS.y, **given).answers
        for one in (model, tmp_path / "moons.safetensors")
    ]
    assert np.allclose(*shown)


def test_a_number_predicted_is_a_surface_with_a_colour_bar():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (200, 2))
    y = 50 + 10 * X[:, 0] * X[:, 1]
    model = MLPRegressor(hidden_layer_sizes=(10,), solver="lbfgs", max_iter=50, random_state=0)
    model.fit(X, y)
    display = DecisionBoundaryDisplay.from_estimator(model, X, y, resolution=25)
    across, up = np.meshgrid(display.x0, display.x1)
    surface = model.predict(np.column_stack([across.ravel(), up.ravel()]))
    assert np.allclose(display.surface_.get_array().ravel(), surface)
    (points,) = display.points_
    assert np.array_equal(points.get_array(), y)
    assert points.get_clim() == display.surface_.get_clim()
    assert len(display.figure_.axes) == 2
    assert display.figure_.axes[1].get_ylabel() == "target"


@pytest.mark.parametrize("style", ["light", "dark"])
@pytest.mark.parametrize("k", [2, 6, 7, 100])
def test_up_to_a_hundred_classes_are_told_apart_and_no_names_overlap(k, style):
    side = int(np.ceil(np.sqrt(k)))
    centres = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)[:k]
    X, y = make_blobs(10 * k, centers=centres.astype(float), cluster_std=0.15, random_state=0)
    nearest = Network([2, k], output_activation="softmax", seed=0)  # -|x - c|^2, up to |x|^2
    nearest.weights = [8.0 * centres.T.astype(float)]
    nearest.biases = [-4.0 * (centres**2).sum(axis=1).astype(float)]
    display = DecisionBoundaryDisplay.from_estimator(
        nearest, X, y, style=style, heading=f"{k} classes with names of some length"
    )
    assert {*np.unique(display.surface_.get_array()).astype(int)} == {*range(k)}
    looks = {
        (tuple(p.get_facecolor()[0]), p.get_paths()[0].vertices.tobytes()) for p in display.points_
    }
    assert len(looks) == k
    assert_readable(display.figure_, style)
    if k > 20:
        assert display.ax_.get_legend() is None
        assert len(display.ax_.texts) >= 0.7 * k
    else:
        assert len(display.ax_.get_legend().get_texts()) == k


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ((0, 4), "there is no column 4: expected 0 to 3"),
        ((0, "x9"), "takes no column 'x9'"),
        ((0, 0), "expected two columns"),
        ((0, 1, 2), "expected two columns"),
    ],
)
def test_what_is_no_plane_is_refused(features, message):
    with pytest.raises(ValueError, match=message):
        DecisionBoundaryDisplay.from_estimator(Network([4, 3, 1]), IRIS.X, features=features)


def test_of_many_columns_those_that_move_the_answer_are_drawn():
    network = Network([5, 1], output_activation="identity", seed=0)
    network.weights = [np.array([[0.1], [5.0], [100.0], [0.0], [-3.0]])]
    X = np.random.default_rng(0).normal(size=(60, 5))
    X[:, 2] = 7.0  # the weightiest column is constant
    display = DecisionBoundaryDisplay.from_estimator(network, X, resolution=5)
    assert display.names == ("x2", "x5")
    with pytest.raises(ValueError, match="1 of the model's columns hold numbers that differ"):
        DecisionBoundaryDisplay.from_estimator(network, np.where(np.arange(5) == 1, X, 0.0))


def test_rows_on_one_spot_are_all_seen_and_a_long_tail_does_not_stretch_the_plane():
    draws = np.random.default_rng(0)
    X = np.column_stack([draws.choice([0.0, 1.0], 600), draws.choice([0.0, 50.0], 600)])
    X[0] = 1.0, 99_999.0
    y = (draws.random(600) < 0.2).astype(int)
    network = Network([2, 2], output_activation="softmax", seed=0)
    display = DecisionBoundaryDisplay.from_estimator(network, X, y, resolution=9)
    assert (display.x0[0], display.x1[0]) == (0.0, 0.0)  # nothing is below 0
    assert display.x1[-1] < 100
    assert display.outside == 1
    assert display.ax_.get_title().endswith("1 row beyond the edges")
    drawn = np.concatenate([points.get_offsets() for points in display.points_])
    assert len(np.unique(drawn, axis=0)) == len(drawn) == 599
    colours = [to_hex(points.get_facecolor()[0]) for points in display.points_]
    first = colours[0]
    assert first in colours[2:]  # by turns, so that neither class is over the other
    low, high = display.ax_.get_xlim()
    assert low < drawn[:, 0].min() < drawn[:, 0].max() < high


@pytest.mark.parametrize("style", ["light", "dark"])
def test_long_names_of_a_hundred_classes_stay_apart_and_within_the_plane(style):
    side = np.arange(10.0)
    centres = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    nearest = Network([2, 100], output_activation="softmax", seed=0)
    nearest.weights, nearest.biases = [8.0 * centres.T], [-4.0 * (centres**2).sum(axis=1)]
    names = [f"class number {i} with a quite long name" for i in range(100)]
    display = DecisionBoundaryDisplay.from_estimator(nearest, centres, np.arange(100), style=style)
    display.classes = tuple(names)
    display.plot(style=style)
    assert_readable(display.figure_, style)
    written = [text.get_text() for text in display.ax_.texts]
    assert len(set(written)) == len(written) > 20
    frame = display.ax_.get_window_extent()
    for text in display.ax_.texts:
        box = text.get_window_extent()
        assert frame.x0 - 1 <= box.x0 < box.x1 <= frame.x1 + 1, text.get_text()


def test_axes_of_another_kind_are_refused():
    axes = side_by_side(2)[1]
    with pytest.raises(TypeError, match="ax is a list: expected one matplotlib Axes"):
        DecisionBoundaryDisplay(MOONS.X[:2, 0], MOONS.X[:2, 1], np.ones((2, 2, 1))).plot(axes)


def test_labels_that_the_model_does_not_know_are_refused(moons):
    with pytest.raises(ValueError, match="y holds 7"):
        DecisionBoundaryDisplay.from_estimator(moons, MOONS.X, MOONS.y + 7)


def test_several_classes_at_once_have_no_boundary():
    model = MLPClassifier((3,), max_iter=2, random_state=0)
    model.fit(MOONS.X, np.column_stack([MOONS.y, 1 - MOONS.y, MOONS.y]))
    with pytest.raises(ValueError, match="several classes at once"):
        DecisionBoundaryDisplay.from_estimator(model, MOONS.X)


# --- the moons --------------------------------------------------------------------------------


def accuracy(network, X, y):
    return float(np.mean(network.predict(X).argmax(axis=1) == y))


def test_the_moons_comparison_has_the_published_networks_in_its_panels():
    other = datasets.load("moons", n=10_000, seed=1)
    display = moons_comparison(hidden=[1, 3, 5])
    assert display.labels == ("hidden 1", "hidden 3", "hidden 5")
    assert [net.architecture.layers[0].n_out for net in display.networks] == [1, 3, 5]
    for net, (train, held), panel in zip(
        display.networks, display.accuracies, display.axes_, strict=True
    ):
        assert (net.objective.alpha, net.loss.name) == (0.001, "binary_cross_entropy")
        assert train == accuracy(net, MOONS.X, MOONS.y)
        assert held == accuracy(net, other.X, other.y)
        assert panel.get_title().endswith(f"train {train:.3f}, held out {held:.3f}")
    published = display.networks[1]
    cost = published.loss_and_gradient(MOONS.X, one_hot(MOONS.y, 2))[0]
    assert cost == pytest.approx(0.1341964116, abs=1e-4)
    assert display.accuracies[1][0] == 0.98
    assert "held out" in str(display)


def test_by_default_there_is_a_panel_for_each_published_size():
    display = moons_comparison(epochs=30, style="dark")
    assert_readable(display.figure_, "dark")
    titles = [panel.get_title().split("\n")[0] for panel in display.axes_]
    assert titles == [f"hidden {n}" for n in (1, 2, 3, 4, 5, 10, 20, 50)]


def test_the_strip_goes_from_over_fitting_to_learning_nothing_and_is_best_at_a_hundredth():
    display = regularisation_strip(solver="lbfgs")
    strengths = [net.objective.alpha for net in display.networks]
    assert (strengths[0], strengths[-1]) == (0.0, 10.0)
    train, held = np.array(display.accuracies).T
    assert train[0] == 1.0
    assert train[-1] < 0.85
    assert strengths[int(held.argmax())] == 0.01
    assert held[strengths.index(0.01)] == pytest.approx(0.9635, abs=0.006)
    assert held[strengths.index(0.001)] == pytest.approx(0.9488, abs=0.006)
    assert held[strengths.index(1.0)] == pytest.approx(0.8640, abs=0.006)
    mesh = display.boundaries[2].surface_.get_array()
    x0, x1 = display.boundaries[2].x0, display.boundaries[2].x1
    grid = np.stack(np.meshgrid(x0, x1), -1).reshape(-1, 2)
    assert np.array_equal(mesh.ravel(), display.networks[2].predict(grid).argmax(axis=1))


def test_points_of_ones_own_are_scaled_and_a_quarter_held_out():
    X, y = IRIS.X[:, 2:] * 1000, np.array(IRIS.class_names)[IRIS.y]
    display = moons_comparison(X, y, hidden=[1, 4], solver="lbfgs", epochs=60)
    assert all(len(boundary.X) == 112 for boundary in display.boundaries)
    assert display.accuracies[1][1] > 0.9
    assert display.boundaries[0].classes == ("setosa", "versicolor", "virginica")
    judged = moons_comparison(X[::2], y[::2], hidden=[3], held_out=(X[1::2], y[1::2]), epochs=40)
    assert len(judged.boundaries[0].X) == 75


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X": IRIS.X, "y": IRIS.y}, r"X has shape \(150, 4\): expected two columns"),
        ({"X": MOONS.X}, "X and y go together"),
        ({"X": MOONS.X, "y": MOONS.y[:9]}, "expected a class for each of 200"),
        ({"X": MOONS.X, "y": MOONS.y * 0}, "all points are of class 0: nothing to tell apart"),
        ({"hidden": []}, "nothing to compare"),
    ],
)
def test_what_cannot_be_compared_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        moons_comparison(**given)
