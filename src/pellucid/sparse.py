"""A sparse X holds only its numbers that are not zero, row by row, as SciPy keeps them (CSR).

SciPy is never loaded from here: whoever has a sparse X has loaded it already.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from pellucid.arrays import Array, namespace


def is_sparse(X: Any) -> bool:
    """Whether X is one of SciPy's sparse arrays or matrices, in any format.

    Examples
    --------
    >>> from scipy.sparse import coo_array
    >>> is_sparse(coo_array((2, 3))), is_sparse(np.zeros((2, 3)))
    (True, False)
    """
    if isinstance(X, np.ndarray):
        return False
    scipy_sparse = sys.modules.get("scipy.sparse")
    return scipy_sparse is not None and bool(scipy_sparse.issparse(X))


def as_csr(X: Array) -> Array:
    """A sparse X of any format as a CSR array: columns in order, one number for each place.

    A flat X becomes the only row. Memory is shared where X is so already; X is never changed.

    Raises
    ------
    ValueError
        If its indices lead outside it.

    Examples
    --------
    >>> from scipy.sparse import coo_array
    >>> X = as_csr(coo_array(([1.0, 2.0, 4.0], ([0, 0, 0], [1, 0, 1])), (1, 3)))
    >>> X.indices.tolist(), X.data.tolist()
    ([0, 1], [2.0, 5.0])
    """
    csr_array = sys.modules["scipy.sparse"].csr_array
    csr = csr_array(X.tocoo().reshape((1, -1)) if X.ndim == 1 else X)
    try:
        csr.check_format(full_check=True)
    except ValueError as error:
        raise ValueError(f"X is a damaged sparse array: {error}") from error
    if not csr.has_canonical_format:
        csr = csr.copy()
        csr.sum_duplicates()
    return csr


def dense(X: Array) -> Array:
    """X itself, or a sparse X written out with its zeros."""
    return X.toarray() if is_sparse(X) else X


def rows_of(X: Array, rows: Array | slice) -> Array:
    """Some rows of an array (n, ...), by a slice or by their numbers; always a dense array.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> rows_of(csr_array([[1.0, 0.0], [0.0, 2.0]]), slice(1, 2)).tolist()
    [[0.0, 2.0]]
    """
    if is_sparse(X):
        return X[rows].toarray()
    if isinstance(rows, slice):
        return X[rows, ...]
    return namespace(X).take(X, rows, axis=0)


def places(X: Array) -> tuple[Array, Array]:
    """The row and the column of each number that a CSR array holds, in the order it holds them."""
    return np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices
