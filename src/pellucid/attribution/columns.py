"""A column of a table may be many inputs of a network: what these did is that column's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.attribution.answer import Floats
from pellucid.export.program import DATE
from pellucid.sparse import dense
from pellucid.subject import CELL, LEVEL, NUMERIC, Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

PER_DAY = {"hour": 24.0, "days elapsed": 1.0}
"""How fast the parts of a date go by; the others stand still, and jump."""


def summed(subject: Subject, by_input: Floats) -> Floats:
    """(n, n_inputs) -> (n, n_columns)."""
    by_column = np.zeros((len(by_input), len(subject.columns)))
    places = [one.column for one in subject.inputs]
    np.add.at(by_column.T, places, by_input.T)
    return by_column


def own_slopes(subject: Subject, x: Floats) -> Floats:
    """How fast each input (n, n_inputs) moves with its column, in the column's own unit.

    An input that a category sets does not move but is there or not: it counts with its own size,
    as it does in gradient times input.
    """
    slopes = np.zeros_like(x)
    z_of: dict[Any, Floats] = {}
    for i, one in enumerate(subject.inputs):
        number = one.number
        if one.kind == NUMERIC and number is not None and not number.by_code:
            z = x[:, i]
            bent = (1.0 - (z / number.limit) ** 2) ** 1.5 if number.limit else 1.0
            speed = number.factor * bent
            if subject.taken[one.column].kind == DATE:
                speed = speed * PER_DAY.get(number.part, 0.0)
            slopes[:, i] = z_of[number] = np.broadcast_to(speed, z.shape)
        elif one.kind == NUMERIC and number is None:
            slopes[:, i] = 1.0
        elif one.kind == CELL and one.cell is not None and number in z_of:
            inside = (x[:, i] > 0.0) & (x[:, i] < 1.0)
            slopes[:, i] = np.where(inside, one.cell.slope * z_of[number], 0.0)
        elif one.kind == LEVEL or (number is not None and number.by_code):
            slopes[:, i] = x[:, i]
    return slopes


def held(subject: Subject, X: Any) -> NDArray[Any]:
    """What the columns of rows hold (n, n_columns), as it was given."""
    if isinstance(X, Mapping) or hasattr(X, "columns"):
        known = list(X.keys()) if isinstance(X, Mapping) else [str(name) for name in X.columns]
        by_name = set(subject.columns) <= set(known)
        names = subject.columns if by_name else known
        found = [np.asarray(X[name], dtype=object).reshape(-1) for name in names]
        return np.stack(found, axis=1)
    rows = np.asarray(to_numpy(dense(X)), dtype=object)
    return rows.reshape(1, -1) if rows.ndim == 1 else rows
