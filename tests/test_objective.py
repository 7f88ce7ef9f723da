"""The objective: published costs at fixed weights, scikit-learn's, and what weights mean."""

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.neural_network import MLPClassifier, MLPRegressor

from pellucid import Network
from pellucid.architecture import Architecture
from pellucid.layout import Layout
from pellucid.losses import loss
from pellucid.objective import Objective

# --- worked systems ----------------------------------------------------------------------------

EXAM_X = np.array([[2, 9], [1, 5], [3, 6]]) / [3, 9]
EXAM_Y = np.array([[0.92], [0.86], [0.89]])


def exam(seed):
    """2-3-1 of sigmoids without bias, half squared error summed over rows."""
    rng = np.random.RandomState(seed)
    network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", bias=False, reduction="sum")
    network.weights = [rng.randn(2, 3), rng.randn(3, 1)]
    return network


def test_the_exam_network_before_training():
    network = exam(0)
    out = network.predict(EXAM_X)
    np.testing.assert_allclose(out[:, 0], [0.677271173, 0.658701272, 0.674375805], atol=5e-10)
    assert np.mean((out - EXAM_Y) ** 2) == pytest.approx(0.04864408481709518, rel=1e-14)


def test_the_exam_forward_pass_worked_by_hand():
    # (2 * .2) + (9 * .8) = 7.6, and S(7.5) is .999447221, not the 1.000553 once printed.
    network = Network([2, 1], output_activation="sigmoid", bias=False)
    network.weights = [[[0.2], [0.8]]]
    trace = network.trace([2, 9])
    assert trace.z[0][0, 0] == pytest.approx(7.6, rel=1e-15)
    network.weights = [[[0.0], [7.5 / 9]]]
    assert network.predict([2, 9])[0] == pytest.approx(0.999447221, abs=5e-10)


def moons():
    rng = np.random.RandomState(0)
    X, y = make_moons(200, noise=0.2, random_state=rng)
    return X, np.eye(2)[y], rng


def moons_theta(first, second):
    """Layers printed as (n_out, 1 + n_in) rows with the bias first -> W row-major, then b."""
    return np.concatenate([part for T in (first, second) for part in (T[:, 1:].T.ravel(), T[:, 0])])


def as_printed(gradient):
    """The inverse for 2-3-2: our theta order -> the printed one."""
    W1, b1, W2, b2 = np.split(gradient, [6, 9, 15])
    first = np.column_stack([b1, W1.reshape(2, 3).T])
    second = np.column_stack([b2, W2.reshape(3, 2).T])
    return np.concatenate([first.ravel(), second.ravel()])


def moons_network(lam=0.001):
    return Network([2, 3, 2], "sigmoid", "sigmoid", "binary_cross_entropy", alpha=lam)


def moons_start(reseed):
    e = np.sqrt(6 / 5)
    _, _, rng = moons()
    if reseed:
        return moons_theta(np.random.RandomState(0).uniform(-e, e, (3, 3)),
                           np.random.RandomState(0).uniform(-e, e, (2, 4)))  # fmt: skip
    return moons_theta(rng.uniform(-e, e, (3, 3)), rng.uniform(-e, e, (2, 4)))  # runs on


def test_the_moons_are_those_of_the_published_system():
    X, _, _ = moons()
    np.testing.assert_array_equal(X[0], [0.7434611761955393, 0.46465632837724596])
    assert X.sum() == pytest.approx(148.95806682913354, rel=1e-15)


@pytest.mark.parametrize(
    ("reseed", "cost", "accuracy"),
    [(True, 1.448985856485707, 0.55), (False, 1.4188957149744459, 0.50)],
)
def test_the_moons_cost_at_the_published_start(reseed, cost, accuracy):
    X, y, _ = moons()
    network = moons_network()
    network.theta = moons_start(reseed)
    value, _ = network.loss_and_gradient(X, y)
    assert value == pytest.approx(cost, abs=1e-8)
    found = np.mean(network.predict(X).argmax(axis=1) == y.argmax(axis=1))
    assert found == pytest.approx(accuracy)


