"""Gradients by table: against central differences, and against autograd of an independent loss.

The independent loss below shares nothing with the package: it takes theta apart by itself, and its
formulas are those of the papers, on activated outputs, with no care for overflow.
"""

import itertools

import autograd
import autograd.numpy as anp
import autograd.scipy.special as special
import numpy as np
import pytest

from pellucid import ACTIVATIONS, LOSSES
from pellucid.architecture import Architecture
from pellucid.layout import Layout
from pellucid.losses import loss
from pellucid.network import forward
from pellucid.objective import Objective

# --- the independent loss ----------------------------------------------------------------------


def safe_exp(z):
    return anp.exp(anp.minimum(z, 0.0))


FORWARD = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "tanh": anp.tanh,
    "relu": lambda z: anp.maximum(z, 0.0),
    "leaky_relu": lambda z: anp.where(z > 0, z, 0.01 * z),
    "elu": lambda z: anp.where(z > 0, z, safe_exp(z) - 1),
    "selu": lambda z: (
        1.0507009873554805 * anp.where(z > 0, z, 1.6732632423543772 * (safe_exp(z) - 1))
    ),
    "gelu": lambda z: 0.5 * z * (1 + special.erf(z / np.sqrt(2))),
    "softplus": lambda z: anp.log(1 + anp.exp(z)),
    "swish": lambda z: z / (1 + anp.exp(-z)),
    "mish": lambda z: z * anp.tanh(anp.log(1 + anp.exp(z))),
    "exp": anp.exp,
    "softmax": lambda z: anp.exp(z) / anp.sum(anp.exp(z), axis=1, keepdims=True),
}
COUNTS = np.array([1.0, 2.0, 3.0, 5.0])
DELTA, LEVEL = 0.6, 0.3
PER_ELEMENT = {
    "squared_error": lambda a, y: 0.5 * (a - y) ** 2,
    "absolute_error": lambda a, y: anp.abs(a - y),
    "huber": lambda a, y: anp.where(
        anp.abs(a - y) <= DELTA, 0.5 * (a - y) ** 2, DELTA * anp.abs(a - y) - 0.5 * DELTA**2
    ),
    "quantile": lambda a, y: anp.maximum(LEVEL * (y - a), (LEVEL - 1) * (y - a)),
    "poisson": lambda a, y: a - y + y * np.log(y) - y * anp.log(a),
    "binary_cross_entropy": lambda a, y: -y * anp.log(a) - (1 - y) * anp.log(1 - a),
    "cross_entropy": lambda a, y: -y * anp.log(a),
}
PARAMETERS = {"huber": {"delta": DELTA}, "quantile": {"quantile": LEVEL}}


