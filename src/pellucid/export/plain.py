"""Plain data is a program as dicts, lists, numbers and text, which JSON can hold, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.export.program import Cell, Classes, Column, Layer, Number, Numbers, Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
"""Of the layout of it."""


def to_dict(program: Program) -> dict[str, Any]:
    """A program as plain data, without NaN and infinite numbers; the inverse of `from_dict`.

    Numbers of 4 bytes become the shortest decimals that give them back.

    Examples
    --------
    >>> from pellucid import Network
    >>> from pellucid.export.translation import translate
    >>> fields = to_dict(translate(Network([2, 1], seed=0)).program)
    >>> fields["columns"][0], fields["networks"][0][0]["b"]
    ({'name': 'x1', 'kind': 'number', 'gaps': False}, [0.0])
    >>> from_dict(fields).n_parameters
    3
    """
    answer = program.answer
    kind = "classes" if isinstance(answer, Classes) else "numbers"
    return {
        "pellucid_program": VERSION,
        "target": program.target_name,
        "matrix": program.matrix,
        "columns": [
            {"name": column.name, "kind": column.kind} | _differing(column, Column(""))
            for column in program.columns
        ],
        "numbers": [
            {"column": number.column} | _differing(number, Number(0)) for number in program.numbers
        ],
        "marked": list(program.marked),
        "cells": [[cell.number, cell.low, cell.slope] for cell in program.cells],
        "categories": [[place, marks_missing] for place, marks_missing in program.categories],
        "dtype": str(program.dtype),
        "networks": [
            [
                {"activation": layer.activation, "W": _decimals(layer.W), "b": _decimals(layer.b)}
                for layer in layers
            ]
            for layers in program.networks
        ],
        "answer": {"kind": kind} | finite(asdict(answer)),
        "about": finite(dict(program.about)),
    }


def from_dict(fields: Mapping[str, Any]) -> Program:
    """The program that plain data describes.

    Raises
    ------
    ValueError
        If it is of another version, or damaged.
    """
    version = fields.get("pellucid_program")
    if version != VERSION:
        raise ValueError(f"pellucid_program is {version!r}: expected {VERSION}, which is read here")
    try:
        dtype = np.dtype({"float32": np.float32, "float64": np.float64}[fields["dtype"]])
        return Program(
            tuple(
                Column(**given | {"levels": tuple(given.get("levels", ()))})
                for given in fields["columns"]
            ),
            tuple(
                Number(**given | {"by_code": tuple(given.get("by_code", ()))})
                for given in fields["numbers"]
            ),
            tuple(fields["marked"]),
            tuple(Cell(*cell) for cell in fields["cells"]),
            tuple((place, marks_missing) for place, marks_missing in fields["categories"]),
            tuple(
                tuple(
                    Layer(np.array(one["W"], dtype), np.array(one["b"], dtype), one["activation"])
                    for one in layers
                )
                for layers in fields["networks"]
            ),
            _answer(fields["answer"]),
            matrix=fields["matrix"],
            target_name=fields["target"],
            about=fields["about"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"this program is damaged: {error!r}") from error


def finite(data: Any) -> Any:
    """Plain data with None in place of NaN and infinite numbers, and lists in place of tuples."""
    if isinstance(data, Mapping):
        return {str(name): finite(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [finite(value) for value in data]
    return None if isinstance(data, float) and not np.isfinite(data) else data


def _answer(fields: Mapping[str, Any]) -> Classes | Numbers:
    if fields["kind"] == "classes":
        return Classes(tuple(fields["labels"]), fields["smoothing"], fields["floor"])
    names, scale, shift = (tuple(fields[name]) for name in ("names", "scale", "shift"))
    low, high = fields["low"], fields["high"]
    return Numbers(
        names, scale, shift, -np.inf if low is None else low, np.inf if high is None else high
    )


def _differing(thing: Any, usual: Any) -> dict[str, Any]:
    """The fields that are not as usual."""
    defaults = asdict(usual)
    found = {name: value for name, value in asdict(thing).items() if value != defaults[name]}
    return dict(finite(found))


def _decimals(array: NDArray[Any]) -> Any:
    """An array as lists of the shortest decimals that give its numbers back."""
    shortest = array.astype(str).astype(np.float64) if array.dtype == np.float32 else array
    return shortest.tolist()
