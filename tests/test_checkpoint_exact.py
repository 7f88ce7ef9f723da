"""Training that was stopped and resumed, however often, ends with the bits of one quiet run."""

import warnings
from copy import deepcopy
from dataclasses import asdict
from itertools import count

import array_api_strict as strict
import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_digits

from pellucid import Network
from pellucid.optimizers import OPTIMIZERS, Optimizer
from pellucid.schedules import SCHEDULES
from pellucid.solvers import SOLVERS
from pellucid.training import DivergenceWarning

DIGITS, LABELS = load_digits(return_X_y=True)
X, LABELS = DIGITS[:240] / 16.0, LABELS[:240]
Y = np.eye(10)[LABELS]
HELD_X, HELD_Y = DIGITS[300:400] / 16.0, np.eye(10)[load_digits().target[300:400]]
WEIGHTS = np.random.default_rng(0).uniform(0.0, 2.0, 240)
SPARSE = csr_array(X)

EARLY = {"validation_data": (HELD_X, HELD_Y), "early_stopping": True, "n_iter_no_change": 3}

CASES = (
    {f"solver {name}": {"solver": name} for name in [*OPTIMIZERS, *SOLVERS]}
    | {f"schedule {name}": {"schedule": name} for name in SCHEDULES}
    | {
        "clipped": {"clip_norm": 0.05},
        "dropout": {"dropout": 0.3, "batch_size": 50},
        "batch sizes": {"batch_size": {1: 16, 3: 50, 8: 240}},
        "full batch": {"batch_size": "full", "learning_rate": 0.05},
        "online": {"batch_size": 1, "solver": "sgd", "epochs": 8},
        "in order": {"shuffle": False, "dropout": 0.1},
        "weights": {"sample_weight": WEIGHTS},
        "validation": {"validation_data": (HELD_X, HELD_Y, np.arange(100.0))},
        "a score": {
            "validation_data": (HELD_X, HELD_Y), "metric": lambda a, y: float((a * y).mean())
        },
        "stopped early": EARLY | {"learning_rate": 0.05, "solver": "rmsprop", "epochs": 60},
        "everything": EARLY
        | {
            "solver": "adamw", "schedule": "coslog4", "dropout": [0.2, 0.1], "clip_norm": 1.0,
            "sample_weight": WEIGHTS, "batch_size": {1: 20, 6: 60}, "learning_rate": 0.01,
        },
    }
)  # fmt: skip
NETWORKS = {
    "penalties": {"alpha": 0.1, "l1": 0.01},
    "sums": {"reduction": "sum", "alpha": 0.1},
    "frozen": {"segments": {"layer1.*": {"frozen": True}, "*.b": {"learning_rate": 0.5}}},
    "decay": {"segments": {"layer2.W": {"decay": 3.0}}},
    "scaled inputs": {"scale_inputs": True},
    "float32": {"dtype": "float32"},
}


def trained(path=None, settings=None, made=None, rows=X, **more):
    """A network, and the history of its training."""
    made = {"seed": 3} | (made or {})
    network = Network([64, 12, 8, 10], "tanh", "softmax", **made)
    given = {"epochs": 12, "learning_rate": 0.01} | (settings or {}) | more
    if given.get("solver") in SOLVERS:
        del given["learning_rate"]
    network.train(rows, Y, checkpoint=path, **given)
    return network


def stop_at(epoch):
    return [lambda event: event.epoch >= epoch]


class TroubleError(Exception):
    """Something that goes wrong in a callback."""


def trouble_at(epoch, error=TroubleError):
    def callback(event):
        if event.epoch == epoch:
            raise error

    return [callback]


def assert_same(resumed, quiet):
    """Weights, history and what is drawn next are the same to the bit."""
    assert resumed.theta.dtype == quiet.theta.dtype
    assert resumed.theta.tobytes() == quiet.theta.tobytes()
    ours, theirs = asdict(resumed.history), asdict(quiet.history)
    seconds = ours.pop("seconds")
    assert len(seconds) == len(theirs.pop("seconds"))
    assert seconds == sorted(seconds)
    np.testing.assert_equal(ours, theirs)  # NaN is NaN
    drawn = [deepcopy(network._rng).spawn(1)[0].random() for network in (resumed, quiet)]
    assert drawn[0] == drawn[1]


