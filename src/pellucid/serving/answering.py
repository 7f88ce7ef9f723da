"""An answerer is one face for every kind of model: rows go in, answers come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pellucid.columns import NumericColumn, TextColumn
from pellucid.model import Network
from pellucid.predictor import Predictor
from pellucid.preprocessing import TableEncoder
from pellucid.serving.fields import Cells, Field
from pellucid.serving.refusals import Refusal
from pellucid.serving.rows import RequestRows
from pellucid.tabular import TabularClassifier, TabularRegressor
from pellucid.tabular.frames import BOOLEAN, CATEGORY, DATE, NUMBER, frame_of

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray


class Answers(NamedTuple):
    """What a model makes of n rows.

    Parameters
    ----------
    predictions : (n,) labels or numbers; (n, k) for several at once.
    probabilities : (n, n_classes), or None where there are none.
    """

    predictions: NDArray[Any]
    probabilities: NDArray[Any] | None = None

    def part(self, rows: slice) -> Answers:
        """Those of some rows; Refusal if one of them is no finite number."""
        p = None if self.probabilities is None else self.probabilities[rows]
        made = Answers(self.predictions[rows], p)
        for numbers in (made.predictions, p):
            if numbers is not None and numbers.dtype.kind == "f":
                wrong = ~np.isfinite(numbers.reshape(len(numbers), -1)).all(axis=1)
                if wrong.any():
                    row = int(wrong.argmax()) + 1
                    message = f"the model's answer to row {row} is no finite number"
                    raise Refusal(422, f"{message}: its values are too large", row=row)
        return made


@dataclass(frozen=True)
class Answerer:
    """A model as a server sees it.

    Parameters
    ----------
    model : the name of its kind.
    task : "classification", "regression", or "outputs" of a bare network.
    target : what it predicts.
    fields : the columns it needs.
    compute : rows -> their answers, in one forward pass.
    classes : the labels, in the order of the probabilities; None without probabilities.
    others : columns that it knows and does not need.
    lists : whether a row may be a list of numbers.
    interval : (n,) predictions and a coverage -> (n, 2); None where it knows of none.
    title : what a person calls it; by default the target.
    quality : how good it was when it was trained, for a person; "" if it does not know.
    """

    model: str
    task: str
    target: str
    fields: tuple[Field, ...]
    compute: Callable[[RequestRows], Answers]
    classes: list[Any] | None = None
    others: frozenset[str] = frozenset()
    lists: bool = False
    interval: Callable[[NDArray[Any], float], NDArray[Any]] | None = None
    title: str = ""
    quality: str = ""

    def to_dict(self) -> dict[str, Any]:
        """What a client needs to know of it."""
        columns = []
        for field in self.fields:
            column = {"name": field.name, "kind": field.kind, "nullable": field.nullable}
            if field.levels:
                column["levels"] = list(field.levels)
            if field.date_format:
                column["date_format"] = field.date_format
            columns.append(column)
        made: dict[str, Any] = {"model": self.model, "task": self.task, "target": self.target}
        if self.classes is not None:
            made["classes"] = self.classes
        return made | {"columns": columns}


def answerer_of(model: Any) -> Answerer:
    """The answerer of whatever `pellucid.load` gives.

    Raises
    ------
    TypeError
        If it is no model.

    Examples
    --------
    >>> answerer = answerer_of(Network([2, 1], seed=0))
    >>> [field.name for field in answerer.fields], answerer.task
    (['x1', 'x2'], 'outputs')
    """
    if isinstance(model, TabularClassifier | TabularRegressor):
        return _of_bag(model)
    if isinstance(model, Predictor):
        return _of_predictor(model)
    if isinstance(model, Network):
        return _of_network(model)
    if hasattr(model, "predict") and (hasattr(model, "steps") or hasattr(model, "n_features_in_")):
        return _of_estimator(model)
    raise TypeError(f"{type(model).__name__} is no model that can be served")


def _of_bag(model: TabularClassifier | TabularRegressor) -> Answerer:
    encoder = model._bag.encoder
    levels = {category.source: category.levels for category in encoder.categories}
    medians = {number.source: number.median for number in encoder.numbers if not number.part}
    examples: dict[str, Any] = {BOOLEAN: True}
    fields = []
    for column in model.schema_.used:
        known = levels.get(column.name, ())
        example = medians.get(column.name) if column.kind == NUMBER else examples.get(column.kind)
        if column.kind == DATE and not column.date_format:
            example = "2011-01-31"
        example = known[0] if known else example
        fields.append(Field(column.name, column.kind, known, column.date_format, True, example))
    names = [column.name for column in model.schema_]
    named = hasattr(model, "feature_names_in_")

    def table(rows: RequestRows) -> Any:
        if named:
            return frame_of(rows.columns)
        nothing = np.full(rows.n, np.nan)
        return frame_of({name: rows.columns.get(name, nothing) for name in names})

    more: dict[str, Any] = {
        "others": frozenset({*names, model.target_name_}),
        "lists": not named and len(fields) == len(names),
    }
    if np.isfinite(model.oob_score_):
        score = "accuracy" if isinstance(model, TabularClassifier) else "R2"
        more["quality"] = f"{score} {model.oob_score_:.4g} on rows that its networks did not see"
    if isinstance(model, TabularClassifier):
        more["classes"] = model.classes_.tolist()

        def classify(rows: RequestRows) -> Answers:
            p = model.predict_proba(table(rows))
            return Answers(model.classes_[p.argmax(axis=1)], p)

        compute, task = classify, "classification"
    else:
        more["interval"] = model._residuals.interval

        def estimate(rows: RequestRows) -> Answers:
            return Answers(model.predict(table(rows)))

        compute, task = estimate, "regression"
    kind = type(model).__name__
    return Answerer(kind, task, model.target_name_, tuple(fields), compute, **more)


def _of_predictor(model: Predictor) -> Answerer:
    target = model.target
    classes = list(model.classes.classes) if model.task == "classification" else None

    def compute(rows: RequestRows) -> Answers:
        output = model.output(_polars(rows.columns))
        p = None if classes is None else model.classes.probabilities(output)
        return Answers(target.decode(output), p)

    return Answerer(
        "Predictor", model.task, model.target_name, _fields(model.encoder), compute, classes,
        frozenset({model.target_name, *(name for name, _ in model.encoder.dropped)}),
        quality=_quality(model.about),
    )  # fmt: skip


def _quality(about: Any) -> str:
    """What a file says of its model's training, which may be anything."""
    metrics = about.get("metrics") if isinstance(about, Mapping) else None
    if not isinstance(metrics, Mapping):
        return ""
    figures = [f"{name} {v:.4g}" for name, v in metrics.items() if isinstance(v, float)]
    return f"{', '.join(figures)} on the {metrics.get('on')} rows" if figures else ""


