"""An array of constants in C: written so that it can be read, and counted in bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.export.c.names import WIDTH, string

POINTER = 8
"""Bytes of a pointer, on the machines that have the longest."""

BYTES = {"float": 4, "double": 8, "int8_t": 1, "long": 8, "long long": 8}
"""What a number of each type takes."""


class Constants:
    """Writes arrays of constants, and adds up what they take in flash memory.

    Parameters
    ----------
    flash : bytes of those written so far.
    """

    def __init__(self) -> None:
        self.flash = 0

    def numbers(
        self, kind: str, name: str, values: Any, remarks: Sequence[str] = (), declared: str = ""
    ) -> str:
        """An array (n,) or (rows, n) of numbers, as one of C's with rows one after another.

        Parameters
        ----------
        kind : C's type.
        remarks : on each row.
        declared : the name that the type has in the header, if it is another.

        Examples
        --------
        >>> import numpy as np
        >>> print(Constants().numbers("float", "w", np.eye(2, dtype=np.float32), ["a", "b"]))
        static const float w[4] = {
            1.0f, 0.0f, /* a */
            0.0f, 1.0f, /* b */
        };
        <BLANKLINE>
        """
        rows = np.atleast_2d(values)
        self.flash += rows.size * BYTES[kind]
        texts = [literals(kind, row) for row in rows]
        wide = max(len(text) for row in texts for text in row)
        lines: list[str] = []
        for i, row in enumerate(texts):
            aligned = [f"{text:>{wide}}," for text in row]
            remark = f"/* {remarks[i]} */" if remarks else ""
            whole = f"{' '.join(aligned)} {remark}".rstrip()
            if len(whole) + 4 <= WIDTH:
                lines.append(whole)
                continue
            if remark:
                lines.append(remark)
            each = (WIDTH - 4 + 1) // (wide + 2)
            lines += [" ".join(aligned[at : at + each]) for at in range(0, len(row), each)]
        return _array(f"{declared or kind} {name}[{rows.size}]", lines)

    def strings(self, name: str, size: str, texts: Iterable[str]) -> str:
        """An array of texts."""
        texts = list(texts)
        self._count(texts, POINTER)
        return _array(f"char *const {name}[{size}]", [f"{string(text, 4)}," for text in texts])

    def levels(self, kind: str, name: str, codes: dict[str, int]) -> str:
        """A table of texts with their codes, in the order of strcmp."""
        self._count(codes, 2 * POINTER)
        ordered = sorted(codes.items(), key=lambda pair: pair[0].encode())
        lines = [f"{{{string(text, 5)}, {code}}}," for text, code in ordered]
        return _array(f"{kind} {name}[{len(lines)}]", lines)

    def structures(
        self, kind: str, name: str, size: str, rows: Sequence[tuple[str, str]], each: int
    ) -> str:
        """An array of structures of so many bytes each: what is between their braces, and notes."""
        self.flash += each * len(rows)
        wide = max(len(inner) for inner, _ in rows)
        lines = [f"{f'{{{inner}}},':<{wide + 3}} /* {note} */" for inner, note in rows]
        return _array(f"{kind} {name}[{size}]", lines)

    def _count(self, texts: Iterable[str], beside: int) -> None:
        self.flash += sum(len(text.encode()) + 1 + beside for text in texts)


def literals(kind: str, row: NDArray[Any]) -> list[str]:
    """What `literal` makes of each number of a row; quick, as there may be millions."""
    if kind == "float":
        return [f"{value!s}f" for value in row.astype(np.float32)]
    if kind == "double":
        return [repr(value) for value in row.astype(np.float64).tolist()]
    return [literal(kind, value) for value in row]


def literal(kind: str, value: Any) -> str:
    """A number as C has it, which reads back to the same.

    Examples
    --------
    >>> literal("float", 0.1), literal("double", 0.1), literal("int8_t", -3)
    ('0.1f', '0.1', '-3')
    """
    if kind == "float":
        return f"{np.float32(value)!s}f"
    if kind == "double":
        return repr(float(value))
    if kind == "long long":
        return "(-9223372036854775807LL - 1)" if value == -(2**63) else f"{int(value)}LL"
    return str(int(value))


def refuse_infinite(name: str, array: NDArray[Any]) -> None:
    """Raise ValueError if a number is NaN or infinite, which no constant of C's is."""
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or inf: the model cannot be written in C")


def _array(declared: str, lines: list[str]) -> str:
    inner = "".join(f"    {line}\n" for line in lines)
    return f"static const {declared} = {{\n{inner}}};\n"
