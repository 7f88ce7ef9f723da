"""Conversion makes scikit-learn's fitted networks pellucid's, and pellucid's scikit-learn's."""

from __future__ import annotations

from copy import deepcopy
from math import nan
from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from pellucid.activations import activation
from pellucid.architecture import Architecture
from pellucid.arrays import Array, to_numpy
from pellucid.estimators.classifier import MLPClassifier
from pellucid.estimators.convergence import Convergence
from pellucid.estimators.course import Course
from pellucid.estimators.hyperparameters import solver_of
from pellucid.estimators.labels import Labels
from pellucid.estimators.multilayer import Multilayer
from pellucid.estimators.numeric import Numbers
from pellucid.estimators.regressor import MLPRegressor
from pellucid.estimators.start import name_of, network_of
from pellucid.layout import Layout
from pellucid.training import begin

BOTH = (
    "n_iter_", "t_", "loss_", "best_loss_", "loss_curve_", "validation_scores_",
    "best_validation_score_", "n_features_in_", "feature_names_in_", "n_layers_", "n_outputs_",
    "out_activation_",
)  # fmt: skip
"""Attributes that mean the same on both sides."""

ACTIVATIONS = {"identity": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}
"""scikit-learn's name of each activation it has."""

MOMENTS = {"mean": "ms", "square": "vs", "velocity": "velocities"}
"""scikit-learn's name of each of an optimizer's moments."""


NO_COUNTERPART = (
    "scikit-learn has a counterpart of MLPClassifier and MLPRegressor alone (of a pipeline, take "
    "the last step; others can be written with export_python or export_onnx)"
)
"""What is said of models of other kinds."""


def from_sklearn(model: Any) -> MLPClassifier | MLPRegressor:
    """The pellucid estimator with the parameters, weights and state of scikit-learn's `model`.

    Weights are the same numbers. With `warm_start=True`, or by `partial_fit`, its training goes on
    from there, optimizer and random state included.

    Raises
    ------
    TypeError
        If it is no MLPClassifier or MLPRegressor of scikit-learn's.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0.0, 1.0])
    >>> theirs = neural_network.MLPRegressor(solver="lbfgs", random_state=0).fit(X, y)
    >>> ours = from_sklearn(theirs)
    >>> bool((ours.coefs_[0] == theirs.coefs_[0]).all())
    True
    """
    kinds = {
        neural_network.MLPClassifier: MLPClassifier, neural_network.MLPRegressor: MLPRegressor
    }  # fmt: skip
    kind = next((ours for theirs, ours in kinds.items() if isinstance(model, theirs)), None)
    if kind is None:
        raise TypeError(
            f"model is a {type(model).__name__}: expected scikit-learn's MLPClassifier or "
            "MLPRegressor (of a pipeline, its last step)"
        )
    ours: Any = kind(**model.get_params(deep=False))
    if not hasattr(model, "coefs_"):
        return ours
    for name in BOTH:
        if hasattr(model, name):
            setattr(ours, name, deepcopy(getattr(model, name)))
    if isinstance(ours, MLPClassifier):
        ours._target = Labels(deepcopy(model._label_binarizer))
        ours.classes_ = ours._target.classes
    else:
        ours._target = Numbers(np.zeros((1, model.n_outputs_)), model.loss)
        ours._target.made_with = {"loss": model.loss}
    sizes = [model.coefs_[0].shape[0], *(len(b) for b in model.intercepts_)]
    architecture = Architecture.of(sizes, model.activation, ours._target.output_activation)
    theta = _flat(model.coefs_, model.intercepts_)
    network = network_of(ours, architecture)
    network.theta = theta
    ours._hold(network)
    ours._course = _course(model, ours, theta)
    ours._is_partial = hasattr(model, "_optimizer")
    ours.validation_loss_curve_, ours.best_validation_loss_, ours.stopped_ = None, None, ""
    watched = ours.validation_scores_ if model.early_stopping else ours._course.curves["loss"]
    best = np.argmax(watched) if model.early_stopping and watched else np.argmin(watched or [0])
    ours.best_iter_ = int(best) + 1 if watched else 0
    ours._curves = ours._course.curves
    return ours


