"""Where the native engine ends: what it leaves to the reference, and how training diverges."""

import copy
import warnings

import array_api_strict as strict
import numpy as np
import pytest
import scipy.sparse

from pellucid import ACTIVATIONS, OPTIMIZERS, Activation, Network
from pellucid.architecture import Architecture
from pellucid.engines import available, engine
from pellucid.layers import Dense
from pellucid.losses import loss
from pellucid.optimizers import Optimizer, optimizer
from pellucid.training import DivergenceWarning


def waves(n=40, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, 2))
    return X, np.sin(3 * X[:, :1]) + X[:, 1:]


def assert_close(ours, theirs, tolerance):
    size = np.abs(theirs).max()  # whose square may be beyond all numbers
    assert np.linalg.norm((ours - theirs) / size) <= tolerance * np.linalg.norm(theirs / size)


# --- what it leaves to the reference ------------------------------------------------------------


def cubed(a, y):
    return np.sum(np.abs(a - y) ** 3, axis=1)


def cubed_gradient(a, y):
    return 3 * np.abs(a - y) * (a - y)


def halved():
    """Plain gradient descent at half the rate."""

    def step(theta, gradient, state, rate, decay=1.0):
        return theta - 0.5 * rate * gradient, state

    return Optimizer("halved", lambda theta: {}, step, 0.1)


SINE = (np.sin, lambda da, z, a: da * np.cos(z))
STEEP_TANH = Activation("tanh", lambda z: np.tanh(2 * z), lambda da, z, a: 2 * da * (1 - a * a))
SQUARED_TWICE = (lambda a, y: np.sum((a - y) ** 2, axis=1), lambda a, y: 2 * (a - y))


class Own(Dense):
    """A layer of one's own."""

    kind = "own"


OWN = {
    "activation": ({"hidden_activation": SINE}, "activation 'sin' is Python code of your own"),
    "output": ({"output_activation": SINE}, "activation 'sin' is Python code of your own"),
    "namesake": ({"hidden_activation": STEEP_TANH}, "activation 'tanh' is Python code of your own"),
    "loss": ({"loss": (cubed, cubed_gradient)}, "loss 'cubed' is Python code of your own"),
}


def test_native_is_taken_first_where_it_is_there():
    assert available() == ["native", "reference"]
    assert Network([2, 1]).engine == "native"
    assert engine().name == "native"


@pytest.mark.parametrize("what", OWN)
def test_your_own_code_is_run_by_the_reference_and_native_says_why_it_cannot(what):
    how, reason = OWN[what]
    network = Network([2, 5, 1], seed=0, **how)
    assert network.engine == "reference"
    reference = Network([2, 5, 1], seed=0, engine="reference", **how)
    for each in (network, reference):
        each.train(*waves(), epochs=3)
    assert network.theta.tobytes() == reference.theta.tobytes()
    with pytest.raises(ValueError, match=rf"'native', which cannot do this: {reason}.*'reference'"):
        Network([2, 5, 1], engine="native", **how)


def test_a_layer_of_your_own_is_left_to_the_reference():
    architecture = Architecture((Own(2, 3, ACTIVATIONS["tanh"]), Dense(3, 1)))
    assert Network(architecture, seed=0).engine == "reference"
    with pytest.raises(ValueError, match="layer kind 'own' is Python code of your own"):
        Network(architecture, engine="native")


def test_a_loss_with_the_name_of_a_built_in_one_is_not_taken_for_it():
    value, gradient = SQUARED_TWICE
    mine = type(loss("huber"))("squared_error", value, gradient)
    network = Network([2, 1], loss=mine, seed=0)
    assert network.engine == "reference"
    X, y = waves()
    assert network.loss_and_gradient(X, y)[0] == pytest.approx(
        np.mean((network.predict(X) - y) ** 2), rel=1e-12
    )


