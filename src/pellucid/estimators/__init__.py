"""An estimator is a network with scikit-learn's names: `fit`, `predict`, `score`, and the rest."""

try:
    import sklearn.callback as _new_in_1_9  # noqa: F401
except ImportError as error:
    raise ImportError(
        "the estimators need scikit-learn 1.9 or newer: pip install 'pellucid[estimators]'"
    ) from error

from pellucid.estimators.classifier import MLPClassifier
from pellucid.estimators.conversion import from_sklearn, to_sklearn
from pellucid.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "from_sklearn", "to_sklearn"]
