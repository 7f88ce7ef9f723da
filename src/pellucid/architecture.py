"""An architecture is the shape of a network: its layers in order, and no numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid import fields
from pellucid.activations import ACTIVATIONS, Activation, activation
from pellucid.layers import LAYERS, Dense, Layer, Scale


@dataclass(frozen=True)
class Architecture:
    """A sequence of layers, each with its activation, in which each takes what the last gives.

    Raises
    ------
    ValueError
        If a layer does not take as many inputs as the one before gives; both are named.

    Examples
    --------
    >>> print(Architecture.of([64, 100, 10], "sigmoid", "softmax"))
    64 -> 100 sigmoid -> 10 softmax
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("an architecture needs at least one layer: give two sizes or more")
        for i, (before, after) in enumerate(zip(self.layers, self.layers[1:], strict=False), 1):
            if before.n_out != after.n_in:
                raise ValueError(
                    f"layer {i} gives {before.n_out} numbers and layer {i + 1} takes {after.n_in}"
                )

    @classmethod
    def of(
        cls,
        sizes: Sequence[int],
        hidden_activation: Any = "relu",
        output_activation: Any = "identity",
        bias: bool | Sequence[bool] = True,
        scale_inputs: bool = False,
    ) -> Architecture:
        """Dense layers of the given sizes, inputs first.

        Parameters
        ----------
        sizes : units of the inputs, of each hidden layer and of the output.
        hidden_activation : one for all hidden layers, or a list with one for each.
        output_activation : that of the last layer.
        bias : one for all layers, or a list with one for each.
        scale_inputs : whether a learnable factor per input comes first.
        """
        if len(sizes) < 2:
            raise ValueError(f"sizes is {list(sizes)}: expected inputs and outputs at the least")
        for size in sizes:
            if isinstance(size, bool) or int(size) != size or size < 1:
                raise ValueError(f"a layer of {size!r} units: expected a whole number from 1 on")
        n_layers = len(sizes) - 1
        hidden = _one_each(hidden_activation, n_layers - 1, "hidden_activation")
        biases = _one_each(bias, n_layers, "bias")
        activations = [activation(name) for name in (*hidden, output_activation)]
        if activations[-1].name == "softmax" and sizes[-1] == 1:
            raise ValueError(
                "softmax over 1 output is always 1: use sigmoid, or one output a class"
            )
        layers: list[Layer] = [
            Dense(int(n_in), int(n_out), f, bool(b))
            for n_in, n_out, f, b in zip(sizes, sizes[1:], activations, biases, strict=False)
        ]
        return cls((Scale(int(sizes[0])), *layers) if scale_inputs else tuple(layers))

    @property
    def n_inputs(self) -> int:
        """Columns of X."""
        return self.layers[0].n_in

    @property
    def n_outputs(self) -> int:
        """Columns of y."""
        return self.layers[-1].n_out

    @property
    def output_activation(self) -> Activation:
        """What turns the raw output z into the network's answer."""
        return self.layers[-1].activation

    def to_dict(self) -> list[dict[str, Any]]:
        """Plain data for the model file; a custom activation has no name to be found again by.

        Raises
        ------
        ValueError
            If a layer's activation is not one of `ACTIVATIONS`.
        """
        rows = []
        for layer in self.layers:
            f = layer.activation
            if ACTIVATIONS.get(f.name) is not f:
                raise ValueError(
                    f"activation {f.name!r} is your own code and a model file holds none: "
                    "keep theta with numpy.save, or use a built-in activation"
                )
            rows.append(layer.to_dict() | {"kind": layer.kind, "activation": f.name})
        return rows

    @classmethod
    def from_dict(cls, rows: Sequence[Mapping[str, Any]]) -> Architecture:
        """The inverse of `to_dict`."""
        layers = []
        for row in fields.sequence(rows):
            kind = LAYERS[fields.choice(row["kind"], LAYERS)]
            given: dict[str, Any] = {}
            for name, value in row.items():
                if name in ("n_in", "n_out"):
                    given[name] = fields.whole(value, 1)
                elif name == "bias":
                    given[name] = fields.truth(value)
                elif name == "activation":
                    given[name] = ACTIVATIONS[fields.choice(value, ACTIVATIONS)]
                elif name != "kind":
                    raise ValueError(f"{name!r:.60} is nothing that a layer has")
            layers.append(kind(**given))
        return cls(tuple(layers))

    def __str__(self) -> str:
        return " -> ".join([str(self.n_inputs), *map(str, self.layers)])


def _one_each(value: Any, n: int, name: str) -> list[Any]:
    """`value` for each of `n` layers, or its own items when it is a list of that length."""
    a_pair_of_functions = isinstance(value, tuple) and all(callable(item) for item in value)
    if not isinstance(value, list | tuple) or a_pair_of_functions:
        return [value] * n
    if len(value) != n:
        raise ValueError(f"{name} has {len(value)} items for {n} layers: give one, or one each")
    return list(value)
