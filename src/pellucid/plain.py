"""Plain data is what a header of JSON can hold: parameters and labels are made it, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABELS = (str, int, float, bool)
"""What classes may be."""

TUPLE, ITEMS, INFINITE = "tuple", "items", "infinite"
"""What stands for a tuple, a dict of any keys, and the sign of an infinite number."""


class NotPlainError(ValueError):
    """A value that is no plain data: a function, a generator, an object."""


def plain(value: Any) -> Any:
    """A value as JSON can hold it, told apart from others that look alike there.

    Raises
    ------
    NotPlainError
        If it is, or holds, anything else than text, numbers, booleans, None, lists, tuples, dicts.

    Examples
    --------
    >>> plain({"sizes": (10, 20)})
    {'items': [['sizes', {'tuple': [10, 20]}]]}
    >>> restored(plain({1: 32, 20: [0.5, None]}))
    {1: 32, 20: [0.5, None]}
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return {TUPLE: [plain(item) for item in value]}
    if isinstance(value, Mapping):
        return {ITEMS: [[plain(key), plain(item)] for key, item in value.items()]}
    if isinstance(value, float) and not isfinite(value):
        if value != value:
            raise NotPlainError("NaN")
        return {INFINITE: 1 if value > 0 else -1}
    if value is None or type(value) in LABELS:
        return value
    raise NotPlainError(f"{value!r:.60}")


def restored(value: Any) -> Any:
    """The inverse of `plain`; ValueError if it gives no such thing."""
    if isinstance(value, list):
        return [restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((kind, inner),) = value.items()
        if kind == TUPLE:
            return tuple(restored(item) for item in fields.sequence(inner))
        if kind == INFINITE:
            return inf * (1 if fields.whole(inner, -1, 1) > 0 else -1)
        if kind == ITEMS:
            pairs = [fields.sequence(pair, 2) for pair in fields.sequence(inner)]
            return {_key(restored(key)): restored(item) for key, item in pairs}
    return fields.refuse(value, "a value")


def _key(value: Any) -> Any:
    if type(value) not in LABELS:
        fields.refuse(value, "a text or a number")
    return value


def parameters_of(model: Any, left_out: Callable[[str], bool]) -> dict[str, Any]:
    """What a model of scikit-learn's kind was made with, as far as it is data."""
    given: dict[str, Any] = {}
    for name, value in model.get_params(deep=False).items():
        if not left_out(name):
            try:
                given[name] = plain(value)
            except NotPlainError:
                continue
    return given


def labels_to_dict(classes: NDArray[Any]) -> dict[str, Any]:
    """The labels of classes (n,), and their dtype.

    Raises
    ------
    ValueError
        If a label is neither text nor a number nor a boolean.

    Examples
    --------
    >>> labels_to_dict(np.array(["no", "yes"]))
    {'labels': ['no', 'yes'], 'dtype': 'str'}
    """
    labels = [label(item) for item in classes.tolist()]
    dtype = classes.dtype.name
    if classes.dtype.kind == "U":
        wide = classes.dtype != np.array(labels or [""]).dtype
        dtype = f"str{classes.dtype.itemsize // 4}" if wide else "str"
    return {"labels": labels, "dtype": dtype}


def labels_from_dict(about: Any) -> NDArray[Any]:
    """The inverse of `labels_to_dict`; ValueError if these are no labels."""
    given = fields.only(about, ("labels", "dtype"))
    labels, dtype = fields.sequence(given["labels"]), fields.text(given["dtype"])
    wide = re.fullmatch(r"str(\d{1,4})", dtype)
    if wide:
        dtype = f"<U{wide[1]}"
    elif dtype not in ("str", "object", "bool") and not re.fullmatch(
        r"u?int(8|16|32|64)|float(16|32|64)", dtype
    ):
        raise ValueError(f"classes of type {dtype!r:.60}")
    if not {*map(type, labels)} <= {*LABELS}:
        raise ValueError(f"{fields.short(labels)} where labels were expected")
    kinds = {"<": str, "s": str, "b": bool, "i": int, "u": int, "f": float}
    kind = kinds.get(dtype[0])
    if kind is not None and not {*map(type, labels)} <= {kind}:
        raise ValueError(f"classes of type {dtype!r} that are not")
    try:
        classes = np.array(labels, dtype=dtype)
    except OverflowError as error:
        raise ValueError(f"the classes are damaged: {error}") from error
    if classes.tolist() != labels or len(set(labels)) < len(labels):
        raise ValueError("the classes are damaged")
    return classes


def label(value: Any) -> Any:
    """A label as plain data.

    Raises
    ------
    ValueError
        If it is neither text nor a number nor a boolean.
    """
    item = value.item() if isinstance(value, np.generic) else value
    if type(item) not in LABELS:
        raise ValueError(
            f"class {value!r} is of type {type(value).__name__}, which a model file cannot hold: "
            "expected text, numbers or booleans"
        )
    return item