def in_pieces(path, *arguments, **more):
    """Trained until a callback said stop, until another raised, and then to its end."""
    trained(path, *arguments, **more, callbacks=stop_at(2))
    with pytest.raises(TroubleError):
        trained(path, *arguments, **more, callbacks=trouble_at(5), resume=True)
    return trained(path, *arguments, **more, resume=True)


@pytest.mark.parametrize("name", CASES)
def test_the_end_is_that_of_a_quiet_run(name, tmp_path, each_engine):
    quiet = trained(None, CASES[name])
    assert len(quiet.history) > 5
    path = tmp_path / "run.ckpt"
    assert_same(in_pieces(path, CASES[name]), quiet)
    assert_same(trained(path, CASES[name], resume=True, callbacks=trouble_at(1)), quiet)  # at once


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs", "conjugate_gradient"])
def test_so_it_is_for_every_kind_of_network(name, solver, tmp_path, each_engine):
    settings = {"solver": solver}
    if solver != "adam" and "decay" in name:
        settings = {"solver": "adamw"}
    quiet = trained(None, settings, NETWORKS[name])
    assert_same(in_pieces(tmp_path / "run.ckpt", settings, NETWORKS[name]), quiet)


@pytest.mark.parametrize("solver", ["nesterov", "lbfgs"])
def test_so_it_is_for_a_sparse_x(solver, tmp_path, each_engine):
    settings = {"solver": solver}
    quiet = trained(None, settings, rows=SPARSE)
    assert_same(in_pieces(tmp_path / "run.ckpt", settings, rows=SPARSE), quiet)


@pytest.mark.parametrize("settings", [{}, {"solver": "lbfgs"}, EARLY])
def test_so_it_is_for_arrays_of_another_library(settings, tmp_path):
    settings = dict(settings)
    if "validation_data" in settings:
        settings["validation_data"] = tuple(map(strict.asarray, settings["validation_data"]))

    def run(**more):
        network = Network([64, 12, 10], output_activation="softmax", seed=0)
        network.train(strict.asarray(X), strict.asarray(Y), epochs=9, **settings, **more)
        return network

    path = tmp_path / "run.ckpt"
    run(checkpoint=path, callbacks=stop_at(4))
    resumed, quiet = run(checkpoint=path, resume=True), run()
    assert type(resumed.theta) is type(strict.asarray(0.0))
    assert np.asarray(resumed.theta).tobytes() == np.asarray(quiet.theta).tobytes()
    assert resumed.history.loss == quiet.history.loss


@pytest.mark.parametrize("epochs", [{"checkpoint_epochs": 1}, {"checkpoint_epochs": 4}, {}])
def test_it_goes_on_from_every_epoch(epochs, tmp_path):
    quiet, path = trained(None, CASES["everything"]), tmp_path / "run.ckpt"
    for epoch in range(1, 12):
        with pytest.raises(TroubleError):
            trained(path, CASES["everything"], callbacks=trouble_at(epoch), **epochs)
        assert_same(trained(path, CASES["everything"], resume=True, **epochs), quiet)


@pytest.mark.parametrize("solver", ["adam", "conjugate_gradient"])
def test_an_interrupt_leaves_the_checkpoint_of_the_last_whole_epoch(solver, tmp_path):
    path, settings = tmp_path / "run.ckpt", {"solver": solver}
    with pytest.warns(UserWarning, match="interrupted after 7 epochs"):
        trained(path, settings, callbacks=trouble_at(7, KeyboardInterrupt))
    seen = []
    network = trained(path, settings, resume=True, callbacks=[lambda e: seen.append(e.epoch)])
    assert seen == [8, 9, 10, 11, 12]
    assert_same(network, trained(None, settings))


def test_the_same_network_may_go_on_as_well_as_a_new_one(tmp_path):
    quiet, network = trained(None), Network([64, 12, 8, 10], "tanh", "softmax", seed=3)
    common = {"epochs": 12, "learning_rate": 0.01, "checkpoint": tmp_path / "run.ckpt"}
    network.train(X, Y, callbacks=stop_at(4), **common)
    network.train(X, Y, resume=True, **common)
    assert_same(network, quiet)


def test_a_network_without_a_seed_goes_on_from_other_first_weights(tmp_path):
    path = tmp_path / "run.ckpt"
    network = Network([64, 12, 8, 10], "tanh", "softmax")
    first = Network.like(network)
    network.train(X, Y, epochs=9, dropout=0.1, checkpoint=path, callbacks=stop_at(4))
    resumed = Network([64, 12, 8, 10], "tanh", "softmax")
    resumed.train(X, Y, epochs=9, dropout=0.1, checkpoint=path, resume=True)
    first.train(X, Y, epochs=9, dropout=0.1)
    assert_same(resumed, first)


