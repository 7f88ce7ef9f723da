"""The core on `array_api_strict` arrays, which refuse whatever is not in the Array API standard."""

import array_api_strict as strict
import numpy as np
import pytest

from pellucid import ACTIVATIONS, LOSSES, OPTIMIZERS, Network
from pellucid.architecture import Architecture
from pellucid.arrays import namespace
from pellucid.dropout import dropout
from pellucid.engines import Batches, Epochs, ReferenceEngine, State
from pellucid.layout import Layout
from pellucid.losses import loss
from pellucid.network import backward, forward
from pellucid.objective import Objective
from pellucid.optimizers import clip_by_norm, optimizer
from pellucid.samples import as_inputs, as_targets, as_weights

DTYPES = ["float32", "float64"]


def to_strict(array):
    return strict.asarray(np.ascontiguousarray(array))


def assert_equal(theirs, ours, rtol=1e-12):
    """A strict array with NumPy's numbers, in NumPy's dtype."""
    assert type(theirs) is type(strict.asarray(0.0))
    theirs = np.asarray(theirs)
    assert theirs.dtype == ours.dtype
    np.testing.assert_allclose(theirs, ours, rtol=1e-5 if ours.dtype == np.float32 else rtol)


SEGMENTS = {
    "layer2.*": {"learning_rate": 0.3, "decay": 0.5},
    "layer3.b": {"frozen": True},
}


def setting(
    output="softmax", name="cross_entropy", hidden=("gelu", "tanh"), segments=None, **settings
):
    rng = np.random.default_rng(0)
    layout = Layout(
        Architecture.of([3, 4, 5, 2], list(hidden), output, scale_inputs=True), segments
    )
    objective = Objective(layout, loss(name), **settings)
    theta, X = rng.normal(0, 0.7, layout.size), rng.normal(size=(6, 3))
    return layout, objective, theta, X, np.eye(2)[[0, 1, 1, 0, 1, 0]], rng.uniform(0.1, 2, 6)


def test_the_namespace_of_an_array_is_found():
    assert namespace(np.ones(2)) is np
    assert namespace(strict.ones(2)) is strict


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_forward_and_backward(name, dtype):
    f = ACTIVATIONS[name]
    z = np.linspace(-4, 4, 12, dtype=dtype).reshape(3, 4)
    da = np.linspace(1, 2, 12, dtype=dtype).reshape(3, 4)
    a = f.forward(z)
    their_a = f.forward(to_strict(z))
    assert_equal(their_a, a)
    assert_equal(f.backward(to_strict(da), to_strict(z), their_a), f.backward(da, z, a), 1e-11)


LOSS_SETTINGS = [
    *((name, {}) for name in LOSSES),
    ("cross_entropy", {"label_smoothing": 0.2}),
    ("binary_cross_entropy", {"label_smoothing": 0.2}),
    ("quantile", {"quantile": [0.1, 0.9]}),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "parameters"), LOSS_SETTINGS)
def test_every_loss_plain_and_raw(name, parameters, dtype):
    it = loss(name, **parameters)
    z = np.random.default_rng(1).normal(size=(5, 2)).astype(dtype)
    a, y = ACTIVATIONS["softmax"].forward(z), np.eye(2, dtype=dtype)[[0, 1, 1, 0, 1]]
    for function, out in (
        (it.value, a), (it.gradient, a), (it.raw_value, z), (it.raw_gradient, z),
    ):  # fmt: skip
        assert_equal(function(to_strict(out), to_strict(y)), function(out, y), 1e-11)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_forward_and_backward(hidden, dtype):
    layout, _, theta, X, _, _ = setting(hidden=(hidden, hidden))
    theta, X = theta.astype(dtype), X.astype(dtype)
    trace, theirs = forward(layout, theta, X), forward(layout, to_strict(theta), to_strict(X))
    for ours, other in zip(trace.a, theirs.a, strict=True):
        assert_equal(other, ours, 1e-11)
    dz = np.linspace(-1, 2, 12, dtype=dtype).reshape(6, 2)
    gradient = backward(layout, theirs, to_strict(dz))
    assert gradient.shape == (layout.size,)
    np.testing.assert_allclose(
        np.asarray(gradient), backward(layout, trace, dz),
        rtol=1e-10 if dtype == "float64" else 1e-4, atol=1e-14 if dtype == "float64" else 1e-5,
    )  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize("penalties", [{}, {"alpha": 0.3}, {"l1": 0.2}, {"alpha": 0.3, "l1": 0.2}])
