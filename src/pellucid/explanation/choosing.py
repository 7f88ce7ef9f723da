"""Choosing is what keeps wide layers readable: what matters most is shown, the rest is summed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from pellucid.counts import refuse_unless_count
from pellucid.explanation.expression import Expression, Rest, Sum, Symbol, Value
from pellucid.explanation.reckoning import Floats, Forward
from pellucid.layers import Dense


class Limits(NamedTuple):
    """What is shown at the most.

    Parameters
    ----------
    terms : of a sum, the sum of the rest being one of them.
    units : of a layer, and numbers of an array, the line that counts the rest being one of them; of
        a wider layer half as many on the way back, and of its arrays a third.
    """

    terms: int = 4
    units: int = 6

    @property
    def back(self) -> int:
        """Units of a wide layer, on the way back."""
        return max(self.units // 2, 1)

    @property
    def weights(self) -> int:
        """Numbers of a wide layer's array: of its gradient, and of its update."""
        return max(self.units // 3, 1)

    @classmethod
    def of(cls, terms: int | None, units: int | None) -> Limits:
        """As they are asked for, None meaning that all are to be shown.

        Raises
        ------
        ValueError
            If one is no whole number from 1 on.
        """
        for name, limit in (("terms", terms), ("units", units)):
            if limit is not None:
                refuse_unless_count(name, limit, ", or None for all")
        return cls(terms or sys.maxsize, units or sys.maxsize)


LIMITS = Limits()
"""Those that fit a wide network on a screen."""


def largest(sizes: Floats, most: int, always: Iterable[int] = ()) -> list[int]:
    """The places of all, if they are at most so many; else of one fewer, the largest, in order.

    Examples
    --------
    >>> largest(np.array([1.0, -5.0, 0.0, 3.0]), 3), largest(np.array([1.0, 2.0]), 3)
    ([1, 3], [0, 1])
    """
    sizes = np.abs(np.asarray(sizes, float))
    if len(sizes) <= most:
        return list(range(len(sizes)))
    sizes[list(always)] = np.inf
    return sorted(np.argsort(-sizes, kind="stable")[: max(most - 1, 1)].tolist())


def summed(
    term: Callable[[int], Expression], numbers: Floats, most: int, *last: Expression
) -> Expression:
    """The sum of terms that are these numbers, few enough of them, then of what is always shown.

    Parameters
    ----------
    term : the one at a place, made only if it is shown.
    """
    numbers = np.asarray(numbers, float)
    kept = largest(numbers, most)
    shown = [term(i) for i in kept]
    if len(kept) < len(numbers):
        left = np.delete(numbers, kept)
        shown.append(Rest(float(left.sum()), len(left)))
    shown += last
    return shown[0] if len(shown) == 1 else Sum(tuple(shown))


def output_of(step: Forward, layer: int, unit: int) -> Value:
    """The activation of a unit, made by its line of z where a = z."""
    name = step.objective.layout.architecture.layers[layer].activation.name
    own = Symbol("z" if name == "identity" else "a", layer + 1, (unit + 1,))
    symbol = Symbol("a", layer + 1, (unit + 1,))
    return Value(float(step.a[layer][unit]), symbol, own.key)


def given_to(step: Forward, layer: int, unit: int) -> Value:
    """x of a layer: what the network is given, or what the layer below gives."""
    origin = output_of(step, layer - 1, unit).origin if layer else ""
    symbol = Symbol("x", layer + 1, (unit + 1,))
    return Value(float(step.x[layer][unit]), symbol, origin)


def narrowed(
    shown: Sequence[list[int]], errors: Sequence[Floats], most: int, always: int
) -> list[list[int]]:
    """Of the units that are shown on the way forward, those for the way back, by their errors.

    Parameters
    ----------
    shown : of the inputs, which stay as they are, and of each layer; a layer shown whole stays so.
    errors : dz of each layer.
    most : of a layer.
    always : the output that must be among them.
    """
    made = [shown[0]]
    for units, dz in zip(shown[1:], errors, strict=True):
        if len(units) == len(dz):
            made.append(units)
            continue
        keep = [units.index(always)] if len(made) == len(errors) else []
        made.append([units[k] for k in largest(dz[units], most, keep)])
    return made


def shown_units(step: Forward, most: int, always: Iterable[int] = ()) -> list[list[int]]:
    """The units of the input and of each layer that are shown, from the answer downwards.

    Those of a hidden layer, and the inputs, are those with the largest part in the sums that are
    shown above them.

    Parameters
    ----------
    always : outputs that must be among them.
    """
    layers = step.objective.layout.architecture.layers
    above = largest(step.a[-1], most, always)
    chosen = [above]
    for i in range(len(layers) - 1, -1, -1):
        if isinstance(layers[i], Dense):
            parts = np.abs(step.x[i][:, None] * step.parameters[i][0][:, above]).max(axis=1)
        else:
            parts = np.zeros(layers[i].n_in)
            parts[above] = np.inf
        above = largest(parts, most)
        chosen.insert(0, above)
    return chosen
