"""Dropout silences hidden units at random in each training step, so that none is relied upon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.architecture import Architecture
from pellucid.arrays import Array, array_like
from pellucid.network import Masks


class Dropout:
    """The part of each layer's units to silence, and what decides by chance which ones.

    Dividing by what is kept leaves the expected activation as it is in prediction, where nothing
    is dropped (Srivastava et al., 2014, section 10).

    Parameters
    ----------
    architecture : whose units they are.
    rates : for each layer, in [0, 1).
    rng : for each step, layer after layer, it gives one number in [0, 1) for every row and unit
        of a layer whose rate is above 0, row by row; those below the rate are silenced. An engine
        that draws them itself does so in this order.

    Examples
    --------
    >>> some = Dropout(Architecture.of([4, 3, 2]), [0.5, 0.0], np.random.default_rng(0))
    >>> some.masks(2, np.zeros(1))
    [array([[2., 0., 0.],
           [0., 2., 2.]]), None]
    """

    def __init__(
        self, architecture: Architecture, rates: Sequence[float], rng: np.random.Generator
    ) -> None:
        self.rates = list(rates)
        self.rng = rng
        self._widths = [layer.n_out for layer in architecture.layers]

    def masks(self, n: int, like: Array) -> Masks:
        """What to multiply each layer's activations of n rows by: 0 or 1 / (1 - rate).

        Parameters
        ----------
        like : an array of the library, dtype and device that the masks shall have.
        """
        drawn: list[Array | None] = []
        for width, rate in zip(self._widths, self.rates, strict=True):
            if rate == 0.0:
                drawn.append(None)
            else:
                kept = self.rng.random((n, width)) >= rate
                drawn.append(array_like(kept / (1.0 - rate), like))
        return drawn


def dropout(
    architecture: Architecture, rate: float | Sequence[float], rng: np.random.Generator
) -> Dropout | None:
    """The dropout meant by one rate for all hidden layers or one for each; None if all are 0."""
    rates = dropout_rates(architecture, rate)
    return Dropout(architecture, rates, rng) if any(rates) else None


def dropout_rates(architecture: Architecture, rate: float | Sequence[float]) -> list[float]:
    """The part of each layer's units to silence: of the hidden ones that take dropout, else 0.

    Parameters
    ----------
    rate : one for all hidden layers, or one for each, in [0, 1).

    Examples
    --------
    >>> dropout_rates(Architecture.of([4, 8, 8, 2]), [0.1, 0.5])
    [0.1, 0.5, 0.0]
    """
    hidden = [i for i, layer in enumerate(architecture.layers[:-1]) if layer.takes_dropout]
    given = [rate] * len(hidden) if isinstance(rate, int | float) else list(rate)
    if len(given) != len(hidden):
        raise ValueError(f"dropout has {len(given)} rates for {len(hidden)} hidden layers")
    for r in given:
        if not 0.0 <= r < 1.0:
            raise ValueError(f"dropout is {r}: expected at least 0 and below 1")
    rates = [0.0] * len(architecture.layers)
    for i, r in zip(hidden, given, strict=True):
        rates[i] = float(r)
    return rates
