"""What training leaves behind, when it stops, and what it keeps when it goes wrong."""

import warnings

import numpy as np
import pytest

from pellucid import Network, print_loss
from pellucid.training import DivergenceWarning

pytestmark = pytest.mark.usefixtures("each_engine")


def waves(n=40, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, 2))
    return X, np.sin(3 * X[:, :1]) + X[:, 1:]


def test_the_history_has_one_line_an_epoch_in_every_curve():
    X, y = waves()
    network = Network([2, 4, 1], seed=0)
    history = network.train(
        X, y, epochs=7, validation_data=(X, y), metric=lambda a, t: np.abs(a - t).max()
    )
    assert len(history) == 7
    for curve in ("loss", "validation_loss", "validation_score", "learning_rate", "seconds"):
        assert len(getattr(history, curve)) == 7
    assert history.stopped == "all epochs done"
    assert np.all(np.diff(history.seconds) >= 0)
    assert network.history is history
    assert set(history.to_dict()) >= {"loss", "seconds", "best_epoch", "stopped"}
    assert repr(history).startswith("History(7 epochs, loss ")


def test_the_loss_of_a_full_batch_epoch_is_the_objective_at_its_start():
    X, y = waves()
    network = Network([2, 4, 1], seed=0, alpha=0.3)
    start, _ = network.loss_and_gradient(X, y)
    history = network.train(X, y, epochs=1, batch_size="full")
    assert history.loss == [pytest.approx(start, rel=1e-14)]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_of_an_epoch_in_batches_is_that_over_all_its_rows(reduction):
    X, y = waves(10)
    w = np.linspace(0.5, 2, 10)
    network = Network([2, 4, 1], "tanh", seed=0, reduction=reduction)
    whole, _ = network.loss_and_gradient(X, y, w)
    history = network.train(X, y, epochs=1, batch_size=3, sample_weight=w, solver="sgd",
                            learning_rate=1e-12)  # fmt: skip
    assert history.loss[0] == pytest.approx(whole, rel=1e-9)


def test_the_validation_loss_is_that_of_the_data_alone_after_the_epoch():
    X, y = waves()
    network = Network([2, 4, 1], seed=0, alpha=10.0)
    history = network.train(X, y, epochs=1, validation_data=waves(15, 1))
    X_val, y_val = waves(15, 1)
    plain = np.mean(0.5 * (network.predict(X_val) - y_val) ** 2)
    assert history.validation_loss == [pytest.approx(plain, rel=1e-14)]
    assert history.best_epoch == 1


def test_early_stopping_goes_back_to_the_best_weights():
    # Validation targets pull the other way: half squared error has its least loss at w = 1.
    X, y = np.array([[1.0]]), np.array([[1.0]])
    network = Network([1, 1], bias=False, seed=0)
    network.theta = [0.0]
    history = network.train(
        [[1.0]], [[3.0]], epochs=50, solver="sgd", learning_rate=0.25, batch_size="full",
        validation_data=(X, y), early_stopping=True, n_iter_no_change=4,
    )  # fmt: skip
    # w = 3 (1 - 0.75^k): 0.75, 1.3125, 1.734, ...; nearest to 1 is the first, in epoch 1.
    assert network.theta[0] == 0.75
    assert history.best_epoch == 1
    assert len(history) == 1 + 4
    assert history.validation_loss[0] == min(history.validation_loss) == 0.5 * 0.25**2
    assert history.stopped == "no better validation loss in 4 epochs"


def test_without_early_stopping_the_last_weights_stay():
    network = Network([1, 1], bias=False, seed=0)
    network.theta = [0.0]
    history = network.train(
        [[1.0]], [[3.0]], epochs=3, solver="sgd", learning_rate=0.25, batch_size="full",
        validation_data=([[1.0]], [[1.0]]),
    )  # fmt: skip
    assert network.theta[0] == pytest.approx(3 * (1 - 0.75**3), rel=1e-15)
    assert history.best_epoch == 1


def test_a_tolerance_asks_for_more_than_a_little():
    X, y = waves()
    settings = {"validation_data": (X, y), "early_stopping": True, "n_iter_no_change": 3,
                "epochs": 60, "solver": "sgd", "learning_rate": 1e-4}  # fmt: skip
    patient = Network([2, 4, 1], seed=0).train(X, y, **settings)
    strict = Network([2, 4, 1], seed=0).train(X, y, tol=0.5, **settings)
    assert len(patient) == 60
    # The first epoch is better than nothing, the next three are not better by half.
    assert len(strict) == 4


def test_early_stopping_needs_data_to_look_at():
    with pytest.raises(ValueError, match=r"early_stopping needs validation_data=\(X, y\)"):
        Network([2, 1], seed=0).train(*waves(), early_stopping=True)


def test_a_callback_sees_every_epoch_and_stops_by_answering_true():
    events = []

    def callback(event):
        events.append((event.epoch, event.epochs, len(event.history), event.theta.copy()))
        return event.epoch == 3

    network = Network([2, 1], seed=0)
    history = network.train(*waves(), epochs=10, callbacks=[callback])
    assert [e[:3] for e in events] == [(1, 10, 1), (2, 10, 2), (3, 10, 3)]
    assert np.array_equal(events[-1][3], network.theta)
    assert history.stopped == "a callback said so"
    assert len(history) == 3


def test_only_true_stops_and_every_callback_is_told():
    told = []
    first, second = lambda e: told.append(1) or 1, lambda e: told.append(2) or "yes"
    history = Network([2, 1], seed=0).train(*waves(), epochs=2, callbacks=[first, second])
    assert told == [1, 2, 1, 2]
    assert len(history) == 2


