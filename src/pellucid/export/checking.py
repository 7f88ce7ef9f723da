"""Checking holds what was exported against the model, on rows made up from what the model knows.

An export that does not give the model's answers is never written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.export.program import Classes, Floats
from pellucid.export.translation import Translation

TOLERANCE = 1e-6
"""By which probabilities, and numbers as a part of their size, may differ from the model's."""

ROUNDINGS = 4.0
"""Or by so many times what float32 rounds off in the model itself, which may amplify it."""

ROWS = 64
"""Rows that an export is tried on."""


@dataclass(frozen=True)
class Exported:
    """What was written, and how well it agrees.

    Parameters
    ----------
    path, form : where to, and what.
    size : bytes of the file.
    difference : the largest from the model's own answers on `rows` rows.
    about : more that is worth knowing of this form, by what it is called.
    """

    path: Path
    form: str
    size: int
    difference: float
    rows: int = ROWS
    about: Mapping[str, Any] = field(default_factory=dict)


def difference(translation: Translation, found: Floats, own: Floats) -> float:
    """The largest between answers (n, k): of numbers, as a part of the largest of them, or of 1.

    Where the model's own are not finite, as of an exponential far from training's rows, there is
    nothing to compare.
    """
    known = np.isfinite(own)
    off = float(np.abs(found[known] - own[known]).max(initial=0.0))
    if isinstance(translation.program.answer, Classes):
        return off
    return off / max(1.0, float(np.abs(own[known]).max(initial=0.0)))


def rows_to_try(translation: Translation) -> dict[str, Any]:
    """So many rows as columns: those that a model file is tried on, and others that are made up."""
    program, own = translation.program, translation.vectors
    n = len(next(iter(own.values()))) if own else 0
    table = program.example_rows(ROWS - n)
    for name, items in own.items():
        of_text = isinstance(table[name], list)
        table[name] = table[name] + list(items) if of_text else np.append(table[name], items)
    return table


def checked(
    translation: Translation,
    form: str,
    run: Callable[[Mapping[str, Any]], Floats],
    tolerance: float = TOLERANCE,
) -> float:
    """The largest difference of what `run` gives from the model's answers, on made-up rows.

    Raises
    ------
    ValueError
        If it is more than `tolerance`, or anything is no number.
    """
    table, program = rows_to_try(translation), translation.program
    own = translation.answers(table)
    with np.errstate(all="ignore"):  # what overflows is not compared
        inputs = program.inputs(table)
        exact, rounded = program.outputs(inputs, np.float64), program.outputs(inputs)
    rounding = difference(translation, exact, rounded)
    tolerance = max(tolerance, ROUNDINGS * rounding if np.isfinite(rounding) else 0.0)
    off = difference(translation, run(table), own)
    if not off <= tolerance:
        raise ValueError(
            f"the {form} export is {off:.2g} off the model's answers on made-up rows, where at "
            f"most {tolerance:g} was expected: nothing is written"
        )
    return off