def test_an_optimizer_of_your_own_is_run_by_the_reference():
    X, y = waves()
    mine, half = Network([2, 5, 1], "tanh", seed=0), Network([2, 5, 1], "tanh", seed=0)
    mine.train(X, y, epochs=3, solver=halved(), learning_rate=0.1)
    half.train(X, y, epochs=3, solver="sgd", learning_rate=0.05)
    assert_close(mine.theta, half.theta, 1e-13)
    message = "'native', which cannot do this: optimizer 'halved' is Python code of your own"
    with pytest.raises(ValueError, match=message):
        Network([2, 5, 1], engine="native").train(X, y, solver=halved())
    namesake = Optimizer("sgd", halved().init, halved().update, 0.1)
    other = Network([2, 5, 1], "tanh", seed=0)
    other.train(X, y, epochs=3, solver=namesake, learning_rate=0.1)
    assert other.theta.tobytes() == mine.theta.tobytes()


def test_arrays_of_another_library_are_the_references():
    X, y = waves()
    foreign = strict.asarray(X), strict.asarray(y)
    ours, theirs = Network([2, 5, 1], "tanh", seed=0), Network([2, 5, 1], "tanh", seed=0)
    theirs.train(*foreign, epochs=3, validation_data=foreign)
    ours.train(X, y, epochs=3, validation_data=(X, y))
    assert_close(ours.theta, np.asarray(theirs.theta), 1e-12)
    assert_close(ours.predict(X), np.asarray(theirs.predict(foreign[0])), 1e-12)
    value, gradient = theirs.loss_and_gradient(*foreign)
    assert value == pytest.approx(ours.loss_and_gradient(X, y)[0], rel=1e-12)
    assert type(gradient) is type(foreign[0])
    only = Network([2, 5, 1], engine="native")
    for call in (only.predict, lambda X: only.loss_and_gradient(X, foreign[1]),
                 lambda X: only.train(X, foreign[1], epochs=1)):  # fmt: skip
        with pytest.raises(ValueError, match="X is a Array of array_api_strict, not of NumPy"):
            call(foreign[0])


def test_solvers_use_the_native_gradient():
    X, y = waves()
    found = []
    for name in ("native", "reference"):
        network = Network([2, 5, 1], "tanh", seed=0, alpha=0.1, engine=name)
        network.train(X, y, solver="lbfgs", epochs=10)
        found.append(network.theta)
    assert_close(found[0], found[1], 1e-6)


def test_a_network_that_has_computed_can_still_be_copied_as_python_copies():
    X, y = waves()
    network = Network([2, 5, 1], "tanh", seed=0)
    network.train(X, y, epochs=1)
    twin = copy.deepcopy(network)
    assert twin.engine == network.engine
    assert twin.predict(X).tobytes() == network.predict(X).tobytes()
    for each in (network, twin):
        each.train(X, y, epochs=2)
    assert twin.theta.tobytes() == network.theta.tobytes()


@pytest.mark.parametrize("n_threads", [1000, 2**31, 2**40, 2**70])
def test_more_threads_than_there_can_be_are_no_mystery(n_threads):
    X, _ = waves()
    expected = Network([2, 5, 1], seed=0).predict(X)
    try:
        network = Network([2, 5, 1], seed=0, n_threads=n_threads)
        assert network.predict(X).tobytes() == expected.tobytes()
    except ValueError as error:
        assert "n_threads" in str(error)  # noqa: PT017 - either is fine, a riddle is not


@pytest.mark.parametrize("name", ["native", "reference"])
def test_as_many_quantiles_as_no_output_are_refused_in_the_same_words(name):
    network = Network([2, 3], loss=loss("quantile", quantile=[0.1, 0.9]), seed=0, engine=name)
    with pytest.raises(ValueError, match="2 quantiles for 3 outputs: give one each"):
        network.loss_and_gradient(np.ones((4, 2)), np.ones((4, 3)))


# --- divergence ---------------------------------------------------------------------------------


def look(event):
    """A callback, for which each epoch is a call of its own."""


def diverging(name, callbacks=(), sizes=(2, 8, 1), hidden="relu", X=None, y=None, **settings):
    X, y = waves() if X is None else (X, y)
    network = Network(list(sizes), hidden, seed=0, engine=name)
    settings = {"epochs": 200, "solver": "sgd", "learning_rate": 30.0} | settings
    with pytest.warns(DivergenceWarning) as caught:
        network.train(X, y, callbacks=callbacks, **settings)
    return network, str(caught[0].message)