def test_the_moons_gradient_at_the_published_start():
    X, y, _ = moons()
    network = moons_network()
    network.theta = moons_start(True)
    gradient = as_printed(network.loss_and_gradient(X, y)[1])
    np.testing.assert_allclose(
        gradient[:4], [0.02317802, 0.02129201, -0.00038387, 0.00409083], atol=1e-8
    )
    assert gradient[-1] == pytest.approx(0.07544085, abs=1e-8)


@pytest.mark.parametrize(
    ("lam", "minimum"),
    [(1e-3, 0.1341964116), (1e-2, 0.16415898), (1e-1, 0.31877790), (1.0, 0.75919367)],
)
def test_conjugate_gradient_ends_in_the_published_basin(lam, minimum):
    X, y, _ = moons()
    network = moons_network(lam)
    network.theta = moons_start(True)
    network.train(X, y, solver="conjugate_gradient", epochs=1000)
    assert network.loss_and_gradient(X, y)[0] == pytest.approx(minimum, abs=1e-4)


def test_the_smallest_penalty_ends_at_least_as_low_as_published_and_never_in_nan():
    X, y, _ = moons()
    network = moons_network(1e-4)
    network.theta = moons_start(True)
    network.train(X, y, solver="lbfgs", epochs=2000)
    assert network.loss_and_gradient(X, y)[0] < 0.12335727 + 1e-4


def test_the_start_whose_random_numbers_run_on_ends_in_the_published_basin():
    X, y, _ = moons()
    network = moons_network()
    network.theta = moons_start(False)
    network.train(X, y, solver="conjugate_gradient", epochs=1000)
    assert network.loss_and_gradient(X, y)[0] == pytest.approx(0.1324182531, abs=1e-4)
    assert np.mean(network.predict(X).argmax(axis=1) == y.argmax(axis=1)) == 0.98


def sums():
    rng = np.random.RandomState(4)
    X = rng.rand(10000, 2)
    network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", bias=False, reduction="sum")
    network.weights = [rng.randn(2, 3), rng.randn(3, 1)]
    return X, X.sum(axis=1, keepdims=True), network, rng


def test_the_sums_network_starts_at_the_published_weights():
    _, _, network, _ = sums()
    W1 = [[0.69765063, -0.60736890, -0.44645128], [-0.62443713, -0.51974665, -0.03092695]]
    np.testing.assert_allclose(network.weights[0], W1, atol=1e-8)
    W2 = [-0.71377356, -2.40165784, -0.11436725]
    np.testing.assert_allclose(network.weights[1][:, 0], W2, atol=1e-8)


def test_the_sums_networks_first_printed_cost_is_the_one_after_its_first_update():
    X, y, network, _ = sums()
    network.train_step(X, y, learning_rate=0.01)
    assert network.loss_and_gradient(X, y)[0] == pytest.approx(955.62804742, abs=1e-8)


def test_the_untrained_network_of_the_sums_system():
    X, y, network, rng = sums()
    rng.randint(10000, size=2)  # two random samples are shown before it is made
    network.weights = [rng.randn(2, 3), rng.randn(3, 1)]
    assert np.mean((network.predict(X) - y) ** 2) == pytest.approx(0.36054183, abs=1e-8)


def test_the_sums_network_at_a_rate_that_is_not_too_large():
    X, y, network, _ = sums()
    network.train(X, y, epochs=1001, batch_size="full", solver="sgd", learning_rate=1e-3)
    assert np.mean((network.predict(X) - y) ** 2) == pytest.approx(0.089028, abs=1e-6)


# --- scikit-learn at given weights -------------------------------------------------------------

HIDDEN = {"logistic": "sigmoid", "tanh": "tanh", "relu": "relu", "identity": "identity"}


def fitted(model, X, y):
    """A scikit-learn network after one tiny step; its weights are replaced afterwards."""
    model.set_params(max_iter=1, solver="sgd", learning_rate_init=1e-9, shuffle=False,
                     batch_size=len(X), n_iter_no_change=10**6, random_state=0)  # fmt: skip
    with pytest.warns(UserWarning, match="Maximum iterations"):
        return model.fit(X, y)


