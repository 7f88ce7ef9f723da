"""A case is one row of the data that is followed through the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.studios.material import Material
from pellucid.studios.selection import Selection

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray

FIRST = Selection("train")
"""What is followed where no other row is chosen."""


@dataclass(frozen=True, eq=False)
class Case:
    """A row, as the table has it and as the network gets it.

    Parameters
    ----------
    place : where it is, among the rows to train on or to test on; "drawn" is on the pad.
    frame : it alone, without what is to be predicted.
    x, y : (1, inputs) and (1, outputs) as the network gets them.
    answer : what is to be predicted, as the table has it; None where nobody knows.
    """

    place: Selection
    frame: polars.DataFrame
    x: NDArray[Any]
    y: NDArray[Any]
    answer: Any

    @classmethod
    def of(cls, material: Material, text: str) -> Case:
        """The row of that name, such as "test-7"; the first to train on where there is none.

        Examples
        --------
        >>> from pellucid.studios.experiment import Experiment
        >>> case = Case.of(Material.of(Experiment("xor", test=0.0)), "train-2")
        >>> case.name, case.frame.rows(), case.answer
        ('row 3 of training', [(1.0, 0.0)], 1)
        """
        place = Selection.read(text) or FIRST
        if place.kind not in ("train", "test") or place.row >= rows_of(material, place.kind):
            place = FIRST
        tested, i = place.kind == "test", place.row
        frame = material.tested if tested else material.trained
        X, y = (material.X_test, material.y_test) if tested else (material.X, material.y)
        row, name = frame[i : i + 1], material.target_name
        return cls(place, row.drop(name), X[i : i + 1], y[i : i + 1], row[name][0])

    @property
    def name(self) -> str:
        """What it is called, counted from 1."""
        if self.place.kind == "drawn":
            return "what is drawn"
        return f"row {self.place.row + 1} of {'test' if self.place.kind == 'test' else 'training'}"


def rows_of(material: Material, kind: str) -> int:
    """How many rows there are of "train" or "test"."""
    return len(material.X_test if kind == "test" else material.X)
