"""A translation turns a fitted model of any kind into a program, and a table into its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.export.program import (
    CATEGORY,
    DATE,
    NUMBER,
    Cell,
    Classes,
    Column,
    Floats,
    Layer,
    Number,
    Numbers,
    Program,
)
from pellucid.layout import Layout
from pellucid.model import Network
from pellucid.version import __version__

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray

    from pellucid.predictor import Predictor
    from pellucid.preprocessing import TableEncoder
    from pellucid.tabular import TabularClassifier, TabularRegressor


@dataclass(frozen=True)
class Translation:
    """A program beside the model that it was made of.

    Parameters
    ----------
    take : a table, as the model's `predict` takes it -> columns, as the program's `run` does.
    answers : such columns -> what the model itself makes of them: the probability of each class
        (n, n_classes), or the numbers predicted (n, k).
    """

    program: Program
    take: Callable[[Any], dict[str, Any]]
    answers: Callable[[Mapping[str, Any]], Floats]


def translate(model: Any) -> Translation:
    """The program of a fitted model: a `Network`, an estimator, or one that takes tables.

    Raises
    ------
    TypeError, ValueError
        If it is no fitted model of pellucid's, or has a part that no program has; it is named.

    Examples
    --------
    >>> program = translate(Network([2, 3, 1], seed=0)).program
    >>> program.run({"x1": [1.0], "x2": [0.5]}).shape, program.n_parameters
    ((1, 1), 13)
    """
    name = type(model).__name__
    if isinstance(model, Network):
        return _of_network(model)
    if name == "Predictor":
        return _of_predictor(model)
    if name in ("TabularClassifier", "TabularRegressor"):
        return _of_bag(model)
    if name in ("MLPClassifier", "MLPRegressor") and hasattr(model, "network_"):
        return _of_estimator(model)
    if name == "Pipeline":
        return _of_pipeline(model)
    raise TypeError(
        f"{name} cannot be exported: expected a fitted Network, MLPClassifier, MLPRegressor, "
        "TabularClassifier, TabularRegressor, Predictor, or a Pipeline that ends in one"
    )


# --- networks -----------------------------------------------------------------------------------


def _layers(
    layout: Layout, theta: Any, order: NDArray[np.intp] | None = None, temperature: float = 1.0
) -> tuple[Layer, ...]:
    """Dense layers alone; the inputs in another order, the last sums divided."""
    theta = to_numpy(theta)
    made: list[Layer] = []
    factor: NDArray[Any] | None = None
    for layer, arrays in zip(layout.architecture.layers, layout.views(theta), strict=True):
        if layer.kind == "scale":
            factor = arrays[0] if factor is None else factor * arrays[0]
            if layer.activation.name == "identity" and layer is not layout.architecture.layers[-1]:
                continue
            W, b = np.diag(factor), np.zeros(layer.n_out, theta.dtype)
        elif layer.kind == "dense":
            W = arrays[0] if factor is None else factor[:, None] * arrays[0]
            b = arrays[1] if len(arrays) > 1 else np.zeros(layer.n_out, theta.dtype)
        else:
            raise ValueError(f"a layer of kind {layer.kind!r} cannot be exported")
        factor = None
        made.append(Layer(np.array(W), np.array(b), layer.activation.name))
    if order is not None:
        made[0] = Layer(made[0].W[order], made[0].b, made[0].activation)
    if temperature != 1.0:
        last = made[-1]
        W, b = (array / theta.dtype.type(temperature) for array in (last.W, last.b))
        made[-1] = Layer(W, b, last.activation)
    return tuple(made)


def _layers_of(network: Network, order: NDArray[np.intp] | None = None) -> tuple[Layer, ...]:
    network.architecture.to_dict()  # refuses an activation that is somebody's own code
    return _layers(network.layout, network.theta, order)


def _about(model: Any) -> dict[str, Any]:
    return {"made_by": f"pellucid {__version__}", "model": type(model).__name__}


def _matrix(names: list[str]) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def _as_it_is(n: int) -> tuple[Number, ...]:
    return tuple(Number(place) for place in range(n))


def _columns_of_array(X: Any, names: list[str]) -> dict[str, Any]:
    array = np.asarray(X, np.float64)
    return dict(zip(names, np.atleast_2d(array).T, strict=True))


def _of_network(model: Network) -> Translation:
    n, k = model.architecture.n_inputs, model.architecture.n_outputs
    names = [f"x{i + 1}" for i in range(n)]
    answer = _answer_of_network(model.architecture.output_activation.name, k)
    program = Program(
        _matrix(names), _as_it_is(n), (), (), (), (_layers_of(model),), answer, matrix=True,
        about=_about(model),
    )  # fmt: skip

    def answers(table: Mapping[str, Any]) -> Floats:
        output = to_numpy(model.predict(np.column_stack([table[name] for name in names])))
        both = k == 1 and isinstance(answer, Classes)
        return np.hstack([1.0 - output, output]) if both else output

    return Translation(program, lambda X: _columns_of_array(X, names), answers)


def _answer_of_network(output: str, k: int) -> Classes | Numbers:
    """A softmax, or a single sigmoid, tells classes apart, which it counts; else there are numbers.

    Several sigmoids are numbers between 0 and 1, each for itself.
    """
    if output == "softmax" or (output == "sigmoid" and k == 1):
        return Classes(tuple(range(max(k, 2))))
    names = ("output",) if k == 1 else tuple(f"output {i + 1}" for i in range(k))
    return Numbers(names, (1.0,) * k, (0.0,) * k)


def _of_estimator(model: Any) -> Translation:
    network, target = model.network_, model._target
    n = network.architecture.n_inputs
    named = getattr(model, "feature_names_in_", None)
    names = [f"x{i + 1}" for i in range(n)] if named is None else [str(name) for name in named]
    answer = _answer_of_estimator(model, target, network.architecture.n_outputs)
    program = Program(
        _matrix(names), _as_it_is(n), (), (), (), (_layers_of(network),), answer,
        matrix=named is None, about=_about(model),
    )  # fmt: skip

    def answers(table: Mapping[str, Any]) -> Floats:
        X = np.column_stack([table[name] for name in names])
        output = to_numpy(model._output(X if named is None else _named(X, named)))
        if isinstance(answer, Classes):
            return np.asarray(target.probabilities(output), np.float64)
        return np.asarray(target.decode(output), np.float64).reshape(len(X), -1)

    return Translation(program, lambda X: _columns_of_array(X, names), answers)


def _named(X: Floats, names: Any) -> polars.DataFrame:
    import polars

    return polars.DataFrame(X, schema=[str(name) for name in names], orient="row")


def _answer_of_estimator(model: Any, target: Any, k: int) -> Classes | Numbers:
    if hasattr(model, "classes_"):
        if target.kind not in ("binary", "multiclass") or len(target.classes) < 2:
            raise ValueError(
                f"the targets are {target.kind}: an export tells one class of several for each row"
            )
        return Classes(tuple(target.classes.tolist()))
    if target.several:
        raise ValueError("several quantiles cannot be exported: fit one model for each quantile")
    names = ("target",) if k == 1 else tuple(f"target {i + 1}" for i in range(k))
    return Numbers(names, *_inverse(target.scaler, k))


def _inverse(scaler: Any, k: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The scale and the shift (k,) that bring outputs back."""
    if scaler is None:
        return (1.0,) * k, (0.0,) * k
    scale, shift = (np.broadcast_to(array, (k,)) for array in (scaler.scale, scaler.shift))
    return tuple(scale.tolist()), tuple(shift.tolist())


