"""Pictures of what is inside: first weights, activations and gradients, against their numbers."""

import json

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from pellucid import MLPClassifier, Network, Predictor, Recipe, TabularClassifier, datasets
from pellucid.plots import ActivationDisplay, FirstLayerDisplay, GradientFlowDisplay, NetworkDisplay
from pellucid.subject import subject_of
from pellucid.tables import table_of
from pictures import assert_readable

# Models are trained for as long as a picture needs, which is not until they are done.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DIGITS = datasets.load("digits")
X = DIGITS.X / 16


@pytest.fixture(scope="module")
def digits():
    network = Network([64, 30, 10], "sigmoid", "softmax", seed=0)
    network.train(X[:500], DIGITS.y[:500], epochs=5)
    return network


def texts(axes):
    return [text.get_text() for ax in axes for text in ax.texts]


# --- the first layer --------------------------------------------------------------------------


def test_each_picture_is_a_units_weights_under_one_scale_around_0(digits):
    display = FirstLayerDisplay.from_estimator(digits, max_units=30)
    W = digits.weights[0]
    for unit, image in zip(range(30), display.images_, strict=True):
        assert np.array_equal(image.get_array().filled(np.nan), W[:, unit].reshape(8, 8))
        assert image.get_clim() == (-np.abs(W).max(), np.abs(W).max())
    assert display.colorbar_.mappable is display.images_[0]
    assert len(display.figure_.axes) == 2
    assert texts([display.ax_]) == [str(i + 1) for i in range(30)]


def test_of_many_units_those_with_the_largest_weights_are_shown(digits):
    display = FirstLayerDisplay.from_estimator(digits, max_units=4, style="dark")
    sizes = np.linalg.norm(digits.weights[0], axis=0)
    assert display.units == tuple(sorted(np.argsort(-sizes)[:4].tolist()))
    assert "4 of 30 units" in display.ax_.get_title()


def test_factors_of_inputs_are_multiplied_into_the_weights():
    network = Network([25, 2], scale_inputs=True, seed=0)
    network.parameters["layer1.s"][:] = np.arange(25.0)
    display = FirstLayerDisplay.from_estimator(network)
    expected = (np.arange(25.0)[:, None] * network.parameters["layer2.W"]).T.reshape(2, 5, 5)
    assert np.array_equal(display.images, expected)


def test_a_shape_may_be_given(digits):
    display = FirstLayerDisplay.from_estimator(digits, shape=(4, 16), max_units=2)
    unit = display.units[0]
    assert np.array_equal(display.images[0], digits.weights[0][:, unit].reshape(4, 16))
    with pytest.raises(
        ValueError, match=r"shape \(4, 4\) is of 16 pixels, and the model has 64 inputs"
    ):
        FirstLayerDisplay.from_estimator(digits, shape=(4, 4))


