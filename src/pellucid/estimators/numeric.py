"""Numbers are a regressor's target, and how outputs of a network stand for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import fields
from pellucid.activations import Activation, activation
from pellucid.losses import Loss, loss
from pellucid.scaling import SCALERS, Scaler

if TYPE_CHECKING:
    from numpy.typing import NDArray


REGRESSION = ("squared_error", "absolute_error", "huber", "quantile", "poisson")
"""Losses by name that a regressor takes."""


class Numbers:
    """Targets (n,) or (n, n_targets), scaled if asked, and for quantiles one output for each.

    Parameters
    ----------
    y : (n, n_targets) to fit the scaling on.
    loss : a name of `pellucid.LOSSES`, a `Loss`, or a pair of functions.
    quantile : the quantile, or several, for the loss "quantile".
    delta : where the loss "huber" turns straight, in units of the scaled target.
    scaling : a name of `pellucid.SCALERS`, or None.

    Examples
    --------
    >>> numbers = Numbers(np.array([[1.0], [3.0]]), "quantile", [0.1, 0.9], scaling="standard")
    >>> numbers.encode(np.array([[3.0]])).tolist(), numbers.n_outputs
    ([[1.0, 1.0]], 2)
    >>> numbers.decode(np.array([[1.0, -1.0]])).tolist()  # quantiles do not cross
    [[1.0, 3.0]]
    """

    kind = "numbers"

    def __init__(
        self,
        y: NDArray[Any],
        loss: Any = "squared_error",
        quantile: float | Sequence[float] = 0.5,
        delta: float = 1.0,
        scaling: str | None = None,
    ) -> None:
        if np.ndim(quantile) > 1 or np.size(quantile) == 0:
            raise ValueError(f"quantile is {quantile!r}: expected a number, or a list of numbers")
        self.n_targets = y.shape[1]
        self.chosen, self.delta = loss, delta
        self.made_with: dict[str, Any] = {}  # hyperparameters, which must stay as they are
        self.levels: list[float] | None = None
        if loss == "quantile":
            self.levels = [float(q) for q in np.atleast_1d(np.asarray(quantile, dtype=float))]
        self.several = loss == "quantile" and np.ndim(quantile) == 1
        if loss == "poisson" and scaling not in (None, "none"):
            raise ValueError(
                f"target_scaling is {scaling!r} and loss 'poisson' takes counts as they are: "
                "leave target_scaling out"
            )
        self.scaler: Scaler | None = None if scaling is None else SCALERS[scaling](y)

    @property
    def n_outputs(self) -> int:
        """One for each target, and for each of its quantiles."""
        return self.n_targets * (len(self.levels) if self.levels else 1)

    @property
    def output_activation(self) -> Activation:
        """Of the network."""
        return activation("exp" if self.chosen == "poisson" else "identity")

    def loss(self) -> Loss:
        """That the network is trained on."""
        if self.levels is not None:
            return loss("quantile", quantile=self.levels * self.n_targets)
        if self.chosen == "huber":
            return loss("huber", delta=self.delta)
        return loss(self.chosen)

    @property
    def curve_divisor(self) -> int:
        """scikit-learn gives the mean of squared errors over targets where the sum is minimised."""
        return self.n_targets if self.chosen == "squared_error" else 1

    def encode(self, y: NDArray[Any]) -> NDArray[Any]:
        """What the network shall give (n, n_outputs) for y (n, n_targets)."""
        if self.scaler is not None:
            y = self.scaler.transform(y)
        return np.repeat(y, len(self.levels), axis=1) if self.levels else y

    def decode(self, output: NDArray[Any]) -> NDArray[Any]:
        """What outputs (n, n_outputs) stand for.

        (n,) for one target, (n, n_targets) for more; for several quantiles with one more axis, in
        their order, in which no lower one is above a higher one (rearranged as by Chernozhukov,
        Fernández-Val and Galichon, 2010).
        """
        numbers = output
        if self.levels is not None and self.several:
            numbers = output.reshape(len(output), self.n_targets, len(self.levels))
            ranks = np.argsort(np.argsort(self.levels))
            numbers = np.sort(numbers, axis=2)[:, :, ranks]
            if self.scaler is not None:
                numbers = self._inverse(numbers, (1, -1, 1)).astype(output.dtype, copy=False)
            return numbers[:, 0] if self.n_targets == 1 else numbers
        if self.scaler is not None:
            numbers = self._inverse(numbers, (1, -1)).astype(output.dtype, copy=False)
        return numbers[:, 0] if self.n_targets == 1 else numbers

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file. One's own loss is no data: see the objective's."""
        return {
            "kind": self.kind,
            "targets": self.n_targets,
            "loss": self.chosen if isinstance(self.chosen, str) else None,
            "delta": float(self.delta),
            "quantiles": self.levels,
            "several": bool(self.several),
            "scaler": None if self.scaler is None else self.scaler.to_dict(),
        }

    @classmethod
    def from_dict(cls, about: Mapping[str, Any], trained_on: Loss) -> Numbers:
        """The inverse of `to_dict`, of a network that was trained on such a loss.

        Raises
        ------
        ValueError
            If it makes no numbers.
        """
        fields.choice(about["kind"], (cls.kind,))
        made = cls.__new__(cls)
        made.n_targets = fields.whole(about["targets"], 1)
        name, levels = about["loss"], about["quantiles"]
        made.chosen = trained_on if name is None else fields.choice(name, REGRESSION)
        made.delta = fields.number(about["delta"], 0.0, above=True)
        made.levels = None if levels is None else fields.numbers(levels, 0.0, 1.0)
        made.several = fields.truth(about["several"])
        of_scaler = about["scaler"]
        made.scaler = None if of_scaler is None else Scaler.from_dict(fields.mapping(of_scaler))
        made.made_with = {}
        if (name == "quantile") != bool(made.levels) or (made.several and not made.levels):
            raise ValueError(f"quantiles {fields.short(levels)} of the loss {fields.short(name)}")
        for n in () if made.scaler is None else (len(made.scaler.shift), len(made.scaler.scale)):
            if n not in (1, made.n_targets):
                raise ValueError(f"a scaler of {n} numbers for {made.n_targets} targets")
        return made

    def _inverse(self, numbers: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        assert self.scaler is not None
        return numbers * self.scaler.scale.reshape(shape) + self.scaler.shift.reshape(shape)
