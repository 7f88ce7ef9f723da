"""A header is one file of C99 that has a whole model in it, from a row to the answer."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pellucid.export.c import code
from pellucid.export.c.arrays import Constants
from pellucid.export.c.inputs import Inputs
from pellucid.export.c.int8 import Rounded
from pellucid.export.c.names import WIDTH, remark, string
from pellucid.export.c.networks import Networks
from pellucid.export.program import Classes, Program
from pellucid.version import __version__

LONG, LONG_LONG = 2**31, 2**63
"""What whole numbers of C's types lie below."""

AROUND = 256
"""Bytes of the stack beside arrays: what functions keep while they call others."""


class Header:
    """Writes a program as C.

    Parameters
    ----------
    program : what to write; of 8 bits, the one that stands for `rounded`.
    prefix : of all names, as C has it.
    rounded : the weights of 8 bits, if they are.
    file : what the file is called; by default `prefix` and ".h".

    Examples
    --------
    >>> from pellucid import Network
    >>> from pellucid.export import translate
    >>> header = Header(translate(Network([2, 3, 1], seed=0)).program, "sums")
    >>> "static inline double sums_predict(const double x[SUMS_COLUMNS]);" in header.text()
    True
    >>> header.flash  # 13 weights and biases of 8 bytes
    104
    """

    def __init__(
        self,
        program: Program,
        prefix: str,
        rounded: Sequence[Sequence[Rounded]] | None = None,
        file: str = "",
    ) -> None:
        self.program, self.prefix, self.rounded = program, prefix, rounded
        self.file = remark(file or f"{prefix}.h")
        self.constants = Constants()
        self.inputs = Inputs(program, prefix, self.constants)
        self.networks = Networks(program, prefix, rounded, self.inputs, self.constants)
        self.n_outputs = self.networks.n_outputs
        self._text = ""

    # --- what it takes --------------------------------------------------------------------------

    @property
    def flash(self) -> int:
        """Bytes of all constants, with the 8 of each pointer on machines of 64 bits."""
        self.text()
        return self.constants.flash

    @property
    def ram(self) -> int:
        """Bytes of the stack that a prediction takes, about; nothing is kept elsewhere."""
        reals = self.program.n_inputs + 2 * self.networks.width
        return self.program.dtype.itemsize * reals + 16 * self.n_outputs + AROUND

    # --- the file -------------------------------------------------------------------------------

    def text(self) -> str:
        """The file; the same program, the same text."""
        if not self._text:
            body = "\n".join(self._body())
            self._text = f"{self._head()}\n{body}"
        return self._text

    def what_goes_in(self) -> Iterator[str]:
        """Pieces that declare a row, with the macros and the headers of C's own that they need."""
        texts = ["stddef", "string"] if self.inputs.categories else []
        needed = sorted(["math", *texts, *(["stdint"] if self.rounded else [])])
        yield "".join(f"#include <{name}.h>\n" for name in needed)
        if self.inputs.has_gaps:
            yield code.FAST_MATH
        yield self._macros()
        yield _section("What goes in")
        yield self.inputs.row()

    def _body(self) -> Iterator[str]:
        """What there is to read comes first; the weights, which may be millions, come last."""
        P = self.prefix.upper()
        yield f"#ifndef {P}_H\n#define {P}_H\n"
        yield from self.what_goes_in()
        if self.inputs.has_dates:
            yield self._own(code.DAYS)
        yield _section("What comes out")
        yield from self._interface()
        yield _section("The type of sums")
        yield self._own(code.DOUBLE if self.networks.is_double else code.FLOAT)
        yield _section("From a row to the inputs of the networks")
        yield from self.inputs.pieces()
        yield _section("From the inputs to an answer")
        yield from self.networks.functions()
        yield from self._predict()
        yield _section("Weights and biases")
        yield from self.networks.arrays()
        yield _section("The networks with their weights")
        yield self.networks.calls()
        yield f"#endif /* {P}_H */\n"

    def _own(self, piece: str) -> str:
        return code.renamed(piece, self.prefix)

    # --- the top --------------------------------------------------------------------------------

    def _head(self) -> str:
        program = self.program
        classes = isinstance(program.answer, Classes)
        shape = [program.n_inputs, *(len(layer.b) for layer in program.networks[0])]
        networks = len(program.networks)
        made = program.about.get("made_by", f"pellucid {__version__}")
        what = (
            f'"{remark(program.target_name)}", one of {self.n_outputs} classes,'
            if classes
            else f'"{remark(program.target_name)}"'
            if self.n_outputs == 1
            else f"{self.n_outputs} numbers"
        )
        kept = {"int8_t": "whole numbers of 8 bits with a scale for each unit"}.get(
            self.networks.kind, f"{self.networks.kind}s"
        )
        paragraphs = [
            f"{self.file} predicts {what} from {len(program.columns)} "
            f"{'numbers' if program.matrix else 'columns'}.",
            f"Made by {remark(str(made))} of a {program.about.get('model', 'model')}: "
            f"{networks} network{'s' if networks > 1 else ''} of {' -> '.join(map(str, shape))} "
            f"units with {program.n_parameters:,} weights and biases, which are {kept}. "
            "C99, and C++ from 2011 on, without dependencies. No memory is allocated and nothing "
            f"is kept between calls. Constants take {self.constants.flash:,} bytes, and a "
            f"prediction about {self.ram:,} bytes of the stack. The weights come last.",
        ]
        if metrics := self._metrics():
            paragraphs.append(metrics)
        paragraphs.append("How to use it (cc -std=c99 -O2 main.c -lm):")
        wrapped = "\n *\n".join(
            textwrap.fill(text, WIDTH - 2, initial_indent=" * ", subsequent_indent=" * ")
            for text in paragraphs
        )
        example = "".join(f" *     {line}".rstrip() + "\n" for line in self.example())
        return f"/*{wrapped[2:]}\n *\n{example} */\n"

    def _metrics(self) -> str:
        metrics = self.program.about.get("metrics")
        if not isinstance(metrics, dict):
            return ""
        numbers = [
            f"{remark(str(name)).replace('_', ' ')} {_metric(value)}"
            for name, value in metrics.items()
            if isinstance(value, int | float) and not isinstance(value, bool) and name != "rows"
        ]
        many = f"{metrics['rows']:,} " if isinstance(metrics.get("rows"), int) else ""
        on = f", on {many}{remark(str(metrics['on']))} rows" if "on" in metrics else ""
        return f"When it was made{on}: {', '.join(numbers)}." if numbers else ""

    def example(self) -> list[str]:
        """A whole program of C that makes a prediction."""
        p, P = self.prefix, self.prefix.upper()
        given = self.inputs.argument if self.program.matrix else "&row"
        if isinstance(self.program.answer, Classes):
            form = self._labels()[1]
            body = [
                *self.inputs.example(),
                f'printf("{form}\\n", {p}_labels[{p}_predict({given})]);',
                "",
                f"double p[{P}_CLASSES];",
                f"{p}_predict_proba({given}, p);",
                f'printf("{form} has %.3f\\n", {p}_labels[0], p[0]);',
            ]
        elif self.n_outputs == 1:
            body = [*self.inputs.example(), f'printf("%g\\n", {p}_predict({given}));']
        else:
            body = [
                f"double y[{P}_OUTPUTS];",
                *self.inputs.example(),
                f"{p}_predict({given}, y);",
                'printf("%g\\n", y[0]);',
            ]
        return [
            "#include <stdio.h>", f'#include "{self.file}"', "", "int main(void)", "{",
            *(f"    {line}".rstrip() for line in body), "    return 0;", "}",
        ]  # fmt: skip

    def _macros(self) -> str:
        program = self.program
        many = "CLASSES" if isinstance(program.answer, Classes) else "OUTPUTS"
        rows: list[tuple[str, Any, str]] = [
            ("VERSION", string(__version__), "of pellucid"),
            ("TARGET", string(program.target_name), "what is predicted"),
            ("COLUMNS", len(program.columns), "of a row"),
            (many, self.n_outputs, ""),
            ("INPUTS", program.n_inputs, "of each network"),
            ("NETWORKS", len(program.networks), "whose answers are averaged"),
            ("WIDTH", self.networks.width, "units of the widest layer"),
        ]
        if program.cells:
            rows.append(("CELLS", len(program.cells), "of the piecewise-linear encoding"))
        defined = [f"#define {self.prefix.upper()}_{name} {value}" for name, value, _ in rows]
        wide = min(max(map(len, defined)), 48)
        lines = [
            f"{text:<{wide}} /* {note} */" if note else text
            for text, (_, _, note) in zip(defined, rows, strict=True)
        ]
        return "\n".join(lines) + "\n"

    # --- what comes out -------------------------------------------------------------------------

    def _labels(self) -> tuple[str, str]:
        """C's type of labels, and how printf writes them."""
        labels = getattr(self.program.answer, "labels", ())
        if all(isinstance(v, int) for v in labels):
            if all(abs(v) < LONG for v in labels):
                return "long", "%ld"
            if all(-LONG_LONG <= v < LONG_LONG for v in labels):
                return "long long", "%lld"
        if all(isinstance(v, float) and np.isfinite(v) for v in labels):
            return "double", "%g"
        return "text", "%s"

    def _interface(self) -> Iterator[str]:
        p, P, given = self.prefix, self.prefix.upper(), self.inputs.parameter
        answer = self.program.answer
        if isinstance(answer, Classes):
            kind = self._labels()[0]
            if kind == "text":
                texts = [str(label) for label in answer.labels]
                yield self.constants.strings(f"{p}_labels", f"{P}_CLASSES", texts)
            else:
                yield self.constants.numbers(kind, f"{p}_labels", answer.labels)
            yield (
                f"/* The probability of each class, in the order of {p}_labels. */\n"
                f"static inline void {p}_predict_proba({given}, double p[{P}_CLASSES]);\n"
            )
            yield (
                f"/* The place of the likeliest class in {p}_labels. */\n"
                f"static inline int {p}_predict({given});\n"
            )
        elif self.n_outputs == 1:
            yield (
                f'/* The number predicted: "{remark(self.program.target_name)}". */\n'
                f"static inline double {p}_predict({given});\n"
            )
        else:
            yield self.constants.strings(f"{p}_targets", f"{P}_OUTPUTS", answer.names)
            yield (
                f"/* The numbers predicted, in the order of {p}_targets. */\n"
                f"static inline void {p}_predict({given}, double y[{P}_OUTPUTS]);\n"
            )

    def _predict(self) -> Iterator[str]:
        p, P, given = self.prefix, self.prefix.upper(), self.inputs.parameter
        handed = self.inputs.argument
        if isinstance(self.program.answer, Classes):
            head = f"static inline void {p}_predict_proba({given}, double p[{P}_CLASSES])"
            yield f"{head}\n{{\n    {p}_networks({handed}, p);\n}}\n"
            yield (
                f"static inline int {p}_predict({given})\n{{\n    double p[{P}_CLASSES];\n"
                "    int best = 0;\n\n"
                f"    {p}_networks({handed}, p);\n"
                f"    for (int k = 1; k < {P}_CLASSES; k++) {{\n"
                "        best = p[k] > p[best] ? k : best;\n    }\n    return best;\n}\n"
            )
        elif self.n_outputs == 1:
            yield (
                f"static inline double {p}_predict({given})\n{{\n    double y[1];\n\n"
                f"    {p}_networks({handed}, y);\n    return y[0];\n}}\n"
            )
        else:
            head = f"static inline void {p}_predict({given}, double y[{P}_OUTPUTS])"
            yield f"{head}\n{{\n    {p}_networks({handed}, y);\n}}\n"


def _metric(value: float) -> str:
    """A metric with four digits, or all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def _section(title: str) -> str:
    return f"/* {f'--- {title} '.ljust(WIDTH - 6, '-')} */\n"
