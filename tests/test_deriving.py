"""The eleven equations of any network: run, read back from print, and held to the engine."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mathematics import NUMPY, Latex, latex_of
from pellucid import ACTIVATIONS, LOSSES, Network, datasets
from pellucid.deriving import derivation
from pellucid.deriving.formula import write
from pellucid.deriving.functions import ACTIVATION_FORMULAS, LOSS_FORMULAS, MIXING, Slopes
from pellucid.deriving.notation import LATEX, MATHML
from pellucid.losses import loss

RUNNING = NUMPY | {
    "maximum": np.maximum, "sum": np.sum, "rowsum": NUMPY["sum_k"], "colsum": NUMPY["sum_i"],
    "scale": NUMPY["lambda_"],
}  # fmt: skip


def evaluate(formula, **names):
    return eval(formula, {"__builtins__": {}}, RUNNING | names)


def readings(formula):
    """A formula as it is run, as LaTeX says it, and as MathML says it."""
    (from_latex,) = Latex(write(formula, LATEX)).sides()
    (from_mathml,) = Latex(latex_of(write(formula, MATHML))).sides()
    return formula, from_latex, from_mathml


def assert_is_the_activation(name, formulas):
    """Value and slope are those of the library, and the slope is that of the value."""
    z = np.random.default_rng(0).normal(0.0, 2.0, size=(5, 4))
    a = ACTIVATIONS[name].forward(z)
    slope = ACTIVATIONS[name].backward(np.ones_like(z), z, a)
    h = 1e-6
    for value, derivative in zip(*map(readings, formulas[:2]), strict=True):
        np.testing.assert_allclose(evaluate(value, z=z), a, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(
            np.broadcast_to(evaluate(derivative, z=z, a=a), z.shape), slope, rtol=1e-11, atol=1e-13
        )
        central = (evaluate(value, z=z + h) - evaluate(value, z=z - h)) / (2 * h)
        np.testing.assert_allclose(central, slope, rtol=1e-6, atol=1e-8)


PLAIN = [name for name in ACTIVATIONS if name != "softmax"]


@pytest.mark.parametrize("name", PLAIN)
def test_every_activation_is_written_as_it_is_computed(name):
    assert_is_the_activation(name, ACTIVATION_FORMULAS[name])


def test_softmax_is_written_as_it_is_computed():
    rng = np.random.default_rng(0)
    z, da = rng.normal(size=(2, 5, 4))
    a = ACTIVATIONS["softmax"].forward(z)
    dz = ACTIVATIONS["softmax"].backward(da, z, a)
    for value, back in zip(
        readings(ACTIVATION_FORMULAS["softmax"].value), readings(MIXING), strict=True
    ):
        np.testing.assert_allclose(evaluate(value, z=z), a, rtol=1e-12)
        np.testing.assert_allclose(evaluate(back, a=a, da=da), dz, rtol=1e-11, atol=1e-14)


WITH = {"huber": {"delta": 0.7}, "quantile": {"quantile": [0.1, 0.5, 0.8]}}


def assert_is_the_loss(name, formulas):
    rng = np.random.default_rng(1)
    a, y = rng.uniform(0.05, 0.95, size=(2, 6, 3))
    if name in ("huber", "quantile", "absolute_error"):
        a = a * 4
    chosen = loss(name, **WITH.get(name, {}))
    letters = {"delta": 0.7, "q": np.array([0.1, 0.5, 0.8]), "y": y}
    h = 1e-6
    for value, derivative in zip(*map(readings, formulas[:2]), strict=True):
        rows = evaluate(value, a=a, **letters).sum(axis=1)
        np.testing.assert_allclose(rows, chosen.value(a, y), rtol=1e-12)
        slope = chosen.gradient(a, y)
        np.testing.assert_allclose(evaluate(derivative, a=a, **letters), slope, rtol=1e-11)
        up, down = (evaluate(value, a=a + step, **letters) for step in (h, -h))
        np.testing.assert_allclose((up - down) / (2 * h), slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_written_as_it_is_computed(name):
    assert_is_the_loss(name, LOSS_FORMULAS[name])


@pytest.mark.parametrize("name", PLAIN)
def test_a_slip_in_an_activation_would_be_found(name):
    value, derivative, _ = ACTIVATION_FORMULAS[name]
    for wrong in (
        Slopes(f"({value}) + 0.001", derivative),
        Slopes(value, f"({derivative}) * 0.99"),
    ):
        with pytest.raises(AssertionError):
            assert_is_the_activation(name, wrong)


@pytest.mark.parametrize("name", LOSSES)
def test_a_slip_in_a_loss_would_be_found(name):
    value, derivative, _ = LOSS_FORMULAS[name]
    for wrong in (Slopes(f"2 * ({value})", derivative), Slopes(value, f"-({derivative})")):
        with pytest.raises(AssertionError):
            assert_is_the_loss(name, wrong)


CLASSIFYING = {"binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}


def networks():
    """One of each activation, of each loss, and of what else changes the equations."""
    for name in PLAIN:
        yield name, Network([3, 4, 2], name, "identity", seed=1)
    yield "softmax inside", Network([3, 4, 2], "softmax", "identity", seed=1)
    for output, name in (
        ("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy"), ("exp", "poisson"),
        ("sigmoid", "squared_error"), ("softmax", "squared_error"), ("softplus", "poisson"),
        ("identity", "absolute_error"), ("identity", "quantile"), ("tanh", "huber"),
        ("softmax", "binary_cross_entropy"),
    ):  # fmt: skip
        yield f"{output} {name}", Network([3, 4, 2], "tanh", output, name, seed=1)
    smooth = {name: loss(name, label_smoothing=0.2) for name in CLASSIFYING}
    for name, output in CLASSIFYING.items():
        yield f"smooth {name}", Network([3, 3], output_activation=output, loss=smooth[name], seed=1)
    yield "quantiles", Network([3, 2], loss=loss("quantile", quantile=[0.1, 0.9]), seed=1)
    settings = {"bias": False, "reduction": "sum", "seed": 1}
    yield "sum", Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", **settings)
    decays = {"layer1.b": {"decay": 0.5}, "*.W": {"decay": 2.0}}
    yield "penalties", Network([3, 4, 2], "tanh", alpha=0.3, l1=0.2, seed=1, segments=decays)
    yield "sum and penalty", Network([3, 2], l1=0.2, reduction="sum", seed=1)
    rates = {"layer2.W": {"frozen": True}, "*.b": {"learning_rate": 0.5}}
    yield "factors", Network(
        [3, 5, 4, 2], ["relu", "selu"], "softmax", scale_inputs=True, seed=1,
        bias=[True, False, True], segments=rates,
    )  # fmt: skip
    yield "one's own", Network(
        [3, 4, 2], (np.sin, lambda da, z, a: da * np.cos(z)), "identity",
        loss=(lambda a, y: ((a - y) ** 4).sum(axis=1), lambda a, y: 4 * (a - y) ** 3), seed=1,
    )  # fmt: skip


NETWORKS = dict(networks())


@pytest.fixture(params=NETWORKS)
def network(request):
    return NETWORKS[request.param]


def given(network):
    """Every letter of which the equations begin, for five rows."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(5, network.architecture.n_inputs))
    k = network.architecture.n_outputs
    y = np.eye(k)[rng.integers(k, size=5)] if k > 1 else rng.uniform(size=(5, 1))
    if network.loss.name == "poisson":
        y = rng.poisson(2.0, size=(5, k)) + 1.0
    names = {"x_1": X, "y": y, "n": 5, "eta": 0.1, "alpha": network.objective.alpha,
             "lambda_1": network.objective.l1,
             "delta": network.loss.parameters.get("delta"),
             "q": np.array(network.loss.parameters.get("quantile", 0.5))}  # fmt: skip
    for name, array in network.parameters.items():
        layer, letter = name.removeprefix("layer").split(".")
        names[f"{letter}_{layer}"] = array
    for number, layer in enumerate(network.architecture.layers, 1):
        f = layer.activation
        names[f"f_{number}"] = f.forward
        names[f"df_{number}"] = lambda z, f=f: f.backward(np.ones_like(z), z, f.forward(z))
    names["loss"] = lambda a, y: network.loss.value(a, y)
    names["dloss"] = names["ell"] = network.loss.gradient
    return names


