"""A peer is a library that does a row's work; each has a module here with the same few functions.

Every module is imported in a process of its own, in the environment that has the library, so it
needs no more than NumPy and that library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from work import Array, Work


class Model(Protocol):
    """A network in a library's own terms."""

    def reset(self, seed: int) -> None:
        """Back to the first weights, nothing remembered; the seed is that of the rows' order."""

    def train(self, epochs: int, shuffle: bool) -> float:
        """Train, and give the mean loss of the last epoch's batches as the library counts it."""

    def predictor(self, X: Array) -> Callable[[], Any]:
        """A call that gives the activated outputs for X, which it holds in the library's terms."""


class Peer(Protocol):
    """A library that has been loaded."""

    version: str

    def model(self, work: Work) -> Model:
        """The network of `work`; raises NotOfferedError if the library has no such thing."""


@dataclass(frozen=True)
class Entry:
    """A line of the table of peers."""

    title: str
    imports: str = ""  # the module whose import time is stated
    cure: str = ""  # how to get it


PEERS = {
    "pellucid": Entry("pellucid", "pellucid"),
    "sklearn": Entry("scikit-learn", "sklearn.neural_network", "pip install scikit-learn"),
    "torch": Entry("PyTorch", "torch", "pip install torch"),
    "jax": Entry("JAX", "jax.numpy", "pip install jax"),
    "fann": Entry("FANN", "", "Debian's libfann2 or libfann-dev"),
    "reference": Entry("pellucid's reference engine"),
}
"""Every peer by its module's name, in the order of the tables."""


def start(name: str, threads: int | None) -> Peer:
    """Load a peer that uses so many threads; None: as many as it chooses for itself.

    Raises
    ------
    ImportError, OSError
        If its library is not there.
    """
    peer: Peer = import_module(f"peers.{name}").start(threads)
    return peer
