"""Parameters are a network's numbers: one array theta, and named views into it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pellucid.arrays import Array, array_like, namespace
from pellucid.layout import Layout
from pellucid.samples import as_array
from pellucid.sparse import is_sparse
from pellucid.text_weights import read_text, write_text

T = TypeVar("T")


class Parameters:
    """Theta and the ways to read and set it; `Network` is a network that has them.

    Parameters
    ----------
    layout : where in theta each array lies.
    theta : (P,) the numbers.
    dtype : "float32" or "float64" if theta shall always be that, else None.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.architecture import Architecture
    >>> layout = Layout(Architecture.of([2, 1]))
    >>> parameters = Parameters(layout, np.zeros(layout.size))
    >>> parameters.weights[0][1, 0] = 5.0
    >>> parameters.theta.tolist()
    [0.0, 5.0, 0.0]
    """

    def __init__(self, layout: Layout, theta: Array, dtype: str | None = None) -> None:
        self.layout = layout
        self._theta = theta
        self._dtype = dtype

    @property
    def theta(self) -> Array:
        """All parameters in one array (P,): each layer's W row-major then b, first layer first."""
        return self._theta

    @theta.setter
    def theta(self, values: Any) -> None:
        theta = as_array(values, None if self._dtype is None else self._dtype)
        if tuple(theta.shape) != (self.layout.size,):
            raise ValueError(
                f"theta has shape {tuple(theta.shape)}: expected ({self.layout.size},), "
                "one number a parameter"
            )
        if not bool(namespace(theta).all(namespace(theta).isfinite(theta))):
            raise ValueError("theta holds NaN or inf: expected finite numbers")
        self._theta = namespace(theta).asarray(theta, copy=True)  # never shared with the giver

    @property
    def parameters(self) -> dict[str, Array]:
        """Every array by its name, such as `layer1.W`, as views: writing to one changes theta."""
        return self.layout.named(self._theta)

    @property
    def weights(self) -> list[Array]:
        """W (n_in, n_out) of each Dense layer, as views of theta; assign a list to set them.

        Training makes a new theta, so a view taken before it shows the weights as they were.
        """
        return list(self.layout.by_letter(self._theta, "W").values())

    @weights.setter
    def weights(self, arrays: Sequence[Any]) -> None:
        self.layout.assign(self._theta, "W", arrays)

    @property
    def biases(self) -> list[Array | None]:
        """Each Dense layer's b (n_out,) as a view of theta, None where there is none."""
        return list(self.layout.by_letter(self._theta, "b").values())

    @biases.setter
    def biases(self, arrays: Sequence[Any]) -> None:
        self.layout.assign(self._theta, "b", arrays)

    def per_layer(self, vector: Array) -> dict[str, Array]:
        """A theta-shaped array (P,), such as a gradient, as named views."""
        return self.layout.named(vector)

    def save_text(self, folder: str | os.PathLike[str]) -> None:
        """Write a text file for each layer, such as `layer1.txt`, that `load_text` reads back.

        A file has each array of its layer under a line with its name and shape, and gives the very
        same numbers again.

        Examples
        --------
        >>> from pellucid import Network
        >>> network = Network([2, 1], initializer=0.5)
        >>> folder = getfixture("tmp_path")
        >>> network.save_text(folder)
        >>> print((folder / "layer1.txt").read_text(), end="")
        # W, shape 2 1
        0.5
        0.5
        # b, shape 1
        0
        >>> network.load_text(folder)
        """
        write_text(folder, self._by_layer(self.parameters))

    def load_text(self, folder: str | os.PathLike[str]) -> None:
        """Set every array from the text files in `folder`, which `save_text` made.

        Raises
        ------
        FileNotFoundError, ValueError
            If a file is missing, has arrays of other shapes than this network's, or what is no
            finite number; the weights are then as they were.
        """
        shapes = {segment.name: segment.shape for segment in self.layout.segments}
        layers = read_text(folder, self._by_layer(shapes))
        for name, view in self.parameters.items():
            layer, _, letter = name.partition(".")
            view[...] = array_like(layers[layer][letter], view)

    @staticmethod
    def _by_layer(named: Mapping[str, T]) -> dict[str, dict[str, T]]:
        """What goes by names such as `layer1.W`, by layer and letter."""
        layers: dict[str, dict[str, T]] = {}
        for name, item in named.items():
            layer, _, letter = name.partition(".")
            layers.setdefault(layer, {})[letter] = item
        return layers

    def _theta_like(self, X: Array) -> Array:
        """Theta in X's dtype and library, and on its device."""
        theta, like = self._theta, X.data if is_sparse(X) else X
        if type(theta) is type(like) and theta.dtype == X.dtype and theta.device == like.device:
            return theta
        return array_like(theta, like)
