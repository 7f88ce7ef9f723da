"""A fingerprint is plain data that tells a thing from others: an array, a setting, code."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from pellucid.arrays import Array, to_numpy
from pellucid.sparse import is_sparse


def fingerprint(array: Array | None) -> dict[str, Any] | None:
    """What tells an array, dense or CSR, from all others: its shape and dtype, and a hash.

    Examples
    --------
    >>> fingerprint(np.zeros((2, 3)))["shape"]
    [2, 3]
    >>> fingerprint(np.zeros((2, 3))) == fingerprint(np.ones((2, 3)))
    False
    """
    if array is None:
        return None
    from hashlib import blake2b

    if is_sparse(array):
        parts = [array.indptr.astype(np.int64), array.indices.astype(np.int64), array.data]
    else:
        parts = [to_numpy(array)]
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
    return {
        "shape": list(array.shape), "dtype": parts[-1].dtype.name,
        "sparse": is_sparse(array), "hash": digest.hexdigest(),
    }  # fmt: skip


def described(value: Any) -> Any:
    """A setting as plain data that tells it from others; code by its name, since no more is known.

    Examples
    --------
    >>> described({"batch_size": {1: 32}, "n_iter_no_change": float("inf"), "metric": max})
    {'batch_size': {'1': 32}, 'n_iter_no_change': 'inf', 'metric': 'builtins.max'}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, np.ndarray):
        return fingerprint(value)
    if isinstance(value, Mapping):
        return {str(described(name)): described(item) for name, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [described(item) for item in value]
    named = getattr(value, "name", None) if not callable(value) else None
    if isinstance(named, str):
        return {"name": named, **described(getattr(value, "parameters", {}))}
    kind = value if hasattr(value, "__qualname__") else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"