def to_sklearn(model: MLPClassifier | MLPRegressor) -> Any:
    """The scikit-learn estimator with the parameters, weights and state of pellucid's `model`.

    Weights are the same numbers, except that a target scaling becomes part of the last layer's.
    Parameters that scikit-learn does not have are left behind: they are about training.

    Raises
    ------
    TypeError
        If it is no MLPClassifier or MLPRegressor of pellucid's.
    ValueError
        If scikit-learn has no such network: another activation, several of them, or another
        output or loss.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    >>> ours = MLPClassifier(solver="lbfgs", random_state=0).fit(X, y)
    >>> ours.to_sklearn().predict(X).tolist()
    [0, 1]
    """
    if not isinstance(model, MLPClassifier | MLPRegressor):
        raise TypeError(f"model is a {type(model).__name__}: {NO_COUNTERPART}")
    kind = neural_network.MLPClassifier
    if isinstance(model, MLPRegressor):
        kind = neural_network.MLPRegressor
    theirs = kind()
    theirs.set_params(**_parameters_for(model, theirs))
    if not hasattr(model, "coefs_"):
        return theirs
    for name in BOTH:
        if hasattr(model, name):
            setattr(theirs, name, deepcopy(getattr(model, name)))
    network = model._network_now()
    theirs.coefs_ = [to_numpy(W).copy() for W in network.weights]
    theirs.intercepts_ = [to_numpy(b).copy() for b in network.biases]
    theirs._no_improvement_count = 0
    theirs._best_coefs = [W.copy() for W in theirs.coefs_]
    theirs._best_intercepts = [b.copy() for b in theirs.intercepts_]
    if isinstance(model, MLPClassifier):
        theirs._label_binarizer = deepcopy(model._target.binarizer)
        theirs.classes_ = theirs._label_binarizer.classes_
    elif isinstance(model, MLPRegressor) and (scaler := model._target.scaler) is not None:
        dtype = theirs.coefs_[-1].dtype
        theirs.coefs_[-1] = (theirs.coefs_[-1] * scaler.scale).astype(dtype)
        theirs.intercepts_[-1] = (theirs.intercepts_[-1] * scaler.scale + scaler.shift).astype(
            dtype
        )
    course = getattr(model, "_course", None)
    if course is not None:
        theirs._random_state = deepcopy(course.random_state)
        theirs._no_improvement_count = course.convergence.unimproved
        if model.solver in ("sgd", "adam") and course.state.moments:
            theirs._optimizer = _their_optimizer(theirs, course, network.layout)
    return theirs


def _parameters_for(model: Multilayer, theirs: Any) -> dict[str, Any]:
    """The parameters that scikit-learn has, in its words."""
    parameters = {name: value for name, value in model.get_params(deep=False).items()
                  if name in theirs.get_params(deep=False)}  # fmt: skip
    target = getattr(model, "_target", None)
    if target is not None:
        output = target.output_activation.name
        if output not in ("identity", "exp", "sigmoid", "softmax"):
            raise ValueError("scikit-learn has no network for several targets with classes each")
        names = {layer.activation.name for layer in model._network.architecture.layers[:-1]}
    else:
        given = model.activation if isinstance(model.activation, list) else [model.activation]
        names = {activation(of_one).name for of_one in given}
    names = {ACTIVATIONS.get(name, name) for name in names} or {"identity"}
    if len(names) > 1 or not names <= set(ACTIVATIONS.values()):
        raise ValueError(
            f"activation is {model.activation!r}: scikit-learn has one of "
            f"{', '.join(ACTIVATIONS.values())} for all hidden layers"
        )
    parameters["activation"] = names.pop()
    if parameters.get("loss") not in (None, "squared_error", "poisson"):
        if target is not None and target.several:
            raise ValueError("scikit-learn has no network for several quantiles")
        parameters["loss"] = "squared_error"  # its output is the same
    for name, known in (
        ("solver", ("lbfgs", "sgd", "adam")),
        ("learning_rate", ("constant", "invscaling", "adaptive")),
    ):
        if parameters[name] not in known:
            del parameters[name]
    if not isinstance(parameters["batch_size"], int) and parameters["batch_size"] != "auto":
        del parameters["batch_size"]
    return parameters