def pair(model, X, y, output, name, seed=0, **settings):
    """Our network and scikit-learn's with the same random weights."""
    sizes = [X.shape[1], *model.hidden_layer_sizes, model.n_outputs_]
    ours = Network(sizes, HIDDEN[model.activation], output, name, alpha=model.alpha, **settings)
    rng = np.random.default_rng(seed)
    ours.theta = rng.normal(0, 0.7, ours.theta.size)
    model.coefs_ = [W.copy() for W in ours.weights]
    model.intercepts_ = [b.copy() for b in ours.biases]
    return ours


def their_loss_and_gradient(model, X, Y, w=None):
    sizes = [X.shape[1], *model.hidden_layer_sizes, model.n_outputs_]
    activations = [X, *(np.empty((len(X), k)) for k in sizes[1:])]
    deltas = [np.empty((len(X), k)) for k in sizes[1:]]
    dW = [np.empty_like(W) for W in model.coefs_]
    db = [np.empty_like(b) for b in model.intercepts_]
    value, dW, db = model._backprop(X, Y, w, activations, deltas, dW, db)
    return value, np.concatenate([p for W, b in zip(dW, db, strict=True) for p in (W.ravel(), b)])


def table(k, seed=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(30, 4)), rng


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize("hidden", [(5,), (4, 3), (3, 3, 2)])
@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_scikit_learns_classifier_agrees_at_given_weights(
    task, activation, hidden, alpha, weighted
):
    X, rng = table(3)
    if task == "binary":
        y, output = np.arange(30) % 2, "sigmoid"
        Y = y.reshape(-1, 1).astype(float)
    elif task == "multiclass":
        y, output = np.arange(30) % 3, "softmax"
        Y = np.eye(3)[y]
    else:
        y, output = rng.integers(0, 2, (30, 3)), "sigmoid"
        Y = y.astype(float)
    w = rng.uniform(0.1, 2, 30) if weighted else None
    theirs = fitted(MLPClassifier(hidden, activation=activation, alpha=alpha), X, y)
    name = "cross_entropy" if output == "softmax" else "binary_cross_entropy"
    ours = pair(theirs, X, y, output, name)
    out = ours.predict(X)
    proba = np.hstack([1 - out, out]) if task == "binary" else out
    np.testing.assert_allclose(proba, theirs.predict_proba(X), rtol=1e-10)
    value, gradient = ours.loss_and_gradient(X, Y, w)
    their_value, their_gradient = their_loss_and_gradient(theirs, X, Y, w)
    assert value == pytest.approx(their_value, rel=1e-10)
    assert np.linalg.norm(gradient) > 1e-3
    np.testing.assert_allclose(gradient, their_gradient, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["squared_error", "poisson"])
def test_scikit_learns_regressor_agrees_at_given_weights(
    name, activation, outputs, alpha, weighted
):
    X, rng = table(outputs)
    Y = rng.poisson(2.0, (30, outputs)).astype(float)
    w = rng.uniform(0.1, 2, 30) if weighted else None
    model = MLPRegressor(hidden_layer_sizes=(5, 3), loss=name, activation=activation, alpha=alpha)
    theirs = fitted(model, X, Y if outputs > 1 else Y[:, 0])
    ours = pair(theirs, X, Y, "exp" if name == "poisson" else "identity", name)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X).reshape(30, outputs), rtol=1e-10)
    value, gradient = ours.loss_and_gradient(X, Y, w)
    their_value, their_gradient = their_loss_and_gradient(theirs, X, Y, w)
    np.testing.assert_allclose(gradient, their_gradient, rtol=1e-10, atol=1e-12)
    penalty = 0.5 * alpha * sum(np.sum(W**2) for W in ours.weights) / (30 if w is None else w.sum())
    if name == "squared_error":
        # Their printed squared error is a mean over outputs, though their gradient is of the sum.
        their_value = (their_value - penalty) * outputs + penalty
    assert value == pytest.approx(their_value, rel=1e-10)


