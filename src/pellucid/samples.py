"""Samples are rows of inputs and of targets, checked before any arithmetic is done on them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from pellucid.arrays import Array, array_like, namespace, to_numpy
from pellucid.losses import Loss
from pellucid.sparse import as_csr, is_sparse, places


class ScaleWarning(UserWarning):
    """Inputs so large, or so different in size, that training will be slow or fail."""


def as_array(values: Any, dtype: Any = None) -> Array:
    """An array of floats: float32 and float64 stay what they are, anything else becomes float64.

    Raises
    ------
    ValueError
        If there is something in it that is not a number.

    Examples
    --------
    >>> as_array([[1, 2]]).dtype.name, as_array(np.ones(2, "float32")).dtype.name
    ('float64', 'float32')
    """
    if is_sparse(values):
        raise ValueError("expected a dense array, found a sparse one: give its .toarray()")
    if (
        not isinstance(values, np.ndarray)
        and hasattr(values, "dtype")
        and hasattr(values, "device")
    ):
        return _as_floats(values, dtype)  # another library's array: it stays where it is
    try:
        array = np.asarray(values)
    except ValueError:  # NumPy's own words on this are about its insides
        raise ValueError("rows have different lengths: expected as many numbers in each") from None
    if np.iscomplexobj(array):
        raise ValueError("expected real numbers, found complex ones")
    if dtype is None:
        dtype = array.dtype if array.dtype in (np.float32, np.float64) else np.float64
    try:
        return array.astype(dtype, copy=False)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"expected numbers, found {_first_non_number(array)!r}: encode text first "
            "(the pellucid command does so by itself)"
        ) from error


def _as_floats(array: Array, dtype: Any) -> Array:
    xp = namespace(array)
    if dtype is None:
        is_float = xp.isdtype(array.dtype, "real floating")
        dtype = array.dtype if is_float else xp.float64
    return xp.astype(array, getattr(xp, dtype) if isinstance(dtype, str) else dtype, copy=False)


def _first_non_number(array: Array) -> Any:
    for item in array.ravel().tolist():
        try:
            float(item)
        except (ValueError, TypeError):
            return item
    return array.dtype.name


def _as_sparse_floats(X: Array, dtype: Any) -> Array:
    """A sparse X (n, k), or one flat row of it, as a CSR array of floats, as `as_array` does."""
    csr = as_csr(X)
    values = as_array(csr.data, dtype)
    return csr if values is csr.data else csr.astype(values.dtype)


def as_inputs(X: Any, n_inputs: int, dtype: Any = None) -> Array:
    """X as an array (n, n_inputs) of finite floats; one row may come as a flat list.

    A sparse X of SciPy's, in whatever format, becomes a CSR array.

    Raises
    ------
    ValueError
        If it is empty, has another number of columns, or holds NaN or inf; the column is named.

    Examples
    --------
    >>> as_inputs([1, 2, 3], 3).shape
    (1, 3)
    >>> as_inputs([[1, 2]], 3)
    Traceback (most recent call last):
    ValueError: X has 2 columns and the network takes 3 inputs
    """
    X = _as_sparse_floats(X, dtype) if is_sparse(X) else as_array(X, dtype)
    if X.ndim == 1:
        if X.shape[0] == 0:
            raise ValueError("X is empty: there is nothing to compute")
        one_column = X.shape[0] != n_inputs and n_inputs == 1
        X = namespace(X).reshape(X, (-1, 1) if one_column else (1, -1))
    if X.ndim != 2:
        raise ValueError(f"X has {X.ndim} dimensions: expected rows of {n_inputs} numbers")
    if X.shape[0] == 0:
        raise ValueError("X is empty: it has no rows")
    if X.shape[1] != n_inputs:
        raise ValueError(f"X has {X.shape[1]} columns and the network takes {n_inputs} inputs")
    refuse_non_finite(X, "X")
    return X


def as_targets(
    y: Any, n: int, n_outputs: int, loss: Loss | None = None, dtype: Any = None
) -> Array:
    """y as an array (n, n_outputs) of finite floats, never broadcast.

    Flat targets are taken when there is one way to read them: n numbers for one output, the
    n_outputs numbers of a single row, or n whole numbers 0 .. n_outputs - 1 as classes for a loss
    of one-hot targets.

    Raises
    ------
    ValueError
        If the shape does not fit, both are named; if a value is NaN, inf or not one the loss takes.

    Examples
    --------
    >>> as_targets([2, 0], 2, 3, None).tolist()
    Traceback (most recent call last):
    ValueError: y has shape (2,) and the network needs (2, 3): one row a sample, ...
    >>> from pellucid.losses import cross_entropy
    >>> as_targets([2, 0], 2, 3, cross_entropy()).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    y = as_array(y, dtype)
    xp = namespace(y)
    given = tuple(y.shape)
    if y.ndim == 0:
        y = xp.reshape(y, (1,))
    if y.ndim == 1:
        of_classes = loss is not None and loss.target_low == 0.0 and loss.target_high == 1.0
        if n_outputs == 1 and y.shape[0] == n:
            y = xp.reshape(y, (n, 1))
        elif n == 1 and y.shape[0] == n_outputs:
            y = xp.reshape(y, (1, n_outputs))
        elif of_classes and n_outputs > 1 and y.shape[0] == n:
            y = one_hot(y, n_outputs)
    if tuple(y.shape) != (n, n_outputs):
        raise ValueError(
            f"y has shape {given} and the network needs ({n}, {n_outputs}): "
            "one row a sample, one column an output"
        )
    refuse_non_finite(y, "y")
    if loss is not None:
        low, high = float(xp.min(y)), float(xp.max(y))
        if low < loss.target_low or high > loss.target_high:
            raise ValueError(
                f"y goes from {low:g} to {high:g} and loss {loss.name!r} takes targets from "
                f"{loss.target_low:g} to {loss.target_high:g}: choose another loss, or scale y"
            )
    return y


