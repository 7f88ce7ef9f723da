"""An answer is one number that a model gives, as a smooth enough function of a network's inputs.

    inputs -> first sums z (a straight map) -> layers -> last sums -> probability, score or number

All of it is reckoned in float64, whatever the weights are kept in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.layout import Layout
from pellucid.subject import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"
Places: TypeAlias = "NDArray[np.intp]"

KINKED = {"relu", "leaky_relu", "selu"}
"""Activations whose slope jumps, where z is 0."""


@dataclass(frozen=True, eq=False)
class Reading:
    """How the last sums of a network are read as answers.

    Parameters
    ----------
    score : whether the last sums themselves are, of a class.
    pair : whether a single output stands for the second of two classes.
    classes : whether the answers are probabilities, else numbers.
    temperature, smoothing, floor : of a bag's calibration.
    scale, shift : (k,) of numbers.
    low, high : between which outputs are cut off, before that.
    """

    score: bool
    pair: bool
    classes: bool
    temperature: float = 1.0
    smoothing: float = 0.0
    floor: float = 0.0
    scale: Any = 1.0
    shift: Any = 0.0
    low: float = -np.inf
    high: float = np.inf

    @classmethod
    def of(cls, subject: Subject, score: bool) -> Reading:
        """That of a subject; ValueError if no single output stands for each of its answers."""
        k = subject.network.architecture.n_outputs
        model = subject.model
        bag = hasattr(model, "_bag")
        if subject.classes is not None:
            pair = k == 1
            if len(subject.classes) != (2 if pair else k):
                raise ValueError(
                    f"the network has {k} outputs for {len(subject.classes)} classes: expected one "
                    "for each, so that there is something to explain"
                )
            if not bag:
                return cls(score, pair, True)
            of = model._calibration
            return cls(score, pair, True, of.temperature, of.smoothing, of.floor)
        if bag:
            low, high = model._bounds
            scale, shift = np.array([model._std]), np.array([model._mean])
            return cls(score, False, False, 1.0, 0.0, 0.0, scale, shift, low, high)
        shift = subject.answers_of([np.zeros((1, k))]).reshape(-1)
        scale = subject.answers_of([np.ones((1, k))]).reshape(-1) - shift
        return cls(score, False, False, scale=scale, shift=shift)


class Answer:
    """The answers of one network, and their gradient.

    Parameters
    ----------
    layout, theta : of the network.
    reading : of its last sums.
    """

    def __init__(self, layout: Layout, theta: Any, reading: Reading) -> None:
        self.layers = layout.architecture.layers
        self.parameters = layout.views(to_numpy(theta).astype(np.float64))
        self.reading = reading
        self.straight = 1  # the layers whose sums are a straight map of the inputs
        while (
            self.straight < len(self.layers)
            and self.layers[self.straight - 1].activation.name == "identity"
        ):
            self.straight += 1

    def first(self, x: Floats) -> Floats:
        """The first sums (n, h) of inputs (n, n_inputs): a straight map, so that lines stay so."""
        for layer, own in zip(self.layers[: self.straight], self.parameters, strict=False):
            x = layer.forward(own, x)
        return x

    def to_inputs(self, dz: Floats) -> Floats:
        """A gradient (n, h) by the first sums -> that by the inputs (n, n_inputs)."""
        for i in reversed(range(self.straight)):
            dz = self.layers[i].backward(self.parameters[i], dz)
        return dz

    def values(self, z: Floats, which: Places) -> Floats:
        """The answer (p,) of each of the first sums (p, h), that at place `which` (p,)."""
        return self._read(self._sums(z)[0][-1], which)[0]

    def values_and_gradients(self, z: Floats, which: Places) -> tuple[Floats, Floats]:
        """The same, and the gradients (p, h) by the first sums."""
        sums, activated = self._sums(z)
        value, dz = self._read(sums[-1], which)
        for i in reversed(range(self.straight, len(self.layers))):
            j = i - self.straight
            da = self.layers[i].backward(self.parameters[i], dz)
            dz = self.layers[i - 1].activation.backward(da, sums[j], activated[j])
        return value, dz

    def kinks(self, z: Floats) -> list[Floats]:
        """The sums (p, units) of each hidden layer whose slope jumps where they are 0."""
        hidden = self.layers[self.straight - 1 : -1]
        sums = self._sums(z)[0]
        return [
            s for s, layer in zip(sums, hidden, strict=False) if layer.activation.name in KINKED
        ]

    def _sums(self, z: Floats) -> tuple[list[Floats], list[Floats]]:
        """The sums of each layer from the first on, and the activations of all but the last."""
        sums, activated = [z], []
        for i in range(self.straight, len(self.layers)):
            activated.append(self.layers[i - 1].activation.forward(sums[-1]))
            sums.append(self.layers[i].forward(self.parameters[i], activated[-1]))
        return sums, activated

    def _read(self, z: Floats, which: Places) -> tuple[Floats, Floats]:
        """Last sums (p, k) -> the answers (p,), and their gradients (p, k)."""
        reading, places = self.reading, np.arange(len(z))
        z = z / reading.temperature
        if reading.score and reading.pair:
            sign = np.where(which == 1, 1.0, -1.0)
            return sign * z[:, 0], sign[:, None] / reading.temperature
        if reading.score:
            one_hot = np.zeros_like(z)
            one_hot[places, which] = 1.0
            return z[places, which], one_hot / reading.temperature
        activation = self.layers[-1].activation
        a = activation.forward(z)
        value, da = self._of_activated(a, which)
        return value, activation.backward(da, z, a) / reading.temperature

    def _of_activated(self, a: Floats, which: Places) -> tuple[Floats, Floats]:
        reading, places = self.reading, np.arange(len(a))
        da = np.zeros_like(a)
        if reading.pair:
            da[:, 0] = np.where(which == 1, 1.0, -1.0)
            return np.where(which == 1, a[:, 0], 1.0 - a[:, 0]), da
        chosen = a[places, which]
        if not reading.classes:
            inside = (chosen > reading.low) & (chosen < reading.high)
            scale, shift = reading.scale[which], reading.shift[which]
            da[places, which] = np.where(inside, scale, 0.0)
            return np.clip(chosen, reading.low, reading.high) * scale + shift, da
        k = a.shape[1]
        left = 1.0 - k * reading.floor
        if not reading.smoothing:
            da[places, which] = left
            return left * chosen + reading.floor, da
        cut = np.maximum(a - reading.smoothing / k, 0.0)
        total = cut.sum(axis=1)
        share = cut[places, which] / total
        da -= (left * share / total)[:, None]
        da[places, which] += left / total
        da[cut == 0.0] = 0.0
        return left * share + reading.floor, da
