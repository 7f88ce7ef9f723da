"""Same seed, same bits: on any threads, any instruction set, sparse or dense, alone or in bulk."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from pellucid.engines._cpu import instruction_sets

from pellucid import ACTIVATIONS, Network
from pellucid.sparse import as_csr

THREADS = [1, 2, 3, 8]
DTYPES = ["float32", "float64"]


def rows(n, k, m, dtype, seed=0):
    """X (n, k) with zeros in it, and y (n, m) in [0, 1]."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, k)) * (rng.random((n, k)) < 0.4) + 0.0
    return X.astype(dtype), rng.random((n, m)).astype(dtype)


# sizes, n, the network's settings and training's: odd sizes, the last batch smaller than the others
CASES = {
    "plain": ([7, 13, 5, 3], 53, {}, {"batch_size": 10}),
    "online": ([3, 5, 2], 11, {}, {"batch_size": 1, "solver": "sgd"}),
    "panels": ([37, 70, 50, 10], 83, {"alpha": 0.3, "l1": 0.1}, {"batch_size": 32}),
    "clipped": ([9, 67, 3], 53, {"alpha": 0.3}, {"batch_size": 25, "clip_norm": 0.01}),
    "dropout": ([9, 33, 17, 3], 53, {}, {"batch_size": 20, "dropout": [0.5, 0.2]}),
    "scaled": ([9, 33, 3], 53, {"scale_inputs": True}, {"batch_size": 20, "solver": "adamw"}),
    "weighted": ([5, 19, 2], 40, {"l1": 0.5}, {"batch_size": 7, "solver": "nesterov"}),
    "chunks": ([6, 40, 2], 2500, {"alpha": 0.1}, {"batch_size": "full", "solver": "rmsprop"}),
    # So many weights that how much goes through at a time depends on the threads there are.
    "wide": ([500, 500, 10], 1010, {"alpha": 0.1}, {"batch_size": "full", "dropout": 0.1}),
    "wide, scaled": ([500, 500, 10], 1010, {"scale_inputs": True}, {"batch_size": "full"}),
}


def digest(name, dtype, form, n_threads):
    """Of theta and the losses after 5 epochs."""
    sizes, n, how, training = CASES[name]
    X, y = rows(n, sizes[0], sizes[-1], dtype)
    w = np.linspace(0, 2, n) if name == "weighted" else None
    if form == "sparse":
        X = scipy.sparse.csr_array(X)
    hidden = ["gelu", "tanh", "softmax"][len(name) % 3]
    network = Network(sizes, hidden, "sigmoid", seed=1, engine="native", n_threads=n_threads, **how)
    history = network.train(X, y, epochs=5, sample_weight=w, **training)
    assert np.isfinite(network.theta).all()
    output, gradient = network.predict(X), network.loss_and_gradient(X, y)[1]
    parts = (network.theta, np.array(history.loss), output, gradient)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def digests(threads=(2,)):
    """Of all cases, for the other process."""
    return {
        f"{name} {dtype} {form} {n}": digest(name, dtype, form, n)
        for name in CASES
        for dtype in DTYPES
        for form in ("dense", "sparse")
        for n in threads
    }


# --- threads and instruction sets ---------------------------------------------------------------


