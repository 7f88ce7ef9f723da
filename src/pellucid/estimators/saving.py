"""Saving puts a fitted estimator into a model file: its network, its target, what it was made with.

The network of several targets with classes each is written with raw outputs: what follows, a
softmax over each target's own, is told by the target.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
from sklearn.utils.validation import check_is_fitted

from pellucid import fields, model_file
from pellucid.activations import ACTIVATIONS, Activation
from pellucid.architecture import Architecture
from pellucid.arrays import to_numpy
from pellucid.estimators.classifier import MLPClassifier
from pellucid.estimators.hyperparameters import NO_PART_OF_THE_MODEL
from pellucid.estimators.labels import Labels, MixedLabels
from pellucid.estimators.numeric import Numbers
from pellucid.estimators.regressor import MLPRegressor
from pellucid.layers import Dense
from pellucid.layout import Layout
from pellucid.losses import squared_error
from pellucid.model import Network
from pellucid.objective import Objective
from pellucid.plain import parameters_of, plain, restored
from pellucid.vectors import make_rows, make_vectors, refuse_other_answers, refuse_other_outputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tensors = Mapping[str, NDArray[Any]]
    Estimator = MLPClassifier | MLPRegressor

SEEN = (
    "n_iter_", "t_", "loss_", "best_loss_", "best_iter_", "best_validation_score_",
    "best_validation_loss_", "stopped_",
)  # fmt: skip
"""What was seen in training, a number or a text each."""

HISTORY = "history"
"""The tensor of the training curves, a row each."""


def save(model: Estimator, path: str | os.PathLike[str], **more: Any) -> None:
    """Write a fitted estimator to `path`; `more` joins the header. The same model, the same bytes.

    Raises
    ------
    ValueError
        If an activation or the loss is one's own code, or classes are neither text, numbers nor
        booleans.
    """
    theta, header, tensors = to_file(model)
    inputs = header["test_vectors"]["inputs"]
    header["test_rows"] = make_rows(inputs, lambda rows: answers(model, np.array(rows)))
    model_file.write(path, theta, header, tensors, more, load)


def to_file(model: Estimator) -> tuple[NDArray[Any], dict[str, Any], dict[str, NDArray[Any]]]:
    """Theta (P,), a header, and further tensors for a model file; without test rows."""
    check_is_fitted(model)
    network, target = model.network_, model._target
    theta = to_numpy(network.theta)
    objective = network.objective
    if isinstance(target, MixedLabels):
        raw = _with_output(objective.layout, ACTIVATIONS["identity"])
        objective = Objective(raw, squared_error(), objective.alpha, objective.l1)
    names = getattr(model, "feature_names_in_", None)
    curves = {name: column for name, column in model._curves.items() if name != "seconds"}
    history = np.array([*curves.values()], np.float64).reshape(len(curves), -1)
    known: NDArray[np.bool_] = np.asarray(np.isfinite(history).all(axis=1))
    about = {
        "target": target.to_dict(),
        "parameters": parameters_of(model, lambda name: name in NO_PART_OF_THE_MODEL),
        "feature_names": None if names is None else names.tolist(),
        "seen": {name: plain(getattr(model, name)) for name in SEEN if hasattr(model, name)},
        "history": [name for name, whole in zip(curves, known, strict=True) if whole],
    }
    header = objective.to_dict() | {
        "versions": {"scikit-learn": sklearn.__version__},
        "dtype": network._dtype,
        "estimator": about,
        "test_vectors": make_vectors(objective.layout, theta),
    }
    return theta, header, {HISTORY: history[known]} if known.any() else {}


def restore(tensors: Tensors, header: Mapping[str, Any]) -> Estimator:
    """The estimator of the tensors and the header of a model file, the test rows not yet tried.

    Raises
    ------
    ValueError
        If they make no estimator.
    """
    about = fields.mapping(header["estimator"])
    objective = Objective.from_dict(header)
    layout, theta = objective.layout, tensors["theta"]
    if layout.size != theta.size:
        raise ValueError(f"the model file has {theta.size} numbers for {layout.size} parameters")
    if not all(isinstance(layer, Dense) and layer.bias for layer in layout.architecture.layers):
        raise ValueError("an estimator's network has dense layers with biases alone")
    refuse_other_outputs(layout, theta, header["test_vectors"])
    of_target = fields.mapping(about["target"])
    given = {name: restored(v) for name, v in fields.mapping(about["parameters"]).items()}
    model: Estimator
    target: Labels | MixedLabels | Numbers
    if "classes" in of_target:
        model = MLPClassifier(**given)
        target = (MixedLabels if isinstance(of_target["classes"], list) else Labels).from_dict(
            of_target
        )
        model.classes_ = target.classes
    else:
        target = Numbers.from_dict(of_target, objective.loss)
        model = MLPRegressor(**({"loss": target.chosen} | given))
        names = ("loss", "quantile", "huber_delta", "target_scaling")
        target.made_with = {name: getattr(model, name) for name in names}
    model._validate_params()
    if isinstance(target, MixedLabels):
        blocks = _with_output(layout, target.output_activation)
        loss = target.loss(model.label_smoothing)
        objective = Objective(blocks, loss, objective.alpha, objective.l1)
    output = objective.layout.architecture
    if (output.n_outputs, output.output_activation.name) != (
        target.n_outputs, target.output_activation.name
    ):  # fmt: skip
        raise ValueError(f"{output} has no outputs for a target of {target.n_outputs}")
    if [layer.n_out for layer in output.layers[:-1]] != model._hidden_sizes():
        raise ValueError(f"{output} has not the hidden layers of hidden_layer_sizes")
    model._target = target
    network = Network._of(objective, header.get("dtype"))
    network.theta = theta
    model._hold(network)
    model.n_features_in_ = output.n_inputs
    if about["feature_names"] is not None:
        columns = fields.texts(fields.sequence(about["feature_names"], output.n_inputs))
        model.feature_names_in_ = np.array(columns, dtype=object)
    _restore_training(model, about, tensors)
    return model


def _restore_training(model: Estimator, about: Mapping[str, Any], tensors: Tensors) -> None:
    """What was seen in training, and what the shape is called."""
    model._announce()
    for name, value in fields.only(about["seen"], SEEN).items():
        if name == "stopped_":
            fields.text(value)
        elif value is not None:
            fields.number(value)
        setattr(model, name, value)
    names = fields.texts(about["history"])
    history = tensors[HISTORY] if names else np.zeros((0, 0))
    if history.ndim != 2 or len(history) != len(names) or len({*names}) < len(names):
        raise ValueError(f"the history has {len(names)} names for shape {history.shape}")
    model._curves = dict(zip(names, history.tolist(), strict=True))
    model.loss_curve_ = model._curves.get("loss", [])
    model.validation_loss_curve_ = model._curves.get("validation_loss")
    model.validation_scores_ = model._curves.get("validation_score")


def load(tensors: Tensors, header: Mapping[str, Any]) -> Estimator:
    """The estimator of a file; it predicts as the saved one did, or a ValueError says why not."""
    model = restore(tensors, header)
    refuse_other_answers(
        header["test_rows"], lambda rows: answers(model, np.array(rows)), tensors["theta"].dtype
    )
    return model


def answers(model: Estimator, X: Any) -> NDArray[np.float64]:
    """The probabilities or numbers (n, k) that a model gives for X, whatever columns are called."""
    anonymous: Any = copy.copy(model)
    for name in ("feature_names_in_", "_sklearn_output_config"):
        anonymous.__dict__.pop(name, None)
    with np.errstate(all="ignore"):
        if isinstance(model, MLPRegressor):
            found = anonymous.predict(X)
        else:
            found = anonymous.predict_proba(X)
    return np.hstack(found) if isinstance(found, list) else np.asarray(found)


def _with_output(layout: Layout, output: Activation) -> Layout:
    """The same network with another activation of its last layer."""
    *hidden, last = layout.architecture.layers
    changed = Dense(last.n_in, last.n_out, output)
    return Layout(Architecture((*hidden, changed)), layout.settings())
