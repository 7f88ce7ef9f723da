"""The network diagram: its lines are theta's weights, in the SVG text as in matplotlib."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import polars as pl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pellucid import (
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Recipe,
    TabularRegressor,
    datasets,
    save,
)
from pellucid.plots import THEMES, NetworkDisplay
from pellucid.plots.lettering import width_of
from pellucid.subject import subject_of

# Models are trained for as long as a picture needs, which is not until they are done.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SVG = "{http://www.w3.org/2000/svg}"
IRIS = datasets.load("iris")
LONG = "a column whose name tells at great length what it holds, number "


def lines_of(root, layer):
    """(source, target, weight, width, class) of each line of a layer."""
    return [
        (int(e.get("data-from")), int(e.get("data-to")), float(e.get("data-weight")),
         float(e.get("stroke-width")), e.get("class").split())
        for e in root.iter(f"{SVG}line") if e.get("data-layer") == str(layer)
    ]  # fmt: skip


def texts_of(root):
    return ["".join(t for t in e.itertext() if t).strip() for e in root.iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def iris():
    model = MLPClassifier((5,), activation="tanh", solver="lbfgs", max_iter=30, random_state=0)
    return model.fit(IRIS.X, np.array(IRIS.class_names)[IRIS.y])


def test_every_line_of_the_svg_is_a_weight_and_every_weight_a_line(iris):
    root = ET.fromstring(NetworkDisplay.of(iris).to_svg())
    network = subject_of(iris).network
    for layer, W in enumerate(network.weights, 1):
        lines = lines_of(root, layer)
        assert len(lines) == W.size
        for source, target, weight, width, classes in lines:
            assert weight == W[source, target]
            assert ("negative" in classes) == (weight < 0)
            assert width == pytest.approx(0.35 + 4.15 * abs(weight) / np.abs(W).max(), abs=0.006)


def test_every_unit_of_the_svg_has_its_bias_and_its_activation_for_the_row(iris):
    root = ET.fromstring(NetworkDisplay.of(iris, IRIS.X[70]).to_svg())
    network = subject_of(iris).network
    trace = network.trace(IRIS.X[70:71])
    values = [trace.x[0], *trace.a]
    units = [e for e in root.iter(f"{SVG}g") if e.get("data-place")]
    assert len(units) == 4 + 5 + 3
    for unit in units:
        layer, place = int(unit.get("data-layer")), int(unit.get("data-place"))
        assert float(unit.get("data-a")) == values[layer][0, place]
        if layer:
            assert float(unit.get("data-z")) == trace.z[layer - 1][0, place]
            assert float(unit.get("data-b")) == network.biases[layer - 1][place]


def test_a_tooltip_multiplies_rightly(iris):
    root = ET.fromstring(NetworkDisplay.of(iris, IRIS.X[70]).to_svg())
    titles = [line.find(f"{SVG}title").text for line in root.iter(f"{SVG}line") if len(line)]
    assert len(titles) == 4 * 5 + 5 * 3
    for title in titles:
        a, w, product = (
            float(part.replace("−", "-"))
            for part in re.search(r"; (\S+) × (\S+) = (\S+)$", title).groups()
        )
        assert a * w == pytest.approx(product, rel=2e-4)
    assert titles[0].startswith("x1 → unit ") or " → " in titles[0]


def test_the_answer_beside_the_outputs_is_the_models(iris):
    shares = iris.predict_proba(IRIS.X[70:71])[0]
    said = texts_of(ET.fromstring(NetworkDisplay.of(iris, IRIS.X[70]).to_svg()))
    for name, share in zip(iris.classes_, shares, strict=True):
        shown = next(text for text in said if text.startswith(f"{name}: "))
        assert float(shown.removeprefix(f"{name}: ").removesuffix(" %")) == pytest.approx(
            100 * share, abs=0.51
        )
    root = ET.fromstring(NetworkDisplay.of(iris, IRIS.X[70]).to_svg())
    bold = [e.text for e in root.iter(f"{SVG}text") if e.get("class") == "answer"]
    assert [text.split(":")[0] for text in bold] == iris.predict(IRIS.X[70:71]).tolist()


def test_lines_and_units_of_matplotlib_are_those_of_theta(iris):
    display = NetworkDisplay.from_estimator(iris, IRIS.X[70])
    light = THEMES["light"]
    for W, lines in zip(subject_of(iris).network.weights, display.lines_, strict=True):
        weights = np.sort(np.abs(W), axis=None)
        widths = np.array(lines.get_linewidths())
        assert np.allclose(widths, 0.75 * (0.35 + 4.15 * weights / weights[-1]))
        from matplotlib.colors import to_hex

        blue = [to_hex(c) == light.below_to_above[-2] for c in lines.get_colors()]
        assert sum(blue) == (W >= 0).sum()
    assert len(display.units_.get_offsets()) == 12
    drawn = {text.get_text() for text in display.ax_.texts}
    assert {"inputs", "layer 1", "outputs", "5 tanh", "3 softmax", "positive weight"} <= drawn


def test_a_regressors_row_is_shown_raw_and_scaled_and_its_answer_in_its_own_unit():
    exam = datasets.load("exam")
    predictor = Predictor.fit(exam.table(), recipe=Recipe(settings={"epochs": 50})).predictor
    row = {"hours studied": [2.0], "hours slept": [9.0]}
    said = texts_of(ET.fromstring(NetworkDisplay.of(predictor, row).to_svg()))
    assert {"hours studied = 2", "hours slept = 9"} <= {*said}
    answer = subject_of(predictor).answers(pl.DataFrame(row))[0, 0]
    shown = next(text for text in said if text.startswith("score = "))
    assert float(shown.removeprefix("score = ")) == pytest.approx(answer, rel=1e-3)


def test_wide_layers_are_condensed_to_what_matters_most_and_count_the_rest():
    digits = datasets.load("digits")
    network = Network([64, 100, 10], "sigmoid", "softmax", scale_inputs=True, seed=0)
    row = digits.X[:1] / 16
    diagram = NetworkDisplay.of(network, row, max_units=8).diagram
    assert [w.text for w in diagram.words if w.role == "more"] == [
        "… 57 more", "… 57 more", "… 93 more", "… 3 more"
    ]  # fmt: skip
    trace = network.trace(row)
    for layer in (2, 3):  # the last two
        shown = [unit.place for unit in diagram.units if unit.layer == layer]
        a = trace.a[layer - 1][0]
        matter = a if layer == 3 else np.abs(a) * np.linalg.norm(network.weights[-1], axis=1)
        assert shown == sorted(np.argsort(-matter)[:7].tolist())
    scaled = [(e.source, e.target, e.weight) for e in diagram.edges if e.layer == 1]
    assert all(i == j and w == network.parameters["layer1.s"][i] for i, j, w in scaled)
    assert len(scaled) == 7


def test_each_network_of_a_bag_is_shown_and_the_answer_is_the_bags(tmp_path):
    rng = np.random.default_rng(0)
    X = pl.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["u", "v"], 80)})
    y = X["a"].to_numpy() * 3 + 1
    bag = TabularRegressor(
        hidden_layer_sizes=(8,), bag=2, bins=0, min_steps=40, max_epochs=5, random_state=0
    ).fit(X, y)
    save(bag, tmp_path / "bag.pellucid")
    answer = bag.predict(X[:1])[0]
    for number, network in enumerate(subject_of(bag).networks, 1):
        display = NetworkDisplay.of(tmp_path / "bag.pellucid", X[:1], network=number)
        root = ET.fromstring(display.to_svg())
        last = len(network.architecture.layers)
        W = np.asarray(network.weights[-1])
        assert all(w == W[i, j] for i, j, w, *_ in lines_of(root, last))
        said = texts_of(root)
        assert f"network {number} of 2; the answer is that of all together" in said
        shown = next(text for text in said if text.startswith("target = "))
        assert float(shown[9:].replace("−", "-")) == pytest.approx(answer, rel=1e-3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": [[1.0, 2.0], [3.0, 4.0]]}, "x has 2 rows"),
        ({"network": 2}, "network is 2: the model has 1"),
        ({"max_units": 1}, "max_units is 1: expected 2 or more"),
    ],
)
def test_what_cannot_be_drawn_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        NetworkDisplay.of(Network([2, 3, 1]), **given)


CASES = [
    Network([2, 3, 2], seed=0),
    Network([1, 1], bias=False, seed=0),
    Network([10, 12, 10], "tanh", "softmax", scale_inputs=True, seed=0),
    Network([100, 150, 100], "sigmoid", "softmax", seed=0),
    Network([5, 4, 4, 4, 4, 4, 4, 1], "tanh", "sigmoid", seed=0),
]


def overlapping(boxes):
    """Pairs of texts that lie on one another by more than a hair."""
    return [
        (one, other)
        for i, (one, a) in enumerate(boxes)
        for other, b in boxes[i + 1 :]
        if min(a[2], b[2]) - max(a[0], b[0]) > 0.5 and min(a[3], b[3]) - max(a[1], b[1]) > 0.5
    ]


@pytest.mark.parametrize("network", CASES, ids=str)
@pytest.mark.parametrize("max_units", [12, 100])
@pytest.mark.parametrize("with_row", [False, True])
def test_no_texts_lie_on_one_another_however_long_the_names(network, max_units, with_row):
    n, k = network.architecture.n_inputs, network.architecture.n_outputs
    from pellucid.plots.laying_out import lay_out

    row = np.linspace(-2, 2, n).reshape(1, -1) if with_row else None
    names = [f"{LONG}{i}" for i in range(n)]
    classes = [f"{LONG}{i}" for i in range(k)]
    raw = [f"{i / 7:.3f}" for i in range(n)] if with_row else None
    answers = [[(name, ": 12 %", i == 1)] for i, name in enumerate(classes)] if with_row else None
    display = NetworkDisplay(
        lay_out(network, names, classes, row, raw, answers, "network 1 of 3", max_units)
    ).plot()
    canvas = FigureCanvasAgg(display.figure_)
    canvas.draw()
    sheet = display.figure_.bbox
    boxes = []
    for text in display.ax_.texts:
        if text.get_text():
            box = text.get_window_extent(canvas.get_renderer())
            assert sheet.x0 <= box.x0
            assert box.x1 <= sheet.x1
            boxes.append((text.get_text(), (box.x0, box.y0, box.x1, box.y1)))
    assert overlapping(boxes) == []


@pytest.mark.parametrize("network", CASES, ids=str)
def test_what_letters_take_up_is_reckoned_with_some_to_spare(network):
    """As the SVG is laid out by, against what DejaVu Sans takes up in truth."""
    from matplotlib.textpath import TextPath

    for words in NetworkDisplay.of(network).diagram.words:
        true = TextPath((0, 0), words.text, size=words.size).get_extents().width
        assert true <= width_of(words.text, words.size) * 1.02
        assert width_of(words.text, words.size) <= true * 1.4 + 4


def test_letters_are_as_large_as_a_given_axes_has_room_for():
    sizes = []
    for width in (3.0, 6.0):
        ax = Figure(figsize=(width, width), layout="constrained").add_subplot()
        display = NetworkDisplay.of(Network([3, 4, 2], seed=0)).plot(ax)
        assert display.ax_ is ax
        sizes.append(max(text.get_fontsize() for text in ax.texts))
    assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.1)


def test_both_grounds_are_in_one_svg_and_each_alone_when_asked_for(iris):
    display = NetworkDisplay.of(iris)
    light, dark = THEMES["light"], THEMES["dark"]
    both = display.to_svg()
    rest, after = both.split("@media(prefers-color-scheme:dark)")
    assert light.ground in rest
    assert dark.ground not in rest
    assert dark.ground in after.split("</style>")[0]
    for style in ("light", "dark"):
        text = display.to_svg(style)
        assert "@media" not in text
        assert THEMES[style].ground in text
        assert ET.fromstring(text).get("class") == f"pellucid-network {style}"
        assert display.plot(style=style).figure_.get_facecolor() is not None
    assert "<svg" in display._repr_html_()
    with pytest.raises(ValueError, match="style is 'lihgt'"):
        display.to_svg("lihgt")


def test_names_of_markup_and_of_mathematics_stay_what_they_are():
    model = MLPRegressor(hidden_layer_sizes=(2,), max_iter=2, random_state=0)
    X = pl.DataFrame({"a<b & c": [1.0, 2.0, 3.0], "$x$_1": [1.0, 0.0, 1.0]})
    model.fit(X, [1.0, 2.0, 3.0])
    display = NetworkDisplay.of(model)
    assert {"a<b & c", "$x$_1"} <= {*texts_of(ET.fromstring(display.to_svg()))}
    display.plot().figure_.savefig("/dev/null", format="png")
