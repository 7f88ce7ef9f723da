"""A start is the network and the course that a fit begins with: new ones, or those there are."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

from pellucid import training
from pellucid.architecture import Architecture
from pellucid.arrays import Array, array_like, namespace, to_numpy
from pellucid.estimators.convergence import Convergence
from pellucid.estimators.course import Course
from pellucid.estimators.hyperparameters import solver_of
from pellucid.model import Network
from pellucid.optimizers import Optimizer
from pellucid.sparse import is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.estimators.multilayer import Multilayer


def begin(e: Multilayer, X: Array, y: NDArray[Any]) -> None:
    """A new network with the first weights, drawn as scikit-learn draws them."""
    e._target = e._target_of(y)
    e._announce()
    random_state = check_random_state(e.random_state)
    sizes = [X.shape[1], *e._hidden_sizes(), e._target.n_outputs]
    like = X.data if is_sparse(X) else X
    if isinstance(like, np.ndarray):
        dtype = like.dtype.name
    else:
        dtype = "float32" if like.dtype == namespace(like).float32 else "float64"
    architecture = Architecture.of(sizes, e._activations(), e._target.output_activation)
    factor = 2.0 if e.activation in ("logistic", "sigmoid") else 6.0
    theta = _drawn(architecture, factor, random_state).astype(dtype)
    network = network_of(e, architecture)
    network.theta = array_like(theta, like)
    e._hold(network)
    e._course = _new_course(e, random_state)
    e._curves = {}


def go_on(e: Multilayer, X: Array) -> None:
    """The network as it is, with whatever hyperparameters may have changed since."""
    network = e._network_now()
    hidden = [layer.n_out for layer in network.architecture.layers[:-1]]
    if hidden != e._hidden_sizes():
        raise ValueError(
            f"hidden_layer_sizes is {e._hidden_sizes()} and the fitted network has "
            f"{hidden}: set warm_start=False to begin anew"
        )
    like = X.data if is_sparse(X) else X
    theta = array_like(to_numpy(network.theta), like)
    architecture = Architecture.of(
        [network.architecture.n_inputs, *hidden, network.architecture.n_outputs],
        e._activations(),
        network.architecture.output_activation,
    )
    course = getattr(e, "_course", None)
    if course is None:
        course = _new_course(e, check_random_state(e.random_state))
    network = network_of(e, architecture)
    network.theta = theta
    e._hold(network)
    as_handed_out = course.given is not None and np.array_equal(
        to_numpy(course.given), to_numpy(theta)
    )
    start = course.state.theta if as_handed_out else theta
    start = array_like(to_numpy(start), like)
    solver, state = solver_of(e), training.begin(start, solver_of(e))
    if course.solver == name_of(solver):
        state.moments = {
            name: array_like(to_numpy(m), like) if np.ndim(m) else m
            for name, m in course.state.moments.items()
        }
    course.solver, course.state = name_of(solver), state
    if course.rate_at_first != e.learning_rate_init:
        course.rate = course.rate_at_first = float(e.learning_rate_init)
    course.convergence.tol = e.tol
    course.convergence.patience = e.n_iter_no_change
    e._course = course


def _new_course(e: Multilayer, random_state: np.random.RandomState) -> Course:
    solver = solver_of(e)
    return Course(
        random_state,
        training.begin(e._network.theta, solver),
        Convergence(e.tol, e.n_iter_no_change),
        float(e.learning_rate_init),
        name_of(solver),
    )


def name_of(solver: str | Optimizer) -> str:
    """What a solver is called."""
    return solver if isinstance(solver, str) else solver.name


def network_of(e: Multilayer, architecture: Architecture) -> Network:
    """The network that the hyperparameters mean."""
    layers = len(architecture.layers)
    frozen = {}
    for number in e.frozen:
        if (
            isinstance(number, bool)
            or not hasattr(number, "__index__")
            or not (-layers <= number < layers)
        ):
            raise ValueError(
                f"frozen names layer {number!r}: expected whole numbers from 0 to "
                f"{layers - 1}, or from -1 down, counted from the end"
            )
        frozen[f"layer{number % layers + 1}.*"] = {"frozen": True}
    made_of = (architecture, e._target, getattr(e, "label_smoothing", None), e.alpha,
               e.l1, tuple(e.frozen), e.engine, e.n_threads)  # fmt: skip
    if getattr(e, "_made_of", None) == made_of:  # its engine knows it already
        return Network.like(e._network)
    e._made_of = made_of
    return Network(
        architecture, loss=e._loss(), initializer=0.0, alpha=e.alpha, l1=e.l1,
        segments=frozen, engine=e.engine, n_threads=e.n_threads,
    )  # fmt: skip


def _drawn(
    architecture: Architecture, factor: float, random_state: np.random.RandomState
) -> NDArray[np.float64]:
    """First weights and biases, from scikit-learn's distribution and in its order.

    U(-b, b) with b = sqrt(factor / (n_in + n_out)): Glorot and Bengio (2010), for whom it is 6,
    and 2 for units of the logistic function.
    """
    pieces = []
    for layer in architecture.layers:
        bound = sqrt(factor / (layer.n_in + layer.n_out))
        pieces.append(random_state.uniform(-bound, bound, layer.n_in * layer.n_out))
        pieces.append(random_state.uniform(-bound, bound, layer.n_out))
    return np.concatenate(pieces)
