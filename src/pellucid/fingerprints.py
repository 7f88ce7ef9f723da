"""A fingerprint is plain data that tells a thing from others: an array, a setting, code."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from pellucid.arrays import Array, to_numpy
from pellucid.sparse import is_sparse

MOST_ITEMS = 1000
"""Of a setting that is written out."""


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
    """A setting as plain data that tells it from others.

    A function is told by its name and a hash of its code, its defaults and what it closes over; an
    object that can be called, by its class and its attributes. pellucid's own and compiled ones
    are told by their names; what a function reads from its module is not looked at.

    Examples
    --------
    >>> described({"batch_size": {1: 32}, "n_iter_no_change": float("inf"), "metric": max})
    {'batch_size': {'1': 32}, 'n_iter_no_change': 'inf', 'metric': 'builtins.max'}
    >>> described(partial(round, ndigits=2))["keywords"]
    {'ndigits': 2}
    """
    return _described(value, ())


def hash_of(plain: Any) -> str:
    """A hash of plain data."""
    from hashlib import blake2b

    return blake2b(json.dumps(plain, sort_keys=True).encode(), digest_size=16).hexdigest()


def _described(value: Any, within: tuple[int, ...]) -> Any:
    """The same, of a part of the things of these ids."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return fingerprint(value)
    if id(value) in within:
        return "itself"
    within = (*within, id(value))

    def part(item: Any) -> Any:
        return _described(item, within)

    if isinstance(value, Mapping):
        return _bounded({str(part(name)): part(item) for name, item in value.items()})
    if isinstance(value, list | tuple | range | np.ndarray):
        return _bounded([part(item) for item in value])
    if isinstance(value, set | frozenset):
        return _bounded(sorted((part(item) for item in value), key=hash_of))
    if isinstance(value, partial):
        parts = {"func": value.func, "args": value.args, "keywords": value.keywords}
        return {"name": "functools.partial"} | {name: part(item) for name, item in parts.items()}
    if isinstance(value, MethodType):
        whose = value.__self__
        of = part(whose) if callable(whose) else _object(whose, part)
        return {"name": _name(value.__func__), "function": part(value.__func__), "of": of}
    if isinstance(value, FunctionType) and _is_own(value):
        return {"name": _name(value), "hash": _hash_of_code(value, part)}
    named = getattr(value, "name", None) if not callable(value) else None
    if isinstance(named, str):
        code = {n: v for n, v in _attributes(value).items() if callable(v) and _is_own(v)}
        return {"name": named, **part(getattr(value, "parameters", {})), **part(code)}
    if callable(value) and not hasattr(value, "__qualname__") and not isinstance(value, np.ufunc):
        return _object(value, part) | {"call": part(type(value).__call__)}
    return _name(value)


def _object(value: Any, part: Callable[[Any], Any]) -> dict[str, Any]:
    return {"name": _name(type(value)), "with": part(_attributes(value))}


def _attributes(value: Any) -> dict[str, Any]:
    return dict(getattr(value, "__dict__", {}))


def _is_own(function: Any) -> bool:
    return not str(getattr(function, "__module__", "")).startswith("pellucid.")


def _name(value: Any) -> str:
    """Of what has one; of other things, that of their type."""
    kind = value if hasattr(value, "__qualname__") or isinstance(value, np.ufunc) else type(value)
    return f"{kind.__module__}.{getattr(kind, '__qualname__', kind.__name__)}"


def _hash_of_code(function: FunctionType, part: Callable[[Any], Any]) -> str:
    cells = [
        cell.cell_contents if cell != CellType() else None for cell in function.__closure__ or ()
    ]
    given = part([function.__defaults__, function.__kwdefaults__, cells])
    return hash_of([_constant(function.__code__), given])


def _constant(value: Any) -> Any:
    """A constant of a function's code, and that code, as plain data."""
    if isinstance(value, CodeType):
        return [value.co_code.hex(), value.co_names, _constant(value.co_consts)]
    if isinstance(value, tuple):
        return [_constant(item) for item in value]
    if isinstance(value, frozenset):  # whose order is another in each process
        return sorted(repr(item) for item in value)
    return repr(value)


def _bounded(value: Any) -> Any:
    """Many items by their hash: a checkpoint's header is not for them."""
    if len(value) <= MOST_ITEMS:
        return value
    return {"shape": [len(value)], "dtype": type(value).__name__, "hash": hash_of(value)}
