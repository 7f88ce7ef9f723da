"""A skops file is a scikit-learn estimator as a zip of JSON and arrays: a pickle without its code.

What a file is made of is checked here, against a fixed list, before skops builds anything from it.
"""

from __future__ import annotations

import io
import json
import math
import os
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.importing.agreement import refuse_difference, rows_for
from pellucid.importing.sources import read_source

if TYPE_CHECKING:
    from pellucid.estimators import MLPClassifier, MLPRegressor

MODELS = ("sklearn.neural_network._multilayer_perceptron.MLPClassifier",
          "sklearn.neural_network._multilayer_perceptron.MLPRegressor")  # fmt: skip
OPTIMIZERS = ("sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
              "sklearn.neural_network._stochastic_optimizers.SGDOptimizer")  # fmt: skip
"""The two types of such a file that skops does not trust by itself: a few numbers each."""

NUMBERS = ("ndarray", "float64", "float32", "int64", "int32", "bool", "bool_", "str_")
TYPES: dict[str, tuple[str, ...]] = {
    "ObjectNode": (*MODELS, *OPTIMIZERS, "sklearn.preprocessing._label.LabelBinarizer"),
    "NdArrayNode": tuple(f"numpy.{name}" for name in NUMBERS),
    "RandomStateNode": ("numpy.random.mtrand.RandomState",),
    "DictNode": ("builtins.dict",),
    "ListNode": ("builtins.list",),
    "TupleNode": ("builtins.tuple",),
    "JsonNode": ("builtins.str",),
    "TypeNode": tuple(f"builtins.{name}" for name in ("str", "int", "float", "bool")),
}
"""How a part is built, and the types of such parts that an MLP estimator is made of."""

MOST_SAID = 300
"""Characters that others' errors may add to a message."""

MOST_PARTS = 200_000
"""Parts in a file, each counted as often as it is used; a long loss curve has one an epoch."""

SPARE_BYTES, MOST_PACKED = 2**24, 16
"""A file may unpack to so many bytes, and to so many times its own length."""


def from_skops(source: str | os.PathLike[str] | bytes) -> MLPClassifier | MLPRegressor:
    """The pellucid estimator of a skops file that holds scikit-learn's, given by path or as bytes.

    Weights are the same numbers, as in `from_sklearn`, and the estimator is refused if it does not
    predict what scikit-learn's does. The file holds data and no code: types are checked against
    the few that an MLPClassifier or MLPRegressor is made of before anything is built.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, holds another model, or naming the first type that does not belong.

    Examples
    --------
    >>> import skops.io
    >>> from sklearn.neural_network import MLPRegressor
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0.0, 1.0])
    >>> theirs = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", random_state=0).fit(X, y)
    >>> ours = from_skops(skops.io.dumps(theirs))
    >>> bool((ours.coefs_[0] == theirs.coefs_[0]).all())
    True
    """
    return read_skops(*read_source(source))[0]


def read_skops(data: bytes, name: str) -> tuple[MLPClassifier | MLPRegressor, float]:
    """The estimator of a skops file's bytes, and the largest difference from scikit-learn's."""
    _refuse_unfit(data, name)
    try:
        import skops.io
    except ImportError as error:
        raise ImportError("skops files need skops: pip install 'pellucid[skops]'") from error
    from pellucid.estimators import from_sklearn

    try:
        foreign = sorted(set(skops.io.get_untrusted_types(data=data)) - set(OPTIMIZERS))
        if foreign:
            raise ValueError(f"a {foreign[0]}, which no MLP estimator is made of")
        theirs = skops.io.loads(data, trusted=list(OPTIMIZERS))
        _refuse_unfitted(theirs)
        ours = from_sklearn(theirs)
        X = rows_for(theirs.n_features_in_, np.float64)
        theirs.coefs_ = [W.astype(np.float64) for W in theirs.coefs_]  # not to compare roundings
        theirs.intercepts_ = [b.astype(np.float64) for b in theirs.intercepts_]
        expected, found = (_output(model, X) for model in (theirs, from_sklearn(theirs)))
    except Exception as error:  # parts of the right types, put together wrongly
        what = " ".join(str(error).split())[:300]
        raise ValueError(f"{name} is damaged, or from another release: {what}") from error
    return ours, refuse_difference(found, expected, name)