@pytest.mark.parametrize("bits", ["PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_any_generator_of_numpys_will_do(bits, tmp_path):
    def generator():
        return np.random.Generator(getattr(np.random, bits)(7))

    def run(**more):
        return trained(None, {"dropout": 0.2}, {"seed": generator()}, **more)

    path = tmp_path / "run.ckpt"
    trained(path, {"dropout": 0.2}, {"seed": generator()}, callbacks=stop_at(5))
    assert_same(trained(path, {"dropout": 0.2}, {"seed": generator()}, resume=True), run())


@pytest.mark.parametrize("settings", [{}, {"solver": "sgd"}, {"solver": "lbfgs"}])
def test_there_may_be_more_epochs_than_were_planned(settings, tmp_path, each_engine):
    path = tmp_path / "run.ckpt"
    trained(path, settings, epochs=5)
    assert_same(trained(path, settings, epochs=12, resume=True), trained(None, settings))


def test_time_that_was_over_may_be_given_anew(tmp_path):
    path, quiet = tmp_path / "run.ckpt", trained(None)
    first = trained(path, max_time=1e-9)
    assert (len(first.history), first.history.stopped) == (1, "1e-09 s are over")
    again = trained(path, max_time=1e-9, resume=True)
    assert (len(again.history), again.history.stopped) == (1, "1e-09 s are over")
    assert_same(trained(path, max_time=1e9, resume=True), quiet)


def test_seconds_go_on_from_where_they_were(tmp_path):
    path = tmp_path / "run.ckpt"
    first = trained(path, callbacks=stop_at(6)).history.seconds
    second = trained(path, resume=True).history.seconds
    assert second[:6] == first
    assert second == sorted(second)


FATAL = {"within an epoch": 20, "an epoch's first step": 25, "its last": 32, "the very last": 48}
"""The step, from 1, that goes much too far."""


@pytest.mark.parametrize("at", FATAL)
def test_what_diverges_diverges_in_the_same_way(at, tmp_path, each_engine):
    """Resumed from every epoch's end before it: the same last finite weights, to the bit."""
    steps = 8  # an epoch
    fatal = FATAL[at]
    far = np.inf if at == "the very last" else 1e300

    def run(path=None, **more):
        asked = count(more.pop("done", 0) * steps)  # a rate is asked for before each step

        def rate(t):
            step = round(t * 6 * steps)
            assert next(asked) == step
            return far if step == fatal - 1 else 1.0

        network = Network([64, 6, 10], "relu", loss="squared_error", seed=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DivergenceWarning)
            network.train(X, Y, epochs=6, batch_size=30, solver="sgd", learning_rate=0.01,
                          schedule=rate, checkpoint=path, **more)  # fmt: skip
        return network

    quiet = run()
    assert quiet.history.stopped == "diverged"
    for epoch in range(1, len(quiet.history)):
        path = tmp_path / f"{epoch}.ckpt"
        run(path, callbacks=stop_at(epoch))
        resumed = run(path, resume=True, done=epoch)
        assert_same(resumed, quiet)
        assert np.isfinite(resumed.theta).all()
        again = run(path, resume=True, done=len(quiet.history) - 1)
        assert_same(again, quiet)


def test_an_optimizer_of_ones_own_is_kept_too(tmp_path):
    def update(theta, gradient, state, rate, decay=1.0):
        push = 0.5 * state["push"] - rate * gradient
        return theta + push, {"push": push, "taken": state["taken"] + 1, "size": 0.25}

    def begun(theta):
        return {"push": np.zeros_like(theta), "taken": 0, "size": 0.5}

    settings = {"solver": Optimizer("own", begun, update, 0.1)}
    quiet = trained(None, settings)
    assert_same(in_pieces(tmp_path / "run.ckpt", settings), quiet)
    odd = {"solver": Optimizer("odd", lambda theta: {"seen": [theta]}, update, 0.1)}
    with pytest.raises(ValueError, match="cannot hold 'seen' of the optimizer's state, which is a"):
        trained(tmp_path / "odd.ckpt", odd)


def test_nothing_is_different_with_a_checkpoint_but_the_file(tmp_path):
    for name in CASES:
        assert_same(trained(tmp_path / "run.ckpt", CASES[name]), trained(None, CASES[name]))
