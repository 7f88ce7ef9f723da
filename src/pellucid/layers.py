"""A layer turns what it is given into the weighted sums z of its units, and hands dz back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

from pellucid.activations import ACTIVATIONS, Activation
from pellucid.arrays import Array, namespace


class Parameter(NamedTuple):
    """One array of a layer: its name, shape, fans, first value and whether penalties touch it."""

    name: str
    shape: tuple[int, ...]
    fan_in: int
    fan_out: int
    initializer: str | None  # None: the one that suits the activation
    decay: float  # 1 where L2, L1 and weight decay apply, 0 where they do not


class Layer(Protocol):
    """What the network knows of a layer. Forward and backward are each other's mirror."""

    kind: ClassVar[str]
    takes_dropout: ClassVar[bool]  # whether its units may be silenced where it is a hidden layer

    @property
    def n_in(self) -> int:
        """Numbers it is given for each row."""

    @property
    def n_out(self) -> int:
        """Numbers it gives for each row."""

    @property
    def activation(self) -> Activation:
        """What follows it."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its arrays, in the order they lie in theta."""

    def __str__(self) -> str:
        """A few words for the architecture's line."""

    def to_dict(self) -> dict[str, Any]:
        """What makes it again, its kind and activation apart, as plain data."""

    def terms(
        self, parameters: tuple[Array, ...], x: Array, unit: int
    ) -> tuple[Array, Array, Array | None]:
        """The inputs and weights whose products, with a bias, add up to z of one unit of a row."""

    def forward(self, parameters: tuple[Array, ...], x: Array) -> Array:
        """X (n, n_in) -> z (n, n_out)."""

    def backward(self, parameters: tuple[Array, ...], dz: Array) -> Array:
        """dz (n, n_out) -> dx (n, n_in)."""

    def gradient(self, parameters: tuple[Array, ...], x: Array, dz: Array) -> tuple[Array, ...]:
        """dLoss by each parameter, in their order and shapes."""


@dataclass(frozen=True)
class Dense:
    """Every unit sees every input: z = x W + b, with W (n_in, n_out) and b (n_out,).

    Examples
    --------
    >>> [p.name for p in Dense(3, 2).parameters], [p.shape for p in Dense(3, 2).parameters]
    (['W', 'b'], [(3, 2), (2,)])
    """

    kind: ClassVar[str] = "dense"
    takes_dropout: ClassVar[bool] = True
    n_in: int
    n_out: int
    activation: Activation = field(default=ACTIVATIONS["identity"])
    bias: bool = True

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """W, then b if there is one."""
        W = Parameter("W", (self.n_in, self.n_out), self.n_in, self.n_out, None, 1.0)
        b = Parameter("b", (self.n_out,), self.n_in, self.n_out, "zeros", 0.0)
        return (W, b) if self.bias else (W,)

    def __str__(self) -> str:
        return f"{self.n_out} {self.activation.name}" + ("" if self.bias else " (no bias)")

    def to_dict(self) -> dict[str, Any]:
        """Its sizes, and whether it has biases."""
        return {"n_in": self.n_in, "n_out": self.n_out, "bias": self.bias}

    def terms(
        self, parameters: tuple[Array, ...], x: Array, unit: int
    ) -> tuple[Array, Array, Array | None]:
        """All of x (n_in,), the unit's column of W, and its b."""
        return x, parameters[0][:, unit], parameters[1][unit] if self.bias else None

    def forward(self, parameters: tuple[Array, ...], x: Array) -> Array:
        """z = x W + b."""
        z = x @ parameters[0]
        return z + parameters[1] if self.bias else z

    def backward(self, parameters: tuple[Array, ...], dz: Array) -> Array:
        """dx = dz W^T."""
        return dz @ parameters[0].T

    def gradient(self, parameters: tuple[Array, ...], x: Array, dz: Array) -> tuple[Array, ...]:
        """dW = x^T dz, db = the sum of dz over rows."""
        dW = x.T @ dz
        return (dW, namespace(dz).sum(dz, axis=0)) if self.bias else (dW,)


@dataclass(frozen=True)
class Scale:
    """One learnable factor per input: z = x s, with s (n,). It lets training weigh the columns.

    Examples
    --------
    >>> [p.shape for p in Scale(3).parameters], Scale(3).n_out
    ([(3,)], 3)
    """

    kind: ClassVar[str] = "scale"
    takes_dropout: ClassVar[bool] = False  # its outputs are the inputs still
    n_in: int
    activation: Activation = field(default=ACTIVATIONS["identity"])

    @property
    def n_out(self) -> int:
        """As many outputs as inputs."""
        return self.n_in

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """s, which starts at 1; shrinking it to 0 would only undo it, so penalties leave it be."""
        return (Parameter("s", (self.n_in,), 1, 1, "ones", 0.0),)

    def __str__(self) -> str:
        unit = self.activation.name
        return self.kind if unit == "identity" else f"{self.kind} {unit}"

    def to_dict(self) -> dict[str, Any]:
        """Its size."""
        return {"n_in": self.n_in}

    def terms(
        self, parameters: tuple[Array, ...], x: Array, unit: int
    ) -> tuple[Array, Array, Array | None]:
        """One x and its factor."""
        return x[unit : unit + 1], parameters[0][unit : unit + 1], None

    def forward(self, parameters: tuple[Array, ...], x: Array) -> Array:
        """z = x s."""
        return x * parameters[0]

    def backward(self, parameters: tuple[Array, ...], dz: Array) -> Array:
        """dx = dz s."""
        return dz * parameters[0]

    def gradient(self, parameters: tuple[Array, ...], x: Array, dz: Array) -> tuple[Array, ...]:
        """ds = the sum of x dz over rows."""
        return (namespace(dz).sum(x * dz, axis=0),)


LAYERS: dict[str, Any] = {layer.kind: layer for layer in (Dense, Scale)}
"""Every kind of layer by name. Add a row to add one."""
