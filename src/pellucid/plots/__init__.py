"""A plot shows what the numbers mean: training, mistakes, and what a network makes of its inputs.

Every picture is a Display, as scikit-learn has them: `from_estimator`, `from_predictions`,
`.plot(ax=)`, `.ax_`, `.figure_`. It shows itself in a notebook and is written with `save`.
matplotlib loads when a plot is drawn (`pip install "pellucid[plots]"`).
"""

from pellucid.plots.activity import ActivationDisplay
from pellucid.plots.boundary import DecisionBoundaryDisplay
from pellucid.plots.calibration import CalibrationDisplay
from pellucid.plots.comparisons import ComparisonDisplay, moons_comparison, regularisation_strip
from pellucid.plots.confusion import ConfusionMatrixDisplay
from pellucid.plots.display import Display
from pellucid.plots.figures import panels, save, side_by_side
from pellucid.plots.first_layer import FirstLayerDisplay
from pellucid.plots.gradient_flow import GradientFlowDisplay
from pellucid.plots.loss_curve import LossCurveDisplay
from pellucid.plots.network import NetworkDisplay
from pellucid.plots.palette import THEMES, Theme, theme
from pellucid.plots.prediction_error import PredictionErrorDisplay
from pellucid.plots.quantiles import QuantileDisplay
from pellucid.plots.validation_curve import ValidationCurveDisplay

__all__ = [
    "THEMES",
    "ActivationDisplay",
    "CalibrationDisplay",
    "ComparisonDisplay",
    "ConfusionMatrixDisplay",
    "DecisionBoundaryDisplay",
    "Display",
    "FirstLayerDisplay",
    "GradientFlowDisplay",
    "LossCurveDisplay",
    "NetworkDisplay",
    "PredictionErrorDisplay",
    "QuantileDisplay",
    "Theme",
    "ValidationCurveDisplay",
    "moons_comparison",
    "panels",
    "regularisation_strip",
    "save",
    "side_by_side",
    "theme",
]
