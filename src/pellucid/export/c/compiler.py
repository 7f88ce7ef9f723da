"""A compiler makes programs of C: here a small one that answers rows by a header, to try it out."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.export.c.header import Header
from pellucid.export.program import CATEGORY, Classes, Floats

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror")
"""What a header is compiled with."""

LONGEST_CELL = 8191
"""Bytes of a text that the small program reads."""

PATIENCE = 300
"""Seconds that a compiler, or the small program, may take."""


def find_compiler() -> list[str] | None:
    """The command of a C compiler: that of CC in the environment, or the first that is there."""
    if asked := _asked():
        return asked if shutil.which(asked[0]) else None
    return next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), None)


def why_none() -> str:
    """Why `find_compiler` has found none."""
    if asked := _asked():
        return f"CC names {asked[0]!r}, which is not there"
    return "no C compiler is there"


def _asked() -> list[str]:
    return shlex.split(os.environ.get("CC", ""))


def run(
    header: Header,
    columns: Mapping[str, Any],
    folder: Path,
    command: Sequence[str],
    options: Sequence[str] = (*STRICT, "-Os"),
) -> Floats:
    """The answers (n, k) of a header, compiled in a folder, to columns as programs take them.

    The header is compiled once, into an object file that `object_bytes` measures; a program of its
    own, which has the row alone of the header, calls that.

    Raises
    ------
    ValueError
        If the header does not compile, or the program that has it ends with an error.
    """
    (folder / f"{header.prefix}.h").write_text(header.text(), encoding="utf-8")
    (folder / "row.h").write_text("\n".join(header.what_goes_in()), encoding="utf-8")
    (folder / "object.c").write_text(_object(header), encoding="utf-8")
    (folder / "main.c").write_text(_main(header), encoding="utf-8")
    _call([*command, *options, "-c", "object.c"], folder, "compiled")
    _call([*command, *options, "main.c", "object.o", "-o", "rows", "-lm"], folder, "compiled")
    answered = _call(["./rows"], folder, "run", _written(header, columns))
    rows = np.array([[float(v) for v in line.split()] for line in answered.decode().splitlines()])
    rows, best = rows[:, :-1], rows[:, -1]
    if isinstance(header.program.answer, Classes) and (rows.argmax(axis=1) != best).any():
        raise ValueError(f"{header.prefix}_predict is not the likeliest class: not written")
    return rows


def object_bytes(folder: Path) -> int | None:
    """Bytes of code and constants of what `run` compiled there, if `size` is there to ask."""
    if not shutil.which("size"):
        return None
    counted = _call(["size", "object.o"], folder, "measured").decode().splitlines()
    found = re.match(r"\s*(\d+)\s+(\d+)\s", counted[-1])
    return int(found[1]) + int(found[2]) if found else None


def _call(words: Sequence[str], folder: Path, done: str, given: bytes | None = None) -> bytes:
    try:
        made = subprocess.run(
            words, cwd=folder, input=given, capture_output=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(
            f"the C header could not be {done} in {PATIENCE} s: nothing is written"
        ) from error
    if made.returncode:
        said = made.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        errors = [line for line in said if "error" in line.lower()] or said
        raise ValueError(
            f"the C header could not be {done} with {words[0]}: {errors[0]}; nothing is written "
            "(CC in the environment names another C99 compiler)"
        )
    return made.stdout


def _declared(header: Header) -> str:
    """The one function of the object file: it answers a row, and returns the likeliest class."""
    return f"int answer({header.inputs.parameter}, double *y)"


def _object(header: Header) -> str:
    """What calls all functions of a header."""
    p, given = header.prefix, header.inputs.argument
    best = "0"
    if isinstance(header.program.answer, Classes):
        call, best = f"{p}_predict_proba({given}, y)", f"{p}_predict({given})"
    elif header.n_outputs == 1:
        call = f"y[0] = {p}_predict({given})"
    else:
        call = f"{p}_predict({given}, y)"
    head = _declared(header)
    return f'#include "{p}.h"\n{head};\n{head}\n{{\n    {call};\n    return {best};\n}}\n'


def _main(header: Header) -> str:
    """A program that reads rows and prints the answer to each on a line."""
    p, P, program = header.prefix, header.prefix.upper(), header.program
    reads = []
    for i, (column, field) in enumerate(zip(program.columns, header.inputs.fields, strict=True)):
        if column.kind == CATEGORY:
            reads += [
                '        if (scanf("%d:", &length) != 1) return 1;',
                "        bytes = (size_t)length;",
                f"        if (fread(text[{i}], 1, bytes, stdin) != bytes) return 1;",
                f"        text[{i}][length] = 0;",
                f"        row.{field} = text[{i}];",
            ]
        else:
            to = f"x[{i}]" if program.matrix else f"row.{field}"
            reads.append(f'        if (scanf("%lf", &{to}) != 1) return 1;')
    given = "x" if program.matrix else "&row"
    declared = f"double x[{P}_COLUMNS];" if program.matrix else f"{p}_row row;"
    has_text = any(column.kind == CATEGORY for column in program.columns)
    return "\n".join([
        "#include <stdio.h>", '#include "row.h"', "", f"{_declared(header)};", "",
        "int main(void)", "{",
        f"    static char text[{P}_COLUMNS][{LONGEST_CELL + 1}];" if has_text else "",
        "    int length = 0, best;", "    size_t bytes;" if has_text else "",
        f"    {declared}", f"    double y[{header.n_outputs}];", "",
        '    while (scanf(" %d", &length) == 1) {', *reads,
        f"        best = answer({given}, y);",
        f"        for (int k = 0; k < {header.n_outputs}; k++) {{",
        '            printf("%.17g ", y[k]);', "        }",
        '        printf("%d\\n", best);', "    }", "    return 0;", "}", "",
    ])  # fmt: skip


def _written(header: Header, columns: Mapping[str, Any]) -> bytes:
    """Rows as the program reads them: 1 before each, and lengths before texts."""
    cells: list[list[bytes]] = []
    for column in header.program.columns:
        items = columns[column.name]
        if column.kind == CATEGORY:
            texts = [text.encode() for text in items]
            cells.append([b"%d:%s" % (len(text), text) for text in texts])
        else:
            cells.append([repr(float(x)).encode() for x in items])
    return b"\n".join(b" ".join((b"1", *row)) for row in zip(*cells, strict=True)) + b"\n"
