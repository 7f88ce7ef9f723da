"""An estimator is a network with scikit-learn's names: `fit`, `predict`, `score`, and the rest."""

from pellucid.estimators.classifier import MLPClassifier
from pellucid.estimators.conversion import from_sklearn
from pellucid.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "from_sklearn"]
