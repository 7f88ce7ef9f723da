"""Saving puts a tabular model into a model file: the networks one after another, the rest as JSON.

theta (members * P,) holds their parameters. Long rows of numbers are tensors of their own: what
categories of many levels stand for, and the errors on rows held out, for intervals and sets.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn

from pellucid import fields, model_file
from pellucid.layers import Dense, Scale
from pellucid.objective import Objective
from pellucid.plain import LABELS, label, labels_from_dict, labels_to_dict
from pellucid.tabular.bag import Bag
from pellucid.tabular.calibration import Calibration, Residuals
from pellucid.tabular.classifier import TabularClassifier
from pellucid.tabular.encoder import SOFT_LIMIT, Encoder
from pellucid.tabular.frames import CATEGORY, DATE
from pellucid.tabular.member import Member
from pellucid.tabular.moments import moments
from pellucid.tabular.regressor import TabularRegressor
from pellucid.tabular.schema import DATE_FORMATS, KINDS, Schema
from pellucid.vectors import make_rows, make_vectors, refuse_other_answers, refuse_other_outputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tensors = Mapping[str, NDArray[Any]]

LEFT_OUT = (
    "engine", "n_jobs", "verbose", "callbacks", "checkpoint", "checkpoint_seconds",
    "checkpoint_epochs", "resume",
)  # fmt: skip
"""Parameters that say who trained, who watched and who wrote, which is no part of the model."""

NUMBER = ("source", "part", "median", "scale", "marks_missing", "edges")
CALIBRATION = ("temperature", "smoothing", "floor")
"""Names of their fields."""

SCORES = ("oob_score_", "oob_log_loss_", "oob_rmse_")


def save(
    model: TabularClassifier | TabularRegressor, path: str | os.PathLike[str], **more: Any
) -> None:
    """Write a fitted model to `path`; `more` joins the header. The same model, the same bytes.

    Raises
    ------
    ValueError
        If an activation is one's own code, or classes are neither text, numbers nor booleans.
    """
    bag = model._bag
    objective = bag.objective
    tensors: dict[str, NDArray[Any]] = {}
    encoder = bag.encoder.to_dict()
    for i, category in enumerate(encoder["categories"]):
        if category["means"]:
            tensors[f"means_{i}"] = np.array(category["means"])
            category["means"] = f"means_{i}"
    about: dict[str, Any] = {
        "members": len(bag.members),
        "courses": [],
        "encoder": encoder,
        "named": hasattr(model, "feature_names_in_"),
        "target_name": model.target_name_,
        "parameters": _parameters(model),
        "scores": {name: _finite(getattr(model, name)) for name in SCORES if hasattr(model, name)},
        "leaderboard": _leaderboard(model),
        "notes": list(model.notes_),
    }
    if isinstance(model, TabularClassifier):
        about["classes"] = labels_to_dict(model.classes_)
        about["calibration"] = asdict(model._calibration)
        tensors["probabilities"] = model._of_right
    else:
        about["target"] = {
            "range": list(model.target_range_), "mean": model._mean, "std": model._std
        }  # fmt: skip
        tensors["predicted"], tensors["off"] = model._residuals.predicted, model._residuals.off
    for i, member in enumerate(bag.members):
        course = np.array([member.losses, member.held_out_losses], np.float64)
        known = course.size > 0 and bool(np.isfinite(course).all())
        about["courses"].append([course.shape[1], member.best_epoch] if known else [0, 0])
        if known:
            tensors[f"course_{i}"] = course
    vectors = [make_vectors(objective.layout, member.theta) for member in bag.members]
    header = objective.to_dict() | {
        "versions": {"scikit-learn": sklearn.__version__},
        "tabular": about,
        "test_vectors": {
            "inputs": vectors[0]["inputs"],
            "outputs": [vector["outputs"] for vector in vectors],
        },
    }
    header["test_rows"] = make_rows(model.example_rows(), lambda rows: _answers(model, rows))
    theta = np.concatenate([member.theta for member in bag.members])
    model_file.write(path, theta, header, tensors, more, restore)


def restore(tensors: Tensors, header: Mapping[str, Any]) -> TabularClassifier | TabularRegressor:
    """The model of the tensors and the header of a model file; it predicts as the saved one did.

    Raises
    ------
    ValueError
        If they make no model, or one whose outputs are not those it gave when it was saved.
    """
    objective = Objective.from_dict(header)
    try:
        about = header["tabular"]
        encoder = _encoder(about["encoder"], tensors)
        members = _members(about, objective, encoder, tensors)
        model = _model(about, objective, tensors)
        model.schema_, model.n_features_in_ = encoder.schema, len(encoder.schema)
        if fields.truth(about["named"]):
            names = [column.name for column in encoder.schema]
            model.feature_names_in_ = np.array(names, dtype=object)
        model.target_name_ = fields.text(about["target_name"])
        model.notes_ = fields.texts(about["notes"])
        for name, value in fields.only(about["scores"], SCORES).items():
            setattr(model, name, nan if value is None else fields.number(value))
        model.leaderboard_ = {}
        board = fields.sequence(about["leaderboard"])
        for name, column in board:
            for value in fields.sequence(column, len(board[0][1])):
                fields.text(value) if name == "stopped" else fields.optional_number(value)
            values = np.array([inf if v is None else v for v in column])
            model.leaderboard_[fields.text(name)] = values
        model._bag = Bag(encoder, objective, members)
        model._validate_params()
        vectors = header["test_vectors"]
        for member, outputs in zip(members, vectors["outputs"], strict=True):
            refuse_other_outputs(
                objective.layout, member.theta, {"inputs": vectors["inputs"], "outputs": outputs}
            )
        if "test_rows" in header:
            rows = header["test_rows"]
            if rows["rows"].keys() != model.example_rows().keys():
                raise ValueError("the test rows are of other columns than the model's")
            refuse_other_answers(rows, lambda rows: _answers(model, rows), np.float32)
    except (KeyError, TypeError, AttributeError, IndexError, ArithmeticError) as error:
        raise ValueError(f"the model file's header is damaged: {error!r}") from error
    return model


# --- what is written ----------------------------------------------------------------------------


def _parameters(model: Any) -> dict[str, Any]:
    """What the model was made with, as far as it is data; all else is as by default."""
    parameters: dict[str, Any] = {}
    for name, value in model.get_params(deep=False).items():
        if isinstance(value, np.generic | np.ndarray):
            value = value.tolist()
        if name == "class_weight" and isinstance(value, Mapping):
            value = [[label(key), float(weight)] for key, weight in value.items()]
        elif isinstance(value, Mapping):
            value = {str(key): item for key, item in value.items()}
        elif isinstance(value, list | tuple):
            value = [item.item() if isinstance(item, np.generic) else item for item in value]
        if name not in LEFT_OUT and _is_data(value):
            parameters[name] = value
    return parameters


def _is_data(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_data, value))
    if isinstance(value, dict):
        return all(map(_is_data, value.values()))
    return value is None or isinstance(value, LABELS)


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _leaderboard(model: Any) -> list[tuple[str, list[Any]]]:
    """The columns without the seconds, which are others in each training."""
    return [
        (name, [_finite(v) if isinstance(v, float) else v for v in column.tolist()])
        for name, column in model.leaderboard_.items()
        if name != "seconds"
    ]


def _answers(model: TabularClassifier | TabularRegressor, rows: Any) -> NDArray[np.float64]:
    """The probabilities or numbers that plain rows give."""
    with np.errstate(all="ignore"):
        classes = isinstance(model, TabularClassifier)
        return model.predict_proba(rows) if classes else model.predict(rows)


# --- what is read -------------------------------------------------------------------------------


def _encoder(about: Mapping[str, Any], tensors: Tensors) -> Encoder:
    """The encoder, if all in it fits together."""
    filled = [dict(fields.mapping(category)) for category in fields.sequence(about["categories"])]
    left = {name: tensor for name, tensor in tensors.items() if tensor.ndim == 2}
    for plain in filled:
        if plain["means"]:
            plain["means"] = left.pop(fields.text(plain["means"])).tolist()  # each once
    for plain in fields.sequence(about["numbers"]):
        fields.only(plain, NUMBER)
        fields.text(plain["source"]), fields.text(plain["part"])
        fields.truth(plain["marks_missing"])
        fields.number(plain["median"]), fields.number(plain["scale"])
        edges = np.array(fields.numbers(plain["edges"]))
        if (np.abs(edges) > 2.0 * SOFT_LIMIT).any() or (np.diff(edges) <= 0.0).any():
            raise ValueError(f"the bins of {plain['source']!r} are damaged")
        if len(edges) == 1:
            raise ValueError(f"the bins of {plain['source']!r} have one edge")
    encoder = Encoder.from_dict({**about, "categories": filled})
    _check_schema(encoder.schema)
    parts: dict[str, set[str]] = {}
    days = np.zeros(0, "datetime64[us]")
    for column in encoder.schema.used:
        if column.kind != CATEGORY:
            parts[column.name] = {*moments(days)} if column.kind == DATE else {""}
    for category in encoder.categories:
        if encoder.schema[category.source].kind != CATEGORY:
            raise ValueError(f"column {category.source!r} is no category")
        levels = [fields.text(level) for level in category.levels]
        n = len(levels) + fields.truth(category.marks_missing)
        if len(set(levels)) < len(levels) or len(category.means) not in (0, n + 1):
            raise ValueError(f"the levels of {category.source!r} are damaged")
        width = len(category.means[0]) if category.means else 0
        parts[category.source] = {f"mean {j}" for j in range(width)}
    for number in encoder.numbers:
        if number.part not in parts[number.source]:
            raise ValueError(f"column {number.source!r} has no part {number.part!r}")
    names = [(number.source, number.part) for number in encoder.numbers]
    sources = [category.source for category in encoder.categories]
    if len({*names}) < len(names) or len({*sources}) < len(sources):
        raise ValueError("a column is encoded twice")
    return encoder


def _check_schema(schema: Schema) -> None:
    for column in schema:
        fields.text(column.name), fields.text(column.note), fields.truth(column.lenient)
        fields.whole(column.missing), fields.whole(column.distinct or 0)
        fields.choice(column.kind, KINDS)
        fields.choice(column.date_format, DATE_FORMATS)
    if len({column.name for column in schema}) < len(schema):
        raise ValueError("two columns have one name")


def _members(
    about: Mapping[str, Any], objective: Objective, encoder: Encoder, tensors: Tensors
) -> list[Member]:
    layout, theta = objective.layout, tensors["theta"]
    members = fields.whole(about["members"], 1)
    if members * layout.size != theta.size:
        raise ValueError(
            f"the model file has {theta.size} numbers for {members} networks of {layout.size} "
            "parameters"
        )
    if layout.architecture.n_inputs != encoder.n_inputs:
        raise ValueError(
            f"the model file's columns make {encoder.n_inputs} inputs, and its networks take "
            f"{layout.architecture.n_inputs}"
        )
    first, *others = layout.architecture.layers
    if not isinstance(first, Scale) or not all(isinstance(x, Dense) and x.bias for x in others):
        raise ValueError(f"{layout.architecture} is none of a bag's: a scale, then dense layers")
    none = np.zeros(0, np.intp)
    output = np.zeros((0, layout.architecture.n_outputs), np.float32)
    thetas = theta.astype(np.float32, copy=False).reshape(members, layout.size)
    made = [Member(one, none, output) for one in thetas]
    courses = fields.sequence(about.get("courses", [[0, 0]] * members), members)
    for i, (member, course) in enumerate(zip(made, courses, strict=True)):
        epochs, best = (fields.whole(number) for number in fields.sequence(course, 2))
        if epochs:
            losses = tensors[f"course_{i}"]
            if losses.shape != (2, epochs) or best > epochs:
                raise ValueError(
                    f"the course of network {i + 1} has shape {losses.shape}, its best epoch is "
                    f"{best}: expected (2, {epochs})"
                )
            member.losses, member.held_out_losses = losses.tolist()
            member.best_epoch = best
    return made


def _model(
    about: Mapping[str, Any], objective: Objective, tensors: Tensors
) -> TabularClassifier | TabularRegressor:
    """The model with all that is its kind's own."""
    parameters = dict(fields.mapping(about["parameters"]))
    for name in LEFT_OUT:
        parameters.pop(name, None)
    if isinstance(parameters.get("class_weight"), list):
        parameters["class_weight"] = dict(parameters["class_weight"])
    if isinstance(parameters.get("hidden_layer_sizes"), list):
        parameters["hidden_layer_sizes"] = tuple(parameters["hidden_layer_sizes"])
    architecture = objective.layout.architecture
    if "classes" in about:
        classifier = TabularClassifier(**parameters)
        classifier.classes_ = labels_from_dict(about["classes"])
        if architecture.output_activation.name != "softmax":
            raise ValueError("the networks of classes have no softmax")
        if len(classifier.classes_) != architecture.n_outputs:
            raise ValueError(
                f"{len(classifier.classes_)} classes for {architecture.n_outputs} outputs"
            )
        calibration = fields.only(about["calibration"], CALIBRATION)
        for name in CALIBRATION:
            fields.number(calibration[name], 0.0, 1e6 if name == "temperature" else 1.0)
        classifier._calibration = Calibration(**calibration)
        classifier.temperature_ = classifier._calibration.temperature
        classifier.smoothing_ = classifier._calibration.smoothing
        if not classifier.temperature_ > 0.0:
            raise ValueError(f"the temperature is {classifier.temperature_}")
        classifier._of_right = _flat(tensors["probabilities"])
        return classifier
    regressor, target = TabularRegressor(**parameters), about["target"]
    if architecture.n_outputs != 1 or architecture.output_activation.name != "identity":
        raise ValueError(f"{architecture} predicts no number")
    low, high = fields.numbers(fields.sequence(target["range"], 2))
    regressor.target_range_ = low, high
    mean, std = regressor._mean, regressor._std = (
        fields.number(target["mean"]), fields.number(target["std"])
    )  # fmt: skip
    if not (low <= high and std > 0.0):
        raise ValueError(f"targets from {low} to {high} with a spread of {std}")
    regressor._bounds = (low - mean) / std, (high - mean) / std
    predicted, off = _flat(tensors["predicted"]), _flat(tensors["off"])
    if len(predicted) != len(off) or (np.diff(predicted) < 0.0).any():
        raise ValueError("the errors on rows held out are damaged")
    regressor._residuals = Residuals(predicted, off)
    return regressor


def _flat(tensor: NDArray[Any]) -> NDArray[np.float64]:
    if tensor.ndim != 1:
        raise ValueError(f"a tensor of shape {tensor.shape} where (n,) was expected")
    return tensor.astype(np.float64, copy=False)
