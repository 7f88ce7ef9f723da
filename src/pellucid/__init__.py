"""pellucid: a feed-forward neural network you can read, check, watch and use in earnest.

Importing it needs NumPy alone. `Network` is where to start; `pellucid.datasets` has data to play
with, `pellucid.plots` pictures, and `pellucid --help` the same from the command line.
"""

from typing import TYPE_CHECKING, Any

from pellucid.activations import ACTIVATIONS, Activation
from pellucid.architecture import Architecture
from pellucid.engines import ENGINES
from pellucid.events import Event, print_loss
from pellucid.history import History
from pellucid.initializers import INITIALIZERS
from pellucid.layers import LAYERS, Dense, Scale
from pellucid.layout import Layout, Segment
from pellucid.losses import LOSSES, Loss
from pellucid.model import Network
from pellucid.objective import Objective
from pellucid.optimizers import OPTIMIZERS, Optimizer
from pellucid.samples import ScaleWarning, one_hot
from pellucid.scaling import SCALERS, Scaler
from pellucid.schedules import SCHEDULES
from pellucid.solvers import SOLVERS
from pellucid.training import DivergenceWarning
from pellucid.version import __version__

if TYPE_CHECKING:
    from pellucid.attribution import Attribution, Importance, attribute, permutation_importance
    from pellucid.comparison import Comparison, compare
    from pellucid.deriving import Derivation, derivation
    from pellucid.diagnosis import Diagnosis, Finding, doctor
    from pellucid.estimators import MLPClassifier, MLPRegressor, from_sklearn, to_sklearn
    from pellucid.explaining import explain
    from pellucid.explanation import Explanation
    from pellucid.export import export_c, export_json, export_onnx, export_python
    from pellucid.gradient_check import GradientCheck, check_gradient
    from pellucid.importing import from_onnx, from_skops, from_torch, import_model
    from pellucid.metrics import classification_report, regression_report
    from pellucid.model_check import ModelCheck, check
    from pellucid.predictor import Predictor
    from pellucid.recipe import Recipe
    from pellucid.reporting import ModelCard, Report, model_card, report
    from pellucid.saving import load, save
    from pellucid.search import Tuning, tune
    from pellucid.studios import studio
    from pellucid.tabular import TableWarning, TabularClassifier, TabularRegressor

__all__ = [
    "ACTIVATIONS",
    "ENGINES",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "OPTIMIZERS",
    "SCALERS",
    "SCHEDULES",
    "SOLVERS",
    "Activation",
    "Architecture",
    "Attribution",
    "Comparison",
    "Dense",
    "Derivation",
    "Diagnosis",
    "DivergenceWarning",
    "Event",
    "Explanation",
    "Finding",
    "GradientCheck",
    "History",
    "Importance",
    "Layout",
    "Loss",
    "MLPClassifier",
    "MLPRegressor",
    "ModelCard",
    "ModelCheck",
    "Network",
    "Objective",
    "Optimizer",
    "Predictor",
    "Recipe",
    "Report",
    "Scale",
    "ScaleWarning",
    "Scaler",
    "Segment",
    "TableWarning",
    "TabularClassifier",
    "TabularRegressor",
    "Tuning",
    "__version__",
    "attribute",
    "check",
    "check_gradient",
    "classification_report",
    "compare",
    "derivation",
    "doctor",
    "explain",
    "export_c",
    "export_json",
    "export_onnx",
    "export_python",
    "from_onnx",
    "from_sklearn",
    "from_skops",
    "from_torch",
    "import_model",
    "load",
    "model_card",
    "one_hot",
    "permutation_importance",
    "print_loss",
    "regression_report",
    "report",
    "save",
    "studio",
    "to_sklearn",
    "tune",
]

_LATER = {
    "Attribution": "attribution",
    "Importance": "attribution",
    "attribute": "attribution",
    "permutation_importance": "attribution",
    "Comparison": "comparison",
    "compare": "comparison",
    "Derivation": "deriving",
    "derivation": "deriving",
    "Diagnosis": "diagnosis",
    "Finding": "diagnosis",
    "doctor": "diagnosis",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "from_sklearn": "estimators",
    "to_sklearn": "estimators",
    "explain": "explaining",
    "Explanation": "explanation",
    "export_c": "export",
    "export_json": "export",
    "export_onnx": "export",
    "export_python": "export",
    "GradientCheck": "gradient_check",
    "check_gradient": "gradient_check",
    "from_onnx": "importing",
    "from_skops": "importing",
    "from_torch": "importing",
    "import_model": "importing",
    "classification_report": "metrics",
    "regression_report": "metrics",
    "ModelCheck": "model_check",
    "check": "model_check",
    "Predictor": "predictor",
    "Recipe": "recipe",
    "ModelCard": "reporting",
    "Report": "reporting",
    "model_card": "reporting",
    "report": "reporting",
    "load": "saving",
    "save": "saving",
    "Tuning": "search",
    "tune": "search",
    "studio": "studios",
    "TableWarning": "tabular",
    "TabularClassifier": "tabular",
    "TabularRegressor": "tabular",
}
"""What is imported when it is first asked for, and the module it comes from."""


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in ("datasets", "plots"):
        return import_module(f"pellucid.{name}")
    if name not in _LATER:
        raise AttributeError(f"module 'pellucid' has no attribute {name!r}")
    value = getattr(import_module(f"pellucid.{_LATER[name]}"), name)
    globals()[name] = value
    return value
