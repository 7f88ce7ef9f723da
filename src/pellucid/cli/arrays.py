"""An array model is an estimator or a pipeline, which knows its columns by name or by place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid.columns import whole_numbers
from pellucid.metrics import classification_report, regression_report
from pellucid.predictor import Report, class_numbers
from pellucid.rows import answered
from pellucid.tables import Table, find_column
from pellucid.targets import ClassTarget, NumericTarget

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from pellucid.estimators import MLPClassifier, MLPRegressor

    ArrayModel: TypeAlias = MLPClassifier | MLPRegressor | Pipeline


def columns_of_answers(model: ArrayModel, table: Table, probabilities: bool) -> Mapping[str, Any]:
    """What it predicts for each row, by column; with the probability of each class, if asked."""
    X = _inputs(model, table)
    predicted = np.asarray(model.predict(X))
    flat = predicted.reshape(len(predicted), -1)
    name = table.target or "prediction"
    names = [name] if predicted.ndim == 1 else [f"{name} {i + 1}" for i in range(flat.shape[1])]
    columns: dict[str, Any] = {
        one: column.tolist() for one, column in zip(names, flat.T, strict=True)
    }
    if probabilities:
        for label, column in zip(_classes(model), model.predict_proba(X).T, strict=True):
            columns[f"probability of {label}"] = column
    return columns


def evaluate_array_model(
    model: ArrayModel, table: Table, target: str | None, notes: list[str]
) -> tuple[str, str, Report]:
    """The target's name, the task, and how good the predictions are.

    Raises
    ------
    ValueError
        If nothing says which column has the answers.
    """
    name = target or table.target
    if name is None:
        raise ValueError("the model does not know which column has the answers: name it (--target)")
    frame = answered(table.frame, name, notes)
    answers = find_column(frame, name)
    X = _inputs(model, Table(frame, target=answers.name))
    if not hasattr(model, "classes_"):
        y = NumericTarget.fit(answers, "none").encode(answers)[:, 0]
        return answers.name, "regression", regression_report(y, np.asarray(model.predict(X)))
    classes = _classes(model)
    right = class_numbers(ClassTarget(tuple(classes)).encode(answers, notes))
    found = model.predict_proba(X).argmax(axis=1)
    named = [str(label) for label in classes]
    return answers.name, "classification", classification_report(right, found, named)


def _classes(model: ArrayModel) -> list[Any]:
    """The labels that a row has one of; ValueError if there are none, or several targets."""
    classes = getattr(model, "classes_", None)
    if classes is None:
        raise ValueError("this model predicts numbers: it has no classes")
    if not isinstance(classes, np.ndarray):
        raise ValueError("this model has several targets: ask it in Python, with pellucid.load")
    labels: list[Any] = classes.tolist()
    return labels


def _inputs(model: ArrayModel, table: Table) -> Any:
    """The columns that it was fitted on: by name, or all there are if it knows no names."""
    if hasattr(model, "steps") and hasattr(model[0], "encoder_"):
        return table.frame
    frame = table.frame
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        n = model.n_features_in_
        if frame.width > n and table.target is not None:
            frame = frame.drop(table.target)
        if frame.width != n:
            raise ValueError(
                f"the model was fitted on {n} columns without names and the table has "
                f"{frame.width}: give it just those, in their order"
            )
        return whole_numbers(frame, frame.columns).to_numpy()
    return whole_numbers(frame, [str(name) for name in names])