def gradients(network, names):
    loss, gradient = network.loss_and_gradient(names["x_1"], names["y"])
    found = {"J": loss}
    for name, array in network.per_layer(gradient).items():
        layer, letter = name.removeprefix("layer").split(".")
        found[f"d{letter}_{layer}"] = array
    return found


def run_steps(steps, names, forms):
    """Run the equations up to the gradients, each in the form that `forms` gives of it."""
    for step in steps:
        if step.number < 11:
            values = [evaluate(form, **names) for form in forms(step)]
            for value in values[1:]:
                np.testing.assert_allclose(value, values[0], rtol=1e-9, atol=1e-12)
            for target in step.target.split(" = "):
                names[target] = values[-1]


def test_the_equations_are_true_of_the_engine_in_every_form(network):
    equations = derivation(network)
    names = given(network)
    engine = gradients(network, names)
    run_steps(equations.steps, names, lambda step: step.forms)
    assert engine.keys() <= names.keys()
    for name, value in engine.items():
        np.testing.assert_allclose(names[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("form", ["latex", "mathml"])
def test_what_is_printed_says_the_same(network, form):
    printed = {}
    for step, row in zip(derivation(network).steps, derivation(network).to_dict()["steps"],
                         strict=True):  # fmt: skip
        text = row["latex"] if form == "latex" else latex_of(row["mathml"])
        sides = Latex(text).sides()
        targets = step.target.split(" = ")
        assert sides[: len(targets)] == targets
        printed[step] = sides[len(targets) :]
    names = given(network)
    names["dell"], names["ell"] = names["dloss"], names["loss"]
    engine = gradients(network, names)
    run_steps(printed, names, printed.__getitem__)
    for name, value in engine.items():
        np.testing.assert_allclose(names[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


def test_the_step_is_the_one_that_training_makes(network):
    equations, names = derivation(network), given(network)
    run_steps(equations.steps, names, lambda step: step.forms)
    for step in equations.steps:
        if step.number == 11:
            exec(step.code, {"__builtins__": {}}, names)
    moved = Network.like(network)
    moved.train_step(names["x_1"], names["y"], learning_rate=0.1)
    for name, array in moved.parameters.items():
        layer, letter = name.removeprefix("layer").split(".")
        np.testing.assert_allclose(names[f"{letter}_{layer}"], array, rtol=1e-9, atol=1e-12)


def test_the_sizes_are_those_of_the_arrays(network):
    equations, names = derivation(network), given(network)
    run_steps(equations.steps, names, lambda step: step.forms)
    told = {letter.name: letter.size for letter in equations.letters}
    for step in equations.steps:
        for name in step.names:
            if name in told:
                size = tuple(5 if part == "n" else part for part in told[name])
                assert np.shape(names[name]) == size, name
    arrays = {name for step in equations.steps for name in step.names} - told.keys()
    assert arrays <= RUNNING.keys() | names.keys()
    assert not {name for name in arrays if name in names and np.ndim(names[name])}


def test_all_eleven_are_there_in_their_order():
    network = Network([2, 3, 4, 1], "tanh", "sigmoid", "squared_error")
    numbers = [step.number for step in derivation(network).steps]
    assert numbers == [1, 2] * 3 + [3, 4, 5, 6, 7] + [8, 9, 10, 10] * 2 + [11] * 6
    flat = [step.number for step in derivation(Network([2, 1], bias=False)).steps]
    assert flat == [1, 2, 3, 4, 5, 6, 11]


def test_what_a_network_has_no_use_for_is_said(network):
    equations = derivation(network)
    numbers = {step.number for step in equations.steps}
    for number, words in ((7, "No (7): "), (8, "No (8) to (10): ")):
        for text in (str(equations), equations.to_markdown(), equations.to_html()):
            assert (number not in numbers) == (words in text)


def test_the_page_of_one_network_is_what_the_code_says():
    docs = Path(__file__).resolve().parents[1] / "docs"
    code = "import make_derivation; print(make_derivation.page(), end='')"
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=docs, capture_output=True, text=True, check=True
    )
    page = (docs / "derivation.md").read_text()
    assert made.stdout == page, "run python docs/make_derivation.py"


@pytest.mark.parametrize("name", ["sigmoid binary_cross_entropy", "softmax cross_entropy",
                                  "exp poisson", "relu"])  # fmt: skip
def test_pairs_made_for_each_other_come_to_the_difference(name):
    (step,) = [s for s in derivation(NETWORKS[name]).steps if s.number == 5]
    assert step.code == "dz_2 = 1 / n * (a_2 - y)"
    assert "made for each other" in step.why


def test_ones_own_function_of_a_known_name_is_not_taken_for_it():
    own = (lambda z: z**3, lambda da, z, a: 3 * z**2 * da)
    own[0].__name__ = "sigmoid"
    equations = derivation(Network([2, 3, 1], own, "sigmoid", "squared_error"))
    assert equations.functions[0].value is None
    assert "x_2 = a_1 = f_1(z_1)" in [step.code for step in equations.steps]


class Tags(HTMLParser):
    """Which ids there are, which links, and whatever would be fetched."""

    def __init__(self):
        super().__init__()
        self.ids, self.links, self.fetched = [], [], []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            elif name == "href" and tag == "a":
                self.links.append(value)
            elif name in ("src", "srcset") or (name == "href" and value != "data:,"):
                self.fetched.append(value)


def test_the_page_is_well_formed_and_fetches_nothing(network):
    page = derivation(network).to_html()
    tags = Tags()
    tags.feed(page)
    assert not tags.fetched
    assert len(set(tags.ids)) == len(tags.ids) == len(derivation(network).steps)
    assert {link.removeprefix("#") for link in tags.links} == set(tags.ids)
    body = page[page.index("<main>") : page.index("</main>") + 7]
    ET.fromstring(body.replace("&#160;", " "))
    assert "url(" not in page
    assert "@import" not in page
    assert "<math" in derivation(network)._repr_html_()


def test_two_derivations_in_one_notebook_have_ids_of_their_own():
    ids = []
    for name in ("tanh", "sigmoid"):
        tags = Tags()
        tags.feed(derivation(NETWORKS[name])._repr_html_())
        ids.append(set(tags.ids))
    assert ids[0]
    assert not ids[0] & ids[1]


def test_markdown_has_every_equation_with_its_number(network):
    text = derivation(network).to_markdown()
    for step, row in zip(derivation(network).steps, derivation(network).to_dict()["steps"],
                         strict=True):  # fmt: skip
        assert f"$${row['latex']} \\tag{{{step.number}}}$$" in text.splitlines()
    assert text.count("$$") % 2 == 0
    assert "|" not in "".join(row["latex"] for row in derivation(network).to_dict()["steps"])
    assert derivation(network).to_latex().count(r"\begin{equation*}") == len(
        derivation(network).steps
    )


def test_of_estimators_and_files_as_of_networks(run, tmp_path):
    from pellucid import MLPClassifier, save

    iris = datasets.load("iris")
    model = MLPClassifier((5,), activation="tanh", max_iter=5, random_state=0)
    with pytest.warns(UserWarning, match="."):
        model.fit(iris.X, iris.y)
    of_model = derivation(model)
    assert of_model.title == "4 -> 5 tanh -> 3 softmax, cross_entropy, mean over rows"
    save(model, tmp_path / "m.safetensors")
    assert derivation(tmp_path / "m.safetensors") == of_model
    assert run("derivation", "m.safetensors").out.rstrip("\n") == str(of_model)
    assert run("derivation", "m.safetensors", "--json").json == json.loads(
        json.dumps(of_model.to_dict())
    )
    for name, text in (
        ("d.md", of_model.to_markdown()), ("d.html", of_model.to_html()),
        ("d.tex", of_model.to_latex()), ("d.txt", str(of_model)),
    ):  # fmt: skip
        assert run("derivation", "m.safetensors", "--out", name).out == f"wrote {name}\n"
        assert (tmp_path / name).read_text() == text.rstrip("\n") + "\n"
    assert run("derivation", "m.safetensors", "--form", "latex").out == of_model.to_latex()
    for options, said in (
        (
            ("--form", "foo"),
            "pellucid: unknown form 'foo': known: text, markdown, latex",
        ),
        (
            ("--form", "html", "--json"),
            "pellucid: --json and --form html are two forms: ask",
        ),
    ):
        refused = run("derivation", "m.safetensors", *options)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.startswith(said)
        assert refused.err.count("\n") == 1


def test_what_has_no_derivation_is_refused(run):
    with pytest.raises(TypeError, match="int cannot be looked into"):
        derivation(3)
    refused = run("derivation", "nowhere.safetensors")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("pellucid: ")
    assert run("derivation", "d.html", "--out", "d.html").code == 2
