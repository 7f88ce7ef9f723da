"""Every line of an explanation adds up as it is printed, and says what the engine reckons."""

import cProfile
import itertools
import json
import pstats
import re

import numpy as np
import pytest

from pellucid import ACTIVATIONS, LOSSES, Network
from pellucid.activations import Activation
from printed import Interval, assert_adds_up, calculations, comes_to

RNG = np.random.default_rng(7)


def fitting_pairs():
    """Each output activation with each loss that takes what it gives."""
    for output, loss in itertools.product(ACTIVATIONS, LOSSES):
        try:
            yield Network([3, 4, 3], "tanh", output, loss, seed=1) and (output, loss)
        except ValueError:
            continue


PAIRS = list(fitting_pairs())


def target_for(network, rng):
    k = network.architecture.n_outputs
    if network.loss.normalised:
        return np.eye(k)[rng.integers(k)]
    if network.loss.target_high == 1.0:
        return rng.integers(2, size=k).astype(float)
    if network.loss.target_low == 0.0:
        return rng.poisson(2.0, size=k).astype(float)
    return rng.normal(size=k)


def assert_is_the_engines(network, x, y, explanation, rate=0.1):
    """What it shows is what trace, gradient and train_step give, in all their digits."""
    trace = network.trace(x)
    loss, gradient = network.loss_and_gradient(x, y)
    after = Network.like(network)
    after.train_step(x, y, learning_rate=rate, solver="sgd")
    slopes, new = network.per_layer(gradient), after.parameters
    eps = float(np.finfo(network.theta.dtype).eps)
    close = {"rel": 64 * eps, "abs": 64 * eps}
    seen = set()
    for line in explanation.lines:
        of, place = line.of, tuple(i - 1 for i in line.of.index)
        found = {"z": trace.z, "a": trace.a}.get(of.letter)
        if found is not None and not of.derivative:
            assert line.value == float(found[of.layer - 1][(0, *place)])
        elif of.letter in "Wbs" and of.layer and (of.new or of.derivative):
            arrays = new if of.new else slopes
            exact = arrays[f"layer{of.layer}.{of.letter}"][place]
            assert line.value == pytest.approx(float(exact), **close), of
        elif of.letter == "J" or (of.letter == "loss" and not network.objective.alpha):
            assert line.value == pytest.approx(loss, rel=1e-6 if eps > 1e-10 else 1e-12)
        seen.add((of.letter, of.derivative, of.new))
    assert {("z", False, False), ("loss", False, False), ("z", True, False)} <= seen


@pytest.mark.parametrize("digits", [4, 12])
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_lines_add_up_for_each_loss_with_each_output(pair, digits):
    output, loss = pair
    network = Network([3, 4, 3], "tanh", output, loss, seed=1)
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=3), target_for(network, rng)
    explanation = network.explain(x, y, digits=digits)
    assert assert_adds_up(str(explanation), digits) > 40
    assert_is_the_engines(network, x, y, explanation)


@pytest.mark.parametrize("engine", ["reference", "auto"])
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_lines_add_up_for_each_hidden_activation(hidden, engine):
    network = Network([4, 5, 3, 2], hidden, "identity", seed=2, engine=engine)
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=4), rng.normal(size=2)
    for digits in (4, 12):
        explanation = network.explain(x, y, digits=digits)
        assert assert_adds_up(str(explanation), digits) > 50
    assert_is_the_engines(network, x, y, explanation)


@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_slopes_are_those_of_the_activation(hidden):
    network = Network([4, 6, 1], hidden, seed=2)
    x = np.random.default_rng(5).normal(size=4)
    text = str(network.explain(x, [0.5], digits=10))
    z, step = network.trace(x).z[0][0], 1e-6
    slopes = re.findall(rf"dz(\d) = da\d \* {hidden}'\(z\d\) = \S+ \* (\S+) =", text)
    for unit, slope in slopes:
        ends = [network.architecture.layers[0].activation.forward(z + h) for h in (step, -step)]
        between = (ends[0] - ends[1])[int(unit) - 1] / (2 * step)
        assert float(slope) == pytest.approx(between, rel=1e-6, abs=1e-8)
    by_a = {"identity", "sigmoid", "tanh", "exp", "softplus", "softmax"}
    assert len(slopes) == (0 if hidden in by_a else 6)


