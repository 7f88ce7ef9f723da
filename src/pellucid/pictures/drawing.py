"""Drawing is how each picture is made of a scene; matplotlib loads when one is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.pictures.fit import numbers
from pellucid.pictures.scene import Scene
from pellucid.registry import near

if TYPE_CHECKING:
    from pellucid.plots import Display

ROWS_INSIDE = 2000
"""Rows at the most on which a network is looked into."""

POINTS = 1500
"""Rows at the most that are drawn on a plane."""

HIDDEN, ALPHAS = ((5,), (10,), (20,), (50,), (100,)), (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""What a validation curve goes over where it is not said."""


def loss_curve(scene: Scene, style: str) -> Display:
    """The training of a model that knows it."""
    from pellucid.plots import LossCurveDisplay

    return LossCurveDisplay.from_estimator(scene.subject.model, style=style)


def confusion(scene: Scene, style: str) -> Display:
    """Classes and what they were taken for."""
    from pellucid.plots import ConfusionMatrixDisplay

    names = [str(label) for label in scene.subject.classes or ()]
    found = scene.answers.argmax(axis=1)
    return ConfusionMatrixDisplay.from_predictions(
        scene.codes, found, labels=range(len(names)), display_labels=names, style=style
    )


def calibration(scene: Scene, style: str) -> Display:
    """What was said and what was so."""
    from pellucid.plots import CalibrationDisplay

    names = [str(label) for label in scene.subject.classes or ()]
    of = names[1] if len(names) == 2 else None
    return CalibrationDisplay.from_predictions(scene.codes, scene.answers, of=of, style=style)


def errors(kind: str) -> Callable[[Scene, str], Display]:
    """What was predicted and what was true, of the first number that is predicted."""

    def draw(scene: Scene, style: str) -> Display:
        from pellucid.plots import PredictionErrorDisplay

        y = np.asarray(scene.y, np.float64).reshape(len(scene.answers), -1)[:, 0]
        return PredictionErrorDisplay.from_predictions(
            y,
            scene.answers[:, scene.single or 0],
            kind=kind,
            name=scene.subject.target_name,
            style=style,
        )

    return draw


def quantiles(scene: Scene, style: str) -> Display:
    """Bands along a column: the one asked for, or the first of numbers."""
    from pellucid.plots import QuantileDisplay

    feature = scene.features[0] if scene.features else numbers(scene)[0]
    return QuantileDisplay.from_estimator(
        scene.subject, scene.X, scene.y, feature=feature, style=style
    )


def boundary(scene: Scene, style: str) -> Display:
    """A plane of two columns: those asked for, or those that move the answer most."""
    from pellucid.plots import DecisionBoundaryDisplay

    pair = None
    if scene.features:
        if len(scene.features) != 2:
            raise ValueError(f"features is {', '.join(scene.features)}: a plane is of two columns")
        pair = (scene.features[0], scene.features[1])
    some = scene.some(POINTS)
    return DecisionBoundaryDisplay.from_estimator(
        scene.subject, some.X, some.y, features=pair, style=style
    )


def network(scene: Scene, style: str) -> Display:
    """The first network, with one row's activations if one was asked for."""
    from pellucid.plots import NetworkDisplay

    return NetworkDisplay.from_estimator(scene.subject, scene.one, style=style)


def weights(scene: Scene, style: str) -> Display:
    """The first layer of the first network."""
    from pellucid.plots import FirstLayerDisplay

    return FirstLayerDisplay.from_estimator(scene.subject, style=style)


def activations(scene: Scene, style: str) -> Display:
    """The layers of the first network on some rows."""
    from pellucid.plots import ActivationDisplay

    some = scene.some(ROWS_INSIDE)
    return ActivationDisplay.from_estimator(scene.subject, some.X, style=style)


def gradients(scene: Scene, style: str) -> Display:
    """The gradient of the first network on some rows."""
    from pellucid.plots import GradientFlowDisplay

    some = scene.some(ROWS_INSIDE)
    return GradientFlowDisplay.from_estimator(scene.subject, some.X, some.y, style=style)


def validation_curve(scene: Scene, style: str) -> Display:
    """The score by a setting of an estimator, or of the last step of a pipeline."""
    from pellucid.plots import ValidationCurveDisplay

    name, values = scene.over or ("alpha", ALPHAS)
    model: Any = scene.subject.model
    known = (model.steps[-1][1] if hasattr(model, "steps") else model).get_params(deep=False)
    if name not in known:
        raise ValueError(f"{name!r} is no setting of the model: {near(name, known)}")
    if hasattr(model, "steps"):
        name = f"{model.steps[-1][0]}__{name}"
    return ValidationCurveDisplay.from_estimator(
        model, scene.X, scene.y, param_name=name, param_range=list(values), style=style
    )


def moons(scene: Scene | None, style: str) -> Display:
    """Two moons by the hidden size."""
    from pellucid.plots import moons_comparison

    return moons_comparison(style=style)


def regularisation(scene: Scene | None, style: str) -> Display:
    """Two moons by lambda."""
    from pellucid.plots import regularisation_strip

    return regularisation_strip(style=style)
