"""A network is layers in a row. This file is the specification: every engine must equal it.

    forward     x_1 = X        z_l = layer_l(x_l)        a_l = f_l(z_l)        x_{l+1} = a_l
    backward    dz_L = dLoss/dz_L                        dparameters_l = layer_l'(x_l, dz_l)
                da_l = dx_{l+1} = layer_{l+1}^T(dz_{l+1})              dz_l = f_l'(z_l) da_l

A dropout mask, where there is one, multiplies a_l on the way forward and da_l on the way back.
Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, 1986.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from pellucid.arrays import Array, namespace
from pellucid.layout import Layout

Masks: TypeAlias = Sequence[Array | None]
"""For each layer None or an (n, n_out) array that its activations are multiplied by."""


class Trace(NamedTuple):
    """All that a forward pass saw; lists have one item a layer."""

    parameters: list[tuple[Array, ...]]  # each layer's own arrays, views of theta
    x: list[Array]  # (n, n_in): what the layer was given
    z: list[Array]  # (n, n_out): its weighted sums
    a: list[Array]  # (n, n_out): its activations

    @property
    def output(self) -> Array:
        """(n, n_outputs): the network's answer."""
        return self.a[-1]


def forward(layout: Layout, theta: Array, X: Array, masks: Masks | None = None) -> Trace:
    """Run X (n, n_inputs) through the network whose parameters are theta (P,).

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.architecture import Architecture
    >>> layout = Layout(Architecture.of([2, 1]))
    >>> forward(layout, np.array([1.0, 10.0, 100.0]), np.array([[2.0, 3.0]])).output.tolist()
    [[132.0]]
    """
    trace = Trace(layout.views(theta), [], [], [])
    x = X
    for i, layer in enumerate(layout.architecture.layers):
        z = layer.forward(trace.parameters[i], x)
        a = layer.activation.forward(z)
        trace.x.append(x)
        trace.z.append(z)
        trace.a.append(a)
        mask = masks[i] if masks else None
        x = a if mask is None else a * mask
    return trace


def input_gradient(layout: Layout, trace: Trace) -> Array:
    """How each output changes with each input: (n, n_outputs, n_inputs), output by output.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.architecture import Architecture
    >>> layout = Layout(Architecture.of([2, 1]))
    >>> trace = forward(layout, np.array([1.0, 10.0, 100.0]), np.array([[2.0, 3.0]]))
    >>> input_gradient(layout, trace).tolist()
    [[[1.0, 10.0]]]
    """
    layers, xp = layout.architecture.layers, namespace(trace.output)
    gradients = []
    for j in range(layers[-1].n_out):
        dx = xp.zeros_like(trace.output)
        dx[:, j] = 1.0
        for i in range(len(layers) - 1, -1, -1):
            dz = layers[i].activation.backward(dx, trace.z[i], trace.a[i])
            dx = layers[i].backward(trace.parameters[i], dz)
        gradients.append(dx)
    return xp.stack(gradients, axis=1)


def backward(layout: Layout, trace: Trace, dz: Array, masks: Masks | None = None) -> Array:
    """The gradient (P,) of a loss by theta, from its gradient dz (n, n_outputs) by the raw output.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.architecture import Architecture
    >>> layout = Layout(Architecture.of([2, 1]))
    >>> trace = forward(layout, np.array([1.0, 10.0, 100.0]), np.array([[2.0, 3.0]]))
    >>> backward(layout, trace, np.array([[0.5]])).tolist()
    [1.0, 1.5, 0.5]
    """
    xp = namespace(dz)
    layers = layout.architecture.layers
    pieces: list[Array] = []
    for i in range(len(layers) - 1, -1, -1):
        gradients = layers[i].gradient(trace.parameters[i], trace.x[i], dz)
        pieces[:0] = [xp.reshape(gradient, (-1,)) for gradient in gradients]
        if i > 0:
            da = layers[i].backward(trace.parameters[i], dz)
            mask = masks[i - 1] if masks else None
            if mask is not None:
                da = da * mask
            dz = layers[i - 1].activation.backward(da, trace.z[i - 1], trace.a[i - 1])
    return xp.concat(pieces)
