"""Columns are the rows that a model is given, one array a column by name, whatever they came in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.subject import Subject


def columns_of(subject: Subject, X: Any) -> dict[str, NDArray[Any]]:
    """The columns that the model takes, (n,) each, of rows as its own `predict` takes them.

    Examples
    --------
    >>> from pellucid import Network
    >>> from pellucid.subject import subject_of
    >>> columns = columns_of(subject_of(Network([2, 1])), [[1.0, 2.0], [3.0, 4.0]])
    >>> {name: column.tolist() for name, column in columns.items()}
    {'x1': [1.0, 3.0], 'x2': [2.0, 4.0]}
    """
    if not subject.takes_tables:
        matrix = subject.matrix(X)
        return {name: matrix[:, i] for i, name in enumerate(subject.columns)}
    from pellucid.subject.tables import table_of

    frame = table_of(X, subject.columns)
    return {name: frame[name].to_numpy() for name in subject.columns}


def rows_of(subject: Subject, columns: Mapping[str, NDArray[Any]]) -> Any:
    """The inverse of `columns_of`: rows that the model's subject takes."""
    if not subject.takes_tables:
        return np.column_stack([columns[name] for name in subject.columns])
    import polars

    return polars.DataFrame({name: columns[name] for name in subject.columns})