@pytest.mark.parametrize("form", ["dense", "sparse"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_every_number_of_threads_gives_the_same_bits(name, dtype, form):
    assert len({digest(name, dtype, form, n) for n in THREADS}) == 1


def test_the_engine_that_chooses_its_threads_itself_gives_the_same_bits():
    for name in ("panels", "chunks"):
        assert digest(name, "float32", "dense", None) == digest(name, "float32", "dense", 1)


def test_the_digest_tells_a_change_in_one_bit():
    X, y = rows(20, 3, 2, "float64")
    thetas = []
    for change in (0.0, 2.0**-52):
        network = Network([3, 5, 2], seed=1, engine="native")
        network.theta[0] *= 1 + change
        network.train(X, y, epochs=5, shuffle=False)
        thetas.append(network.theta.tobytes())
    assert thetas[0] != thetas[1]


def test_every_instruction_set_this_machine_runs_gives_the_same_bits():
    sets = instruction_sets()
    if len(sets) < 2:
        pytest.skip(
            f"this machine runs one build of the engine ({', '.join(sets)}): none to compare"
        )
    found = []
    for name in sets:
        code = (
            "import json; from pellucid.engines.loading import native; import test_native_bits;"
            "print(json.dumps([native().instruction_set, test_native_bits.digests()]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=Path(__file__).parent,
            env=os.environ | {"PELLUCID_ISA": name}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        ran, theirs = json.loads(done.stdout)
        assert ran == name
        found.append(theirs)
    assert len(found[0]) > 30
    assert all(other == found[0] for other in found[1:])


# --- sparse and dense ---------------------------------------------------------------------------


def sparse_cases():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(31, 9)) * (rng.random((31, 9)) < 0.2) + 0.0
    empty = X.copy()
    empty[[0, 5, 6, 30]] = empty[:, [0, 8]] = 0.0
    return {"some": X, "empty rows": empty, "zeros": np.zeros((31, 9)), "full": X + 1.5}


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("name", sparse_cases())
def test_sparse_rows_have_the_bits_of_dense_ones(name, scale, dtype, index):
    X = sparse_cases()[name].astype(dtype)
    given = scipy.sparse.csr_array(X)
    given.indptr, given.indices = given.indptr.astype(index), given.indices.astype(index)
    assert as_csr(given).indices.dtype == index
    y = np.sin(X[:, :2]) + 1
    said = []
    for rows_ in (X, given):
        network = Network([9, 21, 2], "tanh", seed=0, alpha=0.1, scale_inputs=scale,
                          engine="native")  # fmt: skip
        network.train(rows_, y, epochs=3, batch_size=8, dropout=0.2, validation_data=(rows_, y))
        value, gradient = network.loss_and_gradient(rows_, y)
        history = network.history
        said.append([network.theta.tobytes(), gradient.tobytes(), network.predict(rows_).tobytes(),
                     value, history.loss, history.validation_loss])  # fmt: skip
    assert said[0] == said[1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [False, True])
def test_sparse_rows_train_as_they_do_in_the_reference(scale, dtype):
    X = sparse_cases()["empty rows"].astype(dtype)
    networks = [Network([9, 21, 2], "tanh", seed=0, alpha=0.1, scale_inputs=scale, engine=e)
                for e in ("native", "reference")]  # fmt: skip
    for network in networks:
        network.train(scipy.sparse.csr_array(X), X[:, 3:5], epochs=3, batch_size=8)
    ours, theirs = (network.theta for network in networks)
    error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
    assert error < (1e-11 if dtype == "float64" else 1e-5)


# --- one row and many ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_a_row_by_itself_has_the_bits_it_has_among_others(hidden, dtype):
    network = Network([5, 19, 37, 3], hidden, "softmax", seed=0, dtype=dtype, engine="native")
    X = np.random.default_rng(3).normal(size=(300, 5)).astype(dtype)
    bulk = network.predict(X)
    assert bulk.dtype == dtype
    for i in (0, 7, 15, 16, 255, 256, 299):
        assert network.predict(X[i]).tobytes() == bulk[i].tobytes()
        assert network.predict(X[i : i + 1]).tobytes() == bulk[i].tobytes()
    for some in (slice(0, 16), slice(3, 20), slice(100, 300)):
        assert network.predict(X[some]).tobytes() == bulk[some].tobytes()


def test_rows_in_any_order_and_any_memory_have_the_same_bits():
    network = Network([5, 19, 3], "tanh", seed=0, engine="native")
    X = np.random.default_rng(4).normal(size=(50, 5))
    X = X.astype(np.float16).astype(float)  # so that float16 holds them too
    expected = network.predict(X).tobytes()
    wide = np.zeros((50, 10))
    wide[:, ::2] = X
    still = X.copy()
    still.flags.writeable = False
    odd = np.frombuffer(b"-" + X.tobytes(), dtype=float, offset=1).reshape(50, 5)
    assert not odd.flags.aligned
    forms = {
        "read-only": still, "Fortran order": np.asfortranarray(X), "strided": wide[:, ::2],
        "upside down": X[::-1].copy()[::-1], "big-endian": X.astype(">f8"),
        "float16": X.astype(np.float16), "long double": X.astype(np.longdouble),
        "list": X.tolist(), "not aligned": odd,
        "sparse": scipy.sparse.csr_array(X),
    }  # fmt: skip
    for form, given in forms.items():
        assert network.predict(given).tobytes() == expected, form
    whole = np.arange(250).reshape(50, 5) % 7
    assert np.array_equal(network.predict(whole), network.predict(whole.astype(float)))
    assert np.array_equal(network.predict(whole > 3), network.predict((whole > 3).astype(float)))


def test_training_takes_the_same_memory():
    X, y = rows(50, 5, 2, "float64")
    odd = np.frombuffer(b"-" + X.tobytes(), dtype=float, offset=1).reshape(50, 5)
    odd_y = np.frombuffer(b"-" + y.tobytes(), dtype=float, offset=1).reshape(50, 2)
    found = set()
    for given, wanted in ((X, y), (np.asfortranarray(X), np.asfortranarray(y)), (odd, odd_y),
                          (X.astype(">f8"), y.tolist())):  # fmt: skip
        network = Network([5, 9, 2], "tanh", seed=0, engine="native")
        network.train(given, wanted, epochs=2, sample_weight=np.ones(100)[::2])
        found.add(network.theta.tobytes())
    assert len(found) == 1


# --- the shortest way to a prediction -----------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_short_way_gives_what_the_long_way_gives(dtype, monkeypatch):
    network = Network([4, 17, 2], "gelu", seed=0, dtype=dtype, engine="native")
    X = np.random.default_rng(5).normal(size=(40, 4)).astype(dtype)
    for given in (X, X[:1], X[0], X[3:30]):
        short = network._engine.forward_prepared(network.layout, network.theta, given)
        assert short is not None
        with monkeypatch.context() as only:
            only.setattr(type(network._engine), "forward_prepared", lambda *_: None)
            long = network.predict(given)
        assert short.shape == long.shape
        assert short.tobytes() == long.tobytes()


def test_one_input_reads_a_flat_array_as_the_checked_way_does():
    network = Network([1, 3, 2], "tanh", seed=0, engine="native")
    assert network.predict(np.array([0.5])).shape == (2,)
    assert network.predict(np.array([0.5, 0.25, 1.0])).shape == (3, 2)
    assert network.predict(np.ones((4, 1))).shape == (4, 2)


@pytest.mark.parametrize("n", [1, 3, 16, 17, 500])
@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_that_is_refused_slips_through_the_short_way(n, dtype):
    network = Network([5, 3], seed=0, dtype=dtype, engine="native")
    for bad in (np.nan, np.inf, -np.inf):
        for row, column in ((0, 0), (n - 1, 4), (n // 2, 2)):
            X = np.ones((n, 5), dtype)
            X[row, column] = bad
            message = f"X holds {bad} in column {column}, first in row {row}"
            with pytest.raises(ValueError, match=message):
                network.predict(X)
            with pytest.raises(ValueError, match=f"X holds {bad} in column {column}"):
                network.predict(X[row])
    X = np.full((n, 5), np.finfo(dtype).max, dtype)  # finite, though their sum is not
    network.theta = np.zeros(network.theta.size)
    assert not network.predict(X).any()


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones((2, 4)), "X has 4 columns and the network takes 5 inputs"),
        (np.ones(6), "X has 6 columns and the network takes 5 inputs"),
        (np.ones((0, 5)), "X is empty: it has no rows"),
        (np.ones(0), "X is empty"),
        (np.ones((1, 1, 5)), "X has 3 dimensions"),
        (np.array(1.0), "X has 0 dimensions"),
    ],
)
def test_wrong_shapes_are_refused_in_the_usual_words(X, message):
    with pytest.raises(ValueError, match=message):
        Network([5, 3], seed=0, engine="native").predict(X)
