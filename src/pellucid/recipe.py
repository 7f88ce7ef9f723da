"""A recipe is everything that is chosen before training a network on a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pellucid.losses import CANONICAL_LOSS, loss
from pellucid.model import Network


@dataclass(frozen=True)
class Recipe:
    """Everything that is chosen before training. The defaults suit a first try on any table.

    Parameters
    ----------
    hidden : units of each hidden layer.
    activation : of the hidden layers: one, or one for each.
    output_activation : by default softmax for classes (sigmoid for two), identity for numbers.
    loss, loss_parameters : by default the one made for the output activation.
    bias, initializer, l1, dtype : as `pellucid.Network` takes them.
    alpha : strengths of the L2 penalty; of several the best on the validation rows is kept.
    exclude : columns not to learn from.
    scaling : of number columns, a name of `pellucid.SCALERS`; by default what suits the data.
    target_scaling : of numbers to predict: such a name, or a number to divide by.
    validation, test : parts of the rows held out.
    settings : for `pellucid.Network.train`.
    seed : of the split, the first weights and the order of the rows.
    engine, n_threads : as `pellucid.Network` takes them.
    """

    hidden: tuple[int, ...] = (100,)
    activation: str | tuple[str, ...] = "relu"
    output_activation: str | None = None
    loss: str | None = None
    loss_parameters: Mapping[str, Any] = field(default_factory=dict)
    bias: bool = True
    initializer: str | None = None
    alpha: tuple[float, ...] = (1e-4,)
    l1: float = 0.0
    dtype: str | None = None
    exclude: tuple[str, ...] = ()
    scaling: str | None = None
    target_scaling: str | float | None = None
    validation: float = 0.15
    test: float = 0.15
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    engine: str = "auto"
    n_threads: int | None = None

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}: expected a whole number from 0 on")

    def network(self, task: str, n_inputs: int, n_outputs: int, alpha: float) -> Network:
        """An untrained network for so many inputs and outputs."""
        output = self.output_activation
        if output is None:
            classes = "softmax" if n_outputs > 1 else "sigmoid"
            output = classes if task == "classification" else "identity"
        named = self.loss or CANONICAL_LOSS.get(output, "squared_error")
        return Network(
            [n_inputs, *self.hidden, n_outputs],
            self.activation,
            output,
            loss(named, **self.loss_parameters),
            bias=self.bias,
            initializer=self.initializer,
            alpha=alpha,
            l1=self.l1,
            dtype=self.dtype,
            seed=self.seed,
            engine=self.engine,
            n_threads=self.n_threads,
        )