SETTINGS = {
    "wide": ([30, 40, 20], {"output_activation": "softmax"}),
    "very wide": ([80, 40, 3], {"hidden_activation": "selu"}),
    "penalties": ([3, 4, 2], {"alpha": 0.3, "l1": 0.2}),
    "factors": (
        [3, 4, 2],
        {
            "alpha": 0.3,
            "l1": 0.2,
            "segments": {
                "layer1.W": {"learning_rate": 0.5, "decay": 0.25},
                "layer1.b": {"frozen": True},
                "layer2.b": {"decay": 2.0},
            },
        },
    ),
    "scale": ([5, 4, 2], {"scale_inputs": True, "bias": False}),
    "smoothed": (
        [3, 4, 3],
        {"output_activation": "softmax", "loss": ("cross_entropy", {"label_smoothing": 0.1})},
    ),
    "smoothed yes or no": (
        [3, 4, 2],
        {
            "output_activation": "sigmoid",
            "loss": ("binary_cross_entropy", {"label_smoothing": 0.2}),
        },
    ),
    "quantiles": ([3, 4, 2], {"loss": ("quantile", {"quantile": [0.1, 0.9]})}),
    "huber": ([3, 4, 2], {"loss": ("huber", {"delta": 0.3})}),
    "sum": ([3, 4, 2], {"reduction": "sum"}),
    "deep": ([3, 6, 6, 6, 6, 1], {"hidden_activation": "mish", "output_activation": "sigmoid"}),
    "linear": ([3, 1], {}),
    "one": ([1, 1, 1], {"hidden_activation": "sigmoid"}),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SETTINGS)
def test_lines_add_up_for_networks_of_many_kinds(name, dtype):
    from pellucid.losses import loss

    sizes, settings = SETTINGS[name]
    settings = dict(settings)
    if isinstance(settings.get("loss"), tuple):
        settings["loss"] = loss(settings["loss"][0], **settings["loss"][1])
    network = Network(sizes, seed=3, dtype=dtype, **settings)
    rng = np.random.default_rng(6)
    network.theta = network.theta + 0.1 * rng.normal(size=network.theta.size)
    x, y = rng.normal(size=sizes[0]), target_for(network, rng)
    precision = 1e-13 if dtype == "float64" else 2e-6
    for digits in (3, 6, 12):
        explanation = network.explain(x, y, digits=digits)
        assert assert_adds_up(str(explanation), digits, precision) >= 6
    assert_is_the_engines(network, x, y, explanation)
    whole = network.explain(x, y, terms=None, units=None)
    assert assert_adds_up(str(whole), 4, precision) > network.layout.size
    assert " from " not in str(whole)
    assert " more" not in str(whole)


@pytest.mark.parametrize("size", [1.0, 30.0, 500.0])
def test_saturated_outputs_still_add_up(size):
    for output, y in itertools.product(("softmax", "sigmoid"), ([1.0, 0.0], [0.0, 1.0])):
        network = Network([2, 2], output_activation=output)
        network.weights = [[[size, -size], [0.0, 0.5]]]
        explanation = network.explain([1.0, 1.0], y)
        assert_adds_up(str(explanation), 4)
        assert_is_the_engines(network, [1.0, 1.0], y, explanation)


def test_a_line_that_is_wrong_is_found():
    text = "  z1 = (2 * 0.2) + 0.1 from 7 more = 0.501"
    with pytest.raises(AssertionError):
        assert_adds_up(text, 4)
    assert assert_adds_up(text.replace("0.501", "0.5"), 4) == 1
    assert comes_to("-(0.5 - 1)^2", 4, 0.0).meets(Interval(-0.25, -0.25))


def test_a_wide_sum_shows_what_matters_most_and_the_rest_in_one_number():
    network = Network([50, 1], seed=0)
    x = np.random.default_rng(1).normal(size=50)
    for terms in (1, 2, 5, 49, 50, 51):
        text = str(network.explain(x, terms=terms, digits=12))
        (line,) = [c for c in calculations(text) if c.name == "z1"]
        products = np.abs(x * network.weights[0][:, 0])
        shown = [
            abs(float(a) * float(b)) for a, b in re.findall(r"\((\S+) \* (\S+)\)", line.numbers)
        ]
        n = 50 if terms >= 50 else max(terms - 1, 1)
        assert sorted(shown) == pytest.approx(np.sort(products)[-n:], rel=1e-9)
        assert (f" from {50 - n} more" in line.numbers) == (n < 50)
        assert assert_adds_up(text, 12) == 1


