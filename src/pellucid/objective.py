"""An objective is what training makes small: the loss on the data plus a penalty on weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.activations import ACTIVATIONS, Activation
from pellucid.architecture import Architecture
from pellucid.arrays import Array, array_like, namespace
from pellucid.fields import choice, mapping, number, numbers, sequence
from pellucid.layout import Layout
from pellucid.losses import CANONICAL_LOSS, LOSSES, Loss, loss
from pellucid.network import Masks, Trace, backward, forward


class Objective:
    """J(theta) = (sum of w_i loss_i + alpha/2 sum of W^2 + l1 sum of |W|) / (sum of w_i).

    With `reduction="sum"` the division is left out. w are the sample weights, 1 where none are
    given, so that their sum is the number of rows n. Penalties are on weights, never on biases,
    and each segment's decay factor multiplies its own part.

    Parameters
    ----------
    layout : of the network's theta.
    loss : row by row.
    alpha, l1 : strengths of the L2 and the L1 penalty.
    reduction : "mean" or "sum" over rows.

    Raises
    ------
    ValueError
        If the loss cannot take what the output activation gives.
    """

    def __init__(
        self,
        layout: Layout,
        loss: Loss,
        alpha: float = 0.0,
        l1: float = 0.0,
        reduction: str = "mean",
    ) -> None:
        if reduction not in ("mean", "sum"):
            raise ValueError(f"reduction is {reduction!r}: expected 'mean' or 'sum'")
        for name, strength in (("alpha", alpha), ("l1", l1)):
            if not 0.0 <= strength < float("inf"):
                raise ValueError(f"{name} is {strength}: expected a finite number from 0 on")
        refuse_unfit_pair(layout, loss)
        self.layout = layout
        self.loss = loss
        self.alpha = alpha
        self.l1 = l1
        self.reduction = reduction
        # The raw output serves when loss and output activation were made for each other, which
        # one's own function that happens to be called `sigmoid` was not.
        output = layout.architecture.output_activation
        namesake = ACTIVATIONS.get(output.name, output) is not output
        self.from_raw = loss.canonical == output.name and not namesake

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file.

        Raises
        ------
        ValueError
            If an activation or the loss is one's own code, which no file of data can hold.
        """
        return {
            "architecture": self.layout.architecture.to_dict(),
            "loss": self.loss.to_dict(),
            "alpha": self.alpha,
            "l1": self.l1,
            "reduction": self.reduction,
            "segments": self.layout.settings(),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Objective:
        """The inverse of `to_dict`; ValueError if the fields are not such."""
        try:
            architecture = Architecture.from_dict(fields["architecture"])
            layout = Layout.from_settings(architecture, fields.get("segments", {}))
            chosen = _loss_of(mapping(fields["loss"]), architecture.n_outputs)
            alpha, l1 = number(fields["alpha"]), number(fields["l1"])
            return cls(layout, chosen, alpha, l1, choice(fields["reduction"], ("mean", "sum")))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the model file's header is damaged: {error!r}") from error

    def value(self, theta: Array, X: Array, y: Array, sample_weight: Array | None = None) -> float:
        """J at theta on X (n, n_inputs) and y (n, n_outputs)."""
        return self.value_and_output(theta, X, y, sample_weight)[0]

    def value_and_output(
        self, theta: Array, X: Array, y: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """J at theta, and the network's answer (n, n_outputs) that it is about."""
        trace = forward(self.layout, theta, X)
        return self._reduce(self.rows(trace, y), theta, sample_weight), trace.output

    def value_and_gradient(
        self,
        theta: Array,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
        masks: Masks | None = None,
    ) -> tuple[float, Array]:
        """J and dJ/dtheta (P,). The one contract above the core.

        Parameters
        ----------
        theta : (P,)
        X : (n, n_inputs)
        y : (n, n_outputs)
        sample_weight : (n,), at least one above 0.
        masks : dropout, as `pellucid.network.forward` takes them.
        """
        trace = forward(self.layout, theta, X, masks)
        value = self._reduce(self.rows(trace, y), theta, sample_weight)
        dz = self.output_gradient(trace, y)
        if sample_weight is not None:
            dz = dz * namespace(dz).reshape(sample_weight, (-1, 1))
        total = self._total(X.shape[0], sample_weight)
        if total != 1.0:
            dz = dz / total
        gradient = backward(self.layout, trace, dz, masks)
        if self.alpha or self.l1:
            gradient = gradient + self._penalty_gradient(theta) / total
        return value, gradient

    def rows(self, trace: Trace, y: Array) -> Array:
        """The loss of each row (n,)."""
        if self.from_raw and self.loss.raw_value is not None:
            return self.loss.raw_value(trace.z[-1], y)
        return self.loss.value(trace.a[-1], y)

    def output_gradient(self, trace: Trace, y: Array) -> Array:
        """d(loss of the row)/dz of the last layer (n, n_outputs)."""
        if self.from_raw and self.loss.raw_gradient is not None:
            return self.loss.raw_gradient(trace.z[-1], y)
        da = self.loss.gradient(trace.a[-1], y)
        activation = self.layout.architecture.output_activation
        return activation.backward(da, trace.z[-1], trace.a[-1])

    def _total(self, n: int, sample_weight: Array | None) -> float:
        """What the sums over rows are divided by."""
        if self.reduction == "sum":
            return 1.0
        return n if sample_weight is None else float(namespace(sample_weight).sum(sample_weight))

    def _reduce(self, rows: Array, theta: Array, sample_weight: Array | None) -> float:
        if sample_weight is not None:
            rows = rows * sample_weight
        total = self._total(rows.shape[0], sample_weight)
        return float(namespace(rows).sum(rows)) / total + self.penalty(theta, total)

    @cached_property
    def _decays(self) -> np.ndarray:
        decays = self.layout.decays()
        return np.ones(self.layout.size) if decays is None else decays

    def penalty(self, theta: Array, total: float) -> float:
        """What L2 and L1 add to J where rows of `total` weight are taken together."""
        if not (self.alpha or self.l1):
            return 0.0
        xp = namespace(theta)
        decays = array_like(self._decays, theta)
        squares = 0.5 * self.alpha * xp.sum(decays * theta * theta) if self.alpha else 0.0
        moduli = self.l1 * xp.sum(decays * xp.abs(theta)) if self.l1 else 0.0
        return float(squares + moduli) / (total if self.reduction == "mean" else 1.0)

    def _penalty_gradient(self, theta: Array) -> Array:
        xp = namespace(theta)
        decays = array_like(self._decays, theta)
        pull = self.alpha * theta + self.l1 * xp.sign(theta) if self.l1 else self.alpha * theta
        return decays * pull


def _loss_of(fields: Mapping[str, Any], n_outputs: int) -> Loss:
    """The loss whose `to_dict` gave these fields, for so many outputs."""
    parameters: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "quantile" and isinstance(value, list):
            parameters[name] = numbers(sequence(value, n_outputs), 0.0, 1.0)
        elif name != "name":
            parameters[name] = number(value)
    return loss(choice(fields["name"], LOSSES), **parameters)


def loss_for(output: Activation, chosen: Any) -> Loss:
    """The loss asked for, or the one made for the output activation, if that is a built-in one."""
    if chosen is not None:
        return loss(chosen)
    built_in = ACTIVATIONS.get(output.name) is output
    return loss(CANONICAL_LOSS.get(output.name, "squared_error") if built_in else "squared_error")


def refuse_unfit_pair(layout: Layout, loss: Loss) -> None:
    """Raise ValueError if the built-in output activation can give what the loss cannot take."""
    output = layout.architecture.output_activation
    if ACTIVATIONS.get(output.name) is not output:
        return  # one's own activation: its range is one's own business
    cure = f"use {loss.canonical!r}, or another loss"
    if output.low < loss.low or output.high > loss.high:
        raise ValueError(
            f"loss {loss.name!r} takes outputs from {loss.low:g} to {loss.high:g} and "
            f"{output.name!r} gives {output.low:g} to {output.high:g}: {cure}"
        )
    if loss.normalised and not output.normalised:
        raise ValueError(
            f"loss {loss.name!r} takes outputs that add up to 1 in each row and "
            f"{output.name!r} does not give them: {cure}"
        )