# --- tables -------------------------------------------------------------------------------------


def _encoded(encoder: TableEncoder) -> tuple[dict[str, Any], NDArray[np.intp]]:
    """The parts of a program that stand for an encoder, and the order of its inputs in them."""
    from pellucid.columns import NumericColumn

    numeric = [column for column in encoder.columns if isinstance(column, NumericColumn)]
    scale, shift = (
        np.broadcast_to(array, (len(numeric),)).tolist()
        for array in (encoder.scaler.scale, encoder.scaler.shift)
    )
    columns: list[Column] = []
    numbers: list[Number] = []
    marked: list[int] = []
    categories: list[tuple[int, bool]] = []
    at_numbers: list[int] = []
    at_marks: list[int] = []
    at_levels: list[int] = []
    at = 0
    for place, column in enumerate(encoder.columns):
        if isinstance(column, NumericColumn):
            i = len(numbers)
            absent = (column.median - shift[i]) / scale[i]
            columns.append(Column(column.name))
            numbers.append(Number(place, "", shift[i], 1.0 / scale[i], 0.0, absent))
            at_numbers.append(at)
            if column.marks_missing:
                marked.append(place)
                at_marks.append(at + 1)
        else:
            columns.append(_category(column.name, column.levels))
            categories.append((place, column.marks_missing))
            at_levels += range(at, at + len(column.feature_names))
        at += len(column.feature_names)
    parts = {
        "columns": tuple(columns),
        "numbers": tuple(numbers),
        "marked": tuple(marked),
        "cells": (),
        "categories": tuple(categories),
    }
    return parts, np.array([*at_numbers, *at_marks, *at_levels], np.intp)


