"""A program's steps as nodes of an ONNX graph, in the order of `Program.run`, which says the same.

Numbers are double until they are shifted and scaled, whatever the networks are: in float a date, or
a number far from 0, would lose the digits that an input makes much of which rises within a hair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.activations import LEAK, SELU_ALPHA, SELU_SCALE
from pellucid.export.onnx_graph import Graph, Value
from pellucid.export.program import (
    CATEGORY,
    DATE,
    PARTS,
    Classes,
    Column,
    Layer,
    Number,
    Numbers,
    Program,
)
from pellucid.special import ERFC

if TYPE_CHECKING:
    from collections.abc import Callable

ENORMOUS = 1e150
"""Numbers beyond are taken for it where they are squared, which would be too much for a double."""


def takes_as_it_is(program: Program) -> bool:
    """Whether the networks' inputs are the numbers of the columns, and nothing else."""
    as_it_is = tuple(Number(place) for place in range(len(program.columns)))
    return program.numbers == as_it_is and not (
        program.marked or program.cells or program.categories
    )


# --- inputs -------------------------------------------------------------------------------------


def inputs_of(graph: Graph, program: Program, given: Sequence[Value]) -> Value:
    """The networks' inputs (n, n_inputs), of the columns (n, 1) or of the matrix of all."""
    columns = program.columns
    places = [i for i, column in enumerate(columns) if column.kind != CATEGORY]
    numeric = given if program.matrix else [given[place] for place in places]
    codes = {
        place: _codes(graph, column, given[place])
        for place, column in enumerate(columns)
        if column.kind == CATEGORY
    }
    made: list[Value] = []
    if numeric:
        x = graph.side_by_side(numeric)
    if takes_as_it_is(program):
        return x.cast(program.dtype)
    if program.numbers:
        measured = [number for number in program.numbers if not number.by_code]
        blocks = [_measured(graph, columns, places, measured, x)] if measured else []
        z = _in_order(graph, program, blocks, codes).cast(program.dtype)
        made.append(z)
    if program.marked:
        marked = x.columns([places.index(place) for place in program.marked], len(places))
        made.append(marked.op("IsNaN", dtype=bool).cast(program.dtype))
    if program.cells:
        low, slope = (
            np.array([getattr(cell, name) for cell in program.cells], z.dtype)
            for name in ("low", "slope")
        )
        risen = z.columns([cell.number for cell in program.cells], len(program.numbers)) - low
        made.append((risen * slope).op("Clip", 0.0, 1.0))
    if program.categories:
        made.append(_levels(graph, program, codes))
    return graph.side_by_side(made)


def _in_order(
    graph: Graph, program: Program, measured: list[Value], codes: Mapping[int, Value]
) -> Value:
    """Numbers of columns, and of codes, in the program's order."""
    looked_up = [i for i, number in enumerate(program.numbers) if number.by_code]
    others = [i for i, number in enumerate(program.numbers) if not number.by_code]
    tables = [(np.array(program.numbers[i].by_code), program.numbers[i].column) for i in looked_up]
    means = [graph.node("Gather", [table, codes[place]], np.float64) for table, place in tables]
    z = graph.side_by_side([*measured, *means])
    return z.columns(np.argsort([*others, *looked_up]).tolist(), len(program.numbers))


def _codes(graph: Graph, column: Column, text: Value) -> Value:
    """The codes (n, 1) of a category."""
    n = len(column.levels)
    codes = column.codes | {"": n}
    return graph.node(
        "LabelEncoder", [text], np.int64, domain="ai.onnx.ml", keys_strings=list(codes),
        values_int64s=list(codes.values()), default_int64=n + 1,
    )  # fmt: skip


def _levels(graph: Graph, program: Program, codes: Mapping[int, Value]) -> Value:
    """A 1 for the level that each category has (n, levels of all)."""
    every = graph.side_by_side([codes[place] for place, _ in program.categories])
    widths = [program.width(category) for category in program.categories]
    repeated = np.repeat(np.arange(len(widths)), widths)
    levels = np.concatenate([np.arange(width) for width in widths])
    found = every.columns(repeated.tolist(), len(widths))
    return found.op("Equal", levels, dtype=bool).cast(program.dtype)


def _measured(
    graph: Graph, columns: Sequence[Column], places: list[int], numbers: Sequence[Number], x: Value
) -> Value:
    """Z (n, numbers) of columns of numbers and dates (n, places)."""
    blocks, width = [x], len(places)
    at = {(place, ""): i for i, place in enumerate(places)}
    dates = [place for place in places if columns[place].kind == DATE]
    at |= {(place, "days elapsed"): at[place, ""] for place in dates}
    parts = [part for part in PARTS[:-1] if any(number.part == part for number in numbers)]
    if parts:
        made = _parts(x.columns([at[place, ""] for place in dates], len(places)))
        for part in parts:
            at |= {(place, part): width + i for i, place in enumerate(dates)}
            width += len(dates)
            blocks.append(made[part])
    order = [at[number.column, number.part] for number in numbers]
    x = graph.side_by_side(blocks).columns(order, width)
    missing = x.op("IsNaN", dtype=bool)
    shift, factor, limit, absent = (
        np.array([getattr(number, name) for number in numbers])
        for name in ("shift", "factor", "limit", "absent")
    )
    z = (x - shift) * factor
    if limit.any():
        z = z.op("Clip", -ENORMOUS, ENORMOUS)
        squared = z / np.where(limit == 0.0, np.inf, limit)
        z = z / (squared * squared + 1.0).op("Sqrt")
    return missing.where(absent, z)


