"""A journal holds all that a search has asked of a function, so that it can be gone through again.

SciPy's solvers keep what they remember to themselves. Begun anew and given the same answers they go
the very same way, and that takes no computing: where the journal ends, the search goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.solvers import Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Journal:
    """Values and gradients in the order they were asked for, and a hash of each theta.

    It grows by 8 P bytes with each evaluation, in memory and in the checkpoint.

    Parameters
    ----------
    start : theta (P,) where the search begins.

    Examples
    --------
    >>> journal = Journal(np.zeros(2))
    >>> journal.enter(np.zeros(2), 1.5, np.ones(2))
    >>> again = Journal.of(journal.tensors(), np.zeros(2))
    >>> again.recall(np.zeros(2))
    (1.5, array([1., 1.]))
    >>> again.recall(np.zeros(2)) is None
    True
    """

    def __init__(self, start: NDArray[Any]) -> None:
        self.start = start
        self._entries: list[tuple[bytes, float, Vector]] = []
        self._recalled = 0

    def recall(self, theta: Vector) -> tuple[float, Vector] | None:
        """The next value and gradient (P,); None where the journal ends.

        Raises
        ------
        ValueError
            If it was another theta (P,) that was asked for then.
        """
        if self._recalled >= len(self._entries):
            return None
        asked, value, gradient = self._entries[self._recalled]
        if asked != _hash(theta):
            raise ValueError(
                "the search goes another way than it did when the checkpoint was written, as "
                "another release of SciPy or another processor may: begin anew"
            )
        self._recalled += 1
        return value, gradient.copy()

    def enter(self, theta: Vector, value: float, gradient: Vector) -> None:
        """Write down what was asked for and the answer."""
        self._entries.append((_hash(theta), value, gradient.copy()))
        self._recalled = len(self._entries)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The whole of it as arrays."""
        asked = b"".join(entry[0] for entry in self._entries)
        gradients = np.array([entry[2] for entry in self._entries], np.float64)
        return {
            "journal.start": self.start,
            "journal.asked": np.frombuffer(asked, np.uint8).reshape(-1, 16),
            "journal.value": np.array([entry[1] for entry in self._entries], np.float64),
            "journal.gradient": gradients.reshape(-1, self.start.size),
        }

    @classmethod
    def of(cls, tensors: Mapping[str, NDArray[Any]], like: NDArray[Any]) -> Journal:
        """The inverse of `tensors`, for a theta like this one (P,).

        Raises
        ------
        ValueError, KeyError
            If they are not such.
        """
        names = ("start", "asked", "value", "gradient")
        start, asked, values, gradients = arrays = [tensors[f"journal.{name}"] for name in names]
        m, size = len(values), like.size
        found = [(array.shape, array.dtype.name) for array in arrays]
        expected = [
            ((size,), like.dtype.name), ((m, 16), "uint8"), ((m,), "float64"),
            ((m, size), "float64"),
        ]  # fmt: skip
        if found != expected:
            raise ValueError(f"its journal is {found}: expected {expected}")
        journal = cls(start)
        rows = zip(asked, values, gradients, strict=True)
        journal._entries = [(a.tobytes(), float(v), g) for a, v, g in rows]
        return journal


def _hash(theta: Vector) -> bytes:
    return blake2b(np.ascontiguousarray(theta).data, digest_size=16).digest()
