"""The kinds of pictures: what each shows, what it needs, and how it is drawn.

The table drives `pellucid plot` and its help, the report and the gallery.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.pictures import drawing, fit, words
from pellucid.pictures.scene import Scene
from pellucid.registry import near

if TYPE_CHECKING:
    from pellucid.plots.display import Display

NO_MODEL, NOTHING, ROWS, ANSWERS = "no model", "MODEL", "MODEL DATA", "MODEL DATA with answers"
"""What a picture needs."""

JUDGING = ("confusion", "calibration", "errors", "residuals", "quantiles")
"""Pictures that flatter a model where they are of rows that it has learnt from."""

ANY, CLASSES, NUMBERS = "any", "classification", "regression"
"""The task of the models that a picture can be of."""


@dataclass(frozen=True)
class Picture:
    """A kind of picture.

    Parameters
    ----------
    name : as `pellucid plot` takes it.
    display : the class that draws it, as `module.Class` in `pellucid.plots`.
    shows : what, in a line.
    needs : `NO_MODEL`, `NOTHING` but one, `ROWS`, or `ANSWERS`, which are rows with their answers.
    of : models of `ANY` task, or of `CLASSES` or `NUMBERS` alone.
    draw : makes the display of a scene in a style, drawn.
    words : what it shows, with its numbers.
    unfit : why it cannot be of a model of that task; "" if it can.
    reported : whether a report has it where it fits.
    option : of `pellucid plot` that is for it.
    """

    name: str
    display: str
    shows: str
    needs: str
    of: str
    draw: Callable[[Scene, str], Display]
    words: Callable[[Any], str]
    unfit: Callable[[Scene], str] = lambda scene: ""
    reported: bool = True
    option: str = ""

    @property
    def judges(self) -> bool:
        """Whether it holds what the model says against the right answers."""
        return self.name in JUDGING

    def why_not(self, scene: Scene) -> str:
        """Why it cannot be drawn of that model; "" if it can, given what it needs."""
        if self.of != ANY and scene.subject.task != self.of:
            does = "predicts numbers" if self.of == CLASSES else "tells classes apart"
            return f"it is of {self.of}, and this model {does}"
        return self.unfit(scene)


def picture(name: str) -> Picture:
    """The picture of that name.

    Raises
    ------
    ValueError
        If there is none; those that there are are named.
    """
    if name not in PICTURES:
        raise ValueError(f"no picture is called {name!r}: {near(name, PICTURES)}")
    return PICTURES[name]


def fitting(scene: Scene) -> list[Picture]:
    """The pictures that can be drawn of a scene's model, whatever else they need."""
    of_models = (each for each in PICTURES.values() if each.needs != NO_MODEL)
    return [each for each in of_models if not each.why_not(scene)]


PICTURES = {
    each.name: each
    for each in (
        Picture(
            "loss-curve", "LossCurveDisplay",
            "the loss by epoch, as far as training kept it",
            NOTHING, ANY, drawing.loss_curve, words.of_loss_curve, fit.trained,
        ),
        Picture(
            "confusion", "ConfusionMatrixDisplay",
            "the rows of each class by the class they were taken for",
            ANSWERS, CLASSES, drawing.confusion, words.of_confusion, fit.exclusive,
        ),
        Picture(
            "calibration", "CalibrationDisplay",
            "how often it was so, by how probable it was said to be",
            ANSWERS, CLASSES, drawing.calibration, words.of_calibration, fit.exclusive,
        ),
        Picture(
            "errors", "PredictionErrorDisplay",
            "each row's true number by the one predicted",
            ANSWERS, NUMBERS, drawing.errors("actual_vs_predicted"), words.of_prediction_error,
        ),
        Picture(
            "residuals", "PredictionErrorDisplay",
            "by how much each prediction is off, by what was predicted",
            ANSWERS, NUMBERS, drawing.errors("residual_vs_predicted"), words.of_residuals,
        ),
        Picture(
            "quantiles", "QuantileDisplay",
            "bands that hold so many rows, along one column",
            ROWS, NUMBERS, drawing.quantiles, words.of_quantiles, fit.gives_quantiles,
            option="--features",
        ),
        Picture(
            "boundary", "DecisionBoundaryDisplay",
            "what it answers all over a plane of two columns",
            ROWS, ANY, drawing.boundary, words.of_boundary, fit.has_a_plane,
            option="--features",
        ),
        Picture(
            "network", "NetworkDisplay",
            "units and weights, and for one row what runs through them",
            NOTHING, ANY, drawing.network, words.of_network, option="--row",
        ),
        Picture(
            "weights", "FirstLayerDisplay",
            "the weights of the first layer as images, where its inputs are pixels",
            NOTHING, ANY, drawing.weights, words.of_weights, fit.sees_pixels,
        ),
        Picture(
            "activations", "ActivationDisplay",
            "how often each layer's units give what, and how many are stuck",
            ROWS, ANY, drawing.activations, words.of_activations,
        ),
        Picture(
            "gradients", "GradientFlowDisplay",
            "the size of the gradient, part by part",
            ANSWERS, ANY, drawing.gradients, words.of_gradients,
        ),
        Picture(
            "validation-curve", "ValidationCurveDisplay",
            "the score by a setting, each value trained anew in five folds",
            ANSWERS, ANY, drawing.validation_curve, words.of_validation_curve, fit.is_estimator,
            reported=False, option="--over",
        ),
        Picture(
            "moons", "ComparisonDisplay",
            "what 1 to 50 hidden units make of two moons",
            NO_MODEL, ANY, drawing.moons, words.of_comparison, reported=False,
        ),
        Picture(
            "regularisation", "ComparisonDisplay",
            "what an L2 penalty of 0 to 10 makes of two moons",
            NO_MODEL, ANY, drawing.regularisation, words.of_comparison, reported=False,
        ),
    )
}  # fmt: skip
"""By name, in the order in which a report has them."""