def assert_diverge_alike(**settings):
    """At the same step, with the same words, and back to the same theta; several epochs or one."""
    found = [diverging(name, callbacks, **settings) for name in ("native", "reference")
             for callbacks in ((), (look,))]  # fmt: skip
    (ours, words), (single, same), (theirs, their_words), _ = found
    assert words == same == their_words
    assert len(ours.history) == len(single.history) == len(theirs.history)
    assert ours.history.stopped == single.history.stopped == "diverged"
    assert ours.theta.tobytes() == single.theta.tobytes()
    assert np.isfinite(ours.theta).all()
    # What grows without bound makes each rounding grow with it, so not to the twelfth digit.
    assert_close(ours.theta, theirs.theta, 1e-9)
    return ours


@pytest.mark.parametrize("batch_size", [1, 7, 10, 40])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("solver", ["sgd", "momentum"])
def test_both_diverge_at_the_same_step_and_go_back_to_the_same_theta(
    batch_size, shuffle, dropout, solver
):
    assert_diverge_alike(batch_size=batch_size, shuffle=shuffle, dropout=dropout, solver=solver)


def test_divergence_in_the_first_step_of_a_later_call_goes_back_into_the_call_before():
    # A full batch is one step an epoch, and with a callback an epoch is a call.
    network = assert_diverge_alike(batch_size="full")
    assert len(network.history) > 2
    assert np.isfinite(network.loss_and_gradient(*waves())[0])


def test_divergence_after_steps_without_weight_goes_back_to_the_last_step_that_had_some():
    w = np.repeat([1.0, 0.0], [30, 10])  # the last of four steps is always skipped
    network = assert_diverge_alike(batch_size=10, shuffle=False, sample_weight=w)
    assert np.isfinite(network.loss_and_gradient(*waves())[0])


def test_divergence_in_the_first_step_of_all_leaves_theta_as_it_was():
    X, y = waves()
    found = []
    for name in ("native", "reference"):
        network = Network([2, 8, 1], seed=0, engine=name)
        before = network.theta.copy()
        with pytest.warns(DivergenceWarning, match="the loss became inf in epoch 1"):
            network.train(X, 1e200 * y, epochs=5, batch_size=10, shuffle=False)
        assert network.theta.tobytes() == before.tobytes()
        found.append(network.history.loss)
    assert found[0] == found[1] == [float("inf")]


@pytest.mark.parametrize("epochs", [1, 10])
@pytest.mark.parametrize("callbacks", [(), (look,)], ids=["at once", "one by one"])
def test_a_last_step_that_overflows_is_not_kept(epochs, callbacks):
    # Only the very last step is too large, and no batch comes after it to tell.
    found = []
    for name in ("native", "reference"):
        network, words = diverging(
            name, callbacks, y=1e10 * waves()[1], X=waves()[0], epochs=epochs, batch_size="full",
            learning_rate=1.0, schedule=lambda t: 1e308 if t >= 1 - 1 / epochs else 1e-12,
        )  # fmt: skip
        assert f"the weights overflowed in epoch {epochs}" in words
        assert np.isfinite(network.theta).all()
        found.append(network.theta)
    assert_close(*found, 1e-12)


def test_momentum_that_overflows_in_float32_is_noticed():
    X, y = (a.astype("float32") for a in waves())
    ours, _ = diverging("native", X=X, y=y, batch_size=10, solver="momentum", learning_rate=5.0)
    assert ours.theta.dtype == np.float32
    assert np.isfinite(ours.theta).all()


def test_divergence_goes_back_to_the_best_weights_where_there_are_validation_data():
    found = [diverging(name, validation_data=waves(9, 1), batch_size="full")[0] for name in
             ("native", "reference")]  # fmt: skip
    ours, theirs = found
    assert ours.history.best_epoch == theirs.history.best_epoch
    assert_close(ours.theta, theirs.theta, 1e-11)