class Case:
    """A network and data, with the independent objective on the same numbers."""

    def __init__(self, sizes, hidden, output, name, *, bias=True, weighted=False, alpha=0.0,
                 l1=0.0, smoothing=0.0, scale=False, dropout=False, reduction="mean"):  # fmt: skip
        depth = len(sizes) - 2
        self.sizes, self.output, self.name = sizes, output, name
        self.hidden = [hidden] * depth if isinstance(hidden, str) else list(hidden)
        self.bias = [bias] * (depth + 1) if isinstance(bias, bool) else list(bias)
        self.alpha, self.l1, self.smoothing = alpha, l1, smoothing
        self.scale, self.dropout, self.reduction = scale, dropout, reduction
        parameters = PARAMETERS.get(name, {})
        if smoothing:
            parameters = {"label_smoothing": smoothing}
        architecture = Architecture.of(sizes, self.hidden, output, self.bias, scale)
        self.layout = Layout(architecture)
        self.objective = Objective(self.layout, loss(name, **parameters), alpha, l1, reduction)
        for seed in itertools.count():
            assert seed < 3000, "no point away from the kinks"
            self._draw(np.random.default_rng(seed), weighted)
            if self._smooth_here():
                return

    def _draw(self, rng, weighted):
        n, k = 4, self.sizes[-1]
        self.theta = rng.normal(0, 0.8, self.layout.size)
        self.X = rng.normal(0, 1, (n, self.sizes[0]))
        if self.name in ("binary_cross_entropy", "cross_entropy"):
            self.y = np.eye(k)[rng.integers(0, k, n)] if k > 1 else rng.integers(0, 2, (n, 1)) * 1.0
        elif self.name == "poisson":
            self.y = rng.choice(COUNTS, (n, k))
        else:
            self.y = rng.normal(0.5, 1, (n, k))
        self.w = rng.uniform(0.2, 3, n) if weighted else None
        self.masks = None
        if self.dropout:
            layers = self.layout.architecture.layers
            self.masks = [None] * len(layers)
            for i in range(1 if self.scale else 0, len(layers) - 1):
                self.masks[i] = (rng.random((n, layers[i].n_out)) > 0.4) / 0.6

    def _smooth_here(self):
        """Far enough from every kink for central differences, and with something to learn."""
        trace = forward(self.layout, self.theta, self.X, self.masks)
        margin = 0.03
        for layer, z in zip(self.layout.architecture.layers, trace.z, strict=True):
            kinked = layer.activation.name in ("relu", "leaky_relu", "elu", "selu")
            if kinked and np.abs(z).min() < margin:
                return False
            if np.abs(z).max() > 8.0:
                return False
        r = np.abs(trace.output - self.y)
        if self.name in ("absolute_error", "quantile", "huber") and r.min() < margin:
            return False
        if self.name == "huber" and np.abs(r - DELTA).min() < margin:
            return False
        if self.name == "poisson" and trace.output.min() < 0.1:
            return False
        if self.l1 and np.abs(self.theta).min() < margin:
            return False
        return bool(np.any(self.objective.output_gradient(trace, self.y)))

    def value(self, theta):
        """Ours, for central differences."""
        return self.objective.value_and_gradient(theta, self.X, self.y, self.w, self.masks)[0]

    def ours(self):
        return self.objective.value_and_gradient(self.theta, self.X, self.y, self.w, self.masks)

    def independent(self, theta):
        """J, written anew."""
        start, x, penalty = 0, self.X, 0.0
        masks = iter([m for m in self.masks or [] if m is not None])
        if self.scale:
            x = x * theta[: self.sizes[0]]
            start = self.sizes[0]
        names = [*self.hidden, self.output]
        for i, (p, q) in enumerate(itertools.pairwise(self.sizes)):
            W = anp.reshape(theta[start : start + p * q], (p, q))
            start += p * q
            penalty = penalty + 0.5 * self.alpha * anp.sum(W**2) + self.l1 * anp.sum(anp.abs(W))
            z = anp.dot(x, W)
            if self.bias[i]:
                z = z + theta[start : start + q]
                start += q
            x = FORWARD[names[i]](z)
            if self.dropout and i < len(names) - 1:
                x = x * next(masks)
        assert start == len(theta)
        y, k = self.y, self.sizes[-1]
        if self.smoothing:
            classes = 2 if self.name == "binary_cross_entropy" else k
            y = (1 - self.smoothing) * y + self.smoothing / classes
        w = np.ones(len(y)) if self.w is None else self.w
        total = anp.sum(w * anp.sum(PER_ELEMENT[self.name](x, y), axis=1)) + penalty
        return total if self.reduction == "sum" else total / np.sum(w)


# --- the checker, and the checker checked -------------------------------------------------------


def central_differences(f, theta, h=2e-3):
    """df/dtheta by Richardson's combination of two central differences: an error of order h^4."""
    gradient = np.empty_like(theta)
    for i in range(theta.size):
        e = np.zeros_like(theta)
        e[i] = h
        wide = (f(theta + 2 * e) - f(theta - 2 * e)) / (4 * h)
        near = (f(theta + e) - f(theta - e)) / (2 * h)
        gradient[i] = (4 * near - wide) / 3
    return gradient


def assert_same_gradient(ours, theirs, tolerance):
    """Equal to `tolerance` times the gradient's length; an all-zero gradient proves nothing."""
    assert ours.shape == theirs.shape
    length = np.linalg.norm(theirs)
    assert length > 1e-3, "the gradient is all but zero: this point tests nothing"
    error = np.linalg.norm(ours - theirs) / length
    assert error < tolerance, f"relative error {error:.2e}"


def assert_both_agree(case, numerically=True):
    value, gradient = case.ours()
    np.testing.assert_allclose(value, case.independent(case.theta), rtol=1e-10, atol=1e-13)
    assert_same_gradient(gradient, autograd.grad(case.independent)(case.theta), 1e-10)
    if numerically:
        assert_same_gradient(gradient, central_differences(case.value, case.theta), 1e-7)


def test_central_differences_find_the_slope_of_a_sine():
    theta = np.linspace(0, 3, 7)
    slope = central_differences(lambda t: float(np.sum(np.sin(t))), theta)
    np.testing.assert_allclose(slope, np.cos(theta), atol=1e-10)


@pytest.mark.parametrize("place", [0, 7, -1])
@pytest.mark.parametrize("size", [1e-3, -1e-6])
def test_the_checker_catches_a_planted_error(place, size):
    case = Case([3, 4, 2], "tanh", "softmax", "cross_entropy")
    _, gradient = case.ours()
    theirs = central_differences(case.value, case.theta)
    assert_same_gradient(gradient, theirs, 1e-7)
    wrong = gradient.copy()
    wrong[place] += size * np.linalg.norm(gradient)
    with pytest.raises(AssertionError, match="relative error"):
        assert_same_gradient(wrong, theirs, 1e-7)