def _category(name: str, levels: tuple[str, ...]) -> Column:
    """A category whose levels may be true and false, which are written in more ways than one."""
    from pellucid.delimited import MISSING

    same: dict[str, int] = {text: len(levels) for text in sorted(MISSING) if text}
    if {level.lower() for level in levels} <= {"true", "false"}:
        for i, level in enumerate(levels):
            ways = (level.lower(), level.capitalize(), level.upper())
            same |= {text: i for text in ways if text not in levels}
    return Column(name, CATEGORY, levels, same)


def _of_predictor(model: Predictor) -> Translation:
    parts, order = _encoded(model.encoder)
    output = model.network.architecture.output_activation.name
    answer: Classes | Numbers
    if model.task == "classification":
        answer = Classes(tuple(model.classes.classes))
    else:
        scaler = model.target.scaler  # type: ignore[union-attr]
        answer = Numbers((model.target_name,), *_inverse(scaler, 1))
    if isinstance(answer, Classes) and output not in ("softmax", "sigmoid"):
        raise ValueError(f"classes are told by {output} outputs, which are no probabilities")
    program = Program(
        **parts, networks=(_layers_of(model.network, order),), answer=answer,
        target_name=model.target_name,
        about=_about(model) | {"metrics": model.about.get("metrics")},
    )  # fmt: skip

    def answers(table: Mapping[str, Any]) -> Floats:
        output = model.output(_frame(program, table))
        if isinstance(answer, Classes):
            return model.classes.probabilities(output)
        return model.target.decode(output).reshape(len(output), -1)

    return Translation(program, _taker(program), answers)


def _frame(program: Program, table: Mapping[str, Any]) -> polars.DataFrame:
    """Columns as a program has them, as a table of numbers and text with nulls."""
    import polars as pl

    return pl.DataFrame(
        {
            column.name: pl.Series([text or None for text in table[column.name]], dtype=pl.String)
            if column.kind == CATEGORY
            else pl.Series(table[column.name]).fill_nan(None)
            for column in program.columns
        }
    )


def _of_pipeline(model: Any) -> Translation:
    """A table's encoding, or scalers of numbers, and an estimator."""
    from sklearn.pipeline import Pipeline

    if not isinstance(model, Pipeline):
        raise TypeError(f"{type(model).__name__} is not scikit-learn's Pipeline")
    *before, (_, last) = model.steps
    steps = [step for _, step in before if step not in (None, "passthrough")]
    inner = translate(last)
    if not steps:
        return inner
    if type(steps[0]).__name__ == "TableEncoding" and len(steps) == 1:
        return _of_encoding(steps[0].encoder_, inner)
    raise ValueError(
        f"a Pipeline's step {type(steps[0]).__name__} cannot be exported: expected TableEncoding "
        "and an estimator"
    )


def _of_encoding(encoder: Any, inner: Translation) -> Translation:
    from dataclasses import replace

    parts, order = _encoded(encoder)
    first, *rest = inner.program.networks[0]
    network = (Layer(first.W[order], first.b, first.activation), *rest)
    program = replace(inner.program, **parts, networks=(network,), matrix=False)
    names = [column.name for column in inner.program.columns]

    def answers(table: Mapping[str, Any]) -> Floats:
        X = encoder.transform(_frame(program, table))
        return inner.answers(dict(zip(names, X.T, strict=True)))

    return Translation(program, _taker(program), answers)


# --- bags ---------------------------------------------------------------------------------------


