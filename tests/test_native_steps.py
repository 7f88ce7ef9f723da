"""Steps of the native engine are those of the reference: one, fifty, and on any network at all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import SCHEDULES, Network
from pellucid.architecture import Architecture
from pellucid.dropout import dropout
from pellucid.engines import Batches, Epochs, State
from pellucid.layout import Layout
from pellucid.losses import loss
from pellucid.objective import Objective
from pellucid.optimizers import optimizer
from test_native_engine import DTYPES, SEGMENTS, TOLERANCE, assert_close, assert_equal_steps, both
from test_optimizers import SETTINGS


def setting(dtype, *, weighted=False, segments=None, n=41, **penalties):
    layout = Layout(Architecture.of([6, 21, 9, 4], "tanh", "softmax"), segments)
    objective = Objective(layout, loss("cross_entropy"), **penalties)
    rng = np.random.default_rng(4)
    arrays = [rng.normal(0, 0.5, layout.size), rng.normal(size=(n, 6)),
              np.eye(4)[rng.integers(0, 4, n)], rng.random(n) * (rng.random(n) > 0.2)]  # fmt: skip
    theta, X, y, w = (a.astype(dtype) for a in arrays)
    return objective, [theta, X, y, w if weighted else None]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "parameters"), SETTINGS)
@pytest.mark.parametrize("segments", [None, SEGMENTS], ids=["plain", "segments"])
def test_every_optimizer_takes_the_same_step(name, parameters, segments, dtype):
    rule = optimizer(name, **parameters)
    for how in ({}, {"masks": (0.4, 1)}, {"clip_norm": 0.01}, {"clip_norm": 1e9}):
        for penalties in ({}, {"alpha": 0.5, "l1": 0.2}, {"alpha": 0.5, "reduction": "sum"}):
            for weighted in (False, True):
                objective, arrays = setting(
                    dtype, weighted=weighted, segments=segments, **penalties
                )
                assert_equal_steps(objective, rule, arrays, **how)


@pytest.mark.parametrize("n", [1, 15, 16, 17, 1023, 1024, 1025, 2500])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_step_on_any_number_of_rows(n, dtype):
    objective, arrays = setting(dtype, n=n, weighted=n > 1, alpha=0.1)
    for how in ({}, {"masks": ([0.0, 0.3], 2), "clip_norm": 0.1}):
        assert_equal_steps(objective, optimizer("adam"), arrays, **how)


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("hidden", ["relu", "sigmoid", "elu", "mish", "softmax"])
def test_dropout_before_and_after_every_kind_of_backward_rule(hidden, scale):
    layout = Layout(Architecture.of([5, 17, 8, 3], hidden, "softmax", scale_inputs=scale))
    rng = np.random.default_rng(5)
    y = np.eye(3)[rng.integers(0, 3, 26)]
    arrays = [rng.normal(0, 0.5, layout.size), rng.normal(size=(26, 5)), y, None]
    objective = Objective(layout, loss("cross_entropy"))
    assert_equal_steps(objective, optimizer("sgd"), arrays, masks=([0.5, 0.25], 3))


@pytest.mark.parametrize("generator", ["PCG64", "MT19937", "Philox", "SFC64", "PCG64DXSM"])
def test_the_units_that_are_dropped_are_those_the_reference_drops(generator):
    # With all weights and the input 1, unit i of a row gives more than 1 if it is kept, and the
    # gradient of its outgoing weight is 0 if it is dropped in every row: here there is one.
    layout = Layout(Architecture.of([1, 40, 1], "identity", bias=False))
    objective = Objective(layout, loss("squared_error"))
    rates = np.zeros(1) + 1.0
    left = []
    for of in both():
        rng = np.random.Generator(getattr(np.random, generator)(11))
        some = dropout(layout.architecture, 0.3, rng)
        theta = np.ones(80)
        seen = []
        for _ in range(5):
            state = State(np.ones(80), {})
            batches = Batches(1, lambda k: Epochs(None, rates[:, None]), 1, dropout=some)
            list(of.train_epochs(objective, optimizer("sgd"), state, theta[:1, None],
                                 np.zeros((1, 1)), None, batches))  # fmt: skip
            seen.append(state.theta[40:] != 1.0)
        left.append((np.array(seen), rng.random(3).tolist()))
    (ours, ours_next), (theirs, theirs_next) = left
    words = np.random.Generator(getattr(np.random, generator)(11)).integers(
        0, 2**64, size=50, dtype=np.uint64
    )
    expected = (words.astype("<u8").view("<u2") >= round(0.3 * 65536)).reshape(5, 40)
    assert np.array_equal(ours, expected)
    assert np.array_equal(theirs, expected)
    assert ours_next == theirs_next  # and not a number more was drawn


# --- fifty steps --------------------------------------------------------------------------------


def fifty_steps(of, dtype, solver, schedule, **settings):
    rng = np.random.default_rng(6)
    X = rng.normal(size=(47, 5)).astype(dtype)
    y = np.sin(X[:, :2])
    network = Network([5, 17, 9, 2], "tanh", alpha=0.1, l1=0.01, seed=0, engine=of)
    history = network.train(X, y, epochs=10, batch_size=10, solver=solver, learning_rate=0.01,
                            schedule=schedule, **settings)  # fmt: skip
    return network.theta, history


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "parameters"), SETTINGS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_fifty_steps_in_batches_lead_to_the_same_place(schedule, name, parameters, dtype):
    # Here a difference may grow: a rounding of 1e-16 enters in each of 50 steps, and Adam's step
    # where a gradient is all but 0 turns on its sign. Two digits more than for one step hold both.
    tolerance = 100 * TOLERANCE[dtype]
    rule = optimizer(name, **parameters)
    settings = {"dropout": 0.2, "clip_norm": 0.5} if SETTINGS.index((name, parameters)) % 2 else {}
    (theta, history), (theirs, their_history) = (
        fifty_steps(of, dtype, rule, schedule, **settings) for of in ("native", "reference")
    )
    assert_close(theta, theirs, tolerance, "theta")
    np.testing.assert_allclose(history.loss, their_history.loss, rtol=tolerance)
    assert history.learning_rate == their_history.learning_rate
    assert history.stopped == their_history.stopped == "all epochs done"


@pytest.mark.parametrize("settings", [{}, {"shuffle": False}, {"batch_size": "full"}], ids=str)
@pytest.mark.parametrize("solver", ["momentum", "adam"])
def test_many_epochs_in_one_call_are_as_many_calls_of_one_to_the_bit(solver, settings):
    rng = np.random.default_rng(9)
    X, y = rng.normal(size=(47, 5)), rng.normal(size=(47, 2))
    found = []
    for callbacks in ((), (lambda event: None,)):  # who looks at each epoch is shown each
        network = Network([5, 17, 2], "tanh", seed=0, engine="native")
        history = network.train(
            X, y, epochs=30, solver=solver, dropout=0.3, schedule="cosine", callbacks=callbacks,
            **({"batch_size": 10} | settings),
        )  # fmt: skip
        assert np.all(np.diff([0.0, *history.seconds]) > 0)
        found.append((network.theta.tobytes(), history.loss, history.learning_rate))
    assert found[0] == found[1]


def test_moments_live_on_from_step_to_step_in_both():
    rng = np.random.default_rng(7)
    X, y = rng.normal(size=(9, 5)), rng.normal(size=(9, 2))
    for solver in ("momentum", "adam", "adamw", "rmsprop"):
        ours, theirs = (
            Network([5, 8, 2], "tanh", seed=0, engine=e) for e in ("native", "reference")
        )
        for i in range(10):
            losses = [network.train_step(X[i % 3 :], y[i % 3 :], solver=solver) for network in
                      (ours, theirs)]  # fmt: skip
            assert losses[0] == pytest.approx(losses[1], rel=1e-11)
        assert_close(ours.theta, theirs.theta, 1e-11)


# --- any network --------------------------------------------------------------------------------

SMOOTH = ["identity", "sigmoid", "tanh", "gelu", "softplus", "swish", "mish", "softmax"]
OUTPUTS = {
    "identity": "squared_error", "sigmoid": "binary_cross_entropy", "softmax": "cross_entropy",
    "exp": "poisson", "tanh": "huber",
}  # fmt: skip


@settings(max_examples=120)
@given(
    sizes=st.lists(st.integers(1, 70), min_size=2, max_size=5),
    n=st.integers(1, 70),
    batch=st.integers(1, 90),
    hidden=st.sampled_from(SMOOTH),
    output=st.sampled_from(list(OUTPUTS)),
    bias=st.booleans(),
    scale=st.booleans(),
    weighted=st.booleans(),
    alpha=st.sampled_from([0.0, 0.3]),
    rate=st.sampled_from([0.0, 0.4]),
    clip_norm=st.sampled_from([None, 0.1]),
    solver=st.sampled_from(["sgd", "nesterov", "adamw"]),
    dtype=st.sampled_from(DTYPES),
    seed=st.integers(0, 99),
)
def test_any_network_on_any_batches(sizes, n, batch, hidden, output, bias, scale, weighted, alpha,
                                    rate, clip_norm, solver, dtype, seed):  # fmt: skip
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, sizes[0])).astype(dtype)
    y = rng.integers(0, 2, (n, sizes[-1])).astype(dtype)
    if output == "softmax" and sizes[-1] == 1:  # refused: it is always 1
        output = "sigmoid"
    if output == "softmax":
        y = np.eye(sizes[-1], dtype=dtype)[rng.integers(0, sizes[-1], n)]
    w = rng.uniform(0.1, 1, n).astype(dtype) if weighted else None
    drop = [rate] * (len(sizes) - 2)
    networks = []
    for of in ("native", "reference"):
        network = Network(sizes, hidden, output, OUTPUTS[output], bias=bias, scale_inputs=scale,
                          alpha=alpha, seed=seed, engine=of)  # fmt: skip
        assert network.engine == of
        network.train(X, y, epochs=2, batch_size=min(batch, n), solver=solver, learning_rate=1e-3,
                      sample_weight=w, dropout=drop, clip_norm=clip_norm)  # fmt: skip
        networks.append(network)
    ours, theirs = networks
    tolerance = 10 * TOLERANCE[dtype]  # a few steps, not one
    assert_close(ours.theta, theirs.theta, tolerance, "theta")
    assert_close(ours.predict(X), theirs.predict(X), tolerance, "output")
    np.testing.assert_allclose(ours.history.loss, theirs.history.loss, rtol=tolerance, atol=1e-30)


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_of_zeros_and_a_network_of_zeros(dtype):
    X, y = np.zeros((19, 3), dtype), np.ones((19, 2), dtype)
    ours, theirs = (Network([3, 5, 2], engine=e, initializer="zeros") for e in
                    ("native", "reference"))  # fmt: skip
    for network in (ours, theirs):
        network.train(X, y, epochs=3, batch_size=4)
    assert_close(ours.theta, theirs.theta, TOLERANCE[dtype])
    assert not ours.weights[0].any()


def test_a_batch_larger_than_the_data_is_all_of_it():
    layout = Layout(Architecture.of([3, 5, 2], "tanh"))
    objective, theta = Objective(layout, loss("huber")), np.linspace(-1, 1, layout.size)
    X, y = np.linspace(-1, 1, 21).reshape(7, 3), np.ones((7, 2))
    found = []
    for of in both():
        for size in (7, 90):
            state = State(theta, {})
            batches = Batches(3, lambda k: Epochs(None, np.full((k, 1), 0.1)), size)
            ends = list(of.train_epochs(objective, optimizer("sgd"), state, X, y, None, batches))
            assert state.steps == len(ends) == 3
            found.append(state.theta)
    assert found[0].tobytes() == found[1].tobytes()
    assert_close(found[0], found[2], 1e-12)
    assert found[2].tobytes() == found[3].tobytes()
