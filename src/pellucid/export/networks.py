"""A network is a program of its layers alone: what it takes is a matrix of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.export.program import Classes, Column, Floats, Number, Numbers, Program
from pellucid.export.translation import Translation, about, inverse, layers_of
from pellucid.vectors import make_vectors

if TYPE_CHECKING:
    import polars

    from pellucid.estimators.multilayer import Multilayer
    from pellucid.model import Network


def _matrix(names: list[str]) -> tuple[Column, ...]:
    return tuple(Column(name, gaps=False) for name in names)


def _as_it_is(n: int) -> tuple[Number, ...]:
    return tuple(Number(place) for place in range(n))


def _columns_of_array(X: Any, names: list[str]) -> dict[str, Any]:
    array = np.asarray(X, np.float64)
    return dict(zip(names, np.atleast_2d(array).T, strict=True))


def of_network(model: Network) -> Translation:
    """The program of a bare network, whose columns are called x1, x2, ..."""
    n, k = model.architecture.n_inputs, model.architecture.n_outputs
    names = [f"x{i + 1}" for i in range(n)]
    answer = _answer_of_network(model.architecture.output_activation.name, k)
    program = Program(
        _matrix(names), _as_it_is(n), (), (), (), (layers_of(model),), answer, matrix=True,
        about=about(model),
    )  # fmt: skip

    def answers(table: Mapping[str, Any]) -> Floats:
        output = to_numpy(model.predict(np.column_stack([table[name] for name in names])))
        both = k == 1 and isinstance(answer, Classes)
        return np.hstack([1.0 - output, output]) if both else output

    vectors = _columns_of_array(make_vectors(model.layout, model.theta)["inputs"], names)
    return Translation(program, lambda X: _columns_of_array(X, names), answers, vectors)


def _answer_of_network(output: str, k: int) -> Classes | Numbers:
    """A softmax, or a single sigmoid, tells classes apart, which it counts; else there are numbers.

    Several sigmoids are numbers between 0 and 1, each for itself.
    """
    if output == "softmax" or (output == "sigmoid" and k == 1):
        return Classes(tuple(range(max(k, 2))))
    names = ("output",) if k == 1 else tuple(f"output {i + 1}" for i in range(k))
    return Numbers(names, (1.0,) * k, (0.0,) * k)


def of_estimator(model: Multilayer) -> Translation:
    """The program of a fitted MLPClassifier or MLPRegressor."""
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(model)
    network, target = model.network_, model._target
    n = network.architecture.n_inputs
    named = getattr(model, "feature_names_in_", None)
    names = [f"x{i + 1}" for i in range(n)] if named is None else [str(name) for name in named]
    answer = _answer_of_estimator(model, target, network.architecture.n_outputs)
    program = Program(
        _matrix(names), _as_it_is(n), (), (), (), (layers_of(network),), answer,
        matrix=named is None, about=about(model),
    )  # fmt: skip

    def answers(table: Mapping[str, Any]) -> Floats:
        X = np.column_stack([table[name] for name in names])
        output = to_numpy(model._output(X if named is None else named_columns(X, named)))
        if isinstance(answer, Classes):
            return np.asarray(target.probabilities(output), np.float64)
        return np.asarray(target.decode(output), np.float64).reshape(len(X), -1)

    vectors = _columns_of_array(make_vectors(network.layout, network.theta)["inputs"], names)
    return Translation(program, lambda X: _columns_of_array(X, names), answers, vectors)


def named_columns(X: Floats, names: Any) -> polars.DataFrame:
    """X (n, k) as a table of k columns of such names."""
    import polars

    return polars.DataFrame(X, schema=[str(name) for name in names], orient="row")


def _answer_of_estimator(model: Any, target: Any, k: int) -> Classes | Numbers:
    if hasattr(model, "classes_"):
        if target.kind not in ("binary", "multiclass") or len(target.classes) < 2:
            raise ValueError(
                f"the targets are {target.kind}: an export tells one class of several for each row"
            )
        labels = tuple(target.classes.tolist())
        if not all(isinstance(label, str | int | float) for label in labels):
            raise ValueError(
                f"the classes are {type(labels[0]).__name__}s: an export tells texts, numbers or "
                "booleans apart"
            )
        return Classes(labels)
    if target.several:
        raise ValueError("several quantiles cannot be exported: fit one model for each quantile")
    names = ("target",) if k == 1 else tuple(f"target {i + 1}" for i in range(k))
    return Numbers(names, *inverse(target.scaler, k))
