"""A subject is a fitted model of any kind, opened to be looked into.

    table -> columns -> inputs of each network -> outputs -> what the model answers

Whatever explains, checks or draws a model asks its subject, so that it works for all kinds alike: a
bare `Network`, an estimator, a `Predictor`, a bag of networks, a pipeline, or the file of any.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from pellucid.saving import load
from pellucid.subject.base import CELL, LEVEL, MISSING, NUMERIC, Input, Subject

__all__ = ["CELL", "LEVEL", "MISSING", "NUMERIC", "Input", "Subject", "subject_of"]

OPENERS = {
    "pellucid.model.Network": "arrays.NetworkSubject",
    "pellucid.estimators.multilayer.Multilayer": "arrays.EstimatorSubject",
    "pellucid.predictor.Predictor": "tables.PredictorSubject",
    "pellucid.tabular.estimator.Tabular": "tables.BagSubject",
    "sklearn.pipeline.Pipeline": "pipelines.PipelineSubject",
}
"""What opens each class of models. They load, with what they need, when they are called."""


def subject_of(model: Any) -> Subject:
    """The subject of a fitted model, or of the model file at a path; a subject is one itself.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        If it is no fitted model of pellucid's, or no path of one.

    Examples
    --------
    >>> from pellucid import Network
    >>> subject = subject_of(Network([2, 3, 1], output_activation="sigmoid", seed=0))
    >>> subject.columns, subject.task, subject.answers([1.0, 2.0]).shape
    (('x1', 'x2'), 'classification', (1, 2))
    """
    if isinstance(model, Subject):
        return model
    if isinstance(model, str | os.PathLike):
        model = load(model)
    for kind in type(model).__mro__:
        name = f"{kind.__module__}.{kind.__name__}"
        if name in OPENERS:
            module, _, opener = OPENERS[name].partition(".")
            subject: Subject = getattr(import_module(f"{__name__}.{module}"), opener)(model)
            return subject
    raise TypeError(
        f"{type(model).__name__} cannot be looked into: expected a fitted Network, MLPClassifier, "
        "MLPRegressor, TabularClassifier, TabularRegressor, Predictor, a Pipeline that ends in one "
        "of them, or the path of a model file"
    )
