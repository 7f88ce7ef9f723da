"""A chain is dense layers and activations one after another, as they are found, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.activations import ACTIVATIONS
from pellucid.architecture import Architecture
from pellucid.layers import Dense
from pellucid.model import Network


@dataclass
class Link:
    """One dense layer of a chain, and the parts that its numbers came from."""

    W: np.ndarray  # (n_in, n_out)
    b: np.ndarray | None  # (n_out,)
    activation: str | None  # None until a part says which
    name: str


class Chain:
    """Collects parts in the order that a row goes through them, and refuses the first misfit.

    Each part is given with the name that a message has for it.

    Examples
    --------
    >>> chain = Chain()
    >>> chain.dense(np.array([[1.0], [2.0]]), np.array([3.0]), "part 0")
    >>> chain.activate("tanh", "part 1")
    >>> chain.network()
    Network(2 -> 1 tanh, squared_error, 3 parameters)
      layer1  W (2, 1)  b (1,)       3
    """

    def __init__(self) -> None:
        self.links: list[Link] = []

    @property
    def width(self) -> int | None:
        """Numbers a row has at the end of the chain; None if it is empty."""
        return self.links[-1].W.shape[1] if self.links else None

    def dense(self, W: np.ndarray, b: np.ndarray | None, name: str) -> None:
        """Add z = x W + b, with W (n_in, n_out) and b (n_out,) or None."""
        for kind, array in (("weights", W), ("biases", b)):
            if array is not None:
                self._refuse_numbers(array, kind, name)
        if W.ndim != 2 or not W.size or (b is not None and b.shape != W.shape[1:]):
            shapes = W.shape if b is None else f"{W.shape} and {b.shape}"
            raise ValueError(f"{name}: its shapes are {shapes}; expected (n_in, n_out), (n_out,)")
        if self.width not in (None, W.shape[0]):
            raise ValueError(
                f"{name}: it takes {W.shape[0]} numbers a row and is given {self.width}"
            )
        self.links.append(Link(W, b, None, name))

    def add_bias(self, b: np.ndarray, name: str) -> None:
        """Give the last layer, which has none, its biases (n_out,)."""
        self._refuse_numbers(b, "biases", name)
        self.links[-1].b = b

    def activate(self, activation: str, name: str) -> None:
        """Say what follows the last layer: a name of `pellucid.ACTIVATIONS`."""
        if not self.links:
            raise ValueError(
                f"{name}: an activation before the first dense layer; apply it to the data, and "
                "import the rest"
            )
        last = self.links[-1]
        if last.activation is not None:
            raise ValueError(
                f"{name}: a second activation after {last.name}, and a layer of pellucid has one"
            )
        if activation == "softmax" and self.width == 1:
            raise ValueError(f"{name}: softmax over 1 output is always 1")
        last.activation = activation

    def network(self) -> Network:
        """The network of all parts, in the dtype of their numbers and with the loss to match."""
        if not self.links:
            raise ValueError("there is no dense layer in it: a network needs one at the least")
        layers = []
        for link in self.links:
            n_in, n_out = link.W.shape
            f = ACTIVATIONS[link.activation or "identity"]
            layers.append(Dense(n_in, n_out, f, link.b is not None))
        network = Network(Architecture(tuple(layers)), dtype=self.links[0].W.dtype.name)
        arrays = [array for link in self.links for array in (link.W, link.b) if array is not None]
        network.theta = np.concatenate([np.ravel(array) for array in arrays])
        return network

    def _refuse_numbers(self, array: Any, kind: str, name: str) -> None:
        if array.dtype not in (np.float32, np.float64):
            raise ValueError(f"{name}: its {kind} are {array.dtype}; expected float32 or float64")
        known = self.links[0].W.dtype if self.links else array.dtype
        if array.dtype != known:
            raise ValueError(
                f"{name}: its {kind} are {array.dtype} and those before are {known}; a network "
                "has one type of number"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{name}: its {kind} hold NaN or inf")
