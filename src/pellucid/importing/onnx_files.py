"""An ONNX file is a graph of operators with their numbers, the form that most tools export to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.activations import ACTIVATIONS
from pellucid.importing.chain import Chain
from pellucid.importing.expressions import GRID, OPERATORS, activation_of
from pellucid.importing.graph import Graph, label, read_graph
from pellucid.importing.sources import read_source
from pellucid.model import Network

KNOWN = ("Gemm", "MatMul", *OPERATORS, "Constant", "Identity", "Dropout", "Cast", "Flatten",
         "Reshape", "Transpose")  # fmt: skip
"""The operators that are read, some of them with some settings alone."""


def from_onnx(source: str | os.PathLike[str] | bytes, output: str | None = None) -> Network:
    """The network of an ONNX file of dense layers and activations, given by path or as bytes.

    Weights are the same numbers. Layers are `Gemm`, or `MatMul` and `Add`; activations may be
    operators or be put together from several, as exporters do. What does nothing in a prediction
    (`Identity`, `Dropout`, `Flatten`, a `Cast` to the type of the weights) is left out. Nothing in
    the file is run, and no other file is opened.

    Parameters
    ----------
    source : the path of a file, or its bytes.
    output : the tensor that is the network's answer: by default the one output of floats. Tensors
        after it, such as labels made from probabilities, are not looked at.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, or naming the first node that does not fit: another operator, another
        activation, branches, numbers in another file or of another type.

    Examples
    --------
    >>> from onnx import TensorProto, helper, numpy_helper
    >>> W = numpy_helper.from_array(np.array([[1.0], [2.0]]), "W")
    >>> nodes = [helper.make_node("Gemm", ["x", "W"], ["z"]),
    ...          helper.make_node("Tanh", ["z"], ["y"])]
    >>> ends = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["n", size])
    ...         for name, size in (("x", 2), ("y", 1))]
    >>> graph = helper.make_graph(nodes, "small", ends[:1], ends[1:], [W])
    >>> from_onnx(helper.make_model(graph).SerializeToString())
    Network(2 -> 1 tanh (no bias), squared_error, 2 parameters)
      layer1  W (2, 1)       2
    """
    data, name = read_source(source)
    return network_of(read_graph(data, name, output, KNOWN))


def network_of(graph: Graph) -> Network:
    """The network that a graph computes."""
    reader = _Reader(graph)
    for node in graph.nodes:
        reader.read(node)
    return reader.network()


@dataclass(frozen=True)
class _Flow:
    """A tensor that depends on the input: what has been made of the sums of one layer."""

    stage: int  # of which layer: how often one was added, or changed, before
    values: np.ndarray  # (n, 2): what comes of the sums in the grid
    maker: str  # the node that gave it


class _Reader:
    """Runs a graph with flows in the place of numbers, and collects layers on the way."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.chain, self.stage = graph, Chain(), 0
        self.constants = dict(graph.constants)
        self.flows = {graph.input: _Flow(0, GRID, f"input {graph.input!r}")}
        self.casts: list[tuple[str, int]] = []
        self.width: tuple[str, int] | None = None  # of the input, where a node says it

    def read(self, node: Any) -> None:
        if node.op_type == "Constant":
            return
        if not any(name in self.flows for name in node.input):
            self.constants[node.output[0]] = self._folded(node)
            return
        kinds = {"Gemm": self._gemm, "MatMul": self._matmul, "Add": self._add}
        read = kinds.get(node.op_type, self._expression)
        flow = self._same(node) if node.op_type not in (*kinds, *OPERATORS) else read(node)
        if node.output[0]:
            self.flows[node.output[0]] = flow

    def network(self) -> Network:
        name = f"output {self.graph.output!r}"
        if self.graph.output not in self.flows:
            raise ValueError(f"{name}: it is no answer to the input")
        self._close(self.flows[self.graph.output], name)
        network = self.chain.network()
        dtype, links = self.chain.links[0].W.dtype, self.chain.links
        for name, to in self.casts:
            if to != {"float32": 1, "float64": 11}[dtype.name]:
                raise ValueError(f"{name}: it casts to another type than that of the weights")
        if self.width is not None and self.width[1] != links[0].W.shape[0]:
            n_in = links[0].W.shape[0]
            raise ValueError(f"{self.width[0]}: it gives {self.width[1]} numbers a row, not {n_in}")
        return network

    def _flow(self, node: Any, i: int) -> _Flow:
        """The input i of a node, which is one that flows, and not of a branch left behind."""
        flow = self.flows.get(node.input[i] if i < len(node.input) else "")
        if flow is None:
            raise ValueError(f"{label(node)}: its input {i + 1} is not what the node before gives")
        if flow.stage != self.stage:
            raise ValueError(f"{label(node)}: it joins branches; a network is one chain of layers")
        return flow

    def _constant(self, node: Any, i: int) -> np.ndarray:
        if node.input[i] not in self.constants:
            raise ValueError(f"{label(node)}: its input {i + 1} is not constant, as weights are")
        return self.constants[node.input[i]]

    def _folded(self, node: Any) -> np.ndarray:
        if node.op_type == "Identity":
            return self._constant(node, 0)
        if node.op_type == "Transpose":
            return self._constant(node, 0).transpose(self.graph.attributes(node).get("perm"))
        raise ValueError(f"{label(node)}: it works on constants alone; simplify the file first")

    def _close(self, flow: _Flow, user: str) -> None:
        """End the last layer with the activation that the flow is."""
        if flow.stage != self.stage:
            raise ValueError(f"{user}: it leaves out the last layers; a network is one chain")
        name = activation_of(flow.values)
        if name is None:
            raise ValueError(
                f"{flow.maker}: with what leads to it, it is no activation that pellucid has: "
                f"{', '.join(ACTIVATIONS)}"
            )
        if name != "identity":
            self.chain.activate(name, flow.maker)

    def _dense(self, node: Any, flow: _Flow, W: np.ndarray, b: np.ndarray | None) -> _Flow:
        self._close(flow, label(node))
        self.chain.dense(W, b, label(node))
        self.stage += 1
        return _Flow(self.stage, GRID, label(node))

    def _matmul(self, node: Any) -> _Flow:
        return self._dense(node, self._flow(node, 0), self._constant(node, 1), None)

    def _gemm(self, node: Any) -> _Flow:
        flow, settings = self._flow(node, 0), {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0}
        settings |= self.graph.attributes(node)
        if settings["transA"]:
            raise ValueError(f"{label(node)}: it turns rows into columns (transA=1)")
        W = self._constant(node, 1)
        if W.ndim != 2:
            raise ValueError(f"{label(node)}: its weights are {W.shape}; expected (n_in, n_out)")
        W = W.T if settings["transB"] else W
        b = None
        if len(node.input) > 2 and node.input[2]:
            b = self._biases(node, self._constant(node, 2), W.shape[1])
            b = b if settings["beta"] == 1.0 else b * b.dtype.type(settings["beta"])
        W = W if settings["alpha"] == 1.0 else W * W.dtype.type(settings["alpha"])
        return self._dense(node, flow, W, b)

    def _biases(self, node: Any, b: np.ndarray, n_out: int) -> np.ndarray:
        if b.size != 1 and (b.size != n_out or b.shape[-1] != n_out):
            raise ValueError(f"{label(node)}: its biases are {b.shape}; expected ({n_out},)")
        return np.broadcast_to(b.ravel(), (n_out,))

    def _add(self, node: Any) -> _Flow:
        """Biases, if a layer has none yet and nothing else has been done to its sums."""
        i = 0 if node.input[0] in self.flows else 1
        links = self.chain.links
        is_raw = self._flow(node, i).values is GRID
        if node.input[1 - i] in self.flows or not (is_raw and links and links[-1].b is None):
            return self._expression(node)
        b = self._biases(node, self._constant(node, 1 - i), links[-1].W.shape[1])
        self.chain.add_bias(b, label(node))
        self.stage += 1  # what was given before the biases is a branch from now on
        return _Flow(self.stage, GRID, label(node))

    def _expression(self, node: Any) -> _Flow:
        arguments: list[Any] = []
        for i, name in enumerate(node.input):
            if name in self.flows:
                arguments.append(self._flow(node, i).values)
                continue
            constant = self._constant(node, i)
            if constant.size != 1:
                raise ValueError(
                    f"{label(node)}: it has a constant of shape {constant.shape}, a number a "
                    "column, where activations treat all alike"
                )
            arguments.append(float(constant.ravel()[0]))
        settings = self.graph.attributes(node)
        if node.op_type == "Softmax":
            axis = settings.get("axis", -1 if self.graph.opset >= 13 else 1)
            if axis not in (1, -1):
                raise ValueError(f"{label(node)}: it runs along axis {axis}; expected 1 or -1")
        shown = "".join(f", {key} {value!r}" for key, value in settings.items())
        try:
            with np.errstate(all="ignore"):
                values = OPERATORS[node.op_type](*arguments, **settings)
        except TypeError as error:  # a setting of a newer opset
            raise ValueError(f"{label(node)}{shown}: a setting is not known ({error})") from error
        return _Flow(self.stage, values, f"{label(node)}{shown}")

    def _same(self, node: Any) -> _Flow:
        """What a node gives that changes no number; others are refused."""
        flow, settings = self._flow(node, 0), self.graph.attributes(node)
        if node.op_type == "Dropout":
            trains = len(node.input) > 2 and bool(node.input[2]) and self._constant(node, 2).any()
            if trains:
                raise ValueError(f"{label(node)}: it is in training mode; export for inference")
        elif node.op_type == "Cast":
            self.casts.append((label(node), settings["to"]))
        elif node.op_type == "Flatten":
            if settings.get("axis", 1) != 1:
                raise ValueError(f"{label(node)}: it does not keep rows apart; expected axis 1")
        elif node.op_type == "Reshape":
            self._refuse_shape(node, np.ravel(self._constant(node, 1)).tolist(), settings)
        elif node.op_type != "Identity":
            raise ValueError(f"{label(node)}: it works on what flows; expected a constant")
        return flow

    def _refuse_shape(self, node: Any, shape: list[int], settings: dict[str, Any]) -> None:
        """Raise ValueError unless rows stay rows, of as many numbers as before."""
        right = len(shape) == 2 and shape[0] in (-1, 0) and shape[1] != shape[0]
        right = right and not (shape[0] == 0 and settings.get("allowzero", 0))
        if right and shape[1] > 0 and self.chain.width is None:
            self.width = label(node), shape[1]
        elif not (right and shape[1] in (-1, self.chain.width)):
            raise ValueError(
                f"{label(node)}: it makes the shape {shape}; expected as many rows as "
                "there are, of the numbers before (export with any number of rows)"
            )
