"""Sparse inputs: whatever the format, the numbers are those of the dense array they stand for."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse

from pellucid import Network, check_gradient, compare
from pellucid.samples import ScaleWarning, as_inputs, as_targets, warn_of_scale
from pellucid.sparse import as_csr, dense, is_sparse, rows_of

FORMATS = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]


def matrix(n=23, k=7, density=0.3, dtype="float64", seed=0):
    """Mostly zeros, with an empty row, an empty column and an explicit negative."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, k)) * (rng.random((n, k)) < density)
    X[n // 2] = X[:, k // 3] = 0.0
    X[0, 0] = -1.5
    return (X + 0.0).astype(dtype)  # a zero has no sign here: a sparse array keeps none


def targets(X):
    return np.sin(X[:, :1]) + X[:, -2:].sum(axis=1, keepdims=True)


def messy():
    """Columns out of order, a place given twice, a zero written out; and what that stands for."""
    csr = scipy.sparse.csr_array(
        (np.array([1.0, 2.0, 0.0, 4.0, 0.5]), np.array([2, 0, 1, 2, 2]), np.array([0, 3, 3, 5])),
        shape=(3, 3),
    )
    return csr, np.array([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 4.5]])


def all_of(X, y, **settings):
    """Everything a network says of X and y, as bytes."""
    network = Network([X.shape[1], 5, 1], "tanh", seed=0, alpha=0.1, scale_inputs=True)
    said = [network.predict(X), network.loss_and_gradient(X, y)[1]]
    history = network.train(
        X, y, **({"epochs": 3, "batch_size": 2, "validation_data": (X, y)} | settings)
    )
    said += [network.theta, history.loss, history.validation_loss]
    said += [network.train_step(X, y, solver="adam"), network.theta, network.forward(X)]
    assert network.theta.dtype == X.dtype or X.dtype.kind != "f"
    return [np.asarray(a).tobytes() for a in said]


# --- equal to the dense array ------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_trains_and_predicts_as_the_dense_array_does_bit_for_bit(form, kind, dtype):
    X = matrix(dtype=dtype)
    given = getattr(scipy.sparse, f"{form}_{kind}")(X)
    assert given.dtype == dtype
    assert all_of(given, targets(X)) == all_of(X, targets(X))


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 1},
        {"batch_size": "full"},
        {"batch_size": 8, "shuffle": False},
        {"sample_weight": np.linspace(0, 2, 23)},
        {"dropout": 0.5, "clip_norm": 0.1, "solver": "momentum"},
        {"solver": "lbfgs", "epochs": 10},
        {"early_stopping": True, "epochs": 30, "n_iter_no_change": 2},
    ],
    ids=str,
)
def test_every_way_of_training_is_the_same(settings):
    X = matrix()
    assert all_of(scipy.sparse.csr_array(X), targets(X), **settings) == all_of(
        X, targets(X), **settings
    )


def test_unsorted_repeated_and_zero_entries_are_what_they_stand_for():
    X, full = messy()
    assert np.array_equal(X.toarray(), full)
    assert all_of(X, targets(full)) == all_of(full, targets(full))


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "bool"])
def test_whole_numbers_become_float64(dtype):
    X = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 0]], dtype=dtype)
    given = scipy.sparse.csr_array(X)
    assert as_inputs(given, 3).dtype == np.float64
    assert all_of(given, [1, 2, 3]) == all_of(X, [1, 2, 3])


def test_nothing_but_zeros():
    X = np.zeros((6, 3))
    assert all_of(scipy.sparse.csr_array((6, 3)), [1.0] * 6) == all_of(X, [1.0] * 6)


def test_validation_rows_may_be_sparse_where_training_rows_are_not_and_the_other_way_round():
    X = matrix()
    both = [X, scipy.sparse.coo_matrix(X)]
    said = [
        all_of(rows, targets(X), validation_data=(others, targets(X)))
        for rows in both
        for others in both
    ]
    assert said[0] == said[1] == said[2] == said[3]


def test_a_dtype_that_is_asked_for_is_what_it_is_computed_in():
    X = scipy.sparse.csr_array(matrix())
    assert Network([7, 1], dtype="float32", seed=0).predict(X).dtype == np.float32


def test_a_flat_sparse_row_gives_a_flat_answer():
    network = Network([3, 2], seed=0)
    row = scipy.sparse.coo_array(np.array([0.0, 2.0, 1.0]))
    assert row.ndim == 1
    assert np.array_equal(network.predict(row), network.predict([0.0, 2.0, 1.0]))
    one = scipy.sparse.csr_array([[0.0, 2.0, 1.0]])
    assert network.predict(one).shape == (1, 2)


def test_a_row_is_explained_traced_checked_and_compared_all_the_same():
    X, network = matrix(), Network([7, 2, 1], "tanh", seed=0)
    given, y = scipy.sparse.csr_matrix(X), targets(X)
    assert network.explain(given[:1], y[0], 0.1) == network.explain(X[:1], y[0], 0.1)
    for mine, other in zip(network.trace(given).x, network.trace(X).x, strict=True):
        assert np.array_equal(mine, other)
    assert str(check_gradient(network, given, y)) == str(check_gradient(network, X, y))
    first, second = (
        compare({"a": network}, rows, y, folds=3, epochs=2).candidates[0] for rows in (given, X)
    )
    assert first.validation_loss == second.validation_loss


