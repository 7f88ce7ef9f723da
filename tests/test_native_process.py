"""The native engine in its process: it forks well, and takes no memory beyond what it said."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pellucid import Network

FORK = """
import hashlib, os, sys, warnings
import numpy as np
from pellucid import Network

warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, of threads that NumPy keeps
rng = np.random.default_rng(0)
X, y = rng.normal(size=(400, 30)), rng.normal(size=(400, 2))

def digest():
    network = Network([30, 64, 2], "tanh", seed=0, engine="native", n_threads=2)
    network.train(X, y, epochs=3, batch_size=100, dropout=0.1)
    network.predict(X)
    return hashlib.sha256(network.theta.tobytes()).hexdigest()

print(digest(), flush=True)
{children}
print(digest(), flush=True)
"""
BY_HAND = """
for _ in range(3):
    child = os.fork()
    if child == 0:
        print(digest(), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""
BY_POOL = """
import multiprocessing
with multiprocessing.get_context("fork").Pool(2) as pool:
    for answer in [pool.apply_async(digest) for _ in range(3)]:
        print(answer.get(60), flush=True)
"""


@pytest.mark.parametrize("children", [BY_HAND, BY_POOL], ids=["fork", "pool"])
def test_a_child_of_a_process_that_has_trained_trains_to_the_same_bits(children):
    done = subprocess.run(
        [sys.executable, "-c", FORK.format(children=children)],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    digests = done.stdout.split()
    assert len(digests) == 5
    assert len(set(digests)) == 1


def test_several_threads_of_python_train_networks_of_their_own_to_the_same_bits():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 30)), rng.normal(size=(400, 2))

    def theta(_):
        network = Network([30, 64, 2], "tanh", seed=0, engine="native", n_threads=2)
        network.train(X, y, epochs=3, batch_size=50, dropout=0.1)
        return network.theta.tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(theta, range(8)))) == 1


def test_several_threads_of_python_predict_with_one_network():
    network = Network([30, 64, 2], "tanh", seed=0, engine="native")
    X = np.random.default_rng(0).normal(size=(2000, 30))
    expected = network.predict(X)

    def right(i):
        some = slice(i, i + 1 + i % 40)
        return all(np.array_equal(network.predict(X[some]), expected[some]) for _ in range(20))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(right, range(0, 1900, 19)))


# --- memory -------------------------------------------------------------------------------------

GROWTH = """
import resource, sys
import numpy as np
from pellucid.architecture import Architecture
from pellucid.engines import Batches, Epochs, State, engine
from pellucid.layout import Layout
from pellucid.losses import loss
from pellucid.objective import Objective
from pellucid.optimizers import optimizer

def highest():
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def train(n, size, epochs, n_threads):
    steps = -(-n // size)
    X, y = np.zeros((n, 20)), np.zeros((n, 1))
    rng = np.random.default_rng(0)
    for part in range(0, n, 1000):  # no array that is larger than what is kept
        X[part : part + 1000] = rng.normal(size=X[part : part + 1000].shape)
        y[part : part + 1000] = 1.0
    layout = Layout(Architecture.of([20, 64, 1], "gelu"))
    objective, rule = Objective(layout, loss("squared_error"), alpha=0.1), optimizer("adam")
    theta = layout.draw(rng)
    state = State(theta, rule.init(theta))
    rates = np.full((1, steps), 1e-3)
    draw = lambda k: Epochs(None, rates)
    batches = Batches(epochs, draw, size, 1, clip_norm=1.0)
    before = highest()
    for _ in engine("native", n_threads).train_epochs(objective, rule, state, X, y, None, batches):
        pass
    assert state.steps == epochs * steps
    assert np.isfinite(state.theta).all()
    return highest() - before

print(train(*{case}))
"""


def growth(*case):
    """Bytes that the process grew by in training on (rows, rows a step, epochs, threads)."""
    done = subprocess.run(
        [sys.executable, "-c", GROWTH.format(case=case)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_memory_does_not_grow_with_the_rows_of_a_full_batch():
    # 800 000 rows through 64 units, all at once, would be 400 MB.
    some, many = growth(200_000, 200_000, 1, 2), growth(800_000, 800_000, 1, 2)
    assert some < 20e6
    assert many - some < 4e6


def test_memory_does_not_grow_with_the_steps():
    few, many = growth(64, 16, 3, 1), growth(64, 16, 3000, 1)  # 12 steps, and 12 000
    assert many - few < 1.2e6  # 100 bytes a step


def test_memory_does_not_grow_with_the_calls_of_a_team():
    few, many = growth(64, 32, 3, 3), growth(64, 32, 300, 3)  # each epoch is a call
    assert many - few < 1.2e6  # 4000 bytes a call, less than a thread's stack


def test_a_sparse_x_is_never_written_out_as_a_dense_one():
    code = """
import resource
import numpy as np, scipy.sparse
from pellucid import Network

X = scipy.sparse.random_array((512, 100_000), density=1e-4, rng=np.random.default_rng(0)).tocsr()
y = np.zeros((512, 1))
network = Network([100_000, 1], seed=0, engine="native", n_threads=2)
network.predict(X)  # what else has to be there is there
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
network.predict(X)
network.train(X, y, epochs=1, batch_size=512, solver="sgd")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    unit = 1 if sys.platform == "darwin" else 1024
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert unit * int(done.stdout) < 100e6  # X written out is 410 MB
