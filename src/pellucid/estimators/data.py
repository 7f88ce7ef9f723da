"""Data are rows that have been checked: inputs, targets and weights, ready for an engine."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pellucid.arrays import Array, namespace
from pellucid.sparse import is_sparse


class Rows(NamedTuple):
    """Rows to train on or to measure on."""

    X: Array  # (n, n_features)
    y: Any  # (n,) or (n, n_targets) as they were given
    Y: Array  # (n, n_outputs), what the network shall give
    weight: Array | None  # (n,)

    def some(self, which: Array) -> Rows:
        """Those rows alone, by their numbers."""
        return Rows(*(None if part is None else _some(part, which) for part in self))

    @property
    def measured(self) -> tuple[Array, Array, Array | None]:
        """What a loss is measured on."""
        return self.X, self.Y, self.weight

    def of(self, dtype: Any) -> Rows:
        """The same rows, their numbers of another dtype."""
        return Rows(
            as_kind(self.X, dtype), self.y, as_kind(self.Y, dtype),
            None if self.weight is None else as_kind(self.weight, dtype),
        )  # fmt: skip


def as_kind(array: Array, dtype: Any) -> Array:
    """An array (or a sparse one) of a dtype, itself if it is of that."""
    if array.dtype == dtype:
        return array
    return array.astype(dtype) if is_sparse(array) else namespace(array).astype(array, dtype)


def _some(array: Array, which: Array) -> Array:
    if isinstance(array, np.ndarray) or is_sparse(array):
        return array[which]
    xp = namespace(array)
    return xp.take(array, xp.asarray(which, device=array.device), axis=0)