def test_the_loss_is_printed_every_so_many_epochs_and_in_the_last(capsys):
    history = Network([2, 1], seed=0).train(*waves(), epochs=25, callbacks=[print_loss(every=10)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["10", "20", "25"]
    shown = [float(line.split()[-1]) for line in lines]
    assert shown == pytest.approx([history.loss[i] for i in (9, 19, 24)], rel=1e-5)
    for every in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match="expected a whole number from 1 on"):
            print_loss(every)


def test_no_epoch_begins_after_the_time_limit():
    history = Network([2, 1], seed=0).train(*waves(), epochs=10**9, max_time=1e-6)
    assert len(history) == 1
    assert history.stopped == "1e-06 s are over"


def test_an_interrupt_keeps_the_weights_of_the_last_epoch():
    kept = []

    def callback(event):
        kept.append(event.theta.copy())
        if event.epoch == 3:
            raise KeyboardInterrupt

    network = Network([2, 4, 1], seed=0)
    with pytest.warns(UserWarning, match="training was interrupted after 3 epochs; its weights"):
        history = network.train(*waves(), epochs=10, callbacks=[callback])
    assert history.stopped == "interrupted"
    assert len(history) == 3
    assert np.array_equal(network.theta, kept[-1])


def test_an_interrupt_goes_back_to_the_best_weights_where_there_is_validation():
    def callback(event):
        if event.epoch == 4:
            raise KeyboardInterrupt

    network = Network([1, 1], bias=False, seed=0)
    network.theta = [0.0]
    with pytest.warns(UserWarning, match="interrupted after 4 epochs"):
        network.train(
            [[1.0]], [[3.0]], epochs=50, solver="sgd", learning_rate=0.25, batch_size="full",
            validation_data=([[1.0]], [[1.0]]), callbacks=[callback],
        )  # fmt: skip
    assert network.theta[0] == 0.75


def test_an_interrupt_inside_a_step_leaves_a_whole_theta():
    calls = []

    def value(a, y):
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return 0.5 * ((a - y) ** 2).sum(axis=1)

    settings = {"epochs": 10, "batch_size": 10, "shuffle": False}
    network = Network([2, 4, 1], loss=(value, lambda a, y: a - y), seed=0)
    with pytest.warns(UserWarning, match="interrupted after 1 epochs"):
        network.train(*waves(), **settings)
    whole = Network([2, 4, 1], seed=0)
    steps = iter(range(7))
    X, y = waves()
    for i in steps:
        rows = slice(10 * (i % 4), 10 * (i % 4) + 10)
        whole.train_step(X[rows], y[rows], solver="adam")
    np.testing.assert_allclose(network.theta, whole.theta, rtol=1e-14)


def test_any_other_error_in_a_callback_comes_through_and_the_steps_stay():
    def callback(event):
        raise RuntimeError("mine")

    network = Network([2, 1], seed=0)
    before = network.theta.copy()
    with pytest.raises(RuntimeError, match="mine"):
        network.train(*waves(), epochs=5, callbacks=[callback])
    assert not np.array_equal(network.theta, before)


@pytest.mark.parametrize("solver", ["sgd", "momentum", "nesterov"])
@pytest.mark.parametrize("hidden", ["identity", "relu"])
@pytest.mark.parametrize("batch_size", [8, "full"])
def test_a_loss_that_explodes_stops_with_a_warning_and_finite_weights(solver, hidden, batch_size):
    network = Network([2, 8, 8, 1], hidden, seed=0)
    with pytest.warns(DivergenceWarning, match=r"Lower learning_rate \(it was 50\)"):
        history = network.train(
            *waves(), epochs=200, solver=solver, learning_rate=50.0, batch_size=batch_size
        )
    assert history.stopped == "diverged"
    assert len(history) < 200
    assert np.all(np.isfinite(network.theta))
    if batch_size == "full":  # else it is finite on the batch that it was last seen with
        assert np.isfinite(network.loss_and_gradient(*waves())[0])


def test_divergence_with_validation_goes_back_to_the_best():
    network = Network([2, 8, 1], seed=0)
    with pytest.warns(DivergenceWarning):
        history = network.train(*waves(), epochs=200, solver="sgd", learning_rate=30.0,
                                validation_data=waves(), batch_size="full")  # fmt: skip
    finite = [v for v in history.validation_loss if np.isfinite(v)]
    final = np.mean(0.5 * (network.predict(waves()[0]) - waves()[1]) ** 2)
    assert final == pytest.approx(min(finite), rel=1e-12)


def test_a_last_step_that_overflows_is_not_kept():
    X, y = waves()
    network = Network([2, 8, 1], seed=0)
    before = network.theta.copy()
    with pytest.warns(DivergenceWarning, match="the weights overflowed in epoch 1"):
        network.train(X, 1e10 * y, epochs=1, batch_size="full", solver="sgd", learning_rate=1e308)
    assert np.array_equal(network.theta, before)


def test_a_validation_loss_that_overflows_is_named_and_the_step_not_kept():
    network = Network([2, 8, 1], seed=0)
    with pytest.warns(DivergenceWarning, match="the validation loss became inf in epoch 1"):
        network.train(*waves(), epochs=1, batch_size="full", solver="sgd", learning_rate=1e300,
                      validation_data=waves())  # fmt: skip
    assert np.isfinite(network.loss_and_gradient(*waves())[0])


def test_clipping_keeps_a_large_rate_from_exploding():
    network = Network([2, 8, 1], "relu", seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = network.train(
            *waves(), epochs=30, solver="sgd", learning_rate=5.0, clip_norm=0.01
        )
    assert history.stopped == "all epochs done"