@pytest.mark.parametrize(
    ("output", "name"),
    [("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy"), ("exp", "poisson"),
     ("identity", "huber"), ("softplus", "squared_error"), ("softmax", "binary_cross_entropy")],
)  # fmt: skip
def test_the_objectives_value_and_gradient(output, name, penalties, rate, weighted):
    layout, objective, theta, X, y, w = setting(output, name, **penalties)
    masks = their_masks = None
    if rate:
        masks, their_masks = (
            dropout(layout.architecture, rate, np.random.default_rng(2)).masks(6, like)
            for like in (X, to_strict(X))
        )
    ours = objective.value_and_gradient(theta, X, y, w if weighted else None, masks)
    theirs = objective.value_and_gradient(
        to_strict(theta), to_strict(X), to_strict(y), to_strict(w) if weighted else None,
        their_masks,
    )  # fmt: skip
    assert theirs[0] == pytest.approx(ours[0], rel=1e-12)
    assert_equal(theirs[1], ours[1], 1e-10)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("factors", [False, True])
def test_every_optimizers_update(name, dtype, factors):
    rng = np.random.default_rng(3)
    rule = optimizer(name)
    theta = rng.normal(size=5).astype(dtype)
    rates = np.linspace(0, 0.1, 5, dtype=dtype)
    decays = np.linspace(1, 0, 5, dtype=dtype)
    theirs = to_strict(theta)
    state, their_state = rule.init(theta), rule.init(theirs)
    for _ in range(5):
        g = rng.normal(size=5).astype(dtype)
        rate, decay = (rates, decays) if factors else (0.1, 1.0)
        their_rate, their_decay = (to_strict(rates), to_strict(decays)) if factors else (0.1, 1.0)
        theta, state = rule.update(theta, g, state, rate, decay)
        theirs, their_state = rule.update(
            theirs, to_strict(g), their_state, their_rate, their_decay
        )
    assert_equal(theirs, theta)


