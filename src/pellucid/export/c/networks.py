"""Networks are layers of weights and biases: here the C of these, and of what makes answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pellucid.export.c import code
from pellucid.export.c.arrays import Constants, literal, refuse_infinite
from pellucid.export.c.inputs import Inputs
from pellucid.export.c.int8 import Rounded
from pellucid.export.c.names import statement
from pellucid.export.program import Classes, Layer, Program


class Networks:
    """Writes what makes an answer of inputs.

    Parameters
    ----------
    program : whose networks they are.
    prefix : of all names.
    rounded : their weights of 8 bits, if they are.
    inputs : what calls the parameter of functions.
    constants : where arrays are counted.
    """

    def __init__(
        self,
        program: Program,
        prefix: str,
        rounded: Sequence[Sequence[Rounded]] | None,
        inputs: Inputs,
        constants: Constants,
    ) -> None:
        for layers in program.networks:
            for layer in layers:
                refuse_infinite("a layer", layer.W)
                refuse_infinite("a layer", layer.b)
        self.program, self.prefix, self.rounded = program, prefix, rounded
        self.inputs, self.constants = inputs, constants

    @property
    def is_double(self) -> bool:
        """Whether the model's sums are in double."""
        return self.program.dtype.itemsize == 8

    @property
    def kind(self) -> str:
        """What weights are."""
        if self.rounded is not None:
            return "int8_t"
        return "double" if self.is_double else "float"

    @property
    def declared(self) -> str:
        """C's type of them."""
        return f"{self.prefix}_real" if self.kind == "double" else self.kind

    @property
    def width(self) -> int:
        """Units of the widest layer."""
        return max(len(layer.b) for layers in self.program.networks for layer in layers)

    @property
    def n_outputs(self) -> int:
        """Numbers of the answer."""
        answer = self.program.answer
        return len(answer.labels if isinstance(answer, Classes) else answer.names)

    @property
    def head(self) -> str:
        """How the function is declared that has all weights; it comes last."""
        return statement(
            f"static inline void {self.prefix}_networks({self.inputs.parameter}, double *out)", 0
        )

    def functions(self) -> Iterator[str]:
        """The sums, each activation, and what an output stands for: all that needs no weights."""
        yield code.renamed(code.DENSE_INT8 if self.rounded else code.DENSE, self.prefix)
        every = (layer.activation for layers in self.program.networks for layer in layers)
        for name in dict.fromkeys(every):
            if function := code.unit(name):
                yield code.renamed(function, self.prefix)
        yield self._answer()
        one = len(self.program.networks) == 1
        what = "What the network answers" if one else "The mean of what all networks answer"
        yield f"/* {what}: at the end of the file, after all weights. */\n{self.head};\n"

    def arrays(self) -> Iterator[str]:
        """Weights and biases; those of double may be shortened."""
        shortened = self.kind == "double"
        if shortened:
            yield code.renamed(code.SHORTENED, self.prefix)
        yield from self._arrays()
        if shortened:
            yield code.renamed(code.END_SHORTENED, self.prefix)

    def _array_name(self, network: int, letter: str, layer: int) -> str:
        one = len(self.program.networks) == 1
        return (
            f"{self.prefix}_{letter}{layer + 1}"
            if one
            else (f"{self.prefix}_network{network + 1}_{letter}{layer + 1}")
        )

    def _arrays(self) -> Iterator[str]:
        constants, kind = self.constants, self.kind
        for i, layers in enumerate(self.program.networks):
            for j, layer in enumerate(layers):
                W, scale, b = (self._array_name(i, letter, j) for letter in ("W", "scale", "b"))
                n_in, n_out = layer.W.shape
                top = f"/* Layer {j + 1}: {n_in} -> {n_out} {layer.activation}"
                of = f" of network {i + 1}" if len(self.program.networks) > 1 else ""
                remarks = [*self.inputs.names()] if j == 0 and not self.program.matrix else ()
                if self.rounded is None:
                    pieces = [
                        constants.numbers(kind, W, layer.W, remarks, self.declared),
                        constants.numbers(kind, b, layer.b, (), self.declared),
                    ]
                else:
                    small = self.rounded[i][j]
                    pieces = [
                        constants.numbers("int8_t", W, small.q, remarks),
                        constants.numbers("float", scale, small.scale),
                        constants.numbers("float", b, small.b),
                    ]
                yield f"{top}{of}. */\n" + "".join(pieces)

    def _answer(self) -> str:
        """What adds a network's outputs to the answer."""
        p, P, answer = self.prefix, self.prefix.upper(), self.program.answer
        lines: list[str]
        if not isinstance(answer, Classes):
            bounded = answer.low > -np.inf or answer.high < np.inf
            lines = ["    double y;", ""] if bounded else []
            for k, (scale, shift) in enumerate(zip(answer.scale, answer.shift, strict=True)):
                a = f"(double)a[{k}]"
                if bounded:
                    a = (
                        a
                        if answer.high == np.inf
                        else f"fmin({a}, {literal('double', answer.high)})"
                    )
                    a = (
                        a
                        if answer.low == -np.inf
                        else f"fmax({a}, {literal('double', answer.low)})"
                    )
                    lines.append(f"    y = {a};")
                    a = "y"
                a = a if scale == 1.0 else f"{a} * {literal('double', scale)}"
                a = a if shift == 0.0 else f"{a} + {literal('double', shift)}"
                lines.append(f"    out[{k}] += {a};")
        else:
            k = self.n_outputs
            one = len(self.program.networks[0][-1].b) == 1
            lines = [f"    double p[{P}_CLASSES];"]
            if answer.smoothing:
                lines += ["    double sum = 0.0;"]
            lines += [""]
            if one:
                lines += ["    p[0] = 1.0 - (double)a[0];", "    p[1] = (double)a[0];"]
            else:
                lines += [
                    f"    for (int k = 0; k < {P}_CLASSES; k++) {{",
                    "        p[k] = (double)a[k];",
                    "    }",
                ]
            if answer.smoothing:
                each = literal("double", answer.smoothing / k)
                lines += [
                    f"    for (int k = 0; k < {P}_CLASSES; k++) {{ /* smoothed labels undone */",
                    f"        p[k] = fmax(p[k] - {each}, 0.0);", "        sum += p[k];", "    }",
                ]  # fmt: skip
            share = "p[k] / sum" if answer.smoothing else "p[k]"
            if answer.floor:
                share = (
                    f"{literal('double', 1.0 - k * answer.floor)} * ({share}) + "
                    f"{literal('double', answer.floor)}"
                )
            lines += [
                f"    for (int k = 0; k < {P}_CLASSES; k++) {{",
                f"        out[k] += {share};",
                "    }",
            ]
        head = f"static inline void {p}_answer(const {p}_real *a, double *out)"
        return "\n".join(
            ["/* Adds what a network's outputs stand for to `out`. */", head, "{", *lines, "}", ""]
        )

    def calls(self) -> str:
        """The function that calls all these with the weights."""
        p, P = self.prefix, self.prefix.upper()
        many = "CLASSES" if isinstance(self.program.answer, Classes) else "OUTPUTS"
        n = len(self.program.networks)
        both = any(len(layers) > 1 for layers in self.program.networks)
        lines = [
            f"    {p}_real z[{P}_INPUTS], a[{P}_WIDTH]" + (f", b[{P}_WIDTH];" if both else ";"), "",
            f"    {p}_inputs({self.inputs.argument}, z);",
            f"    for (int k = 0; k < {P}_{many}; k++) {{", "        out[k] = 0.0;", "    }",
        ]  # fmt: skip
        for i, layers in enumerate(self.program.networks):
            lines += ["", f"    /* network {i + 1} */"] if n > 1 else [""]
            lines += self._calls(i, layers)
        if n > 1:
            lines += [
                "",
                f"    for (int k = 0; k < {P}_{many}; k++) {{",
                f"        out[k] /= {P}_NETWORKS;",
                "    }",
            ]
        return "\n".join([self.head, "{", *lines, "}", ""])

    def _calls(self, network: int, layers: Sequence[Layer]) -> Iterator[str]:
        p, x, out = self.prefix, "z", "a"
        for j, layer in enumerate(layers):
            letters = ("W", "b") if self.rounded is None else ("W", "scale", "b")
            arrays = ", ".join(self._array_name(network, letter, j) for letter in letters)
            n_in, n_out = layer.W.shape
            yield statement(f"{p}_dense({arrays}, {n_in}, {n_out}, {x}, {out});")
            if layer.activation != "identity":
                yield f"    {p}_{layer.activation}({out}, {n_out});"
            x, out = out, ("b" if out == "a" else "a")
        yield f"    {p}_answer({x}, out);"
