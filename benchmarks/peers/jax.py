"""JAX with whole trainings compiled: a loop over epochs, in each a scan over its steps.

Nothing goes back to Python between the first step and the last. Compiling is the first call, which
is timed by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from work import Array, NotOfferedError, Work

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


class JaxModel:
    """A list of (W, b) and the two functions that are compiled for it."""

    def __init__(self, jax: Any, work: Work) -> None:
        self.jax, self.jnp, self.work = jax, jax.numpy, work
        jax.config.update("jax_enable_x64", work.X.dtype == np.float64)
        self.X, self.Y = self.jnp.asarray(work.X), self.jnp.asarray(work.Y)
        self.hidden = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[work.hidden]
        self.trained = jax.jit(self._train, static_argnames="shuffle")
        self.predicted = jax.jit(self._outputs)
        self.reset(seed=0)

    def reset(self, seed: int) -> None:
        """Back to the first weights; the optimizer's moments live within a training."""
        layers = [[W, *self.work.biases[i : i + 1]] for i, W in enumerate(self.work.weights)]
        self.key = self.jax.random.key(seed)
        self.parameters = self.jax.tree.map(self.jnp.asarray, layers)

    def train(self, epochs: int, shuffle: bool) -> float:
        """One compiled call."""
        self.parameters, loss = self.trained(
            self.parameters, self.X, self.Y, self.key, epochs, shuffle=shuffle
        )
        return float(loss)

    def predictor(self, X: Array) -> Callable[[], Any]:
        """The compiled function on an array of JAX's own, waited for."""
        call = partial(self.predicted, self.parameters, self.jnp.asarray(X))
        return lambda: call().block_until_ready()

    def _raw(self, parameters: Any, X: Any) -> Any:
        for i, (W, *b) in enumerate(parameters):
            X = X @ W + b[0] if b else X @ W
            if i < len(parameters) - 1:
                X = self.hidden(X)
        return X

    def _outputs(self, parameters: Any, X: Any) -> Any:
        nn, z = self.jax.nn, self._raw(parameters, X)
        return nn.softmax(z) if self.work.output == "softmax" else nn.sigmoid(z)

    def _loss(self, parameters: Any, X: Any, Y: Any) -> Any:
        if self.work.loss == "cross_entropy":
            log_p = self.jax.nn.log_softmax(self._raw(parameters, X))
            return -(Y * log_p).sum(axis=1).mean()
        return 0.5 * self.jnp.square(self._outputs(parameters, X) - Y).sum(axis=1).mean()

    def _step(self, state: Any, X: Any, Y: Any) -> Any:
        jnp, tree, rate = self.jnp, self.jax.tree, self.work.learning_rate
        parameters, mean, square, t = state
        loss, gradient = self.jax.value_and_grad(self._loss)(parameters, X, Y)
        t = t + 1
        if self.work.solver == "sgd":
            parameters = tree.map(lambda p, g: p - rate * g, parameters, gradient)
            return (parameters, mean, square, t), loss
        mean = tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, mean, gradient)
        square = tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, square, gradient)
        size, root = rate / (1 - BETA_1**t), jnp.sqrt(1 - BETA_2**t)
        parameters = tree.map(
            lambda p, m, v: p - (size * m / (jnp.sqrt(v) / root + EPSILON)).astype(p.dtype),
            parameters, mean, square,
        )  # fmt: skip
        return (parameters, mean, square, t), loss

    def _train(self, parameters: Any, X: Any, Y: Any, key: Any, epochs: Any, shuffle: bool) -> Any:
        jax, jnp = self.jax, self.jnp
        n, size = X.shape[0], self.work.batch
        full = n // size * size

        def step(state: Any, rows: Any) -> Any:
            return self._step(state, X[rows], Y[rows])

        def epoch(_: Any, carry: Any) -> Any:
            state, key, _ = carry
            key, draw = jax.random.split(key)
            order = jax.random.permutation(draw, n) if shuffle else jnp.arange(n)
            state, losses = jax.lax.scan(step, state, order[:full].reshape(-1, size))
            total = losses.sum() * size
            if full < n:
                state, loss = step(state, order[full:])
                total = total + loss * (n - full)
            return state, key, (total / n).astype(X.dtype)

        zeros = [] if self.work.solver == "sgd" else jax.tree.map(jnp.zeros_like, parameters)
        state = (parameters, zeros, zeros, jnp.zeros((), X.dtype))
        start = (state, key, jnp.zeros((), X.dtype))
        (parameters, *_), _, loss = jax.lax.fori_loop(0, epochs, epoch, start)
        return parameters, loss


class Jax:
    """JAX on the CPU, whose threads are set by the environment before it is loaded."""

    def __init__(self) -> None:
        self.jax = import_module("jax")
        import_module("jax.numpy")
        self.version: str = self.jax.__version__

    def model(self, work: Work) -> JaxModel:
        """The network of `work`."""
        if work.output not in ("softmax", "sigmoid"):
            raise NotOfferedError(f"no {work.output} output is written here")
        return JaxModel(self.jax, work)


def start(threads: int | None) -> Jax:
    """Load JAX."""
    return Jax()