def _flat(coefs: Any, intercepts: Any) -> Array:
    """Theta, or any list like it: for each layer W row-major, then b."""
    pairs = zip(coefs, intercepts, strict=True)
    return np.concatenate([np.ravel(part) for pair in pairs for part in pair])


def _course(model: Any, ours: Any, theta: Array) -> Course:
    """Where scikit-learn's training stands."""
    state = begin(theta, solver_of(ours))
    moments = state.moments
    theirs, rate = getattr(model, "_optimizer", None), float(model.learning_rate_init)
    if moments and theirs is not None:
        half = len(model.coefs_)
        for name in moments:
            if name == "t":
                moments[name] = theirs.t
            else:
                arrays = getattr(theirs, MOMENTS[name])
                moments[name] = _flat(arrays[:half], arrays[half:])
        if ours.solver == "sgd":
            rate = float(theirs.learning_rate)
    watch = Convergence(ours.tol, ours.n_iter_no_change)
    if getattr(model, "best_validation_score_", None) is not None:
        watch.best = -model.best_validation_score_
    elif getattr(model, "best_loss_", None) is not None:
        watch.best = model.best_loss_
    watch.unimproved = getattr(model, "_no_improvement_count", 0)
    if hasattr(model, "_best_coefs") and model.early_stopping:
        watch.best_theta = _flat(model._best_coefs, model._best_intercepts)
    curve = list(getattr(model, "loss_curve_", ()))
    course = Course(
        deepcopy(model._random_state), state, watch,
        float(model.learning_rate_init), name_of(solver_of(ours)), len(curve), model.t_,
        None, _curves(model, curve), theta.copy(),
    )  # fmt: skip
    course.rate = rate
    return course


def _curves(model: Any, losses: list[float]) -> dict[str, list[float]]:
    """The columns of the history, with NaN for what scikit-learn did not write down."""
    curves: dict[str, list[float]] = {"epoch": list(range(1, len(losses) + 1)), "loss": losses}
    if scores := getattr(model, "validation_scores_", None):
        curves["validation_score"] = list(scores)
    return curves | {name: [nan] * len(losses) for name in ("learning_rate", "seconds")}


def _their_optimizer(theirs: Any, course: Course, layout: Layout) -> Any:
    """scikit-learn's optimizer with the moments of ours."""

    def listed(moment: Array) -> list[Array]:
        arrays = [[np.array(a) for a in layer] for layer in layout.views(to_numpy(moment))]
        return [W for W, _ in arrays] + [b for _, b in arrays]

    parameters = theirs.coefs_ + theirs.intercepts_
    if theirs.solver == "adam":
        adam = AdamOptimizer(
            parameters, theirs.learning_rate_init, theirs.beta_1, theirs.beta_2, theirs.epsilon
        )
        adam.ms, adam.vs = (listed(course.state.moments[name]) for name in ("mean", "square"))
        adam.t = course.state.moments["t"]
        return adam
    sgd = SGDOptimizer(
        parameters, theirs.learning_rate_init, theirs.learning_rate, theirs.momentum,
        theirs.nesterovs_momentum, theirs.power_t,
    )  # fmt: skip
    sgd.velocities = listed(course.state.moments["velocity"])
    sgd.learning_rate = course.rate
    return sgd