def _of_network(model: Network) -> Answerer:
    def compute(rows: RequestRows) -> Answers:
        output = np.asarray(model.predict(_matrix(rows.columns)))
        return Answers(output[:, 0] if output.shape[1] == 1 else output)

    fields = _numbered(model.architecture.n_inputs)
    title = f"Network {model.architecture}"
    return Answerer("Network", "outputs", "output", fields, compute, lists=True, title=title)


def _of_estimator(model: Any) -> Answerer:
    """Of an MLP estimator, or a pipeline of a table's encoding and one."""
    encoder = getattr(model[0], "encoder_", None) if hasattr(model, "steps") else None
    named = encoder is not None or hasattr(model, "feature_names_in_")
    if isinstance(encoder, TableEncoder):
        fields = _fields(encoder)
    elif named:
        fields = tuple(
            Field(str(name), NUMBER, nullable=False, example=0.0)
            for name in model.feature_names_in_
        )
    else:
        fields = _numbered(model.n_features_in_)

    def inputs(rows: RequestRows) -> Any:
        return _polars(rows.columns) if named else _matrix(rows.columns)

    one = {f.name: f.read([0.0 if f.kind == NUMBER else None]) for f in fields}
    labels = getattr(model, "classes_", None)
    single = (
        np.ndim(model.predict(inputs(RequestRows(one, 1)))) == 1
    )  # one label a row, not several
    if labels is None or not single:

        def compute(rows: RequestRows) -> Answers:
            return Answers(np.asarray(model.predict(inputs(rows))))

    else:

        def compute(rows: RequestRows) -> Answers:
            p = np.asarray(model.predict_proba(inputs(rows)))
            return Answers(labels[p.argmax(axis=1)], p)

    return Answerer(
        type(model).__name__, "regression" if labels is None else "classification", "target",
        fields, compute, labels.tolist() if labels is not None and single else None,
        lists=not named, title=type(model).__name__,
    )  # fmt: skip


def _numbered(n: int) -> tuple[Field, ...]:
    """The columns of an array."""
    return tuple(Field(f"x{i}", NUMBER, nullable=False, example=0.0) for i in range(1, n + 1))


def _fields(encoder: TableEncoder) -> tuple[Field, ...]:
    fields = []
    for column in encoder.columns:
        if isinstance(column, NumericColumn):
            fields.append(Field(column.name, NUMBER, example=column.median))
        elif _is_truth(column):
            fields.append(Field(column.name, BOOLEAN, example=True))
        else:
            example = column.levels[0] if column.levels else None
            fields.append(Field(column.name, CATEGORY, column.levels, example=example))
    return tuple(fields)


def _is_truth(column: TextColumn) -> bool:
    return {level.lower() for level in column.levels} <= {"true", "false"}


def _matrix(columns: Mapping[str, Cells]) -> NDArray[np.float64]:
    return np.stack([np.asarray(values, np.float64) for values in columns.values()], axis=1)


def _polars(columns: Mapping[str, Cells]) -> polars.DataFrame:
    import polars as pl

    made = []
    for name, values in columns.items():
        if isinstance(values, list):
            made.append(pl.Series(name, values, pl.String))
        else:
            made.append(pl.Series(name, values))
    return pl.DataFrame(made)