def test_training_goes_on_after_a_divergence():
    network, _ = diverging("native")
    other = Network([2, 8, 1], seed=0, engine="native")
    other.theta = network.theta
    X, y = waves()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in (network, other):
            each.theta = 1e-300 * each.theta
            each.train(X, y, epochs=3, shuffle=False)
    assert network.theta.tobytes() == other.theta.tobytes()


# --- what is only nearly divided by 0 -----------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("solver", ["rmsprop", "adam"])
@pytest.mark.parametrize("settings", [{}, {"clip_norm": 0.5}], ids=str)
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_an_epsilon_of_zero_is_as_good_as_another_while_no_gradient_is_zero(
    alpha, settings, solver, dtype
):
    X, y = (a.astype(dtype) for a in waves())
    found = []
    for name in ("native", "reference"):
        network = Network([2, 5, 1], "tanh", seed=0, alpha=alpha, engine=name)
        network.train(X, y, epochs=3, solver=optimizer(solver, epsilon=0.0), learning_rate=0.01,
                      **settings)  # fmt: skip
        assert network.history.stopped == "all epochs done"
        found.append(network.theta)
    assert_close(*found, 1e-11 if dtype == "float64" else 1e-4)


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_learning_at_a_rate_of_zero_changes_nothing(solver):
    X, y = waves()
    network = Network([2, 5, 1], "tanh", seed=0, engine="native")
    before = network.theta.copy()
    network.train(X, y, epochs=2, solver=solver, schedule=lambda t: 0.0)
    assert np.array_equal(network.theta, before)


def test_a_sparse_x_with_no_rows_or_no_columns_is_refused_as_a_dense_one_is():
    for shape in ((0, 3), (4, 0)):
        with pytest.raises(ValueError, match="X "):
            Network([3, 1], engine="native").predict(scipy.sparse.csr_array(shape))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradient_of_a_loss_that_overflows_is_what_the_reference_says(dtype):
    X, y = np.ones((3, 2), dtype), np.full((3, 2), np.finfo(dtype).max / 4, dtype)
    with np.errstate(all="ignore"):
        (value, gradient), (expected, its) = (
            Network([2, 2], seed=0, dtype=dtype, engine=name).loss_and_gradient(X, y)
            for name in ("native", "reference")
        )
    assert value == expected == np.inf
    assert_close(gradient, its, 1e-5)
    assert np.any(gradient)


@pytest.mark.parametrize("solver", ["sgd", "momentum", "rmsprop", "adam"])
@pytest.mark.parametrize("penalty", [{"alpha": 1e-3}, {"l1": 1e-3}, {}])
def test_the_way_back_from_an_overflow_in_the_middle_of_a_call_keeps_what_was_learnt(
    solver, penalty
):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(64, 5)).astype("f"), rng.random((64, 3)).astype("f")
    thetas = []
    for name in ("native", "reference"):
        network = Network([5, 7, 3], "relu", "identity", seed=1, engine=name, **penalty)
        start = network.theta.copy()
        for _ in range(2):  # the second time with what the first has left behind
            network.theta = start
            with pytest.warns(DivergenceWarning):
                network.train(
                    X, y, epochs=20, batch_size=8, solver=solver, learning_rate=0.01,
                    shuffle=False, schedule=lambda t: 1.0 if t < 0.53 else 1e39,
                )  # fmt: skip
        thetas.append(network.theta)
    assert not np.allclose(thetas[0], start, atol=1e-3)
    assert_close(*thetas, 1e-3)


def test_the_trainer_of_one_call_is_there_for_the_next_of_its_kind():
    network, made = Network([3, 2], seed=0, engine="native"), []
    native = network._engine
    compiled = native._compiled
    native._compiled = lambda kind, dtype: made.append(kind) or compiled(kind, dtype)
    for _ in range(3):
        network.train_step(np.ones((4, 3)), np.ones((4, 2)), solver="adam")
    assert made.count("Training") == 1
    network.train_step(np.ones((5, 3)), np.ones((5, 2)), solver="adam")  # of another size
    assert made.count("Training") == 2
