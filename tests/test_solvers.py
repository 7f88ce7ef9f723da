"""Full-batch minimisers: known minima, and the same rules as other training."""

import numpy as np
import pytest

from pellucid import SOLVERS, Network
from pellucid.solvers import minimize


def rosenbrock(theta):
    """Its minimum is 0 at (1, 1), at the end of a curved valley."""
    x, y = theta
    value = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    return value, np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])


def line_fit(n=40):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    return X, X @ np.array([[1.0], [-2.0], [0.5]]) + 3.0 + 0.1 * rng.normal(size=(n, 1))


@pytest.mark.parametrize("solver", SOLVERS)
def test_rosenbrocks_valley_is_followed_to_its_end(solver):
    theta, why, status = minimize(rosenbrock, np.array([-1.2, 1.0]), solver, 500, tolerance=1e-7)
    np.testing.assert_allclose(theta, [1.0, 1.0], atol=1e-6)
    assert why
    assert status == 0


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_callback_that_answers_true_stops_the_search(solver):
    seen = []

    def after(theta, value):
        seen.append(value)
        return len(seen) == 3

    minimize(rosenbrock, np.array([-1.2, 1.0]), solver, 500, after_iteration=after)
    assert len(seen) == 3
    assert seen[0] > seen[1] > seen[2]


@pytest.mark.parametrize("solver", SOLVERS)
def test_linear_regression_reaches_the_least_squares_solution(solver):
    X, y = line_fit()
    network = Network([3, 1], seed=0)
    history = network.train(X, y, epochs=300, solver=solver)
    A = np.hstack([X, np.ones((len(X), 1))])
    exact, *_ = np.linalg.lstsq(A, y, rcond=None)
    np.testing.assert_allclose(network.theta, exact[:, 0], atol=1e-5)
    assert history.stopped.startswith(solver)


@pytest.mark.parametrize("solver", SOLVERS)
def test_ridge_regression_reaches_its_closed_form(solver):
    X, y = line_fit()
    alpha = 3.0
    network = Network([3, 1], bias=False, alpha=alpha, seed=0)
    network.train(X, y, epochs=300, solver=solver)
    exact = np.linalg.solve(X.T @ X + alpha * np.eye(3), X.T @ y)
    np.testing.assert_allclose(network.theta, exact[:, 0], atol=5e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_loss_falls_at_every_iteration_and_the_history_has_one_line_for_each(solver):
    X, y = line_fit()
    network = Network([3, 6, 1], "tanh", seed=1)
    start, _ = network.loss_and_gradient(X, y)
    history = network.train(X, y, epochs=15, solver=solver)
    assert len(history) == len(history.seconds) == 15
    assert np.all(np.diff([start, *history.loss]) <= 0)
    assert network.loss_and_gradient(X, y)[0] == pytest.approx(history.loss[-1], rel=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_frozen_segments_do_not_move_and_the_rest_does(solver):
    X, y = line_fit()
    network = Network([3, 4, 1], "tanh", seed=2,
                      segments={"layer1.*": {"frozen": True}})  # fmt: skip
    before = network.theta.copy()
    network.train(X, y, epochs=20, solver=solver)
    assert np.array_equal(network.theta[:16], before[:16])
    assert np.all(network.theta[16:] != before[16:])


@pytest.mark.parametrize("solver", SOLVERS)
def test_early_stopping_keeps_the_best_weights_of_a_solver_too(solver):
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(12, 4)), rng.normal(size=(12, 1))
    X_val, y_val = rng.normal(size=(12, 4)), rng.normal(size=(12, 1))
    network = Network([4, 20, 1], "tanh", seed=3)
    history = network.train(
        X, y, epochs=200, solver=solver, validation_data=(X_val, y_val), early_stopping=True,
        n_iter_no_change=5,
    )  # fmt: skip
    assert len(history) < 200
    final = np.mean(0.5 * (network.predict(X_val) - y_val) ** 2)
    assert final == pytest.approx(min(history.validation_loss), rel=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("setting", [{"dropout": 0.5}, {"clip_norm": 1.0}])
def test_what_needs_steps_is_refused(solver, setting):
    X, y = line_fit()
    network = Network([3, 4, 1], seed=0)
    with pytest.raises(ValueError, match=f"{next(iter(setting))} needs a solver that goes in step"):
        network.train(X, y, solver=solver, **setting)


@pytest.mark.parametrize("solver", SOLVERS)
def test_float32_data_gives_float32_weights(solver):
    X, y = (a.astype(np.float32) for a in line_fit())
    network = Network([3, 1], seed=0)
    network.train(X, y, epochs=30, solver=solver)
    assert network.theta.dtype == np.float32
    assert network.loss_and_gradient(X, y)[0] < 0.02


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("seed", range(5))
def test_the_or_gate_is_learnt(solver, seed):
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([0, 1, 1, 1.0])
    network = Network([2, 3, 1], "tanh", "sigmoid", seed=seed)
    network.train(X, y, epochs=100, solver=solver)
    assert network.predict(X).round().ravel().tolist() == y.tolist()