def test_the_units_shown_are_those_that_matter_above_and_the_rest_are_counted():
    network = Network([6, 100, 10], output_activation="softmax", seed=0)
    x = np.random.default_rng(2).normal(size=6)
    trace = network.trace(x)
    explanation = network.explain(x, [3])
    shown = {line.of.index[0] for line in explanation.sections[1].lines[:-1] if line.of.index}
    best = {*np.argsort(-trace.output[0])[:4].tolist(), 3}
    assert {i - 1 for i in shown} >= {int(np.argmax(trace.output)), 3}
    assert len(shown) == 5 >= len(best & {i - 1 for i in shown})
    hidden = explanation.sections[0]
    parts = np.abs(trace.a[0].T * network.weights[1][:, [i - 1 for i in sorted(shown)]]).max(axis=1)
    units = {line.of.index[0] - 1 for line in hidden.lines[:-1]}
    assert units == {*np.argsort(-parts, kind="stable")[:5].tolist()}
    assert (hidden.lines[-1].n, hidden.lines[-1].what) == (95, "units")


def test_each_number_says_which_line_made_it():
    network = Network([3, 4, 2], "sigmoid", alpha=0.1, seed=0)
    explanation = network.explain([1, 2, 3], [0, 1], units=None, terms=None)
    checked = set()

    def look(tree):
        if isinstance(tree, list):
            for part in tree:
                look(part)
        elif isinstance(tree, dict):
            made = explanation.by_key.get(tree.get("from", ""))
            if made is not None and "'" not in tree["symbol"]:
                assert made.value == tree["number"]
                checked.add(tree["from"])
            for part in tree.values():
                look(part)

    document = json.loads(explanation.to_json())
    look(document["sections"])
    assert {"layer1.a[4]", "layer2.z[1]", "layer1.da[2]", "layer2.dW[1,2]", "loss"} <= checked
    keys = [line.of.key for line in explanation.lines]
    assert len(keys) == len(set(keys))


def test_json_has_every_number_in_full():
    network = Network([3, 4, 2], "sigmoid", seed=0)
    x = [0.1, 0.2, 0.3]
    document = json.loads(network.explain(x, [0, 1], digits=2).to_json())
    z = [line for line in document["sections"][0]["lines"] if line["key"].startswith("layer1.z")]
    assert [line["value"] for line in z] == network.trace(x).z[0][0].tolist()
    assert z[0]["text"] == str(network.explain(x, digits=2)).splitlines()[1].strip()
    assert {line["symbol"] for line in z} == {"z1", "z2", "z3", "z4"}


def test_a_softmax_of_ones_own_is_explained_without_a_formula():
    row = ACTIVATIONS["softmax"]
    own = Activation("mine", row.forward, row.backward, 0.0, 1.0, normalised=True)
    network = Network([2, 3], output_activation=own, seed=0)
    text = str(network.explain([1, 2], [0, 1, 0]))
    assert "a2 = 0." in text
    assert ", one of mine(z)" in text
    assert ", by the derivative of mine" in text
    assert assert_adds_up(text, 4) > 10


def test_of_a_wide_layer_only_what_is_shown_is_made():
    assert calls(lambda: wide(300).explain(np.ones(300), [1])) < 1.5 * calls(
        lambda: wide(50).explain(np.ones(50), [1])
    )


def test_a_page_takes_as_much_for_a_line_of_many_as_of_few():
    each = []
    for n in (4, 12):
        explanation = wide(n).explain(np.ones(n), [1], terms=None, units=None)
        each.append(calls(explanation.to_html) / len(explanation.lines))
    assert each[1] < 1.5 * each[0]


def wide(n):
    return Network([n, n, 3], output_activation="softmax", seed=0)


def calls(run):
    """How many functions it calls."""
    profile = cProfile.Profile()
    profile.runcall(run)
    return pstats.Stats(profile).total_calls
