"""The native engine is right where it equals the reference engine: the same batches, one step.

Errors are measured against the length of the whole array, since an element that is a small
difference of large numbers has no digits of its own to compare.
"""

import numpy as np
import pytest
import scipy.sparse

from pellucid import ACTIVATIONS
from pellucid.architecture import Architecture
from pellucid.dropout import dropout
from pellucid.engines import Batches, Epochs, State, engine
from pellucid.layers import Dense, Scale
from pellucid.layout import Layout
from pellucid.losses import loss
from pellucid.objective import Objective
from pellucid.optimizers import optimizer
from test_gradients import BIASES, HIDDEN, PAIRS, PENALTIES, Case, biases_of, case_of, sizes_of

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
DTYPES = list(TOLERANCE)
SEGMENTS = {
    "layer1.W": {"learning_rate": 0.3, "decay": 2.5},
    "*.b": {"decay": 0.5},
    "layer2.b": {"frozen": True},
}


def assert_close(ours, theirs, tolerance, what=""):
    """Equal to `tolerance` times the length of `theirs`."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, what
    assert ours.dtype == theirs.dtype, what
    assert np.isfinite(theirs).all(), f"{what}: nothing to compare with"
    error = np.linalg.norm(ours.astype(float) - theirs.astype(float))
    length = np.linalg.norm(theirs.astype(float))
    assert error <= tolerance * length, f"{what}: relative error {error / (length or 1):.2e}"


def both():
    return engine("native"), engine("reference")


def one_step(of, objective, rule, arrays, masks=None, clip_norm=None):
    """(loss, theta, moments) after one step of an engine; `masks` is (rate, seed)."""
    theta, X, y, w = arrays
    layout = objective.layout
    some = (
        dropout(layout.architecture, masks[0], np.random.default_rng(masks[1])) if masks else None
    )
    batches = Batches(
        1, lambda k: Epochs(None, np.full((k, 1), 0.05)), X.shape[0], 1, clip_norm, some
    )
    state = State(theta, rule.init(theta))
    # Moments that are not 0, as they are in the middle of training.
    rng = np.random.default_rng(8)
    for name, moment in state.moments.items():
        if name == "t":
            state.moments[name] = 3
        else:
            state.moments[name] = (rng.uniform(0.5, 1, theta.size) * 0.1).astype(moment.dtype)
    (end,) = of.train_epochs(objective, rule, state, X, y, w, batches)
    assert state.steps == 1
    return end.losses[0], state.theta, state.moments


def assert_equal_steps(objective, rule, arrays, **how):
    tolerance = TOLERANCE[str(arrays[0].dtype)]
    (value, theta, moments), theirs = (one_step(e, objective, rule, arrays, **how) for e in both())
    assert value == pytest.approx(theirs[0], rel=tolerance, abs=1e-300)
    assert_close(theta, theirs[1], tolerance, "theta")
    assert not np.array_equal(theta, arrays[0]), "the step went nowhere"
    assert moments.keys() == theirs[2].keys()
    for name, moment in theirs[2].items():
        if name == "t":
            assert moments["t"] == moment == 4
        else:
            assert_close(moments[name], moment, tolerance, name)


def assert_equal_everything(objective, theta, X, y, w=None, dtype="float64"):
    """Output, value and gradient, and a step by them."""
    arrays = [None if a is None else np.asarray(a, dtype) for a in (theta, X, y, w)]
    theta, X, y, w = arrays
    tolerance = TOLERANCE[dtype]
    native, reference = both()
    layout = objective.layout
    output = native.forward(layout, theta, X)
    assert_close(output, reference.forward(layout, theta, X), tolerance, "output")
    measured, measured_output = native.value_and_output(objective, theta, X, y)
    value = reference.value_and_output(objective, theta, X, y)[0]
    assert measured == pytest.approx(value, rel=tolerance, abs=1e-300)
    assert_close(measured_output, output, tolerance, "output beside the value")
    value, gradient = native.value_and_gradient(objective, theta, X, y, w)
    their_value, their_gradient = reference.value_and_gradient(objective, theta, X, y, w)
    assert value == pytest.approx(their_value, rel=tolerance, abs=1e-300)
    assert_close(gradient, their_gradient, tolerance, "gradient")
    if np.any(their_gradient):
        assert_equal_steps(objective, optimizer("sgd"), arrays)


def assert_equal_case(case, dtype):
    assert_equal_everything(case.objective, case.theta, case.X, case.y, case.w, dtype)


# --- the core's tables --------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize(("output", "name"), PAIRS)
def test_every_output_with_every_loss_it_fits_at_every_depth(output, name, depth):
    case = case_of(output, name, depth)
    for dtype in DTYPES:
        assert_equal_case(case, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_biases_weights_and_penalties_in_all_combinations(depth, bias, reduction, dtype):
    for weighted in (False, True):
        for alpha, l1 in PENALTIES:
            case = Case(
                sizes_of(depth), "tanh", "sigmoid", "binary_cross_entropy",
                bias=biases_of(bias, depth), weighted=weighted, alpha=alpha, l1=l1,
                reduction=reduction,
            )  # fmt: skip
            assert_equal_case(case, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("sigmoid", "binary_cross_entropy"),
        ("softmax", "binary_cross_entropy"),
        ("softmax", "cross_entropy"),
    ],
)
@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_label_smoothing(output, name, smoothing, dtype):
    for depth in (0, 2):
        case = Case(sizes_of(depth), "swish", output, name, smoothing=smoothing)
        assert_equal_case(case, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("alpha", "l1"), PENALTIES)
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_scale_layer_in_front(depth, alpha, l1, dtype):
    case = Case(
        sizes_of(depth), "softplus", "identity", "squared_error", scale=True, alpha=alpha, l1=l1
    )
    assert_equal_case(case, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 3, 21, 1030])
@pytest.mark.parametrize("sparse", [False, True])
def test_factors_of_0_and_below_in_front_give_each_weight_and_factor_its_gradient(n, sparse, dtype):
    # Inputs of factor 0 change no output, but their factors have gradients, and so may come back.
    layout = Layout(Architecture.of([37, 70, 3], "tanh", "softmax", scale_inputs=True))
    objective = Objective(layout, loss("cross_entropy"), alpha=0.1)
    rng = np.random.default_rng(2)
    theta, X = (
        rng.normal(0, 0.3, layout.size),
        rng.normal(size=(n, 37)) * (rng.random((n, 37)) < 0.6),
    )
    theta[:37:3], theta[5] = 0.0, -2.0
    theta, X, y = (a.astype(dtype) for a in (theta, X, np.eye(3)[rng.integers(0, 3, n)]))
    given = scipy.sparse.csr_array(X) if sparse else X
    native, reference = both()
    value, gradient = native.value_and_gradient(objective, theta, given, y)
    theirs = reference.value_and_gradient(objective, theta, X, y)
    assert value == pytest.approx(theirs[0], rel=TOLERANCE[dtype])
    for ours, expected in zip(layout.views(gradient), layout.views(theirs[1]), strict=True):
        for piece, exact in zip(ours, expected, strict=True):
            assert_close(piece, exact, TOLERANCE[dtype])
    assert np.count_nonzero(gradient[:37:3]) > 0
    for rule in ("sgd", "adamw"):
        for how in ({}, {"clip_norm": 0.01}, {"masks": (0.3, 1)}):
            assert_equal_steps(objective, optimizer(rule), [theta, given, y, None], **how)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_scale_layer_with_an_activation_anywhere(activation, dtype):
    f = ACTIVATIONS[activation]
    layers = (Scale(19, f), Dense(19, 7, ACTIVATIONS["tanh"]), Scale(7, f), Dense(7, 3), Scale(3))
    layout = Layout(Architecture(layers))
    rng = np.random.default_rng(0)
    theta, X, y = rng.normal(0, 0.5, layout.size), rng.normal(size=(21, 19)), np.ones((21, 3))
    assert_equal_everything(Objective(layout, loss("huber")), theta, X, y, dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("output", ["softmax", "identity", "exp"])
def test_every_activation_on_more_units_than_a_register_holds(hidden, output, dtype):
    layout = Layout(Architecture.of([19, 67, 35, 5], [hidden, hidden], output, [True, False, True]))
    objective = Objective(layout, loss("squared_error"), alpha=0.1, l1=0.01)
    rng = np.random.default_rng(1)
    theta, X, y = rng.normal(0, 0.2, layout.size), rng.normal(size=(37, 19)), rng.random((37, 5))
    assert_equal_everything(objective, theta, X, y, rng.random(37), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("huber", {"delta": 0.01}),
        ("huber", {"delta": 1.0}),
        ("huber", {"delta": 100.0}),
        ("quantile", {"quantile": 0.9}),
        ("quantile", {"quantile": [0.25]}),
        ("quantile", {"quantile": [0.05, 0.5, 0.95]}),
    ],
)
def test_losses_with_settings_of_their_own(name, parameters, dtype):
    layout = Layout(Architecture.of([4, 9, 3], "tanh"))
    rng = np.random.default_rng(2)
    theta, X, y = (
        rng.normal(0, 0.5, layout.size),
        rng.normal(size=(30, 4)),
        rng.normal(size=(30, 3)),
    )
    assert_equal_everything(Objective(layout, loss(name, **parameters)), theta, X, y, dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_decay_factors_of_segments_weigh_their_part_of_the_penalty(dtype):
    layout = Layout(Architecture.of([5, 18, 9, 2], "tanh"), SEGMENTS)
    objective = Objective(layout, loss("squared_error"), alpha=0.7, l1=0.3)
    rng = np.random.default_rng(3)
    theta, X, y = rng.normal(0, 0.5, layout.size), rng.normal(size=(20, 5)), np.zeros((20, 2))
    assert_equal_everything(objective, theta, X, y, dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["poisson", "binary_cross_entropy"])
def test_targets_and_outputs_of_exactly_zero_and_one(name, dtype):
    # relu gives outputs of exactly 0, where y log(a) and y / a are 0 for y = 0 and else infinite.
    layout = Layout(Architecture.of([1, 2], output_activation="softmax" if "b" in name else "relu"))
    objective = Objective(layout, loss(name))
    theta = np.array([1.0, -1.0, 0.5, 0.25]).astype(dtype)
    X = np.array([[0.25], [-0.125], [0.0]]).astype(dtype)
    y = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]).astype(dtype)
    assert_equal_everything(objective, theta, X, y, dtype=dtype)


# --- every way to the same rows -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [[3, 5, 2], [64, 100, 10], [70, 33, 17, 1], [1, 9, 16], [40, 4]])
@pytest.mark.parametrize("how", [{}, {"bias": False}, {"scale_inputs": True}])
def test_a_few_rows_get_the_bits_that_they_get_among_many(sizes, how, dtype):
    # Weights are laid out in panels for many rows, and read where they are for a few.
    layout = Layout(Architecture.of(sizes, "tanh", **how))
    rng = np.random.default_rng(6)
    theta = rng.normal(0, 0.5, layout.size).astype(dtype)
    X = rng.normal(size=(40, sizes[0])).astype(dtype) * (rng.random((40, sizes[0])) > 0.4)
    native = engine("native")
    for rows in (X, scipy.sparse.csr_array(X)):
        many = native.forward(layout, theta, rows)
        for few in (1, 2, 3, 4, 5, 7):
            some = [native.forward(layout, theta, rows[i : i + few]) for i in range(0, 40, few)]
            assert np.concatenate(some).tobytes() == many.tobytes(), few


@pytest.mark.parametrize("n_in", [100, 128, 256, 784])  # rows of 128 and 256 numbers are copied
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_in_any_order_are_those_rows_one_after_the_other(n_in, dtype):
    rng = np.random.default_rng(7)
    X, y = rng.normal(size=(150, n_in)).astype(dtype), rng.normal(size=(150, 1)).astype(dtype)
    results = []
    for ordered in (False, True):
        order = np.random.default_rng(8).permutation(150)
        layout = Layout(Architecture.of([n_in, 120, 1], "tanh"))
        objective, rule = Objective(layout, loss("squared_error")), optimizer("adam")
        theta = layout.draw(np.random.default_rng(9)).astype(dtype)
        state = State(theta, rule.init(theta))
        rows = (X, y) if ordered else (X[order], y[order])
        orders = order[None] if ordered else None
        epochs = Epochs(orders, np.full((1, 3), 0.01))  # 74, 74 and 2 rows
        batches = Batches(1, lambda k, epochs=epochs: epochs, 74, 1)
        for ends in engine("native").train_epochs(objective, rule, state, *rows, None, batches):
            results.append((ends.losses, state.theta.tobytes()))
    assert results[0] == results[1]


@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("weighted", [False, True])
def test_an_epoch_may_go_through_some_of_the_rows(form, weighted):
    rng = np.random.default_rng(7)
    X, y = rng.normal(size=(150, 6)), rng.normal(size=(150, 1))
    weight = rng.integers(0, 3, 150).astype(float) if weighted else None
    some = rng.permutation(150)[:50]
    layout = Layout(Architecture.of([6, 12, 1], "tanh"))
    objective, rule = Objective(layout, loss("squared_error")), optimizer("adam")
    theta = layout.draw(rng)

    def trained(name, rows, order):
        """The loss, the steps taken and the weights, after batches of 14, 14, 14 and 8 rows."""
        state = State(theta, rule.init(theta))
        epochs = Epochs(order, np.full((1, 4), 0.01))
        batches = Batches(1, lambda k: epochs, 14, 1)
        X, y, weight = rows
        running = engine(name).train_epochs(objective, rule, state, form(X), y, weight, batches)
        ((loss,),) = [ends.losses for ends in running]
        return loss, state.steps, state.theta

    alone = X[some], y[some], None if weight is None else weight[some]
    quiet = trained("native", alone, None)
    within = trained("native", (X, y, weight), some[None])
    assert within[:2] == quiet[:2]
    assert within[2].tobytes() == quiet[2].tobytes()
    reference = trained("reference", (X, y, weight), some[None])
    assert reference[1] == within[1]
    np.testing.assert_allclose(reference[0], within[0], rtol=1e-12)
    np.testing.assert_allclose(reference[2], within[2], rtol=1e-9, atol=1e-12)