def _refuse_unfitted(model: Any) -> None:
    if not hasattr(model, "coefs_"):
        raise ValueError("the estimator in it has not been fitted")
    shapes = [np.shape(W) for W in model.coefs_]
    widths = [np.shape(b) for b in model.intercepts_]
    chain = [n_in for n_in, _ in shapes[1:]] == [n_out for _, n_out in shapes[:-1]]
    if not chain or widths != [(n_out,) for _, n_out in shapes]:
        raise ValueError(f"its layers have the shapes {shapes} and {widths}")
    dtypes = {array.dtype.name for array in (*model.coefs_, *model.intercepts_)}
    if len(dtypes) != 1 or not dtypes <= {"float32", "float64"}:
        raise ValueError(f"its weights are {', '.join(sorted(dtypes))}: expected one float type")


def _output(model: Any, X: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():  # of rows without the names of columns
        warnings.simplefilter("ignore", UserWarning)
        answer = model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)
    return np.asarray(answer, np.float64)


def _refuse_unfit(data: bytes, name: str) -> None:
    """Raise ValueError unless a file is made of the right types, and of no more than it may be."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            sizes = {member.filename: member.file_size for member in file.infolist()}
            if "schema.json" not in sizes:
                raise ValueError(f"{name} is a zip, but not a skops file: it has no schema.json")
            at_most = SPARE_BYTES + MOST_PACKED * len(data)
            if sum(sizes.values()) > at_most:
                raise ValueError(f"{name} unpacks to more than {at_most} bytes, the most it may be")
            schema = json.loads(file.read("schema.json"))
            arrays = _Parts(name).walk(schema)
            if sum(sizes.get(array, 0) for array in arrays) > at_most:
                raise ValueError(f"{name} repeats its arrays to more than {at_most} bytes")
            for array in set(arrays):
                _refuse_array(file.read(array), name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        # RuntimeError: a password, or JSON too deep
        raise ValueError(f"{name} is not a skops file, or is damaged: {_short(error)}") from error
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, UnicodeError) as error:
        raise ValueError(f"{name} is a damaged skops file: {_short(repr(error))}") from error


class _Parts:
    """Walks the parts of a schema, and refuses the first of a type that does not belong."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sizes: dict[int, int] = {}  # of each part that may be used again, by its id
        self.open: set[int] = set()  # ids of those that the walk is in
        self.arrays: list[str] = []

    def walk(self, schema: Any) -> list[str]:
        """The names of the arrays that the parts use, with those used again as often."""
        kind = _kind(schema)
        if kind not in MODELS:
            cure = "; save the last step of a pipeline" if kind.endswith("Pipeline") else ""
            raise ValueError(
                f"{self.name} holds a {kind}: expected an MLPClassifier or MLPRegressor{cure}"
            )
        self._size(schema)
        return self.arrays

    def _size(self, part: dict[str, Any]) -> int:
        """How many parts a part is made of, itself included."""
        known = part.get("__id__")
        if known in self.open:
            raise ValueError(f"{self.name} is damaged: a part of it is within itself")
        if known in self.sizes:
            return self._within(self.sizes[known])
        kind, loader = _kind(part), part["__loader__"]
        if kind not in TYPES.get(loader, ()):
            raise ValueError(
                f"{self.name} holds a {kind} ({str(loader)[:40]}), which no MLP estimator is made "
                "of"
            )
        if known is not None:
            self.open.add(known)
        size = 1 + sum(self._size(p) for value in part.values() for p in _parts_in(value))
        if part.get("type") == "numpy":
            self.arrays.append(part["file"])
        if known is not None:
            self.open.remove(known)
            self.sizes[known] = size
        return self._within(size)

    def _within(self, size: int) -> int:
        if size > MOST_PARTS:
            raise ValueError(f"{self.name} has more than {MOST_PARTS} parts, the most it may have")
        return size


def _kind(part: dict[str, Any]) -> str:
    """The full name of a part's type; a hostile file may have anything in its place."""
    kind = f"{part['__module__']}.{part['__class__']}"
    if not kind.replace(".", "_").isidentifier():
        raise ValueError(f"a type of a part of it is {kind[:100]!r}: the file is damaged")
    return kind


def _parts_in(value: Any) -> list[dict[str, Any]]:
    """The parts in a value: itself, or those in its list or dictionary."""
    if isinstance(value, dict):
        return (
            [value] if "__loader__" in value else [p for v in value.values() for p in _parts_in(v)]
        )
    return [p for v in value for p in _parts_in(v)] if isinstance(value, list) else []


def _refuse_array(data: bytes, name: str) -> None:
    """Raise ValueError unless an array is as long as its header says."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in read:
        raise ValueError(f"{name} holds an array of format {version}: expected 1.0 or 2.0")
    shape, _, dtype = read[version](file)
    if dtype.kind not in "biufU" or math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise ValueError(f"{name} holds a damaged array, {dtype} {shape} in {len(data)} bytes")


def _short(error: object) -> str:
    """What was said of a file, which may have quoted as much of it as it liked."""
    return str(error)[:MOST_SAID]