# --- the caller's own ---------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_given_is_never_changed(form):
    given = getattr(scipy.sparse, f"{form}_array")(matrix())
    before = given.copy()
    all_of(given, targets(matrix()))
    assert type(given) is type(before)
    assert given.dtype == before.dtype
    assert (given != before).nnz == 0


def test_what_is_given_out_of_order_stays_so():
    X, full = messy()
    parts = [X.data.copy(), X.indices.copy(), X.indptr.copy()]
    all_of(X, targets(full))
    for part, before in zip((X.data, X.indices, X.indptr), parts, strict=True):
        assert np.array_equal(part, before)


def test_what_is_in_order_is_not_copied():
    X = scipy.sparse.csr_array(matrix())
    taken = as_inputs(X, 7)
    assert np.shares_memory(taken.data, X.data)
    assert np.shares_memory(taken.indices, X.indices)


@pytest.mark.parametrize("form", FORMATS)
def test_it_becomes_csr_with_sorted_columns_each_once(form):
    X = matrix()
    csr = as_csr(getattr(scipy.sparse, f"{form}_matrix")(X))
    assert isinstance(csr, scipy.sparse.csr_array)
    assert csr.has_canonical_format
    assert np.array_equal(dense(csr), X)
    rows = np.array([3, 3, 0])
    assert np.array_equal(rows_of(csr, rows), X[rows])
    assert np.array_equal(rows_of(csr, slice(2, 5)), X[2:5])


# --- refusals -----------------------------------------------------------------------------------


def with_number(row, column, number):
    X = matrix()
    X[row, column] = number
    return X


@pytest.mark.parametrize(
    "X",
    [
        np.ones((2, 6)),
        np.zeros((0, 7)),
        with_number(4, 5, np.nan),
        with_number(1, 0, np.inf),
        with_number(22, 6, -np.inf),
    ],
    ids=["columns", "rows", "nan", "inf", "-inf"],
)
@pytest.mark.parametrize("form", ["coo", "csc", "csr"])
def test_it_is_refused_in_the_words_in_which_the_dense_array_is(X, form):
    with pytest.raises(ValueError, match="X ") as of_dense:
        as_inputs(X, 7)
    given = getattr(scipy.sparse, f"{form}_array")(X)
    with pytest.raises(ValueError, match="X ") as of_sparse:
        Network([7, 1], seed=0).train(given, np.zeros(len(X)))
    assert str(of_sparse.value) == str(of_dense.value)


def test_the_first_bad_column_is_named_and_the_first_row_of_it():
    X = np.zeros((5, 4))
    X[1, 3] = X[4, 2] = X[2, 2] = np.nan
    with pytest.raises(ValueError, match="X holds nan in column 2, first in row 2: fill in or"):
        as_inputs(scipy.sparse.csr_array(X), 4)


def test_complex_numbers_are_refused():
    with pytest.raises(ValueError, match="expected real numbers, found complex ones"):
        as_inputs(scipy.sparse.csr_array([[1j, 0.0]]), 2)


@pytest.mark.parametrize(("part", "wrong"), [("indices", 7), ("indices", -1), ("indptr", 30)])
def test_indices_that_lead_outside_are_refused_before_they_are_followed(part, wrong):
    X = scipy.sparse.csr_array(matrix())
    getattr(X, part)[2] = wrong
    with pytest.raises(ValueError, match="X is a damaged sparse array"):
        Network([7, 1], seed=0).predict(X)


def test_sparse_targets_and_weights_are_refused_with_the_cure():
    X = scipy.sparse.csr_array(matrix())
    y = scipy.sparse.csr_array(targets(matrix()))
    with pytest.raises(ValueError, match=r"found a sparse one: give its \.toarray\(\)"):
        as_targets(y, 23, 1)
    with pytest.raises(ValueError, match="found a sparse one"):
        Network([7, 1], seed=0).loss_and_gradient(X, y)


# --- scales -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "factors", [[1, 1, 1], [40, 1, 1], [1e4, 1, 1], [1, 0, 1e5], [1e-5, 1, 30]], ids=str
)
def test_it_is_warned_of_scales_as_the_dense_array_is(factors):
    X = np.array([[1.0, 0, 0], [0, 0.5, 0], [0.25, 0, -1], [0, 0, 0]]) * factors

    def words(given):
        with pytest.warns(ScaleWarning) as caught:
            warn_of_scale(given)
        return str(caught[0].message)

    if max(factors) == 1:
        warn_of_scale(scipy.sparse.csr_array(X))  # and nothing is said
    else:
        assert words(scipy.sparse.csr_array(X)) == words(X)


def test_a_wide_x_is_checked_and_trained_on_without_being_written_out():
    n = k = 100_000  # written out, 80 GB
    X = scipy.sparse.diags_array(np.linspace(0.5, 1, n)).tocsr()
    network = Network([k, 1], seed=0)
    history = network.train(X[:64], np.ones(64), epochs=1, batch_size=8)
    assert len(history) == 1
    taken = as_inputs(X, k)
    warn_of_scale(taken)
    assert taken.nnz == n


# --- SciPy --------------------------------------------------------------------------------------


def test_scipy_is_not_loaded_to_find_out_that_something_is_not_sparse():
    code = (
        "import sys, numpy as np; from pellucid import Network; "
        "Network([2, 1], seed=0).train(np.eye(2), [0, 1], epochs=1); "
        "print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("thing", [np.eye(2), [[1.0]], None, "text", 5])
def test_other_things_are_not_sparse(thing):
    assert not is_sparse(thing)
    assert dense(thing) is thing
