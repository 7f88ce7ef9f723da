"""Ctrl-C while the native engine works: it is answered, and the weights of whole steps are kept."""

import copy
import signal
import subprocess
import sys
import threading
import time
import warnings
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from pellucid import ENGINES, Network
from pellucid.training import DivergenceWarning

# A process of its own, which is to train for hours unless it hears the signal.
LONG = """
import os, signal, sys, threading, time, warnings
import numpy as np
from pellucid import Network

sizes, n, batch_size, dtype, n_threads, settings, wait = {case!r}
rng = np.random.default_rng(0)
X = rng.normal(size=(n, sizes[0])).astype(dtype)
y = rng.normal(size=(n, sizes[-1])).astype(dtype)
network = Network(sizes, "tanh", seed=0, engine="native", n_threads=n_threads)
begun, sent = threading.Event(), []

def interrupt():
    begun.wait()
    time.sleep(wait)
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Thread(target=interrupt).start()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    history = network.train(
        X, y, epochs=10**6, batch_size=batch_size, learning_rate=1e-6,
        schedule=lambda t: 1.0 + 0.0 * bool(begun.set()), **settings
    )
    took = time.perf_counter() - sent[0]
print(history.stopped)
print(np.isfinite(network.theta).all())
print("interrupted" in str(caught[-1].message))
print(f"answered after {{1000 * took:.0f}} ms")
"""
# sizes, rows, batch size, dtype, threads, other settings
CASES = {
    "small steps": ([4, 8, 1], 100, 1, "float32", 1, {}),
    "small steps of many threads": ([4, 8, 1], 100, 1, "float32", 8, {}),
    "a large network": ([784, 1024, 1024, 10], 2048, 256, "float32", None, {}),
    "a step of many seconds": ([200, 1500, 1500, 10], 30_000, "full", "float64", 1, {}),
    "a step of many seconds in a team": ([200, 1500, 1500, 10], 30_000, "full", "float64", 3, {}),
    "dropout": ([50, 400, 1], 20_000, 64, "float64", 2, {"dropout": 0.5, "clip_norm": 1.0}),
    "large masks": ([2, 3000, 1], 20_000, "full", "float32", 2, {"dropout": 0.5}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_training_of_hours_ends_soon_after_a_signal(name, record_property):
    wait = float(np.random.default_rng().uniform(0.1, 0.6))  # at whatever moment
    code = LONG.format(case=(*CASES[name], wait))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    stopped, finite, warned, answered = done.stdout.splitlines()
    assert (stopped, finite, warned) == ("interrupted", "True", "True")
    record_property("answered", answered)
    print(answered)


@contextmanager
def signalled(number, handler, wait=0.1):
    """Sends this thread a signal some time after the event that it gives is set."""
    begun, main = threading.Event(), threading.get_ident()

    def send():
        begun.wait()
        time.sleep(wait)
        signal.pthread_kill(main, number)

    sender, before = threading.Thread(target=send), signal.signal(number, handler)
    sender.start()
    try:
        yield begun
    finally:
        begun.set()
        try:
            sender.join()  # in which it may come, if it comes too late
        finally:
            signal.signal(number, before)


def rate_when(begun):
    """A schedule that tells that training has begun."""
    return lambda t: 1.0 + 0.0 * bool(begun.set())


def interrupted(n_threads=1, **settings):
    """A network whose training was interrupted by another thread."""
    X, y = data()
    network = Network([30, 40, 2], "tanh", seed=0, engine="native", n_threads=n_threads)
    with (
        signalled(signal.SIGINT, signal.default_int_handler) as begun,
        pytest.warns(UserWarning, match=r"interrupted after \d+ epochs; its weights are kept"),
    ):
        network.train(X, y, epochs=10**5, solver="sgd", shuffle=False, learning_rate=1e-3,
                      schedule=rate_when(begun), **settings)  # fmt: skip
    assert network.history.stopped == "interrupted"
    return network


def data():
    rng = np.random.default_rng(1)
    return rng.normal(size=(2000, 30)), rng.normal(size=(2000, 2))


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("batch_size", [100, "full"])
def test_the_weights_that_are_kept_are_those_of_a_whole_number_of_steps(batch_size, n_threads):
    X, y = data()
    network = interrupted(n_threads, batch_size=batch_size)
    again = Network([30, 40, 2], "tanh", seed=0, engine="native")
    assert network.theta.tobytes() != again.theta.tobytes()
    size = 2000 if batch_size == "full" else batch_size
    finished = len(network.history)
    if finished:  # those whole epochs, and then step by step
        again.train(X, y, epochs=finished, batch_size=batch_size, solver="sgd", shuffle=False,
                    learning_rate=1e-3)  # fmt: skip
    steps = 0
    # The call that was interrupted may have been of many epochs, of which none is entered.
    while again.theta.tobytes() != network.theta.tobytes():
        start = steps * size % 2000
        again.train_step(X[start : start + size], y[start : start + size], learning_rate=1e-3)
        steps += 1
        assert steps < 20_000, "these are the weights of no step"


def test_an_interrupt_lets_training_go_on_afterwards():
    network = interrupted(batch_size=50)
    X, y = data()
    history = network.train(X, y, epochs=2)
    assert history.stopped == "all epochs done"


def test_another_thread_of_python_runs_while_the_engine_works():
    X, y = data()
    X, y = np.tile(X, (40, 1)), np.tile(y, (40, 1))
    network = Network([30, 200, 200, 2], "tanh", seed=0, engine="native", n_threads=1)
    native, counted, done = network._engine, [], threading.Event()

    def count():
        while not done.is_set():
            counted.append(time.perf_counter())
            time.sleep(0.001)

    other = threading.Thread(target=count)
    other.start()
    started = time.perf_counter()
    native.value_and_gradient(
        network.objective, network.theta, X, y
    )  # one call of what is compiled
    ended = time.perf_counter()
    done.set()
    other.join()
    inside = [t for t in counted if started < t < ended]
    assert len(inside) > 10, f"{len(inside)} times in {ended - started:.3f} s"


@pytest.mark.parametrize("call", ["predict", "loss_and_gradient"])
def test_a_long_pass_is_interrupted_too(call):
    rng = np.random.default_rng(2)
    network = Network([200, 2000, 2000, 1], "tanh", seed=0, engine="native", n_threads=1)
    X, y = np.tile(rng.normal(size=(1, 200)), (60_000, 1)), np.zeros((60_000, 1))
    with signalled(signal.SIGINT, signal.default_int_handler) as begun:
        begun.set()
        with pytest.raises(KeyboardInterrupt):
            network.predict(X) if call == "predict" else network.loss_and_gradient(X, y)
    assert network.predict(X[:2]).shape == (2, 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_handler_of_your_own_raises_is_what_comes_out_of_training(engine):
    def handler(*_):
        raise TimeoutError("time is up")

    network = Network([30, 40, 2], "tanh", seed=0, engine=engine)
    before = network.theta.copy()
    with (
        signalled(signal.SIGUSR1, handler) as begun,
        pytest.raises(TimeoutError, match="time is up"),
    ):
        network.train(*data(), epochs=10**4, schedule=rate_when(begun))
    assert np.isfinite(network.theta).all()
    assert not np.array_equal(network.theta, before)


def test_a_handler_that_raises_nothing_lets_training_be():
    heard, thetas = [], []
    X, y = data()
    with signalled(signal.SIGUSR1, lambda *_: heard.append(True), 0.02) as begun:
        while not heard or len(thetas) < 2:
            network = Network([30, 40, 2], "tanh", seed=0, engine="native")
            network.train(X, y, epochs=20, schedule=rate_when(begun))
            thetas.append(network.theta.tobytes())
    assert len(set(thetas)) == 1


def test_an_interrupt_on_the_way_back_from_a_divergence_is_an_interrupt():
    X, y = data()

    def train(
        begun,
    ):  # 1300 steps, of which one of the last overflows: all before it are taken again
        network = Network([30, 100, 2], "identity", seed=0, engine="native", n_threads=1)
        started = time.perf_counter()
        history = network.train(
            X, y, epochs=130, batch_size=200, solver="sgd", learning_rate=1e-3,
            schedule=lambda t: 1e200 if t > 0.99 else 1.0 + 0.0 * bool(begun.set()),
        )  # fmt: skip
        assert np.isfinite(network.theta).all()
        return history.stopped, time.perf_counter() - started

    with pytest.warns(DivergenceWarning, match="the loss became"):
        _, there_and_back = train(threading.Event())
    stopped = []
    for part in (0.75, 0.7, 0.8, 0.65, 0.85, 0.6):
        with (
            suppress(KeyboardInterrupt),  # should training be over before it comes
            warnings.catch_warnings(),
            signalled(signal.SIGINT, signal.default_int_handler, part * there_and_back) as begun,
        ):
            warnings.simplefilter("ignore")
            stopped.append(train(begun)[0])
        if stopped and stopped[-1] == "interrupted":
            break
    assert "interrupted" in stopped


def test_many_interrupts_of_a_team_with_dropout_leave_nobody_waiting():
    # Two of its members that do not agree on whether to stop would wait for each other for ever.
    code = """
import signal, warnings, random
import numpy as np
from pellucid import Network

warnings.simplefilter("ignore")
X, y = np.random.default_rng(0).normal(size=(640, 64)), np.eye(10)[np.arange(640) % 10]
signal.signal(signal.SIGALRM, signal.default_int_handler)
for _ in range(40):
    network = Network([64, 40, 10], seed=0, n_threads=8, engine="native")
    signal.setitimer(signal.ITIMER_REAL, random.uniform(0.03, 0.06))
    history = network.train(X, y, epochs=10**6, batch_size=32, dropout=0.5)
    assert history.stopped == "interrupted"
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_signal_that_ends_a_single_step_leaves_theta_and_moments_of_the_same_step():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(64, 200)), rng.normal(size=(64, 10))
    network = Network([200, 400, 10], "tanh", seed=0, engine="native")
    other = copy.deepcopy(network)
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for wait in rng.uniform(0.001, 0.02, 40):
            signal.setitimer(signal.ITIMER_REAL, wait)
            with suppress(KeyboardInterrupt):
                while True:
                    network.train_step(X, y, solver="adam")
    finally:
        signal.signal(signal.SIGALRM, old)
    steps = network._stepping[1].steps
    for _ in range(steps):
        other.train_step(X, y, solver="adam")
    assert other.theta.tobytes() == network.theta.tobytes()
