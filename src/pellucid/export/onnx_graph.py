"""A graph is a computation as ONNX keeps it: nodes, each an operator on arrays that have names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

OPSET = 13
"""The version of ONNX's operators: the oldest in which Softmax is one along an axis and ReduceSum
takes axes as an input, as in all later ones. onnxruntime reads it from 1.6 on."""

OPSET_ML = 2
"""That of its operators for classic models: the oldest whose LabelEncoder has texts for keys."""

IR_VERSION = 7
"""That of the file: it came with opset 13, so whatever reads the operators reads the file."""

TEXT = np.dtype(object)
"""How NumPy, and onnxruntime, hold arrays of text."""


@dataclass(frozen=True, eq=False)
class Value:
    """An array that a graph computes, on which formulas are written as on NumPy's.

    Parameters
    ----------
    graph, name : where it is, and as what.
    dtype : of its numbers; those that join it in a formula become of it.
    """

    graph: Graph
    name: str
    dtype: np.dtype[Any]

    def op(self, operator: str, *others: Operand, dtype: Any = None, **attributes: Any) -> Value:
        """What an operator makes of it and others; `dtype` if that has another."""
        return self.graph.node(operator, [self, *others], dtype or self.dtype, **attributes)

    def __add__(self, other: Operand) -> Value:
        return self.op("Add", other)

    def __sub__(self, other: Operand) -> Value:
        return self.op("Sub", other)

    def __rsub__(self, other: Any) -> Value:
        return self.graph.node("Sub", [self._joining(other), self], self.dtype)

    def __mul__(self, other: Operand) -> Value:
        return self.op("Mul", other)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Operand) -> Value:
        return self.op("Div", other)

    def __rtruediv__(self, other: Any) -> Value:
        return self.graph.node("Div", [self._joining(other), self], self.dtype)

    def at_least(self, low: float) -> Value:
        """The greater of it and a number, elementwise."""
        return self.op("Max", low)

    def at_most(self, high: float) -> Value:
        """The smaller of it and a number, elementwise."""
        return self.op("Min", high)

    def where(self, yes: Operand, no: Value) -> Value:
        """As it is true or not, one or the other."""
        return self.graph.node("Where", [self, no._joining(yes), no], no.dtype)

    def cast(self, dtype: Any) -> Value:
        """It in another dtype."""
        from onnx.helper import np_dtype_to_tensor_dtype

        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self
        return self.op("Cast", dtype=dtype, to=np_dtype_to_tensor_dtype(dtype))

    def columns(self, places: Sequence[int], n: int) -> Value:
        """Those of its `n` columns, in that order."""
        if list(places) == list(range(n)):
            return self
        return self.op("Gather", np.array(places, np.int64), axis=1)

    def _joining(self, other: Any) -> Operand:
        """A number as one of its dtype; arrays are what they are."""
        return np.array(other, self.dtype) if isinstance(other, (int, float)) else other


Operand: TypeAlias = "Value | float | np.ndarray[Any, Any]"


class Graph:
    """Nodes in order, and the constants that they take.

    Parameters
    ----------
    taken : names that are not to be given to what is computed.

    Examples
    --------
    >>> graph = Graph(["x"])
    >>> x = Value(graph, "x", np.dtype(np.float32))
    >>> y = (x + 1.0) / (x * x + 1.0)
    >>> [node.op_type for node in graph.nodes], len(graph.constants)
    (['Add', 'Mul', 'Add', 'Div'], 1)
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._taken = set(taken)
        self._known: dict[Any, str] = {}

    def node(
        self, operator: str, inputs: Sequence[Operand], dtype: Any, domain: str = "",
        name: str | None = None, **attributes: Any,
    ) -> Value:  # fmt: skip
        """What an operator makes of its inputs; numbers are of the first input's dtype."""
        from onnx.helper import make_node

        names = [self._name_of(one, inputs[0]) for one in inputs]
        made = name or self._new(f"{operator}_{len(self.nodes)}")
        self.nodes.append(make_node(operator, names, [made], domain=domain, **attributes))
        return Value(self, made, np.dtype(dtype))

    def side_by_side(self, values: Sequence[Value]) -> Value:
        """The columns of all."""
        if len(values) == 1:
            return values[0]
        return self.node("Concat", values, values[0].dtype, axis=1)

    def _name_of(self, one: Operand, first: Operand) -> str:
        if isinstance(one, Value):
            return one.name
        from onnx.numpy_helper import from_array

        array = one if isinstance(one, np.ndarray) else np.array(one, first.dtype)  # type: ignore[union-attr]
        content = tuple(array.tolist()) if array.dtype == TEXT else array.tobytes()
        key = (array.dtype.str, array.shape, content)
        if key not in self._known:
            self._known[key] = self._new(f"constant_{len(self.constants)}")
            self.constants.append(from_array(array, self._known[key]))
        return self._known[key]

    def _new(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name
