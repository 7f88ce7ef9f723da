"""A table's model is a program whose columns, numbers and inputs are those of its encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.export.networks import named_columns
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
from pellucid.export.translation import Translation, about, inverse, layers, layers_of, translate

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray

    from pellucid.predictor import Predictor
    from pellucid.preprocessing import TableEncoder
    from pellucid.tabular import TabularClassifier, TabularRegressor


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


def of_predictor(model: Predictor) -> Translation:
    """The program of a table's encoder, one network and a target."""
    parts, order = _encoded(model.encoder)
    output = model.network.architecture.output_activation.name
    answer: Classes | Numbers
    if model.task == "classification":
        answer = Classes(tuple(model.classes.classes))
    else:
        scaler = model.target.scaler  # type: ignore[union-attr]
        answer = Numbers((model.target_name,), *inverse(scaler, 1))
    if isinstance(answer, Classes) and output not in ("softmax", "sigmoid"):
        raise ValueError(f"classes are told by {output} outputs, which are no probabilities")
    program = Program(
        **parts, networks=(layers_of(model.network, order),), answer=answer,
        target_name=model.target_name,
        about=about(model) | {"metrics": model.about.get("metrics")},
    )  # fmt: skip

    def answers(table: Mapping[str, Any]) -> Floats:
        output = model.output(_frame(program, table))
        if isinstance(answer, Classes):
            return model.classes.probabilities(output)
        return model.target.decode(output).reshape(len(output), -1)

    take = _taker(program)
    return Translation(program, take, answers, take(model.example_rows()))


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


def of_pipeline(model: Any) -> Translation:
    """The program of a table's encoding, or of scalers of numbers, and an estimator."""
    *before, (_, last) = model.steps
    steps = [step for _, step in before if step not in (None, "passthrough")]
    inner = translate(last)
    if len(steps) == 1 and hasattr(steps[0], "encoder_"):
        return _of_encoding(steps[0].encoder_, inner)
    return _of_scalers(model, steps, inner) if steps else inner


def _of_scalers(model: Any, steps: Sequence[Any], inner: Translation) -> Translation:
    """Each scaler is a straight line, z = x factor + start, and so are several in a row."""
    n = len(inner.program.columns)
    factor, start = np.ones(n), np.zeros(n)
    for step in steps:
        of_step, at = _line(step, n)
        factor, start = factor * of_step, start * of_step + at
    numbers = tuple(
        Number(i, "", -b / f, f)
        for i, (f, b) in enumerate(zip(factor.tolist(), start.tolist(), strict=True))
    )
    named = getattr(model, "feature_names_in_", None)
    names = [c.name for c in inner.program.columns] if named is None else [str(x) for x in named]
    program = replace(
        inner.program,
        columns=tuple(Column(name, gaps=False) for name in names),
        numbers=numbers,
        matrix=named is None,
    )
    own = [column.name for column in inner.program.columns]

    def answers(table: Mapping[str, Any]) -> Floats:
        X = np.column_stack([table[name] for name in names])
        for step in steps:
            X = step.transform(_named(X, step))
        return inner.answers(dict(zip(own, np.asarray(X).T, strict=True)))

    return Translation(program, _taker(program), answers)


def _named(X: Any, step: Any) -> Any:
    """X as a table, if the step was fitted on one."""
    named = getattr(step, "feature_names_in_", None)
    if named is None:
        return np.asarray(X)
    return named_columns(np.asarray(X), named)


def _line(step: Any, n: int) -> tuple[Floats, Floats]:
    """The factor and the start (n,) of a scaler of scikit-learn's."""
    name = type(step).__name__
    none, one = np.zeros(n), np.ones(n)
    if name == "MinMaxScaler" and not step.clip:
        return step.scale_, step.min_
    if name in ("StandardScaler", "MaxAbsScaler", "RobustScaler"):
        center = {"StandardScaler": "mean_", "RobustScaler": "center_"}.get(name, "")
        shift, scale = (getattr(step, a, None) for a in (center, "scale_"))
        centered = getattr(step, "with_mean", getattr(step, "with_centering", True))
        shift = none if shift is None or not centered else shift
        scale = one if scale is None else scale
        return 1.0 / scale, -shift / scale
    raise ValueError(
        f"a Pipeline's step {name} cannot be exported: expected TableEncoding, StandardScaler, "
        "MinMaxScaler (without clip), MaxAbsScaler or RobustScaler before the estimator"
    )


def _of_encoding(encoder: Any, inner: Translation) -> Translation:
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


def _scores(model: TabularClassifier | TabularRegressor) -> dict[str, Any]:
    """How good it was on the rows that each network had not seen."""
    score = "accuracy" if hasattr(model, "classes_") else "r2"
    names = {"oob_score_": score, "oob_log_loss_": "log_loss", "oob_rmse_": "rmse"}
    found = {name: getattr(model, attribute, np.nan) for attribute, name in names.items()}
    return {"on": "out-of-bag"} | {n: float(v) for n, v in found.items() if np.isfinite(v)}


def of_bag(model: TabularClassifier | TabularRegressor) -> Translation:
    """The program of several networks whose answers are averaged."""
    from pellucid.tabular.encoder import ABSENT, SOFT_LIMIT, UNKNOWN
    from pellucid.tabular.frames import BOOLEAN
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
            columns.append(
                Column(
                    column.name,
                    DATE if column.kind == A_DATE else NUMBER,
                    boolean=column.kind == BOOLEAN,
                    lenient=column.lenient,
                    date_format=column.date_format,
                )
            )
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
            layers(bag.objective.layout, member.theta, None, temperature) for member in bag.members
        ),
        answer,
        target_name=model.target_name_,
        about=about(model) | {"metrics": _scores(model)},
    )

    def answers(table: Mapping[str, Any]) -> Floats:
        given = {column.name: _given(column, table[column.name]) for column in program.columns}
        if isinstance(answer, Classes):
            return model.predict_proba(given)
        return model.predict(given)[:, None]

    take = _taker(program, model)
    return Translation(program, take, answers, take(model.example_rows()))


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
