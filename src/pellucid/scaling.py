"""A scaler brings columns to a common size, and brings answers back: x -> (x - shift) / scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.fields import numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Scaler:
    """What was learnt from the training rows, to be applied to any others.

    Parameters
    ----------
    shift, scale : (k,) one number a column, or (1,) one for all; no scale is 0.

    Examples
    --------
    The exam scores: each column by its maximum, and a new row by the *same* numbers.

    >>> scaler = Scaler.maximum([[2, 9], [1, 5], [3, 6]])
    >>> scaler.transform([4, 8]).round(4).tolist()
    [1.3333, 0.8889]
    >>> scaler.inverse([4 / 3, 8 / 9]).tolist()
    [4.0, 8.0]
    """

    shift: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def standard(cls, X: ArrayLike) -> Scaler:
        """Each column to mean 0 and standard deviation 1."""
        X = _columns(X)
        # The deviation of 0.1, 0.1, 0.1 is 1e-17: that is rounding, not spread.
        with np.errstate(over="ignore"):
            std = np.where(X.max(axis=0) > X.min(axis=0), X.std(axis=0), 0.0)
        return cls(X.mean(axis=0), _no_zeros(std))

    @classmethod
    def maximum(cls, X: ArrayLike) -> Scaler:
        """Each column by its largest size, so that it lies within -1 .. 1."""
        X = _columns(X)
        return cls(np.zeros(X.shape[1]), _no_zeros(np.abs(X).max(axis=0)))

    @classmethod
    def shared_maximum(cls, X: ArrayLike) -> Scaler:
        """All columns by the one largest size of all, as for the pixels of an image."""
        X = _columns(X)
        return cls(np.zeros(1), _no_zeros(np.abs(X).max(keepdims=True).reshape(1)))

    @classmethod
    def none(cls, X: ArrayLike) -> Scaler:
        """Columns as they are."""
        return cls(np.zeros(1), np.ones(1))

    @classmethod
    def by(cls, number: float) -> Scaler:
        """Every column divided by `number`."""
        if not (np.isfinite(number) and number != 0):
            raise ValueError(f"cannot scale by {number}: expected a finite number that is not 0")
        return cls(np.zeros(1), np.array([float(number)]))

    def __post_init__(self) -> None:
        if not (np.isfinite(self.shift).all() and np.isfinite(self.scale).all()):
            raise ValueError("numbers are too large to scale: expected sizes below about 1e150")
        if (self.scale == 0).any():
            raise ValueError("a scale of 0 cannot be divided by")

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """(X - shift) / scale."""
        return (np.asarray(X, dtype=np.float64) - self.shift) / self.scale

    def inverse(self, X: ArrayLike) -> NDArray[np.float64]:
        """X * scale + shift."""
        return np.asarray(X, dtype=np.float64) * self.scale + self.shift

    def to_dict(self) -> dict[str, list[float]]:
        """Plain data for the model file."""
        return {"shift": self.shift.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Scaler:
        """The inverse of `to_dict`."""
        shift, scale = (np.array(numbers(fields[name]), float) for name in ("shift", "scale"))
        if len(shift) not in (1, len(scale)):
            raise ValueError(f"a scaler of {len(shift)} shifts and {len(scale)} scales")
        return cls(shift, scale)


def _columns(X: ArrayLike) -> NDArray[np.float64]:
    X = np.asarray(X, dtype=np.float64)
    return X.reshape(-1, 1) if X.ndim == 1 else X


def _no_zeros(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """A column without spread says nothing; dividing it by 1 keeps it harmless."""
    return np.where(scale > 0, scale, 1.0)


SCALERS: dict[str, Callable[[ArrayLike], Scaler]] = {
    "standard": Scaler.standard,
    "maximum": Scaler.maximum,
    "shared_maximum": Scaler.shared_maximum,
    "none": Scaler.none,
}
"""The maker of every scaler by name. Add a row to add one."""