def _parts(days: Value) -> dict[str, Value]:
    """The parts of dates, as `program.part_of` has them."""
    whole = days.op("Floor")
    z = whole + 719468.0
    era = (z / 146097.0).op("Floor")
    day = z - era * 146097.0
    leaps = (day / 1460.0).op("Floor") - (day / 36524.0).op("Floor") + (day / 146096.0).op("Floor")
    year = ((day - leaps) / 365.0).op("Floor")
    of_year = day - (year * 365.0 + (year / 4.0).op("Floor") - (year / 100.0).op("Floor"))
    shifted = ((of_year * 5.0 + 2.0) / 153.0).op("Floor")
    early = shifted.op("Less", 10.0, dtype=bool)
    month = early.where(shifted + 3.0, shifted - 9.0)
    in_new_year = 1.0 - early.cast(np.float64)  # January and February
    weekday = whole + 3.0
    return {
        "year": year + era * 400.0 + in_new_year,
        "month": month,
        "day of week": weekday - (weekday / 7.0).op("Floor") * 7.0,
        "hour": (days - whole) * 24.0,
    }


# --- networks -----------------------------------------------------------------------------------


def output_of(graph: Graph, a: Value, layers: Sequence[Layer]) -> Value:
    """What a network makes of its inputs."""
    for layer in layers:
        a = graph.node("Gemm", [a, layer.W, layer.b], a.dtype)
        a = _activated(a, layer.activation)
    return a


def _activated(z: Value, name: str) -> Value:
    if name == "identity":
        return z
    if name in OPERATORS:
        return z.op(OPERATORS[name])
    if name in OF_FLOAT and z.dtype == np.float32:
        operator, attributes = OF_FLOAT[name]
        return z.op(operator, **attributes)
    return FORMULAS[name](z)


OPERATORS = {
    "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "exp": "Exp", "softmax": "Softmax",
}  # fmt: skip
"""Activations that are an operator, in float and in double. (Softmax is along the last axis.)"""

OF_FLOAT: dict[str, tuple[str, dict[str, float]]] = {
    "leaky_relu": ("LeakyRelu", {"alpha": LEAK}),
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {"alpha": SELU_ALPHA, "gamma": SELU_SCALE}),
    "softplus": ("Softplus", {}),
}
"""Those of which onnxruntime has no kernel for double."""


def _elu(z: Value) -> Value:
    return z.op("Relu") + (z.at_most(0.0).op("Exp") - 1.0)


def _selu(z: Value) -> Value:
    below = z.at_most(0.0).op("Exp") - 1.0
    return (z.op("Relu") + below * SELU_ALPHA) * SELU_SCALE


def _softplus(z: Value) -> Value:
    return z.op("Relu") + ((0.0 - z.op("Abs")).op("Exp") + 1.0).op("Log")


def _gelu(z: Value) -> Value:
    if z.dtype == np.float32:
        return z * 0.5 * ((z / sqrt(2.0)).op("Erf") + 1.0)
    tail = _erfc((z / sqrt(2.0)).op("Abs"))
    return z * 0.5 * z.op("Less", 0.0, dtype=bool).where(tail, 2.0 - tail)


def _erfc(z: Value) -> Value:
    """The complementary error function from 0 on, as `special.erfc` has it, by Horner's rule."""
    t = 2.0 / (z + 2.0)
    u = t * 2.0 - 1.0
    powers: list[float] = np.polynomial.chebyshev.cheb2poly(ERFC).tolist()
    series = u * powers.pop() + powers.pop()
    for power in reversed(powers):
        series = series * u + power
    return t * (series - z * z).op("Exp")


FORMULAS: dict[str, Callable[[Value], Value]] = {
    "leaky_relu": lambda z: z.op("Max", z * LEAK),
    "elu": _elu,
    "selu": _selu,
    "softplus": _softplus,
    "gelu": _gelu,
    "swish": lambda z: z * z.op("Sigmoid"),
    "mish": lambda z: z * _activated(z, "softplus").op("Tanh"),
}
"""Those that are put together, from operators that onnxruntime has in float and in double."""


# --- answers ------------------------------------------------------------------------------------


def answers_of(
    graph: Graph, program: Program, outputs: Sequence[Value], dtype: np.dtype[Any]
) -> Value:
    """The mean of all networks' answers (n, k), of a dtype."""
    made = [_answer(graph, program, output.cast(dtype)) for output in outputs]
    mean = made[0]
    for one in made[1:]:
        mean = mean + one
    if len(made) > 1:
        mean = mean / float(len(made))
    answer = program.answer
    if isinstance(answer, Classes):
        k = len(answer.labels)
        return mean * (1.0 - k * answer.floor) + answer.floor if answer.floor else mean
    scale, shift = np.array(answer.scale, dtype), np.array(answer.shift, dtype)
    if (scale != 1.0).any():
        mean = mean * scale
    return mean + shift if shift.any() else mean


def _answer(graph: Graph, program: Program, a: Value) -> Value:
    """A network's own, before what is the same for all."""
    answer = program.answer
    if isinstance(answer, Numbers):
        bounded = np.isfinite([answer.low, answer.high]).any()
        return a.op("Clip", answer.low, answer.high) if bounded else a
    if program.networks[0][-1].W.shape[1] == 1:
        a = graph.side_by_side([1.0 - a, a])
    if answer.smoothing:
        a = (a - answer.smoothing / len(answer.labels)).at_least(0.0)
        a = a / a.op("ReduceSum", np.array([1]), keepdims=1)
    return a