def test_clipping():
    g = np.array([3.0, 4.0])
    assert_equal(clip_by_norm(to_strict(g), 1.0), clip_by_norm(g, 1.0))
    assert_equal(clip_by_norm(to_strict(g), 9.0), g)


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("size", [2, 4, 6])
def test_epochs_in_the_reference_engine(shuffled, size):
    layout, objective, theta, X, y, w = setting(segments=SEGMENTS, alpha=0.1)
    rule = optimizer("adamw")

    def run(convert):
        rng = np.random.default_rng(4)

        def draw(k):
            orders = np.stack([rng.permutation(6) for _ in range(k)]) if shuffled else None
            return Epochs(orders, np.full((k, -(-6 // size)), 0.01))

        arrays = [convert(a) for a in (theta, X, y, w)]
        some = dropout(layout.architecture, 0.3, np.random.default_rng(5))
        batches = Batches(3, draw, size, at_once=3, clip_norm=0.5, dropout=some)
        state = State(arrays[0], rule.init(arrays[0]))
        ends = ReferenceEngine().train_epochs(objective, rule, state, *arrays[1:], batches)
        return [loss for end in ends for loss in end.losses], state

    losses, state = run(np.asarray)
    their_losses, their_state = run(to_strict)
    np.testing.assert_allclose(their_losses, losses, rtol=1e-12)
    assert_equal(their_state.theta, state.theta, 1e-10)
    assert their_state.steps == state.steps == 3 * -(-6 // size)


def test_samples_are_checked_where_they_are():
    X, y, w = strict.ones((3, 2)), strict.asarray([0.0, 1.0, 1.0]), strict.ones(3)
    assert as_inputs(X, 2) is X
    assert as_targets(y, 3, 1).shape == (3, 1)
    assert as_weights(w, 3) is w
    one_hot = as_targets(y, 3, 2, loss("cross_entropy"))
    assert np.asarray(one_hot).tolist() == [[1, 0], [0, 1], [0, 1]]
    bad = strict.asarray([[1.0, float("nan")], [1.0, 1.0]])
    with pytest.raises(ValueError, match="X holds nan in column 1, first in row 0"):
        as_inputs(bad, 2)
    with pytest.raises(ValueError, match="X has 2 columns and the network takes 3 inputs"):
        as_inputs(X, 3)


def test_a_network_predicts_and_trains_on_them():
    X = np.random.default_rng(6).normal(size=(12, 3))
    y = np.arange(12.0) % 2
    networks = [Network([3, 4, 1], "gelu", "sigmoid", seed=0, alpha=0.1) for _ in range(2)]
    networks[1].theta = to_strict(networks[0].theta)
    data = [(X, y), (to_strict(X), to_strict(y))]
    for network, (inputs, targets) in zip(networks, data, strict=True):
        network.train(inputs, targets, epochs=3, batch_size=4, dropout=0.2,
                      validation_data=(inputs, targets))  # fmt: skip
        network.train_step(inputs, targets, solver="momentum")
    assert_equal(networks[1].theta, networks[0].theta, 1e-10)
    assert_equal(networks[1].predict(data[1][0]), networks[0].predict(X), 1e-11)
    assert_equal(networks[1].predict(data[1][0][0, :]), networks[0].predict(X[0]), 1e-11)
    assert networks[1].history.loss == pytest.approx(networks[0].history.loss, rel=1e-12)


def test_everything_stays_on_the_device_that_the_data_are_on():
    # Arrays of two devices refuse to meet, so one that was made on another would be found out.
    layout, objective, theta, X, y, w = setting(segments=SEGMENTS, alpha=0.1, l1=0.1)
    rule = optimizer("adamw")
    elsewhere = strict.Device("device1")
    arrays = [strict.asarray(a, device=elsewhere) for a in (theta, X, y, w)]
    rng = np.random.default_rng(7)
    some = dropout(layout.architecture, 0.3, rng)
    rates = np.full((1, 2), 0.01)
    drawn = iter([Epochs(rng.permutation(6)[None, :], rates), Epochs(None, rates)])
    state = State(arrays[0], rule.init(arrays[0]))
    batches = Batches(2, lambda k: next(drawn), 4, clip_norm=0.5, dropout=some)
    ends = list(ReferenceEngine().train_epochs(objective, rule, state, *arrays[1:], batches))
    assert len(ends) == 2
    assert state.theta.device == elsewhere
    for name in LOSSES:
        it = loss(name)
        a = ACTIVATIONS["softmax"].forward(arrays[1][:, :2])
        y = arrays[2]
        assert it.gradient(a, y).device == it.raw_gradient(a, y).device == elsewhere
        assert it.value(a, y).device == it.raw_value(a, y).device == elsewhere
    assert as_targets(arrays[2][:, 0], 6, 2, loss("cross_entropy")).device == elsewhere
    network = Network([3, 2], output_activation="softmax", seed=0)
    assert network.predict(arrays[1]).device == elsewhere


def test_whole_numbers_and_other_floats_are_brought_to_the_dtype_of_x():
    X = strict.asarray(np.random.default_rng(0).normal(size=(6, 3)), dtype=strict.float32)
    y = strict.asarray([0, 1, 2, 0, 1, 2])
    network = Network([3, 4, 3], "tanh", "softmax", seed=0)
    value, gradient = network.loss_and_gradient(X, y)
    ours, theirs = network.loss_and_gradient(np.asarray(X), np.asarray(y))
    assert gradient.dtype == strict.float32
    assert value == pytest.approx(ours, rel=1e-6)
    np.testing.assert_allclose(np.asarray(gradient), theirs, rtol=1e-5, atol=1e-7)
    assert (
        network.loss_and_gradient(strict.asarray([[1, 2, 3]]), strict.asarray([1]))[1].dtype
        == strict.float64
    )