def test_the_checker_refuses_a_gradient_of_zeros():
    with pytest.raises(AssertionError, match="tests nothing"):
        assert_same_gradient(np.zeros(3), np.zeros(3), 1e-7)


@pytest.mark.parametrize("fault", ["no derivative", "half", "other layer"])
def test_the_checker_catches_a_wrong_backward_rule(fault, monkeypatch):
    wrong = {
        "no derivative": lambda da, z, a: da,
        "half": lambda da, z, a: 0.5 * da * (1 - a * a),
        "other layer": lambda da, z, a: da * a * (1 - a),
    }[fault]
    case = Case([3, 4, 2], "tanh", "identity", "squared_error")
    object.__setattr__(case.layout.architecture.layers[0], "activation",
                       type(ACTIVATIONS["tanh"])("tanh", np.tanh, wrong))  # fmt: skip
    _, gradient = case.ours()
    with pytest.raises(AssertionError, match="relative error"):
        assert_same_gradient(gradient, central_differences(case.value, case.theta), 1e-7)


# --- the tables --------------------------------------------------------------------------------

ANY = ("squared_error", "absolute_error", "huber", "quantile")
PAIRS = [
    *itertools.product(ACTIVATIONS, ANY),
    *itertools.product(("sigmoid", "relu", "softplus", "exp", "softmax"), ("poisson",)),
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "binary_cross_entropy"),
    ("softmax", "cross_entropy"),
]
HIDDEN = [name for name in ACTIVATIONS if name != "exp"]
BIASES = ["all", "none", "mixed"]
PENALTIES = [(0.0, 0.0), (0.7, 0.0), (0.0, 0.3), (0.4, 0.2)]


def sizes_of(depth):
    return [3, *[4, 3, 4][:depth], 2]


def biases_of(kind, depth):
    mixed = [i % 2 == 0 for i in range(depth + 1)]
    return {"all": True, "none": False, "mixed": mixed}[kind]


