"""A pipeline is an estimator behind the steps that prepare its inputs: as one model file, and back.

The steps may be a `TableEncoding`, and scikit-learn's scalers of numbers.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from pellucid import fields, model_file
from pellucid.encoding import TableEncoding
from pellucid.estimators import MLPClassifier, MLPRegressor, saving
from pellucid.plain import parameters_of, restored
from pellucid.preprocessing import TableEncoder
from pellucid.scaling import SCALERS
from pellucid.tables import table_of_columns
from pellucid.vectors import make_rows, refuse_other_answers

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "StandardScaler": (StandardScaler, ("mean_", "var_", "scale_", "n_samples_seen_")),
    "MinMaxScaler": (
        MinMaxScaler,
        ("min_", "scale_", "data_min_", "data_max_", "data_range_", "n_samples_seen_"),
    ),
    "MaxAbsScaler": (MaxAbsScaler, ("max_abs_", "scale_", "n_samples_seen_")),
    "RobustScaler": (RobustScaler, ("center_", "scale_")),
}
"""The scalers that a model file can hold, and what each has learnt."""

TABLE = "TableEncoding"

OF_THE_PROGRAM = ("copy",)
"""Parameters of a scaler that say how it works, and not what it gives."""


def save(pipeline: Pipeline, path: str | os.PathLike[str], **more: Any) -> None:
    """Write a fitted pipeline to `path`; `more` joins the header.

    Steps that are None or "passthrough" do nothing, and are left out.

    Raises
    ------
    ValueError
        If a step is none that a file of data can hold; it is named.
    """
    check_is_fitted(pipeline)
    pipeline = Pipeline([*filter(_does_something, pipeline.steps[:-1]), pipeline.steps[-1]])
    steps = [_step_to_dict(name, step) for name, step in pipeline.steps[:-1]]
    name, model = pipeline.steps[-1]
    if not isinstance(model, MLPClassifier | MLPRegressor):
        raise ValueError(
            f"step {name!r} is a {type(model).__module__}.{type(model).__name__}: a model file "
            "holds pipelines that end in an MLPClassifier or MLPRegressor of pellucid's"
        )
    theta, header, tensors = saving.to_file(model)
    header |= {"steps": steps, "name": name}
    rows = _rows(pipeline, header["test_vectors"]["inputs"])
    header["test_rows"] = make_rows(rows, _answers(pipeline))
    model_file.write(path, theta, header, tensors, more, load)


def load(tensors: saving.Tensors, header: Mapping[str, Any]) -> Pipeline:
    """The pipeline of a model file; it predicts as the saved one did.

    Raises
    ------
    ValueError
        If they make no pipeline, or one that gives other answers.
    """
    model = saving.restore(tensors, header)
    steps: list[tuple[str, Any]] = []
    width = None
    for about in fields.sequence(header["steps"]):
        name = fields.text(about["name"])
        step, takes, gives = _step_from_dict(about, width)
        if width is not None and takes != width:
            raise ValueError(f"step {name!r} takes {takes} columns and is given {width}")
        steps.append((name, step))
        width = gives
    if width is not None and width != model.n_features_in_:
        raise ValueError(f"the network takes {model.n_features_in_} columns and is given {width}")
    pipeline = Pipeline([*steps, (fields.text(header["name"]), model)])
    pipeline._validate_names([name for name, _ in pipeline.steps])
    refuse_other_answers(header["test_rows"], _answers(pipeline), tensors["theta"].dtype)
    return pipeline


def _does_something(named: tuple[str, Any]) -> bool:
    """Whether a step is one, and no place that is left empty."""
    step = named[1]
    return step is not None and not (isinstance(step, str) and step == "passthrough")


def _step_to_dict(name: str, step: Any) -> dict[str, Any]:
    if isinstance(step, TableEncoding):
        about = {"encoder": step.encoder_.to_dict(), "scaling": step.scaling}
        return {"name": name, "kind": TABLE, **about}
    kind, learnt = STEPS.get(type(step).__name__, (None, ()))
    if type(step) is not kind:
        known = ", ".join([TABLE, *STEPS])
        what = type(step).__name__
        raise ValueError(f"step {name!r} is a {what}, which no model file can hold: known: {known}")
    names = getattr(step, "feature_names_in_", None)
    found = {attribute: getattr(step, attribute, None) for attribute in learnt}
    return {
        "name": name,
        "kind": kind.__name__,
        "parameters": parameters_of(step, lambda parameter: parameter in OF_THE_PROGRAM),
        "columns": int(step.n_features_in_),
        "feature_names": None if names is None else names.tolist(),
        "learnt": {name: _plain(value) for name, value in found.items()},
    }


def _plain(value: Any) -> Any:
    """What a scaler has learnt: numbers with their dtype, one number, or none."""
    if isinstance(value, np.ndarray):
        if not np.isfinite(value).all():
            raise ValueError("a scaler has learnt NaN or inf, from columns without a number")
        return {value.dtype.name: value.tolist()}
    return value.item() if isinstance(value, np.generic) else value


def _step_from_dict(about: Mapping[str, Any], width: int | None) -> tuple[Any, int, int]:
    """A step, the columns that it takes, and those that it gives."""
    kind = fields.choice(about["kind"], [TABLE, *STEPS])
    if kind == TABLE:
        if width is not None:
            raise ValueError("a TableEncoding is not the first step")
        encoding = TableEncoding(fields.choice(about["scaling"], SCALERS))
        encoding.encoder_ = TableEncoder.from_dict(fields.mapping(about["encoder"]))
        return encoding, len(encoding.encoder_.columns), len(encoding.encoder_.feature_names)
    scaler, learnt = STEPS[kind]
    given = {name: restored(v) for name, v in fields.mapping(about["parameters"]).items()}
    step = scaler(**given)
    step._validate_params()
    columns = step.n_features_in_ = fields.whole(about["columns"], 1)
    if about["feature_names"] is not None:
        names = fields.texts(fields.sequence(about["feature_names"], columns))
        step.feature_names_in_ = np.array(names, dtype=object)
    for name, value in fields.only(about["learnt"], learnt).items():
        setattr(step, name, _learnt(value, columns))
    return step, columns, columns


def _learnt(value: Any, columns: int) -> Any:
    if not isinstance(value, dict):
        if type(value) is int or value is None:
            return value
        return np.float64(fields.number(value))
    ((dtype, given),) = value.items()
    fields.choice(dtype, ("float64", "float32", "int64"))
    return np.array(fields.numbers(fields.sequence(given, columns)), dtype)


def _rows(pipeline: Pipeline, inputs: Any) -> Any:
    """Rows as the pipeline takes them: by columns, or numbers that give these inputs."""
    X = np.array(inputs)
    for _, step in reversed(pipeline.steps[:-1]):
        if isinstance(step, TableEncoding):
            return step.encoder_.example_rows()
        X = _anonymous(step).inverse_transform(X)
    return X.tolist()


def _answers(pipeline: Pipeline) -> Callable[[Any], NDArray[np.float64]]:
    """What turns plain rows into probabilities or numbers, whatever columns are called."""

    def answers(rows: Any) -> NDArray[np.float64]:
        takes_table = isinstance(pipeline.steps[0][1], TableEncoding)
        if isinstance(rows, dict) != takes_table:
            raise ValueError("they are not what the first step takes")
        X = table_of_columns(rows).frame if takes_table else np.array(rows, np.float64)
        with np.errstate(all="ignore"):
            for _, step in pipeline.steps[:-1]:
                X = _anonymous(step).transform(X)
        return saving.answers(pipeline.steps[-1][1], X)

    return answers


def _anonymous(step: Any) -> Any:
    """The same step for columns without names, which gives an array."""
    its = copy.copy(step)
    for name in ("feature_names_in_", "_sklearn_output_config"):
        its.__dict__.pop(name, None)
    return its