# --- what weights and reductions mean ----------------------------------------------------------


def setting(alpha=0.3, l1=0.1, reduction="mean"):
    rng = np.random.default_rng(0)
    layout = Layout(Architecture.of([3, 4, 2], "tanh"))
    objective = Objective(layout, loss("squared_error"), alpha, l1, reduction)
    return objective, rng.normal(size=layout.size), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_row_of_weight_three_is_a_row_written_three_times(reduction):
    objective, theta, X, y = setting(reduction=reduction)
    w = np.array([3.0, 1.0, 0.0, 2.0, 1.0, 1.0])
    repeated = np.repeat(np.arange(6), w.astype(int))
    weighted = objective.value_and_gradient(theta, X, y, w)
    written = objective.value_and_gradient(theta, X[repeated], y[repeated])
    assert weighted[0] == pytest.approx(written[0], rel=1e-13)
    np.testing.assert_allclose(weighted[1], written[1], rtol=1e-12)


def test_weights_of_one_are_no_weights():
    objective, theta, X, y = setting()
    with_ones = objective.value_and_gradient(theta, X, y, np.ones(6))
    without = objective.value_and_gradient(theta, X, y)
    assert with_ones[0] == pytest.approx(without[0], rel=1e-15)
    np.testing.assert_allclose(with_ones[1], without[1], rtol=1e-14)


def test_the_sum_is_n_times_the_mean_penalty_included():
    mean, theta, X, y = setting()
    total = setting(reduction="sum")[0]
    assert total.value(theta, X, y) == pytest.approx(6 * mean.value(theta, X, y), rel=1e-14)
    np.testing.assert_allclose(
        total.value_and_gradient(theta, X, y)[1],
        6 * mean.value_and_gradient(theta, X, y)[1],
        rtol=1e-13,
    )


def test_penalties_by_hand_and_never_on_biases():
    layout = Layout(Architecture.of([1, 1]))
    X, y, theta = np.array([[0.0], [0.0]]), np.array([[5.0], [5.0]]), np.array([-3.0, 5.0])
    # The answer is right (0 * -3 + 5 = 5), so all that is left is the penalty on W = -3, n = 2.
    assert Objective(layout, loss("squared_error"), alpha=2.0).value(theta, X, y) == 4.5
    assert Objective(layout, loss("squared_error"), l1=2.0).value(theta, X, y) == 3.0
    _, gradient = Objective(layout, loss("squared_error"), 2.0, 4.0).value_and_gradient(theta, X, y)
    assert gradient.tolist() == [-3.0 - 2.0, 0.0]


def test_value_and_value_and_output_and_value_and_gradient_tell_the_same_value():
    objective, theta, X, y = setting()
    w = np.linspace(0.1, 2, 6)
    value = objective.value(theta, X, y, w)
    assert value == objective.value_and_gradient(theta, X, y, w)[0]
    assert value == objective.value_and_output(theta, X, y, w)[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": -1.0}, "alpha is -1.0: expected a finite number from 0 on"),
        ({"alpha": float("nan")}, "alpha is nan"),
        ({"l1": float("inf")}, "l1 is inf"),
        ({"reduction": "max"}, "reduction is 'max': expected 'mean' or 'sum'"),
        ({"loss": "cross_entropy"}, "add up to 1 .* 'sigmoid' does not .*: use 'softmax'"),
        ({"loss": "cross_entropi"}, "unknown loss .*did you mean cross_entropy"),
        (
            {"loss": "binary_cross_entropy", "output_activation": "tanh"},
            "takes outputs from 0 to 1 and 'tanh' gives -1 to 1: use 'sigmoid', or another loss",
        ),
        (
            {"loss": "poisson", "output_activation": "identity"},
            "takes outputs from 0 to inf and 'identity' gives -inf to inf: use 'exp'",
        ),
    ],
)
def test_an_impossible_objective_is_refused_with_its_cure(arguments, message):
    with pytest.raises(ValueError, match=message):
        Network([3, 4, 2], **({"output_activation": "sigmoid"} | arguments))
