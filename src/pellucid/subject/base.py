"""A subject's base: what all kinds have in common."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.columns import listed, whole_numbers
from pellucid.counts import counted
from pellucid.delimited import MISSING as NOTHING
from pellucid.export.program import CATEGORY, DATE, Cell, Column, Number
from pellucid.history import History
from pellucid.model import Network
from pellucid.rows import answered
from pellucid.sparse import dense

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray

    from pellucid.tables import Table

Floats: TypeAlias = "NDArray[np.float64]"

NUMERIC, MISSING, CELL, LEVEL = "number", "missing", "cell", "level"
"""What an input holds: a number, a mark where there is none, how far a number has come through a
cell of its range, or 1 where a category has a certain level."""


@dataclass(frozen=True)
class Input:
    """One input of a network, and where it comes from.

    Parameters
    ----------
    name : such as "age", "age missing" or "work=Private".
    column : its place among the subject's columns.
    kind : `NUMERIC`, `MISSING`, `CELL` or `LEVEL`.
    number : how the column becomes a number; None where it is taken as it is, or not known.
    cell : of a `CELL`, what it is of that number.
    level : of a `LEVEL`, the text; None for a value that is missing.
    """

    name: str
    column: int
    kind: str = NUMERIC
    number: Number | None = None
    cell: Cell | None = None
    level: str | None = None


class Subject:
    """A fitted model of any kind, opened; `subject_of` makes one.

    Parameters
    ----------
    model : itself.
    networks : whose answers are averaged; of most models there is one.
    columns : that the model takes, in their order.
    inputs : of each network, in their order.
    classes : the labels, or None if numbers are predicted.
    target_name : what is predicted.
    history : of training, as far as it is known.
    exclusive : whether a row has just one of the classes.
    """

    takes_tables: bool = False  # whether columns are found by name, text and gaps among them
    names_target: bool = False  # whether it knows what the column is called that it predicts

    def __init__(
        self,
        model: Any,
        networks: Sequence[Network],
        columns: Sequence[Column],
        inputs: Sequence[Input],
        classes: Sequence[Any] | None,
        target_name: str = "target",
        history: History | None = None,
        exclusive: bool = True,
    ) -> None:
        self.model = model
        self.networks = tuple(networks)
        self.taken = tuple(columns)
        self.inputs = tuple(inputs)
        self.classes = None if classes is None else tuple(classes)
        self.target_name = target_name
        self.history = history
        self.exclusive = exclusive and classes is not None

    @property
    def kind(self) -> str:
        """What the model's class is called."""
        return type(self.model).__name__

    @property
    def network(self) -> Network:
        """The only network, or the first."""
        return self.networks[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that the model takes."""
        return tuple(column.name for column in self.taken)

    @property
    def task(self) -> str:
        """Classification or regression."""
        return "regression" if self.classes is None else "classification"

    # --- from rows to answers -------------------------------------------------------------------

    def encode(self, X: Any) -> Floats:
        """The networks' inputs (n, n_inputs) for rows as the model's own `predict` takes them.

        A dict of columns and a single flat row are taken too.
        """
        return self._encode(X)

    def encode_targets(self, y: Any) -> Floats:
        """What is asked of the networks (n, n_outputs) for labels or numbers y (n,) or (n, k)."""
        return self._encode_targets(y)

    def outputs(self, X: Any) -> list[Floats]:
        """The output (n, n_outputs) of each network."""
        inputs = self.encode(X)
        return [float64(network.predict(np.atleast_2d(inputs))) for network in self.networks]

    def answers_of(self, outputs: Sequence[Floats]) -> Floats:
        """The model's answers, as `answers`, from the outputs (n, n_outputs) of each network."""
        mean: Floats = np.mean([self._answer(float64(output)) for output in outputs], axis=0)
        return mean

    def answers(self, X: Any) -> Floats:
        """The probability of each class (n, n_classes), or the numbers predicted (n, k)."""
        return self._answers(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """The label of each row (n,), or the number, or several of them (n, k)."""
        return self._predict(X)

    # --- what each kind of model does in its own way --------------------------------------------

    def _encode(self, X: Any) -> Floats:
        return self.matrix(X)

    def _encode_targets(self, y: Any) -> Floats:
        raise NotImplementedError

    def _answer(self, output: Floats) -> Floats:
        """What the output (n, n_outputs) of one network stands for."""
        raise NotImplementedError

    def _answers(self, X: Any) -> Floats:
        return self.answers_of(self.outputs(X))

    def _predict(self, X: Any) -> NDArray[Any]:
        answers = self.answers(X)
        if self.classes is None:
            return answers[:, 0] if answers.shape[1] == 1 else answers
        if not self.exclusive:
            return (answers > 0.5).astype(int)
        labels: NDArray[Any] = np.array(self.classes)[answers.argmax(axis=1)]
        return labels

    # --- from tables and text -------------------------------------------------------------------

    def divide(self, table: Table, target: str | None = None) -> tuple[Any, Any]:
        """The rows of a table as `encode` takes them, and their answers; None if it has none.

        Where the model does not know what it predicts, it is called as that column from then on.

        Parameters
        ----------
        target : the column with the answers, where the model does not know its name.

        Raises
        ------
        ValueError
            If a column is missing, holds what it cannot, or is not the one the model predicts.
        """
        frame = table.frame
        if self.names_target and target not in (None, self.target_name):
            raise ValueError(f"target is {target!r} and the model predicts {self.target_name!r}")
        name = self.target_name if self.names_target else target or table.target
        unnamed = len({*self.columns} & {*frame.columns}) < len(self.columns)
        if name is None and unnamed and frame.width == len(self.columns) + 1:
            name = frame.columns[-1]
        if name is not None and name in frame.columns:
            frame = answered(frame, name, [])
            self._refuse_other_answers(frame[name])
            if not self.names_target:
                self.target_name = name
            return self._rows_of(frame.drop(name)), frame[name].to_numpy()
        if target is not None:
            raise ValueError(f"the table has no column {target!r}: it has {listed(frame.columns)}")
        return self._rows_of(frame), None

    def _refuse_other_answers(self, answers: polars.Series) -> None:
        """Raise ValueError where a column cannot be what the model predicts."""
        numbers = answers.dtype.is_numeric() or str(answers.dtype) == "Boolean"
        if self.classes is None and not numbers:
            raise ValueError(
                f"column {answers.name!r} holds {answers[0]!r} and the model predicts numbers: "
                "name the column that has them (--target)"
            )
        if self.classes is None or self.takes_tables or not self.exclusive:
            return
        known = {str(label) for label in self.classes}
        for label in answers.unique(maintain_order=True).to_list():
            if label not in self.classes and str(label) not in known:
                raise ValueError(
                    f"column {answers.name!r} holds {label!r} and the model tells apart "
                    f"{listed(self.classes)}: give the answers as it "
                    "learnt them"
                )

    def row(self, text: str) -> Any:
        """One row, written as its values in order ("4,8") or by name ("hours=4,slept=8").

        Where there may be gaps, nothing (or ?, NA, nan) stands for one, and so does a name left
        out.

        Raises
        ------
        ValueError
            If there are too many values or too few, a name is unknown, or a number is none.
        """
        parts = [part.strip() for part in next(csv.reader([text], skipinitialspace=True), [])]
        names, needed = list(self.columns), counted(len(self.columns), "column")
        if self._by_name(parts):
            given: dict[str, str] = {}
            for part in parts:
                name, _, value = part.partition("=")
                if name in given:
                    raise ValueError(f"the row has {name!r} more than once: give it one value")
                given[name] = value
            unknown = [name for name in given if name not in names]
            if unknown:
                raise ValueError(
                    f"the row has {unknown[0]!r}, which is no column of the model: it takes "
                    f"{listed(names)}"
                )
            if not self.takes_tables and len(given) < len(names):
                left = next(name for name in names if name not in given)
                raise ValueError(f"the row has no {left!r}: this model needs each of {needed}")
            values = [given.get(name, "") for name in names]
        elif len(parts) != len(names):
            raise ValueError(
                f"the row has {counted(len(parts), 'value')} and the model takes {needed}: "
                f"{listed(names)}"
            )
        else:
            values = parts
        read = [self._value(c, v) for c, v in zip(self.taken, values, strict=True)]
        return self._rows_of_columns({name: [v] for name, v in zip(names, read, strict=True)})

    def _by_name(self, parts: Sequence[str]) -> bool:
        starts = [part.split("=", 1)[0] for part in parts if "=" in part]
        return bool(parts) and len(starts) == len(parts) and starts[0] in self.columns

    def _value(self, column: Column, text: str) -> Any:
        """What a text stands for in a column; None where it says that there is no value."""
        if column.kind == CATEGORY:
            return None if text in NOTHING else text
        if self.takes_tables and text in NOTHING:
            return None
        if column.kind == DATE:
            return text
        try:
            return float(text)
        except ValueError:
            if column.boolean and text.lower() in ("true", "false"):
                return text.lower() == "true"
            raise ValueError(
                f"column {column.name!r} is given as {text!r}: expected a number"
            ) from None

    def _rows_of(self, frame: Any) -> Any:
        """The rows of a polars frame as `encode` takes them."""
        return self.matrix(frame)

    def _rows_of_columns(self, columns: Mapping[str, list[Any]]) -> Any:
        """The same for a dict of columns."""
        return self.matrix(columns)

    def matrix(self, X: Any) -> Floats:
        """Rows as numbers (n, columns): columns of a table by their names, or by their places."""
        n = len(self.columns)
        if isinstance(X, Mapping) or hasattr(X, "columns"):
            frame = polars_of(X)
            by_name = set(self.columns) <= set(frame.columns)
            if not by_name and frame.width != n:
                raise ValueError(
                    f"the table has {frame.width} columns and the model takes {n}: give it just "
                    "those, in their order"
                )
            names = self.columns if by_name else frame.columns
            return np.asarray(whole_numbers(frame, names).to_numpy(), np.float64)
        rows = np.asarray(to_numpy(dense(X)), np.float64)
        rows = rows.reshape(1, -1) if rows.ndim == 1 else rows
        if rows.ndim != 2 or rows.shape[1] != n:
            raise ValueError(f"X has shape {rows.shape}: the model takes {n} columns")
        return rows


def float64(array: Any) -> Floats:
    """An array of any library as one of NumPy's, in double precision."""
    return np.asarray(to_numpy(array), np.float64)


def polars_of(X: Any) -> Any:
    """Any table as a polars frame."""
    import polars

    if isinstance(X, polars.DataFrame):
        return X
    if isinstance(X, Mapping):
        return polars.DataFrame(dict(X), strict=False)
    import narwhals

    return narwhals.from_native(X, eager_only=True).to_polars()