def _of_bag(model: TabularClassifier | TabularRegressor) -> Translation:
    from pellucid.tabular.encoder import ABSENT, SOFT_LIMIT, UNKNOWN
    from pellucid.tabular.frames import CATEGORY as A_CATEGORY
    from pellucid.tabular.frames import DATE as A_DATE

    if not hasattr(model, "_bag"):
        raise ValueError(f"this {type(model).__name__} is not fitted: call fit first")
    bag, encoder = model._bag, model._bag.encoder
    used = list(encoder.schema.used)
    levels = {category.source: category.levels for category in encoder.categories}
    places, columns = {column.name: i for i, column in enumerate(used)}, []
    for column in used:
        if column.kind == A_CATEGORY:
            columns.append(_category(column.name, levels[column.name]))
        else:
            columns.append(Column(column.name, DATE if column.kind == A_DATE else NUMBER))
    by_code: dict[str, Any] = {}
    for category in encoder.categories:
        if category.means:
            codes = np.array([*range(len(category.levels)), ABSENT, UNKNOWN], np.int32)
            by_code[category.source] = category.parts(codes)
    numbers = []
    for number in encoder.numbers:
        if number.source in by_code:
            z = number.squash(by_code[number.source][number.part])
            by_code_z = tuple(z.astype(np.float32).tolist())
            numbers.append(Number(places[number.source], number.part, by_code=by_code_z))
        else:
            numbers.append(
                Number(places[number.source], number.part, number.median, number.scale, SOFT_LIMIT)
            )
    cells = [
        Cell(i, low, 1.0 / (high - low))
        for i, number in enumerate(encoder.numbers)
        for low, high in zip(number.edges[:-1], number.edges[1:], strict=True)
    ]
    answer: Classes | Numbers
    temperature = 1.0
    if hasattr(model, "classes_"):
        calibration = model._calibration
        temperature = calibration.temperature
        labels = tuple(model.classes_.tolist())
        answer = Classes(labels, calibration.smoothing, calibration.floor)
    else:
        low, high = model._bounds
        answer = Numbers((model.target_name_,), (model._std,), (model._mean,), low, high)
    program = Program(
        tuple(columns),
        tuple(numbers),
        tuple(places[number.source] for number in encoder.numbers if number.marks_missing),
        tuple(cells),
        tuple((places[category.source], category.marks_missing) for category in encoder.direct),
        tuple(
            _layers(bag.objective.layout, member.theta, None, temperature) for member in bag.members
        ),
        answer,
        target_name=model.target_name_,
        about=_about(model),
    )

    def answers(table: Mapping[str, Any]) -> Floats:
        given = {column.name: _given(column, table[column.name]) for column in program.columns}
        if isinstance(answer, Classes):
            return model.predict_proba(given)
        return model.predict(given)[:, None]

    return Translation(program, _taker(program, model), answers)


def _given(column: Column, items: Any) -> Any:
    """A column as models that take tables want it."""
    if column.kind == CATEGORY:
        return [text or None for text in items]
    if column.kind == DATE:
        return (np.asarray(items) * 86_400_000_000).round().astype(
            "timedelta64[us]"
        ) + np.datetime64(0, "us")
    return items


def _taker(program: Program, model: Any = None) -> Callable[[Any], dict[str, Any]]:
    """What turns a table of any library into a program's columns."""

    def take(table: Any) -> dict[str, Any]:
        from pellucid.tabular.frames import frame_of
        from pellucid.tabular.values import dates_of, numbers_of, texts_of

        frame = frame_of(table) if model is None else model._frame(table)
        taken: dict[str, Any] = {}
        for column in program.columns:
            values = frame.column(column.name)
            if column.kind == CATEGORY:
                taken[column.name] = ["" if v is None else v for v in texts_of(values)]
            elif column.kind == DATE:
                written = "" if model is None else model.schema_[column.name].date_format
                dates = dates_of(values, column.name, written)
                elapsed = dates - np.datetime64(0, "D")
                taken[column.name] = elapsed / np.timedelta64(1, "D")
            else:
                lenient = model is not None and model.schema_[column.name].lenient
                taken[column.name] = numbers_of(values, column.name, lenient, boolean=True)
        return taken

    return take
