"""scikit-learn's MLPClassifier, without a penalty and never stopping early."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from work import Array, NotOfferedError, Work

NEVER = 10**9


class SklearnModel:
    """An MLPClassifier that starts warm, which is its way to be given first weights."""

    def __init__(self, neural_network: Any, work: Work) -> None:
        self.work, self.classes = work, work.classes
        n_classes = work.sizes[-1]
        self.classifier = neural_network.MLPClassifier(
            hidden_layer_sizes=work.sizes[1:-1], activation=work.hidden, solver=work.solver,
            alpha=0.0, batch_size=work.batch, learning_rate_init=work.learning_rate, tol=0.0,
            n_iter_no_change=NEVER, warm_start=True, max_iter=1,
        )  # fmt: skip
        self.kind = work.X.dtype
        one_of_each = np.zeros((n_classes, work.sizes[0]), self.kind)
        with warnings.catch_warnings():  # ten rows are fewer than a batch, and one epoch is few
            warnings.simplefilter("ignore")
            self.classifier.fit(one_of_each, np.arange(n_classes))
        self.reset(seed=0)

    def reset(self, seed: int) -> None:
        """Back to the first weights; `fit` makes a new optimizer by itself."""
        self.classifier.set_params(random_state=seed)
        self.classifier.coefs_ = [W.copy() for W in self.work.weights]
        self.classifier.intercepts_ = [b.copy() for b in self.work.biases]

    def train(self, epochs: int, shuffle: bool) -> float:
        """Train from the weights as they are."""
        self.classifier.set_params(max_iter=epochs, shuffle=shuffle)
        with warnings.catch_warnings():  # that the last epoch was not the end of learning
            warnings.simplefilter("ignore")
            self.classifier.fit(self.work.X, self.classes)
        return float(self.classifier.loss_)

    def predictor(self, X: Array) -> Callable[[], Any]:
        """The plain method; one row must be a table of one row."""
        return partial(self.classifier.predict_proba, np.atleast_2d(X))


class Sklearn:
    """scikit-learn, whose threads are those of NumPy's BLAS."""

    def __init__(self) -> None:
        self.version: str = import_module("sklearn").__version__
        self.neural_network = import_module("sklearn.neural_network")

    def model(self, work: Work) -> SklearnModel:
        """The network of `work`, if it is a softmax classifier."""
        if (work.output, work.loss) != ("softmax", "cross_entropy"):
            raise NotOfferedError(f"no {work.output} output with {work.loss}")
        missing = set(range(work.sizes[-1])) - set(work.classes.tolist())
        if missing and work.X.ndim == 2 and len(work.X) > 1:
            raise NotOfferedError(f"training needs a row of every class, and {missing} have none")
        return SklearnModel(self.neural_network, work)


def start(threads: int | None) -> Sklearn:
    """Load scikit-learn; the environment has set the threads."""
    return Sklearn()
