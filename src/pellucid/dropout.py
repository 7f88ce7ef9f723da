"""Dropout silences hidden units at random in each training step, so that none is relied upon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.architecture import Architecture
from pellucid.arrays import Array, array_like
from pellucid.network import Masks

PARTS_OF_ONE = 65536
"""What 16 bits can tell apart: a rate is rounded to so many parts of 1."""


class Dropout:
    """The part of each layer's units to silence, and what decides by chance which ones.

    Dividing by what is kept leaves the expected activation as it is in prediction, where nothing
    is dropped (Srivastava et al., 2014, section 10).

    Parameters
    ----------
    architecture : whose units they are.
    rates : for each layer, in [0, 1).
    rng : for each step, layer after layer, it gives one number of 16 bits for every row and unit
        of a layer whose rate is above 0, row by row; those below 65536 times the rate are
        silenced. Each whole number of 64 bits that its bit generator draws is four of them, the
        lowest bits first, and what a layer leaves of its last one is not used. An engine that
        draws them itself does so in this order.

    Examples
    --------
    >>> some = Dropout(Architecture.of([4, 3, 2]), [0.5, 0.0], np.random.default_rng(4))
    >>> some.masks(2, np.zeros(1))
    [array([[0., 2., 0.],
           [2., 0., 2.]]), None]
    """

    def __init__(
        self, architecture: Architecture, rates: Sequence[float], rng: np.random.Generator
    ) -> None:
        self.rates = list(rates)
        self.rng = rng
        self._widths = [layer.n_out for layer in architecture.layers]

    def masks(self, n: int, like: Array) -> Masks:
        """What to multiply each layer's activations of n rows by: 0, or 1 over the share kept.

        Parameters
        ----------
        like : an array of the library, dtype and device that the masks shall have.
        """
        drawn: list[Array | None] = []
        for width, rate in zip(self._widths, self.rates, strict=True):
            if rate == 0.0:
                drawn.append(None)
            else:
                limit = min(int(rate * PARTS_OF_ONE + 0.5), PARTS_OF_ONE - 1)
                kept = numbers(self.rng, n * width).reshape(n, width) >= limit
                drawn.append(array_like(kept * (PARTS_OF_ONE / (PARTS_OF_ONE - limit)), like))
        return drawn


def numbers(rng: np.random.Generator, n: int) -> Array:
    """So many numbers of 16 bits, four from each one of 64 that the bit generator draws.

    Examples
    --------
    >>> numbers(np.random.default_rng(0), 3)
    array([33375, 55746, 60367], dtype=uint16)
    """
    words = rng.integers(0, 2**64, size=-(-n // 4), dtype=np.uint64)
    return words.astype("<u8").view("<u2")[:n]


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