def one_hot(classes: Any, k: int) -> Array:
    """Classes (n,), whole numbers 0 .. k-1, as rows (n, k) with a single 1 in each.

    Raises
    ------
    ValueError
        If one is not a whole number in that range.

    Examples
    --------
    >>> one_hot([1, 0], 3).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    classes = as_array(classes)
    xp = namespace(classes)
    refuse_non_finite(xp.reshape(classes, (-1, 1)), "y")
    low, high = float(xp.min(classes)), float(xp.max(classes))
    whole = bool(xp.all(classes == xp.round(classes)))
    if low < 0 or high > k - 1 or not whole:
        raise ValueError(
            f"y goes from {low:g} to {high:g}: as classes for {k} outputs, "
            f"expected whole numbers from 0 to {k - 1}"
        )
    columns = xp.reshape(array_like(np.arange(k), classes), (1, k))
    return xp.astype(xp.reshape(classes, (-1, 1)) == columns, classes.dtype)


def refuse_non_finite(values: Array, name: str) -> None:
    """Raise ValueError naming the first column of (n, k) that holds NaN or inf, and its row."""
    numbers = values.data if is_sparse(values) else values
    xp = namespace(numbers)
    finite = xp.isfinite(numbers)
    if bool(xp.all(finite)):
        return
    bad = ~to_numpy(finite)
    rows, columns = (p[bad] for p in places(values)) if is_sparse(values) else np.nonzero(bad)
    first = np.lexsort((rows, columns))[0]
    row, column = int(rows[first]), int(columns[first])
    raise ValueError(
        f"{name} holds {float(values[row, column])} in column {column}, "
        f"first in row {row}: fill in or drop what is missing"
    )


def as_weights(sample_weight: Any, n: int, dtype: Any = None) -> Array | None:
    """Sample weights (n,), finite, none below 0, one at least above; None stays None."""
    if sample_weight is None:
        return None
    w = as_array(sample_weight, dtype)
    xp = namespace(w)
    if tuple(w.shape) != (n,):
        raise ValueError(
            f"sample_weight has shape {tuple(w.shape)}: expected one for each of {n} rows"
        )
    refuse_non_finite(xp.reshape(w, (-1, 1)), "sample_weight")
    if float(xp.min(w)) < 0 or float(xp.sum(w)) == 0:
        raise ValueError(
            "sample_weight has a value below 0, or nothing above: rows need some weight"
        )
    return w


LARGE, UNEVEN = 5.0, 1000.0
"""Above the first a column's root mean square, above the second the ratio of two columns' sizes."""


def warn_of_scale(X: Array) -> None:
    """Warn if a column of X (n, k) is far larger than 1, or some far larger than others.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_of_scale(np.array([[16.0, 1.0], [0.0, 0.5]]))
    >>> print(caught[0].message)
    inputs are large: column 0 goes up to 16: divide by that, or standardise each column ...
    """
    size, usual = column_sizes(X)
    used = np.flatnonzero(size)
    if not used.size:
        return
    largest, smallest = used[np.argmax(size[used])], used[np.argmin(size[used])]

    def called(column: int) -> str:
        return f"column {column} goes up to {size[column]:.3g}"

    ratio = size[largest] / size[smallest]
    if ratio > UNEVEN:
        warnings.warn(
            f"inputs are on very different scales: {called(largest)} and {called(smallest)}, a "
            f"ratio of {ratio:.2g}: standardise each column (pellucid.Scaler.standard)",
            ScaleWarning,
            stacklevel=3,
        )
    elif usual.max() > LARGE:  # no outlier decides
        warnings.warn(
            f"inputs are large: {called(int(usual.argmax()))}: divide by that, or standardise each "
            "column (pellucid.Scaler), or units will saturate and not learn",
            ScaleWarning,
            stacklevel=3,
        )


def column_sizes(X: Array) -> tuple[np.ndarray, np.ndarray]:
    """The largest modulus of each column of X (n, k), and its root mean square: two arrays (k,)."""
    with np.errstate(over="ignore"):
        if is_sparse(X):
            n, k = X.shape
            largest, moduli = np.zeros(k), np.abs(X.data).astype(np.float64)
            np.maximum.at(largest, X.indices, moduli)
            return largest, np.sqrt(np.bincount(X.indices, moduli**2, minlength=k) / n)
        if isinstance(X, np.ndarray):  # without another array of X's size
            largest = np.maximum(X.max(axis=0), -X.min(axis=0)).astype(np.float64)
            return largest, np.sqrt(np.einsum("ij,ij->j", X, X).astype(np.float64) / len(X))
        xp = namespace(X)
        largest = to_numpy(xp.max(xp.abs(X), axis=0)).astype(np.float64)
        return largest, np.sqrt(to_numpy(xp.mean(X * X, axis=0)).astype(np.float64))
