"""A subject that takes tables, and finds columns in them by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.export.inputs import of_bag_encoder, of_table_encoder
from pellucid.export.program import CATEGORY, DATE, Cell, Column, Number
from pellucid.history import History
from pellucid.model import Network
from pellucid.subject.base import (
    CELL,
    LEVEL,
    MISSING,
    NUMERIC,
    Floats,
    Input,
    Subject,
    polars_of,
)
from pellucid.subject.labels import places_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TableSubject(Subject):
    """What finds columns in tables by name, and knows the name of what it predicts."""

    takes_tables = True
    names_target = True

    def _rows_of(self, frame: Any) -> Any:
        return frame

    def _rows_of_columns(self, columns: Mapping[str, list[Any]]) -> Any:
        return typed(columns, self.taken)


class PredictorSubject(TableSubject):
    """A table's encoder, one network and a target."""

    def __init__(self, model: Any) -> None:
        parts, order = of_table_encoder(model.encoder)
        inputs = inputs_of(parts, model.encoder.feature_names, order)
        classes = model.classes.classes if model.task == "classification" else None
        network = model.network
        super().__init__(
            model, [network], parts["columns"], inputs, classes, model.target_name, network.history
        )

    def _encode(self, X: Any) -> Floats:
        return np.asarray(self.model.inputs(table_of(X, self.columns)), np.float64)

    def _encode_targets(self, y: Any) -> Floats:
        return np.asarray(self.model.target.encode(_series(y, self.target_name)), np.float64)

    def _predict(self, X: Any) -> NDArray[Any]:
        labels: NDArray[Any] = self.model.target.decode(self.outputs(X)[0])
        return labels

    def _answer(self, output: Floats) -> Floats:
        if self.classes is not None:
            return np.asarray(self.model.classes.probabilities(output), np.float64)
        return np.asarray(self.model.target.decode(output), np.float64).reshape(len(output), -1)


class BagSubject(TableSubject):
    """A TabularClassifier or TabularRegressor: several networks behind one encoder."""

    def __init__(self, model: Any) -> None:
        if not hasattr(model, "_bag"):
            raise ValueError(f"this {type(model).__name__} is not fitted: call fit first")
        bag = model._bag
        about = bag.objective.to_dict()
        networks = [Network.from_file(member.theta, about) for member in bag.members]
        parts = of_bag_encoder(bag.encoder)
        classes = model.classes_.tolist() if hasattr(model, "classes_") else None
        super().__init__(
            model, networks, parts["columns"], inputs_of(parts, bag.encoder.input_names),
            classes, model.target_name_, _course(bag.members[0]),
        )  # fmt: skip

    def _encode(self, X: Any) -> Floats:
        encoder = self.model._bag.encoder
        if isinstance(X, list | tuple):
            X = table_of(X, self.columns)
        return np.asarray(encoder.inputs(encoder.compact(self.model._frame(X))), np.float64)

    def _encode_targets(self, y: Any) -> Floats:
        values = np.asarray(y)
        if self.classes is None:
            scaled = (values.astype(np.float64) - self.model._mean) / self.model._std
            column: Floats = scaled.reshape(-1, 1)
            return column
        rows: Floats = np.eye(len(self.classes))[places_of(values, self.classes)]
        return rows

    def _answers(self, X: Any) -> Floats:
        if self.classes is not None:
            return np.asarray(self.model.predict_proba(X), np.float64)
        return np.asarray(self.model.predict(X), np.float64)[:, None]

    def _predict(self, X: Any) -> NDArray[Any]:
        labels: NDArray[Any] = self.model.predict(X)
        return labels

    def _answer(self, output: Floats) -> Floats:
        if self.classes is None:
            return np.asarray(self.model._in_unit(output[None]), np.float64).reshape(-1, 1)
        z = np.log(np.maximum(output, np.finfo(np.float32).tiny))
        return np.asarray(self.model._calibration.probabilities(z), np.float64)


def inputs_of(
    parts: Mapping[str, Any], names: Sequence[str], order: NDArray[np.intp] | None = None
) -> list[Input]:
    """The inputs of an encoder, named; `order` has the place of each among the network's own."""
    made: list[tuple[int, str, Number | None, Cell | None, str | None]] = []
    numbers, columns = parts["numbers"], parts["columns"]
    made += [(number.column, NUMERIC, number, None, None) for number in numbers]
    made += [(place, MISSING, None, None, None) for place in parts["marked"]]
    made += [(numbers[c.number].column, CELL, numbers[c.number], c, None) for c in parts["cells"]]
    for place, marks_missing in parts["categories"]:
        levels: list[str | None] = [*columns[place].levels, *[None] * marks_missing]
        made += [(place, LEVEL, None, None, level) for level in levels]
    places = range(len(made)) if order is None else order.tolist()
    at = dict(zip(places, made, strict=True))
    return [Input(name, *at[i]) for i, name in enumerate(names)]


def _course(member: Any) -> History | None:
    """That of one network of a bag."""
    if not member.losses:
        return None
    return History(
        loss=list(member.losses),
        validation_loss=list(member.held_out_losses),
        best_epoch=member.best_epoch or None,
        stopped=member.stopped,
    )


def table_of(X: Any, names: Sequence[str]) -> Any:
    """Any table, or rows of values in the order of the columns, as a polars frame."""
    if isinstance(X, Mapping) or hasattr(X, "columns"):
        return polars_of(X)
    import polars

    rows = np.asarray(X, dtype=object)
    rows = rows.reshape(1, -1) if rows.ndim == 1 else rows
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise ValueError(f"X has shape {rows.shape}: the model takes {len(names)} columns")
    columns = {name: rows[:, i].tolist() for i, name in enumerate(names)}
    return polars.DataFrame(columns, strict=False)


def typed(columns: Mapping[str, list[Any]], taken: Sequence[Column]) -> Any:
    """Columns as a polars frame, those without a value of the type that they would have."""
    import polars

    kinds = {c.name: polars.String if c.kind in (CATEGORY, DATE) else None for c in taken}
    made = {
        name: polars.Series(
            name, values, kinds[name] or (polars.Float64 if values == [None] else None)
        )
        for name, values in columns.items()
    }
    return polars.DataFrame(made)


def _series(y: Any, name: str) -> Any:
    """Answers as a polars series."""
    import polars

    if isinstance(y, polars.Series):
        return y
    values = np.asarray(y)
    flat = values.reshape(len(values)) if values.ndim else values.reshape(1)
    return polars.Series(name, flat.tolist(), strict=False)
