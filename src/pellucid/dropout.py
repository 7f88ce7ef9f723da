"""Dropout silences hidden units at random in each training step, so that none is relied upon."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pellucid.architecture import Architecture
from pellucid.arrays import Array, array_like
from pellucid.layers import Dense
from pellucid.network import Masks


def dropout_rates(architecture: Architecture, rate: float | Sequence[float]) -> list[float]:
    """The part of each layer's units to silence: that of the hidden Dense layers, 0 for others.

    Parameters
    ----------
    rate : one for all hidden layers, or one for each, in [0, 1).

    Examples
    --------
    >>> dropout_rates(Architecture.of([4, 8, 8, 2]), [0.1, 0.5])
    [0.1, 0.5, 0.0]
    """
    hidden = [i for i, layer in enumerate(architecture.layers[:-1]) if isinstance(layer, Dense)]
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


def dropout_masks(
    architecture: Architecture, rate: float | Sequence[float], rng: np.random.Generator, like: Array
) -> Callable[[int], Masks] | None:
    """A maker of masks for n rows: 0 with probability `rate`, else 1 / (1 - rate); None without.

    Dividing by what is kept leaves the expected activation as it is in prediction, where nothing
    is dropped (Srivastava et al., 2014, section 10).

    Parameters
    ----------
    like : an array of the library, dtype and device that the masks shall have.
    """
    rates = dropout_rates(architecture, rate)
    if not any(rates):
        return None

    def masks(n: int) -> Masks:
        drawn: list[Array | None] = []
        for layer, r in zip(architecture.layers, rates, strict=True):
            if r == 0.0:
                drawn.append(None)
            else:
                kept = rng.random((n, layer.n_out)) >= r
                drawn.append(array_like(kept / (1.0 - r), like))
        return drawn

    return masks