@pytest.mark.parametrize("name", ["pixel_{row}_{column}", "pixel{place}"])
def test_pixels_that_an_encoder_dropped_are_left_blank_in_their_places(name):
    """Pixels that never change are dropped: sklearn's own names tell where the others lie."""
    names = [name.format(row=i // 8, column=i % 8, place=i) for i in range(64)]
    table = table_of(DIGITS.X[:300], DIGITS.y[:300].astype(str), names, "digit")
    predictor = Predictor.fit(table, recipe=Recipe(hidden=(6,), settings={"epochs": 2})).predictor
    subject = subject_of(predictor)
    kept = [names.index(column) for column in subject.columns]
    assert len(kept) < 64
    display = FirstLayerDisplay.from_estimator(predictor)
    W = subject.network.weights[0]
    flat = display.images.reshape(len(display.images), 64)
    assert np.array_equal(flat[:, kept], W.T)
    dropped = sorted({*range(64)} - {*kept})
    assert np.isnan(flat[:, dropped]).all()


@pytest.mark.parametrize("n", [4, 13, 16, 30])
def test_models_of_no_pictures_are_refused(n):
    with pytest.raises(ValueError, match=f"{n} inputs are no square picture.*give shape"):
        FirstLayerDisplay.from_estimator(Network([n, 3, 1]))


def test_a_table_of_columns_of_its_own_is_refused():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {f"{letter}": rng.normal(size=60) for letter in "abcdefghijklmnopqrstuvwxy"}
    )
    model = MLPClassifier((3,), max_iter=2, random_state=0)
    model.fit(frame, rng.integers(0, 2, 60))
    with pytest.raises(ValueError, match="columns such as 'a' and 'y' differ"):
        FirstLayerDisplay.from_estimator(model)
    text = table_of([["a", 1.0], ["b", 2.0]] * 20, ["n", "y"] * 20, ["letter", "x"], "y")
    predictor = Predictor.fit(text, recipe=Recipe(settings={"epochs": 2})).predictor
    with pytest.raises(ValueError, match="input 'letter=a' is no pixel"):
        FirstLayerDisplay.from_estimator(predictor)


# --- activations ------------------------------------------------------------------------------


def test_histograms_count_every_activation_of_every_layer(digits):
    display = ActivationDisplay.from_estimator(digits, X, bins=25)
    trace = digits.trace(X)
    assert len(display.axes_) == 2
    for a, layer, bars in zip(trace.a, display.layers, display.bars_, strict=True):
        counts, edges = np.histogram(a, 25, (0.0, 1.0))
        assert layer.counts.sum() == a.size
        assert np.array_equal(layer.counts, counts)
        assert bars.get_data().values == pytest.approx(counts / a.size)
        assert np.array_equal(bars.get_data().edges, edges)
        near = (a <= 0.01) | (a >= 0.99)
        assert layer.saturated == near.mean()
    assert display.axes_[0].get_title().startswith("layer 1, 30 sigmoid\n")
    display.figure_.draw_without_rendering()
    for panel in display.axes_:  # heights can be read, and compared between layers
        assert any(label.get_text().endswith(" %") for label in panel.get_yticklabels())


def test_a_saturated_layer_is_noted_and_drawn_in_the_second_colour():
    network = Network([64, 30, 10], "tanh", "softmax", seed=0)
    fit, unscaled = (ActivationDisplay.from_estimator(network, rows) for rows in (X, DIGITS.X * 9))
    assert fit.layers[0].saturated < 0.01
    assert unscaled.layers[0].saturated > 0.8
    share = f"{100 * unscaled.layers[0].saturated:.0f} % saturated"
    assert share in unscaled.axes_[0].get_title()
    assert tuple(fit.bars_[0].get_facecolor()) != tuple(unscaled.bars_[0].get_facecolor())


def test_dead_units_are_counted():
    network = Network([64, 20, 10], "relu", "softmax", seed=0)
    network.biases[0][:7] = -1e3
    display = ActivationDisplay.from_estimator(network, X)
    alive = (network.trace(X).a[0] > 0).any(axis=0)
    assert display.layers[0].dead == 1 - alive.mean() == pytest.approx(0.35)
    assert "35 % of units dead" in display.axes_[0].get_title()
    assert display.layers[0].saturated is None


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_panel_a_layer_within_the_axes_that_are_given(depth):
    figure = Figure(figsize=(9, 6), layout="constrained")
    ax = figure.add_subplot(1, 2, 1)
    network = Network([64, *[8] * (depth - 1), 10], "tanh", "softmax", seed=0)
    display = ActivationDisplay.from_estimator(network, X[:50], ax=ax)
    assert len(display.axes_) == depth
    figure.draw_without_rendering()
    assert all(panel.get_position().x1 < 0.52 for panel in display.axes_)


# --- gradients --------------------------------------------------------------------------------


def test_dots_are_the_mean_and_rings_the_largest_of_the_gradient(digits):
    display = GradientFlowDisplay.from_estimator(digits, X, DIGITS.y)
    loss, gradient = digits.loss_and_gradient(X, DIGITS.y)
    parts = digits.per_layer(gradient)
    assert display.loss == pytest.approx(loss, rel=1e-12)
    assert display.names == tuple(parts)
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == list(parts)
    assert display.ax_.get_xscale() == "log"
    marks = display.marks_.get_offsets()
    dots = display.dots_.get_offsets()
    for i, part in enumerate(parts.values()):
        assert dots[i].tolist() == pytest.approx([np.abs(part).mean(), i], rel=1e-9)
        assert marks[i].tolist() == pytest.approx([np.abs(part).max(), i])


def test_a_vanishing_gradient_is_seen_by_orders_of_magnitude():
    network = Network([64, *[20] * 8, 10], "sigmoid", "softmax", seed=0)
    display = GradientFlowDisplay.from_estimator(network, X, DIGITS.y)
    weights = [m for m, name in zip(display.means, display.names, strict=True) if "W" in name]
    assert weights[-1] > 1000 * weights[0]


def test_a_gradient_of_nothing_is_written_as_0():
    network = Network([2, 3, 1], "relu", seed=0)
    network.biases[0][:] = -100.0
    display = GradientFlowDisplay.from_estimator(network, [[1.0, 1.0], [0.0, 1.0]], [1.0, 2.0])
    assert display.means[:2].tolist() == [0.0, 0.0]
    assert texts([display.ax_]).count("0") == (display.largest == 0).sum() >= 2


def test_labels_and_networks_of_a_bag_serve_as_they_come():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["u", "v"], 80)})
    y = np.where(frame["a"].to_numpy() > 0, "yes", "no")
    bag = TabularClassifier(
        hidden_layer_sizes=(8,), bag=2, bins=0, min_steps=40, max_epochs=5, random_state=0
    ).fit(frame, y)
    subject = subject_of(bag)
    targets = np.stack([y == label for label in subject.classes], axis=1).astype(float)
    for number in (1, 2):
        display = GradientFlowDisplay.from_estimator(bag, frame, y, network=number)
        network = subject.networks[number - 1]
        _, gradient = network.loss_and_gradient(subject.encode(frame), targets)
        largest = [np.abs(part).max() for part in network.per_layer(gradient).values()]
        assert display.largest == pytest.approx(largest, rel=1e-6)
        layers = ActivationDisplay.from_estimator(bag, frame, network=number).layers
        assert [layer.counts.sum() for layer in layers][-1] == 160


def test_rows_and_targets_must_be_as_many(digits):
    with pytest.raises(ValueError, match="X has 3 rows and y 2"):
        GradientFlowDisplay.from_estimator(digits, X[:3], DIGITS.y[:2])
    with pytest.raises(ValueError, match="X has no rows"):
        GradientFlowDisplay.from_estimator(digits, X[:0], DIGITS.y[:0])


# --- all of them ------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["light", "dark"])
@pytest.mark.parametrize("hidden", [[], [30], [12] * 7])
def test_all_that_is_written_can_be_read(style, hidden):
    network = Network([64, *hidden, 10], "tanh", "softmax", scale_inputs=bool(hidden), seed=0)
    for display in (
        FirstLayerDisplay.from_estimator(network, style=style),
        FirstLayerDisplay.from_estimator(network, shape=(4, 16), max_units=2, style=style),
        ActivationDisplay.from_estimator(network, X, style=style),
        GradientFlowDisplay.from_estimator(network, X, DIGITS.y, style=style),
        NetworkDisplay.from_estimator(network, style=style),
        NetworkDisplay.from_estimator(network, X[0], style=style, max_units=40),
    ):
        assert_readable(display.figure_, style)
        assert json.loads(json.dumps(display.to_dict()))["title"] == str(display)