def case_of(output, name, depth):
    """A pair at a depth. The other settings go round: all their combinations meet all depths."""
    i = 4 * PAIRS.index((output, name)) + depth
    alpha, l1 = PENALTIES[(i // 6) % 4]
    return Case(
        sizes_of(depth),
        HIDDEN[i % len(HIDDEN)],
        output,
        name,
        bias=biases_of(BIASES[(i // 2) % 3], depth),
        weighted=bool(i % 2),
        alpha=alpha,
        l1=l1,
    )


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize(("output", "name"), PAIRS)
def test_every_output_with_every_loss_it_fits_at_every_depth(output, name, depth):
    assert_both_agree(case_of(output, name, depth))


def test_the_pairs_above_are_all_there_are():
    for output, name in itertools.product(ACTIVATIONS, LOSSES):
        layout = Layout(Architecture.of([2, 2], output_activation=output))
        if (output, name) in PAIRS:
            Objective(layout, loss(name))
        else:
            with pytest.raises(ValueError, match=f"{name!r} takes outputs.*{output!r}"):
                Objective(layout, loss(name))


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_every_hidden_activation_at_every_depth(hidden, depth):
    assert_both_agree(Case(sizes_of(depth), hidden, "softmax", "cross_entropy"))


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("alpha", "l1"), PENALTIES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_biases_weights_and_penalties_in_all_combinations(
    depth, bias, weighted, alpha, l1, reduction
):
    case = Case(
        sizes_of(depth), "tanh", "sigmoid", "binary_cross_entropy", bias=biases_of(bias, depth),
        weighted=weighted, alpha=alpha, l1=l1, reduction=reduction,
    )  # fmt: skip
    assert_both_agree(case, numerically=False)


@pytest.mark.parametrize("hidden", [["tanh", "relu"], ["gelu", "identity"], ["selu", "mish"]])
def test_layers_with_an_activation_each(hidden):
    assert_both_agree(Case([3, 4, 5, 2], hidden, "identity", "squared_error"))


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("sigmoid", "binary_cross_entropy"),
        ("softmax", "binary_cross_entropy"),
        ("softmax", "cross_entropy"),
    ],
)
@pytest.mark.parametrize("smoothing", [0.1, 0.5])
@pytest.mark.parametrize("depth", [0, 2])
def test_label_smoothing(output, name, smoothing, depth):
    assert_both_agree(Case(sizes_of(depth), "swish", output, name, smoothing=smoothing))


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize(("alpha", "l1"), PENALTIES)
def test_a_scale_layer_in_front_which_no_penalty_touches(depth, alpha, l1):
    case = Case(
        sizes_of(depth), "softplus", "identity", "squared_error", scale=True, alpha=alpha, l1=l1
    )
    assert_both_agree(case)


@pytest.mark.parametrize("hidden", ["relu", "sigmoid", "elu", "mish", "softmax"])
@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_dropout_masks_act_forward_and_back(hidden, scale, depth):
    case = Case(sizes_of(depth), hidden, "softmax", "cross_entropy", scale=scale, dropout=True)
    assert any(np.any(mask == 0) for mask in case.masks if mask is not None)
    assert_both_agree(case)


@pytest.mark.parametrize(("output", "name"), [("sigmoid", "binary_cross_entropy"),
                                              ("tanh", "huber"), ("exp", "poisson")])  # fmt: skip
def test_one_output_and_one_input(output, name):
    assert_both_agree(Case([1, 3, 1], "tanh", output, name, alpha=0.1, weighted=True))


def test_a_segments_decay_multiplies_its_own_part_of_the_penalty():
    case = Case([3, 4, 2], "tanh", "identity", "squared_error", alpha=0.7, l1=0.3)
    layout = Layout(
        case.layout.architecture, {"layer1.W": {"decay": 2.5}, "layer2.b": {"decay": 0.5}}
    )
    objective = Objective(layout, case.objective.loss, 0.7, 0.3)

    def independent(theta):
        first, last = theta[:12], theta[-2:]
        extra = 1.5 * (0.35 * anp.sum(first**2) + 0.3 * anp.sum(anp.abs(first)))
        extra = extra + 0.5 * (0.35 * anp.sum(last**2) + 0.3 * anp.sum(anp.abs(last)))
        return case.independent(theta) + extra / 4

    value, gradient = objective.value_and_gradient(case.theta, case.X, case.y)
    np.testing.assert_allclose(value, independent(case.theta), rtol=1e-12)
    assert_same_gradient(gradient, autograd.grad(independent)(case.theta), 1e-10)


def test_float32_gradients_are_those_of_float64_to_five_digits():
    case = Case([3, 4, 4, 2], "gelu", "softmax", "cross_entropy", alpha=0.3, weighted=True)
    single = [a.astype(np.float32) for a in (case.theta, case.X, case.y, case.w)]
    value, gradient = case.objective.value_and_gradient(*single)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(value, case.ours()[0], rtol=1e-6)
    assert_same_gradient(gradient.astype(float), case.ours()[1], 1e-5)


# --- one's own functions -----------------------------------------------------------------------


def test_ones_own_activation_and_loss_have_the_gradient_of_their_formulas():
    sine = (np.sin, lambda da, z, a: da * np.cos(z))
    fourth = (
        lambda a, y: np.sum((a - y) ** 4, axis=1),
        lambda a, y: 4 * (a - y) ** 3,
    )
    rng = np.random.default_rng(0)
    layout = Layout(Architecture.of([2, 3, 2], sine, sine))
    theta, X, y = rng.normal(size=layout.size), rng.normal(size=(5, 2)), rng.normal(size=(5, 2))

    def independent(t):
        h = anp.sin(anp.dot(X, anp.reshape(t[:6], (2, 3))) + t[6:9])
        a = anp.sin(anp.dot(h, anp.reshape(t[9:15], (3, 2))) + t[15:])
        return anp.sum((a - y) ** 4) / 5

    value, gradient = Objective(layout, loss(fourth)).value_and_gradient(theta, X, y)
    np.testing.assert_allclose(value, independent(theta), rtol=1e-12)
    assert_same_gradient(gradient, autograd.grad(independent)(theta), 1e-10)


def test_ones_own_sigmoid_is_not_taken_for_the_built_in_one():
    def sigmoid(z):  # a steeper one, with the name of a built-in
        return 1 / (1 + np.exp(-5 * z))

    steep = (sigmoid, lambda da, z, a: 5 * da * a * (1 - a))
    rng = np.random.default_rng(1)
    layout = Layout(Architecture.of([2, 1], output_activation=steep))
    theta, X = rng.normal(size=layout.size), rng.normal(size=(4, 2))
    y = np.array([[0.0], [1.0], [1.0], [0.0]])

    def independent(t):
        a = 1 / (1 + anp.exp(-5 * (anp.dot(X, anp.reshape(t[:2], (2, 1))) + t[2:])))
        return -anp.sum(y * anp.log(a) + (1 - y) * anp.log(1 - a)) / 4

    objective = Objective(layout, loss("binary_cross_entropy"))
    value, gradient = objective.value_and_gradient(theta, X, y)
    np.testing.assert_allclose(value, independent(theta), rtol=1e-10)
    assert_same_gradient(gradient, autograd.grad(independent)(theta), 1e-10)
